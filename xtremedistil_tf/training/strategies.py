"""The strategies of the paper's Table 3: one function each, and a table of them."""

import dataclasses
from typing import Callable, List, Optional, Sequence, Tuple

from xtremedistil_tf.config import (
    MATCHING,
    SIGMOID_LOSS,
    DistilConfig,
)
from xtremedistil_tf.plugins import Registry
from xtremedistil_tf.training.stages import LossTerm


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


def fine_tuning(layers: Sequence[str], config: DistilConfig) -> List[StageDraft]:
    """Returns the stages on labels with gradual unfreezing; they are the plan of a fine-tuning."""
    return gradual_stages("labels", "train", (labels_term(smoothing=config.label_smoothing),),
                          layers, config)


def _d4_2(layers: Sequence[str], config: DistilConfig) -> List[StageDraft]:
    return [*representation_stages(layers, config),
            *gradual_stages("logits", "transfer", (logits_term(config),), layers, config),
            *fine_tuning(layers, config)]


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
