"""Nothing that we start contacts anything unasked, and paths are what they are in any locale.

Sockets are watched by Python's audit hook and, where strace is there and may be used, by system
calls: what C++ opens the hook does not see.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

from tests.conftest import ROOT
from xtremedistil_tf import environment
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.locks import locked

# onnxruntime's own telemetry comes ten seconds after the first session.
_PATIENCE = 12
_HOOK = """
import sys
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        with open({log!r}, "a") as file:
            file.write(event + " " + ascii(arguments) + "\\n")
sys.addaudithook(watch)
"""
_LOCAL = re.compile(r"127\.0\.0\.1|::1|localhost|AF_UNIX|/var/run/nscd")


def can_trace():
    """Whether strace is there and the system lets it work."""
    return shutil.which("strace") is not None and subprocess.run(
        ["strace", "-o", os.devnull, "true"], stderr=subprocess.DEVNULL).returncode == 0


class Watched:
    """A Python process whose sockets are written down.

    Args:
      folder: for the records.
      code: what it runs.
    """

    def __init__(self, folder, code):
        self._calls, self._events = folder / "strace.txt", folder / "events.txt"
        self._events.touch()
        traced = ["strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=network", "-o",
                  str(self._calls)] if can_trace() else []
        program = folder / "program.py"
        program.write_text(_HOOK.format(log=str(self._events)) + code, "utf-8")
        # The variables of the tests hold back what a user's process would do.
        own = {name: value for name, value in os.environ.items()
               if name not in environment.SILENT and "OFFLINE" not in name}
        self.process = subprocess.Popen(
            [*traced, sys.executable, str(program)], cwd=ROOT, text=True,
            env={**own, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def outside(self):
        """Records of anything beyond this machine; name servers count, wherever they are."""
        lines = self._events.read_text().splitlines()
        if self._calls.is_file():
            lines += [line for line in self._calls.read_text().splitlines()
                      if re.search(r"\b(connect|sendto|sendmsg|sendmmsg)\(", line)
                      and "sa_family" in line]
        return [line for line in lines if not _LOCAL.search(line) or "htons(53)" in line]

    def kill(self):
        """Ends the process; strace hands a signal on to none."""
        for child in _children(self.process.pid) or [self.process.pid]:
            os.kill(child, signal.SIGTERM)

    def end(self):
        """Waits for the end; returns (code, output)."""
        output, errors = self.process.communicate(timeout=300)
        return self.process.returncode, output + errors


def test_the_watch_sees_a_look_up(tmp_path):
    watched = Watched(tmp_path, "import socket\ntry:\n    socket.getaddrinfo('no.example', 80)\n"
                                "except OSError:\n    pass\n")
    assert watched.end()[0] == 0 and watched.outside()


_LOADING = """
import time, xtremedistil_tf
for runtime in ("onnx", "onnx_int8"):
    xtremedistil_tf.load({run!r}, runtime)(["Anna Weber wohnt in Bonn."] * 3)
began = time.monotonic()
for runtime in ("keras", "savedmodel"):
    xtremedistil_tf.load({run!r}, runtime)("Anna")
from xtremedistil_tf.export.export import export_student
export_student({copy!r}, forms=["savedmodel", "onnx", "tflite"])
xtremedistil_tf.load({copy!r}, "tflite")("Anna")
time.sleep(max(0, {patience} - time.monotonic() + began))
print("done")
"""
_PREDICTING = """
sys.argv = ["predict", "--model_dir={run}/onnx", "--input={text}"]
from xtremedistil_tf.cli import predict
try:
    predict.run()
finally:
    import time
    time.sleep({patience})
