"""Every runtime finds the golden entities."""

import shutil

import pytest

import xtremedistil_tf
from tests.golden.cases import FOLDER, STUDENTS, differences
from tests.golden.openvino_tagger import load_openvino
from xtremedistil_tf.export.export import export_student

LONG = pytest.mark.long


@pytest.mark.parametrize("student", STUDENTS)
def test_onnx_finds_the_golden_entities(student):
    assert not differences(xtremedistil_tf.load(FOLDER / student, "onnx"), student)


@pytest.mark.parametrize("student", [
    "wordpiece", *(pytest.param(name, marks=LONG) for name in STUDENTS[1:])])
def test_keras_finds_the_golden_entities(student):
    assert not differences(xtremedistil_tf.load(FOLDER / student, "keras"), student)


@pytest.mark.long
@pytest.mark.parametrize("student", STUDENTS)
def test_the_saved_model_finds_the_golden_entities(student, tmp_path):
    shutil.copytree(FOLDER / student / "student", tmp_path / "student")
    export_student(tmp_path, forms=["savedmodel"])
    assert not differences(xtremedistil_tf.load(tmp_path, "savedmodel"), student)


@pytest.mark.parametrize("student", STUDENTS)
def test_openvino_finds_the_golden_entities(student):
    pytest.importorskip("openvino")
    assert not differences(load_openvino(FOLDER / student / "onnx"), student)


def test_one_by_one_and_shuffled():
    tagger = xtremedistil_tf.load(FOLDER / "unigram", "onnx")
    assert not differences(lambda texts: [tagger(text) for text in texts], "unigram")
    assert not differences(lambda texts: tagger(texts[::-1])[::-1], "unigram")
