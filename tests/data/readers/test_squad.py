"""SQuAD's files: what is read, and what is told of a file that is wrong."""

import dataclasses
import json

import pytest

from tests.squad import question, write_cities, write_file
from xtremedistil_tf.config import DataConfig, SquadConfig
from xtremedistil_tf.data.folders.task import describe, read_task
from xtremedistil_tf.data.readers.rows import ReadReport
from xtremedistil_tf.data.readers.squad import QuestionFile, read_squad
from xtremedistil_tf.errors import UserError

CONTEXT = "Łódź lies in 𝄞 Poland. It rains."
RIGHT = question("q1", "Where?", [("Poland", 15), ("in 𝄞 Poland", 10)])


def test_questions_answers_and_questions_without_one_are_read(tmp_path):
    path = write_file(tmp_path / "dev.json", (CONTEXT, [RIGHT, question("q2", "Who?")]),
                      ("Other.", [question("q3", "What?", [(" Other", 0)][:0])]))
    rows, report = read_squad(path)
    assert [(row.id, row.tags, row.start) for row in rows] == [
        ("q1", ("Poland", "in 𝄞 Poland"), 15), ("q2", (), -1), ("q3", (), -1)]
    assert rows[0].context == rows[1].context == CONTEXT and rows[2].context == "Other."
    assert report.counts["rows"] == 3 and not report.warnings()
    # Version 1.1 says nothing of the impossible; spaces around an answer are none of it.
    old = question("q", "Where?", [(" Poland.  ".rstrip() + " ", 14)])
    del old["is_impossible"]
    (row,), _ = read_squad(write_file(tmp_path / "old.json", (CONTEXT, [old])))
    assert (row.tags, row.start) == (("Poland.",), 15)


@pytest.mark.parametrize(("record", "message"), [
    (question("q", "?", [("Poland", 14)]),
     r"answers\[0\]: 'answer_start' is 14, where the context has ' Polan', not 'Poland'"),
    (question("q", "?", [("Łódź", 0), ("rains", -6)]),
     r"answers\[1\]: 'answer_start' is -6, where"),
    (question("q", "?", [("Poland", 15)], is_impossible=True), "'is_impossible' is true, and there "
     "are 1 'answers'"),
    (question("q", "?", is_impossible=False), "there are no 'answers'; needed is one, or"),
    (question("q", "?", [(" ", 4)]), r"answers\[0\]: the answer is ' '; needed is a text"),
    (question("q", "?", [("Poland", "15")]), r"answers\[0\]: 'answer_start' is '15'; needed"),
    (question("q", "?", [("Ł", True)]), r"answers\[0\]: 'answer_start' is True; needed"),
    (question("q", None), "'question' is None; needed is a text"),
    (question("q", "?", is_impossible="no"), "'is_impossible' is 'no'; needed is true or false"),
    ({"question": "?", "answers": []}, "'id' is missing; needed is a text"),
    ("q", "is str; needed is an object with 'id'"),
    (RIGHT, "its id is another question's, too"),
])
def test_a_wrong_question_is_told_with_its_place(tmp_path, record, message):
    path = write_file(tmp_path / "dev.json", ("First.", [question("q0", "?")]),
                      (CONTEXT, [RIGHT, record]))
    name = rf" \(id {record['id']}\)" if isinstance(record, dict) and "id" in record else ""
    with pytest.raises(UserError, match=rf"dev.json:data\[0\].paragraphs\[1\].qas\[1\]{name}: "
                       f"{message}.*--on_bad_row=skip"):
        read_squad(path)
    rows, report = read_squad(path, on_bad_row="skip")
    assert [row.id for row in rows] == ["q0", "q1"]
    assert report.warnings()[0].startswith(
        f"{path}: 1 unusable rows skipped; the first: data[0].paragraphs[1].qas[1]")


@pytest.mark.parametrize(("text", "message"), [
    ("{", "dev.json is not a JSON file"),
    ('["a"]', r"dev.json: is list; needed is an object with 'data'"),
    ('{"data": [{"title": "t"}]}', r"dev.json: data\[0\]: 'paragraphs' is missing; needed"),
    ('{"data": [{"paragraphs": [{"qas": []}]}]}',
     r"dev.json: data\[0\].paragraphs\[0\]: 'context' is missing"),
    ('{"data": [{"paragraphs": [{"context": "c", "qas": 1}]}]}',
     r"data\[0\].paragraphs\[0\]: 'qas' is 1; needed is a list"),
    ('{"data": []}', "dev.json: no usable question in it"),
])
def test_a_file_that_is_laid_out_otherwise_is_told(tmp_path, text, message):
    path = tmp_path / "dev.json"
    path.write_text(text, "utf-8")
    for how in ("error", "skip"):
        with pytest.raises(UserError, match=message):
            read_squad(path, on_bad_row=how)