"""
_SERVING = """
sys.argv = ["serve", "--model_dir={run}/onnx", "--port=0"]
from xtremedistil_tf.cli import serve
serve.run()
"""


@pytest.fixture(scope="module")
def watched(run_folder, tmp_path_factory):
    """Processes that load, predict and serve, by name; all wait for telemetry at the same time."""
    folder = tmp_path_factory.mktemp("watched")
    shutil.copytree(run_folder / "student", folder / "copy" / "student")
    (folder / "in.txt").write_text("Anna lacht.\n", "utf-8")
    names = {"run": str(run_folder), "copy": str(folder / "copy"), "text": folder / "in.txt",
             "patience": _PATIENCE}
    started = {}
    for name, code in (("serve", _SERVING), ("load", _LOADING), ("predict", _PREDICTING)):
        (folder / name).mkdir()
        started[name] = Watched(folder / name, code.format(**names))
    yield started
    for one in started.values():
        if one.process.poll() is None:
            one.kill()


def test_nothing_goes_out_of_serve(watched):
    pytest.importorskip("flask", reason="the page needs the extra [serve]")
    served = watched["serve"]
    url = served.process.stdout.readline().split()[0]
    request = urllib.request.Request(
        url + "api/tag", b'{"text": "Anna"}', {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        assert reply.status == 200
    asked = time.monotonic()
    for name in ("predict", "load"):  # They wait as long.
        watched[name].process.wait(timeout=300)
    time.sleep(max(0, _PATIENCE - time.monotonic() + asked))
    served.kill()
    served.end()
    assert not served.outside()


@pytest.mark.parametrize("name, told", [("predict", "Anna"), ("load", "done")])
def test_nothing_goes_out_of_predicting_loading_and_exporting(watched, name, told):
    code, output = watched[name].end()
    assert code == 0 and told in output, output
    assert not watched[name].outside()


def _children(pid):
    path = f"/proc/{pid}/task/{pid}/children"
    return [int(child) for child in pathlib.Path(path).read_text().split()] \
        if os.path.exists(path) else []


def test_what_the_user_has_set_is_left_alone(monkeypatch):
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "0")
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    environment.silence_libraries()
    assert os.environ["HF_HUB_DISABLE_TELEMETRY"] == "0"
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"


@pytest.fixture
def umlauts(run_folder, tmp_path):
    """A student in a folder named with umlauts, and a locale in which nobody can write one."""
    shutil.copytree(run_folder / "onnx", tmp_path / "L\u00e4ufe")
    plain = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0",
             "PYTHONPATH": str(ROOT)}
    return tmp_path / "L\u00e4ufe", plain


def test_a_command_takes_any_folder_in_any_locale(umlauts):
    folder, plain = umlauts
    (folder / "\u00fc.txt").write_text("M\u00fcller lacht.\n", "utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "xtremedistil_tf.cli.predict", f"--model_dir={folder}",
         f"--input={folder / chr(252)}.txt"], env=plain, cwd=ROOT, capture_output=True)
    assert result.returncode == 0, result.stderr.decode()
    assert result.stdout.decode("utf-8").startswith("M\u00fcller lacht .\t")


def test_in_python_such_a_folder_is_told_in_one_line(umlauts):
    folder, plain = umlauts
    code = ("import sys, xtremedistil_tf\nfrom xtremedistil_tf.errors import UserError\n"
            "try:\n    xtremedistil_tf.load(sys.argv[1])\nexcept UserError as e:\n    print(e)")
    result = subprocess.run([sys.executable, "-c", code, str(folder)], env=plain, cwd=ROOT,
                            capture_output=True, text=True)
    assert "PYTHONUTF8=1" in result.stdout, result.stderr


def test_a_path_of_ascii_is_taken_anywhere(monkeypatch, tmp_path):
    monkeypatch.setattr(environment, "takes_utf8_paths", lambda: False)
    environment.check_path(tmp_path)
    with pytest.raises(UserError, match="beyond ASCII"):
        environment.check_path(tmp_path / "\u00fc")


@pytest.mark.parametrize("name", ["k[y]", "a*", "why?", "back\\slash"])
def test_a_folder_that_tensorflow_would_not_find_again_is_refused(tmp_path, name):
    """A checkpoint in it is written and cannot be read: a killed run would not go on."""
    with pytest.raises(UserError, match="reads as a pattern of names; use another name"):
        with locked(tmp_path / name):
            pass
    assert not list(tmp_path.iterdir())
    with locked(tmp_path / "k {y} é,=#%20"):
        pass


@pytest.mark.skipif(os.name == "nt", reason="Windows does not tell that a parent has ended")
def test_a_command_that_a_study_started_ends_with_it(tmp_path):
    (tmp_path / "child.py").write_text(
        "import os, time\n"
        "from xtremedistil_tf.cli.options import console\n"
        "from xtremedistil_tf.environment import CHILD\n"
        "def main():\n"
        "    print('begun', CHILD in os.environ, flush=True)\n"
        "    time.sleep(60)\n"
        "console.start(main, lambda: None)\n")
    study = ("import subprocess, sys; from xtremedistil_tf.study.processes import environments; "
             "subprocess.Popen([sys.executable, 'child.py'], env=environments(1)[0]).wait()")
    began = time.monotonic()
    with subprocess.Popen([sys.executable, "-c", study], cwd=tmp_path, text=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as process:
        assert process.stdout.readline() == "begun False\n"  # Nothing else inherits the mark.
        process.kill()
        # The pipe ends with the last process that holds it.
        assert process.stdout.read().startswith("ended by SIGTERM; the same command goes on")
    assert time.monotonic() - began < 50


@pytest.mark.skipif(os.name == "nt", reason="Windows does not tell that a parent has ended")
def test_a_command_whose_parent_has_ended_before_it_began_ends(tmp_path):
    code = "import time; from xtremedistil_tf.environment import end_with_parent; "
    ended = subprocess.run(
        [sys.executable, "-c", code + f"end_with_parent({os.getppid()}); time.sleep(60)"],
        cwd=ROOT, timeout=50)
    assert ended.returncode == -signal.SIGTERM
