"""Starts NVIDIA Triton with exported model repositories and compares its answers with golden ones.

Command:
  python3.11 -m venv VENV
  VENV/bin/pip install nvidia-pytriton "numpy<2" -r docker/requirements.txt
  python benchmarks/triton.py --venv=VENV
The wheel nvidia-pytriton has Triton's own server program and its Python backend. Each student of
tests/golden is exported as a model repository, the program is started with it, and every golden
text is asked over HTTP, alone and several in a batch. Written to benchmarks/triton.json; ends with
an error where an answer differs.
"""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from absl import app, flags
from machine import ROOT, write_record

sys.path.insert(0, str(ROOT))

from tests.golden.cases import STUDENTS, differences  # noqa: E402
from xtremedistil_tf.export.triton.export import export_triton  # noqa: E402

FLAGS = flags.FLAGS
flags.DEFINE_string("venv", None, "Environment with nvidia-pytriton.", required=True)
flags.DEFINE_integer("wait", 300, "Most seconds until the server is ready.")

_BATCH = 16


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def prepared(folder: pathlib.Path) -> tuple:
    """Copies the wheel's server, with the backend's stub; returns (server, site-packages)."""
    (site,) = pathlib.Path(FLAGS.venv).glob("lib/python3.*/site-packages")
    version = site.parent.name.replace("python", "")
    source = site / "pytriton" / "tritonserver"
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("python_backend_stubs"))
    shutil.copy(source / "python_backend_stubs" / version / "triton_python_backend_stub",
                folder / "backends" / "python")
    return folder, site


class Triton:
    """A running server with one model."""

    def __init__(self, server: pathlib.Path, site: pathlib.Path, repository: pathlib.Path):
        self.url = f"http://127.0.0.1:{(port := free_port())}/v2"
        environment = {
            **os.environ, "LD_LIBRARY_PATH": str(site / "nvidia_pytriton.libs"),
            # By it the backend finds the environment of its Python.
            "PATH": f"{pathlib.Path(FLAGS.venv).absolute() / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            [server / "bin" / "tritonserver", f"--model-repository={repository}",
             f"--backend-directory={server / 'backends'}", f"--http-port={port}",
             "--http-address=127.0.0.1", "--allow-grpc=false", "--allow-metrics=false"],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def wait(self) -> None:
        """Waits until the server is ready."""
        end = time.monotonic() + FLAGS.wait
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/health/ready", timeout=5):
                    return
            except OSError:
                time.sleep(0.5)
        self.process.kill()
        raise SystemExit(f"Triton was not ready:\n{self.process.stdout.read()[-9000:]}")

    def ask(self, texts: list) -> list:
        """The entities of texts, in one request."""
        body = {"inputs": [{"name": "text", "shape": [len(texts), 1], "datatype": "BYTES",
                            "data": texts}]}
        request = urllib.request.Request(f"{self.url}/models/tagger/infer",
                                         json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=300) as reply:
            (output,) = json.load(reply)["outputs"]
        return [json.loads(result) for result in output["data"]]

    def close(self) -> str:
        """Ends the server; returns what it said."""
        self.process.terminate()
        return self.process.communicate(timeout=120)[0]


def compare(name: str, server: pathlib.Path, site: pathlib.Path, folder: pathlib.Path) -> dict:
    """Starts Triton with one golden student; returns what came of it."""
    repository = folder / name
    export_triton(ROOT / "tests" / "golden" / name / "onnx", repository)
    triton = Triton(server, site, repository)
    try:
        triton.wait()
        alone = differences(lambda texts: [triton.ask([text])[0] for text in texts], name)
        together = differences(
            lambda texts: [one for at in range(0, len(texts), _BATCH)
                           for one in triton.ask(texts[at:at + _BATCH])], name)
        with urllib.request.urlopen(triton.url, timeout=30) as reply:
            version = json.load(reply)["version"]
    finally:
        said = triton.close()
    print(name, "alone:", len(alone), "differ; in batches:", len(together), "differ", flush=True)
    return {"differ_alone": len(alone), "differ_in_batches": len(together), "version": version,
            "exit_code": triton.process.returncode, "errors": said.count("error:")}


def main(_) -> None:
    """Compares every golden student."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        server, site = prepared(folder / "server")
        found = {name: compare(name, server, site, folder) for name in STUDENTS}
    texts = len(json.loads((ROOT / "tests" / "golden" / "golden.json").read_text("utf-8")))
    sys.argv = [argument.replace(FLAGS.venv, "VENV") for argument in sys.argv]
    write_record("triton", {"texts": texts, "students": found}, show=False)
    sys.exit(any(row["differ_alone"] or row["differ_in_batches"] or row["exit_code"]
                 for row in found.values()))


if __name__ == "__main__":
    app.run(main)
