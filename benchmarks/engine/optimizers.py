"""Adam against LazyAdam: score and time of the same student from the same teacher.

Command:
  python benchmarks/engine/optimizers.py --work=FOLDER [--seeds=1,2] [--flagfile=...]
What is given after `--` goes to run_distillation.py; without it the demo is run. Written to
benchmarks/engine/optimizers.json.
"""

import pathlib
import statistics
import subprocess
import sys

from absl import app, flags

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from machine import ROOT, write_record

from xtremedistil_tf.files.contents import read_json

FLAGS = flags.FLAGS
flags.DEFINE_string("work", None, "Where the run folders go.", required=True)
flags.DEFINE_list("seeds", ["1", "2"], "Seeds of the runs.")


def main(argv) -> None:
    """Runs every seed with both optimizers; the first run's teacher serves all."""
    work = pathlib.Path(FLAGS.work).resolve()
    job = argv[1:] or ["--flagfile=flags/demo.flags"]
    runs = []
    for seed in FLAGS.seeds:
        for optimizer in ("adam", "lazy_adam"):
            folder = work / f"{optimizer}_{seed}"
            subprocess.run(
                [sys.executable, "run_distillation.py", *job, f"--optimizer={optimizer}",
                 f"--seed={seed}", f"--model_dir={folder}",
                 f"--teacher_model_dir={work / 'shared'}"], cwd=ROOT, check=True)
            metrics = read_json(folder / "metrics.json")
            student = metrics["student"]
            runs.append({
                "optimizer": optimizer, "seed": int(seed),
                "dev_macro_f1": student["dev"]["macro_f1"],
                "test_macro_f1": student["test"]["macro_f1"],
                "stage_seconds": metrics["seconds"]["stages"],
                "vocabulary": student["vocabulary"]})
    means = {
        optimizer: {key: statistics.mean(run[key] for run in runs if run["optimizer"] == optimizer)
                    for key in ("dev_macro_f1", "test_macro_f1", "stage_seconds")}
        for optimizer in ("adam", "lazy_adam")}
    write_record("engine/optimizers", {"job": job, "means": means, "runs": runs})


if __name__ == "__main__":
    app.run(main)
