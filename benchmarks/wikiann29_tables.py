"""The tables of the 29-language run, from the records in benchmarks/wikiann29/."""

import json
from typing import Dict, List, Sequence

from machine import ROOT

from xtremedistil_tf.reporting.markdown import table
from xtremedistil_tf.reporting.paper import TABLE_17

RESULTS = ROOT / "benchmarks" / "wikiann29"
_NAMES = {"small": "student, E=50, H=2x200", "cut": "the same, its vocabulary cut",
          "best": "student, E=50, H=2x200, the best settings",
          "encoder": "the same without the projection, with more epochs",
          "large": "student, E=300, H=2x600",
          "fast": "student, E=50, H=2x200, the least minutes",
          "alone": "the student on the labels alone", "spacy": "spaCy's default NER"}

# What learns from the labels alone.
_ALONE = ("alone", "spacy")


def _records() -> Dict[str, dict]:
    """By part: what its run reported, with machine, minutes and memory under "run"."""
    found = {}
    for part in _NAMES:
        folder = RESULTS / part
        if (folder / "metrics.json").is_file():
            found[part] = {**json.loads((folder / "metrics.json").read_text("utf-8")),
                           "run": json.loads((folder / "machine.json").read_text("utf-8"))}
    return found


def _f1(scores: dict) -> str:
    return f"{scores['macro_f1']:.2f} ({scores['std_f1']:.1f})"


def _row(
    name: str, sentences: str, scores: dict, teacher: dict, parameters: str, run: dict, shipped: int
) -> str:
    """A line of the summary; `teacher` is the one that the student learned from."""
    deployed = scores.get("deployed", {}).get("test")
    kept = f"{100 * scores['test']['macro_f1'] / teacher['test']['macro_f1']:.1f} %"
    return (f"| {name} | {sentences} | {_f1(scores['test'])} | "
            f"{_f1(deployed) if deployed else ''} | {kept} | {parameters} | "
            f"{f'{shipped / 1e6:.1f} MB' if shipped else ''} | {run['minutes']:.0f} | "
            f"{run['peak_gib']:.1f} GiB |")


def _not_run(records: Dict[str, dict]) -> str:
    """Names the parts that have no record yet."""
    missing = [name for part, name in _NAMES.items() if part not in records]
    return f"Not run yet: {'; '.join(missing)}." if missing else ""


def _unseen(records: Dict[str, dict]) -> List[str]:
    """The F1 of entities with words that a student never saw, if it was measured.

    The transfer set decides which entities these are, so runs with another one stand apart.
    """
    groups: Dict[int, List[str]] = {}
    for part, record in records.items():
        if "unseen" not in record["run"]:
            continue
        scores = record["run"]["unseen"]["test"]
        teacher, sentences = scores["teacher"], record["data"]["transfer"]["sentences"]
        groups.setdefault(sentences, [
            f"F1 of the {teacher['entities']:,} test entities with a word that stands in neither "
            f"train nor {sentences:,} transfer sentences: teacher {teacher['macro_f1']:.2f}",
        ]).append(f"{_NAMES[part]} {scores['student']['macro_f1']:.2f}")
    return [f"{', '.join(told)}." for told in groups.values()]


def _table(records: Dict[str, dict], parts: Sequence[str]) -> List[str]:
    """The lines of teacher and parts that have a record, with what they are."""
    teacher = records["small"]["teacher"]
    lines = [
        "WikiAnn in 29 of the paper's 41 languages, 1,000 labelled sentences each. The teacher is "
        "multilingual-e5-small (12 layers, its weights rounded to 4 bits before fine-tuning). Test "
        "macro-F1 over languages, standard deviation in brackets: at `seq_len` 32 as in the paper, "
        "and as deployed (long sentences in windows, nothing cut). Size is what int8 ONNX needs, "
        "tokenizer included.",
        "",
        "| model | transfer sentences | test macro-F1 | as deployed | of the teacher's | "
        "parameters | size | minutes | peak memory |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
        f"| teacher | | {_f1(teacher['test'])} | "
        f"{_f1(teacher['deployed']['test']) if 'deployed' in teacher else ''} | | "
        f"{teacher['parameters']:,} | | | |",
    ]
    for part in parts:
        if part not in records:
            continue
        record = records[part]
        run = record["run"]
        scores = record["student"] if part != "spacy" else {"test": record["test"]}
        shipped = run.get("bytes", 0) or sum(
            size for name, size in run["onnx_bytes"].items() if name != "model.onnx")
        parameters = (f"{scores['parameters']:,} "
                      f"({teacher['parameters'] / scores['parameters']:.1f}x fewer)"
                      if part != "spacy" else "")
        transfer = 0 if part in _ALONE else record["data"]["transfer"]["sentences"]
        lines.append(_row(_NAMES[part], f"{transfer:,}" if transfer else "", scores,
                          record.get("teacher", teacher), parameters, run, shipped))
    return lines


