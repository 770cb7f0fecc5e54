"""Writes a run's report: Markdown that compares with the paper, plots, and a terminal table."""

from __future__ import annotations

import pathlib
from typing import Any, Callable, List, Mapping, Sequence, Tuple

from xtremedistil_tf.data.readers.rows import DEFAULT_LANGUAGE
from xtremedistil_tf.files.atomic import atomic_path
from xtremedistil_tf.metrics.measures import AGREEMENT, measure_name, measure_of, taught
from xtremedistil_tf.reporting import paper, plots, run_metrics
from xtremedistil_tf.reporting.agreement import NAME, agreement_rows, agreement_section
from xtremedistil_tf.reporting.class_tables import (
    has_confusion,
    has_heat_map,
    plot_confusion,
    plot_heat_map,
)
from xtremedistil_tf.reporting.deployed import deployed_section
from xtremedistil_tf.reporting.markdown import (
    ABSENT,
    count_text,
    difference_text,
    score_text,
    table,
    times_text,
    without_teacher,
)
from xtremedistil_tf.reporting.run_facts import (
    data_section,
    fitted,
    reliability_section,
    time_section,
    warnings_section,
    worst_section,
    worth_text,
)
from xtremedistil_tf.tasks import task_kind_of

Metrics = Mapping[str, Any]
Histories = Mapping[str, plots.History]
Draw = Callable[[pathlib.Path], None]


def _main(metrics: Metrics, scores: Mapping[str, Any]) -> str:
    """Formats the run's measure for one model on one split."""
    spread = task_kind_of(metrics).spread
    return score_text(scores.get(measure_of(metrics)),
                      None if spread is None else scores.get(spread))


def _main_name(metrics: Metrics) -> str:
    """Name of the measure that `_main` formats."""
    return measure_name(metrics) + ("" if task_kind_of(metrics).spread is None else " (std)")


def _beside_paper(metrics: Metrics) -> bool:
    """True if the paper's tables are about this run: its data, or the user asked for them."""
    return task_kind_of(metrics).in_paper and taught(metrics) and run_metrics.in_paper(metrics)


def _language_rows(metrics: Metrics) -> Tuple[str, List[Tuple[str, Any, Any, Any]]]:
    """(name of the score, rows of (language, teacher, student, support) by language code)."""
    split = run_metrics.scored_split(metrics)
    scores = run_metrics.scores_of(metrics, "student", split)
    entries = scores.get("languages") or {}
    if task_kind_of(metrics).spread is None and set(entries) == {DEFAULT_LANGUAGE}:
        return "", []  # The only language has the overall scores.
    (name, student), (_, teacher) = (
        run_metrics.language_scores(metrics, model, split)
        for model in ("student", "teacher"))
    return name, [(code, teacher.get(code), student.get(code), entries.get(code, {}).get("support"))
                  for code in sorted(set(teacher) | set(student))]


def _kept(metrics: Metrics) -> str:
    """Describes the retention, if the teacher has a score."""
    kept, split = run_metrics.retention(metrics), run_metrics.scored_split(metrics)
    of_teacher = f"the teacher's {split} {measure_name(metrics)}"
    return f"none, since {of_teacher} is not above 0." if kept is None \
        else f"{score_text(kept)} % of {of_teacher}."


def _first_row(metrics: Metrics) -> List[Tuple[Metrics, str]]:
    """Returns the comparison row: the teacher, or the student before fine-tuning."""
    if taught(metrics):
        teacher = metrics.get("teacher") or {}
        return [(teacher, f"Teacher: {teacher.get('name', 'unnamed')}")]
    start = metrics["start"]
    before = {**start, "parameters": metrics["student"].get("parameters")}
    return [(before, f"Before: {start['name']}")] if start.get("dev") else []


def _comparison(metrics: Metrics) -> List[str]:
    """Compares student and teacher in sentences."""
    if not taught(metrics):
        return []
    factor = (metrics.get("compression") or {}).get("parameters")
    split = run_metrics.scored_split(metrics)
    kept = [f"- Retention: {_kept(metrics)}"] if all(
        run_metrics.scores_of(metrics, model, split) for model in ("teacher", "student")) else []
    smaller = [f"- Compression: {times_text(factor)} fewer parameters than the teacher."] \
        if factor else []
    worth = [f"- {text}" for text in (worth_text(metrics),) if text]
    return [*worth, *kept, *smaller]


