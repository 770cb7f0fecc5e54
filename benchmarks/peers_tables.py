"""The recorded figures of bulk tagging and of the peers as Markdown, for the pages of results."""

import json

from machine import ROOT, measured, recorded

from xtremedistil_tf.config import StudentConfig
from xtremedistil_tf.reporting.markdown import table

NAMES = {
    "ours": "ours, ONNX float32", "ours_int8": "ours, ONNX int8",
    "fast": "ours, fast, ONNX float32", "fast_int8": "ours, fast, ONNX int8",
    "transformer": "Transformer student, ONNX float32",
    "transformer_int8": "Transformer student, ONNX int8", "teacher": "the teacher, ONNX int8",
    "spacy": "spaCy", "crf": "sklearn-crfsuite",
    "tfidf": "TF-IDF, logistic regression",
    "static": "mean of the teacher's word embeddings, logistic regression",
}


def _busy(record: dict) -> str:
    """Says so if other work ran beside a measurement."""
    busy = record.get("load_of_the_machine", 0.0)
    return f" Other work ran beside it (load {busy:.0f})." if busy > 3 else ""


_HEAD = ("| | test macro-F1 | {unit} a second | ms a text | model, MB | libraries, MB | start, s | "
         "memory, MB | minutes to train |\n|---|" + "---:|" * 8)


def _rows(record: dict) -> str:
    """Number of labelled rows; records of before do not say it."""
    return f", {record['labelled_rows']:,} labelled rows" if "labelled_rows" in record else ""


def _peer(name: str, peer: dict) -> str:
    minutes = "" if peer["minutes"] is None else f"{peer['minutes']:.1f}"
    return (f"| {NAMES[name]} | {peer['scores']['macro_f1']:.2f} | {peer['a_second']:,.0f} | "
            f"{peer['one_text_ms']:.2f} | {peer['model_bytes'] / 1e6:.1f} | "
            f"{peer['library_bytes'] / 1e6:.0f} | {peer['start_seconds']:.2f} | "
            f"{peer['resident_bytes'] / 1e6:.0f} | {minutes} |")


def _languages(peers: dict) -> str:
    """F1 of each peer in each language."""
    names = sorted({name for peer in peers.values() for name in peer["scores"]["languages"]})
    if len(names) < 2:
        return ""
    head = ["F1", *(NAMES[part] for part in peers)]
    rows = [[name, *(f"{own[name]:.1f}" if name in own else "" for own in (
        peer["scores"]["languages"] for peer in peers.values()))] for name in names]
    return "\n" + table(head, rows)


def peers_summary() -> str:
    """The table and the plot of README: one task, the columns that people choose by."""
    path = ROOT / "benchmarks" / "peers" / "wikiann8.json"
    record = json.loads(path.read_text("utf-8"))
    lines = [f"| | test macro-F1 | {record['unit']} a second | ms a text | model, MB | start, s |",
             "|---|" + "---:|" * 5]
    # The page has float32, too.
    shown = {name: peer for name, peer in _known(record).items()
             if f"{name}_int8" not in record["peers"]}
    for name, peer in sorted(shown.items(), key=lambda one: -one[1]["a_second"]):
        lines.append(
            f"| {NAMES[name]} | {peer['scores']['macro_f1']:.1f} | {peer['a_second']:,.0f} | "
            f"{peer['one_text_ms']:.2f} | {peer['model_bytes'] / 1e6:.1f} | "
            f"{peer['start_seconds']:.1f} |")
    return "\n".join([
        "Beside [what you could take instead](docs/reference/results/peers.md): WikiAnn in eight "
        "languages, 1,000 labelled sentences each; everything beside our student learns from these "
        f"alone.{_student(record)} In bulk, {record['lines']:,} lines of text become JSON lines. "
        f"{measured(record)}{_busy(record)}",
        "", *lines, "",
        f"![macro-F1 over {record['unit']} a second](benchmarks/peers/{path.stem}.png)"])


