"""The plan of a run that goes on: it keeps the epochs of its start."""

import dataclasses
import json
import logging

import pytest

from tests.conftest import write_task
from xtremedistil_tf import config as cfg
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.planning.forecast import Forecast
from xtremedistil_tf.planning.plan import plan_run, start_run


def test_a_run_that_goes_on_keeps_the_epochs_of_its_budget(
        tmp_path, bert_config, monkeypatch, caplog):
    run, task = tmp_path / "run", write_task(tmp_path / "task", rows=8)
    config = cfg.RunConfig(
        cfg.DataConfig(str(task), "transfer.txt", 24, do_ner=True),
        cfg.TeacherConfig(config_file=str(bert_config), layer=1),
        cfg.StudentConfig(word_emb_dim=6, bilstm_hidden_size=5))
    shared = dataclasses.replace(
        config, distil=dataclasses.replace(config.distil, stage_epochs=(("01_representation", 3),)),
        teacher=dataclasses.replace(config.teacher, epochs=2))
    run.mkdir()
    (run / "config.json").write_text(json.dumps({
        "version": "0.1.0", "config": shared.to_dict(), "files": {}, "labels": []}))
    monkeypatch.setattr("xtremedistil_tf.planning.plan.measure", lambda *_, **__: Forecast((), 0.0))
    assert plan_run(config, run, time_budget="2h", sizes=True).config == shared
    # It reads its data once, in the run itself.
    monkeypatch.setattr("xtremedistil_tf.planning.plan.plan_run", None)
    caplog.set_level(logging.INFO, "absl")
    assert start_run(config, run, time_budget="1h") == (shared, None)
    assert "goes on with the epochs that --time_budget gave it then" in caplog.text
    assert start_run(config, run) == (config, None)
    with pytest.raises(UserError, match="--time_budget is"):
        start_run(config, run, time_budget="soon")
