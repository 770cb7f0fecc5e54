"""The settings that no flag names: chosen by data, teacher and run folder, and taken over again."""

import dataclasses
import json
import types

import numpy as np
import pytest

from tests.conftest import BERT, ROOT, write_task
from xtremedistil_tf import config as cfg
from xtremedistil_tf.data.tokenization import cut
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.planning import defaults
from xtremedistil_tf.planning.defaults import budget_of, choose, layer_of, seq_len_of
from xtremedistil_tf.planning.recipes import Recipe


@pytest.fixture
def data(tmp_path, bert_config):
    """A run's settings of which nothing but task and teacher is named."""
    return cfg.RunConfig(
        cfg.DataConfig(str(write_task(tmp_path / "task")), do_ner=True),
        cfg.TeacherConfig(config_file=str(bert_config)))


def test_a_command_without_epochs_gets_what_suits_its_data(data, tmp_path):
    config, (line,) = choose(data, set(), tmp_path / "run", flag_of=lambda place: place)
    assert config.data.transfer_file == "transfer.txt" and "it lies in the task folder" in line
    assert (config.teacher.layer, config.teacher.epochs) == (1, 16)
    assert 16 <= config.data.seq_len <= BERT["max_position_embeddings"]
    assert f"data.seq_len={config.data.seq_len} (it holds" in line
    assert (config.student.word_emb_dim, config.student.bilstm_hidden_size) == (16, 200)
    assert (config.distil.epochs_per, config.distil.distil_epochs) == ("stage", 10)
    assert (config.distil.optimizer, config.distil.distil_batch_size) == ("lazy_adam", 64)
    assert (config.distil.learning_rate, config.distil.ft_learning_rate) == (4e-3, 1e-3)
    assert config.data.decoding == "trained"
    # A tokenizer that is still to be made has no tokens to cut.
    assert config.student.vocabulary == "teacher"


def test_what_is_named_stays(data, tmp_path):
    named = dataclasses.replace(data, data=dataclasses.replace(data.data, seq_len=20))
    config, (line,) = choose(named, {"data.seq_len", "teacher.epochs"}, tmp_path / "run")
    assert config.data.seq_len == 20 and config.teacher.epochs == cfg.TeacherConfig.epochs
    assert "seq_len" not in line and "student.word_emb_dim" in line


def test_a_tokenizer_that_can_be_cut_is_cut(data, tmp_path, monkeypatch, tokenizer):
    found = defaults._teacher(data, tmp_path / "run", anew=False)
    for own, least in ((tokenizer, 2), (None, 1)):
        monkeypatch.setattr(defaults, "_teacher", lambda *_, own=own, **__: dataclasses.replace(
            found, tokenizer=own))
        config, _ = choose(data, set(), tmp_path / "run")
        assert config.student.vocabulary_min_count == least
        assert (config.student.vocabulary == "cut") == (least == 2)
    monkeypatch.setattr(defaults, "_teacher", lambda *_, **__: dataclasses.replace(
        found, tokenizer=tokenizer))
    # One of the paper's by name, a tokenizer of another kind, and texts.
    kept = choose(data, {"student.vocabulary"}, tmp_path / "run")[0].student
    assert (kept.vocabulary, kept.vocabulary_min_count) == ("teacher", 1)
    monkeypatch.setattr(cut, "check_cuttable", _refuse)
    assert choose(data, set(), tmp_path / "run")[0].student.vocabulary == "teacher"


def _refuse(tokenizer):
    raise UserError("it is BPE")


def test_wide_students_and_named_rates_keep_their_steps(data, tmp_path):
    wide = dataclasses.replace(data, student=cfg.StudentConfig(bilstm_hidden_size=600))
    config = choose(wide, {"student.bilstm_hidden_size"}, tmp_path / "run")[0].distil
    assert (config.distil_batch_size, config.learning_rate) == (128, 2e-3)
    assert config.ft_learning_rate is None
    named = dataclasses.replace(data, distil=cfg.DistilConfig(learning_rate=1e-4))
    config = choose(named, {"distil.learning_rate"}, tmp_path / "run")[0].distil
    assert (config.learning_rate, config.ft_learning_rate) == (1e-4, None)


def test_a_command_that_names_its_epochs_is_the_papers_but_for_what_could_not_be(data, tmp_path):
    config, (line,) = choose(data, {"distil.distil_epochs"}, tmp_path / "run")
    assert config.distil == data.distil and config.student == data.student
    # The paper's layer 7 is no layer of a teacher of two; it was an error before.
    assert config.teacher.layer == 1 and config.data.seq_len == 32
    assert "distil" not in line


def test_outputs_of_a_file_are_learnt_as_probabilities(data, tmp_path):
    path = tmp_path / "outputs.jsonl"
    path.write_text('{"words": ["Anna", "ran"], "tags": ["B-PER", "O"]}\n', "utf-8")
    of_file = dataclasses.replace(data, teacher=dataclasses.replace(
        data.teacher, outputs=(str(path),)))
    config, (line,) = choose(of_file, set(), tmp_path / "run")
    assert config.distil.logits_loss == "kld" and "logits_loss=kld (what" in line
    config, _ = choose(of_file, {"distil.logits_loss"}, tmp_path / "run")
    assert config.distil.logits_loss == "mse"
    assert choose(data, set(), tmp_path / "run")[0].distil.logits_loss == "mse"


