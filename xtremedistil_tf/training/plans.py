"""The stages of a run, from its strategy and settings."""

import dataclasses
from typing import List, Mapping, Sequence, Tuple

from xtremedistil_tf.config import (
    FINE_TUNING,
    PROJECTION,
    BatchSize,
    DistilConfig,
    TeacherConfig,
    require,
)
from xtremedistil_tf.errors import UserError, not_allowed
from xtremedistil_tf.training.loss_table import LOSSES, SOFT, losses_against
from xtremedistil_tf.training.stages import LossTerm, Schedule, Stage
from xtremedistil_tf.training.strategies import (
    STRATEGIES,
    StageDraft,
    fine_tuning,
    labels_term,
    unfreeze,
)

_NO_LOSSES: Mapping[str, str] = {}


def _check_losses(config: DistilConfig) -> None:
    for target in SOFT:
        name = getattr(config, f"{target}_loss")
        if name not in losses_against(target) or target not in LOSSES[name].against:
            raise not_allowed(f"{target}_loss", name, losses_against(target))


def without_labels(drafts: Sequence[StageDraft]) -> List[StageDraft]:
    """Leaves out all losses against labels, and stages that have no other."""
    kept = [dataclasses.replace(draft, data="transfer", terms=tuple(
        term for term in draft.terms if term.target != "labels")) for draft in drafts]
    return [draft for draft in kept if draft.terms]


def without_states(drafts: Sequence[StageDraft]) -> List[StageDraft]:
    """Leaves out all losses against hidden states, and stages that have no other."""
    kept = [dataclasses.replace(draft, terms=tuple(
        term for term in draft.terms if term.target in ("labels", "logits"))) for draft in drafts]
    return [draft for draft in kept if draft.terms]


def with_projection(drafts: Sequence[StageDraft]) -> List[StageDraft]:
    """Trains the projection in the stages on the representation, for logits from the encoder.

    The other stages do not train it, since such logits do not depend on it.
    """
    return [dataclasses.replace(draft, trainable=(PROJECTION, *draft.trainable))
            if any(term.target == "representation" for term in draft.terms) else draft
            for draft in drafts]


def with_own_head(stages: Sequence[Stage], strategy: str) -> List[Stage]:
    """Lets the first stage on labels after the teacher's logits begin with a new logits layer.

    Args:
      stages: the plan.
      strategy: its name, for messages.

    Raises:
      UserError: if there is no such stage.
    """
    taught = [{term.target for term in stage.terms} for stage in stages]
    for at, targets in enumerate(taught):
        if targets == {"labels"} and any("logits" in before for before in taught[:at]):
            return [dataclasses.replace(stage, fresh=("logits",)) if place == at else stage
                    for place, stage in enumerate(stages)]
    raise UserError("--label_head=own is for labels that follow the teacher's logits, which no "
                    f"stage of --strategy={strategy} does; allowed: D4.2 or D4.1, with train.tsv "
                    "and epochs for both")


def _drafts(
    layers: Sequence[str], config: DistilConfig, *, labelled: bool = True, states: bool = True
) -> List[StageDraft]:
    """Returns the drafts of a strategy that teacher and data allow; arguments as in `build_plan`.

    Raises:
      UserError: for an unknown strategy or loss, or one that has nothing to learn from.
    """
    if config.strategy == FINE_TUNING:
        return fine_tuning(layers, config)
    _check_losses(config)
    drafts = STRATEGIES.find(config.strategy)(layers, config)
    if not labelled:
        drafts = without_labels(drafts)
        require(bool(drafts), f"--strategy={config.strategy} learns from labels alone, and there "
                "is no train.tsv; allowed: a strategy with a teacher, such as D4.2")
    if not states:
        require(not config.multi_hidden_states, "--distil_multi_hidden_states and "
                "--distil_attention need a teacher's hidden states; this one has logits only")
        drafts = without_states(drafts)
    if PROJECTION not in layers:
        drafts = with_projection(drafts)
    terms = [term for draft in drafts for term in draft.terms]
    for term in terms:
        LOSSES.find(term.loss)
    require(not config.multi_hidden_states or any(term.target == "hidden_states" for term in terms),
            "--distil_multi_hidden_states and --distil_attention are taught in a stage for the "
            f"representation alone, which --strategy={config.strategy} has not; allowed: a "
            "strategy that has, such as D4.2, D4.1, D3.2, D3.1")
    return drafts


def check_plan(config: DistilConfig) -> None:
    """Checks the names of strategy and losses before a student exists.

    Raises:
      UserError: for an unknown strategy or loss, or a loss that does not accept its target.
    """
    _drafts(("word_embedding", "encoder", "projection", "logits"), config)


