"""Measures xtremedistil-prepare on a task folder: seconds, memory, and planted defects found.

    python benchmarks/prepare.py --task=/data/ner --work=/tmp/prepare [--tokenizer=vocab.txt]

Each job runs in a process of its own, for its peak memory. Prints a Markdown table and writes
prepare.json into the work folder.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.preparation.defects import plant_defects  # noqa: E402 - after the path is set
from xtremedistil_tf.preparation.check import check_task  # noqa: E402

FILES = ("labels.tsv", "train.tsv", "dev.tsv", "test.tsv", "transfer.txt")


def measure(*arguments):
    """Runs the command; gives seconds, peak memory in MiB, and its exit code."""
    code = ("import sys, resource; from xtremedistil_tf.cli import prepare\n"
            "try:\n    prepare.run()\n"
            "finally:\n    print('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)")
    began = time.monotonic()
    result = subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, text=True,
                            capture_output=True)
    seconds = time.monotonic() - began
    peak = [line for line in result.stdout.splitlines() if line.startswith("peak ")]
    if not peak or result.returncode not in (0, 2):
        raise SystemExit(f"{arguments} failed:\n{result.stdout[-2000:]}{result.stderr[-2000:]}")
    return {"seconds": round(seconds, 1), "peak_mib": round(int(peak[-1].split()[1]) / 1024),
            "exit_code": result.returncode}


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


def main():
    """Runs all jobs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--tokenizer")
    arguments = parser.parse_args()
    work = arguments.work
    work.mkdir(parents=True)
    write_wikiann(arguments.task, work / "wikiann")
    lines = 0
    for name in FILES:
        with open(arguments.task / name, "rb") as file:
            lines += sum(1 for _ in file)
    jobs = {
        "check": [f"--check={arguments.task}"],
        "convert, card in words": [
            f"--input={work / 'wikiann'}", f"--transfer={arguments.task / 'transfer.txt'}",
            "--whitespace_words", f"--output={work / 'task'}"],
    }
    if arguments.tokenizer:
        jobs["card in pieces"] = [f"--card={work / 'task'}", f"--tokenizer={arguments.tokenizer}"]
    results = {name: measure(*job) for name, job in jobs.items()}
    results["defects"] = corrupted(arguments.task, work / "corrupted")
    for name in FILES[1:4]:
        # Rows come back in the order of languages.
        before, after = (sorted((folder / name).read_text("utf-8").splitlines())
                         for folder in (arguments.task, work / "task"))
        results.setdefault("round_trip", {})[name] = before == after
    results["lines"] = lines
    (work / "prepare.json").write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    print(f"{lines:,} lines\n\n| job | seconds | peak MiB |\n|---|---:|---:|")
    for name in jobs:
        print(f"| {name} | {results[name]['seconds']} | {results[name]['peak_mib']} |")
    defects = results["defects"]
    print(f"\ndefects planted {defects['planted']}, found with their line "
          f"{defects['found_with_line']}; missed: {', '.join(defects['missed']) or 'none'}; "
          f"reported elsewhere: {defects['reported_elsewhere'] or 'none'}")
    print(f"the same rows after conversion: {results['round_trip']}")


if __name__ == "__main__":
    main()
