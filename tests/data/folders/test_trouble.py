"""Signs of trouble in a task: labels, copies, pieces a word, languages of a weak teacher."""

import numpy as np
import pytest

from xtremedistil_tf.data.folders.trouble import (
    copy_trouble,
    coverage_of,
    coverage_trouble,
    label_trouble,
    weak_languages,
    weak_student,
    writing_trouble,
)
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.tokenization.alignment import Features
from xtremedistil_tf.data.tokenization.ragged import Ragged


def rows(*labels, words=("a", "b")):
    return [Example((*words, str(place)), label if isinstance(label, tuple) else (label,))
            for place, label in enumerate(labels)]


def test_labels_that_are_mistakes():
    told = label_trouble("classification", {
        "train": rows("Sport", "sport", "-", "world"), "dev": rows("world"),
        "test": rows("world", "labels")})
    assert [line.split(";")[0] for line in told] == [
        "the classes include '-', 1 times",
        "the classes 'Sport', 'sport' differ in case or spaces only",
        "test has classes that train has not, so no model can find them: 'labels'"]
    assert label_trouble("classification", {"train": rows("a", "b"), "dev": rows("b")}) == []
    assert label_trouble("regression", {"train": rows("1.0"), "dev": rows("-")}) == []


@pytest.mark.parametrize(("labels", "names"), [
    (("caf\u00e9", "cafe\u0301"), r"'cafe\u0301', 'caf\xe9'"),
    (("sport", "sport\u200b"), r"'sport', 'sport\u200b'"),
    (("\ufeffSport", "sport"), r"'sport', '\ufeffSport'")])
def test_labels_that_look_alike(labels, names):
    (line,) = label_trouble("classification", {"train": rows(*labels, "b")})
    assert line == (f"the classes {names} differ in invisible characters or how accents are "
                    "written only; they are learnt as different ones")


@pytest.mark.parametrize("label", ["['a']", "{'a': 0.6, 'b': 0.4}", '["a", "b"]'])
def test_labels_that_are_lists_in_writing(label):
    (line,) = label_trouble("classification", {"train": rows(label, "b")})
    assert line.startswith(f"the classes include {label!r}, a list or object in writing")
    assert label_trouble("classification", {"train": rows("{a}", "[b")}) == []
    assert label_trouble("classification", {"train": rows("[UNK]", "[other]")}) == []


def texts(pattern, count=9, language="default"):
    return [Example(tuple(pattern.format(place).split()), ("a",), language)
            for place in range(count)]


@pytest.mark.parametrize(("pattern", "told"), [
    ('"It is {}."', "train: 9 of the first 9 texts stand in quotation marks"),
    ("https://a.org/{}", "train: 9 of the first 9 texts are addresses or names of files, such as "
     "'https://a.org/0'"), ('"It" is {}', ""), ("See https://a.org/{}", ""), ("either/or {}", "")])
def test_texts_in_quotes_and_addresses_are_told(pattern, told):
    assert "".join(writing_trouble({"train": texts(pattern)})).startswith(told or "")
    assert bool(writing_trouble({"train": texts(pattern)})) == bool(told)
    assert writing_trouble({"train": texts(pattern) + texts("It is {}", 9)}) == []


@pytest.mark.parametrize(("first", "second", "told"), [
    ("{}", "It rains no {}", "train has numbers or labels in its column 1 ('0'), where a text is "
     "needed; it is read as a text of each pair"),
    ("It rains no {}", "q{}", "train has ids or addresses in its column 2 ('q0')"),
    ("It rains no {}", "{} times", ""), ("It rains no {}", "food", "")])
def test_pairs_with_an_id_in_place_of_a_text_are_told(first, second, told):
    pairs = [Example(tuple(first.format(at).split()), ("a",), second=tuple(
        second.format(at).split())) for at in range(9)]
    found = writing_trouble({"train": pairs})
    assert len(found) == bool(told) and "".join(found).startswith(told)


def test_languages_in_two_spellings_are_told():
    (line,) = writing_trouble({"train": texts("It is {}", 9, "de"), "dev": texts("{}", 9, "DE")})
    assert line == "the languages DE and de differ by case or by - and _ only"


