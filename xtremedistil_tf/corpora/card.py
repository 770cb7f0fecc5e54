"""The data card of a task folder: Markdown, figures and JSON in its card/ folder."""

import pathlib
from typing import Any, Dict, Optional

from xtremedistil_tf.corpora import card_figures
from xtremedistil_tf.corpora.conversion_record import describe_record
from xtremedistil_tf.corpora.convert import RECORD_FILE
from xtremedistil_tf.corpora.piece_counter import PieceCounter
from xtremedistil_tf.corpora.statistics import count_words, measure_task
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.atomic import atomic_folder
from xtremedistil_tf.files.contents import read_json, write_json
from xtremedistil_tf.reporting.markdown import table

FOLDER = "card"
NUMBERS_FILE = "card.json"
NO_TOKENIZER = ("No tokenizer was given: lengths are in words, the share that is cut is at least "
                "this, and unknown subword tokens are not counted (`--tokenizer`).")


def percent(share: float) -> str:
    """Formats a share as a percentage."""
    return f"{100 * share:.2f} %"


def _splits(card: Dict[str, Any]) -> str:
    rows = []
    for split, numbers in card["splits"].items():
        if not numbers["sentences"]:
            rows.append([split, 0, *["-"] * 9])
            continue
        length = numbers["length"]
        rows.append([
            split, f"{numbers['sentences']:,}", f"{numbers['words']:,}",
            f"{len(numbers['languages']):,}", f"{length['mean']:.1f}", length["median"],
            length["p95"], f"{length['longest']:,}", percent(numbers["cut"]),
            percent(numbers["unknown"]), f"{numbers['duplicates']:,}"])
    header = ["Split", "Sentences", "Words", "Languages", f"Mean {card['unit']}", "Median", "95 %",
              "Longest", f"Cut at {card['seq_len']}", "Unknown tokens", "Duplicates"]
    notes = []
    if card["unit"] == "words":
        notes.append(NO_TOKENIZER)
    for split, numbers in card["splits"].items():
        if numbers.get("unusable_rows"):
            notes.append(f"{split}: {numbers['unusable_rows']:,} unusable rows are not counted; "
                         "`xtremedistil-prepare --check` lists them.")
    return "\n\n".join(["## Splits", table(header, rows), *notes])


def _labels(card: Dict[str, Any]) -> str:
    splits = {name: numbers for name, numbers in card["splits"].items() if name != "transfer"}
    types = sorted({kind for numbers in splits.values() for kind in numbers["entities"]})
    entities = [[kind, *(f"{numbers['entities'].get(kind, 0):,}" for numbers in splits.values())]
                for kind in types]
    entities.append(["sentences without one", *(
        f"{numbers.get('without_entity', 0):,}" for numbers in splits.values())])
    tags = [[tag, *(percent(numbers["tags"][tag] / max(1, sum(numbers["tags"].values())))
                    for numbers in splits.values())] for tag in card["labels"]]
    return "\n\n".join(["## Labels", "Entities by type, and the share of words with each tag.",
                        table(["Entities", *splits], entities), table(["Tag", *splits], tags)])


def _languages(card: Dict[str, Any]) -> str:
    labelled = [split for split in card["splits"] if split != "transfer"]
    codes = sorted({code for split in labelled for code in card["splits"][split]["languages"]})
    rows = []
    for code in codes:
        found = [card["splits"][split]["languages"].get(code) for split in labelled]
        parts = [numbers for numbers in found if numbers]
        sentences = sum(part["sentences"] for part in parts)
        total = sum(part["length"]["total"] for part in parts)
        rows.append([
            code, *(f"{numbers['sentences']:,}" if numbers else 0 for numbers in found),
            f"{total / sentences:.1f}",
            percent(sum(part["cut"] * part["sentences"] for part in parts) / sentences),
            percent(sum(part["unknown"] * part["length"]["total"] for part in parts)
                     / max(1, total)),
            f"{sum(part['duplicates'] for part in parts):,}"])
    header = ["Language", *labelled, f"Mean {card['unit']}", f"Cut at {card['seq_len']}",
              "Unknown tokens", "Duplicates"]
    return "\n\n".join(["## Languages", "Of the labelled splits; duplicates within each split.",
                        table(header, rows)])


def _leaks(card: Dict[str, Any]) -> str:
    lines = [f"- {count:,} sentences of {pair.replace(' in ', ' stand in ')} too."
             for pair, count in card["leaks"].items()]
    return "\n\n".join(["## Leakage", "Sentences with the same words:", "\n".join(lines)])


def render_card(card: Dict[str, Any]) -> str:
    """Renders a data card as Markdown.

    Args:
      card: contents of card.json.
    """
    title = f"# Data card: {card['name']}"
    source = card["tokenizer"] or "none"
    head = (f"Licence of the data: {card['licence'] or 'not given'}. Tokenizer: {source}. "
            "Every number is counted by `xtremedistil-prepare`.")
    parts = [title, head, _splits(card), _labels(card), _languages(card), _leaks(card)]
    if card["conversion"]:
        lines = "\n".join(f"- {line}" for line in describe_record(card["conversion"]).splitlines())
        parts.append(f"## Conversion\n\n{lines}")
    figures = "\n\n".join(f"![{caption}]({name})" for name, caption, _ in card_figures.FIGURES)
    return "\n\n".join([*parts, f"## Figures\n\n{figures}"]) + "\n"


def write_card(folder: pathlib.Path, *, transfer_file: str = "transfer.txt",
               tokenizer: Optional[str] = None, seq_len: int = 32, licence: Optional[str] = None,
               kind: str = "tagging") -> Dict[str, Any]:
    """Measures a task folder and writes its data card.

    Args:
      folder: the task folder; its card/ is replaced completely.
      transfer_file: its unlabelled text; may be missing.
      tokenizer: see `piece_counter.PieceCounter`; None measures lengths in words.
      seq_len: maximum length in subword tokens, special tokens included.
      licence: licence of the data, as its publisher states it.
      kind: name of the kind of task.

    Returns:
      The contents of card.json.

    Raises:
      UserError: if a file is missing or the tokenizer cannot be loaded.
    """
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        raise UserError(f"--card {folder} is not a folder")
    measure = PieceCounter(tokenizer) if tokenizer else count_words
    record = folder / RECORD_FILE
    card = {
        "name": folder.resolve().name, "licence": licence, "tokenizer": tokenizer,
        "unit": "subword tokens" if tokenizer else "words", "seq_len": seq_len,
        **measure_task(folder, transfer_file, measure, seq_len, kind=kind),
        "conversion": read_json(record) if record.is_file() else None,
    }
    with atomic_folder(folder / FOLDER) as temporary:
        write_json(temporary / NUMBERS_FILE, card)
        for name, _, draw in card_figures.FIGURES:
            draw(card, temporary / name)
        (temporary / "README.md").write_text(render_card(card), "utf-8")
    return card
