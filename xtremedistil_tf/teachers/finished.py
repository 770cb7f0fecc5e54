"""Finished models of transformers: a checkpoint with its own head, as it is."""

import dataclasses
import functools
import json
import pathlib
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

import numpy as np
import transformers

from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.label_map import make_label_map
from xtremedistil_tf.data.labels import label_set
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.fingerprints import folder_fingerprint
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.encoders.parts import ready_to_call
from xtremedistil_tf.models.inference import Forward
from xtremedistil_tf.models.layers.layer_matching import joined_attention, joined_states
from xtremedistil_tf.models.layers.pairs import segment_ids
from xtremedistil_tf.models.pretrained_encoders import load_checkpoint, peek_checkpoint
from xtremedistil_tf.models.teacher import separator_of
from xtremedistil_tf.models.tokenizers import load_tokenizer
from xtremedistil_tf.tasks import task_kind
from xtremedistil_tf.teachers.base import Sizes, TeacherKind, Wanted
from xtremedistil_tf.teachers.fine_tuned import sizes_of
from xtremedistil_tf.teachers.mapped import MappedTeacher, check_tokenizer

_FLAG = "--pt_teacher"
# Ends of the names of classes with a head, and the kind of task that the head is for.
HEADS = {"ForTokenClassification": "tagging", "ForSequenceClassification": "classification",
         "ForQuestionAnswering": "spans"}
# Kinds of task by transformers' `problem_type`.
_PROBLEMS = {"regression": "regression", "multi_label_classification": "multilabel"}
_CLASSES = {"tagging": transformers.TFAutoModelForTokenClassification,
            "classification": transformers.TFAutoModelForSequenceClassification,
            "multilabel": transformers.TFAutoModelForSequenceClassification,
            "regression": transformers.TFAutoModelForSequenceClassification,
            "spans": transformers.TFAutoModelForQuestionAnswering}


def task_of(settings: Mapping[str, Any]) -> Optional[str]:
    """Returns the kind of task that a checkpoint's config.json names; None for a bare encoder."""
    for name in settings.get("architectures") or ():
        for end, kind in HEADS.items():
            if str(name).endswith(end):
                alone = task_kind(kind).pooled and len(settings.get("id2label") or "..") == 1
                return "regression" if alone else _PROBLEMS.get(
                    str(settings.get("problem_type")), kind)
    return None


