"""Joint strategies as whole runs; D0 wants one language."""

import dataclasses

import pytest
from safetensors.numpy import load_file

from tests.conftest import write_task
from tests.jobs.test_distillation import config_of
from xtremedistil_tf.config import Resources
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.jobs import distillation as job
from xtremedistil_tf.planning.plan import dry_run
from xtremedistil_tf.runtime import prepare


@pytest.fixture(scope="module")
def small_task(tmp_path_factory):
    return write_task(tmp_path_factory.mktemp("strategies") / "task")


def test_d2_trains_on_both_kinds_of_rows(small_task, bert_config, teacher_folder, tmp_path):
    config = config_of(small_task, bert_config, strategy="D2", alpha=0.5)
    # The projection is for the representation alone: it is trained and not kept.
    config = dataclasses.replace(
        config, student=dataclasses.replace(config.student, logits_from="encoder"),
        teacher=dataclasses.replace(config.teacher, model_dir=str(teacher_folder)))
    prepare(config.seed, True)
    metrics = job.run_distillation(config, tmp_path / "run", resources=Resources(export=False))
    assert not (tmp_path / "run" / "export").exists() and not (tmp_path / "run" / "onnx").exists()
    weights = load_file(tmp_path / "run" / "student" / "weights.safetensors")
    assert not any("projection" in name for name in weights)
    assert sum(array.size for array in weights.values()) == metrics["student"]["parameters"]
    (stage,) = metrics["stages"]
    assert stage["trainable"] == ["projection", "logits", "bilstm", "word_embedding"]
    assert stage["data"] == "both" and metrics["teacher_passes"] == 1
    assert stage["losses"] == ["0.5 x labels:cross_entropy", "logits:mse", "representation:mse"]
    assert "0.5 x labels:cross_entropy" in (tmp_path / "run" / "report.md").read_text("utf-8")


def test_d0_is_refused_for_several_languages(small_task, bert_config, tmp_path):
    config = config_of(small_task, bert_config, strategy="D0")
    with pytest.raises(UserError, match="--strategy=D0 trains a student on one language; the rows"):
        job.run_distillation(config, tmp_path / "run")
    first = (small_task / "train.tsv").read_text("utf-8").split("\t")[1].split(":")[0]
    data = dataclasses.replace(config.data, languages=(first,))
    text = dry_run(dataclasses.replace(config, data=data), tmp_path / "run")
    assert "strategy D0," in text and "01_labels" in text
