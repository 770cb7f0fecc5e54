"""A Transformer student as configuration and weights of transformers."""

import dataclasses
from typing import Any, Dict, List, Tuple

import numpy as np
import transformers
from transformers.modeling_tf_pytorch_utils import convert_tf_weight_name_to_pt_weight_name

from xtremedistil_tf.config import PROJECTION
from xtremedistil_tf.export.huggingface import heads
from xtremedistil_tf.inference.student_folder import StudentBundle
from xtremedistil_tf.tasks import task_kind

# By kind of head: the architecture's prefix, and its configuration's class.
_ARCHITECTURES = {"gelu": ("Electra", transformers.ElectraConfig),
                  "bert": ("Bert", transformers.BertConfig),
                  "albert": ("Albert", transformers.AlbertConfig)}


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """A student as transformers has it.

    Attributes:
      config: configuration with labels and architecture.
      task: the class after the architecture, such as ForTokenClassification.
      arrays: weights by PyTorch's names, float32.
      lost: what the checkpoint does not have of the student, as sentences.
    """

    config: Any
    task: str
    arrays: Dict[str, np.ndarray]
    lost: List[str]


def encoder_arrays(encoder: Any, table: np.ndarray) -> Dict[str, np.ndarray]:
    """ELECTRA's weights by PyTorch's names.

    Args:
      encoder: the TFElectraModel.
      table: the student's id of each of the tokenizer's ids.
    """
    arrays = {}
    for weight in encoder.weights:
        name, transpose = convert_tf_weight_name_to_pt_weight_name(
            weight.name, start_prefix_to_remove="", tf_weight_shape=weight.shape)
        value = np.asarray(weight.numpy(), np.float32)
        arrays[name] = np.ascontiguousarray(value.T if transpose.value == "simple" else value)
    words = "electra.embeddings.word_embeddings.weight"
    # A row for each of the tokenizer's tokens: transformers has no table of ids.
    arrays[words] = arrays[words][table]
    return arrays


def _head(bundle: StudentBundle, task: str) -> Tuple[str, Dict[str, np.ndarray]]:
    """Returns the kind of architecture and the head's arrays."""
    def layer(name: str) -> heads.Dense:
        kernel, bias = bundle.student.model.get_layer(name).get_weights()
        return np.asarray(kernel, np.float32), np.asarray(bias, np.float32)

    settings, shown = bundle.settings, len(bundle.labels.tags)
    kernel, bias = layer("logits")
    # Without the paper's classes of special tokens, which no decoding reads; at the temperature.
    scale = np.float32(1.0 / bundle.temperature)
    logits = (kernel[:, :shown] * scale, bias[:shown] * scale)
    # A layer that changes nothing is folded into the logits.
    projection = layer(PROJECTION) if settings.projects else (
        np.eye(len(kernel), dtype=np.float32), np.zeros(len(kernel), np.float32))
    if task == "ForTokenClassification":
        return "gelu", heads.token_head("classifier", projection, logits)
    if task == "ForQuestionAnswering":
        return "gelu", heads.token_head("qa_outputs", projection, logits)
    kind, arrays = heads.text_head(settings.head_activation, projection, logits,
                                   settings.hidden_size)
    if kind == "gelu":
        return kind, arrays
    return ("bert" if settings.word_emb_dim == settings.hidden_size else "albert"), arrays


def _labels(bundle: StudentBundle, task: str) -> Dict[str, Any]:
    """Configuration of labels and the loss."""
    names, kind = list(bundle.labels.tags), task_kind(bundle.labels.kind)
    if task == "ForQuestionAnswering":
        return {"num_labels": 2}
    if task != "ForSequenceClassification":
        problem = {}
    elif kind.several:
        problem = {"problem_type": "multi_label_classification"}
    elif not kind.classes:
        return {"num_labels": 1, "problem_type": "regression"}
    else:
        problem = {"problem_type": "single_label_classification"}
    return {"num_labels": len(names), "id2label": dict(enumerate(names)),
            "label2id": {name: number for number, name in enumerate(names)}, **problem}


def _lost(bundle: StudentBundle) -> List[str]:
    """What the student does and transformers does not, one sentence each."""
    kind = task_kind(bundle.labels.kind)
    lost = []
    if kind.tags_words:
        lost.append("A pipeline gives each token its best tag and knows no words: "
                    "`aggregation_strategy=\"first\"` is nearest to this package, which takes a "
                    "word's first token and allows only valid sequences of tags.")
        if bundle.segmentation:
            lost.append("Scripts without spaces are not split into words.")
    if kind.several:
        lost.append("The labels' thresholds are not part of the checkpoint: "
                    f"{bundle.record.get('thresholds')}.")
    if kind.pooled and not kind.classes:
        lost.append("Give a pipeline `function_to_apply=\"none\"`: older versions of transformers "
                    "take a sigmoid of the number.")
    lost.append(f"Texts above {bundle.record['seq_len']} tokens are cut or refused; this package "
                "reads long texts in windows.")
    return lost


def build_checkpoint(bundle: StudentBundle, task: str) -> Checkpoint:
    """Returns a Transformer student as a checkpoint.

    Logits are those of the student at its temperature, so a pipeline's probabilities are this
    package's.

    Args:
      bundle: the student.
      task: class of transformers after the architecture.

    Raises:
      UserError: if the student's head has no counterpart.
    """
    encoder = bundle.student.model.get_layer("encoder")
    kind, head = _head(bundle, task)
    arrays = {**encoder_arrays(encoder, bundle.vocabulary.table), **head}
    architecture, config_class = _ARCHITECTURES[kind]
    own = encoder.config.to_dict()
    shared = {name: own[name] for name in (
        "embedding_size", "hidden_size", "num_hidden_layers", "num_attention_heads",
        "intermediate_size", "hidden_act", "max_position_embeddings", "type_vocab_size",
        "layer_norm_eps", "hidden_dropout_prob", "attention_probs_dropout_prob")}
    if kind == "bert":
        arrays = heads.as_bert(arrays)
        del shared["embedding_size"]
    elif kind == "albert":
        arrays = heads.as_albert(arrays)
        shared.update(num_hidden_groups=own["num_hidden_layers"], inner_group_num=1,
                      classifier_dropout_prob=own["hidden_dropout_prob"])
    config = config_class(
        vocab_size=len(bundle.vocabulary.table), architectures=[architecture + task],
        torch_dtype="float32", **shared, **_labels(bundle, task))
    return Checkpoint(config, task, arrays, _lost(bundle))
