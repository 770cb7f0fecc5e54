"""Divides texts into train, dev and test: seeded, stratified, duplicates on one side."""

import collections
from typing import Dict, List, Sequence, Tuple

from xtremedistil_tf.corpora.source_rows import digest
from xtremedistil_tf.corpora.texts.rows import Text


def divide(
    rows: Sequence[Text], missing: Sequence[str], shares: Tuple[float, float], seed: int,
    *, stratified: bool = True,
) -> Dict[str, List[Text]]:
    """Takes dev and test out of training rows.

    Equal texts (without regard to case) fall on one side. Each label of each language is divided
    alone, so all sides have labels in the same shares. A label with few texts gives one text to
    each side if it has three or more, else none.

    Args:
      rows: the rows.
      missing: the splits to take out: "dev", "test" or both.
      shares: fractions of dev and test.
      seed: seed of the choice. A row's place in the file has no influence.
      stratified: False to divide the rows of a language together, as for numbers.

    Returns:
      "train" and the missing splits; rows in the order of the file.
    """
    strata: Dict[Tuple[str, Tuple[str, ...]], Dict[str, int]] = collections.defaultdict(dict)
    known: Dict[str, Tuple[str, Tuple[str, ...]]] = {}
    for row in rows:
        key = row.key
        # The first row of a text chooses its stratum.
        known.setdefault(key, (row.language, row.labels if stratified else ()))
        strata[known[key]].setdefault(key, digest([key], seed))
    side: Dict[str, str] = {}
    wanted = [(split, share) for split, share in zip(("dev", "test"), shares) if split in missing]
    for found in strata.values():
        ranked = sorted(found, key=lambda key: (found[key], key))
        begin = 0
        for split, share in wanted:
            count = round(share * len(ranked))
            if len(ranked) > len(wanted):
                count = max(1, count)
            for key in ranked[begin:begin + count]:
                side[key] = split
            begin += count
    divided: Dict[str, List[Text]] = {split: [] for split in ("train", *missing)}
    for row in rows:
        divided[side.get(row.key, "train")].append(row)
    return divided
