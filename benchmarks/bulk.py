"""Measures bulk tagging with ONNX students: words a second with JSON lines written, and its parts.

For docs/reference/results/serving.md.

Command:
  python benchmarks/bulk.py --students=NAME=RUN,.. --text=FILE --before=CLONE
Each run is a process of its own. With --before, processes of another checkout take turns with this
one's, and the outputs of both are compared.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from absl import app, flags
from machine import ROOT, write_record

FLAGS = flags.FLAGS
flags.DEFINE_list("students", None, "Finished runs or ONNX folders, each as NAME=FOLDER.",
                  required=True)
flags.DEFINE_string("text", None, "Running text, a sentence a line.", required=True)
flags.DEFINE_list("runtimes", ["onnx", "onnx_int8"], "Runtimes.")
flags.DEFINE_integer("sentences", 20_000, "Lines of the text that are timed.")
flags.DEFINE_string("before", None, "Another checkout, to compare with.")
flags.DEFINE_integer("rounds", 5, "Processes of each way.")

# Lines behind the timed ones, which make everything ready: no word of them is remembered for long.
_WARM = 2048
_COMMON = """
import collections, functools, json, os, resource, sys, time
folder, runtime, text, count, warm, output = sys.argv[1:]
began, cpu = time.perf_counter(), time.process_time()
import xtremedistil_tf, xtremedistil_tf.inference.runtimes.onnx, onnxruntime
imported = time.perf_counter()
model = xtremedistil_tf.load(folder, runtime)
result = {"import_seconds": imported - began, "open_seconds": time.perf_counter() - imported,
          "start_cpu_seconds": time.process_time() - cpu}
from xtremedistil_tf.cli import predict
from xtremedistil_tf.cli.predict import render
from xtremedistil_tf.inference.streaming import tag_lines
with open(text, encoding="utf-8") as file:
    lines = [line.rstrip("\\n") for line, _ in zip(file, range(int(count) + int(warm)))]
lines, others = lines[:int(count)], lines[int(count):]
getattr(predict, "collect_seldom", lambda: None)()  # Not in older checkouts.
def write(lines, path, processes=None):
    with open(path, "wb") as file:
        if hasattr(predict, "rendered"):
            again = functools.partial(xtremedistil_tf.load, folder, runtime, verify=False)
            for block in predict.rendered(model, "json", lines, load=again, processes=processes):
                file.write(block.text.encode("utf-8"))
            return
        for line in tag_lines(model, lines):
            file.write((render(line, "json") + "\\n").encode("utf-8"))
"""
# Runs in either checkout.
_BULK = _COMMON + """
write(others, os.devnull)
began, cpu = time.perf_counter(), sum(os.times()[:4])  # With that of other processes.
write(lines, output)
result["seconds"] = time.perf_counter() - began
result["cpu_seconds"] = sum(os.times()[:4]) - cpu
result["resident_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps(result))
"""
# The same, and the model alone on the same batches: in as many threads, and one after another.
_ALONE = _COMMON + """
from xtremedistil_tf.inference.streaming import in_threads
write(others, os.devnull)
run, batches = model.logits, []
model.logits = lambda ids: batches.append(ids) or run(ids)
began = time.perf_counter()
write(lines, output, 1)
result["seconds"] = time.perf_counter() - began
def timed(threads):
    began = time.perf_counter()
    collections.deque(in_threads(run, batches, threads=threads), 0)
    return time.perf_counter() - began
result["model_seconds"] = timed(model.threads)
result["model_one_by_one_seconds"] = timed(1)
result["tokens"] = sum(int((ids > 0).sum()) for ids in batches)
print(json.dumps(result))
"""
# CPU seconds of each part, on one core.
_PARTS = """
import os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
""" + _COMMON + """
from xtremedistil_tf.inference import tagger
from xtremedistil_tf.data.tokenization.word_pieces import WordPieces
spent = collections.Counter()
def timed(name, function):
    def call(*arguments, **named):
        began = time.process_time()
        found = function(*arguments, **named)
        spent[name] += time.process_time() - began
        return found
    return call
model.logits = timed("model", model.logits)
tagger.split_words = timed("split", tagger.split_words)
tagger.decode_words = timed("decode", tagger.decode_words)
WordPieces.__call__ = timed("tokenize", WordPieces.__call__)
model.read_lines = timed("read", model.read_lines)
write(others, os.devnull)
spent.clear()
began = time.process_time()
write(lines, output, 1)
whole = time.process_time() - began
read = spent.pop("read")
parts = {**spent, "arrays and tuples": read - sum(spent.values()),
         "entities and JSON": whole - read}
print(json.dumps({"cpu_seconds": whole, "shares": {
    name: seconds / whole for name, seconds in parts.items()}}))
"""


def _child(code: str, checkout: pathlib.Path, folder: str, runtime: str, output: str = os.devnull
           ) -> dict:
    found = subprocess.run(
        [sys.executable, "-c", code, folder, runtime, FLAGS.text, str(FLAGS.sentences),
         str(_WARM), output],
        cwd=checkout, env={**os.environ, "PYTHONPATH": str(checkout)}, capture_output=True,
        text=True, check=True)
    return json.loads(found.stdout)


def _medians(runs: list, words: int) -> dict:
    told = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    return {**told, "words_a_second": words / told["seconds"]}


def measure(folder: str, runtime: str, words: int) -> dict:
    """Times one student: this checkout and perhaps another in turns, the model alone, the parts."""
    ways = {"now": ROOT}
    if FLAGS.before:
        ways = {"before": pathlib.Path(FLAGS.before).resolve(), **ways}
    runs: dict = {name: [] for name in ways}
    with tempfile.TemporaryDirectory() as work:
        for _ in range(FLAGS.rounds):
            for name, checkout in ways.items():
                runs[name].append(_child(_BULK, checkout, folder, runtime,
                                         os.path.join(work, name)))
        written = {pathlib.Path(work, name).read_bytes() for name in ways}
    result: dict = {name: _medians(own, words) for name, own in runs.items()}
    if FLAGS.before:
        for name, of in (("ratio", "seconds"), ("cpu_ratio", "cpu_seconds")):
            result[name] = statistics.median(
                before[of] / now[of] for before, now in zip(*runs.values()))
        result["same_bytes"] = len(written) == 1
    alone = [_child(_ALONE, ROOT, folder, runtime) for _ in range(FLAGS.rounds)]
    for name in ("model", "model_one_by_one"):
        result[f"text_to_tags_over_{name}"] = statistics.median(
            run["seconds"] / run[f"{name}_seconds"] for run in alone)
    result["tokens"] = alone[0]["tokens"]
    return {**result, "parts": _child(_PARTS, ROOT, folder, runtime)}


def main(argv) -> None:
    """Measures each student in each runtime."""
    del argv
    from xtremedistil_tf.data.words import split_words

    with open(FLAGS.text, encoding="utf-8") as file:
        words = sum(len(split_words(line)) for line, _ in zip(file, range(FLAGS.sentences)))
    results: dict = {"sentences": FLAGS.sentences, "words": words,
                     "load_of_the_machine": os.getloadavg()[0], "students": {}}
    for student in FLAGS.students:
        name, _, folder = student.partition("=")
        results["students"][name] = {
            runtime: measure(str(pathlib.Path(folder).resolve()), runtime, words)
            for runtime in FLAGS.runtimes}
    write_record("bulk", results)


if __name__ == "__main__":
    app.run(main)