def test_a_folder_that_was_begun_keeps_its_values(data, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    config, _ = choose(data, set(), run)
    before = dataclasses.replace(
        config, data=dataclasses.replace(config.data, seq_len=24),
        distil=dataclasses.replace(config.distil, stage_epochs=(("01", 3),)))
    (run / "config.json").write_text(json.dumps({
        "version": "0.1.0", "config": before.to_dict(), "files": {}, "labels": []}))
    again, (line,) = choose(data, set(), run)
    assert again.data.seq_len == 24 and "as the run was begun" in line
    assert choose(data, set(), run, overwrite=True)[0] == config


def test_a_run_that_was_stopped_behind_its_teacher_has_its_settings_again(
    data, tmp_path, monkeypatch
):
    run = tmp_path / "run"
    run.mkdir()
    config, _ = choose(data, set(), run)
    (run / "config.json").write_text(json.dumps({
        "version": "0.1.0", "config": config.to_dict(), "files": {}, "labels": []}))
    found = defaults._teacher(data, run, anew=False)
    monkeypatch.setattr(defaults, "_teacher", lambda *_, **__: dataclasses.replace(
        found, tuned=True))
    assert choose(data, set(), run)[0] == config
    # A teacher that was there before the run is not fine-tuned in it.
    assert choose(data, set(), tmp_path / "new")[0].teacher.epochs == cfg.TeacherConfig.epochs


def test_a_teacher_that_was_fine_tuned_in_the_run_folder_keeps_its_settings(
    data, tmp_path, monkeypatch
):
    """xtremedistil-teacher, then xtremedistil-distill in the same folder, without epochs."""
    run, peek = tmp_path / "run", defaults.peek_configuration
    config, sizes = choose(data, set(), run)[0], defaults._teacher(data, run, anew=False).sizes
    monkeypatch.setattr(defaults, "peek_configuration", lambda teacher, folder: peek(teacher, None))
    for tuned_here, folder, same in ((True, run / "teacher", True),
                                     (True, tmp_path / "other" / "teacher", False),
                                     (False, run / "teacher", False)):
        kind = types.SimpleNamespace(kind="fine_tuned", tuned_here=tuned_here,
                                     sizes=lambda *_: sizes)
        monkeypatch.setattr(defaults, "ready_kinds", lambda *_, folder=folder, kind=kind, **__: {
            folder.resolve(): kind})
        again = choose(data, set(), run)[0].teacher
        assert (again == config.teacher) == same, (tuned_here, folder)


def test_a_transformer_has_three_stages(data, tmp_path):
    small = dataclasses.replace(data, student=cfg.StudentConfig(
        hidden_size=12, num_attention_heads=2))
    config, _ = choose(small, set(), tmp_path / "run")
    assert config.distil.strategy == "D4.1" and config.distil.optimizer == "adam"


def test_a_kind_without_a_recipe_has_three_stages_and_its_own_sizes(data, tmp_path, monkeypatch):
    plain = dataclasses.replace(cfg.ARCHITECTURES["bilstm"], recipe=cfg.Architecture.recipe)
    monkeypatch.setitem(cfg.ARCHITECTURES.registered, "bilstm", plain)
    config, (line,) = choose(data, set(), tmp_path / "run")
    assert config.distil.strategy == "D4.1" and config.student == data.student
    assert "distil.strategy=D4.1 (three stages" in line and config.distil.distil_epochs == 16


def test_lengths_layers_and_budgets():
    chosen = seq_len_of(np.arange(1, 101), None)
    assert chosen.value == 100 and "100.0 %" in chosen.why
    assert seq_len_of(np.full(10, 900), 512).value == 256
    assert seq_len_of(np.full(10, 900), 128).value == 128
    assert [layer_of(depth).value for depth in (1, 2, 3, 6, 12, 24)] == [1, 1, 2, 4, 8, 16]
    assert [layer_of(depth, pooled=True).value for depth in (1, 6, 12)] == [1, 6, 12]
    for sentences, rows, expected in ((24_000, 8_000, (16, 15)), (200_000, 29_000, (4, 4)),
                                      (0, 10, (16, 16))):
        small = budget_of(sentences, rows, Recipe(sentences=500_000, epochs=(4, 10)), pooled=False)
        assert small["distil.distil_epochs"].value == min(expected[0], 10)
        found = budget_of(sentences, rows, Recipe(), pooled=False)
        assert (found["distil.distil_epochs"].value, found["distil.ft_epochs"].value) == expected


def test_the_papers_flagfile_is_the_papers_to_the_letter(tmp_path):
    named = {line.partition("=")[0].lstrip("-"): line.partition("=")[2]
             for line in (ROOT / "flags" / "paper.flags").read_text("utf-8").splitlines()
             if line.startswith("--")}
    from xtremedistil_tf.cli.options.usage import PAPER

    assert named["defaults"] == "paper"
    for name, value in PAPER.items():
        told = named[name] or "true"
        assert told == value or float(told) == float(value)
