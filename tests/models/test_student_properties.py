"""What holds of students whatever they read, over seeds."""

import numpy as np
import pytest

from xtremedistil_tf.config import StudentConfig
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.layers.body import Shape
from xtremedistil_tf.models.student import build_student

SEEDS = range(4)
PIECES = 12
KINDS = {
    "bilstm": StudentConfig(word_emb_dim=4, bilstm_hidden_size=3),
    "transformer": StudentConfig(student="transformer", word_emb_dim=8, hidden_size=8,
                                 num_hidden_layers=2, num_attention_heads=2),
}


@pytest.fixture(scope="module", params=[(kind, pooled) for kind in KINDS for pooled in (0, 1)],
                ids=lambda param: f"{param[0]}{'-pooled' * param[1]}")
def student(request):
    """A function from int32 ids to the outputs of a student of random weights."""
    kind, pooled = request.param
    tf.keras.utils.set_random_seed(2)
    model = build_student(KINDS[kind], Shape(PIECES, pooled=bool(pooled)), 5, 3).model
    draw = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(draw.normal(scale=0.5, size=weight.shape))
    run = tf.function(lambda ids: model({"input_ids": ids}), input_signature=[
        tf.TensorSpec([None, None], tf.int32)])
    return lambda ids: {name: value.numpy() for name, value in run(tf.constant(ids)).items()}


def drawn(seed):
    """Rows of random lengths, padded with 0 behind."""
    draw = np.random.default_rng(seed)
    lengths = draw.integers(1, 9, 5)
    ids = np.zeros([5, lengths.max()], np.int32)
    for row, length in enumerate(lengths):
        ids[row, :length] = draw.integers(1, PIECES, length)
    return ids, lengths


@pytest.mark.parametrize("seed", SEEDS)
def test_a_row_reads_the_same_alone_in_a_batch_and_with_more_padding(student, seed):
    ids, lengths = drawn(seed)
    together, wide = student(ids), student(np.pad(ids, [(0, 0), (0, 3)]))
    for row, length in enumerate(lengths):
        alone = student(ids[row:row + 1, :length])
        for name, value in alone.items():
            time = value.shape[1]
            np.testing.assert_allclose(together[name][row, :time], value[0], atol=1e-5)
            np.testing.assert_allclose(wide[name][row, :time], value[0], atol=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_in_another_order_give_the_same_in_that_order(student, seed):
    ids, lengths = drawn(seed)
    order = np.random.default_rng(seed).permutation(len(ids))
    first, second = student(ids), student(ids[order])
    for name, value in first.items():
        for at, row in enumerate(order):
            real = min(lengths[row], value.shape[1])
            np.testing.assert_allclose(second[name][at, :real], value[row, :real], atol=1e-5)
