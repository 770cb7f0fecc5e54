"""The strategies of the paper's Table 3 as plans: one function each, and one table of them."""

import dataclasses
from typing import Callable, Dict, List, Optional, Sequence, Tuple

from xtremedistil_tf.config import FINE_TUNING, MATCHING, BatchSize, DistilConfig, TeacherConfig
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.training.stages import LossTerm, Schedule, Stage


@dataclasses.dataclass(frozen=True)
class _Step:
    """A stage before its number, epochs and batch size are known."""

    purpose: str
    data: str
    terms: Tuple[LossTerm, ...]
    trainable: Tuple[str, ...]
    monitor: Optional[str] = None  # The run's dev measure.
    share: float = 1.0  # Of the epochs of the steps that have its purpose.


def unfreeze(layers: Sequence[str], order: str) -> List[Tuple[str, Tuple[str, ...]]]:
    """(newly unfrozen layer, all trainable ones, top first) for each step.

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


def _labels(smoothing: float = 0.0, weight: float = 1.0) -> LossTerm:
    return LossTerm("logits", "labels", "cross_entropy", weight, smoothing=smoothing)


def _logits(config: DistilConfig, weight: float = 1.0) -> LossTerm:
    temperature = config.temperature if config.logits_loss == "kld" else 1.0
    return LossTerm("logits", "logits", config.logits_loss, weight, temperature)


def _hidden(config: DistilConfig, weight: float = 1.0) -> LossTerm:
    return LossTerm("representation", "representation", config.representation_loss, weight)


def _everything(layers: Sequence[str]) -> Tuple[str, ...]:
    return tuple(reversed(layers))


def _representation(layers: Sequence[str], config: DistilConfig) -> _Step:
    below = tuple(name for name in _everything(layers) if name != "logits")
    terms: Tuple[LossTerm, ...] = (_hidden(config),)
    if config.multi_hidden_states:
        below = (MATCHING, *below)
        terms += (LossTerm("hidden_states", "hidden_states", "mse"),)
    if config.attention:
        terms += (LossTerm("attention", "attention", "attention_kld"),)
    return _Step("representation", "transfer", terms, below, "representation")


def _gradual(
    purpose: str, data: str, terms: Tuple[LossTerm, ...], layers: Sequence[str],
    config: DistilConfig,
) -> List[_Step]:
    steps = unfreeze(layers, config.unfreezes)
    parts = len(steps) * (len(steps) + 1) / 2  # The k-th step trains k layers and gets k parts.
    return [_Step(f"{purpose}_{name}", data, terms, trainable, share=at / parts)
            for at, (name, trainable) in enumerate(steps, 1)]


def _d0_s(layers: Sequence[str], config: DistilConfig) -> List[_Step]:
    return [_Step("labels", "train", (_labels(config.label_smoothing),), _everything(layers))]


def _joint(config: DistilConfig) -> Tuple[LossTerm, ...]:
    return _labels(config.label_smoothing, config.alpha), _logits(config, config.gamma)


def _d1(layers: Sequence[str], config: DistilConfig) -> List[_Step]:
    return [_Step("joint", "both", _joint(config), _everything(layers))]


def _d2(layers: Sequence[str], config: DistilConfig) -> List[_Step]:
    terms = (*_joint(config), _hidden(config, config.beta))
    return [_Step("joint", "both", terms, _everything(layers))]


def _d3_1(layers: Sequence[str], config: DistilConfig) -> List[_Step]:
    return [_representation(layers, config),
            _Step("joint", "both", _joint(config), _everything(layers))]


def _d3_2(layers: Sequence[str], config: DistilConfig) -> List[_Step]:
    return [_representation(layers, config),
            *_gradual("joint", "both", _joint(config), layers, config)]


def _d4_1(layers: Sequence[str], config: DistilConfig) -> List[_Step]:
    return [_representation(layers, config),
            _Step("logits", "transfer", (_logits(config),), _everything(layers)),
            *_d0_s(layers, config)]


def _fine_tuning(layers: Sequence[str], config: DistilConfig) -> List[_Step]:
    return _gradual("labels", "train", (_labels(config.label_smoothing),), layers, config)


def _d4_2(layers: Sequence[str], config: DistilConfig) -> List[_Step]:
    return [_representation(layers, config),
            *_gradual("logits", "transfer", (_logits(config),), layers, config),
            *_fine_tuning(layers, config)]


# Names and contents as in Table 3 of the paper. D0 is D0-S on the rows of one language.
PLANS: Dict[str, Callable[[Sequence[str], DistilConfig], List[_Step]]] = {
    "D0": _d0_s,
    "D0-S": _d0_s,
    "D1": _d1,
    "D2": _d2,
    "D3.1": _d3_1,
    "D3.2": _d3_2,
    "D4.1": _d4_1,
    "D4.2": _d4_2,
    FINE_TUNING: _fine_tuning,
}


def _epochs(name: str, step: _Step, config: DistilConfig) -> int:
    epochs = config.ft_epochs if step.data == "train" else config.distil_epochs
    if config.epochs_per == "stage":
        epochs = max(1, round(epochs * step.share))
    for part, exception in config.stage_epochs:
        epochs = exception if part in name else epochs
    return epochs


def _against(terms: Tuple[LossTerm, ...], labels_loss: str) -> Tuple[LossTerm, ...]:
    """The terms of a step, the loss against labels being the task's."""
    return tuple(dataclasses.replace(term, loss=labels_loss) if term.target == "labels" else term
                 for term in terms)


