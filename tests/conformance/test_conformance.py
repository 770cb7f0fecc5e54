"""Each kind of student on each kind of task: built, trained a step, saved, loaded, exported, equal.

A new kind needs a descriptor in `tests/conformance/kinds.py`, and nothing here.
"""

import dataclasses

import numpy as np
import pytest

import xtremedistil_tf
from tests.conformance.kinds import CASES, SEQ_LEN, STUDENT_CASES, TASK_CASES, settings_of
from xtremedistil_tf import config as cfg
from xtremedistil_tf.data.folders.task import read_task
from xtremedistil_tf.data.folders.task_features import align_task
from xtremedistil_tf.data.pipelines.batches import labelled_batches
from xtremedistil_tf.data.tokenization.vocabulary import StudentVocabulary
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.export.export import export_formats, export_student
from xtremedistil_tf.export.student_forms import student_forms
from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.inference.runtimes.load import RUNTIMES
from xtremedistil_tf.inference.runtimes.onnx import Session
from xtremedistil_tf.inference.runtimes.tflite import lite_session
from xtremedistil_tf.inference.student_folder import load_student, save_student
from xtremedistil_tf.jobs.student_inputs import student_separator
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.distillation_model import traced_for_cpu
from xtremedistil_tf.models.layers.body import Shape
from xtremedistil_tf.models.student import build_student
from xtremedistil_tf.tasks import TASKS
from xtremedistil_tf.training.loss_table import LOSSES
from xtremedistil_tf.training.plans import build_plan


@dataclasses.dataclass(frozen=True)
class Made:
    """A case: its run folder with all its exports, and what was found on the way."""

    student: str
    task: str
    folder: object
    bundle: object  # As it was loaded again.
    moved: dict  # By layer, whether the step changed any of its weights.
    loss: float
    ids: np.ndarray
    logits: np.ndarray

    @property
    def recorded(self):
        """The formats that the student's record names."""
        settings = settings_of(self.student, self.task)
        return settings.kind.export_formats(settings, self.task)

    @property
    def formats(self):
        """Those that are made here."""
        return tuple(form for form in self.recorded
                     if form != "tflite" or TASK_CASES[self.task].phones)


def train_one_step(student, features, config, table):
    """A step of gradient descent on labels; gives the loss and by layer whether it moved."""
    (stage,) = build_plan(config.student.layers, config.distil, measure=config.data.measure,
                          labels_loss=config.data.labels_loss)
    student.registry.set_trainable(stage.trainable)
    model = student.trained
    model.set_loss_terms(stage.terms, LOSSES)
    model.compile(optimizer=tf.keras.optimizers.legacy.Adam(0.01))
    before = {name: [weight.numpy() for weight in student.registry.weights(name)]
              for name in config.student.layers}
    batch = next(iter(labelled_batches(features, cfg.BatchSize(8), 0, table=table)))
    with traced_for_cpu(model):  # As the trainer does.
        loss = float(model.train_step(batch)["loss"])
    model.clear_loss_terms()
    return loss, {name: any((old != weight.numpy()).any() for old, weight in zip(
        before[name], student.registry.weights(name))) for name in before}


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def made(request, tokenizer, tmp_path_factory):
    """A case, made once for all tests of it."""
    name, kind = request.param
    folder, described = tmp_path_factory.mktemp("-".join(request.param)), TASK_CASES[kind]
    config = cfg.RunConfig(
        cfg.DataConfig(str(described.write(folder / "task")), seq_len=SEQ_LEN,
                       **described.settings),
        student=settings_of(name, kind),
        distil=cfg.DistilConfig(strategy=cfg.FINE_TUNING, unfreeze_order="all"))
    assert config.data.kind == kind
    task = read_task(config.data, with_transfer=False)
    features = align_task(task, tokenizer, config.data)["train"]
    vocabulary = StudentVocabulary.from_seen([np.arange(5, len(tokenizer))], 0, 1, len(tokenizer))
    separator = student_separator(config.data.pairs, tokenizer, vocabulary)
    # Dropout of the one step and new biases, whichever cases came before.
    tf.keras.utils.set_random_seed(1)
    student = build_student(
        config.student,
        Shape(len(vocabulary), task.labels.pooled, seq_len=SEQ_LEN, separator=separator),
        8, task.labels.size, competing=task.labels.competing)
    draw = np.random.default_rng(5)  # Of many opinions: rows differ by more than formats may.
    for weight in student.model.weights:
        if len(weight.shape) > 1:
            weight.assign(draw.normal(scale=0.5, size=weight.shape))
    loss, moved = train_one_step(student, features, config, vocabulary.table)
    save_student(folder / "student", student, config=config.student, vocabulary=vocabulary,
                 tokenizer=tokenizer, labels=task.labels,
                 record={"seq_len": SEQ_LEN, "separator": separator,
                         "squad": config.to_dict()["data"]["squad"]})
    pieces = features.input_ids.padded(np.arange(4), 0)
    real = np.arange(pieces.shape[1]) < features.input_ids.lengths[:4, None]
    ids = np.where(real, vocabulary.table[pieces], 0).astype(np.int32)
    logits = student.model({"input_ids": ids}, training=False)["logits"].numpy()
    found = Made(name, kind, folder, load_student(folder), moved, loss, ids, logits)
    export_student(folder, forms=found.formats, onnx_float16=True)
    return found


