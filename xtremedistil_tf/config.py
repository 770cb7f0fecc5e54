"""The settings of a run as frozen dataclasses, with their cross-field checks and JSON form."""

import dataclasses
import json
import pathlib
from typing import Any, Dict, Optional, Tuple

from xtremedistil_tf.errors import UserError

# Kinds of task: a label a word, or one a text.
TAGGING, CLASSIFICATION = "tagging", "classification"
# Dev measures that may choose epochs and steps, by kind; the first is the default.
MEASURES = {TAGGING: ("macro_f1",), CLASSIFICATION: ("accuracy", "macro_f1")}
STRATEGIES = ("D4.2", "D4.1", "D3.2", "D3.1", "D2", "D1", "D0-S", "D0")
ACTIVATIONS = ("gelu", "linear", "relu", "tanh")
REPRESENTATION_LOSSES = ("mse", "kld")
POOLINGS = ("last", "max")
WORD_EMBEDDINGS = ("svd", "svd_pretrained", "full", "pca", "ppa", "random", "file")
SCHEDULES = ("restarts", "cosine")
OPTIMIZERS = ("adam", "lazy_adam")
ON_BAD_ROW = ("error", "skip")
LOGITS_LOSSES = ("mse", "kld", "pseudo_labels")
UNFREEZE = ("all", "top_down")
UNFREEZE_ORDERS = ("top_down", "bottom_up", "all")
POLICIES = ("mixed_float16", "mixed_bfloat16")


def require(condition: bool, message: str) -> None:
    """Raises UserError with `message` unless `condition` holds."""
    if not condition:
        raise UserError(message)


def _one_of(flag: str, value: Any, allowed: Tuple[str, ...]) -> None:
    require(value in allowed, f"--{flag} is {value!r}; allowed: {', '.join(allowed)}")


def _at_least(flag: str, value: float, least: float) -> None:
    require(value >= least, f"--{flag} is {value}; it must be at least {least}")


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """What is read.

    Attributes:
      task: folder with train.tsv, dev.tsv, test.tsv and labels.tsv (for classification it may be
        missing: the labels are then those of train.tsv).
      transfer_file: unlabelled text, one sentence a line; a relative path is looked for in the
        task folder, then in the current one.
      seq_len: longest row in pieces, markers included.
      do_ner: tag words (True) or classify texts.
      on_bad_row: "error" stops at the first unusable row, "skip" counts and reports them.
      dev_measure: which of the kind's MEASURES chooses epochs and steps; None is its default.
      languages: those whose labelled rows are used; empty for all.
      labels_per_language: most rows of train.tsv a language; None for all.
      transfer_size: sentences of the transfer file that are used; None for all.
    """

    task: str
    transfer_file: Optional[str] = None
    seq_len: int = 32
    do_ner: bool = True
    on_bad_row: str = "error"
    dev_measure: Optional[str] = None
    languages: Tuple[str, ...] = ()
    labels_per_language: Optional[int] = None
    transfer_size: Optional[int] = None

    def __post_init__(self):
        _at_least("seq_len", self.seq_len, 3)
        for flag in ("labels_per_language", "transfer_size"):
            if getattr(self, flag) is not None:
                _at_least(flag, getattr(self, flag), 1)
        _one_of("on_bad_row", self.on_bad_row, ON_BAD_ROW)
        measures = MEASURES[self.kind]
        require(self.measure in measures, f"--dev_measure is {self.measure!r}; allowed for "
                f"{self.kind}: {', '.join(measures)}")

    @property
    def kind(self) -> str:
        """TAGGING or CLASSIFICATION."""
        return TAGGING if self.do_ner else CLASSIFICATION

    @property
    def measure(self) -> str:
        """The dev measure that chooses epochs and steps."""
        return self.dev_measure or MEASURES[self.kind][0]


