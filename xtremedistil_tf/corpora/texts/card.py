"""The data card of a task folder of texts, pairs or numbers: Markdown, figures and JSON."""

import collections
import pathlib
from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.corpora.card import FOLDER, NO_TOKENIZER, NUMBERS_FILE, percent
from xtremedistil_tf.corpora.convert import RECORD_FILE
from xtremedistil_tf.corpora.piece_counter import PieceCounter
from xtremedistil_tf.corpora.statistics import MARKERS, Measure, count_words
from xtremedistil_tf.corpora.texts.record import describe_texts
from xtremedistil_tf.data.readers.rows import DEFAULT_LANGUAGE
from xtremedistil_tf.files.atomic import atomic_folder
from xtremedistil_tf.files.contents import read_json, write_json
from xtremedistil_tf.reporting.figures import COLOURS, new_figure, save, tidy
from xtremedistil_tf.reporting.markdown import table
from xtremedistil_tf.tasks import task_kind

_MOST_LABELS = 40
_BINS = 30


def _words(row: Any) -> List[str]:
    """The words of a row's texts, of a question's and its context's."""
    return [word for text in row.texts for word in text]


def _key(row: Any) -> str:
    """The key that duplicates share: all texts of a row, in any case of letters."""
    return "\t".join(" ".join(words) for words in row.texts).casefold()


def _numbers(rows: Sequence[Any], measure: Measure, seq_len: int) -> Dict[str, Any]:
    lengths, unknown = (np.array(part) for part in measure([_words(row) for row in rows]))
    labels: Dict[str, int] = dict(collections.Counter(
        label for row in rows for label in row.tags).most_common())
    languages = collections.Counter(row.language for row in rows)
    keys = list(map(_key, rows))
    histogram, edges = np.histogram(lengths, bins=min(_BINS, int(lengths.max()) + 1))
    return {
        "texts": len(rows), "languages": dict(sorted(languages.items())), "labels": labels,
        "length": {"mean": float(lengths.mean()), "median": int(np.median(lengths)),
                   "p95": int(np.percentile(lengths, 95)), "longest": int(lengths.max())},
        "histogram": {"counts": histogram.tolist(), "edges": edges.tolist()},
        "cut": float((lengths + MARKERS > seq_len).mean()),
        "unknown": float(unknown.sum() / max(1, lengths.sum())),
        "duplicates": len(keys) - len(set(keys)), "keys": set(keys),
    }


def measure_texts(config: DataConfig, measure: Measure, seq_len: int) -> Dict[str, Any]:
    """Counts a task folder's labelled splits.

    Args:
      config: settings that read the folder.
      measure: returns lengths and unknown tokens of rows of words.
      seq_len: maximum length in subword tokens, special tokens included.

    Returns:
      "splits" with the numbers of each split, and "leaks": texts of one split in another.

    Raises:
      UserError: if a file cannot be used.
    """
    folder, kind = pathlib.Path(config.task), task_kind(config.kind)
    labels = kind.read_labels(config, folder)
    splits: Dict[str, Any] = {}
    for split, name in config.files.items():
        if (folder / name).is_file():
            splits[split] = _numbers(kind.read_rows(folder / name, labels, config)[0], measure,
                                     seq_len)
    keys = {split: numbers.pop("keys") for split, numbers in splits.items()}
    leaks = {f"{one} in {other}": len(keys[one] & keys[other])
             for one, other in (("train", "dev"), ("train", "test"), ("dev", "test"))
             if one in keys and other in keys}
    return {"splits": splits, "leaks": leaks, "labels": list(labels.tags) if kind.classes else []}


def _splits(card: Dict[str, Any]) -> str:
    rows = [[split, f"{numbers['texts']:,}", len(numbers["languages"]),
             f"{numbers['length']['mean']:.1f}", numbers["length"]["median"],
             numbers["length"]["p95"], f"{numbers['length']['longest']:,}",
             percent(numbers["cut"]), percent(numbers["unknown"]), f"{numbers['duplicates']:,}"]
            for split, numbers in card["splits"].items()]
    header = ["Split", "Texts", "Languages", f"Mean {card['unit']}", "Median", "95 %", "Longest",
              f"Cut at {card['seq_len']}", "Unknown tokens", "Duplicates"]
    note = [NO_TOKENIZER] if card["unit"] == "words" else []
    return "\n\n".join(["## Splits", table(header, rows), *note])


def _labels(card: Dict[str, Any]) -> str:
    if not card["labels"]:
        return ""
    rows = []
    for label in card["labels"][:_MOST_LABELS]:
        row = [label]
        for numbers in card["splits"].values():
            count = numbers["labels"].get(label, 0)
            row.append(f"{count:,} ({percent(count / numbers['texts'])})")
        rows.append(row)
    left = len(card["labels"]) - _MOST_LABELS
    note = [f"{left} more labels are in card.json."] if left > 0 else []
    return "\n\n".join(["## Labels", table(["Label", *card["splits"]], rows), *note])


