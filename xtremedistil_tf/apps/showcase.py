"""Shows a few of a run's predictions."""

import collections
import pathlib
from typing import Dict, List, Mapping, Sequence

from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.metrics.prediction_files import read_predictions

_LONGEST_SHOWN = 90


def _short(text: str) -> str:
    """Shortens a text to one line; both texts of a pair are shown."""
    first, tab, second = text.partition("\t")
    if tab:
        half = _LONGEST_SHOWN // 2
        return "  |  ".join(part if len(part) <= half else part[:half - 3] + "..."
                            for part in (first, second))
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN - 3] + "..."


def _gold(predictions: pathlib.Path) -> List[str]:
    """Gold labels beside a predictions file, unparsed; empty without them."""
    path = predictions.with_name(f"{predictions.name.split('.')[0]}.gold.tsv")
    return [labels for _, labels in read_predictions(path)] if path.is_file() else []


def show_numbered(predictions: pathlib.Path, *, most: int = 8) -> str:
    """Shows texts from a predictions file of `text<TAB>number` lines, from lowest to highest."""
    rows = sorted(read_predictions(predictions), key=lambda row: float(row[1]))
    shown = min(most, len(rows))
    places = [round(place * (len(rows) - 1) / max(1, shown - 1)) for place in range(shown)]
    return "\n".join(f"{number:<10}{_short(text)}"
                     for text, number in (rows[place] for place in places))


def show_classified(predictions: pathlib.Path, *, a_class: int = 2) -> str:
    """Shows the first texts of each class from a predictions file of `text<TAB>label` lines.

    A gold label that differs stands behind the text.
    """
    shown: Dict[str, List[str]] = collections.defaultdict(list)
    rows = read_predictions(predictions)
    for (text, label), gold in zip(rows, _gold(predictions) or [label for _, label in rows]):
        if len(shown[label]) < a_class:
            shown[label].append(_short(text) + ("" if gold == label else f"  (gold: {gold})"))
    width = max(map(len, shown)) + 2
    return "\n".join(f"{label:<{width}}{text}" for label in sorted(shown) for text in shown[label])


def show_tagged(predictions: pathlib.Path, *, most: int = 10) -> str:
    """Shows one sentence of each language from a predictions file, with its entities marked.

    Args:
      predictions: file of `words<TAB>lang:tag ...` lines.
      most: maximum number of sentences.

    Returns:
      Lines like `de  [Anna Weber](PER) wohnt in [Bonn](LOC) .`; a second line has the gold entities
      if they differ.
    """
    shown: Dict[str, str] = {}
    rows = read_predictions(predictions)
    for row, gold in zip(rows, _gold(predictions) or [tags for _, tags in rows]):
        words, tags = (column.split(" ") for column in row)
        language = tags[0].split(":", 1)[0]
        plain = [tag.split(":", 1)[1] for tag in tags]
        # A sentence with at least two entities is a better example.
        enough = sum(tag.startswith(("B-", "S-")) for tag in plain) >= 2
        if language in shown or not enough or sum(map(len, words)) > _LONGEST_SHOWN:
            continue
        shown[language] = _marked(words, plain)
        if gold != row[1]:
            true = [tag.split(":", 1)[1] for tag in gold.split(" ")]
            shown[language] += f"\n{'  gold:':<8}{_marked(words, true)}"
        if len(shown) == most:
            break
    return _by_language(shown)


def _by_language(shown: Mapping[str, str]) -> str:
    return "\n".join(f"{language:<8}{text}" for language, text in sorted(shown.items()))


def _marked(words: Sequence[str], tags: Sequence[str]) -> str:
    parts = []
    for index, (word, tag) in enumerate(zip(words, tags)):
        opening = "[" if tag.startswith(("B-", "S-")) else ""
        following = tags[index + 1] if index + 1 < len(tags) else "O"
        closing = f"]({tag[2:]})" if tag != "O" and not following.startswith(("I-", "E-")) \
            else ""
        parts.append(f"{opening}{word}{closing}")
    return " ".join(parts)


def show_word_tags(predictions: pathlib.Path, *, most: int = 8) -> str:
    """Shows the first short sentence of each language with its tags, as `Anna/PROPN sleeps/VERB`.

    Args:
      predictions: file of `words<TAB>lang:tag ...` lines.
      most: maximum number of sentences.
    """
    shown: Dict[str, str] = {}
    for row in read_predictions(predictions):
        words, tags = (column.split(" ") for column in row)
        language, _, _ = tags[0].partition(":")
        text = " ".join(f"{word}/{tag.partition(':')[2]}" for word, tag in zip(words, tags))
        if language not in shown and len(text) <= 2 * _LONGEST_SHOWN and len(shown) < most:
            shown[language] = text
    return _by_language(shown)


def show_answers(predictions: pathlib.Path, *, most: int = 8) -> str:
    """Shows the first answers of a predictions.json, each behind its question.

    Unlabelled rows have no file of gold answers; the name of a question then stands for it.
    """
    gold = predictions.with_name(f"{predictions.name.split('.')[0]}.gold.json")
    asked = read_json(gold) if gold.is_file() else {}
    found = list(read_json(predictions).items())[:most]
    return "\n".join(f"{_short(asked[name]['question'] if asked else name)}  ->  "
                     f"{_short(text) or '(no answer)'}" for name, text in found)
