"""The exported SavedModel, loaded as TF Serving loads it."""

import json
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from tensorflow.core.framework import tensor_pb2  # noqa: F401  Registers TensorProto.

import xtremedistil_tf
from tests.conftest import ROOT
from tests.students import TEXTS, assert_same
from xtremedistil_tf.data.words import CHARACTERS, DICTIONARY, split_words
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.export.savedmodel import export as savedmodel
from xtremedistil_tf.export.savedmodel.export import export_saved_model, next_version
from xtremedistil_tf.export.student_forms import student_forms
from xtremedistil_tf.files.contents import read_json, write_json
from xtremedistil_tf.inference.runtimes.text_ops import library_path
from xtremedistil_tf.inference.student_folder import load_student
from xtremedistil_tf.keras2 import tf

LONG = "Anna Weber, Bonn. " * 400  # More pieces than one window holds.


@pytest.fixture(scope="module")
def model(run_folder):
    return run_folder / "export" / "1"


@pytest.fixture(scope="module")
def loaded(model, taggers):  # The taggers have registered the WordPiece operation.
    return tf.saved_model.load(str(model))


def test_text_is_tagged_as_in_python(taggers):
    texts = [*TEXTS, LONG]
    expected = taggers["keras"].tag_text(texts)
    assert_same(taggers["savedmodel"].tag_text(texts), expected)
    assert len({tag for row in expected for _, tag, _ in row}) > 2  # Else all would be equal.
    for text in texts:  # A batch is what its rows are.
        assert_same(taggers["savedmodel"].tag_text([text]), taggers["keras"].tag_text([text]))


def test_words_are_tagged_as_in_python(taggers):
    sentences = [[word for word, _, _ in split_words(text)] for text in [*TEXTS, LONG]]
    sentences += [["\u200b", "Anna", "", "\x07", "x"], ["[MASK]", "[PAD]"]]
    for (tags, scores), (other_tags, other_scores) in zip(
            taggers["savedmodel"].tag_words(sentences), taggers["keras"].tag_words(sentences)):
        assert tags == other_tags
        np.testing.assert_allclose(scores, other_scores, atol=1e-5)


def test_ids_give_the_keras_logits(student_folder, loaded):
    bundle = load_student(student_folder)
    ids = np.array([[2, 30, 31, 3], [2, 40, 3, 0]], np.int32)
    mask = np.array([[1, 1, 1, 1], [1, 1, 1, 0]], np.int32)
    mapped = np.where(mask, bundle.vocabulary.table[ids], 0)
    expected = bundle.student.model({"input_ids": mapped})["logits"].numpy()
    logits = loaded.signatures["input_ids"](
        input_ids=tf.constant(ids), attention_mask=tf.constant(mask))["logits"].numpy()
    np.testing.assert_allclose(logits[mask > 0], expected[mask > 0], atol=1e-5)


@pytest.mark.parametrize("words", [1, 2, 6])
@pytest.mark.parametrize("decoding", ["constrained", "independent", "trained"])
def test_the_graph_decodes_as_python_does(loaded, taggers, decoding, words):
    from xtremedistil_tf.data.labels import LabelSet
    from xtremedistil_tf.export.savedmodel.graph_student import Decoder
    from xtremedistil_tf.metrics.decoding import constrained_tags

    labels = LabelSet(taggers["keras"].labels, decoding)
    table = np.random.default_rng(1).normal(size=[len(labels.tags)] * 2)
    labels = labels.adjusted({"transitions": table})
    scores = np.random.default_rng(0).normal(size=(300, words, len(labels.tags))).astype(np.float32)
    present = np.ones(scores.shape[:2], bool)
    decoder = tf.function(Decoder(labels).__call__, input_signature=[
        tf.TensorSpec([None, None, len(labels.tags)]), tf.TensorSpec([None, None], tf.bool)])
    decoded = decoder(tf.constant(scores), tf.constant(present))
    path = constrained_tags(scores, labels)
    assert (np.array(labels.tags)[path] == decoded["tags"].numpy().astype(str)).all()
    # The constraint was needed; without it nothing else differs.
    assert (path != scores.argmax(-1)).any() == (decoding != "independent")
    nothing = decoder(tf.constant(scores[:2, :0]), tf.constant(present[:2, :0]))
    assert nothing["tags"].shape == (2, 0)
    # Other sentences of a batch, whose words fill short ones up with O, change nothing.
    filled = np.concatenate([scores, np.full_like(scores[:, [0, 0]], -1e9)], 1)
    filled[:, words:, labels.outside_id] = 0.0
    assert (decoder(tf.constant(filled), tf.constant(np.pad(present, ((0, 0), (0, 2)))))["tags"][
        :, :words].numpy() == decoded["tags"].numpy()).all()


