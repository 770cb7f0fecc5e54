"""The table of flags of the training commands.

Flags of the authors' scripts (XtremeDistil v2 and XtremeDistil-Transformers) keep their meaning.
"""

from typing import Optional, Sequence, Tuple

from xtremedistil_tf import config as cfg
from xtremedistil_tf.cli.options.option import Option, setting
from xtremedistil_tf.cli.options.planning_flags import PLANNING_FLAGS
from xtremedistil_tf.cli.options.student_flags import MODEL_FLAGS, START_FLAGS
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.tasks import TAG_SCHEMES
from xtremedistil_tf.training.loss_table import losses_against
from xtremedistil_tf.training.strategies import STRATEGIES


def parse_stage_epochs(items: Tuple[str, ...]) -> Tuple[Tuple[str, int], ...]:
    """Parses "name=epochs" items.

    Raises:
      UserError: for an item in another format.
    """
    parsed = []
    for item in items:
        name, _, epochs = item.partition("=")
        if not name or not epochs.isdecimal():
            raise UserError(
                f"--stage_epochs has {item!r}; allowed: part-of-name=epochs, comma between"
            )
        parsed.append((name, int(epochs)))
    return tuple(parsed)


def parse_target_shard(text: str) -> Tuple[int, int]:
    """Parses "i/n".

    Raises:
      UserError: for a text in another format.
    """
    number, slash, parts = text.partition("/")
    if not (slash and number.isdecimal() and parts.isdecimal()):
        raise UserError(f"--target_shard is {text!r}; allowed: i/n, as in 1/4")
    return int(number), int(parts)


def parse_weights(items: Optional[Sequence[str]]) -> Optional[Tuple[float, ...]]:
    """Parses a list of numbers.

    Raises:
      UserError: for an item that is no number.
    """
    try:
        return None if items is None else tuple(float(item) for item in items)
    except ValueError:
        raise UserError(f"--teacher_weights is {','.join(items or ())}; allowed: numbers above 0, "
                        "commas between") from None

