"""Files of gold labels and predictions: a row a line, words, a tab, labels."""

import collections
import pathlib
from typing import Iterable, List, Sequence, Tuple

from xtremedistil_tf.config import GLUE
from xtremedistil_tf.data.readers.rows import DEFAULT_LANGUAGE, Example
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.runs import atomic_path


def write_predictions(path: pathlib.Path, lines: Iterable[str]) -> None:
    """Writes the lines of a predictions file."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(("\n".join(lines) + "\n").encode("utf-8"))


def write_tagged(
    folder: pathlib.Path, split: str, who: str, examples: Sequence[Example],
    predicted: Sequence[Sequence[str]],
) -> None:
    """Writes lines `words<TAB>lang:tag ...`.

    Args:
      folder: where the file goes.
      split, who: parts of its name.
      examples: the sentences.
      predicted: a tag a word of each.
    """
    write_predictions(folder / f"{split}.{who}.tsv", (
        " ".join(row.words) + "\t" + " ".join(f"{row.language}:{tag}" for tag in tags)
        for row, tags in zip(examples, predicted)))


def write_tagged_gold(folder: pathlib.Path, split: str, examples: Sequence[Example]) -> None:
    """Writes the gold tags as `write_tagged` writes predicted ones."""
    write_tagged(folder, split, "gold", examples, [row.tags for row in examples])


def write_labelled(
    folder: pathlib.Path, split: str, who: str, examples: Sequence[Example],
    predicted: Sequence[Sequence[str]],
) -> None:
    """Writes lines `text<TAB>label`, two texts where a row is a pair.

    The label has its `lang:` where the row has a language.

    Args:
      folder: where the file goes.
      split, who: parts of its name.
      examples: the texts.
      predicted: one label of each.
    """
    def prefix(row: Example) -> str:
        return "" if row.language == DEFAULT_LANGUAGE else f"{row.language}:"

    write_predictions(folder / f"{split}.{who}.tsv", (
        f"{row.text}\t{prefix(row)}{labels[0]}" for row, labels in zip(examples, predicted)))


def write_labelled_gold(folder: pathlib.Path, split: str, examples: Sequence[Example]) -> None:
    """Writes the gold labels as `write_labelled` writes predicted ones."""
    write_labelled(folder, split, "gold", examples, [row.tags for row in examples])


def write_submission(
    folder: pathlib.Path, task: str, split: str, predicted: Sequence[Sequence[str]],
    left_out: Sequence[int] = (),
) -> pathlib.Path:
    """Writes predictions on an unlabelled split as GLUE's server takes them.

    Args:
      folder: where the file goes, under GLUE's name for it.
      task: of GLUE.
      split: of the task's files.
      predicted: one label a row, in the order of the file.
      left_out: places of the file's rows, from 0 and rising, that could not be read and have no
        prediction; they get the commonest label, or the median number, since the server asks for
        every row.

    Returns:
      The file: a header, then `index<TAB>prediction` a row.
    """
    path = folder / f"{dict(GLUE[task].submission).get(split, task)}.tsv"
    answers = [labels[0] for labels in predicted]
    middle = sorted(answers, key=float)[len(answers) // 2] if GLUE[task].regression \
        else collections.Counter(answers).most_common(1)[0][0]
    for place in left_out:
        answers.insert(place, middle)
    rows = (f"{index}\t{answer}" for index, answer in enumerate(answers))
    write_predictions(path, ["index\tprediction", *rows])
    return path


def read_predictions(path: pathlib.Path) -> List[Tuple[str, str]]:
    """The rows of a predictions file: (words, labels), both as they stand there.

    Raises:
      UserError: if there is no such file.
    """
    if not path.is_file():
        raise UserError(f"file not found: {path}; a finished run has it")
    # Only the line feed ends a line: words of the corpora may hold other separators.
    lines = path.read_bytes().decode("utf-8").rstrip("\n").split("\n")
    rows = (line.rpartition("\t") for line in lines)
    return [(words, labels) for words, _, labels in rows]
