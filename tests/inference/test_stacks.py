"""A student distilled on one stack loads on the other and says the same."""

import json

import pytest

import xtremedistil_tf
from tests.inference.make_stacks import FOLDER, texts_to_say
from tests.students import assert_same
from xtremedistil_tf.keras2 import tf

# Probabilities differ by the order of float32 sums only.
TOLERANCE = 1e-5
MADE = sorted(path.name for path in FOLDER.iterdir())


def record(name):
    return json.loads((FOLDER / name / "said.json").read_text("utf-8"))


def test_there_is_one_of_another_tensorflow():
    versions = {record(name)["tensorflow"] for name in MADE}
    assert {"2.15", "2.19"} <= {version.rpartition(".")[0] for version in versions}
    assert versions - {tf.__version__}


@pytest.mark.parametrize("made", MADE)
def test_it_says_the_same_here(made):
    said = [[(tuple(word), tag, score) for *word, tag, score in text]
            for text in record(made)["said"]]
    # It has learnt something, so that equal words are no accident.
    assert len({tag for text in said for _, tag, _ in text}) >= 4
    found = xtremedistil_tf.load(FOLDER / made, "keras").tag_text(texts_to_say())
    assert_same(said, found, TOLERANCE)
