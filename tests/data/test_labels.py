"""Label sets and their IOB2 rules."""

import pytest

from xtremedistil_tf.data.labels import LabelSet, read_labels
from xtremedistil_tf.errors import UserError

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


def test_eleven_classes_for_the_papers_seven_tags():
    labels = LabelSet([*TAGS, "B-ORG", "I-ORG"])
    assert labels.size == 11
    assert labels.names[-4:] == ("[PAD]", "X", "[SEP]", "[CLS]")
    assert sorted({labels.pad_id, labels.x_id, labels.sep_id, labels.cls_id}) == [7, 8, 9, 10]


def test_transitions():
    first, follows = LabelSet(TAGS).allowed_transitions()
    assert first.tolist() == [True, True, False, True, False]
    allowed = {(a, b) for i, a in enumerate(TAGS) for j, b in enumerate(TAGS) if follows[i, j]}
    assert ("O", "I-PER") not in allowed and ("B-LOC", "I-PER") not in allowed
    assert ("B-PER", "I-PER") in allowed and ("I-PER", "I-PER") in allowed
    assert ("I-PER", "B-PER") in allowed and ("I-PER", "O") in allowed


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        (["O", "B-PER", "B-PER"], "repeat"),
        (["B-PER"], "label O is missing"),
        (["O", "PER"], "'PER' is not IOB2"),
        (["O", "I-PER"], "no B-PER"),
    ],
)
def test_unusable_sets(tags, message):
    with pytest.raises(UserError, match=message):
        LabelSet(tags)


def test_read_labels(tmp_path):
    path = tmp_path / "labels.tsv"
    with pytest.raises(UserError, match="file not found"):
        read_labels(path)
    path.write_text("\n")
    with pytest.raises(UserError, match="no labels"):
        read_labels(path)
    path.write_text("\ufeffB-X\r\nO\r\nI-X\r\n", "utf-8")
    assert read_labels(path).tags == ("B-X", "O", "I-X")


def test_byte_order_marks_inside_are_no_part_of_a_label(tmp_path):
    path = tmp_path / "labels.tsv"
    path.write_text("\ufeffneg\n\ufeffpos\n", "utf-8")
    assert read_labels(path, kind="classification").tags == ("neg", "pos")
