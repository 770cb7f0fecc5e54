"""What a benchmark ran on, for its record; and how records are written."""

import json
import pathlib
import platform
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def machine() -> dict:
    """Commit, processor and versions."""
    import tensorflow
    import transformers

    model = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if "model name" in line]
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return {"commit": commit.stdout.strip(), "processor": model[0], "cores": len(model),
            "python": platform.python_version(), "tensorflow": tensorflow.__version__,
            "transformers": transformers.__version__}


def without_place(argument: str) -> str:
    """A flag whose value is a place on this machine, by the last part of it."""
    return re.sub(r"(^|=)/.*/", r"\1", argument)


def write_record(name: str, results: dict, show: bool = True) -> None:
    """Writes benchmarks/<name>.json with the command and the machine beside the results.

    Args:
      name: of the record.
      results: what was measured.
      show: print the results, too.
    """
    path = ROOT / "benchmarks" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    command = "python " + " ".join([str(pathlib.Path(sys.argv[0]).resolve().relative_to(ROOT)),
                                    *map(without_place, sys.argv[1:])])
    record = {"command": command, "machine": machine(), **results}
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", "utf-8")
    if show:
        print(json.dumps(results, indent=1))


def recorded(name: str) -> dict:
    """The record benchmarks/<name>.json; empty if there is none."""
    path = ROOT / "benchmarks" / f"{name}.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def measured(record: dict) -> str:
    """What a record was measured with, one sentence."""
    machine = record["machine"]
    command = record["command"].split(" --")[0]
    return (f"`{command}`, commit {machine['commit'][:10]}, {machine['processor']}, "
            f"{machine['cores']} cores, TensorFlow {machine['tensorflow']}.")
