"""Describes a conversion in words, for the screen and for the data card."""

import collections
from typing import Any, Counter, Dict, List

from xtremedistil_tf.corpora.suspicious import told_damage, told_languages
from xtremedistil_tf.data.piece_marks import told_pieces
from xtremedistil_tf.data.readers.sentences import MOST_WORDS

# Sources that are listed one by one.
_MOST_SOURCES = 20
# Wording of every count of our readers.
_TOLD = {
    "document_markers": "document markers left out",
    "sentence_marks": "marks of sentences, such as <s> and EOS, left out",
    "comments": "comment lines left out",
    "unknown_languages": "comments with a language that is not known here: their sentences have "
                         "none of it (--language names one)",
    "ranges": "lines of ranges of words left out",
    "empty_lines": "empty lines left out",
    "empty_sentences": "sentences without a word left out",
    "empty_words": "empty words left out, with their tags",
    "spaces_in_words": "words with white space inside joined by a no-break space",
    "spaces_around_words": "words without the white space around them",
    "invisible_tags": "tags with invisible characters: these left out",
    "composed_types": "entities whose type was composed (Unicode NFC)",
    "spaces_in_types": "entities whose type held a space, now _",
    "byte_order_marks": "byte order marks inside the file left out",
    "split_lines": "lines cut into several sentences",
    "split_rows": "texts cut into several sentences",
    "cut_rows": "rows cut behind end marks (nothing else parts their sentences)",
    "retokenised": "sentences whose words were set apart",
    "unsplit_scripts": "texts in a script without spaces left unsplit: the extra [segmentation] "
                       "splits them",
    "widened_entities": "entities widened to whole words",
    "cut_words": "words cut at the edges of entities",
    "repeated_entities": "entities that stand twice read once",
    "nested_entities": "entities that overlap others left out (--nested)",
    "other_surfaces": "entities whose own text is not what stands at their offsets",
    "span_letters": "entities whose type began with a letter of a scheme (B-PER), read without it",
    "rows_without_entities_key": "rows that say nothing of entities read as having none",
    "rejected_rows": "rows that annotators rejected or ignored left out",
    "rejected_entities": "entities that annotators rejected left out",
    "unannotated_rows": "rows without an annotation left out",
    "several_annotations": "rows with several annotations, of which one is read",
    "bare_types": "types without B- or I-: neighbours of one type are read as one entity",
    "other_letters": "tags such as B_PER or PER-B read as B-PER",
    "bare_letters": "tags B, I without a type read as entities of one type, ENTITY",
    "labels_stripped": "sentences whose labels were stripped (transfer)",
    "normalized": "sentences composed (Unicode NFC)",
    "other_languages": "sentences of other languages left out",
    "skipped_rows": "unusable rows skipped",
}
# Counts that are described elsewhere, or are not changes.
_SEPARATE = frozenset({
    "sentences", "words", "begins_b", "begins_i", "other_scheme", "rewritten_tags", "entities",
    "number_words", "one_word_rows", "long_rows", "not_nfc", "pieces", "damaged_encoding",
    "damaged_escapes"})
# With fewer words, rows or entities, nothing is suspicious.
_FEWEST_WORDS, _FEWEST_ROWS, _FEWEST_ENTITIES = 20, 20, 5
# Share of entities whose ends lie inside words; annotators' own ends do, too.
_WIDENED = 0.3


def changes(source: Dict[str, Any]) -> List[str]:
    """Lists the changes and omissions in one source, one line each."""
    counts = source["counts"]
    lines = list(source.get("notes", ()))
    # A reader of another package may have its own counts.
    lines += [f"{counts[name]:,} {_TOLD.get(name, name)}" for name in counts
              if name not in _SEPARATE]
    rewritten = counts.get("rewritten_tags")
    if rewritten and source.get("scheme", "IOB2") == "IOB2":
        lines.append(f"{rewritten:,} I- tags that continue nothing read as B-")
    elif rewritten:
        lines.append(f"{rewritten:,} {source['scheme']} tags rewritten as IOB2")
    if "first_problem" in source:
        lines.append(f"the first unusable row: {source['first_problem']}")
    return lines


