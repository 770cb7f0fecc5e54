"""Outputs from elsewhere: the same targets as those of the model that wrote them."""

import json

import numpy as np
import pytest

import xtremedistil_tf
from tests.conftest import ROOT, TAGS
from tests.stores import write_store
from tests.teachers.finished import make_finished
from xtremedistil_tf.api.keywords import parse
from xtremedistil_tf.cli.options.flags_to_config import run_config
from xtremedistil_tf.cli.options.run_flags import DISTILLATION
from xtremedistil_tf.config import BatchSize
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.data.tokenization.realign import realign
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.jobs.teacher import run_teacher
from xtremedistil_tf.targets.dataset import transfer_batches
from xtremedistil_tf.targets.spec import KINDS, Place
from xtremedistil_tf.targets.writer import TeacherInput, write_targets
from xtremedistil_tf.teachers import Wanted, load_ready
from xtremedistil_tf.teachers.outputs import read_file

THEIRS = ("I-PER", "O", "B-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
SEQ_LEN = 24


def sentences(count=12):
    lines = (ROOT / "data/ner/transfer.txt").read_text("utf-8").splitlines()[:count]
    return [line.split() for line in lines]


def write_rows(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


@pytest.fixture(scope="module")
def written(tokenizer, tmp_path_factory):
    """A model, and a file of its outputs as a script outside writes it: (model, folder, file)."""
    base = tmp_path_factory.mktemp("outputs")
    model = make_finished(base / "model", tokenizer, THEIRS)
    rows, vectors = [{"labels": list(THEIRS)}], []
    for words in sentences():
        encoded = tokenizer(words, is_split_into_words=True, truncation=True, max_length=SEQ_LEN)
        found = model(np.array([encoded["input_ids"]]), output_hidden_states=True)
        firsts = [encoded.word_ids().index(word) if word in encoded.word_ids() else None
                  for word in range(len(words))]
        rows.append({"words": words, "logits": [
            None if at is None else found.logits.numpy()[0, at].tolist() for at in firsts]})
        vectors += [np.full(16, np.nan) if at is None else found.hidden_states[1].numpy()[0, at]
                    for at in firsts]
    np.save(base / "outputs.npy", np.array(vectors, np.float32))
    return model, base / "model", write_rows(base / "outputs.jsonl", rows)


def wanted(**changes):
    return Wanted("tagging", TAGS, 1, seq_len=SEQ_LEN, **changes)


def targets(teacher, folder):
    """{ids: (logits at known places, states at known places)} of the sentences' target store."""
    rows = [Example(tuple(words)) for words in sentences()]
    own = realign(teacher.tokenizer, teacher.tokenizer, rows, SEQ_LEN)
    store, _ = write_targets(teacher, TeacherInput(own), Place(folder, "f"), 5)
    found = {}
    for inputs, one in transfer_batches(store, BatchSize(4), 0, np.arange(1000, dtype=np.int32),
                                        KINDS):
        for at, key in enumerate(inputs["input_ids"].numpy()):
            known = one["mask"][at].numpy() > 0
            found[tuple(key[key > 0])] = (one["logits"][at].numpy()[known],
                                          one["representation"][at].numpy()[known])
    return found


def test_they_give_the_targets_of_the_model_itself(written, tmp_path):
    _, folder, path = written
    own = targets(load_ready([folder], wanted()), tmp_path / "own")
    outside = targets(load_ready([path], wanted(tokenizer=str(folder))), tmp_path / "outside")
    assert set(own) == set(outside) and len(own) == 12
    for ids, (logits, states) in own.items():
        np.testing.assert_allclose(outside[ids][0], logits, atol=1e-4)
        np.testing.assert_allclose(outside[ids][1], states, atol=5e-3)


def test_annotators_files_are_averaged(tokenizer, written, tmp_path):
    words = sentences(1)[0]
    one = write_rows(tmp_path / "one.jsonl", [{"words": words, "probabilities": [
        {"O": 0.9, "B-PER": 0.1}] * len(words)}])
    two = write_rows(tmp_path / "two.jsonl", [{"words": words, "probabilities": [
        {"O": 0.5, "B-PER": 0.5}] * (len(words) - 1) + [None]}])
    teacher = load_ready([one, two], wanted(tokenizer=str(written[1]), weights=(3.0, 1.0)))
    ids = Ragged.of([tokenizer(words, is_split_into_words=True, truncation=True,
                               max_length=SEQ_LEN)["input_ids"]])
    ((_, _, found),) = teacher.forward().batches(ids)
    logits = found["logits"][0][found["known"][0] == 3]
    shares = np.exp(logits[0, :2]) / np.exp(logits[0, :2]).sum()
    np.testing.assert_allclose(shares, [0.8, 0.2], atol=1e-3)
    # Of text that is not in the files nothing is known.
    ((_, _, other),) = teacher.forward().batches(Ragged.of([[2, 7, 3]]))
    assert not other["known"].any()


def test_classes_of_texts_with_one_missing(tmp_path):
    path = write_rows(tmp_path / "texts.jsonl", [
        {"text": "good film", "probabilities": {"pos": 0.8, "neg": 0.2}}, {"text": "odd one"},
        {"text": "bad", "label": "neg"}])
    teacher = load_ready([path], Wanted("classification", ("neg", "pos"), 0, seq_len=SEQ_LEN))
    ids = Ragged.of([teacher.tokenizer(text)["input_ids"] for text in ("good film", "odd one",
                                                                      "bad")])
    store, _ = write_store(teacher, ids, tmp_path / "store", "f", 5, kinds=("logits",))
    found = {}
    for inputs, one in transfer_batches(store, BatchSize(4), 0, np.arange(1000, dtype=np.int32),
                                        ("logits",)):
        for at, key in enumerate(inputs["input_ids"].numpy()):
            found[tuple(key[key > 0])] = one["mask"][at, 0].numpy(), one["logits"][at, 0].numpy()
    good, odd, bad = (found[tuple(ids[row])] for row in range(3))
    assert (good[0], odd[0], bad[0]) == (1, 0, 1)
    np.testing.assert_allclose(np.exp(good[1]), [0.2, 0.8], rtol=1e-4)
    assert bad[1].argmax() == 0


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A whole run on tags alone: no vectors, no labels, no tokenizer."""
    base = tmp_path_factory.mktemp("run")
    lines = (ROOT / "data/ner/train.tsv").read_text("utf-8").splitlines()[:40]
    rows = []
    for line in lines:
        text, tags = line.split("\t")
        rows.append({"words": text.split(), "tags": [
            None if not at and len(rows) == 3 else tag.split(":", 1)[-1]
            for at, tag in enumerate(tags.split())], "language": tags[:2]})
    path = write_rows(base / "outputs.jsonl", rows)
    flags = {"teacher_outputs": [path], "do_NER": True, "model_dir": base / "run", "seq_len": 24,
             "word_emb_dim": 4, "bilstm_hidden_size": 4, "strategy": "D4.1", "distil_epochs": 1,
             "export": False}
    return xtremedistil_tf.distil(**flags), flags


def test_a_run_learns_from_outputs_alone(run):
    metrics = run[0].metrics
    assert [stage["name"] for stage in metrics["stages"]] == ["01_logits"]
    assert metrics["teacher"] == {"name": "outputs.jsonl", "parameters": None, "layer": 7}
    assert metrics["data"]["held_out"]["sentences"] == 2
    assert metrics["data"]["transfer"]["sentences"] == 38
    assert all(len(code) == 2 for code in metrics["student"]["agreement"]["languages"])
    assert "agreement" in (run[0].folder / "report.md").read_text("utf-8")
    assert run[0].student("Anna wohnt in Bonn.") is not None
    assert xtremedistil_tf.distil(**run[1]).metrics == metrics


def test_the_teacher_command_gives_outputs_no_scores(run, task, tmp_path):
    """They say nothing of dev and test; the scores would be those of no answers."""
    given = parse(DISTILLATION, {**run[1], "task": task})
    assert run_teacher(run_config(given), tmp_path / "run") == {}
    assert read_json(tmp_path / "run" / "teacher_metrics.json") == {
        "parameters": None, "layers": 0, "embedding": None}


def test_sentences_without_outputs_are_told(run, tmp_path, caplog):
    rows = run[1]["teacher_outputs"][0].read_text("utf-8").splitlines()
    known = [" ".join(json.loads(row)["words"]) for row in rows]
    texts = tmp_path / "texts.txt"
    texts.write_text("\n".join([*known, *(f"Another sentence {at}" for at in range(9))]), "utf-8")
    flags = {**run[1], "model_dir": tmp_path / "run", "transfer_file": texts}
    xtremedistil_tf.plan(**flags)
    assert "of 47 sentences of" in caplog.text and "they teach nothing" in caplog.text
    caplog.clear()
    other = write_rows(tmp_path / "other.jsonl", [json.loads(rows[0]), {
        "words": ["Nobody", "else", "has", "this"], "tags": ["O"] * 4}])
    both = {**run[1], "model_dir": tmp_path / "run",
            "teacher_outputs": [*run[1]["teacher_outputs"], other]}
    xtremedistil_tf.plan(**both)
    assert "1 of 41 sentences of" in caplog.text and "their outputs teach nothing" in caplog.text
    texts.write_text("Quite another sentence\nAnd one more\n", "utf-8")
    with pytest.raises(UserError, match="no sentence of .*texts.txt stands in .*outputs.jsonl"):
        xtremedistil_tf.plan(**flags)


@pytest.mark.parametrize(("change", "message"), [
    ({"teacher_outputs": ["none.jsonl"]}, "--teacher_outputs none.jsonl: file not found"),
    ({"teacher_outputs": [str(ROOT / "setup.py")]}, "allowed: .jsonl and .parquet"),
    ({"teacher_weights": [1, 2]}, "allowed: a number above 0 for each of the 1 teachers"),
    ({"teacher_model_dir": "x"}, "--teacher_outputs and --teacher_model_dir are both given"),
    ({"word_embedding": "svd_pretrained"}, "--teacher_outputs has no word embedding"),
    ({"distil_multi_hidden_states": True, "student": "transformer"}, "this one has logits only"),
    ({"word_swaps": 1}, "of which --teacher_outputs say nothing"),
    ({"do_NER": False}, "outputs.jsonl:1: "),
])
def test_what_cannot_be_is_told_before_training(run, tmp_path, change, message):
    with pytest.raises(UserError, match=message):
        xtremedistil_tf.distil(**{**run[1], "model_dir": tmp_path / "run", **change})


def test_questions_of_which_nothing_is_said_are_no_teacher(tmp_path):
    path = tmp_path / "answers.jsonl"
    row = {"question": "Where ?", "context": "in Bonn"}
    path.write_text(json.dumps({**row, "prediction_text": "Bonn"}) + "\n")
    with pytest.raises(UserError, match="answers.jsonl: no answer in it; needed is `answer`"):
        read_file(path, "spans", True)
    path.write_text(json.dumps({**row, "answer": ""}) + "\n" + json.dumps(
        {**row, "question": "Who ?"}) + "\n")
    assert len(read_file(path, "spans", True).examples) == 2
