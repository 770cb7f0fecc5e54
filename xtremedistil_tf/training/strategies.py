"""The strategies of the paper's Table 3: one function each, and a table of them."""

import dataclasses
from typing import Callable, List, Optional, Sequence, Tuple

from xtremedistil_tf.config import (
    FINE_TUNING,
    MATCHING,
    SIGMOID_LOSS,
    BatchSize,
    DistilConfig,
    TeacherConfig,
    require,
)
from xtremedistil_tf.errors import UserError, not_allowed
from xtremedistil_tf.plugins import Registry
from xtremedistil_tf.training.loss_table import LOSSES, SOFT, losses_against
from xtremedistil_tf.training.stages import LossTerm, Schedule, Stage


@dataclasses.dataclass(frozen=True)
class StageDraft:
    """A stage before its number, epochs and batch size are known.

    Attributes:
      purpose: end of the stage's name, such as "logits_projection".
      data: "transfer", "train" or "both".
      terms: the losses.
      trainable: all trainable layers, top first; the others are frozen.
      monitor: dev measure that chooses the best epoch; None for the run's measure.
      share: fraction of its phase's epoch budget, for `--epochs_per=stage`.
      fresh: layers that begin with new weights.
    """

    purpose: str
    data: str
    terms: Tuple[LossTerm, ...]
    trainable: Tuple[str, ...]
    monitor: Optional[str] = None
    share: float = 1.0
    fresh: Tuple[str, ...] = ()


def unfreeze(layers: Sequence[str], order: str) -> List[Tuple[str, Tuple[str, ...]]]:
    """Returns (newly unfrozen layer, all trainable layers, top first) for each stage.

    Args:
      layers: names, bottom to top.
      order: "top_down", "bottom_up" or "all" at once.

    Source: paper section 5.3, Algorithm 1 (top-down).
    """
    top_down = list(reversed(layers))
    if order == "all":
        return [("all", tuple(top_down))]
    count = len(top_down)
    if order == "bottom_up":
        return [(name, tuple(top_down[count - at:])) for at, name in enumerate(layers, 1)]
    return [(name, tuple(top_down[:at])) for at, name in enumerate(top_down, 1)]


def labels_term(*, smoothing: float = 0.0, weight: float = 1.0) -> LossTerm:
    """Returns the loss against gold labels."""
    return LossTerm("logits", "labels", "cross_entropy", weight, smoothing=smoothing)


def logits_term(config: DistilConfig, *, weight: float = 1.0) -> LossTerm:
    """Returns the loss against the teacher's logits (`--logits_loss`)."""
    temperature = config.temperature if config.logits_loss in ("kld", SIGMOID_LOSS) else 1.0
    return LossTerm("logits", "logits", config.logits_loss, weight, temperature)


def representation_term(config: DistilConfig, *, weight: float = 1.0) -> LossTerm:
    """Returns the loss against the teacher's representation (`--representation_loss`)."""
    return LossTerm("representation", "representation", config.representation_loss, weight)


def all_layers(layers: Sequence[str]) -> Tuple[str, ...]:
    """Returns all layers, top first."""
    return tuple(reversed(layers))


def representation_stages(layers: Sequence[str], config: DistilConfig) -> List[StageDraft]:
    """Returns the stages that learn the representation; they train the layers below the logits.

    It is one stage, or one a layer with `--unfreeze_representation`.

    Source: the released code; paper Algorithm 1.
    """
    below = tuple(name for name in layers if name != "logits")
    terms: Tuple[LossTerm, ...] = (representation_term(config),)
    matching: Tuple[str, ...] = ()
    if config.multi_hidden_states:
        matching = (MATCHING,)
        terms += (LossTerm("hidden_states", "hidden_states", "mse"),)
    if config.attention:
        terms += (LossTerm("attention", "attention", "attention_kld"),)
    drafts = [StageDraft("representation", "transfer", terms, all_layers(below))]
    if config.unfreeze_representation:
        drafts = gradual_stages("representation", "transfer", terms, below, config)
    return [dataclasses.replace(draft, trainable=(*matching, *draft.trainable),
                                monitor="representation") for draft in drafts]


