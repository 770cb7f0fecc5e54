"""The flags of what a student is, and their way into its settings."""

import dataclasses

from absl import flags

from xtremedistil_tf import config as cfg
from xtremedistil_tf.errors import UserError

_STUDENT = cfg.StudentConfig()
_TRANSFORMER_SIZES = ("hidden_size", "num_hidden_layers", "num_attention_heads")


def define_start_flags() -> None:
    """What a student that starts from a checkpoint has to say beside its name."""
    flags.DEFINE_string("pt_student_checkpoint", None,
                        "Hub name or local folder of a small encoder (BERT, DistilBERT, ELECTRA, "
                        "RoBERTa kind) that a Transformer starts from, with its own tokenizer and "
                        "whole vocabulary; the sizes are the checkpoint's.")
    flags.DEFINE_boolean("freeze_word_embedding", False,
                         "No step trains the word embedding (a Transformer's positions "
                         "included).")
    flags.DEFINE_float("dropout_rate", _STUDENT.dropout_rate, "Dropout between the layers.")
    flags.DEFINE_enum("dense_act_func", _STUDENT.dense_act_func, cfg.ACTIVATIONS,
                      "Activation of the projection (paper: gelu).")
    flags.DEFINE_enum("pooling", None, sorted({name for names in cfg.POOLINGS.values()
                                               for name in names}),
                      "What stands for a text in classification: the BiLSTM's last states (its "
                      "default) or the max of each unit (authors' v1); a Transformer's first "
                      "position (its default) or the mean over the text.")


def define_model_flags() -> None:
    """Kind, sizes, start and pooling of a student."""
    define_start_flags()
    flags.DEFINE_enum("student", _STUDENT.student, tuple(cfg.STUDENTS),
                      "bilstm, or transformer: a small encoder; the default where --hidden_size, "
                      "--num_hidden_layers, --num_attention_heads or --pt_student_checkpoint is "
                      "given.")
    flags.DEFINE_boolean("compress_word_embedding", False,
                         "With --pt_student_checkpoint: read the teacher's pieces instead, the "
                         "word embedding started from the teacher's as --word_embedding says. "
                         "Other students do so anyway.")
    flags.DEFINE_integer("word_emb_dim", _STUDENT.word_emb_dim,
                         "E, width of the embedding; with --student=transformer the default is "
                         "--hidden_size, to which another width is projected.")
    flags.DEFINE_integer("bilstm_hidden_size", _STUDENT.bilstm_hidden_size,
                         "H, units of each direction (bilstm).")
    flags.DEFINE_integer("hidden_size", _STUDENT.hidden_size,
                         "Width of the layers (transformer); the inner width is four times it.")
    flags.DEFINE_integer("num_hidden_layers", _STUDENT.num_hidden_layers,
                         "Depth (transformer).")
    flags.DEFINE_integer("num_attention_heads", _STUDENT.num_attention_heads,
                         "Heads of a layer, a divisor of --hidden_size (transformer).")
    flags.DEFINE_float("recurrent_dropout", _STUDENT.recurrent_dropout,
                       "Dropout inside the LSTM (authors: 0.2; above 0 no cuDNN).")
    flags.DEFINE_enum("word_embedding", _STUDENT.word_embedding, cfg.WORD_EMBEDDINGS,
                      "Start of the embedding (paper Table 7): svd, pca (released code) or ppa of "
                      "the fine-tuned teacher's, svd_pretrained of the one before fine-tuning, "
                      "full: its whole width, random, or file: word vectors. With --word_emb_file "
                      "the default is file.")
    flags.DEFINE_string("word_emb_file", None,
                        "Word vectors as text: GloVe, or fastText and MUSE (.vec).")
    flags.DEFINE_integer("ppa_components", _STUDENT.ppa_components,
                         "Principal components that --word_embedding=ppa removes (paper: 14, 17).")
    flags.DEFINE_enum("pair_encoding", None, cfg.PAIR_ENCODINGS,
                      "How a BiLSTM reads two texts: siamese, each alone, joined with |u - v| and "
                      "u * v (its default), or joint, as one row with a segment embedding. A "
                      "Transformer reads one row.")


def student_config(values: flags.FlagValues, pairs: bool) -> cfg.StudentConfig:
    """The student's settings; those of its checkpoint are filled in when that is read.

    Args:
      values: the flags.
      pairs: whether a row has two texts.

    Raises:
      UserError: for flags that contradict each other.
    """
    student = {field.name: getattr(values, field.name)
               for field in dataclasses.fields(cfg.StudentConfig) if field.name != "architecture"}
    if values.word_emb_file and not values["word_embedding"].present:
        student["word_embedding"] = "file"
    started = values.pt_student_checkpoint is not None
    start = () if values.compress_word_embedding else ("word_embedding", "word_emb_file")
    for name in (*_TRANSFORMER_SIZES, "word_emb_dim", *start) if started else ():
        if values[name].present:
            raise UserError(f"--{name} and --pt_student_checkpoint are both given; sizes and word "
                            "embedding are the checkpoint's. With --compress_word_embedding the "
                            "embedding starts as --word_embedding says")
    sized = started or any(values[name].present for name in _TRANSFORMER_SIZES)
    if sized and not values["student"].present:
        student["student"] = "transformer"
    if student["student"] == "transformer" and not values["word_emb_dim"].present:
        student["word_emb_dim"] = values.hidden_size
    if values.pair_encoding is None:
        apart = pairs and student["student"] == "bilstm"
        student["pair_encoding"] = "siamese" if apart else "joint"
    return cfg.StudentConfig(**student)
