"""Labelled texts, pairs, numbers and answers become task folders; folders are checked."""

import collections
import csv
import dataclasses
import json

import pytest

from xtremedistil_tf.corpora.jobs.kinds import Asked, config_of_folder
from xtremedistil_tf.corpora.jobs.recognise import recognise_kind
from xtremedistil_tf.corpora.problems import summary
from xtremedistil_tf.corpora.readers.base import ReadOptions, Tally
from xtremedistil_tf.corpora.readers.tables import read_table
from xtremedistil_tf.corpora.sources.sources import Source, find_sources
from xtremedistil_tf.corpora.texts.columns import Wanted
from xtremedistil_tf.corpora.texts.record import describe_texts
from xtremedistil_tf.corpora.texts.rows import Text
from xtremedistil_tf.corpora.texts.splits import divide
from xtremedistil_tf.corpora.texts.tables.delimited import find_layout
from xtremedistil_tf.data.folders.task import read_task
from xtremedistil_tf.data.several_labels import listed_labels
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.tasks import task_kind

WORDS = ("goal", "bank", "cell", "law")


def rows_of(count, labels=("sports", "business")):
    return [(f'The {WORDS[at % 4]}, "so {at}",\nwas it, not', labels[at % len(labels)])
            for at in range(count)]


def write_csv(path, rows, *, header=("text", "label"), encoding="utf-8", **form):
    with open(path, "w", newline="", encoding=encoding) as file:
        csv.writer(file, **form).writerows([*([header] if header else []), *rows])
    return path


def make(path, output, *, kind=None, asked=None):
    """Makes a task folder as the command does; returns its record and its kind."""
    found, _ = find_sources(path)
    asked = recognise_kind(found, asked or Asked(), kind)
    return task_kind(asked.kind).corpus.make(found, output, asked), asked.kind


def lines(folder, split):
    return (folder / f"{split}.tsv").read_text("utf-8").splitlines()


def problems_of(folder, kind=None):
    config = config_of_folder(folder, kind)
    return task_kind(config.kind).corpus.check(config, transfer_file="transfer.txt")


@pytest.mark.parametrize(("rule", "count"), [
    ("|---|:--:|", 16), ("| --- | --- |", 16), ("|-|---|", 17), ("| -- so | --- |", 17)])
def test_the_rule_below_the_header_of_a_markdown_table_is_no_row(tmp_path, rule, count):
    rows = [f"| The {WORDS[at % 4]} {at} | {'ab'[at % 2]} |" for at in range(16)]
    (tmp_path / "train.csv").write_text("\n".join(["| text | label |", rule, *rows]) + "\n")
    make(tmp_path / "train.csv", tmp_path / "task")
    found = [line for split in ("train", "dev", "test") for line in lines(tmp_path / "task", split)]
    assert len(found) == count and "The bank 1\tb" in found


@pytest.mark.parametrize("form", [
    {}, {"delimiter": ";"}, {"delimiter": "\t"}, {"encoding": "utf-8-sig"},
    {"encoding": "utf-16"}, {"quoting": csv.QUOTE_ALL}, {"lineterminator": "\n"}])
def test_csv_of_any_form_becomes_a_task(tmp_path, form):
    write_csv(tmp_path / "all.csv", rows_of(40), **form)
    record, kind = make(tmp_path / "all.csv", tmp_path / "task")
    assert kind == "classification"
    assert {split: sum(own.values()) for split, own in record["splits"].items()} == {
        "train": 32, "dev": 4, "test": 4}
    assert (tmp_path / "task" / "labels.tsv").read_text() == "business\nsports\n"
    every = [line for split in ("train", "dev", "test") for line in lines(tmp_path / "task", split)]
    assert 'The goal, "so 0", was it, not\tsports' in every and len(every) == 40
    task = read_task(config_of_folder(tmp_path / "task"), with_transfer=False)
    assert len(task.examples["train"]) == 32 and not task.warnings
    assert not any(problem.is_error for problem in problems_of(tmp_path / "task"))


