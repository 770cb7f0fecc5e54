"""Brings the records of annotation tools to the usual keys: tokens and tags, text and entities."""

from typing import Any, Dict, Iterator, List, Optional, Sequence, Union

from xtremedistil_tf.corpora.annotations.answers import RESPONSES, given_answers
from xtremedistil_tf.corpora.annotations.keys import is_placed, is_spans
from xtremedistil_tf.data.lines import RowError

Record = Dict[str, Any]


def list_of(value: Any, name: str) -> List[Any]:
    """Returns the value if it is a list.

    Raises:
      RowError: if it is not; the message names the key.
    """
    if not isinstance(value, list):
        raise RowError(("json", f"{name!r} is {value!r:.40}; needed is a list"))
    return value


def objects_of(value: Any, name: str) -> List[Record]:
    """Returns the value if it is a list of objects; see `list_of`."""
    for one in list_of(value, name):
        if not isinstance(one, dict):
            raise RowError(("json", f"{name!r} holds {one!r:.40}; needed are objects"))
    return value


def _by_name(groups: Record) -> Union[Record, List[Record]]:
    """Entities that are objects under their ids, or in lists under their types, as GATE writes.

    Other values are returned as they are.
    """
    values = list(groups.values())
    if values and all(isinstance(one, dict) and is_placed(one) for one in values):
        return values
    if not any(values) or not all(isinstance(own, list) and all(
            isinstance(one, dict) and is_placed(one) for one in own) for own in values):
        return groups
    return [{**one, "label": label} for label, own in groups.items() for one in own]


def with_spans(record: Record) -> Record:
    """Lists entities that are grouped by type, as in CLUENER, or have names."""
    for name in ("label", "entities", "labels"):
        types = record.get(name)
        if not isinstance(types, dict):
            continue
        spans: List[Record] = []
        for label, places in types.items():
            named = places.items() if isinstance(places, dict) else [(None, places)]
            for surface, found in named:
                if not isinstance(found, list) or not all(
                        isinstance(one, list) and len(one) == 2 for one in found):
                    return {**record, name: _by_name(types)}
                spans += [{"start": one[0], "end": one[1], "label": label, "text": surface}
                          for one in found]
        return {**record, name: spans}
    return record


def of_argilla(record: Record) -> Record:
    """Gives a flat record of Argilla 2 the entities of its first annotator under `entities`."""
    names = [name for name, value in record.items() if name.endswith(RESPONSES)
             and isinstance(value, list) and value and isinstance(value[0], list)
             and is_spans(value[0])]
    found = next(iter(given_answers(record, names[0])), None) if names else None
    return record if found is None or "entities" in record else {**record, "entities": found}


def of_automl(record: Record) -> Record:
    """Gives a record of Google's AutoML its text under `text`."""
    for name in ("text_snippet", "textSnippet"):
        snippet = record.get(name)
        if isinstance(snippet, dict) and "text" not in record:
            return {**record, "text": snippet.get("content")}
    return record


def of_spacy(document: Record) -> Iterator[Record]:
    """The sentences of a document in spaCy 2's training format."""
    for paragraph in objects_of(document["paragraphs"], "paragraphs"):
        for sentence in objects_of(paragraph.get("sentences"), "sentences"):
            tokens = objects_of(sentence.get("tokens"), "tokens")
            yield {"tokens": [token.get("orth") for token in tokens],
                   "ner_tags": [token.get("ner") for token in tokens]}


def by_sentence(document: Record) -> Iterator[Record]:
    """The sentences of a document in SciERC's format; offsets count the document's tokens."""
    before = 0
    for words, spans in zip(document["sentences"], document["ner"]):
        yield {"tokenized_text": list_of(words, "sentences"),
               "ner": [[one - before if isinstance(one, int) else one
                        for one in list_of(span, "ner")] for span in list_of(spans, "ner")]}
        before += len(words)


def label_studio_spans(annotation: Record) -> List[Record]:
    """The entities of a Label Studio annotation; a region's choices and notes are none."""
    spans = []
    for result in list_of(annotation.get("result") or [], "result"):
        value = result.get("value") if isinstance(result, dict) else None
        form = str(result.get("type", "labels")) if isinstance(result, dict) else ""
        if isinstance(value, dict) and "start" in value and form.endswith("labels"):
            label = next((value[name] for name in (form, "labels", "hypertextlabels")
                          if name in value), None)
            outer = value.get("globalOffsets")
            places = outer if isinstance(outer, dict) else value
            spans.append({"start": places.get("start"), "end": places.get("end"),
                          "labels": label, "text": value.get("text"),
                          "control": str(result.get("from_name"))})
    return spans


def of_control(spans: Sequence[Record], wanted: Optional[str], seen: Dict[str, None]
               ) -> List[Record]:
    """The entities of one label control of Label Studio, of which a task may have several.

    Args:
      spans: the entities of `label_studio_spans`.
      wanted: the control's name; None if there is only one.
      seen: names of the controls of the tasks before; those of this one are added.

    Raises:
      RowError: for several controls of which none is named: their types would be of one layer.
    """
    seen.update(dict.fromkeys(span["control"] for span in spans))
    if wanted is None and len(seen) > 1:
        raise RowError(("controls", f"entities of {len(seen)} label controls: "
                        f"{', '.join(seen)}; --tag_column=NAME says which to read"))
    return [span for span in spans if wanted in (None, span["control"])]
