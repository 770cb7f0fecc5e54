"""The benchmark of topics, parts of speech and answers: its record, TF-IDF's rows, its tables."""

import importlib
import json

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from tests.conftest import ROOT
from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.folders.task import read_task


@pytest.fixture(name="kinds")
def _kinds(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("kinds")


def _scores(de, en):
    return {"accuracy": (de + en) / 2, "macro_f1": 1.0, "confusion": [[1]],
            "languages": {"de": {"accuracy": de, "support": 3}, "en": {"accuracy": en}}}


METRICS = {
    "kind": "classification", "measure": "accuracy", "strategy": "D4.2", "seed": 7,
    "teacher": {"parameters": 1000, "test": _scores(90.0, 80.0)},
    "student": {"parameters": 100, "test": _scores(80.0, 80.0)},
    "alone": {"epochs": 4, "seconds": 60.0, "test": _scores(70.0, 60.0), "worth": {
        "split": "test", "difference": 15.0, "low": 5.0, "high": 20.0}},
    "retention": 94.1, "seconds": {"targets": 30.0, "evaluation": 6.0, "total": 1.0},
    "stages": [{"epochs": 2, "seconds": 120.0}, {"epochs": 3, "seconds": 60.0}],
    "data": {"train": {"sentences": 4100}, "test": {"sentences": 10},
             "transfer": {"sentences": 2000}, "warnings": []}}


def test_a_record_has_columns_minutes_and_rows_and_its_table_shows_them(
        kinds, tmp_path, monkeypatch):
    beside = {"test": _scores(60.0, 50.0), "parameters": 14, "seconds": 3.0}
    found = kinds.part_record(METRICS, 600.0, beside)
    assert list(found["columns"]) == ["teacher", "alone", "student", "tfidf"]
    assert found["columns"]["alone"] == {"parameters": 100, "test": {
        "accuracy": 65.0, "macro_f1": 1.0,
        "languages": {"de": {"accuracy": 70.0, "support": 3}, "en": {"accuracy": 60.0}}}}
    assert found["minutes"] == {"teacher": 10.0, "targets": 0.5, "evaluation": 0.1, "export": 0.0,
                                "student": 3.0, "alone": 1.0, "tfidf": 0.05}
    assert found["epochs"] == {"student": 5, "alone": 4}
    assert found["rows"] == {"train": 4100, "test": 10, "transfer": 2000}
    tables = importlib.import_module("kinds_tables")
    machine = importlib.import_module("machine")
    monkeypatch.setattr(machine, "ROOT", tmp_path)
    assert tables.kinds_tables().count("Not recorded yet: `benchmarks/kinds.py --parts=") == 3
    (tmp_path / "benchmarks" / "kinds").mkdir(parents=True)
    kept = {"command": "python benchmarks/kinds.py --data=d", "teacher": "E5", "note": "Little.",
            "machine": {"commit": "1" * 40, "processor": "p", "cores": 2, "tensorflow": "2"},
            "languages": {"guessed_by": "it 1", "rows": {"test": {"de": 3, "en": 5}}}, **found}
    folder = tmp_path / "benchmarks" / "kinds"
    (folder / "sib200.json").write_text(json.dumps(kept), "utf-8")
    assert "flags beside the flagfile" not in tables.kinds_tables()
    (folder / "sib200--wide.json").write_text(json.dumps(
        {**kept, "note": "Wide.", "command": f"{kept['command']} -- --word_emb_dim=384"}), "utf-8")
    text = tables.kinds_tables()
    assert "| student distilled | 80.00 | 1.00 | 94.1 % | 100 |" in text
    assert "| TF-IDF + logistic regression | 55.00 | 1.00 | 64.7 % | 14 |" in text
    assert "| de | 90.0 | 70.0 | 80.0 | 60.0 |" in text
    assert "| the above | Little. | - | 2,000 | 80.00 | 94.1 % | 100 |" in text
    assert "| wide | Wide. | `--word_emb_dim=384` | 2,000 | 80.00 | 94.1 % | 100 |" in text
    assert "75 % of the gap" in text and "+15.00, 95 % interval +5.00 to +20.00" in text
    assert "teacher 10.0, its outputs 0.5, scores 0.1, student 3.0" in text and "Little." in text
    assert "guessed by it 1" in text and "Each language has 4 test rows; further from it are the " \
        "guesses of de 3, en 5." in text
    assert text.count("Not recorded yet: ") == 2


def test_tfidf_learns_the_rows_that_the_run_learns(kinds, tmp_path, monkeypatch):
    for split, rows in (("train", 12), ("dev", 2), ("test", 4)):
        (tmp_path / f"{split}.tsv").write_text("".join(
            f"{split} {'good' if at % 2 else 'bad'} {at}\t{('de', 'en')[at % 3 == 0]}:"
            f"{('no', 'yes')[at % 2]}\n" for at in range(rows)), "utf-8")
    (tmp_path / "labels.tsv").write_text("no\nyes\n", "utf-8")
    read = read_task(DataConfig(str(tmp_path), labels_per_language=3), with_transfer=False)
    learnt = []
    fit = TfidfVectorizer.fit_transform
    monkeypatch.setattr(TfidfVectorizer, "fit_transform", lambda self, texts, y=None: (
        learnt.extend(texts), fit(self, texts))[1])
    settings = {"labels_per_language": 3, "languages": [], "do_ner": False, "squad": None}
    kept = tmp_path / "kept.json"
    found = kinds.kept_tfidf(kept, tmp_path, settings, 100)
    assert learnt == [row.text for row in read.examples["train"]] and len(learnt) == 6
    assert found["rows"] == 6 and set(found["test"]["languages"]) == {"de", "en"}
    assert kinds.kept_tfidf(kept, tmp_path, settings, 100) == found and len(learnt) == 6
    kinds.kept_tfidf(kept, tmp_path, {**settings, "labels_per_language": 4}, 100)
    assert len(learnt) == 14  # Other rows: computed anew.


def test_flags_are_told_without_places(kinds):
    assert kinds.told_flags(["--task=/a/b/sib200_41", "--model_dir=/a/w", "--seed=1"]) == [
        "--task=sib200_41", "--seed=1"]


def test_guessed_languages_stand_before_the_labels(kinds, tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    for split in ("train", "dev", "test"):
        (source / f"{split}.tsv").write_text("ein Wort\tgood/bad\none word\todd\n", "utf-8")
    (source / "labels.tsv").write_text("good/bad\nodd\n", "utf-8")
    counts = importlib.import_module("kinds_languages").with_languages(
        source, target, lambda text: "de" if "ein" in text else "en")
    assert counts["test"] == {"de": 1, "en": 1}
    rows = read_task(DataConfig(str(target)), with_transfer=False).examples["test"]
    assert [(row.language, row.tags) for row in rows] == [("de", ("good/bad",)), ("en", ("odd",))]
    assert len(set(importlib.import_module("kinds_languages").LANGUAGES)) == 41


def test_a_transfer_text_is_drawn_by_language_from_texts_tables_and_questions(
        monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    kinds_text = importlib.import_module("kinds_text")
    (tmp_path / "a.txt").write_text("Er kam, er sah.\nKurz.\nEr kam , er sah .\n", "utf-8")
    (tmp_path / "b.tsv").write_text("he came and saw\tworld\nil vint et vit\tworld\n", "utf-8")
    (tmp_path / "c.json").write_text(json.dumps({"data": [{"paragraphs": [
        {"context": "He went\naway again! He is he.", "qas": []}]}]}), "utf-8")
    guess = {"er": "de", "he": "en", "il": "fr"}
    found = kinds_text.choose(
        sorted(tmp_path.iterdir()), lambda text: guess[text.split()[0].lower()], ["de", "en"],
        per_language=2, least_words=4, seed=1)
    # The second sentence of a.txt is short, its third the first again; French was not asked for.
    assert found["de"] == ["Er kam , er sah ."]
    english = {"he came and saw", "He went away again !", "He is he ."}
    assert len(set(found["en"])) == 2 and set(found["en"]) < english
    assert found == kinds_text.choose(
        sorted(tmp_path.iterdir()), lambda text: guess[text.split()[0].lower()], ["de", "en"],
        per_language=2, least_words=4, seed=1)


@pytest.mark.parametrize("text, expected", [
    ("Anna ( 30 ) lebt , sagt sie .", "Anna (30) lebt, sagt sie."),
    ("« Oui » , dit - il .", "«Oui», dit - il."),
    ("a:b.c ,d ,", "a:b.c ,d,"),  # No space behind the second mark: it belongs to a word.
    ("اسمي علي ، صح ؟", "اسمي علي، صح؟")])
def test_in_running_text_marks_stand_at_their_words(text, expected, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    assert importlib.import_module("kinds_text").running_text(text) == expected
