"""Files of teacher outputs: every form, and every mistake with its line."""

import json

import numpy as np
import pytest

from xtremedistil_tf.data.outputs.reader import OutputsText, average_logits, read_outputs
from xtremedistil_tf.data.outputs.rows import HARD
from xtremedistil_tf.data.words import has_dictionary
from xtremedistil_tf.errors import UserError


def write(folder, *rows, name="outputs.jsonl"):
    path = folder / name
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
                    + "\n", "utf-8")
    return path


def shares(logits):
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def test_tags_probabilities_and_logits_of_words(tmp_path):
    found = read_outputs(write(
        tmp_path, {"labels": ["O", "B-PER", "I-PER"]},
        {"words": ["Anna", "Weber", "lacht"], "tags": ["B-PER", None, "O"], "language": "de"},
        {"text": "Anna lacht", "probabilities": [[0.2, 0.7, 0.1], {"O": 0.9}]},
        {"text": "Paul", "logits": [[0.5, 3.0, -2.0]]}), pooled=False)
    assert found.names == ("O", "B-PER", "I-PER")
    assert [row.words for row in found.examples] == [
        ("Anna", "Weber", "lacht"), ("Anna", "lacht"), ("Paul",)]
    assert found.examples[0].language == "de" and found.vectors is None
    np.testing.assert_allclose(shares(found.logits[0])[0], [0.005, HARD, 0.005], rtol=1e-4)
    assert np.isnan(found.logits[0][1]).all()
    np.testing.assert_allclose(shares(found.logits[1]), [[0.2, 0.7, 0.1], [0.9, 0.05, 0.05]],
                               rtol=1e-4)
    np.testing.assert_allclose(found.logits[2], [[0.5, 3.0, -2.0]])
    text = OutputsText(found.path, pooled=False)
    assert [row.words for row in text] == [row.words for row in found.examples]


def test_new_vectors_beside_the_same_outputs_are_read(tmp_path):
    path = write(tmp_path, {"words": ["Anna", "lacht"], "tags": ["B-PER", "O"]})
    for value in (1.0, 2.0):
        np.save(path.with_suffix(".npy"), np.full([2, 3 + int(value)], value, np.float32))
        (vectors,) = read_outputs(path, pooled=False).vectors
        assert vectors.shape == (2, 3 + int(value)) and (vectors == value).all()


def test_spans_as_gliner_and_pipelines_write_them(tmp_path):
    text = "Anna Weber wohnt in Bonn."
    found = read_outputs(write(
        tmp_path,
        {"text": text, "entities": [
            {"start": 0, "end": 10, "text": "Anna Weber", "label": "PER", "score": 0.9},
            {"start": 5, "end": 10, "text": "Weber", "label": "ORG", "score": 0.4}]},
        {"text": "In Bonn.", "spans": [{"start": 3, "end": 7, "entity_group": "LOC"}]},
        {"words": ["Köln", "lacht"], "spans": [{"start": 0, "end": 4, "label": "LOC"}]}),
        pooled=False)
    # Words are split as the student's runtime splits them, and the better span wins.
    assert found.examples[0].words == ("Anna", "Weber", "wohnt", "in", "Bonn", ".")
    assert found.names == ("B-PER", "O", "I-PER", "B-LOC")
    first = shares(found.logits[0])
    np.testing.assert_allclose(first[0, :2], [0.9, 0.1], rtol=1e-4)
    assert [found.names[at] for at in first.argmax(axis=1)] == [
        "B-PER", "I-PER", "O", "O", "O", "O"]
    assert [found.names[at] for at in found.logits[1].argmax(axis=1)] == ["O", "B-LOC", "O"]
    assert [found.names[at] for at in found.logits[2].argmax(axis=1)] == ["B-LOC", "O"]


