"""Parts of the data: nested, the same whatever the seed, and refused where there is too little."""

import collections

import pytest

from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.folders.task import read_task
from xtremedistil_tf.data.readers.subset import first_of_languages
from xtremedistil_tf.errors import UserError


def read(task, **options):
    return read_task(DataConfig(str(task), "transfer.txt", 24, do_ner=True, **options))


def texts(found):
    return [row.words for row in found.transfer]


def test_a_larger_transfer_sample_holds_a_smaller_one(task):
    small, large, whole = (read(task, transfer_size=size) for size in (10, 30, None))
    assert (small.transfer_rows, large.transfer_rows, whole.transfer_rows) == (10, 30, 48)
    assert len(texts(small)) == 10 and set(texts(small)) <= set(texts(large)) <= set(texts(whole))
    assert texts(small) != texts(whole)[:10]
    assert small.transfer_words < large.transfer_words < whole.transfer_words
    assert len({found.fingerprints["transfer"] for found in (small, large, whole)}) == 3


def test_a_sample_larger_than_the_text_is_refused(task):
    with pytest.raises(UserError, match="--transfer_size is 49; .*transfer.txt has 48 sentences"):
        read(task, transfer_size=49)


def test_labels_are_drawn_by_language_and_nested(task):
    few, more, whole = (read(task, labels_per_language=most) for most in (2, 4, None))
    counts = collections.Counter(row.language for row in few.examples["train"])
    there = collections.Counter(row.language for row in whole.examples["train"])
    assert counts == {language: min(2, rows) for language, rows in there.items()}
    assert len(few.examples["train"]) < len(more.examples["train"]) < len(whole.examples["train"])
    assert set(few.examples["train"]) <= set(more.examples["train"])
    assert few.examples["dev"] == whole.examples["dev"]
    assert few.fingerprints["train"] != more.fingerprints["train"]
    assert few.fingerprints["dev"] == whole.fingerprints["dev"]
    assert first_of_languages(whole.examples["train"], 1000) == whole.examples["train"]


def test_languages_limit_every_labelled_split(task):
    whole = read(task)
    name = whole.examples["train"][0].language
    one = read(task, languages=(name,))
    for split, rows in one.examples.items():
        assert {row.language for row in rows} == {name}, split
        assert one.fingerprints[split] != whole.fingerprints[split]
    with pytest.raises(UserError, match="--languages names xx; .*train.tsv has: "):
        read(task, languages=(name, "xx"))
