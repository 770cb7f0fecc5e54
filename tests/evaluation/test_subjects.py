"""Scores of folders: which of their files are needed."""

import pathlib

import pytest

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.evaluation import subjects
from xtremedistil_tf.files.contents import write_json
from xtremedistil_tf.inference.assets import given_name
from xtremedistil_tf.validation.manifest import write_manifest


def test_a_student_has_the_name_of_its_run():
    run = pathlib.Path("/runs/mine")
    for place in (".", "student", "onnx", "export/2"):
        assert given_name(run / place) == "mine"
    assert given_name(pathlib.Path("/models/tagger")) == "tagger"


def test_a_form_is_scored_without_the_files_that_it_does_not_read(tmp_path, monkeypatch):
    """The int8 model, say, is left out where the folder was copied for the float32 one."""
    write_json(tmp_path / "student.json", {
        "student": {"student": "bilstm"}, "width": 8, "tags": ["O", "B-LOC", "I-LOC"],
        "seq_len": 32, "kind": "tagging"})
    (tmp_path / "model.onnx").write_bytes(b"model")
    (tmp_path / "model.int8.onnx").write_bytes(b"smaller")
    write_manifest(tmp_path)
    (tmp_path / "model.int8.onnx").unlink()
    loaded = object()  # `load` checks the files that its runtime reads.
    monkeypatch.setattr(subjects, "load", lambda folder, runtime, **options: loaded)
    subject = subjects.subject_of_folder(tmp_path, "onnx")
    assert subject.model is loaded and not subject.pairs
    assert subject.labels.tags == ("O", "B-LOC", "I-LOC")


@pytest.mark.parametrize("text, told", [
    ("[]", "teacher.json"), ('{"tags": "O"}', "teacher.json"), ("{", "teacher.json is not a JSON")])
def test_a_damaged_record_of_a_teacher_is_told_in_one_line(tmp_path, text, told):
    (tmp_path / "teacher.json").write_text(text, "utf-8")
    with pytest.raises(UserError, match=told):
        subjects.subject_of_folder(tmp_path)
