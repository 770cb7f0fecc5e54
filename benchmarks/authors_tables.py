"""The authors' student and ours by both decodings, from the record of benchmarks/authors.py."""

import json
import pathlib
from typing import Any, Dict, List

from machine import measured

RECORD = pathlib.Path(__file__).resolve().parent / "wikiann8_minilm" / "authors.json"
ALONE, VALID = "each word alone", "constrained"


def by_test(stages: List[Dict[str, Any]]) -> Dict[str, Any]:
    """The stage that the authors' script keeps: the first with the best of its scores of test."""
    return max(stages, key=lambda stage: stage["their_score"])


def by_dev(stages: List[Dict[str, Any]]) -> Dict[str, Any]:
    """The stage with the best macro-F1 of dev over words, each word decoded alone."""
    return max(stages, key=lambda stage: stage["dev"][ALONE]["macro_f1"])


def _cells(test: Dict[str, Any]) -> str:
    alone, valid = test[ALONE]["macro_f1"], test[VALID]["macro_f1"]
    return (f"{alone:.2f} | {valid:.2f} | {valid - alone:+.2f} | "
            f"{100 * test[ALONE]['not_valid']:.1f} %")


def _said(record: Dict[str, Any], theirs: Dict[str, Any]) -> str:
    """What training and decoding give, one after the other."""
    ours, found = record["ours"]["test"], theirs["test"]
    training = ours[ALONE]["macro_f1"] - found[ALONE]["macro_f1"]
    same = ours[VALID]["macro_f1"] - found[VALID]["macro_f1"]
    decoding = ours[VALID]["macro_f1"] - ours[ALONE]["macro_f1"]
    whole = ours[VALID]["macro_f1"] - found[ALONE]["macro_f1"]
    return (f"From their student as dev chooses it, with their decoding, to ours with ours are "
            f"{whole:+.2f} points: {training:+.2f} by training (both decoded word by word), then "
            f"{decoding:+.2f} by decoding. With our decoding for both, training gives "
            f"{same:+.2f}.")


def authors_table() -> str:
    """Both students by both decodings, with what was reduced."""
    record = json.loads(RECORD.read_text("utf-8"))
    stages, ours, rows = record["theirs"]["stages"], record["ours"], record["rows"]
    chosen = by_dev(stages)
    lines = [
        "| training | stage | chosen by | their score (subword tokens) | each word's best tag | "
        "best valid tags | decoding gives | not valid word by word |",
        "|---|---:|---|---:|---:|---:|---:|---:|"]
    for how, stage in (("test, as their code does", by_test(stages)), ("dev", chosen),
                       ("the last", stages[-1])):
        lines.append(f"| authors' v2 code | {stage['stage']} | {how} | "
                     f"{stage['their_score']:.2f} | {_cells(stage['test'])} |")
    lines.append(f"| ours | {len(ours['stages'])} | dev | | {_cells(ours['test'])} |")
    teacher = record["theirs"]["teacher"]
    return "\n".join([
        _said(record, chosen), "", *lines, "",
        f"Test macro-F1 over words of {len(record['languages'])} languages, but for their score. "
        f"Both codes got the same {rows['train']:,} labelled and {rows['transfer']:,} transfer "
        f"sentences, at most {record['epochs']['distil']} epochs a stage on transfer text and "
        f"{record['epochs']['labels']} on labels, the same checkpoint, sizes and batches; each "
        f"fine-tuned its own teacher: theirs has {teacher['test'][ALONE]['macro_f1']:.2f} word by "
        f"word and {teacher['test'][VALID]['macro_f1']:.2f} with valid tags, ours "
        f"{ours['teacher']['test']:.2f}. {record['note']} "
        f"[Record](benchmarks/wikiann8_minilm/authors.json): {measured(record)} Seed "
        f"{record['seed']}, one run each."])