def test_a_table_without_a_header_needs_no_names(tmp_path):
    write_csv(tmp_path / "all.csv", rows_of(20), header=None)
    record, _ = make(tmp_path / "all.csv", tmp_path / "task",
                     asked=Asked(wanted=Wanted(("1",), "2")))
    assert sum(record["splits"]["train"].values()) == 16
    record, _ = make(tmp_path / "all.csv", tmp_path / "found", kind="classification")
    assert record["sources"][0]["notes"] == [
        "text from '1', label from '2' (columns without names, by number)"]


def test_the_headers_of_joined_tables_are_no_texts(tmp_path):
    write_csv(tmp_path / "all.csv", [*rows_of(20), ("text", "label"), *rows_of(40)[20:]],
              header=("text", "label"))
    record, _ = make(tmp_path / "all.csv", tmp_path / "task", kind="classification")
    assert record["sources"][0]["counts"]["headers"] == 1
    assert "label" not in record["labels"]
    joined = ["text,id", "one text,1", "text,id", "another,2"]
    found = read_table(enumerate(joined, 1), ReadOptions(labelled=False), Tally())
    assert [row.words for _, row in found] == [("one", "text"), ("another",)]


def test_a_table_without_a_row_is_suspicious(tmp_path):
    (tmp_path / "in" / "train").mkdir(parents=True)
    write_csv(tmp_path / "in" / "train" / "a.csv", rows_of(40))
    write_csv(tmp_path / "in" / "train" / "b.csv", [])
    told = describe_texts(make(tmp_path / "in", tmp_path / "task", kind="classification")[0])
    assert "suspicious" in told and "b.csv: no text comes from it" in told
    assert "a.csv: no text" not in told


def test_json_lines_pairs_languages_and_numbers(tmp_path):
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(
        {"premise": f"a {at}", "hypothesis": "b", "label": ["yes", "no", "-"][at % 3],
         "language": ["de", "en"][at % 2]}) + "\n" for at in range(60)), "utf-8")
    record, kind = make(tmp_path / "train.jsonl", tmp_path / "pairs")
    assert (kind, record["pairs"]) == ("classification", True)
    assert lines(tmp_path / "pairs", "train")[0].split("\t")[1:] == ["b", "de:yes"]
    assert record["sources"][0]["counts"]["no_gold"] == 20
    config = config_of_folder(tmp_path / "pairs")
    assert config.pairs and not any(one.is_error for one in problems_of(tmp_path / "pairs"))
    write_csv(tmp_path / "n.csv", [(f"text {at}", f"{at}.5") for at in range(20)],
              header=("text", "score"))
    record, kind = make(tmp_path / "n.csv", tmp_path / "numbers", kind="regression")
    assert (kind, record["labels"]) == ("regression", [])
    assert config_of_folder(tmp_path / "numbers").kind == "regression"
    assert read_task(config_of_folder(tmp_path / "numbers"), with_transfer=False).examples["dev"]


def test_tydis_answers_become_squads_with_their_languages(tmp_path):
    (tmp_path / "in").mkdir()
    for code in ("ko", "sw"):
        for split in ("train", "dev"):
            (tmp_path / "in" / f"qa.{code}.{split}.json").write_text(json.dumps({"data": [
                {"paragraphs": [{"context": f"It is {code}.", "qas": [
                    {"id": "0", "question": "Which ?", "answers": [
                        {"text": code, "answer_start": 6}]},
                    {"id": "1", "question": "Why ?", "answers": [
                        {"text": "", "answer_start": 0}]}]}]}]}), "utf-8")
    record, kind = make(tmp_path / "in", tmp_path / "task")
    assert kind == "spans" and record["splits"]["dev"] == {"ko": 2, "sw": 2}
    task = read_task(config_of_folder(tmp_path / "task"), with_transfer=False)
    assert [(one.language, one.tags) for one in task.examples["dev"]] == [
        ("ko", ("ko",)), ("ko", ()), ("sw", ("sw",)), ("sw", ())]
    assert not problems_of(tmp_path / "task")


