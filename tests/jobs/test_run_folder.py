"""Whose a run folder is, and what --overwrite removes of it."""

import types

import pytest

from xtremedistil_tf.config import DataConfig, RunConfig
from xtremedistil_tf.inference.assets import FORMAT_FOLDERS
from xtremedistil_tf.jobs import distillation
from xtremedistil_tf.jobs.results import keep_metrics
from xtremedistil_tf.jobs.run_folder import claim


def test_overwriting_leaves_no_export_of_the_student_before(tmp_path):
    task = types.SimpleNamespace(fingerprints={"train": "a"},
                                 labels=types.SimpleNamespace(tags=("O",)))
    settings = RunConfig(DataConfig("task"))
    claim(tmp_path, settings.to_dict(), task, overwrite=False)
    assert set(FORMAT_FOLDERS) == {"savedmodel", "onnx", "tflite", "huggingface", "triton"}
    for name in ("student", *FORMAT_FOLDERS.values(), "notes"):
        (tmp_path / name).mkdir()
    claim(tmp_path, settings.to_dict(), task, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "notes"]


def test_a_run_killed_while_it_is_scored_again_is_not_finished(tmp_path, monkeypatch):
    """Else the scores of before would stand beside the student and predictions of now."""
    def killed(*_):
        raise KeyboardInterrupt

    keep_metrics(tmp_path, {"student": {}})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["manifest.json", "metrics.json"]
    monkeypatch.setattr(distillation, "best_stage", killed)
    with pytest.raises(KeyboardInterrupt):
        distillation.finish(
            RunConfig(DataConfig("task")),
            types.SimpleNamespace(task=types.SimpleNamespace(agreement=False)),
            types.SimpleNamespace(trained=None), records=[],
            laps=distillation.Laps(), model_dir=tmp_path, formats=())
    assert not list(tmp_path.iterdir())
