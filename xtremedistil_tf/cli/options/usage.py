"""The text of --help: flags by concern with the paper's values; hints for misspelt flags."""

import re
import shutil
import textwrap
from typing import Dict, Iterable, List, Union

from absl import flags

from xtremedistil_tf.errors import near, not_allowed

# Concerns in the order in which a user meets them; every flag belongs to one.
CONCERNS: Dict[str, tuple] = {
    "What to do": ("study", "grid", "presets", "lines", "seeds", "sizes", "jobs", "output",
                   "check", "card", "dry_run", "runtime", "onnx_providers", "verify", "forms",
                   "onnx_float16", "export_version", "repository", "private", "paper_grid",
                   "card_table", "queries", "seconds", "runs", "data", "predictions", "split",
                   "samples", "worst", "processes", "host", "port", "show_teacher", "allowed_hosts",
                   "time_limit", "batch_texts", "waiting_texts", "stop_seconds", "log_format",
                   "browser_dir"),
    "Data": ("task", "transfer_file", "do_NER", "glue_task", "do_pairwise", "do_regression",
             "do_squad", "do_multilabel", "task_kind", "tag_scheme", "doc_stride",
             "max_query_length", "max_answer_length", "seq_len", "decoding", "on_bad_row",
             "dev_measure", "languages", "labels_per_language", "transfer_size", "entity_swaps",
             "word_swaps", "input", "text_column", "train", "dev", "test", "transfer", "format",
             "word_column", "tag_column", "encoding", "normalize", "nested", "dataset_config",
             "language", "tag_names", "whitespace_words", "dev_share", "test_share", "keep_leaks",
             "licence", "kind", "label_column", "language_column", "header", "whole_labels",
             "ask_teacher_below", "threshold"),
    "Teacher": ("pt_teacher", "pt_teacher_checkpoint", "teacher_config", "teacher_model_dir",
                "teacher_layer", "strip_accents", "tokenizer", "label_map", "teacher_tag_scheme",
                "teacher_outputs", "teacher_tokenizer", "teacher_weights",
                "teacher_languages"),
    "Teacher's fine-tuning": ("teacher_epochs", "teacher_lm_epochs", "teacher_batch_size",
                              "teacher_learning_rate", "teacher_warmup", "teacher_unfreeze",
                              "teacher_mask_rate", "teacher_opt_policy"),
    "Student": ("student", "student_dir", "start", "teacher_layers", "pt_student_checkpoint",
                "compress_word_embedding", "freeze_word_embedding", "word_emb_dim",
                "bilstm_hidden_size", "bilstm_layers", "hidden_size", "num_hidden_layers",
                "num_attention_heads", "dropout_rate", "recurrent_dropout", "input_dropout",
                "dense_act_func", "logits_from", "word_embedding", "word_emb_file",
                "ppa_components", "pooling", "pair_encoding", "vocabulary",
                "vocabulary_min_count"),
    "Distillation": ("strategy", "unfreeze_order", "unfreeze_representation", "label_head",
                     "representation_loss", "logits_loss", "relation_weight", "hidden_weight",
                     "relation_layer", "relation_heads",
                     "temperature", "distil_multi_hidden_states", "distil_attention",
                     "alpha", "beta", "gamma", "distil_epochs", "ft_epochs",
                     "epochs_per", "stage_epochs", "distil_batch_size",
                     "ft_batch_size",
                     "student_distil_batch_size", "student_ft_batch_size", "distil_batch_tokens",
                     "language_exponent", "label_smoothing", "weight_average", "patience",
                     "least_gain", "part_steps"),
    "Optimizer": ("optimizer", "lr_schedule", "learning_rate", "ft_learning_rate", "lowest_rate",
                  "lr_period", "warmup"),
    "Targets": ("distil_chunk_size", "keep_representation", "target_workers", "target_shard",
                "targets_dir"),
    "Run": ("model_dir", "overwrite", "defaults", "time_budget", "baseline", "compare_paper",
            "export", "seed", "deterministic", "opt_policy", "most_shown", "quiet", "verbose"),
}
OTHER = "Other"
# Shown as default of a flag whose help explains it.
DEPENDS = "depends"
_SAYS_DEFAULT = "Default"
# Values of the paper, if it gives them (section 6, Tables 3, 4 and 12; Eq. 5 and 6).
PAPER = {
    "seq_len": "32", "teacher_layer": "7", "word_emb_dim": "300", "bilstm_hidden_size": "600",
    "dropout_rate": "0.2", "dense_act_func": "gelu", "word_embedding": "svd",
    "strategy": "D4.2", "representation_loss": "kld_student_first",
    "label_head": "own", "unfreeze_representation": "true",
    "distil_batch_size": "512", "optimizer": "adam", "learning_rate": "0.001",
    "lowest_rate": "1e-08", "strip_accents": "true",
}


