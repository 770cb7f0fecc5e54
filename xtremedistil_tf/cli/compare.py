"""Compares two runs, or two lines of a study, on the same sentences: paired bootstrap.

Examples:
    xtremedistil-compare runs/one runs/other
    xtremedistil-compare studies/mine/runs/strategy=D4.1 studies/mine/runs/base
"""

import dataclasses
import pathlib

from absl import flags

from xtremedistil_tf.cli.options import console

FLAGS = flags.FLAGS
OPERANDS = ("RUN_A", "RUN_B")


def define_flags() -> None:
    """Defines the flags of this command."""
    flags.DEFINE_enum("split", "test", ["dev", "test"], "The split whose sentences are compared.")
    flags.DEFINE_integer("samples", 10000, "Number of bootstrap samples.", lower_bound=100)
    flags.DEFINE_string("output", None, "File to write the comparison to, as JSON.")


def main(first: str, second: str) -> None:
    """Compares the runs and prints a table."""
    from xtremedistil_tf.config.checks import check_output
    from xtremedistil_tf.files.contents import write_json
    from xtremedistil_tf.files.locks import sole_writer
    from xtremedistil_tf.metrics.significance import VERDICT, compare_runs
    from xtremedistil_tf.reporting.markdown import table

    output = None if FLAGS.output is None else pathlib.Path(FLAGS.output)
    if output is not None:
        check_output(output)
    found = compare_runs(pathlib.Path(first), pathlib.Path(second), FLAGS.split, FLAGS.samples)
    print(f"A: {first}\nB: {second}\n")
    print(f"Scores on {FLAGS.split}, 0 to 100. p: probability of such a difference by chance, from "
          f"{FLAGS.samples:,} paired bootstrap samples.\n")
    print(table(
        ["language", "A", "B", *VERDICT, "sentences"],
        [[row.name, f"{row.first:.2f}", f"{row.second:.2f}", *row.verdict(),
          f"{row.sentences:,}"] for row in found]))
    if output is not None:
        with sole_writer(output, lock_stays=False):
            write_json(output, {"first": first, "second": second, "split": FLAGS.split,
                                "samples": FLAGS.samples,
                                "rows": [dataclasses.asdict(row) for row in found]})


def run() -> None:
    """Entry point of the console script."""
    console.start(main, define_flags, on_interrupt="nothing is left to go on with",
                  operands=OPERANDS)


if __name__ == "__main__":
    run()
