"""The trainer: what moves and what does not, best weights, resuming, refusing."""

import dataclasses
import itertools

import numpy as np
import pytest
from safetensors.numpy import load_file

from xtremedistil_tf.config import DistilConfig, StudentConfig
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.distillation_model import StageModel
from xtremedistil_tf.models.layers.body import Shape
from xtremedistil_tf.models.registry import LayerRegistry
from xtremedistil_tf.models.student import Student, build_student
from xtremedistil_tf.training import trainer as trainer_module
from xtremedistil_tf.training.plans import build_plan
from xtremedistil_tf.training.stage_feed import StageFeed
from xtremedistil_tf.training.trainer import Trainer

CONFIG = DistilConfig(distil_epochs=2, ft_epochs=2, distil_batch_size=8, ft_batch_size=8,
                      schedule="cosine", learning_rate=0.05)
STUDENT = StudentConfig(word_emb_dim=4, bilstm_hidden_size=3)
LAYERS = STUDENT.layers


def new_student():
    """A student whose encoder is a Dense layer: a stage of a BiLSTM takes seconds to trace."""
    tf.keras.utils.set_random_seed(1)
    tf.keras.backend.experimental.enable_tf_random_generator()
    layers = tf.keras.layers
    embedding = layers.Embedding(12, 4, name="word_embedding")
    encoder = layers.Dense(6, activation="tanh", name="bilstm")
    projection, logits = layers.Dense(5, name="projection"), layers.Dense(4, name="logits")
    input_ids = tf.keras.Input([None], dtype=tf.int32, name="input_ids")
    representation = projection(layers.Dropout(0.2)(encoder(embedding(input_ids))))
    model = StageModel({"input_ids": input_ids}, {"representation": representation,
                                                  "logits": logits(representation)})
    parts = [(layer.name, [layer]) for layer in (embedding, encoder, projection, logits)]
    return Student(model, LayerRegistry(model, parts), model)


def new_bilstm():
    tf.keras.utils.set_random_seed(1)
    return build_student(STUDENT, Shape(12), 5, 4)


def rows(stage, seed):
    generator = np.random.default_rng(0)
    ids = generator.integers(1, 12, (24, 6)).astype(np.int32)
    ids[::3, 4:] = 0
    targets = {
        "mask": (ids > 0).astype(np.float32),
        "representation": generator.normal(size=(24, 6, 5)).astype(np.float16),
        "logits": generator.normal(size=(24, 6, 4)).astype(np.float32),
        "labels": generator.integers(0, 4, (24, 6)).astype(np.int32),
    }
    wanted = {"mask", *(term.target for term in stage.terms)}
    data = tf.data.Dataset.from_tensor_slices(
        ({"input_ids": ids}, {name: targets[name] for name in wanted})
    )
    return data.shuffle(24, seed=seed).batch(8)


def feed_of(measures=None, fingerprint="f"):
    """A feed whose dev measures come from a list, else improve with every call."""
    calls = iter(measures if measures is not None else range(1, 1000))

    def measure(stage):
        value = float(next(calls))
        return value if stage.monitor == "macro_f1" else -value

    return StageFeed(rows, lambda stage: 3, measure, lambda: {"macro_f1": 0.0}, fingerprint)


def weights_by_part(student):
    return {
        name: [w.numpy() for w in student.registry.weights(name)] for name in LAYERS
    }


def moved(before, after):
    return {
        name for name in before
        if any(not np.array_equal(a, b) for a, b in zip(before[name], after[name]))
    }


def test_every_stage_moves_exactly_its_declared_layers(tmp_path):
    student = new_student()
    plan = build_plan(LAYERS, CONFIG)
    trainer = Trainer(student.model, student.registry, feed_of(), tmp_path, 0)
    for at in range(len(plan)):
        before = weights_by_part(student)
        trainer.run_plan(plan[: at + 1])
        assert moved(before, weights_by_part(student)) == set(plan[at].trainable), plan[at].name


