"""Exports of annotation services: texts with labels, and records that nobody annotated."""

import json

import pytest

from tests.corpora.test_misread import prepare, texts
from tests.corpora.texts.test_texts import lines, make
from xtremedistil_tf.errors import UserError


def labelled(tmp_path, name, records):
    """All rows of a task folder that is made of records."""
    path = tmp_path / name
    path.write_text(records if isinstance(records, str) else "\n".join(texts(*records)) + "\n")
    assert make(path, tmp_path / "task")[1] == "classification"
    return [line for split in ("train", "dev", "test") for line in lines(tmp_path / "task", split)]


def test_vertex_ai_has_labels_and_splits(tmp_path):
    use = {"train": "training", "dev": "validation", "test": "test"}
    rows = labelled(tmp_path, "all.jsonl", [
        {"textContent": f"A {split} day {n}", "classificationAnnotation": {
            "displayName": "ab"[n % 2]}, "dataItemResourceLabels": {
                "aiplatform.googleapis.com/ml_use": use[split]}}
        for split in use for n in range(4)])
    assert "A dev day 3\tb" in rows
    assert lines(tmp_path / "task", "test") == [f"A test day {n}\t{'ab'[n % 2]}" for n in range(4)]


def test_ground_truth_has_names_of_classes_and_failures(tmp_path):
    records = [{"source": f"A day {n}", "my-job": n % 2, "my-job-metadata": {
        "class-name": "ab"[n % 2], "type": "groundtruth/text-classification"}} for n in range(24)]
    records[3]["my-job-metadata"] = {"failure-reason": "ClientError"}
    rows = labelled(tmp_path, "output.manifest", records)
    assert "A day 5\tb" in rows and len(rows) == 23
    (tmp_path / "b").mkdir()
    rows = labelled(tmp_path / "b", "output.manifest", [
        {"source": f"A day {n}", "job": [n % 2], "job-metadata": {
            "class-map": {"0": "a", "1": "b"}}} for n in range(24)])
    assert "A day 5\tb" in rows


def test_labelbox_has_answers(tmp_path):
    rows = labelled(tmp_path, "all.ndjson", [
        {"data_row": {"row_data": f"A day {n}"}, "projects": {"p": {"labels": [{"annotations": {
            "objects": [], "classifications": [{"name": "kind", "radio_answer": {
                "name": "ab"[n % 2]}}]}}]}}} for n in range(24)])
    assert "A day 5\tb" in rows


def test_argilla_has_answers(tmp_path):
    rows = labelled(tmp_path, "all.json", json.dumps([
        {"fields": {"text": f"A day {n}"}, "status": "completed", "responses": {"mood": [
            {"value": "x", "status": "discarded"}, {"value": "ab"[n % 2], "status": "submitted"}]}}
        for n in range(24)]))
    assert "A day 5\tb" in rows


def test_azures_utterances_have_intents_and_splits(tmp_path):
    rows = labelled(tmp_path, "all.json", json.dumps({
        "projectFileVersion": "2022-10-01-preview", "assets": {"utterances": [
            {"text": f"A {split} day {n}", "language": "en-us", "intent": "ab"[n % 2],
             "entities": [], "dataset": split}
            for split in ("Train", "Test") for n in range(12)]}}))
    assert "A Train day 5\ten-us:b" in rows and len(lines(tmp_path / "task", "test")) == 12


def pieces(n):
    """An utterance in pieces, as Snips has it."""
    return [{"text": f"play no {n} "}, {"text": f"song {n}", "entity": "track"}, {"text": " now"}]


@pytest.mark.parametrize("export, language", [
    ([{"id": str(n), "isTemplate": False, "data": [
        {"userDefined": "entity" in one, "text": one["text"], **(
            {"alias": "track", "meta": "@song"} if "entity" in one else {})} for one in pieces(n)]}
        for n in range(12)], ""),
    ({"PlayMusic": [{"data": pieces(n)} for n in range(12)]}, ""),
    ({"language": "en", "entities": {}, "intents": {
        "PlayMusic": {"utterances": [{"data": pieces(n)} for n in range(12)]}}}, "en:")])
def test_pieces_are_one_text_with_its_slots(tmp_path, export, language):
    """Dialogflow's utterances, and both forms of those of Snips."""
    given = [json.dumps(export)]
    _, _, rows = prepare(tmp_path, given, "train.json", transfer=given)
    tags = " ".join(language + tag for tag in "O O O B-track I-track O".split())
    assert len(rows) == 12 and f"play no 3 song 3 now\t{tags}" in rows
    assert "play no 3 song 3 now" in (tmp_path / "task" / "transfer.txt").read_text().splitlines()