def _headline(metrics: Metrics) -> str:
    """Renders sizes and scores and, for a run with a teacher, retention and compression."""
    split = run_metrics.scored_split(metrics)
    student = metrics.get("student") or {}
    # GLUE's MNLI has several dev and test splits.
    splits = [part for part in ("dev", "test", "dev_mismatched", "test_mismatched")
              if student.get(part) or part == "dev" and not run_metrics.by_agreement(metrics)]
    kind = task_kind_of(metrics)
    others = [pair for pair in kind.scores.items()
              if pair[0] != measure_of(metrics) and pair[0] in (student.get(split) or {})]
    header = ["Model", "Parameters", *(f"{part} {_main_name(metrics)}" for part in splits),
              *(f"{split} {name}" for _, name in others)]
    rows = []
    alone = metrics.get("alone")
    beside = [] if not alone else [
        ({**alone, "parameters": student.get("parameters")}, "Student alone, on labels")]
    after = f"Student, after {student.get('selected_stage', 'training')}"
    for model, label in (*_first_row(metrics), *beside, (student, after)):
        rows.append([label, count_text(model.get("parameters")),
                     *(_main(metrics, model.get(part) or {}) for part in splits),
                     *(score_text((model.get(split) or {}).get(key)) for key, _ in others)])
    notes = [*_comparison(metrics),
             f"- Of the student's parameters, {count_text(student.get('embedding_parameters'))} "
             "are word embeddings."]
    if _beside_paper(metrics) and run_metrics.is_scored(metrics):
        largest = paper.TABLE_16[0]
        notes.append(f"- The paper's student keeps {paper.paper_retention():.2f} % of its teacher "
                     f"(Table 5) at {times_text(largest.compression)} compression (Table 16).")
    if split != "test" and run_metrics.is_scored(metrics):
        notes.append("- This run has no test scores, so every comparison is on dev, which also "
                     "chose the epochs and the stage.")
    if not run_metrics.is_scored(metrics):
        return "\n\n".join([f"## {run_metrics.models_text(metrics)}",
                            "Neither model was scored: the run had no labels to measure on.",
                            table(header, rows), "\n".join(notes)])
    spread = "" if kind.spread is None else "; std is the standard deviation of F1 over languages"
    return "\n\n".join([f"## {run_metrics.models_text(metrics)}", f"Scores are 0-100{spread}.",
                        table(header, rows), "\n".join(notes)])


def _stage_trace(metrics: Metrics) -> str:
    """Lists the trained layers, the epochs and the student's dev score of each stage."""
    stages = metrics.get("stages") or []
    if not stages:
        return ""
    agreed = run_metrics.by_agreement(metrics)
    beside = (_beside_paper(metrics) and metrics.get("strategy") == paper.TABLE_4_STRATEGY
              and len(stages) == paper.TABLE_4_STAGES and not agreed)
    selected = (metrics.get("student") or {}).get("selected_stage")
    header = ["Stage", "Data", "Losses", "Trainable layers", "Trainable parameters",
              "Epochs (run/best)", "Seconds",
              NAME.capitalize() if agreed else f"dev {_main_name(metrics)}"]
    rows = []
    for place, stage in enumerate(stages):
        name = stage["name"]
        rows.append([
            f"**{name}** (selected)" if name == selected else name, stage.get("data", ABSENT),
            ", ".join(stage.get("losses") or []) or ABSENT,
            ", ".join(stage.get("trainable") or []) or ABSENT,
            count_text(stage.get("trainable_parameters")),
            f"{count_text(stage.get('epochs'))}/{count_text(stage.get('best_epoch'))}",
            f"{stage.get('seconds') or 0.0:,.1f}",
            score_text(stage[AGREEMENT][AGREEMENT]) if agreed
            else _main(metrics, stage.get("dev") or {})])
        if beside:
            # Table 4 starts at stage 2: before it, the classifier is not trained.
            rows[-1].append(score_text(*paper.TABLE_4[place - 1].score) if place else ABSENT)
    papers = " (the paper's Table 4)" if _beside_paper(metrics) and not agreed else ""
    parts = ["## Stage by stage" + papers,
             table(header + (["Paper's F1 (std)"] if beside else []), rows, text=4)]
    if beside:
        parts.append("The paper's column is over its 41 languages and its own data sizes, and ends "
                     "at the F1 of its Table 5; this run's column is dev.")
    return "\n\n".join(parts)


