"""Labels of finished models mapped to a task's: orders, names and tag schemes."""

import numpy as np
import pytest

from xtremedistil_tf.data.label_map import make_label_map, parse_label_map, task_labels
from xtremedistil_tf.data.labels import ClassSet, LabelSet, Numbers
from xtremedistil_tf.data.tags import BioesSet, WordTags
from xtremedistil_tf.errors import UserError

OURS = LabelSet(("O", "B-PER", "I-PER", "B-LOC", "I-LOC"))


def tags(found):
    return [OURS.tags[at] for at in found[:, :len(OURS.tags)].argmax(axis=1)]


def test_another_order_is_a_permutation_and_syntactic_classes_are_the_least():
    found = make_label_map(("I-LOC", "B-LOC", "O", "I-PER", "B-PER"), OURS)(
        np.array([[5.0, 4.0, 3.0, 2.0, 1.0]]))
    np.testing.assert_array_equal(found[0], [3, 1, 2, 4, 5, -2, -2, -2, -2])


def test_tags_of_bioes_that_mean_one_are_added():
    names = ("O", *(f"{letter}-{kind}" for kind in ("PER", "LOC") for letter in "BIES"))
    logits = np.log(np.array([[0.1, 0.2, 0.0001, 0.0001, 0.5, 0.05, 0.05, 0.05, 0.0498]]))
    found = make_label_map(names, OURS)(logits)
    np.testing.assert_allclose(np.exp(found[0, :3]), [0.1, 0.7, 0.0002], rtol=1e-5)


@pytest.mark.parametrize("names", [("O", "PER", "LOC"), ("O", "I-PER", "I-LOC"),
                                   ("O", "I-PER", "I-LOC", "B-LOC")])
def test_in_io_and_iob1_the_word_before_decides(names):
    mapped = make_label_map(names, OURS)
    assert mapped.in_context
    said = [1, 1, 0, 2, 2, 1]
    # Words' first tokens stand at 1, 2, 4 and so on; other tokens say what confuses.
    starts = np.array([1, 2, 4, 5, 6, 8])
    logits = np.zeros((10, len(names)), np.float32)
    logits[[0, 3, 7, 9], 2] = 9.0
    for place, label in zip(starts, said):
        logits[place, label] = 5.0
    assert tags(mapped(logits, starts)[starts]) == [
        "B-PER", "I-PER", "O", "B-LOC", "I-LOC", "B-PER"]


def test_iob1_with_all_letters_is_named():
    names = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
    logits, starts = np.eye(5, dtype=np.float32)[[2, 2, 1]] * 5, np.arange(3)
    assert tags(make_label_map(names, OURS)(logits, starts)) == ["I-PER", "I-PER", "B-PER"]
    iob1 = make_label_map(names, OURS, scheme="iob1")
    assert tags(iob1(logits, starts)) == ["B-PER", "I-PER", "B-PER"]


def test_names_are_mapped_by_type_and_several_become_one():
    names = ("O", "B-PERSON", "I-PERSON", "B-GPE", "I-GPE", "B-LOC", "I-LOC", "B-DATE", "I-DATE")
    renames = parse_label_map(["PERSON=PER", "GPE=LOC", "DATE=O"])
    found = make_label_map(names, OURS, renames=renames)(np.log(np.full((1, 9), 1 / 9)))
    np.testing.assert_allclose(np.exp(found[0, :5]) * 9, [3, 1, 1, 2, 2], rtol=1e-5)
    assert task_labels("tagging", names, renames) == (
        "O", "B-PER", "I-PER", "B-LOC", "I-LOC")
    assert task_labels("tagging", ("O", "LOC", "PER"), {}) == (
        "O", "B-LOC", "I-LOC", "B-PER", "I-PER")


def test_classes_and_numbers():
    classes = ClassSet(("bad", "good"))
    found = make_label_map(("LABEL_0", "LABEL_1"), classes,
                           renames={"LABEL_0": "good", "LABEL_1": "bad"})(np.array([[1.0, 2.0]]))
    np.testing.assert_array_equal(found, [[2, 1]])
    np.testing.assert_array_equal(make_label_map(("LABEL_0",), Numbers())(np.array([[0.5]])),
                                  [[0.5]])


def test_tasks_of_other_schemes_take_the_models_tags():
    words = make_label_map(("VERB", "NOUN"), WordTags(("NOUN", "VERB")))
    np.testing.assert_array_equal(words(np.array([[1.0, 2.0]]))[0, :2], [2, 1])
    ours = BioesSet(("O", "B-X", "I-X", "E-X", "S-X"))
    found = make_label_map(("O", "B-X", "I-X", "L-X", "U-X"), ours)(np.arange(5.0)[None])
    np.testing.assert_array_equal(found[0, :5], np.arange(5))
    assert task_labels("bioes_tagging", ("O", "X"), {}) == ("O", "B-X", "I-X", "E-X", "S-X")


@pytest.mark.parametrize(("names", "renames", "message"), [
    (("O", "B-MISC", "I-MISC", "B-PER", "I-PER", "B-LOC", "I-LOC"), {},
     "labels B-MISC, I-MISC are none of the task's: O, B-PER.* --label_map"),
    (("O", "B-PER", "I-PER"), {}, "never says B-LOC, I-LOC; its labels are O, B-PER"),
    (("O", "PER", "LOC"), {"ORG": "PER"}, "--label_map names ORG; the teacher's labels are O, PER"),
    (("O", "PER", "PER"), {}, "labels repeat: PER"),
])
def test_what_does_not_map_is_told(names, renames, message):
    with pytest.raises(UserError, match=message):
        make_label_map(names, OURS, renames=renames)


def test_items_of_another_form_are_told():
    with pytest.raises(UserError, match="--label_map has 'PERSON'; allowed: the teacher's label="):
        parse_label_map(["PERSON"])
    with pytest.raises(UserError, match="names GPE twice, as LOC and ORG"):
        parse_label_map(["GPE=LOC", "GPE=ORG"])
    with pytest.raises(UserError, match="has 2 outputs .*; regression needs 1"):
        make_label_map(("a", "b"), Numbers())
