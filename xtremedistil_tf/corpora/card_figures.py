"""The figures of a data card: labels, lengths and languages."""

import pathlib
from typing import Any, Mapping

from xtremedistil_tf.reporting.figures import new_figure, save, tidy

_COLOURS = {"train": "#1f6fb4", "dev": "#c8501e", "test": "#4a525c", "transfer": "#9aa3ae"}

Card = Mapping[str, Any]


def draw_labels(card: Card, path: pathlib.Path) -> None:
    """Draws the number of entities of each type, by split.

    Args:
      card: contents of card.json.
      path: the PNG to write.
    """
    splits = [split for split in card["splits"] if split != "transfer"]
    types = sorted({kind for split in splits for kind in card["splits"][split]["entities"]})
    figure = new_figure(max(5.5, 1.1 * len(types) + 2), 4.2)
    axis = figure.add_subplot()
    tidy(axis)
    width = 0.8 / len(splits)
    for place, split in enumerate(splits):
        entities = card["splits"][split]["entities"]
        axis.bar([at + (place - (len(splits) - 1) / 2) * width for at in range(len(types))],
                 [entities.get(kind, 0) for kind in types], width, color=_COLOURS[split],
                 label=split)
    axis.set_xticks(range(len(types)), types)
    axis.set_ylabel("entities")
    axis.set_title("Entities by type")
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    save(figure, path)


def draw_lengths(card: Card, path: pathlib.Path) -> None:
    """Draws the fraction of rows longer than a given length, by split.

    Args:
      card: contents of card.json.
      path: the PNG to write.
    """
    figure = new_figure(7.0, 4.2)
    axis = figure.add_subplot()
    tidy(axis, grid="both")
    furthest = 2 * card["seq_len"]
    for split, numbers in card["splits"].items():
        if not numbers["sentences"]:
            continue
        left, lengths, shares = numbers["sentences"], [0], [100.0]
        for length, count in numbers["lengths"].items():
            left -= count
            lengths.append(int(length))
            shares.append(100.0 * left / numbers["sentences"])
        axis.step(lengths, shares, where="post", color=_COLOURS[split], label=split)
        furthest = max(furthest, numbers["length"]["p95"] + 2)
    # Two positions of seq_len are for special tokens.
    axis.axvline(card["seq_len"] - 2, color="#4a525c", linestyle=":",
                 label=f"--seq_len={card['seq_len']}")
    axis.set_xlim(0, furthest)
    axis.set_ylim(0, 101)
    axis.set_xlabel(f"length in {card['unit']}, special tokens not counted")
    axis.set_ylabel("rows that are longer, %")
    axis.set_title("Lengths")
    axis.legend(frameon=False)
    save(figure, path)


def draw_languages(card: Card, path: pathlib.Path) -> None:
    """Draws the training sentences of each language, and the truncated and unknown parts.

    Args:
      card: contents of card.json.
      path: the PNG to write.
    """
    languages = card["splits"]["train"]["languages"]
    codes = sorted(languages, key=lambda code: -languages[code]["sentences"])
    figure = new_figure(min(18.0, max(5.5, 0.32 * len(codes) + 2.5)), 5.6)
    upper, lower = figure.subplots(2, 1, sharex=True)
    for axis in (upper, lower):
        tidy(axis)
    places = range(len(codes))
    upper.bar(places, [languages[code]["sentences"] for code in codes], color=_COLOURS["train"])
    upper.set_ylabel("train sentences")
    upper.set_title("Languages")
    lower.bar([at - 0.2 for at in places], [100 * languages[code]["cut"] for code in codes], 0.4,
              color=_COLOURS["dev"], label=f"rows cut at {card['seq_len']}")
    lower.bar([at + 0.2 for at in places], [100 * languages[code]["unknown"] for code in codes],
              0.4, color=_COLOURS["test"], label="unknown subword tokens")
    lower.set_ylabel("% of rows or tokens")
    # From 0 to 1 % at least: an axis of nothing but zeros has negative numbers.
    lower.set_ylim(0, max(1.0, lower.get_ylim()[1]))
    lower.set_xticks(places, codes, rotation=90 if len(codes) > 12 else 0)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    save(figure, path)


# File name, caption and drawing function.
FIGURES = (
    ("labels.png", "Entities by type", draw_labels),
    ("lengths.png", "Lengths of rows", draw_lengths),
    ("languages.png", "Sentences, cut rows and unknown tokens by language", draw_languages),
)
