"""The share of a batch that one input pipeline feeds."""

import dataclasses

from xtremedistil_tf.errors import UserError


@dataclasses.dataclass(frozen=True)
class Share:
    """The part of every batch that one input pipeline feeds.

    Attributes:
      replicas: number of devices that train together; a batch has sequences for all of them.
      first, count: first replica of this pipeline, and number of its replicas.
    """

    replicas: int = 1
    first: int = 0
    count: int = 1

    def __post_init__(self):
        if self.first < 0 or self.count < 1 or self.first + self.count > self.replicas:
            raise UserError(f"replicas {self.first} to {self.first + self.count - 1} of "
                            f"{self.replicas}; allowed: some of them, counted from 0")

    def mine(self) -> range:
        """Indices of this pipeline's replicas."""
        return range(self.first, self.first + self.count)
