"""Whose a run folder is, and what --overwrite removes of it."""

import types

from xtremedistil_tf.config import DataConfig, RunConfig
from xtremedistil_tf.inference.assets import FORMAT_FOLDERS
from xtremedistil_tf.jobs.run_folder import claim


def test_overwriting_leaves_no_export_of_the_student_before(tmp_path):
    task = types.SimpleNamespace(fingerprints={"train": "a"},
                                 labels=types.SimpleNamespace(tags=("O",)))
    settings = RunConfig(DataConfig("task"))
    claim(tmp_path, settings.to_dict(), task, overwrite=False)
    assert set(FORMAT_FOLDERS) == {"savedmodel", "onnx", "tflite"}
    for name in ("student", *FORMAT_FOLDERS.values(), "notes"):
        (tmp_path / name).mkdir()
    claim(tmp_path, settings.to_dict(), task, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "notes"]
