"""Warm-up requests for TF Serving, written without its API package.

The server replays them when it loads a version. So the first real request does not wait for
TensorFlow to prepare the graph. The file is a TFRecord of PredictionLog messages.
Source: tensorflow/serving, apis/prediction_log.proto and predict.proto.
"""

import pathlib
from typing import Any, Dict, Optional

import numpy as np

from xtremedistil_tf.export.common.protobuf import bytes_field
from xtremedistil_tf.keras2 import tf

FILE = pathlib.Path("assets.extra", "tf_serving_warmup_requests")
MODEL_NAME = "tagger"

_SENTENCE = "Angela Merkel wurde in Hamburg geboren."
_TEXTS = ([_SENTENCE], ["", "東京タワー。", "«Москва», да!", " ".join([_SENTENCE] * 40)],
          [_SENTENCE] * 16)


def prediction_log(signature: str, inputs: Dict[str, Any]) -> bytes:
    """Encodes one request as PredictionLog { predict_log { request { ... } } }.

    Args:
      signature: name of the signature.
      inputs: arrays by input name.
    """
    spec = bytes_field(1, MODEL_NAME.encode()) + bytes_field(3, signature.encode())
    request = bytes_field(1, spec)
    for name, value in inputs.items():
        tensor = tf.make_tensor_proto(value).SerializeToString()
        request += bytes_field(2, bytes_field(1, name.encode()) + bytes_field(2, tensor))
    return bytes_field(6, bytes_field(1, request))


def write_warmup(
    folder: pathlib.Path, takes_text: bool, takes_words: bool, *,
    seq_len_limit: Optional[int] = None, takes_pairs: bool = False,
) -> None:
    """Writes a few requests of each signature.

    Args:
      folder: folder of the SavedModel.
      takes_text: the signature `serving_default` takes text.
      takes_words: there is a signature `tokens`.
      seq_len_limit: longest sequence; None without a limit.
      takes_pairs: the signature `serving_default` takes pairs of texts.
    """
    ids = np.ones([1, min(32, seq_len_limit or 32)], np.int32)
    records = [prediction_log("input_ids", {"input_ids": ids, "attention_mask": ids})]
    if takes_text:
        names = ("text", "text_pair") if takes_pairs else ("text",)
        records += [prediction_log("serving_default", dict.fromkeys(names, texts))
                    for texts in _TEXTS]
    if takes_words:
        records.append(prediction_log("tokens", {"tokens": [_SENTENCE.split()]}))
    path = pathlib.Path(folder) / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)
