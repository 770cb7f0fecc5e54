"""The ONNX forms: equal to Keras, small, and free of TensorFlow."""

import dataclasses
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

import xtremedistil_tf
from tests.conftest import ROOT
from tests.students import TEXTS, assert_same
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.export.common.arrays import Pairs, StudentArrays
from xtremedistil_tf.export.export import export_student
from xtremedistil_tf.export.onnx.bilstm import build_model
from xtremedistil_tf.export.onnx.files import export_onnx, write_models
from xtremedistil_tf.export.student_forms import arrays_forms
from xtremedistil_tf.inference.assets import load_assets
from xtremedistil_tf.inference.runtimes import onnx as onnx_runtime
from xtremedistil_tf.inference.runtimes.exported import load_exported
from xtremedistil_tf.inference.runtimes.onnx import Session


def random_arrays(activation="gelu", vocabulary=50, units=4):
    draw = np.random.default_rng(3)

    def array(*shape):
        return draw.normal(size=shape).astype(np.float32)

    lstm = [(array(6, 4 * units), array(units, 4 * units), array(4 * units)) for _ in range(2)]
    return StudentArrays(array(vocabulary, 6), *lstm, (array(2 * units, 9), array(9)), activation,
                         (array(9, 5), array(5)))


def written(folder, arrays):
    """The files of both models."""
    paths = folder / "model.onnx", folder / "int8.onnx"
    write_models(build_model(arrays), build_model(arrays, for_int8=True), *paths)
    return paths


@pytest.mark.parametrize("units, one_thread", [(4, True), (300, False)])
def test_one_row_of_a_narrow_lstm_has_one_thread(tmp_path, monkeypatch, units, one_thread):
    paths = written(tmp_path, random_arrays(units=units))
    asked = []
    real = onnx_runtime.open_session

    class Counted:
        def __init__(self, loaded, threads):
            self.loaded, self.threads = loaded, threads

        def run(self, outputs, feed):
            asked.append(self.threads)
            return self.loaded.run(outputs, feed)

        def get_modelmeta(self):
            return self.loaded.get_modelmeta()

    monkeypatch.setattr(onnx_runtime, "open_session", lambda path, *, threads=0, providers=():
                        Counted(real(path, threads=threads, providers=providers), threads))
    for path in paths:
        run = Session(path)
        one, two = run(np.ones([1, 3], np.int32)), run(np.ones([2, 3], np.int32))
        np.testing.assert_allclose(one[0], two[0], atol=1e-5)
    assert asked == [int(one_thread), 0] * 2


def test_text_is_tagged_as_by_keras(taggers):
    texts = [*TEXTS, "Anna Weber, Bonn. " * 400]
    assert_same(taggers["onnx"].tag_text(texts), taggers["keras"].tag_text(texts))


@pytest.mark.parametrize("activation", ["gelu", "linear", "relu", "tanh"])
def test_activations_are_those_of_keras(activation, tmp_path):
    from xtremedistil_tf.export.savedmodel.graph_student import GraphStudent
    from xtremedistil_tf.keras2 import tf

    arrays = random_arrays(activation)
    path = tmp_path / "model.onnx"
    path.write_bytes(build_model(arrays).SerializeToString())
    ids = np.array([[3, 4, 5, 6, 7], [9, 8, 0, 0, 0]], np.int32)
    expected = GraphStudent(arrays)(tf.constant(ids), tf.constant([5, 2])).numpy()
    np.testing.assert_allclose(Session(path)(ids)[ids > 0], expected[ids > 0], atol=1e-5)