# Flags of every training command.
RUN_FLAGS = (
    setting("task", "data.task",
            "Task folder with train.tsv, dev.tsv, test.tsv and labels.tsv. Classification does not "
            "need labels.tsv. With a finished teacher every file may be missing, and so may the "
            "flag.", derived=True),
    Option("model_dir", "Run folder. A killed run continues in it.", kind="string",
           required=True),
    setting("seq_len", "data.seq_len",
            "Longest sequence in subword tokens, special tokens included. Default: what holds 99 % "
            "of the training rows (--defaults); for --do_squad at most 384.", derived=True),
    setting("do_NER", "data.do_ner", "Tag words. Without this flag texts are classified."),
    setting("tag_scheme", "data.tag_scheme",
            "Scheme of the tags of --do_NER. none takes any tags, such as parts of speech, and "
            "scores them word by word. Default: iob2.", choices=tuple(TAG_SCHEMES)),
    setting("glue_task", "data.glue_task",
            "The task folder holds the original files of this GLUE task. The flag sets columns, "
            "dev files and measure; an unlabelled test file is predicted for GLUE's server.",
            choices=tuple(cfg.GLUE)),
    setting("do_pairwise", "data.do_pairwise",
            "An example has two texts: text<TAB>text<TAB>label, in the transfer file "
            "text<TAB>text. GLUE tasks of pairs set this themselves."),
    setting("do_multilabel", "data.do_multilabel",
            "A text has any number of labels: text<TAB>label,label. Dev chooses the least "
            "probability of each label."),
    setting("do_regression", "data.do_regression",
            "Estimate a number for each text instead of a class. STS-B sets this itself."),
    Option("do_squad",
           "Answer questions on a text. The task folder holds SQuAD's train-v2.0.json and "
           "dev-v2.0.json; the transfer file holds questions in the same form, without answers.",
           kind="boolean", default=False),
    setting("doc_stride", "squad.doc_stride",
            "Number of subword tokens that two neighbouring windows of a context share "
            "(--do_squad)."),
    setting("max_query_length", "squad.max_query_length",
            "Largest number of subword tokens of a question; the rest is cut (--do_squad)."),
    setting("max_answer_length", "squad.max_answer_length",
            "Largest number of subword tokens of an answer (--do_squad)."),
    setting("task_kind", "data.task_kind",
            "Name of a kind of task that an installed package adds."),
    setting("decoding", "data.decoding",
            "How tags are chosen: constrained takes the best valid IOB2 sequence, independent each "
            "word's best tag (the paper). trained adds transition scores, fitted on dev, kept if "
            "better there. Default: without epochs trained if tags have a scheme, else constrained "
            "(--defaults).", choices=cfg.DECODINGS, derived=True),
    setting("on_bad_row", "data.on_bad_row",
            "Stop at an unusable row, or skip it and count it in the report. skip also reads a "
            "transfer file that does not look like running text, with a warning.",
            choices=cfg.ON_BAD_ROW),
    setting("dev_measure", "data.dev_measure",
            "Dev score that chooses the epochs and the stage to keep. Default: macro_f1 for "
            "tagging, accuracy for classification, pearson for regression, f1 for --do_squad; "
            "GLUE's tasks have their own. f1 (of the second class) and matthews need two classes."),
    setting("languages", "data.languages", "Use the labelled examples of these languages only."),
    setting("labels_per_language", "data.labels_per_language",
            "Largest number of training examples for each language, drawn at random. A larger "
            "number contains the examples of a smaller one."),
    setting("seed", "run.seed", "The one seed. All others are derived from it."),
    setting("deterministic", "run.deterministic", "Repeat a run bit by bit (slower on a GPU)."),
    setting("opt_policy", "run.opt_policy",
            "Mixed precision for training and targets. Logits and losses stay float32.",
            choices=cfg.POLICIES),
    Option("overwrite", "Start again: a run in the folder is removed, an unfinished one too.",
           kind="boolean", default=False),
    setting("ft_epochs", ("distil.ft_epochs", "teacher.epochs"),
            "Largest number of epochs on labels, for the teacher and for each stage of the "
            "student. Default: by the number of rows (--defaults).", derived=True),
    setting("ft_batch_size", ("distil.ft_batch_size", "teacher.batch_size"),
            "Batch size on labels."),
    setting("patience", ("distil.patience", "teacher.patience"),
            "A stage ends after this many epochs without a better dev score. Default: 2 if no "
            "epochs are given, else 10 (--defaults).", derived=True),
)

