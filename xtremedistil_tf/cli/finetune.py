"""Fine-tunes a small checkpoint, or a finished student further, on a task's labels: no teacher."""

import dataclasses
import pathlib
from types import MappingProxyType
from typing import Any, Dict, Mapping, Optional

from absl import flags

from xtremedistil_tf import config as cfg
from xtremedistil_tf.cli import console
from xtremedistil_tf.cli.distill import tell
from xtremedistil_tf.cli.options import flags_to_config
from xtremedistil_tf.cli.options import run_flags as command_flags
from xtremedistil_tf.cli.options.student_flags import define_start_flags
from xtremedistil_tf.errors import UserError

FLAGS = flags.FLAGS
# Of `define_start_flags`: what may change in a student that is finished, and what may not.
_CHANGED = ("freeze_word_embedding", "dropout_rate")
_FIXED = ("pt_student_checkpoint", "dense_act_func", "pooling")

# Of --do_squad; their names are BERT's.
_SQUAD = {
    "doc_stride": "Pieces that two neighbouring windows of a context share (--do_squad).",
    "max_query_length": "Pieces of a question; what lies beyond is cut (--do_squad).",
    "max_answer_length": "Pieces of the longest answer that is looked for (--do_squad).",
}


def define_flags() -> None:
    """All flags of this command."""
    command_flags.define_run_flags()
    flags.DEFINE_string("student_dir", None,
                        "A run folder, or its student folder: fine-tune this student further. What "
                        "it reads (words, texts, pairs) and --seq_len are its own by default; the "
                        "task must have its labels.")
    define_start_flags()
    command_flags.define_label_flags()
    for name, told in _SQUAD.items():
        flags.DEFINE_integer(name, getattr(cfg.SquadConfig(), name), told)


def _squad(
    values: flags.FlagValues, wanted: bool, kept: Mapping[str, int] = MappingProxyType({})
) -> Optional[cfg.SquadConfig]:
    """The settings of --do_squad: those that are given, then `kept`, then the defaults.

    Raises:
      UserError: for one of them where it is not wanted.
    """
    given: Dict[str, Any] = {name: values[name].value for name in _SQUAD if values[name].present}
    if wanted:
        return cfg.SquadConfig(**{**kept, **given})
    for name in given:
        raise UserError(f"--{name} is given without --do_squad, whose contexts it is about")
    return None


def _from_checkpoint(values: flags.FlagValues) -> Dict[str, Any]:
    own: Dict[str, Any] = {name: values[name].value for name in (*_CHANGED, *_FIXED)}
    return {"data": flags_to_config.data_config(values, squad=_squad(values, values.do_squad)),
            "student": cfg.StudentConfig(student="transformer", **own)}


def _from_student(values: flags.FlagValues) -> Dict[str, Any]:
    # Imported here: it takes a tokenizer's library along.
    from xtremedistil_tf.inference.assets import load_assets, student_path

    for name in _FIXED:
        if values[name].present:
            raise UserError(f"--{name} and --student_dir are both given; a finished student has "
                            "its own: give one of them")
    assets = load_assets(student_path(values.student_dir))
    kind = assets.labels.kind
    answers = values.do_squad if values["do_squad"].present else kind == cfg.SPANS
    named = answers or values.glue_task is not None
    reads = {"seq_len": ("seq_len", assets.record["seq_len"]),
             "do_NER": ("do_ner", kind == cfg.TAGGING and not named),
             "do_regression": ("do_regression", kind == cfg.REGRESSION and not named),
             "do_pairwise": ("do_pairwise", assets.separator is not None and not named)}
    own = {setting: values[flag].value if values[flag].present else default
           for flag, (setting, default) in reads.items()}
    changed: Dict[str, Any] = {name: values[name].value for name in _CHANGED
                               if values[name].present}
    squad = _squad(values, answers, assets.record.get("squad") or {})
    return {"data": flags_to_config.data_config(values, squad=squad, **own),
            "student": dataclasses.replace(assets.settings, **changed)}


def finetune_config(values: flags.FlagValues) -> cfg.RunConfig:
    """The settings of a fine-tuning from its flags.

    Raises:
      UserError: for a value or combination that means nothing, or a folder without a student.
    """
    finished = values.student_dir is not None
    if not finished and values.pt_student_checkpoint is None:
        raise UserError("nothing to fine-tune; give --pt_student_checkpoint, a small encoder, or "
                        "--student_dir, a finished student")
    learning = flags_to_config.labels_config(values, learnt=True)
    if not finished and not values["unfreeze_order"].present:
        learning["unfreeze_order"] = "all"
    return cfg.RunConfig(
        **(_from_student if finished else _from_checkpoint)(values),
        distil=cfg.DistilConfig(strategy=cfg.FINE_TUNING, **learning),
        seed=values.seed, deterministic=values.deterministic, opt_policy=values.opt_policy)


def main() -> None:
    """Reads the flags, runs the job, prints what came of it."""
    config, model_dir = finetune_config(FLAGS), pathlib.Path(FLAGS.model_dir)
    student_dir = pathlib.Path(FLAGS.student_dir) if FLAGS.student_dir else None
    from xtremedistil_tf.jobs.finetuning import dry_run, run_fine_tuning
    from xtremedistil_tf.runtime import prepare

    prepare(config.seed, config.deterministic, config.opt_policy)
    if FLAGS.dry_run:
        print(dry_run(config, model_dir, student_dir))
        return
    metrics = run_fine_tuning(config, model_dir, student_dir, FLAGS.overwrite, FLAGS.export)
    tell(metrics, model_dir, FLAGS.export)


def run() -> None:
    """Entry point of the console script."""
    console.start(main, define_flags)


if __name__ == "__main__":
    run()
