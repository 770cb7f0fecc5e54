"""Rows of a transfer file, from which a run chooses its epochs."""

import pytest

from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.folders.transfer import count_lines


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
