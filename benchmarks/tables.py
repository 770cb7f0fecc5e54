"""Writes the result tables of README and docs from recorded runs: python benchmarks/tables.py."""

import csv
import json
import pathlib
import posixpath
import re
import statistics
import sys
from typing import Dict, List

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from authors_tables import authors_table  # noqa: E402 - after the path is set
from cascade_tables import cascade_table  # noqa: E402
from classification_tables import classification_tables  # noqa: E402
from kinds_tables import kinds_tables  # noqa: E402
from machine import measured, recorded  # noqa: E402
from peers_tables import bulk_table, peers_summary, peers_tables  # noqa: E402
from server_tables import browser_table, load_table  # noqa: E402
from serving_tables import onnx_runtimes_table, serving_tables, text_in_table  # noqa: E402
from teachers_tables import outputs_table, pretrain_table, text_table  # noqa: E402
from transitions_tables import transitions_table  # noqa: E402
from wikiann29_tables import (  # noqa: E402
    wikiann29_headline,
    wikiann29_languages,
    wikiann29_stages,
    wikiann29_table,
)

from xtremedistil_tf.reporting.paper import TABLE_4, TABLE_16  # noqa: E402
from xtremedistil_tf.study.grids import STUDIES  # noqa: E402

RESULTS = ROOT / "benchmarks"
# Stands between a study's name and its teacher, if it is not the one of the flagfiles.
_TEACHER = "--"

def _load(name: str, file: str) -> dict:
    return json.loads((RESULTS / name / file).read_text("utf-8"))


def _f1(scores: dict) -> str:
    return f"{scores['macro_f1']:.2f} ({scores['std_f1']:.1f})"