def _made(record: dict) -> str:
    run = record["run"]
    return (f"{run['processor']}, {run['cores']} cores, TensorFlow {run['tensorflow']}, seed "
            f"{record['seed']}, one run each; commits and commands stand in the records in "
            "[benchmarks/wikiann29](benchmarks/wikiann29/small/report.md).")


def _taught_elsewhere(records: Dict[str, dict]) -> Dict[str, dict]:
    """The records of the students that another teacher taught than the first student's."""
    first = records["small"]["teacher"]["test"]["macro_f1"]
    return {part: record for part, record in records.items()
            if "teacher" in record and record["teacher"]["test"]["macro_f1"] != first}


def _other_teacher(records: Dict[str, dict]) -> str:
    """Names the students that another teacher taught, after a space; "" if there are none."""
    others = _taught_elsewhere(records)
    if not others:
        return ""
    one, names = next(iter(others.values())), " and ".join(_NAMES[part] for part in others)
    return (f" {names[0].upper()}{names[1:]}: another teacher, "
            f"{one['teacher']['test']['macro_f1']:.2f}, fine-tuned with the same flags in half "
            f"precision, {one['run']['processor']}.")


def wikiann29_headline() -> str:
    """Teacher, its best student, and two that learn from the labels alone."""
    records = _records()
    if "best" not in records:
        return wikiann29_table()
    teacher = records["small"]["run"]["minutes_of_the_teacher"]
    targets = records["cut"]["run"]["minutes_of_the_targets"]
    return "\n".join([
        *_table(records, ["best", "fast", "large", *_ALONE]), "",
        f"Minutes are the student's own; the teacher took {teacher:.0f} and its outputs "
        f"{targets:.0f}. {_made(records['best'])}" + _other_teacher(records)])


def wikiann29_table() -> str:
    """Teacher, students, the student alone and spaCy, one line each."""
    records = _records()
    if "small" not in records:
        return "Not run yet: `benchmarks/wikiann29.py`."
    told = [(part, record["run"]["remark"]) for part, record in records.items()
            if "remark" in record["run"]]
    told += [(part, f"its own teacher has {record['teacher']['test']['macro_f1']:.2f}, "
              f"{record['run']['processor']}.")
             for part, record in _taught_elsewhere(records).items()]
    told += [(part, "its int8 export has {macro_f1:.2f}, and {deployed:.2f} as deployed.".format(
        **record["run"]["int8"])) for part, record in records.items() if "int8" in record["run"]]
    notes = [f"{_NAMES[part][0].upper()}{_NAMES[part][1:]}: {text}" for part, text in told]
    return "\n".join([
        *_table(records, list(_NAMES)), "", _made(records["small"]), "",
        *(f"- {note}" for note in [*notes, *_unseen(records), _not_run(records)] if note)])


def wikiann29_languages() -> str:
    """Every language beside the paper's Table 17."""
    records = _records()
    if "small" not in records:
        return "Not run yet: `benchmarks/wikiann29.py`."
    columns = {"teacher": records["small"]["teacher"]["test"]["languages"]}
    for part, record in records.items():
        columns[part] = (record["test"] if part == "spacy" else record["student"]["test"])[
            "languages"]
    rows = []
    for language in sorted(columns["teacher"]):
        row = TABLE_17.get(language)
        theirs = [str(row.mbert), str(row.student)] if row else ["", ""]
        rows.append([language, *(f"{column[language]['f1']:.1f}" for column in columns.values()),
                     *theirs])
    return table(["language", *columns, "paper's mBERT", "paper's student"], rows)


def wikiann29_stages() -> str:
    """Dev macro-F1 after each stage, for the students on all transfer text."""
    found = {part: record["stages"] for part, record in _records().items()
             if part in ("cut", "best", "encoder", "large")}
    if not found:
        return "Not run yet: `benchmarks/wikiann29.py`."
    purposes = [stage["name"].partition("_")[2] for stage in next(iter(found.values()))]
    rows = []
    for purpose in purposes:
        cells = [purpose]
        for stages in found.values():
            own = [stage for stage in stages if stage["name"].partition("_")[2] == purpose]
            score = own[0]["dev"]["macro_f1"] if own else None
            told = "" if score is None or purpose == "representation" else f"{score:.2f}"
            cells.append(f"{told} ({own[0]['epochs']})".strip() if own else "")
        rows.append(cells)
    return table(["stage", *found], rows)
