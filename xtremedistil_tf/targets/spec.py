"""The contents of a target store: kinds of targets, their sizes and bytes."""

import dataclasses
import pathlib
from typing import Sequence

from xtremedistil_tf.config.checks import require

KINDS = ("logits", "representation")
# Kinds of matched layers; see `models.layers.layer_matching`.
MATCHED_KINDS = ("hidden_states", "attention")
# Bytes of a record's length, checksums and field names.
_RECORD_BYTES = 45


@dataclasses.dataclass(frozen=True)
class Place:
    """A folder for stored teacher outputs, and the fingerprint of their inputs."""

    folder: pathlib.Path
    fingerprint: str


@dataclasses.dataclass(frozen=True)
class StoreSpec:
    """Sizes of a store's targets and shards.

    Attributes:
      width: width of the representation.
      classes: number of logits of a position.
      shard_rows: sequences of a shard.
      pooled: True if a sequence has one target, False if each of its subword tokens has one.
      partial: True if only some tokens have logits, those of a finished tagger: the first tokens
        of words. A uint8 beside the logits marks them; the targets of other tokens are 0.
      matched: number of layers whose hidden states and attention may be stored.

    Raises:
      UserError: for a size that is too small.
    """

    width: int
    classes: int
    shard_rows: int
    pooled: bool = False
    partial: bool = False
    matched: int = 0

    def __post_init__(self):
        for name, least in (("width", 1), ("classes", 1), ("shard_rows", 1), ("matched", 0)):
            value = getattr(self, name)
            require(value >= least,
                    f"a store of outputs has {name} {value}; allowed: from {least} on")

    def values(self, kind: str, longest: int) -> int:
        """Returns the number of values in one target.

        Args:
          kind: one of KINDS or MATCHED_KINDS.
          longest: length of the longest sequence, the number of keys of an attention.
        """
        return {"logits": self.classes, "representation": self.width,
                "hidden_states": self.width * (self.matched + 1),
                "attention": self.matched * longest}[kind]

    def target_bytes(self, kinds: Sequence[str], *, longest: int = 0) -> int:
        """Returns the bytes of one position's targets: float32 for logits, float16 for others."""
        return sum((4 if kind == "logits" else 2) * self.values(kind, longest) for kind in kinds)

    def size(self, kinds: Sequence[str], *, rows: int, tokens: int, squares: int = 0) -> int:
        """Estimates the bytes of targets on disk to within a few percent.

        Args:
          kinds: kinds of targets.
          rows: number of sequences.
          tokens: number of their subword tokens.
          squares: sum of the squared lengths of the sequences, for attention.
        """
        ids = 4 * tokens if "logits" in kinds else 0
        attention = 2 * self.matched * squares if "attention" in kinds else 0
        return ids + attention + _RECORD_BYTES * len(kinds) * rows \
            + self.target_bytes(kinds) * (rows if self.pooled else tokens)
