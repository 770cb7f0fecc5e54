"""The committed sample data: made again byte for byte, well formed, and fair between the splits."""

import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[2] / "data"
SPLITS = ("train", "dev", "test")
NER_FILES = ("dev.tsv", "labels.tsv", "test.tsv", "train.tsv", "transfer.txt")
SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARABIC", "DEVANAGARI", "CJK")


def read_lines(*parts):
    """Return the lines of a data file, checking encoding and line ends."""
    raw = DATA.joinpath(*parts).read_bytes()
    assert raw.endswith(b"\n") and b"\r" not in raw and not raw.startswith(b"\xef\xbb\xbf")
    return raw.decode("utf-8")[:-1].split("\n")


def read_rows(split):
    """Return (language, tokens, bare tags, tags as written) of every sentence of a split."""
    rows = []
    for line in read_lines("ner", f"{split}.tsv"):
        text, column = line.split("\t")
        written = column.split(" ")
        lang = written[0].split(":")[0]
        rows.append((lang, text.split(" "), [tag.split(":")[-1] for tag in written], written))
    return rows


def entities(tokens, tags):
    """Return the entities of a sentence as a set of token tuples."""
    found = []
    for token, tag in zip(tokens, tags):
        if tag.startswith("B-"):
            found.append([token])
        elif tag.startswith("I-"):
            found[-1].append(token)
    return {tuple(entity) for entity in found}


@pytest.fixture(scope="module")
def ner():
    """Rows of the three labelled splits."""
    return {split: read_rows(split) for split in SPLITS}


def all_entities(rows):
    """Return all (language, entity) pairs of a split."""
    return {(lang, entity) for lang, tokens, tags, _ in rows for entity in entities(tokens, tags)}


def test_script_makes_the_committed_files(tmp_path):
    """A second run with another hash seed gives the same bytes."""
    command = [sys.executable, "-B", str(DATA / "make_sample.py"), "--out", str(tmp_path)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": "7"})
    made = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert made == {Path(kind, name) for kind in ("ner", "classification") for name in NER_FILES}
    for path in sorted(made):
        assert (tmp_path / path).read_bytes() == (DATA / path).read_bytes(), path


def test_readme_tables_are_current():
    """The size tables of the README are what ``--describe`` prints."""
    command = [sys.executable, "-B", str(DATA / "make_sample.py"), "--describe"]
    env = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    printed = subprocess.run(command, check=True, capture_output=True, env=env).stdout.decode()
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    for table in printed.replace("\r\n", "\n").strip().split("\n\n"):
        assert table in readme


def test_tags_are_valid_iob2(ner):
    """One known tag a token, and an I- tag only goes on an entity of its type."""
    labels = read_lines("ner", "labels.tsv")
    assert len(labels) == len(set(labels)) == 7
    for rows in ner.values():
        for _, tokens, tags, _ in rows:
            assert len(tokens) == len(tags) and all(tokens)
            for previous, tag in zip(["O", *tags], tags):
                assert tag in labels
                if tag.startswith("I-"):
                    assert previous in (tag, "B-" + tag[2:])


def test_every_label_is_used(ner):
    """No label of labels.tsv is missing from any split."""
    for rows in ner.values():
        assert {tag for _, _, tags, _ in rows for tag in tags} == set(
            read_lines("ner", "labels.tsv")
        )


def test_both_prefix_forms(ner):
    """Some sentences carry the language on all tags, some on the first tag only."""
    for rows in ner.values():
        forms = set()
        for lang, _, _, written in rows:
            rest = written[1:]
            assert written[0].startswith(f"{lang}:")
            marked = [tag.startswith(f"{lang}:") for tag in rest]
            assert all(marked) or not any(marked)
            if rest:
                forms.add(all(marked))
        assert forms == {True, False}


def test_languages_and_scripts(ner):
    """Many languages and scripts in every split, all languages equally often."""
    for rows in ner.values():
        langs = [row[0] for row in rows]
        assert len(set(langs)) >= 8
        assert len({langs.count(lang) for lang in langs}) == 1
        letters = {char for row in rows for token in row[1] for char in token if char.isalpha()}
        scripts = {unicodedata.name(char).split(" ")[0] for char in letters}
        assert len(scripts.intersection(SCRIPTS)) >= 5


def test_evaluation_entities_are_new(ner):
    """No entity of dev or test is an entity of train."""
    train = all_entities(ner["train"])
    assert len(train) > 1000
    assert not train & all_entities(ner["dev"])
    assert not train & all_entities(ner["test"])


def test_parts_of_test_names_are_partly_new(ner):
    """A fair share of the words in test entities is in no train sentence of the language."""
    known = {(lang, token) for lang, tokens, _, _ in ner["train"] for token in tokens}
    used = {(lang, token) for lang, entity in all_entities(ner["test"]) for token in entity}
    assert 0.3 < len(used - known) / len(used) < 0.8


def test_no_sentence_twice(ner):
    """A sentence is in one split only and once only, transfer text included."""
    texts = [" ".join(row[1]) for rows in ner.values() for row in rows]
    texts += read_lines("ner", "transfer.txt")
    assert len(texts) == len(set(texts))


def test_transfer_has_no_evaluation_entity(ner):
    """No entity of dev or test occurs as a run of tokens in a transfer sentence."""
    found = all_entities(ner["dev"]) | all_entities(ner["test"])
    evaluation = {entity for _, entity in found}
    longest = max(map(len, evaluation))
    starts = {entity[0] for entity in evaluation}
    for line in read_lines("ner", "transfer.txt"):
        tokens = line.split(" ")
        assert "\t" not in line and all(tokens)
        for start in (i for i, token in enumerate(tokens) if token in starts):
            ends = range(start + 1, start + longest + 1)
            assert not any(tuple(tokens[start:end]) in evaluation for end in ends), line


def test_classification_files():
    """Rows are text and a known label, labels are balanced, no text is there twice."""
    labels = read_lines("classification", "labels.tsv")
    texts = []
    for split in SPLITS:
        rows = [line.split("\t") for line in read_lines("classification", f"{split}.tsv")]
        found = [label for _, label in rows]
        assert {found.count(label) for label in labels} == {len(rows) // len(labels)}
        texts += [text for text, _ in rows]
    texts += read_lines("classification", "transfer.txt")
    assert len(texts) == len(set(texts)) and all(texts)