def gradual_stages(
    purpose: str, data: str, terms: Tuple[LossTerm, ...], layers: Sequence[str],
    config: DistilConfig,
) -> List[StageDraft]:
    """Returns one stage for each unfrozen layer, in the order of `--unfreeze_order`.

    Args:
      purpose: see `StageDraft`; the name of the unfrozen layer is added.
      data: see `StageDraft`.
      terms: the losses of all stages.
      layers: names, bottom to top.
      config: the settings.
    """
    unfrozen = unfreeze(layers, config.unfreezes)
    # The k-th stage trains k layers, and its share of the epochs is proportional to k.
    parts = len(unfrozen) * (len(unfrozen) + 1) / 2
    return [StageDraft(f"{purpose}_{name}", data, terms, trainable, share=at / parts)
            for at, (name, trainable) in enumerate(unfrozen, 1)]


def _d0_s(layers: Sequence[str], config: DistilConfig) -> List[StageDraft]:
    return [StageDraft("labels", "train", (labels_term(smoothing=config.label_smoothing),),
                       all_layers(layers))]


def _joint(config: DistilConfig) -> Tuple[LossTerm, ...]:
    return (labels_term(smoothing=config.label_smoothing, weight=config.alpha),
            logits_term(config, weight=config.gamma))


def _d1(layers: Sequence[str], config: DistilConfig) -> List[StageDraft]:
    return [StageDraft("joint", "both", _joint(config), all_layers(layers))]


def _d2(layers: Sequence[str], config: DistilConfig) -> List[StageDraft]:
    terms = (*_joint(config), representation_term(config, weight=config.beta))
    return [StageDraft("joint", "both", terms, all_layers(layers))]


def _d3_1(layers: Sequence[str], config: DistilConfig) -> List[StageDraft]:
    return [*representation_stages(layers, config),
            StageDraft("joint", "both", _joint(config), all_layers(layers))]


def _d3_2(layers: Sequence[str], config: DistilConfig) -> List[StageDraft]:
    return [*representation_stages(layers, config),
            *gradual_stages("joint", "both", _joint(config), layers, config)]


def _d4_1(layers: Sequence[str], config: DistilConfig) -> List[StageDraft]:
    return [*representation_stages(layers, config),
            StageDraft("logits", "transfer", (logits_term(config),), all_layers(layers)),
            *_d0_s(layers, config)]


def _fine_tuning(layers: Sequence[str], config: DistilConfig) -> List[StageDraft]:
    return gradual_stages("labels", "train", (labels_term(smoothing=config.label_smoothing),),
                          layers, config)


def _d4_2(layers: Sequence[str], config: DistilConfig) -> List[StageDraft]:
    return [*representation_stages(layers, config),
            *gradual_stages("logits", "transfer", (logits_term(config),), layers, config),
            *_fine_tuning(layers, config)]


# (layer names bottom to top, settings) -> the stages in their order.
Plan = Callable[[Sequence[str], DistilConfig], List[StageDraft]]
STRATEGIES: Registry[Plan] = Registry("strategy", "xtremedistil_tf.strategies")
# Names and contents as in Table 3 of the paper. D0 is D0-S on one language.
for _name, _plan in {"D4.2": _d4_2, "D4.1": _d4_1, "D3.2": _d3_2, "D3.1": _d3_1, "D2": _d2,
                     "D1": _d1, "D0-S": _d0_s, "D0": _d0_s}.items():
    STRATEGIES.register(_name)(_plan)


def register_strategy(name: str) -> Callable[[Plan], Plan]:
    """Returns a decorator that adds a strategy; `--strategy` names it.

    An installed package can use an entry point of the group xtremedistil_tf.strategies instead.

    Args:
      name: name of the strategy.

    Raises:
      UserError: from the decorator, if the name is taken.

    Example:
      from xtremedistil_tf.training.strategies import (
          StageDraft, all_layers, gradual_stages, labels_term, logits_term)

      @xtremedistil_tf.register_strategy("logits-first")
      def logits_first(layers, config):
          return [*gradual_stages("logits", "transfer", (logits_term(config),), layers, config),
                  StageDraft("labels", "train", (labels_term(),), all_layers(layers))]
    """
    return STRATEGIES.register(name)


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


