"""Markdown tables, for the reports and cards that the commands write."""

from typing import Any, Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[Any]], text: int = 1) -> str:
    """Lays out a Markdown table: the first `text` columns to the left, the others to the right.

    Args:
        header: the columns' names.
        rows: their cells.
        text: how many columns hold text.

    Returns:
        The table's lines.
    """
    def line(cells: Sequence[Any]) -> str:
        return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"

    rule = "|---" * text + "|---:" * (len(header) - text) + "|"
    return "\n".join([line(header), rule, *map(line, rows)])
