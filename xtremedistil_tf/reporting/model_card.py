"""The model card of a student folder: the student's origin, scores and limits."""

import json
import pathlib
from typing import Any, List, Mapping, Tuple

from xtremedistil_tf.config import StudentConfig
from xtremedistil_tf.data.readers.rows import DEFAULT_LANGUAGE
from xtremedistil_tf.files.atomic import atomic_path
from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.metrics.measures import measure_name, measure_of, taught
from xtremedistil_tf.reporting import run_metrics
from xtremedistil_tf.reporting.agreement import agreement_section
from xtremedistil_tf.reporting.markdown import count_text, score_text, table, without_teacher
from xtremedistil_tf.reporting.run_facts import worst_section
from xtremedistil_tf.tasks import task_kind_of

CARD_FILE = "README.md"
DATA_CARD = "card/card.json"
# Number of weakest languages that the card names.
_WEAKEST = 3

Metrics = Mapping[str, Any]


# Licences that the model hub knows by an id; others are named in full.
_LICENCES = ("apache-2.0", "mit", "cc0-1.0", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0",
             "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0", "gpl-3.0", "odbl", "pddl",
             "unknown")


def _licence(data_card: Mapping[str, Any]) -> List[str]:
    """The licence as lines of YAML: that of the data, since the student has learnt them."""
    told = str(data_card.get("licence") or "unknown")
    name = "-".join(told.lower().split())
    return [f"license: {name}"] if name in _LICENCES \
        else ["license: other", f"license_name: {json.dumps(told, ensure_ascii=False)}"]


def _index(metrics: Metrics, split: str, scores: Mapping[str, Any]) -> List[str]:
    """The scores as the model hub reads them, from 0 to 1."""
    if not scores:
        return []
    kind, task = task_kind_of(metrics), json.dumps(str(metrics["task"]), ensure_ascii=False)
    pipeline = kind.card.head.partition("\n")[0].partition(": ")[2]
    lines = ["model-index:", f"- name: {task}", "  results:", "  - task:",
             f"      type: {pipeline}", "    dataset:", f"      name: {task}",
             f"      type: {task}", f"      split: {split}", "    metrics:"]
    for key, name in kind.scores.items():
        if scores.get(key) is not None:
            lines += [f"    - type: {_HUB_METRICS.get(key, key)}", f"      name: {split} {name}",
                      f"      value: {scores[key] / 100:.4f}"]
    return lines


# Names of scores on the model hub.
_HUB_METRICS = {"macro_f1": "f1", "micro_f1": "f1", "matthews": "matthews_correlation",
                "exact": "exact_match", "pearson": "pearsonr", "spearman": "spearmanr"}


def _head(metrics: Metrics, data_card: Mapping[str, Any]) -> str:
    """The YAML head for the model hub."""
    split = run_metrics.scored_split(metrics)
    scores = run_metrics.scores_of(metrics, "student", split)
    languages = sorted(code for code in scores.get("languages") or () if code != DEFAULT_LANGUAGE)
    base = metrics.get("base_model") or (metrics.get("start") or {}).get("base_model")
    lines = [*(["language:", *(f"- {json.dumps(code)}" for code in languages)] if languages
               else ()), *_licence(data_card),
             *([f"base_model: {json.dumps(base)}"] if base else ()),
             "library_name: xtremedistil_tf", task_kind_of(metrics).card.head.rstrip("\n"),
             *(["- distillation"] if taught(metrics) else ()), *_index(metrics, split, scores)]
    return "\n".join(["---", *lines, "---"])


def _in_short(metrics: Metrics) -> str:
    """Size and scores in plain sentences."""
    student = metrics["student"]
    factor = (metrics.get("compression") or {}).get("parameters")
    told = [f"It has {student['parameters']:,} parameters"
            + (f", {factor:.1f} times fewer than its teacher." if factor else ".")]
    split, key = run_metrics.scored_split(metrics), measure_of(metrics)
    rows = (metrics["data"].get(split) or {}).get("sentences")
    of = f"the {rows:,} {split} rows" if rows else split
    for who, start in (("student", f"On {of} its {measure_name(metrics)} is"),
                       ("teacher", "The teacher has"), ("alone", "The same student, trained on "
                                                        "the labels alone, has")):
        score = run_metrics.scores_of(metrics, who, split).get(key)
        if score is not None:
            told.append(f"{start} {score_text(score)}" + (" of 100." if who == "student" else "."))
    return " ".join(told)


def _worst(metrics: Metrics, data_card: Mapping[str, Any]) -> str:
    """A sample of errors, if the data have a licence; a card is published, rows may not be."""
    section = worst_section(metrics)
    if not section or data_card.get("licence"):
        return section
    return ("## The worst errors\n\nThe run's report.md shows the rows that the student gets most "
            "wrong. They are not shown here, since the licence of the data is not given.")


