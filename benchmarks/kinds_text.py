"""Chooses a transfer text of some languages, for `kinds.py`.

Command (PYTHON has py3langid, in an environment of its own; nothing else is needed):
  PYTHONPATH=. PYTHON benchmarks/kinds_text.py --languages=af,ar,... --per_language=N --output=FILE
    [--least_words=N] [--running] [--seed=N] FILE [FILE ...]
A FILE is a text (.txt, one sentence a line), a table of a task folder (.tsv, whose first column is
read) or questions on texts (.json as SQuAD has them: the texts are cut into sentences). The
language of each sentence is guessed, and of each language N sentences are drawn; a language that
has fewer gives all. No sentence stands twice. Words and marks stand apart as in a treebank; with
--running the marks stand at their words, as in running text. FILE.json beside the output counts the
sentences by language.
"""

import argparse
import importlib.metadata
import json
import pathlib
import random
import re
from typing import Callable, Dict, Iterator, List, Sequence

from xtremedistil_tf.data.words import split_words

_BEFORE_MARK = re.compile(r"\s+(?=[,.;:!?)\]»”،؛؟।](?:\s|$))")
_BEHIND_MARK = re.compile(r"(?:(?<=^)|(?<=\s))([(\[«“])\s+")
_SENTENCE_END = re.compile(r"(?<=[.!?؟。।])\s+")


def sentences(path: pathlib.Path) -> Iterator[str]:
    """The sentences of one file."""
    text = path.read_text("utf-8")
    if path.suffix == ".json":
        for article in json.loads(text)["data"]:
            for paragraph in article["paragraphs"]:
                yield from _SENTENCE_END.split(paragraph["context"].replace("\n", " "))
        return
    for line in text.split("\n"):
        yield line.split("\t")[0] if path.suffix == ".tsv" else line


def running_text(text: str) -> str:
    """Tokenized text with its marks at their words.

    Example:
      >>> running_text("Anna ( 30 ) lebt , sagt sie .")
      'Anna (30) lebt, sagt sie.'
    """
    return _BEHIND_MARK.sub(r"\1", _BEFORE_MARK.sub("", text))


def choose(
    paths: Sequence[pathlib.Path], guess: Callable[[str], str], languages: Sequence[str], *,
    per_language: int, least_words: int, seed: int, running: bool = False,
) -> Dict[str, List[str]]:
    """Draws sentences by language.

    Args:
      paths: the files; see `sentences`.
      guess: (text) -> code of its language.
      languages: the codes to keep.
      per_language: most sentences of each.
      least_words: shorter sentences are left out; headings are short.
      seed: of the draw.
      running: the marks stand at their words.

    Returns:
      By language, sentences whose words and marks stand apart by spaces, or running text.
    """
    found: Dict[str, List[str]] = {language: [] for language in languages}
    seen = set()
    for path in paths:
        for sentence in sentences(path):
            words = [word for word, _, _ in split_words(sentence)]
            text = " ".join(words)
            if len(words) < least_words or text in seen:
                continue
            seen.add(text)
            language = guess(text)
            if language in found:
                found[language].append(running_text(text) if running else text)
    draw = random.Random(seed)
    return {language: draw.sample(rows, min(per_language, len(rows)))
            for language, rows in found.items()}


def main() -> None:
    """Chooses with py3langid."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("paths", nargs="+", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--languages", required=True)
    parser.add_argument("--per_language", type=int, required=True)
    parser.add_argument("--least_words", type=int, default=6)
    parser.add_argument("--running", action="store_true")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    given = parser.parse_args()
    import py3langid  # Not where the records are made: it needs another numpy.

    languages = given.languages.split(",")
    chosen = choose(given.paths, lambda text: py3langid.classify(text)[0], languages,
                    per_language=given.per_language, least_words=given.least_words,
                    seed=given.seed, running=given.running)
    rows = [row for own in chosen.values() for row in own]
    random.Random(given.seed).shuffle(rows)
    given.output.write_text("".join(f"{row}\n" for row in rows), "utf-8")
    counts = {language: len(own) for language, own in chosen.items()}
    given.output.with_suffix(".json").write_text(json.dumps({
        "guessed_by": f"py3langid {importlib.metadata.version('py3langid')}",
        "files": [path.name for path in given.paths], "sentences": counts}, indent=1) + "\n",
        "utf-8")
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
