"""The data card: numbers counted by hand, its text and its files."""

import json

import pytest

from xtremedistil_tf.corpora.card import render_card, write_card
from xtremedistil_tf.corpora.piece_counter import PieceCounter
from xtremedistil_tf.errors import UserError

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "ann", "bo", "##nn", "lacht", "."]


@pytest.fixture
def folder(tmp_path):
    files = {
        "labels.tsv": "O\nB-PER\nI-PER\n",
        # Pieces: 3 (ann lacht .), 3 again, 4 (bo ##nn lacht .), 1 ([UNK]).
        "train.tsv": "Ann lacht .\tde:B-PER O O\nAnn lacht .\tde:B-PER O O\n"
                     "Bonn lacht .\tde:B-PER O O\nqqq\tfr:O\n\nbroken\n",
        "dev.tsv": "Bo lacht\tde:B-PER O\n",
        "test.tsv": "Ann lacht .\tde:B-PER O O\nBo lacht\tde:B-PER O\n",
        "transfer.txt": "Bo lacht\nBo lacht\nqqq qqq\n",
        "vocab.txt": "\n".join(VOCABULARY) + "\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_numbers(folder):
    card = write_card(folder, tokenizer=str(folder / "vocab.txt"), seq_len=5, licence="CC0")
    assert json.loads((folder / "card" / "card.json").read_text()) == card
    train = card["splits"]["train"]
    assert (train["sentences"], train["words"], train["duplicates"]) == (4, 10, 1)
    assert train["length"] == {"total": 11, "mean": 2.75, "median": 3, "p95": 4, "longest": 4}
    assert train["cut"] == 0.25 and train["unknown"] == pytest.approx(1 / 11)
    assert train["entities"] == {"PER": 3} and train["tags"] == {"O": 7, "B-PER": 3, "I-PER": 0}
    assert train["without_entity"] == 1 and train["unusable_rows"] == 1
    assert train["lengths"] == {"1": 1, "3": 2, "4": 1}
    languages = train["languages"]
    assert languages["de"]["sentences"] == 3 and languages["de"]["duplicates"] == 1
    assert languages["fr"]["unknown"] == 1.0 and languages["de"]["unknown"] == 0
    assert card["splits"]["transfer"]["duplicates"] == 1
    assert card["leaks"] == {"train in dev": 0, "train in test": 2, "dev in test": 1,
                             "transfer in dev": 2, "transfer in test": 2}


def test_text_and_figures(folder):
    card = write_card(folder, tokenizer=str(folder / "vocab.txt"), seq_len=5, licence="CC0")
    text = (folder / "card" / "README.md").read_text()
    assert text == render_card(card)
    assert "Licence of the data: CC0." in text
    assert "| train | 4 | 10 | 2 | 2.8 | 3 | 4 | 4 | 25.00 % | 9.09 % | 1 |" in text
    assert "| de | 3 | 1 | 2 |" in text and "| fr | 1 | 0 | 0 |" in text
    # Cut in de: one of three train rows, none of the three others.
    assert "| de | 3 | 1 | 2 | 2.8 | 16.67 % | 0.00 % | 1 |" in text
    assert "- 2 sentences of train stand in test too." in text
    assert "train: 1 unusable rows are not counted" in text
    for name in ("labels", "lengths", "languages"):
        assert f"]({name}.png)" in text
        assert (folder / "card" / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_without_a_tokenizer_and_without_transfer_text(folder):
    (folder / "transfer.txt").unlink()
    card = write_card(folder, seq_len=4)
    assert card["unit"] == "words" and "transfer" not in card["splits"]
    assert card["splits"]["train"]["cut"] == 0.75
    text = (folder / "card" / "README.md").read_text()
    assert "No tokenizer was given" in text and "Licence of the data: not given." in text


def test_conversion_is_told_in_the_card(folder):
    (folder / "conversion.json").write_text(json.dumps({
        "splits": {"train": {"de": 4}}, "divided": {"splits": []}, "leaks": {"removed": {"dev": 7}},
        "sources_of_other_languages": 0, "not_read": [], "sources": []}))
    write_card(folder)
    assert "7 transfer sentences that stand in dev.tsv removed" in (
        folder / "card" / "README.md").read_text()


def test_tokenizers_by_file_and_folder(folder, tokenizer, sample_words):
    tokenizer.save_pretrained(folder / "saved")
    by_folder, by_file = (PieceCounter(str(folder / "saved" / name))
                          for name in ("", "tokenizer.json"))
    lengths, unknown = by_folder([*sample_words, ["\u2603"]])
    assert (lengths, unknown) == by_file([*sample_words, ["\u2603"]])
    assert unknown[-1] == 1 and sum(unknown) == 1
    assert lengths[0] == len(tokenizer(sample_words[0], is_split_into_words=True)["input_ids"]) - 2


def test_a_vocabulary_with_capitals_is_cased(folder):
    (folder / "vocab.txt").write_text("\n".join([*VOCABULARY, "Ann"]))
    assert PieceCounter(str(folder / "vocab.txt"))([["Bo"], ["Ann"]]) == ([1, 1], [1, 0])


@pytest.mark.parametrize(("name", "content", "message"), [
    ("v.txt", "a\nb\n", "it has no line"), ("v.txt", b"\xff", "cannot be read"),
    ("v.json", "{}", "cannot be read"), ("none", None, "no tokenizer in")])
def test_no_such_tokenizer(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError, match=message):
        PieceCounter(str(path))


def test_no_such_folder(tmp_path):
    with pytest.raises(UserError, match="--card .* is not a folder"):
        write_card(tmp_path / "none")
