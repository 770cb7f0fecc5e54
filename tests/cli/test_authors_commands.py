"""The command lines of the authors' READMEs, unchanged, and every option of their scripts."""

import re

import pytest
from absl import flags

from tests.conftest import ROOT
from xtremedistil_tf.cli import distill

V2 = {
    "SST-2": (
        "--task $$PT_DATA_DIR/datasets/SST-2 --model_dir $$PT_OUTPUT_DIR --seq_len 32 "
        "--ft_epochs 80 --distil_epochs 80 --ft_batch_size 32 --distil_batch_size 1024 "
        "--teacher_layer 6 --distil_chunk_size 700000 --pt_teacher TFBertModel "
        "--pt_teacher_checkpoint bert-large-uncased-whole-word-masking "
        "--transfer_file unlabeled_sentences.txt",
        ("bert-large-uncased-whole-word-masking", "TFBertModel", 32, 1024)),
    "NER": (
        "--task $$PT_DATA_DIR/datasets/NER --model_dir $$PT_OUTPUT_DIR --seq_len 32 "
        "--ft_epochs 80 --distil_epochs 80 --ft_batch_size 256 --distil_batch_size 1024 "
        "--teacher_layer 6 --distil_chunk_size 700000 --pt_teacher TFBertModel "
        "--pt_teacher_checkpoint bert-base-multilingual-cased --do_NER "
        "--transfer_file unlabeled_sentences.txt",
        ("bert-base-multilingual-cased", "TFBertModel", 256, 1024)),
    "NER, XLM-R": (
        "--task $$PT_DATA_DIR/datasets/NER --model_dir $$PT_OUTPUT_DIR --seq_len 32 "
        "--ft_epochs 80 --distil_epochs 80 --ft_batch_size 128 --distil_batch_size 512 "
        "--teacher_layer 6 --distil_chunk_size 700000 --pt_teacher TFXLMRobertaModel "
        "--pt_teacher_checkpoint jplu/tf-xlm-roberta-large --do_NER "
        "--transfer_file unlabeled_sentences.txt",
        ("jplu/tf-xlm-roberta-large", "TFXLMRobertaModel", 128, 512)),
}
LATER_NER = (
    "--task $$PT_DATA_DIR/datasets/NER --model_dir $$PT_OUTPUT_DIR --seq_len 32 "
    "--transfer_file $$PT_DATA_DIR/datasets/NER/unlabeled.txt --do_NER --pt_teacher TFBertModel "
    "--pt_teacher_checkpoint bert-base-multilingual-cased --student_distil_batch_size 256 "
    "--student_ft_batch_size 32 --teacher_batch_size 128 "
    "--pt_student_checkpoint microsoft/xtremedistil-l6-h384-uncased --distil_chunk_size 10000 "
    "--teacher_model_dir $$PT_OUTPUT_DIR --distil_multi_hidden_states --distil_attention "
    "--compress_word_embedding --freeze_word_embedding --opt_policy mixed_float16")
LATER_MNLI = (
    "--task $$PT_DATA_DIR/glue_data/MNLI --model_dir $$PT_OUTPUT_DIR --seq_len 128 "
    "--transfer_file $$PT_DATA_DIR/glue_data/MNLI/train.tsv --do_pairwise "
    "--pt_teacher TFElectraModel --pt_teacher_checkpoint google/electra-base-discriminator "
    "--student_distil_batch_size 128 --student_ft_batch_size 32 "
    "--pt_student_checkpoint microsoft/xtremedistil-l6-h384-uncased "
    "--teacher_model_dir $$PT_OUTPUT_DIR --teacher_batch_size 32 --distil_chunk_size 300000 "
    "--opt_policy mixed_float16")
PAGE = (ROOT / "docs" / "reference" / "authors_options.md").read_text("utf-8")


@pytest.fixture(scope="module")
def defined():
    """Names of the flags of run_distillation.py."""
    before = set(flags.FLAGS)
    distill.define_flags()
    names = set(flags.FLAGS) - before
    for name in names:
        delattr(flags.FLAGS, name)
    return names