def _overall(metrics: Metrics, scores: Mapping[str, Any]) -> List[Tuple[str, str]]:
    """Keys and names of the overall scores, the measure first."""
    kind = task_kind_of(metrics)
    if kind.spread is not None:  # Overall scores are means over languages.
        return [(measure_of(metrics), "**macro**"), (kind.spread, "std over languages")]
    names = [key for key in kind.scores if key in scores]
    names.sort(key=lambda key: key != measure_of(metrics))
    return [(key, f"**{kind.scores[key]}**") for key in names]


def _origin(metrics: Metrics) -> Tuple[List[List[str]], str]:
    """The student's origin: rows of the summary, and its size compared with the teacher's."""
    if not taught(metrics):
        start = metrics["start"]
        made = f", a student by {start['strategy']}" if start.get("strategy") else ""
        return [["start", f"{start['name']}{made}"]], ""
    teacher = metrics["teacher"]
    if teacher["parameters"] is None:
        return [["teacher", teacher["name"]]], ""
    row = ["teacher", f"{teacher['name']}, layer {teacher['layer']}, "
           f"{teacher['parameters']:,} parameters"]
    return [row], (f"; {metrics['compression']['parameters']:.1f} times fewer than the "
                   "teacher")


def _top(sizes: StudentConfig, record: Mapping[str, Any]) -> str:
    if sizes.projects:
        return f"{sizes.dense_act_func} projection to {record['width']}"
    return "logits from the encoder"


def _summary(metrics: Metrics, record: Mapping[str, Any], weights: int) -> str:
    student, sizes = metrics["student"], StudentConfig(**record["student"])
    origin, beside = _origin(metrics)
    of_texts = task_kind_of(metrics).pooled
    rows = [
        ["architecture", f"{sizes.kind.describe(sizes)}, {_top(sizes, record)}"
         + (f" of {sizes.kind.poolings[sizes.pools]}" if of_texts else "")],
        *origin,
        ["strategy", f"{metrics['strategy']}, kept after {student['selected_stage']}, "
         f"seed {metrics['seed']}"],
        ["parameters", f"{student['parameters']:,}, of which {student['embedding_parameters']:,} "
         f"word embeddings{beside}"],
        ["weights", f"{weights / 1e6:.1f} MB (safetensors, float32)"],
        ["vocabulary", f"{student['vocabulary']:,} subword tokens of "
         f"{_READS[sizes.own_vocabulary or not taught(metrics)]} tokenizer"],
        ["labels", ", ".join(record["tags"])],
        ["made by", f"xtremedistil_tf {metrics['version']}"],
    ]
    return table(["", ""], rows, text=2)


def _scores(metrics: Metrics) -> str:
    if not run_metrics.is_scored(metrics):
        return ("## Scores\n\nThere are none: the distillation had no labels.\n\n#"
                + agreement_section(metrics))
    split = run_metrics.scored_split(metrics)
    student, teacher = (
        run_metrics.scores_of(metrics, model, split) for model in ("student", "teacher"))
    name, by_language = run_metrics.language_scores(metrics, "student", split)
    _, of_teacher = run_metrics.language_scores(metrics, "teacher", split)
    rows = [[code, count_text(student["languages"][code]["support"]),
             score_text(of_teacher.get(code)), score_text(by_language[code])]
            for code in sorted(by_language)]
    for key, label in _overall(metrics, student):
        rows.append([label, "", score_text(teacher.get(key)), score_text(student.get(key))])
    text = f"Scores on {split}, 0 to 100, {task_kind_of(metrics).card.scored}."
    header = ["Language", "Support", f"Teacher {name}", f"Student {name}"]
    if taught(metrics):
        kept = run_metrics.retention(metrics)
        if kept is not None:
            text += (f" The student keeps {score_text(kept)} % of its teacher's "
                     f"{measure_name(metrics)}.")
    else:
        header, rows = without_teacher(header, rows)
    parts = ["## Scores", text, table(header, rows)]
    # Scores by class, or by kind of question, without the report's heading.
    detailed = task_kind_of(metrics).section(metrics)
    agreed = agreement_section(metrics)
    return "\n\n".join([*parts, *detailed.split("\n\n")[1:], *([f"#{agreed}"] if agreed else [])])


def _data(metrics: Metrics, data_card: Mapping[str, Any]) -> str:
    rows = [[split, f"{counts['sentences']:,}", len(counts.get("languages") or {}) or "-"]
            for split, counts in metrics["data"].items()
            if isinstance(counts, Mapping) and "sentences" in counts]
    licence = data_card.get("licence") or "not given (`xtremedistil-prepare --licence`)"
    lines = [f"Task {metrics['task']}. Licence of the data: {licence}.",
             table(["Split", "Sentences", "Languages"], rows)]
    warnings = [f"- {' '.join(str(text).split())}" for text in metrics["data"].get("warnings", [])]
    if warnings:
        lines.append("The run warned:\n\n" + "\n".join(warnings))
    return "\n\n".join(["## Data", *lines])