# Flags of the teacher and its fine-tuning.
TEACHER_FLAGS = (
    setting("pt_teacher", "teacher.model_class",
            "TensorFlow class of the teacher in transformers. TFAutoModel takes the class from the "
            "checkpoint."),
    setting("pt_teacher_checkpoint", "teacher.checkpoint",
            "Hub name or local folder of the teacher, with TensorFlow or safetensors weights."),
    setting("teacher_config", "teacher.config_file",
            "A Hugging Face config.json. The teacher then starts from random weights, with a "
            "vocabulary made from the task's own text, instead of a checkpoint."),
    setting("teacher_model_dir", "teacher.model_dir",
            "Folder of a fine-tuned teacher, or user/name@revision on the model hub. If a folder "
            "holds none, the teacher is fine-tuned there. It may also be a finished model. "
            "Several teachers, commas between, are averaged; "
            "everything but the logits comes from the first. They may have different tokenizers, "
            "be finished models, ONNX or files of outputs."),
    setting("teacher_layer", "teacher.layer",
            "The teacher's layer that the student learns, as an index into hidden_states: 0 is the "
            "embeddings (paper: 7 of 12). Default: two thirds of its depth; for whole texts the "
            "last.", derived=True),
    setting("teacher_epochs", ("teacher.epochs", "teacher.asked_epochs"),
            "Epochs of the teacher's fine-tuning. Default: --ft_epochs, without it 4 (--defaults). "
            "A finished model, one with a head for words or texts, is fine-tuned only with this "
            "flag; else it teaches as it is.",
            derived=True),
    setting("label_map", "teacher.label_map",
            "Names for the labels of a finished teacher: its label=the task's, commas between. For "
            "tagging these are types: PERSON=PER,GPE=LOC,MISC=O."),
    setting("teacher_outputs", "teacher.outputs",
            "File of the outputs of a teacher that ran elsewhere: JSON lines (.jsonl) or Parquet "
            "with tags, probabilities, logits or answers to questions. Its rows are the transfer "
            "set unless --transfer_file is given. Several files, commas between, are averaged."),
    setting("teacher_tokenizer", "teacher.tokenizer",
            "Folder or hub name of a tokenizer for a student that learns from --teacher_outputs. "
            "Default: a WordPiece tokenizer trained on their text."),
    setting("teacher_weights", "teacher.weights",
            "Weights of several teachers, commas between. Default: equal ones.",
            parse=parse_weights),
    setting("teacher_languages", "teacher.languages",
            "Languages of the rows that each of several teachers in --teacher_model_dir is asked "
            "about: codes with + between, * for all, commas between teachers. The transfer file is "
            "then JSON lines with text or words, and language."),
    setting("teacher_tag_scheme", "teacher.scheme",
            "Tag scheme of a finished teacher. Default: iob1 if it has a type with I- and without "
            "B-, otherwise iob2. BIOES and plain types are seen from the tags.",
            choices=cfg.TEACHER_TAG_SCHEMES),
    setting("teacher_lm_epochs", "teacher.lm_epochs",
            "Epochs of masked language modelling on the transfer text before the teacher's "
            "fine-tuning, as in the authors' v1; 0 for none."),
    setting("teacher_batch_size", "teacher.batch_size",
            "Batch size of the teacher's fine-tuning. Default: --ft_batch_size.", derived=True),
    setting("teacher_learning_rate", "teacher.learning_rate",
            "Peak learning rate of the teacher's fine-tuning. Default: 5e-5, for a small encoder "
            "1e-4 (--defaults).", derived=True),
    setting("teacher_warmup", "teacher.warmup",
            "Fraction of the steps in which the learning rate rises to its peak."),
    setting("teacher_unfreeze", "teacher.unfreeze",
            "Fine-tune all layers at once, or unfreeze them top-down.", choices=cfg.UNFREEZE),
    setting("teacher_opt_policy", "teacher.opt_policy",
            "Mixed precision of the teacher alone: its fine-tuning, scores and targets. "
            "mixed_bfloat16 is for processors with bfloat16 products, GPU or not. Default: "
            "--opt_policy.", choices=cfg.POLICIES),
    setting("teacher_mask_rate", "teacher.mask_rate",
            "Fraction of the subword tokens that fine-tuning replaces by [MASK]. It helps a "
            "teacher that starts from random weights."),
    setting("strip_accents", "teacher.strip_accents",
            "Remove accents before words are split into subword tokens (paper: yes; mBERT: no)."),
)

