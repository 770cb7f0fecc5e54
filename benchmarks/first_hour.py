"""How long a newcomer waits: a fresh clone, then README's own commands, timed.

Command:
  python benchmarks/first_hour_data.py --wikiann=FOLDER --texts=FOLDER --output=DATA
  python benchmarks/first_hour.py --work=FOLDER [--python=python3.11]
      [--corpus=DATA/conll --texts=DATA/sentences.txt --teacher=CHECKPOINT]
      [--csv=DATA/texts.csv --csv_texts=DATA/texts.txt] [--note=NOTE] [--nodemo]
Written to benchmarks/first_hour.json. The minutes count from `git clone`. Installing is in them,
without pip's cache, so they depend on the network; when it was done is recorded apart. With a
corpus of sentences, and with one of texts (--csv), README's commands for one's own data follow,
from the corpus to an answer of the served int8 student; the record then also has what the run said
beforehand, and what it took.
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import urllib.request
from typing import Any, Callable, Dict, List, Tuple

from absl import app, flags

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from machine import ROOT, without_place, write_record

FLAGS = flags.FLAGS
# What a developer's shell has and a newcomer's has not.
_FOREIGN = ("PYTHON", "VIRTUAL_ENV", "MAKE", "XTREMEDISTIL", "DEMO_DIR")
_TAGGED = "Angela Merkel visited Paris with Siemens."
_CLASSIFIED = "The team won the final match of the season after extra time."


def _blocks(readme: str) -> str:
    found = re.findall(r"^```(\w*)\n(.*?)^```", readme, re.M | re.S)
    return "\n".join(block for language, block in found if not language)


def readme_commands(readme: str) -> Tuple[str, List[str]]:
    """README's command for the demo, and its lines that tag a sentence with what came of it.

    Raises:
      ValueError: if README has no longer the one, or not two of the others.
    """
    blocks = _blocks(readme)
    demo = re.findall(r"^make demo\b", blocks, re.M)
    predict = re.findall(r"^echo .* \| \.venv/bin/xtremedistil-predict .*=json$", blocks, re.M)
    if len(demo) != 1 or len(predict) != 2:
        raise ValueError(f"README has {len(demo)} lines with make demo and {len(predict)} that tag "
                         "a sentence; needed are 1 and 2: the run, and its export")
    return demo[0], predict


def own_commands(
    readme: str, *, corpus: str, texts: str, teacher: str, name: str, tags: bool
) -> Dict[str, str]:
    """README's commands for one's own data, with its names replaced.

    Args:
      readme: its text.
      corpus, texts: the labelled and the unlabelled data.
      teacher: the checkpoint.
      name: of the task folder, and of the run folder below runs.
      tags: True for sentences, False for texts to classify.

    Returns:
      The commands "prepare", "distil" and "serve".

    Raises:
      ValueError: if README has not one of each.
    """
    lines = re.sub(r"\\\n\s*", "", _blocks(readme)).splitlines()
    starts = {"prepare": "xtremedistil-prepare --input=CORPUS",
              "distil": "python run_distillation.py --task=DATA", "serve": "xtremedistil-serve"}
    changed = {"CORPUS": corpus, "unlabelled.txt": texts, "DATA": name,
               "bert-base-multilingual-cased": teacher, "runs/mine": f"runs/{name}"}
    if not tags:
        changed[" --do_NER"] = ""
    found = {}
    for step, start in starts.items():
        own = [line for line in lines if line.startswith(start)]
        if len(own) != 1:
            raise ValueError(f"README has {len(own)} lines that start with {start!r}; needed is 1")
        command = own[0]
        for old, new in changed.items():
            command = command.replace(old, new)
        found[step] = command
    return found


def _environment() -> Dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return {**kept, "PIP_NO_CACHE_DIR": "1"}


def _served(command: str, work: pathlib.Path, text: str) -> Dict[str, Any]:
    """Serves a student until it has answered a text."""
    process = subprocess.Popen(
        ["bash", "-c", f". .venv/bin/activate && exec {command} --noshow_teacher --port=0"],
        cwd=work, env=_environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None, "it is a pipe"
        url = process.stdout.readline().split()[0]
        request = urllib.request.Request(url + "api/tag", json.dumps({"text": text}).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.load(reply)["results"][0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def own_data(
    work: pathlib.Path, run: Callable[..., str], commands: Dict[str, str], *, name: str, tags: bool
) -> Dict[str, Any]:
    """Goes from a corpus to an answer by README's commands; returns minutes and forecast.

    Args:
      work: the clone.
      run: runs a shell command in it.
      commands: see `own_commands`.
      name: of the run folder below runs.
      tags: True for sentences, False for texts to classify.
    """
    began, minutes = time.time(), {}
    for step in ("prepare", "distil"):
        run(f". .venv/bin/activate && {commands[step]}")
        minutes[step] = (time.time() - began) / 60
    answer = _served(commands["serve"], work, _TAGGED if tags else _CLASSIFIED)
    minutes["answered"] = (time.time() - began) / 60
    metrics = json.loads((work / "runs" / name / "metrics.json").read_text("utf-8"))
    scores = {who: {key: value for key, value in (metrics[who].get("test") or {}).items()
                    if isinstance(value, float)} for who in ("teacher", "student", "alone")}
    forecast = metrics.get("forecast") or {}
    told = {step: " ".join(map(without_place, command.split()))
            for step, command in commands.items()}
    return {"minutes": minutes, "commands": told, "answer": answer, "scores": scores,
            "worth": metrics["alone"].get("worth"), "seconds": metrics["seconds"],
            "forecast": forecast,
            "forecast_ratio": metrics["seconds"]["total"] / forecast["total"],
            "parameters": {who: metrics[who]["parameters"] for who in ("teacher", "student")}}


def _demo(work: pathlib.Path, run: Callable[..., str], readme: str, began: float
          ) -> Dict[str, Any]:
    """Runs README's demo and tags a sentence with what came of it; returns minutes and commands."""
    minutes = {"cloned": (time.time() - began) / 60}

    def note(name: str, when: float) -> None:
        minutes[name] = (when - began) / 60

    demo, predict = readme_commands(readme)
    shown = run(demo + (f" PYTHON={FLAGS.python}" if FLAGS.python else ""))
    note("demo", time.time())
    (installed,) = (work / ".venv").glob("installed-*")
    note("installed", installed.stat().st_mtime)
    if "](" not in shown or "SavedModel: " not in shown:
        raise ValueError(f"the demo showed no tagged sentence, or no export:\n{shown}")
    for name, command in zip(("own_sentence", "exported"), predict):
        answer = json.loads(run(command))
        note(name, time.time())
        if not answer["entities"]:
            raise ValueError(f"{command} found nothing: {answer}")
    return {"minutes": minutes, "commands": [demo, *predict]}


