"""The time of runs that share a teacher and its outputs."""

import dataclasses

import pytest

from tests.conftest import write_task
from xtremedistil_tf import config as cfg
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.planning import plan as planning
from xtremedistil_tf.planning import together
from xtremedistil_tf.planning.forecast import Forecast, Part
from xtremedistil_tf.progress import FINAL, TARGETS


@pytest.fixture
def configs(tmp_path, bert_config, monkeypatch):
    """Settings on labels alone, of D4.2, and of D4.2 again with a wider student."""
    monkeypatch.setattr("xtremedistil_tf.runtime.prepare", lambda *_, **__: None)
    task = write_task(tmp_path / "task", rows=8)
    one = cfg.RunConfig(
        cfg.DataConfig(str(task), "transfer.txt", 24, do_ner=True),
        cfg.TeacherConfig(config_file=str(bert_config), layer=1),
        cfg.StudentConfig(word_emb_dim=6, bilstm_hidden_size=5))
    wide = dataclasses.replace(one, student=cfg.StudentConfig(word_emb_dim=6,
                                                              bilstm_hidden_size=500))
    alone = dataclasses.replace(one, distil=dataclasses.replace(one.distil, strategy="D0-S"))
    return {"one": one, "wide": wide, "alone": alone}


def test_runs_that_read_the_same_text_share_its_outputs(configs, tmp_path):
    needed, measured = together._forecast(configs, tmp_path / "run", cfg.Resources(), "one")
    assert not measured
    assert {name: found.targets > 0 for name, found in needed.items()} == {
        "one": True, "wide": False, "alone": False}
    assert needed["one"].teacher == needed["wide"].teacher > 0
    assert needed["wide"].student > needed["one"].student > needed["alone"].student > 0
    assert not list(tmp_path.glob("run*"))


def test_a_run_on_labels_alone_writes_no_outputs_for_the_others(configs, tmp_path):
    turned = {name: configs[name] for name in ("alone", "wide", "one")}
    needed, _ = together._forecast(turned, tmp_path / "run", cfg.Resources(), "one")
    assert [found.targets > 0 for found in needed.values()] == [False, True, False]


@pytest.mark.parametrize("part, wrong, why", [
    ("teacher", {"layer": 9}, "--teacher_layer is 9"),
    ("student", {"word_embedding": "file", "word_emb_file": "no.vec"}, "--word_emb_file no.vec"),
])
def test_a_run_that_would_be_refused_refuses_all(part, wrong, why, configs, tmp_path):
    changed = dataclasses.replace(getattr(configs["wide"], part), **wrong)
    configs["wide"] = dataclasses.replace(configs["wide"], **{part: changed})
    with pytest.raises(UserError, match=f"^wide: {why}"):
        together._forecast(configs, tmp_path / "run", cfg.Resources(), "one")


def test_others_are_scaled_by_what_one_run_takes(configs, tmp_path, monkeypatch):
    rough, _ = together._forecast(configs, tmp_path / "run", cfg.Resources(), "one")
    parts = (Part("teacher_01_all", 70.0), Part(TARGETS, 30.0),
             Part("01_representation", 5.0, 2, 5), Part(FINAL, 5.0))
    monkeypatch.setattr(planning, "plan_run", lambda *_, **__: planning.Planned(
        configs["one"], None, (), Forecast(parts, 0.0, None, True), None))
    needed, measured = together._forecast(configs, tmp_path / "run", cfg.Resources(), "one")
    assert measured and needed["one"] == together.Needed(70.0, 30.0, 20.0)
    for name, before in rough.items():
        assert needed[name].teacher == pytest.approx(70.0)
        assert needed[name].student == pytest.approx(20.0 * before.student / rough["one"].student)
    # The teacher and its outputs are there: what another needs is scaled as students are.
    ready = Forecast(parts[2:], 0.0, None, True)
    monkeypatch.setattr(planning, "plan_run", lambda *_, **__: planning.Planned(
        configs["one"], None, (), ready, None))
    wide = configs["wide"]
    other = dataclasses.replace(wide, data=dataclasses.replace(wide.data, transfer_size=4))
    needed, _ = together._forecast({"one": configs["one"], "other": other}, tmp_path / "run",
                                   cfg.Resources(), "one")
    assert needed["one"].targets == 0.0 < needed["other"].targets and needed["other"].teacher > 0


def test_a_process_that_is_killed_forecasts_nothing(configs, tmp_path, monkeypatch):
    monkeypatch.setattr(together, "_answer", print)  # It ends without an answer.
    assert together.forecast_runs(
        configs, tmp_path / "run", resources=cfg.Resources(), measured="one") == ({}, False)
