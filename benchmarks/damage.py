"""Damages every file of a run and of its student, and records what opening the folder says.

Command:
  python benchmarks/damage.py --work=FOLDER [--parts=student,run,store,targets,progress]
Two small runs of the sample data are made in FOLDER (other seed and sizes; kept between calls).
Each file of the first is removed, emptied, cut to half, changed in one bit, or replaced by the
second run's. Then the folder is opened: a student in its runtime, on 40 sentences; a run by its own
command, where that reads the file. `store` asks for each file of the stored targets whether a run
would take it; `targets` makes the stages again from the stored targets;
`progress` goes on with a run that was killed in the middle of a stage; both on fewer sentences.
Each case ends as one of
  told        one line that a user can act on
  same        the very answers, scores and tags of the undamaged folder
  made again  the run would make the damaged part anew (store)
  other       other answers without a word: a fault
  traceback   a fault
  killed      the process died: a fault
Written to benchmarks/damage/<part>.json; ends with an error where a fault is among them.
"""

import collections
import json
import pathlib
import shutil
import subprocess
import sys

from absl import app, flags
from machine import ROOT, write_record

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "engine"))
from small_job import command, write_job

CHILD = pathlib.Path(__file__).resolve().parent / "damage_child.py"
FLAGS = flags.FLAGS
flags.DEFINE_string("work", None, "Where the runs and the copies go.")
flags.DEFINE_list("parts", ["student", "run", "store", "targets", "progress"], "Which parts.")

DAMAGES = ("removed", "emptied", "cut", "one bit", "another's")
# Folders of a student's forms, and what opens them.
FORMS = {"student": "keras", "onnx": "onnx", "tflite": "tflite", "export/1": "savedmodel"}
SETTINGS = ["--strategy=D2", "--stage_epochs=_=1", "--teacher_epochs=1", "--noexport"]
# What is taken out of the run before its command runs again, so that the file is read: nothing
# where the finished run is opened, the scores where they are made again, stages where targets are.
FINISHED, SCORES, STAGES = (), ("metrics.json",), ("metrics.json", "stages")
RUN_FILES = {
    FINISHED: ("metrics.json", "manifest.json", "config.json", "report.md",
               "predictions/test.gold.tsv", "predictions/test.student.tsv",
               "predictions/test.teacher.tsv"),
    SCORES: ("teacher/config.json", "teacher/model.safetensors", "teacher/head.safetensors",
             "teacher/teacher.json", "teacher/tokenizer.json", "teacher/manifest.json",
             "stages/*/done.json", "stages/*/weights.safetensors", "stages/*/history.json",
             "stages/*/manifest.json"),
}
TARGET_FILES = {
    STAGES: ("targets/transfer/shard-00000/shard.json",
             "targets/transfer/shard-00000/logits-*.tfrecord",
             "targets/transfer/shard-00000/representation-*.tfrecord",
             "targets/transfer/manifest.json", "targets/dev/shard-00000/logits-*.tfrecord",
             "targets/pieces/values.i32", "targets/pieces/pieces.json", "targets/answers/*.json",
             "targets/dev/manifest.json", "targets/dev/shard-00000/shard.json",
             "targets/pieces/starts.npy"),
}
PROGRESS_FILES = {
    FINISHED: ("stages/*/progress/state.json", "stages/*/progress/manifest.json",
               "stages/*/progress/checkpoint.index", "stages/*/progress/checkpoint.data-*",
               "stages/*/best-*.safetensors"),
}
# Every n-th line of the sample, for parts in which each case trains again.
FEWER = 48


