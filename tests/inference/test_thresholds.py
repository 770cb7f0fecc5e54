"""--threshold: what is less sure is not said."""

import numpy as np
import pytest

from xtremedistil_tf.cli.options.student_flags_loading import _least
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference.classifier import Classified, TextClassifier
from xtremedistil_tf.inference.tagger import TextTagger, check_words


class Tags(TextTagger):
    """Two entities, one surer than the other."""

    labels = ("O", "B-PER", "I-PER", "B-LOC")

    def tag_text(self, texts):
        return [[(("Anna", 0, 4), "B-PER", 0.9), (("Weber", 5, 10), "I-PER", 0.5),
                 (("in", 11, 13), "O", 0.3), (("Bonn", 14, 18), "B-LOC", 0.8)] for _ in texts]


class Classes(TextClassifier):
    """Sure of a by 0.6."""

    labels = ("a", "b")

    def classify(self, texts):
        return [Classified(np.array([0.6, 0.4])) for _ in texts]


@pytest.mark.parametrize("items, said", [
    ([], ["PER", "LOC"]), (["0.65"], ["PER", "LOC"]), (["0.75"], ["LOC"]), (["0.85"], []),
    (["PER:0.8"], ["LOC"]), (["0.85", "PER:0.1"], ["PER"])])
def test_entities_below_are_left_out_of_every_format(items, said):
    tagger = Tags()
    tagger.say_from(_least(items))
    assert [one["entity_group"] for one in tagger("Anna Weber in Bonn")] == said
    (line,) = tagger.read_lines(["Anna Weber in Bonn"])
    assert [one["entity_group"] for one in line.record()["entities"]] == said
    tags = line.row("tsv").split("\t")[1].split()
    assert [tag[2:] for tag in tags if tag.startswith("B-")] == said and len(tags) == 4


def test_a_word_whose_tag_stands_alone_is_o():
    class Speech(TextTagger):
        kind, labels = "word_tagging", ("NOUN", "VERB")

        def tag_text(self, texts):
            return [[(("Anna", 0, 4), "NOUN", 0.9), (("sleeps", 5, 11), "VERB", 0.6)]
                    for _ in texts]

    tagger = Speech()
    for items, tags in (
            (["0.7"], "NOUN O"), (["VERB:0.5", "0.95"], "O VERB"), (["0"], "NOUN VERB")):
        tagger.say_from(_least(items))
        (line,) = tagger.read_lines(["Anna sleeps"])
        assert line.row("tsv") == f"Anna sleeps\t{tags}"
        assert [one["entity_group"] for one in tagger("Anna sleeps")] == [
            tag for tag in tags.split() if tag != "O"]


def test_a_class_below_is_not_given():
    model = Classes()
    model.say_from(_least(["a:0.7"]))
    assert model("x") == {"label": None, "score": 0.6, "scores": {"a": 0.6, "b": 0.4}}
    (line,) = model.read_lines(["x"])
    assert line.row("tsv") == "x\t" and line.record()["label"] is None
    model.say_from(_least(["0.5"]))
    assert model("x")["label"] == "a"

    class Several(Classes):
        kind, thresholds = "multilabel", (0.5, 0.5)

    several = Several()
    several.say_from(_least(["b:0.3"]))
    assert several("x")["labels"] == ["a", "b"]


@pytest.mark.parametrize("items, why", [
    (["2"], "has '2'; allowed: a number from 0 to 1, or LABEL:NUMBER"),
    (["PER:x"], "has 'PER:x'"), (["ORG:0.5"], "is of 'ORG'; allowed: LOC, PER")])
def test_thresholds_that_mean_nothing_are_refused(items, why):
    with pytest.raises(UserError, match=why):
        Tags().say_from(_least(items))


@pytest.mark.parametrize("value", [float("nan"), 5.0, -0.1, "0.5", None])
def test_what_is_no_probability_is_no_threshold(value):
    with pytest.raises(UserError, match="allowed: a number from 0 to 1"):
        Tags().say_from({"": value})


@pytest.mark.parametrize("items", [
    None, 3, b"abc", {"text": "Anna"}, ["a", None], [b"Anna"], [["x"]], np.array("x").astype(bytes),
    np.array(3)])
def test_what_is_no_text_is_refused_by_a_tagger(items):
    with pytest.raises(UserError, match="this student takes texts; allowed: a string or a list"):
        Tags()(items)


def test_half_a_character_is_read_as_in_a_file():
    seen = []
    tagger = Tags()
    tagger.tag_text = lambda texts: (seen.extend(texts), [[] for _ in texts])[1]
    assert tagger(["Anna \ud800 Weber", "\udfff", np.str_("Bonn")]) == [[], [], []]
    assert seen == ["Anna \ufffd Weber", "\ufffd", "Bonn"]


@pytest.mark.parametrize("sentences", ["Anna", ["Anna Weber"], [["Anna"], "Weber"]])
def test_a_text_is_no_list_of_words(sentences):
    with pytest.raises(UserError, match="takes a list of words for each sentence, not the text"):
        check_words(sentences)
