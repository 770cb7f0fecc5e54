"""F1 against latency and size: a study's students and their teacher, timed in turns in one process.

Commands (studies over both sizes; any seeds):
  xtremedistil-study --study=size --task=DATA --flagfile=FLAGS --model_dir=STUDY --seeds=1,2,3
  python benchmarks/sizes.py --study=STUDY
or, for fewer sizes, --grid=word_emb_dim=50,100,300 --grid=bilstm_hidden_size=100,200,600 instead of
--study=size. Written to benchmarks/sizes/sizes.json and sizes.png; `make docs` then shows them in
docs/how-to/choose_a_student.md. F1 is the mean over seeds; the student of the first seed is timed.
"""

import pathlib
import statistics
import tempfile
from typing import Any, Dict, List, Mapping, Sequence

from absl import app, flags
from machine import ROOT, write_record

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.reporting.figures import COLOURS, new_figure, save, tidy

FLAGS = flags.FLAGS
_TEACHER = "#4a525c"


def students_of(study: pathlib.Path) -> List[Dict[str, Any]]:
    """The sizes of a study, the best F1 first.

    Args:
      study: folder of xtremedistil-study, all runs finished.

    Returns:
      For each embedding (E) and hidden (H): parameters, f1 by seed, the teacher's f1, and `run`,
      the folder of its first seed.

    Raises:
      UserError: if there is no finished run in it, or two runs of one size differ in more than
        the seed.
    """
    found: Dict[Any, Dict[str, Any]] = {}
    for path in sorted((study / "runs").glob("*/seed_*/metrics.json")):
        metrics, student = read_json(path), read_json(path.parent / "student" / "student.json")
        size = student["student"]["word_emb_dim"], student["student"]["bilstm_hidden_size"]
        entry = found.setdefault(size, {
            "embedding": size[0], "hidden": size[1], "run": path.parent, "f1": [],
            "parameters": metrics["student"]["parameters"],
            "teacher_f1": metrics["teacher"]["test"]["macro_f1"]})
        if entry["run"].parent != path.parent.parent:
            raise UserError(f"{entry['run']} and {path.parent} have the same size; the study must "
                            "vary word_emb_dim and bilstm_hidden_size only")
        entry["f1"].append(metrics["student"]["test"]["macro_f1"])
    if not found:
        raise UserError(f"{study} holds no finished run (runs/*/seed_*/metrics.json)")
    return sorted(found.values(), key=lambda entry: -statistics.mean(entry["f1"]))


def _measured(entry: Mapping[str, Any], work: pathlib.Path) -> Any:
    """A trained student in all its runtimes."""
    from xtremedistil_tf.benchmark.models import measured_student
    from xtremedistil_tf.export.student_forms import student_forms
    from xtremedistil_tf.inference.student_folder import load_student

    work.mkdir()
    return measured_student(student_forms(load_student(entry["run"])), work, name=work.name)


def measure(
    entries: Sequence[Mapping[str, Any]], teacher: Any, queries: int, seconds: float
) -> Dict[str, Any]:
    """Times teacher and students, all taking turns.

    Args:
      entries: what `students_of` gave.
      teacher: a `models.teacher.Teacher`.
      queries, seconds: see `serving.benchmark.time_models`.

    Returns:
      teacher and sizes: each with parameters, bytes by runtime, and ms (p50) by batch and runtime;
      sizes have E, H, their mean F1 and its spread over seeds, and speed_up over the teacher in
      the same runtime too.
    """
    from xtremedistil_tf.benchmark import models as benchmark

    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        names = [f"{entry['embedding']}_{entry['hidden']}" for entry in entries]
        models = [benchmark.measured_teacher(teacher, work),
                  *(_measured(entry, work / own) for entry, own in zip(entries, names))]
        # Ids that every model has a row for.
        rows = [len(teacher.word_embeddings()),
                *(model.embedding // entry["embedding"]
                  for model, entry in zip(models[1:], entries))]
        timings = benchmark.time_models(models, queries, seconds, vocabulary=min(rows))

    def told(model: Any) -> Dict[str, Any]:
        return {"parameters": model.parameters, "bytes": model.bytes,
                "ms": {f"{runtime}_{batch}": timings[batch, model.name, runtime].p50
                       for batch in benchmark.BATCHES for runtime in model.ways}}

    big = {**told(models[0]), "f1": statistics.mean(entry["teacher_f1"] for entry in entries)}
    sizes = []
    for entry, model in zip(entries, models[1:]):
        own = told(model)
        sizes.append({
            "embedding": entry["embedding"], "hidden": entry["hidden"],
            "f1": statistics.mean(entry["f1"]), "seeds": len(entry["f1"]),
            "seeds_std": statistics.stdev(entry["f1"]) if len(entry["f1"]) > 1 else None, **own,
            "speed_up": {way: big["ms"][way] / own["ms"][way] for way in own["ms"]
                         if way in big["ms"]}})
    return {"teacher": big, "sizes": sizes}


