"""Starts a web page and JSON endpoint that ask student and teacher."""

import ipaddress
import logging
import math
import pathlib
from typing import Optional

from absl import flags

from xtremedistil_tf.cli.options import console
from xtremedistil_tf.cli.options.student_flags_loading import (
    define_loading_flags,
    load_named_student,
)
from xtremedistil_tf.errors import UserError

FLAGS = flags.FLAGS

log = logging.getLogger("absl")


def define_flags() -> None:
    """Defines the flags of this command."""
    define_loading_flags()
    flags.DEFINE_string("teacher_model_dir", None,
                        "Folder of a fine-tuned teacher, or the run folder around it. Default: the "
                        "teacher of the run folder, if it has one.")
    flags.DEFINE_boolean("show_teacher", True,
                         "Show the teacher's answers too, if there is a teacher.")
    flags.DEFINE_string("host", "127.0.0.1",
                        "Address to listen on. Any but this machine's own opens the page to "
                        "others, without a password.")
    flags.DEFINE_list("allowed_hosts", [],
                      "Further names by which browsers may ask for the page; localhost and --host "
                      "are allowed anyway.")
    flags.DEFINE_float("time_limit", 20.0, "Most seconds that a text may take.")
    flags.DEFINE_integer("port", 8080, "Port to listen on; 0 takes a free one.")


def _teacher_folder() -> Optional[pathlib.Path]:
    """Returns the folder of the teacher to show; None for none.

    Raises:
      UserError: if a named folder holds no teacher.
    """
    if not FLAGS.show_teacher:
        return None
    named = FLAGS.teacher_model_dir
    base = pathlib.Path(named or FLAGS.model_dir)
    for folder in (base, base / "teacher"):
        if (folder / "teacher.json").is_file():
            return folder
    if named:
        raise UserError(f"--teacher_model_dir {named} holds no fine-tuned teacher")
    return None


def _models() -> dict:
    """Loads the models of the page; returns them by name."""
    from xtremedistil_tf.apps.page import NamedModel
    from xtremedistil_tf.inference.runtimes.load import fastest_runtime

    runtime = FLAGS.runtime or fastest_runtime(FLAGS.model_dir)
    folder = _teacher_folder()
    models = {"student": NamedModel(runtime, load_named_student(runtime))}
    if folder is not None:
        from xtremedistil_tf.inference.runtimes.teacher import load_teacher_model

        models["teacher"] = NamedModel(
            "keras", load_teacher_model(folder, keep_whole=FLAGS.whitespace_words))
    return models


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def main() -> None:
    """Serves until Ctrl-C."""
    if not 0 <= FLAGS.port <= 65535:
        raise UserError(f"--port is {FLAGS.port}; allowed: 0 to 65535")
    if not 0 < FLAGS.time_limit < math.inf:
        raise UserError(f"--time_limit is {FLAGS.time_limit}; it must be above 0, and finite")
    log.info("loading %s ...", FLAGS.model_dir)
    from xtremedistil_tf.apps.about import about_model
    from xtremedistil_tf.apps.guard import known_hosts
    from xtremedistil_tf.apps.page import create_app, create_server

    app = create_app(_models(), hosts=known_hosts(FLAGS.host, allowed=FLAGS.allowed_hosts),
                     time_limit=FLAGS.time_limit, about=about_model(FLAGS.model_dir))
    server = create_server(app, FLAGS.host, FLAGS.port)
    if not _is_loopback(FLAGS.host):
        log.warning("--host=%s: whoever reaches this machine can use the page, by the names that "
                    "--allowed_hosts has", FLAGS.host)
    for host, port in getattr(server, "effective_listen", None) or [
            (server.effective_host, server.effective_port)]:
        told = f"[{host}]" if ":" in str(host) else host
        print(f"http://{told}:{port}/  (Ctrl-C ends it)", flush=True)
    server.run()


def run() -> None:
    """Entry point of the console script."""
    console.start(main, define_flags, on_interrupt="the page is closed")


if __name__ == "__main__":
    run()
