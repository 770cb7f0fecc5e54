"""The blocks of docs/how-to/extend.md, run as files of a package of one's own.

The student's is run by tests/models/test_toy_student.py.
"""

import re

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.teachers.finished import make_finished
from xtremedistil_tf import config
from xtremedistil_tf.corpora.convert import convert
from xtremedistil_tf.corpora.readers import formats
from xtremedistil_tf.corpora.source_rows import ConvertOptions
from xtremedistil_tf.corpora.sources.sources import find_sources
from xtremedistil_tf.data.labels import read_labels
from xtremedistil_tf.data.readers.rows import read_ner
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.teachers import TEACHERS, Wanted, load_ready, teacher_kind
from xtremedistil_tf.training import plans, strategies
from xtremedistil_tf.training.loss_table import LOSSES, losses_against

PAGE = (ROOT / "docs" / "how-to" / "extend.md").read_text("utf-8")
BLOCKS = dict(re.findall(r"```python\n# (\S+)\n(.*?)```", PAGE, re.S))


@pytest.fixture
def own(monkeypatch):
    """Runs a block of the page in a module of its own; what it registers is gone afterwards."""
    for registry in (strategies.STRATEGIES, LOSSES, formats.FORMATS, TEACHERS):
        for table in ("_entries", "_sources"):
            monkeypatch.setattr(registry, table, dict(getattr(registry, table)))

    def run(path, namespace=None):
        namespace = {"__name__": path[:-3].replace("/", ".")} if namespace is None else namespace
        exec(compile(BLOCKS[path], f"docs/how-to/extend.md ({path})", "exec"), namespace)
        return namespace

    return run


def test_each_is_short():
    assert len(BLOCKS) == 5
    for path, block in BLOCKS.items():
        assert len(block.splitlines()) < 36, path
        assert max(map(len, block.splitlines())) <= 100


def test_the_project_file_names_what_the_blocks_define():
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
    assert all(part in text for part in ("[build-system]", "[project]\nname = ", "\nversion = "))
    named = re.findall(r'= "(my_package)\.(\w+):(\w+)"', text)
    assert {f"{package}/{module}.py" for package, module, _ in named} == set(BLOCKS)
    for package, module, name in named:
        assert re.search(rf"^(def )?{name}\b", BLOCKS[f"{package}/{module}.py"], re.M), name


def test_a_strategy(own):
    own("my_package/strategy.py")
    settings = config.DistilConfig(strategy="logits-first")
    plan = plans.build_plan(config.StudentConfig().layers, settings)
    assert [stage.name for stage in plan] == [
        "01_logits_logits", "02_logits_projection", "03_logits_bilstm", "04_logits_word_embedding",
        "05_labels"]
    assert plan[0].trainable == ("logits",) and plan[-1].trainable == (
        "logits", "projection", "bilstm", "word_embedding")
    plans.check_plan(settings)
    with pytest.raises(UserError, match="'logits-first' is registered twice, by my_package.strategy"
                                        ".logits_first and by my_package.strategy.logits_first"):
        own("my_package/strategy.py")


def test_a_loss(own):
    own("my_package/loss.py")
    assert losses_against("logits") == ("mse", "kld", "bce", "pseudo_labels", "mae")
    assert losses_against("representation") == (
        "mse", "kld", "kld_student_first", "kld_raw", "mae")
    plan = plans.build_plan(
        config.StudentConfig().layers, config.DistilConfig(logits_loss="mae"))
    assert plan[1].terms[0].loss == "mae"
    prediction = tf.constant([[[1.0, 3.0], [np.nan, 0.0]]])
    with tf.GradientTape() as tape:
        tape.watch(prediction)
        value = LOSSES["mae"](prediction, tf.zeros_like(prediction), np.array([[1, 0]]))
    assert float(value) == 2.0
    assert tape.gradient(value, prediction).numpy().tolist() == [[[0.5, 0.5], [0.0, 0.0]]]


def test_a_teacher(own, tmp_path, tokenizer):
    own("my_package/teacher.py")
    make_finished(tmp_path / "model", tokenizer, ("O", "B-X", "I-X"))
    link = tmp_path / "link"
    link.mkdir()
    (link / "model.link").write_text(f"{tmp_path / 'model'}\n")
    kind = teacher_kind(link)
    assert kind.kind == "linked" and kind.labels(link) == ("tagging", ("O", "B-X", "I-X"))
    assert kind.fingerprint(link) == TEACHERS["finished"].fingerprint(tmp_path / "model")
    assert load_ready([link], Wanted("tagging", ("O", "B-X", "I-X"), 1)).words_only


def test_a_reader(own, tmp_path):
    own("my_package/reader.py")
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
