"""The split that a name shows: of a file, a folder, a data set's split, or a key."""

import pathlib
import re
from typing import Optional

# Parts of the names of files, folders and splits of Hugging Face data sets.
SPLITS = {
    "train": "train", "training": "train", "trn": "train", "trainset": "train",
    "dev": "dev", "devel": "dev", "development": "dev", "valid": "dev", "validation": "dev",
    "val": "dev", "testa": "dev", "devset": "dev", "validate": "dev",
    "test": "test", "testb": "test", "testing": "test", "tst": "test", "testset": "test",
    # If there is a dev split, this is a test split.
    "eval": "eval", "evaluation": "eval",
    "extra": "transfer", "transfer": "transfer", "unlabeled": "transfer",
    "unlabelled": "transfer", "unsupervised": "transfer", "unsup": "transfer",
}


def split_of(name: str) -> Optional[str]:
    """The split in a file's name, such as train.txt, eng.testa, de-dev.conll or extra, or None.

    A name of two splits, such as train_dev.tsv, shows none: its rows stand in other files, too.
    """
    parts = re.split(r"[^a-z]+", pathlib.PurePosixPath(name).name.lower())
    found = list(dict.fromkeys(SPLITS[part] for part in parts if part in SPLITS))
    # "unlabeled_train" is text to learn from; unlabelled tests and "pre-train" are no split.
    if set(found) == {"train", "transfer"}:
        return "transfer"
    return found[0] if len(found) == 1 and "pre" not in parts else None
