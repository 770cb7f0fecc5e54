"""Using a student afterwards: words, entities, the folder, the command, the SavedModel."""

import json
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest

import xtremedistil_tf
from tests.conftest import ROOT, TAGS
from xtremedistil_tf.config import StudentConfig
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inputs.labels import LabelSet
from xtremedistil_tf.inputs.vocabulary import StudentVocabulary
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.student import build_student
from xtremedistil_tf.serving import predictor
from xtremedistil_tf.serving.entities import join_entities, split_words
from xtremedistil_tf.serving.predictor import windows
from xtremedistil_tf.serving.savedmodel import export_saved_model
from xtremedistil_tf.serving.student_folder import load_student, save_student

TEXTS = ["Anna Weber wohnt in Bonn.", "", "Иван живёт в «Москве», да!", "東京タワーに行く", "   "]


@pytest.fixture(scope="module")
def student_folder(tokenizer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "student"
    labels = LabelSet(TAGS)
    pieces = np.arange(5, len(tokenizer) - 10)
    vocabulary = StudentVocabulary.from_seen([pieces], 0, 1, len(tokenizer))
    config = StudentConfig(word_emb_dim=6, bilstm_hidden_size=5)
    tf.keras.utils.set_random_seed(5)
    student = build_student(config, len(vocabulary), 8, labels.size)
    for name in ("word_embedding", "projection", "logits"):  # So that not every tag is the same.
        for weight in student.registry.weights(name):
            weight.assign(weight * 6.0)
    save_student(folder, student, config, vocabulary, tokenizer, labels, {"seq_len": 32})
    export_saved_model(student, vocabulary, folder.parent / "export" / "1")
    return folder


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
    monkeypatch.setattr(predictor, "_LONGEST", 100000)
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


@pytest.mark.parametrize("missing", ["student.json", "weights.safetensors", "vocabulary.npy",
                                     "tokenizer.json"])
def test_an_incomplete_folder_is_refused(student_folder, tmp_path, missing):
    copy = tmp_path / "student"
    shutil.copytree(student_folder, copy)
    (copy / missing).unlink()
    with pytest.raises(UserError, match=missing.split(".")[0]):
        load_student(copy)


def test_saved_model_agrees_with_keras(student_folder):
    bundle = load_student(student_folder)
    ids = np.array([[2, 30, 31, 3], [2, 40, 3, 0]], np.int32)
    mask = np.array([[1, 1, 1, 1], [1, 1, 1, 0]], np.int32)
    mapped = np.where(mask, bundle.vocabulary.table[ids], 0)
    expected = bundle.student.model({"input_ids": mapped})["logits"].numpy()
    loaded = tf.saved_model.load(str(student_folder.parent / "export" / "1"))
    for name in ("serving_default", "input_ids"):
        signature = loaded.signatures[name]
        logits = signature(input_ids=tf.constant(ids), attention_mask=tf.constant(mask))["logits"]
        np.testing.assert_allclose(logits, expected, atol=1e-5)
    assert not list(pathlib.Path(student_folder.parent).rglob(".tmp*"))


def predict(student_folder, text, *flags):
    return subprocess.run(
        [sys.executable, "-m", "xtremedistil_tf.cli.predict", f"--model_dir={student_folder}",
         *flags], input=text.encode(), capture_output=True, cwd=ROOT, timeout=120)


def test_predict_command_reads_standard_input(student_folder):
    result = predict(student_folder, "\n".join(TEXTS) + "\n", "--format=json")
    assert result.returncode == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.decode().splitlines()]
    assert [line["text"] for line in lines] == TEXTS
    tagger = xtremedistil_tf.load(student_folder)
    for line, entities in zip(lines, tagger(TEXTS)):
        assert [(e["start"], e["end"]) for e in line["entities"]] == [
            (e["start"], e["end"]) for e in entities]


def test_predict_command_writes_tsv_and_conll(student_folder, tmp_path):
    source, target = tmp_path / "in.txt", tmp_path / "out.tsv"
    source.write_bytes("Anna wohnt in Bonn .\nkaputt \xff hier\n".encode("latin-1"))
    result = predict(student_folder, "", f"--input={source}", f"--output={target}")
    assert result.returncode == 0 and not result.stdout
    rows = [line.split("\t") for line in target.read_text("utf-8").splitlines()]
    assert [len(words.split()) for words, _ in rows] == [len(tags.split()) for _, tags in rows]
    assert rows[1][0] == "kaputt \ufffd hier"
    result = predict(student_folder, "Anna lacht.", "--format=conll")
    assert [line.split("\t")[0] for line in result.stdout.decode().splitlines()] == [
        "Anna", "lacht", ".", ""]


def test_predict_command_without_a_student(tmp_path):
    result = predict(tmp_path, "x")
    assert result.returncode == 2
    assert "holds no student" in result.stderr.decode()
    assert "Traceback" not in result.stderr.decode()
