"""What a stage costs: traced once, no backward work below what moves, float32 where it counts."""

import sys

import numpy as np
import pytest

from xtremedistil_tf.compat import create_slots
from xtremedistil_tf.config import DistilConfig, StudentConfig
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.distillation_model import traced_for_cpu
from xtremedistil_tf.models.inference import Forward
from xtremedistil_tf.models.layers.body import Shape
from xtremedistil_tf.models.student import build_student
from xtremedistil_tf.models.weights import named_weights
from xtremedistil_tf.training.loss_table import LOSSES
from xtremedistil_tf.training.plans import build_plan
from xtremedistil_tf.training.stage_feed import StageFeed
from xtremedistil_tf.training.trainer import Trainer

PLAN = build_plan(StudentConfig().layers, DistilConfig(distil_epochs=2, ft_epochs=1))


def new_student(**options):
    tf.keras.utils.set_random_seed(1)
    config = StudentConfig(word_emb_dim=4, bilstm_hidden_size=3, **options)
    return build_student(config, Shape(12), 5, 4)


def batches(stage, seed=0):
    generator = np.random.default_rng(seed)
    ids = generator.integers(1, 12, (6, 5)).astype(np.int32)
    targets = {"mask": np.ones([6, 5], np.float32),
               "representation": generator.normal(size=(6, 5, 5)).astype(np.float16),
               "logits": generator.normal(size=(6, 5, 4)).astype(np.float32)}
    wanted = {"mask", *(term.target for term in stage.terms)}
    return tf.data.Dataset.from_tensor_slices(
        ({"input_ids": ids}, {name: targets[name] for name in wanted})).batch(3)


def operations(student, stage):
    """Names of the operations of a training step."""
    student.registry.set_trainable(stage.trainable)
    student.model.set_loss_terms(stage.terms, LOSSES)
    student.model.compile(optimizer=tf.keras.optimizers.legacy.Adam())
    create_slots(student.model.optimizer, student.model.trainable_variables)
    with traced_for_cpu(student.model):
        batch = next(iter(batches(stage)))
        step = tf.function(student.model.train_step, autograph=False).get_concrete_function(
            batch)
    return [operation.name for operation in step.graph.get_operations()]


def test_layers_below_the_lowest_that_moves_do_no_backward_work():
    student = new_student()
    stages = {stage.name: stage for stage in PLAN}
    backward = {
        name: {part for part in ("word_embedding", "bilstm", "projection", "logits")
               for operation in operations(student, stages[name])
               if operation.startswith(f"gradient_tape/student/{part}/")}
        for name in ("02_logits_logits", "03_logits_projection", "04_logits_bilstm")
    }
    assert backward["02_logits_logits"] == {"logits"}
    assert backward["03_logits_projection"] == {"logits", "projection"}
    assert backward["04_logits_bilstm"] == {"logits", "projection", "bilstm"}


def test_a_stage_is_traced_once(tmp_path):
    student = new_student()
    feed = StageFeed(batches, lambda stage: 2, lambda stage: 1.0, lambda: {"macro_f1": 0.0}, "f")
    Trainer(student.model, student.registry, feed, tmp_path, 0).run_plan(PLAN[4:5])
    assert student.model.train_tf_function.experimental_get_tracing_count() == 1


def test_autograph_translates_nothing_of_a_step(tmp_path, monkeypatch):
    from tensorflow.python.autograph.impl import api

    translated, original = [], api._convert_actual
    monkeypatch.setattr(api, "_convert_actual", lambda function, *more: translated.append(
        function.__module__) or original(function, *more))
    student = new_student()
    feed = StageFeed(batches, lambda stage: 2, lambda stage: 1.0, lambda: {"macro_f1": 0.0}, "f")
    Trainer(student.model, student.registry, feed, tmp_path, 0).run_plan(PLAN[4:5])
    assert not [name for name in translated if name.startswith("xtremedistil_tf")]


def test_both_ways_of_tracing_give_the_same_numbers():
    student = new_student()
    ids = {"input_ids": np.array([[3, 4, 5], [6, 0, 0]], np.int32)}
    run = [tf.function(lambda x: student.model(x)["logits"]) for _ in range(2)]
    with traced_for_cpu(student.model):
        plain = run[0](ids)
    np.testing.assert_allclose(run[1](ids), plain, atol=1e-6)


def test_the_gpu_kernel_is_traced_where_there_is_a_gpu_only(monkeypatch):
    """Neither to build a student nor for its forward pass, where it would be most of the time."""
    lstm = sys.modules[tf.keras.layers.LSTM.__module__]
    monkeypatch.setattr(lstm, "lstm_with_backend_selection", None)
    student = new_student()
    ((_, _, outputs),) = Forward(student.model).batches(Ragged.of([np.array([3, 4], np.int32)]))
    assert outputs["logits"].shape == (1, 2, 4)
    bilstm = student.model.get_layer("bilstm")
    assert bilstm.forward_layer._could_use_gpu_kernel
    assert bilstm.backward_layer._could_use_gpu_kernel


@pytest.mark.parametrize("policy", [
    "mixed_float16", pytest.param("mixed_bfloat16", marks=pytest.mark.long)])
def test_mixed_precision_keeps_weights_logits_and_losses_in_float32(tmp_path, policy):
    tf.keras.mixed_precision.set_global_policy(policy)
    try:
        student = new_student()
        output = student.model({"input_ids": np.array([[3, 4]], np.int32)})
        assert output["logits"].dtype == tf.float32
        assert output["representation"].dtype == policy.replace("mixed_", "")
        before = [weight.numpy() for weight in student.model.weights]
        losses = []

        def measure(stage):
            losses.append(student.model.compute_loss(
                y={name: value for name, value in next(iter(batches(stage)))[1].items()},
                y_pred=student.model(next(iter(batches(stage)))[0])))
            return float(-losses[-1])

        feed = StageFeed(batches, lambda stage: 2, measure, lambda: {"macro_f1": 0.0}, "f")
        Trainer(student.model, student.registry, feed, tmp_path, 0,
                optimizer="lazy_adam").run_plan(PLAN[:2])
    finally:
        tf.keras.mixed_precision.set_global_policy("float32")
    assert all(loss.dtype == tf.float32 for loss in losses)
    assert all(weight.dtype == tf.float32 for weight in named_weights(student.model).values())
    assert any(not np.array_equal(old, new.numpy())
               for old, new in zip(before, student.model.weights))
