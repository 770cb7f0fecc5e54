"""`tag_column` on tables of pandas and Polars."""

import pytest

import xtremedistil_tf
from tests.golden.cases import FOLDER, golden, same_entities
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference.text_model import TextModel


@pytest.fixture(scope="module")
def tagger():
    return xtremedistil_tf.load(FOLDER / "wordpiece", "onnx")


class Classifier(TextModel):
    """A classifier of pairs that says how long they are."""

    kind, labels, pairs = "classification", ("long", "short"), True

    def __call__(self, text):
        return [{"label": "long" if len(one + two) > 9 else "short", "score": 0.5, "scores": {}}
                for one, two in text]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_column_is_tagged(library, tagger):
    frames = pytest.importorskip(library)
    texts, expected = golden("wordpiece")
    frame = frames.DataFrame({"number": range(len(texts) + 1), "text": ["", *texts]})
    frame = frame.with_columns(frames.Series("text", [None, *texts])) if library == "polars" \
        else frame.assign(text=[None, *texts])
    found = xtremedistil_tf.tag_column(frame, "text", tagger)
    assert list(found.columns) == ["number", "text", "entities"] and len(frame.columns) == 2
    rows = found["entities"].to_list()
    assert rows[0] is None or rows[0] != rows[0]
    for one, other in zip(rows[1:], expected):
        assert same_entities(list(one), other)
    with pytest.raises(UserError, match="has a column entities already; name a prefix"):
        xtremedistil_tf.tag_column(found, "text", tagger)
    with pytest.raises(UserError, match="no column 'words'; there are number, text"):
        xtremedistil_tf.tag_column(frame, "words", tagger)
    with pytest.raises(UserError, match="column number holds 0; allowed: texts"):
        xtremedistil_tf.tag_column(frame, "number", tagger)
    with pytest.raises(UserError, match="takes one text a row"):
        xtremedistil_tf.tag_column(frame, ("text", "number"), tagger)
    empty = xtremedistil_tf.tag_column(frame[:0], "text", tagger)
    assert len(empty) == 0 and "entities" in empty.columns
    pairs = frames.DataFrame({"a": ["Anna lebt", "x"], "b": ["in Bonn", "y"]})
    found = xtremedistil_tf.tag_column(pairs, ("a", "b"), Classifier(), prefix="its_")
    assert found["its_label"].to_list() == ["long", "short"] and "its_score" in found.columns


def test_other_tables_are_refused(tagger):
    with pytest.raises(UserError, match="the table is a builtins.list; allowed: a DataFrame"):
        xtremedistil_tf.tag_column([], "text", tagger)
