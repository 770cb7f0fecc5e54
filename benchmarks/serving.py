"""Measures speed, disk and tokens a second beside spaCy, and runs a soak.

For docs/reference/results/serving.md.

Command:
  python benchmarks/serving.py --model_dir=RUN --task=DATA
RUN is a finished run on DATA with exports. Each part writes benchmarks/serving/<part>.json;
--parts chooses. `tokens` needs spaCy 3.7: a blank multilingual pipeline with random weights.
"""

import collections
import concurrent.futures
import functools
import json
import math
import multiprocessing
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import numpy as np
from absl import app, flags
from machine import ROOT, write_record

FLAGS = flags.FLAGS
flags.DEFINE_string("model_dir", None, "Finished run with export/ and onnx/.", required=True)
flags.DEFINE_string("task", None, "Task folder of the run, for `int8`.")
flags.DEFINE_list("parts", ["speed", "paper_grid", "card_table", "run", "disk", "int8", "start",
                            "tokens", "soak_savedmodel", "soak_savedmodel_plain", "soak_onnx",
                            "soak_onnx_int8"], "Which parts.")
flags.DEFINE_integer("queries", 1000, "Calls of each way in `speed` and `paper_grid`.")
flags.DEFINE_float("seconds", 120.0, "Most time for one way there.")
flags.DEFINE_integer("requests", 100_000, "Requests of each form in a soak.")
flags.DEFINE_integer("sentences", 20_000, "Sentences in `tokens`.")
flags.DEFINE_integer("teacher_layers", 12, "Layers of the teacher in `speed`.")

SOAK_RUNTIMES = ("savedmodel", "onnx", "onnx_int8")
_BLOCKS = [(0x20, 0x7F), (0x00, 0x20), (0x7F, 0xA0), (0xC0, 0x250), (0x370, 0x590), (0x590, 0x700),
           (0x900, 0xE00), (0xE00, 0xF00), (0x1100, 0x1200), (0x2000, 0x2070), (0x3040, 0x3100),
           (0x4E00, 0x9FFF), (0xAC00, 0xD7A0), (0x1F300, 0x1F700), (0x20000, 0x20100)]


def speed() -> dict:
    """The student of E=50, H=200 against an mBERT-sized teacher, in every runtime."""
    from xtremedistil_tf.benchmark.paper_grid import measure_grid, random_teacher
    from xtremedistil_tf.reporting.paper import TABLE_16

    size = next(row for row in TABLE_16 if (row.embedding, row.hidden) == (50, 200))
    with tempfile.TemporaryDirectory() as work:
        result = measure_grid(pathlib.Path(work), FLAGS.queries, FLAGS.seconds, sizes=[size],
                              teacher=random_teacher(layers=FLAGS.teacher_layers))
    return result["rows"][0]


def paper_grid() -> dict:
    """All sizes of Table 16, as by `xtremedistil-benchmark --paper_grid`; the plots beside it."""
    from xtremedistil_tf.benchmark.paper_grid import measure_grid

    with tempfile.TemporaryDirectory() as work:
        return measure_grid(pathlib.Path(work), FLAGS.queries, FLAGS.seconds,
                            output=ROOT / "benchmarks" / "serving" / "paper_grid")


def card_table() -> dict:
    """Encoders of the model card's sizes, as by `xtremedistil-benchmark --card_table`."""
    from xtremedistil_tf.benchmark.card_table import measure_card

    with tempfile.TemporaryDirectory() as work:
        return measure_card(pathlib.Path(work), FLAGS.queries, FLAGS.seconds)


def run() -> dict:
    """Teacher and student of the run by `xtremedistil-benchmark`, text to tags included."""
    with tempfile.TemporaryDirectory() as work:
        subprocess.run([sys.executable, "-m", "xtremedistil_tf.cli.benchmark",
                        f"--model_dir={FLAGS.model_dir}", f"--output={work}",
                        f"--queries={FLAGS.queries}"], cwd=ROOT, check=True)
        return json.loads((pathlib.Path(work) / "benchmark.json").read_text("utf-8"))


