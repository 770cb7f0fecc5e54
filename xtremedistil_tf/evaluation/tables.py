"""The report of an evaluation, in Markdown."""

import pathlib
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from xtremedistil_tf.data.labels import number_text
from xtremedistil_tf.data.readers.rows import DEFAULT_LANGUAGE
from xtremedistil_tf.evaluation.charts import figures_of
from xtremedistil_tf.files.atomic import atomic_path
from xtremedistil_tf.files.contents import write_json
from xtremedistil_tf.files.locks import sole_writer
from xtremedistil_tf.metrics.measures import language_measure, measure_name
from xtremedistil_tf.reporting.markdown import ABSENT, cell_text, count_text, score_text, table
from xtremedistil_tf.tasks import task_kind_of

Evaluation = Mapping[str, Any]
# A larger table is for a figure only.
_MOST_CONFUSED = 20


def _names(evaluation: Evaluation) -> List[str]:
    return [model["name"] for model in evaluation["models"]]


def _with_interval(score: Optional[float], bounds: Optional[Sequence[float]]) -> str:
    if score is None or bounds is None:
        return score_text(score)
    return f"{score:.2f} ({bounds[0]:.2f} to {bounds[1]:.2f})"


def _headline(evaluation: Evaluation) -> str:
    kind, models = task_kind_of(evaluation), evaluation["models"]
    measures = [name for name in (evaluation["measure"], *kind.scores)
                if name in models[0]["scores"]]
    rows: List[List[Any]] = []
    for name in dict.fromkeys(measures):
        row = [kind.scores[name]]
        for model in models:
            row.append(_with_interval(model["scores"].get(name),
                                      model.get("intervals", {}).get(name)))
        rows.append(row + _difference(evaluation, name))
    for name in dict.fromkeys(measures) if any("at_seq_len" in model for model in models) else ():
        row = [f"{kind.scores[name]} at seq_len"]
        row += [score_text(model.get("at_seq_len", {}).get(name)) for model in models]
        rows.append(row + [ABSENT] * (2 if "difference" in evaluation else 0))
    header = ["Score", *_names(evaluation)]
    if "difference" in evaluation:
        header += ["Difference", "p"]
    told = ("In brackets: 95 % interval of the bootstrap over rows, "
            f"{evaluation['samples']:,} samples. " if evaluation["samples"] else "")
    return "\n\n".join([table(header, rows), told + _unit(evaluation)])


def _difference(evaluation: Evaluation, name: str) -> List[str]:
    if "difference" not in evaluation:
        return []
    found = evaluation["difference"].get(name)
    if found is None:
        return [ABSENT, ABSENT]
    return [f"{found['value']:+.2f} ({found['low']:+.2f} to {found['high']:+.2f})",
            f"{found['p']:.4f}"]


def _unit(evaluation: Evaluation) -> str:
    told = "Texts are read as in use."
    if any("at_seq_len" in model for model in evaluation["models"]):
        told += (" At seq_len, words beyond the training's seq_len count as O, as in metrics.json "
                 "and in the paper.")
    return told


def _languages(evaluation: Evaluation) -> str:
    languages = [model["scores"].get("languages", {}) for model in evaluation["models"]]
    names = sorted(languages[0])
    if len(names) < 2 and names in ([], [DEFAULT_LANGUAGE]):
        return ""
    key, name = language_measure(evaluation)
    rows = [[code, count_text(languages[0][code]["support"]),
             *(score_text(one[code].get(key)) for one in languages)] for code in names]
    return "\n\n".join([f"## By language ({name})",
                        table(["Language", "Support", *_names(evaluation)], rows)])


def _classes(evaluation: Evaluation) -> str:
    found = [model["scores"].get("classes") for model in evaluation["models"]]
    if not all(found):
        return ""
    word = task_kind_of(evaluation).class_word
    header = [word.capitalize(), "Support"]
    for name in _names(evaluation):
        header += [f"{name}: {score}" for score in ("precision", "recall", "F1")]
    rows = [[name, count_text(own["support"]),
             *(score_text(one[name][key]) for one in found
               for key in ("precision", "recall", "f1"))] for name, own in found[0].items()]
    return "\n\n".join([f"## By {word}", table(header, rows)])


