"""The table of the training commands' flags.

Names of the authors' scripts (XtremeDistil v2 and XtremeDistil-Transformers) keep their meaning.
"""

from typing import Tuple

from xtremedistil_tf import config as cfg
from xtremedistil_tf.cli.options.option import Option, setting
from xtremedistil_tf.cli.options.student_flags import MODEL_FLAGS, START_FLAGS
from xtremedistil_tf.errors import UserError


def parse_stage_epochs(items: Tuple[str, ...]) -> Tuple[Tuple[str, int], ...]:
    """Parses "name=epochs" items.

    Raises:
      UserError: for an item of another form.
    """
    parsed = []
    for item in items:
        name, _, epochs = item.partition("=")
        if not name or not epochs.isdigit():
            raise UserError(
                f"--stage_epochs has {item!r}; allowed: part-of-name=epochs, comma between"
            )
        parsed.append((name, int(epochs)))
    return tuple(parsed)


def parse_target_shard(text: str) -> Tuple[int, int]:
    """Parses "i/n".

    Raises:
      UserError: for a text of another form.
    """
    number, slash, parts = text.partition("/")
    if not (slash and number.isdigit() and parts.isdigit()):
        raise UserError(f"--target_shard is {text!r}; allowed: i/n, as in 1/4")
    return int(number), int(parts)


# Flags that every training command has.
RUN_FLAGS = (
    setting("task", "data.task",
            "Folder with train.tsv, dev.tsv, test.tsv, labels.tsv (the last is not needed for "
            "classification).", required=True),
    Option("model_dir", "Run folder; a run that was killed goes on in it.", kind="string",
           required=True),
    setting("seq_len", "data.seq_len", "Longest row in pieces, markers included."),
    setting("do_NER", "data.do_ner", "Tag words; without it texts are classified."),
    setting("glue_task", "data.glue_task",
            "The folder holds this task's original files: its columns by name, its dev files, its "
            "own measure; unlabelled test files are predicted for GLUE's server.",
            choices=tuple(cfg.GLUE)),
    setting("do_pairwise", "data.do_pairwise",
            "A row has two texts: text<TAB>text<TAB>label, the transfer file text<TAB>text "
            "(GLUE's pairs: by themselves)."),
    setting("do_regression", "data.do_regression",
            "Estimate a number a text instead of a class (STS-B: by itself)."),
    Option("do_squad",
           "Find answers in texts: the folder holds SQuAD's train-v2.0.json and dev-v2.0.json "
           "(xtremedistil-finetune, from a checkpoint).", kind="boolean", default=False),
    setting("decoding", "data.decoding",
            "Tags of words: the best sequence that is valid IOB2, or each word's best (the "
            "paper). The student keeps it.", choices=cfg.DECODINGS),
    setting("on_bad_row", "data.on_bad_row", "Stop at an unusable row, or skip and count it.",
            choices=cfg.ON_BAD_ROW),
    setting("dev_measure", "data.dev_measure",
            "Dev score that chooses epochs and steps; by default macro_f1 for tagging, accuracy "
            "for classification (f1, of the second class, and matthews where there are two), "
            "pearson for regression, f1 for --do_squad; GLUE's tasks have their own.",
            choices=sorted({name for names in cfg.MEASURES.values() for name in names})),
    setting("languages", "data.languages", "Use only the labelled rows of these languages."),
    setting("labels_per_language", "data.labels_per_language",
            "Most training rows a language, drawn at random; a larger number holds the smaller "
            "one's."),
    setting("seed", "run.seed", "The one seed; all others are derived from it."),
    setting("deterministic", "run.deterministic", "Bit-equal repetition (slower on a GPU)."),
    setting("opt_policy", "run.opt_policy",
            "Mixed precision for training and targets; losses and logits stay float32.",
            choices=cfg.POLICIES),
    Option("overwrite", "Start anew in a folder made by other settings.", kind="boolean",
           default=False),
    setting("ft_epochs", ("distil.ft_epochs", "teacher.epochs"),
            "Most epochs on labels, for the teacher and for each student step."),
    setting("ft_batch_size", ("distil.ft_batch_size", "teacher.batch_size"),
            "Rows a step on labels."),
    setting("patience", ("distil.patience", "teacher.patience"),
            "Epochs without a better dev measure that end a step."),
)