def concerns(names: Iterable[str]) -> Dict[str, List[str]]:
    """Sorts flags by concern.

    Args:
      names: names of a command's flags.

    Returns:
      The flags by concern; flags without a concern are under "Other".
    """
    left = set(names)
    found = {title: [name for name in members if name in left]
             for title, members in CONCERNS.items()}
    found[OTHER] = sorted(left - {name for members in found.values() for name in members})
    return {title: members for title, members in found.items() if members}


def follows_paper(names: Iterable[str]) -> bool:
    """Returns False if a command with these flags distils without a task, unlike the paper."""
    return "relation_weight" not in names


def default_text(flag: flags.Flag, *, with_paper: bool = True) -> str:
    """Describes a flag's default and, if wanted, the paper's value."""
    value = flag.default
    if flag.boolean and value is not None:
        value = "true" if value else "false"
    elif isinstance(value, (list, tuple)):
        value = ",".join(value)
    told = "none" if value is None or value == "" else f"{value}"
    if told == "none" and _SAYS_DEFAULT in flag.help:
        told = DEPENDS
    paper = PAPER.get(flag.name) if with_paper else None
    if paper is None:
        return told
    return f"{told}, as the paper" if told == paper else f"{told}; the paper: {paper}"


def told(flag: flags.Flag) -> str:
    """Returns the help of a flag without the sentence that absl adds to repeatable flags."""
    return str(flag.help).partition(";\n    repeat this option")[0]


def usage(name: str, purpose: str, own: Iterable[str], values: flags.FlagValues,
          *, examples: str = "") -> str:
    """Returns the text of --help.

    Args:
      name: name of the command.
      purpose: one line about its purpose.
      own: names of its flags.
      values: the absl flag values.
      examples: command lines, with their heading.
    """
    own = list(own)
    with_paper = follows_paper(own)
    width = max(60, min(100, shutil.get_terminal_size().columns))
    lines = [purpose, "", f"usage: {name} --flag=value ..."]
    lines += ["", examples.rstrip()] if examples else []
    for title, members in concerns(own).items():
        lines += ["", f"{title}:"]
        for member in members:
            flag = values[member]
            default = default_text(flag, with_paper=with_paper)
            text = f"--{member}  {told(flag).rstrip('.')}"
            text += "" if default == DEPENDS else f" (default: {default})"
            lines += textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="      ")
    return "\n".join([*lines, "", "--flagfile=FILE reads flags from a file. --version prints the "
                      "version. --helpfull lists the flags of all libraries too."])


def explain(error: Union[flags.Error, UnicodeDecodeError], names: Iterable[str]) -> str:
    """Describes a flag error in one line, with a similar name or value if there is one.

    Args:
      error: the error of absl, or of the bytes of a flagfile.
      names: names of all flags.
    """
    refused = error.__context__
    if isinstance(error, flags.CantOpenFlagFileError) and isinstance(refused, OSError):
        return f"--flagfile {refused.filename}: {refused.strerror}"
    if isinstance(error, UnicodeDecodeError):
        return f"--flagfile is not UTF-8 ({error.reason}); save it as UTF-8"
    if isinstance(error, flags.UnrecognizedFlagError):
        better = near(error.flagname, ["flagfile", *names])
        return (f"there is no flag --{error.flagname}"
                + (f"; did you mean --{better}?" if better else "; --help lists them"))
    text = " ".join(str(error).split())
    missing = re.search(r"Flag --(\w+) must have a value other than None", text)
    if missing:
        return f"--{missing.group(1)} is needed; --help lists the flags"
    match = re.match(r"flag --(\w+)=(.*): value should be one of <(.*)>", text)
    if not match:
        return f"{text} (--help lists the flags)"
    name, value, allowed = match.group(1), match.group(2), match.group(3).split("|")
    return str(not_allowed(name, value, allowed))
