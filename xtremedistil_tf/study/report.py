"""Writes a study's results: table.md, table.csv, plot.png, according to the study's form."""

import dataclasses
import pathlib
from typing import Any, Mapping, Sequence

from xtremedistil_tf.metrics.measures import language_measure
from xtremedistil_tf.study import latency, plots, tables
from xtremedistil_tf.study.grids import Study, Variant
from xtremedistil_tf.study.runner import Runner
from xtremedistil_tf.tasks import task_kind_of


def write(
    folder: pathlib.Path, study: Study, variants: Sequence[Variant],
    *, records: Sequence[Mapping[str, Any]], runner: Runner, seeds: Sequence[int],
) -> str:
    """Writes the results of a study.

    Args:
      folder: folder of the files.
      study, variants, records: the study and its runs, see `Runner.run`.
      runner: the runner, for the teachers' scores and the counts of labels.
      seeds: seeds of the runs.

    Returns:
      The table as Markdown.
    """
    folder.mkdir(parents=True, exist_ok=True)
    split = tables.scored_split(records)
    on = "dev after each stage" if study.form == "stages" else split
    metrics = records[0]["metrics"]
    (_, score), in_paper = language_measure(metrics), task_kind_of(metrics).in_paper
    notes = [f"{'F1 of phrases' if in_paper else score[0].upper() + score[1:]} on {on}, mean "
             f"over languages; seeds: {', '.join(map(str, seeds))}."]
    if in_paper:
        notes[0] += (" The paper's figures are of 41 languages, mBERT and up to 7.2 million "
                     "transfer sentences.")
    else:
        variants = [dataclasses.replace(one, reported=None) for one in variants]
    if on == "dev":
        score = f"dev {score}"
    title = f"{study.table} ({study.axis})"
    students = runner.lines(variants, seeds)
    if study.form == "languages":
        labels = runner.labels_by_language()
        alone = {name: runner.teacher_metrics({"languages": name})[split]["macro_f1"]
                 for name in labels}
        header, rows, models = tables.language_table(labels, alone, records)
        plots.plot_languages(labels, models, folder / "plot.png")
    elif study.form == "latency":
        points = latency.points(
            variants, tables.variant_lines(variants, records),
            latency.measure({name: runs[0] for name, runs in students.items()}))
        header, rows = latency.latency_table(study, points)
        notes.append(latency.verdict(points))
        latency.plot(points, folder / "plot.png")
    else:
        lines = tables.stage_lines(records) if study.form == "stages" \
            else tables.variant_lines(variants, records)
        header, rows = tables.lines_table(study, lines, score=score)
        draw = plots.plot_curve if study.form == "curve" else plots.plot_lines
        draw(study, lines, folder / "plot.png", score=score)
        notes += tables.comparisons(study, students, split)
    return tables.write_table(folder, title, header, rows, notes)