def wikiann_table() -> str:
    """The WikiAnn runs."""
    lines = [
        "WikiAnn in 8 languages (de en es fr nl pl pt ru), 1,000 labelled and 3,000 transfer "
        "sentences each. The teacher is MiniLM (6 layers, 4 epochs), the student has E=50 and "
        "H=2x200. The scores are test macro-F1 over words, with the standard deviation over "
        "languages in brackets. The time is from files to scores on two cores, without the "
        "teacher's fine-tuning.",
        "",
        "| run | teacher | student | student / teacher | parameters | teacher passes | minutes |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name in ("short", "long"):
        if not (RESULTS / "wikiann8_minilm" / name).is_dir():
            continue
        metrics = _load(f"wikiann8_minilm/{name}", "metrics.json")
        machine = _load(f"wikiann8_minilm/{name}", "machine.json")
        flagfile = {"short": "wikiann_minilm", "long": "wikiann_minilm_long"}[name]
        lines.append(
            f"| [`flags/{flagfile}.flags`](benchmarks/wikiann8_minilm/{name}/report.md) | "
            f"{_f1(metrics['teacher']['test'])} | {_f1(metrics['student']['test'])} | "
            f"{metrics['retention']:.1f} % | {metrics['teacher']['parameters']:,} to "
            f"{metrics['student']['parameters']:,} | {metrics['teacher_passes']:g} | "
            f"{machine['seconds_from_files_to_scores'] / 60:.1f} |"
        )
    return "\n".join(lines)


def wikiann_machine() -> str:
    """Where the WikiAnn runs were made."""
    metrics = _load("wikiann8_minilm/short", "metrics.json")
    machine = _load("wikiann8_minilm/long", "machine.json")
    return (f"Commit {machine['commit'][:10]}, {machine['processor']}, {machine['cores']} cores, "
            f"TensorFlow {machine['tensorflow']}, seed {metrics['seed']}; one run each, by "
            "`benchmarks/wikiann_minilm.py`. Other work shared the machine during the long run.")


def stages_table() -> str:
    """F1 after each stage beside Table 4."""
    metrics = _load("wikiann8_minilm/short", "metrics.json")
    # Stage 1 has no row there.
    paper = ["", *(f"{row.score.f1:g}" for row in TABLE_4)]
    lines = ["As Table 4 of the paper. The paper's column is test over 41 languages; ours is dev "
             "over eight.", "",
             "| stage | epochs | dev macro-F1 | paper |", "|---|---:|---:|---:|"]
    for stage, theirs in zip(metrics["stages"], paper):
        lines.append(f"| {stage['name']} | {stage['epochs']} | {_f1(stage['dev'])} | {theirs} |")
    return "\n".join(lines)


def _rows(path: pathlib.Path) -> int:
    """Number of rows of a file."""
    return len(path.read_text("utf-8").splitlines())


def demo_summary() -> str:
    """Teacher and student of the demo in a sentence."""
    metrics, tuned = _load("demo", "metrics.json"), _load("demo", "teacher.json")
    worth, teacher, student = metrics["alone"]["worth"], metrics["teacher"], metrics["student"]
    return (
        f"Recorded on two cores: the teacher has {teacher['test']['macro_f1']:.1f} test macro-F1 "
        f"after {tuned['seconds'] / 60:.1f} minutes. Its student, with "
        f"{teacher['parameters'] / student['parameters']:.1f} times fewer parameters, has "
        f"{student['test']['macro_f1']:.1f} after {metrics['seconds']['total'] / 60:.1f} more; on "
        f"its labels alone it has {metrics['alone']['test']['macro_f1']:.1f} (distillation: "
        f"{worth['difference']:+.1f}, 95 % interval {worth['low']:+.1f} to {worth['high']:+.1f}; "
        "[report](benchmarks/demo/report.md)). The sample is easy on purpose: do not compare its "
        "figures with real corpora. In sentences that are unlike it tags are often wrong or "
        "missing.")


def demo_table() -> str:
    """Teacher and student of the demo, one line each."""
    metrics, tuned = _load("demo", "metrics.json"), _load("demo", "teacher.json")
    worth, labels = metrics["alone"]["worth"], metrics["data"]["train"]["sentences"]
    teacher, student = metrics["teacher"], metrics["student"]
    return "\n".join([
        "| model | labelled sentences | sentences without labels | test macro-F1 | parameters | "
        "minutes |",
        "|---|---:|---:|---:|---:|---:|",
        f"| teacher, from random weights | {_rows(ROOT / 'data' / 'ner' / 'train.tsv'):,} | | "
        f"{teacher['test']['macro_f1']:.1f} | {teacher['parameters']:,} | "
        f"{tuned['seconds'] / 60:.1f} |",
        f"| student | {labels:,} | {metrics['data']['transfer']['sentences']:,} | "
        f"{student['test']['macro_f1']:.1f} | {student['parameters']:,} | "
        f"{metrics['seconds']['total'] / 60:.1f} |",
        f"| the same student on the labels alone | {labels:,} | | "
        f"{metrics['alone']['test']['macro_f1']:.1f} | {student['parameters']:,} | |",
        "",
        f"- Distillation is worth {worth['difference']:+.1f} (95 % interval {worth['low']:+.1f} to "
        f"{worth['high']:+.1f}). [The recorded report](benchmarks/demo/report.md) has all figures.",
        "- Two cores; the student's minutes hold those of the one on labels alone. The sample is "
        "easy on purpose; do not compare its figures with real corpora.",
        *([f"- {tuned['note']}"] if tuned["note"] else [])])


def speed_table(record: dict) -> str:
    """Teacher, student and tokenisation against the other way of doing it."""
    tokens = record["tokenisation"]
    lines = [
        "| measured in turns in one run | ours | against | ratio |",
        "|---|---:|---:|---:|",
    ]
    for teacher in record["teacher"]:
        rates = teacher["sentences_a_second"]
        lines.append(
            f"| teacher over WikiAnn sentences of {teacher['mean_pieces']:.1f} subword tokens, "
            f"sentences a second: by length against all padded to {teacher['seq_len']} | "
            f"{rates['bucketed']:.0f} | {rates['fixed']:.0f} | {teacher['ratio']:.1f} |")
    if "precision" in record:
        half = record["precision"]
        for part, told in (("scoring", "scoring"), ("fine_tuning", "fine-tuning")):
            rates = half["sentences_a_second"][part]
            lines.append(
                f"| the teacher, {told}, sentences a second: `--teacher_opt_policy=mixed_bfloat16` "
                f"against float32 | {rates['mixed_bfloat16']:.0f} | {rates['float32']:.0f} | "
                f"{half['ratios'][part]:.2f} |")
    for student in record["student"]:
        rates = student["sentences_a_second"]
        sizes = (f"E={student['E']}, H={student['H']}, batch {student['batch']}, "
                 f"{student['rows']:,} sequences")
        lines += [
            f"| the student's stage 1, {sizes}: against the authors' setting (32 subword "
            f"tokens, recurrent dropout 0.2) | {rates['ours']:.0f} | {rates['authors']:.0f} | "
            f"{student['ratio']:.1f} |",
            f"| the same: LazyAdam against Adam | {rates['ours']:.0f} | {rates['ours, Adam']:.0f} "
            f"| {student['lazy_adam_over_adam']:.2f} |",
        ]
        if "mixed_bfloat16_over_float32" in student:
            lines.append(
                "| the same: `--opt_policy=mixed_bfloat16` against float32 | "
                f"{rates['ours, mixed_bfloat16']:.0f} | {rates['ours']:.0f} | "
                f"{student['mixed_bfloat16_over_float32']:.2f} |")
    for name, ratio in tokens["ratios"].items():
        rates = tokens["sentences_a_second"]
        lines.append(f"| tokenizing, sentences a second: against every prefix anew, as the authors "
                     f"do ({name.split(', ')[1]}) | {rates['ours']:.0f} | {rates[name]:.0f} | "
                     f"{ratio:.0f} |")
    shares = " and ".join(f"{student['share_of_peak']:.0%} at E={student['E']}, H={student['H']}"
                          for student in record["student"])
    return "\n".join([
        *lines, "",
        f"The student's matrix products, backward ones included, reach {shares} of the "
        f"{record['matrix_product_peak_gflops']:.0f} GFLOP/s of one large float32 product in the "
        f"same run. {_distance(record)}{measured(record)}",
    ])


def _distance(record: dict) -> str:
    """How far the teacher's states in half precision are from those in float32."""
    if "precision" not in record:
        return ""
    return ("In mixed_bfloat16 the teacher's hidden states differ from those in float32 by "
            f"{record['precision']['relative_distance_of_states']:.1%} of their length. ")


def memory_table(record: dict) -> str:
    """Peak memory by size of the transfer set."""
    # Its seconds are not shown: other work shared the machine, which changes no memory.
    lines = ["| transfer sentences | peak resident memory of the whole job |", "|---:|---:|"]
    lines += [f"| {size['transfer_sentences']:,} | {size['peak_gib']:.2f} GiB |"
              for size in record["sizes"]]
    return "\n".join([*lines, "", f"MiniLM teacher, E=50, H=200. {measured(record)}"])


def kills_text(record: dict) -> str:
    """What became of the killed runs."""
    parts = {found["part"] for found in record["runs"]}
    return (f"{len(record['runs'])} runs were killed (SIGKILL) at random moments of {len(parts)} "
            f"parts of the job, {record['killed']} of them before they ended by themselves, and "
            f"started again: {record['alike']} ended with the weights, bit by bit, and the scores "
            f"of the run that was left alone. {measured(record)}")


def workers_text(record: dict) -> str:
    """Two workers against one."""
    return (f"Two workers against one, {record['what']}: training took "
            f"{record['two_over_one']:.1f} times as long (the two share two cores, and the job is "
            "tiny: this says that it works, not what it gains); the largest difference of a "
            f"weight is {record['largest_difference_of_a_weight']:.1e}, of weights up to "
            f"{record['largest_weight']:.1f}. {measured(record)}")


def optimizers_table(record: dict) -> str:
    """Adam against LazyAdam on the demo."""
    seeds = sorted({run["seed"] for run in record["runs"]})
    lines = ["| optimizer | dev macro-F1 | test macro-F1 | seconds of all stages |",
             "|---|---:|---:|---:|"]
    lines += [f"| {name} | {means['dev_macro_f1']:.2f} | {means['test_macro_f1']:.2f} | "
              f"{means['stage_seconds']:.0f} |" for name, means in record["means"].items()]
    return "\n".join([
        *lines, "",
        f"The demo's student ({record['runs'][0]['vocabulary']:,} rows of embedding), mean of "
        f"seeds {', '.join(map(str, seeds))}, one teacher. {measured(record)}"])


def teacher_adam_text(record: dict) -> str:
    """Adam on the teacher's whole word embedding, and on its used rows."""
    whole, used = record["all"], record["used"]
    return (f"A step of the teacher's fine-tuning, batch {record['batch']}: "
            f"{whole['seconds']:.2f} s and {whole['peak_gib']:.1f} GiB at most with Adam on all "
            f"{whole['rows']:,.0f} rows of the word embedding, {used['seconds']:.2f} s and "
            f"{used['peak_gib']:.1f} GiB on the {used['rows']:,.0f} that train reads: "
            f"{whole['seconds'] / used['seconds']:.1f} times as fast, for the same weights. "
            f"{measured(record)}")


def threads_table(record: dict) -> str:
    """The student's steps by threads of an operation and by runs at a time."""
    lines = ["| student's stage 1, steps a second in all | threads an operation | one run | two at "
             "a time |", "|---|---:|---:|---:|"]
    for one in record["students"]:
        rates = {(way["threads"], way["runs"]): way["steps_a_second"] for way in one["ways"]}
        lines += [f"| E={one['E']}, H={one['H']}, batch {one['batch']} | {threads} | "
                  f"{rates[threads, 1]:.1f} | {rates[threads, 2]:.1f} |"
                  for threads in sorted({threads for threads, _ in rates})]
    return "\n".join([*lines, "", measured(record)])


def bilstm_table(record: dict) -> str:
    """The student's steps with Keras' LSTM and ours, by precision and threads of an operation."""
    names = {"keras": "Keras' LSTM", "own": "ours"}
    lines = ["| student's stage 1, steps a second | step | products in | all cores an operation | "
             "one thread an operation |", "|---|---|---|---:|---:|"]
    for one in record["students"]:
        rates = {(way["step"], way["precision"], way["threads"] > 1): way["steps_a_second"]
                 for way in one["ways"]}
        lines += [f"| E={one['E']}, H={one['H']}, batch {one['batch']} | {names[step]} | "
                  f"{precision} | {rates[step, precision, True]:.1f} | "
                  f"{rates[step, precision, False]:.1f} |"
                  for step, precision in dict.fromkeys(key[:2] for key in rates)]
    return "\n".join([*lines, "", measured(record)])


def engine_tables() -> str:
    """All figures of the engine that are recorded."""
    tables = {"speed": speed_table, "optimizers": optimizers_table, "memory": memory_table,
              "teacher_adam": teacher_adam_text, "threads": threads_table,
              "bilstm": bilstm_table, "kills": kills_text,
              "workers": workers_text}
    records = {name: recorded(f"engine/{name}") for name in tables}
    return "\n\n".join(
        table(records[name]) if records[name]
        else f"Not recorded yet: `benchmarks/engine/{name}.py`."
        for name, table in tables.items())


def paper_sizes_table() -> str:
    """The sizes of the paper, the best first."""
    lines = ["| E | H | F1 | parameters, millions | compression | speed-up, P100, batch 32 | "
             "speed-up, Xeon, batch 1 |", "|---:|---:|---:|---:|---:|---:|---:|"]
    lines += [f"| {row.embedding} | {row.hidden} | {row.score.f1:.2f} | {row.million_parameters} | "
              f"{row.compression}x | {row.speed_up_32}x | {row.speed_up_1}x |" for row in TABLE_16]
    return "\n".join(lines)


def sizes_table() -> str:
    """F1, size and time of our own students of several sizes, once recorded, with the chart."""
    path = RESULTS / "sizes" / "sizes.json"
    if not path.is_file():
        return "Not recorded yet: `benchmarks/sizes.py`, on a study over E and H."
    record = json.loads(path.read_text("utf-8"))
    teacher = record["teacher"]
    lines = [
        f"{record['task']} ({', '.join(record['languages'])}), teacher {record['teacher_name']}: "
        f"test macro-F1 {teacher['f1']:.2f} with {teacher['parameters'] / 1e6:.1f} million "
        f"parameters. Seeds a size: {record['sizes'][0]['seeds']}.",
        "", "![F1 over latency and over size](benchmarks/sizes/sizes.png)", "",
        "| E | H | F1 | of the teacher's | parameters, millions | MB | MB int8 | ms, ONNX | over "
        "the teacher | ms, ONNX int8 | over the teacher |", "|---:|---:|" + "---:|" * 9]
    for size in record["sizes"]:
        spread = "" if size["seeds_std"] is None else f" ±{size['seeds_std']:.2f}"
        times = [f"{size['ms'][way]:.2f} | {size['speed_up'][way]:.0f}x"
                 if way in size["speed_up"] else f"{size['ms'][way]:.2f} | "
                 for way in ("onnx_1", "onnx_int8_1")]
        lines.append(
            f"| {size['embedding']} | {size['hidden']} | {size['f1']:.2f}{spread} | "
            f"{100 * size['f1'] / teacher['f1']:.1f} % | {size['parameters'] / 1e6:.2f} | "
            f"{size['bytes']['onnx'] / 1e6:.2f} | {size['bytes']['onnx_int8'] / 1e6:.2f} | "
            + " | ".join(times) + " |")
    return "\n".join([*lines, "",
                      "One sentence of 32 subword tokens a call (p50); the models take turns; "
                      f"the teacher is in the same runtime. {measured(record)}"])


def _place(name: str, order: List[str]) -> int:
    """Place of a study on its page, the same for all its teachers; grids come last."""
    study = name.partition(_TEACHER)[0]
    return order.index(study) if study in order else len(order)


def studies_tables() -> str:
    """The paper's tables as far as they are recorded here, each with its comparisons and plot."""
    parts, order = [], list(STUDIES)
    found = {path.parent.name: path.parent
             for path in sorted((RESULTS / "studies").glob("*/record.json"))}
    for name in sorted(found, key=lambda name: (_place(name, order), name)):
        record = json.loads((found[name] / "record.json").read_text("utf-8"))
        text = (found[name] / "table.md").read_text("utf-8").strip()
        machine = record["machine"]
        study, _, teacher = name.partition(_TEACHER)
        made = f"`--study={study}`" if study in order else {
            "presets": "`--presets`"}.get(study, "a grid (`--grid`)")
        if teacher:
            told = teacher.replace("_", ", ", 1).replace("_", " ")
            text = text.replace("\n", f", teacher {told}\n", 1)
        parts.append("\n".join([
            re.sub("^# ", "### ", text), "",
            f"![{name}](benchmarks/studies/{name}/plot.png)", "",
            f"By {made}, flags of all runs in "
            f"[record.json](benchmarks/studies/{name}/record.json); commit "
            f"{machine['commit'][:10]}, {machine['processor']}, {machine['cores']} cores, "
            f"TensorFlow {machine['tensorflow']}. {record['note']}".strip()]))
    return "\n\n".join(parts) or "Not recorded yet."


def _choices(study: str) -> Dict[str, float]:
    """Macro-F1 on dev of each line of a study of the deviations; {} if it is not recorded."""
    path = RESULTS / "studies" / study / "table.csv"
    if not path.is_file():
        return {}
    with open(path, encoding="utf-8", newline="") as file:
        return {row["choice"]: float(row["dev F1"]) for row in csv.DictReader(file)}


def choices_table() -> str:
    """What each choice in which we differ does alone, on dev, by teacher."""
    columns = {"MiniLM teacher": _choices("deviations"),
               "E5 teacher": _choices("deviations--E5"),
               "E5, two seeds": _choices("deviations--E5_two_seeds")}
    columns = {name: rows for name, rows in columns.items() if rows}
    if not columns:
        return "The effect of each alone is not recorded yet (`--study=deviations`)."
    ours = {name: rows.pop("D4.2") for name, rows in columns.items()}
    lines = ["| one choice changed | " + " | ".join(
        f"{name}, dev macro-F1 | against ours" for name in columns) + " |",
        "|---|" + "---:|---:|" * len(columns),
        "| none: ours | " + " | ".join(f"{f1:.2f} | " for f1 in ours.values()) + "|"]
    for choice in dict.fromkeys(choice for rows in columns.values() for choice in rows):
        cells = (f"{rows[choice]:.2f} | {rows[choice] - ours[name]:+.2f}" if choice in rows
                 else " | " for name, rows in columns.items())
        lines.append(f"| {choice} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", "Test figures, flags and intervals: [the studies of the "
                      "deviations](docs/reference/results/studies.md#deviations-choice), by "
                      "`--study=deviations`."])