_STUDENTS = {"ours": "Our student", "fast": "The fast one", "transformer": "The Transformer"}


def _student(record: dict) -> str:
    """How the students were made, and what they keep of their teacher; "" if it is not said."""
    told = []
    for name, facts in record["students"].items():
        scores, sizes = facts["scores"], facts["parameters"]
        student = StudentConfig(**facts["student"])
        told.append(
            f" {_STUDENTS[name]} ({facts['distil']['strategy']}, {facts['transfer_rows']:,} "
            f"transfer texts, {_kind(student)}, {sizes['student']:,} parameters, "
            f"{sizes['teacher'] / sizes['student']:.1f} times fewer than its teacher) keeps "
            f"{100 * scores['student'] / scores['teacher']:.1f} % of its teacher's score "
            f"({scores['student']:.2f} of {scores['teacher']:.2f}; seed {facts['seed']}).")
    return "".join(told)


def _kind(student: StudentConfig) -> str:
    """Kind and sizes of a student."""
    return student.kind.describe(student) + ("" if student.projects else ", no projection")


def _known(record: dict) -> dict:
    """Its peers in the order of the names."""
    return {name: record["peers"][name] for name in NAMES if name in record["peers"]}


def peers_tables() -> str:
    """A table and a plot a task."""
    parts = []
    for path in sorted((ROOT / "benchmarks" / "peers").glob("*.json")):
        record = json.loads(path.read_text("utf-8"))
        peers = _known(record)
        parts.append("\n".join([
            f"**{path.stem}**{_rows(record)}, {record['lines']:,} lines in bulk."
            f"{_student(record)}", "",
            _HEAD.format(unit=record["unit"]), *(_peer(*one) for one in peers.items()),
            _languages(peers), "",
            f"![macro-F1 over {record['unit']} a second](benchmarks/peers/{path.stem}.png)", "",
            f"{measured(record)}{_busy(record)}"]))
    return "\n\n".join(parts) or "Not recorded yet: `benchmarks/peers.py`."


def _bulk_row(name: str, runtime: str, own: dict) -> str:
    now, before = own["now"], own.get("before")
    was = f"{before['words_a_second']:,.0f} ({own['ratio']:.2f}x)" if before else ""
    return (f"| {name} | {runtime} | {now['words_a_second']:,.0f} | {was} | "
            f"{own['text_to_tags_over_model']:.2f}x | "
            f"{own['text_to_tags_over_model_one_by_one']:.2f}x | "
            f"{now['import_seconds']:.2f} | {now['open_seconds']:.2f} |")


def bulk_table() -> str:
    """Words a second in bulk, and the share of each part."""
    record = recorded("bulk")
    if not record:
        return "Not recorded yet: `benchmarks/bulk.py`."
    rows = [(name, runtime, own) for name, runtimes in record["students"].items()
            for runtime, own in runtimes.items()]
    lines = ["| student | runtime | words a second, JSON lines written | before (ratio) | over the "
             "model alone, in as many threads | over the model, batch after batch | import, s | "
             "open, s |", "|---|---|" + "---:|" * 6,
             *(_bulk_row(*row) for row in rows), "",
             "Share of the processor time on one core:", ""]
    names = list(rows[0][2]["parts"]["shares"])
    lines += ["| student | runtime | " + " | ".join(names) + " |",
              "|---|---|" + "---:|" * len(names)]
    lines += [f"| {name} | {runtime} | "
              + " | ".join(f"{own['parts']['shares'][part]:.0%}" for part in names) + " |"
              for name, runtime, own in rows]
    same = all(own["same_bytes"] for _, _, own in rows if "same_bytes" in own)
    return "\n".join([*lines, "", f"{record['sentences']:,} sentences, {record['words']:,} words; "
                      "medians. " + ("Both checkouts wrote the same bytes. " if same else "")
                      + f"{measured(record)}{_busy(record)}"])
