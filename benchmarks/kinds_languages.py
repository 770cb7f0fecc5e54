"""Guesses the languages of SIB-200's rows, for scores by language of `kinds.py --parts=sib200`.

Command (PYTHON has py3langid, in an environment of its own; nothing else is needed):
  PYTHON benchmarks/kinds_languages.py DATA/sib200_41 FOLDER/sib200_41
  python benchmarks/kinds.py --parts=sib200 --data=FOLDER ...
The rows of DATA name no languages. FOLDER gets the same rows with a language before each label
(`cs:sports`), and languages.json, which says what guessed and how often. SIB-200 is parallel: each
of its 41 languages has as many rows as the others, so the counts show what the guess is worth.
"""

import argparse
import collections
import importlib.metadata
import json
import pathlib
from typing import Callable, Dict

# The paper's languages, in which the data are.
LANGUAGES = ("af ar bg bn bs ca cs da de el en es et fa fi fr he hi hr hu id it lt lv mk ms nl no "
             "pl pt ro ru sk sl sq sv ta tl tr uk vi").split()


def with_languages(
    source: pathlib.Path, target: pathlib.Path, guess: Callable[[str], str]
) -> Dict[str, Dict[str, int]]:
    """Copies a task folder with a language before each label.

    Args:
      source: the folder; rows are `text<TAB>label`.
      target: the new folder.
      guess: (text) -> code of its language.

    Returns:
      By split, the number of rows of each language.
    """
    target.mkdir(parents=True, exist_ok=True)
    (target / "labels.tsv").write_bytes((source / "labels.tsv").read_bytes())
    counts = {}
    for split in ("train", "dev", "test"):
        rows = [line.split("\t") for line in
                (source / f"{split}.tsv").read_text("utf-8").split("\n") if line.strip()]
        codes = [guess(text) for text, _ in rows]
        (target / f"{split}.tsv").write_text("".join(
            f"{text}\t{code}:{label}\n" for code, (text, label) in zip(codes, rows)), "utf-8")
        counts[split] = dict(sorted(collections.Counter(codes).items()))
    return counts


def main() -> None:
    """Guesses with py3langid."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("target", type=pathlib.Path)
    given = parser.parse_args()
    import py3langid  # Not where the records are made: it needs another numpy.

    py3langid.set_languages(list(LANGUAGES))
    counts = with_languages(given.source, given.target, lambda text: py3langid.classify(text)[0])
    (given.target / "languages.json").write_text(json.dumps({
        "guessed_by": f"py3langid {importlib.metadata.version('py3langid')}", "rows": counts},
        indent=1) + "\n", "utf-8")
    print(json.dumps(counts["test"]))


if __name__ == "__main__":
    main()
