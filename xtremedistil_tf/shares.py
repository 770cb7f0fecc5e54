"""The share of a batch that one input pipeline feeds."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Share:
    """The part of every batch that one input pipeline feeds.

    Attributes:
      replicas: devices that train together; a batch has rows for all of them.
      first, count: the replicas of this pipeline.
    """

    replicas: int = 1
    first: int = 0
    count: int = 1

    def mine(self) -> range:
        """Numbers of this pipeline's replicas."""
        return range(self.first, self.first + self.count)
