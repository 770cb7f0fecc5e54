"""The flags of what a distillation chooses, forecasts and compares by itself."""

from xtremedistil_tf.cli.options.option import Option, setting

# Values of --defaults.
AUTO, PAPER = "auto", "paper"

PLANNING_FLAGS = (
    Option("defaults",
           "auto: what no flag names is chosen by data, teacher and run folder, and a line says "
           "how; a command that names its epochs gets the paper's values instead. paper: all are "
           "the paper's (flags/paper.flags has them).", choices=(AUTO, PAPER), kind="string",
           default=AUTO),
    setting("baseline", "resources.baseline",
            "Train the student on labels alone, too, with as many epochs on them, and report what "
            "distillation was worth. Default: yes if no epochs are given (--defaults).",
            derived=True),
    setting("compare_paper", "resources.compare_paper",
            "Put the paper's figures beside the run's. WikiAnn's always have them."),
    Option("time_budget",
           "Time in which the run shall end, as 2h, 45m or 1h30m: a few steps are measured, and "
           "the epochs are shared out for it.", kind="string"),
)
