"""Writes docs/reference/flags.md: every flag of every command, as the code defines them.

    python docs/make_flags.py
"""

import importlib
import pathlib
import re
import sys

from absl import flags

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from xtremedistil_tf.cli.options import console  # noqa: E402 - after the path is set
from xtremedistil_tf.cli.options import usage as command_help  # noqa: E402
from xtremedistil_tf.reporting.markdown import table  # noqa: E402

INTRODUCTION = """# Every flag

Written by `python docs/make_flags.py` from the code; a test checks that it is current.
`--flagfile=FILE` reads flags from a file (see the folder `flags/`); what comes later on the command
line wins. A flag that is not known is refused, with the nearest name. Exit codes: 0 done, 1 a fault
of the program, 2 a mistake in what was given, 130 interrupted,
143 ended by SIGTERM."""


def commands():
    """The console scripts that setup.py installs: (name, module)."""
    text = (ROOT / "setup.py").read_text("utf-8")
    return re.findall(r'"([\w-]+) = ([\w.]+):run"', text)


def section(name, module):
    """One command's flags as Markdown."""
    command = importlib.import_module(module)
    values, before = flags.FLAGS, set(flags.FLAGS)
    own = console.define_all(command.define_flags)
    parts = [f"## {name}", (command.__doc__ or "").splitlines()[0]]
    for title, members in command_help.concerns(own).items():
        rows = []
        for member in members:
            flag = values[member]
            told = re.sub(r"^<(.*?)>: ", "", command_help.told(flag))
            allowed = ", ".join(getattr(flag.parser, "enum_values", None) or
                                (["true", "false"] if flag.boolean else [flag.flag_type()]))
            default = command_help.default_text(
                flag, with_paper=command_help.follows_paper(own))
            rows.append([f"`--{member}`", allowed, default, " ".join(told.split())])
        parts.append(f"**{title}**\n\n" + table(["Flag", "Takes", "Default", "What it does"], rows,
                                                text=4))
    for member in set(values) - before:
        delattr(values, member)
    return "\n\n".join(parts)


def render():
    """The whole page."""
    return "\n\n".join([INTRODUCTION, *(section(*command) for command in commands())]) + "\n"


if __name__ == "__main__":
    (ROOT / "docs" / "reference" / "flags.md").write_text(render(), "utf-8")
