"""Publishes a finished run on the model hub: card, student and exports.

Examples:
    xtremedistil-push --model_dir=runs/mine --repository=user/name --dry_run
"""

import pathlib
import tempfile

from absl import flags

from xtremedistil_tf.cli.options import console

FLAGS = flags.FLAGS


def define_flags() -> None:
    """Defines the flags of this command."""
    flags.DEFINE_string("model_dir", None, "Finished run folder.", required=True)
    flags.DEFINE_string("repository", None, "Repository of the hub, user/name.", required=True)
    flags.DEFINE_boolean("private", False, "Make a new repository private.")
    flags.DEFINE_boolean("dry_run", False,
                         "List the files and their sizes; ask no hub.")


def main() -> None:
    """Lays the repository out, lists it and uploads it."""
    from xtremedistil_tf.hub.repository import check_name, lay_out, publish, sizes
    from xtremedistil_tf.inference.assets import check_parts
    from xtremedistil_tf.version import __version__

    check_name(FLAGS.repository)
    check_parts(pathlib.Path(FLAGS.model_dir))
    with tempfile.TemporaryDirectory() as work:
        folder = pathlib.Path(work)
        lay_out(pathlib.Path(FLAGS.model_dir), FLAGS.repository, folder)
        files = sizes(folder)
        for name, size in files.items():
            print(f"{size / 1e6:10.2f} MB  {name}")
        print(f"{sum(files.values()) / 1e6:10.2f} MB  in all")
        if not FLAGS.dry_run:
            print(publish(folder, FLAGS.repository, private=FLAGS.private,
                          message=f"xtremedistil_tf {__version__}"))


def run() -> None:
    """Entry point of the console script."""
    console.start(main, define_flags,
                  on_interrupt="run the same command again; finished files are not sent twice")


if __name__ == "__main__":
    run()
