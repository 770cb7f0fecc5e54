"""Builds the configuration from given flags, of a command line or as Python keywords.

Settings without a flag get the defaults of the configuration's dataclasses.
"""

import dataclasses
from typing import Any, Dict, Mapping, Optional

from xtremedistil_tf import config as cfg
from xtremedistil_tf.cli.options.option import settings_of
from xtremedistil_tf.cli.options.run_flags import DISTILLATION, FINE_TUNING
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.training.plans import check_plan
from xtremedistil_tf.training.strategies import STRATEGIES

Given = Mapping[str, Any]

# Settings that a checkpoint determines.
_SIZES = ("hidden_size", "num_hidden_layers", "num_attention_heads", "word_emb_dim")
# Settings of a finished student that may change, and that may not.
_CHANGED = ("freeze_word_embedding", "dropout_rate")
_FIXED = ("pt_student_checkpoint", "dense_act_func", "logits_from", "pooling")
_SQUAD = ("doc_stride", "max_query_length", "max_answer_length")


def run_config(given: Given) -> cfg.RunConfig:
    """Builds the settings of a distillation.

    Args:
      given: values of the given flags by name; see `run_flags.DISTILLATION`.

    Raises:
      UserError: for an invalid value or combination.
    """
    _check_teacher(given)
    _check_checkpoint(given)
    found = settings_of(given, DISTILLATION)
    for name, instead in _without_task(given).items():
        if not found["data"].get(name):
            found["data"][name] = instead
    squad = _squad(given, found)
    # Refuses the strategy FINE_TUNING, which has its own command.
    STRATEGIES.find(found["distil"].get("strategy", cfg.DistilConfig.strategy))
    config = cfg.RunConfig(
        cfg.DataConfig(squad=squad, **found["data"]), cfg.TeacherConfig(**found["teacher"]),
        cfg.StudentConfig(**found["student"]), cfg.DistilConfig(**found["distil"]), **found["run"])
    check_plan(config.distil)
    return config


def resources(given: Given) -> cfg.Resources:
    """Builds the resources of a run.

    Raises:
      UserError: if --target_shard is not i/n.
    """
    return cfg.Resources(**settings_of(given, DISTILLATION)["resources"])


def _without_task(given: Given) -> Dict[str, str]:
    """Returns what stands for task folder and transfer file of a run without labels: its one text.

    Raises:
      UserError: if there is no text either.
    """
    outputs = given.get("teacher_outputs")
    text = given.get("transfer_file") or (outputs[0] if outputs else None)
    if given.get("task") is None and not text:
        raise UserError("--task is needed; --help lists the flags")
    return {"task": given.get("task") or text, **({"transfer_file": text} if text else {})}


def _check_teacher(given: Given) -> None:
    if given.get("teacher_config") and "pt_teacher_checkpoint" in given:
        raise UserError(
            "--teacher_config and --pt_teacher_checkpoint are both given; the first starts from "
            "random weights, the second from a checkpoint: give one of them"
        )


def _check_checkpoint(given: Given) -> None:
    """Refuses flags for sizes that the checkpoint determines."""
    if given.get("pt_student_checkpoint") is None:
        return
    own = () if given.get("compress_word_embedding") else ("word_embedding", "word_emb_file")
    for name in (*_SIZES, *own):
        if name in given:
            raise UserError(f"--{name} and --pt_student_checkpoint are both given; sizes and word "
                            "embedding are the checkpoint's. With --compress_word_embedding the "
                            "embedding starts as --word_embedding says")


def finetune_config(given: Given) -> cfg.RunConfig:
    """Builds the settings of a fine-tuning.

    Args:
      given: values of the given flags by name; see `run_flags.FINE_TUNING`.

    Raises:
      UserError: for an invalid value or combination, or a folder without a student.
    """
    finished = given.get("student_dir") is not None
    if given.get("task") is None:
        raise UserError("--task is needed; --help lists the flags")
    if not finished and given.get("pt_student_checkpoint") is None:
        raise UserError("nothing to fine-tune; give --pt_student_checkpoint, a small encoder, or "
                        "--student_dir, a finished student")
    found = settings_of(given, FINE_TUNING)
    return cfg.RunConfig(
        **(_from_student if finished else _from_checkpoint)(given, found),
        distil=cfg.DistilConfig(strategy=cfg.FINE_TUNING, **found["distil"]), **found["run"])


def _squad(
    given: Given, found: Dict[str, Dict[str, Any]], *, wanted: Optional[bool] = None,
    own: Mapping[str, int] = {},
) -> Optional[cfg.SquadConfig]:
    """Builds the settings of --do_squad; None without it. Sets seq_len if it is not given.

    Args:
      given: values of the given flags by name.
      found: settings by part.
      wanted: True for questions; None asks the flag.
      own: settings that a finished student has.

    Raises:
      UserError: if one of its flags is given without it.
    """
    if wanted is None:
        wanted = bool(given.get("do_squad"))
    for name in () if wanted else _SQUAD:
        if name in given:
            raise UserError(f"--{name} is given without --do_squad, to which it belongs")
    if not wanted:
        return None
    found["data"].setdefault("seq_len", cfg.SQUAD_SEQ_LEN)
    return cfg.SquadConfig(**{**own, **found["squad"]})


def _from_checkpoint(given: Given, found: Dict[str, Dict[str, Any]]) -> Dict[str, Any]:
    squad = _squad(given, found)
    return {"data": cfg.DataConfig(squad=squad, **found["data"]),
            "student": cfg.StudentConfig(**found["student"])}


def _from_student(given: Given, found: Dict[str, Dict[str, Any]]) -> Dict[str, Any]:
    # Imported here, since it also imports the tokenizers library.
    from xtremedistil_tf.hub.folders import student_on_hub
    from xtremedistil_tf.inference.assets import load_assets, student_path
    from xtremedistil_tf.tasks import task_kind

    for name in _FIXED:
        if name in given:
            raise UserError(f"--{name} and --student_dir are both given; a finished student has "
                            "its own: give one of them")
    assets = load_assets(student_path(student_on_hub(given["student_dir"])))
    kind = task_kind(assets.labels.kind)
    answers = given.get("do_squad", kind.windows)
    named = answers or given.get("glue_task") is not None
    own = {"seq_len": assets.record["seq_len"],
           "decoding": assets.record.get("decoding") or cfg.DECODINGS[0],
           **({} if named else kind.chosen_by),
           "do_pairwise": assets.separator is not None and not named and not kind.pairs}
    found["data"] = {**own, **found["data"]}
    squad = _squad(given, found, wanted=answers, own=assets.record.get("squad") or {})
    changed = {name: found["student"][name] for name in _CHANGED if name in found["student"]}
    return {"data": cfg.DataConfig(squad=squad, **found["data"]),
            "student": dataclasses.replace(assets.settings, **changed)}
