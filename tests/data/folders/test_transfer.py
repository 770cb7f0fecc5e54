"""Rows of a transfer file, from which a run chooses its epochs."""

import pytest

from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.folders.transfer import count_lines, open_transfer
from xtremedistil_tf.errors import UserError


@pytest.mark.parametrize("text", [b"a b\nc\nd\n", b"a b\nc\nd", b"a b\rc\rd", b"a b\r\nc\r\nd\r\n",
                                  "\ufeffa b\nc\nd\n".encode("utf-16-le")])
def test_rows_are_counted_as_they_are_read(tmp_path, text):
    (tmp_path / "transfer.txt").write_bytes(text)
    assert count_lines(DataConfig(str(tmp_path), do_ner=True), tmp_path / "transfer.txt") == 3


def test_rows_of_parquet_are_counted(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "outputs.parquet"
    parquet.write_table(pyarrow.table({"words": [["a"], ["b\n"], ["c"]]}).replace_schema_metadata(
        {"labels": '["O"]'}), path)
    assert count_lines(DataConfig(str(tmp_path), do_ner=True), path) == 3


@pytest.mark.parametrize("text, told", [
    ("It is **bold** here.\n" * 9, ["marks of Markdown, such as '**bold**', are read as words"]),
    ("<doc id=1>\nAnna lacht.\n</doc>\n", ["2 of its first lines are <doc ...> or </doc> and "
                                           "read as words; xtremedistil-prepare leaves them out"]),
    ("Anna lacht.\n" * 9, [])])
@pytest.mark.parametrize("ner", [True, False])
def test_what_becomes_words_and_is_none_is_told(tmp_path, text, told, ner):
    path, warnings = tmp_path / "transfer.txt", []
    path.write_text(text)
    open_transfer(DataConfig(str(tmp_path), do_ner=ner), path, {}, warnings)
    assert warnings[:len(told)] == [f"--transfer_file {path}: {line}" for line in told]


@pytest.mark.parametrize("text", ["\n<!DOCTYPE html>\nAnna\n", "<html lang=de>\n" + "a b\n" * 99])
def test_a_page_is_no_text(tmp_path, text):
    (tmp_path / "transfer.txt").write_text(text)
    with pytest.raises(UserError, match="looks like HTML or XML"):
        open_transfer(DataConfig(str(tmp_path), do_ner=True), tmp_path / "transfer.txt", {}, [])