def _models(metrics: Metrics) -> str:
    """Compares the run's two models with the four of the paper's Table 5."""
    if not _beside_paper(metrics) or not run_metrics.is_scored(metrics):
        return ""
    split = run_metrics.scored_split(metrics)
    rows = [[name, score_text(*score), ABSENT] for name, score in paper.TABLE_5.items()]
    teacher = (metrics.get("teacher") or {}).get("name", "unnamed")
    rows += [[f"this run's {model}", ABSENT,
              _main(metrics, run_metrics.scores_of(metrics, name, split))]
             for model, name in ((f"teacher, {teacher}", "teacher"), ("student", "student"))]
    rows.append(["Retention, %", *map(score_text, (paper.paper_retention(),
                                                   run_metrics.retention(metrics)))])
    count = len(_language_rows(metrics)[1])
    return "\n\n".join([
        "## Models (the paper's Table 5)",
        table(["Model", "Paper's F1 (std)", f"This run's {split} macro-F1 (std)"], rows),
        f"The paper averages over 41 languages, this run over {count}."])


def _languages(metrics: Metrics) -> str:
    """Lists the scores of teacher and student by language; for NER, with those of Table 17."""
    name, languages = _language_rows(metrics)
    if not languages:
        return ""
    split, ner = run_metrics.scored_split(metrics), _beside_paper(metrics)
    header = ["Language", "Support", f"Teacher {name}", f"Student {name}", "Difference"]
    rows = []
    for code, teacher, student, support in languages:
        rows.append([code, count_text(support), score_text(teacher), score_text(student),
                     difference_text(student, teacher)])
        if ner:
            row = paper.TABLE_17.get(code)
            rows[-1] += [str(row.mbert), str(row.student)] if row else [ABSENT, ABSENT]
    parts = [f"## Language by language, {split}"]
    if ner:
        parts[0] += " (the paper's Table 17)"
        header += ["Paper's mBERT", "Paper's student"]
        codes = [code for code, *_ in languages]
        teacher, student = (run_metrics.scores_of(metrics, model, split).get("macro_f1")
                            for model in ("teacher", "student"))
        rows.append(["**macro**", ABSENT, score_text(teacher), score_text(student),
                     difference_text(student, teacher),
                     *(score_text(paper.mean_over(codes, name)) for name in ("mbert", "student"))])
        parts.append("The paper's macro row averages the languages listed here that its Table 17 "
                     "has, in the whole points it prints.")
    if not taught(metrics):
        header, rows = without_teacher(header, rows)
    return "\n\n".join([parts[0], table(header, rows), *parts[1:]])


def _figures(metrics: Metrics, histories: Histories) -> List[Tuple[str, str, Draw]]:
    """Lists the figures that have data: file name, caption and drawing function."""
    stages = metrics.get("stages") or []
    figures: List[Tuple[str, str, Draw]] = []
    if stages:
        figures.append(("stages.png", "Student after each stage",
                        lambda path: plots.plot_stages(metrics, path)))
    if has_heat_map(metrics):
        word = task_kind_of(metrics).class_word
        figures.append(("heat_map.png", f"F1 by language and {word}",
                        lambda path: plot_heat_map(metrics, path)))
    if has_confusion(metrics):
        figures.append(("confusion.png", "What is taken for what",
                        lambda path: plot_confusion(metrics, path)))
    calibrated = fitted(metrics).get("calibration")
    if calibrated:
        figures.append(("reliability.png", "How sure, and how right, on dev",
                        lambda path: plots.plot_reliability(path, [("student", calibrated)])))
    if _language_rows(metrics)[1]:
        figures.append(("languages.png", f"{run_metrics.models_text(metrics)} by language",
                        lambda path: plots.plot_languages(metrics, path)))
    if any(histories.values()):
        rated = [*stages, {**(metrics.get("teacher") or {}), "name": "teacher"}]
        figures.append(("losses.png", "Dev measure and loss by epoch",
                        lambda path: plots.plot_losses(histories, path, stages=stages)))
        figures.append(("learning_rate.png", "Learning rate by step",
                        lambda path: plots.plot_learning_rate(histories, path, stages=rated)))
    return figures