# Flags of the teacher and its fine-tuning.
TEACHER_FLAGS = (
    setting("pt_teacher", "teacher.model_class", "transformers TF class of the teacher."),
    setting("pt_teacher_checkpoint", "teacher.checkpoint",
            "Hub name or local folder (TF or safetensors weights)."),
    setting("teacher_config", "teacher.config_file",
            "A Hugging Face config.json: random weights and a vocabulary of the task's own text "
            "instead of a checkpoint."),
    setting("teacher_model_dir", "teacher.model_dir",
            "Folder of a fine-tuned teacher; fine-tuned there if it holds none. Several with "
            "commas between: their logits are averaged, all else is the first's."),
    setting("teacher_layer", "teacher.layer",
            "Index into hidden_states, 0 = embeddings (paper: 7 of 12)."),
    setting("teacher_epochs", "teacher.epochs", "Fine-tuning epochs, if not --ft_epochs.",
            derived=True),
    setting("teacher_batch_size", "teacher.batch_size",
            "Fine-tuning rows, if not --ft_batch_size.", derived=True),
    setting("teacher_learning_rate", "teacher.learning_rate", "Peak of fine-tuning."),
    setting("teacher_warmup", "teacher.warmup", "Share of steps that rise to the peak."),
    setting("teacher_unfreeze", "teacher.unfreeze",
            "Fine-tune all layers at once or unfreeze them top-down.", choices=cfg.UNFREEZE),
    setting("teacher_mask_rate", "teacher.mask_rate",
            "Share of pieces replaced by [MASK] in fine-tuning; helps a teacher that starts from "
            "random weights."),
    setting("strip_accents", "teacher.strip_accents",
            "Remove accents before splitting into pieces (paper: yes; mBERT: no)."),
)

# Flags of a student's steps on labels, of its optimizer and of what a run ends with.
LABEL_FLAGS = (
    setting("unfreeze_order", "distil.unfreeze_order",
            "How D3.2 and D4.2 unfreeze the student's layers (paper: top_down); "
            "xtremedistil-finetune does a --pt_student_checkpoint's all at once, unless this is "
            "given.", choices=cfg.UNFREEZE_ORDERS),
    setting("epochs_per", "distil.epochs_per",
            "Whether --distil_epochs and --ft_epochs are each step's, or those of all steps that "
            "unfreeze layers for one purpose, more for the later ones.", choices=cfg.EPOCHS_PER),
    setting("stage_epochs", "distil.stage_epochs",
            "Exceptions as part-of-name=epochs, e.g. representation=24,02=2; 0 leaves a step out. "
            "A part may be in several names, the last match counts: logits is also in "
            "06_labels_logits.", parse=parse_stage_epochs),
    setting("student_ft_batch_size", "distil.ft_batch_size",
            "Rows a step on labels for the student, if not --ft_batch_size.", derived=True),
    setting("label_smoothing", "distil.label_smoothing",
            "Share of a label's probability that is spread over all classes."),
    setting("weight_average", "distil.weight_average",
            "Decay a step of a running mean of the student's weights, which is what dev measures "
            "and what is kept (0.99 or so; 0: none)."),
    setting("language_exponent", "distil.language_exponent",
            "A language's share of the student's labelled rows is that of its number of rows to "
            "this power: 1 as they are, 0 the same for all languages."),
    setting("lr_schedule", "distil.schedule",
            "Cosine with restarts (authors) or one cosine over a step's epochs.",
            choices=cfg.SCHEDULES),
    setting("learning_rate", "distil.learning_rate",
            "Peak of the cosine; with --pt_student_checkpoint or --student_dir the default is "
            f"{cfg.CHECKPOINT_RATE:g}."),
    setting("lowest_rate", "distil.lowest_rate", "Floor of the cosine."),
    setting("lr_period", "distil.period", "Epochs of the first restarting cosine."),
    setting("optimizer", "distil.optimizer",
            "adam, or lazy_adam: only a batch's embedding rows are updated.",
            choices=cfg.OPTIMIZERS),
    setting("export", "resources.export",
            "End with the student's exports; xtremedistil-export makes them later."),
    Option("dry_run", "Print the plan and train nothing.", kind="boolean", default=False),
)

