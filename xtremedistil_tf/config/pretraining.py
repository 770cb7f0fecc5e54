"""Settings of a task-agnostic distillation: teacher, raw text, a small encoder."""

import dataclasses
import json
from typing import Any, Dict, Optional, Tuple

from xtremedistil_tf.config.checks import at_least, check_seed, one_of, positive, require
from xtremedistil_tf.config.data import ON_BAD_ROW
from xtremedistil_tf.config.distillation import OPTIMIZERS, BatchSize
from xtremedistil_tf.config.models import VOCABULARIES, check_vocabulary
from xtremedistil_tf.config.run import POLICIES

STARTS = ("teacher", "scratch")
# Start of the word embedding of a student from scratch, by the names of --word_embedding.
START_EMBEDDINGS = ("svd", "pca", "random")
# Settings of a student from scratch only.
_SIZES = ("hidden_size", "num_attention_heads", "word_emb_dim", "word_embedding")


@dataclasses.dataclass(frozen=True)
class PretrainingConfig:
    """Settings that decide the result of `xtremedistil-pretrain`.

    Attributes:
      checkpoint: the teacher, a pre-trained encoder: hub name or folder.
      text: raw text, one sentence a line.
      text_size: number of its sentences to use, drawn at random; None for all.
      on_bad_row: "error" stops at the first unusable line, "skip" counts them.
      seq_len: longest sequence in subword tokens, special tokens included.
      strip_accents: as `TeacherConfig.strip_accents`.
      start: "teacher", the student's layers start as some of the teacher's, or "scratch".
      num_hidden_layers: number of the student's layers; None for half of the teacher's.
      teacher_layers: for each of the student's layers the teacher's layer that it starts from,
        counted from 1; None for evenly spaced ones that end with the last.
      hidden_size, num_attention_heads, word_emb_dim: sizes of a student from scratch; None for the
        teacher's, and for word_emb_dim the student's hidden_size.
      word_embedding: start of the word embedding of a student from scratch, one of
        START_EMBEDDINGS; None for "svd".
      relation_layer: the teacher's layer that teaches, counted from 1; None for the last.
      relation_heads: number of heads that queries, keys and values are divided into for relations;
        None for the largest one up to the teacher's attention heads that divides both widths.
      relation_weight, hidden_weight: weights of the two losses; 0 leaves one out.
      vocabulary: "teacher", all subword tokens of the teacher's tokenizer, or "cut", those that the
        text needs.
      vocabulary_min_count: smallest count in the text of a subword token that "cut" keeps.
      dropout_rate: dropout inside the student's layers.
      freeze_word_embedding: True if the word embedding, with its positions, is not trained.
      epochs: passes over the text; 0 leaves the student as it starts.
      batch_size, batch_tokens: sequences of a step on each device, or positions instead.
      learning_rate, warmup: peak rate, and the fraction of the steps in which it rises; it then
        falls linearly to zero.
      optimizer: "adam" or "lazy_adam".
      part_steps: steps after which the weights are kept and the loss on held-out text is measured.
      seed, deterministic, opt_policy: as in `RunConfig`.
    """

    checkpoint: str
    text: str
    text_size: Optional[int] = None
    on_bad_row: str = ON_BAD_ROW[0]
    seq_len: int = 128
    strip_accents: Optional[bool] = None
    start: str = STARTS[0]
    num_hidden_layers: Optional[int] = None
    teacher_layers: Optional[Tuple[int, ...]] = None
    hidden_size: Optional[int] = None
    num_attention_heads: Optional[int] = None
    word_emb_dim: Optional[int] = None
    word_embedding: Optional[str] = None
    relation_layer: Optional[int] = None
    relation_heads: Optional[int] = None
    relation_weight: float = 1.0
    hidden_weight: float = 1.0
    vocabulary: str = VOCABULARIES[0]
    vocabulary_min_count: int = 1
    dropout_rate: float = 0.0
    freeze_word_embedding: bool = False
    epochs: int = 1
    batch_size: int = 64
    batch_tokens: Optional[int] = None
    learning_rate: float = 5e-4
    warmup: float = 0.05
    optimizer: str = "lazy_adam"
    part_steps: int = 1000
    seed: int = 42
    deterministic: bool = False
    opt_policy: Optional[str] = None

    def __post_init__(self):
        one_of("on_bad_row", self.on_bad_row, ON_BAD_ROW)
        at_least("seq_len", self.seq_len, 3)
        for flag, value in (
            ("transfer_size", self.text_size), ("num_hidden_layers", self.num_hidden_layers),
            ("hidden_size", self.hidden_size), ("word_emb_dim", self.word_emb_dim),
            ("num_attention_heads", self.num_attention_heads),
            ("relation_layer", self.relation_layer), ("relation_heads", self.relation_heads),
            ("distil_batch_size", self.batch_size), ("distil_batch_tokens", self.batch_tokens),
            ("part_steps", self.part_steps),
        ):
            if value is not None:
                at_least(flag, value, 1)
        at_least("distil_epochs", self.epochs, 0)
        self._check_start()
        check_vocabulary(self.vocabulary, self.vocabulary_min_count)
        for flag in ("relation_weight", "hidden_weight"):
            at_least(flag, getattr(self, flag), 0)
        require(self.relation_weight + self.hidden_weight > 0,
                "--relation_weight and --hidden_weight are both 0: nothing would be learnt")
        for flag, rate in (("dropout_rate", self.dropout_rate), ("warmup", self.warmup)):
            require(0 <= rate < 1, f"--{flag} is {rate}; allowed: 0 <= {flag} < 1")
        positive("learning_rate", self.learning_rate)
        one_of("optimizer", self.optimizer, OPTIMIZERS)
        check_seed(self.seed)
        if self.opt_policy is not None:
            one_of("opt_policy", self.opt_policy, POLICIES)

    def _check_start(self) -> None:
        one_of("start", self.start, STARTS)
        named = [name for name in _SIZES if getattr(self, name) is not None]
        require(self.start == "scratch" or not named,
                f"--{named[0] if named else ''} is given, but the student starts from the "
                "teacher's layers and has their sizes; allowed with --start=scratch")
        if self.word_embedding is not None:
            one_of("word_embedding", self.word_embedding, START_EMBEDDINGS)
        if self.teacher_layers is None:
            return
        told = ",".join(map(str, self.teacher_layers))
        require(self.start == "teacher",
                f"--teacher_layers is {told}, but --start is {self.start}; allowed: "
                "--start=teacher")
        wanted = self.num_hidden_layers
        require(bool(self.teacher_layers) and wanted in (None, len(self.teacher_layers)),
                f"--teacher_layers is {told!r}: {len(self.teacher_layers)} layers; "
                f"--num_hidden_layers is {wanted}; allowed: one for each layer of the student")

    @property
    def batch(self) -> BatchSize:
        """Batch size of a step."""
        return BatchSize(self.batch_size, self.batch_tokens)

    def to_dict(self) -> Dict[str, Any]:
        """The settings as JSON values."""
        return json.loads(json.dumps(dataclasses.asdict(self)))
