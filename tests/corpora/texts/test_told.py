"""What labelled texts hold and a task folder cannot is told in one line, or refused."""

import json

import pytest

from tests.corpora.texts.test_misread import TEXTS, objects, read, table
from tests.corpora.texts.test_texts import make
from xtremedistil_tf.corpora.jobs.kinds import Asked
from xtremedistil_tf.corpora.texts.columns import Wanted
from xtremedistil_tf.corpora.texts.record import describe_texts


def shares(at, own):
    """Shares of the two classes: nearly a tie in every third row, one class alone in the next."""
    most = (0.54, 1.0, 0.9)[at % 3]
    return {own: most, {"pos": "neg", "neg": "pos"}[own]: round(1 - most, 2)}


def scored(at, own):
    return [{"label": label, "score": share} for label, share in shares(at, own).items()]


@pytest.mark.parametrize("label", [
    shares, scored, lambda at, own: json.dumps(shares(at, own)),
    lambda at, own: {name: int(50 * share) for name, share in shares(at, own).items()}])
def test_shares_of_classes_that_become_the_best_class_are_told(tmp_path, label):
    rows, _, told = read(tmp_path, objects(
        lambda at, text, own: {"text": text, "label": label(at, own)}))
    assert rows == sorted(f"{text}\t{own}" for text, own in TEXTS)
    assert "16 labels with shares of several classes: the best is read" in told
    assert "8 of these are nearly ties" in told


def test_a_share_of_one_is_a_label(tmp_path):
    _, _, told = read(tmp_path, objects(lambda at, text, own: {
        "text": text, "label": {own: 1.0, "none": 0.0}}))
    assert "shares" not in told


def test_scores_of_several_labels_count_from_a_half(tmp_path):
    rows, _, told = read(tmp_path, objects(
        lambda at, text, own: {"text": text, "label": scored(at, own)}), kind="multilabel")
    assert rows == sorted(f"{text}\t{own}" for text, own in TEXTS)
    assert "16 rows with shares of labels: those from 0.5 are read" in told


def test_annotations_that_are_not_read_are_counted(tmp_path):
    rows, _, told = read(tmp_path, json.dumps([{"data": {"text": text}, "annotations": [
        {"result": [{"from_name": "tone", "value": {"choices": [one]}}]} for one in (own, "neg")]}
        for text, own in TEXTS]), name="all.json")
    assert rows == sorted(f"{text}\t{own}" for text, own in TEXTS)
    assert "24 rows with several annotations, of which one is read" in told


WORDS = ("bank", "goal", "cell", "law")


def pair(at, word, own):
    return {"word": word, "sentence1": f"The {word} no {at} is near.", "label": own,
            "sentence2": f"She saw {word}s of the kind {at}.", "start1": 4, "end1": 8}


@pytest.mark.parametrize("row, column", [
    (pair, "word"),
    (lambda at, word, own: {"text": f"The {word} was good, the food bad, no {at}.",
                            "aspect": word, "polarity": own}, "aspect"),
    (lambda at, word, own: {"Tweet": f"I think so {at} times", "Target": f"the {word}",
                            "Stance": own}, "Target"),
    (lambda at, word, own: {"text": f"Mark told me of the {word} in the book no {at}.",
                            "target": {"span1_text": word, "span1_index": 4}, "label": own},
     "target"),
    (lambda at, word, own: {"text": f"他去大{word}了，第{at}次看见它。",
                            "entity_text": f"大{word}", "label": own}, "entity_text"),
    (lambda at, word, own: {"text": f"I saw it {at} times", "target": word, "sentiment": own},
     "target")])
