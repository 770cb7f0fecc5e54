"""Records of a folder: anything at all may stand in them, and is told in one line."""

import json

import pytest

from xtremedistil_tf.config import SquadConfig, StudentConfig
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.validation.records import Field, check_record, read_record, settings_of

FIELDS = {"name": Field(str, least=1, most=5), "size": Field(int, least=1, most=10),
          "tags": Field(list, least=1, each=Field(str)), "share": Field(float, needed=False),
          "kind": Field(str, needed=False, allowed=("a", "b"))}
GOOD = {"name": "x", "size": 3, "tags": ["O"], "more": {"unknown": 1}}


def test_a_good_record_comes_back_as_it_is(tmp_path):
    path = tmp_path / "record.json"
    path.write_text(json.dumps({**GOOD, "share": 1, "kind": None}), "utf-8")
    assert read_record(path, FIELDS) == {**GOOD, "share": 1, "kind": None}


@pytest.mark.parametrize("text", [
    "", "{", "null", "[]", "{}", "3", '"text"', "[" * 100_000, '{"a":' * 3000 + "1" + "}" * 3000,
    '{"name": ' + "[" * 60 + "]" * 60 + "}", "\ufeff{}", "NaN"])
def test_what_is_no_record_is_told_in_one_line(tmp_path, text):
    path = tmp_path / "record.json"
    path.write_text(text, "utf-8")
    with pytest.raises(UserError) as told:
        read_record(path, FIELDS)
    assert str(path) in str(told.value) and "\n" not in str(told.value)
    assert len(str(told.value)) < 400


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "record.json"
    path.write_bytes(b"\xff\xfe{\x00")
    with pytest.raises(UserError, match="not a JSON file"):
        read_json(path)
    with pytest.raises(UserError, match="cannot read"):
        read_json(tmp_path)


@pytest.mark.parametrize("change,told", [
    ({"name": None}, "name is missing; needed is a text"),
    ({"name": 5}, "name is 5; allowed: a text, 1 to 5 long"),
    ({"name": "long" * 50}, "allowed: a text, 1 to 5 long"),
    ({"size": True}, "size is True; allowed: a whole number, 1 to 10"),
    ({"size": 1.5}, "size is 1.5"), ({"size": 11}, "size is 11"), ({"size": "3"}, "size is '3'"),
    ({"tags": "O"}, "tags is 'O'; allowed: a list"), ({"tags": []}, "tags is"),
    ({"tags": ["O", 1]}, "tags[1] is 1; allowed: a text"),
    ({"share": float("nan")}, "share is nan"), ({"share": 10**400}, "share is"),
    ({"kind": "c"}, "kind is 'c'; allowed: a, b"),
])
def test_each_wrong_key_is_named(tmp_path, change, told):
    with pytest.raises(UserError) as error:
        check_record(tmp_path, {**GOOD, **change}, FIELDS)
    assert told in str(error.value) and len(str(error.value)) < 300


@pytest.mark.parametrize("values,told", [
    ({"hidden_sise": 3}, "hidden_sise"), ({"word_emb_dim": "3"}, "word_emb_dim is '3'"),
    ({"word_emb_dim": 10**12}, "at most 1048576"), ({"dropout_rate": float("nan")}, "at most"),
    ({"architecture": [1]}, "architecture is [1]"), ({"student": "lstm"}, "allowed: bilstm"),
    (None, "needed is an object"), ([], "needed is an object"), ({"word_emb_dim": None}, "None"),
])
def test_settings_are_what_their_class_says(tmp_path, values, told):
    with pytest.raises(UserError) as error:
        settings_of(tmp_path, "student", StudentConfig, values, most=1 << 20)
    assert told in str(error.value) and str(tmp_path) in str(error.value)


def test_good_settings(tmp_path):
    made = settings_of(tmp_path, "student", StudentConfig,
                       {"word_emb_dim": 5, "dropout_rate": 0, "architecture": {"a": 1},
                        "pooling": None}, most=1 << 20)
    assert made == StudentConfig(word_emb_dim=5, dropout_rate=0, architecture={"a": 1})
    assert settings_of(tmp_path, "squad", SquadConfig, {}, most=1 << 20) == SquadConfig()


def test_a_value_of_several_lines_is_told_in_one():
    values = {"word_embedding": "svd", "word_emb_file": "a\nb" * 500}
    with pytest.raises(UserError) as error:
        settings_of("student.json", "student", StudentConfig, values, most=1 << 20)
    assert "\n" not in str(error.value) and len(str(error.value)) < 400
