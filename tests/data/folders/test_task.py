"""A task folder as a whole: what is counted, and what is told before training."""

import pytest

from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.folders.labelled import seen_classes
from xtremedistil_tf.data.folders.task import describe, read_task
from xtremedistil_tf.data.folders.transfer import find_transfer_file
from xtremedistil_tf.data.words import count_marks
from xtremedistil_tf.errors import UserError


def read(task, text):
    (task / "transfer.txt").write_text(text, "utf-8")
    return read_task(DataConfig(str(task), "transfer.txt", 5, do_ner=True))


def test_the_transfer_text_is_counted_and_stays_on_disk(task):
    found = read(task, "one two\n\nthree four five six\n")
    assert (found.transfer_rows, found.transfer_words) == (2, 2 + 3)
    assert [row.words for row in found.transfer] == [("one", "two"),
                                                      ("three", "four", "five", "six")]
    assert any("1 empty lines left out" in line for line in found.warnings)
    described = describe(found, counts={"transfer": {"cut_words": 1, "cut_sentences": 1}})
    assert described["transfer"]["sentences"] == 2
    assert described["warnings"][-1] == (
        "transfer: 1 words of 1 sentences lie beyond seq_len and are not used")


def test_cut_words_are_called_o_only_where_a_tag_is_o(task):
    (task / "transfer.txt").write_text("one two\n", "utf-8")
    for scheme, fate in (("iob2", "are scored as O"), ("none", "are scored as wrong, or as O")):
        found = read_task(DataConfig(str(task), "transfer.txt", 5, do_ner=True, tag_scheme=scheme))
        told = describe(found, counts={"dev": {"cut_words": 2, "cut_sentences": 1}})["warnings"]
        assert f"dev: 2 words of 1 sentences lie beyond seq_len and {fate}" in told


def test_sentences_that_also_stand_in_dev_are_told(task):
    known = (task / "dev.tsv").read_text("utf-8").split("\t")[0]
    found = read(task, f"{known}\n{known}\nnew\n")
    assert any("2 of 3 sentences also stand in dev.tsv" in line for line in found.warnings)


def test_how_words_are_decoded_goes_with_the_labels(task):
    (task / "transfer.txt").write_text("one\n", "utf-8")

    def labels_and_print(**more):
        found = read_task(DataConfig(str(task), "transfer.txt", 5, do_ner=True, **more))
        return found.labels.decoding, found.fingerprints["labels"]

    plain, alone = labels_and_print(), labels_and_print(decoding="independent")
    assert (plain[0], alone[0]) == ("constrained", "independent") and plain[1] != alone[1]
    # Transitions are trained behind all stages, so what was trained before serves on.
    assert labels_and_print(decoding="trained") == ("trained", plain[1])
    with pytest.raises(UserError, match="--decoding=independent needs --do_NER"):
        DataConfig(str(task), decoding="independent")


def test_a_broken_transfer_line_is_told_at_once(task):
    (task / "transfer.txt").write_bytes(b"fine\n\xff\n")
    with pytest.raises(UserError, match="transfer.txt:2: not UTF-8"):
        read_task(DataConfig(str(task), "transfer.txt", 5, do_ner=True))


def test_running_text_of_a_tagger_is_split_as_students_split_it(task):
    running = "Anna Weber wohnt in Bonn.\nDort, sagt sie, regnet es!\n"
    found = read(task, running)
    assert [row.words for row in found.transfer] == [
        ("Anna", "Weber", "wohnt", "in", "Bonn", "."),
        ("Dort", ",", "sagt", "sie", ",", "regnet", "es", "!")]
    assert any("marks such as . and , stand behind words (3 in the first sentences, 0 stand alone)"
               in line for line in found.warnings)
    # Other sequences: a target store of the words as given is not theirs.
    (task / "train.tsv").write_text("Anna lacht.\tB-PER O\nPaul weint, schreit.\tB-PER O O\n")
    given = read(task, running)
    assert next(iter(given.transfer)).words[-1] == "Bonn."
    assert given.fingerprints["transfer"] != found.fingerprints["transfer"]
    assert not any("marks such as" in line for line in given.warnings)


