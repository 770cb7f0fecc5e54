"""Settings of the student's training."""

import dataclasses
from typing import Optional, Tuple

from xtremedistil_tf.config.checks import at_least, one_of, positive, require

# The plan of a run without a teacher: D4.2's stages on labels.
FINE_TUNING = "fine-tuning"
UNFREEZE_ORDERS = ("top_down", "bottom_up", "all")
SCHEDULES = ("restarts", "cosine", "plateau")
EPOCHS_PER = ("step", "stage")
# The losses of this package on logits. The last is for labels that are each for itself.
SOFT_LOSSES = ("mse", "kld", "pseudo_labels", "bce")
SIGMOID_LOSS = "bce"
# Settings that are a budget of epochs, as "part.field".
EPOCHS = frozenset(f"distil.{field}" for field in (
    "distil_epochs", "ft_epochs", "stage_epochs", "epochs_per"))
LABEL_HEADS = ("shared", "own")
OPTIMIZERS = ("adam", "lazy_adam")
# Peak learning rates. The rate for random weights is too high for pre-trained weights.
RATE, CHECKPOINT_RATE = 1e-3, 1e-4
# Name of the temporary Dense layers that project student hidden states to the teacher's width; used
# in stage 1 only, never exported.
MATCHING = "matching"


@dataclasses.dataclass(frozen=True)
class BatchSize:
    """Batch size.

    Attributes:
      rows: sequences of a batch on each replica.
      tokens: positions of a batch on each replica. If given, a batch has as many sequences as fit,
        so all steps cost about the same, whatever the sequences' length.
    """

    rows: int
    tokens: Optional[int] = None

    def __post_init__(self):
        for name, value in (("rows", self.rows), ("positions", self.tokens)):
            require(value is None or value >= 1,
                    f"a batch has {value} {name}; allowed: from 1 on")

    def of(self, bound: int) -> int:
        """Number of sequences of a batch whose longest may have `bound` subword tokens."""
        return self.rows if self.tokens is None else max(1, self.tokens // bound)

    def describe(self) -> str:
        """Short text for tables."""
        return str(self.rows) if self.tokens is None else f"{self.tokens} positions"


@dataclasses.dataclass(frozen=True)
class DistilConfig:
    """Settings of the student's training.

    Attributes:
      strategy: name of the plan, one of `training.strategies.STRATEGIES` (paper Table 3) or
        FINE_TUNING.
      representation_loss: "mse" (released code), "kld" (softmax-normalised, teacher first),
        "kld_student_first" (paper Eq. 6 as written) or "kld_raw" (the authors' v1 code).
      logits_loss: "mse" (paper Eq. 4), "kld" (softmax-normalised, softened by `temperature`),
        "pseudo_labels" (the teacher's most probable class) or "bce" (of each label's sigmoid,
        softened likewise; for labels that are each for itself).
      temperature: temperature of the "kld" and "bce" logits losses.
      multi_hidden_states: True if the representation stage also teaches the hidden states of all
        layers, matched from the top.
      attention: True if it also teaches the attention of these layers, averaged over heads; implies
        the hidden states.
      alpha, beta, gamma: weights of labels, representation and logits in joint stages (Eq. 7).
      unfreeze_representation: True if the representation is taught in one stage a layer, top-down
        (paper Algorithm 1); False for one stage with all layers (released code).
      label_head: one of LABEL_HEADS: the labels go on with the logits layer that has learnt the
        teacher's logits ("shared", the authors' v2 code), or begin with a new one ("own", paper
        Eq. 1 and 3, v1 code).
      unfreeze_order: order in which gradual strategies unfreeze layers, one of UNFREEZE_ORDERS. Not
        given: "top_down", or "all" for fine-tuning a checkpoint.
      distil_epochs, ft_epochs: maximum number of epochs on the transfer set, and on the labels.
      epochs_per: one of EPOCHS_PER: the budget is for each stage, or for each phase. A phase's
        budget is divided among its stages; later stages train more layers and get more epochs.
      stage_epochs: exceptions, pairs of (part of a stage's name, epochs); the last match wins.
      distil_batch_size, ft_batch_size: sequences for each step and device, on the transfer set and
        on the labels.
      distil_batch_tokens: positions for each step and device on the transfer set, instead of
        distil_batch_size.
      patience: number of epochs without a better dev measure that ends a stage.
      least_gain: smallest gain in percent of the best dev measure that patience counts as better.
      schedule: "restarts" (the authors'), "cosine" (one cosine over the stage's epochs) or
        "plateau" (the peak until patience is used up, then one more epoch that falls to the floor).
      learning_rate, lowest_rate: peak and minimum of the cosine. Peak not given: RATE, or
        CHECKPOINT_RATE for a student that starts from a checkpoint.
      ft_learning_rate: peak of the stages on labels alone, after stages on the transfer set. Not
        given: learning_rate.
      period: number of epochs of the first cosine, for "restarts".
      optimizer: "adam" or "lazy_adam" (moments of the batch's embedding rows only).
      chunk_size: sequences of a target shard (`--distil_chunk_size`).
      label_smoothing: fraction of a label's probability that is spread over all classes.
      weight_average: decay per step of a moving average of the weights; the average is evaluated on
        dev and kept. 0 uses the weights themselves.
      language_exponent: a language's share of an epoch's labelled rows is proportional to its
        number of rows to this power: 1 keeps the proportions, 0 makes them equal.
    """

    strategy: str = "D4.2"
    representation_loss: str = "mse"
    logits_loss: str = "mse"
    temperature: float = 1.0
    multi_hidden_states: bool = False
    attention: bool = False
    alpha: float = 1.0
    beta: float = 1.0
    gamma: float = 1.0
    unfreeze_representation: bool = False
    label_head: str = "shared"
    unfreeze_order: Optional[str] = None
    distil_epochs: int = 80
    ft_epochs: int = 32
    epochs_per: str = "step"
    stage_epochs: Tuple[Tuple[str, int], ...] = ()
    distil_batch_size: int = 512
    ft_batch_size: int = 32
    distil_batch_tokens: Optional[int] = None
    patience: int = 10
    least_gain: float = 0.0
    schedule: str = "restarts"
    learning_rate: Optional[float] = None
    ft_learning_rate: Optional[float] = None
    lowest_rate: float = 1e-8
    period: int = 50
    optimizer: str = "adam"
    chunk_size: int = 25000
    language_exponent: float = 1.0
    label_smoothing: float = 0.0
    weight_average: float = 0.0

    def __post_init__(self):
        if self.attention:
            object.__setattr__(self, "multi_hidden_states", True)
        one_of("unfreeze_order", self.unfreezes, UNFREEZE_ORDERS)
        one_of("label_head", self.label_head, LABEL_HEADS)
        positive("temperature", self.temperature)
        positive("learning_rate", self.peak_rate)
        require(self.temperature == 1 or self.logits_loss in ("kld", SIGMOID_LOSS),
                f"--temperature is {self.temperature}, but --logits_loss={self.logits_loss} has "
                f"none; allowed with --logits_loss=kld and {SIGMOID_LOSS}")
        for flag in ("alpha", "beta", "gamma"):
            at_least(flag, getattr(self, flag), 0)
        one_of("epochs_per", self.epochs_per, EPOCHS_PER)
        one_of("lr_schedule", self.schedule, SCHEDULES)
        one_of("optimizer", self.optimizer, OPTIMIZERS)
        for flag, value in (
            ("distil_epochs", self.distil_epochs),
            ("ft_epochs", self.ft_epochs),
            ("student_distil_batch_size", self.distil_batch_size),
            ("student_ft_batch_size", self.ft_batch_size),
            ("distil_batch_tokens", self.distil_batch_tokens or 1),
            ("patience", self.patience),
            ("lr_period", self.period),
            ("distil_chunk_size", self.chunk_size),
        ):
            at_least(flag, value, 1)
        require(0 <= self.least_gain < 100,
                f"--least_gain is {self.least_gain}; allowed: 0 to below 100, in percent")
        for flag in ("label_smoothing", "weight_average"):
            value = getattr(self, flag)
            require(0 <= value < 1, f"--{flag} is {value}; allowed: 0 to below 1")
        require(0 <= self.language_exponent <= 1,
                f"--language_exponent is {self.language_exponent}; allowed: 0 to 1")
        for flag, rate in (("learning_rate", self.peak_rate),
                           ("ft_learning_rate", self.ft_learning_rate)):
            require(rate is None or 0 <= self.lowest_rate < rate,
                    f"--lowest_rate {self.lowest_rate} must lie between 0 and --{flag} {rate}")

    @property
    def unfreezes(self) -> str:
        """The order in which gradual strategies unfreeze layers."""
        return self.unfreeze_order or UNFREEZE_ORDERS[0]

    @property
    def peak_rate(self) -> float:
        """The peak learning rate."""
        if self.learning_rate is not None:
            return self.learning_rate
        return CHECKPOINT_RATE if self.strategy == FINE_TUNING else RATE
