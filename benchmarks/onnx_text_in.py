"""Compares the tokenizers of onnxruntime-extensions with the fast tokenizers, on the golden texts.

The reason why no ONNX model here takes text: docs/reference/export_formats.md names the counts.

Command:
  python benchmarks/onnx_text_in.py
Needs onnxruntime-extensions.
"""

import pathlib
import sys
from typing import Callable, List

import numpy as np
import onnx
from absl import app
from machine import ROOT, write_record
from tokenizers import Tokenizer

sys.path.insert(0, str(ROOT))

from tests.golden.cases import FOLDER, golden  # noqa: E402 - after the path is set

_DOMAIN = "ai.onnx.contrib"


def tokenizer_in_onnx(operator: str, **settings: object) -> Callable[[str], List[int]]:
    """A model of one operator, from a text to its ids.

    Raises:
      RuntimeError: if the operator does not take the tokenizer.
    """
    import onnxruntime
    import onnxruntime_extensions

    helper, tensor = onnx.helper, onnx.TensorProto
    outputs = ["ids"] + (["segments", "mask"] if operator == "BertTokenizer" else [])
    graph = helper.make_graph(
        [helper.make_node(operator, ["text"], outputs, domain=_DOMAIN, **settings)], "tokenizer",
        [helper.make_tensor_value_info("text", tensor.STRING, [None])],
        [helper.make_tensor_value_info("ids", tensor.INT64, None)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13),
                                                    helper.make_opsetid(_DOMAIN, 1)])
    model.ir_version = 8
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.register_custom_ops_library(onnxruntime_extensions.get_library_path())
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options,
                                               providers=["CPUExecutionProvider"])
    except Exception as error:  # The library's own class.
        raise RuntimeError(str(error).splitlines()[0]) from None
    return lambda text: session.run(
        ["ids"], {"text": np.array([text], object)})[0].reshape(-1).tolist()


def bert(folder: pathlib.Path, tokenizer: Tokenizer) -> Callable[[str], List[int]]:
    """The operator for BERT's tokenizers."""
    pieces = [piece for piece, _ in sorted(tokenizer.get_vocab().items(), key=lambda one: one[1])]
    return tokenizer_in_onnx("BertTokenizer", vocab_file="\n".join(pieces), do_lower_case=0,
                             strip_accents=0, tokenize_chinese_chars=1)


def from_json(folder: pathlib.Path, tokenizer: Tokenizer) -> Callable[[str], List[int]]:
    """The operator that reads tokenizer.json."""
    return tokenizer_in_onnx(
        "HfJsonTokenizer", tokenizer_vocab=(folder / "tokenizer.json").read_text("utf-8"),
        tokenizer_config=(folder / "tokenizer_config.json").read_text("utf-8"))


def main(_) -> None:
    """Counts the golden texts with other ids and writes the record."""
    import onnxruntime_extensions

    rows = []
    for student, make in (("wordpiece", bert), ("wordpiece", from_json), ("unigram", from_json),
                          ("bytes", from_json)):
        folder = FOLDER / student / "student"
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.encode_special_tokens = True
        row = {"student": student, "operator": make.__doc__}
        try:
            run = make(folder, tokenizer)
        except RuntimeError as error:
            rows.append({**row, "refused": str(error)})
            continue
        texts = [text for text in golden(student)[0] if text]
        other = [text for text in texts if run(text) != tokenizer.encode(text).ids]
        rows.append({**row, "texts": len(texts), "other_ids": len(other), "some": other[:5]})
    write_record("serving/onnx_text_in", {
        "onnxruntime_extensions": onnxruntime_extensions.__version__, "rows": rows})


if __name__ == "__main__":
    app.run(main)