def _epochs(name: str, draft: StageDraft, config: DistilConfig) -> int:
    """Returns the epochs of a stage; 0 leaves it out."""
    epochs = config.ft_epochs if draft.data == "train" else config.distil_epochs
    if config.epochs_per == "stage":
        epochs = max(1, round(epochs * draft.share))
    for part, exception in config.stage_epochs:
        epochs = exception if part in name else epochs
    return epochs


def _against(
    terms: Tuple[LossTerm, ...], labels_loss: str, own_losses: Mapping[str, str] = _NO_LOSSES
) -> Tuple[LossTerm, ...]:
    """Replaces the losses against labels and logits by those of the task."""
    own = {"labels": lambda loss: labels_loss, "logits": lambda loss: own_losses.get(loss, loss)}
    return tuple(dataclasses.replace(term, loss=own[term.target](term.loss))
                 if term.target in own else term for term in terms)


def build_plan(
    layers: Sequence[str], config: DistilConfig, *, measure: str = "macro_f1",
    labels_loss: str = "cross_entropy", own_losses: Mapping[str, str] = _NO_LOSSES,
    labelled: bool = True, states: bool = True,
) -> Tuple[Stage, ...]:
    """Builds the stages of a strategy.

    Args:
      layers: the student's layer names, bottom to top.
      config: strategy, losses, epochs, batch sizes, schedule.
      measure: dev measure of stages without their own.
      labels_loss, own_losses: losses of the kind of task, see `TaskKind`.
      labelled: False if there is no training split; see `without_labels`.
      states: False if the teacher has logits only; see `without_states`.

    Returns:
      The stages in order, named 01_..., 02_....

    Raises:
      UserError: for an unknown strategy or loss, or if --stage_epochs names a stage that is not in
        the plan.

    Source: paper Table 3 (strategies), Table 4 (order of D4.2), Eq. 7 (joint losses).
    """
    drafts = _drafts(layers, config, labelled=labelled, states=states)
    names = [f"{number:02d}_{draft.purpose}" for number, draft in enumerate(drafts, 1)]
    for part, _ in config.stage_epochs:
        if not any(part in name for name in names):
            raise UserError(f"--stage_epochs names {part!r}; the plan has: {', '.join(names)}; "
                            "--stage_epochs= drops those of a flagfile")
    schedule = Schedule(config.schedule, config.peak_rate, config.lowest_rate, config.period)
    # --ft_learning_rate spares what a student has learnt from its teacher; one that learns from
    # labels alone has nothing to spare.
    taught = any(draft.data != "train" for draft in drafts)
    on_labels = dataclasses.replace(
        schedule, high=config.ft_learning_rate or schedule.high) if taught else schedule
    of_labels = BatchSize(config.ft_batch_size)
    unlabelled = BatchSize(config.distil_batch_size, config.distil_batch_tokens)
    stages = []
    for name, draft in zip(names, drafts):
        epochs = _epochs(name, draft, config)
        if epochs:
            stages.append(Stage(
                name, draft.data, _against(draft.terms, labels_loss, own_losses),
                draft.trainable, on_labels if draft.data == "train" else schedule, epochs=epochs,
                patience=config.patience,
                batch=of_labels if draft.data == "train" else unlabelled,
                monitor=draft.monitor or measure,
                labelled_batch=of_labels if draft.data == "both" else None,
                average=config.weight_average, least_gain=config.least_gain, fresh=draft.fresh))
    if not stages:
        raise UserError("--stage_epochs leaves no stage of the plan")
    return tuple(stages if config.label_head != "own" else with_own_head(stages, config.strategy))


def build_teacher_plan(
    layers: Sequence[str], config: TeacherConfig, *, measure: str = "macro_f1",
    labels_loss: str = "cross_entropy",
) -> Tuple[Stage, ...]:
    """Builds the stages of a teacher's fine-tuning.

    Args:
      layers: the teacher's layer names, bottom to top.
      config: epochs, batch size, learning rate and order of unfreezing.
      measure, labels_loss: see `build_plan`.

    Returns:
      The stages in order, named teacher_01_..., teacher_02_....
    """
    schedule = Schedule("warmup", config.learning_rate, 0.0, warmup=config.warmup)
    return tuple(
        Stage(f"teacher_{number:02d}_{name}", "train", _against((labels_term(),), labels_loss),
              trainable, schedule, epochs=config.epochs, patience=config.patience,
              batch=BatchSize(config.batch_size), monitor=measure)
        for number, (name, trainable) in enumerate(unfreeze(layers, config.unfreeze), 1)
    )
