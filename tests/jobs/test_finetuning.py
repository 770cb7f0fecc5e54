"""Fine-tuning without a teacher: a checkpoint on GLUE's pairs, a finished tagger on more labels."""

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from safetensors.numpy import load_file

import xtremedistil_tf
from tests.checkpoints import make_small
from tests.conftest import ROOT, TAGS, write_task, write_texts
from tests.data.readers.test_glue import write
from tests.students import TEXTS, assert_same
from xtremedistil_tf import config as cfg
from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.export.export import export_student
from xtremedistil_tf.files.contents import read_json, write_json
from xtremedistil_tf.inference.assets import load_assets
from xtremedistil_tf.jobs.finetuning import _read, dry_run, run_fine_tuning
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.metrics.prediction_files import read_predictions
from xtremedistil_tf.runtime import prepare

MRPC = "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String"
# The third is left out for the test's sake.
TAGGER_STAGES = ["01_labels_logits", "02_labels_projection", "04_labels_word_embedding"]
WEIGHTS = "weights.safetensors"


def pairs(split, count):
    """A text of the sample with itself (1) or with the next one (0)."""
    lines = (ROOT / "data" / "classification" / f"{split}.tsv").read_text("utf-8").splitlines()
    texts = [line.split("\t")[0] for line in lines[:count]]
    return [f"{at % 2}\t1\t2\t{text}\t{text if at % 2 else texts[at - 1]}"
            for at, text in enumerate(texts)]


@pytest.fixture(scope="module")
def checkpoint(sample_words, tmp_path_factory):
    # A seed: some random starts are at chance from the first epoch and have nothing to lose.
    tf.keras.utils.set_random_seed(1)
    # An activation that this package's own students cannot have.
    return make_small(sample_words, 60, True, tmp_path_factory.mktemp("hub") / "small",
                      hidden_act="gelu_new")


@pytest.fixture(scope="module")
def tuned(checkpoint, tmp_path_factory):
    """A checkpoint on MRPC's files, its test file without labels: (folder, metrics, settings)."""
    base = tmp_path_factory.mktemp("tuned")
    test = [line.split("\t", 1)[1] for line in (MRPC, *pairs("test", 12))]
    task = write(base / "MRPC", train=[MRPC, *pairs("train", 32)], dev=[MRPC, *pairs("dev", 24)],
                 test=["index" + line[4:] if line.startswith("#") else line for line in test])
    config = cfg.RunConfig(
        data=cfg.DataConfig(str(task), seq_len=24, glue_task="MRPC"),
        student=cfg.StudentConfig(student="transformer", pt_student_checkpoint=str(checkpoint)),
        distil=cfg.DistilConfig(strategy=cfg.FINE_TUNING, unfreeze_order="all", ft_epochs=12,
                                ft_batch_size=8, learning_rate=1e-3))
    prepare(config.seed, False)
    metrics = run_fine_tuning(config, base / "run", resources=cfg.Resources(export=False))
    return base / "run", metrics, config


@pytest.fixture(scope="module")
def tagger_config(student_folder, tmp_path_factory):  # noqa: F811
    """A tagger of the sample, fine-tuned further on a task that names its labels otherwise."""
    task = write_task(tmp_path_factory.mktemp("more") / "task")
    (task / "transfer.txt").unlink()
    (task / "labels.tsv").write_text("\n".join(reversed(TAGS)) + "\n", "utf-8")
    return cfg.RunConfig(
        data=cfg.DataConfig(str(task), seq_len=24, do_ner=True),
        student=load_assets(student_folder).settings,
        distil=cfg.DistilConfig(strategy=cfg.FINE_TUNING, ft_epochs=3, ft_batch_size=8,
                                learning_rate=1e-2, stage_epochs=(("03", 0),)),
        deterministic=True)


@pytest.fixture(scope="module")
def further(tagger_config, student_folder, tmp_path_factory):  # noqa: F811
    folder = tmp_path_factory.mktemp("further") / "run"
    prepare(tagger_config.seed, True)
    return folder, run_fine_tuning(tagger_config, folder, student_dir=student_folder,
                                   resources=cfg.Resources(export=False))


