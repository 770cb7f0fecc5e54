"""Tables of the recorded classification runs, for benchmarks/tables.py."""

import collections
import json
import pathlib
import statistics
from typing import Any, Dict, List

from xtremedistil_tf.reporting.markdown import table

RESULTS = pathlib.Path(__file__).resolve().parent / "classification"
# Records in the order of the page: title, and the split that is shown. What is compared with the
# authors' choices is so on dev; what stands for a result, on test.
RECORDS = {
    "students": ("With and without distillation (the form of Tables 9 and 10)", "test"),
    "schedules": ("What is learnt from the teacher", "dev"),
    "gap": ("What closes the gap: one change at a time", "dev"),
    "layers": ("A Transformer student: the last hidden state, or all and their attention", "dev"),
    "pairs": ("Pairs in a BiLSTM: one row, or two texts", "dev"),
}


def _spread(values: List[float]) -> str:
    std = f" ({statistics.stdev(values):.1f})" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.1f}{std}"


def _recovered(ways: Dict[str, List[float]], teacher: List[float]) -> str:
    """Percent of the mean gap between the student alone and the teacher that is closed."""
    alone, full = (statistics.fmean(ways[way]) for way in ("alone", "full"))
    gap = statistics.fmean(teacher) - alone
    return f"{100 * (full - alone) / gap:.0f} %" if gap > 0 else "no gap"


def _run_on(rows: List[Dict[str, Any]]) -> str:
    """The commits and processors of the rows, and how many rows are of each."""
    found = collections.Counter((row["machine"]["commit"][:10], row["machine"]["processor"])
                                for row in rows)
    return "; ".join(f"{count} × commit {commit} on {processor}"
                     for (commit, processor), count in found.items())


def _table(name: str) -> str:
    title, split = RECORDS[name]
    path = RESULTS / f"{name}.json"
    if not path.is_file():
        return f"### {title}\n\nNot recorded yet (`benchmarks/classification.py`)."
    record = json.loads(path.read_text("utf-8"))
    groups: Dict[Any, Dict[str, List[Dict[str, Any]]]] = collections.defaultdict(
        lambda: collections.defaultdict(list))
    for row in record["rows"]:
        groups[row["set"], row["labels_a_class"], row["student"]][row["way"]].append(row)
    ways = list(dict.fromkeys(row["way"] for row in record["rows"]))
    recovers = {"alone", "full"} <= set(ways)
    header = ["data", "labels a class", "transfer texts", "student", "measure", "parameters",
              "seeds", "teacher", *ways, *(["of the gap closed"] if recovers else [])]
    rows = []
    for (data, labels, student), all_seeds in groups.items():
        # Ways are compared over the seeds that each of them has.
        common = set.intersection(*({row["seed"] for row in found} for found in all_seeds.values()))
        own = {way: [row for row in found if row["seed"] in common]
               for way, found in all_seeds.items()}
        some = list(own.values())[-1]
        measure = some[0]["measure"]
        teacher = [row["teacher"][split][measure] for row in some]
        found = {way: [row["scores"][split][measure] for row in own[way]] for way in own}
        read = {f"{row['transfer_rows']:,}" for way in own if "alone" not in way
                for row in own[way]}
        cells = [data, labels, " / ".join(sorted(read)), student, measure,
                 f"{some[0]['parameters']['student']:,}", len(some), _spread(teacher),
                 *(_spread(found[way]) if way in found else "" for way in ways)]
        if recovers:
            cells.append(_recovered(found, teacher) if {"alone", "full"} <= set(found) else "")
        rows.append(cells)
    return "\n".join([
        f"### {title}", "", table(header, rows, text=5), "",
        f"{split.capitalize()}, 0 to 100, mean (standard deviation) over seeds; MiniLM teacher "
        f"with {record['rows'][0]['parameters']['teacher']:,} parameters. Flags, epochs and what "
        f"each row was run on stand in [{name}.json](benchmarks/classification/{name}.json): "
        f"`benchmarks/classification.py`, {_run_on(record['rows'])}."])


def classification_tables() -> str:
    """All records of classification, one table each."""
    return "\n\n".join(_table(name) for name in RECORDS)