@dataclasses.dataclass(frozen=True)
class TeacherConfig:
    """The teacher and its fine-tuning.

    Attributes:
      model_class: transformers TF class (`--pt_teacher`), e.g. TFBertModel or TFAutoModel.
      checkpoint: hub name or local folder, TF or safetensors (`--pt_teacher_checkpoint`).
      config_file: a Hugging Face config.json; the teacher then starts from random weights with a
        WordPiece vocabulary trained on the task's text, and `checkpoint` is not read.
      model_dir: folder of a teacher fine-tuned before (`--teacher_model_dir`).
      layer: index into hidden_states (0 = embeddings) of the representation target.
      epochs, batch_size, patience: fine-tuning budget; patience in epochs without a better dev
        macro-F1.
      learning_rate, warmup: peak rate, and the share of steps that rise linearly to it before it
        falls linearly to zero.
      unfreeze: "all" at once, or "top_down" through the layer registry.
      mask_rate: share of pieces replaced by the mask piece while fine-tuning, 0 to 1.
      strip_accents: whether BERT tokenizers remove accents (the paper does, mBERT's own does not);
        None keeps the checkpoint's setting.
    """

    model_class: str = "TFBertModel"
    checkpoint: str = "bert-base-multilingual-cased"
    config_file: Optional[str] = None
    model_dir: Optional[str] = None
    layer: int = 7
    epochs: int = 32
    batch_size: int = 32
    patience: int = 10
    learning_rate: float = 5e-5
    warmup: float = 0.1
    unfreeze: str = "all"
    mask_rate: float = 0.0
    strip_accents: Optional[bool] = None

    def __post_init__(self):
        require(
            self.model_class.startswith("TF"),
            f"--pt_teacher is {self.model_class!r}; allowed: TF classes of transformers, "
            "such as TFBertModel, TFXLMRobertaModel or TFAutoModel",
        )
        _at_least("teacher_layer", self.layer, 0)
        _at_least("teacher_batch_size", self.batch_size, 1)
        _at_least("teacher_epochs", self.epochs, 1)
        _at_least("patience", self.patience, 1)
        require(
            self.learning_rate > 0,
            f"--teacher_learning_rate is {self.learning_rate}; it must be above 0",
        )
        require(
            self.config_file is None or pathlib.Path(self.config_file).is_file(),
            f"--teacher_config {self.config_file}: file not found",
        )
        _one_of("teacher_unfreeze", self.unfreeze, UNFREEZE)
        for flag, share in (("warmup", self.warmup), ("mask_rate", self.mask_rate)):
            require(0 <= share < 1, f"--teacher_{flag} is {share}; allowed: 0 <= share < 1")


@dataclasses.dataclass(frozen=True)
class StudentConfig:
    """The BiLSTM student (paper section 3, Tables 12 and 16).

    Attributes:
      word_emb_dim: E, width of the word embedding.
      bilstm_hidden_size: H, units of each direction.
      dropout_rate: dropout after embedding, BiLSTM and projection.
      recurrent_dropout: the LSTM cells' own; above 0 the GPU's cuDNN kernel cannot be used.
      dense_act_func: activation of the projection to the teacher's width.
      word_embedding: how the embedding starts, one of WORD_EMBEDDINGS (paper Table 7).
      word_emb_file: word vectors for "file".
      ppa_components: components that "ppa" removes (Raunak et al., 2019).
      pooling: what of the BiLSTM stands for a whole text (classification): "last", its final
        states (paper), or "max" over the text (the authors' v1).
    """

    word_emb_dim: int = 300
    bilstm_hidden_size: int = 600
    dropout_rate: float = 0.2
    recurrent_dropout: float = 0.0
    dense_act_func: str = "gelu"
    word_embedding: str = "svd"
    word_emb_file: Optional[str] = None
    ppa_components: int = 14
    pooling: str = "last"

    def __post_init__(self):
        _at_least("word_emb_dim", self.word_emb_dim, 1)
        _at_least("bilstm_hidden_size", self.bilstm_hidden_size, 1)
        for flag in ("dropout_rate", "recurrent_dropout"):
            rate = getattr(self, flag)
            require(0 <= rate < 1, f"--{flag} is {rate}; allowed: 0 <= rate < 1")
        _one_of("dense_act_func", self.dense_act_func, ACTIVATIONS)
        _one_of("word_embedding", self.word_embedding, WORD_EMBEDDINGS)
        _at_least("ppa_components", self.ppa_components, 0)
        require((self.word_embedding == "file") == (self.word_emb_file is not None),
                f"--word_embedding is {self.word_embedding}, --word_emb_file is "
                f"{self.word_emb_file}; allowed: --word_embedding=file with a file")
        _one_of("pooling", self.pooling, POOLINGS)