@pytest.mark.parametrize(("text", "span", "tags"), [
    ("Anna ran", {"start": 0, "end": 4, "label": "PER", "text": "anna"}, ["B-PER", "O"]),
    ("Anna ran", {"start": 0, "end": 4, "label": "PER", "text": "Dr. Anna"}, ["B-PER", "O"]),
    ("Anna ran", {"start": 0, "end": 4, "label": "O"}, ["O", "O"]),
    ("Anna ran", {"start": 2, "end": 4, "label": "PER"}, ["B-PER", "O"]),  # A subword token.
    ("Anna's dog", {"start": 0, "end": 4, "label": "PER"}, ["B-PER", "O"]),
    ("Anna ran", {"start": 1, "end": 2, "label": "PER", "score": 0.9}, ["B-PER", "O"]),
    ("in MyBonn2", {"start": 5, "end": 9, "label": "LOC", "text": "Bonn"}, ["O", "B-LOC"]),
    ("😀 Anna ran", {"start": 2, "end": 6, "label": "PER"}, ["O", "B-PER", "O"]),
    ("Zoë ran", {"start": 0, "end": 3, "label": "PER", "word": "zoe"}, ["B-PER", "O"]),
    ("Anna ran", {"start": 2, "end": 4, "label": "PER", "word": "##na"}, ["B-PER", "O"]),
    ("Rom's so old", {"start": 0, "end": 3, "label": "LOC"}, ["B-LOC", "O", "O"]),
    ("New  York", {"start": 0, "end": 9, "label": "LOC", "text": "New York"}, ["B-LOC", "I-LOC"]),
    ("a서울시b c", {"start": 2, "end": 3, "label": "LOC"}, ["B-LOC", "O"])])
def test_spans_that_can_be_read(tmp_path, text, span, tags):
    found = read_outputs(write(tmp_path, {"labels": ["O", *(
        f"{letter}-{kind}" for letter in "BI" for kind in ("PER", "LOC"))]},
        {"text": text, "spans": [span]}), pooled=False)
    assert [found.names[at] for at in found.logits[0].argmax(axis=1)] == tags


def test_the_score_of_a_label_is_its_probability(tmp_path):
    found = read_outputs(write(tmp_path, {"text": "Good", "label": "POSITIVE", "score": 0.7},
                               {"text": "Bad", "label": "NEGATIVE"}), pooled=True)
    np.testing.assert_allclose(shares(found.logits[0]), [[0.7, 0.3]], rtol=1e-4)
    np.testing.assert_allclose(shares(found.logits[1]), [[1 - HARD, HARD]], rtol=1e-4)
    # Other numbers are stars or votes, and say nothing of the label.
    for score in (5, 0, 0.0, 4.5):
        found = read_outputs(write(tmp_path, {"text": "Good", "label": "a", "score": score},
                                   {"text": "Bad", "label": "b"}), pooled=True)
        np.testing.assert_allclose(shares(found.logits[0]), [[HARD, 1 - HARD]], rtol=1e-4)


def test_white_space_around_a_label_makes_no_other_one(tmp_path):
    found = read_outputs(write(tmp_path, {"text": "Good", "label": "pos\n"}, {
        "text": "Fine", "label": "pos"}, {"text": "Bad", "probabilities": {" neg": 1.0}}),
        pooled=True)
    assert found.names == ("pos", "neg")
    found = read_outputs(write(
        tmp_path, {"labels": ["O", "B-First Name"]}, {"words": ["a"], "tags": ["B-First Name"]},
        {"text": "b", "spans": [{"start": 0, "end": 1, "label": "First\u00a0Name"}]},
        {"words": ["c"], "tags": ["\ufeffO"]}), pooled=False)
    assert found.names == ("O", "B-First_Name")


@pytest.mark.skipif(not has_dictionary(), reason="needs the extra [segmentation]")
@pytest.mark.parametrize(("text", "name"), [
    ("ポールはベルリンで働く。", "ベルリン"), ("เขาเดินทางไปกรุงเทพ", "กรุงเทพ")])
def test_spans_in_scripts_without_spaces_are_no_whole_sentences(tmp_path, text, name):
    begin = text.index(name)
    found = read_outputs(write(tmp_path, {"text": text, "spans": [
        {"start": begin, "end": begin + len(name), "label": "LOC"}]}), pooled=False)
    tagged = [word for word, at in zip(found.examples[0].words, found.logits[0].argmax(axis=1))
              if found.names[at] == "B-LOC"]
    assert tagged == [name] and len(found.examples[0].words) > 2


def test_texts_and_pairs(tmp_path):
    found = read_outputs(write(tmp_path, {"text": "Good film", "label": "pos"},
                               {"text": "Bad", "probabilities": {"neg": 0.8, "pos": 0.2}},
                               {"text": "Strange"}), pooled=True)
    assert found.names == ("pos", "neg") and found.logits[1].shape == (1, 2)
    np.testing.assert_allclose(shares(found.logits[1])[0], [0.2, 0.8], rtol=1e-4)
    assert np.isnan(found.logits[2]).all()
    pair = read_outputs(write(tmp_path, {"text": "A b", "text_b": "C", "label": "x"}),
                        pooled=True, pairs=True)
    assert pair.examples[0].texts == (("A", "b"), ("C",))


