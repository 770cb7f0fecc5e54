"""Opens folders for benchmarks/damage.py, one after another, each named by a line of JSON.

It is a process of its own, since a damaged folder may end it.
"""

import json
import pathlib
import sys

from absl import flags
from machine import ROOT

FLAGS = flags.FLAGS


def texts() -> list:
    """Sentences that a student is asked about."""
    lines = (ROOT / "data" / "ner" / "test.tsv").read_text("utf-8").splitlines()
    return [line.split("\t")[0] for line in lines[::60]][:40]


def open_student(folder: str, runtime: str) -> list:
    """Tags and rounded scores of the texts."""
    import xtremedistil_tf

    return [[[word, tag, round(score, 4)] for (word, _, _), tag, score in text]
            for text in xtremedistil_tf.load(folder, runtime).tag_text(texts())]


class Killed(BaseException):
    """Stands for a kill of the process."""


def open_run(folder: str, arguments: list, *, kill: bool = False) -> dict:
    """Scores of a run by its own command, and its student's tags.

    Args:
      folder: the run folder.
      arguments: flags of the run.
      kill: end when a stage has kept its first epoch.
    """
    from xtremedistil_tf.training.trainer import Trainer

    keep = Trainer._keep

    def kept(trainer, stage_folder, *more):
        keep(trainer, stage_folder, *more)
        raise Killed

    Trainer._keep = kept if kill else keep
    try:
        return run_again(folder, arguments)
    except Killed:
        return {}
    finally:
        Trainer._keep = keep


def run_again(folder: str, arguments: list) -> dict:
    """Scores of a run by its own command, and its student's tags."""
    from xtremedistil_tf.cli.options.flags_to_config import run_config
    from xtremedistil_tf.cli.options.option import define, given
    from xtremedistil_tf.cli.options.run_flags import DISTILLATION
    from xtremedistil_tf.config import Resources
    from xtremedistil_tf.jobs.distillation import run_distillation
    from xtremedistil_tf.runtime import prepare

    if "task" not in FLAGS:
        define(DISTILLATION)
    FLAGS.unparse_flags()
    FLAGS(["run_distillation.py", *arguments, f"--model_dir={folder}"])
    config = run_config(given(FLAGS, DISTILLATION))
    prepare(config.seed, config.deterministic)
    metrics = run_distillation(config, pathlib.Path(folder), resources=Resources(export=False))
    return {"student": metrics["student"], "teacher": metrics["teacher"],
            "tags": open_student(str(pathlib.Path(folder) / "student"), "keras"),
            "predictions": (pathlib.Path(folder) / "predictions" / "test.student.tsv").read_text()}


def open_targets(folder: str, prints: dict, spec: dict) -> dict:
    """What a run would take of its stored targets, and what it would make again.

    Args:
      folder: the run folder.
      prints: fingerprints of "pieces" and "transfer".
      spec: fields of the store's `StoreSpec`.
    """
    from xtremedistil_tf.data.tokenization.realign import Realigned
    from xtremedistil_tf.data.tokenization.token_store import open_pieces, tokenised_counts
    from xtremedistil_tf.targets.manifest import open_store
    from xtremedistil_tf.targets.spec import KINDS, Place, StoreSpec
    from xtremedistil_tf.validation.run_files import read_sealed

    targets = pathlib.Path(folder) / "targets"
    answers = [path for path in targets.glob("answers/*.json") if read_sealed(path) is not None]
    found = {"answers": len(answers), "pieces": bool(
        tokenised_counts(targets / "pieces", prints["pieces"]))}
    if found["pieces"]:
        store, _ = open_store(Realigned(open_pieces(targets / "pieces")),
                              Place(targets / "transfer", prints["transfer"]), StoreSpec(**spec))
        found["shards"] = store.sound_shards(KINDS)
    return found


def main() -> None:
    """Answers each line of standard input with the result."""
    from xtremedistil_tf.errors import UserError, user_mistake

    for line in sys.stdin:
        job = json.loads(line)
        name = job.pop("job")
        try:
            found = {"kind": "opened", "result": {
                "student": open_student, "run": open_run, "store": open_targets}[name](**job)}
        except UserError as error:
            found = {"kind": "told", "told": str(error)}
        except Exception as error:  # As the command line does.
            told = user_mistake(error, list(map(str, job.values())))
            found = {"kind": "told", "told": told} if told else {
                "kind": "traceback", "told": f"{type(error).__name__}: {error}"[:200]}
        if found["kind"] == "told" and "\n" in found["told"]:
            found["kind"] = "several lines"
        print("RESULT " + json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