def test_the_best_epoch_is_kept_even_if_the_budget_ends_first(tmp_path):
    student = new_student()
    stage = dataclasses.replace(build_plan(LAYERS, CONFIG)[4], epochs=4)
    seen = []

    class Recorder(StageFeed):
        pass

    values = [20.0, 50.0, 40.0, 30.0]

    def measure(_):
        seen.append(student.model.get_weights())
        return values[len(seen) - 1]

    feed = Recorder(rows, lambda s: 3, measure, lambda: {"macro_f1": 1.0}, "f")
    (record,) = Trainer(student.model, student.registry, feed, tmp_path, 0).run_plan([stage])
    assert (record["epochs"], record["best_epoch"]) == (4, 2)
    assert all(np.array_equal(a, b) for a, b in zip(student.model.get_weights(), seen[1]))


def test_a_later_stage_that_only_harms_leaves_the_weights_as_they_were(tmp_path):
    student = new_student()
    plan = build_plan(LAYERS, CONFIG)[3:5]
    trainer = Trainer(student.model, student.registry, feed_of([8.0, 9.0]), tmp_path, 0)
    trainer.run_plan(plan[:1])
    before = student.model.get_weights()
    # Finished, so only the second stage measures: its start, then its two epochs.
    trainer = Trainer(student.model, student.registry, feed_of([9.0, 8.0, 7.0]), tmp_path, 0)
    records = trainer.run_plan(plan)
    assert [record["best_epoch"] for record in records] == [2, 0]
    assert all(np.array_equal(a, b) for a, b in zip(before, student.model.get_weights()))


def test_the_chance_f1_of_an_untrained_head_does_not_compete(tmp_path):
    student = new_student()
    stage = build_plan(LAYERS, CONFIG)[1]
    before = weights_by_part(student)
    (record,) = Trainer(student.model, student.registry, feed_of([0.0, 0.0]), tmp_path,
                        0).run_plan([stage])
    # F1 of zero throughout: the last epoch is kept, trained as it is.
    assert record["best_epoch"] == 2
    assert moved(before, weights_by_part(student)) == {"logits"}


def test_a_stage_with_a_new_head_begins_without_the_old_one(tmp_path):
    """Equal weights whatever was in the head before; an epoch of chance F1 does not lose to it."""
    heads = []
    for before in (0.5, -0.5):
        student = new_student()
        (stage,) = [dataclasses.replace(stage, epochs=1) for stage in build_plan(
            LAYERS, dataclasses.replace(CONFIG, label_head="own")) if stage.fresh]
        for weight in student.registry.weights("logits"):
            weight.assign(weight * 0 + before)
        folder = tmp_path / str(before)
        (record,) = Trainer(student.model, student.registry, feed_of([0.0]), folder,
                            0).run_plan([stage])
        assert record["best_epoch"] == 1
        heads.append(weights_by_part(student)["logits"])
    assert all(np.array_equal(one, other) for one, other in zip(*heads))
    assert float(np.abs(heads[0][0]).max()) > 0 and not np.allclose(heads[0][0], 0.5)


def test_the_mean_of_the_weights_is_measured_and_kept_but_not_trained_on(tmp_path, monkeypatch):
    student = new_student()
    stage = dataclasses.replace(build_plan(LAYERS, CONFIG)[4], average=0.5)
    own, seen = [], []  # The bias of the logits after each step; when measured.
    bias = student.registry.weights("logits")[1]
    after = trainer_module._AfterStep.on_train_batch_end

    def on_train_batch_end(self, batch, logs=None):
        own.append(bias.numpy())
        after(self, batch, logs)

    monkeypatch.setattr(trainer_module._AfterStep, "on_train_batch_end", on_train_batch_end)

    def measure(_):
        seen.append(bias.numpy())
        return float(len(seen))

    feed = StageFeed(rows, lambda s: 3, measure, lambda: {"macro_f1": 1.0}, "f")
    start = bias.numpy()
    Trainer(student.model, student.registry, feed, tmp_path, 0).run_plan([stage])
    mean, expected = start, []
    for step, value in enumerate(own, 1):
        decay = min(0.5, (1 + step) / (10 + step))
        mean = decay * mean + (1 - decay) * value
        expected.append(mean)
    np.testing.assert_allclose(seen, [expected[2], expected[5]], rtol=1e-5)
    np.testing.assert_array_equal(bias.numpy(), seen[-1])
    assert np.abs(own[5] - seen[-1]).max() > 1e-3