def test_a_task_has_dev_and_a_test_file_only_where_there_is_one(tmp_path):
    config = DataConfig(str(tmp_path), seq_len=384, squad=SquadConfig())
    write_file(tmp_path / "train-v2.0.json", (CONTEXT, [RIGHT]))
    with pytest.raises(UserError, match="file not found: .*dev-v2.0.json"):
        read_task(config, with_transfer=False)
    # The first question of dev has no answer, and dev is scored all the same.
    write_file(tmp_path / "dev-v2.0.json", (CONTEXT, [question("d", "?"), RIGHT]))
    task = read_task(config, with_transfer=False)
    assert set(task.examples) == {"train", "dev"} and task.scored == ("dev",)
    assert describe(task)["dev"]["sentences"] == 2 and task.labels.tags == ("start", "end")
    other = DataConfig(str(tmp_path), seq_len=384, squad=SquadConfig(doc_stride=64))
    assert read_task(other, with_transfer=False).fingerprints["dev"] != task.fingerprints["dev"]
    (tmp_path / "test-v2.0.json").write_text((tmp_path / "dev-v2.0.json").read_text())
    assert read_task(config, with_transfer=False).scored == ("dev", "test")
    few = DataConfig(str(tmp_path), seq_len=384, squad=SquadConfig(),
                     labels_per_language=1)
    assert len(read_task(few, with_transfer=False).examples["train"]) == 1


def test_settings_that_mean_nothing_are_told(tmp_path):
    for wrong in ({"do_ner": True}, {"glue_task": "MRPC"}, {"do_pairwise": True}):
        with pytest.raises(UserError, match="--do_squad finds answers in texts; --do_NER"):
            DataConfig("t", seq_len=384, **{"do_ner": False, **wrong}, squad=SquadConfig())
    with pytest.raises(UserError, match="--seq_len is 196; a question .*=64.*=128.* at least 197"):
        SquadConfig().check(196)
    SquadConfig().check(197)
    for name in ("max_query_length", "max_answer_length"):
        with pytest.raises(UserError, match=f"--{name} is 0"):
            SquadConfig(**{name: 0})
    with pytest.raises(UserError, match="--dev_measure is 'accuracy'; allowed for spans: f1, ex"):
        DataConfig("t", seq_len=384, squad=SquadConfig(), dev_measure="accuracy")


def test_json_of_another_encoding_is_told(tmp_path):
    path = tmp_path / "dev.json"
    path.write_bytes(json.dumps({"data": "é"}, ensure_ascii=False).encode("latin-1"))
    with pytest.raises(UserError, match="dev.json is not a JSON file"):
        read_squad(path)


def test_a_transfer_file_needs_no_answers_and_shows_none(tmp_path):
    path = write_file(tmp_path / "transfer.json", ("He lives in Bonn.", [
        {"question": "Where ?"}, question("a", "Who ?", [("Bonn", 99)], language="de"),
        {"id": "a", "question": "When ?", "answers": "wrong"}, {"question": " "}]))
    report = ReadReport(path)
    found = list(QuestionFile(path, on_bad_row="skip").read(report))
    assert [(one.text, one.tags, one.language) for one in found] == [
        ("Where ?", (), "default"), ("Who ?", (), "de"), ("When ?", (), "default")]
    assert found[0].texts == (("Where", "?"), ("He", "lives", "in", "Bonn."))
    assert report.counts["rows"] == 3 and report.counts["skipped_rows"] == 1
    with pytest.raises(UserError, match=r"qas\[3\]: the question or its context is empty"):
        list(QuestionFile(path))


def test_the_transfer_set_of_questions_is_named_or_that_of_train(tmp_path):
    folder = write_cities(tmp_path / "task", 4, 2)
    config = DataConfig(str(folder), seq_len=384, squad=SquadConfig())
    task = read_task(config)
    assert task.transfer.path.name == "train-v2.0.json" and task.transfer_rows == 4
    assert not any(row.tags for row in task.transfer) and not task.warnings
    write_file(folder / "more.json", *[(f"context {at}", [{"question": "Why ?"}])
                                       for at in range(3)])
    sampled = read_task(dataclasses.replace(config, transfer_file="more.json", transfer_size=2))
    assert sampled.transfer_rows == 2
    assert sampled.fingerprints["transfer"] != task.fingerprints["transfer"]
    (folder / "text.txt").write_text("a text\n")
    with pytest.raises(UserError, match="text.txt is no JSON by its name; needed are questions"):
        read_task(dataclasses.replace(config, transfer_file="text.txt"))
