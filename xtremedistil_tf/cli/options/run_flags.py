"""The absl flags of the training commands.

Names of the authors' scripts (XtremeDistil v2 and XtremeDistil-Transformers) keep their meaning.
"""

from absl import flags

from xtremedistil_tf import config as cfg
from xtremedistil_tf.cli.options.flags_to_config import CHECKPOINT_RATE
from xtremedistil_tf.cli.options.student_flags import define_model_flags

_DATA, _TEACHER = cfg.DataConfig(task=""), cfg.TeacherConfig()
_DISTIL = cfg.DistilConfig()


def define_run_flags() -> None:
    """Flags that every training command has."""
    flags.DEFINE_string("task", None,
                        "Folder with train.tsv, dev.tsv, test.tsv, labels.tsv (the last is not "
                        "needed for classification).",
                        required=True)
    flags.DEFINE_string("model_dir", None, "Run folder; a run that was killed goes on in it.",
                        required=True)
    flags.DEFINE_integer("seq_len", _DATA.seq_len, "Longest row in pieces, markers included.")
    flags.DEFINE_boolean("do_NER", False, "Tag words; without it texts are classified.")
    flags.DEFINE_enum("glue_task", None, tuple(cfg.GLUE),
                      "The folder holds this task's original files: its columns by name, its "
                      "dev files, its own measure; unlabelled test files are predicted for GLUE's "
                      "server.")
    flags.DEFINE_boolean("do_pairwise", False,
                         "A row has two texts: text<TAB>text<TAB>label, the transfer file "
                         "text<TAB>text (GLUE's pairs: by themselves).")
    flags.DEFINE_boolean("do_regression", False,
                         "Estimate a number a text instead of a class (STS-B: by itself).")
    flags.DEFINE_boolean("do_squad", False,
                         "Find answers in texts: the folder holds SQuAD's train-v2.0.json and "
                         "dev-v2.0.json (xtremedistil-finetune, from a checkpoint).")
    flags.DEFINE_enum("decoding", _DATA.decoding, cfg.DECODINGS,
                      "Tags of words: the best sequence that is valid IOB2, or each word's best "
                      "(the paper). The student keeps it.")
    flags.DEFINE_enum("on_bad_row", _DATA.on_bad_row, cfg.ON_BAD_ROW,
                      "Stop at an unusable row, or skip and count it.")
    flags.DEFINE_enum("dev_measure", None, sorted({name for names in cfg.MEASURES.values()
                                                   for name in names}),
                      "Dev score that chooses epochs and steps; by default macro_f1 for tagging, "
                      "accuracy for classification (f1, of the second class, and matthews where "
                      "there are two), pearson for regression, f1 for --do_squad; GLUE's tasks "
                      "have their own.")
    flags.DEFINE_list("languages", [], "Use only the labelled rows of these languages.")
    flags.DEFINE_integer("labels_per_language", None,
                         "Most training rows a language, drawn at random; a larger number holds "
                         "the smaller one's.")
    flags.DEFINE_integer("seed", 42, "The one seed; all others are derived from it.")
    flags.DEFINE_boolean("deterministic", False, "Bit-equal repetition (slower on a GPU).")
    flags.DEFINE_enum("opt_policy", None, cfg.POLICIES,
                      "Mixed precision for training and targets; losses and logits stay float32.")
    flags.DEFINE_boolean("overwrite", False, "Start anew in a folder made by other settings.")
    flags.DEFINE_integer("ft_epochs", _DISTIL.ft_epochs,
                         "Most epochs on labels, for the teacher and for each student step.")
    flags.DEFINE_integer("ft_batch_size", _DISTIL.ft_batch_size, "Rows a step on labels.")
    flags.DEFINE_integer("patience", _DISTIL.patience,
                         "Epochs without a better dev measure that end a step.")