def test_patience_ends_a_stage_whose_frozen_layers_are_told(tmp_path, caplog):
    caplog.set_level("DEBUG", "absl")
    student = new_student()
    stage = dataclasses.replace(build_plan(LAYERS, CONFIG)[4], epochs=9, patience=2)
    feed = feed_of([5.0, 4.0, 3.0, 2.0])
    (record,) = Trainer(student.model, student.registry, feed, tmp_path, 0).run_plan([stage])
    assert (record["epochs"], record["best_epoch"]) == (3, 1)
    student_stage = dataclasses.replace(build_plan(LAYERS, CONFIG)[2], epochs=1)
    Trainer(student.model, student.registry, feed_of(), tmp_path, 0).run_plan([student_stage])
    assert "03_logits_projection: 59 parameters are trained in logits, projection; frozen: " \
        "word_embedding, bilstm" in caplog.text


PLATEAU = dataclasses.replace(CONFIG, schedule="plateau", patience=2, least_gain=1.0)


def test_a_plateau_ends_by_patience_and_its_last_epoch_ends_at_the_lowest_rate(tmp_path):
    student = new_student()
    stage = dataclasses.replace(build_plan(LAYERS, PLATEAU)[4], epochs=9)
    rates = []

    def rows_and_rate(stage, seed):
        rates.append(float(student.model.optimizer.lr(student.model.optimizer.iterations)))
        return rows(stage, seed)

    # The third and fourth gain too little to count, so the fifth is the one that falls.
    measures = iter([50.0, 60.0, 60.1, 60.2, 61.0])
    feed = StageFeed(rows_and_rate, lambda stage: 3, lambda stage: next(measures),
                     lambda: {"macro_f1": 0.0}, "f")
    (record,) = Trainer(student.model, student.registry, feed, tmp_path, 0).run_plan([stage])
    assert (record["epochs"], record["best_epoch"]) == (5, 5)
    assert rates == pytest.approx([0.05] * 5)
    optimizer = student.model.optimizer
    assert float(optimizer.lr(optimizer.iterations)) == pytest.approx(PLATEAU.lowest_rate, abs=1e-9)
    assert [float(optimizer.lr(step)) for step in range(12, 15)] == pytest.approx(
        [0.05, 0.025, 0.0], abs=1e-6)


@pytest.mark.parametrize("epochs", [1, 3])
def test_a_plateau_that_still_gains_falls_in_the_last_epoch_of_its_budget(tmp_path, epochs):
    student = new_student()
    stage = dataclasses.replace(build_plan(LAYERS, PLATEAU)[4], epochs=epochs)
    feed = feed_of([10.0 * at for at in range(1, epochs + 1)])
    (record,) = Trainer(student.model, student.registry, feed, tmp_path, 0).run_plan([stage])
    assert (record["epochs"], record["best_epoch"]) == (epochs, epochs)
    optimizer = student.model.optimizer
    assert float(optimizer.lr(3 * epochs - 1)) == pytest.approx(PLATEAU.lowest_rate, abs=1e-9)


class Killed(BaseException):
    """Stands for a process that is gone."""


def dying(kill_at, original):
    """A function whose n-th call finds the process killed."""
    calls = itertools.count(1)

    def call(*args, **options):
        if next(calls) == kill_at:
            raise Killed
        return original(*args, **options)

    return call


@pytest.mark.parametrize("new, kill_at, average, schedule", [
    (new_bilstm, 2, 0.0, "cosine"), (new_student, 6, 0.0, "cosine"),
    (new_student, 6, 0.9, "plateau")])