def _languages(card: Dict[str, Any]) -> str:
    codes = sorted({code for numbers in card["splits"].values() for code in numbers["languages"]})
    if codes in ([], [DEFAULT_LANGUAGE]):
        return ""
    rows = [[code, *(f"{numbers['languages'].get(code, 0):,}"
                     for numbers in card["splits"].values())] for code in codes]
    return "\n\n".join(["## Languages", table(["Language", *card["splits"]], rows)])


def render_texts_card(card: Dict[str, Any]) -> str:
    """Renders a data card as Markdown.

    Args:
      card: contents of card.json.
    """
    head = (f"Licence of the data: {card['licence'] or 'not given'}. Kind of task: {card['kind']}. "
            f"Tokenizer: {card['tokenizer'] or 'none'}. Every number is counted by "
            "`xtremedistil-prepare`.")
    leaks = "\n".join(f"- {count:,} texts of {pair.replace(' in ', ' stand in ')} too."
                      for pair, count in card["leaks"].items())
    parts = [f"# Data card: {card['name']}", head, _splits(card), _labels(card), _languages(card),
             f"## Leakage\n\n{leaks}" if leaks else ""]
    if card["conversion"]:
        lines = "\n".join(f"- {line}" for line in describe_texts(card["conversion"]).splitlines())
        parts.append(f"## Conversion\n\n{lines}")
    figures = ["![Lengths of the training texts](lengths.png)"]
    figures += ["![Labels of the training texts](labels.png)"] if card["labels"] else []
    return "\n\n".join(part for part in [*parts, "## Figures", *figures] if part) + "\n"


def _draw_lengths(card: Dict[str, Any], path: pathlib.Path) -> None:
    figure = new_figure(6.5, 3.6)
    axis = figure.add_subplot()
    tidy(axis)
    drawn = card["splits"]["train"]["histogram"]
    axis.stairs(drawn["counts"], drawn["edges"], fill=True, color=COLOURS[0])
    if drawn["edges"][0] < card["seq_len"] - MARKERS < drawn["edges"][-1]:
        axis.axvline(card["seq_len"] - MARKERS, color="#c8501e", linestyle="--", linewidth=1.2)
    axis.set_xlabel(f"{card['unit']} of a text; the line is seq_len {card['seq_len']}")
    axis.set_ylabel("training texts")
    save(figure, path)


def _draw_labels(card: Dict[str, Any], path: pathlib.Path) -> None:
    counts = card["splits"]["train"]["labels"]
    names = card["labels"][:_MOST_LABELS]
    figure = new_figure(6.5, 1.2 + 0.28 * len(names))
    axis = figure.add_subplot()
    tidy(axis, grid="x")
    axis.barh(range(len(names)), [counts.get(name, 0) for name in names], color=COLOURS[0])
    axis.set_yticks(range(len(names)), names)
    axis.invert_yaxis()
    axis.set_xlabel("training texts")
    save(figure, path)


def write_texts_card(
    config: DataConfig, *, transfer_file: str = "transfer.txt", tokenizer: Optional[str] = None,
    seq_len: int = 32, licence: Optional[str] = None,
) -> Dict[str, Any]:
    """Measures a task folder and writes its data card.

    Args:
      config: settings that read the folder; its card/ is replaced completely.
      transfer_file: ignored: the card counts labelled texts.
      tokenizer: see `piece_counter.PieceCounter`; None measures lengths in words.
      seq_len: maximum length in subword tokens, special tokens included.
      licence: licence of the data, as its publisher states it.

    Returns:
      The contents of card.json.

    Raises:
      UserError: if a file is missing or the tokenizer cannot be loaded.
    """
    folder = pathlib.Path(config.task)
    measure: Any = PieceCounter(tokenizer) if tokenizer else count_words
    record = folder / RECORD_FILE
    card = {
        "name": folder.resolve().name, "kind": config.kind, "licence": licence,
        "tokenizer": tokenizer, "unit": "subword tokens" if tokenizer else "words",
        "seq_len": seq_len, **measure_texts(config, measure, seq_len),
        "conversion": read_json(record) if record.is_file() else None,
    }
    with atomic_folder(folder / FOLDER) as temporary:
        write_json(temporary / NUMBERS_FILE, card)
        _draw_lengths(card, temporary / "lengths.png")
        if card["labels"]:
            _draw_labels(card, temporary / "labels.png")
        (temporary / "README.md").write_text(render_texts_card(card), "utf-8")
    return card