def test_universal_dependencies_become_word_tags(tmp_path):
    text = "".join(f"# text\n1\tAnna{at}\tA\tPROPN\t_\t_\t0\troot\t_\t_\n"
                   f"2\tsleeps\ts\tVERB\t_\t_\t1\tx\t_\t_\n\n" for at in range(20))
    (tmp_path / "en.conllu").write_text(text, "utf-8")
    record, kind = make(tmp_path / "en.conllu", tmp_path / "task")
    assert (kind, record["labels"]) == ("word_tagging", ["PROPN", "VERB"])
    assert lines(tmp_path / "task", "train")[0].endswith(" sleeps\tPROPN VERB")
    assert config_of_folder(tmp_path / "task").kind == "word_tagging"
    assert [one.kind for one in problems_of(tmp_path / "task")] == ["missing"]  # transfer.txt
    (tmp_path / "ner.txt").write_text("".join(
        f"Anna{at} B-PER\nWeber I-PER\nruns O\n\n" for at in range(20)), "utf-8")
    record, _ = make(tmp_path / "ner.txt", tmp_path / "bioes", kind="bioes_tagging")
    assert lines(tmp_path / "bioes", "train")[0].endswith("\tB-PER E-PER O")
    assert record["labels"] == ["O", "B-PER", "I-PER", "E-PER", "S-PER"]


