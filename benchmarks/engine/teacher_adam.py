"""The teacher's fine-tuning step: Adam on the whole word embedding, and on its used rows.

Command:
  python benchmarks/engine/teacher_adam.py --task=DATA --checkpoint=E5
DATA is a task folder of tags, E5 a checkpoint folder. Each way runs in processes of its own, in
turns; a figure is the median. Written to benchmarks/engine/teacher_adam.json.
"""

import json
import pathlib
import resource
import statistics
import subprocess
import sys

import numpy as np
from absl import app, flags

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from machine import write_record

FLAGS = flags.FLAGS
flags.DEFINE_string("task", None, "Task folder.", required=True)
flags.DEFINE_string("checkpoint", None, "Checkpoint folder of the teacher.", required=True)
flags.DEFINE_integer("turns", 2, "Processes of each way.")
flags.DEFINE_enum("child", None, ["all", "used"], "Measure one way and print it.")
SEQ_LEN = 32
BATCH = 32
WAYS = ("all", "used")


def child(way: str) -> dict:
    """Seconds of a step at the mean length of the training rows, and peak memory in GiB."""
    from xtremedistil_tf.config import DataConfig, TeacherConfig
    from xtremedistil_tf.data.folders.task import read_task
    from xtremedistil_tf.data.folders.task_features import features_of
    from xtremedistil_tf.models.pretrained_encoders import load_encoder
    from xtremedistil_tf.models.teacher import build_teacher
    from xtremedistil_tf.planning.step_times import Subject, time_stage
    from xtremedistil_tf.runtime import prepare
    from xtremedistil_tf.training.plans import build_teacher_plan
    from xtremedistil_tf.training.sparse_adam import UsedRows

    prepare(1, False)
    config = TeacherConfig(checkpoint=FLAGS.checkpoint, batch_size=BATCH)
    data = DataConfig(task=FLAGS.task, do_ner=True, seq_len=SEQ_LEN)
    task = read_task(data, with_transfer=False)
    encoder, tokenizer = load_encoder(config)
    teacher = build_teacher(encoder, tokenizer, task.labels.size, config.layer)
    ids = features_of(task, "train", tokenizer, data).input_ids
    used = UsedRows(teacher.table, teacher.used_rows(ids.values))

    def labels(rows: int, length: int) -> np.ndarray:
        return np.zeros((rows, length), np.int32)

    subject = Subject(teacher.model, teacher.registry, teacher.vocabulary, labels, True,
                      used=used if way == "used" else None)
    stage, = build_teacher_plan(teacher.registry.names, config, measure=data.measure,
                                labels_loss=data.labels_loss)
    times = time_stage(subject, stage, ids.lengths, "adam")
    return {"seconds": float(np.interp(ids.lengths.mean(), times.bounds, times.seconds)),
            "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
            "rows": teacher.vocabulary if way == "all" else len(used.rows)}


def main(argv) -> None:
    """Measures both ways in turns."""
    if FLAGS.child:
        print(json.dumps(child(FLAGS.child)))
        return
    found = {way: [] for way in WAYS}
    for _ in range(FLAGS.turns):
        for way in WAYS:
            output = subprocess.run(
                [sys.executable, *argv[:1], f"--task={FLAGS.task}",
                 f"--checkpoint={FLAGS.checkpoint}", f"--child={way}"],
                capture_output=True, text=True, check=True).stdout
            found[way].append(json.loads(output.splitlines()[-1]))
    medians = {way: {name: statistics.median(run[name] for run in runs) for name in runs[0]}
               for way, runs in found.items()}
    write_record("engine/teacher_adam", {"batch": BATCH, **medians})


if __name__ == "__main__":
    app.run(main)