def main(_) -> None:
    """Runs the commands one after another and notes when each has answered."""
    work = pathlib.Path(FLAGS.work).resolve()
    if work.exists():
        raise ValueError(f"--work={work} exists; name a folder that does not")
    began = time.time()

    def run(command: str, folder: pathlib.Path = work) -> str:
        return subprocess.run(command, shell=True, executable="/bin/bash", cwd=folder,
                              env=_environment(), text=True, stdout=subprocess.PIPE,
                              check=True).stdout

    run(f"git clone --quiet '{ROOT}' '{work}'", ROOT)
    readme = (work / "README.md").read_text("utf-8")
    found: Dict[str, Any] = {}
    if FLAGS.demo:
        found = _demo(work, run, readme, began)
        installed = found["minutes"]["installed"]
    else:
        run("make install" + (f" PYTHON={FLAGS.python}" if FLAGS.python else ""))
        installed = (time.time() - began) / 60
    of_clone = json.loads(run(
        ".venv/bin/python -c \"import json, sys; sys.path.insert(0, 'benchmarks'); "
        "import machine; print(json.dumps(machine.machine()))\"").splitlines()[-1])
    for name, corpus, texts in (("sentences", FLAGS.corpus, FLAGS.texts),
                                ("texts", FLAGS.csv, FLAGS.csv_texts)):
        if corpus:
            tags = name == "sentences"
            commands = own_commands(readme, corpus=corpus, texts=texts, teacher=FLAGS.teacher,
                                    name=name, tags=tags)
            own = own_data(work, run, commands, name=name, tags=tags)
            own["minutes"]["installed"] = installed
            found[name] = {**own, "note": FLAGS.note, "commit": of_clone["commit"]}
            _write(found, of_clone)
    _write(found, of_clone)


def _write(found: Dict[str, Any], of_clone: Dict[str, Any]) -> None:
    """Adds what was measured to the record; parts that were not measured stay as they are."""
    path = ROOT / "benchmarks" / "first_hour.json"
    before = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    kept = {name: value for name, value in before.items() if name not in ("command", "machine")}
    write_record("first_hour", {
        "machine": of_clone if "minutes" in found else before.get("machine", of_clone),
        **kept, **found})


if __name__ == "__main__":
    flags.DEFINE_string("work", None, "A folder that does not exist yet, for the clone.",
                        required=True)
    flags.DEFINE_string("python", None, "The Python that make is told; its own choice without.")
    flags.DEFINE_string("corpus", None, "Labelled sentences, for README's commands for own data.")
    flags.DEFINE_string("texts", None, "Unlabelled sentences for them.")
    flags.DEFINE_string("csv", None, "Labelled texts; the same commands then classify.")
    flags.DEFINE_string("csv_texts", None, "Unlabelled texts for them.")
    flags.DEFINE_boolean("demo", True, "Run README's demo first; without it only own data.")
    flags.DEFINE_string("note", "", "What a reader must know, e.g. what ran beside it.")
    flags.DEFINE_string("teacher", None, "A multilingual checkpoint.")
    app.run(main)
