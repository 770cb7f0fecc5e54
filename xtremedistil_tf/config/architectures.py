"""The kinds of student: one record each, one table.

This module imports no TensorFlow: a record names the functions that build Keras layers and exports.
They are imported at their first call.
"""

import dataclasses
import pathlib
import pkgutil
from typing import TYPE_CHECKING, AbstractSet, Any, Callable, Mapping, Tuple, Union

from xtremedistil_tf.config.checks import require
from xtremedistil_tf.plugins import Registry
from xtremedistil_tf.tasks import TASKS

if TYPE_CHECKING:
    from xtremedistil_tf.config.models import StudentConfig

EXPORT_FORMATS = ("savedmodel", "onnx", "tflite", "huggingface")
# What xtremedistil-export writes: these, and a repository of one of them for Triton.
WRITTEN_FORMATS = (*EXPORT_FORMATS, "triton")
# Ways to encode a pair of texts.
PAIR_ENCODINGS = ("joint", "siamese")
# Activations of a checkpoint's layers that the ONNX graph supports.
ONNX_ACTIVATIONS = ("gelu", "gelu_10", "gelu_fast", "gelu_new", "gelu_pytorch_tanh", "linear",
                    "mish", "quick_gelu", "relu", "sigmoid", "silu", "swish", "tanh")
# A function, or its import path "package.module:function".
Function = Union[str, Callable[..., Any]]


def _only_saved_model(config: "StudentConfig", task_kind: str) -> Tuple[str, ...]:
    del config, task_kind
    return ("savedmodel",)


def _transformer_weights(config: "StudentConfig") -> int:
    return 12 * config.num_hidden_layers * config.hidden_size**2


@dataclasses.dataclass(frozen=True)
class Architecture:
    """One kind of student, with all properties that the package needs.

    Attributes:
      name: value of `--student`.
      layers: names of its own layers, bottom to top, between word_embedding and projection.
      describe: one phrase for model card and plan, e.g. "BiLSTM, E=300, H=2x600".
      body: (StudentConfig, input_ids, layers.body.Shape) -> layers.body.Body, the Keras layers
        below the projection; or "module:function".
      poolings: poolings for texts by name, with their wording in the model card; the first is the
        default. Empty: the student cannot classify texts.
      export_formats: (StudentConfig, kind of task) -> the supported EXPORT_FORMATS.
      lacks: (StudentConfig, kind of task, name of an export format) -> the reason why the student
        does not have it, with the way out; "" without one.
      exports: (StudentBundle) -> export.common.forms.Forms, their builders; or "module:function".
      pair_encodings: supported encodings of pairs, some of PAIR_ENCODINGS; the first is the
        commands' default.
      fixed_length: True if it has position embeddings, so a sequence is at most seq_len long.
      from_checkpoint: True if it can start from a published encoder, `--pt_student_checkpoint`.
      matches_layers: True if its layers can be compared with the teacher's,
        `--distil_multi_hidden_states`.
      dimensions: settings that are dimensions of its arrays, each with a factor. A student folder
        is refused if no array has a dimension of setting times factor.
      depths: settings that are numbers of layers.
      weights: StudentConfig -> the weights of its encoder that each token meets, roughly, for the
        forecast of a run's time; by default those of a Transformer.
      check: raises UserError for contradictory settings.
      default_width: StudentConfig -> `word_emb_dim` if it is not given.
      recipe: (RunConfig, names of the settings that the command gives, the teacher's Sizes, its
        tokenizer or None) -> planning.recipes.Recipe, the settings of a command without epochs; or
        "module:function".
      int8_by_text: True if int8 inference rounds each text by itself, so texts that are served
        together get the scores that they get alone.
    """

    name: str
    layers: Callable[["StudentConfig"], Tuple[str, ...]]
    describe: Callable[["StudentConfig"], str]
    body: Function
    poolings: Mapping[str, str] = dataclasses.field(default_factory=dict)
    export_formats: Callable[["StudentConfig", str], Tuple[str, ...]] = _only_saved_model
    lacks: Callable[["StudentConfig", str, str], str] = lambda config, task_kind, form: ""
    exports: Function = "xtremedistil_tf.export.student_forms:keras_forms"
    pair_encodings: Tuple[str, ...] = PAIR_ENCODINGS[:1]
    fixed_length: bool = False
    from_checkpoint: bool = False
    matches_layers: bool = False
    dimensions: Mapping[str, int] = dataclasses.field(default_factory=dict)
    depths: Tuple[str, ...] = ()
    weights: Callable[["StudentConfig"], int] = _transformer_weights
    check: Callable[["StudentConfig"], None] = lambda config: None
    default_width: Callable[["StudentConfig"], int] = lambda config: 300
    recipe: Function = "xtremedistil_tf.planning.recipes:plain_recipe"
    int8_by_text: bool = False

    def __str__(self) -> str:
        return f"the Architecture {self.name!r} of {self.layers.__module__}"

    def build_body(self, config: "StudentConfig", input_ids: Any, shape: Any) -> Any:
        """Builds the Keras layers below the projection; see `body`."""
        return _function(self.body)(config, input_ids, shape)

    def build_exports(self, bundle: Any) -> Any:
        """Returns the builders of a loaded student's export formats; see `exports`."""
        return _function(self.exports)(bundle)

    def choose_recipe(
        self, config: Any, named: AbstractSet[str], sizes: Any, tokenizer: Any
    ) -> Any:
        """Returns the settings of a command without epochs; see `recipe`."""
        return _function(self.recipe)(config, named, sizes, tokenizer)


