"""Flags of xtremedistil-pretrain into settings."""

import pytest

from xtremedistil_tf.config import PretrainingConfig
from xtremedistil_tf.errors import UserError

BASE = ["--model_dir=m", "--pt_teacher_checkpoint=e5", "--transfer_file=raw.txt"]


def test_flags_are_settings(parse_pretrain):
    assert parse_pretrain(*BASE) == PretrainingConfig("e5", "raw.txt")
    config = parse_pretrain(
        *BASE, "--teacher_layers=1,6,12", "--relation_heads=48", "--hidden_weight=0",
        "--vocabulary=cut", "--vocabulary_min_count=5", "--distil_epochs=2", "--seq_len=64",
        "--distil_batch_tokens=4096", "--transfer_size=1000")
    assert config.teacher_layers == (1, 6, 12) and config.relation_heads == 48
    assert (config.hidden_weight, config.relation_weight) == (0, 1)
    assert (config.epochs, config.batch.tokens, config.text_size) == (2, 4096, 1000)
    scratch = parse_pretrain(*BASE, "--start=scratch", "--hidden_size=64", "--word_emb_dim=32")
    assert (scratch.start, scratch.hidden_size, scratch.word_emb_dim) == ("scratch", 64, 32)


def test_what_is_no_layer_is_told(parse_pretrain):
    with pytest.raises(UserError, match="--teacher_layers has 'last'; allowed: numbers of layers"):
        parse_pretrain(*BASE, "--teacher_layers=1,last")