def check_row_form(outputs, batch):
    """What TF Serving's json_tensor.cc asks of a reply in row form."""
    for name, value in outputs.items():
        assert value.ndim >= 1 and value.shape[0] == batch, name
        assert not name.endswith("_bytes") and value.dtype in (np.float32, np.int32, object), name
        json.dumps([item.decode() if isinstance(item, bytes) else item
                    for item in value.ravel().tolist()])


@pytest.mark.parametrize("texts", [TEXTS, [""], ["", "  "], [TEXTS[0]]])
def test_replies_fit_the_row_form_of_rest(loaded, texts):
    reply = loaded.signatures["serving_default"](text=tf.constant(texts))
    assert set(reply) == {"tokens", "tags", "scores", "begin", "end", "num_tokens"}
    outputs = {name: value.numpy() for name, value in reply.items()}
    check_row_form(outputs, len(texts))
    for row, count in enumerate(outputs["num_tokens"]):
        for name, fill in (("tokens", b""), ("tags", b""), ("scores", 0), ("begin", -1),
                           ("end", -1)):
            assert (outputs[name][row, count:] == fill).all(), name
    words = loaded.signatures["tokens"](tokens=tf.constant([["Anna", "lacht"], ["x", ""]]))
    check_row_form({name: value.numpy() for name, value in words.items()}, 2)
    assert words["num_tokens"].numpy().tolist() == [2, 1]


def test_signatures_are_dense_batch_major_and_float32(model):
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        meta = tf.compat.v1.saved_model.loader.load(session, ["serve"], str(model))
        operations = {node.op for node in meta.graph_def.node} | {
            node.op for function in meta.graph_def.library.function for node in function.node_def}
    assert "WordpieceTokenizeWithOffsets" in operations and "BlockLSTMV2" in operations
    # Of TF Text nothing else.
    assert not {name for name in operations if "Split" in name and "Regex" in name}
    for name, definition in meta.signature_def.items():
        if name.startswith("__"):
            continue
        assert definition.method_name == "tensorflow/serving/predict"
        for info in [*definition.inputs.values(), *definition.outputs.values()]:
            assert info.dtype in (tf.string.as_datatype_enum, tf.int32.as_datatype_enum,
                                  tf.float32.as_datatype_enum)
            assert not info.tensor_shape.unknown_rank and info.tensor_shape.dim[0].size == -1


def test_it_runs_through_the_c_api_without_python(model, taggers):
    library = next(pathlib.Path(tf.__file__).parent.glob("libtensorflow_cc.*2"))
    texts = [text for text in TEXTS if "\0" not in text]
    result = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "export" / "savedmodel" / "c_api.py"), str(model),
         str(library_path()), str(library), *texts],
        capture_output=True, text=True, timeout=120, cwd=model)
    assert result.returncode == 0, result.stderr
    reply = json.loads(result.stdout)
    for row, expected in enumerate(taggers["keras"].tag_text(texts)):
        count = reply["num_tokens"][row]
        assert [((token, begin, end), tag) for token, begin, end, tag in zip(*(
            reply[name][row][:count] for name in ("tokens", "begin", "end", "tags")))] == [
                (word, tag) for word, tag, _ in expected]


