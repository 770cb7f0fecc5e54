"""The inputs of a student's training."""

import types

import pytest

from xtremedistil_tf.jobs.prepared import Prepared


@pytest.mark.parametrize("data,start,expected", [
    (None, None, None), (None, "characters", "characters"), ("dictionary", "characters",
                                                             "dictionary")])
def test_a_student_fine_tuned_on_other_scripts_keeps_its_segmentation(data, start, expected):
    """Else a student of 29 languages that is fine-tuned on German would read Thai as one word."""
    task = types.SimpleNamespace(segmentation=data)
    prepared = Prepared(task, {}, None, None, None, "", {}, {}, None, start_segmentation=start)
    assert prepared.segmentation == expected
