"""Using a student afterwards: words, entities, windows, the folder."""

import shutil

import numpy as np
import pytest

import xtremedistil_tf
from tests.students import TEXTS
from xtremedistil_tf.data.words import split_words
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json, write_json
from xtremedistil_tf.inference import tagger as tagger_module
from xtremedistil_tf.inference.assets import load_assets
from xtremedistil_tf.inference.entities import join_entities
from xtremedistil_tf.inference.runtimes.load import fastest_runtime
from xtremedistil_tf.inference.student_folder import load_student
from xtremedistil_tf.inference.tagger import windows


def test_words_of_running_text():
    assert [w for w, _, _ in split_words('Er sagte: "Bonn (am Rhein)!"')] == [
        "Er", "sagte", ":", '"', "Bonn", "(", "am", "Rhein", ")", "!", '"']
    assert [w for w, _, _ in split_words("U.S.-Präsident's 3,5")] == ["U.S.-Präsident's", "3,5"]
    assert [w for w, _, _ in split_words("北京2008年")] == ["北", "京", "2008", "年"]
    assert [w for w, _, _ in split_words("a b,", keep_whole=True)] == ["a", "b,"]
    assert split_words(" \n") == [] == split_words("")
    assert [w for w, _, _ in split_words("...")] == [".", ".", "."]


@pytest.mark.parametrize("text", TEXTS)
def test_offsets_cut_the_words_out_of_the_text(text):
    for word, begin, end in split_words(text):
        assert text[begin:end] == word


def test_entities_are_joined_with_their_offsets():
    text = "Anna Weber, Bonn Köln"
    words = split_words(text)
    entities = join_entities(text, words, ["B-PER", "I-PER", "O", "B-LOC", "B-LOC"],
                             [0.9, 0.7, 1.0, 0.8, 0.6])
    assert [(e["entity_group"], e["word"], e["start"], e["end"]) for e in entities] == [
        ("PER", "Anna Weber", 0, 10), ("LOC", "Bonn", 12, 16), ("LOC", "Köln", 17, 21)]
    assert entities[0]["score"] == pytest.approx(0.8)


def test_load_and_call(student_folder):
    for folder in (student_folder, student_folder.parent, str(student_folder)):
        tagger = xtremedistil_tf.load(folder)
    single, several = tagger(TEXTS[0]), tagger(TEXTS)
    assert len(several) == len(TEXTS) and several[1] == several[4] == []
    assert [e["start"] for e in single] == [e["start"] for e in several[0]]
    for text, entities in zip(TEXTS, several):
        for entity in entities:
            assert set(entity) == {"entity_group", "score", "word", "start", "end"}
            assert text[entity["start"]:entity["end"]] == entity["word"]
            assert 0 < entity["score"] <= 1
    assert any(several)


@pytest.mark.parametrize("words", [60, 3000])
def test_a_long_sentence_is_tagged_to_its_end(student_folder, words):
    tagger = xtremedistil_tf.load(student_folder)
    sentence = (["Anna", "Weber", "."] * words)[:words]
    (tags, scores), (short_tags, _) = tagger.tag_words([sentence, ["Anna"]])
    assert len(tags) == words and np.all(scores[-3:] < 1.0) and np.all(scores > 0)
    assert short_tags == tagger.tag_words([["Anna"]])[0][0]


def test_windows_answer_for_every_piece_once_with_context_around_it():
    for pieces in (0, 1, 510, 511, 5000):
        parts = windows(pieces)
        answered = [piece for _, _, first, last in parts for piece in range(first, last)]
        assert answered == list(range(pieces))
        for begin, end, first, last in parts:
            assert end - begin <= 510
            assert begin == max(0, first - 64) or len(parts) == 1
            assert end == min(pieces, last + 64) or end == pieces


def test_windows_agree_with_one_pass(student_folder, monkeypatch):
    tagger = xtremedistil_tf.load(student_folder)
    sentence = ["Anna", "Weber", "wohnt", "in", "Bonn", "."] * 100
    ((tags, scores),) = tagger.tag_words([sentence])
    monkeypatch.setattr(tagger_module, "LONGEST", 100000)
    ((whole_tags, whole_scores),) = tagger.tag_words([sentence])
    # The LSTM forgets within the context, so the windows leave no trace.
    assert tags == whole_tags
    np.testing.assert_allclose(scores, whole_scores, atol=1e-3)