@pytest.mark.parametrize("name", V2)
def test_the_commands_of_v2(parse, name):
    line, (checkpoint, model_class, rows, transfer_rows) = V2[name]
    config = parse(*line.split())
    assert config.data.do_ner == name.startswith("NER") and config.data.seq_len == 32
    assert config.data.task == f"$$PT_DATA_DIR/datasets/{name.split(',')[0]}"
    assert config.data.transfer_file == "unlabeled_sentences.txt"
    assert (config.teacher.checkpoint, config.teacher.model_class) == (checkpoint, model_class)
    assert config.teacher.layer == 6 and config.teacher.epochs == config.distil.ft_epochs == 80
    assert config.teacher.batch_size == config.distil.ft_batch_size == rows
    assert (config.distil.distil_epochs, config.distil.distil_batch_size) == (80, transfer_rows)
    assert config.distil.chunk_size == 700000 and config.student.student == "bilstm"
    assert config.data.measure == ("macro_f1" if config.data.do_ner else "accuracy")


def check_later(config):
    """What the commands of XtremeDistil-Transformers have in common."""
    student = config.student
    assert student.student == "transformer"
    assert student.pt_student_checkpoint == "microsoft/xtremedistil-l6-h384-uncased"
    assert config.teacher.model_dirs == ("$$PT_OUTPUT_DIR",)
    assert config.distil.ft_batch_size == 32 and config.opt_policy == "mixed_float16"


def test_the_later_command_for_tagging(parse):
    config = parse(*LATER_NER.split())
    check_later(config)
    assert config.data.do_ner and config.data.seq_len == 32
    assert config.teacher.checkpoint == "bert-base-multilingual-cased"
    assert config.teacher.batch_size == 128
    assert (config.distil.distil_batch_size, config.distil.chunk_size) == (256, 10000)
    assert config.distil.multi_hidden_states and config.distil.attention
    assert config.student.compress_word_embedding and not config.student.own_vocabulary
    assert "word_embedding" not in config.student.trained_layers


def test_the_later_command_for_pairs(parse):
    config = parse(*LATER_MNLI.split())
    check_later(config)
    assert config.data.do_pairwise and config.data.seq_len == 128
    assert config.data.transfer_file.endswith("glue_data/MNLI/train.tsv")
    assert config.teacher.checkpoint == "google/electra-base-discriminator"
    assert (config.teacher.model_class, config.teacher.batch_size) == ("TFElectraModel", 32)
    assert (config.distil.distil_batch_size, config.distil.chunk_size) == (128, 300000)
    assert not (config.distil.multi_hidden_states or config.student.compress_word_embedding)
    assert config.student.own_vocabulary and config.student.trained_layers[0] == "word_embedding"


def rows(heading):
    """The (theirs, ours) columns of the table below a heading of the page."""
    part = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    _, *found = [line for line in part.splitlines() if line.startswith("| ")]
    return [line.strip("|").split("|")[:2] for line in found]


def test_the_page_knows_v1s_options_and_names_flags_that_exist(defined):
    for heading in ("v1", "v2", "XtremeDistil-Transformers"):
        found = rows(heading)
        for _, ours in found:
            for flag in re.findall(r"--(\w+)", ours):
                assert flag in defined, f"{heading}: --{flag}"
        assert found
    theirs = {name for cell, _ in rows("v1") for name in re.findall(r"`(\w+)", cell)}
    # Of BERT_NER.py and run_classifier.py, those for TPUs left out.
    missing = set("""data_dir bert_config_file task_name vocab_file output_dir model_dir pred_file
        bert_prediction_file word_embedding_file word_emb_file shared_model_file init_checkpoint
        do_lower_case max_seq_length do_train do_eval do_distil task path s1_loss s1_opt s2_opt
        s_opt bilstm_hidden_size distil_batch_size dropout_rate teacher_layer
        distil_teacher_batch_size alpha train_batch_size eval_batch_size predict_batch_size
        learning_rate num_train_epochs warmup_proportion save_checkpoints_steps
        iterations_per_loop crf""".split()) - theirs
    assert not missing


def test_every_option_of_the_later_scripts_is_a_flag(defined):
    v2 = set("""task model_dir seq_len transfer_file do_NER word_emb_dim word_emb_file
        bilstm_hidden_size dropout_rate dense_act_func pt_teacher pt_teacher_checkpoint
        teacher_layer distil_batch_size ft_batch_size ft_epochs distil_epochs
        distil_chunk_size""".split())
    later = set("""teacher_model_dir hidden_size num_attention_heads num_hidden_layers
        pt_student_checkpoint distil_attention distil_multi_hidden_states compress_word_embedding
        freeze_word_embedding opt_policy student_distil_batch_size student_ft_batch_size
        teacher_batch_size patience""".split())
    assert not (v2 | later) - defined