def damage(path: pathlib.Path, how: str, other: pathlib.Path) -> bool:
    """Damages a file; returns whether it is another than before."""
    raw = path.read_bytes()
    if how == "removed":
        path.unlink()
        return True
    if how == "another's":
        if not other.is_file():
            return False
        shutil.copyfile(other, path)
    elif how == "one bit":
        if not raw:
            return False
        path.write_bytes(raw[:len(raw) // 2] + bytes([raw[len(raw) // 2] ^ 4])
                         + raw[len(raw) // 2 + 1:])
    else:
        path.write_bytes(b"" if how == "emptied" else raw[:len(raw) // 2])
    return path.read_bytes() != raw


class Child:
    """A process that opens folders one after another; a new one where it died."""

    def __init__(self):
        self._process = None

    def ask(self, **job) -> dict:
        """Result of a job: kind and told, or what came out of it."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, str(CHILD)], cwd=ROOT, text=True, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith("RESULT "):
                return json.loads(line[7:])
        code, self._process = self._process.wait(), None
        return {"kind": "killed", "told": f"exit {code}"}


def make_runs(work: pathlib.Path, *, exports: bool, every: int = 8) -> tuple:
    """The two runs, with all export formats of the student or without."""
    write_job(work, every=every)
    found = []
    for name, more in (("run", []), ("other", ["--seed=7", "--word_emb_dim=9",
                                               "--bilstm_hidden_size=7"])):
        folder = work / name
        if not (folder / "metrics.json").is_file():
            subprocess.run(command(work, folder, *SETTINGS, *more), cwd=ROOT, check=True)
        if exports and not (folder / "tflite").is_dir():
            subprocess.run([sys.executable, "-m", "xtremedistil_tf.cli.export",
                            f"--model_dir={folder}", "--forms=savedmodel,onnx,tflite",
                            "--export_version=1"], cwd=ROOT, check=True)
        found.append(folder)
    return tuple(found)


def judge(found: dict, whole: object) -> dict:
    """What a case ended as, and what was said."""
    if found["kind"] != "opened":
        return {"ended": found["kind"], "told": found["told"]}
    return {"ended": "same" if found["result"] == whole else "other"}


def keep(part: str, work: pathlib.Path, rows: list) -> None:
    """Writes the record of a part so far."""
    for row in rows:
        if "told" in row:
            row["told"] = row["told"].replace(str(work), "WORK")[:160]
    counts = collections.Counter(row["ended"] for row in rows)
    write_record(f"damage/{part}", {"cases": len(rows), "ended": dict(counts), "rows": rows},
                 show=False)
    print(part, len(rows), dict(counts), flush=True)


def student_cases(work: pathlib.Path, child: Child) -> list:
    """Every file of every export format, damaged in every way."""
    run, other = make_runs(work, exports=True)
    rows, copy = [], work / "copy"
    for form, runtime in FORMS.items():
        whole = child.ask(job="student", folder=str(run / form), runtime=runtime)
        assert whole["kind"] == "opened", whole
        for path in sorted(path for path in (run / form).rglob("*") if path.is_file()):
            name = path.relative_to(run / form)
            for how in DAMAGES:
                shutil.rmtree(copy, ignore_errors=True)
                shutil.copytree(run / form, copy)
                if not damage(copy / name, how, other / form / name):
                    continue
                found = child.ask(job="student", folder=str(copy), runtime=runtime)
                rows.append({"file": f"{form}/{name}", "damage": how,
                             **judge(found, whole["result"])})
                print(rows[-1], flush=True)
        keep("student", work, rows)
    return rows


def flags_of(arguments: list) -> list:
    """Flags of a command without those that the child sets."""
    return [flag for flag in arguments if not flag.startswith(("--model_dir", "--noexport"))]


def make_half(work: pathlib.Path, child: Child) -> tuple:
    """Two runs that were killed after a stage's first epoch, and the flags of the first."""
    settings = [*SETTINGS, "--stage_epochs=_=2"]
    made = []
    for name, more in (("half", []), ("other_half", ["--seed=7"])):
        arguments = flags_of(command(work, work / name, *settings, *more)[2:])
        if not list((work / name).glob("stages/*/progress/state.json")):
            shutil.rmtree(work / name, ignore_errors=True)
            found = child.ask(job="run", folder=str(work / name), arguments=arguments, kill=True)
            assert found == {"kind": "opened", "result": {}}, found["kind"]
        made.append((work / name, arguments))
    return made[0][0], made[1][0], made[0][1]


def run_cases(part: str, work: pathlib.Path, child: Child) -> list:
    """Files of the run itself; the command runs again, and must end as before or say why not."""
    files = {"run": RUN_FILES, "targets": TARGET_FILES, "progress": PROGRESS_FILES}[part]
    if part == "progress":
        write_job(work, every=FEWER)
        run, other, arguments = make_half(work, child)
    else:
        run, other = make_runs(work, exports=False, every=8 if part == "run" else FEWER)
        arguments = flags_of(command(work, run, *SETTINGS)[2:])
    rows, copy = [], work / "copy"

    def opened(without: tuple) -> dict:
        for name in without:
            path = copy / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        return child.ask(job="run", folder=str(copy), arguments=arguments)

    for without, patterns in files.items():
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(run, copy)
        whole = opened(without)
        assert whole["kind"] == "opened", whole
        for pattern in patterns:
            paths = sorted(run.glob(pattern))
            assert paths, pattern
            name = paths[0].relative_to(run)
            others = sorted(other.glob(pattern))
            for how in DAMAGES:
                shutil.rmtree(copy, ignore_errors=True)
                shutil.copytree(run, copy)
                if not damage(copy / name, how, others[0] if others else other / name):
                    continue
                rows.append({"file": str(name), "damage": how, "made again": list(without),
                             **judge(opened(without), whole["result"])})
                print(rows[-1], flush=True)
            keep(part, work, rows)
    return rows


def store_cases(work: pathlib.Path, child: Child) -> list:
    """Every file of the target store's first shard, and what lies beside it."""
    run, other = make_runs(work, exports=False, every=FEWER)
    manifest = json.loads((run / "targets" / "transfer" / "manifest.json").read_text("utf-8"))
    pieces = json.loads((run / "targets" / "pieces" / "pieces.json").read_text("utf-8"))
    asked = {"prints": {"pieces": pieces["fingerprint"], "transfer": manifest["fingerprint"]},
             "spec": {key: value for key, value in manifest.items()
                      if key not in ("fingerprint", "rows", "pieces", "shards")}}
    whole = child.ask(job="store", folder=str(run), **asked)
    assert whole["kind"] == "opened", whole
    rows, copy = [], work / "store_copy"
    paths = [path for pattern in ("transfer/*.json", "transfer/shard-00000/*", "pieces/*",
                                  "answers/*.json")
             for path in sorted((run / "targets").glob(pattern))]
    for path in paths:
        name = path.relative_to(run)
        twin = next(iter(sorted(other.glob("targets/answers/*.json"))), other) \
            if path.parent.name == "answers" else other / name
        for how in DAMAGES:
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(run / "targets", copy / "targets")
            if not damage(copy / name, how, twin):
                continue
            found = child.ask(job="store", folder=str(copy), **asked)
            ended = judge(found, whole["result"])
            if ended["ended"] == "other":
                ended["ended"] = "made again"  # Fewer shards, no pieces or no answers.
            elif ended["ended"] == "same" and how != "removed":
                ended["ended"] = "other"  # The damaged file would be taken.
            rows.append({"file": str(name), "damage": how, **ended})
            print(rows[-1], flush=True)
    shutil.rmtree(copy, ignore_errors=True)
    keep("store", work, rows)
    return rows


def main(_) -> None:
    """Runs the parts."""
    faults, work = 0, pathlib.Path(FLAGS.work).resolve()
    # No paths of this machine in the record.
    sys.argv = [argument.replace(FLAGS.work, "WORK") for argument in sys.argv]
    for part in FLAGS.parts:
        if part == "student":
            rows = student_cases(work, Child())
        elif part == "store":
            rows = store_cases(work / "targets", Child())
        else:
            rows = run_cases(part, work / part if part != "run" else work, Child())
        faults += sum(row["ended"] not in ("told", "same", "made again") for row in rows)
    sys.exit(min(faults, 1))


if __name__ == "__main__":
    app.run(main)
