"""The teacher as a Keras functional model: a pre-trained encoder and a logits layer."""

import dataclasses
import pathlib
from typing import Any, ClassVar, Dict, Sequence

import numpy as np
import transformers
from safetensors.numpy import load_file, save_file

from xtremedistil_tf.errors import UserError, first_line, is_out_of_memory
from xtremedistil_tf.files.atomic import atomic_folder
from xtremedistil_tf.files.contents import write_json
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.distillation_model import StageModel
from xtremedistil_tf.models.encoders.parts import encoder_parts, ready_to_call
from xtremedistil_tf.models.inference import Forward
from xtremedistil_tf.models.layers.body import NEVER
from xtremedistil_tf.models.layers.layer_matching import joined_attention, joined_states
from xtremedistil_tf.models.layers.pairs import segment_ids
from xtremedistil_tf.models.pretrained_encoders import build_variables, check_configuration
from xtremedistil_tf.models.registry import LayerRegistry
from xtremedistil_tf.models.tokenizers import load_tokenizer
from xtremedistil_tf.tasks import task_kind_of
from xtremedistil_tf.validation.manifest import TEACHER_WAY_OUT, check_manifest, write_manifest
from xtremedistil_tf.validation.run_files import TEACHER_FILE, has_teacher, read_teacher_record

_HEAD_FILE = "head.safetensors"
# Dropout before the logits layer, in fine-tuning only.
_HEAD_DROPOUT = 0.1


@dataclasses.dataclass(frozen=True)
class Teacher:
    """A teacher with its tokenizer and layer registry.

    Attributes:
      model: maps "input_ids" and "attention_mask", int32 [batch, time], to "representation"
        [batch, time, width] and "logits" [batch, time, classes]; time is 1 if `pooled`. With
        matched layers also to "hidden_states" and "attention", see `layer_matching`.
      registry: embeddings, layer_0, ..., logits.
      encoder: the transformers model inside.
      tokenizer: its fast tokenizer.
      layer: index into hidden_states of the representation.
      pooled: True if only the vector of the first token ([CLS]) is used.
      matched: number of its topmost layers that are compared with a student's.
      pairs: True if it reads pairs of texts.
    """

    model: StageModel
    registry: LayerRegistry
    encoder: Any
    tokenizer: Any
    layer: int
    pooled: bool = False
    matched: int = 0
    pairs: bool = False
    # Every token has logits: fine-tuning trains the classes X, [CLS] and [SEP], too.
    words_only: ClassVar[bool] = False
    partial: ClassVar[bool] = False
    answers_any: ClassVar[bool] = True

    @property
    def width(self) -> int:
        """Width of the hidden states."""
        return int(self.encoder.config.hidden_size)

    @property
    def classes(self) -> int:
        """Number of logits of a position."""
        return int(self.model.output_shape["logits"][-1])

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        return int(self.model.count_params())

    @property
    def table(self) -> tf.Variable:
        """The word embedding, [vocabulary, embedding width]."""
        return self.encoder.get_input_embeddings().weight

    @property
    def vocabulary(self) -> int:
        """Number of ids of the word embedding."""
        return int(self.table.shape[0])

    def used_rows(self, ids: np.ndarray) -> np.ndarray:
        """Rows of the word embedding that training can read.

        Args:
          ids: input ids of all training rows, int32 [ids].

        Returns:
          int32 [rows], ascending: the ids, padding, and the mask token of --teacher_mask_rate.
        """
        others = [self.tokenizer.pad_token_id, self.tokenizer.mask_token_id]
        found = np.union1d(ids, [one for one in others if one is not None])
        # A tokenizer may have tokens that its encoder has no row for.
        return found[found < self.vocabulary].astype(np.int32)

    def forward(self, outputs: Sequence[str] = ("logits",)) -> Forward:
        """Returns a forward pass."""
        return Forward(self.model, outputs=outputs, pad_id=self.tokenizer.pad_token_id)

    def word_embeddings(self) -> np.ndarray:
        """Returns the word embedding, float32 [vocabulary, embedding width]."""
        return np.asarray(self.table.numpy(), np.float32)


def _check_encoder(encoder: Any, layer: int, pooled: bool) -> None:
    """Checks that an encoder can be a teacher's; gives it random weights if it has none yet.

    Raises:
      UserError: if it lacks the layer, has a head, or has its [CLS] not at the begin of a text.
    """
    check_configuration(encoder.config, layer, 0)
    if pooled and encoder.config.model_type == "xlnet":
        raise UserError("XLNet has its [CLS] at the end, and texts are classified by their first "
                        "token; allowed: another encoder, or --do_NER")
    if not encoder.built:
        build_variables(encoder)
    if not hasattr(encoder(encoder.dummy_inputs), "last_hidden_state"):
        raise UserError(
            f"--pt_teacher {type(encoder).__name__} has a head of its own; allowed: base models "
            "such as TFBertModel or TFAutoModel"
        )


def _segments(encoder: Any, tokenizer: Any, input_ids: Any) -> Dict[str, Any]:
    """Returns an encoder's input that tells the two texts of a pair apart, if it has one."""
    separator = separator_of(tokenizer)
    if getattr(encoder.config, "type_vocab_size", 0) < 2:
        return {}
    return {"token_type_ids": segment_ids(input_ids, separator)}