def test_splits_are_stratified_and_duplicates_stay_together():
    rows = [Text((f"text {at // 2}",), (("a", "b", "b", "b")[at // 2 % 4],)) for at in range(800)]
    rows.append(Text(("TEXT 3",), ("a",)))  # The same text in capitals, with another label.
    divided = divide(rows, ["dev", "test"], (0.1, 0.2), 7)
    counts = {split: collections.Counter(row.labels[0] for row in own)
              for split, own in divided.items()}
    assert (counts["dev"]["a"], counts["dev"]["b"]) == (20, 60)
    assert abs(counts["test"]["a"] - 40) < 2 and abs(counts["test"]["b"] - 120) < 2
    keys = [{row.key for row in own} for own in divided.values()]
    assert not keys[0] & keys[1] and not keys[1] & keys[2] and not keys[0] & keys[2]
    # The order of the file and other rows do not matter, the seed does.
    assert {row.key for row in divide(rows[::-1], ["dev", "test"], (0.1, 0.2), 7)["dev"]} == keys[1]
    assert {row.key for row in divide(rows, ["dev", "test"], (0.1, 0.2), 8)["dev"]} != keys[1]


def test_two_labels_in_one_cell_are_no_class(tmp_path):
    rows = [*rows_of(30), ("both", "business,sports")]
    write_csv(tmp_path / "all.csv", rows)
    with pytest.raises(UserError, match=r"'business,sports' looks like several labels "
                       r"\(business, sports\); --kind=multilabel .* --whole_labels"):
        make(tmp_path / "all.csv", tmp_path / "task")
    _, kind = make(tmp_path / "all.csv", tmp_path / "task",
                   asked=Asked(whole_labels=True))
    assert "business,sports" in (tmp_path / "task" / "labels.tsv").read_text().splitlines()
    (tmp_path / "task" / "labels.tsv").unlink()
    with pytest.raises(UserError, match="'business,sports' looks like .* --do_multilabel .* a "
                       "labels.tsv that names it"):
        read_task(config_of_folder(tmp_path / "task", kind), with_transfer=False)
    assert listed_labels(["Arts, Film", "Arts"]) == []  # Film is no label.
    assert listed_labels(["a|b", "b|c", "c|a"]) == ["a|b", "b|c", "c|a"]


@pytest.mark.parametrize("content, why", [
    ("text,label\na,b\nc\n", r"t.csv:3: 1 columns; the first row has 2"),
    ("text,label\nx,a\n,b\n", "t.csv:3: no text in the column 'text'"),
    ("text,label\nx,a\ny,\n", "t.csv:3: no label in the column 'label'"),
    ("text,kind\nx y,a\nz y,b\nz x,c\n", r"which column is it\? --label_column=NAME .* text, kind"),
    ("text;text\nx;a\n", "two columns of the header have one name"),
    ("just words\nand more\n", "no separator .* divides its lines"),
])
def test_broken_tables_are_refused_with_their_line(tmp_path, content, why):
    (tmp_path / "t.csv").write_text(content, "utf-8")
    with pytest.raises(UserError, match=why):
        make(tmp_path / "t.csv", tmp_path / "task", kind="classification")
    assert not (tmp_path / "task").exists()


def test_other_encodings_are_asked_for(tmp_path):
    write_csv(tmp_path / "t.csv", [(f"schön {at}", "ab"[at % 2]) for at in range(20)],
              encoding="latin-1")
    with pytest.raises(UserError, match="t.csv:2: not utf-8 .*; --encoding names another"):
        make(tmp_path / "t.csv", tmp_path / "task", kind="classification")
    make(tmp_path / "t.csv", tmp_path / "task",
         asked=Asked(ReadOptions(encoding="latin-1")))
    assert "schön 0\ta" in lines(tmp_path / "task", "train") + lines(tmp_path / "task", "dev") + \
        lines(tmp_path / "task", "test")


def test_data_sets_of_the_hub_are_read_by_their_columns(tmp_path):
    rows = [{"sentence": f"good {at}", "label": at % 2, "idx": at} for at in range(20)]
    source = Source("glue/train", "train", "", lambda *_: ("datasets", iter(())),
                    records=lambda: iter(rows))
    asked = recognise_kind([source], Asked())
    record = task_kind(asked.kind).corpus.make([source], tmp_path / "task", asked)
    assert (asked.kind, record["labels"]) == ("classification", ["0", "1"])


def test_quotes_between_tabs_are_text_unless_they_enclose():
    plain = ['"so what\ta\n', 'he said "no"\tb\n', "x\ta\n"]
    assert find_layout(plain) == ("\t", csv.QUOTE_NONE)
    enclosed = ['"so, what"\ta\n', '"he said"\tb\n', "x\ta\n"]
    assert find_layout(enclosed) == ("\t", csv.QUOTE_MINIMAL)


def test_check_tells_what_is_wrong_with_a_folder_of_texts(tmp_path):
    (tmp_path / "train.tsv").write_text(
        "text\tlabel\n" + "".join(f"good {at}\tWorld\n" for at in range(6))
        + "good 1\tworld\ngood 2\tWorld\nbad\tworld,World\n", "utf-8")
    (tmp_path / "dev.tsv").write_text("good 1\tWorld\nnew\tother\n-\t-\n", "utf-8")
    (tmp_path / "test.tsv").write_text("only text\nfine\tWorld\n", "utf-8")
    found = problems_of(tmp_path)
    told = summary(found)
    for part in ("train.tsv:1: error: looks like a header",
                 "train.tsv:8: warning: the same text as line 3, there with 'World'",
                 "train.tsv:9: warning: the same text and label as line 4",
                 "dev.tsv:1: warning: stands in train.tsv too, line 3",
                 "dev.tsv: error: label 'other' is not in train.tsv",
                 "dev.tsv:3: warning: the label is '-'",
                 "labels 'World' and 'world' differ by case only",
                 "label 'world' has 1 training texts",
                 "error: the label 'world,World' looks like several labels",
                 "test.tsv:1: error: 1 column; needed are 2",
                 "transfer.txt: warning: there is none"):
        assert part in told, part


def test_check_takes_any_number_of_labels_where_a_text_may_have_several(tmp_path):
    (tmp_path / "labels.tsv").write_text("sports\nlaw\n", "utf-8")
    (tmp_path / "train.tsv").write_text(
        "".join(f"both {at}\tsports, law\n" for at in range(6)) + "one\tde:law\nnone\t\n", "utf-8")
    (tmp_path / "dev.tsv").write_text("neither\t\nboth\tlaw,sports\n", "utf-8")
    (tmp_path / "test.tsv").write_text("without gold\t\nwrong\tlaw,art\n", "utf-8")
    (tmp_path / "transfer.txt").write_text("a text\n", "utf-8")
    told = summary(problems_of(tmp_path, "multilabel"))
    assert "test.tsv:2: error: " in told and "'art'" in told
    assert told.count("error: ") == 1, told


def test_the_end_of_a_line_is_no_line_break_in_a_text(tmp_path):
    write_csv(tmp_path / "all.csv", rows_of(40))
    (tmp_path / "more.txt").write_bytes(b"one text\ntwo  spaces\r\nwith\ttab\nlast")
    found = [*find_sources(tmp_path / "all.csv")[0],
             *find_sources(tmp_path / "more.txt", split="transfer")[0]]
    asked = recognise_kind(found, Asked())
    record = task_kind(asked.kind).corpus.make(found, tmp_path / "task", asked)
    (own,) = [source for source in record["sources"] if source["split"] == "transfer"]
    assert own["counts"] == {"sentences": 4, "white_space": 2}
    assert (tmp_path / "task" / "transfer.txt").read_text("utf-8").splitlines() == [
        "one text", "two spaces", "with tab", "last"]


@pytest.mark.parametrize("text, told", [
    ("nan", True), ("#NAME?", True), ("[deleted]", True), ("None", False), ("a null one", False)])
def test_texts_that_stand_for_none_are_told(tmp_path, text, told):
    write_csv(tmp_path / "all.csv", [*rows_of(40), (text, "a"), (text, "a")])
    record, _ = make(tmp_path / "all.csv", tmp_path / "task")
    assert ("2 texts that stand for none" in describe_texts(record)) == told


@pytest.mark.parametrize("more, told", [
    (("sentiment", lambda at: "xyz"[at % 3]), "--label_column=sentiment learns them"),
    (("label_text", lambda at: "AB"[at % 2]), None), (("score", lambda at: at / 9), None),
    (("author", lambda at: "xyz"[at % 3]), None), (("topic", lambda at: "x"), None)])
def test_a_second_column_of_labels_is_told(tmp_path, more, told):
    name, value = more
    (tmp_path / "all.csv").write_text(f"text,label,{name}\n" + "".join(
        f"so it is {at},{'ab'[at % 2]},{value(at)}\n" for at in range(40)))
    record, _ = make(tmp_path / "all.csv", tmp_path / "task")
    said = [line for line in describe_texts(record).splitlines() if "may hold labels" in line]
    assert (told in said[0]) if told else not said
    record, _ = make(tmp_path / "all.csv", tmp_path / "more", asked=Asked(
        wanted=Wanted(label="label")))
    assert "may hold labels" not in describe_texts(record)


def test_transfer_questions_lose_their_answers_and_those_on_held_out_texts(tmp_path):
    def write(name, contexts, *answers):
        path = tmp_path / name
        path.write_text(json.dumps({"data": [{"paragraphs": [
            {"context": f"It is {at}.", "qas": [
                {"id": f"{name}{at}", "question": "What ?",
                 "answers": [{"text": text or str(at), "answer_start": 6 if text is None else 0}
                             for text in answers]}]} for at in contexts]}]}), "utf-8")
        return path

    given = {"train": write("a.json", range(10, 14), None), "dev": write("b.json", [20], None),
             "transfer": write("c.json", [20, 31, 32], "wrong")}
    sources = [source for split, path in given.items()
               for source in find_sources(path, split=split)[0]]
    asked = recognise_kind(sources, Asked(), None)
    corpus = task_kind(asked.kind).corpus
    record = corpus.make(sources, tmp_path / "task", asked)
    assert asked.kind == "spans" and record["leaks"] == {"removed": {"dev": 1}}
    told = corpus.describe(record)
    assert "transfer: 6 texts" in told and "1 transfer texts that stand in dev" in told
    config = dataclasses.replace(config_of_folder(tmp_path / "task"), seq_len=384)
    task = read_task(dataclasses.replace(config, transfer_file="transfer.json"))
    assert {row.context for row in task.transfer} == {
        f"It is {at}." for at in (*range(10, 14), 31, 32)}
    assert not problems_of(tmp_path / "task")
    (tmp_path / "task" / "transfer.json").write_text("{}")
    assert [one.kind for one in problems_of(tmp_path / "task")] == ["questions"]