def int8() -> dict:
    """Macro-F1 of the two ONNX students, by split and runtime: what int8 loses."""
    import xtremedistil_tf
    from xtremedistil_tf.data.readers.rows import read_ner
    from xtremedistil_tf.inference.assets import load_assets
    from xtremedistil_tf.metrics.tagging import score_tags

    labels = load_assets(pathlib.Path(FLAGS.model_dir) / "onnx").labels
    result = {}
    for split in ("dev", "test"):
        rows, _ = read_ner(pathlib.Path(FLAGS.task) / f"{split}.tsv", labels)
        for runtime in ("onnx", "onnx_int8"):
            tagger = xtremedistil_tf.load(FLAGS.model_dir, runtime)
            tagged = tagger.tag_words([row.words for row in rows])
            scores = score_tags([row.tags for row in rows], [tags for tags, _ in tagged],
                                [row.language for row in rows])
            result[f"{split}_{runtime}"] = scores["macro_f1"]
    return result


def disk() -> dict:
    """Bytes of the student of E=50, H=200, V=88,400, and of the run's folders."""
    from xtremedistil_tf.benchmark.paper_grid import random_student
    from xtremedistil_tf.export.onnx.bilstm import build_model
    from xtremedistil_tf.export.onnx.files import write_models

    with tempfile.TemporaryDirectory() as work:
        paths = [pathlib.Path(work) / name for name in ("model.onnx", "model.int8.onnx")]
        student = random_student(50, 200)
        write_models(build_model(student), build_model(student, for_int8=True), *paths)
        sizes = {path.name: path.stat().st_size for path in paths}
    run = pathlib.Path(FLAGS.model_dir)
    sizes["run"] = {str(path.relative_to(run)): path.stat().st_size
                    for name in ("student", "export", "onnx")
                    for path in sorted((run / name).rglob("*")) if path.is_file()}
    return sizes


def strange_text(draw: random.Random) -> str:
    """A text of a few scripts; now and then empty or 10,000 characters long."""
    kind = draw.random()
    length = 0 if kind < 0.02 else 10_000 if kind < 0.025 else draw.randint(1, 120)
    blocks = draw.sample(_BLOCKS, 3) + [(0x20, 0x21), (0x61, 0x7B)]
    return "".join(chr(draw.randrange(*draw.choice(blocks))) for _ in range(length))


def _differences(together: list, alone: list) -> collections.Counter:
    """Texts whose words or tags change with the batch, and the largest change of a probability."""
    found = collections.Counter()
    for batched, single in zip(together, alone):
        found["texts"] += 1
        same = [(word, tag) for word, tag, _ in batched] == [(word, tag) for word, tag, _ in single]
        found["other_tags"] += not same
        change = max((abs(a[2] - b[2]) for a, b in zip(batched, single)), default=0.0)
        found["largest_change"] = max(found["largest_change"], change)
    return found


def soak_one(runtime: str, model_dir: str, requests: int) -> dict:
    """Sends requests of one or two texts; each 50th has up to 40 and is held against single calls.

    Batches of 16 rows and more take another way through the SavedModel's graph.
    """
    import xtremedistil_tf
    from xtremedistil_tf.benchmark.timing import resident_bytes

    tagger = xtremedistil_tf.load(model_dir, runtime)
    # The least of each twentieth of the requests: what stays, not what the last request needed.
    memory = [math.inf] * 20
    draw, compared = random.Random(7), collections.Counter()
    began = time.monotonic()
    for number in range(requests):
        compare = number % 50 == 0
        texts = [strange_text(draw) for _ in range(draw.randint(1, 40 if compare else 2))]
        result = tagger.tag_text(texts)
        assert len(result) == len(texts)
        if compare:
            alone = [tagger.tag_text([text])[0] for text in texts]
            found = _differences(result, alone)
            largest = max(compared["largest_change"], found.pop("largest_change", 0.0))
            compared.update(found)
            compared["largest_change"] = largest
        if runtime == "savedmodel" and number % 10 == 0:
            broken = [draw.randbytes(draw.randint(0, 60)) for _ in range(4)]
            tagger.run_text(broken)
        part = number * len(memory) // requests
        memory[part] = min(memory[part], resident_bytes() or math.inf)
    return {"requests": requests, "failures": 0, "seconds": time.monotonic() - began,
            "compared_with_single_calls": dict(compared), "resident_bytes": memory}


