"""Settings of the teacher and the student."""

import dataclasses
import math
import pathlib
from typing import Any, Mapping, Optional, Tuple

from xtremedistil_tf.config.architectures import ARCHITECTURES, PAIR_ENCODINGS, Architecture
from xtremedistil_tf.config.checks import DERIVED, at_least, derive, one_of, positive, require

ACTIVATIONS = ("gelu", "linear", "relu", "tanh")
# Name of the layer between the encoder and the teacher's width.
PROJECTION = "projection"
# Inputs of the logits layer; the first is the default.
LOGITS_FROM = (PROJECTION, "encoder")
VOCABULARIES = ("teacher", "cut")
WORD_EMBEDDINGS = ("svd", "svd_pretrained", "full", "pca", "ppa", "random", "file")
UNFREEZE = ("all", "top_down")
TEACHER_TAG_SCHEMES = ("iob1", "iob2")
POLICIES = ("mixed_float16", "mixed_bfloat16")
OUTPUTS_ENDINGS = (".jsonl", ".parquet")


def named_folders(text: str) -> Tuple[str, ...]:
    """The folders in a text with commas between; one if there is a folder with this whole name."""
    return (text,) if pathlib.Path(text).is_dir() else tuple(text.split(","))


@dataclasses.dataclass(frozen=True)
class TeacherConfig:
    """The teacher and its fine-tuning.

    Attributes:
      model_class: transformers TF class (`--pt_teacher`), e.g. TFBertModel or TFAutoModel.
      checkpoint: hub name or local folder, TF or safetensors (`--pt_teacher_checkpoint`).
      config_file: a Hugging Face config.json; the teacher then starts from random weights with a
        WordPiece vocabulary trained on the task's text, and `checkpoint` is not read.
      model_dir: folder of an earlier fine-tuned teacher (`--teacher_model_dir`), or several
        separated by commas, whose logits are averaged.
      layer: index into hidden_states (0 = embeddings) of the representation target.
      epochs, batch_size, patience: fine-tuning budget; patience in epochs without a better dev
        measure.
      learning_rate, warmup: peak rate, and the fraction of steps of the linear warmup; the rate
        then falls linearly to zero.
      unfreeze: "all" at once, or "top_down" through the layer registry.
      mask_rate: fraction of subword tokens replaced by the mask token in fine-tuning, 0 to 1.
      strip_accents: True if BERT tokenizers remove accents (as in the paper, unlike mBERT's
        default); None keeps the checkpoint's setting.
      asked_epochs: --teacher_epochs if it was given. A finished model, one with a head for words or
        texts, is fine-tuned only then; else it teaches as it is.
      label_map: "teacher's label=task's label" for the labels of a finished model; None for none.
      scheme: tag scheme of a finished tagger, one of TEACHER_TAG_SCHEMES; None finds out.
      outputs: files of the outputs of a teacher that ran elsewhere, one for each annotator.
      tokenizer: tokenizer of the student that learns from `outputs`; None trains one on their text.
      weights: weights of several teachers; None for equal ones.
      lm_epochs: epochs of masked language modelling on the transfer text before fine-tuning; 0 for
        none (the paper). The authors' v1 code begins with it.
      languages: for each of several teachers the languages of its rows, with + between, or *.
      opt_policy: Keras' mixed precision policy of the teacher, one of POLICIES; None is the run's.
    """

    model_class: str = "TFBertModel"
    checkpoint: str = "bert-base-multilingual-cased"
    config_file: Optional[str] = None
    model_dir: Optional[str] = None
    layer: int = 7
    epochs: int = 32
    batch_size: int = 32
    patience: int = 10
    learning_rate: float = 5e-5
    warmup: float = 0.1
    unfreeze: str = "all"
    mask_rate: float = 0.0
    strip_accents: Optional[bool] = None
    # None by default, so that run folders of earlier versions have the same settings.
    asked_epochs: Optional[int] = None
    label_map: Optional[Tuple[str, ...]] = None
    scheme: Optional[str] = None
    outputs: Optional[Tuple[str, ...]] = None
    tokenizer: Optional[str] = None
    weights: Optional[Tuple[float, ...]] = None
    languages: Optional[Tuple[str, ...]] = None
    lm_epochs: int = 0
    opt_policy: Optional[str] = None

    def __post_init__(self):
        require(
            self.model_class.startswith("TF"),
            f"--pt_teacher is {self.model_class!r}; allowed: TF classes of transformers, "
            "such as TFBertModel, TFXLMRobertaModel or TFAutoModel",
        )
        at_least("teacher_layer", self.layer, 0)
        at_least("teacher_batch_size", self.batch_size, 1)
        at_least("teacher_epochs", self.epochs, 1)
        at_least("teacher_lm_epochs", self.lm_epochs, 0)
        at_least("patience", self.patience, 1)
        positive("teacher_learning_rate", self.learning_rate)
        require(
            self.config_file is None or pathlib.Path(self.config_file).is_file(),
            f"--teacher_config {self.config_file}: file not found",
        )
        one_of("teacher_unfreeze", self.unfreeze, UNFREEZE)
        self._check_outputs()
        if self.opt_policy is not None:
            one_of("teacher_opt_policy", self.opt_policy, POLICIES)
        if self.scheme is not None:
            one_of("teacher_tag_scheme", self.scheme, TEACHER_TAG_SCHEMES)
        for flag, share in (("warmup", self.warmup), ("mask_rate", self.mask_rate)):
            require(0 <= share < 1, f"--teacher_{flag} is {share}; allowed: 0 <= share < 1")
        require(self.model_dir is None or all(self.model_dirs),
                f"--teacher_model_dir is {self.model_dir!r}; allowed: folders, commas between")

    def _check_outputs(self) -> None:
        """Checks the settings of teachers that ran elsewhere."""
        for name in self.outputs or ():
            path = pathlib.Path(name)
            require(path.is_file(), f"--teacher_outputs {name}: file not found")
            require(path.suffix in OUTPUTS_ENDINGS, f"--teacher_outputs {name}: the file's format "
                    f"is not known by its name; allowed: {' and '.join(OUTPUTS_ENDINGS)}")
        require(self.outputs is None or self.model_dir is None,
                "--teacher_outputs and --teacher_model_dir are both given; give one of them")
        require(self.tokenizer is None or self.outputs is not None,
                "--teacher_tokenizer is for --teacher_outputs; other teachers have their own")
        teachers = len(self.outputs or self.model_dirs) or 1
        require(self.weights is None or len(self.weights) == teachers
                and all(0 < weight < math.inf for weight in self.weights),
                f"--teacher_weights are {self.weights}; allowed: a number above 0 for each of the "
                f"{teachers} teachers")
        require(self.languages is None or len(self.languages) == teachers > 1 and all(
            self.languages), f"--teacher_languages are {self.languages}; allowed with several "
                f"teachers: languages for each of the {teachers}, as in de+fr,en,*")
        require(self.languages is None or self.outputs is None,
                "--teacher_languages is for --teacher_model_dir; files of outputs say which rows "
                "they are of")

    @property
    def model_dirs(self) -> Tuple[str, ...]:
        """The folders in `model_dir`; empty if it is not given."""
        return () if self.model_dir is None else named_folders(self.model_dir)


