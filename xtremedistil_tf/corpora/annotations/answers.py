"""Annotators' answers: rows and entities that they excluded."""

from typing import Any, Dict, Iterable, List, Sequence

from xtremedistil_tf.corpora.annotations.keys import plain_key

# Answers (Prodigy, Argilla, Label Studio and others), and those that exclude a row or an entity.
ANSWERS = ("answer", "status", "state", "review_status", "annotation_status")
_REJECTED = frozenset({"reject", "rejected", "ignore", "ignored", "discard", "discarded", "skip",
                       "skipped", "invalid", "delete", "deleted", "removed", "declined",
                       "cancelled", "canceled"})
# States of a record that waits for its annotator, and the keys of what one would have given.
_WAITING = frozenset({"pending", "default", "unlabeled", "unlabelled", "unannotated", "to_do",
                      "todo"})
_GIVEN = ("annotation", "annotations", "entities", "responses")
# Questions with yes or no; a no to the first excludes a row, and a yes to the second.
_KEEPS = ("accepted", "accept", "approved", "is_valid", "is_accepted", "is_approved")
_EXCLUDES = ("was_cancelled", "was_canceled", "cancelled", "canceled", "rejected", "reject",
             "is_rejected", "deleted", "is_deleted", "discarded", "is_discarded", "skipped",
             "is_skipped", "ignored", "is_ignored")
# In a row these are data, such as whether an answer is right; in an entity LightTag's review.
_KEEPS_ENTITY = ("correct", "is_correct")
_YES, _NO = ("true", "yes", "1"), ("false", "no", "0")
# Argilla 2 lists a question's answers under its name with this ending, beside their states.
RESPONSES, _STATES = ".responses", ".responses.status"


def _rejects(record: Dict[str, Any], keeps: Sequence[str]) -> bool:
    given = {plain_key(name): str(value).strip().lower() for name, value in record.items()
             if isinstance(value, (str, int))}
    return any(given.get(name) in _REJECTED for name in (*ANSWERS, *keeps)) or any(
        given.get(name) in _NO for name in keeps) or any(
            given.get(name) in _YES for name in _EXCLUDES)


def is_rejected(record: Dict[str, Any]) -> bool:
    """True if an annotator excluded a record; in Argilla's, if none of several kept it."""
    return _rejects(record, _KEEPS) or any(
        name.endswith(_STATES) and not any(_kept(value)) for name, value in record.items())


def is_kept(state: Any) -> bool:
    """True if one of Argilla's answers is one, by its state; a draft was not handed in."""
    return str(state).lower() not in _REJECTED | {"draft"}


def _kept(states: Any) -> List[bool]:
    """For each of Argilla's answers whether it is one."""
    given = states if isinstance(states, list) else [states]
    return [is_kept(state) for state in given] or [True]


def is_unannotated(record: Dict[str, Any]) -> bool:
    """True if a record says that nobody annotated it: its state, and no answer beside it."""
    given = {plain_key(name): value for name, value in record.items()}
    waits = any(str(given.get(name)).lower() in _WAITING for name in ANSWERS)
    answers = [value for name, value in given.items() if name in _GIVEN or name.endswith(
        RESPONSES)]
    return waits and bool(answers) and not any(answers)


def given_answers(record: Dict[str, Any], responses: str) -> List[Any]:
    """The answers under one of Argilla's keys, without those that were discarded or drafts."""
    answers, states = record[responses], record.get(responses[:-len(RESPONSES)] + _STATES)
    if not isinstance(states, list) or len(states) != len(answers):
        return answers
    return [answer for answer, kept in zip(answers, _kept(states)) if kept]


def without_rejected(entities: Iterable[Any]) -> List[Any]:
    """The entities that no annotator excluded."""
    return [one for one in entities
            if not (isinstance(one, dict) and _rejects(one, (*_KEEPS, *_KEEPS_ENTITY)))]