def test_annotators_are_averaged_by_weight_and_silence_does_not_count(tmp_path):
    found = read_outputs(write(tmp_path, {"labels": ["O", "B-X"]}, {"words": ["a", "b", "c"],
                         "annotators": [
        {"probabilities": [[0.2, 0.8], [0.4, 0.6], None], "weight": 3},
        {"probabilities": [[0.6, 0.4], None, None]}]}), pooled=False)
    np.testing.assert_allclose(shares(found.logits[0])[:2], [[0.3, 0.7], [0.4, 0.6]], rtol=1e-4)
    assert np.isnan(found.logits[0][2]).all()
    one = np.array([[[2.0, 5.0]], [[np.nan, np.nan]]])
    np.testing.assert_array_equal(average_logits(one, [1, 1]), [[2.0, 5.0]])


def test_vectors_stand_beside(tmp_path):
    path = write(tmp_path, {"words": ["a", "b"], "tags": ["O", "B-X"]},
                 {"words": ["c"], "tags": ["O"]})
    table = np.arange(6, dtype=np.float32).reshape(3, 2)
    np.save(tmp_path / "outputs.npy", table)
    found = read_outputs(path, pooled=False)
    assert found.width == 2
    np.testing.assert_array_equal(found.vectors[1], table[2:])
    np.save(tmp_path / "outputs.npy", table[:2])
    path.touch()
    with pytest.raises(UserError, match=r"outputs.npy has the shape \[2, 2\]; .* has 3 words"):
        read_outputs(write(tmp_path, {"words": ["a", "b", "c"], "tags": ["O", "O", "O"]}),
                     pooled=False)