def suspicious(source: Dict[str, Any]) -> List[str]:
    """Lists signs that a source was read in a wrong way, one line each."""
    counts, lines = source["counts"], []
    words, rows = counts.get("words", 0), counts.get("sentences", 0)
    entities, widened = counts.get("entities", 0), counts.get("widened_entities", 0)
    numbers, single = counts.get("number_words", 0), counts.get("one_word_rows", 0)
    if not rows and not counts.get("other_languages"):
        lines.append("no sentence comes from it")
    if words >= _FEWEST_WORDS and numbers > 0.5 * words:
        lines.append(f"{numbers:,} of {words:,} words are numbers; --word_column names the column "
                     "of the words")
    lines += filter(None, [told_pieces(counts.get("pieces", 0), words)])
    if rows >= _FEWEST_ROWS and single > 0.9 * rows:
        lines.append(f"{single:,} of {rows:,} sentences are one word")
    if entities >= _FEWEST_ENTITIES and widened > _WIDENED * entities:
        lines.append(f"{widened:,} of {entities:,} entities begin or end inside a word; their "
                     "offsets count something else than characters, perhaps")
    other = counts.get("other_surfaces", 0)
    if other > 0.1 * entities:
        lines.append(f"{other:,} of {entities:,} entities have a text of their own that is not "
                     "what stands at their offsets")
    if counts.get("long_rows"):
        lines.append(f"{counts['long_rows']:,} rows of over {MOST_WORDS} words; no encoder reads "
                     "so many, the rest is scored as O")
    if counts.get("not_nfc", 0) > counts.get("normalized", 0):
        lines.append(f"{counts['not_nfc']:,} sentences are not composed (Unicode NFC); text that "
                     "is will be tagged worse: --normalize=nfc composes them")
    lines += (*told_damage(counts, "sentences"), *source.get("doubts", ()))
    return [f"{source['source']}: {line}" for line in lines]


def _repeated(found: Dict[str, Any]) -> List[str]:
    lines = [f"{count:,} sentences of {split} stand in it before already"
             for split, count in found.get("duplicates", {}).items() if count]
    if found.get("contradictions"):
        lines.append(f"{found['contradictions']:,} sentences have other tags in other rows")
    if found.get("dev_in_test"):
        lines.append(f"{found['dev_in_test']:,} sentences of dev stand in test too; scores may be "
                     "too good")
    return lines


def describe_record(record: Dict[str, Any]) -> str:
    """Describes a conversion in lines of text; beyond twenty, its sources are summed.

    Args:
      record: the return value of `convert`.
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
    for split, count in record.get("in_train", {}).items():
        lines.append(f"{count:,} sentences of {split} stand in train too; scores may be too good")
    lines += _repeated(record.get("found", {}))
    for copy, other in record.get("copies", ()):
        lines.append(f"{copy} is given twice: read once" if copy == other else
                     f"{copy} not read: the same rows as {other}")
    if record["sources_of_other_languages"]:
        lines.append(f"{record['sources_of_other_languages']:,} files of other languages not read")
    if record["not_read"]:
        names = ", ".join(record["not_read"][:5])
        lines.append(f"{len(record['not_read']):,} files not read, since their names speak of no "
                     f"split: {names}{', ...' if len(record['not_read']) > 5 else ''}")
    for source in record["sources"][:_MOST_SOURCES]:
        told = "; ".join(changes(source)) or "nothing changed"
        lines.append(f"{source['source']} ({source['format']}): {told}")
    rest = record["sources"][_MOST_SOURCES:]
    if rest:
        total: Counter[str] = collections.Counter()
        for source in rest:
            total.update(source["counts"])
        told = "; ".join([*(f"{total[name]:,} {_TOLD[name]}" for name in total if name in _TOLD),
                          f"{total['rewritten_tags']:,} tags rewritten"])
        lines.append(f"{len(rest)} more sources, each in conversion.json: {told}")
    found = [line for source in record["sources"] for line in suspicious(source)]
    found += [f"no entity in the {sum(record['splits'][split].values()):,} sentences of {split}; "
              "its gold tags were kept back, perhaps" for split in record.get("no_gold", ())]
    found += [f"{one} and {other} have one name; if they are one corpus in two formats, name one "
              "of them (--train, --dev, --test)" for one, other in record.get("twins", ())]
    found += record.get("types", ())
    found += told_languages(code for own in record["splits"].values() for code in own)
    lines += [f"suspicious: {line}" for line in found[:_MOST_SOURCES]]
    if found[_MOST_SOURCES:]:
        lines.append(f"suspicious: {len(found) - _MOST_SOURCES} more")
    return "\n".join(lines)
