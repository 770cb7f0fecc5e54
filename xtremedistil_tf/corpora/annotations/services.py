"""Brings the exports of annotation services to the usual keys: text, entities, label, split."""

import re
from typing import Any, Callable, Dict, List, Optional, Tuple

from xtremedistil_tf.corpora.annotations.answers import is_kept
from xtremedistil_tf.corpora.annotations.keys import is_spans
from xtremedistil_tf.data.lines import RowError

Record = Dict[str, Any]
# Vertex AI's key for the split of a record.
_USE = "aiplatform.googleapis.com/ml_use"
_METADATA, _FAILURE = "-metadata", "-failure"
# Key of the problem of a record that was made of other files.
UNUSABLE = "unusable: "
# A record that nobody annotated; see `answers.is_unannotated`.
_UNANNOTATED = {"annotation": None, "status": "pending"}
# Keys of a piece of an utterance, of which the first names its slot (Dialogflow, Snips).
_SLOTS = ("slot_name", "alias", "entity")
_PIECE = frozenset({*_SLOTS, "text", "meta", "userDefined", "range"})
# An address of any kind, as of the web or of a store, in place of a text.
ADDRESS = re.compile(r"[a-z][a-z0-9]*://\S+", re.IGNORECASE)


def _refuse_address(text: Any, tool: str) -> None:
    """Refuses the address of a text in place of the text.

    Raises:
      RowError: if the text stands in another file.
    """
    if isinstance(text, str) and ADDRESS.fullmatch(text.strip()):
        raise RowError(("other_file", f"{tool}: the texts stand in files of their own "
                        f"({text!r:.60}); write them into the records"))