def check_vocabulary(vocabulary: str, least: int) -> None:
    """Raises UserError unless --vocabulary and --vocabulary_min_count fit together."""
    one_of("vocabulary", vocabulary, VOCABULARIES)
    at_least("vocabulary_min_count", least, 1)
    require(vocabulary == "cut" or least == 1,
            f"--vocabulary_min_count is {least}, --vocabulary is {vocabulary}; allowed: "
            "--vocabulary=cut with a smallest count")


@dataclasses.dataclass(frozen=True)
class StudentConfig:
    """The student: a BiLSTM (paper section 3, Tables 12 and 16), a Transformer (Table 15), or a
    kind from an extension, see `config.architectures`.

    Attributes:
      word_emb_dim: E, width of the word embedding. Not given: 300, or a Transformer's hidden_size.
      bilstm_hidden_size: H, units of each direction.
      bilstm_layers: number of BiLSTM layers, one above the other, all of H units.
      dropout_rate: dropout after embedding, encoder and projection; inside a Transformer, too.
      input_dropout: dropout of the LSTM cells' inputs, after the embedding's own dropout.
      recurrent_dropout: dropout inside the LSTM cells; above 0 the GPU's cuDNN kernel is not used.
      dense_act_func: activation of the projection to the teacher's width.
      logits_from: what the logits are computed from, one of LOGITS_FROM: "projection" (the authors'
        code) or "encoder" (paper Eq. 1 and 3). The projection then serves the representation's loss
        alone and is no part of the finished student. Not given: "projection".
      word_embedding: initial values of the embedding, one of WORD_EMBEDDINGS (paper Table 7). Not
        given: "file" with word_emb_file, else "svd".
      word_emb_file: word vectors for "file".
      ppa_components: number of components that "ppa" removes (Raunak et al., 2019).
      vocabulary: "teacher", the student reads with the teacher's tokenizer and knows the subword
        tokens of train and transfer set, or "cut", with this tokenizer cut to the tokens that it
        keeps.
      vocabulary_min_count: smallest count in train and transfer set of a subword token that "cut"
        keeps.
      pooling: pooling for classification, one of the kind's poolings. BiLSTM: "last", the final
        states (paper), or "max" over the text (the authors' v1). Transformer: "first", the first
        position (the authors' later code), or "mean" over the text. None is the kind's default.
      student: the kind, a name in ARCHITECTURES. Not given: "transformer" if one of its sizes or
        pt_student_checkpoint is given, else "bilstm".
      hidden_size, num_hidden_layers, num_attention_heads: sizes of a Transformer (not given: 384, 6
        and 6). If E differs from hidden_size, the embedding is projected to it.
      pt_student_checkpoint: hub name or folder of a small encoder from which a Transformer starts,
        with its tokenizer and whole vocabulary; its sizes are in `architecture`.
      compress_word_embedding: True if such a student uses the teacher's tokenizer instead, and a
        word embedding that starts as `word_embedding` says (the authors' later code).
      freeze_word_embedding: True if no stage trains the word embedding.
      architecture: layer settings from the checkpoint's configuration, see
        `models.student_from_checkpoint`; None before it is read, and for students from scratch.
      pair_encoding: encoding of pairs, one of the kind's pair encodings: "joint", one sequence with
        a segment embedding, or "siamese", two separate sequences u and v, combined as u, v, |u - v|
        and u * v. Not given: the kind's default ("siamese" for a BiLSTM).
    """

    word_emb_dim: int = DERIVED
    bilstm_hidden_size: int = 600
    bilstm_layers: int = 1
    dropout_rate: float = 0.2
    recurrent_dropout: float = 0.0
    input_dropout: float = 0.0
    dense_act_func: str = "gelu"
    word_embedding: str = DERIVED
    word_emb_file: Optional[str] = None
    ppa_components: int = 14
    vocabulary: str = VOCABULARIES[0]
    vocabulary_min_count: int = 1
    pooling: Optional[str] = None
    student: str = DERIVED
    hidden_size: int = DERIVED
    num_hidden_layers: int = DERIVED
    num_attention_heads: int = DERIVED
    pt_student_checkpoint: Optional[str] = None
    compress_word_embedding: bool = False
    freeze_word_embedding: bool = False
    architecture: Optional[Mapping[str, Any]] = None
    pair_encoding: Optional[str] = None
    logits_from: Optional[str] = None

    def __post_init__(self):
        sizes = (self.hidden_size, self.num_hidden_layers, self.num_attention_heads)
        transformer = self.pt_student_checkpoint is not None or any(
            size is not None for size in sizes)
        derive(self, student="transformer" if transformer else "bilstm", hidden_size=384,
               num_hidden_layers=6, num_attention_heads=6,
               word_embedding="file" if self.word_emb_file is not None else "svd")
        # Raises for an unknown kind. Sizes of other kinds are ignored: studies pass all sizes.
        kind = self.kind
        derive(self, word_emb_dim=kind.default_width(self))
        at_least("word_emb_dim", self.word_emb_dim, 1)
        for flag in ("bilstm_hidden_size", "bilstm_layers", "hidden_size", "num_hidden_layers",
                     "num_attention_heads"):
            at_least(flag, getattr(self, flag), 1)
        for flag in ("dropout_rate", "recurrent_dropout", "input_dropout"):
            rate = getattr(self, flag)
            require(0 <= rate < 1, f"--{flag} is {rate}; allowed: 0 <= rate < 1")
        one_of("dense_act_func", self.dense_act_func, ACTIVATIONS)
        one_of("logits_from", self.logits_from or LOGITS_FROM[0], LOGITS_FROM)
        one_of("word_embedding", self.word_embedding, WORD_EMBEDDINGS)
        at_least("ppa_components", self.ppa_components, 0)
        self._check_vocabulary()
        require((self.word_embedding == "file") == (self.word_emb_file is not None),
                f"--word_embedding is {self.word_embedding}, --word_emb_file is "
                f"{self.word_emb_file}; allowed: --word_embedding=file with a file")
        kind.check(self)
        require(self.pooling is None or self.pooling in kind.poolings,
                f"--pooling is {self.pooling!r}; allowed with --student={self.student}: "
                f"{', '.join(kind.poolings) or 'none, it classifies no texts'}")
        require(kind.from_checkpoint or self.pt_student_checkpoint is None,
                f"--student is {self.student}, --pt_student_checkpoint is "
                f"{self.pt_student_checkpoint}; allowed: --student=transformer")
        require(not self.compress_word_embedding or self.word_embedding not in ("random", "file"),
                f"--compress_word_embedding takes the teacher's; --word_embedding is "
                f"{self.word_embedding}")
        one_of("pair_encoding", self.reads_pairs, PAIR_ENCODINGS)
        require(self.reads_pairs in kind.pair_encodings,
                f"--pair_encoding is {self.pair_encoding!r}; allowed with "
                f"--student={self.student}: {', '.join(kind.pair_encodings)}")

    def _check_vocabulary(self) -> None:
        check_vocabulary(self.vocabulary, self.vocabulary_min_count)
        require(not (self.vocabulary == "cut" and self.own_vocabulary),
                "--vocabulary=cut cuts the teacher's tokenizer, and --pt_student_checkpoint has "
                "its own; allowed: with --compress_word_embedding, which takes the teacher's")

    @property
    def kind(self) -> Architecture:
        """The record of the student's kind."""
        return ARCHITECTURES.find(self.student)

    @property
    def reads_pairs(self) -> str:
        """The encoding of pairs, with the kind's default filled in."""
        return self.pair_encoding or self.kind.pair_encodings[0]

    @property
    def starts_from_checkpoint(self) -> bool:
        """True if the student starts from a checkpoint whose sizes are not read yet."""
        return self.pt_student_checkpoint is not None and self.architecture is None

    @property
    def own_vocabulary(self) -> bool:
        """True if it uses its checkpoint's tokenizer, not the teacher's."""
        return self.pt_student_checkpoint is not None and not self.compress_word_embedding

    @property
    def pools(self) -> str:
        """The pooling, with the kind's default filled in."""
        return self.pooling or next(iter(self.kind.poolings))

    @property
    def layers(self) -> Tuple[str, ...]:
        """Names of its layers, bottom to top; gradual unfreezing goes down this list."""
        projection = (PROJECTION,) if self.projects else ()
        return ("word_embedding", *self.kind.layers(self), *projection, "logits")

    @property
    def projects(self) -> bool:
        """True if the logits are computed from the projection, False if from the encoder."""
        return self.logits_from in (None, PROJECTION)

    @property
    def head_activation(self) -> str:
        """Activation between the encoder and the logits."""
        return self.dense_act_func if self.projects else "linear"

    @property
    def trained_layers(self) -> Tuple[str, ...]:
        """The `layers` that some stage trains."""
        return self.layers[self.freeze_word_embedding:]
