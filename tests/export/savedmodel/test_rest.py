"""Our signatures under TF Serving's REST rules: JSON in, the server's session, JSON out."""

import base64
import json

import numpy as np
import pytest

from tests.export.savedmodel.rest_rules import Refused, reply
from tests.students import TEXTS
from xtremedistil_tf.inference.entities import join_entities
from xtremedistil_tf.inference.tagger import CONTEXT, LONGEST
from xtremedistil_tf.keras2 import tf


def entities(text, row):
    words = list(zip(row["tokens"], row["begin"], row["end"]))[: row["num_tokens"]]
    return join_entities(text, words, row["tags"], row["scores"])


def assert_entities(found, expected):
    for one in (found, expected):
        for entity in one:
            entity["score"] = round(entity["score"], 3)
    assert [{**e, "score": 0} for e in found] == [{**e, "score": 0} for e in expected]
    np.testing.assert_allclose([e["score"] for e in found], [e["score"] for e in expected],
                               atol=2e-3)


def test_text_in_rows_and_columns(server, taggers):
    texts = [*TEXTS, "Anna Weber, Bonn. " * 100]
    rows = server({"instances": texts})["predictions"]
    assert len(rows) == len(texts)
    for text, row in zip(texts, rows):
        assert_entities(entities(text, row), taggers["keras"](text))
    objects = server({"instances": [{"text": text} for text in texts]})["predictions"]
    bare, named = (server({"inputs": inputs})["outputs"]
                   for inputs in (texts, {"text": texts}))
    assert rows == objects and bare == named
    assert [dict(zip(bare, row)) for row in zip(*bare.values())] == rows


def test_bytes_in_base64_are_text(server):
    encoded = [{"b64": base64.b64encode(text.encode()).decode()} for text in TEXTS]
    plain = server({"instances": list(TEXTS)})
    assert server({"instances": encoded}) == plain
    assert server({"instances": [{"text": value} for value in encoded]}) == plain
    assert server({"inputs": encoded})["outputs"]["num_tokens"] == [
        row["num_tokens"] for row in plain["predictions"]]
    # Bytes that are not UTF-8 must not make a reply that is not JSON.
    broken = {"b64": base64.b64encode(b"Anna \xff\xfe Bonn\x80 \xed\xa0\x80").decode()}
    (row,) = server({"instances": [broken]})["predictions"]
    assert row["tokens"][0] == "Anna" and "\ufffd" in row["tokens"][1]


def test_words_and_ids(server):
    words = [["Anna", "lacht", "."], ["Bonn", "", ""]]
    rows = server({"signature_name": "tokens", "instances": words})["predictions"]
    columns = server({"signature_name": "tokens", "inputs": {"tokens": words}})["outputs"]
    assert columns["num_tokens"] == [3, 1] == [row["num_tokens"] for row in rows]
    assert columns["tags"] == [row["tags"] for row in rows] and rows[1]["tags"][1:] == ["", ""]
    ids, mask = [[2, 30, 31, 3], [2, 40, 3, 0]], [[1, 1, 1, 1], [1, 1, 1, 0]]
    columns = server({"signature_name": "input_ids",
                      "inputs": {"input_ids": ids, "attention_mask": mask}})["outputs"]
    rows = server({"signature_name": "input_ids", "instances": [
        {"input_ids": one, "attention_mask": other} for one, other in zip(ids, mask)]})
    # The one output has no name in either form.
    assert columns == rows["predictions"] and np.shape(columns)[:2] == (2, 4)


@pytest.mark.parametrize("body", [
    {"signature_name": "tokens", "instances": [["Anna", "lacht"], ["Bonn"]]},
    {"signature_name": "tokens", "inputs": [["Anna", "lacht"], ["Bonn"]]},
    {"signature_name": "input_ids", "instances": [[2, 3]]},
    {"signature_name": "input_ids", "instances": [{"input_ids": [2, 3]}]},
    {"signature_name": "input_ids", "inputs": {"input_ids": [[2, 3]]}},
    {"signature_name": "input_ids", "inputs": {"input_ids": [[2.5]], "attention_mask": [[1]]}},
    {"instances": [5]}, {"instances": [None]}, {"instances": []}, {"instances": "Anna"},
    {"instances": ["Anna", {"text": "Bonn"}]}, {"instances": [{"text": "a", "b64": "YQ=="}]},
    {"instances": ["Anna"], "inputs": ["Anna"]}, {}])
def test_what_the_server_refuses(server, body):
    with pytest.raises(Refused):
        server(body)


def test_every_signature_has_a_reply_in_rows(server):
    assert {"serving_default", "input_ids"} <= set(server.signatures)
    for name, definition in server.signatures.items():
        for kind in ("inputs", "outputs"):
            for key, info in getattr(definition, kind).items():
                # Dense, batch first, of a type that JSON has; only opaque bytes may be *_bytes.
                assert info.name and info.tensor_shape.dim[0].size == -1, (name, key)
                assert tf.as_dtype(info.dtype) in (tf.string, tf.int32, tf.int64, tf.float32)
                assert not key.endswith("_bytes"), (name, key)


@pytest.mark.parametrize("outputs", [
    {"labels": np.array(["a", "b"], object), "scores": np.zeros([3, 2], np.float32)},
    {"count": np.int32(3) * np.ones([], np.int32), "scores": np.zeros([3], np.float32)},
    {"scores": np.zeros([3], np.float16)}])
def test_the_checker_refuses_what_does_not_fit(outputs):
    with pytest.raises(Refused):
        reply(outputs, rows=True)


def test_the_checker_names_and_encodes():
    assert json.loads(reply({"a_bytes": np.array([b"\xff"], object)}, True)) == {
        "predictions": [{"b64": "/w=="}]}
    assert json.loads(reply({"n": np.array([1], np.int32)}, False)) == {"outputs": [1]}


def test_a_batch_of_a_long_and_a_short_text(server):
    long = "Anna Weber, Bonn. " * LONGEST
    rows = server({"instances": [long, "Anna"]})["predictions"]
    assert rows[0]["num_tokens"] == 5 * LONGEST > 4 * CONTEXT and rows[1]["num_tokens"] == 1
    assert len(rows[0]["tags"]) == len(rows[1]["tags"])  # Filled up: dense.
