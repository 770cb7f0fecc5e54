"""Students whose logits are computed from the encoder: ONNX gives what TensorFlow gives."""

import dataclasses

import numpy as np
import pytest

from tests.export.onnx.test_onnx import random_arrays, written
from xtremedistil_tf.export.common.arrays import Pairs
from xtremedistil_tf.export.savedmodel.graph_student import GraphStudent
from xtremedistil_tf.export.student_forms import arrays_forms
from xtremedistil_tf.inference.runtimes.onnx import Session
from xtremedistil_tf.keras2 import tf


@pytest.mark.parametrize("pooling, siamese", [(None, False), ("max", False), ("last", True)])
def test_logits_from_the_states_are_equal_in_all_graphs(pooling, siamese, tmp_path):
    arrays, wide = random_arrays(), 8 * 4 if siamese else 2 * 4
    draw = np.random.default_rng(4).normal(size=(wide, 5)).astype(np.float32)
    arrays = dataclasses.replace(arrays, projection=None, pooling=pooling,
                                 logits=(draw, arrays.logits[1]),
                                 pairs=Pairs(2, None) if siamese else None)
    assert arrays_forms(arrays).parameters == arrays_forms(random_arrays()).parameters + (
        draw.size - (8 * 9 + 9 + 9 * 5))
    path, int8 = written(tmp_path, arrays)
    ids = np.array([[3, 4, 2, 6, 7], [9, 2, 8, 0, 0]], np.int32)
    expected = GraphStudent(arrays)(tf.constant(ids), tf.constant([5, 3])).numpy()
    found, rounded = Session(path)(ids), Session(int8)(ids)
    real = ids > 0 if pooling is None else slice(None)
    np.testing.assert_allclose(found[real], expected[real], atol=1e-5)
    assert 0 < np.abs(rounded - expected)[real].max() < 0.5
    np.testing.assert_array_equal(Session(int8)(ids[1:, :3])[0], rounded[1] if pooling else
                                  rounded[1, :3])
