"""Lists the layers of a pre-trained encoder, whatever its kind calls them."""

from typing import Any, List, Tuple

import transformers

from xtremedistil_tf.compat import OwnWeights, sublayers, with_autograph
from xtremedistil_tf.errors import UserError

# Kinds of model whose attention goes one way only, or that have a decoder: a tagger needs the words
# on both sides.
ONE_WAY = ("gpt2", "openai-gpt", "gptj", "opt", "ctrl", "transfo-xl", "t5", "mt5", "bart", "mbart",
           "pegasus", "marian", "blenderbot")
KNOWN = ("BERT, RoBERTa, CamemBERT, XLM-R, ELECTRA, DistilBERT, DeBERTa, DeBERTa-v2 and v3, MPNet, "
         "RemBERT, ALBERT and XLNet")
WAY_OUT = ("it can teach as ONNX (a folder with model.onnx) if it is finished, or by its outputs "
           "(--teacher_outputs)")


# Kinds with control flow that depends on tensors, which AutoGraph must translate.
_TRANSLATED = ("deberta", "deberta-v2")


def check_kind(config: Any, name: str) -> None:
    """Refuses kinds of model that cannot be an encoder here.

    Args:
      config: a transformers configuration.
      name: its checkpoint or file, for the message.

    Raises:
      UserError: for a decoder, or a kind without a TensorFlow class, with the way out.
    """
    kind = config.model_type
    if kind in ONE_WAY or getattr(config, "is_encoder_decoder", False):
        raise UserError(f"{name} is of the kind {kind}, which reads in one direction or has a "
                        f"decoder; allowed: {KNOWN} models; {WAY_OUT}")
    if type(config) not in transformers.TF_MODEL_MAPPING:
        raise UserError(f"{name} is of the kind {kind}, for which transformers "
                        f"{transformers.__version__} has no TensorFlow class; {WAY_OUT}")


def ready_to_call(encoder: Any) -> Any:
    """Prepares an encoder to be called in graphs that AutoGraph does not translate; returns it."""
    if encoder.config.model_type in _TRANSLATED:
        with_autograph(encoder)
    return encoder


def _blocks(main: Any) -> Tuple[Any, Any]:
    """Returns (the layer that holds the blocks, the blocks); (None, None) if they are not found."""
    for stack in (getattr(main, "encoder", None), getattr(main, "transformer", None), main):
        # ALBERT shares the blocks of a group.
        for name in ("layer", "albert_layer_groups"):
            found = getattr(stack, name, None)
            if isinstance(found, (list, tuple)) and found:
                return stack, list(found)
    return None, None


def encoder_parts(encoder: Any) -> Tuple[List[Tuple[str, List[Any]]], List[Any]]:
    """Lists the layers of an encoder with names, bottom to top.

    Everything beside the blocks belongs to "embeddings": position tables of the whole stack,
    projections of narrow embeddings, convolutions.

    Args:
      encoder: a transformers TF model of one of the kinds KNOWN.

    Returns:
      ([("embeddings", [...]), ("layer_0", [...]), ...], layers that are never trained).

    Raises:
      UserError: if the layers are not found.
    """
    main = getattr(encoder, encoder.base_model_prefix, encoder)
    stack, blocks = _blocks(main)
    if blocks is None or not hasattr(encoder.config, "hidden_size"):
        raise UserError(f"{type(encoder).__name__}: its layers are not known here; allowed: "
                        f"{KNOWN} models; {WAY_OUT}")
    pooler = getattr(main, "pooler", None)
    kept = {id(one) for one in (stack, pooler, *blocks)}
    holders = [main] if stack is main else [main, stack]
    beside = [one for holder in holders for one in sublayers(holder) if id(one) not in kept]
    bottom = [one for one in (*beside, *map(OwnWeights, holders)) if one.weights]
    parts = [("embeddings", bottom)]
    parts += [(f"layer_{index}", [block]) for index, block in enumerate(blocks)]
    return parts, [pooler] if pooler is not None else []
