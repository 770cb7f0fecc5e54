"""The table of kinds of task is complete."""

import dataclasses
import inspect
import pathlib
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.labels import Labels
from xtremedistil_tf.inference.text_model import TextModel
from xtremedistil_tf.tasks import TASKS, Lazy, task_kind, task_kind_of
from xtremedistil_tf.training.loss_table import LOSSES

EVERY = pytest.mark.parametrize("kind", TASKS.values(), ids=list(TASKS))
# Positional arguments of each part, as `TaskKind` documents them.
ARGUMENTS = {
    "label_set": 2, "read_labels": 2, "read_rows": 3, "features": 4, "predict": 3, "score": 4,
    "write": 5, "write_gold": 3, "showcase": 1, "text_model": 3, "warn": 2, "details": 4,
    "from_iob2": 1, "tags_of_types": 1, "calibrate": 3,
    "unlabelled": 2, "answered": 2, "packed": 1, "unpacked": 1,
    "section": 1, "count_right": 2, "text_signatures": 4, "ids_signatures": 2, "saved_model": 3,
}
TRANSFER_ARGUMENTS = {"open": 4, "count": 2, "pieces": 3, "realigned": 5}


def test_every_callable_is_checked_here():
    fields = {field.name for field in dataclasses.fields(TASKS["tagging"])
              if callable(getattr(TASKS["classification"], field.name))
              or callable(getattr(TASKS["tagging"], field.name))}
    assert fields == set(ARGUMENTS)


@EVERY
def test_every_part_exists_and_takes_what_is_given(kind):
    for name, count in ARGUMENTS.items():
        part = getattr(kind, name)
        if part is not None:
            function = part.load() if isinstance(part, Lazy) else part
            inspect.signature(function).bind(*[None] * count)
    for name, count in TRANSFER_ARGUMENTS.items():
        inspect.signature(getattr(kind.transfer, name).load()).bind(*[None] * count)


@EVERY
def test_measures_have_names_and_the_loss_exists(kind):
    assert TASKS[kind.kind] is kind is task_kind(kind.kind)
    assert set(kind.measures) <= set(kind.scores)
    assert set(kind.binary_measures) <= set(kind.measures)
    assert kind.labels_loss in LOSSES and set(kind.own_losses.values()) <= set(LOSSES)
    assert set(kind.may_lack) < set(kind.files)
    assert set(kind.formats) >= {"json", "tsv"}


@EVERY
def test_the_settings_that_choose_a_kind_choose_it(kind):
    config = DataConfig.of_kind(kind.kind, "t", seq_len=384)
    assert config.kind == kind.kind and config.measure == kind.measures[0]
    assert config.files == dict(kind.files) and config.pairs == kind.pairs
    assert (config.squad is not None) == kind.windows


@EVERY
def test_label_sets_and_text_models_know_their_kind(kind):
    names = {"tagging": ("O", "B-X"), "bioes_tagging": ("O", "B-X", "I-X", "E-X", "S-X")}.get(
        kind.kind, ("a", "b"))
    labels = kind.label_set(names, "constrained")
    assert isinstance(labels, Labels) and labels.kind == kind.kind
    assert (labels.pooled, labels.competing) == (kind.pooled, kind.competing)
    made = inspect.signature(kind.text_model.load(), eval_str=True).return_annotation \
        if sys.version_info >= (3, 10) else kind.text_model.load().__annotations__["return"]
    assert issubclass(made, TextModel)


@EVERY
def test_a_text_is_either_taken_by_a_graph_or_the_reason_is_told(kind):
    assert (kind.text_signatures is None) == (kind.saved_model is None)
    assert kind.card.head.startswith("pipeline_tag: ") and kind.card.head.endswith("\n")
    assert kind.card.use.startswith("## Use")


def test_old_records_are_of_taggers():
    assert task_kind_of({}) is TASKS["tagging"]


def test_reading_the_table_loads_nothing_heavy():
    code = ("import sys, xtremedistil_tf.tasks as t; t.task_kind('spans'); "
            "print(*[n for n in ('numpy', 'tensorflow', 'transformers') if n in sys.modules])")
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True,
                           check=True)
    assert found.stdout.split() == []


def test_nothing_outside_tells_kinds_apart():
    """Outside of `tasks` no name of a kind stands in a condition, and no class is asked for."""
    classes = ("LabelSet", "ClassSet", "Numbers", "Spans", "TextTagger", "Tagger",
               "BioesSet", "WordTags", "SeveralLabels", "TextClassifier", "Classifier",
               "TextAnswerer", "TaggedLine", "ClassifiedLine", "AnsweredLine")
    package = pathlib.Path(ROOT) / "xtremedistil_tf"
    for path in package.rglob("*.py"):
        if path.parent.name == "tasks":
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            where = f"{path}:{number}: {line}"
            if "isinstance(" in line:
                assert not any(name in line for name in classes), where
            for kind in TASKS:
                assert f'== "{kind}"' not in line and f'!= "{kind}"' not in line, where
