"""Distilling, fine-tuning and looking at runs from Python."""

import logging

import pytest

import xtremedistil_tf
from tests.conftest import write_task
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.keras2 import tf

SMALL = {"do_NER": True, "transfer_file": "transfer.txt", "seq_len": 24, "teacher_layer": 1,
         "ft_epochs": 1, "distil_epochs": 1, "word_emb_dim": 6, "bilstm_hidden_size": 5,
         "distil_batch_size": 16, "ft_batch_size": 8, "strategy": "D3.1", "learning_rate": 1e-2,
         "export": False}


@pytest.fixture(scope="module")
def keywords(tmp_path_factory, teacher_folder):
    """A small distillation's."""
    base = tmp_path_factory.mktemp("api")
    return {**SMALL, "task": write_task(base / "task"), "teacher_model_dir": teacher_folder,
            "model_dir": base / "run"}


@pytest.fixture(scope="module")
def run(keywords):
    """A distillation that ended."""
    return xtremedistil_tf.distil(**keywords)


def test_a_run_is_its_folder(run, keywords):
    assert run.folder == keywords["model_dir"] and "run" in repr(run)
    assert run.metrics == read_json(run.folder / "metrics.json")
    assert [stage["name"] for stage in run.metrics["stages"]] == ["01_representation", "02_joint"]
    entities, other = run.student(["Anna Keller visited Alderton.", "No."])
    assert isinstance(entities, list) and isinstance(other, list)
    again = xtremedistil_tf.Run(str(run.folder))
    assert again.metrics == run.metrics


def test_a_notebook_shows_report_and_plots(run, monkeypatch):
    monkeypatch.chdir(run.folder.parent)
    whole = run.report._repr_markdown_()
    assert whole.startswith("# Distillation report") and "](run/plots/" in whole
    assert run._repr_markdown_() == "\n## ".join(whole.split("\n## ")[:4])
    plots = run.plot()
    assert plots._repr_png_().startswith(b"\x89PNG")
    assert len(plots.figure.axes) == len(list((run.folder / "plots").glob("*.png"))) > 1


def test_scores_as_deployed_are_those_of_the_run(run, keywords):
    deployed = run.metrics["student"]["deployed"]
    assert xtremedistil_tf.evaluate(run.folder, keywords["task"]) == deployed["test"]
    dev = keywords["task"] / "dev.tsv"
    assert xtremedistil_tf.evaluate(run.student, str(dev)) == deployed["dev"] != deployed["test"]
    teacher = xtremedistil_tf.evaluate(keywords["teacher_model_dir"], keywords["task"])
    assert teacher == run.metrics["teacher"]["deployed"]["test"]
    with pytest.raises(UserError, match="--split is 'tst'; allowed: train, dev, test; did you me"):
        xtremedistil_tf.evaluate(run.folder, keywords["task"], split="tst")
    with pytest.raises(UserError, match="runtime is 'onnx', and the student is loaded already"):
        xtremedistil_tf.evaluate(run.student, keywords["task"], runtime="onnx")


def test_a_finished_run_is_not_run_again(run, keywords, monkeypatch):
    from xtremedistil_tf.jobs import distillation

    monkeypatch.setattr(distillation, "_train_and_score", None)
    assert xtremedistil_tf.distil(**keywords).metrics == run.metrics
    with pytest.raises(UserError, match="was made by other settings or data: .*seed: 42 -> 7"):
        xtremedistil_tf.distil(**keywords, seed=7)


def test_the_process_is_left_as_it_was(keywords):
    log = logging.getLogger("absl")
    before = log.level, list(log.handlers)
    policy = tf.keras.mixed_precision.global_policy().name
    text = xtremedistil_tf.plan(**keywords, opt_policy="mixed_bfloat16", quiet=True)
    assert "01_representation" in text and "02_joint" in text
    assert (log.level, list(log.handlers)) == before
    assert tf.keras.mixed_precision.global_policy().name == policy
    with pytest.raises(UserError, match="--task /no/such/folder is not a folder"):
        xtremedistil_tf.plan(**{**keywords, "task": "/no/such/folder"})
    assert (log.level, list(log.handlers)) == before


def test_what_the_system_refuses_is_one_line(keywords, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="file.*: Not a directory"):
        xtremedistil_tf.distil(**{**keywords, "model_dir": tmp_path / "file" / "run"})


def test_what_the_system_refuses_before_the_run_is_one_line_too(keywords, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device", str(tmp_path / "x"))

    monkeypatch.setattr("xtremedistil_tf.runtime.prepare", full)
    with pytest.raises(UserError, match="No space left on device"):
        xtremedistil_tf.distil(**{**keywords, "model_dir": tmp_path / "run"})


def test_a_student_is_fine_tuned_further(run, keywords, tmp_path):
    further = xtremedistil_tf.finetune(
        task=keywords["task"], model_dir=tmp_path / "further", do_NER=True, student_dir=run.folder,
        ft_epochs=1, ft_batch_size=8, unfreeze_order="all", export=False)
    assert further.metrics["start"]["name"] == "run" and "teacher" not in further.metrics
    assert not (further.folder / "export").exists()


def test_a_folder_without_a_run_is_told(tmp_path):
    with pytest.raises(UserError, match="holds no finished run"):
        xtremedistil_tf.Run(tmp_path)
