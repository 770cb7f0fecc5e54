"""Several layers of entities, of which a word has one tag: refused where none is named."""

from typing import Any, Dict, Iterable, Optional, Sequence

from xtremedistil_tf.corpora.annotations.keys import is_placed, is_spans, plain_key
from xtremedistil_tf.corpora.annotations.written import read_written
from xtremedistil_tf.data.lines import RowError
from xtremedistil_tf.data.readers.recognise import CHUNKS, is_tag
from xtremedistil_tf.errors import UserError

Record = Dict[str, Any]
# Rows that show whether a column holds lists of entities.
_SAMPLE = 500


def _refuse(first: str, other: str) -> None:
    raise RowError(("layers", f"entities stand under {first!r} and under {other!r}; "
                    f"--tag_column={first} or --tag_column={other} says which to read"))


def _is_predicted(name: str) -> bool:
    """True for the name of what a model said, beside what people did."""
    return plain_key(name).startswith(("pred", "suggest"))


def refuse_other_spans(record: Record, name: str) -> None:
    """Refuses entities under a second key, with the same keys of their own but others than these.

    Predictions that stand beside are none.

    Args:
      record: the record.
      name: key of its entities.

    Raises:
      RowError: with both keys.
    """
    own = record[name]
    keys = set(own[0]) if isinstance(own[0], dict) else None
    for other, value in record.items() if keys else ():
        if _is_predicted(other) or value == own or not isinstance(value, list):
            continue
        if value and isinstance(value[0], dict) and set(value[0]) == keys and is_placed(value[0]):
            _refuse(name, other)


def have_entities(tags: Iterable[str]) -> bool:
    """True if there are tags of entities, rather than of phrases (B-NP), in a scheme's letters."""
    return not CHUNKS.issuperset(tag[2:] for tag in tags if tag != "O" and is_tag(tag))


def _is_layer(value: Any, outside: Sequence[bool]) -> bool:
    """True for entities' tags of words: in a scheme, or outside at the same words as others."""
    if not isinstance(value, list) or len(value) != len(outside) or "O" not in value or not all(
            isinstance(one, str) for one in value):
        return False
    if all(map(is_tag, value)):
        return have_entities(value)
    return [one == "O" for one in value] == outside


def refuse_other_tags(record: Record, tags: Sequence[Any]) -> None:
    """Refuses a second list of entities' tags for the same words, with other entities.

    Predictions that stand beside are none.

    Args:
      record: the record.
      tags: the tags that are read.

    Raises:
      RowError: with both keys.
    """
    outside = [tag == "O" for tag in tags]
    if all(outside) or not any(isinstance(tag, str) for tag in tags):
        return
    first: Optional[str] = None
    for name, value in record.items():
        if value == list(tags):
            first = first or name
        elif not _is_predicted(name) and _is_layer(value, outside):
            # They may stand in tokens that are objects.
            own = (key for key, one in record.items() if one == list(tags))
            _refuse(first or next(own, "tokens"), name)


def are_spans(cell: str) -> bool:
    """True if a cell holds a list of entities, perhaps an empty one."""
    try:
        return is_spans(read_written(cell))
    except RowError:
        return False


def spans_column(rows: Sequence[Sequence[str]]) -> Optional[int]:
    """Index of the column that holds lists of entities, as in Label Studio's CSV; None without.

    Args:
      rows: first rows of a table, of one width.

    Raises:
      UserError: if two columns hold different ones.
    """
    found: Dict[Sequence[str], int] = {}
    for at, column in enumerate(zip(*rows)):
        cells = [cell for cell in column[:_SAMPLE] if cell.strip() not in ("", "[]")]
        if sum(map(are_spans, cells)) >= max(1, 0.5 * len(cells)):
            found.setdefault(column[1:], at)
    places = list(found.values())
    if len(places) > 1:
        raise UserError(f"columns {' and '.join(str(at + 1) for at in places)} hold entities; a "
                        "word has one tag: keep one of them")
    return places[0] if places else None
