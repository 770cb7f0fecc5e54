"""What a store of teacher outputs holds: kinds of outputs, their sizes, and the bytes they take."""

import dataclasses
from typing import Sequence

from xtremedistil_tf.config.checks import require

KINDS = ("logits", "representation")
# Of matched layers, see `models.layers.layer_matching`.
MATCHED_KINDS = ("hidden_states", "attention")
# A record's own length, checksums and field names.
_RECORD_BYTES = 45


@dataclasses.dataclass(frozen=True)
class StoreSpec:
    """Sizes of a store's outputs, and how they are divided.

    Attributes:
      width: of a representation.
      classes: of a position's logits.
      shard_rows: sequences a shard.
      pooled: True if a sequence has one target, False if each of its subword tokens has one.
      partial: True if only some subword tokens have targets: those of a student's own tokenizer
        that the teacher speaks of. Which ones (uint8) then stands beside the logits; the targets
        of others are 0.
      matched: layers whose hidden states and attention may be stored.

    Raises:
      UserError: for a size that no teacher has.
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
        """Numbers of one target.

        Args:
          kind: of KINDS or MATCHED_KINDS.
          longest: subword tokens of the longest sequence, which a position's attention has a
            number for.
        """
        return {"logits": self.classes, "representation": self.width,
                "hidden_states": self.width * (self.matched + 1),
                "attention": self.matched * longest}[kind]

    def target_bytes(self, kinds: Sequence[str], *, longest: int = 0) -> int:
        """Bytes of one position's targets of some kinds: logits are float32, others float16."""
        return sum((4 if kind == "logits" else 2) * self.values(kind, longest) for kind in kinds)

    def size(self, kinds: Sequence[str], *, rows: int, tokens: int, squares: int = 0) -> int:
        """Bytes that outputs take on disk, to within a few percent.

        Args:
          kinds: what is stored.
          rows: number of sequences.
          tokens: number of all their subword tokens.
          squares: sum of the squared lengths of the sequences, which attention takes.
        """
        ids = 4 * tokens if "logits" in kinds else 0
        attention = 2 * self.matched * squares if "attention" in kinds else 0
        return ids + attention + _RECORD_BYTES * len(kinds) * rows \
            + self.target_bytes(kinds) * (rows if self.pooled else tokens)