def _function(reference: Function) -> Callable[..., Any]:
    return pkgutil.resolve_name(reference) if isinstance(reference, str) else reference


def _describe_bilstm(config: "StudentConfig") -> str:
    told = f"BiLSTM, E={config.word_emb_dim}, H=2x{config.bilstm_hidden_size}"
    if config.bilstm_layers > 1:
        told += f", {config.bilstm_layers} layers"
    apart = config.pair_encoding == "siamese"
    return f"{told}, each text of a pair alone" if apart else told


def _bilstm_weights(config: "StudentConfig") -> int:
    units = config.bilstm_hidden_size  # Four gates in each direction read the input and the state.
    return 8 * units * (config.word_emb_dim + units + (config.bilstm_layers - 1) * 3 * units)


def _bilstm_formats(config: "StudentConfig", task_kind: str) -> Tuple[str, ...]:
    del config, task_kind
    return EXPORT_FORMATS[:3]


def _describe_transformer(config: "StudentConfig") -> str:
    told = (f"Transformer, E={config.word_emb_dim}, {config.num_hidden_layers} layers of "
            f"{config.hidden_size}, {config.num_attention_heads} heads")
    if config.pt_student_checkpoint:
        told += f", started from {pathlib.PurePath(config.pt_student_checkpoint).name}"
    return told


def _transformer_formats(config: "StudentConfig", task_kind: str) -> Tuple[str, ...]:
    inside = (config.architecture or {}).get("hidden_act", "gelu")
    formats = EXPORT_FORMATS[:2] if inside in ONNX_ACTIVATIONS else EXPORT_FORMATS[:1]
    return formats if _transformer_lacks(config, task_kind, "huggingface") else (
        *formats, "huggingface")


def _transformer_lacks(config: "StudentConfig", task_kind: str, form: str) -> str:
    if form != "huggingface":
        return ""
    kind, activation = TASKS[task_kind], config.head_activation
    if not kind.pooled:
        return "" if activation == "linear" else (
            f"its projection has the activation {activation}, and heads of tokens in transformers "
            "have none; --dense_act_func=linear or --logits_from=encoder trains one that has "
            "such a checkpoint")
    if config.pools != "first":
        return (f"its pooling is {config.pools}, and transformers pools the first position; "
                "--pooling=first trains one that has such a checkpoint")
    return "" if activation in ("gelu", "tanh", "linear") else (
        f"no head of transformers has the activation {activation} of its projection; "
        "--dense_act_func=gelu, tanh or linear trains one that has such a checkpoint")


def _bilstm_lacks(config: "StudentConfig", task_kind: str, form: str) -> str:
    del config, task_kind
    return "" if form != "huggingface" else (
        "transformers has no BiLSTM; xtremedistil-push puts the student on a hub as it is, and "
        "load(\"user/name\") opens it")


def _check_transformer(config: "StudentConfig") -> None:
    require(config.hidden_size % config.num_attention_heads == 0,
            f"--hidden_size is {config.hidden_size}, --num_attention_heads is "
            f"{config.num_attention_heads}; allowed: a number of heads that divides it")


ARCHITECTURES: Registry[Architecture] = Registry("student", "xtremedistil_tf.students")


def register_student(record: Architecture) -> Architecture:
    """Adds a kind of student; `--student` and `StudentConfig.student` then accept its name.

    An installed package can offer the record as an entry point of the group
    "xtremedistil_tf.students" instead, with the name of the kind.

    Returns:
      The record.

    Raises:
      UserError: if another record has this name.

    Example:
      xtremedistil_tf.register_student(Architecture(name="cnn", ...))
    """
    return ARCHITECTURES.register(record.name)(record)


register_student(Architecture(
    name="bilstm",
    layers=lambda config: ("bilstm",),
    describe=_describe_bilstm,
    body="xtremedistil_tf.models.layers.bilstm:bilstm_body",
    # The paper's pooling, and that of the authors' v1.
    poolings={"last": "its final states", "max": "its largest values"},
    export_formats=_bilstm_formats,
    lacks=_bilstm_lacks,
    exports="xtremedistil_tf.export.student_forms:bilstm_forms",
    pair_encodings=("siamese", "joint"),
    recipe="xtremedistil_tf.planning.recipes:bilstm_recipe",
    int8_by_text=True,  # See export/onnx/bilstm_int8.py.
    # One array holds the four gates of an LSTM.
    dimensions={"word_emb_dim": 1, "bilstm_hidden_size": 4},
    depths=("bilstm_layers",),
    weights=_bilstm_weights,
))
register_student(Architecture(
    name="transformer",
    layers=lambda config: tuple(f"layer_{number}" for number in range(config.num_hidden_layers)),
    describe=_describe_transformer,
    body="xtremedistil_tf.models.transformer:transformer_body",
    # The pooling of the authors' later code, and the mean over the text.
    poolings={"first": "its first state", "mean": "its mean state"},
    export_formats=_transformer_formats,
    lacks=_transformer_lacks,
    exports="xtremedistil_tf.export.student_forms:transformer_forms",
    default_width=lambda config: config.hidden_size,
    fixed_length=True,
    from_checkpoint=True,
    matches_layers=True,
    dimensions={"word_emb_dim": 1, "hidden_size": 1},
    depths=("num_hidden_layers",),
    check=_check_transformer,
))
