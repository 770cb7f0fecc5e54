"""Finished models as ONNX, as Optimum exports them: no TensorFlow class is needed."""

import functools
import pathlib
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import transformers

from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.label_map import make_label_map
from xtremedistil_tf.data.labels import label_set
from xtremedistil_tf.data.pipelines.length_batches import length_batches
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.fingerprints import fingerprint, folder_fingerprint, stamp_of
from xtremedistil_tf.inference.runtimes.onnx import gpu_providers, open_session
from xtremedistil_tf.models.pretrained_encoders import check_layer, check_positions, find_weights
from xtremedistil_tf.models.teacher import separator_of
from xtremedistil_tf.models.tokenizers import load_tokenizer
from xtremedistil_tf.tasks import task_kind
from xtremedistil_tf.teachers.base import Sizes, TeacherKind, Wanted
from xtremedistil_tf.teachers.finished import labels_of, settings_of, task_of
from xtremedistil_tf.teachers.mapped import MappedTeacher, check_tokenizer

_FILES = ("model.onnx", "onnx/model.onnx")
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_LAST = "last_hidden_state"
_LOGITS, _ENDS = ("logits",), ("start_logits", "end_logits")
# Names of a size in the configurations of different kinds of model.
_NAMES = {"width": ("hidden_size", "dim", "d_model"), "layers": ("num_hidden_layers", "n_layers"),
          "vocabulary": ("vocab_size",)}


def model_file(folder: pathlib.Path) -> Optional[pathlib.Path]:
    """Returns the ONNX model of a folder; None without one."""
    paths = (pathlib.Path(folder) / name for name in _FILES)
    return next((path for path in paths if path.is_file()), None)


def holds(folder: pathlib.Path) -> bool:
    """Returns True if a folder's finished model is there as ONNX and in no form for TensorFlow."""
    folder = pathlib.Path(folder)
    settings = settings_of(folder)
    if model_file(folder) is None or task_of(settings) is None:
        return False
    kind = settings.get("model_type")
    known = {one.model_type for one in transformers.TF_MODEL_MAPPING}
    return kind not in known or not find_weights(folder)


def _size(folder: pathlib.Path, settings: Mapping[str, Any], name: str) -> int:
    for key in _NAMES[name]:
        if isinstance(settings.get(key), int):
            return settings[key]
    raise UserError(f"{folder / 'config.json'} has none of {', '.join(_NAMES[name])}")


def _opened(path: pathlib.Path, logits: Tuple[str, ...]) -> Any:
    """Opens a model and checks its inputs and outputs; `logits` are those that it needs."""
    return _session(path, logits, stamp_of(path))


@functools.lru_cache(maxsize=4)
def _session(path: pathlib.Path, logits: Tuple[str, ...], stamp: Tuple[int, int]) -> Any:
    session = open_session(path, providers=gpu_providers())
    inputs = [one.name for one in session.get_inputs()]
    outputs = [one.name for one in session.get_outputs()]
    if "input_ids" not in inputs or not set(inputs) <= set(_INPUTS):
        raise UserError(f"{path} has the inputs {', '.join(inputs)}; allowed: "
                        f"{', '.join(_INPUTS)}, of which the first is needed")
    if not set(logits) <= set(outputs):
        raise UserError(f"{path} has the outputs {', '.join(outputs)}; needed is "
                        f"{' and '.join(logits)} (Optimum's task is token-classification, "
                        "text-classification or question-answering)")
    return session


def _logits_of(kind: str) -> Tuple[str, ...]:
    """Names of the outputs that are a model's logits: of answers one for each end."""
    return _ENDS if task_kind(kind).competing else _LOGITS


def _state_name(session: Any, layer: int, layers: int) -> Optional[str]:
    """Returns the name of the output with a layer's hidden states; None if it has none."""
    outputs = {one.name for one in session.get_outputs()}
    names = [f"hidden_states.{layer}", f"hidden_states_{layer}"]
    if layer == layers:
        names.append(_LAST)
    return next((name for name in names if name in outputs), None)


def _sizes(folder: pathlib.Path, data: DataConfig, layer: int) -> Sizes:
    settings = settings_of(folder)
    width, layers = (_size(folder, settings, name) for name in ("width", "layers"))
    path = model_file(folder)
    assert path is not None, "`holds` is asked first"
    session = _opened(path, _logits_of(str(task_of(settings))))
    states = _state_name(session, layer, layers) is not None
    if states:
        check_layer(layer, layers)
    positions = settings.get("max_position_embeddings")
    if isinstance(positions, int) and positions > 0:
        check_positions(data.seq_len, positions)
    return Sizes(width, layers, None, states=states)