@tf.autograph.experimental.do_not_convert  # As in StageModel.
def build_teacher(
    encoder: Any, tokenizer: Any, classes: int, layer: int, *, pooled: bool = False,
    matched: int = 0, pairs: bool = False, competing: bool = False,
) -> Teacher:
    """Adds a logits layer to an encoder's last hidden state.

    Args:
      encoder: transformers TF model with hidden states.
      tokenizer: its fast tokenizer.
      classes: number of labels.
      layer: index into hidden_states, 0 = embeddings.
      pooled: one representation and logits a sequence, those of its first token ([CLS]).
      matched: number of layers to match with a student; at most the encoder's number of layers.
      pairs: pairs of texts. Encoders with segments get the segment of each token.
      competing: True if the softmax runs over positions (spans). Padding then gets probability 0.

    Returns:
      The teacher. All outputs come from one forward pass.

    Raises:
      UserError: if the encoder lacks the layer, or the tokenizer lacks a separator for pairs.

    Source: paper section 3 ("The Teacher"), section 4.2 for the representation.
    """
    _check_encoder(encoder, layer, pooled)
    matched = min(matched, int(encoder.config.num_hidden_layers))
    parts, always_frozen = encoder_parts(encoder)
    head = tf.keras.layers.Dense(classes, name="logits", dtype="float32")
    input_ids = tf.keras.Input([None], dtype=tf.int32, name="input_ids")
    attention_mask = tf.keras.Input([None], dtype=tf.int32, name="attention_mask")
    found = ready_to_call(encoder)(
        input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=True,
        output_attentions=matched > 0, return_dict=True,
        **(_segments(encoder, tokenizer, input_ids) if pairs else {}),
    )
    last, *states = (state[:, :1] if pooled else state
                     for state in (found.last_hidden_state, *found.hidden_states))
    compared = {} if not matched else {
        "hidden_states": joined_states(states, matched),
        "attention": joined_attention(found.attentions, matched)}
    last = tf.keras.layers.Dropout(_HEAD_DROPOUT, name="head_dropout")(last)
    scores = head(last)
    if competing:
        scores = tf.where(tf.cast(attention_mask, tf.bool)[:, :, tf.newaxis], scores, NEVER)
    model = StageModel(
        inputs={"input_ids": input_ids, "attention_mask": attention_mask},
        outputs={"representation": states[layer], "logits": scores, **compared},
        name="teacher",
    )
    try:
        registry = LayerRegistry(model, [*parts, ("logits", [head])], always_frozen=always_frozen)
    except ValueError as error:
        raise UserError(
            f"{type(encoder).__name__} has layers that are not known here: {error}"
        ) from None
    return Teacher(model, registry, encoder, tokenizer, layer, pooled, matched, pairs)


def separator_of(tokenizer: Any) -> int:
    """Returns the id of the separator token ([SEP]).

    Raises:
      UserError: if the tokenizer has none.
    """
    if tokenizer.sep_token_id is None:
        raise UserError(f"{type(tokenizer).__name__} has no separator, which pairs "
                        "of texts need; allowed: one such as BERT's")
    return tokenizer.sep_token_id


def save_teacher(teacher: Teacher, folder: pathlib.Path, record: dict) -> None:
    """Writes the teacher as a Hugging Face folder with its logits layer, atomically.

    Args:
      teacher: the fine-tuned teacher.
      folder: is replaced as a whole.
      record: JSON values kept with it: fingerprint, kind of task, scores, labels, history.
    """
    with atomic_folder(folder) as temporary:
        teacher.encoder.save_pretrained(temporary, safe_serialization=True)
        teacher.tokenizer.save_pretrained(temporary)
        kernel, bias = teacher.model.get_layer("logits").get_weights()
        save_file({"kernel": kernel, "bias": bias}, temporary / _HEAD_FILE)
        write_json(temporary / TEACHER_FILE, record)
        write_manifest(temporary)


def load_teacher(folder: pathlib.Path, layer: int, *, matched: int = 0) -> Teacher:
    """Loads a fine-tuned teacher.

    Args:
      folder: a folder written by `save_teacher`.
      layer: index into hidden_states of the representation.
      matched: see `build_teacher`.

    Raises:
      UserError: if the teacher is missing or incomplete, or lacks the layer.
    """
    folder = pathlib.Path(folder)
    if not has_teacher(folder):
        raise UserError(f"{folder} holds no fine-tuned teacher ({TEACHER_FILE} is missing)")
    check_manifest(folder, reads=(TEACHER_FILE, _HEAD_FILE), way_out=TEACHER_WAY_OUT)
    try:
        encoder = transformers.TFAutoModel.from_pretrained(folder)
        head = load_file(folder / _HEAD_FILE)
    except Exception as error:  # OSError, ValueError, SafetensorError.
        if is_out_of_memory(error):
            raise
        raise UserError(f"the teacher in {folder} cannot be loaded: {first_line(error)}") from error
    tokenizer = load_tokenizer(str(folder), model_type=encoder.config.model_type)
    record = read_teacher_record(folder)
    kind, pairs = task_kind_of(record), bool(record.get("pairs"))
    teacher = build_teacher(encoder, tokenizer, head["bias"].shape[0], layer, pooled=kind.pooled,
                            matched=matched, pairs=pairs, competing=kind.competing)
    teacher.model.get_layer("logits").set_weights([head["kernel"], head["bias"]])
    return teacher