# Flags of a student's stages on labels, of its optimizer and of its exports.
LABEL_FLAGS = (
    setting("unfreeze_order", "distil.unfreeze_order",
            "How D3.2 and D4.2 unfreeze the student's layers (paper: top_down). "
            "xtremedistil-finetune trains all layers of a --pt_student_checkpoint at once unless "
            "this flag is given.", choices=cfg.UNFREEZE_ORDERS),
    setting("epochs_per", "distil.epochs_per",
            "step: --distil_epochs and --ft_epochs are the epochs of each stage. stage: they are "
            "the epochs of each phase, and its stages share them, the later ones with more. "
            "Default: stage if no epochs are given, else step (--defaults).",
            choices=cfg.EPOCHS_PER, derived=True),
    setting("stage_epochs", "distil.stage_epochs",
            "Epochs of single stages, as part-of-name=epochs: representation=24,02=2. 0 leaves a "
            "stage out. If several parts match a name the last one counts; note that logits also "
            "matches 06_labels_logits.", parse=parse_stage_epochs),
    setting("student_ft_batch_size", "distil.ft_batch_size",
            "Batch size of the student on labels. Default: --ft_batch_size, without it 64 "
            "(--defaults).", derived=True),
    setting("label_smoothing", "distil.label_smoothing",
            "Fraction of a label's probability that is spread over all classes."),
    setting("least_gain", "distil.least_gain",
            "Smallest gain of the dev score, in percent of the best one of the stage, that "
            "--patience counts as better. The best weights are kept, however small their gain. "
            "Default: 0.2 if no epochs are given, else 0 (--defaults).", derived=True),
    setting("weight_average", "distil.weight_average",
            "Keep a running mean of the student's weights, with this decay for each step (0.99 or "
            "so; 0: none). Dev measures the mean, and the mean is kept."),
    setting("language_exponent", "distil.language_exponent",
            "A language with n labelled examples is drawn in proportion to n to this power: with 1 "
            "as the data are, with 0 all languages alike."),
    setting("lr_schedule", "distil.schedule",
            "restarts: a cosine with restarts (the authors). cosine: one cosine over the epochs of "
            "a stage. plateau: the peak until --patience is used up, then one more epoch in which "
            "the rate falls to the lowest. Default: plateau if no epochs are given, else restarts "
            "(--defaults).", choices=cfg.SCHEDULES, derived=True),
    setting("learning_rate", "distil.learning_rate",
            "Peak learning rate of the student. Default: by the kind of student and task "
            "(--defaults). With --pt_student_checkpoint or --student_dir the default is "
            f"{cfg.CHECKPOINT_RATE:g}.",
            derived=True),
    setting("lowest_rate", "distil.lowest_rate", "Lowest learning rate of the cosine."),
    setting("lr_period", "distil.period", "Epochs of the first cosine of --lr_schedule=restarts."),
    setting("optimizer", "distil.optimizer",
            "adam, or lazy_adam, which updates only the batch's rows of the word embedding. "
            "Default: lazy_adam if no epochs are given, else adam (--defaults).",
            choices=cfg.OPTIMIZERS, derived=True),
    setting("export", "resources.export",
            "Export the student at the end. xtremedistil-export does it later."),
    setting("forms", "resources.forms",
            f"Export formats: {', '.join(cfg.EXPORT_FORMATS)}. Default: savedmodel and onnx, if "
            "the student has them and their libraries are installed."),
    Option("dry_run", "Print plan, time, warnings; train nothing.", kind="boolean", default=False),
)