@dataclasses.dataclass(frozen=True)
class BatchSize:
    """How many rows make a batch.

    Attributes:
      rows: rows a batch and replica.
      tokens: positions a batch and replica; where given, rows are as many as fit, so that every
        step costs about the same whatever the length of its rows.
    """

    rows: int
    tokens: Optional[int] = None

    def of(self, bound: int) -> int:
        """Rows of a batch whose longest row may have `bound` pieces."""
        return self.rows if self.tokens is None else max(1, self.tokens // bound)

    def describe(self) -> str:
        """One short text for tables."""
        return str(self.rows) if self.tokens is None else f"{self.tokens} positions"


@dataclasses.dataclass(frozen=True)
class DistilConfig:
    """How the student is trained.

    Attributes:
      strategy: name of the plan, one of STRATEGIES (paper Table 3).
      representation_loss: "mse" (released code) or "kld" (softmax-normalised, paper Eq. 6).
      logits_loss: "mse" (paper Eq. 4), "kld" (softmax-normalised, softened by `temperature`) or
        "pseudo_labels" (the teacher's most probable class).
      temperature: of the "kld" logits loss.
      alpha, beta, gamma: weights of labels, representation and logits in joint steps (Eq. 7).
      unfreeze_order: how gradual strategies unfreeze layers, one of UNFREEZE_ORDERS.
      distil_epochs, ft_epochs: most epochs of a step on the transfer set, and on the labels.
      stage_epochs: exceptions, pairs of (part of a step's name, epochs); the last match wins.
      distil_batch_size, ft_batch_size: rows a step and device, on the transfer set and on the
        labels.
      distil_batch_tokens: positions a step and device on the transfer set, instead of rows.
      patience: epochs without a better dev measure after which a step ends.
      schedule: "restarts" (the authors') or "cosine" (one cosine over the step's epochs).
      learning_rate, lowest_rate: peak and floor of the cosine.
      period: epochs of the first cosine where it restarts.
      optimizer: "adam" or "lazy_adam" (moments of the batch's embedding rows only).
      chunk_size: rows of a target shard (`--distil_chunk_size`).
    """

    strategy: str = "D4.2"
    representation_loss: str = "mse"
    logits_loss: str = "mse"
    temperature: float = 1.0
    alpha: float = 1.0
    beta: float = 1.0
    gamma: float = 1.0
    unfreeze_order: str = "top_down"
    distil_epochs: int = 80
    ft_epochs: int = 32
    stage_epochs: Tuple[Tuple[str, int], ...] = ()
    distil_batch_size: int = 512
    ft_batch_size: int = 32
    distil_batch_tokens: Optional[int] = None
    patience: int = 10
    schedule: str = "restarts"
    learning_rate: float = 1e-3
    lowest_rate: float = 1e-8
    period: int = 50
    optimizer: str = "adam"
    chunk_size: int = 300000

    def __post_init__(self):
        _one_of("strategy", self.strategy, STRATEGIES)
        _one_of("representation_loss", self.representation_loss, REPRESENTATION_LOSSES)
        _one_of("logits_loss", self.logits_loss, LOGITS_LOSSES)
        _one_of("unfreeze_order", self.unfreeze_order, UNFREEZE_ORDERS)
        require(self.temperature > 0, f"--temperature is {self.temperature}; it must be above 0")
        require(self.temperature == 1 or self.logits_loss == "kld",
                f"--temperature is {self.temperature}, but --logits_loss={self.logits_loss} has "
                "none; allowed with --logits_loss=kld")
        for flag in ("alpha", "beta", "gamma"):
            _at_least(flag, getattr(self, flag), 0)
        _one_of("lr_schedule", self.schedule, SCHEDULES)
        _one_of("optimizer", self.optimizer, OPTIMIZERS)
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
            _at_least(flag, value, 1)
        require(
            0 <= self.lowest_rate < self.learning_rate,
            f"--lowest_rate {self.lowest_rate} must lie between 0 and "
            f"--learning_rate {self.learning_rate}",
        )


@dataclasses.dataclass(frozen=True)
class RunConfig:
    """One run: everything that decides its result.

    Attributes:
      data, teacher, student, distil: the parts.
      seed: the one seed; all others are derived from it.
      deterministic: whether TensorFlow's operations must repeat bit by bit.
      opt_policy: Keras' mixed precision policy, one of POLICIES, or None for float32.
    """

    data: DataConfig
    teacher: TeacherConfig = TeacherConfig()
    student: StudentConfig = StudentConfig()
    distil: DistilConfig = DistilConfig()
    seed: int = 42
    deterministic: bool = False
    opt_policy: Optional[str] = None

    def __post_init__(self):
        if self.opt_policy is not None:
            _one_of("opt_policy", self.opt_policy, POLICIES)
        require(0 <= self.seed < 2**32, f"--seed is {self.seed}; allowed: 0 to {2**32 - 1}")

    def to_dict(self) -> Dict[str, Any]:
        """The settings as nested JSON values."""
        return json.loads(json.dumps(dataclasses.asdict(self)))


@dataclasses.dataclass(frozen=True)
class Resources:
    """What a run may use; decides its cost, not its result.

    Attributes:
      keep_representation: whether stored representations outlive the last stage that reads them.
      target_workers: processes that run the teacher over the transfer set.
      target_shard: (i, n) to write only the i-th of n parts of the targets, 1 <= i <= n; None for
        the whole job.
      targets_dir: folder of the teacher's outputs that runs share; None for the run's own.
      export: whether the run ends with the student's exports.
    """

    keep_representation: bool = True
    target_workers: int = 1
    target_shard: Optional[Tuple[int, int]] = None
    targets_dir: Optional[str] = None
    export: bool = True

    def __post_init__(self):
        require(self.keep_representation or self.targets_dir is None,
                "--nokeep_representation would remove what other runs share in --targets_dir; "
                "give one of them")
        _at_least("target_workers", self.target_workers, 1)
        if self.target_shard is not None:
            part, parts = self.target_shard
            require(1 <= part <= parts,
                    f"--target_shard is {part}/{parts}; allowed: i/n with 1 <= i <= n")


def differences(before: Dict[str, Any], now: Dict[str, Any], prefix: str = "") -> Tuple[str, ...]:
    """Names the settings in which two nested dicts differ, as "name: old -> new"."""
    found = []
    for key in sorted(set(before) | set(now)):
        old, new = before.get(key), now.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            found.extend(differences(old, new, f"{prefix}{key}."))
        elif old != new:
            found.append(f"{prefix}{key}: {old!r} -> {new!r}")
    return tuple(found)