@pytest.mark.parametrize("pooling", ["last", "max"])
def test_pooled_students_are_equal_in_both_graphs(pooling, tmp_path):
    from xtremedistil_tf.export.savedmodel.graph_student import GraphStudent
    from xtremedistil_tf.keras2 import tf

    arrays = dataclasses.replace(random_arrays(), pooling=pooling)
    path, int8 = written(tmp_path, arrays)
    lengths = np.array([5, 2, *range(1, 6)] * 3)  # Enough rows for the loop over time.
    ids = (7 + np.arange(5)[None] + np.arange(len(lengths))[:, None]) \
        * (np.arange(5)[None] < lengths[:, None])
    expected = Session(path)(ids.astype(np.int32))
    assert expected.shape == (len(lengths), 5)
    graph = GraphStudent(arrays)
    for rows in (slice(None), slice(0, 3)):
        own = graph(tf.constant(ids[rows], tf.int32), tf.constant(lengths[rows], tf.int32))
        np.testing.assert_allclose(own, expected[rows], atol=1e-5)
    rounded = Session(int8)(ids.astype(np.int32))
    assert np.abs(rounded - expected).max() < 0.5
    for row, length, together in zip(ids, lengths, rounded):
        alone = Session(int8)(row[None, :length].astype(np.int32))
        np.testing.assert_array_equal(alone[0], together)


@pytest.mark.parametrize("units", [4, 30])
def test_int8_says_of_a_row_what_it_says_of_it_alone(tmp_path, units):
    draw = np.random.default_rng(7)
    arrays = random_arrays(units=units)
    # Words of very different size: the range of a batch hangs on which of them are in it.
    arrays = dataclasses.replace(
        arrays, embedding=arrays.embedding * np.linspace(0.01, 3, 50, dtype=np.float32)[:, None])
    path, int8 = written(tmp_path, arrays)
    run, exact = Session(int8), Session(path)
    lengths = draw.integers(1, 40, 60)
    ids = draw.integers(1, 50, (60, 40), dtype=np.int32) * (np.arange(40) < lengths[:, None])
    ids = ids.astype(np.int32)
    together = run(ids)
    for row, length, logits in zip(ids, lengths, together):
        np.testing.assert_array_equal(run(row[None, :length])[0], logits[:length])
    real = ids > 0
    assert np.abs(together - exact(ids))[real].mean() < 0.15 * np.abs(exact(ids))[real].mean()


def test_large_batches_give_what_small_ones_do():
    from xtremedistil_tf.export.savedmodel.graph_student import GraphStudent
    from xtremedistil_tf.keras2 import tf

    student = GraphStudent(random_arrays())
    run = tf.function(student, input_signature=[
        tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None], tf.int32)])
    draw = np.random.default_rng(1)
    lengths = draw.integers(1, 9, 40).astype(np.int32)
    ids = draw.integers(1, 50, (40, 9), dtype=np.int32) * (np.arange(9) < lengths[:, None])
    together = run(tf.constant(ids, tf.int32), tf.constant(lengths)).numpy()
    for row, length in enumerate(lengths):
        alone = run(tf.constant(ids[row:row + 1, :length], tf.int32), tf.constant([length]))
        np.testing.assert_allclose(together[row, :length], alone[0].numpy(), atol=2e-5)


def test_a_wrong_model_is_not_exported(student_folder, tmp_path):
    arrays = random_arrays()
    with pytest.raises(RuntimeError, match="differs"):
        export_onnx(arrays_forms(arrays), lambda ids: np.zeros((*ids.shape, 5), np.float32),
                    student_folder, tmp_path / "onnx")
    assert not list(tmp_path.iterdir())


def test_the_check_is_recorded(run_folder):
    record = json.loads((run_folder / "onnx" / "check.json").read_text())
    assert 0 <= record["float32"]["error"] <= 1e-5
    for form, name in (("float32", "model.onnx"), ("int8", "model.int8.onnx")):
        assert record[form]["bytes"] == (run_folder / "onnx" / name).stat().st_size
        assert 0 <= record[form]["dev_macro_f1"] <= 100


