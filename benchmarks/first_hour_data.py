"""Makes the two corpora of `first_hour.py` from local copies of WikiAnn and AG News.

Command:
  python benchmarks/first_hour_data.py --wikiann=FOLDER --texts=FOLDER --output=NEW_FOLDER
Both folders are task folders: train.tsv, dev.tsv, test.tsv and transfer.txt. Written are the files
that a newcomer might have: `conll/`, with a folder a language of CoNLL columns (200 labelled
sentences to train on, 100 for dev, 200 for test) and `sentences.txt`, unlabelled text of the same
languages; and `texts.csv`, 1,500 labelled texts, with `texts.txt`. None of it is part of the
repository.
"""

import csv
import itertools
import pathlib
from typing import Iterator, List, Tuple

from absl import app, flags

FLAGS = flags.FLAGS
# The languages of the unlabelled text.
LANGUAGES = ("de", "en", "es", "fr", "nl", "pl", "pt", "ru")
ROWS = {"train": 200, "dev": 100, "test": 200}
SENTENCES = 24_000
CSV_ROWS, CSV_TEXTS = 1_500, 5_000


def _lines(path: pathlib.Path) -> Iterator[str]:
    with open(path, encoding="utf-8") as file:
        for line in file:
            yield line.rstrip("\n")


def _columns(line: str, language: str) -> str:
    """A row of a task folder as CoNLL columns; empty if it is of another language."""
    words, tags = (field.split(" ") for field in line.split("\t"))
    if not tags[0].startswith(f"{language}:"):
        return ""
    return "".join(f"{word}\t{tag.partition(':')[2]}\n"
                   for word, tag in zip(words, tags)) + "\n"


def write_conll(task: pathlib.Path, output: pathlib.Path) -> None:
    """Writes a folder a language, and the text file."""
    for language, (split, rows) in itertools.product(LANGUAGES, ROWS.items()):
        path = output / "conll" / language / f"{split}.conll"
        path.parent.mkdir(parents=True, exist_ok=True)
        every = filter(None, (_columns(line, language) for line in _lines(task / f"{split}.tsv")))
        found = list(itertools.islice(every, rows))
        if len(found) < rows:
            raise ValueError(f"{task / split}.tsv has {len(found)} rows of {language}; needed are "
                             f"{rows}")
        path.write_text("".join(found), "utf-8")
    text = itertools.islice(_lines(task / "transfer.txt"), SENTENCES)
    (output / "sentences.txt").write_text("\n".join(text) + "\n", "utf-8")


def write_texts(task: pathlib.Path, output: pathlib.Path) -> None:
    """Writes the table of labelled texts, and the text file."""
    rows: List[Tuple[str, ...]] = [tuple(line.split("\t")) for line in itertools.islice(
        _lines(task / "train.tsv"), CSV_ROWS)]
    with open(output / "texts.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    text = itertools.islice(_lines(task / "transfer.txt"), CSV_TEXTS)
    (output / "texts.txt").write_text("\n".join(text) + "\n", "utf-8")


def main(_) -> None:
    """Writes both corpora."""
    output = pathlib.Path(FLAGS.output)
    output.mkdir(parents=True)
    write_conll(pathlib.Path(FLAGS.wikiann), output)
    write_texts(pathlib.Path(FLAGS.texts), output)


if __name__ == "__main__":
    for name in ("wikiann", "texts", "output"):
        flags.DEFINE_string(name, None, "See above.", required=True)
    app.run(main)
