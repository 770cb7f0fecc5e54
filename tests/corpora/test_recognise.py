"""Which kind of task data are, and data of two kinds or splits, which are asked about."""

import csv
import json

import pytest

from tests.corpora.texts.test_texts import lines, make
from xtremedistil_tf.corpora.jobs.kinds import Asked
from xtremedistil_tf.corpora.jobs.recognise import recognise_kind
from xtremedistil_tf.corpora.readers.base import ReadOptions
from xtremedistil_tf.corpora.sources.sources import find_sources
from xtremedistil_tf.corpora.texts.columns import Wanted
from xtremedistil_tf.errors import UserError

ENTITIES = [{"start": 0, "end": 4, "label": "PER"}]


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def tagged(count, **more):
    return [{"text": f"Anna ran {at}", "entities": ENTITIES, **more} for at in range(count)]


@pytest.mark.parametrize("more", [
    {"intent": "run"}, {"topic": "sport"}, {"score": 0.5, "answer": "accept"}])
def test_entities_beside_a_label_are_asked_about(tmp_path, more):
    path = write(tmp_path / "all.jsonl", tagged(20, **more))
    with pytest.raises(UserError, match="all.jsonl: its rows have entities in 'entities' and a "
                                        "label in '.*'; --kind=tagging or --kind=classification"):
        make(path, tmp_path / "task")
    make(path, tmp_path / "task", kind="tagging")
    assert "B-PER O O" in lines(tmp_path / "task", "dev")[0]


def test_entities_beside_classes_in_lists_are_asked_about(tmp_path):
    """spaCy's training data: [text, {"entities": ..., "cats": ...}]."""
    path = write(tmp_path / "all.jsonl", [
        [f"Anna ran {at}", {"entities": [[0, 4, "PER"]], "cats": {"a": 1.0, "b": 0.0}}]
        for at in range(20)])
    with pytest.raises(UserError, match="entities in 'entities' and a label in 'cats'"):
        make(path, tmp_path / "task")
    make(path, tmp_path / "task", kind="tagging")
    assert "B-PER O O" in lines(tmp_path / "task", "dev")[0]


def test_empty_entities_beside_a_label_leave_a_text_with_its_label(tmp_path):
    path = write(tmp_path / "all.jsonl", [{"text": f"Anna ran {at}", "spans": [],
                                           "label": "ab"[at % 2]} for at in range(20)])
    assert make(path, tmp_path / "task")[1] == "classification"


@pytest.mark.parametrize("feature, kind", [("name=B-PER|SpaceAfter=No", None),
                                           ("SpaceAfter=No", "word_tagging"),
                                           ("name=O", "word_tagging")])
def test_words_with_parts_of_speech_and_entities_are_asked_about(tmp_path, feature, kind):
    path = tmp_path / "all.conllu"
    path.write_text("\n".join(f"1\tAnna{chr(97 + at)}\t_\tPROPN\t_\t_\t0\troot\t_\t{feature}\n"
                              for at in range(20)), "utf-8")
    if kind is not None:
        assert make(path, tmp_path / "task")[1] == kind
        return
    with pytest.raises(UserError, match="speech in column 4 and entities in column 10; --kind="):
        make(path, tmp_path / "task")
    make(path, tmp_path / "task", kind="tagging")
    assert lines(tmp_path / "task", "dev")[0].endswith("B-PER")


def test_splits_in_a_column_of_tagged_sentences_are_kept_or_refused(tmp_path):
    """Divided at random, its test sentences would stand in train."""
    rows = [*tagged(300, split="train"), *tagged(20, split="test")]
    make(write(tmp_path / "all.jsonl", rows), tmp_path / "task")
    assert len(lines(tmp_path / "task", "test")) == 20
    with pytest.raises(UserError, match="column 'split' says train; tagged sentences are divided"):
        make(write(tmp_path / "test.jsonl", rows[:300]), tmp_path / "task")
    table = ["sentence,tags,split", *(f'"Anna ran {at}","B-PER O O",{"train test".split()[at % 2]}'
                                      for at in range(40))]
    (tmp_path / "all.csv").write_text("\n".join(table) + "\n", "utf-8")
    with pytest.raises(UserError, match="column 'split' says test, train"):
        make(tmp_path / "all.csv", tmp_path / "task", kind="tagging")
    # One split, and words for it that name none, are no division.
    for number, more in enumerate(({"split": "train"}, {"set": "A"}, {})):
        path = write(tmp_path / f"one{number}.jsonl", tagged(20, **more))
        assert make(path, tmp_path / f"task{number}")[1] == "tagging"


def test_columns_without_a_name_are_numbered(tmp_path):
    """Kaggle's spam.csv."""
    rows = ["v1,v2,,,", *(f"{('ham', 'spam')[at % 2]},text number {at},,," for at in range(20))]
    (tmp_path / "spam.csv").write_text("\n".join(rows) + "\n", "utf-8")
    asked = Asked(wanted=Wanted(("v2",), "v1"), header="yes")
    record, _ = make(tmp_path / "spam.csv", tmp_path / "task", asked=asked)
    assert record["labels"] == ["ham", "spam"]


TAGGED = ["B-PER", "O", "O"]


@pytest.mark.parametrize("more", [
    {"tokens": ["Anna", "ran", "!"], "ner_tags": TAGGED, "category": None},
    {"tokens": ["Anna", "ran", "!"], "ner_tags": [1, 0, 0], "topic": None},
    {"slots": "B-PER O O", "intent": None},
    {"note": "['B-PER', 'O', 'O']", "label": None}])
