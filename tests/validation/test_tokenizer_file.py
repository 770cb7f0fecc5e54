"""tokenizer.json of others: what it can make of a text is bounded before it is built."""

import base64
import json

import pytest
from tokenizers import Tokenizer

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.validation.tokenizer_file import load_tokenizer_file

DOUBLE = {"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}


@pytest.fixture
def record(tokenizer):
    return json.loads(tokenizer.backend_tokenizer.to_str())


def told_of(tmp_path, record):
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(record), "utf-8")
    with pytest.raises(UserError) as error:
        load_tokenizer_file(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("normalizer", [
    {"type": "Sequence", "normalizers": [DOUBLE] * 30},
    {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 1000},
    {"type": "Replace", "pattern": {"Regex": ""}, "content": "a" * 1000},
    {"type": "Prepend", "prepend": "a" * 1000},
    {"type": "Sequence", "normalizers": [
        {"type": "Sequence", "normalizers": [DOUBLE] * 15},
        {"type": "Sequence", "normalizers": [DOUBLE] * 15}]},
])
def test_a_normalizer_that_repeats_a_text_is_refused(tmp_path, record, normalizer):
    assert "times longer" in told_of(tmp_path, {**record, "normalizer": normalizer})


def test_what_else_goes_beyond_the_bounds(tmp_path, record):
    many = {"type": "Sequence", "normalizers": [{"type": "NFC"}] * 1000}
    assert "1,001 parts" in told_of(tmp_path, {**record, "normalizer": many})
    split = {"type": "Split", "pattern": {"Regex": "a?" * 5000}, "behavior": "Isolated",
             "invert": False}
    assert "pattern of 10,000" in told_of(tmp_path, {**record, "pre_tokenizer": split})
    piece = {"SpecialToken": {"id": "[CLS]", "type_id": 0}}
    template = {"type": "TemplateProcessing", "single": [piece] * 5000, "pair": [piece],
                "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]}}}
    assert "adds 5,000 tokens" in told_of(tmp_path, {**record, "post_processor": template})
    mapped = base64.b64encode((4).to_bytes(4, "little") + b"trie" + b"x" * 5000 + b"\0").decode()
    precompiled = {"type": "Precompiled", "precompiled_charsmap": mapped}
    assert "to 5,000 bytes" in told_of(tmp_path, {**record, "normalizer": precompiled})


@pytest.mark.parametrize("change", [
    {"model": None}, {"model": {}}, {"model": {"type": "WordPiece", "vocab": {"a": -1}}},
    {"normalizer": {"type": "Unknown"}}, {"normalizer": 3}, {"pre_tokenizer": {}},
    {"added_tokens": [{"id": 0}]}, {"normalizer": {"type": "Precompiled",
                                                   "precompiled_charsmap": "AAAA"}},
])
def test_damage_is_told_in_one_line(tmp_path, record, change):
    told_of(tmp_path, {**record, **change})


def test_tokenizers_as_they_are_published_are_within_the_bounds(tmp_path, record):
    normalizers = [
        {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": "\u2581"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]},
        {"type": "Sequence", "normalizers": [
            {"type": "Replace", "pattern": {"String": "``"}, "content": '"'},
            {"type": "NFKD"}, {"type": "StripAccents"}, {"type": "Lowercase"},
            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]}]
    for normalizer in normalizers:
        path = tmp_path / "tokenizer.json"
        path.write_text(json.dumps({**record, "normalizer": normalizer}), "utf-8")
        assert isinstance(load_tokenizer_file(path), Tokenizer)