def test_intents_of_pieces_are_labels(tmp_path):
    (tmp_path / "in").mkdir()
    for intent in "ab":
        (tmp_path / "in" / f"train_{intent}.json").write_text(json.dumps(
            {intent: [{"data": [{"text": f"{intent} song {n}"}]} for n in range(12)]}))
    assert make(tmp_path / "in", tmp_path / "task", kind="classification")[1] == "classification"
    assert "b song 5\tb" in [line for split in ("train", "dev", "test")
                             for line in lines(tmp_path / "task", split)]


def test_cells_that_the_viewer_cut_off_are_refused(tmp_path):
    rows = [{"row_idx": n, "row": {"text": f"so {n}", "label": "ab"[n % 2]},
             "truncated_cells": ["text"] if n == 3 else []} for n in range(20)]
    with pytest.raises(UserError, match=r"rows.jsonl:4: the viewer cut off \['text'\]; download"):
        labelled(tmp_path, "rows.jsonl", rows)
    assert len(labelled(tmp_path, "more.jsonl", rows[4:])) == 16


def page(rows, **features):
    """What the viewer's service answers: features beside the rows."""
    return json.dumps({
        "features": [{"feature_idx": at, "name": name, "type": feature}
                     for at, (name, feature) in enumerate(features.items())],
        "rows": [{"row_idx": at, "row": row, "truncated_cells": []}
                 for at, row in enumerate(rows)], "num_rows_total": len(rows)})


def test_the_features_beside_rows_of_the_viewer_name_their_numbers(tmp_path):
    text, label = {"dtype": "string", "_type": "Value"}, {"names": ["neg", "pos"]}
    rows = [{"text": f"so {n}", "label": n % 2} for n in range(20)]
    assert "so 3\tpos" in labelled(tmp_path, "a.json", page(rows, text=text, label=label))
    (tmp_path / "tags").mkdir()
    tagged = page([{"tokens": [f"Anna{n}", "ran"], "ner_tags": [1, 0]} for n in range(12)],
                  tokens={"feature": text}, ner_tags={"feature": {"names": ["O", "B-PER"]}})
    assert prepare(tmp_path / "tags", [tagged], "train.json")[2][0] == "Anna0 ran\tB-PER O"
    # Features of other kinds say nothing of the rows.
    others = json.dumps({"features": ["a"], "rows": rows})
    (tmp_path / "b").mkdir()
    assert "so 3\t1" in labelled(tmp_path / "b", "b.json", others)


@pytest.mark.parametrize("more", [{}, {"entity": "x"}, {"meta": {"id": 1}}, {"meta": "a"}])
def test_a_list_of_rows_is_not_one_text(tmp_path, more):
    rows = [json.dumps({"data": [{"text": "Bo sat.", **more}, {"text": "It rained.", **more}]})]
    prepare(tmp_path, texts(*({"tokens": [f"w{n}"], "ner_tags": ["B-PER"]} for n in range(9))),
            "train.jsonl", transfer=rows)
    assert (tmp_path / "task" / "transfer.txt").read_text() == "Bo sat .\nIt rained .\n"


@pytest.mark.parametrize("record", [
    {"textGcsUri": "gs://bucket/a.txt"},
    {"source-ref": "s3://bucket/a.txt", "job": 1, "job-metadata": {"class-name": "a"}},
    {"data_row": {"row_data": "abfss://storage/a.txt"}, "projects": {}}])
def test_texts_of_services_that_stand_elsewhere_are_refused(tmp_path, record):
    with pytest.raises(UserError, match="train.jsonl:1: .*: the texts stand in files of their own"):
        prepare(tmp_path, texts(*[record] * 3), "train.jsonl")


ENTITIES = [{"start": 0, "end": 4, "label": "PER"}]


@pytest.mark.parametrize("done, waiting", [
    ({"fields": {"text": "Anna ran"}, "status": "completed", "responses": {"span": [
        {"value": ENTITIES}]}},
     {"fields": {"text": "Bo sat"}, "status": "pending", "responses": {}}),
    ({"text": "Anna ran", "span.responses": [ENTITIES], "status": "completed"},
     {"text": "Bo sat", "span.responses": None, "status": "pending"}),
    ({"text": "Anna ran", "annotation": [["PER", 0, 4]], "status": "Validated"},
     {"text": "Bo sat", "annotation": None, "status": "Default"}),
    ({"data_row": {"row_data": "Anna ran"}, "projects": {"p": {"labels": [{"annotations": {
        "objects": [{"name": "PER", "location": {"start": 0, "end": 3}}]}}]}}},
     {"data_row": {"row_data": "Bo sat"}, "projects": {"p": {"labels": []}}})])
def test_records_that_nobody_annotated_are_not_read_as_having_no_entities(
        tmp_path, done, waiting):
    records = [json.loads(json.dumps(done).replace("ran", f"ran{n}")) for n in range(12)]
    _, told, rows = prepare(tmp_path, texts(*records, waiting, waiting), "train.jsonl")
    assert len(rows) == 12 and rows[0] == "Anna ran0\tB-PER O"
    assert "2 rows without an annotation left out" in told