def build_plan(
    layers: Sequence[str], config: DistilConfig, measure: str = "macro_f1",
    labels_loss: str = "cross_entropy",
) -> Tuple[Stage, ...]:
    """Builds the stages of a strategy.

    Args:
      layers: the student's layer names, bottom to top.
      config: strategy, losses, epochs, batch sizes, schedule.
      measure: dev measure that chooses epochs, where a step has none of its own.
      labels_loss: see `DataConfig.labels_loss`.

    Returns:
      The stages in order, named 01_..., 02_....

    Raises:
      UserError: if --stage_epochs names no step of the plan.

    Source: paper Table 3 (strategies), Table 4 (order of D4.2), Eq. 7 (joint losses).
    """
    steps = PLANS[config.strategy](layers, config)
    names = [f"{number:02d}_{step.purpose}" for number, step in enumerate(steps, 1)]
    for part, _ in config.stage_epochs:
        if not any(part in name for name in names):
            raise UserError(f"--stage_epochs names {part!r}; the plan has: {', '.join(names)}")
    schedule = Schedule(config.schedule, config.peak_rate, config.lowest_rate, config.period)
    labelled = BatchSize(config.ft_batch_size)
    unlabelled = BatchSize(config.distil_batch_size, config.distil_batch_tokens)
    stages = []
    for name, step in zip(names, steps):
        epochs = _epochs(name, step, config)
        if epochs:
            stages.append(Stage(
                name, step.data, _against(step.terms, labels_loss), step.trainable, schedule,
                epochs, config.patience, labelled if step.data == "train" else unlabelled,
                step.monitor or measure, labelled if step.data == "both" else None,
                config.weight_average))
    if not stages:
        raise UserError("--stage_epochs leaves no step of the plan")
    return tuple(stages)


def build_teacher_plan(
    layers: Sequence[str], config: TeacherConfig, measure: str = "macro_f1",
    labels_loss: str = "cross_entropy",
) -> Tuple[Stage, ...]:
    """Builds the fine-tuning of a teacher: all layers at once, or top-down."""
    schedule = Schedule("warmup", config.learning_rate, 0.0, warmup=config.warmup)
    return tuple(
        Stage(f"teacher_{number:02d}_{name}", "train", _against((_labels(),), labels_loss),
              trainable, schedule, config.epochs, config.patience, BatchSize(config.batch_size),
              measure)
        for number, (name, trainable) in enumerate(unfreeze(layers, config.unfreeze), 1)
    )
