"""The TFLite form: fused, equal to Keras, small."""

import json
import shutil

import numpy as np
import pytest

import xtremedistil_tf
from tests.export.onnx.test_onnx import random_arrays
from tests.students import TEXTS, assert_same
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.export.savedmodel.graph_student import GraphStudent
from xtremedistil_tf.export.tflite import _gelu, _lstm, build_lite
from xtremedistil_tf.files.contents import write_json
from xtremedistil_tf.inference.runtimes.tflite import lite_session
from xtremedistil_tf.keras2 import tf


@pytest.fixture(scope="module")
def folder(student_folder, dev_examples):
    """The folder around the student, with tflite."""
    from xtremedistil_tf.export.export import export_student

    made = export_student(student_folder.parent, forms=["tflite"], dev=dev_examples)
    assert made == {"tflite": student_folder.parent / "tflite"}
    return student_folder.parent


def test_text_is_tagged_as_by_keras(folder, student_folder):
    texts = [*TEXTS, "Anna Weber, Bonn. " * 250]
    expected = xtremedistil_tf.load(student_folder).tag_text(texts)
    assert_same(xtremedistil_tf.load(folder, "tflite").tag_text(texts), expected)
    # The folder is complete in itself, and says by itself what it holds.
    assert_same(xtremedistil_tf.load(folder / "tflite").tag_text(texts[:3]), expected[:3])


def test_its_signature_is_the_documented_one(folder):
    for name in ("model.tflite", "model.int8.tflite"):
        interpreter = tf.lite.Interpreter(str(folder / "tflite" / name))
        assert interpreter.get_signature_list() == {
            "serving_default": {"inputs": ["input_ids"], "outputs": ["logits"]}}
        (entry,), (result,) = interpreter.get_input_details(), interpreter.get_output_details()
        assert entry["shape_signature"].tolist() == [1, -1] and entry["dtype"] is np.int32
        assert result["dtype"] is np.float32


def test_int8_is_near_and_the_check_is_recorded(folder):
    record = json.loads((folder / "tflite" / "check.json").read_text())
    assert 0 <= record["float32"]["error"] <= 1e-5
    for form, name in (("float32", "model.tflite"), ("int8", "model.int8.tflite")):
        assert record[form]["bytes"] == (folder / "tflite" / name).stat().st_size
        assert 0 <= record[form]["dev_macro_f1"] <= 100
    assert len(xtremedistil_tf.load(folder, "tflite_int8").tag_text(TEXTS)) == len(TEXTS)


def test_pieces_are_the_tokenizers_with_the_students_ids(folder, student_folder):
    pieces = json.loads((folder / "tflite" / "pieces.json").read_text("utf-8"))
    tagger = xtremedistil_tf.load(student_folder)
    encoding = tagger._assets.tokenizer.encode(["Anna", "wohnt", "?"], is_pretokenized=True)
    assert [pieces[piece] for piece in encoding.tokens] == tagger._assets.vocabulary.table[
        encoding.ids].tolist()
    assert min(pieces.values()) == 1  # 0 is padding, which no piece may be.


@pytest.mark.long
@pytest.mark.parametrize("int8", [False, True], ids=["float32", "int8"])
def test_the_graph_is_fused_and_rows_end_where_they_end(tmp_path, capsys, int8):
    arrays = random_arrays(vocabulary=20000, units=32)
    path = tmp_path / "model.tflite"
    path.write_bytes(build_lite(arrays, int8))
    tf.lite.experimental.Analyzer.analyze(model_path=str(path))
    told = capsys.readouterr().out
    assert told.count("UNIDIRECTIONAL_SEQUENCE_LSTM(") == 2 == told.count("REVERSE_SEQUENCE(")
    assert "WHILE" not in told and "Flex" not in told
    weights = 4 * sum(array.size for array in (arrays.embedding, *arrays.forward, *arrays.backward))
    assert (0.2 if int8 else 0.9) < path.stat().st_size / weights < (0.35 if int8 else 1.2)
    ids = np.array([[3, 4, 5, 6, 7], [9, 8, 0, 0, 0]], np.int32)
    expected = GraphStudent(arrays)(tf.constant(ids), tf.constant([5, 2])).numpy()
    run = lite_session(path)
    error = np.abs(run(ids) - expected)[ids > 0].max() / np.abs(expected).max()
    assert error < (0.15 if int8 else 1e-5)
    # Padding changes nothing, whatever was run before.
    np.testing.assert_allclose(run(ids)[1, :2], run(ids[1:, :2])[0], atol=1e-6)
    run(np.full([1, 40], 5, np.int32))
    np.testing.assert_allclose(run(ids)[1, :2], run(ids[1:, :2])[0], atol=1e-6)


def test_the_policy_of_the_process_changes_nothing():
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        layer = _lstm(random_arrays(vocabulary=9, units=3).forward, "forward")
    finally:
        tf.keras.mixed_precision.set_global_policy("float32")
    assert layer.compute_dtype == "float32"


def test_gelu_is_keras_gelu():
    values = tf.constant(np.linspace(-12, 12, 4001), tf.float32)
    np.testing.assert_allclose(_gelu(values), tf.keras.activations.gelu(values), atol=1e-6)


def test_a_folder_without_a_model_is_refused(student_folder, tmp_path):
    with pytest.raises(UserError, match="forms=tflite writes it"):
        xtremedistil_tf.load(tmp_path, "tflite")
    (tmp_path / "student").mkdir()
    write_json(tmp_path / "student" / "student.json",
               {"student": {"student": "transformer"}, "width": 8, "seq_len": 32,
                "kind": "classification", "tags": ["a", "b"]})
    with pytest.raises(UserError, match="transformer student for classification has no format "
                       "tflite"):
        xtremedistil_tf.load(tmp_path, "tflite")
    shutil.copytree(student_folder, tmp_path / "tflite")
    (tmp_path / "tflite" / "model.tflite").write_bytes(b"nothing")
    with pytest.raises(UserError, match="not a TFLite model"):
        xtremedistil_tf.load(tmp_path / "tflite", verify=False)
    with pytest.raises(UserError, match="was not written with this folder"):
        xtremedistil_tf.load(tmp_path / "tflite")


def test_a_model_that_would_end_the_process_is_told(folder, tmp_path):
    shutil.copytree(folder / "tflite", tmp_path / "tflite")
    # Its root table lies far outside the file, which TFLite does not check.
    path = tmp_path / "tflite" / "model.tflite"
    path.write_bytes(b"\x10\0\0\0TFL3" + b"\xff\xff\xff\x7f" * 64)
    with pytest.raises(UserError, match="checksum differs|has 264 bytes"):
        xtremedistil_tf.load(tmp_path / "tflite")
    (tmp_path / "tflite" / "manifest.json").unlink()  # As in folders of 0.1.
    with pytest.raises(UserError, match="it ends the process that runs it.*writes it anew"):
        xtremedistil_tf.load(tmp_path / "tflite")