def test_int8_is_small_and_near(tmp_path, student_folder):
    import onnx

    arrays = random_arrays(vocabulary=20000, units=32)
    float_path = tmp_path / "model.onnx"
    float_path.write_bytes(build_model(arrays).SerializeToString())
    folder = tmp_path / "onnx"
    export_onnx(arrays_forms(arrays), Session(float_path), student_folder, folder)
    stored = onnx.load(folder / "model.int8.onnx")
    # The table too: no large initializer is float.
    for tensor in stored.graph.initializer:
        count = np.prod(tensor.dims)
        assert count < 1000 or tensor.data_type in (onnx.TensorProto.INT8, onnx.TensorProto.UINT8)
    assert 3.5 < float_path.stat().st_size / (folder / "model.int8.onnx").stat().st_size
    ids = np.arange(2, 42, dtype=np.int32).reshape(2, 20)
    exact, rounded = Session(float_path)(ids), Session(folder / "model.int8.onnx")(ids)
    assert 0 < np.abs(exact - rounded).max() < 0.15 * np.abs(exact).max()


def test_the_runtime_needs_no_tensorflow(run_folder):
    code = (
        "import sys\n"
        "for name in ('tensorflow', 'transformers', 'keras', 'onnx', 'absl', 'torch', 'scipy',\n"
        "             'sklearn', 'seqeval', 'safetensors', 'filelock', 'matplotlib', 'pandas',\n"
        "             'tqdm', 'huggingface_hub'):\n"
        "    sys.modules[name] = None\n"  # Importing one of them is now an ImportError.
        "import xtremedistil_tf\n"
        "for runtime in ('onnx', 'onnx_int8'):\n"
        "    tagger = xtremedistil_tf.load(sys.argv[1], runtime)\n"
        "    print(tagger('Anna Weber wohnt in Bonn.'))\n"
    )
    result = subprocess.run([sys.executable, "-c", code, str(run_folder / "onnx")], cwd=ROOT,
                            capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) == 2


def test_a_folder_without_a_model_is_refused(student_folder, run_folder, tmp_path):
    with pytest.raises(UserError, match="model.onnx"):
        xtremedistil_tf.load(student_folder, "onnx")
    shutil.copytree(run_folder / "onnx", tmp_path / "onnx")
    (tmp_path / "onnx" / "model.onnx").write_bytes(b"nothing")
    with pytest.raises(UserError, match="not an ONNX model"):
        xtremedistil_tf.load(tmp_path / "onnx", verify=False)


@pytest.mark.parametrize("lost,level", [(0.1, "INFO"), (0.5, "WARNING")])
def test_a_loss_through_int8_is_told(lost, level, caplog):
    from xtremedistil_tf.export.common.check import report_check

    with caplog.at_level("INFO", logger="absl"):
        report_check("ONNX", {"float32": {"bytes": 4e6, "error": 1e-7, "dev_macro_f1": 90.0},
                              "int8": {"bytes": 1e6, "dev_macro_f1": 90.0 - lost}}, "tagging")
    last = caplog.records[-1]
    assert last.levelname == level and f"({lost:.2f} lost)" in last.getMessage()


def lstm_without_lengths(path):
    """An ONNX model's LSTM, whose lengths a runtime may ignore."""
    import onnx

    (found,) = [node for node in onnx.load(path).graph.node if node.op_type == "LSTM"]
    return len(found.input) < 5 or not found.input[4]


@pytest.mark.parametrize("pooling, pairs", [
    (None, None), ("last", None), ("max", None), ("last", "siamese"), ("last", "joint")])
