"""An encoder with a head that predicts masked subword tokens."""

from typing import Any, Dict, Optional, Tuple

import numpy as np
import transformers

from xtremedistil_tf.hub.reach import loading
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.distillation_model import StageModel
from xtremedistil_tf.models.encoders.parts import encoder_parts, ready_to_call
from xtremedistil_tf.models.registry import LayerRegistry

HEAD = "lm_head"
_EPSILON = 1e-12


class TiedOutput(tf.keras.layers.Layer):
    """Logits over the vocabulary: a product with the encoder's word embedding, and a bias.

    Args:
      encoder: the encoder; its word embedding stays a weight of its own.
    """

    def __init__(self, encoder: Any, **options: Any):
        super().__init__(dtype="float32", **options)
        # A function, since Keras would count the table among this layer's weights too.
        self._table = lambda: encoder.get_input_embeddings().weight

    def build(self, input_shape: Any) -> None:
        """Creates the bias."""
        self.bias = self.add_weight("bias", [self._table().shape[0]], initializer="zeros")
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Maps float [..., embedding width] to float32 [..., vocabulary]."""
        return tf.matmul(tf.cast(inputs, tf.float32), self._table(), transpose_b=True) + self.bias


@tf.autograph.experimental.do_not_convert  # As in StageModel.
def build_masked_lm(
    encoder: Any, *, only: Optional[int] = None
) -> Tuple[StageModel, LayerRegistry]:
    """Adds a new head to an encoder: a dense layer, a normalization and tied logits.

    Args:
      encoder: a transformers TF model; the result trains its weights.
      only: id of the token whose positions get logits; None for all tokens. A vocabulary of 250,000
        costs more than the encoder, and six of seven tokens are not masked.

    Returns:
      (model from "input_ids" and "attention_mask" to "logits", its layers). The logits are float32
      [batch, time, vocabulary], or [positions, vocabulary] of `only`, row by row.
    """
    parts, frozen = encoder_parts(encoder)
    # === Layers ===
    width = int(encoder.get_input_embeddings().weight.shape[1])
    transform = tf.keras.layers.Dense(width, "gelu", name="lm_transform")
    norm = tf.keras.layers.LayerNormalization(epsilon=_EPSILON, name="lm_norm")
    output = TiedOutput(encoder, name="lm_output")

    # === Functional model ===
    inputs = {name: tf.keras.Input([None], dtype=tf.int32, name=name)
              for name in ("input_ids", "attention_mask")}
    found = ready_to_call(encoder)(**inputs, return_dict=True)
    hidden = found.last_hidden_state
    if only is not None:
        hidden = tf.boolean_mask(hidden, inputs["input_ids"] == only)
    model = StageModel(inputs, {"logits": output(norm(transform(hidden)))}, name="masked_lm")
    head = [transform, norm, output]
    return model, LayerRegistry(model, [*parts, (HEAD, head)], always_frozen=frozen)


def _parts_of_head(model: Any) -> Optional[Dict[str, Any]]:
    """The layers of a checkpoint's own head; None for kinds whose head is built otherwise."""
    bert = getattr(getattr(model, "mlm", None), "predictions", None)
    if bert is not None:
        return {"lm_transform": bert.transform.dense, "lm_norm": bert.transform.LayerNorm,
                "bias": bert.bias}
    roberta = getattr(model, "lm_head", None)
    if roberta is not None and hasattr(roberta, "layer_norm"):
        return {"lm_transform": roberta.dense, "lm_norm": roberta.layer_norm, "bias": roberta.bias}
    return None


def load_own_head(model: StageModel, checkpoint: str) -> bool:
    """Sets the head to the checkpoint's own, if it has one; returns True if it has.

    Args:
      model: the model of `build_masked_lm`.
      checkpoint: hub name or folder of the encoder.
    """
    names = transformers.AutoConfig.from_pretrained(
        checkpoint, **loading(checkpoint)).architectures or []
    if not any(name.endswith(("ForMaskedLM", "ForPreTraining")) for name in names):
        return False
    try:
        headed, info = transformers.TFAutoModelForMaskedLM.from_pretrained(
            checkpoint, output_loading_info=True, **loading(checkpoint))
    except (OSError, ValueError):  # Another kind of pre-training.
        return False
    found = _parts_of_head(headed)
    if found is None or info["missing_keys"]:
        return False
    for name in ("lm_transform", "lm_norm"):
        model.get_layer(name).set_weights(found[name].get_weights())
    model.get_layer("lm_output").set_weights([np.asarray(found["bias"])])
    return True