def soak(runtime: str, onednn: bool = True) -> dict:
    """One form in a process of its own, so that memory is its own too.

    oneDNN keeps what it has prepared for every shape that it meets, up to a bound; without it
    TensorFlow keeps nothing.
    """
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = str(int(onednn))
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, context) as pool:
        return pool.submit(soak_one, runtime, FLAGS.model_dir, FLAGS.requests).result()


def _spacy_pipeline():
    """A blank multilingual pipeline with spaCy's default small NER and random weights."""
    import spacy
    from spacy.training import Example

    nlp = spacy.blank("xx")
    nlp.add_pipe("ner")
    document = nlp.make_doc("Anna Weber wohnt in Bonn")
    example = Example.from_dict(document, {"entities": [(0, 10, "PER"), (20, 24, "LOC")]})
    nlp.initialize(lambda: [example])
    return nlp


def tokens() -> dict:
    """Words a second of the predict command's own stream beside spaCy, in turns."""
    import xtremedistil_tf
    from xtremedistil_tf.data.words import split_words
    from xtremedistil_tf.inference.streaming import tag_lines

    lines = (ROOT / "data" / "ner" / "transfer.txt").read_text("utf-8").splitlines()
    texts = (lines * (FLAGS.sentences // len(lines) + 1))[: FLAGS.sentences]
    words = sum(len(split_words(text)) for text in texts)
    taggers = {runtime: xtremedistil_tf.load(FLAGS.model_dir, runtime)
               for runtime in ("keras", *SOAK_RUNTIMES)}
    nlp = _spacy_pipeline()
    ways = {runtime: (lambda tagger=tagger: collections.deque(tag_lines(tagger, texts), 0))
            for runtime, tagger in taggers.items()}
    ways["spacy"] = lambda: collections.deque(nlp.pipe(texts, batch_size=1000), 0)
    spent = collections.defaultdict(list)
    for _ in range(4):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            spent[name].append(time.perf_counter() - began)
    # The first round makes everything ready.
    return {"words": words, "words_a_second": {
        name: words / float(np.median(seconds[1:])) for name, seconds in spent.items()}}


def start() -> dict:
    """Seconds to import and to open the ONNX runtime in a fresh process."""
    code = ("import time; began = time.perf_counter()\n"
            "import xtremedistil_tf, xtremedistil_tf.inference.runtimes.onnx, onnxruntime\n"
            "imported = time.perf_counter()\n"
            f"tagger = xtremedistil_tf.load({FLAGS.model_dir!r}, 'onnx_int8')\n"
            "print(imported - began, time.perf_counter() - imported)")
    runs = [list(map(float, subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        cwd=ROOT).stdout.split())) for _ in range(6)][1:]
    imported, opened = np.median(runs, axis=0)
    return {"import_seconds": float(imported), "open_seconds": float(opened)}


def main(argv) -> None:
    """Runs the parts one after another."""
    del argv
    from xtremedistil_tf.screen import quiet_libraries

    quiet_libraries()
    parts = {"speed": speed, "paper_grid": paper_grid,
             "card_table": card_table, "run": run, "disk": disk, "int8": int8,
             "start": start, "tokens": tokens,
             **{f"soak_{form}": functools.partial(soak, form) for form in SOAK_RUNTIMES},
             "soak_savedmodel_plain": functools.partial(soak, "savedmodel", onednn=False)}
    for part in FLAGS.parts:
        write_record(f"serving/{part}", parts[part]())


if __name__ == "__main__":
    app.run(main)