def test_types_of_test_alone_and_a_dev_without_entities():
    told = label_trouble("tagging", {
        "train": rows(("B-PER", "I-PER", "O")), "dev": rows(("O", "O", "O")),
        "test": rows(("B-LOC", "O", "O"))})
    assert told == [
        "dev has no entity: every tag is O, and its score means nothing",
        "test has entity types that train has not, so no model can find them: 'LOC'"]


def test_types_are_cut_as_the_scheme_of_the_tags_says():
    bioes = {"train": rows(("B-PER", "E-PER", "O")), "dev": rows(("S-PER", "O", "O"))}
    assert label_trouble("bioes_tagging", bioes) == []
    # Without a scheme B-PER and I-PER are two tags.
    told = label_trouble("word_tagging", {
        "train": rows(("B-PER", "O", "O")), "dev": rows(("I-PER", "O", "O"))})
    assert told == [
        "dev has tags that train has not, so no model can find them: 'I-PER'"]


def test_copies_and_leaks():
    train = rows("a", "a", "b")
    told = copy_trouble({"train": [*train, train[0]], "dev": [train[1]], "test": rows(
        "a", words=("other",))})
    assert told == ["train: 1 of 4 rows are copies of others",
                    "dev: 1 of 1 texts stand in train too; scores on dev may be too good"]


def features(lengths, starts, languages, pooled=False, unknown=()):
    values = np.full(sum(lengths), 7, np.int32)
    values[list(unknown)] = 1
    ids = Ragged(values, np.concatenate([[0], np.cumsum(lengths)]))
    return Features(ids, ids, Ragged.of(starts), languages, [], {}, pooled)


def test_a_language_that_is_spelt_letter_by_letter_is_told():
    found = coverage_of(
        features([6, 12], [[1, 2, 3], [1, 6, -1]], ["de", "ar"], unknown=(7, 8)),
        [Example(("a", "b", "c"), ()), Example(("x", "y", "z"), ())], 1, 12)
    assert (found["de"].words, found["de"].cut, found["de"].unknown) == (3, 0, 0)
    assert (found["ar"].pieces, found["ar"].cut, found["ar"].unknown) == (10, 1, 2)
    wide = {"ar": type(found["ar"])(2, 6, 20, 2, 4, "words"), "de": found["de"]}
    (line,) = coverage_trouble("train", wide, 12)
    assert line.startswith("train, ar: 33 % of its words lie beyond --seq_len=12; 5.0 subword")
    assert "20 % of its subword tokens are unknown" in line
    assert coverage_trouble("train", {"de": found["de"]}, 12) == []


def test_texts_are_cut_as_a_whole():
    found = coverage_of(features([12, 5], [[], []], ["default"] * 2, pooled=True),
                        [Example(("a",) * 9, ()), Example(("a",) * 3, ())], None, 12)
    (line,) = coverage_trouble("train", found, 12)
    assert line.endswith("50 % of its texts fill or exceed --seq_len=12")


def test_a_teacher_that_cannot_teach_a_language():
    scores = {"languages": {"ar": {"f1": 0.7, "support": 90}, "de": {"f1": 70.0, "support": 90},
                            "zh": {"f1": 0.0, "support": 2}}}
    assert weak_languages(scores, "f1", "F1") == [
        "the teacher's F1 of ar is 0.7 on dev: it cannot teach this language; more labels of it, "
        "more --teacher_epochs or another teacher may help"]


@pytest.mark.parametrize("scores, told", [
    ({"accuracy": 90.0, "confusion": [[9, 0], [1, 0]], "confusion_names": ["a", "b"]},
     "the student says a everywhere in dev"),
    ({"accuracy": 16.7}, "the student's accuracy on dev is 16.7"),
    ({"accuracy": 90.0, "confusion": [[9, 0], [0, 1]], "confusion_names": ["a", "b"]}, None),
    # The data have one class.
    ({"accuracy": 90.0, "confusion": [[9, 0], [0, 0]], "confusion_names": ["a", "b"]}, None),
    ({}, None),
])
def test_a_student_that_learnt_nothing(scores, told):
    advice = ": it learnt next to nothing; more epochs or more text may help"
    assert weak_student(scores, "accuracy", "accuracy", "dev") == (
        [] if told is None else [told + advice])
