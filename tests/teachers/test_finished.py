"""Finished models teach as they are, with one text file and no labels."""

import json
import shutil

import numpy as np
import pytest

import xtremedistil_tf
from tests.conftest import ROOT, TAGS, write_task
from tests.teachers.finished import make_finished, make_onnx, save_safetensors
from xtremedistil_tf.api.keywords import parse
from xtremedistil_tf.cli.options.flags_to_config import run_config
from xtremedistil_tf.cli.options.run_flags import DISTILLATION
from xtremedistil_tf.config import BatchSize
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.data.tokenization.realign import Realigned
from xtremedistil_tf.data.tokenization.token_store import open_pieces, open_realigned
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.jobs.teacher import run_teacher
from xtremedistil_tf.planning.defaults import choose
from xtremedistil_tf.targets.dataset import transfer_batches
from xtremedistil_tf.targets.manifest import reopen_store
from xtremedistil_tf.targets.records import decode_logits
from xtremedistil_tf.targets.spec import KINDS
from xtremedistil_tf.teachers import Wanted, load_ready, teacher_kind

THEIRS = ("I-PER", "O", "B-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
WANTED = Wanted("tagging", TAGS, 1)


@pytest.fixture(scope="module")
def finished(tokenizer, tmp_path_factory):
    """(folder in PyTorch's safetensors, the same model in TF's format, the model)."""
    base = tmp_path_factory.mktemp("finished")
    model = make_finished(base / "pytorch", tokenizer, THEIRS, save=save_safetensors)
    model.save_pretrained(base / "tensorflow")
    tokenizer.save_pretrained(base / "tensorflow")
    return base / "pytorch", base / "tensorflow", model


@pytest.fixture(scope="module")
def run(finished, tmp_path_factory):
    """The one command: a finished model, one text file."""
    base = tmp_path_factory.mktemp("run")
    lines = (ROOT / "data/ner/transfer.txt").read_text("utf-8").splitlines()[:40]
    (base / "texts.txt").write_text("\n".join(lines) + "\n", "utf-8")
    flags = {"pt_teacher_checkpoint": finished[0], "transfer_file": base / "texts.txt",
             "do_NER": True, "model_dir": base / "run", "teacher_layer": 1, "seq_len": 24,
             "word_emb_dim": 4, "bilstm_hidden_size": 4, "strategy": "D4.1", "distil_epochs": 1,
             "export": False, "distil_chunk_size": 16}
    return xtremedistil_tf.distil(**flags), flags


def test_both_formats_give_the_models_own_logits(finished, tokenizer):
    ids = Ragged.of([tokenizer.encode("Anna Weber wohnt in Bonn")])
    direct = finished[2](np.array([ids[0]])).logits.numpy()[0]
    for folder in finished[:2]:
        assert teacher_kind(folder).kind == "finished"
        ((_, _, found),) = load_ready([folder], WANTED).forward(KINDS).batches(ids)
        expected = direct[:, [THEIRS.index(tag) for tag in TAGS]]
        np.testing.assert_allclose(found["logits"][0][:, :7], expected, atol=1e-5)
        assert found["representation"].shape == (1, len(ids[0]), 16)


def test_targets_are_the_logits_of_first_tokens_alone(run, finished):
    targets = run[0].folder / "targets"
    own = open_realigned(targets / "words")
    store, _ = reopen_store(own, targets / "transfer")
    table, seen = np.arange(1000, dtype=np.int32), 0
    for inputs, found in transfer_batches(store, BatchSize(4), 0, table, KINDS):
        for at, ids in enumerate(inputs["input_ids"].numpy()):
            length = int((ids > 0).sum())
            known = found["mask"][at].numpy() > 0
            row = next(row for row in range(len(own.input_ids))
                       if list(own.input_ids[row]) == list(ids[:length]))
            np.testing.assert_array_equal(np.flatnonzero(known),
                                          np.flatnonzero(own.places[row] >= 0))
            direct = finished[2](ids[None, :length]).logits.numpy()[0]
            places = np.flatnonzero(known)
            np.testing.assert_allclose(
                found["logits"].numpy()[at, places, :7],
                direct[places][:, [THEIRS.index(tag) for tag in TAGS]], atol=1e-4)
            # Hidden states are known for all tokens.
            assert found["representation_mask"][at].numpy().sum() == length
            seen += 1
    assert seen == len(store) == 38 and len(open_pieces(targets / "pieces")) == 38


def test_agreement_is_measured_and_called_so(run):
    metrics = run[0].metrics
    assert [stage["name"] for stage in metrics["stages"]] == ["01_representation", "02_logits"]
    assert metrics["data"]["held_out"]["sentences"] == 2 and "dev" not in metrics["data"]
    found = metrics["student"]["agreement"]
    assert set(found) == {"agreement", "accuracy", "kl", "languages"} and found["kl"] > 0
    assert metrics["stages"][1]["agreement"]["accuracy"] == pytest.approx(found["accuracy"])
    texts = [json.dumps({name: value for name, value in metrics.items() if name != "measure"}),
             (run[0].folder / "report.md").read_text("utf-8"),
             (run[0].folder / "student" / "README.md").read_text("utf-8")]
    for text in texts:
        assert "agreement" in text.lower() and "F1" not in text and "f1" not in text
    labels = (run[0].folder / "student" / "labels.tsv").read_text().split()
    assert labels == ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
    answers = [(run[0].folder / "predictions" / f"held_out.{who}.tsv").read_text("utf-8")
               for who in ("teacher", "student")]
    assert all(len(text.splitlines()) == 2 for text in answers)


def test_the_same_command_finds_the_run_finished(run):
    before = (run[0].folder / "metrics.json").stat().st_mtime_ns
    assert xtremedistil_tf.distil(**run[1]).metrics == read_json(run[0].folder / "metrics.json")
    assert (run[0].folder / "metrics.json").stat().st_mtime_ns == before
    assert not (run[0].folder / "teacher").exists()


def test_a_text_alone_gets_a_budget_of_its_own(run, tokenizer, tmp_path):
    text = str(run[1]["transfer_file"])
    onnx = make_onnx(make_finished(tmp_path / "other", tokenizer, THEIRS), tokenizer,
                     tmp_path / "onnx")
    outputs = tmp_path / "outputs.jsonl"
    outputs.write_text(json.dumps({"words": ["Anna", "lacht"], "tags": ["B-PER", "O"]}) + "\n")
    for teacher in ({"pt_teacher_checkpoint": run[1]["pt_teacher_checkpoint"],
                     "transfer_file": text},
                    {"pt_teacher_checkpoint": onnx, "transfer_file": text},
                    {"teacher_outputs": [outputs]}):
        given = parse(DISTILLATION, {**teacher, "do_NER": True, "model_dir": tmp_path / "none"})
        config, told = choose(run_config(given), frozenset(), tmp_path / "none")
        assert config.distil.distil_epochs <= 16 and config.student.bilstm_hidden_size == 200
        assert told and config.teacher.layer in (1, 7) and config.data.seq_len <= 64


@pytest.mark.parametrize(("change", "message"), [
    ({"do_NER": False}, "is a finished model for tagging; the task is classification; allowed: "
                        "--do_NER"),
    ({"strategy": "D0-S"}, "--strategy=D0-S learns from labels alone, and there is no train.tsv"),
    ({"label_map": ["MISC=O"]}, "--label_map names MISC; the teacher's labels are I-PER, O"),
    ({"teacher_epochs": 1}, "--task .*texts.txt is not a folder"),
    ({"teacher_layer": 3}, "--teacher_layer is 3, but the teacher has 2 layers"),
])
def test_what_cannot_teach_is_told_before_training(run, tmp_path, change, message):
    with pytest.raises(UserError, match=message):
        xtremedistil_tf.distil(**{**run[1], "model_dir": tmp_path, **change})
    assert [path.name for path in tmp_path.iterdir()] in ([], [".lock"])


def test_the_teacher_command_scores_it_and_keeps_no_copy(run, task, tmp_path):
    given = parse(DISTILLATION, {**run[1], "task": task})
    scores = run_teacher(run_config(given), tmp_path / "run")
    found = read_json(tmp_path / "run" / "teacher_metrics.json")
    assert set(scores) == {"dev", "test"} < set(found)
    # A study of layers or widths asks for them.
    assert (found["layers"], found["embedding"]) == (2, 16)
    assert not (tmp_path / "run" / "teacher").exists()


def test_labels_of_a_task_folder_must_have_counterparts(run, tmp_path):
    task = write_task(tmp_path / "task")
    (task / "labels.tsv").write_text("O\nB-PER\nI-PER\nB-ORG\nI-ORG\nB-GPE\nI-GPE\n")
    for split in ("train", "dev", "test"):
        (task / f"{split}.tsv").unlink()
    with pytest.raises(UserError, match=r"labels B-LOC, I-LOC are none of the task's: .*B-GPE"):
        xtremedistil_tf.distil(**{**run[1], "task": task, "model_dir": tmp_path / "run"})
    plan = xtremedistil_tf.plan(**{**run[1], "task": task, "model_dir": tmp_path / "run",
                                   "label_map": {"LOC": "GPE"}})
    assert "no training labels" in plan and "cross_entropy" not in plan


def test_a_tokenizer_of_another_model_and_nan_are_told(finished, tokenizer, tmp_path):
    other = shutil.copytree(finished[1], tmp_path / "other")
    settings = read_json(other / "tokenizer.json")
    kept = dict(list(settings["model"]["vocab"].items())[:60])
    settings["model"]["vocab"] = kept
    (other / "tokenizer.json").write_text(json.dumps(settings))
    (other / "vocab.txt").write_text("\n".join(kept) + "\n")
    with pytest.raises(UserError, match="tokenizer has 60 subword tokens and its model"):
        load_ready([other], WANTED)
    model = finished[2]
    bias = model.classifier.bias.numpy()
    model.classifier.bias.assign(np.full_like(bias, np.nan))
    model.save_pretrained(tmp_path / "nan")
    tokenizer.save_pretrained(tmp_path / "nan")
    model.classifier.bias.assign(bias)
    with pytest.raises(UserError, match="infinite or no numbers"):
        list(load_ready([tmp_path / "nan"], WANTED).forward().batches(Ragged.of([[2, 7, 3]])))


def test_a_finished_classifier(tokenizer, tmp_path):
    model = make_finished(tmp_path / "model", tokenizer, ("neg", "pos"), kind="classification")
    wanted = Wanted("classification", ("pos", "neg"), 2)
    ids = Ragged.of([[2, 7, 9, 3], [2, 8, 3]])
    teacher = load_ready([tmp_path / "model"], wanted)
    found = {row: (outputs["logits"][at], outputs["representation"][at])
             for rows, _, outputs in teacher.forward(KINDS).batches(ids)
             for at, row in enumerate(rows)}
    direct = model(np.array([ids[0]]), output_hidden_states=True)
    np.testing.assert_allclose(found[0][0][0], direct.logits[0, ::-1], atol=1e-5)
    np.testing.assert_allclose(found[0][1][0], direct.hidden_states[2][0, 0], atol=1e-5)
    assert teacher.pooled and not teacher.words_only


def test_places_of_records(tmp_path):
    """Known marks of earlier stores mean what they meant."""
    from xtremedistil_tf.keras2 import tf
    from xtremedistil_tf.targets.records import realigned_outputs, records_of
    from xtremedistil_tf.targets.spec import StoreSpec

    outputs = {"logits": np.arange(6.0).reshape(3, 2), "representation": np.ones((3, 2))}
    moved = realigned_outputs(outputs, np.array([0, -1, -3, 2]))
    assert list(moved["known"]) == [1, 0, 2, 1]
    record = records_of(("logits",), np.arange(4), moved, 4)["logits"]
    found = decode_logits(tf.constant([record]), StoreSpec(2, 2, 1, partial=True))
    assert found.known.numpy().tolist() == [[True, False, False, True]]
    assert found.has_states.numpy().tolist() == [[True, False, True, True]]
    assert Realigned(Ragged.of([[1]])).places is None