def test_killed_and_started_again_ends_with_the_same_weights(
    tmp_path, monkeypatch, new, kill_at, average, schedule
):
    plan = build_plan(LAYERS, dataclasses.replace(
        CONFIG, weight_average=average, schedule=schedule))[:3]

    def run(folder):
        student = new()

        def measure(stage):  # Of the weights alone, as dev scores are.
            return float(sum(np.abs(w).sum() for w in student.model.get_weights()))

        feed = StageFeed(rows, lambda stage: 3, measure, lambda: {"macro_f1": 0.0}, "f")
        records = Trainer(student.model, student.registry, feed, folder, 7).run_plan(plan)
        return student.model.get_weights(), [record["epochs"] for record in records]

    expected = run(tmp_path / "whole")
    fits = [0]
    original = tf.keras.Model.fit

    def dying_fit(self, *args, **options):
        fits[0] += 1
        if fits[0] == kill_at:
            raise Killed
        return original(self, *args, **options)

    monkeypatch.setattr(tf.keras.Model, "fit", dying_fit)
    with pytest.raises(Killed):
        run(tmp_path / "killed")
    weights, epochs = run(tmp_path / "killed")
    assert epochs == expected[1]
    for resumed, whole in zip(weights, expected[0]):
        np.testing.assert_allclose(resumed, whole, atol=1e-6)
    # Six epochs in all; only the killed one was run again.
    assert fits[0] == 6 + 1


@pytest.mark.parametrize("before", ["its checkpoint", "the end of the stage"])
def test_a_kill_behind_an_epochs_best_weights_leaves_those_that_the_record_speaks_of(
    tmp_path, monkeypatch, before
):
    """The epoch that is run again may find other weights, as on a GPU, and a lower measure."""
    epochs = 3 if before == "its checkpoint" else 2
    stage = dataclasses.replace(build_plan(LAYERS, CONFIG)[4], epochs=epochs)
    kept = {}

    def run(values):
        student, measures = new_student(), iter(values)

        def measure(_):
            value = next(measures)
            kept[value] = student.model.get_weights()
            return value

        feed = StageFeed(rows, lambda s: 3, measure, lambda: {"macro_f1": 1.0}, "f")
        (record,) = Trainer(student.model, student.registry, feed, tmp_path, 0).run_plan([stage])
        return student, record

    with monkeypatch.context() as patched:
        if before == "its checkpoint":
            patched.setattr(Trainer, "_keep", dying(2, Trainer._keep))
        else:  # The weights have their final name, the stage no record yet.
            patched.setattr(trainer_module, "write_json", dying(2, trainer_module.write_json))
        with pytest.raises(Killed):
            run([50.0, 90.0])
    student, record = run([40.0, 30.0][: epochs - 1])
    assert record["best_epoch"] == 1
    saved = load_file(tmp_path / stage.name / "weights.safetensors")
    for variable, best in zip(student.model.weights, kept[50.0]):
        np.testing.assert_array_equal(variable.numpy(), best)
        np.testing.assert_array_equal(saved[variable.name.split(":")[0]], best)
    assert sorted(path.name for path in (tmp_path / stage.name).iterdir()) == [
        "done.json", "history.json", "manifest.json", "weights.safetensors"]


def test_a_stage_that_an_older_version_left_in_the_middle_goes_on(tmp_path, monkeypatch):
    stage = dataclasses.replace(build_plan(LAYERS, CONFIG)[4], epochs=2)
    student = new_student()
    folder = tmp_path / stage.name
    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "_epoch", dying(2, Trainer._epoch))
        with pytest.raises(Killed):
            Trainer(student.model, student.registry, feed_of([50.0]), tmp_path, 0).run_plan([stage])
    # Before 0.2 the best weights had their final name from the first.
    (folder / "best-0001.safetensors").rename(folder / "weights.safetensors")
    saved = load_file(folder / "weights.safetensors")
    student = new_student()
    (record,) = Trainer(student.model, student.registry, feed_of([40.0]), tmp_path, 0).run_plan(
        [stage])
    assert (record["epochs"], record["best_epoch"]) == (2, 1)
    for variable in student.model.weights:
        np.testing.assert_array_equal(variable.numpy(), saved[variable.name.split(":")[0]])