TH, ZH = "นายกรัฐมนตรีเดินทางไปกรุงเทพ", "北京大学在北京"


@pytest.mark.parametrize(("labelled", "text", "words"), [
    ("我 在 北 京", ZH, list(ZH)), ("我 在 上海 大学 北京", ZH, ["北京", "大学", "在", "北京"]),
    ("我 在 北 京", "北京大学。", list("北京大学。")),
    ("นายก รัฐมนตรี เดินทาง", TH, ["นายก", "รัฐมนตรี", "เดิน", "ทาง", "ไป", "กรุงเทพ"]),
    ("นายก รัฐมนตรี เดินทาง", "นายก รัฐมนตรี ไป", None), ("我 在 北 京", "北京 大学 在", None),
    ("I go", TH, ["นายก", "รัฐมนตรี", "เดิน", "ทาง", "ไป", "กรุงเทพ"]),
    ("I go", "I like 東京タワー", None), (f"{TH} {ZH}", TH, None)])
def test_running_text_without_spaces_is_split_into_words(task, labelled, text, words):
    pytest.importorskip("icu4py")
    tags = " ".join(["O"] * len(labelled.split()))
    (task / "train.tsv").write_text(f"{labelled}\t{tags}\n" * 9, "utf-8")
    found = read(task, f"I don't go .\n{text}\n" * 5)
    first, second, *_ = found.transfer
    assert (first.words, second.words) == (
        ("I", "don't", "go", "."), tuple(words or text.split()))
    assert any("split into words" in line for line in found.warnings) == (words is not None)


def test_running_text_without_spaces_needs_a_dictionary(task, monkeypatch):
    monkeypatch.setattr("xtremedistil_tf.data.folders.running.has_dictionary", lambda: False)
    (task / "train.tsv").write_text("I go\tO O\n", "utf-8")
    with pytest.raises(UserError, match=r"transfer.txt is running text .* install the extra"):
        read(task, f"{TH}\n" * 5)
    assert read(task, f"{ZH}大学在北京\n" * 5).transfer_words == 5 * 3  # seq_len is 5.


@pytest.mark.parametrize("words, expected", [
    (["भारत।", "북경에서．", "北京大学。", "北京。"], (3, 0)), (["。", "።", "။"], (0, 3)),
    (["Bonn."], (1, 0)), (["a.m.", "Dr.", "3."], (0, 0)), (["sagte", ",", "."], (0, 2)),
    (["wahr?\""], (1, 0)), (["بون،"], (1, 0)), (["...", "''"], (0, 0))])
def test_marks_are_counted(words, expected):
    assert count_marks([words]) == expected


def test_the_usual_transfer_file_of_the_folder_needs_no_flag(task):
    """A study hands the paper's defaults to its runs, without the ones that data decide."""
    (task / "transfer.txt").write_text("one two\n", "utf-8")
    config = DataConfig(str(task), do_ner=True)
    assert find_transfer_file(config) == task / "transfer.txt"
    (task / "transfer.txt").unlink()
    with pytest.raises(UserError, match="is not given, and the task folder has no transfer.txt"):
        find_transfer_file(config)


def test_tagged_words_are_no_classes(tmp_path):
    """Predictions of a tagger, scored without --do_NER, had all of their rows right."""
    path = tmp_path / "test.tsv"
    path.write_text("Anna ran\tde:B-PER de:O\nBonn is\tB-LOC O\nIt ran\tO O\n", "utf-8")
    with pytest.raises(UserError, match="3 of 3 rows have a tag for each word; --do_NER reads"):
        seen_classes(path, DataConfig(str(tmp_path)))
    path.write_text("Anna ran\tO\nBonn is\tnot O\nIt ran\tO\n", "utf-8")
    assert seen_classes(path, DataConfig(str(tmp_path))).tags == ("O", "not O")
