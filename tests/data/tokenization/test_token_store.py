"""The transfer text on disk: the same rows as in memory, made once, made anew when damaged."""

import pytest

from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.tokenization import alignment
from xtremedistil_tf.data.tokenization.alignment import pieces_of
from xtremedistil_tf.data.tokenization.token_store import open_pieces, tokenise_texts


@pytest.fixture
def texts(sample_words):
    return [Example(tuple(words)) for words in sample_words]


def write(tokenizer, texts, folder, name="a"):
    return tokenise_texts(pieces_of(tokenizer, texts, 12), rows=len(texts), folder=folder,
                          fingerprint=name)


def test_rows_and_counts_are_those_of_one_chunk(tokenizer, texts, tmp_path, monkeypatch):
    ((whole, counts),) = pieces_of(tokenizer, texts, 12)
    monkeypatch.setattr(alignment, "_CHUNK", 7)
    assert write(tokenizer, texts, tmp_path / "pieces") == counts
    rows = open_pieces(tmp_path / "pieces")
    assert [row.tolist() for row in rows] == [row.tolist() for row in whole]
    assert counts["sentences"] == len(rows) == 60 and counts["cut_words"] > 0


def test_what_is_there_is_not_made_again(tokenizer, texts, tmp_path):
    counts = write(tokenizer, texts, tmp_path / "pieces")

    def nobody_reads():
        raise AssertionError
        yield

    assert tokenise_texts(pieces_of(tokenizer, nobody_reads(), 12), rows=60,
                          folder=tmp_path / "pieces", fingerprint="a") == counts


def test_other_text_or_a_truncated_file_is_made_anew(tokenizer, texts, tmp_path):
    folder = tmp_path / "pieces"
    counts = write(tokenizer, texts, folder)
    values = folder / "values.i32"
    whole = values.read_bytes()
    values.write_bytes(whole[:-4])
    assert write(tokenizer, texts, folder) == counts and values.read_bytes() == whole
    assert write(tokenizer, texts[:5], folder, "b")["sentences"] == 5
    assert len(open_pieces(folder)) == 5