def draw(record: Mapping[str, Any], path: pathlib.Path) -> None:
    """Draws F1 over latency and over size: colour is E, the number beside a point is H."""
    from matplotlib.ticker import LogLocator, NullFormatter

    figure = new_figure(11.0, 4.6)
    panels = figure.subplots(1, 2, sharey=True)
    axes = ((panels[0], "milliseconds a sentence (p50, ONNX float32, batch 1)",
             lambda model: model["ms"].get("onnx_1", model["ms"]["tensorflow_1"])),
            (panels[1], "MB (float32)", lambda model: 4e-6 * model["parameters"]))
    widths = sorted({size["embedding"] for size in record["sizes"]})
    for axis, label, place in axes:
        for number, width in enumerate(widths):
            own = sorted((size for size in record["sizes"] if size["embedding"] == width),
                         key=place)
            axis.errorbar([place(size) for size in own], [size["f1"] for size in own],
                          [size["seeds_std"] or 0.0 for size in own], fmt="o-", linewidth=0.8,
                          capsize=3, color=COLOURS[number % len(COLOURS)], label=f"E={width}")
            for size in own:
                axis.annotate(str(size["hidden"]), (place(size), size["f1"]), fontsize=8,
                              textcoords="offset points", xytext=(5, -10))
        axis.plot([place(record["teacher"])], [record["teacher"]["f1"]], "s", color=_TEACHER,
                  label="teacher")
        axis.set_xscale("log")
        axis.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.xaxis.set_major_formatter("{x:g}")
        axis.xaxis.set_minor_formatter(NullFormatter())
        axis.set_xlabel(label)
        tidy(axis, grid="both")
    panels[0].set_ylabel("test macro-F1")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right upper",
                  frameon=False, fontsize=8, title="the number is H", title_fontsize=8)
    save(figure, path)


def main(_) -> None:
    """Measures a study and writes record and chart."""
    from xtremedistil_tf.models.teacher import load_teacher

    study = pathlib.Path(FLAGS.study)
    entries = students_of(study)
    teacher = load_teacher(study / "teachers" / "teacher" / "teacher", 0)
    record = measure(entries, teacher, FLAGS.queries, FLAGS.seconds)
    metrics = read_json(entries[0]["run"] / "metrics.json")
    data = {"task": metrics["task"], "teacher_name": metrics["teacher"]["name"],
            "languages": sorted(metrics["student"]["test"]["languages"]),
            # Places on this machine say nothing to others.
            "flags": [flag for flag in read_json(study / "study.json")["flags"]
                      if "/" not in flag]}
    write_record("sizes/sizes", {**data, **record})
    draw(record, ROOT / "benchmarks" / "sizes" / "sizes.png")


if __name__ == "__main__":
    flags.DEFINE_string("study", None, "Finished study over E and H.", required=True)
    flags.DEFINE_integer("queries", 1000, "Calls of each way.")
    flags.DEFINE_float("seconds", 30.0, "Most time for one way.")
    app.run(main)
