"""Pre-trained encoders: from a hub, a folder, or a configuration."""

import functools
import json
import pathlib
from typing import Any, Iterable, Optional, Sequence, Tuple

import transformers

from xtremedistil_tf.config import TeacherConfig
from xtremedistil_tf.errors import UserError, first_line, is_out_of_memory
from xtremedistil_tf.hub.reach import loading, reason_of
from xtremedistil_tf.models.encoders.parts import WAY_OUT, check_kind
from xtremedistil_tf.models.tokenizers import load_tokenizer, train_wordpiece
from xtremedistil_tf.validation.records import Field, read_record

_WEIGHTS = ("tf_model.h5", "tf_model.h5.index.json", "model.safetensors",
            "model.safetensors.index.json")
# Kinds whose positions start after the padding id.
_AFTER_PADDING = ("roberta", "xlm-roberta", "camembert", "mpnet")


def find_weights(folder: pathlib.Path) -> Tuple[str, ...]:
    """Returns the names of a folder's weights that a TensorFlow class can load."""
    return tuple(name for name in _WEIGHTS if (folder / name).is_file())


def _check_folder(folder: pathlib.Path, model_class: Any) -> None:
    """Refuses a folder that is no checkpoint of a class, before transformers tries to load it.

    Raises:
      UserError: if it has no configuration or no weights, or is of another type.
    """
    names = {path.name for path in folder.iterdir()}
    if "config.json" not in names:
        raise UserError(
            f"{folder} is not a checkpoint: no config.json in it; it holds: "
            f"{', '.join(sorted(names)[:8]) or 'nothing'}"
        )
    if not find_weights(folder):
        hint = (
            "; pytorch_model.bin needs PyTorch: save it once with safe_serialization=True"
            if "pytorch_model.bin" in names
            else ""
        )
        raise UserError(
            f"{folder} holds no weights; allowed: {', '.join(_WEIGHTS)}{hint}"
        )
    # The Auto classes have no config_class: they accept every type.
    wanted = getattr(getattr(model_class, "config_class", None), "model_type", None)
    found = read_record(folder / "config.json",
                        {"model_type": Field(str, needed=False)}).get("model_type")
    if wanted and found != wanted:
        raise UserError(
            f"--pt_teacher {model_class.__name__} reads {wanted} checkpoints, but {folder} is of "
            f"type {found}; TFAutoModel takes every type that transformers has "
            "for TensorFlow"
        )


def _model_class(name: str) -> Any:
    found = getattr(transformers, name, None)
    if not name.startswith("TF") or not hasattr(found, "from_pretrained"):
        raise UserError(
            f"--pt_teacher is {name!r}, which transformers {transformers.__version__} does not "
            "have; allowed: its TF models, such as TFBertModel, TFDistilBertModel, "
            "TFElectraModel, TFRobertaModel, TFXLMRobertaModel, TFAutoModel"
        )
    return found


def load_encoder(config: TeacherConfig) -> Tuple[Any, Any]:
    """Loads a teacher's pre-trained encoder and its tokenizer; see `load_checkpoint`.

    Args:
      config: settings, of which model_class, checkpoint and strip_accents are read.
    """
    encoder = load_checkpoint(_model_class(config.model_class), config.checkpoint, "--pt_teacher")
    return encoder, load_tokenizer(config.checkpoint, model_type=encoder.config.model_type,
                                   strip_accents=config.strip_accents)


@functools.lru_cache(maxsize=None)
def activations() -> Tuple[str, ...]:
    """Returns the names of the activations that an encoder's layers may have.

    Call it before building an encoder, since it adds a name that the TF classes lack.
    """
    from xtremedistil_tf.keras2 import tf  # noqa: F401, I001  Before transformers brings TensorFlow.
    from transformers.activations_tf import ACT2FN

    # PyTorch has two names for this formula; the TF classes know only "gelu_new".
    ACT2FN.setdefault("gelu_pytorch_tanh", ACT2FN["gelu_new"])
    return tuple(sorted(set(ACT2FN) - {"glu"}))  # glu halves the width.


def load_checkpoint(model_class: Any, checkpoint: str, flag: str, *, whole: bool = False) -> Any:
    """Loads a pre-trained encoder with TF or safetensors weights; PyTorch is not needed.

    Args:
      model_class: a TF class of transformers.
      checkpoint: folder or hub name.
      flag: --pt_teacher or --pt_student, for messages.
      whole: True if the pooler is needed, too.

    Returns:
      The encoder.

    Raises:
      UserError: if the checkpoint is neither a usable folder nor a hub name that can be fetched, or
        if its weights do not fit the class.
    """
    folder = pathlib.Path(checkpoint)
    if folder.is_dir():
        _check_folder(folder, model_class)
    elif folder.exists():
        raise UserError(f"{flag}_checkpoint {folder} is a file; allowed: a folder or a name")
    activations()
    try:
        encoder, info = model_class.from_pretrained(
            checkpoint, output_loading_info=True, **loading(checkpoint))
    except Exception as error:  # OSError, ValueError, SafetensorError, HDF5 errors and others.
        if is_out_of_memory(error):
            raise
        if folder.is_dir():
            raise UserError(f"{folder} cannot be loaded: {first_line(error)}") from error
        raise UserError(_unknown(flag, checkpoint, error)) from error
    missing = [name for name in info["missing_keys"] if whole or "pooler" not in name]
    if missing:
        raise UserError(
            f"{checkpoint} is not a checkpoint of {model_class.__name__}: {len(missing)} of "
            f"{len(encoder.weights)} weights are missing, the first is {missing[0]}"
        )
    return encoder


