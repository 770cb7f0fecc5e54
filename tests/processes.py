"""Commands in processes of their own that start at once: forked from one that has imported them."""

import atexit
import functools
import importlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import traceback

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Every console script that setup.py installs.
COMMANDS = re.findall(r"(xtremedistil_tf\.cli\.[\w.]+):run", (ROOT / "setup.py").read_text("utf-8"))
_STREAMS = ("stdin", "stdout", "stderr")
_SECONDS = 300


def serve(*imports):
    """Forks a process for each line of standard input; writes its exit code behind its end."""
    for name in (*COMMANDS, *imports):
        importlib.import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            code = 1
            try:
                code = _work(**json.loads(line))
            finally:
                os._exit(code)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _work(module, arguments, cwd, first_path, variables, folder):
    """The process: streams into files, then the command; returns its exit code."""
    signal.alarm(_SECONDS)
    for number, name in enumerate(_STREAMS):
        os.dup2(os.open(os.path.join(folder, name), os.O_RDWR), number)
    sys.stdin = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)
    os.chdir(cwd)
    os.environ.update(variables)
    sys.path[:0] = first_path
    code = 0
    try:
        command = importlib.import_module(module)
        sys.argv = [command.__file__, *arguments]
        command.run()
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    pathlib.Path(folder, "modules").write_text(" ".join(sys.modules))
    return code


@functools.lru_cache(None)
def _server(*imports):
    """The process to fork from; it ends when its standard input is closed, as this process ends."""
    server = subprocess.Popen(
        [sys.executable, "-c", f"from tests.processes import serve; serve(*{imports})"], cwd=ROOT,
        text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    atexit.register(server.__exit__, None, None, None)
    return server


def run(module, *arguments, text="", cwd=ROOT, first_path=(), tensorflow=False, **variables):
    """Runs a command as a console script would; it costs a fork and no imports.

    Args:
      module: its module, one of `COMMANDS` or any other with a function `run`.
      *arguments: its command line.
      text: its standard input.
      cwd: its working folder.
      first_path: folders that stand in front of its module path.
      tensorflow: for commands that need TensorFlow: it and what uses it is imported already.
      **variables: of its environment, beside those of the first call.

    Returns:
      A CompletedProcess with texts, and with `modules`, the names of all that it had imported.
    """
    server = _server(*(["xtremedistil_tf.jobs.distillation"] if tensorflow else []))
    with tempfile.TemporaryDirectory() as folder:
        files = {name: pathlib.Path(folder, name) for name in (*_STREAMS, "modules")}
        for name in files:
            files[name].write_bytes(text.encode() if name == "stdin" else b"")
        server.stdin.write(json.dumps({
            "module": module, "arguments": list(map(str, arguments)), "cwd": str(cwd),
            "first_path": list(map(str, first_path)), "variables": variables,
            "folder": folder}) + "\n")
        server.stdin.flush()
        done = subprocess.CompletedProcess(
            [module, *arguments], int(server.stdout.readline()),
            *(files[name].read_text("utf-8") for name in ("stdout", "stderr")))
        done.modules = files["modules"].read_text().split()
    return done
