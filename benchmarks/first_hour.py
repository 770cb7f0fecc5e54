"""How long a newcomer waits: a fresh clone, then README's own commands, timed.

Command:
  python benchmarks/first_hour.py --work=FOLDER [--python=python3.11]
Written to benchmarks/first_hour.json. The minutes count from `git clone`. Installing is in them,
without pip's cache, so they depend on the network; when it was done is recorded apart.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import time
from typing import Dict, List, Tuple

from absl import app, flags

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from machine import ROOT, write_record

FLAGS = flags.FLAGS
# What a developer's shell has and a newcomer's has not.
_FOREIGN = ("PYTHON", "VIRTUAL_ENV", "MAKE", "XTREMEDISTIL", "DEMO_DIR")


def readme_commands(readme: str) -> Tuple[str, List[str]]:
    """README's command for the demo, and its lines that tag a sentence with what came of it.

    Raises:
      ValueError: if README has no longer the one, or not two of the others.
    """
    blocks = "\n".join(re.findall(r"^```\n(.*?)^```", readme, re.M | re.S))
    demo = re.findall(r"^make demo\b", blocks, re.M)
    predict = re.findall(r"^echo .* \| \.venv/bin/xtremedistil-predict .*=json$", blocks, re.M)
    if len(demo) != 1 or len(predict) != 2:
        raise ValueError(f"README has {len(demo)} lines with make demo and {len(predict)} that tag "
                         "a sentence; needed are 1 and 2: the run, and its export")
    return demo[0], predict


def _environment() -> Dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return {**kept, "PIP_NO_CACHE_DIR": "1"}


def main(_) -> None:
    """Runs the commands one after another and notes when each has answered."""
    work = pathlib.Path(FLAGS.work).resolve()
    if work.exists():
        raise ValueError(f"--work={work} exists; name a folder that does not")
    began, minutes = time.time(), {}

    def run(command: str, folder: pathlib.Path = work) -> str:
        return subprocess.run(command, shell=True, cwd=folder, env=_environment(), text=True,
                              stdout=subprocess.PIPE, check=True).stdout

    def note(name: str, when: float) -> None:
        minutes[name] = (when - began) / 60

    run(f"git clone --quiet '{ROOT}' '{work}'", ROOT)
    note("cloned", time.time())
    demo, predict = readme_commands((work / "README.md").read_text("utf-8"))
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
    of_clone = run(".venv/bin/python -c \"import json, sys; sys.path.insert(0, 'benchmarks'); "
                   "import machine; print(json.dumps(machine.machine()))\"")
    write_record("first_hour", {"minutes": minutes, "commands": [demo, *predict]},
                 json.loads(of_clone.splitlines()[-1]))


if __name__ == "__main__":
    flags.DEFINE_string("work", None, "A folder that does not exist yet, for the clone.",
                        required=True)
    flags.DEFINE_string("python", None, "The Python that make is told; its own choice without.")
    app.run(main)
