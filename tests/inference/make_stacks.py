"""Distils a tiny student on the stack that runs this, with what it says, for test_stacks.py.

Command, once with each Python: python -m tests.inference.make_stacks
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

from tests.conftest import BERT, ROOT, TAGS

FOLDER = ROOT / "tests" / "inference" / "stacks"
# Most of the sample's scripts are beyond it; a tokenizer of all of them would not be tiny.
_LATIN = "\u0250"
_ROWS, _TEXTS, _SAID = 160, 640, 16
_FLAGS = ("--do_NER --transfer_file=transfer.txt --seq_len=24 --teacher_layer=1 "
          "--teacher_epochs=12 --teacher_learning_rate=3e-3 --teacher_batch_size=16 "
          "--word_emb_dim=6 --bilstm_hidden_size=6 --distil_batch_size=32 "
          "--student_ft_batch_size=16 --learning_rate=1e-2 --lr_schedule=cosine "
          "--distil_epochs=4 --ft_epochs=8 --seed=7 --noexport").split()


def sentences(name: str, most: int) -> list:
    """The first Latin lines of a file of the sample."""
    lines = (ROOT / "data" / "ner" / name).read_text("utf-8").splitlines()
    return [line for line in lines if max(line) < _LATIN][:most]


def texts_to_say() -> list:
    """Sentences that no training saw."""
    return [line.split("\t")[0] for line in sentences("test.tsv", _ROWS)[-_SAID:]]


def _write_task(folder: pathlib.Path) -> None:
    for split in ("train", "dev", "test"):
        (folder / f"{split}.tsv").write_text(
            "\n".join(sentences(f"{split}.tsv", _ROWS)) + "\n", "utf-8")
    (folder / "transfer.txt").write_text(
        "\n".join(sentences("transfer.txt", _TEXTS)) + "\n", "utf-8")
    (folder / "labels.tsv").write_text("\n".join(TAGS) + "\n", "utf-8")


def main() -> None:
    """Makes stacks/<version of Python>: the student, and said.json.

    said.json has TensorFlow's version, test macro-F1 of teacher and student, and for each text
    [word, begin, end, tag, probability] a word.
    """
    from xtremedistil_tf.files.contents import read_json
    from xtremedistil_tf.inference.runtimes.load import load
    from xtremedistil_tf.keras2 import tf

    made = FOLDER / f"{sys.version_info[0]}.{sys.version_info[1]}"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        _write_task(folder)
        (folder / "bert.json").write_text(json.dumps({**BERT, "vocab_size": 300}))
        subprocess.run(
            [sys.executable, "-m", "xtremedistil_tf.cli.distill", *_FLAGS, f"--task={folder}",
             f"--teacher_config={folder / 'bert.json'}", f"--model_dir={folder / 'run'}"],
            check=True, cwd=ROOT)
        shutil.rmtree(made, ignore_errors=True)
        # The card is for those who get a student, and names places of this machine.
        shutil.copytree(folder / "run" / "student", made / "student",
                        ignore=shutil.ignore_patterns("README.md"))
        metrics = read_json(folder / "run" / "metrics.json")
    said = [[(*word, tag, round(score, 7)) for word, tag, score in text]
            for text in load(made, "keras").tag_text(texts_to_say())]
    record = {
        "tensorflow": tf.__version__,
        "macro_f1": {who: metrics[who]["test"]["macro_f1"] for who in ("teacher", "student")},
        "said": said}
    (made / "said.json").write_text(json.dumps(record, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