def _decoding_mean(way: str, what: str) -> float:
    """Mean of a figure over the runs that were decoded both ways."""
    record = json.loads((RESULTS / "decoding.json").read_text("utf-8"))
    return statistics.fmean(run[way][what] for run in record["runs"])


def decoding_text() -> str:
    """Constrained decoding against the best tag of each word."""
    record = json.loads((RESULTS / "decoding.json").read_text("utf-8"))
    mean, valid, alone = _decoding_mean, "constrained", "each word alone"
    return (f"Evaluation and every runtime decode to valid IOB2. Test macro-F1 is "
            f"{mean(valid, 'macro_f1'):.2f} with it and {mean(alone, 'macro_f1'):.2f} with the "
            f"best tag of each word alone. Of the latter {100 * mean(alone, 'not_valid'):.1f} % of "
            f"the sentences are not valid IOB2 (mean of {len(record['runs'])} seeds of D4.2). "
            f"{measured(record)}")


def first_hour_text() -> str:
    """Minutes from a fresh clone."""
    path = RESULTS / "first_hour.json"
    if not path.is_file():
        return ("Minutes from a fresh clone to the first tagged sentence and to an exported model "
                "that answers text: not recorded yet (`benchmarks/first_hour.py`).")
    record = json.loads(path.read_text("utf-8"))
    minutes, machine = record["minutes"], record["machine"]
    own = [(what, record[name])
           for name, what in (
               ("sentences", "CoNLL files in eight languages, 200 labelled sentences each, and "
                "24,000 sentences of text"),
               ("texts", "a CSV of 1,500 labelled texts, and 5,000 texts without labels"))
           if name in record]
    return "\n".join([
        "| from a fresh clone and | minutes to the first answer | the run had said | it took | "
        "teacher | student | labels alone |",
        "|---|---:|---:|---:|---:|---:|---:|",
        f"| the sample, by these commands | {minutes['exported']:.1f} | | | | | |",
        *(_own_data(what, found) for what, found in own),
        "",
        "- *Minutes to the first answer* begin with the clone and hold installing, without pip's "
        f"cache: {minutes['installed']:.1f} for the sample. The answer is of an exported student, "
        "with your data of the served int8 one.",
        "- Your data go through README's three commands, with multilingual-e5-small as teacher. "
        "Scores are test macro-F1 of names and accuracy of texts.",
        *(f"- {what[0].upper()}{what[1:]}: {found['note']}" for what, found in own
          if found["note"]),
        f"- Python {machine['python']}, {machine['processor']}, {machine['cores']} cores, commit "
        f"{machine['commit'][:10]}."])


