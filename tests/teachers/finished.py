"""Tiny finished models with heads of their own, in both weight formats."""

import json

import numpy as np
import transformers

from tests.checkpoints import SIZES, save_pytorch_safetensors, save_tf
from xtremedistil_tf.export.onnx.encoder import Builder, embedded, layers, penalty
from xtremedistil_tf.models.pretrained_encoders import build_variables

HEADS = {"tagging": "TFAutoModelForTokenClassification",
         "classification": "TFAutoModelForSequenceClassification"}


def make_finished(folder, tokenizer, names, *, kind="tagging", model_type="bert", scale=40.0,
                  save=save_tf, **changes):
    """Writes a model of random weights whose outputs are `names`; returns it.

    Args:
      scale: factor of the head's weights, so that not every word has the same label.
      save: writes the folder.
    """
    labels = dict(enumerate(names))
    config = transformers.AutoConfig.for_model(
        model_type, vocab_size=len(tokenizer), id2label=labels,
        label2id={name: number for number, name in labels.items()},
        pad_token_id=tokenizer.pad_token_id, **{**SIZES, **changes})
    model = getattr(transformers, HEADS[kind]).from_config(config)
    build_variables(model)
    for weight in model.weights:
        if "classifier" in weight.name and "kernel" in weight.name:
            weight.assign(weight * scale)
    config.architectures = [type(model).__name__[2:]]
    folder.mkdir(parents=True, exist_ok=True)
    save(model, tokenizer, folder)
    return model


def save_safetensors(model, tokenizer, folder):
    """Writes PyTorch's safetensors."""
    save_pytorch_safetensors(model, tokenizer, folder, headed=True)


def _split(build, made, head, onnx):
    """Replaces the output "logits" by one for each end of an answer."""
    del made.graph.output[:]
    for at, end in enumerate(("start_logits", "end_logits")):
        made.graph.node.append(onnx.helper.make_node("Gather", [head, f"at_{end}"], [end], axis=2))
        made.graph.initializer.append(onnx.numpy_helper.from_array(np.array(at), f"at_{end}"))
        made.graph.output.append(onnx.helper.make_tensor_value_info(
            end, onnx.TensorProto.FLOAT, ["batch", "time"]))


def make_onnx(model, tokenizer, folder, *, name="input_ids", logits="logits"):
    """Writes a BERT for tags or answers as Optimum would: model.onnx, config.json and tokenizer.

    The configuration is of a kind that transformers has no TensorFlow class for.
    """
    import onnx

    folder.mkdir()
    tokenizer.save_pretrained(folder)
    answers = hasattr(model, "qa_outputs")
    settings = {**model.config.to_dict(), "model_type": "modernbert", "architectures": [
        f"ModernBertFor{'QuestionAnswering' if answers else 'TokenClassification'}"]}
    (folder / "config.json").write_text(json.dumps(settings))
    build, encoder = Builder(onnx), model.bert.encoder.layer
    mask = penalty(build, build.add("Cast", "attention_mask", to=onnx.TensorProto.FLOAT))
    segments = ["token_type_ids"] if answers else []
    hidden = embedded(build, model.bert.embeddings, name, segments="".join(segments) or None)
    for number, layer in enumerate(encoder, 1):
        hidden = layers(build, [layer], hidden, mask, model.config.num_attention_heads,
                        activation=model.config.hidden_act)
        build.add("Identity", hidden, output=f"hidden_states.{number}")
    head = build.dense(hidden, model.qa_outputs if answers else model.classifier, output="logits")
    made = build.model("teacher", [name, "attention_mask", *segments], ["batch", "time", None])
    if answers:
        _split(build, made, head, onnx)
    for number in range(1, len(encoder) + 1):
        made.graph.output.append(onnx.helper.make_tensor_value_info(
            f"hidden_states.{number}", onnx.TensorProto.FLOAT,
            ["batch", "time", model.config.hidden_size]))
    if logits != "logits":
        made.graph.output[0].name = made.graph.output[1].name
        del made.graph.output[1]
    onnx.save(made, str(folder / "model.onnx"))
    return folder