class OnnxForward:
    """A forward pass in onnxruntime.

    Args:
      session: the model.
      names: names in the model of each output; several are stacked on a last axis.
      pooled: True if a sequence has one target.
      pad_id: id of padding.
      separator: id of the separator token, for pairs of texts.
    """

    def __init__(self, session: Any, names: Mapping[str, Tuple[str, ...]], *, pooled: bool,
                 pad_id: int, separator: Optional[int]):
        self._session, self._names, self._pooled = session, names, pooled
        self._pad_id, self._separator = pad_id, separator
        self._inputs = {one.name: np.int32 if "int32" in one.type else np.int64
                        for one in session.get_inputs()}

    def batches(
        self, input_ids: Ragged, *, on_rows: Optional[Callable[[int], None]] = None
    ) -> Iterator[Tuple[np.ndarray, np.ndarray, Dict[str, np.ndarray]]]:
        """As `models.inference.Forward.batches`."""
        lengths = input_ids.lengths
        for rows in length_batches(lengths):
            ids = input_ids.padded(rows, self._pad_id)
            mask = np.arange(ids.shape[1])[None, :] < lengths[rows][:, None]
            given = {"input_ids": ids, "attention_mask": mask,
                     "token_type_ids": self._segments(ids, mask)}
            asked = [one for names in self._names.values() for one in names]
            found = dict(zip(asked, self._session.run(asked, {
                name: np.asarray(given[name], dtype) for name, dtype in self._inputs.items()})))
            outputs = {name: self._shaped(name, [np.asarray(found[one], np.float32)
                                                 for one in names])
                       for name, names in self._names.items()}
            yield rows, lengths[rows], outputs
            if on_rows:
                on_rows(len(rows))

    def _segments(self, ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Segment of each token: 1 behind the first separator of a pair, else 0."""
        if self._separator is None:
            return np.zeros_like(ids)
        found = np.cumsum(ids == self._separator, axis=1) - (ids == self._separator)
        return np.minimum(found, 1) * mask

    def _shaped(self, name: str, values: Sequence[np.ndarray]) -> np.ndarray:
        value = values[0] if len(values) == 1 else np.stack(values, axis=-1)
        if not self._pooled:
            return value
        return value[:, None] if name == "logits" else value[:, :1]


def _embeddings(path: pathlib.Path, vocabulary: int) -> Optional[np.ndarray]:
    """Reads the word embedding out of a model; None if it is not found, or onnx not installed."""
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError:
        return None
    tables: List[np.ndarray] = []
    for one in onnx.load(str(path)).graph.initializer:
        if len(one.dims) == 2 and one.dims[0] == vocabulary:
            tables.append(numpy_helper.to_array(one, str(path.parent)))
    return np.asarray(tables[0], np.float32) if len(tables) == 1 else None


def _parameters(path: pathlib.Path) -> Optional[int]:
    """Counts the numbers of a model's float tensors; None if onnx is not installed."""
    try:
        import onnx
    except ImportError:
        return None
    floats = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16)
    held = onnx.load(str(path), load_external_data=False).graph.initializer
    return int(sum(np.prod(one.dims) for one in held if one.data_type in floats))


def _load(folder: pathlib.Path, wanted: Wanted) -> MappedTeacher:
    path = model_file(folder)
    assert path is not None, "`holds` is asked first"
    if wanted.matched:
        raise UserError("--distil_multi_hidden_states and --distil_attention need a TensorFlow "
                        f"teacher; {folder} has ONNX")
    settings, (kind, names) = settings_of(folder), labels_of(folder)
    session = _opened(path, _logits_of(kind))
    labels = label_set(wanted.kind, wanted.tags)
    mapped = make_label_map(names, labels, renames=dict(wanted.label_map), scheme=wanted.scheme)
    tokenizer = load_tokenizer(str(folder), model_type=settings.get("model_type"))
    vocabulary = _size(folder, settings, "vocabulary")
    check_tokenizer(tokenizer, vocabulary, str(folder))
    separator = separator_of(tokenizer) if wanted.pairs else None
    layers = _size(folder, settings, "layers")
    state = _state_name(session, wanted.layer, layers)
    where = {"logits": _logits_of(kind),
             **({} if state is None else {"representation": (state,)})}

    def run(names: Sequence[str]) -> OnnxForward:
        return OnnxForward(session, {name: where[name] for name in names}, pooled=labels.pooled,
                           pad_id=tokenizer.pad_token_id, separator=separator)

    return MappedTeacher(
        tokenizer, run, mapped, wanted.layer, width=_size(folder, settings, "width"),
        vocabulary=vocabulary, parameters=_parameters(path),
        embeddings=functools.lru_cache(None)(lambda: _embeddings(path, vocabulary)),
        pooled=labels.pooled, pairs=wanted.pairs, words_only=task_kind(wanted.kind).tags_words)


def _fingerprint(folder: pathlib.Path) -> str:
    """Hashes a folder's files; its model may lie in a folder of its own."""
    own, model = folder_fingerprint(folder), model_file(folder)
    if model is None or model.parent == pathlib.Path(folder):
        return own
    return fingerprint(own, folder_fingerprint(model.parent))


ONNX = TeacherKind("onnx", holds, _sizes, labels_of, lambda folder: folder.name, _load,
                   _fingerprint)
