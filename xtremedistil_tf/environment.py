"""Environment of the process, known without any library: no telemetry, paths in UTF-8, GPUs."""

import os
import sys

# Libraries read these variables when they are loaded, so they must be set before.
# onnxruntime 1.29 and later send a process' data to their maker unless the first says otherwise:
# `disable_telemetry_events` holds back what follows the first event, but not that one.
SILENT = {
    "ORT_DISABLE_TELEMETRY": "1",
    "ORT_TELEMETRY_DISABLED": "1",  # Its name in some versions.
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_UPDATE_DOWNLOAD_COUNTS": "0",
    "DO_NOT_TRACK": "1",
}

# How our programs are called; -m stands there until Python has found the module.
_PROGRAMS = ("xtremedistil-", "run_distillation", "run_teacher", "-m")

# Names the process that starts a command which shall end with it.
CHILD = "XTREMEDISTIL_CHILD"


def silence_libraries() -> None:
    """Turns off the telemetry of all dependencies; variables that are set stay unchanged."""
    for name, value in SILENT.items():
        os.environ.setdefault(name, value)


def interrupted_early(*_: object) -> None:
    """Ends a command on Ctrl-C while it still imports, so that nothing of ours is to be freed."""
    print("interrupted; nothing was begun", file=sys.stderr, flush=True)
    os._exit(130)  # An exception would be told by Python, and some imports swallow it.


def listen_while_importing() -> None:
    """Lets Ctrl-C end a command as it does later, until the command says otherwise.

    Programs of others import the commands too, through `api`; nohup has Ctrl-C ignored.
    """
    import signal

    if "multiprocessing.spawn" in sys.modules:  # A child: Ctrl-C reaches its parent, too.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    elif os.path.basename(sys.argv[0]).startswith(_PROGRAMS) \
            and "xtremedistil_tf.api" not in sys.modules \
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupted_early)


def named_gpus() -> list[str]:
    """GPUs that CUDA_VISIBLE_DEVICES names; "" and "-1" name none."""
    names = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    return [name for name in names if name not in ("", "-1")]


def takes_utf8_paths() -> bool:
    """True if file names in this process are UTF-8, as TensorFlow and ONNX Runtime require."""
    return sys.getfilesystemencoding().lower().replace("-", "") == "utf8"


def check_path(path: "os.PathLike[str]") -> None:
    """Refuses a path that C++ libraries would read as another path.

    Raises:
      UserError: for a non-ASCII name in a locale without UTF-8.
    """
    # Imported here to keep the import of the package fast.
    from xtremedistil_tf.errors import UserError

    if not takes_utf8_paths() and not os.fspath(path).isascii():
        name = ascii(os.fspath(path))
        raise UserError(f"the folder {name} has a name beyond ASCII, and the locale is not UTF-8; "
                        "start Python with PYTHONUTF8=1")


def check_no_pattern(path: "os.PathLike[str]") -> None:
    """Refuses a folder that TensorFlow's checkpoints and SavedModels would not find again.

    They take the path for a pattern of file names.

    Raises:
      UserError: for a path with one of * ? [ and the backslash.
    """
    # Imported here to keep the import of the package fast.
    from xtremedistil_tf.errors import UserError

    found = sorted(set("*?[\\") & set(os.fspath(path)))
    if found and os.name != "nt":
        raise UserError(f"the folder {os.fspath(path)} has {' '.join(found)} in its name, which "
                        "TensorFlow reads as a pattern of names; use another name")


def restart_with_utf8() -> None:
    """Restarts the command in Python's UTF-8 mode if the locale is not UTF-8.

    Otherwise TensorFlow and Python would read a folder name with umlauts as different paths.
    """
    if takes_utf8_paths() or os.environ.get("PYTHONUTF8") == "1":
        return
    os.environ["PYTHONUTF8"] = "1"
    main = sys.modules["__main__"].__spec__
    program = ["-m", main.name] if main is not None else [sys.argv[0]]
    command = [sys.executable, *program, *sys.argv[1:]]
    os.execv(sys.executable, command)


def end_with_parent(parent: int) -> None:
    """Ends this process, as SIGTERM does, when its parent process has ended for any reason.

    Args:
      parent: the parent's number, told by itself: it may have ended before this call.
    """
    # Imported here to keep the import of the package fast.
    import signal
    import threading
    import time

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
