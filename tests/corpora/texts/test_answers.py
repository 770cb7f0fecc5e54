"""Questions of other forms become SQuAD's; faults are told with the user's file and place."""

import json

import pytest

from tests.corpora.texts.test_texts import make
from xtremedistil_tf.corpora.jobs.kinds import config_of_folder
from xtremedistil_tf.corpora.texts.card import measure_texts
from xtremedistil_tf.data.folders.task import read_task
from xtremedistil_tf.errors import UserError


def question(at, **more):
    return {"id": f"q{at}", "question": "Who ?",
            "answers": [{"text": f"Anna{at}", "answer_start": 0}], **more}


def whole(make_paragraph, count=12):
    paragraphs = [{"context": f"Anna{at} ran.", "qas": [question(at)]} for at in range(count)]
    paragraphs[3] = {**paragraphs[3], **make_paragraph(3)}
    return json.dumps({"data": [{"paragraphs": paragraphs[:2]}, {"paragraphs": paragraphs[2:]}]})


@pytest.mark.parametrize("nested", [True, False])
def test_answers_in_columns_and_a_question_a_line(tmp_path, nested):
    answers = [{"text": [f"Anna{at}"], "answer_start": [0]} if at else
               {"text": [], "answer_start": []} for at in range(12)]
    rows = [{"title": "t", "context": f"Anna{at} ran.\u2028", **question(at, answers=own)}
            for at, own in enumerate(answers)]
    (tmp_path / "train.json").write_text(json.dumps({"data": [{"paragraphs": [
        {"context": row["context"], "qas": [row]} for row in rows]}]}) if nested else "".join(
            json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    record, kind = make(tmp_path / "train.json", tmp_path / "task")
    assert kind == "spans" and sum(record["splits"]["train"].values()) == 10
    task = read_task(config_of_folder(tmp_path / "task"), with_transfer=False)
    found = {row.id: row.tags for own in task.examples.values() for row in own}
    assert found == {f"q{at}": (f"Anna{at}",) if at else () for at in range(12)}


@pytest.mark.parametrize("paragraph, why", [
    ({"qas": [question(3), question(99, answers=None)]},
     r"train.json:data\[1\].paragraphs\[1\].qas\[1\] \(id q99\): 'answers' is None; needed"),
    ({"qas": ["Who ?"]}, r"train.json:data\[1\].paragraphs\[1\].qas\[0\]: is str; needed"),
    ({"context": None}, r"train.json:data\[1\].paragraphs\[1\]: the context is None"),
    ({"context": ["a"]}, r"train.json:data\[1\].paragraphs\[1\]: the context is \['a'\]"),
    ({"qas": None}, r"train.json:data\[1\].paragraphs\[1\]: .* the questions None"),
    ({"context": "a \ud83d"}, r"train.json:data\[1\].paragraphs\[1\]: an escape that is half"),
])
def test_faults_name_the_users_file(tmp_path, paragraph, why):
    (tmp_path / "train.json").write_text(whole(lambda at: paragraph))
    with pytest.raises(UserError, match=why) as error:
        make(tmp_path / "train.json", tmp_path / "task", kind="spans")
    assert ".tmp" not in str(error.value)


def test_faults_of_a_question_a_line_name_the_line(tmp_path):
    rows = [json.dumps({"context": f"Anna{at} ran.", **question(at)}) for at in range(12)]
    for at, row, why in ((4, rows[4][:-9], "not JSON"), (5, rows[5].replace('": 0', '": 1'),
                                                           "'answer_start' is 1")):
        path = tmp_path / "train.jsonl"
        path.write_text("\n".join([*rows[:at], row, *rows[at + 1:]]))
        with pytest.raises(UserError, match=f"train.jsonl:{at + 1}.*{why}"):
            make(path, tmp_path / "task")


@pytest.mark.parametrize("contexts", [1, 2])
def test_too_few_contexts_to_divide_are_refused(tmp_path, contexts):
    (tmp_path / "train.json").write_text(json.dumps({"data": [{"paragraphs": [
        {"context": f"Anna{at} ran.", "qas": [question(at)]} for at in range(contexts)]}]}))
    with pytest.raises(UserError, match=f"{contexts} contexts? for train, dev and test; needed"):
        make(tmp_path / "train.json", tmp_path / "task", kind="spans")
    assert not (tmp_path / "task").exists()


def test_one_wording_on_two_contexts_is_no_duplicate(tmp_path):
    (tmp_path / "train.json").write_text(whole(lambda at: {}))
    make(tmp_path / "train.json", tmp_path / "task", kind="spans")
    measured = measure_texts(config_of_folder(tmp_path / "task"),
                             lambda rows: ([len(row) for row in rows], [0] * len(rows)), 32)
    assert [one["duplicates"] for one in measured["splits"].values()] == [0, 0, 0]
