"""Folders of students that are damaged or mixed: told in one line, or the same answers."""

import json
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import xtremedistil_tf
from tests.students import TEXTS
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json, write_json


@pytest.fixture(scope="module")
def other_folder(tokenizer, tmp_path_factory):
    """A student of the same tokenizer and labels, but another vocabulary, and its ONNX form."""
    from tests.conftest import TAGS
    from xtremedistil_tf.config import StudentConfig
    from xtremedistil_tf.data.labels import LabelSet
    from xtremedistil_tf.data.tokenization.vocabulary import StudentVocabulary
    from xtremedistil_tf.export.export import export_student
    from xtremedistil_tf.inference.student_folder import save_student
    from xtremedistil_tf.models.layers.body import Shape
    from xtremedistil_tf.models.student import build_student

    folder, labels = tmp_path_factory.mktemp("other") / "student", LabelSet(TAGS)
    vocabulary = StudentVocabulary.from_seen(
        [np.arange(5, len(tokenizer) - 40)], 0, 1, len(tokenizer))
    config = StudentConfig(word_emb_dim=6, bilstm_hidden_size=5)
    student = build_student(config, Shape(len(vocabulary)), 8, labels.size)
    save_student(folder, student, config=config, vocabulary=vocabulary, tokenizer=tokenizer,
                 labels=labels, record={"seq_len": 32})
    export_student(folder.parent, forms=["onnx"])
    return folder.parent


def told_of(folder, runtime, **options):
    with pytest.raises(UserError) as error:
        xtremedistil_tf.load(folder, runtime, **options)
    assert "\n" not in str(error.value) and len(str(error.value)) < 600
    return str(error.value)


@pytest.fixture(params=["student", "onnx"])
def copied(request, run_folder, tmp_path):
    """A copy of a student's folder, and the runtime that opens it."""
    shutil.copytree(run_folder / request.param, tmp_path / "copy")
    return tmp_path / "copy", "keras" if request.param == "student" else "onnx"


def flip(path, at=0.5):
    raw = bytearray(path.read_bytes())
    raw[int(len(raw) * at)] ^= 4
    path.write_bytes(raw)


def test_one_flipped_bit_anywhere_is_told(copied):
    folder, runtime = copied
    for path in sorted(folder.iterdir()):
        kept = path.read_bytes()
        flip(path)
        if path.name == "model.int8.onnx":
            xtremedistil_tf.load(folder, runtime)  # Nobody reads it here.
        else:
            assert path.name in told_of(folder, runtime) or path.name == "manifest.json"
        path.write_bytes(kept)


def test_noverify_loads_what_can_be_loaded(copied):
    folder, runtime = copied
    weights = folder / ("weights.safetensors" if runtime == "keras" else "model.onnx")
    if runtime == "keras":
        arrays = load_file(weights)
        save_file({**arrays, "logits/bias": arrays["logits/bias"] + 1}, weights)
    else:
        flip(weights, 0.4)
    assert weights.name in told_of(folder, runtime)
    xtremedistil_tf.load(folder, runtime, verify=False)(TEXTS[0])


def test_a_file_that_is_gone_is_told(copied):
    folder, runtime = copied
    gone = folder / ("check.json" if runtime == "onnx" else "labels.tsv")
    gone.unlink()
    assert f"{gone.name} is missing" in told_of(folder, runtime)


@pytest.mark.parametrize("name", ["vocabulary.npy", "tokenizer.json", "student.json", "weights"])
def test_files_of_two_students_mixed(copied, other_folder, name):
    """Where nothing has a manifest, as before, what has sizes is found out by them."""
    folder, runtime = copied
    model = "weights.safetensors" if runtime == "keras" else "model.onnx"
    name = model if name == "weights" else name
    source = other_folder / ("student" if runtime == "keras" else "onnx") / name
    # The two share a tokenizer; other tests of the session may have set its padding meanwhile.
    same = name == "tokenizer.json" and all(
        json.loads(source.read_text("utf-8"))[part] == json.loads(
            (folder / name).read_text("utf-8"))[part] for part in ("model", "normalizer"))
    if same:
        return
    shutil.copy(source, folder / name)
    assert name in told_of(folder, runtime)
    (folder / "manifest.json").unlink()
    if name == "student.json":
        expected = xtremedistil_tf.load(folder, runtime)(TEXTS)
        assert isinstance(expected, list)  # The same sizes and tags, by another run.
    else:
        assert "another student" in told_of(folder, runtime)