def test_a_checkpoint_learns_a_task_of_pairs(tuned, checkpoint):
    folder, metrics, _ = tuned
    assert (metrics["kind"], metrics["measure"]) == ("classification", "f1")
    assert metrics["strategy"] == "fine-tuning" and metrics["start"] == {"name": "small"}
    (stage,) = metrics["stages"]
    assert stage["name"] == "01_labels_all" and stage["losses"] == ["labels:cross_entropy"]
    assert stage["trainable"] == ["logits", "projection", "layer_0", "word_embedding"]
    history = read_json(folder / "stages" / "01_labels_all" / "history.json")
    losses = [epoch["loss"] for epoch in history]
    # Four steps an epoch from random weights: single epochs go up and down.
    assert np.mean(losses[-4:]) < np.mean(losses[:4])
    start, end = load_file(checkpoint / "model.safetensors"), load_file(
        folder / "student" / WEIGHTS)
    query = end["encoder/electra/encoder/layer_._0/attention/self/query/kernel"]
    moved = np.abs(query - start["encoder.layer.0.attention.self.query.weight"].T)
    assert 0 < moved.max() and moved.mean() < 0.5 * np.abs(query).mean()
    assert metrics["student"]["vocabulary"] == len(start["embeddings.word_embeddings.weight"])


def test_nothing_speaks_of_a_teacher(tuned, further):
    for folder, metrics, *_ in (tuned, further):
        assert not {"teacher", "retention", "compression", "teacher_passes"} & set(metrics)
        for name in ("report.md", "student/README.md"):
            text = (folder / name).read_text("utf-8")
            assert "teacher" not in text.lower() and "paper's" not in text, name
            # That of the scores as deployed is to the student's own.
            assert not [line for line in text.splitlines()
                        if "Difference" in line and "As deployed" not in line], name
        assert not [path for path in folder.rglob("*") if "teacher" in path.name], folder
        assert not (folder / "targets").exists()
        assert "teacher" not in read_json(folder / "config.json")["config"]
    report = (tuned[0] / "report.md").read_text("utf-8")
    assert report.startswith("# Fine-tuning report: MRPC, from small, seed 42\n\n## Warnings\n")
    assert "\n\n## Student\n" in report
    assert "| Class | Support | Student F1 | Student's precision | Student's recall |" in report
    assert (tuned[0] / "plots" / "confusion.png").stat().st_size > 1000
    card = (tuned[0] / "student" / "README.md").read_text("utf-8")
    assert "A text classifier: small, fine-tuned on labels." in card and "| start | small |" in card
    assert "- distillation" not in card


def test_its_export_and_predictions_agree(tuned):
    folder, metrics, _ = tuned
    export_student(folder, forms=["onnx"])
    lines = (folder / "predictions" / "test.student.tsv").read_text("utf-8").splitlines()
    texts = [tuple(line.split("\t")[:2]) for line in lines]
    keras, onnx = (xtremedistil_tf.load(folder, runtime)(texts) for runtime in ("keras", "onnx"))
    assert [found["label"] for found in keras] == [line.split("\t")[2] for line in lines]
    for name in ("0", "1"):
        scores = [found["scores"][name] for found in keras]
        # A temperature may bring all near one half; what is left of their spread is the measure.
        spread = np.ptp(scores)
        np.testing.assert_allclose([found["scores"][name] for found in onnx], scores,
                                   atol=spread / 10)
        assert spread > 5e-6
    sent = (folder / "predictions" / "glue" / "MRPC.tsv").read_text("utf-8").splitlines()
    assert len(sent) == 13 and "test" not in metrics["student"]


def test_a_student_learns_further_layer_by_layer(further, student_folder):  # noqa: F811
    folder, metrics = further
    assert [stage["name"] for stage in metrics["stages"]] == TAGGER_STAGES
    weights = [load_file(student_folder / WEIGHTS)]
    weights += [load_file(folder / "stages" / name / WEIGHTS) for name in TAGGER_STAGES]
    for sooner, later, stage in zip(weights, weights[1:], metrics["stages"]):
        moved = {name.split("/")[0] for name in sooner
                 if not np.array_equal(sooner[name], later[name])}
        assert moved == (set(stage["trainable"]) if stage["best_epoch"] else set()), stage["name"]
    assert any(stage["best_epoch"] for stage in metrics["stages"])


def test_it_never_gets_worse_and_says_what_it_was_before(further, student_folder):  # noqa: F811
    folder, metrics = further
    dev = [metrics["start"]["dev"]["macro_f1"],
           *(stage["dev"]["macro_f1"] for stage in metrics["stages"])]
    assert dev == sorted(dev) and dev[-1] > dev[0]
    assert metrics["student"]["dev"]["macro_f1"] == pytest.approx(dev[-1])
    report = (folder / "report.md").read_text("utf-8")
    assert f"| Before: {student_folder.parent.name} |" in report and f"| {dev[0]:.2f} (" in report


