"""The check of a task folder: planted defects, whole files, and what the readers agree on."""

import shutil

import pytest

from tests.conftest import ROOT, write_task
from tests.corpora.defects import plant_defects
from xtremedistil_tf.corpora.check import check_task
from xtremedistil_tf.corpora.problems import ProblemFile, summary
from xtremedistil_tf.data.labels import read_labels
from xtremedistil_tf.data.readers.rows import read_ner
from xtremedistil_tf.errors import UserError


def found(folder):
    return {(problem.path.name, problem.line, problem.kind) for problem in check_task(folder)}


def test_the_sample_is_clean():
    assert check_task(ROOT / "data" / "ner") == []


def test_fifty_kinds_of_planted_defects_are_found_at_their_lines(tmp_path):
    folder = tmp_path / "task"
    shutil.copytree(ROOT / "data" / "ner", folder)
    planted = plant_defects(folder)
    assert len(planted) >= 50
    problems = found(folder)
    missed = {name: place for name, place in planted.items() if place not in problems}
    assert not missed
    # Nothing else is reported but what the planted ones bring with them.
    beside = {place for place in problems - set(planted.values())
              if place[:2] not in {planted_place[:2] for planted_place in planted.values()}}
    assert beside <= {("labels.tsv", 13, "unused_label")}, beside


def test_what_is_an_error_is_what_the_reader_refuses(tmp_path):
    folder = tmp_path / "task"
    shutil.copytree(ROOT / "data" / "ner", folder)
    plant_defects(folder)
    shutil.copy(ROOT / "data" / "ner" / "labels.tsv", folder)
    errors = {problem.line for problem in check_task(folder)
              if problem.is_error and problem.path.name == "train.tsv"}
    _, report = read_ner(
        folder / "train.tsv", read_labels(folder / "labels.tsv"), on_bad_row="skip")
    assert len(errors) == report.counts["skipped_rows"] > 10
    with pytest.raises(UserError, match=f"train.tsv:{min(errors)}:"):
        read_ner(folder / "train.tsv", read_labels(folder / "labels.tsv"))


def change(folder, name, content):
    write_task(folder)
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    return found(folder)


@pytest.mark.parametrize(("name", "content", "expected"), [
    ("train.tsv", None, ("train.tsv", 0, "missing")),
    ("transfer.txt", None, ("transfer.txt", 0, "missing")),
    ("dev.tsv", b"", ("dev.tsv", 0, "empty")),
    ("dev.tsv", b"\n\n", ("dev.tsv", 0, "empty")),
    ("dev.tsv", b"en:O so\ten:O en:O\n", ("dev.tsv", 0, "no_entity")),
    ("dev.tsv", b"1 2 3 4\tB-PER O O O\n" * 5 + b"Ann\tO\n", ("dev.tsv", 0, "numbers")),
    ("labels.tsv", None, ("labels.tsv", 0, "missing")),
    ("labels.tsv", b"B-PER\nI-PER\n", ("labels.tsv", 0, "no_o")),
    ("labels.tsv", b"O\n\nB-\xff\n", ("labels.tsv", 3, "not_utf8")),
    ("labels.tsv", b"O\n\nB-PER\n", ("labels.tsv", 2, "empty_line")),
])
def test_whole_files(tmp_path, name, content, expected):
    assert expected in change(tmp_path / "task", name, content)


def test_rows_are_checked_even_where_the_labels_are_broken(tmp_path):
    folder = write_task(tmp_path / "task")
    (folder / "labels.tsv").write_text(
        "O\nB-PER\nI-PER\nB-ORG\nI-ORG\nB-LOC\nI-LOC\nI-ALONE\nB-PER\n")
    (folder / "dev.tsv").write_text("Ann lacht\tB-PER\n")
    kinds = found(folder)
    assert ("labels.tsv", 8, "label_without_b") in kinds
    assert ("labels.tsv", 9, "repeated_label") in kinds
    assert ("dev.tsv", 1, "tag_count") in kinds


def test_what_holds_for_a_place_in_the_file_is_told_of_that_place(tmp_path):
    folder = write_task(tmp_path / "task")
    (folder / "dev.tsv").write_bytes(b"Ann\tB-PER\nBo\tO\r\nCy\tO\r\ntext\tlabels\n")
    kinds = found(folder)
    assert ("dev.tsv", 2, "crlf") in kinds and ("dev.tsv", 3, "crlf") not in kinds
    assert ("dev.tsv", 4, "unknown_tag") in kinds and ("dev.tsv", 4, "header") not in kinds


def test_all_errors_of_a_row_are_told(tmp_path):
    folder = write_task(tmp_path / "task")
    (folder / "dev.tsv").write_text("Ann Bo Cy\tde:B-NO fr:O\n")
    told = [str(problem) for problem in check_task(folder) if problem.path.name == "dev.tsv"
            and problem.is_error]
    assert len(told) == 3 and all(":1: error: " in line for line in told)
    assert any("3 words but 2 tags" in line for line in told)


def test_a_row_without_language_is_told_only_beside_others(tmp_path):
    folder = write_task(tmp_path / "task")
    for split in ("train", "dev", "test"):
        path = folder / f"{split}.tsv"
        lines = path.read_text("utf-8").splitlines()
        path.write_text("".join(
            line.split("\t")[0] + "\t" + " ".join(
                tag.partition(":")[2] or tag for tag in line.split("\t")[1].split()) + "\n"
            for line in lines), "utf-8")
    assert not {kind for _, _, kind in found(folder)} & {"no_language", "new_language"}


def test_summary_shows_errors_first_and_counts_the_rest(tmp_path):
    folder = write_task(tmp_path / "task")
    with open(folder / "dev.tsv", "a", encoding="utf-8") as file:
        file.write("a\tb\tc\n" * 5 + "\n" * 3)
    text = summary(check_task(folder), most_shown=2).splitlines()
    assert text[0] == (f"{folder / 'dev.tsv'}:25: error: 3 columns; needed are 2: words, a tab, "
                       "tags")
    assert sum("error: 3 columns" in line for line in text) == 2
    assert f"{folder / 'dev.tsv'}: 3 more of kind columns (--most_shown=0 shows all)" in text
    assert text[-1].startswith("5 errors, ")
    assert len(summary(check_task(folder), most_shown=0).splitlines()) > len(text)


def test_no_such_folder(tmp_path):
    with pytest.raises(UserError, match="is not a folder"):
        check_task(tmp_path / "none")


def test_a_file_is_checked_as_it_is_read(tmp_path):
    path, problems = tmp_path / "a.tsv", []
    for raw in ("x\t\ufeffB-X\n".encode(), "x\tB-X\n".encode("utf-16"),
                "\ufeffx\tB-X\n".encode("utf-32-le")):
        path.write_bytes(raw)
        assert [text for _, text in ProblemFile(path, problems).lines()] == ["x\tB-X"]
    assert [found.kind for found in problems] == ["bom"]