def test_parquet_says_the_same(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    table = pyarrow.table({"words": [["Anna", "lacht"]], "logits": [[[1.0, 2.0], [3.0, 0.0]]]})
    parquet.write_table(table.replace_schema_metadata({"labels": json.dumps(["O", "B-PER"])}),
                        tmp_path / "outputs.parquet")
    found = read_outputs(tmp_path / "outputs.parquet", pooled=False)
    assert found.names == ("O", "B-PER")
    np.testing.assert_allclose(found.logits[0], [[1, 2], [3, 0]])


@pytest.mark.parametrize(("row", "message"), [
    ({"words": ["a", "b"], "tags": ["O"]}, "2 words but 1 tags"),
    ({"text": "a b", "words": ["a", "c"], "tags": ["O", "O"]}, "'c' does not stand in the text"),
    ({"words": ["a"], "probabilities": [[0.5, 0.2]]}, "add up to 0.700; needed is 1"),
    ({"words": ["a"], "probabilities": [{"O": 0.9, "B-X": 0.3}]}, "add up to 1.200"),
    ({"words": ["a"], "probabilities": [[-0.5, 1.5]]}, "a probability is -0.5; needed is 0 to 1"),
    ({"words": ["a"], "logits": [[0.5, 0.2, 0.1]]}, "3 logits, but 2 labels: O, B-X"),
    ('{"words": ["a"], "logits": [[NaN, 0.2]]}', "logits hold nan; needed are finite numbers"),
    ({"tags": ["O"]}, "no words and no text; needed is one of them, and the row has tags"),
    ({"words": ["a"], "ner_tags": ["O"]}, "the row has 'ner_tags', but what is said is read"),
    ({"words": ["a"], "tags": [" "]}, "a tag is empty"),
    ({"words": [], "tags": []}, "a sentence without words"),
    ({"text": "ab", "spans": [{"start": 7, "end": 9, "label": "X"}]},
     "7-9 .X. does not lie in the text, which has 2 characters"),
    ({"text": "ab", "spans": [{"start": -2, "end": 1, "label": "X"}]}, "-2-1 .X. does not lie in"),
    ({"text": "ab", "spans": [{"start": 1, "end": 1, "label": "X"}]}, "1-1 .X. does not lie in"),
    ({"text": "a  b", "spans": [{"start": 1, "end": 2, "label": "X"}]}, "1-2 .X. holds no word"),
    ({"text": "Anna ran", "spans": [{"start": 1, "end": 2, "label": "X"}]}, "is 'n', which parts"),
    ({"text": "😀😀 Anna ran", "spans": [{"start": 5, "end": 9, "label": "X"}]},
     "is 'na r', which parts words; its offsets seem to count UTF-16 units, and needed are char"),
    ({"text": "Élan à Paris hier", "spans": [{"start": 9, "end": 14, "label": "X"}]},
     "is 'ris h', which .* bytes of UTF-8"),
    ({"text": "😀 Anna ran", "spans": [{"start": 3, "end": 7, "label": "X", "text": "Anna"}]},
     "the text has 'nna ', the span 'Anna'; its offsets seem to count UTF-16 units"),
    ({"words": ["Anna", "met", "Oslo"], "spans": [
        {"start": 0, "end": 1, "label": "X"}, {"start": 2, "end": 3, "label": "X"}]},
     "the spans, such as 0-1 .X., part words; their offsets seem to count words"),
    ({"text": "So Anna, it is", "spans": [{"start": 4, "end": 8, "label": "X"}]},
     "'nna,', which parts words; its offsets seem to count from 1, and needed is from 0"),
    ({"text": "Anna met Oslo", "spans": [{"start": 0, "end": 4, "label": "X", "word": "oslo"}]},
     "at 0-4 the text has 'Anna', the span's 'word' is 'oslo'"),
    ({"text": "ab", "spans": [{"start": 0, "end": 2, "label": ""}]}, "0-2 has an empty label"),
    ({"text": "ab", "spans": [{"start": 0, "end": 2, "entity": "B-X"}]}, "the tag 'B-X'; needed"),
    ({"text": "ab", "spans": [{"start": True, "end": 2, "label": "X"}]}, "needed are start, end"),
    ({"words": ["a"], "logits": [[1e39, 0.2]]}, r"logits hold 1e\+39; needed are finite numbers"),
    ({"words": ["a"], "logits": [[10 ** 400, 0.2]]}, "logits hold 10+; needed are finite numbers"),
    ({"words": ["a"], "tags": ["O"], "weight": 0}, "weight is 0.0; needed is a number above 0"),
    ({"words": ["a"], "annotators": [{"tags": ["O"], "weight": 10 ** 400}]}, "weight hold 10+; n"),
    ({"text": "ab", "spans": [{"start": 0, "label": "X"}]}, "needed are start, end and label"),
    ('{"words": ["a"], "tags"', "not JSON"),
    ("[" * 100_000, "not JSON"),
    (r'{"words": ["\ud800"], "tags": ["O"]}', "half a character"),
    ('{"words": ["a"], "tags": ["O"], "tags": ["B-X"]}', "the key 'tags' stands twice in an obj"),
    ("[1]", r"the row is '\[1\]'; needed is an object"),
    ({"words": ["good"], "tags": ["B-X"]}, "repeats a sentence with other outputs"),
    ({"words": ["a"], "tags": ["B-Y"]}, "rows have B-Y, which the first line does not list"),
])
def test_mistakes_are_told_with_their_line(tmp_path, row, message):
    path = write(tmp_path, {"labels": ["O", "B-X"]}, {"words": ["good"], "tags": ["O"]}, row)
    with pytest.raises(UserError, match=message) as caught:
        read_outputs(path, pooled=False)
    # A label that is not listed is told once, for all rows that have it.
    assert ("outputs.jsonl:3: " in str(caught.value)) == ("B-Y" not in str(caught.value))


def test_all_mistakes_are_told_at_once(tmp_path):
    rows = [{"words": ["a"], "tags": []} for _ in range(30)]
    with pytest.raises(UserError) as caught:
        read_outputs(write(tmp_path, *rows), pooled=False)
    told = str(caught.value)
    assert "outputs.jsonl:1: " in told and ":20: " in told and told.endswith("and 10 more rows")
    with pytest.raises(UserError, match="no row in it"):
        read_outputs(write(tmp_path, ""), pooled=False)
    with pytest.raises(UserError, match='no labels in it; lists of numbers need a first line'):
        read_outputs(write(tmp_path, {"words": ["a"], "logits": [[1, 2]]}), pooled=False)


@pytest.mark.parametrize("words, told", [
    (["[CLS]", "Anna", "la", "##cht", "[SEP]"], "18 of 36 words are subword or special token"),
    (["<s>", "▁Anna", "▁lacht", "</s>"], "24 of 30 words are subword or special tokens"),
    (["C#", "ist", "neu", "[", "SEP", "]"], None)])
def test_subword_tokens_in_place_of_words_are_told(tmp_path, caplog, words, told):
    path = write(tmp_path, *({"words": [str(at), *words], "tags": ["O"] * (len(words) + 1)}
                             for at in range(6)))
    read_outputs(path, pooled=False)
    assert [line.startswith(f"{path}: {told}") for line in caplog.messages] == [True] * bool(told)
