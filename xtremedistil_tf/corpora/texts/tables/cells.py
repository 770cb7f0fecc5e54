"""Values of cells as texts and labels; what is neither is refused, never printed as Python."""

import re
from typing import Any, Dict, List, Optional

from xtremedistil_tf.corpora.annotations.written import read_written
from xtremedistil_tf.corpora.readers.base import Tally
from xtremedistil_tf.corpora.texts.tables.table import Record
from xtremedistil_tf.data.lines import RowError
from xtremedistil_tf.data.readers.recognise import CLASSES
from xtremedistil_tf.data.several_labels import split_labels

_CLASS = re.compile(r"__label__(\S+?)(?:,(?=__label__)|,?(?=\s|$))")
# Names of a label's name where a label is an object.
_NAMES = ("name", "label", "class")
# What may stand beside it; an entity has a place, too.
_BESIDE = frozenset({*_NAMES, "id", "index", "score", "confidence", "color", "description"})
# Keys of a label's share, where each label is an object.
_SHARES = ("score", "confidence", "probability")
# Least share of a label of a text that may have several.
_LEAST = 0.5
# Shares that differ by less, of all shares of a row, are nearly a tie.
_TIE = 0.1


def text_of(value: Any) -> str:
    """A cell as text: None is empty, true or false in lower case, words of a list joined.

    Raises:
      RowError: for an object, or a list of anything but texts and numbers.
    """
    if isinstance(value, (list, tuple)):
        if not all(isinstance(one, (str, int, float)) for one in value):
            raise RowError(("json", f"{value!r:.60}; needed is a text"))
        return " ".join(map(_scalar, value))
    return _scalar(value)


def _listed(cell: str) -> Any:
    """The words of a list that is written as text; a text that only begins like one as it is.

    Raises:
      RowError: for a list that numpy shortened.
    """
    try:
        return read_written(cell)
    except RowError:
        if " ... " in cell:
            raise
        return cell


def text_in(row: Record, name: str, counts: Tally) -> str:
    """The text in a column; the words of a list, also of one written as text, are joined.

    Args:
      row: the row.
      name: name of the column.
      counts: tally to which lists that are written as text are added.

    Raises:
      RowError: with the column, for a cell that is no text.
    """
    value = row.get(name)
    try:
        if isinstance(value, str) and value.startswith(("['", '["')):
            value = _listed(value)
            counts["written_lists"] += isinstance(value, list)
        return text_of(value)
    except RowError as error:
        raise RowError((error.problems[0][0], f"the column {name!r} holds {error}")) from None


def shown(value: Any) -> str:
    """A cell of any kind as text, to look at it; see `text_of`."""
    try:
        return text_of(value)
    except RowError:
        return ""


def _scalar(value: Any) -> str:
    if value is None or isinstance(value, float) and value != value:  # NaN of a table of pandas.
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):  # A binary column of Parquet.
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise RowError(("not_utf8", f"{value!r:.60}; needed is text in UTF-8")) from None
    if isinstance(value, (dict, list, tuple, set)):
        raise RowError(("json", f"{value!r:.60}; needed is a text"))
    return str(value)


def shares_of(value: Any) -> Optional[Dict[str, float]]:
    """The shares of labels of an object or of a list of objects; None for other values.

    Example:
      >>> shares_of([{"label": "pos", "score": 0.7}, {"label": "neg", "score": 0.3}])
      {'pos': 0.7, 'neg': 0.3}
    """
    if isinstance(value, dict):
        return value if value and all(map(_is_share, value.values())) else None
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        return None
    found: Dict[str, float] = {}
    for one in value:
        names = [one[name] for name in _NAMES if isinstance(one.get(name), str)]
        shares = [one[name] for name in _SHARES if _is_share(one.get(name))]
        if len(names) != 1 or len(shares) != 1 or not set(one) <= _BESIDE:
            return None
        found[names[0]] = shares[0]
    return found or None


def _is_share(value: Any) -> bool:
    return isinstance(value, (bool, int, float)) and value == value  # NaN is none.


def _of_shares(shares: Dict[str, float], several: bool, counts: Tally) -> List[str]:
    """The labels of shares: the best one, or several from a half; what is lost is counted.

    Raises:
      RowError: for a tie.
    """
    if several:
        counts["soft_several"] += any(share not in (0, 1) for share in shares.values())
        return [name for name, share in shares.items() if share >= _LEAST]
    ranked = sorted(shares.values(), reverse=True)
    best = [name for name, share in shares.items() if share == ranked[0]]
    if len(best) > 1 and ranked[0]:
        raise RowError(("several_labels", f"{len(best)} labels: {', '.join(best)!r:.60}; "
                        "--kind=multilabel reads several"))
    if len(ranked) > 1 and ranked[1]:
        counts["soft_labels"] += 1
        counts["soft_ties"] += ranked[0] - ranked[1] < _TIE * sum(map(abs, ranked))
    return best if ranked[0] else []


def _of_object(value: Any, several: bool, counts: Tally) -> List[str]:
    """The labels of an object: of `{"name": ...}`, or of spaCy's `{"pos": 1.0, "neg": 0.0}`.

    Raises:
      RowError: for an object of another form, or one that does not say which label it is.
    """
    shares = shares_of(value)
    if shares is not None:
        return _of_shares(shares, several, counts)
    if value and all(isinstance(one, list) for one in value.values()):  # Label Studio's.
        if len(value) == 1:
            return labels_of_cell(*value.values(), several=several, counts=counts)
        raise RowError(("several_labels", f"the label is chosen in {' and in '.join(value)}; "
                        "--label_column=NAME says which to learn"))
    named = [value[name] for name in _NAMES if isinstance(value.get(name), str)]
    if len(named) == 1 and set(value) <= _BESIDE:
        return named
    raise RowError(("json", f"the label is {value!r:.60}; needed is a text, a list of texts, or "
                    "an object of labels and their shares"))


def labels_of_cell(value: Any, *, several: bool = False, whole: bool = False,
                   counts: Optional[Tally] = None) -> List[str]:
    """The labels of a cell: those of a list or object, also of one written as text, or the text.

    Args:
      value: the cell.
      several: True if a text may have several labels; a text is then split at commas.
      whole: True if a text is always one label.
      counts: tally to which labels are added that were chosen by their shares.

    Raises:
      RowError: for a cell that holds no labels.
    """
    if isinstance(value, str) and not whole:
        value = _CLASS.findall(value) if CLASSES.fullmatch(value) else read_written(value)
    counts = Tally() if counts is None else counts
    if isinstance(value, dict):
        return _of_object(value, several, counts)
    shares = shares_of(value)
    if shares is not None and (several or len(shares) > 1):
        return _of_shares(shares, several, counts)
    if isinstance(value, (list, tuple)):
        return [label for one in value for label in (
            _of_object(one, several, counts) if isinstance(one, dict) else [_scalar(one).strip()])]
    text = _scalar(value).strip()
    return split_labels(text) if several else [text]


def split_classes(line: str) -> Optional[List[str]]:
    """(classes..., text) of a line of fastText; None for another line."""
    begin = CLASSES.match(line)
    if begin is None:
        return None
    return [*_CLASS.findall(begin.group()), re.sub(r"^,\s+", "", line[begin.end():]).strip()]