def test_a_finished_stage_is_not_run_again(tmp_path, monkeypatch):
    plan = build_plan(LAYERS, CONFIG)[:2]
    student = new_student()
    first = Trainer(student.model, student.registry, feed_of(), tmp_path, 0).run_plan(plan)
    weights = student.model.get_weights()
    monkeypatch.setattr(trainer_module.Trainer, "_train", None)
    student = new_student()
    assert Trainer(student.model, student.registry, feed_of(), tmp_path, 0).run_plan(plan) == first
    assert all(np.array_equal(a, b) for a, b in zip(weights, student.model.get_weights()))


def test_a_kill_before_the_clean_up_of_a_finished_stage_leaves_nothing(tmp_path, monkeypatch):
    plan = build_plan(LAYERS, CONFIG)[:1]
    student = new_student()
    with monkeypatch.context() as patched:
        patched.setattr(trainer_module, "_remove_progress", dying(1, None))
        with pytest.raises(Killed):
            Trainer(student.model, student.registry, feed_of(), tmp_path, 0).run_plan(plan)
    folder = tmp_path / plan[0].name
    (folder / "manifest.json").unlink()  # As if it was killed a moment before.
    assert (folder / "done.json").is_file() and list(folder.glob("best-*"))
    (folder / "progress").mkdir(exist_ok=True)
    Trainer(student.model, student.registry, feed_of(), tmp_path, 0).run_plan(plan)
    assert sorted(path.name for path in folder.iterdir()) == [
        "done.json", "history.json", "manifest.json", "weights.safetensors"]


def test_the_state_of_other_settings_is_left_with_one_line(tmp_path, caplog):
    """Even a damaged one: nobody reads it."""
    plan = build_plan(LAYERS, CONFIG)[:1]
    student = new_student()
    trainer = Trainer(student.model, student.registry, feed_of(), tmp_path, 0)
    trainer.run_plan(plan)
    folder = tmp_path / plan[0].name
    state = trainer_module.StageState(epoch=1, best=0.5)
    trainer._keep(folder, "of before", state)
    (folder / "done.json").unlink()
    (folder / "progress" / "checkpoint.index").write_bytes(b"")
    trainer.run_plan(plan)
    assert "is of other settings or data; the stage starts anew" in caplog.text
    (folder / "done.json").unlink()
    trainer._keep(folder, "of before", state)
    (folder / "progress" / "state.json").write_bytes(b"{")
    with pytest.raises(UserError, match="not a JSON file.*remove the stage's folder"):
        trainer.run_plan(plan)


@pytest.mark.parametrize("change", ["data", "stage", "seed"])
def test_a_stage_of_other_inputs_is_refused(tmp_path, change):
    plan = build_plan(LAYERS, CONFIG)[:1]
    student = new_student()
    Trainer(student.model, student.registry, feed_of(), tmp_path, 0).run_plan(plan)
    feed = feed_of(fingerprint="other" if change == "data" else "f")
    if change == "stage":
        plan = [dataclasses.replace(plan[0], epochs=3)]
    with pytest.raises(UserError, match="01_representation was made by other settings"):
        Trainer(student.model, student.registry, feed, tmp_path,
                1 if change == "seed" else 0).run_plan(plan)


def test_a_loss_that_is_not_finite_is_told(tmp_path):
    student = new_student()
    stage = build_plan(LAYERS, CONFIG)[0]
    student.registry.weights("projection")[0].assign(np.full([6, 5], np.nan))
    with pytest.raises(UserError, match="the loss is nan in epoch 1; try a lower learning rate"):
        Trainer(student.model, student.registry, feed_of(), tmp_path, 0).run_plan([stage])


def test_lazy_adam_trains_too(tmp_path):
    student = new_student()
    before = weights_by_part(student)
    plan = build_plan(LAYERS, CONFIG)[:1]
    trainer = Trainer(student.model, student.registry, feed_of(), tmp_path, 0,
                      optimizer="lazy_adam")
    trainer.run_plan(plan)
    assert moved(before, weights_by_part(student)) == set(plan[0].trainable)
