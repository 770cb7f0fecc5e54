"""The table of the model card: encoders by size and speed, and the scores of finished runs."""

import dataclasses
import pathlib
import statistics
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from xtremedistil_tf.benchmark.models import measured_teacher, time_models
from xtremedistil_tf.benchmark.paper_grid import random_teacher
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.progress import Progress
from xtremedistil_tf.validation.run_files import read_config, read_metrics

# BERT's English vocabulary, which all encoders of the card have, and the length of GLUE's inputs.
# The card names no length.
PIECES, SEQUENCE = 30_522, 128
TASKS = ("MNLI", "QNLI", "QQP", "RTE", "SST", "MRPC", "SQUAD2")


class CardRow(NamedTuple):
    """An encoder of the card.

    Attributes:
      names: the card's names of encoders of these sizes.
      layers, width, heads: its sizes; the inner width is four times the width.
      million_parameters, speed_up: the card's figures; speed-up over BERT base.
    """

    names: str
    layers: int
    width: int
    heads: int
    million_parameters: int
    speed_up: float


# Source: the card of xtremedistil-l6-h384. TinyBERT and both MiniLMs have these sizes by their
# papers.
CARD: Tuple[CardRow, ...] = (
    CardRow("BERT", 12, 768, 12, 109, 1.0),
    CardRow("DistilBERT, TinyBERT, MiniLM", 6, 768, 12, 66, 2.0),
    CardRow("MiniLM, XtremeDistil-l6-h384", 6, 384, 12, 22, 5.3),
    CardRow("XtremeDistil-l6-h256", 6, 256, 8, 13, 8.7),
    CardRow("XtremeDistil-l12-h384", 12, 384, 12, 33, 2.7),
)


def _score(run: pathlib.Path) -> Tuple[str, float]:
    """A run's column of the card, and its score on dev: accuracy, of SQuAD 2.0 the F1."""
    metrics = read_metrics(run)
    found = metrics["student"].get("dev") or {}
    if "NoAns_f1" in found:  # Only SQuAD 2.0 has questions without an answer.
        return "SQUAD2", float(found["f1"])
    task = str((read_config(run)["config"].get("data") or {}).get("glue_task")).split("-")[0]
    if task not in TASKS:
        raise UserError(f"--runs: {run} is a run of {task if task != 'None' else 'other data'}; "
                        f"the card has {', '.join(TASKS)}")
    return task, float(found["accuracy"])


def card_scores(runs: Sequence[pathlib.Path]) -> Dict[str, float]:
    """Scores of finished runs by the card's columns; "Avg" is their mean if all seven are there.

    Args:
      runs: run folders of `flags/finetune`, one a task.

    Raises:
      UserError: for a run of another task, or two runs of one task.

    Example:
      >>> card_scores([])
      {}
    """
    scores: Dict[str, float] = {}
    for run in runs:
        task, score = _score(run)
        if task in scores:
            raise UserError(f"--runs: {run} is a second run of {task}; the card has one of each")
        scores[task] = score
    if set(scores) == set(TASKS):
        scores["Avg"] = statistics.fmean(scores.values())
    return scores


def _lines(rows: Sequence[Dict[str, Any]], scores: Dict[str, float]) -> List[str]:
    ways = list(rows[0]["speed_up"])
    lines = ["| encoder | parameters (M) | card | " + " | ".join(
                 f"speed-up, batch {batch}" for batch in ways) + " | card |",
             "|---|" + "---:|" * (3 + len(ways))]
    lines += [f"| {row['names']} | {row['parameters'] / 1e6:.0f} | {row['million_parameters']} | "
              + " | ".join(f"{row['speed_up'][batch]:.1f}x" for batch in ways)
              + f" | {row['card_speed_up']:g}x |" for row in rows]
    if scores:
        columns = [*TASKS, "Avg"]
        lines += ["", "| of your runs | " + " | ".join(columns) + " |",
                  "|---|" + "---:|" * len(columns),
                  "| dev | " + " | ".join(f"{scores[name]:.1f}" if name in scores else ""
                                          for name in columns) + " |"]
    return lines


def measure_card(
    work: pathlib.Path, queries: int, seconds: float, *, runs: Sequence[pathlib.Path] = (),
    encoders: Sequence[CardRow] = CARD, make: Optional[Callable[..., Any]] = None,
    seq_len: int = SEQUENCE, pieces: int = PIECES,
) -> Dict[str, Any]:
    """Times encoders of the card's sizes with random weights, in turns.

    Args:
      work: folder for files.
      queries: number of calls of each encoder.
      seconds: maximum time for each.
      runs: finished runs of the card's tasks.
      encoders: the rows; the first is what speed-ups are over.
      make: (pieces=, layers=, width=, heads=) -> an encoder; random weights by default.
      seq_len: length of the inputs in subword tokens.
      pieces: size of the encoders' vocabulary.

    Returns:
      "rows", "scores" and Markdown "lines".

    Source: the card of xtremedistil-l6-h384, columns #Params, Speedup and Avg.
    """
    scores = card_scores(runs)
    models = []
    with Progress(len(encoders), "encoders of the card", "encoders") as progress:
        for row in encoders:
            encoder = (make or random_teacher)(
                pieces=pieces, layers=row.layers, width=row.width, heads=row.heads)
            models.append(measured_teacher(encoder, work, name=row.names, seq_len=seq_len,
                                           with_onnx=False))
            progress.advance()
    timings = time_models(models, queries, seconds, vocabulary=pieces)
    by_batch = [{str(batch): timing for (batch, name, _), timing in timings.items()
                 if name == row.names} for row in encoders]
    rows = [{"names": row.names, "parameters": model.parameters,
             "million_parameters": row.million_parameters, "card_speed_up": row.speed_up,
             "timings": {batch: dataclasses.asdict(timing) for batch, timing in own.items()},
             "speed_up": {batch: by_batch[0][batch].p50 / timing.p50
                          for batch, timing in own.items()}}
            for row, model, own in zip(encoders, models, by_batch)]
    return {"rows": rows, "scores": scores, "seq_len": seq_len, "lines": _lines(rows, scores)}
