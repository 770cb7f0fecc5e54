"""Starts a web page and JSON endpoint that ask student and teacher.

Examples:
    xtremedistil-serve --model_dir=runs/mine
"""

import ipaddress
import logging
import math
import pathlib
from typing import Optional

from absl import flags

from xtremedistil_tf.apps.lanes import Limits
from xtremedistil_tf.cli.options import console
from xtremedistil_tf.cli.options.student_flags_loading import (
    define_loading_flags,
    find_named_student,
    load_named_student,
)
from xtremedistil_tf.config import ARCHITECTURES
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.hub.folders import teacher_on_hub
from xtremedistil_tf.validation.run_files import find_teacher

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
    flags.DEFINE_float("time_limit", Limits.seconds, "Longest time for a text, in seconds.")
    flags.DEFINE_integer("batch_texts", None,
                         "Largest number of texts that are read together, of different requests. "
                         f"Default: {Limits.batch}; 1 for int8 Transformers, whose rounding "
                         "depends on all texts of a batch.", lower_bound=1, upper_bound=512)
    flags.DEFINE_integer("waiting_texts", Limits.waiting,
                         "Largest number of texts that wait; others get status 503 at once.",
                         lower_bound=0, upper_bound=2000)
    flags.DEFINE_float("stop_seconds", 20.0,
                       "On SIGTERM or Ctrl-C: longest time, in seconds, for answering the requests "
                       "that have come.")
    flags.DEFINE_string("browser_dir", None,
                        "Folder that `npm run build` wrote in clients/js: the page can then run "
                        "the ONNX student in the browser, so that no text is sent. Default: only "
                        "the server runs it.")
    flags.DEFINE_enum("log_format", "text", ["text", "json"],
                      "Log as text, without requests; or as lines of JSON, one for each request. "
                      "Texts are never logged.")
    flags.DEFINE_integer("port", 8080, "Port to listen on; 0 takes a free one.")


def _teacher_folder() -> Optional[pathlib.Path]:
    """Returns the folder of the teacher to show; None for none.

    Raises:
      UserError: if a named folder holds no teacher.
    """
    if not FLAGS.show_teacher:
        return None
    named = FLAGS.teacher_model_dir
    folder = find_teacher(teacher_on_hub(named or FLAGS.model_dir))
    if folder is None and named:
        raise UserError(f"--teacher_model_dir {named} holds no fine-tuned teacher")
    return folder


def _models(runtime: str) -> dict:
    """Loads the models of the page; returns them by name."""
    from xtremedistil_tf.apps.service import NamedModel

    folder = _teacher_folder()
    models = {"student": NamedModel(runtime, load_named_student(runtime))}
    if folder is not None:
        from xtremedistil_tf.inference.runtimes.teacher import load_teacher_model

        teacher = load_teacher_model(folder, keep_whole=FLAGS.whitespace_words)
        teacher.say_from(models["student"].model.least)
        models["teacher"] = NamedModel("keras", teacher)
    return models


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _limits(runtime: str) -> Limits:
    """Returns the limits that the flags name.

    Raises:
      UserError: if one of them is no limit.
    """
    if not 0 < FLAGS.time_limit < math.inf:
        raise UserError(f"--time_limit is {FLAGS.time_limit}; it must be above 0, and finite")
    if not 0 <= FLAGS.stop_seconds < math.inf:
        raise UserError(f"--stop_seconds is {FLAGS.stop_seconds}; it must be 0 or more, and finite")
    from xtremedistil_tf.apps.about import record_of

    record = record_of(pathlib.Path(FLAGS.model_dir)) or {}
    # An unknown kind is told when the student is loaded, with the file that names it.
    kind = ARCHITECTURES.get(str((record.get("student") or {}).get("student", "bilstm")))
    alone = runtime.endswith("int8") and not (kind and kind.int8_by_text)
    batch = FLAGS.batch_texts or (1 if alone else Limits.batch)
    return Limits(FLAGS.time_limit, batch, FLAGS.waiting_texts)


def main() -> None:
    """Serves until Ctrl-C or SIGTERM, then answers what was asked."""
    from absl import logging as absl_logging

    from xtremedistil_tf.apps.about import about_model
    from xtremedistil_tf.apps.browser import BrowserFiles
    from xtremedistil_tf.apps.guard import known_hosts
    from xtremedistil_tf.apps.page import create_app
    from xtremedistil_tf.apps.server import create_server, serve
    from xtremedistil_tf.apps.telemetry import log_json
    from xtremedistil_tf.inference.runtimes.load import fastest_runtime

    if not 0 <= FLAGS.port <= 65535:
        raise UserError(f"--port is {FLAGS.port}; allowed: 0 to 65535")
    find_named_student()
    runtime = FLAGS.runtime or fastest_runtime(FLAGS.model_dir)
    limits = _limits(runtime)
    if FLAGS.log_format == "json":
        log_json(absl_logging.get_absl_handler())
    log.info("loading %s ...", FLAGS.model_dir)
    browser = BrowserFiles(pathlib.Path(FLAGS.browser_dir), pathlib.Path(FLAGS.model_dir),
                           int8=runtime.endswith("int8")) if FLAGS.browser_dir else None
    app = create_app(_models(runtime), limits=limits, about=about_model(FLAGS.model_dir),
                     hosts=known_hosts(FLAGS.host, allowed=FLAGS.allowed_hosts), browser=browser)
    service = app.extensions["service"]
    server = create_server(app, FLAGS.host, FLAGS.port, limits=limits,
                           most_bytes=4 * service.most_bytes)
    if not _is_loopback(FLAGS.host):
        log.warning("--host=%s: whoever reaches this machine can use the page, by the names that "
                    "--allowed_hosts has", FLAGS.host)
    for host, port in server.addresses:
        told = f"[{host}]" if ":" in str(host) else host
        print(f"http://{told}:{port}/  (Ctrl-C ends it)", flush=True)
    serve(server, service.stop, stop_seconds=FLAGS.stop_seconds)


def run() -> None:
    """Entry point of the console script."""
    console.start(main, define_flags, on_interrupt="the page is closed")


if __name__ == "__main__":
    run()