def settings_of(folder: pathlib.Path) -> Dict[str, Any]:
    """Reads the config.json of a folder; empty if there is none that can be read."""
    try:
        found = json.loads((pathlib.Path(folder) / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def holds(folder: pathlib.Path) -> bool:
    """Returns True if the folder is a checkpoint with a head for words or texts."""
    return task_of(settings_of(folder)) is not None


def labels_of(
    folder: pathlib.Path, data: Optional[DataConfig] = None
) -> Tuple[str, Tuple[str, ...]]:
    """Returns (kind of task, labels in the order of the outputs) of a finished model.

    Raises:
      UserError: if the labels of config.json are not numbered from 0.
    """
    settings = settings_of(folder)
    kind = task_of(settings)
    assert kind is not None, "`holds` is asked first"
    named = settings.get("id2label")
    if not named:  # transformers leaves LABEL_0 and LABEL_1 out of the file.
        named = transformers.AutoConfig.for_model(**settings).id2label
    try:
        ordered = sorted((int(number), str(name)) for number, name in named.items())
    except (AttributeError, ValueError):
        raise UserError(f"{folder / 'config.json'}: id2label is {named!r}; needed are names by "
                        "number, 0 to the last") from None
    if [number for number, _ in ordered] != list(range(len(ordered))):
        raise UserError(f"{folder / 'config.json'}: id2label numbers "
                        f"{', '.join(str(number) for number, _ in ordered)}; needed are all from 0")
    if task_kind(kind).competing:  # transformers has no names for them: LABEL_0, LABEL_1.
        return kind, task_kind(kind).read_labels(data, folder).tags
    return kind, tuple(name for _, name in ordered)


def _sizes(folder: pathlib.Path, data: DataConfig, layer: int) -> Sizes:
    kind, names = labels_of(folder)
    found = peek_checkpoint(_CLASSES[kind], str(folder), _FLAG)
    if found.num_labels != len(names):
        raise UserError(f"{folder / 'config.json'}: {found.num_labels} outputs, but "
                        f"{len(names)} labels in id2label")
    return sizes_of(found, data.seq_len, layer)


def _logits(found: Any) -> tf.Tensor:
    """Returns a model's logits; those of an answer's begin and end are one output each."""
    if hasattr(found, "start_logits"):
        return tf.stack([found.start_logits, found.end_logits], axis=-1)
    return found.logits


class _Outputs:
    """A transformers model with a head, called like a Keras functional model.

    Attributes:
      input_names: names of the inputs.
    """

    input_names = ("input_ids", "attention_mask")

    def __init__(self, model: Any, wanted: Wanted, *, pooled: bool, separator: Optional[int]):
        self._model, self._wanted = model, wanted
        self._pooled, self._separator = pooled, separator

    def __call__(self, inputs: Mapping[str, tf.Tensor], *, training: bool) -> Dict[str, tf.Tensor]:
        texts = {} if self._separator is None else {
            "token_type_ids": segment_ids(inputs["input_ids"], self._separator)}
        found = self._model(
            **inputs, **texts, output_hidden_states=True, return_dict=True, training=False,
            output_attentions=self._wanted.matched > 0)
        states = [state[:, :1] if self._pooled else state for state in found.hidden_states]
        logits = _logits(found)
        logits = logits[:, None] if self._pooled else logits
        matched = self._wanted.matched
        more = {} if not matched else {"hidden_states": joined_states(states, matched),
                                       "attention": joined_attention(found.attentions, matched)}
        return {"logits": tf.cast(logits, tf.float32),
                "representation": states[self._wanted.layer], **more}


def _load(folder: pathlib.Path, wanted: Wanted) -> MappedTeacher:
    kind, names = labels_of(folder)
    labels = label_set(wanted.kind, wanted.tags)
    mapped = make_label_map(names, labels, renames=dict(wanted.label_map), scheme=wanted.scheme)
    model = ready_to_call(load_checkpoint(_CLASSES[kind], str(folder), _FLAG, whole=True))
    settings = model.config
    tokenizer = load_tokenizer(str(folder), model_type=settings.model_type)
    check_tokenizer(tokenizer, settings.vocab_size, str(folder))
    separator = None
    if wanted.pairs:
        separator = separator_of(tokenizer)
        if getattr(settings, "type_vocab_size", 0) < 2:
            separator = None
    wanted = dataclasses.replace(
        wanted, matched=min(wanted.matched, int(settings.num_hidden_layers)))
    outputs = _Outputs(model, wanted, pooled=labels.pooled, separator=separator)

    def embeddings() -> np.ndarray:
        return np.asarray(model.get_input_embeddings().weight.numpy(), np.float32)

    def run(names: Sequence[str]) -> Forward:
        return Forward(outputs, outputs=names, pad_id=tokenizer.pad_token_id)

    return MappedTeacher(
        tokenizer, run, mapped, wanted.layer, width=int(settings.hidden_size),
        vocabulary=int(settings.vocab_size),
        parameters=int(sum(np.prod(weight.shape) for weight in model.weights)),
        embeddings=functools.lru_cache(None)(embeddings), matched=wanted.matched,
        pooled=labels.pooled, pairs=wanted.pairs, words_only=task_kind(wanted.kind).tags_words)


FINISHED = TeacherKind("finished", holds, _sizes, labels_of, lambda folder: folder.name, _load,
                       folder_fingerprint)
