"""JSON of tools: what annotators rejected, what is no row, and refusals with the row's keys."""

import pytest

from tests.corpora.readers.test_records import TAGGED, TEXT, rows_of, spans
from xtremedistil_tf.corpora.readers.base import ReadOptions, Tally
from xtremedistil_tf.corpora.readers.exports import unpack
from xtremedistil_tf.data.lines import RowError

PER = (TAGGED[0], ("B-PER", "O", "O", "O"))


@pytest.mark.parametrize("mark", [
    {"correct": False}, {"status": "rejected"}, {"answer": "reject"}, {"deleted": True},
    {"is_correct": "false"}, {"accepted": False}, {"State": "Discarded"}, {"isDeleted": True}])
def test_entities_that_annotators_rejected_are_left_out_and_told(mark):
    first, second = spans()
    kept = {name: True if value is False else False if value is True else "accepted"
            for name, value in mark.items()}
    rows, counts = rows_of({"text": TEXT, "annotations": [{**first, **kept}, {**second, **mark}]},
                           {"text": TEXT, "annotations": [first, second]},
                           {"text": TEXT, "annotations": [{**second, **mark}]})
    assert rows == [PER, TAGGED, (TAGGED[0], ("O",) * 4)] and counts["rejected_entities"] == 2


@pytest.mark.parametrize("mark", [{"correct": None}, {"status": "negated"}, {"correct": True},
                                  {"certainty": "rejected"}])
def test_what_else_is_said_of_an_entity_keeps_it(mark):
    (row,), counts = rows_of({"text": TEXT, "entities": [{**one, **mark} for one in spans()]})
    assert row == TAGGED and not counts["rejected_entities"]


@pytest.mark.parametrize(("states", "answers", "expected"), [
    (["discarded"], [spans()], []), (["draft"], [spans()], []), (["submitted"], [spans()],
                                                                 [TAGGED]),
    (["discarded", "submitted"], [[], spans()], [TAGGED]),
    (["draft", "submitted"], [[], spans()], [TAGGED]),
    (["discarded", "draft"], [spans(), spans()], []), (None, [spans()], [TAGGED])])
def test_discarded_answers_of_argilla_are_no_gold(states, answers, expected):
    rows, counts = rows_of({"text": TEXT, "span.responses": answers, "status": "completed",
                            "span.responses.status": states,
                            "span.responses.users": ["u", "v"][:len(answers)]})
    assert rows == expected and counts["rejected_rows"] == (not expected)


ROW = {"text": TEXT, "entities": spans()}
INNER = [{"word": word, "ner": tag} for word, tag in zip(*TAGGED)]


@pytest.mark.parametrize("export", [
    {"train": [ROW], "dev": [ROW], "test": [ROW]}, {"train": [ROW], "validation": [ROW]},
    {"train": {"data": [ROW]}, "test": {"data": [ROW]}}, {"data": {"train": [ROW], "test": [ROW]}},
    {"train": {"1": ROW}, "test": {"2": ROW}}, {"version": "1", "train": [ROW], "eval": [ROW]}])
def test_one_object_of_several_splits_is_refused(export):
    (error,), _ = rows_of(export)
    assert "one object holds train, " in error and "give each split in a file of its own" in error


@pytest.mark.parametrize("export", [
    {"train": [ROW]}, {"train": [ROW], "dev": []}, {"data": [ROW], "split": "test"},
    {"train-1": ROW}, {"train": [ROW], "tests": 3}])
def test_an_object_of_one_split_is_read(export):
    assert rows_of(export)[0] == [TAGGED]


