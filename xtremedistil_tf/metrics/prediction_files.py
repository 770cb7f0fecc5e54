"""Files of gold labels and predictions: one row a line, with words, a tab and labels."""

import collections
import pathlib
from typing import Iterable, List, Sequence, Tuple

from xtremedistil_tf.config import GLUE
from xtremedistil_tf.data.readers.rows import Example, language_prefix
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.atomic import atomic_path


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
      folder: folder of the file.
      split, who: parts of its name.
      examples: the sentences.
      predicted: tags of each sentence, one for each word.
    """
    write_predictions(folder / f"{split}.{who}.tsv", (
        " ".join(row.words) + "\t" + " ".join(f"{row.language}:{tag}" for tag in tags)
        for row, tags in zip(examples, predicted)))


def write_tagged_gold(folder: pathlib.Path, split: str, examples: Sequence[Example]) -> None:
    """Writes gold tags in the format of `write_tagged`."""
    write_tagged(folder, split, "gold", examples, [row.tags for row in examples])


def write_labelled(
    folder: pathlib.Path, split: str, who: str, examples: Sequence[Example],
    predicted: Sequence[Sequence[str]],
) -> None:
    """Writes lines `text<TAB>label`, or `text<TAB>text<TAB>label` for pairs.

    The label has a `lang:` prefix if the row has a language.

    Args:
      folder: folder of the file.
      split, who: parts of its name.
      examples: the texts.
      predicted: labels of each text, one or, with commas between, several.
    """
    write_predictions(folder / f"{split}.{who}.tsv", (
        f"{row.text}\t{language_prefix(row.language)}{','.join(labels)}"
        for row, labels in zip(examples, predicted)))


def write_labelled_gold(folder: pathlib.Path, split: str, examples: Sequence[Example]) -> None:
    """Writes gold labels in the format of `write_labelled`."""
    write_labelled(folder, split, "gold", examples, [row.tags for row in examples])


def write_submission(
    folder: pathlib.Path, task: str, split: str, predicted: Sequence[Sequence[str]],
    *, left_out: Sequence[int] = (),
) -> pathlib.Path:
    """Writes predictions on an unlabelled split in the format of GLUE's server.

    Args:
      folder: folder of the file; GLUE defines the file's name.
      task: name of the GLUE task.
      split: one of the task's splits.
      predicted: one label for each row, in the order of the file.
      left_out: indices of skipped rows, from 0, ascending. They have no prediction and get the most
        frequent label, or the median number, because the server requires every row.

    Returns:
      Path of the file: a header, then lines `index<TAB>prediction`.
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
    """Reads a predictions file as (words, labels), both unparsed.

    Raises:
      UserError: if the file does not exist.
    """
    if not path.is_file():
        raise UserError(f"file not found: {path}; a finished run has it if its data have "
                        "labels for this split")
    # Only a line feed ends a line: words may contain other line separators.
    lines = path.read_bytes().decode("utf-8").rstrip("\n").split("\n")
    rows = (line.rpartition("\t") for line in lines)
    return [(words, labels) for words, _, labels in rows]