def test_its_classes_keep_their_order_and_all_else_its_place(further, student_folder):  # noqa: F811
    folder, _ = further
    assert read_json(folder / "student" / "student.json")["tags"] == list(TAGS)
    for name in ("vocabulary.npy", "vocab.txt"):
        assert (folder / "student" / name).read_bytes() == (student_folder / name).read_bytes()
    before, after = (read_json(place / "tokenizer.json") for place in (
        student_folder, folder / "student"))
    for name in ("model", "normalizer", "pre_tokenizer", "post_processor", "added_tokens"):
        assert before[name] == after[name], name
    export_student(folder, forms=["onnx"])
    assert_same(xtremedistil_tf.load(folder, "onnx").tag_text(TEXTS),
                xtremedistil_tf.load(folder, "keras").tag_text(TEXTS))


def test_it_is_scored_with_the_decoding_that_it_gets(
    tagger_config, student_folder, tmp_path  # noqa: F811
):
    config = dataclasses.replace(
        tagger_config, data=dataclasses.replace(tagger_config.data, decoding="independent"),
        distil=dataclasses.replace(tagger_config.distil, stage_epochs=(("labels", 0), ("01", 1))))
    prepare(config.seed, True)
    run_fine_tuning(config, tmp_path / "run", student_dir=student_folder,
                    resources=cfg.Resources(export=False))
    record = read_json(tmp_path / "run" / "student" / "student.json")
    assert record["decoding"] == "independent"
    rows = read_predictions(tmp_path / "run" / "predictions" / "test.student.tsv")
    tags = [[tag.split(":", 1)[1] for tag in labels.split(" ")] for _, labels in rows]
    # Constrained decoding gives no such tags.
    assert any(LabelSet(TAGS).repair(own)[1] for own in tags)


def test_old_transitions_are_not_those_of_the_new_student(
    tagger_config, student_folder, tmp_path  # noqa: F811
):
    old = shutil.copytree(student_folder, tmp_path / "student")
    (old / "manifest.json").unlink()
    record = read_json(old / "student.json")
    write_json(old / "student.json", {**record, "decoding": "trained",
                                      "transitions": np.eye(len(TAGS)).tolist()})
    config = dataclasses.replace(tagger_config, data=dataclasses.replace(
        tagger_config.data, decoding="trained"))
    assert load_assets(old).labels.transitions is not None
    labels = _read(config, tmp_path / "run", old, cfg.Resources())[1].labels
    assert (labels.decoding, labels.transitions) == ("trained", None)