def _own_data(what: str, own: dict) -> str:
    """The line of a corpus: minutes to an answer of the served student, and scores."""
    key = "accuracy" if "accuracy" in own["scores"]["student"] else "macro_f1"
    scores = (f"{own['scores'][model][key]:.1f}" for model in ("teacher", "student", "alone"))
    return "| " + " | ".join([
        what, f"{own['minutes']['installed'] + own['minutes']['answered']:.0f}",
        f"{own['forecast']['total'] / 60:.0f}", f"{own['seconds']['total'] / 60:.0f}",
        *scores]) + " |"


def stacks_table() -> str:
    """Scores of the demo by stack, one seed."""
    records = {path.stem: json.loads(path.read_text("utf-8"))
               for path in sorted((RESULTS / "stacks").glob("3.*.json"))}
    lines = ["| Python | TensorFlow | transformers | teacher, dev | test | student, dev | test |",
             "|---|---|---|" + "---:|" * 4]
    for python, record in records.items():
        scores = [record[f"{split}_{model}"]
                  for model in ("teacher", "student") for split in ("dev", "test")]
        versions = python, record["machine"]["tensorflow"], record["machine"]["transformers"]
        lines.append("| " + " | ".join([*versions, *(f"{score:.1f}" for score in scores)]) + " |")
    apart = [max(record[name] for record in records.values())
             - min(record[name] for record in records.values())
             for name in ("test_teacher", "test_student")]
    return "\n".join([*lines, "", f"Test macro-F1: the teachers lie {apart[0]:.1f} points apart, "
                      f"the students {apart[1]:.1f} (`make demo`, then "
                      "`benchmarks/stacks.py`; one seed; with all 400 labels a language, as the "
                      "demo was in 0.1)."])


