"""What an exported form is held against: the Keras student's logits, and the score on dev."""

import logging
import pathlib
from typing import Any, Callable, Dict, Mapping, Optional, Sequence

import numpy as np

from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.inference.text_model import TextModel
from xtremedistil_tf.runs import write_json
from xtremedistil_tf.tasks import task_kind

CHECK_FILE = "check.json"
_TOLERANCE = 1e-5
# Points of macro-F1 or accuracy that int8 may lose before we warn.
_INT8_LOSS = 0.3

log = logging.getLogger("absl")


def check_equal(
    name: str, run: Callable[[np.ndarray], np.ndarray], keras: Callable[[np.ndarray], np.ndarray],
    *, size: int, seq_len_limit: Optional[int] = None, separator: Optional[int] = None,
) -> float:
    """Largest difference between an exported model and the Keras one on rows of all lengths.

    Args:
      name: of the model, for the message.
      run, keras: their forward passes, int32 [batch, time] to float32 logits.
      size: ids are drawn below it.
      seq_len_limit: length of the longest sequence that they take; None if nothing limits it.
      separator: of pairs, put into the middle of every second row.

    Raises:
      RuntimeError: if it is above the tolerance; that would be our fault.
    """
    random = np.random.default_rng(0)
    lengths = np.minimum([1, 2, 3, 7, 24, 40], seq_len_limit or 40)
    ids = random.integers(1, size, (len(lengths), lengths.max()), dtype=np.int32)
    real = np.arange(lengths.max())[None] < lengths[:, None]
    if separator is not None:
        ids[np.arange(1, len(ids), 2), lengths[1::2] // 2] = separator
    ids = np.where(real, ids, 0).astype(np.int32)
    expected = keras(ids)
    # Logits have no unit: the tolerance holds for their own size.
    differences = np.abs(run(ids) - expected)
    if differences.ndim == 3:  # Else a row has one vector, and none is padding.
        differences = differences[real]
    error = float(differences.max() / max(1.0, float(np.abs(expected).max())))
    if not error <= _TOLERANCE:
        raise RuntimeError(f"{name} differs from the Keras student by {error:.2g}")
    return error


def dev_scores(model: TextModel, examples: Sequence[Any]) -> Dict[str, float]:
    """What a runtime reaches on labelled rows, 0 to 100.

    Args:
      model: any runtime's.
      examples: the rows, of which the first are read if the kind of task bounds them.

    Returns:
      By the name of the kind's measure, behind "dev_".
    """
    kind = task_kind(model.kind)
    examples = examples[:kind.most_checked]
    scores = kind.score([row.tags for row in examples], model.predict(examples),
                        [row.language for row in examples], model.labels)
    return {f"dev_{name}": scores[name] for name in kind.measures[:1]}


def write_check(
    folder: pathlib.Path, files: Mapping[str, str], error: float,
    load: Callable[[str], TextModel], dev: Optional[Sequence[Example]],
) -> Dict[str, Any]:
    """Writes check.json of a folder that holds a model in float32 and int8.

    Args:
      folder: of the models.
      files: the model's file name by "float32" and "int8".
      error: what `check_equal` gave for float32.
      load: opens a form.
      dev: labelled rows on which the loss through int8 is measured; left out if None.

    Returns:
      What is written: by form bytes and, with `dev`, the score there; for float32 error.
    """
    record: Dict[str, Any] = {"float32": {"error": error}, "int8": {}}
    for form, name in files.items():
        record[form]["bytes"] = (folder / name).stat().st_size
        if dev:
            record[form].update(dev_scores(load(form), dev))
    write_json(folder / CHECK_FILE, record)
    return record


def report_check(name: str, record: Dict[str, Any], kind: str) -> None:
    """Tells sizes, error and, where it was measured, what int8 loses.

    Args:
      name: of the form, for the reader.
      record: what `write_check` returned.
      kind: name of the kind of task.
    """
    float32, int8 = record["float32"], record["int8"]
    log.info("%s: float32 %.2f MB, largest error %.1g; int8 %.2f MB", name,
             float32["bytes"] / 1e6, float32["error"], int8["bytes"] / 1e6)
    for key in (key for key in int8 if key.startswith("dev_")):
        lost = float32[key] - int8[key]
        level = logging.WARNING if lost > _INT8_LOSS else logging.INFO
        log.log(level, "%s int8 on dev: %s %.2f, float32 %.2f (%.2f lost)", name,
                task_kind(kind).scores[key[4:]], int8[key], float32[key], lost)
