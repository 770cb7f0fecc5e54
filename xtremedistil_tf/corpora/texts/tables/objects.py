"""Reads JSON, Parquet and fastText's lines as tables, whose columns are the keys of the rows."""

import itertools
import json
from typing import Any, Dict, FrozenSet, Iterable, Iterator, List, Optional, Sequence, Tuple

from xtremedistil_tf.corpora.annotations.services import of_service
from xtremedistil_tf.corpora.annotations.tools import label_studio_spans
from xtremedistil_tf.corpora.readers.base import ReadOptions, Tally
from xtremedistil_tf.corpora.readers.exports import json_values, unpack
from xtremedistil_tf.corpora.texts.tables.cells import split_classes
from xtremedistil_tf.corpora.texts.tables.table import SAMPLE, Place, Row, Table, TableOptions
from xtremedistil_tf.data.json_rows import parse_json
from xtremedistil_tf.data.lines import RowError

_Values = Iterator[Tuple[Place, Any]]
# Column of the choices that annotators took in Label Studio.
CHOSEN = "chosen"
# Names of columns that a wrapper of rows may have, too.
_NUMBERS = frozenset({"id", "idx", "index"})


def of_records(form: str, rows: Iterator[Row], *, named: bool = True) -> Table:
    """A table of dicts, whose columns are the keys of the first rows."""
    head = list(itertools.islice(rows, SAMPLE))
    columns = dict.fromkeys(key for _, row in head if isinstance(row, dict) for key in row)
    return Table(form, tuple(map(str, columns)), named, itertools.chain(head, rows))


def _one_a_line(lines: Iterable[str]) -> _Values:
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield number, parse_json(line)
            except RowError as error:
                yield number, error


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _values(lines: Iterator[str]) -> Tuple[str, _Values]:
    """(form, values) of a file with a value a line, or of one array or some objects."""
    begin: List[str] = []
    for line in lines:
        begin.append(line)
        if sum(bool(one.strip()) for one in begin) == 2:
            break
    filled = [line for line in begin if line.strip()]
    everything = itertools.chain(begin, lines)
    # One broken line does not make the file one object.
    if len(filled) == 2 and (_is_json(filled[0]) or all(
            line.startswith("{") for line in filled) and _is_json(filled[1])):
        return "jsonl", _one_a_line(everything)
    numbered = ((number, line.rstrip("\r\n")) for number, line in enumerate(everything, 1))
    return ("json" if filled[0].lstrip().startswith("[") or len(filled) == 2 else "jsonl",
            json_values(numbered, Tally()))


def _as_object(value: Any) -> Any:
    """A text with an object about it, in a list as spaCy takes it, as one object."""
    pair = isinstance(value, list) and len(value) == 2
    if pair and isinstance(value[0], str) and isinstance(value[1], dict):
        return {"text": value[0], **value[1]}
    return value


def _by_number(values: Sequence[Any]) -> Dict[str, Any]:
    return {str(at): value for at, value in enumerate(values, 1)}


def _columns(value: Dict[str, Any], names: FrozenSet[str]) -> Optional[List[Dict[str, Any]]]:
    """The rows of an object of columns or of named rows, as pandas writes them; else None."""
    columns = value.get("columns")
    if isinstance(columns, list) and isinstance(value.get("data"), list):
        return [dict(zip(map(str, columns), row)) for row in value["data"]
                if isinstance(row, list)]
    cells = list(value.values())
    if len(cells) < 2:
        return None
    if all(isinstance(one, dict) for one in cells):
        if names.intersection(*(map(str.lower, one) for one in cells)):
            return cells
        if names & set(map(str.lower, value)) and all(list(one) == list(cells[0])
                                                      for one in cells):
            return [{name: column[at] for name, column in value.items()} for at in cells[0]]
    elif all(isinstance(one, list) for one in cells) and len(set(map(len, cells))) == 1 and not any(
            isinstance(cell, dict) for one in cells for cell in one[:1]):
        return [dict(zip(value, row)) for row in zip(*cells)]
    return None