def define_teacher_flags() -> None:
    """Flags of the teacher and its fine-tuning."""
    flags.DEFINE_string("pt_teacher", _TEACHER.model_class, "transformers TF class of the teacher.")
    flags.DEFINE_string("pt_teacher_checkpoint", _TEACHER.checkpoint,
                        "Hub name or local folder (TF or safetensors weights).")
    flags.DEFINE_string("teacher_config", None,
                        "A Hugging Face config.json: random weights and a vocabulary of the "
                        "task's own text instead of a checkpoint.")
    flags.DEFINE_string("teacher_model_dir", None,
                        "Folder of a fine-tuned teacher; fine-tuned there if it holds none. "
                        "Several with commas between: their logits are averaged, all else is the "
                        "first's.")
    flags.DEFINE_integer("teacher_layer", _TEACHER.layer,
                         "Index into hidden_states, 0 = embeddings (paper: 7 of 12).")
    flags.DEFINE_integer("teacher_epochs", None, "Fine-tuning epochs, if not --ft_epochs.")
    flags.DEFINE_integer("teacher_batch_size", None, "Fine-tuning rows, if not --ft_batch_size.")
    flags.DEFINE_float("teacher_learning_rate", _TEACHER.learning_rate, "Peak of fine-tuning.")
    flags.DEFINE_float("teacher_warmup", _TEACHER.warmup, "Share of steps that rise to the peak.")
    flags.DEFINE_enum("teacher_unfreeze", _TEACHER.unfreeze, cfg.UNFREEZE,
                      "Fine-tune all layers at once or unfreeze them top-down.")
    flags.DEFINE_float("teacher_mask_rate", _TEACHER.mask_rate,
                       "Share of pieces replaced by [MASK] in fine-tuning; helps a teacher that "
                       "starts from random weights.")
    flags.DEFINE_boolean("strip_accents", None,
                         "Remove accents before splitting into pieces (paper: yes; mBERT: no).")


def define_student_flags() -> None:
    """Flags of the student and its distillation."""
    flags.DEFINE_string("transfer_file", None,
                        "Unlabelled text, looked for in the task folder, then here.")
    flags.DEFINE_integer("transfer_size", None,
                         "Sentences of the transfer file that are used, drawn at random; a larger "
                         "number holds the smaller one's.")
    define_model_flags()
    flags.DEFINE_enum("strategy", _DISTIL.strategy, cfg.STRATEGIES, "Plan (paper Table 3).")
    flags.DEFINE_enum("representation_loss", _DISTIL.representation_loss,
                      cfg.REPRESENTATION_LOSSES,
                      "Stage 1: mse (released code) or kld (paper Eq. 6).")
    flags.DEFINE_enum("logits_loss", _DISTIL.logits_loss, cfg.LOGITS_LOSSES,
                      "Against the teacher's logits: mse (paper Eq. 4), kld (softened by "
                      "--temperature), or pseudo_labels: its most probable class.")
    flags.DEFINE_float("temperature", _DISTIL.temperature, "Of --logits_loss=kld.")
    flags.DEFINE_boolean("distil_multi_hidden_states", False,
                         "The representation step also teaches a Transformer the hidden states of "
                         "all its layers, matched with the teacher's from the top.")
    flags.DEFINE_boolean("distil_attention", False,
                         "And the attention of these layers, averaged over heads; includes "
                         "--distil_multi_hidden_states, as with the authors.")
    flags.DEFINE_float("alpha", _DISTIL.alpha, "Weight of the labels in joint steps (D1 to D3.2).")
    flags.DEFINE_float("beta", _DISTIL.beta, "Weight of the representation in joint steps (D2).")
    flags.DEFINE_float("gamma", _DISTIL.gamma, "Weight of the logits in joint steps.")
    flags.DEFINE_integer("distil_epochs", _DISTIL.distil_epochs,
                         "Most epochs of a step on the transfer set.")
    flags.DEFINE_integer("distil_batch_size", _DISTIL.distil_batch_size,
                         "Rows a step on the transfer set.")
    flags.DEFINE_integer("student_distil_batch_size", None, "The same, by its later name.")
    flags.DEFINE_integer("entity_swaps", _DATA.entity_swaps,
                         "Sentences that are added to the transfer text from each labelled one, "
                         "its entities replaced by others of their type and language.")
    flags.DEFINE_integer("distil_batch_tokens", None,
                         "Positions a step on the transfer set, instead of rows.")
    flags.DEFINE_boolean("keep_representation", True,
                         "Keep the stored representations after the last stage that reads them; "
                         "they are nine tenths of the disk.")
    flags.DEFINE_integer("target_workers", 1,
                         "Processes that run the teacher over the transfer set, each on a GPU of "
                         "its own where there are several.")
    flags.DEFINE_string("target_shard", None,
                        "i/n: write only the i-th of n parts of the teacher's outputs, beside "
                        "other processes or machines, and end.")
    flags.DEFINE_string("targets_dir", None,
                        "Folder of the teacher's outputs that several runs share.")
    flags.DEFINE_integer("distil_chunk_size", _DISTIL.chunk_size, "Rows of a target shard.")
    define_label_flags()