def test_tags_beside_a_label_are_asked_about(tmp_path, more):
    (label,) = set(more).intersection(("category", "topic", "intent", "label"))
    path = write(tmp_path / "all.jsonl", [{"text": f"Anna ran {at}", **more, label: "ab"[at % 2]}
                                          for at in range(20)])
    with pytest.raises(UserError, match="all.jsonl: its rows have entities in '(ner_tags|slots|"
                                        "note)' and a label in '.*'; --kind=tagging or --kind"):
        make(path, tmp_path / "task")
    assert make(path, tmp_path / "task", kind="classification")[1] == "classification"


def test_tags_beside_an_intent_in_a_table_are_asked_about(tmp_path):
    """MultiATIS++."""
    rows = ["id\tutterance\tslot_labels\tintent",
            *(f"{at}\tto Oslo {at}\tO B-LOC O\tatis_flight" for at in range(20))]
    (tmp_path / "all.tsv").write_text("\n".join(rows) + "\n", "utf-8")
    with pytest.raises(UserError, match="entities in 'slot_labels' and a label in 'intent'; --kin"):
        make(tmp_path / "all.tsv", tmp_path / "task")
    make(tmp_path / "all.tsv", tmp_path / "task", kind="tagging")
    assert lines(tmp_path / "task", "dev")[0].endswith("\tO B-LOC O")


def test_names_of_tags_mean_tagging(tmp_path):
    path = write(tmp_path / "all.jsonl", [{
        "text": f"Anna ran {at}", "tokens": ["Anna", "ran", str(at)], "ner_tags": [1, 0, 0],
        "category": "news"} for at in range(20)])
    asked = Asked(ReadOptions(tag_names=("O", "B-PER")))
    assert make(path, tmp_path / "task", asked=asked)[1] == "tagging"


@pytest.mark.parametrize("more", [
    {"tags": [7, 9]}, {"flags": [0, 1, 0]}, {"note": "O O O"}])
def test_numbers_and_lists_beside_a_label_are_no_tags(tmp_path, more):
    path = write(tmp_path / "all.jsonl", [{"text": f"Anna ran {at}", "label": "ab"[at % 2], **more}
                                          for at in range(20)])
    assert make(path, tmp_path / "task")[1] == "classification"


def test_entities_in_cells_are_no_classes(tmp_path):
    """Label Studio's CSV and Kaggle's ner.csv."""
    entities = [{"start": 0, "end": 4, "text": "Anna", "labels": ["PER"]}]
    for number, (header, cells) in enumerate([
            (("text", "id", "label"), ("Anna ran", 1, json.dumps(entities))),
            (("Sentence #", "Sentence", "POS", "Tag"),
             ("s", "Anna ran", "['NNP', 'VBD']", "['B-PER', 'O']"))]):
        path = tmp_path / f"{number}.csv"
        with open(path, "w", newline="") as file:
            csv.writer(file).writerows([header, *[cells] * 9])
        assert recognise_kind(find_sources(path)[0], Asked()).kind == "tagging"


def test_pubtators_form_is_read(tmp_path):
    """Its offsets count the title and a character between; relations are no entities."""
    (tmp_path / "train.txt").write_text("\n" + "".join(
        f"{n}|t|Anna{n} ran.\n{n}|a|She saw Bo.\n{n}\t0\t{4 + len(str(n))}\tAnna{n}\tPER\tx\n"
        f"{n}\t{18 + len(str(n))}\t{20 + len(str(n))}\tBo\tPER\n{n}\tCID\tD1\tD2\n\n"
        for n in range(12)))
    make(tmp_path / "train.txt", tmp_path / "task")
    rows = [line for split in ("train", "dev", "test") for line in lines(tmp_path / "task", split)]
    assert len(rows) == 24
    assert {"Anna3 ran .\tB-PER O O", "She saw Bo .\tO O B-PER O"} <= set(rows)
    (tmp_path / "train.txt").write_bytes(b"1|t|Anna.\n1|a|Zo\xeb ran.\n")
    with pytest.raises(UserError, match="train.txt:2: PubTator's files are UTF-8, this is not"):
        make(tmp_path / "train.txt", tmp_path / "b")


def test_a_test_file_without_labels_is_named_whatever_its_form(tmp_path):
    for split, more in (("train", {"label": "a"}), ("dev", {"label": "b"}), ("test", {})):
        write(tmp_path / f"{split}.jsonl", [
            {"premise": f"Anna {split} {at}", "hypothesis": "She ran", **more} for at in range(9)])
    with pytest.raises(UserError, match=r"test.jsonl: which column is it\? --label_column.*if "
                                        "test.jsonl has no labels, name the files that have some"):
        make(tmp_path, tmp_path / "task")


@pytest.mark.parametrize("content, why", [
    ("text,label,label\n" + "so it is,x,y\n" * 9, "two columns of the header have one name"),
    ("text,label\n" + "yes, so it is,x\n" * 9, "no separator .* divides its lines into equally")])
def test_a_fault_of_a_table_of_texts_is_told_not_that_it_has_no_tags(tmp_path, content, why):
    (tmp_path / "all.csv").write_text(content)
    with pytest.raises(UserError, match=f"all.csv: {why}"):
        make(tmp_path / "all.csv", tmp_path / "task")
