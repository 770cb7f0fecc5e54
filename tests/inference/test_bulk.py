"""Many texts are read in several threads, with the results of one."""

import pytest

import xtremedistil_tf
from tests.golden.cases import FOLDER
from tests.odd_texts import ADVERSARIAL, fuzz
from xtremedistil_tf.inference import streaming
from xtremedistil_tf.inference.runtimes import onnx
from xtremedistil_tf.inference.streaming import tag_lines

LINES = [*ADVERSARIAL, *fuzz(40, 3), "Anna Weber besucht Bonn."] * 3


@pytest.fixture
def students(monkeypatch):
    """A tagger that is read in three threads, and one that is read in one; small blocks."""
    monkeypatch.setattr(streaming, "_LINES", 16)
    monkeypatch.setattr(onnx, "cores", lambda: 3)
    several = xtremedistil_tf.load(FOLDER / "unigram", "onnx_int8")
    monkeypatch.setattr(onnx, "cores", lambda: 1)
    return several, xtremedistil_tf.load(FOLDER / "unigram", "onnx_int8")


def test_lines_and_lists_are_the_same_in_several_threads(students):
    several, one = students
    assert (several.threads, one.threads) == (3, 1)
    expected = list(tag_lines(one, LINES))
    assert list(tag_lines(several, LINES)) == expected
    assert [line.error for line in expected] == [None] * len(LINES)
    entities = [one(LINES[at:at + 16]) for at in range(0, len(LINES), 16)]
    assert several(LINES) == [own for block in entities for own in block]


def test_each_thread_computes_alone(students):
    several, _ = students
    used = []
    for name in ("_wide", "_narrow"):
        class Noted:
            session, own = getattr(several.logits, name), name

            def run(self, *arguments):
                used.append(self.own)
                return self.session.run(*arguments)

        setattr(several.logits, name, Noted())
    several(LINES)
    assert set(used) == {"_narrow"}
    used.clear()
    several(LINES[-3:])  # One block: all threads of one operation are for it.
    assert set(used) == {"_wide"}
