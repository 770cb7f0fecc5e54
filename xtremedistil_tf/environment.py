"""What the process is told before any library is loaded: no telemetry, and paths in UTF-8."""

import os
import sys

# Libraries read these when they are loaded, so they stand in the environment before that.
# onnxruntime 1.29 and later send a process' data to their maker unless the first says otherwise:
# `disable_telemetry_events` holds back what follows the first event, but not that one.
SILENT = {
    "ORT_DISABLE_TELEMETRY": "1",
    "ORT_TELEMETRY_DISABLED": "1",  # Its name in between.
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_UPDATE_DOWNLOAD_COUNTS": "0",
    "DO_NOT_TRACK": "1",
}


def silence_libraries() -> None:
    """Turns the telemetry of every dependency off; variables that are set are left alone."""
    for name, value in SILENT.items():
        os.environ.setdefault(name, value)


def takes_utf8_paths() -> bool:
    """Whether this process' names of files are UTF-8, as TensorFlow and ONNX Runtime want them."""
    return sys.getfilesystemencoding().lower().replace("-", "") == "utf8"


def check_path(path: "os.PathLike[str]") -> None:
    """Refuses a path that libraries in C++ would take for another one.

    Raises:
      UserError: for a name beyond ASCII in a locale without UTF-8.
    """
    # Imported here: importing the package shall cost nothing.
    from xtremedistil_tf.errors import UserError

    if not takes_utf8_paths() and not os.fspath(path).isascii():
        name = ascii(os.fspath(path))
        raise UserError(f"the folder {name} has a name beyond ASCII, and the locale is not UTF-8; "
                        "start Python with PYTHONUTF8=1")


def restart_with_utf8() -> None:
    """Starts the command anew in Python's UTF-8 mode where the locale has no UTF-8.

    Else a folder named with umlauts would be another one for TensorFlow than for Python.
    """
    if takes_utf8_paths() or os.environ.get("PYTHONUTF8") == "1":
        return
    os.environ["PYTHONUTF8"] = "1"
    main = sys.modules["__main__"].__spec__
    program = ["-m", main.name] if main is not None else [sys.argv[0]]
    command = [sys.executable, *program, *sys.argv[1:]]
    os.execv(sys.executable, command)