def with_own_head(drafts: Sequence[StageDraft], strategy: str) -> List[StageDraft]:
    """Lets the first stage on labels after the teacher's logits begin with a new logits layer.

    Raises:
      UserError: if the strategy has no such stage.
    """
    taught = [{term.target for term in draft.terms} for draft in drafts]
    for at, targets in enumerate(taught):
        if targets == {"labels"} and any("logits" in before for before in taught[:at]):
            return [dataclasses.replace(draft, fresh=("logits",)) if place == at else draft
                    for place, draft in enumerate(drafts)]
    raise UserError("--label_head=own is for labels that follow the teacher's logits, which "
                    f"--strategy={strategy} has not; allowed: D4.2 or D4.1, with train.tsv")


def _drafts(
    layers: Sequence[str], config: DistilConfig, *, labelled: bool = True, states: bool = True
) -> List[StageDraft]:
    if config.strategy == FINE_TUNING:
        return _fine_tuning(layers, config)
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
    if config.label_head == "own":
        drafts = with_own_head(drafts, config.strategy)
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
    epochs = config.ft_epochs if draft.data == "train" else config.distil_epochs
    if config.epochs_per == "stage":
        epochs = max(1, round(epochs * draft.share))
    for part, exception in config.stage_epochs:
        epochs = exception if part in name else epochs
    return epochs


def _against(terms: Tuple[LossTerm, ...], labels_loss: str) -> Tuple[LossTerm, ...]:
    """Replaces the loss against labels by the loss of the task."""
    return tuple(dataclasses.replace(term, loss=labels_loss) if term.target == "labels" else term
                 for term in terms)


def build_plan(
    layers: Sequence[str], config: DistilConfig, *, measure: str = "macro_f1",
    labels_loss: str = "cross_entropy", labelled: bool = True,
    states: bool = True,
) -> Tuple[Stage, ...]:
    """Builds the stages of a strategy.

    Args:
      layers: the student's layer names, bottom to top.
      config: strategy, losses, epochs, batch sizes, schedule.
      measure: dev measure of stages without their own.
      labels_loss: see `DataConfig.labels_loss`.
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
            raise UserError(f"--stage_epochs names {part!r}; the plan has: {', '.join(names)}")
    schedule = Schedule(config.schedule, config.peak_rate, config.lowest_rate, config.period)
    of_labels = BatchSize(config.ft_batch_size)
    unlabelled = BatchSize(config.distil_batch_size, config.distil_batch_tokens)
    stages = []
    for name, draft in zip(names, drafts):
        epochs = _epochs(name, draft, config)
        if epochs:
            stages.append(Stage(
                name, draft.data, _against(draft.terms, labels_loss), draft.trainable, schedule,
                epochs, config.patience, of_labels if draft.data == "train" else unlabelled,
                draft.monitor or measure, of_labels if draft.data == "both" else None,
                config.weight_average, config.least_gain, draft.fresh))
    if not stages:
        raise UserError("--stage_epochs leaves no stage of the plan")
    return tuple(stages)


def build_teacher_plan(
    layers: Sequence[str], config: TeacherConfig, *, measure: str = "macro_f1",
    labels_loss: str = "cross_entropy",
) -> Tuple[Stage, ...]:
    """Builds the stages of a teacher's fine-tuning: all layers at once, or top-down."""
    schedule = Schedule("warmup", config.learning_rate, 0.0, warmup=config.warmup)
    return tuple(
        Stage(f"teacher_{number:02d}_{name}", "train", _against((labels_term(),), labels_loss),
              trainable, schedule, config.epochs, config.patience, BatchSize(config.batch_size),
              measure)
        for number, (name, trainable) in enumerate(unfreeze(layers, config.unfreeze), 1)
    )