def _limits(metrics: Metrics, record: Mapping[str, Any]) -> str:
    split = run_metrics.scored_split(metrics)
    scores = run_metrics.scores_of(metrics, "student", split)
    what, (name, by_name) = "languages", run_metrics.language_scores(metrics, "student", split)
    if task_kind_of(metrics).by_class and scores:
        what, name = "classes", "F1"
        by_name = {label: own["f1"] for label, own in scores["classes"].items()}
    ranked = sorted((value, code) for code, value in by_name.items() if value is not None)
    weakest = ", ".join(f"{code} ({value:.2f})" for value, code in ranked[:_WEAKEST])
    lines: List[str] = []
    if weakest and set(by_name) != {DEFAULT_LANGUAGE}:
        lines.append(f"Weakest {what} by {split} {name}: {weakest}.")
    if not scores:
        split = "held_out"
    counts = metrics["data"].get(split) or {}
    cut = counts.get("cut_sentences", 0)
    lines.append(
        f"It was trained on sequences of at most {record['seq_len']} subword tokens; {cut:,} of "
        f"{counts.get('sentences', 0):,} {split.replace('_', '-')} sentences were longer, and what "
        f"lay beyond {task_kind_of(metrics).card.cut}.")
    lines.append("Languages, scripts and kinds of text that are not named here were not measured.")
    settings = StudentConfig(**record["student"])
    if settings.vocabulary == "cut":
        lines.append("Its tokenizer is its teacher's, cut to the subword tokens of its training. "
                     "Characters that occurred there in no text are read as unknown.")
    elif not settings.own_vocabulary:
        texts = "transfer text" if taught(metrics) else "transfer text of its distillation"
        lines.append("Subword tokens that occurred neither in the training nor in the "
                     f"{texts} are read as unknown.")
    if taught(metrics):
        lines.append("What the teacher gets wrong the student has learnt too.")
    if not scores:
        lines.append("Nothing says how often it is right: it was compared with its teacher only.")
    elif split != "test":
        lines.append("There are no test scores: dev also chose the epochs.")
    return "\n\n".join(["## Limits", "\n".join(f"- {line}" for line in lines)])


def _use(metrics: Metrics, record: Mapping[str, Any]) -> str:
    """The section on use of the folder."""
    text = task_kind_of(metrics).card.use
    for one, two in _PAIRED if record.get("separator") is not None else ():
        text = text.replace(one, two)
    return text


# The input of a student of pairs in the example.
_PAIRED = (('("Paul Bergmann arbeitet in Berlin.")',
            '(("Paul Bergmann arbeitet in Berlin.", "Er lebt in Berlin."))'),
           ('echo "Paul Bergmann arbeitet in Berlin."',
            "printf 'Paul Bergmann arbeitet in Berlin.\\tEr lebt in Berlin.\\n'"))
# Origin of the student's tokenizer, by `StudentConfig.own_vocabulary`.
_READS = {False: "the teacher's", True: "its own"}


def render_model_card(metrics: Metrics, record: Mapping[str, Any], weights: int,
                      data_card: Mapping[str, Any]) -> str:
    """Renders a model card as Markdown.

    Args:
      metrics: the run's metrics.json.
      record: the student folder's student.json.
      weights: size of the weights file in bytes.
      data_card: the task's card/card.json; empty if it has none.
    """
    if taught(metrics):
        teacher = metrics["teacher"]
        size = "" if teacher["parameters"] is None \
            else f" ({teacher['parameters']:,} parameters)"
        how = (f", distilled from {teacher['name']}{size} as in "
               "[XtremeDistil](https://aclanthology.org/2020.acl-main.202/) (ACL 2020)")
    else:
        how = f": {metrics['start']['name']}, fine-tuned on labels"
    intro = f"{task_kind_of(metrics).card.intro}{how}."
    parts = [
        _head(metrics, data_card), f"# {metrics['task']}: a student by {metrics['strategy']}",
        intro, _in_short(metrics), _summary(metrics, record, weights), _scores(metrics),
        _data(metrics, data_card), _worst(metrics, data_card), _limits(metrics, record),
        _use(metrics, record)]
    return "\n\n".join(part for part in parts if part) + "\n"


def write_model_card(folder: pathlib.Path, metrics: Metrics, task: pathlib.Path) -> None:
    """Writes README.md into a student folder.

    Args:
      folder: the student folder, complete except for its card.
      metrics: the run's metrics.json.
      task: the task folder; its data card gives the licence.
    """
    data_card = pathlib.Path(task) / DATA_CARD
    text = render_model_card(
        metrics, read_json(folder / "student.json"),
        (folder / "weights.safetensors").stat().st_size,
        read_json(data_card) if data_card.is_file() else {})
    with atomic_path(folder / CARD_FILE) as temporary:
        temporary.write_text(text, "utf-8")
