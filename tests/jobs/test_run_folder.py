"""Whose a run folder is, and what --overwrite removes of it."""

import types

import numpy as np
import pytest

from xtremedistil_tf.config import DataConfig, RunConfig, StudentConfig, TeacherConfig
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.data.tokenization.token_store import tokenise_texts
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json, write_json
from xtremedistil_tf.files.fingerprints import fingerprint
from xtremedistil_tf.inference.assets import FORMAT_FOLDERS
from xtremedistil_tf.jobs import distillation
from xtremedistil_tf.jobs.results import keep_metrics
from xtremedistil_tf.jobs.run_folder import (
    Places,
    claim,
    kept_forecast,
    student_contents,
    teacher_contents,
)
from xtremedistil_tf.jobs.student_inputs import trained_on


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


def test_a_model_that_settings_name_counts_by_its_contents(tmp_path):
    task = types.SimpleNamespace(fingerprints={}, labels=types.SimpleNamespace(tags=("O",)))
    vectors, encoder = tmp_path / "vectors.txt", tmp_path / "bert.json"
    vectors.write_text("a 1 2\n")
    encoder.write_text("{}")
    config = RunConfig(DataConfig("task"), TeacherConfig(config_file=str(encoder)),
                       StudentConfig(word_emb_dim=2, word_emb_file=str(vectors)))
    run = tmp_path / "run"

    def begin():
        named = {**teacher_contents(config.teacher, run), **student_contents(config.student)}
        claim(run, config.to_dict(), task, overwrite=False, named=named)
        return set(named)

    assert begin() == {"teacher_config", "word_emb_file"}
    (run / "stages").mkdir()
    vectors.write_text("a 3 4\n")
    with pytest.raises(UserError, match="other settings or data: named.word_emb_file: "):
        begin()
    # One that was removed after the run is not missed, and a folder of before has none.
    vectors.unlink()
    assert begin() == {"teacher_config"}
    encoder.write_text('{"a": 1}')
    with pytest.raises(UserError, match="named.teacher_config: "):
        begin()
    record = read_json(run / "config.json")
    del record["named"]
    write_json(run / "config.json", record)
    begin()
    assert read_json(run / "config.json")["named"].keys() == {"teacher_config"}


def test_a_folder_with_shards_of_another_size_goes_on(tmp_path):
    task = types.SimpleNamespace(fingerprints={}, labels=types.SimpleNamespace(tags=("O",)))
    settings = RunConfig(DataConfig("task"))
    claim(tmp_path, settings.to_dict(), task, overwrite=False)
    (tmp_path / "stages").mkdir()
    for name, value, told in (("chunk_size", 300000, None), ("distil_epochs", 99, "distil_epochs")):
        other = settings.to_dict()
        other["distil"][name] = value
        if told is None:
            claim(tmp_path, other, task, overwrite=False)
            assert read_json(tmp_path / "config.json")["config"]["distil"][name] == value
            continue
        with pytest.raises(UserError, match=told):
            claim(tmp_path, other, task, overwrite=False)


def test_a_setting_that_came_after_the_run_counts_by_its_default(tmp_path):
    task = types.SimpleNamespace(fingerprints={}, labels=types.SimpleNamespace(tags=("O",)))
    config = RunConfig(DataConfig("task"))
    claim(tmp_path, config.to_dict(), task, overwrite=False)
    (tmp_path / "stages").mkdir()
    record = read_json(tmp_path / "config.json")
    del record["config"]["student"]["bilstm_layers"], record["config"]["data"]["word_swaps"]
    record["config"]["teacher"]["lm_epochs"] = None  # As versions before wrote it.
    write_json(tmp_path / "config.json", record)
    other = config.to_dict()
    other["student"]["bilstm_layers"] = 2
    with pytest.raises(UserError, match="data: config.student.bilstm_layers: 1 -> 2. "):
        claim(tmp_path, other, task, overwrite=False)
    claim(tmp_path, config.to_dict(), task, overwrite=False)
    assert read_json(tmp_path / "config.json")["config"]["student"]["bilstm_layers"] == 1


def test_settings_that_came_later_change_a_fingerprint_only_if_they_are_used():
    task = types.SimpleNamespace(fingerprints={})
    made = {layers: fingerprint(trained_on(RunConfig(
        DataConfig("task"), student=StudentConfig(bilstm_layers=layers)), task)[1])
        for layers in (1, 2)}
    assert made[1] == "95b8ba1d497fbc12" != made[2]  # As in versions without --bilstm_layers.


def test_a_forecast_that_cannot_be_read_holds_no_run_up(tmp_path, caplog):
    assert kept_forecast(tmp_path, {"seconds": {}}) == kept_forecast(tmp_path, None)
    (tmp_path / "forecast.json").write_text("")
    assert kept_forecast(tmp_path, None) is None and "goes on without its forecast" in caplog.text


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
            distillation.Trained(types.SimpleNamespace(trained=None), []),
            laps=distillation.Laps(), model_dir=tmp_path, formats=())
    assert not list(tmp_path.iterdir())


def test_the_outputs_of_a_finished_run_serve_as_shared_ones(tmp_path):
    """Else --targets_dir=RUN/targets would have the teacher read everything again."""
    prints = {name: f"{name} print" for name in ("transfer", "dev", "pieces", "texts")}
    write_json(tmp_path / "transfer" / "manifest.json",
               {"fingerprint": prints["transfer"], "shards": ["shard-00000"]})
    write_json(tmp_path / "dev" / "manifest.json", {"fingerprint": prints["dev"]})  # Not finished.
    counts = {"sentences": 1, "pieces": 2}
    ids = Ragged(np.zeros(2, np.int32), np.array([0, 2]))
    tokenise_texts([(ids, counts)], rows=1, folder=tmp_path / "pieces",
                   fingerprint=prints["pieces"])
    places = Places(tmp_path, True, prints)
    folders = {name: places[name].folder.name for name in prints}
    assert folders == {"transfer": "transfer", "dev": "dev-dev print", "pieces": "pieces",
                       "texts": "texts-texts print"}
    (tmp_path / "pieces" / "values.i32").write_bytes(b"cut")  # Damaged: written beside it.
    assert Places(tmp_path, True, prints)["pieces"].folder.name == "pieces-pieces print"
    other = Places(tmp_path, True, {**prints, "transfer": "another"})
    assert other["transfer"].folder.name == "transfer-another"
