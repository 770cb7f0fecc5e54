"""A student's stage 1 on random tokens, timed: what it learns changes no time."""

import time

import numpy as np

ROWS, VOCABULARY, WIDTH, TAGS = 64, 20000, 384, 7
LENGTHS = (12, 16, 20, 24)


def steps_a_second(E: int, H: int, steps: int) -> float:
    """Steps a second of stage 1."""
    import tensorflow as tf

    from xtremedistil_tf.config import StudentConfig
    from xtremedistil_tf.distribution import spread
    from xtremedistil_tf.models.distillation_model import traced_for_cpu
    from xtremedistil_tf.models.layers.body import Shape
    from xtremedistil_tf.models.student import build_student
    from xtremedistil_tf.training.addons import LazyAdam
    from xtremedistil_tf.training.loss_table import LOSSES
    from xtremedistil_tf.training.stages import LossTerm

    student = build_student(StudentConfig(E, H), Shape(VOCABULARY), WIDTH, TAGS)
    student.registry.set_trainable(["word_embedding", "bilstm", "projection"])
    student.model.set_loss_terms([LossTerm("representation", "representation", "mse")], LOSSES)
    student.model.compile(optimizer=LazyAdam(1e-3))
    generator = np.random.default_rng(0)

    def batches():
        for step in range(steps):
            length = LENGTHS[step % len(LENGTHS)]
            yield ({"input_ids": generator.integers(2, VOCABULARY, (ROWS, length), dtype=np.int32)},
                   {"representation": generator.normal(size=(ROWS, length, WIDTH))
                    .astype(np.float16), "mask": np.ones([ROWS, length], np.float32)})

    def epoch():
        return spread(lambda share: tf.data.Dataset.from_generator(batches, output_signature=(
            {"input_ids": tf.TensorSpec([ROWS, None], tf.int32)},
            {"representation": tf.TensorSpec([ROWS, None, WIDTH], tf.float16),
             "mask": tf.TensorSpec([ROWS, None], tf.float32)})).prefetch(4))

    with traced_for_cpu(student.model):
        student.model.fit(epoch().take(len(LENGTHS)), verbose=0)
        began = time.perf_counter()
        student.model.fit(epoch(), verbose=0)
    return steps / (time.perf_counter() - began)
