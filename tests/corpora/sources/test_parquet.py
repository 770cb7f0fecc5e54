"""Parquet files of texts and of tagged sentences, with Hugging Face's class names."""

import json
import sys

import pytest

from tests.corpora.sources.test_sources import read_all
from tests.corpora.texts.test_texts import lines, make
from xtremedistil_tf.errors import UserError

TEXTS = [{"text": f"So it is {n}", "label": n % 2} for n in range(24)]
TAGGED = [{"tokens": ["Anna", f"ran{n}"], "ner_tags": [1, 0]} for n in range(24)]


def write(path, rows, features=None):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = arrow.Table.from_pylist(rows)
    if features:
        told = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": told})
    path.parent.mkdir(exist_ok=True)
    parquet.write_table(table, path)
    return path


def test_a_parquet_file_of_texts_is_divided(tmp_path):
    path = write(tmp_path / "all.parquet", TEXTS, {"label": {"names": ["no", "yes"]}})
    record, kind = make(path, tmp_path / "task")
    assert kind == "classification" and record["labels"] == ["no", "yes"]
    assert len(lines(tmp_path / "task", "train")) < 24


@pytest.mark.parametrize("feature", [
    {"feature": {"names": ["O", "B-PER"], "_type": "ClassLabel"}, "_type": "Sequence"},
    [{"names": ["O", "B-PER"], "_type": "ClassLabel"}]])
def test_a_folder_of_parquet_files_of_tagged_sentences(tmp_path, feature):
    for split in ("train", "validation", "test"):
        write(tmp_path / "data" / f"{split}-00000-of-00001.parquet", TAGGED, {
            "tokens": {"_type": "Sequence"}, "ner_tags": feature})
    assert make(tmp_path / "data", tmp_path / "task")[1] == "tagging"
    assert lines(tmp_path / "task", "dev")[0] == "Anna ran0\tB-PER O"


def test_parquet_without_its_library_is_refused(tmp_path, monkeypatch):
    (tmp_path / "train.parquet").write_bytes(b"PAR1\x15 and so on")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UserError, match=r"train.parquet is a Parquet file, which pyarrow reads: "
                                        r"pip install xtremedistil-tf\[datasets\]"):
        make(tmp_path / "train.parquet", tmp_path / "task", kind="classification")


def test_a_damaged_parquet_file_is_refused(tmp_path):
    pytest.importorskip("pyarrow")
    (tmp_path / "train.parquet").write_bytes(b"PAR1\x15 and so on")
    with pytest.raises(UserError, match="train.parquet cannot be read as Parquet"):
        make(tmp_path / "train.parquet", tmp_path / "task", kind="classification")


def test_parquet_files_are_transfer_text(tmp_path):
    write(tmp_path / "more.parquet", TAGGED)
    rows = read_all(tmp_path / "more.parquet", labelled=False)
    assert rows[3] == ("Anna", "ran3") and len(rows) == 24
