"""Describes a conversion of texts in words, for the screen and for the data card."""

from typing import Any, Dict, List

from xtremedistil_tf.corpora.suspicious import told_damage, told_languages
from xtremedistil_tf.tasks import task_kind

# Sources and labels that are listed one by one.
_MOST = 20
_TOLD = {
    "document_markers": "document markers left out",
    "byte_order_marks": "byte order marks inside the file left out",
    "white_space": "texts with line breaks, tabs or several spaces: one space each",
    "cell_cut": "texts of 32,767 characters: Excel cut off their ends, perhaps",
    "written_lists": "lists of words in cells joined to texts",
    "normalized": "texts composed (Unicode NFC)",
    "placeholders": "texts that stand for none, such as nan, NULL, #NAME? or [deleted], kept as "
                    "they are; take these rows out",
    "headers": "header rows inside the table left out",
    "other_languages": "texts of other languages left out",
    "empty_lines": "empty lines left out",
    "invisible_labels": "labels with invisible characters: these left out",
    "rejected_rows": "rows that an annotator rejected or ignored left out",
    "unannotated_rows": "rows without an annotation left out",
    "soft_labels": "labels with shares of several classes: the best is read, its share is not",
    "soft_ties": "of these are nearly ties: the best is less than a tenth before the next",
    "soft_several": "rows with shares of labels: those from 0.5 are read, the shares are not",
    "several_annotations": "rows with several annotations, of which one is read",
    "no_gold": "pairs without a gold label ('-') left out",
    "skipped_rows": "unusable rows skipped",
    "renamed_ids": "questions whose ids others have too: numbered anew",
    "empty_answers": "questions whose answer is empty read as having none",
}


def _source(source: Dict[str, Any]) -> str:
    told = list(source["notes"])
    told += [f"{count:,} {_TOLD[name]}" for name, count in source["counts"].items()
             if name in _TOLD]
    if "first_problem" in source:
        told.append(f"the first unusable row: {source['first_problem']}")
    return f"{source['source']} ({source['format']}): {'; '.join(told) or 'nothing changed'}"


def describe_texts(record: Dict[str, Any]) -> str:
    """Describes a conversion in lines of text, with twenty sources and labels at most.

    Args:
      record: the result of `make_texts` or `make_answers`.
    """
    lines: List[str] = []
    for split, languages in record["splits"].items():
        told = f"{split}: {sum(languages.values()):,} texts"
        if len(languages) > 1:
            told += f" in {len(languages)} languages"
        counts = record["label_counts"].get(split, {})
        if counts and len(counts) <= _MOST:
            told += " (" + ", ".join(
                f"{label} {counts.get(label, 0):,}" for label in record["labels"]) + ")"
        lines.append(told)
    if record["divided"]["splits"]:
        lines.append(f"{' and '.join(record['divided']['splits'])} taken out of the training rows, "
                     f"label by label, seed {record['divided']['seed']}; equal texts are on one "
                     "side")
    lines += record.get("told", ())
    lines += [f"suspicious: {line}" for line in (*record.get("suspicious", ()), *told_languages(
        code for own in record["splits"].values() for code in own))]
    found = record["found"]
    for split, count in found.get("duplicates", {}).items():
        if count:
            lines.append(f"{count:,} texts of {split} stand in it before already")
    if found.get("contradictions"):
        lines.append(f"{found['contradictions']:,} texts have different labels in different rows")
    for pair, count in found.get("leaks", {}).items():
        if count:
            lines.append(f"{count:,} texts of {pair.replace(' in ', ' stand in ')} too; scores may "
                         "be too good")
    lines += [f"suspicious: no question of {split} has an answer; they were kept back, perhaps"
              for split in found.get("unanswered", ())]
    for fate, leaks in record["leaks"].items():
        lines += [f"{count:,} transfer texts that stand in {split}.tsv {fate}"
                  for split, count in leaks.items()]
    own = task_kind(record["kind"]).transfer.files
    if "transfer" not in record["splits"] and set(own) & set(
            task_kind(record["kind"]).files.values()):
        lines.append("no transfer questions were given: those of train are the transfer set; more "
                     "of the same kind, without answers, make a better student (--transfer=FILE)")
    elif "transfer" not in record["splits"]:
        lines.append("no transfer text was given: unlabelled text of the same kind makes a better "
                     "student (--transfer=FILE); --transfer_file=train.tsv takes the training "
                     "texts")
    if record["not_read"]:
        lines.append(f"{len(record['not_read']):,} files not read, since their names speak of no "
                     f"split: {', '.join(record['not_read'][:5])}")
    lines += [_source(source) for source in record["sources"][:_MOST]]
    lines += [f"suspicious: {source['source']}: no text comes from it"
              for source in record["sources"] if not source["counts"].get("sentences")
              and not source["counts"].get("other_languages")][:_MOST]
    lines += [f"suspicious: {source['source']}: {told}" for source in record["sources"][:_MOST]
              for told in (*source.get("suspicious", ()), *told_damage(source["counts"], "texts"))]
    if record["sources"][_MOST:]:
        lines.append(f"{len(record['sources']) - _MOST} more sources, each in conversion.json")
    return "\n".join(lines)
