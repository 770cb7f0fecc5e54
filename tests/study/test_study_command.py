"""The study command: flags that it refuses, and what it gives its runs."""

import re

import pytest
from absl import flags as absl_flags

from tests.processes import run
from xtremedistil_tf.cli import study as study_command
from xtremedistil_tf.cli.options.option import define
from xtremedistil_tf.errors import UserError

ROW = "A B\tde:B-PER I-PER\n"


@pytest.mark.parametrize("flag", ["--forms=onnx", "--nokeep_representation", "--noexport"])
def test_flags_that_contradict_those_of_its_runs_are_refused(tmp_path, flag):
    """Else every run would end with an error, the first one behind the teacher's fine-tuning."""
    result = run("xtremedistil_tf.cli.study", "--study=strategies", "--do_NER",
                 f"--task={tmp_path}", f"--model_dir={tmp_path / 'study'}", flag)
    assert result.returncode == 2 and "is set by the study; leave it out" in result.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind, given, why", [
    ("grid", "strategy=D4.2,D9", "--grid=strategy=D4.2,D9: --strategy is 'D9'; allowed: D4.2"),
    ("grid", "learning_rate=0.003,-1", "--grid=learning_rate=0.003,-1: --learning_rate is -1.0"),
    ("presets", "one.flags", "one.flags: --bilstm_hidden_size is 0")])
def test_lines_that_no_run_takes_are_refused_before_a_teacher_is_made(
    tmp_path, monkeypatch, kind, given, why
):
    values = absl_flags.FlagValues()
    define(study_command.DISTILLATION, values=values)
    (tmp_path / "one.flags").write_text("--bilstm_hidden_size=0\n")
    values(["study", "--task=t", "--do_NER", "--model_dir=m"])
    monkeypatch.setattr(study_command, "FLAGS", values)
    lines = study_command._grid([given]) if kind == "grid" else study_command._presets(
        [str(tmp_path / given)])
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
    assert {"study", "seeds", "model_dir", "strategy", "teacher_layer"} <= listed
    assert not listed & {"seed", "dry_run", "forms", "export", "targets_dir", "baseline"}


@pytest.mark.parametrize("more, wrong", [
    ([], "pt_teacher_checkpoint"),
    pytest.param(["--flagfile=flags/demo.flags"], "teacher_config", marks=pytest.mark.long)])
def test_the_first_run_of_a_study_begins(tmp_path, more, wrong):
    """With the defaults of every flag, and with a flagfile of runs that asks for a baseline."""
    for name, text in (("train.tsv", ROW), ("dev.tsv", ROW), ("test.tsv", ROW),
                       ("transfer.txt", "A B\n"), ("labels.tsv", "O\nB-PER\nI-PER\n"),
                       ("wrong.json", "{")):
        tmp_path.joinpath(name).write_text(text, "utf-8")
    result = run("xtremedistil_tf.cli.study", "--study=strategies", *more, "--do_NER",
                 f"--task={tmp_path}", f"--model_dir={tmp_path / 'study'}",
                 f"--{wrong}={tmp_path / 'wrong.json'}")
    assert result.returncode == 2 and "wrong.json" in result.stderr, result.stderr
    assert tmp_path.joinpath("study", "teachers", "teacher", "log.txt").is_file()