def test_what_a_label_is_about_is_no_text_and_told(tmp_path, row, column):
    _, record, told = read(tmp_path, objects(
        lambda at, text, own: row(at, WORDS[at // 2 % 4], own)))
    assert f"the column {column!r}, such as" in told and record["labels"] == ["neg", "pos"]
    assert ("write it into the text; --text_column=" in told) == (column != "word")


def test_what_a_label_is_about_is_told_beside_texts_that_are_named(tmp_path):
    content = objects(lambda at, text, own: pair(at, WORDS[at // 2 % 4], own))
    wanted = Wanted(texts=("sentence1", "sentence2"), pairs=True)
    _, _, told = read(tmp_path, content, asked=Asked(wanted=wanted))
    assert "the column 'word', such as 'bank', seems to say what the label is about" in told
    wanted = Wanted(texts=("word", "sentence1"), pairs=True)
    (tmp_path / "again").mkdir()
    assert "is about" not in read(tmp_path / "again", content, asked=Asked(wanted=wanted))[2]


def test_other_columns_are_not_what_a_label_is_about(tmp_path):
    content = table([(f"{text} and the rest of it", own, at, "en", f"user{at}", text.split()[-1])
                     for at, (text, own) in enumerate(TEXTS)], "text,label,no,lang,user,n\n")
    assert "is about" not in read(tmp_path, content, name="all.csv")[2]


@pytest.mark.parametrize("value, told", [
    ("17{at}", "holds numbers or ids, such as '170', not texts"),
    ("img/{at}.png", "holds addresses or names of files, such as 'img/0.png', not texts"),
    ("why?", "holds 1 different texts in 24 rows"), ("It is {at}", None)])
def test_columns_that_hold_no_texts_are_told(tmp_path, value, told):
    content = table([(value.format(at=at), own) for at, (_, own) in enumerate(TEXTS)])
    if told and "different" in told:
        for name in ("train", "dev", "test"):
            (tmp_path / f"{name}.csv").write_text(content)
        record, _ = make(tmp_path, tmp_path / "task")
        said = describe_texts(record)
    else:
        said = read(tmp_path, content, name="all.csv")[2]
    assert (f"the column 'text' {told}" in said) if told else "suspicious" not in said


@pytest.mark.parametrize("labels, told", [
    (("pos", "ｐｏｓ"), "the classes pos and ｐｏｓ differ by case, spaces or marks, or by"),
    (("card_lost", "card lost"), "the classes card lost and card_lost differ by case, spaces"),
    (("Sci-Tech", "Sci/Tech"), "the classes Sci-Tech and Sci/Tech differ by case, spaces"),
    (("news", "n\u0435ws"), "the name n\u0435ws has Latin letters beside others that look like them"
     " ('n\\u0435ws')"),
    (("C", "C++"), None), (("-1", "1"), None), (("1.0a", "10a"), None), (("β", "α-helix"), None),
    (("новости", "news"), None)])
def test_classes_that_look_alike_are_told(tmp_path, labels, told):
    content = table([(text, labels[at % 2]) for at, (text, _) in enumerate(TEXTS)])
    said = read(tmp_path, content, name="all.csv")[2]
    assert (f"suspicious: {told}" in said) if told else "suspicious" not in said


@pytest.mark.parametrize("mark, told", [("-999", True), ("99.0", True), ("-1", False)])
def test_a_number_that_stands_for_none_is_told(tmp_path, mark, told):
    content = table([(text, at % 5 if at % 4 else mark) for at, (text, _) in enumerate(TEXTS)])
    said = read(tmp_path, content, name="all.csv", kind="regression")[2]
    assert (f"6 texts have the number {float(mark):g}, far from all others" in said) == told


@pytest.mark.parametrize("rows, told", [
    ([("Total", 24)], "1 of 3 classes have one text each, such as 24: a footer or a misspelling"),
    ([("film so", "1.23E+11")] * 2, "the class 1.23E+11 is a number that a spreadsheet rounded"),
    ([("x " * 16_383 + "x", "pos")], "1 texts of 32,767 characters: Excel cut off their ends"),
    ([(f"film no {at} and so on ...", "pos") for at in range(24)],
     "24 of the first 48 texts of the column 'text' end in ...; they were cut off")])
def test_what_a_spreadsheet_or_a_printer_made_of_a_table_is_told(tmp_path, rows, told):
    assert told in read(tmp_path, table([*TEXTS, *rows]), name="all.csv")[2]


def test_a_language_by_the_name_of_a_file_is_told(tmp_path):
    for language in ("de", "fr"):
        (tmp_path / "in" / language).mkdir(parents=True)
        for split in ("train", "dev", "test"):
            (tmp_path / "in" / language / f"{split}.csv").write_text(table(
                [(f"{language} {split} {text}", own) for text, own in TEXTS]))
    record, _ = make(tmp_path / "in", tmp_path / "task")
    assert "label from 'label'; language fr, by its name" in describe_texts(record)


@pytest.mark.parametrize("polarity, learnt", [("0.{}", "target"), ("{}", "polarity"),
                                              ("{}.0", "polarity")])
def test_a_target_is_the_label_beside_a_polarity_that_was_computed(tmp_path, polarity, learnt):
    content = table([(text, own, polarity.format(at % 3)) for at, (text, own) in enumerate(TEXTS)],
                    "text,target,polarity\n")
    assert f"label from '{learnt}'" in read(tmp_path, content, name="all.csv")[2]