# Where the tables stand: file, then name of the place in it.
_RESULTS = "docs/reference/results"
PLACES = {
    "README.md": {"demo": demo_summary, "wikiann29": wikiann29_headline, "peers": peers_summary},
    "docs/tutorials/first_hour.md": {"demo": demo_table, "first_hour": first_hour_text},
    "docs/how-to/choose_a_student.md": {"paper_sizes": paper_sizes_table, "sizes": sizes_table},
    "docs/how-to/learn_from_outputs.md": {"outputs": outputs_table},
    "docs/how-to/use_a_finished_teacher.md": {"teacher_text": text_table},
    "docs/how-to/pretrain_a_student.md": {"pretrain": pretrain_table},
    "docs/how-to/evaluate.md": {"cascade": cascade_table},
    "docs/explanation/deviations.md": {"choices": choices_table},
    "docs/reference/stacks.md": {"stacks": stacks_table},
    f"{_RESULTS}/wikiann8.md": {
        "wikiann8": lambda: wikiann_table() + "\n\n" + wikiann_machine(),
        "authors": authors_table, "wikiann8_stages": stages_table},
    f"{_RESULTS}/wikiann29.md": {
        "wikiann29": wikiann29_table, "wikiann29_languages": wikiann29_languages,
        "wikiann29_stages": wikiann29_stages},
    f"{_RESULTS}/classification.md": {"classification": classification_tables},
    f"{_RESULTS}/kinds.md": {"kinds": kinds_tables},
    f"{_RESULTS}/engine.md": {"engine": engine_tables},
    f"{_RESULTS}/studies.md": {"studies": studies_tables, "decoding": decoding_text,
                                "transitions": transitions_table},
    f"{_RESULTS}/serving.md": {"serving": serving_tables, "text_in": text_in_table,
                                "onnx_runtimes": onnx_runtimes_table,
                                "load": load_table, "browser": browser_table,
                                "bulk": bulk_table},
    f"{_RESULTS}/peers.md": {"peers": peers_tables},
}


def _from(name: str, made: str) -> str:
    """A table whose links start at the top folder, with links that start at its document."""
    folder = posixpath.dirname(name) or "."
    return re.sub(r"\]\((?!\w+:)([^)]+)\)",
                  lambda match: f"]({posixpath.relpath(match.group(1), folder)})", made)


def render(name: str, text: str) -> str:
    """A document with its tables made anew.

    Raises:
      ValueError: if a place for a table is missing or there twice.
    """
    for place, table in PLACES[name].items():
        pattern = rf"(<!-- table:{place} -->\n).*?(<!-- end:{place} -->)"
        made = _from(name, table())
        text, count = re.subn(
            pattern, lambda match, made=made: f"{match.group(1)}{made}\n{match.group(2)}", text,
            flags=re.DOTALL,
        )
        if count != 1:
            raise ValueError(f"{name} has {count} places for the table {place}; needed is 1")
    return text


if __name__ == "__main__":
    for name in PLACES:
        path = ROOT / name
        path.write_text(render(name, path.read_text("utf-8")), "utf-8")