def prediction_log():
    """The PredictionLog message, declared anew from TF Serving's proto files."""
    file = descriptor_pb2.FileDescriptorProto(name="t.proto", package="t", syntax="proto3")
    file.dependency.append("tensorflow/core/framework/tensor.proto")
    kind = descriptor_pb2.FieldDescriptorProto
    for name, fields in (
            ("ModelSpec", [("name", 1, None, 1), ("signature_name", 3, None, 1)]),
            ("Entry", [("key", 1, None, 1), ("value", 2, ".tensorflow.TensorProto", 1)]),
            ("Request", [("model_spec", 1, ".t.ModelSpec", 1), ("inputs", 2, ".t.Entry", 3)]),
            ("PredictLog", [("request", 1, ".t.Request", 1)]),
            ("PredictionLog", [("predict_log", 6, ".t.PredictLog", 1)])):
        message = file.message_type.add(name=name)
        for field, number, of, label in fields:
            message.field.add(name=field, number=number, label=label, type_name=of,
                              type=kind.TYPE_MESSAGE if of else kind.TYPE_STRING)
    pool = descriptor_pool.Default()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("t.PredictionLog"))


def replay_warmup(model):
    """Runs the warm-up requests as a server does; returns the signatures that they name."""
    message, seen = prediction_log(), []
    path = model / "assets.extra" / "tf_serving_warmup_requests"
    records = [record.numpy() for record in tf.data.TFRecordDataset(str(path))]
    assert 3 <= len(records) <= 1000
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        meta = tf.compat.v1.saved_model.loader.load(session, ["serve"], str(model))
        for record in records:
            request = message.FromString(record).predict_log.request
            definition = meta.signature_def[request.model_spec.signature_name]
            feed = {definition.inputs[entry.key].name: tf.make_ndarray(entry.value)
                    for entry in request.inputs}
            assert set(definition.inputs) == {entry.key for entry in request.inputs}
            session.run([info.name for info in definition.outputs.values()], feed)
            seen.append(request.model_spec.signature_name)
    return seen


def test_warm_up_requests_run_in_the_servers_session(model, taggers):
    assert set(replay_warmup(model)) == {"serving_default", "tokens", "input_ids"}


def test_versions_count_on_and_are_whole(student_folder, tmp_path, monkeypatch):
    bundle = load_student(student_folder)
    forms = student_forms(bundle)
    bundle.tokenizer.model.continuing_subword_prefix = "@@"  # Now it has no form in a graph.
    assert next_version(tmp_path / "nothing") == 1
    for version in (1, 2):
        assert export_saved_model(forms, bundle, tmp_path).name == str(version)
    (tmp_path / "notes").mkdir()
    assert export_saved_model(forms, bundle, tmp_path, version=9).name == "9"
    assert next_version(tmp_path) == 10
    with pytest.raises(UserError, match="version is 0"):
        export_saved_model(forms, bundle, tmp_path, version=0)

    def fail(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr(savedmodel, "write_warmup", fail)
    with pytest.raises(OSError):
        export_saved_model(forms, bundle, tmp_path, version=3)
    assert not (tmp_path / "3").exists() and not list(tmp_path.glob(".*"))
    signatures = tf.saved_model.load(str(tmp_path / "1")).signatures
    assert set(signatures) == {"serving_default", "input_ids"}
    config = (tmp_path / "batching_parameters.txt").read_text()
    sizes = [int(line.split(":")[1]) for line in config.splitlines() if "allowed" in line]
    assert sizes == sorted(sizes) and f"max_batch_size {{ value: {sizes[-1]} }}" in config


@pytest.mark.parametrize("rule", [CHARACTERS, DICTIONARY])
def test_scripts_without_spaces_are_split_by_the_students_rule(student_folder, tmp_path, rule):
    if rule == DICTIONARY:
        pytest.importorskip("icu4py")
    folder = tmp_path / "run"
    shutil.copytree(student_folder, folder / "student")
    (folder / "student" / "manifest.json").unlink()
    record = read_json(folder / "student" / "student.json")
    write_json(folder / "student" / "student.json", {**record, "segmentation": rule})
    bundle = load_student(folder)
    forms = student_forms(bundle)
    export_saved_model(forms, bundle, folder / "export")
    texts = ["นายกรัฐมนตรีเดินทางไปกรุงเทพ", "Anna wohnt in 東京タワー.", ""]
    expected = xtremedistil_tf.load(folder, "keras").tag_text(texts)
    words = [[word for (word, _, _), *_ in row] for row in expected]
    assert words == [[word for word, _, _ in split_words(text, segmentation=rule)]
                     for text in texts]
    assert len(words[0]) > 1
    assert_same(xtremedistil_tf.load(folder / "export" / "1").tag_text(texts), expected)
