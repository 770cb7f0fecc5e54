"""The tables of topics, parts of speech and answers, from the records in benchmarks/kinds/."""

from typing import Any, Dict, List

import machine
from machine import measured, recorded

from xtremedistil_tf.reporting.markdown import ABSENT, count_text, table
from xtremedistil_tf.tasks import task_kind

# Records in the order of the page, with their titles.
RECORDS = {"sib200": "Topics (SIB-200)", "udpos": "Parts of speech (UD)",
           "tydiqa": "Answers (TyDi QA)"}
_COLUMNS = {"teacher": "teacher", "alone": "student alone", "student": "student distilled",
            "tfidf": "TF-IDF + logistic regression"}
_PARTS = {"teacher": "teacher", "targets": "its outputs", "student": "student",
          "alone": "student alone", "evaluation": "scores", "tfidf": "TF-IDF"}


def _share(record: Dict[str, Any], who: str) -> str:
    """A column's test score in percent of the teacher's."""
    kept, own = (record["columns"][name]["test"][record["measure"]] for name in ("teacher", who))
    return f"{100 * own / kept:.1f} %" if kept else ABSENT


def _gap(record: Dict[str, Any]) -> str:
    """Percent of the gap between the student alone and the teacher that is closed."""
    teacher, alone, student = (record["columns"][who]["test"][record["measure"]]
                               for who in ("teacher", "alone", "student"))
    if teacher <= alone:
        return "no gap between the student alone and the teacher"
    return (f"{100 * (student - alone) / (teacher - alone):.0f} % of the gap between the student "
            "alone and the teacher closed")


def _scores(record: Dict[str, Any]) -> List[List[Any]]:
    """A row for each model: its test scores and parameters."""
    names = task_kind(record["kind"]).scores
    shown = sorted((name for name in names if name in record["columns"]["teacher"]["test"]),
                   key=lambda name: name != record["measure"])
    rows: List[List[Any]] = [["", *(names[name] for name in shown), "of the teacher's",
                              "parameters"]]
    for who, column in record["columns"].items():
        rows.append([_COLUMNS[who], *(f"{column['test'][name]:.2f}" for name in shown),
                     _share(record, who), count_text(column["parameters"])])
    return rows


def _languages(record: Dict[str, Any]) -> str:
    """The measure by language; a sentence if the data name none."""
    languages = record["columns"]["teacher"]["test"].get("languages")
    if not languages:
        return "The data name no languages, so there are no scores by language."
    key, guessed = record["measure"], record.get("languages")
    rows = [[language, *(f"{column['test']['languages'][language][key]:.1f}"
                         for column in record["columns"].values())] for language in languages]
    told = table(["language", *(_COLUMNS[who] for who in record["columns"])], rows)
    if not guessed:
        return told
    equal = sum(guessed["rows"]["test"].values()) / len(guessed["rows"]["test"])
    wrong = ", ".join(f"{language} {count}" for language, count in guessed["rows"]["test"].items()
                      if abs(count - equal) > 0.02 * equal)
    return (f"{told}\n\nThe data name no languages. Each row's was guessed by "
            f"{guessed['guessed_by']} (`benchmarks/kinds_languages.py`). Each language has "
            f"{equal:.0f} test rows; further from it are the guesses of {wrong or 'none'}.")


def _sizes(record: Dict[str, Any]) -> str:
    """The rows, the interval, the minutes and the machine, in sentences."""
    rows, worth = record["rows"], record["worth"]
    told = [f"{rows['train']:,} labelled rows, {rows['transfer']:,} of transfer, {rows['test']:,} "
            f"of test. Teacher {record['teacher']}, strategy {record['strategy']}, seed "
            f"{record['seed']}, one run. {_gap(record).capitalize()}."]
    if worth:
        told.append(f"Distilled minus alone: {worth['difference']:+.2f}, 95 % interval "
                    f"{worth['low']:+.2f} to {worth['high']:+.2f} (paired bootstrap).")
    minutes = ", ".join(f"{_PARTS[part]} {value:.1f}" for part, value in
                        record["minutes"].items() if part in _PARTS)
    told.append(f"Minutes: {minutes}. {measured(record)}")
    return " ".join([*told, record["note"]]).strip()


def _variants(name: str, record: Dict[str, Any]) -> str:
    """The students of other flags or text, beside the first one; empty without any."""
    measure = record["measure"]
    title = task_kind(record["kind"]).scores[measure]
    header = ["student", "note", "flags beside the flagfile of its commit", "transfer", title,
              "of the teacher's", "parameters"]
    folder = machine.ROOT / "benchmarks" / "kinds"
    others = {path.stem.partition("--")[2]: recorded(f"kinds/{path.stem}")
              for path in sorted(folder.glob(f"{name}--*.json"))}
    rows = []
    for variant, found in {"the above": record, **others}.items():
        _, further, flags = found["command"].rpartition(" -- ")
        own = [f"`{flag}`" for flag in flags.split()] if further else []
        student = found["columns"]["student"]
        rows.append([variant, found["note"], " ".join(own) or ABSENT,
                     f"{found['rows']['transfer']:,}", f"{student['test'][measure]:.2f}",
                     _share(found, "student"), count_text(student["parameters"])])
    return table(header, rows, text=3) if len(rows) > 1 else ""


def _record(name: str, title: str) -> str:
    record = recorded(f"kinds/{name}")
    if not record:
        return f"### {title}\n\nNot recorded yet: `benchmarks/kinds.py --parts={name}`."
    header, *rows = _scores(record)
    variants = _variants(name, record)
    return "\n".join([
        f"### {title}", "", table(header, rows), "", _sizes(record), "",
        *([variants, ""] if variants else []), _languages(record), "",
        f"Flags of the run: [{name}.json](benchmarks/kinds/{name}.json)."])


def kinds_tables() -> str:
    """All records of the further kinds of task, one section each."""
    return "\n\n".join(_record(name, title) for name, title in RECORDS.items())