def _confusions(evaluation: Evaluation) -> str:
    parts: List[str] = []
    for model in evaluation["models"]:
        names = model["scores"].get("confusion_names")
        if names and len(names) <= _MOST_CONFUSED:
            rows = [[name, *map(count_text, counts)]
                    for name, counts in zip(names, model["scores"]["confusion"])]
            parts += [f"{model['name']}:", table(["Gold \\ predicted", *names], rows)]
    return "\n\n".join(["## What is taken for what", *parts]) if parts else ""


def _calibrations(evaluation: Evaluation) -> str:
    rows = [[model["name"], f"{100 * found['probability']:.1f} %", f"{100 * found['right']:.1f} %",
             f"{found['error']:.3f}"]
            for model in evaluation["models"] for found in [model.get("calibration")] if found]
    if not rows:
        return ""
    return "\n\n".join([
        "## How sure, and how right",
        table(["Model", "Mean probability", "Right", "Calibration error"], rows),
        "The calibration error is the mean distance between the probability of predictions and the "
        "share of right ones among them, over bins of equal width; 0 is perfect."])


def _cascade(evaluation: Evaluation) -> str:
    points = evaluation.get("cascade")
    if not points:
        return ""
    first, second = _names(evaluation)
    name = measure_name(evaluation)
    rows = [[f"{100 * one['share']:.0f} %", number_text(one["below"]), score_text(one["score"])]
            for one in points]
    return "\n\n".join([
        "## A cascade of both",
        f"{first} answers, and {second} is asked for the rows where {first} is least sure. "
        "The threshold is what `--ask_teacher_below` takes.",
        table([f"Asked of {second}", "Below", name], rows, text=0)])


def _rows_table(evaluation: Evaluation, rows: Sequence[Mapping[str, Any]]) -> str:
    body = []
    for row in rows:
        shown = [(cell_text(text) or "none") + ("" if sure is None else f" ({sure:.2f})")
                 for text, sure in zip(row["predicted"], row["probability"])]
        body.append([row["row"], row["language"], cell_text(row["text"]),
                     cell_text(row["gold"]) or "none",
                     *shown])
    return table(["Row", "Language", "Text", "Gold", *_names(evaluation)], body,
                 text=4 + len(_names(evaluation)))


def _errors(evaluation: Evaluation) -> str:
    errors = evaluation["errors"]
    if not errors:
        return ""
    total = evaluation["data"]["rows"]
    told = "; ".join(f"{name}: {count:,} of {total:,} rows with an error"
                     for name, count in zip(_names(evaluation), errors["wrong_rows"]))
    titles: List[Tuple[str, str]] = [("worst", "The worst rows")]
    if "first_better" in errors:
        first, second = _names(evaluation)
        titles += [("first_better", f"{first} is better"), ("second_better", f"{second} is better")]
    parts = ["## Errors", f"{told}. In brackets: the probability of the prediction."]
    for key, title in titles:
        if errors[key]:
            parts += [f"### {title}", _rows_table(evaluation, errors[key])]
    return "\n\n".join(parts)


def render_evaluation(evaluation: Evaluation, *, plots: bool = False) -> str:
    """Renders an evaluation as Markdown.

    Args:
      evaluation: result of `scores.evaluate_subjects`.
      plots: link the figures of `plots/`.
    """
    data = evaluation["data"]
    title = f"# {' and '.join(_names(evaluation))} on {data['name']}, {data['rows']:,} rows"
    links = [f"![{caption}](plots/{name})" for name, caption, _ in figures_of(evaluation)]
    parts = [title, _headline(evaluation), _languages(evaluation), _classes(evaluation),
             _confusions(evaluation), _calibrations(evaluation), _cascade(evaluation),
             "\n\n".join(["## Plots", *links]) if plots and links else "", _errors(evaluation)]
    return "\n\n".join(part for part in parts if part) + "\n"


def write_evaluation(folder: pathlib.Path, evaluation: Evaluation) -> None:
    """Writes evaluation.json, evaluation.md and plots/*.png into a folder."""
    folder = pathlib.Path(folder)
    record, report = folder / "evaluation.json", folder / "evaluation.md"
    plots = [(folder / "plots" / name, draw) for name, _, draw in figures_of(evaluation)]
    with sole_writer(record, report, *(path for path, _ in plots), lock_stays=False):
        for path, draw in plots:
            draw(path)
        write_json(record, dict(evaluation))
        with atomic_path(report) as temporary:
            temporary.write_text(render_evaluation(evaluation, plots=True), "utf-8")
