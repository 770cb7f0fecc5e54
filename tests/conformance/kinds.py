"""The descriptors: one of each kind of student and one of each kind of task, both tiny."""

import dataclasses
import pathlib
import re
from typing import Any, Callable, Mapping, Optional, Sequence

from tests.conftest import write_task, write_texts
from tests.squad import write_cities
from tests.students import TEXTS
from xtremedistil_tf import config as cfg
from xtremedistil_tf.data.tags import BioesSet
from xtremedistil_tf.tasks import TASKS

SEQ_LEN = 24
# Much longer than SEQ_LEN: read in windows, or cut.
LONG = "Anna Weber, Bonn. " * 60
_PAIRS = [("Anna Weber wohnt in Bonn.", "Anna lebt in Bonn."), ("", "東京タワー"), ("a\tb", ""),
          ("in " * 40, "Bonn"), ("Bonn", "in " * 9), ("a[SEP]b", "[MASK]")]


def _write_numbers(folder: pathlib.Path) -> pathlib.Path:
    """A regression of pairs: the number is how many words the second text has."""
    folder.mkdir(parents=True)
    rows = [f"Anna wohnt in Bonn\t{'Bonn ' * count}\t{count}\n" for count in range(1, 9)]
    for split in ("train", "dev", "test"):
        (folder / f"{split}.tsv").write_text("".join(rows), "utf-8")
    return folder


def _write_scheme(folder: pathlib.Path, rewrite: Callable[[Sequence[str]], Sequence[str]],
                  names: Sequence[str]) -> pathlib.Path:
    """The tagging task with its tags in another scheme."""
    write_task(folder, 8)
    for split in ("train", "dev", "test"):
        path = folder / f"{split}.tsv"
        rows = [line.split("\t") for line in path.read_text("utf-8").splitlines()]
        path.write_text("".join(
            f"{words}\t{' '.join(rewrite(tags.split()))}\n" for words, tags in rows), "utf-8")
    (folder / "labels.tsv").write_text("\n".join(names) + "\n", "utf-8")
    return folder


def _write_several(folder: pathlib.Path) -> pathlib.Path:
    """Texts of the sample with two labels, one, or none."""
    write_texts(folder, 8)
    for split in ("train", "dev", "test"):
        path = folder / f"{split}.tsv"
        texts = [line.split("\t")[0] for line in path.read_text("utf-8").splitlines()]
        path.write_text("".join(f"{text}\t{('a,b', 'b', '')[at % 3]}\n"
                                for at, text in enumerate(texts)), "utf-8")
    (folder / "labels.tsv").write_text("a\nb\nc\n", "utf-8")
    return folder


def _plain(tags: Sequence[str]) -> Sequence[str]:
    """Types in place of tags, with the language in front."""
    return [re.sub(r"^(\w+:)?[BI]-", r"\1", tag) for tag in tags]


def _bioes(tags: Sequence[str]) -> Sequence[str]:
    plain = [tag.split(":")[-1] for tag in tags]
    return BIOES.repair(plain)[0]


BIOES = BioesSet(["O", *(f"{letter}-{kind}" for kind in ("PER", "ORG", "LOC")
                         for letter in "BIES")])


@dataclasses.dataclass(frozen=True)
class TaskCase:
    """A kind of task.

    Attributes:
      write: makes its task folder.
      settings: of its DataConfig.
      asked: what a loaded student is asked, one by one.
      students: the kinds of student to build; None for all.
      phones: whether to export it for phones, too, which takes seconds.
    """

    write: Callable[[pathlib.Path], pathlib.Path]
    settings: Mapping[str, Any]
    asked: Sequence[Any]
    students: Optional[Sequence[str]] = None
    phones: bool = True


TASK_CASES = {
    "tagging": TaskCase(lambda folder: write_task(folder, 8), {"do_ner": True}, [*TEXTS, LONG]),
    # Only labels and decoding differ from tagging's: see tests/data/test_tags.py.
    "bioes_tagging": TaskCase(
        lambda folder: _write_scheme(folder, _bioes, BIOES.tags),
        {"do_ner": True, "tag_scheme": "bioes"}, [*TEXTS, LONG], ()),
    "word_tagging": TaskCase(
        lambda folder: _write_scheme(folder, _plain, ("LOC", "O", "ORG", "PER")),
        {"do_ner": True, "tag_scheme": "none"}, [*TEXTS, LONG], ()),
    # A pooling student's model for phones is that of regression, where it has two texts, too.
    # A BiLSTM's forms are compared in tests/jobs/test_classification.py.
    "classification": TaskCase(
        lambda folder: write_texts(folder, 8), {}, [*TEXTS, LONG], ("transformer",), phones=False),
    "multilabel": TaskCase(
        lambda folder: _write_several(folder), {"do_multilabel": True}, [*TEXTS, LONG],
        ("bilstm",), phones=False),
    "regression": TaskCase(
        _write_numbers, {"do_regression": True, "do_pairwise": True}, _PAIRS),
    "spans": TaskCase(
        lambda folder: write_cities(folder, 8, 8),
        {"squad": cfg.SquadConfig(doc_stride=4, max_query_length=6)},
        [("Which city ?", "he came by Bonn and saw the tree"), ("Which city ?", LONG)],
        phones=False),
}
# Tasks whose students compute the logits from the encoder: of tokens and of texts.
_DIRECT = ("spans", "multilabel")
STUDENT_CASES = {
    "bilstm": {"word_emb_dim": 6, "bilstm_hidden_size": 5},
    "transformer": {"word_emb_dim": 6, "hidden_size": 8, "num_hidden_layers": 1,
                    "num_attention_heads": 2},
}


def _there_is(student: str, task: str) -> bool:
    """Whether there is such a student of such a task; `RunConfig` says the same."""
    record, kind = cfg.ARCHITECTURES[student], TASKS[task]
    wanted = TASK_CASES[task].students
    if wanted is not None and student not in wanted:
        return False
    return bool(record.poolings) or not kind.pooled


def settings_of(student: str, task: str) -> cfg.StudentConfig:
    """A student's settings: of its poolings regression takes the last, others the default."""
    pooling = list(cfg.ARCHITECTURES[student].poolings)[-1] if task == "regression" else None
    return cfg.StudentConfig(student=student, pooling=pooling, **STUDENT_CASES[student],
                             logits_from="encoder" if task in _DIRECT else None)


CASES = [(student, task) for student in STUDENT_CASES for task in TASK_CASES
         if _there_is(student, task)]
