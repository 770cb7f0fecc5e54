"""The benchmark of peers: all of them learn the labelled rows of the student's run."""

import importlib

import pytest

from tests.conftest import ROOT, write_task
from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.folders.task import read_task
from xtremedistil_tf.files.contents import write_json


@pytest.fixture(name="peers")
def _peers(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("peers")


def test_peers_learn_the_rows_that_the_run_drew(peers, tmp_path):
    task = write_task(tmp_path / "task")
    given = {"seq_len": 16, "do_ner": True, "labels_per_language": None, "languages": []}
    run = tmp_path / "run"
    write_json(run / "config.json", {"config": {"data": given}})
    assert peers.task_of_run(run, task, tmp_path / "cut") == task
    write_json(run / "config.json", {"config": {"data": {
        **given, "labels_per_language": 3, "languages": ["de"]}}})
    cut = peers.task_of_run(run, task, tmp_path / "cut")
    drawn, whole = (read_task(DataConfig(str(folder), seq_len=16, do_ner=True, **more),
                              with_transfer=False).examples for folder, more in (
        (cut, {}), (task, {"labels_per_language": 3, "languages": ("de",)})))
    assert len(drawn["train"]) == 3 and drawn["test"]
    assert drawn == {split: whole[split] for split in drawn}
    # A child of the benchmark reads the same.
    child = importlib.import_module("peer_child")
    labels = (task / "labels.tsv").read_text("utf-8").split()
    assert child.rows_of(str(cut), "train", labels, True) == [
        (list(row.words), list(row.tags), row.language) for row in drawn["train"]]


def test_a_record_says_how_the_student_was_made_and_the_page_shows_it(peers, tmp_path):
    config = {"data": {"decoding": "trained"}, "teacher": {"checkpoint": "/home/anna/E5"},
              "student": {"student": "bilstm", "word_emb_dim": 50, "bilstm_hidden_size": 20,
                          "word_emb_file": "/home/anna/words.vec", "logits_from": "encoder"},
              "distil": {"strategy": "D4.2", "stage_epochs": [["01", 4]]}}
    scores = {"teacher": 80.0, "student": 78.0}
    metrics = {"seed": 3, "measure": None, "seconds": {"total": 60.0},
               "data": {"transfer": {"sentences": 2000}},
               **{who: {"parameters": size, "test": {"macro_f1": 1.0},
                        "deployed": {"test": {"macro_f1": scores[who]}}}
                  for who, size in (("teacher", 1000), ("student", 50))}}
    write_json(tmp_path / "config.json", {"config": config})
    write_json(tmp_path / "metrics.json", metrics)
    facts = peers.student_facts(tmp_path)
    assert facts["scores"] == scores and facts["teacher"] == "E5"
    assert facts["student"] == {**config["student"], "word_emb_file": "words.vec"}
    transformer = {**facts, "student": {"student": "transformer", "num_hidden_layers": 2,
                                        "hidden_size": 384}}
    told = importlib.import_module("peers_tables")._student(
        {"students": {"ours": facts, "transformer": transformer}})
    assert told.startswith(" Our student (D4.2, 2,000 transfer texts, BiLSTM, E=50, H=2x20, no "
                           "projection, 50 parameters, 20.0 times fewer than its teacher) keeps")
    assert told.count("97.5 % of its teacher's score (78.00 of 80.00; seed 3)") == 2
    assert "(D4.2, 2,000 transfer texts, Transformer, E=384, 2 layers of 384, " in told