def test_padding_is_harmless_without_lengths(tmp_path, pooling, pairs):
    """The LSTM has no input of lengths, and a row is alone what it is among longer ones."""
    arrays = dataclasses.replace(random_arrays(), pooling=pooling)
    if pairs == "siamese":
        kernel = np.concatenate([arrays.projection[0]] * 4)
        arrays = dataclasses.replace(arrays, pairs=Pairs(2, None),
                                     projection=(kernel, arrays.projection[1]))
    elif pairs == "joint":
        both = [(np.pad(kernel, [(0, 1), (0, 0)], constant_values=0.7), recurrent, bias)
                for kernel, recurrent, bias in (arrays.forward, arrays.backward)]
        arrays = dataclasses.replace(arrays, pairs=Pairs(2, 0.5), forward=both[0], backward=both[1])
    path, _ = written(tmp_path, arrays)
    assert lstm_without_lengths(path)
    run, draw = Session(path), np.random.default_rng(2)
    lengths = [40, 1, 3, 17, 39]
    ids = draw.integers(3, 50, (5, 40), dtype=np.int32) * (np.arange(40) < np.c_[lengths])
    ids[np.arange(5), np.array(lengths) // 2] = 2
    together = run(ids.astype(np.int32))
    for row, length, logits in zip(ids, lengths, together):
        alone = run(row[None, :length].astype(np.int32))[0]
        np.testing.assert_allclose(alone, logits if pooling else logits[:length], atol=1e-5)


def test_float16_is_written_and_runs(student_folder, dev_examples, tmp_path):
    shutil.copytree(student_folder, tmp_path / "student")
    export_student(tmp_path, forms=["onnx"], dev=dev_examples, onnx_float16=True)
    check = json.loads((tmp_path / "onnx" / "check.json").read_text())
    assert check["float32"]["error"] < 1e-5 < check["float16"]["error"] < 0.02
    assert set(check["float16"]) == {"error", "bytes", "dev_macro_f1"}
    assert check["float16"]["bytes"] < 0.7 * check["float32"]["bytes"]
    exact, half = (xtremedistil_tf.load(tmp_path, name).tag_text(TEXTS)
                   for name in ("onnx", "onnx_float16"))
    assert_same(exact, half, 0.02)
    (tmp_path / "onnx" / "model.float16.onnx").unlink()
    with pytest.raises(UserError, match="--forms=onnx --onnx_float16 writes it"):
        xtremedistil_tf.load(tmp_path, "onnx_float16", verify=False)


def test_providers_are_those_that_are_installed(run_folder, monkeypatch):
    import onnxruntime

    tagger = xtremedistil_tf.load(run_folder, "onnx", onnx_providers=["cpu"])
    assert tagger(TEXTS) == xtremedistil_tf.load(run_folder, "onnx")(TEXTS)
    with pytest.raises(UserError, match="--onnx_providers has 'gpu'; allowed: cpu, cuda"):
        xtremedistil_tf.load(run_folder, "onnx", onnx_providers=["gpu"])
    with pytest.raises(UserError, match="has directml, which the installed onnxruntime lacks "
                                        "(.*cpu.*); install onnxruntime-directml"):
        xtremedistil_tf.load(run_folder, "onnx", onnx_providers=["directml"])
    with pytest.raises(UserError, match="are for ONNX students; the runtime is keras"):
        xtremedistil_tf.load(run_folder, "keras", onnx_providers=["cpu"])
    # As where the package is installed and its device is missing.
    monkeypatch.setattr(onnxruntime, "get_available_providers",
                        lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"])
    with pytest.raises(UserError, match="has cuda, which did not start"), \
            pytest.warns(UserWarning):
        xtremedistil_tf.load(run_folder, "onnx", onnx_providers=["cuda"])


def test_a_provider_that_takes_any_id_is_checked_on_the_cpu(run_folder):
    """As OpenVINO's, which gives some result for an id above the vocabulary."""
    def lenient(path):
        run, rows = Session(path), len(load_assets(path.parent).vocabulary)
        return lambda ids: run(np.minimum(ids, rows - 1))

    with pytest.raises(UserError, match="takes more subword tokens than the"):
        load_exported(run_folder, onnx_runtime.FILES, lenient)
    tagger = load_exported(run_folder, onnx_runtime.FILES, lenient, checked_by=Session)
    assert tagger(TEXTS) == xtremedistil_tf.load(run_folder, "onnx")(TEXTS)
