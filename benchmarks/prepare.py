"""Measures xtremedistil-prepare on a task folder: seconds, memory, and planted defects found.

    python benchmarks/prepare.py --task=/data/ner --work=/tmp/prepare [--tokenizer=vocab.txt]
    python benchmarks/prepare.py            # only writes docs/how-to/prepare_data.md's table anew

Each job runs in a process of its own, for its peak memory. The record is benchmarks/prepare.json.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.corpora.defects import plant_defects  # noqa: E402 - after the path is set
from xtremedistil_tf.corpora.check import check_task  # noqa: E402

RECORD = ROOT / "benchmarks" / "prepare.json"
PAGE = ROOT / "docs" / "how-to" / "prepare_data.md"
FILES = ("labels.tsv", "train.tsv", "dev.tsv", "test.tsv", "transfer.txt")


def measure(*arguments):
    """Runs the command; gives seconds, processor seconds, peak MiB and its exit code."""
    code = ("import sys, resource; from xtremedistil_tf.cli import prepare\n"
            "try:\n    prepare.run()\n"
            "finally:\n    used = resource.getrusage(resource.RUSAGE_SELF)\n"
            "    print('used', used.ru_maxrss, used.ru_utime + used.ru_stime)")
    began = time.monotonic()
    result = subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, text=True,
                            capture_output=True)
    seconds = time.monotonic() - began
    used = [line.split() for line in result.stdout.splitlines() if line.startswith("used ")]
    if not used or result.returncode not in (0, 2):
        raise SystemExit(f"{arguments} failed:\n{result.stdout[-2000:]}{result.stderr[-2000:]}")
    return {"seconds": round(seconds, 1), "processor_seconds": round(float(used[-1][2]), 1),
            "peak_mib": round(int(used[-1][1]) / 1024), "exit_code": result.returncode}


def write_wikiann(task, folder):
    """Writes a task as Rahimi et al. distribute WikiAnn: a folder a language, no transfer text."""
    files = {}
    for split in ("train", "dev", "test"):
        with open(task / f"{split}.tsv", encoding="utf-8") as source:
            for line in source:
                words, tags = line.rstrip("\n").split("\t")
                tags = tags.split(" ")
                language = tags[0].split(":")[0]
                if (language, split) not in files:
                    path = folder / language / split
                    path.parent.mkdir(parents=True, exist_ok=True)
                    files[language, split] = open(path, "w", encoding="utf-8")
                for word, tag in zip(words.split(" "), tags):
                    files[language, split].write(f"{language}:{word}\t{tag.split(':')[1]}\n")
                files[language, split].write("\n")
    for file in files.values():
        file.close()


def corrupted(task, folder):
    """Plants the defects and tells how many are found where they were planted."""
    folder.mkdir()
    for name in FILES:
        shutil.copy(task / name, folder / name)
        (folder / name).chmod(0o644)
    clean = {(problem.path.name, problem.line) for problem in check_task(folder)}
    planted = plant_defects(folder)
    found = {(problem.path.name, problem.line, problem.kind) for problem in check_task(folder)}
    places = {place[:2] for place in planted.values()}
    return {
        "planted": len(planted),
        "found_with_line": sum(place in found for place in planted.values()),
        "missed": sorted(name for name, place in planted.items() if place not in found),
        "reported_elsewhere": sorted(place for place in found
                                     if place[:2] not in places and place[:2] not in clean),
    }


def run(task, work, tokenizer):
    """Runs all jobs; returns the record."""
    work.mkdir(parents=True)
    write_wikiann(task, work / "wikiann")
    jobs = {
        "`--check`": [f"--check={task}"],
        "from WikiAnn's form, with a card in words": [
            f"--input={work / 'wikiann'}", f"--transfer={task / 'transfer.txt'}",
            "--whitespace_words", f"--output={work / 'task'}"],
    }
    if tokenizer:
        jobs["`--card`, with mBERT's vocabulary"] = [f"--card={work / 'task'}",
                                                     f"--tokenizer={tokenizer}"]
    lines = 0
    for name in FILES:
        with open(task / name, "rb") as file:
            lines += sum(1 for _ in file)
    record = {"lines": lines, "jobs": {name: measure(*job) for name, job in jobs.items()},
              "defects": corrupted(task, work / "corrupted"), "round_trip": {},
              "machine": {"cores": os.cpu_count(), "python": platform.python_version()}}
    for name in FILES[1:4]:
        # Rows come back in the order of languages.
        before, after = (sorted((folder / name).read_text("utf-8").splitlines())
                         for folder in (task, work / "task"))
        record["round_trip"][name] = before == after
    return record


def render(page):
    """The page with its table made anew from the record."""
    record = json.loads(RECORD.read_text("utf-8"))
    rows = "\n".join(f"| {name} | {job['seconds']} | {job['processor_seconds']} | "
                     f"{job['peak_mib']} |"
                     for name, job in record["jobs"].items())
    defects, machine = record["defects"], record["machine"]
    same = "the same" if all(record["round_trip"].values()) else "NOT the same"
    text = (f"Measured by `benchmarks/prepare.py` on {record['lines']:,} lines in 28 languages, "
            f"{machine['cores']} cores shared with other work, Python {machine['python']}:\n\n"
            f"| job | seconds | processor seconds | peak MiB |\n|---|---:|---:|---:|\n{rows}\n\n"
            f"Of {defects['planted']} kinds of defects planted into a copy, "
            f"{defects['found_with_line']} are found at their line; "
            f"{len(defects['reported_elsewhere'])} other lines are reported that are not in the "
            f"clean copy. The rows are {same} after they were written as WikiAnn and converted.")
    return re.sub(r"(<!-- table:prepare -->\n).*?(<!-- end:prepare -->)",
                  lambda match: f"{match.group(1)}{text}\n{match.group(2)}", page, flags=re.S)


def main():
    """Runs the jobs that are asked for and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", type=pathlib.Path)
    parser.add_argument("--work", type=pathlib.Path)
    parser.add_argument("--tokenizer")
    arguments = parser.parse_args()
    if arguments.task:
        record = run(arguments.task, arguments.work, arguments.tokenizer)
        RECORD.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
        print(json.dumps(record, indent=1))
    PAGE.write_text(render(PAGE.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
