"""Flags of xtremedistil-finetune into settings: what is named, what is the student's own."""

import json

import numpy as np
import pytest

from tests.conftest import ROOT, TAGS
from xtremedistil_tf.data.tokenization.vocabulary import StudentVocabulary
from xtremedistil_tf.errors import UserError

BASE = ["--task=t", "--model_dir=m"]


def write_student(folder, tokenizer, **record):
    """A student folder but for its weights."""
    folder.mkdir(parents=True)
    tokenizer.save_pretrained(folder)
    StudentVocabulary(np.arange(9), len(tokenizer)).save(folder / "vocabulary.npy")
    (folder / "student.json").write_text(json.dumps({
        "student": {"word_emb_dim": 6, "bilstm_hidden_size": 5, "pooling": "max"}, "width": 8,
        "tags": TAGS, "seq_len": 48, **record}))
    return folder


def test_a_checkpoint_is_tuned_all_at_once(parse_finetune):
    config = parse_finetune(*BASE, "--pt_student_checkpoint=small", "--glue_task=RTE")
    assert (config.distil.strategy, config.distil.unfreeze_order) == ("fine-tuning", "all")
    assert config.student.student == "transformer" and config.student.own_vocabulary
    assert config.distil.learning_rate == 1e-4 and config.data.pairs and not config.data.do_ner
    named = parse_finetune(*BASE, "--pt_student_checkpoint=small", "--unfreeze_order=top_down",
                           "--learning_rate=3e-5", "--do_NER", "--freeze_word_embedding",
                           "--student_ft_batch_size=16", "--seq_len=64")
    assert (named.distil.unfreeze_order, named.distil.learning_rate) == ("top_down", 3e-5)
    assert named.distil.ft_batch_size == 16 and named.data.seq_len == 64
    assert named.student.freeze_word_embedding and named.data.do_ner


def test_a_finished_student_says_what_it_reads(parse_finetune, tokenizer, tmp_path):
    folder = write_student(tmp_path / "run" / "student", tokenizer, kind="tagging")
    for given in (folder, folder.parent):
        config = parse_finetune(*BASE, f"--student_dir={given}")
        assert config.data.kind == "tagging" and config.data.seq_len == 48
        assert (config.student.word_emb_dim, config.student.pooling) == (6, "max")
        assert config.distil.unfreeze_order == "top_down" and config.distil.learning_rate == 1e-4
        assert config.data.decoding == "constrained"
    changed = parse_finetune(*BASE, f"--student_dir={folder}", "--seq_len=20",
                             "--dropout_rate=0.4", "--freeze_word_embedding")
    assert changed.data.seq_len == 20 and changed.student.dropout_rate == 0.4
    assert changed.student.trained_layers == ("bilstm", "projection", "logits")
    for flag in ("--pt_student_checkpoint=small", "--pooling=last", "--dense_act_func=tanh"):
        with pytest.raises(UserError, match="and --student_dir are both given"):
            parse_finetune(*BASE, f"--student_dir={folder}", flag)


def test_a_finished_student_keeps_its_decoding(parse_finetune, tokenizer, tmp_path):
    folder = write_student(tmp_path / "run", tokenizer, kind="tagging", decoding="independent")
    given = [*BASE, f"--student_dir={folder}"]
    assert parse_finetune(*given).data.decoding == "independent"
    assert parse_finetune(*given, "--decoding=trained").data.decoding == "trained"


def test_a_student_of_pairs_or_numbers_too(parse_finetune, tokenizer, tmp_path):
    pairs = write_student(tmp_path / "p", tokenizer, kind="classification", tags=["0", "1"],
                          separator=3)
    data = parse_finetune(*BASE, f"--student_dir={pairs}").data
    assert (data.kind, data.pairs, data.glue_task) == ("classification", True, None)
    glue = parse_finetune(*BASE, f"--student_dir={pairs}", "--glue_task=MRPC").data
    assert glue.pairs and glue.measure == "f1"
    numbers = write_student(tmp_path / "n", tokenizer, kind="regression", tags=["score"])
    assert parse_finetune(*BASE, f"--student_dir={numbers}").data.kind == "regression"


def test_every_column_of_the_model_cards_table_has_its_flagfile(parse_finetune):
    kinds = {}
    for path in (ROOT / "flags" / "finetune").glob("*.flags"):
        config = parse_finetune(f"--flagfile={path}", *BASE)
        kinds[path.stem] = (config.data.kind, config.data.glue_task)
        assert config.student.pt_student_checkpoint == "microsoft/xtremedistil-l6-h256-uncased"
        assert config.distil.strategy == "fine-tuning" and config.distil.schedule == "cosine"
    assert kinds == {
        "squad2": ("spans", None), "sst2": ("classification", "SST-2"),
        **{name.lower(): ("classification", name) for name in ("MNLI", "QNLI", "QQP", "RTE",
                                                               "MRPC")}}


def test_questions_have_their_settings(parse_finetune, tokenizer, tmp_path):
    given = parse_finetune(*BASE, "--pt_student_checkpoint=small", "--do_squad", "--seq_len=384",
                           "--doc_stride=96", "--max_answer_length=10").data
    assert given.kind == "spans" and given.pairs and given.measure == "f1"
    assert (given.squad.doc_stride, given.squad.max_query_length,
            given.squad.max_answer_length) == (96, 64, 10)
    with pytest.raises(UserError, match="--doc_stride is given without --do_squad"):
        parse_finetune(*BASE, "--pt_student_checkpoint=small", "--doc_stride=96")
    student = {"student": "transformer", "word_emb_dim": 8, "hidden_size": 8,
               "num_hidden_layers": 1, "num_attention_heads": 2}
    answerer = write_student(
        tmp_path / "a", tokenizer, kind="spans", tags=["start", "end"], separator=3, seq_len=384,
        student=student, squad={"doc_stride": 96, "max_query_length": 32, "max_answer_length": 9})
    data = parse_finetune(*BASE, f"--student_dir={answerer}", "--max_answer_length=12").data
    assert (data.seq_len, data.squad.doc_stride, data.squad.max_answer_length) == (384, 96, 12)
    assert data.squad.max_query_length == 32


def test_what_cannot_be_tuned_is_told(parse_finetune, tmp_path):
    with pytest.raises(UserError, match="nothing to fine-tune; give --pt_student_checkpoint"):
        parse_finetune(*BASE)
    with pytest.raises(UserError, match="holds no student"):
        parse_finetune(*BASE, f"--student_dir={tmp_path}")
