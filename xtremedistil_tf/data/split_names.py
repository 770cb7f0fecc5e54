"""The split that a name shows: of a file, a folder, a data set's split, or a key."""

import pathlib
import re
from typing import List, Optional

# Parts of the names of files, folders and splits of Hugging Face data sets.
SPLITS = {
    "train": "train", "training": "train", "trn": "train", "trainset": "train",
    "dev": "dev", "devel": "dev", "development": "dev", "valid": "dev", "validation": "dev",
    "val": "dev", "testa": "dev", "devset": "dev", "validate": "dev", "develop": "dev",
    "test": "test", "testb": "test", "testing": "test", "tst": "test", "testset": "test",
    # If there is a dev split, this is a test split.
    "eval": "eval", "evaluation": "eval",
    "extra": "transfer", "transfer": "transfer", "unlabeled": "transfer",
    "unlabelled": "transfer", "unsupervised": "transfer", "unsup": "transfer",
}
# The split before "set", as in CDR_DevelopmentSet and NCBItrainset_corpus.
_SET = re.compile(r"(?<!pre)(train|training|dev|devel|develop|development|valid|validation|test|"
                  r"testing|eval|evaluation)set$")
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def _known(parts: List[str]) -> List[str]:
    """The different splits among the parts of a name."""
    whole = [match[1] if match else part for part, match in zip(parts, map(_SET.search, parts))]
    return list(dict.fromkeys(SPLITS[part] for part in whole if part in SPLITS))


def split_of(name: str) -> Optional[str]:
    """The split in a file's name, or None.

    Parts of names are train.txt, eng.testa, de-dev.conll, extra, NCBItrainset_corpus and, where no
    other part is a split, trainData. A name of two splits, such as train_dev.tsv, shows none: its
    rows stand in other files, too.
    """
    name = pathlib.PurePosixPath(name).name
    parts = re.split(r"[^a-z]+", name.lower())
    found = _known(parts)
    if not found:
        parts = re.split(r"[^a-z]+", _CAPITAL.sub("_", name).lower())
        found = _known(parts)
    # "unlabeled_train" is text to learn from; unlabelled tests and "pre-train" are no split.
    if set(found) == {"train", "transfer"}:
        return "transfer"
    return found[0] if len(found) == 1 and "pre" not in parts else None
