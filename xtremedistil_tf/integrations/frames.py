"""Students on a column of a table of pandas or Polars; a frame brings its library."""

import importlib
import pathlib
from typing import Any, Dict, List, Optional, Tuple, Union

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference.runtimes.load import load
from xtremedistil_tf.inference.text_model import TextModel
from xtremedistil_tf.tasks import task_kind

_LIBRARIES = ("pandas", "polars")


def _library(frame: Any) -> str:
    name = type(frame).__module__.partition(".")[0]
    if name not in _LIBRARIES or type(frame).__name__ != "DataFrame":
        raise UserError(f"the table is a {type(frame).__module__}.{type(frame).__name__}; allowed: "
                        "a DataFrame of pandas or Polars")
    return name


def _texts(frame: Any, column: str) -> List[Any]:
    """The values of a column; None where a text is missing."""
    if column not in frame.columns:
        raise UserError(f"there is no column {column!r}; there are {', '.join(frame.columns)}")
    values = [None if value is None or value != value else value for value in
              frame[column].to_list()]
    wrong = next((value for value in values if value is not None and not isinstance(value, str)),
                 None)
    if wrong is not None:
        raise UserError(f"column {column} holds {wrong!r}; allowed: texts")
    return values


def _parts(model: TextModel, results: List[Any]) -> Dict[str, List[Any]]:
    """The new columns by name: the entities of a tagger, else the keys of a result."""
    if task_kind(model.kind).tags_words:
        return {"entities": results}
    keys = [key for key in dict.fromkeys(key for row in results if row for key in row)
            if key not in ("cut", "scores")]
    return {key: [None if row is None else row.get(key) for row in results] for key in keys}


def tag_column(
    frame: Any, column: Union[str, Tuple[str, str]],
    model: Union[TextModel, str, pathlib.Path], *, prefix: str = "",
    runtime: Optional[str] = None,
) -> Any:
    """Reads a column of texts with a student; returns the table with further columns.

    Args:
      frame: a DataFrame of pandas or Polars. It is not changed.
      column: name of the column of texts; two names for a student that takes pairs, or a question
        and its text.
      model: a student from `load`, or its folder or hub name.
      prefix: in front of the names of the new columns: entities of a tagger (a list of dicts a
        row), label and score of a classifier, labels, score of a regression, answer, score, start,
        end and null_odds of an answerer.
      runtime: see `load`, for a folder.

    Returns:
      A DataFrame of the same library. A row without text has no values.

    Raises:
      UserError: if there is no such column, it holds other values than texts, or a new column is
        there already.

    Example:
      tag_column(pandas.read_csv("reviews.csv"), "text", "runs/demo")["entities"]
    """
    library = _library(frame)
    student = model if isinstance(model, TextModel) else load(model, runtime)
    names = [column] if isinstance(column, str) else list(column)
    if len(names) != (2 if student.pairs else 1):
        raise UserError(f"columns are {', '.join(names)}; this student takes "
                        f"{'two texts' if student.pairs else 'one text'} a row")
    rows = list(zip(*(_texts(frame, name) for name in names)))
    there = [place for place, row in enumerate(rows) if None not in row]
    asked = [rows[place] if student.pairs else rows[place][0] for place in there]
    results: List[Any] = [None] * len(rows)
    for place, found in zip(there, student(asked) if asked else []):
        results[place] = found
    new = {f"{prefix}{key}": values for key, values in _parts(student, results).items()}
    taken = [name for name in new if name in frame.columns]
    if taken:
        raise UserError(f"the table has a column {taken[0]} already; name a prefix")
    if library == "pandas":
        return frame.assign(**new)
    polars = importlib.import_module("polars")
    # A first row without entities does not say what they look like.
    entity = polars.Struct({"entity_group": polars.String, "score": polars.Float64,
                            "word": polars.String, "start": polars.Int64, "end": polars.Int64})
    kinds = {f"{prefix}entities": polars.List(entity)}
    return frame.with_columns(
        polars.Series(name, values, dtype=kinds.get(name)) for name, values in new.items())
