"""The container's steps, run without a daemon, in an environment of their own."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
import yaml

from tests.conftest import ROOT
from tests.golden.cases import FOLDER, golden, same_entities

DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text("utf-8")
STEPS = [tuple(line.split(" ", 1)) for line in DOCKERFILE.replace("\\\n", " ").splitlines()
         if line and not line.startswith("#")]


def arguments(name):
    """The JSON list of a step."""
    (step,) = [rest for word, rest in STEPS if word == name]
    return json.loads(step[step.index("["):])


def test_what_is_copied_is_sent_to_the_daemon_and_exists():
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines()
            if line.startswith("!")}
    copied = {name for word, rest in STEPS if word == "COPY" and "--from" not in rest
              for name in rest.split()[:-1]}
    assert copied == kept and all((ROOT / name).exists() for name in kept)


def test_the_container_s_requirements_are_those_of_setup():
    setup = (ROOT / "setup.py").read_text("utf-8")
    lines = [line for line in (ROOT / "docker" / "requirements.txt").read_text().splitlines()
             if not line.startswith("#")]
    for line in lines:
        name = re.match(r"[\w-]+", line).group()
        # These come with transformers' tokenizers, or are pinned by TensorFlow, in setup.py.
        if name not in ("tokenizers", "numpy"):
            assert f'"{line}' in setup or f"{line}; python_version" in setup, line
    assert not {"tensorflow", "transformers"} & {re.match(r"[\w-]+", line).group()
                                                 for line in lines}


def test_the_container_has_no_rights_and_is_watched():
    assert ("USER", "tagger") in STEPS
    assert "/readyz" in arguments("HEALTHCHECK")[2]
    compose = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())
    tagger = compose["services"]["tagger"]
    assert tagger["read_only"] and tagger["cap_drop"] == ["ALL"]
    assert (ROOT / "docker" / tagger["build"]["context"] / tagger["build"]["dockerfile"]).is_file()
    scraped = yaml.safe_load((ROOT / "docker" / "prometheus.yml").read_text())
    assert scraped["scrape_configs"][0]["static_configs"][0]["targets"] == ["tagger:8080"]
    assert tagger["command"][0].startswith("--allowed_hosts=tagger,")
    kserve = list(yaml.safe_load_all((ROOT / "docker" / "kserve.yaml").read_text()))
    assert [one["kind"] for one in kserve] == ["InferenceService"] * 2


def build(folder):
    """Runs the steps of the first stage; /venv and /build are folders of the test."""
    for word, rest in STEPS[1:]:
        if word == "FROM":
            return
        if word == "COPY":
            *sources, target = rest.split()
            for source in sources:
                path = folder / "build" / (target if source == target[2:] else
                                           pathlib.Path(source).name)
                copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
                copy(ROOT / source, path)
        if word == "RUN":
            command = rest.replace("/venv", f"{folder}/venv").replace("python -m venv",
                                                                      f"{sys.executable} -m venv")
            subprocess.run(command, shell=True, cwd=folder / "build", check=True,
                           env={name: value for name, value in os.environ.items()
                                if not name.startswith("PYTHON")})


@pytest.mark.long
def test_the_container_s_steps_serve_the_golden_student(tmp_path):
    (tmp_path / "build").mkdir()
    build(tmp_path)
    shutil.copytree(FOLDER / "wordpiece" / "onnx", tmp_path / "student")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    own = {"PATH": f"{tmp_path}/venv/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
    health = [part.replace("8080", port) for part in arguments("HEALTHCHECK")]
    process = subprocess.Popen(
        [f"{tmp_path}/venv/bin/{arguments('ENTRYPOINT')[0]}",
         *[part.replace("/student", f"{tmp_path}/student").replace("8080", port)
           for part in arguments("ENTRYPOINT")[1:]]],
        cwd=tmp_path, env=own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert port in process.stdout.readline()
        end = time.monotonic() + 120
        while subprocess.run(health, env=own, capture_output=True).returncode:
            assert time.monotonic() < end
        texts, expected = golden("wordpiece")
        for text, entities in zip(texts, expected):
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/api/tag", json.dumps({"text": text}).encode(),
                {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=60) as reply:
                (result,) = json.load(reply)["results"]
            assert result["runtime"] == "onnx"
            assert same_entities(result["entities"], entities), text
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 143
    lines = [json.loads(line) for line in errors.splitlines() if line.startswith("{")]
    assert sum(line["message"] == "request" and line.get("path") == "/api/tag"
               for line in lines) == len(texts)
    found = subprocess.run([f"{tmp_path}/venv/bin/pip", "list", "--format=freeze"],
                           capture_output=True, text=True).stdout.lower()
    assert "tensorflow=" not in found and "transformers=" not in found