def test_each_kind_has_a_descriptor():
    assert set(STUDENT_CASES) == set(cfg.ARCHITECTURES.registered)
    assert set(TASK_CASES) == set(TASKS.registered)


def test_one_step_moves_every_layer(made):
    assert np.isfinite(made.loss) and made.loss > 0
    assert list(made.moved) == list(settings_of(made.student, made.task).layers)
    assert all(made.moved.values())


def test_a_saved_student_is_the_trained_one(made):
    bundle = made.bundle
    assert (bundle.settings.student, bundle.labels.kind) == (made.student, made.task)
    np.testing.assert_array_equal(
        bundle.student.model({"input_ids": made.ids}, training=False)["logits"], made.logits)


def test_the_record_says_which_exports_there_are(made):
    assert student_forms(made.bundle).names == made.recorded
    settings = settings_of(made.student, made.task)
    for form in set(cfg.EXPORT_FORMATS) - set(made.recorded):
        with pytest.raises(UserError, match=f"--forms has {form}, which a {made.student} student "
                                            f"of {made.task} has not.*; allowed: savedmodel"):
            export_formats(settings, made.task, asked=[form])
    for form in made.formats[1:]:
        assert 0 <= read_json(made.folder / form / "check.json")["float32"]["error"] <= 1e-5


def test_every_export_gives_the_logits_of_keras(made):
    bundle, real = made.bundle, made.ids > 0
    expected = made.logits[:, 0] if bundle.labels.pooled else made.logits[real]
    size = max(1.0, np.abs(expected).max())

    def error(logits):
        assert logits.shape[0] == len(made.ids)
        return np.abs((logits if bundle.labels.pooled else logits[real]) - expected).max() / size

    # The SavedModel takes the tokenizer's ids.
    back = np.argmax(bundle.vocabulary.table == np.arange(made.ids.max() + 1)[:, None], axis=1)
    signature = tf.saved_model.load(str(made.folder / "export" / "1")).signatures["input_ids"]
    found = signature(input_ids=tf.constant(np.where(real, back[made.ids], 0), tf.int32),
                      attention_mask=tf.constant(real, tf.int32))["logits"].numpy()
    assert error(found) <= 1e-5
    for form, opened in (("onnx", Session), ("tflite", lite_session)):
        if form in made.formats:
            assert error(opened(made.folder / form / f"model.{form}")(made.ids)) <= 1e-5, form
            # int8 rounds; it is still the same student.
            assert error(opened(made.folder / form / f"model.int8.{form}")(made.ids)) < 0.3, form


def alike(one, other):
    """Whether two answers are the same: numbers but for rounding, all else exactly."""
    if isinstance(one, dict):
        return list(one) == list(other) and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return one == pytest.approx(other, abs=1e-4) if isinstance(one, float) else one == other


def test_every_runtime_answers_alike(made):
    asked = list(TASK_CASES[made.task].asked)
    expected = xtremedistil_tf.load(made.folder, "keras")(asked)
    assert len(expected) == len(asked)
    assert any(not alike(expected[0], other) for other in expected[1:])  # Else all would be equal.
    for runtime in RUNTIMES:
        form = runtime.split("_")[0]
        if form == "keras" or form not in made.formats:
            continue
        if form == "savedmodel" and TASKS[made.task].text_signatures is None:
            with pytest.raises(UserError, match="takes token ids, not text"):
                xtremedistil_tf.load(made.folder, runtime)
            continue
        found = xtremedistil_tf.load(made.folder, runtime)(asked)
        if runtime.endswith(("int8", "float16")):
            assert len(found) == len(expected)
        else:
            assert alike(expected, found), runtime