def _choices(task: Dict[str, Any], counts: Tally, fields: Dict[str, Any]
             ) -> Iterator[Dict[str, Any]]:
    """The row of a Label Studio task: its data, and what its first annotation says.

    Args:
      task: the task.
      counts: tally to which tasks are added that an annotator cancelled.
      fields: the fields of choices of the tasks before; those of this one are added.

    Yields:
      the data with the choices of the whole text, or None without an annotation: those of the one
      field, or by field if there are several, which then are columns, too. Entities stand beside.
    """
    given = task.get("annotations") or task.get("completions")
    usable = [one for one in given if isinstance(one, dict) and not one.get("was_cancelled")] \
        if isinstance(given, list) else []
    if given and not usable:
        counts["rejected_rows"] += 1
        return
    usable.sort(key=lambda one: not one.get("ground_truth"))
    counts["several_annotations"] += len(usable) > 1
    chosen: Dict[str, List[Any]] = {}
    for one in (usable[0].get("result") if usable else None) or ():
        value = one.get("value") if isinstance(one, dict) else None
        if isinstance(value, dict) and "choices" in value and "start" not in value:
            name = str(one.get("from_name"))
            name = f"{CHOSEN} {name}" if name in task["data"] else name
            chosen.setdefault(name, []).extend(value["choices"] or ())
    fields.update(chosen)
    spans = label_studio_spans(usable[0]) if usable else []
    labels: Any = chosen if len(fields) > 1 and chosen else [*itertools.chain(*chosen.values())]
    yield {**chosen, **task["data"], CHOSEN: labels if usable else None,
           **({"entities": spans} if spans else {})}


def _is_task(value: Dict[str, Any]) -> bool:
    return isinstance(value.get("data"), dict) and any(
        isinstance(value.get(name), list) for name in ("annotations", "completions"))


def _rows(values: _Values, options: TableOptions, counts: Tally) -> Iterator[Row]:
    """Yields the rows of JSON values, without what tools and libraries wrap around them."""
    names = frozenset(options.header_names - _NUMBERS)
    head = list(itertools.islice(values, 2))
    fields: Dict[str, Any] = {}
    for place, value in itertools.chain(head, values):
        try:
            if isinstance(value, RowError):
                raise value
            if isinstance(value, dict):
                value = of_service(value)
            if isinstance(value, list):
                yield place, _by_number(value)
            elif not isinstance(value, dict):
                raise RowError(("json", f"is {value!r:.40}; needed is a JSON object"))
            elif _is_task(value):
                for row in _choices(value, counts, fields):
                    yield place, row
            else:
                held = _columns(value, names) if len(head) == 1 else None
                if held is None and len(head) == 1 and not names & set(map(str.lower, value)):
                    held = list(unpack(value, ReadOptions(), counts))
                if held is None:
                    yield place, value
                for number, row in enumerate(held or (), 1):
                    yield f"record {number}", row
        except RowError as error:
            yield place, error


def read_json(lines: Iterator[str], options: TableOptions, counts: Tally) -> Table:
    """Opens JSON: a value a line, an array, or an object that holds rows or columns.

    Args:
      lines: the file's lines, with their ends.
      options: information that the file does not contain.
      counts: tally to which rows are added that an annotator rejected.
    """
    form, given = _values(lines)
    values = ((place, _as_object(value)) for place, value in given)
    head = list(itertools.islice(values, SAMPLE))
    named = any(isinstance(value, dict) for _, value in head)
    return of_records(form, _rows(itertools.chain(head, values), options, counts), named=named)


def read_fasttext(lines: Iterator[str]) -> Table:
    """Opens fastText's lines: classes (`__label__sports`), then the text."""
    def rows() -> Iterator[Row]:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            found = split_classes(line)
            if found is None:
                yield number, RowError(("no_label", f"{line.strip()!r:.60} has no __label__ before "
                                        "its text"))
            else:
                yield number, {"text": found[-1], "labels": found[:-1]}

    return of_records("fasttext", rows())