def test_the_folder_is_complete_in_itself(student_folder, tmp_path):
    copy = tmp_path / "elsewhere"
    shutil.copytree(student_folder, copy)
    first, second = load_student(student_folder), load_student(copy)
    ids = {"input_ids": np.array([[4, 5, 6]], np.int32)}
    assert np.array_equal(first.student.model(ids)["logits"], second.student.model(ids)["logits"])


def test_a_student_keeps_how_its_words_are_decoded(student_folder, tmp_path):
    folder = tmp_path / "student"
    shutil.copytree(student_folder, folder)
    (folder / "manifest.json").unlink()  # As folders of before, which may be changed by hand.
    record = read_json(folder / "student.json")
    for found, decoding in (({"decoding": "independent"}, "independent"), ({}, "constrained")):
        record.pop("decoding", None)
        write_json(folder / "student.json", {**record, **found})
        assert load_assets(folder).labels.decoding == decoding
    tags = len(record["tags"])
    trained = {**record, "decoding": "trained", "temperature": 2.0,
               "transitions": [[0.5] * tags] * tags}
    write_json(folder / "student.json", trained)
    found = load_assets(folder).labels.transitions
    assert found.table.shape == (tags, tags) and found.table[1, 2] == 0.5 and (
        found.temperature == 2.0)
    write_json(folder / "student.json", {**trained, "transitions": [[0.5] * tags]})
    with pytest.raises(UserError, match=f"student.json: transitions is no table of {tags} rows"):
        load_assets(folder)


@pytest.mark.parametrize("missing", ["student.json", "weights.safetensors", "vocabulary.npy",
                                     "tokenizer.json"])
def test_an_incomplete_folder_is_refused(student_folder, tmp_path, missing):
    copy = tmp_path / "student"
    shutil.copytree(student_folder, copy)
    (copy / missing).unlink()
    with pytest.raises(UserError, match=missing.split(".")[0]):
        load_student(copy)


def test_an_unknown_runtime_is_refused(student_folder):
    with pytest.raises(UserError, match="onnx_int8"):
        xtremedistil_tf.load(student_folder, "torch")


def test_a_marker_in_a_text_is_text(student_folder):
    assets = load_student(student_folder)
    ids = assets.tokenizer.encode(["a[MASK]"], is_pretokenized=True).ids
    assert assets.tokenizer.token_to_id("[MASK]") not in ids


def test_an_export_of_another_student_is_not_loaded(run_folder, tmp_path, caplog):
    from xtremedistil_tf.export.export import export_student
    from xtremedistil_tf.validation.manifest import write_manifest

    for name in ("student", "onnx", "export"):
        shutil.copytree(run_folder / name, tmp_path / name)
    record = read_json(tmp_path / "student" / "student.json")
    # Trained anew, and put into its place by hand.
    write_json(tmp_path / "student" / "student.json", {**record, "weights": "others"})
    write_manifest(tmp_path / "student")
    for runtime, form in (("onnx", "onnx"), ("onnx_int8", "onnx"), ("savedmodel", "savedmodel")):
        with pytest.raises(UserError, match="was exported from another student than .*student; .*"
                                            f"xtremedistil-export --forms={form}"):
            xtremedistil_tf.load(tmp_path, runtime)
    assert xtremedistil_tf.load(tmp_path)(TEXTS[0]) == xtremedistil_tf.load(
        run_folder, "keras")(TEXTS[0])
    with caplog.at_level("WARNING", logger="absl"):
        export_student(tmp_path, forms=["onnx"])
    assert "export was exported from another student" in caplog.text
    assert "onnx was exported from another" not in caplog.text
    xtremedistil_tf.load(tmp_path, "onnx")


def test_the_fastest_form_of_a_folder_within_the_stated_loss(tmp_path):
    onnx = tmp_path / "onnx"
    assert fastest_runtime(tmp_path) == "keras"
    onnx.mkdir()
    for name in ("model.onnx", "model.int8.onnx"):
        (onnx / name).touch()
    # Without a measured loss nothing is rounded.
    assert fastest_runtime(tmp_path) == fastest_runtime(onnx) == "onnx"
    for int8, expected in ((79.8, "onnx_int8"), (80.5, "onnx_int8"), (79.6, "onnx")):
        write_json(onnx / "check.json", {"float32": {"dev_macro_f1": 80.0, "bytes": 9},
                                         "int8": {"dev_macro_f1": int8, "bytes": 3}})
        assert fastest_runtime(tmp_path) == fastest_runtime(onnx) == expected
    (tmp_path / "saved_model.pb").touch()
    assert fastest_runtime(tmp_path) == "savedmodel"