@pytest.mark.long
def test_what_is_missing_is_made_again_from_where_it_stopped(
    further, tagger_config, student_folder, tmp_path  # noqa: F811
):
    folder = tmp_path / "run"
    shutil.copytree(further[0], folder)
    for name in ("student", "stages/04_labels_word_embedding"):
        shutil.rmtree(folder / name)
    for name in ("export/2/saved_model.pb", "onnx/model.onnx", "tflite/model.tflite"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text("of the student before")
    kept = (folder / "stages" / TAGGER_STAGES[1] / WEIGHTS).stat().st_mtime_ns
    prepare(tagger_config.seed, True)
    again = run_fine_tuning(tagger_config, folder, student_dir=student_folder)
    assert (folder / "export" / "1" / "saved_model.pb").is_file()
    # No export outlives the student that it was made from.
    assert not (folder / "export" / "2").exists() and not (folder / "tflite").exists()
    assert (folder / "onnx" / "model.onnx").stat().st_size > 1000
    assert (folder / "stages" / TAGGER_STAGES[1] / WEIGHTS).stat().st_mtime_ns == kept
    assert again["start"] == further[1]["start"]
    assert again["student"]["test"] == further[1]["student"]["test"]
    expected = load_file(further[0] / "student" / WEIGHTS)
    for name, array in load_file(folder / "student" / WEIGHTS).items():
        np.testing.assert_array_equal(array, expected[name], err_msg=name)


def test_a_run_of_another_start_is_refused(
    further, tagger_config, student_folder, tmp_path  # noqa: F811
):
    other = tmp_path / "student"
    shutil.copytree(student_folder, other)
    (other / "student.json").write_text((other / "student.json").read_text() + "\n")
    (other / "manifest.json").unlink()
    with pytest.raises(UserError, match="made by other settings or data: files.start: "):
        run_fine_tuning(tagger_config, further[0], student_dir=other)


@pytest.mark.long
def test_a_fine_tuned_transformer_goes_on(tuned, tmp_path):
    folder, metrics, config = tuned
    settings = load_assets(folder / "student").settings
    config = dataclasses.replace(
        config, student=dataclasses.replace(settings, freeze_word_embedding=True),
        distil=dataclasses.replace(config.distil, unfreeze_order="top_down"))
    plan = dry_run(config, tmp_path / "none", student_dir=folder)
    assert f"student with {metrics['student']['parameters']:,} parameters from run" in plan
    assert "03_labels_layer_0" in plan and "word_embedding" not in plan
    assert not (tmp_path / "none").exists()
    # The head alone is cheap.
    config = dataclasses.replace(config, distil=dataclasses.replace(
        config.distil, stage_epochs=(("labels", 0), ("01", 1))))
    again = run_fine_tuning(config, tmp_path / "run", student_dir=folder,
                            resources=cfg.Resources(export=False))
    assert again["start"]["dev"]["f1"] == pytest.approx(metrics["student"]["dev"]["f1"])
    assert [stage["name"] for stage in again["stages"]] == ["01_labels_logits"]
    assert again["student"]["dev"]["f1"] >= again["start"]["dev"]["f1"]
    weights = [load_file(run / "student" / WEIGHTS) for run in (folder, tmp_path / "run")]
    assert {name.split("/")[0] for name in weights[0] if not np.array_equal(
        weights[0][name], weights[1][name])} <= {"logits"}


def test_a_transformers_rows_keep_their_length(tuned, tmp_path):
    folder, _, config = tuned
    data = dataclasses.replace(config.data, seq_len=20)
    with pytest.raises(UserError, match="--seq_len is 20, .* sequences of 24 subword tokens"):
        run_fine_tuning(dataclasses.replace(config, data=data), tmp_path / "run",
                        student_dir=folder)


def test_other_labels_and_other_kinds_are_refused(
    tagger_config, student_folder, tuned, tmp_path  # noqa: F811
):
    def refused(task, config, student, message, **changes):
        data = dataclasses.replace(config.data, task=str(task), **changes)
        with pytest.raises(UserError, match=message):
            run_fine_tuning(dataclasses.replace(config, data=data), tmp_path / "run",
                            student_dir=student)
        assert {path.name for path in (tmp_path / "run").iterdir()} == {".lock"}

    fewer = write_task(tmp_path / "fewer")
    (fewer / "labels.tsv").write_text("\n".join((*TAGS, "B-EVENT")) + "\n", "utf-8")
    refused(fewer, tagger_config, student_folder,
            rf"the student in {student_folder} has learnt tagging with the labels O, B-PER, .*; "
            rf"the task in {fewer} is tagging with the labels .*, B-EVENT; allowed: a task of the")
    texts = write_texts(tmp_path / "texts")
    refused(texts, tagger_config, student_folder,
            "is classification with the labels business, culture", do_ner=False)
    refused(texts, tuned[2], tuned[0], "learnt classification of pairs with the labels 0, 1; the "
            "task in .* is classification with the labels business", glue_task=None)


def test_a_form_that_its_head_cannot_have_is_refused_before_training(tuned, tmp_path):
    # As from a teacher that is wider than its student.
    student = shutil.copytree(tuned[0] / "student", tmp_path / "student")
    record = read_json(student / "student.json")
    write_json(student / "student.json", {**record, "width": 500})
    (student / "manifest.json").unlink()
    config = dataclasses.replace(tuned[2], student=load_assets(student).settings)
    for call in (dry_run, run_fine_tuning):
        with pytest.raises(UserError, match="has huggingface, but the projection is 500 wide"):
            call(config, tmp_path / "run", student_dir=student,
                 resources=cfg.Resources(forms=("huggingface",)))
    assert not (tmp_path / "run" / "config.json").exists()


def test_a_student_is_not_overwritten_by_its_successor(tagger_config, further):
    with pytest.raises(UserError, match="lies in --model_dir .*; name another --model_dir"):
        run_fine_tuning(tagger_config, further[0], student_dir=further[0], overwrite=True)
    assert (further[0] / "student" / WEIGHTS).is_file()


@pytest.mark.long
def test_the_command_goes_on_where_it_was_killed(
    further, tagger_config, student_folder, tmp_path  # noqa: F811
):
    folder = tmp_path / "run"
    command = [sys.executable, "-m", "xtremedistil_tf.cli.finetune", "--deterministic",
               f"--task={tagger_config.data.task}", f"--student_dir={student_folder}",
               f"--model_dir={folder}", "--seq_len=24", "--ft_epochs=3", "--ft_batch_size=8",
               "--learning_rate=1e-2", "--stage_epochs=03=0"]
    process = subprocess.Popen(command, cwd=ROOT)
    deadline = time.monotonic() + 200
    while not (folder / "stages" / TAGGER_STAGES[1] / "progress" / "state.json").exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (folder / "metrics.json").exists()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "macro-F1" in done.stdout and "teacher" not in done.stdout
    assert read_json(folder / "config.json") == read_json(further[0] / "config.json")
    expected = load_file(further[0] / "student" / WEIGHTS)
    for name, array in load_file(folder / "student" / WEIGHTS).items():
        np.testing.assert_array_equal(array, expected[name], err_msg=name)
