"""Keyword arguments are the command line's flags, by name, type and message."""

import inspect
import pathlib

import numpy as np
import pytest

import xtremedistil_tf
from xtremedistil_tf.api.keywords import parse
from xtremedistil_tf.cli.options.flags_to_config import finetune_config, run_config
from xtremedistil_tf.cli.options.run_flags import DISTILLATION, FINE_TUNING
from xtremedistil_tf.errors import UserError

BASE = {"task": "t", "model_dir": "m"}


def config(**keywords):
    """The settings of keywords."""
    return run_config(parse(DISTILLATION, {**BASE, **keywords}))


def test_python_values_are_what_a_command_line_says(parse_command):
    made = config(do_NER=True, languages=["de", "fr"], stage_epochs={"representation": 24, "02": 2},
                  task=pathlib.Path("some/task"), word_emb_dim=np.int64(50), learning_rate="4e-3",
                  dropout_rate=0, strip_accents=False, transfer_size=None, dev_measure="macro_f1",
                  transfer_file="a, b.txt")
    assert made == parse_command(
        "--do_NER", "--languages=de,fr", "--stage_epochs=representation=24,02=2",
        "--task=some/task", "--word_emb_dim=50", "--learning_rate=4e-3", "--dropout_rate=0",
        "--nostrip_accents", "--dev_measure=macro_f1", "--transfer_file=a, b.txt")
    assert config() == parse_command()
    assert config(languages="de,fr") == config(languages=("de", "fr"))
    assert config(stage_epochs=[]) == config()


def test_a_flagfile_counts_where_no_keyword_does(tmp_path, parse_command):
    first, second = tmp_path / "a.flags", tmp_path / "b.flags"
    first.write_text("# A comment.\n--task=data\n--do_NER\n--word_emb_dim=50\n")
    second.write_text("--word_emb_dim=60\n--strategy=D1\n")
    made = run_config(parse(DISTILLATION, {"model_dir": "m", "flagfile": first,
                                           "strategy": "D2", "do_NER": False}))
    assert made == parse_command("--task=data", "--word_emb_dim=50", "--strategy=D2")
    both = config(flagfile=[first, str(second)])
    assert (both.student.word_emb_dim, both.distil.strategy, both.data.task) == (60, "D1", "t")


@pytest.mark.parametrize(("keywords", "message"), [
    ({"bilstm_hiden_sise": 5}, "there is no flag --bilstm_hiden_sise; did you mean "
                               "--bilstm_hidden_size?"),
    ({"flagfil": "f"}, "there is no flag --flagfil; did you mean --flagfile?"),
    ({"seq_len": 2}, "--seq_len is 2; it must be at least 3"),
    ({"seq_len": "abc"}, "flag --seq_len=abc: invalid literal"),
    ({"seq_len": 2.5}, "flag --seq_len=2.5: Expect argument to be a string or int"),
    ({"transfer_file": 3}, "flag --transfer_file=3: flag value must be a string"),
    ({"strategy": "d42"}, "--strategy is 'd42'; allowed: D4.2, D4.1, D3.2, D3.1, D2, D1, D0-S, "
                          "D0; did you mean D4.2?"),
    ({"optimizer": "adm"}, "--optimizer is 'adm'; allowed: adam, lazy_adam; did you mean adam?"),
    ({"task": None}, "--task is needed"),
    ({"flagfile": "no/such.flags"}, "no/such.flags"),
])
def test_mistakes_are_told_as_the_commands_tell_them(keywords, message):
    with pytest.raises(UserError) as caught:
        config(**keywords)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_a_fine_tuning_has_its_own_names():
    given = parse(FINE_TUNING, {**BASE, "pt_student_checkpoint": "c", "quiet": True})
    assert given["quiet"] is True
    assert finetune_config(given).student.pt_student_checkpoint == "c"
    with pytest.raises(UserError, match="there is no flag --teacher_layer"):
        parse(FINE_TUNING, {**BASE, "teacher_layer": 3})


def test_help_and_editors_see_the_flags():
    shown = inspect.signature(xtremedistil_tf.distil).parameters
    assert shown["dropout_rate"].default == 0.2 and shown["flagfile"].default is None
    assert shown["word_emb_dim"].default is None  # Chosen by data and teacher.
    assert shown["task"].default is None  # A text alone is enough for a finished teacher.
    assert shown["model_dir"].default is inspect.Parameter.empty
    assert not {"dry_run", "target_shard"} & set(shown)
    assert "student_dir" in inspect.signature(xtremedistil_tf.finetune).parameters


@pytest.mark.parametrize("name", ["dry_run", "target_shard"])
def test_what_trains_no_student_is_for_commands(name):
    value = {"dry_run": True, "target_shard": "1/2"}[name]
    with pytest.raises(UserError, match=f"--{name} is for commands"):
        xtremedistil_tf.distil(**BASE, **{name: value})
