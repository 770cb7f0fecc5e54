"""The study command: flags that it refuses, and what it gives its runs."""

import re

import pytest
from absl import flags as absl_flags

from tests.conftest import write_task
from tests.processes import run
from xtremedistil_tf.cli import study as study_command
from xtremedistil_tf.cli.options.flags_to_config import run_config
from xtremedistil_tf.cli.options.option import define, given, parsed
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.study.grids import Variant
from xtremedistil_tf.study.planned import plan_runs

ROW = "A B\tde:B-PER I-PER\n"


@pytest.mark.parametrize("flag", ["--forms=onnx", "--nokeep_representation", "--noexport"])
def test_flags_that_contradict_those_of_its_runs_are_refused(tmp_path, flag):
    """Else every run would end with an error, the first one behind the teacher's fine-tuning."""
    result = run("xtremedistil_tf.cli.study", "--study=strategies", "--do_NER",
                 f"--task={tmp_path}", f"--model_dir={tmp_path / 'study'}", flag)
    assert result.returncode == 2 and "is set by the study; leave it out" in result.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind, line, why", [
    ("grid", "strategy=D4.2,D9", "--grid=strategy=D4.2,D9: --strategy is 'D9'; allowed: D4.2"),
    ("grid", "learning_rate=0.003,-1", "--grid=learning_rate=0.003,-1: --learning_rate is -1.0"),
    ("presets", "one.flags", "one.flags: --bilstm_hidden_size is 0")])
def test_lines_that_no_run_takes_are_refused_before_a_teacher_is_made(
    tmp_path, monkeypatch, kind, line, why
):
    values = absl_flags.FlagValues()
    define(study_command.DISTILLATION, values=values)
    (tmp_path / "one.flags").write_text("--bilstm_hidden_size=0\n")
    values(["study", "--task=t", "--do_NER", "--model_dir=m"])
    monkeypatch.setattr(study_command, "FLAGS", values)
    lines = study_command._grid([line]) if kind == "grid" else study_command._presets(
        [str(tmp_path / line)])
    with pytest.raises(UserError) as caught:
        study_command._check_lines(lines)
    assert why in str(caught.value)


@pytest.mark.parametrize("flag, why", [
    ("--seeds=", "--seeds is ; allowed: different whole numbers above 0"),
    ("--seeds=1,1", "--seeds is 1,1; allowed: different whole numbers above 0")])
def test_a_study_has_seeds_of_its_own(flag, why, monkeypatch):
    values = absl_flags.FlagValues()
    absl_flags.DEFINE_list("seeds", ["42"], "", flag_values=values)
    values(["study", flag])
    monkeypatch.setattr(study_command, "FLAGS", values)
    with pytest.raises(UserError, match=why):
        study_command._numbers("seeds", least=1)


def test_help_lists_no_flag_that_a_study_refuses():
    told = run("xtremedistil_tf.cli.study", "--help").stdout
    listed = set(re.findall(r"^  --(\w+)", told, re.M))
    assert {"study", "seeds", "model_dir", "strategy", "teacher_layer", "dry_run"} <= listed
    assert not listed & {"seed", "forms", "export", "targets_dir", "baseline"}


@pytest.mark.parametrize("more", [[], ["--flagfile=flags/demo.flags"]])
def test_runs_take_the_flags_that_a_study_gives_them(tmp_path, monkeypatch, more):
    """With the defaults of every flag, and with a flagfile of runs that asks for a baseline."""
    values = absl_flags.FlagValues()
    define(study_command.DISTILLATION, values=values)
    values(["study", *more, "--task=t", "--do_NER", "--model_dir=m"])
    monkeypatch.setattr(study_command, "FLAGS", values)
    read = parsed(["--defaults=paper", *study_command._shared(), "--seed=1", "--model_dir=run",
                    "--export=false", "--targets_dir=targets"], study_command.DISTILLATION)
    assert read["task"] == "t" and read["seed"] == 1 and read["export"] is False


@pytest.mark.parametrize("flag, changed", [
    ("teacher_lm_epochs=0", False), ("teacher_lm_epochs=1", True), ("learning_rate=0.003", True),
    ("teacher_batch_size=16", False), ("ft_epochs=7", False)])
def test_a_line_with_the_value_of_all_runs_is_theirs(flag, changed, monkeypatch):
    """Given, a flag's own default, or a default that another flag determines."""
    values = absl_flags.FlagValues()
    define(study_command.DISTILLATION, values=values)
    values(["study", "--task=t", "--do_NER", "--model_dir=m", "--ft_epochs=7",
            "--ft_batch_size=16"])
    monkeypatch.setattr(study_command, "FLAGS", values)
    config = run_config(given(values, study_command.DISTILLATION))
    (_, line), = study_command._grid([flag])
    (planned,) = plan_runs([Variant("line", line)], [1], (), study_command._values(config))
    assert planned.name == (f"{flag}/seed_1" if changed else "base/seed_1")


def test_a_dry_run_says_what_a_study_takes_and_writes_nothing(tmp_path, bert_config):
    """What a run would refuse is refused before a teacher is made."""
    task = write_task(tmp_path / "task", rows=8)
    study = tmp_path / "study"
    line = ["xtremedistil_tf.cli.study", "--grid=word_emb_dim=4,6", "--seeds=1,2", "--do_NER",
            f"--task={task}", f"--teacher_config={bert_config}", "--teacher_layer=1",
            "--distil_epochs=1", "--ft_epochs=1", f"--model_dir={study}"]
    result = run(*line, "--dry_run")
    assert result.returncode == 0, result.stderr
    assert re.search(
        r"^4: 2 runs, 0 finished, about \d+ s each\n6: 2 runs, .*\ntime: about 3 min on this "
        r"machine, roughly: teachers \d+ s, students 3 min; ", result.stdout)
    assert not study.exists()
    result = run(*line, "--teacher_layer=7")
    assert result.returncode == 2 and "--teacher_layer is 7" in result.stderr, result.stderr
    assert not (study / "teachers").exists()