def _unknown(flag: str, checkpoint: str, error: Exception) -> str:
    return (f"{flag}_checkpoint {checkpoint!r} is neither a folder here nor a model that can be "
            f"fetched: {reason_of(checkpoint, error)}")


def _settings(path: str) -> dict:
    """Reads a config.json and checks that transformers knows its model_type."""
    try:
        settings = json.loads(pathlib.Path(path).read_text("utf-8"))
        transformers.AutoConfig.for_model(**settings)
    except FileNotFoundError:
        raise UserError(f"--teacher_config {path}: file not found") from None
    except (ValueError, TypeError) as error:
        raise UserError(
            f"--teacher_config {path} is not a Hugging Face config.json with a "
            f"model_type: {first_line(error)}"
        ) from None
    return settings


def build_variables(encoder: Any) -> None:
    """Creates the variables of a new encoder, with full names."""
    # In later versions of transformers, only this method sets the name scope of checkpoints.
    getattr(encoder, "build_in_name_scope", encoder.build)()


def create_encoder(config: TeacherConfig, texts: Iterable[Sequence[str]]) -> Tuple[Any, Any]:
    """Builds an encoder with random weights, and a tokenizer, from a configuration file.

    Args:
      config: settings. config_file is a Hugging Face config.json; its vocab_size limits the
        vocabulary.
      texts: the task's sentences as words, the training data of the tokenizer.

    Returns:
      (encoder, tokenizer).

    Raises:
      UserError: if the file is missing or describes no valid encoder.
    """
    assert config.config_file is not None, "without it, load_encoder is called"
    model_config = transformers.AutoConfig.for_model(**_settings(config.config_file))
    check_kind(model_config, f"--teacher_config {config.config_file}")
    tokenizer = train_wordpiece(texts, model_config.vocab_size, bool(config.strip_accents))
    model_config.vocab_size = len(tokenizer)
    model_config.pad_token_id = tokenizer.pad_token_id
    try:
        activations()
        encoder = transformers.TFAutoModel.from_config(model_config)
        build_variables(encoder)
    except ValueError as error:  # Incompatible sizes, or no TF model of that type.
        raise UserError(
            f"--teacher_config {config.config_file}: {first_line(error)}"
        ) from None
    return encoder, tokenizer


def peek_configuration(config: TeacherConfig, fine_tuned: Optional[pathlib.Path]) -> Any:
    """Reads the transformers configuration of a teacher without its weights.

    Args:
      config: origin of the teacher.
      fine_tuned: folder of the fine-tuned teacher; None takes the origin.

    Raises:
      UserError: if it cannot be read.
    """
    if fine_tuned is not None:
        return peek_checkpoint(transformers.TFAutoModel, str(fine_tuned), "--pt_teacher")
    if config.config_file:
        return transformers.AutoConfig.for_model(**_settings(config.config_file))
    return peek_checkpoint(_model_class(config.model_class), config.checkpoint, "--pt_teacher")


def peek_checkpoint(model_class: Any, checkpoint: str, flag: str) -> Any:
    """Reads the transformers configuration of a checkpoint; arguments as in `load_checkpoint`.

    Raises:
      UserError: if it cannot be read.
    """
    if pathlib.Path(checkpoint).is_dir():
        _check_folder(pathlib.Path(checkpoint), model_class)
    try:
        found = transformers.AutoConfig.from_pretrained(checkpoint, **loading(checkpoint))
    except Exception as error:  # OSError, ValueError and others.
        _check_type(pathlib.Path(checkpoint))
        raise UserError(_unknown(flag, checkpoint, error)) from error
    check_kind(found, checkpoint)
    return found


def _check_type(folder: pathlib.Path) -> None:
    """Refuses a folder of a kind of model that transformers does not know, with the way out."""
    if not (folder / "config.json").is_file():
        return
    kind = read_record(folder / "config.json",
                       {"model_type": Field(str, needed=False)}).get("model_type")
    if kind not in transformers.CONFIG_MAPPING:
        raise UserError(f"{folder} is of the kind {kind}, which transformers "
                        f"{transformers.__version__} does not know; {WAY_OUT}")


def most_positions(model_config: Any) -> Optional[int]:
    """Returns an encoder's longest sequence, special tokens included; None without a limit."""
    most = getattr(model_config, "max_position_embeddings", None)
    if most and model_config.model_type in _AFTER_PADDING:
        most -= model_config.pad_token_id + 1
    return most if most and most > 0 else None  # XLNet says -1.


def check_layer(layer: int, layers: int) -> None:
    """Raises UserError unless a teacher of so many layers has the representation layer."""
    if not 0 <= layer <= layers:
        raise UserError(f"--teacher_layer is {layer}, but the teacher has {layers} layers; "
                        f"allowed: 0 (embeddings) to {layers}")


def check_positions(seq_len: int, positions: Optional[int]) -> None:
    """Raises UserError unless a teacher has positions enough; None has no limit."""
    if positions and seq_len > positions:
        raise UserError(f"--seq_len is {seq_len}, but the teacher has {positions} positions")


def check_configuration(model_config: Any, layer: int, seq_len: int) -> None:
    """Checks that the teacher has the representation layer and enough positions.

    Raises:
      UserError: if it has not.
    """
    check_layer(layer, int(model_config.num_hidden_layers))
    check_positions(seq_len, most_positions(model_config))


def embedding_width(model_config: Any) -> int:
    """Returns the width of the word embeddings, which may differ from the hidden width."""
    widths = (getattr(model_config, name, None) for name in (
        "embedding_size", "input_embedding_size"))  # ELECTRA and ALBERT; RemBERT.
    return int(next((width for width in widths if width), model_config.hidden_size))
