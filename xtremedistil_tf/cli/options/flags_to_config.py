"""The way of the training commands' flags into the configuration."""

from typing import Any, Dict, Tuple

from absl import flags

from xtremedistil_tf import config as cfg
from xtremedistil_tf.cli.options.student_flags import student_config
from xtremedistil_tf.errors import UserError

# Weights that have learnt already are lost at the rate for random ones.
CHECKPOINT_RATE = 1e-4


def _first(*values: Any) -> Any:
    return next(value for value in values if value is not None)


def parse_stage_epochs(items: Tuple[str, ...]) -> Tuple[Tuple[str, int], ...]:
    """Parses "name=epochs" items.

    Raises:
      UserError: for an item of another form.
    """
    parsed = []
    for item in items:
        name, _, epochs = item.partition("=")
        if not name or not epochs.isdigit():
            raise UserError(
                f"--stage_epochs has {item!r}; allowed: part-of-name=epochs, comma between"
            )
        parsed.append((name, int(epochs)))
    return tuple(parsed)


def teacher_config(values: flags.FlagValues) -> cfg.TeacherConfig:
    """The teacher's settings.

    Raises:
      UserError: for flags that contradict each other.
    """
    named = values["pt_teacher_checkpoint"].present
    if values.teacher_config and named:
        raise UserError(
            "--teacher_config and --pt_teacher_checkpoint are both given; the first starts from "
            "random weights, the second from a checkpoint: give one of them"
        )
    return cfg.TeacherConfig(
        model_class=values.pt_teacher,
        checkpoint=values.pt_teacher_checkpoint,
        config_file=values.teacher_config,
        model_dir=values.teacher_model_dir,
        layer=values.teacher_layer,
        epochs=_first(values.teacher_epochs, values.ft_epochs),
        batch_size=_first(values.teacher_batch_size, values.ft_batch_size),
        patience=values.patience,
        learning_rate=values.teacher_learning_rate,
        warmup=values.teacher_warmup,
        unfreeze=values.teacher_unfreeze,
        mask_rate=values.teacher_mask_rate,
        strip_accents=values.strip_accents,
    )


def labels_config(values: flags.FlagValues, learnt: bool) -> Dict[str, Any]:
    """The settings of a distillation that `define_label_flags` and `define_run_flags` make.

    Args:
      values: the flags.
      learnt: whether the student starts from weights that have learnt already.

    Raises:
      UserError: for --stage_epochs of another form.
    """
    named = values["learning_rate"].present or not learnt
    return {
        "unfreeze_order": values.unfreeze_order,
        "ft_epochs": values.ft_epochs,
        "epochs_per": values.epochs_per,
        "stage_epochs": parse_stage_epochs(tuple(values.stage_epochs)),
        "ft_batch_size": _first(values.student_ft_batch_size, values.ft_batch_size),
        "patience": values.patience,
        "schedule": values.lr_schedule,
        "learning_rate": values.learning_rate if named else CHECKPOINT_RATE,
        "lowest_rate": values.lowest_rate,
        "period": values.lr_period,
        "optimizer": values.optimizer,
        "language_exponent": values.language_exponent,
        "label_smoothing": values.label_smoothing,
        "weight_average": values.weight_average,
    }


def data_config(values: flags.FlagValues, **more: Any) -> cfg.DataConfig:
    """What the flags of `define_run_flags` say of the data.

    Args:
      values: the flags.
      more: settings by the names of DataConfig, which go before the flags'.
    """
    return cfg.DataConfig(**{
        "task": values.task, "seq_len": values.seq_len, "do_ner": values.do_NER,
        "decoding": values.decoding, "on_bad_row": values.on_bad_row,
        "dev_measure": values.dev_measure,
        "languages": tuple(values.languages), "labels_per_language": values.labels_per_language,
        "glue_task": values.glue_task, "do_regression": values.do_regression,
        "do_pairwise": values.do_pairwise,
        "squad": cfg.SquadConfig() if values.do_squad else None, **more})


def run_config(values: flags.FlagValues) -> cfg.RunConfig:
    """The settings of a distillation from its flags.

    Raises:
      UserError: for a value or combination that means nothing.
    """
    distil = cfg.DistilConfig(
        strategy=values.strategy,
        representation_loss=values.representation_loss,
        logits_loss=values.logits_loss,
        temperature=values.temperature,
        multi_hidden_states=values.distil_multi_hidden_states or values.distil_attention,
        attention=values.distil_attention,
        alpha=values.alpha,
        beta=values.beta,
        gamma=values.gamma,
        distil_epochs=values.distil_epochs,
        distil_batch_size=_first(values.student_distil_batch_size, values.distil_batch_size),
        distil_batch_tokens=values.distil_batch_tokens,
        chunk_size=values.distil_chunk_size,
        **labels_config(values, values.pt_student_checkpoint is not None),
    )
    data = data_config(values, transfer_file=values.transfer_file,
                       transfer_size=values.transfer_size, entity_swaps=values.entity_swaps)
    return cfg.RunConfig(data, teacher_config(values), student_config(values, data.pairs), distil,
                         values.seed, values.deterministic, values.opt_policy)


def resources(values: flags.FlagValues) -> cfg.Resources:
    """What a run may use.

    Raises:
      UserError: for a --target_shard that is not i/n.
    """
    part = None
    if values.target_shard is not None:
        number, slash, parts = values.target_shard.partition("/")
        if not (slash and number.isdigit() and parts.isdigit()):
            raise UserError(f"--target_shard is {values.target_shard!r}; allowed: i/n, as in 1/4")
        part = (int(number), int(parts))
    return cfg.Resources(values.keep_representation, values.target_workers, part,
                         values.targets_dir, values.export)
