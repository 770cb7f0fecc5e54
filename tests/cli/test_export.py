"""xtremedistil-export: one at a time in a run folder, and nothing of killed ones stays."""

import shutil

import pytest

from tests.conftest import ROOT
from xtremedistil_tf.cli.export import _alone
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.locks import locked

_STUDENT = ROOT / "tests" / "golden" / "wordpiece" / "student"


def test_an_export_has_the_folder_for_itself(tmp_path):
    run = tmp_path / "run"
    shutil.copytree(_STUDENT, run / "student")
    # What killed exports left, and what is none of ours.
    for left in (".tmp-12-onnx", "export/.tmp-12-3", "onnx", "stages/.tmp-12-progress"):
        (run / left).mkdir(parents=True)
    with _alone(str(run)):
        assert not (run / ".tmp-12-onnx").exists() and not list((run / "export").iterdir())
        assert (run / "stages" / ".tmp-12-progress").exists() and (run / "onnx").exists()
        with pytest.raises(UserError, match="in use by another run"), _alone(str(run / "student")):
            pass
    with locked(run), pytest.raises(UserError, match="in use by another run"), _alone(str(run)):
        pass


def test_an_export_of_an_unfinished_run_is_told(tmp_path):
    (tmp_path / "run" / "targets").mkdir(parents=True)
    with pytest.raises(UserError, match="holds no student .*; its run is not finished"), \
            _alone(str(tmp_path / "run")):
        pass
    assert [path.name for path in tmp_path.rglob("*")] == ["run", "targets"]
