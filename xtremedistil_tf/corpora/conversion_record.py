"""What a conversion did, in words: for the screen and for the data card."""

from typing import Any, Dict, List

# Every count that a reader can make, and how it is told. A count without a line here would be
# dropped silently, so an unknown one is an error.
_TOLD = {
    "document_markers": "document markers left out",
    "comments": "comment lines left out",
    "empty_lines": "empty lines left out",
    "empty_sentences": "sentences without a word left out",
    "empty_words": "empty words left out, with their tags",
    "spaces_in_words": "words with white space inside joined by a no-break space",
    "split_lines": "lines cut into several sentences",
    "retokenised": "sentences whose words were set apart",
    "widened_entities": "entities widened to whole words",
    "labels_stripped": "sentences whose labels were stripped (transfer)",
    "other_languages": "sentences of other languages left out",
    "skipped_rows": "unusable rows skipped",
}
# Told in other words, or not changes at all.
_SEPARATE = frozenset(
    {"sentences", "words", "begins_b", "begins_i", "other_scheme", "rewritten_tags"})


def changes(source: Dict[str, Any]) -> List[str]:
    """What was changed or left out in one source, a line each."""
    counts = source["counts"]
    lines = [f"{counts[name]:,} {_TOLD[name]}" for name in counts if name not in _SEPARATE]
    rewritten = counts.get("rewritten_tags")
    if rewritten and source["scheme"] == "IOB2":
        lines.append(f"{rewritten:,} I- tags that continue nothing read as B-")
    elif rewritten:
        lines.append(f"{rewritten:,} {source['scheme']} tags rewritten as IOB2")
    if "first_problem" in source:
        lines.append(f"the first unusable row: {source['first_problem']}")
    return lines


def describe_record(record: Dict[str, Any], most_sources: int = 20) -> str:
    """A conversion in lines of text.

    Args:
      record: what `convert` returned.
      most_sources: sources that are listed one by one; of the others there is the sum only.
    """
    lines = [f"{split}: {sum(found.values()):,} sentences in {len(found)} "
             f"language{'s' if len(found) > 1 else ''}"
             for split, found in record["splits"].items() if found]
    if not record["splits"].get("transfer"):
        lines.append("no transfer text: distillation needs it, one sentence a line "
                     "(--transfer=FILE)")
    divided = record["divided"]["splits"]
    if divided:
        lines.append(f"{' and '.join(divided)} taken out of the training rows, "
                     f"seed {record['divided']['seed']}")
    for fate, leaks in record["leaks"].items():
        for split, count in leaks.items():
            lines.append(f"{count:,} transfer sentences that stand in {split}.tsv {fate}")
    if record["sources_of_other_languages"]:
        lines.append(f"{record['sources_of_other_languages']:,} files of other languages not read")
    if record["not_read"]:
        names = ", ".join(record["not_read"][:5])
        lines.append(f"{len(record['not_read']):,} files not read, since their names speak of no "
                     f"split: {names}{', ...' if len(record['not_read']) > 5 else ''}")
    for source in record["sources"][:most_sources]:
        told = "; ".join(changes(source)) or "nothing changed"
        lines.append(f"{source['source']} ({source['format']}): {told}")
    rest = record["sources"][most_sources:]
    if rest:
        total: Dict[str, int] = {}
        for source in rest:
            for name, count in source["counts"].items():
                total[name] = total.get(name, 0) + count
        told = "; ".join(f"{total[name]:,} {_TOLD[name]}" for name in total if name in _TOLD)
        told = "; ".join(filter(None, [told, f"{total.get('rewritten_tags', 0):,} tags rewritten"]))
        lines.append(f"{len(rest)} more sources, each in conversion.json: {told}")
    return "\n".join(lines)