# Flags of the student and its distillation.
STUDENT_FLAGS = (
    setting("transfer_file", "data.transfer_file",
            "Unlabelled text, looked for in the task folder, then here."),
    setting("transfer_size", "data.transfer_size",
            "Sentences of the transfer file that are used, drawn at random; a larger number holds "
            "the smaller one's."),
    *START_FLAGS,
    *MODEL_FLAGS,
    setting("strategy", "distil.strategy", "Plan (paper Table 3).", choices=cfg.STRATEGIES),
    setting("representation_loss", "distil.representation_loss",
            "Stage 1: mse (released code) or kld (paper Eq. 6).",
            choices=cfg.REPRESENTATION_LOSSES),
    setting("logits_loss", "distil.logits_loss",
            "Against the teacher's logits: mse (paper Eq. 4), kld (softened by --temperature), or "
            "pseudo_labels: its most probable class.", choices=cfg.LOGITS_LOSSES),
    setting("temperature", "distil.temperature", "Of --logits_loss=kld."),
    setting("distil_multi_hidden_states", "distil.multi_hidden_states",
            "The representation step also teaches a Transformer the hidden states of all its "
            "layers, matched with the teacher's from the top."),
    setting("distil_attention", "distil.attention",
            "And the attention of these layers, averaged over heads; includes "
            "--distil_multi_hidden_states, as with the authors."),
    setting("alpha", "distil.alpha", "Weight of the labels in joint steps (D1 to D3.2)."),
    setting("beta", "distil.beta", "Weight of the representation in joint steps (D2)."),
    setting("gamma", "distil.gamma", "Weight of the logits in joint steps."),
    setting("distil_epochs", "distil.distil_epochs", "Most epochs of a step on the transfer set."),
    setting("distil_batch_size", "distil.distil_batch_size", "Rows a step on the transfer set."),
    setting("student_distil_batch_size", "distil.distil_batch_size",
            "The same, by its later name.", derived=True),
    setting("entity_swaps", "data.entity_swaps",
            "Sentences that are added to the transfer text from each labelled one, its entities "
            "replaced by others of their type and language."),
    setting("distil_batch_tokens", "distil.distil_batch_tokens",
            "Positions a step on the transfer set, instead of rows."),
    setting("keep_representation", "resources.keep_representation",
            "Keep the stored representations after the last stage that reads them; they are nine "
            "tenths of the disk."),
    setting("target_workers", "resources.target_workers",
            "Processes that run the teacher over the transfer set, each on a GPU of its own where "
            "there are several."),
    setting("target_shard", "resources.target_shard",
            "i/n: write only the i-th of n parts of the teacher's outputs, beside other processes "
            "or machines, and end.", kind="string", parse=parse_target_shard),
    setting("targets_dir", "resources.targets_dir",
            "Folder of the teacher's outputs that several runs share."),
    setting("distil_chunk_size", "distil.chunk_size", "Rows of a target shard."),
    *LABEL_FLAGS,
)

# Of a fine-tuning: what it starts from; lengths of --do_squad, by BERT's names.
FINE_TUNING_FLAGS = (
    Option("student_dir",
           "A run folder, or its student folder: fine-tune this student further. What it reads "
           "(words, texts, pairs) and --seq_len are its own by default; the task must have its "
           "labels.", kind="string"),
    *START_FLAGS,
    *LABEL_FLAGS,
    setting("doc_stride", "squad.doc_stride",
            "Pieces that two neighbouring windows of a context share (--do_squad)."),
    setting("max_query_length", "squad.max_query_length",
            "Pieces of a question; what lies beyond is cut (--do_squad)."),
    setting("max_answer_length", "squad.max_answer_length",
            "Pieces of the longest answer that is looked for (--do_squad)."),
)

# All flags of the commands. xtremedistil-teacher has the student's too: one flagfile serves both.
DISTILLATION: Tuple[Option, ...] = (*RUN_FLAGS, *TEACHER_FLAGS, *STUDENT_FLAGS)
FINE_TUNING: Tuple[Option, ...] = (*RUN_FLAGS, *FINE_TUNING_FLAGS)