def _one(values: List[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _vertex(record: Record) -> Optional[Record]:
    """Google's Vertex AI."""
    if "textContent" not in record and "textGcsUri" not in record:
        return None
    text = record.get("textContent", record.get("textGcsUri"))
    _refuse_address(text, "Vertex AI")
    found = {"text": text, **({"language": record["languageCode"]} if "languageCode" in record
                              else {})}
    classes = record.get("classificationAnnotations", record.get("classificationAnnotation"))
    classes = classes if isinstance(classes, list) else [classes]
    names = [one.get("displayName") for one in classes if isinstance(one, dict)]
    if names:
        found["label"] = _one(names)
    if "textSegmentAnnotations" in record:
        found["entities"] = record["textSegmentAnnotations"]
    use = (record.get("dataItemResourceLabels") or {}).get(_USE)
    return found if use is None else {**found, "split": use}


def _ground_truth(record: Record) -> Optional[Record]:
    """A manifest of Amazon's SageMaker Ground Truth: a job's answer beside its metadata."""
    jobs = [key[:-len(_METADATA)] for key in record if key.endswith(_METADATA)]
    failed = any(key.endswith(_FAILURE) for key in record) or any(
        "failure-reason" in record[job + _METADATA] for job in jobs)
    if not {"source", "source-ref"} & set(record) or not jobs and not failed:
        return None
    text = record.get("source", record.get("source-ref"))
    _refuse_address(text, "Ground Truth")
    if failed or not jobs:
        return {"text": text, "answer": "reject"}
    if len(jobs) > 1:
        raise RowError(("json", f"answers of {len(jobs)} jobs: {', '.join(jobs)}; keep one of "
                        "them in the manifest"))
    answer, about = record.get(jobs[0]), record[jobs[0] + _METADATA]
    if isinstance(answer, dict):
        return {"text": text, "entities": (answer.get("annotations") or {}).get("entities")}
    names = about.get("class-map")
    if isinstance(names, dict) and isinstance(answer, list):
        return {"text": text, "label": [names.get(str(one), one) for one in answer]}
    return {"text": text, "label": about.get("class-name", answer)}


def _labelbox(record: Record) -> Optional[Record]:
    """Labelbox, whose entities end at their last character; the first annotator's answer."""
    row, projects = record.get("data_row"), record.get("projects")
    if not isinstance(row, dict) or not isinstance(projects, dict):
        return None
    text = row.get("row_data")
    _refuse_address(text, "Labelbox")
    labels = [label for project in projects.values() for label in project.get("labels") or ()]
    if not labels:
        return {"text": text, **_UNANNOTATED}
    answers = labels[0].get("annotations") or {}
    found: Record = {"text": text}
    for question in answers.get("classifications") or ():
        given = question.get("radio_answer") or question.get("checklist_answers") or ()
        given = given if isinstance(given, (list, tuple)) else [given]
        found[str(question.get("name"))] = _one([one.get("name") for one in given])
    if len(found) == 2:
        found = {"text": text, "label": list(found.values())[1]}
    objects = [one for one in answers.get("objects") or () if "location" in one]
    if objects or len(found) == 1:
        found["entities"] = [{"start": one["location"]["start"], "end": one["location"]["end"] + 1,
                              "label": one.get("name")} for one in objects]
    return found


def _argilla(record: Record) -> Optional[Record]:
    """A record of Argilla 2 as it nests it: fields, and answers by question."""
    fields, responses = record.get("fields"), record.get("responses")
    if not isinstance(fields, dict) or "responses" not in record:
        return None
    given = {question: [one.get("value") for one in answers if is_kept(one.get("status"))]
             for question, answers in (responses or {}).items()}
    kept = {question: values[0] for question, values in given.items() if values}
    if not kept:
        return {**fields, **(_UNANNOTATED if not any((responses or {}).values())
                             else {"answer": "reject"})}
    spans = next((question for question, value in kept.items() if value and is_spans(value)
                  or value == [] and len(kept) == 1), None)
    found = {} if spans is None else {"entities": kept.pop(spans)}
    return {**fields, **({"label": _one(list(kept.values()))} if len(kept) == 1 else kept), **found}


def _are_pieces(value: Any) -> bool:
    """True for the pieces of one utterance, such as those that are slots."""
    return isinstance(value, list) and bool(value) and all(
        isinstance(one, dict) and isinstance(one.get("text"), str) and _PIECE.issuperset(one)
        and isinstance(one.get("meta", ""), str) for one in value)


def _slot(piece: Record) -> Any:
    return next((piece[name] for name in _SLOTS if piece.get(name)), None)


def _of_pieces(record: Record) -> Record:
    text, spans = "", []
    for piece in record["data"]:
        begin, text = len(text), text + piece["text"]
        if _slot(piece) is not None:
            spans.append({"start": begin, "end": len(text), "label": _slot(piece)})
    about = {name: value for name, value in record.items() if name != "data"}
    return {**about, "text": text, "entities": spans}


def _utterance(record: Record) -> Optional[Record]:
    """An utterance in pieces of Dialogflow or Snips; a list of texts alone may be one of rows."""
    pieces = record.get("data")
    if not _are_pieces(pieces) or not pieces:
        return None
    slots = [_slot(piece) is not None for piece in pieces]
    # Between two slots stands a space at least.
    sure = any("userDefined" in piece for piece in pieces)
    return _of_pieces(record) if sure or any(slots) and (
        len(slots) == 1 or not all(slots)) else None


def _utterances_of_snips(export: Record) -> Optional[List[Record]]:
    """The utterances of a data set of Snips, by intent, or None."""
    intents = export.get("intents", export)
    about = {name: export[name] for name in ("language",) if isinstance(export.get(name), str)}
    found = []
    for intent, own in intents.items() if isinstance(intents, dict) else ():
        own = own.get("utterances") if isinstance(own, dict) else own
        if not isinstance(own, list) or not own or not all(
                isinstance(one, dict) and _are_pieces(one.get("data")) for one in own):
            return None
        found += [{**about, **_of_pieces(one), "intent": intent} for one in own]
    return found or None


def class_names(feature: Any) -> Optional[List[str]]:
    """The names of the classes, or tags, of a column that Hugging Face describes, or None."""
    # A list's feature holds that of its items; older files write it as a list of one.
    inner = feature[0] if isinstance(feature, list) and feature else feature
    inner = inner.get("feature", inner) if isinstance(inner, dict) else None
    names = inner.get("names") if isinstance(inner, dict) else None
    return names if isinstance(names, list) else None


def named_values(value: Any, names: List[str]) -> Any:
    """A cell, or a list of them, with the names of its numbers."""
    if isinstance(value, list):
        return [named_values(one, names) for one in value]
    return names[value] if isinstance(value, int) and 0 <= value < len(names) else value


def _viewer_page(export: Record) -> Optional[Record]:
    """A page of rows of the viewer of Hugging Face, whose features name the numbers in its rows."""
    features, rows = export.get("features"), export.get("rows")
    if not isinstance(rows, list) or not isinstance(features, list) or not all(
            isinstance(one, dict) and "name" in one and "type" in one for one in features):
        return None
    names = {one["name"]: class_names(one["type"]) for one in features}
    return {"rows": [
        {**one, "row": {column: named_values(value, names.get(column) or [])
                        for column, value in one["row"].items()}}
        if isinstance(one, dict) and isinstance(one.get("row"), dict) else one for one in rows]}


def _viewer(record: Record) -> Optional[Record]:
    """A row of the viewer of Hugging Face."""
    row = record.get("row")
    if not isinstance(row, dict):
        return None
    if record.get("truncated_cells"):
        raise RowError(("json", f"the viewer cut off {record['truncated_cells']!r:.60}; download "
                        "the data set's files, whose cells are whole"))
    return row


_SERVICES: Tuple[Callable[[Record], Optional[Record]], ...] = (
    _vertex, _ground_truth, _labelbox, _argilla, _utterance, _viewer_page, _viewer)


def of_service(record: Record) -> Record:
    """A record of an annotation service with the usual keys; any other record as it is.

    Raises:
      RowError: if its text stands elsewhere, or its structure is another one.
    """
    if UNUSABLE in record:
        raise RowError(("span", record[UNUSABLE]))
    for bring in _SERVICES:
        try:
            found = bring(record)
        except (AttributeError, KeyError, TypeError) as error:
            raise RowError(("json", f"the record has another structure than others of its tool: "
                            f"{type(error).__name__} {error}"[:200])) from None
        if found is not None:
            return found
    return record


def utterances_of(export: Record) -> Optional[List[Record]]:
    """The utterances of a project of Azure's conversational language understanding, or of a data
    set of Snips, or None.
    """
    snips = _utterances_of_snips(export)
    if snips is not None:
        return snips
    assets = export.get("assets")
    utterances = assets.get("utterances") if isinstance(assets, dict) else None
    if not isinstance(utterances, list) or not all(isinstance(one, dict) for one in utterances):
        return None
    return [{**one, **({"split": one["dataset"]} if one.get("dataset") else {})}
            for one in utterances]