# Flags of the student and its distillation.
STUDENT_FLAGS = (
    setting("transfer_file", "data.transfer_file",
            "Unlabelled text, one sentence a line, or train.tsv, whose labels are not read; for "
            "--do_squad questions with their contexts in SQuAD's JSON. Looked for in the task "
            "folder, then in the current one. Default: transfer.txt, if the task folder has it; "
            "for --do_squad transfer.json, else the questions of train.", derived=True),
    setting("transfer_size", "data.transfer_size",
            "Number of sentences of the transfer file to use, drawn at random. A larger number "
            "contains the sentences of a smaller one."),
    *START_FLAGS,
    *MODEL_FLAGS,
    setting("strategy", "distil.strategy",
            "Phases and stages of the training (paper Table 3). Default: D4.2; D4.1 for a "
            "Transformer without epochs (--defaults).", names=STRATEGIES.names, derived=True),
    setting("unfreeze_representation", "distil.unfreeze_representation",
            "Teach the representation in one stage a layer, from the top down (paper Algorithm 1). "
            "Otherwise in one stage with all layers (released code)."),
    setting("label_head", "distil.label_head",
            "Logits layer of the stages on labels. shared: the one that has learnt the teacher's "
            "logits (the authors' v2 code). own: a new one (paper Eq. 1 and 3, v1 code).",
            choices=cfg.LABEL_HEADS),
    setting("representation_loss", "distil.representation_loss",
            "Loss of phase 1: mse (released code), kld (of softmaxes, teacher first), "
            "kld_student_first (paper Eq. 6 as written) or kld_raw (the authors' v1 code: vectors "
            "clipped to 0 and 1).",
            names=lambda: losses_against("representation")),
    setting("logits_loss", "distil.logits_loss",
            "Loss against the teacher's logits: mse (Eq. 4), kld (softened by --temperature), "
            "pseudo_labels (the teacher's best class) or bce (several labels, softened too); "
            "answers: over a window's positions. Default: mse; with outputs kld (--defaults).",
            names=lambda: losses_against("logits")),
    setting("temperature", "distil.temperature", "Temperature of --logits_loss=kld and bce."),
    setting("distil_multi_hidden_states", "distil.multi_hidden_states",
            "In stage 1 a Transformer student also learns the hidden states of all its layers, "
            "matched with the teacher's from the top."),
    setting("distil_attention", "distil.attention",
            "In stage 1 a Transformer student also learns the attention of its layers, averaged "
            "over heads. Includes --distil_multi_hidden_states, as in the authors' code."),
    setting("alpha", "distil.alpha", "Weight of the loss on labels in joint stages (D1 to D3.2)."),
    setting("beta", "distil.beta", "Weight of the representation loss in joint stages (D2)."),
    setting("gamma", "distil.gamma", "Weight of the logits loss in joint stages."),
    setting("distil_epochs", "distil.distil_epochs",
            "Largest number of epochs of a stage on the transfer set. Default: by the number of "
            "sentences (--defaults).", derived=True),
    setting("distil_batch_size", "distil.distil_batch_size",
            "Batch size on the transfer set. Default: 64, for tags by a Transformer or wide BiLSTM "
            "128; with epochs given 512 (--defaults).", derived=True),
    Option("student_distil_batch_size", "The same as --distil_batch_size, by its later name.",
           kind="integer", alias="distil_batch_size", derived=True),
    setting("entity_swaps", "data.entity_swaps",
            "Number of transfer sentences to make from each labelled one, with other entities."),
    setting("word_swaps", "data.word_swaps",
            "Number of sentences to make from each transfer sentence, with other words."),
    setting("distil_batch_tokens", "distil.distil_batch_tokens",
            "Positions of a batch on the transfer set, instead of a number of sequences."),
    setting("ft_learning_rate", "distil.ft_learning_rate",
            "Peak learning rate of the stages on labels that follow stages on the transfer set. "
            "Default: --learning_rate (the authors). A run without epochs may choose another."),
    setting("keep_representation", "resources.keep_representation",
            "Keep the stored representations after the last stage that reads them. They are nine "
            "tenths of the disk space."),
    setting("target_workers", "resources.target_workers",
            "Number of processes that run the teacher over the transfer set, each on its own GPU "
            "if there are several."),
    setting("target_shard", "resources.target_shard",
            "i/n: write only the i-th of n parts of the teacher's outputs, then end. Other "
            "processes or machines write the others.", kind="string", parse=parse_target_shard),
    setting("targets_dir", "resources.targets_dir",
            "Folder of the teacher's outputs, for several runs to share; also RUN/targets of "
            "a finished run."),
    setting("distil_chunk_size", "distil.chunk_size",
            "Number of sequences of a target shard. A killed process makes at most one shard "
            "again. A store that is there keeps its shards."),
    *LABEL_FLAGS,
)

# Flags of fine-tuning: its start.
FINE_TUNING_FLAGS = (
    Option("student_dir",
           "Fine-tune this student further: a run folder, its student folder, or "
           "user/name@revision on the model hub. What it reads (words, texts, pairs) and --seq_len "
           "are its own by default. The task must have its labels.", kind="string"),
    *START_FLAGS,
    *LABEL_FLAGS,
)

# All flags of each command. xtremedistil-teacher also accepts the student's, so that one flagfile
# serves both commands.
DISTILLATION: Tuple[Option, ...] = (*RUN_FLAGS, *PLANNING_FLAGS, *TEACHER_FLAGS, *STUDENT_FLAGS)
FINE_TUNING: Tuple[Option, ...] = (*RUN_FLAGS, *FINE_TUNING_FLAGS)
