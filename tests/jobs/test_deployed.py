"""Scores as deployed: rows that were cut are tagged again, scripts without spaces as written."""

import types

import numpy as np

from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.words import CHARACTERS, DICTIONARY, split_words
from xtremedistil_tf.inference.entities import join_entities
from xtremedistil_tf.jobs import deployed
from xtremedistil_tf.jobs.deployed import _read_by_teacher, _uncut, _written_scores


class Cities:
    """Finds a city by its name; counts what it was asked."""

    def __init__(self, *names):
        self.names, self.asked = names, []

    def tag_words(self, sentences):
        self.asked += list(sentences)
        return [(["B-LOC" if word in self.names else "O" for word in words],
                 np.ones(len(words))) for words in sentences]

    def __call__(self, texts):
        split = [split_words(text, segmentation=CHARACTERS) for text in texts]
        tagged = self.tag_words([[word for word, _, _ in words] for words in split])
        return [join_entities(text, words, tags, scores)
                for text, words, (tags, scores) in zip(texts, split, tagged)]


def test_only_rows_that_were_cut_are_tagged_again():
    rows = [Example(("in", "Bonn"), ("O", "B-LOC")), Example(("from", "Bonn"), ("O", "B-LOC"))]

    class Rows(list):
        word_starts = [np.array([1, 2]), np.array([1, -1])]

    tagger = Cities("Bonn")
    found = _uncut(tagger, Rows([0, 0]), [["O", "O"], ["O", "O"]], rows)
    assert found == [["O", "O"], ["O", "B-LOC"]]
    assert tagger.asked == [("from", "Bonn")]


def test_languages_without_spaces_are_scored_as_written():
    rows = [Example(tuple("ไปกท"), ("O", "O", "B-LOC", "O"), "th"),
            Example(("to", "Bonn"), ("O", "B-LOC"), "en")]
    scores = _written_scores(Cities("ก", "Bonn"), rows, CHARACTERS)
    assert set(scores) == {"th"}
    assert scores["th"]["f1"] == 100 and scores["th"]["support"] == 1
    assert _written_scores(Cities("Bonn"), rows[1:], CHARACTERS) == {}


def test_a_run_without_a_dictionary_ends_without_these_scores(monkeypatch, caplog):
    monkeypatch.setattr(deployed, "has_dictionary", lambda: False)
    rows = [Example(("กรุง", "เทพ"), ("B-LOC", "I-LOC"), "th")]
    assert _written_scores(None, rows, DICTIONARY) == {}
    assert "th: not scored as written" in caplog.text


def test_the_teacher_reads_whole_sentences_once_for_all_runs(monkeypatch, tmp_path):
    """Runs that share a targets folder differ in the student only."""
    row = Example(("from", "Bonn"), ("O", "B-LOC"))

    class Rows(list):
        word_starts = [np.array([1, -1])]

    task = types.SimpleNamespace(labels=types.SimpleNamespace(kind="tagging",
                                                              decoding="independent"),
                                 scored=["test"],
                                 examples={"test": [row]}, segmentation=None)
    prepared = types.SimpleNamespace(task=task, teacher_features={"test": Rows([0])},
                                     segmentation=None, answers=tmp_path / "answers" / "ab.json")
    asked = []
    monkeypatch.setattr(deployed, "teacher_model",
                        lambda _, record: asked.append(record["decoding"]) or Cities("Bonn"))

    def tags():
        # Its own decoding, with which it was fine-tuned, is not that of the run.
        found = _read_by_teacher(None, {"decoding": "constrained"}, prepared,
                                 {"test": [["O", "O"]]})
        return found["test"]["tags"]

    assert tags() == tags() == [["O", "B-LOC"]]
    assert asked == ["independent"]
    path, = (tmp_path / "answers").glob("*.json")
    path.write_bytes(path.read_bytes().replace(b"LOC", b"PER"))  # Damage is no answer.
    assert tags() == [["O", "B-LOC"]] and len(asked) == 2
    prepared.segmentation = CHARACTERS  # Another rule splits the text differently.
    assert tags() == [["O", "B-LOC"]] and len(asked) == 3
    # Without a dictionary no text is read as written; that is no answer for a run that has one.
    prepared.segmentation = DICTIONARY
    for there, times in ((False, 4), (True, 5), (True, 5)):
        monkeypatch.setattr(deployed, "has_dictionary", lambda there=there: there)
        assert tags() == [["O", "B-LOC"]] and len(asked) == times
