"""Checks of exports: equal logits to the Keras student, and the score on dev."""

import logging
import pathlib
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np
from tokenizers import Tokenizer

from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.files.contents import write_json
from xtremedistil_tf.inference.runtimes.load import CHECK_FILE, INT8_LOSS
from xtremedistil_tf.inference.text_model import TextModel
from xtremedistil_tf.tasks import task_kind

# Largest error of a float32 export, relative to the largest logit.
TOLERANCE = 1e-5

# Words that a graph must read as the tokenizer does: scripts, marks, white space, special tokens.
_WORDS = tuple(" ".join((
    "Angela Merkel's U.S.-Präsident, 3,5% (well-known) naïve ﬁne ½ ℡ № Ⅷ ＡＢＣ１２ ªº™ x² ``a''",
    "Zoe\u0301\u0323 e\u0301 İstanbul ΑΣΣ Straße «Москва», й ёлка Ελλάδα מָלֵא שלום العَرَبِيَّة \u06dd١",
    "فارسی‌ها हिन्दी क़लम বাংলা தமிழ் ไทยนี้ 東京タワー ﾊﾟｿｺﾝ が が 한국어 각 ភាសាខ្មែរ မြန်မာ",
    "𝔘𝔫𝔦 \u200b a\u200db a\u00a0\u3000b \r\nx\x07 \ufffd \U0002f81a \u0300a ａ\u0301 😀👩‍👩‍👧",
    "▁a▁▁b <unk> [MASK] <s>", "x" * 120)).split(" ")) + ("",)

log = logging.getLogger("absl")


def first_difference(
    read: Callable[[List[str]], Tuple[np.ndarray, np.ndarray]], tokenizer: Tokenizer
) -> Optional[str]:
    """Compares a tokenizer's graph with the tokenizer, on words of many scripts.

    Args:
      read: the graph: words to int32 [tokens] ids of the tokenizer, and int32 [tokens] index of
        each token's word.
      tokenizer: the tokenizer.

    Returns:
      The first word with other subword tokens; None if there is none.
    """
    ids, owner = read(list(_WORDS))
    encoding = tokenizer.encode(list(_WORDS), is_pretokenized=True, add_special_tokens=False)
    for place, word in enumerate(_WORDS):
        expected = [piece for piece, of in zip(encoding.ids, encoding.word_ids) if of == place]
        if ids[owner == place].tolist() != expected:
            return word
    return None


def check_equal(
    name: str, run: Callable[[np.ndarray], np.ndarray], keras: Callable[[np.ndarray], np.ndarray],
    *, size: int, seq_len_limit: Optional[int] = None, separator: Optional[int] = None,
    tolerance: float = TOLERANCE,
) -> float:
    """Compares the logits of an exported model and the Keras student on random sequences.

    Args:
      name: name of the model, for the message.
      run, keras: forward passes, int32 [batch, time] to float32 logits.
      size: rows of the embedding; random ids lie below it.
      seq_len_limit: longest sequence of the models; None without a limit.
      separator: id of the separator token, for students of pairs. It is placed in the middle of
        every second sequence.
      tolerance: largest difference allowed.

    Returns:
      The largest difference, relative to the largest logit (at least 1).

    Raises:
      RuntimeError: if the difference is above the tolerance, which is a fault of ours.
    """
    random = np.random.default_rng(0)
    lengths = np.minimum([1, 2, 3, 7, 24, 40], seq_len_limit or 40)
    ids = random.integers(1, size, (len(lengths), lengths.max()), dtype=np.int32)
    real = np.arange(lengths.max())[None] < lengths[:, None]
    if separator is not None:
        ids[np.arange(1, len(ids), 2), lengths[1::2] // 2] = separator
    ids = np.where(real, ids, 0).astype(np.int32)
    expected = keras(ids)
    # The tolerance is relative: logits may be large.
    differences = np.abs(run(ids) - expected)
    if differences.ndim == 3:  # A pooling student has no padding in its logits.
        differences = differences[real]
    error = float(differences.max() / max(1.0, float(np.abs(expected).max())))
    if not error <= tolerance:
        raise RuntimeError(f"{name} differs from the Keras student by {error:.2g}")
    return error


def dev_scores(model: TextModel, examples: Sequence[Any]) -> Dict[str, float]:
    """Scores a student in any runtime on labelled examples, 0 to 100.

    Args:
      model: the student.
      examples: the examples. Kinds of task with a limit read the first ones only.

    Returns:
      {"dev_<measure>": score} for the first measure of the kind of task.
    """
    kind = task_kind(model.kind)
    examples = examples[:kind.most_checked]
    scores = kind.score([row.tags for row in examples], model.predict(examples),
                        [row.language for row in examples], model.labels)
    return {f"dev_{name}": scores[name] for name in kind.measures[:1]}


def write_check(
    folder: pathlib.Path, files: Mapping[str, str], errors: Mapping[str, float],
    load: Callable[[str], TextModel], dev: Optional[Sequence[Example]],
) -> Dict[str, Any]:
    """Writes check.json for a folder that holds a model in float32, int8 and perhaps float16.

    Args:
      folder: folder of the models.
      files: file names by "float32", "int8" and perhaps "float16".
      errors: results of `check_equal`, of all but int8.
      load: loads the model "float32", "int8" or "float16".
      dev: labelled examples that measure the loss of int8; None skips this.

    Returns:
      The contents of check.json: for each model its bytes and, with `dev`, its score; for all but
      int8 also the error.
    """
    record: Dict[str, Any] = {}
    for form, name in files.items():
        record[form] = {"error": errors[form]} if form in errors else {}
        record[form]["bytes"] = (folder / name).stat().st_size
        if dev:
            record[form].update(dev_scores(load(form), dev))
    write_json(folder / CHECK_FILE, record)
    return record


def report_check(name: str, record: Dict[str, Any], kind: str) -> None:
    """Logs sizes, the error and, if measured, the loss of int8.

    Args:
      name: name of the export format.
      record: result of `write_check`.
      kind: name of the kind of task.
    """
    float32, int8 = record["float32"], record["int8"]
    log.info("%s: float32 %.2f MB, largest error %.1g; int8 %.2f MB", name,
             float32["bytes"] / 1e6, float32["error"], int8["bytes"] / 1e6)
    for key in (key for key in int8 if key.startswith("dev_")):
        lost = float32[key] - int8[key]
        level = logging.WARNING if lost > INT8_LOSS else logging.INFO
        log.log(level, "%s int8 on dev, whole texts: %s %.2f, float32 %.2f (%.2f %s)", name,
                task_kind(kind).scores[key[4:]], int8[key], float32[key], abs(lost),
                "lost" if lost > 0 else "gained")