def test_tags_of_another_length_or_order(copied):
    folder, runtime = copied
    (folder / "manifest.json").unlink()
    record = read_json(folder / "student.json")
    for tags in (record["tags"][:5], [*record["tags"], "B-MISC"], record["tags"][:1]):
        write_json(folder / "student.json", {**record, "tags": tags})
        told = told_of(folder, runtime)
        assert "labels.tsv" in told or "classes" in told or "another model" in told


@pytest.mark.parametrize("change", [
    {"decoding": "greedy"}, {"kind": "translation"}, {"kind": 3}, {"seq_len": "32"},
    {"seq_len": 10**12}, {"width": 10**9}, {"tags": []}, {"tags": None}, {"tags": ["O", "O"]},
    {"tags": "O"}, {"student": None}, {"student": {"word_emb_dim": 10**9}},
    {"student": {"nothing": 1}}, {"separator": 10**6}, {"separator": "x"}, {"squad": []},
])
def test_records_that_no_student_has(copied, change):
    folder, runtime = copied
    (folder / "manifest.json").unlink()
    record = read_json(folder / "student.json")
    write_json(folder / "student.json", {**record, **change})
    assert "student.json" in told_of(folder, runtime)


@pytest.mark.parametrize("name", ["student.json", "vocabulary.npy", "tokenizer.json"])
@pytest.mark.parametrize("raw", [b"", b"{}", b"null", b"[]", b"[" * 100_000, b"\xff" * 40])
def test_no_file_of_others_ends_in_a_traceback(copied, name, raw):
    folder, runtime = copied
    (folder / "manifest.json").unlink()
    (folder / name).write_bytes(raw)
    assert name in told_of(folder, runtime)


def test_sizes_are_checked_before_memory_is_asked_for(run_folder, tmp_path):
    shutil.copytree(run_folder / "student", tmp_path / "student")
    (tmp_path / "student" / "manifest.json").unlink()
    record = read_json(tmp_path / "student" / "student.json")
    for name in ("word_emb_dim", "bilstm_hidden_size", "bilstm_layers"):
        large = {**record["student"], name: 500_000}
        write_json(tmp_path / "student" / "student.json", {**record, "student": large})
        assert name in told_of(tmp_path / "student", "keras")


def test_weights_that_are_no_numbers(run_folder, tmp_path):
    shutil.copytree(run_folder / "student", tmp_path / "student")
    (tmp_path / "student" / "manifest.json").unlink()
    path = tmp_path / "student" / "weights.safetensors"
    arrays = load_file(path)
    arrays["logits/bias"][0] = np.nan
    save_file(arrays, path)
    assert "not finite" in told_of(tmp_path / "student", "keras")


def test_a_damaged_saved_model_is_told(run_folder, tmp_path):
    whole = run_folder / "export" / "1"
    for path in sorted(whole.rglob("*")):
        if not path.is_file():
            continue
        copy = tmp_path / "1"
        shutil.copytree(whole, copy)
        flip(copy / path.relative_to(whole))
        told_of(copy, "savedmodel")
        shutil.rmtree(copy)
    for name in ("variables/variables.data-00000-of-00001", "variables/variables.index",
                 "saved_model.pb"):
        shutil.copytree(whole, copy)
        (copy / "manifest.json").unlink()
        raw = (copy / name).read_bytes()
        (copy / name).write_bytes(raw[: len(raw) // 2])
        assert "cannot be loaded" in told_of(copy, "savedmodel")
        shutil.rmtree(copy)


def test_a_student_of_before_loads(run_folder, tmp_path):
    for name, runtime in (("student", "keras"), ("onnx", "onnx"), ("export/1", "savedmodel")):
        shutil.copytree(run_folder / name, tmp_path / name)
        (tmp_path / name / "manifest.json").unlink()
        assert xtremedistil_tf.load(tmp_path / name, runtime)(TEXTS) == xtremedistil_tf.load(
            run_folder / name, runtime)(TEXTS)


def test_the_manifests_name_what_is_there(run_folder):
    for name in ("student", "onnx", "export/1"):
        folder = run_folder / name
        record = json.loads((folder / "manifest.json").read_text("utf-8"))
        files = {path.relative_to(folder).as_posix() for path in folder.rglob("*")
                 if path.is_file()} - {"manifest.json", "README.md"}
        assert set(record["sha256"]) == files and files
