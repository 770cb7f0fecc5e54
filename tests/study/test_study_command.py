"""The study command: flags that it refuses."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT


@pytest.mark.parametrize("flag", ["--forms=onnx", "--nokeep_representation", "--noexport"])
def test_flags_that_contradict_those_of_its_runs_are_refused(tmp_path, flag):
    """Else every run would end with an error, the first one behind the teacher's fine-tuning."""
    result = subprocess.run(
        [sys.executable, "-m", "xtremedistil_tf.cli.study", "--study=strategies", "--do_NER",
         f"--task={tmp_path}", f"--model_dir={tmp_path / 'study'}", flag],
        cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert result.returncode == 2 and "is set by the study; leave it out" in result.stderr
    assert not list(tmp_path.iterdir())


def test_a_flagfile_of_runs_may_ask_for_a_baseline(tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "xtremedistil_tf.cli.study", "--study=strategies",
         "--flagfile=flags/demo.flags", f"--task={tmp_path}", f"--model_dir={tmp_path / 'study'}"],
        cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert result.returncode == 2 and "train.tsv: file not found" in result.stderr
