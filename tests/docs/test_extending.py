"""The blocks of docs/extending.md, run where they say they belong."""

import re

import numpy as np
import pytest

from tests.conftest import ROOT
from xtremedistil_tf import config
from xtremedistil_tf.config import distillation
from xtremedistil_tf.corpora.convert import ConvertOptions, convert
from xtremedistil_tf.corpora.readers import formats
from xtremedistil_tf.corpora.readers.sources import find_sources
from xtremedistil_tf.data.labels import read_labels
from xtremedistil_tf.data.readers.rows import read_ner
from xtremedistil_tf.models import student
from xtremedistil_tf.training import strategies

BLOCKS = dict(re.findall(
    r"```python\n# (\S+)\n(.*?)```", (ROOT / "docs" / "extending.md").read_text("utf-8"), re.S))


def run(module):
    """Runs the block of a module as if it stood at its end."""
    namespace = dict(vars(module))
    path = module.__name__.replace(".", "/") + ".py"
    exec(compile(BLOCKS[path], f"docs/extending.md ({path})", "exec"), namespace)
    return namespace


def test_each_is_under_30_lines():
    assert len(BLOCKS) == 3
    for path, block in BLOCKS.items():
        assert len(block.splitlines()) < 30, path
        assert max(map(len, block.splitlines())) <= 100


def test_a_strategy(monkeypatch):
    monkeypatch.setattr(strategies, "PLANS", dict(strategies.PLANS))
    monkeypatch.setattr(distillation, "STRATEGIES", (*config.STRATEGIES, "logits-first"))
    run(strategies)
    plan = strategies.build_plan(
        config.StudentConfig().layers, config.DistilConfig(strategy="logits-first"))
    assert [stage.name for stage in plan] == [
        "01_logits_logits", "02_logits_projection", "03_logits_bilstm", "04_logits_word_embedding",
        "05_labels"]
    assert plan[0].trainable == ("logits",) and plan[-1].trainable == (
        "logits", "projection", "bilstm", "word_embedding")


def test_a_student(monkeypatch):
    monkeypatch.setattr(student, "BODIES", dict(student.BODIES))
    monkeypatch.setitem(config.STUDENTS, "cnn", lambda config: ("convolution",))
    run(student)
    made_of = config.StudentConfig(word_emb_dim=4, bilstm_hidden_size=6, student="cnn")
    made = student.build_student(made_of, 20, 8, 11)
    assert made.registry.names == made_of.layers
    assert made_of.layers == ("word_embedding", "convolution", "projection", "logits")
    ids = np.array([[3, 4, 5, 0, 0], [3, 4, 5, 6, 7]], np.int32)
    out = made.model({"input_ids": ids})
    assert out["representation"].shape == (2, 5, 8) and out["logits"].shape == (2, 5, 11)
    short = made.model({"input_ids": ids[:1, :3]})["logits"]
    np.testing.assert_allclose(out["logits"][:1, :3], short, atol=1e-6)
    plan = strategies.build_plan(made_of.layers, config.DistilConfig())
    assert len(plan) == 9 and plan[3].trainable == ("logits", "projection", "convolution")
    made.registry.set_trainable(plan[3].trainable)
    assert not made.registry.parameters([]) and made.registry.parameters(["convolution"]) == 126


def test_a_reader(monkeypatch, tmp_path):
    monkeypatch.setattr(formats, "FORMATS", dict(formats.FORMATS))
    run(formats)
    for split in ("train", "dev", "test"):
        (tmp_path / f"{split}.txt").write_text(f"Ann/S-PER 1/2/O {split}/O\n")
    sources, _ = find_sources(tmp_path)
    options = ConvertOptions(formats.ReadOptions("slashed", "de"))
    convert(sources, tmp_path / "task", options)
    (row,), _ = read_ner(tmp_path / "task" / "dev.tsv", read_labels(tmp_path / "task/labels.tsv"))
    assert row.words == ("Ann", "1/2", "dev") and row.tags == ("B-PER", "O", "O")
    assert row.language == "de"
    (tmp_path / "dev.txt").write_text("Ann/B-PER\nAnn\n")
    with pytest.raises(ValueError, match=r"dev\.txt:2: a word without /TAG"):
        convert(sources, tmp_path / "other", options)