@pytest.mark.parametrize("export", [
    # Google's AutoML; an object around the place.
    {"text_snippet": {"content": TEXT}, "annotations": [
        {"display_name": one["label"], "text_extraction": {"score": 1, "text_segment": {
            "start_offset": one["start"], "end_offset": one["end"]}}} for one in spans()]},
    {"textSnippet": {"content": TEXT}, "annotations": [
        {"displayName": one["label"], "textExtraction": {"textSegment": {
            "startOffset": one["start"], "endOffset": one["end"]}}} for one in spans()]},
    {"text": TEXT, "annotations": [{"name": one["label"], "location": {
        "start": one["start"], "end": one["end"]}} for one in spans()]},
    # Tags inside tokens: as lists, Stanza's sentences, CoreNLP's.
    {"tokens": INNER}, INNER, {"sentences": [INNER]}, {"text": TEXT, "tokens": INNER},
    {"tokens": [{"text": one["word"], "label": one["ner"]} for one in INNER], "entities": []},
    {"sentences": [{"index": 0, "tokens": [{**one, "pos": "NN"} for one in INNER],
                    "entitymentions": [{"ner": "PER"}]}]},
    # Types that are objects, as Flair and tools with a list of labels write them.
    {"text": TEXT, "entities": [{**one, "labels": [{"value": one["label"], "confidence": 0.9}],
                                 "label": {"id": 3, "name": one["label"]}} for one in spans()]},
    # Records under a name, beside what describes them.
    {"name": "my corpus", "annotations": [ROW]}, {"a1": ROW}, {"annotations": [ROW, None]},
])
def test_forms_that_are_read(export):
    assert rows_of(export)[0] == [TAGGED]


@pytest.mark.parametrize(("export", "message"), [
    ({"data_row": {"id": "c", "row_data": TEXT}, "projects": []},
     "fields data_row, projects; needed are tokens and ner_tags"),
    ({"source_text": TEXT, "annotations": [{"text": "Anna", "entities": [], "label": "PER"}]},
     "fields annotations, source_text;"),
    ({"snippet": TEXT, "annotations": [{"mention": "Anna", "label": "PER"}]},
     "fields annotations, snippet;"),
    ({"snippet": {"all": TEXT}, "annotations": [{"mention": "Anna"}]}, "fields annotations, sn"),
    ({"snippet": TEXT, "annotations": [{"place": {"start": 0, "end": 4}, "kind_of": "PER"}]},
     "fields annotations, snippet;"),
    ({"name": "my corpus", "annotations": [{"utt": "a film", "klass": "pos"}]},
     "fields klass, utt;"),
    ({"reviewText": TEXT, "overall": 5.0},
     "of labelled texts --text_column and --label_column name the columns"),
    ({f"k{n:02}": n for n in range(99)}, "k10, k11, ...; needed"),
    ({"tokens": [*INNER[:2], {"word": "in"}]}, "token 3 has no 'ner', but others have"),
    ([["a film", "pos"], ["a play", "neg"]], "not a JSON object but list ['a film', 'pos'] "
     "(--kind=classification reads lists of texts and labels)"),
])
def test_refusals_name_the_keys_of_the_row(export, message):
    found, _ = rows_of(export)
    assert message in found[0]


@pytest.mark.parametrize("token", [{"tag": "NN"}, {"tag": "NN", "ner": None}, {"label": "x y"}])
def test_parts_of_speech_in_tokens_are_no_tags(token):
    (row,), _ = rows_of({"tokens": [{"text": word, **token} for word in TAGGED[0]]})
    assert row == (TAGGED[0], ())


@pytest.mark.parametrize("lines", [
    [{"text": "Anna", "ner": "B-PER"}, {"text": "Bo", "ner": "O"}],
    [[{"text": "Anna lives", "ner": "B-PER O"}, {"text": "Bo", "ner": "O"}]]])
def test_records_of_one_word_are_no_tokens(lines):
    rows, _ = rows_of(*lines)
    assert len(rows) == 2


def label_studio(data, *spans):
    return {"data": data, "annotations": [{"result": [
        {"type": "labels", "value": {"start": begin, "end": end, "text": text, "labels": ["PER"]}}
        for begin, end, text in spans]}]}


@pytest.mark.parametrize("data", [
    {"title": "News", "my_text": "Anna ran"}, {"text": "id 1", "my_text": "Anna ran"}])
def test_the_text_of_label_studio_is_the_field_in_which_its_entities_stand(data):
    (record,) = unpack(label_studio(data, (0, 4, "Anna")), ReadOptions(), Tally())
    assert record["text"] == "Anna ran"


def test_fields_of_label_studio_without_entities_are_asked_about():
    task = label_studio({"title": "News", "my_text": "She ran"})
    with pytest.raises(RowError, match="'data' holds several texts: title, my_text; --word_"):
        list(unpack(task, ReadOptions(), Tally()))
    (record,) = unpack(task, ReadOptions(word_column="my_text"), Tally())
    assert record["text"] == "She ran"