def render_report(metrics: Metrics, histories: Histories) -> str:
    """Renders a run's report as Markdown.

    Args:
      metrics: the run's metrics.json.
      histories: each stage's epochs, by stage name (and the teacher's under "teacher").

    Returns:
      The Markdown text, whose links to plots are relative to the run's folder.
    """
    how = (f"strategy {metrics.get('strategy', ABSENT)}" if taught(metrics)
           else f"from {metrics['start']['name']}")
    title = (f"# {'Distillation' if taught(metrics) else 'Fine-tuning'} report: "
             f"{metrics.get('task', 'unnamed task')}, {how}, seed {metrics.get('seed', ABSENT)}")
    links = "\n\n".join(f"![{caption}](plots/{name})"
                        for name, caption, _ in _figures(metrics, histories))
    sections = [title, warnings_section(metrics), _headline(metrics), agreement_section(metrics),
                _stage_trace(metrics),
                _models(metrics), task_kind_of(metrics).section(metrics), _languages(metrics),
                deployed_section(metrics), reliability_section(metrics), worst_section(metrics),
                time_section(metrics), data_section(metrics),
                f"## Plots\n\n{links}" if links else ""]
    return "\n\n".join(section for section in sections if section) + "\n"


def teacher_student_table(metrics: Metrics) -> str:
    """Renders the short plain-text table that a run prints at its end.

    Without a teacher it has only the student's scores.

    Args:
      metrics: the run's metrics.json.

    Returns:
      Aligned lines: one for each language, then overall scores (0-100) and parameters.
    """
    split = run_metrics.scored_split(metrics)
    name, languages = _language_rows(metrics)
    titled = f"{split} {name}".strip() if run_metrics.is_scored(metrics) else ""
    rows: List[Sequence[str]] = [(titled, "teacher", "student", "difference")]
    rows += [(code, score_text(teacher), score_text(student), difference_text(student, teacher))
             for code, teacher, student, _ in languages]
    scores = [run_metrics.scores_of(metrics, model, split) for model in ("teacher", "student")]
    for key, label in task_kind_of(metrics).scores.items():
        teacher, student = (score.get(key) for score in scores)
        if teacher is not None or student is not None:
            rows.append((label, score_text(teacher), score_text(student),
                         difference_text(student, teacher)))
    rows += [(label, ABSENT, value, ABSENT) for label, value in agreement_rows(metrics)]
    factor = (metrics.get("compression") or {}).get("parameters")
    sizes = [(metrics.get(model) or {}).get("parameters") for model in ("teacher", "student")]
    fewer = f"{times_text(factor)} fewer" if factor else ABSENT
    rows.append(("parameters", *map(count_text, sizes), fewer))
    if not taught(metrics):
        header, body = without_teacher(rows[0], rows[1:])
        rows = [header, *body]
    widths = [max(len(cell) for cell in column) for column in zip(*rows)]
    lines = ["  ".join([row[0].ljust(widths[0]),
                        *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))])
             for row in rows]
    lines.insert(1, "-" * len(lines[0]))
    if taught(metrics) and run_metrics.scores_of(metrics, "teacher", split):
        lines += [worth] if (worth := worth_text(metrics)) else []
        lines.append(f"The student keeps {_kept(metrics)}")
    return "\n".join(lines)


def write_report(run_dir: pathlib.Path, metrics: Metrics, histories: Histories) -> None:
    """Writes report.md and plots/*.png into a run's folder, each file atomically.

    Args:
      run_dir: the run's folder; it is created if missing.
      metrics: the run's metrics.json.
      histories: each stage's epochs, by stage name (and the teacher's under "teacher").
    """
    run_dir = pathlib.Path(run_dir)
    # The plots are written first, so a report never links to a missing plot.
    for name, _, draw in _figures(metrics, histories):
        draw(run_dir / "plots" / name)
    text = render_report(metrics, histories)
    with atomic_path(run_dir / "report.md") as temporary:
        temporary.write_text(text, encoding="utf-8")
