"""The model card of a student folder: where the student comes from, how good it is, its limits."""

import pathlib
from typing import Any, List, Mapping

from xtremedistil_tf.evaluation import plots
from xtremedistil_tf.evaluation.markdown import table
from xtremedistil_tf.runs import atomic_path, read_json

CARD_FILE = "README.md"
DATA_CARD = "card/card.json"
# As many of the weakest languages are named.
_WEAKEST = 3

Metrics = Mapping[str, Any]


def _score(value: Any) -> str:
    return "-" if value is None else f"{value:.2f}"


def _head(metrics: Metrics) -> str:
    """What the model hub reads: languages and kind of model."""
    split = plots.scored_split(metrics)
    languages = sorted(code for code in plots.scores_of(metrics, "student", split)["languages"]
                       if code != "default")
    listed = "".join(f"- {code}\n" for code in languages)
    return ("---\n" + (f"language:\n{listed}" if listed else "")
            + "library_name: xtremedistil_tf\npipeline_tag: token-classification\n"
            "tags:\n- named-entity-recognition\n- distillation\n---")


def _summary(metrics: Metrics, record: Mapping[str, Any], weights: int) -> str:
    student, teacher = metrics["student"], metrics["teacher"]
    sizes = record["student"]
    rows = [
        ["architecture", f"BiLSTM, E={sizes['word_emb_dim']}, H=2x{sizes['bilstm_hidden_size']}, "
         f"{sizes['dense_act_func']} projection to {record['width']}"],
        ["teacher", f"{teacher['name']}, layer {teacher['layer']}, "
         f"{teacher['parameters']:,} parameters"],
        ["strategy", f"{metrics['strategy']}, kept after {student['selected_stage']}, "
         f"seed {metrics['seed']}"],
        ["parameters", f"{student['parameters']:,}, of which {student['embedding_parameters']:,} "
         f"word embeddings; {metrics['compression']['parameters']:.1f} times fewer than the "
         "teacher"],
        ["weights", f"{weights / 1e6:.1f} MB (safetensors, float32)"],
        ["vocabulary", f"{student['vocabulary']:,} pieces of the teacher's tokenizer"],
        ["labels", ", ".join(record["tags"])],
        ["made by", f"xtremedistil_tf {metrics['version']}"],
    ]
    return table(["", ""], rows, text=2)


def _scores(metrics: Metrics) -> str:
    split = plots.scored_split(metrics)
    student, teacher = (plots.scores_of(metrics, model, split) for model in ("student", "teacher"))
    name, by_language = plots.language_scores(student)
    _, of_teacher = plots.language_scores(teacher)
    rows = [[code, f"{student['languages'][code]['support']:,}", _score(of_teacher.get(code)),
             _score(by_language[code])] for code in sorted(by_language)]
    for key, label in (("macro_f1", "**macro**"), ("std_f1", "std over languages")):
        rows.append([label, "", _score(teacher.get(key)), _score(student.get(key))])
    kept = plots.retention(metrics)
    text = (f"Scores on {split}, 0 to 100, over words and whole entities; support counts entities. "
            f"The student keeps {_score(kept)} % of its teacher's macro-F1.")
    return "\n\n".join(["## Scores", text, table(["Language", "Support", f"Teacher {name}",
                                                  f"Student {name}"], rows)])


def _data(metrics: Metrics, data_card: Mapping[str, Any]) -> str:
    rows = [[split, f"{counts['sentences']:,}", len(counts.get("languages") or {}) or "-"]
            for split, counts in metrics["data"].items()
            if isinstance(counts, Mapping) and "sentences" in counts]
    licence = data_card.get("licence") or "not given (`xtremedistil-prepare --licence`)"
    lines = [f"Task {metrics['task']}. Licence of the data: {licence}.",
             table(["Split", "Sentences", "Languages"], rows)]
    warnings = [f"- {' '.join(str(text).split())}" for text in metrics["data"].get("warnings", [])]
    if warnings:
        lines.append("The reader warned:\n\n" + "\n".join(warnings))
    return "\n\n".join(["## Data", *lines])


def _limits(metrics: Metrics, record: Mapping[str, Any]) -> str:
    split = plots.scored_split(metrics)
    name, scores = plots.language_scores(plots.scores_of(metrics, "student", split))
    ranked = sorted((value, code) for code, value in scores.items() if value is not None)
    weakest = ", ".join(f"{code} ({value:.2f})" for value, code in ranked[:_WEAKEST])
    lines: List[str] = [f"Weakest languages by {split} {name}: {weakest}."]
    counts = metrics["data"].get(split) or {}
    cut = counts.get("cut_sentences", 0)
    lines.append(
        f"It was trained on rows of at most {record['seq_len']} pieces; {cut:,} of "
        f"{counts.get('sentences', 0):,} {split} sentences were longer, and what lay beyond was "
        "scored as O.")
    lines.append("Languages, scripts and kinds of text that are not named here were not measured. "
                 "Pieces that occurred neither in the training nor in the transfer text are read "
                 "as unknown.")
    lines.append("What the teacher gets wrong the student has learnt too.")
    if split != "test":
        lines.append("There are no test scores: dev also chose the epochs.")
    return "\n\n".join(["## Limits", "\n".join(f"- {line}" for line in lines)])


_USE = """## Use

```python
import xtremedistil_tf

tagger = xtremedistil_tf.load("PATH/TO/THIS/FOLDER")
tagger("Paul Bergmann arbeitet in Berlin.")
# a list of dicts: entity_group, score, word, start, end
```

```
echo "Paul Bergmann arbeitet in Berlin." | xtremedistil-predict --model_dir=PATH/TO/THIS/FOLDER
```

The folder is complete in itself: weights, tokenizer, vocabulary and labels. It holds no code."""


def render_model_card(metrics: Metrics, record: Mapping[str, Any], weights: int,
                      data_card: Mapping[str, Any]) -> str:
    """A model card as Markdown.

    Args:
      metrics: the run's metrics.json.
      record: the student folder's student.json.
      weights: bytes of the weights' file.
      data_card: the task's card/card.json; empty where it has none.
    """
    intro = ("A named-entity tagger, distilled from a large multilingual encoder as in "
             "[XtremeDistil](https://aclanthology.org/2020.acl-main.202/) (ACL 2020).")
    return "\n\n".join([
        _head(metrics), f"# {metrics['task']}: a student by {metrics['strategy']}", intro,
        _summary(metrics, record, weights), _scores(metrics), _data(metrics, data_card),
        _limits(metrics, record), _USE]) + "\n"


def write_model_card(folder: pathlib.Path, metrics: Metrics, task: pathlib.Path) -> None:
    """Writes README.md into a student folder.

    Args:
      folder: the student folder, whole but for its card.
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