def define_label_flags() -> None:
    """Flags of a student's steps on labels, of its optimizer and of what a run ends with."""
    flags.DEFINE_enum("unfreeze_order", _DISTIL.unfreeze_order, cfg.UNFREEZE_ORDERS,
                      "How D3.2 and D4.2 unfreeze the student's layers (paper: top_down); "
                      "xtremedistil-finetune does a --pt_student_checkpoint's all at once, "
                      "unless this is given.")
    flags.DEFINE_enum("epochs_per", _DISTIL.epochs_per, cfg.EPOCHS_PER,
                      "Whether --distil_epochs and --ft_epochs are each step's, or those of all "
                      "steps that unfreeze layers for one purpose, more for the later ones.")
    flags.DEFINE_list("stage_epochs", [],
                      "Exceptions as part-of-name=epochs, e.g. representation=24,02=2; 0 leaves a "
                      "step out. A part may be in several names, the last match counts: logits "
                      "is also in 06_labels_logits.")
    flags.DEFINE_integer("student_ft_batch_size", None,
                         "Rows a step on labels for the student, if not --ft_batch_size.")
    flags.DEFINE_float("label_smoothing", _DISTIL.label_smoothing,
                       "Share of a label's probability that is spread over all classes.")
    flags.DEFINE_float("weight_average", _DISTIL.weight_average,
                       "Decay a step of a running mean of the student's weights, which is what dev "
                       "measures and what is kept (0.99 or so; 0: none).")
    flags.DEFINE_float("language_exponent", _DISTIL.language_exponent,
                       "A language's share of the student's labelled rows is that of its number "
                       "of rows to this power: 1 as they are, 0 the same for all languages.")
    flags.DEFINE_enum("lr_schedule", _DISTIL.schedule, cfg.SCHEDULES,
                      "Cosine with restarts (authors) or one cosine over a step's epochs.")
    flags.DEFINE_float("learning_rate", _DISTIL.learning_rate,
                       "Peak of the cosine; with --pt_student_checkpoint or --student_dir "
                       f"the default is {CHECKPOINT_RATE:g}.")
    flags.DEFINE_float("lowest_rate", _DISTIL.lowest_rate, "Floor of the cosine.")
    flags.DEFINE_integer("lr_period", _DISTIL.period, "Epochs of the first restarting cosine.")
    flags.DEFINE_enum("optimizer", _DISTIL.optimizer, cfg.OPTIMIZERS,
                      "adam, or lazy_adam: only a batch's embedding rows are updated.")
    flags.DEFINE_boolean("export", True,
                         "End with the student's exports; xtremedistil-export makes them later.")
    flags.DEFINE_boolean("dry_run", False, "Print the plan and train nothing.")
