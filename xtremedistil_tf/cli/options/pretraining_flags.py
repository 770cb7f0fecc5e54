"""The flags of xtremedistil-pretrain."""

from typing import Any, Mapping, Optional, Sequence, Tuple

from xtremedistil_tf import config as cfg
from xtremedistil_tf.cli.options.option import Option, setting, settings_of
from xtremedistil_tf.errors import UserError


def _numbers(items: Optional[Sequence[str]]) -> Optional[Tuple[int, ...]]:
    """Parses numbers of layers.

    Raises:
      UserError: for an item that is no number.
    """
    for item in items or ():
        if not item.isdecimal():
            raise UserError(f"--teacher_layers has {item!r}; allowed: numbers of layers from 1 on, "
                            "commas between")
    return None if items is None else tuple(map(int, items))


PRETRAINING = (
    Option("model_dir", "Run folder. A killed run continues in it. Its folder checkpoint is the "
           "result.", kind="string", required=True),
    setting("transfer_file", "pretraining.text", "Raw text, one sentence a line.", required=True),
    setting("transfer_size", "pretraining.text_size",
            "Number of sentences of the text to use, drawn at random. A larger number contains the "
            "sentences of a smaller one."),
    setting("on_bad_row", "pretraining.on_bad_row",
            "Stop at an unusable line, or skip it and count it. skip also reads a file that does "
            "not look like running text, with a warning.", choices=cfg.ON_BAD_ROW),
    setting("seq_len", "pretraining.seq_len",
            "Longest sequence in subword tokens, special tokens included. A student from scratch "
            "has as many positions; another one has the teacher's."),
    setting("pt_teacher_checkpoint", "pretraining.checkpoint",
            "Hub name or local folder of the teacher, a pre-trained encoder with TensorFlow or "
            "safetensors weights.", required=True),
    setting("strip_accents", "pretraining.strip_accents",
            "Remove accents before words are split into subword tokens."),
    setting("start", "pretraining.start",
            "teacher: the student's layers start as some of the teacher's, with its widths. "
            "scratch: they start at random, with any width.", choices=cfg.STARTS),
    setting("num_hidden_layers", "pretraining.num_hidden_layers",
            "Number of the student's layers. Default: half of the teacher's."),
    setting("teacher_layers", "pretraining.teacher_layers",
            "Layers of the teacher that the student's start from, counted from 1, commas between. "
            "Default: evenly spaced, the last among them (4,8,12 for 3 layers of 12).",
            parse=_numbers),
    setting("hidden_size", "pretraining.hidden_size",
            "Width of a student from scratch. Default: the teacher's."),
    setting("num_attention_heads", "pretraining.num_attention_heads",
            "Attention heads of a student from scratch. Default: the teacher's. It must divide "
            "--hidden_size."),
    setting("word_emb_dim", "pretraining.word_emb_dim",
            "Width of the word embedding of a student from scratch. Default: --hidden_size; "
            "another width is projected to it."),
    setting("word_embedding", "pretraining.word_embedding",
            "Start of the word embedding of a student from scratch: the teacher's, reduced by svd "
            "or pca, or random. Default: svd.", choices=cfg.START_EMBEDDINGS),
    setting("relation_layer", "pretraining.relation_layer",
            "The teacher's layer that teaches relations and hidden states, counted from 1. "
            "Default: the last."),
    setting("relation_heads", "pretraining.relation_heads",
            "Number of heads that queries, keys and values are divided into for their relations. "
            "It must divide the widths of teacher and student. Default: the largest such number up "
            "to the teacher's attention heads (MiniLMv2: 48, which needs four times the memory)."),
    setting("relation_weight", "pretraining.relation_weight",
            "Weight of the loss on self-attention relations (MiniLM); 0 leaves it out."),
    setting("hidden_weight", "pretraining.hidden_weight",
            "Weight of the squared error of the hidden states; 0 leaves it out (MiniLM). Without "
            "it the last layer's output is not trained, only its queries, keys and values."),
    setting("vocabulary", "pretraining.vocabulary",
            "Tokenizer of the student. teacher: the teacher's, whole. cut: the teacher's, cut to "
            "the subword tokens that the text needs.", choices=cfg.VOCABULARIES),
    setting("vocabulary_min_count", "pretraining.vocabulary_min_count",
            "With --vocabulary=cut: keep the subword tokens that occur at least this often in the "
            "text. Others are split into smaller ones."),
    setting("dropout_rate", "pretraining.dropout_rate", "Dropout inside the student's layers."),
    setting("freeze_word_embedding", "pretraining.freeze_word_embedding",
            "Do not train the word embedding, nor the positions."),
    setting("distil_epochs", "pretraining.epochs",
            "Passes over the text. 0 writes the student as it starts, for comparison: the layers "
            "merely cut out of the teacher, or random ones."),
    setting("distil_batch_size", "pretraining.batch_size", "Sequences of a step."),
    setting("distil_batch_tokens", "pretraining.batch_tokens",
            "Positions of a step, instead of a number of sequences."),
    setting("learning_rate", "pretraining.learning_rate",
            "Peak learning rate. It rises, then falls linearly to zero."),
    setting("warmup", "pretraining.warmup", "Fraction of the steps in which the rate rises."),
    setting("optimizer", "pretraining.optimizer",
            "adam, or lazy_adam, which updates only the batch's rows of the word embedding.",
            choices=cfg.OPTIMIZERS),
    setting("part_steps", "pretraining.part_steps",
            "Approximate number of steps of a part. After each part the weights are kept, and the "
            "loss on held-out text is measured. The best weights are the result."),
    setting("seed", "pretraining.seed", "The one seed. All others are derived from it."),
    setting("deterministic", "pretraining.deterministic",
            "Repeat a run bit by bit (slower on a GPU)."),
    setting("opt_policy", "pretraining.opt_policy", "Mixed precision.", choices=cfg.POLICIES),
    Option("overwrite", "Start again: a run in the folder is removed, an unfinished one too.",
           kind="boolean", default=False),
    Option("dry_run", "Print the plan and the time, and train nothing.", kind="boolean",
           default=False),
)


def pretraining_config(given: Mapping[str, Any]) -> cfg.PretrainingConfig:
    """Builds the settings of a task-agnostic distillation.

    Args:
      given: values of the given flags by name.

    Raises:
      UserError: for an invalid value or combination.
    """
    return cfg.PretrainingConfig(**settings_of(given, PRETRAINING)["pretraining"])