def test_notes_and_choices_of_regions_are_no_entities():
    task = label_studio({"text": "Anna ran"}, (0, 4, "Anna"))
    task["annotations"][0]["result"] += [
        {"type": kind, "value": {"start": 0, "end": 4, key: ["sure"]}}
        for kind, key in (("choices", "choices"), ("textarea", "text"))]
    (record,) = unpack(task, ReadOptions(), Tally())
    assert [span["labels"] for span in record["spans"]] == [["PER"]]


def test_texts_of_old_doccano_stand_under_data():
    rows, _ = rows_of({"id": 1, "data": TEXT, "label": [[0, 4, "PER"]]})
    assert rows == [PER]


def test_slots_are_tags():
    rows, _ = rows_of({"text": TEXT, "intent": "x", "slots": "B-PER O O O"})
    assert rows == [PER]


def two_controls(*names):
    """A task with Anna by the first label control, and ran by the second."""
    task = label_studio({"text": "Anna ran"}, (0, 4, "Anna"), (5, 8, "ran"))
    for result, name in zip(task["annotations"][0]["result"], names):
        result["from_name"] = name
    return task


def test_types_of_two_label_controls_are_not_mixed():
    counts, options = Tally(), ReadOptions()
    with pytest.raises(RowError, match="entities of 2 label controls: ner, pos; --tag_column=NAME"):
        list(unpack(two_controls("ner", "pos"), options, counts))
    rows, _ = rows_of(two_controls("ner", "pos"), tag_column="pos")
    assert rows == [(("Anna", "ran"), ("O", "B-PER"))]
    assert list(unpack(two_controls("ner", "pos"), ReadOptions(labelled=False), Tally()))
    # Tasks of which each has one control are of one file, too.
    counts = Tally()
    assert list(unpack(two_controls("ner", "ner"), options, counts))
    with pytest.raises(RowError, match="controls: ner, pos"):
        list(unpack(two_controls("pos", "pos"), options, counts))


FEW = {"tokens": TEXT.split(), "ner_tags": ["person", "O", "O", "place"]}


@pytest.mark.parametrize("record", [
    {"text": TEXT, "ner": spans()[:1], "pos": spans()[1:]},
    {"text": TEXT, "entities": spans()[:1], "spans": spans()},
    {**FEW, "fine": ["person-actor", "O", "O", "place-town"]},
    {"words": TEXT.split(), "tags": ["B-PER", "O", "O", "O"], "inner": ["O", "O", "O", "B-LOC"]}])
def test_several_layers_of_entities_are_asked_about(record):
    first, second = list(record)[1:]
    (told,), _ = rows_of(record)
    assert f"under {first!r} and under {second!r}; --tag_column={first} or" in told
    (row,), _ = rows_of(record, tag_column=second)
    (other,), _ = rows_of(record, tag_column=first)
    assert row[1] != other[1]
    (row,), _ = rows_of(record, labelled=False)
    assert row == (tuple(TEXT.split()), ())


def test_a_layer_beside_tags_in_tokens_is_asked_about():
    tokens = [{"text": word, "ner": tag} for word, tag in zip(TEXT.split(), PER[1])]
    (told,), _ = rows_of({"tokens": tokens, "fine": ["B-MAN", "O", "O", "O"]})
    assert "under 'tokens' and under 'fine'" in told


@pytest.mark.parametrize("more", [
    {"chunks": ["B-NP", "O", "B-PP", "B-NP"]}, {"pos": ["NNP", "VBZ", "IN", "NNP"]},
    {"nested": ["O"] * 4}, {"again": FEW["ner_tags"]}, {"predictions": ["O", "O", "O", "place"]},
    {"words": TEXT.upper().split()}, {"spaces": ["O", "O", "x", "O"]}])
def test_other_lists_beside_tags_are_no_layers(more):
    (row,), _ = rows_of({**FEW, **more})
    assert row == (TAGGED[0], ("person", "O", "O", "place"))


@pytest.mark.parametrize("more", [
    {"sents": [{"start": 0, "end": 18}]}, {"again": spans()},
    {"relations": [{"head": 0, "child": 1, "label": "x"}]},
    {"predictions": spans()[:1]}, {"suggestions": spans()[:1]}])
def test_other_objects_beside_entities_are_no_layers(more):
    assert rows_of({"text": TEXT, "ents": spans(), **more})[0] == [TAGGED]
