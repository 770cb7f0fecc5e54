"""Texts in folders of their labels, and files that run in parallel, are joined to rows."""

import json
import tarfile

import pytest

from tests.corpora.sources.test_sources import write
from tests.corpora.texts.test_texts import lines, make
from xtremedistil_tf.corpora.jobs.kinds import Asked
from xtremedistil_tf.corpora.jobs.recognise import recognise_kind
from xtremedistil_tf.corpora.readers.base import ReadOptions, Tally
from xtremedistil_tf.corpora.sources.sources import find_sources
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.tasks import task_kind


def numbered(folder, *, count=12, text="It is so\n\ngood {}.", begin=0, ending=".txt"):
    return {f"{folder}__{n}_9{ending}": text.format(f"{folder}{n}") for n in
            range(begin, begin + count)}


def all_lines(task):
    return [line for split in ("train", "dev", "test") for line in lines(task, split)]


def imdb(folder):
    files = {f"{split}__{label}__{n}_9.txt": f"A {label} film {split}{n}.<br />So it is."
             for split in ("train", "test") for label in ("pos", "neg") for n in range(12)}
    files.update({f"train__unsup__{n}_0.txt": f"Unknown film {n}." for n in range(5)})
    for name in ("README", "imdb.vocab", "imdbEr.txt", "train__labeledBow.feat",
                 "train__urls_pos.txt", "test__urls_neg.txt", "train__urls_unsup.txt"):
        files[name] = "http://x\nnot a review\n"
    return write(folder, **files)


def test_folders_in_splits_are_labels_and_unsup_is_transfer_text(tmp_path):
    record, kind = make(imdb(tmp_path / "aclImdb"), tmp_path / "task")
    assert kind == "classification" and record["labels"] == ["neg", "pos"]
    assert len(lines(tmp_path / "task", "test")) == 24
    assert "A pos film test3.<br />So it is.\tpos" in lines(tmp_path / "task", "test")
    text = (tmp_path / "task" / "transfer.txt").read_text().splitlines()
    assert sorted(text) == [f"Unknown film {n}." for n in range(5)]
    assert not any("http" in line for line in all_lines(tmp_path / "task"))


def test_unlabelled_folders_are_the_transfer_text_alone_and_never_a_labelled_split(tmp_path):
    imdb(tmp_path / "aclImdb")
    for path in ("aclImdb", "aclImdb/train"):
        rows = read_all_of(tmp_path / path, "transfer")
        assert len(rows) == 5 and rows[0][:2] == ("Unknown", "film")
    for path in ("aclImdb/train", "aclImdb"):
        sources, others = find_sources(tmp_path / path, split="train")
        assert [source.split for source in sources] == ["train"]
        assert any("unsup" in name for name in others)


def read_all_of(path, split):
    sources, _ = find_sources(path, split=split)
    return [row.words for source in sources
            for _, row in source.read(ReadOptions(labelled=False), Tally())[1]]


def test_a_file_is_a_text_whatever_its_ending_and_the_encoding_is_named(tmp_path):
    for split in ("train", "test"):
        for at, group in enumerate(("alt.atheism", "sci.space")):
            for n in range(12):
                write(tmp_path / "20news" / f"20news-bydate-{split}", **{
                    f"{group}__{at}{n}0":
                    f"From: a@b{n}{split}{at}\nSubject: it\n\nOh yes, {n}.\n"})
    assert len(make(tmp_path / "20news", tmp_path / "task")[0]["labels"]) == 2
    assert "From: a@b3test1 Subject: it Oh yes, 3.\tsci.space" in lines(tmp_path / "task", "test")
    bad = tmp_path / "20news" / "20news-bydate-train" / "sci.space" / "130"
    bad.write_bytes("Subject: ol\u00e9\n".encode("latin-1"))
    with pytest.raises(UserError, match=r"sci.space/130:1: not UTF-8 .*; --encoding names"):
        make(tmp_path / "20news", tmp_path / "b")
    sources, _ = find_sources(tmp_path / "20news", encoding="latin-1")
    asked = recognise_kind(sources, Asked(ReadOptions(encoding="latin-1")))
    task_kind(asked.kind).corpus.make(sources, tmp_path / "b", asked)
    assert "Subject: ol\u00e9\tsci.space" in all_lines(tmp_path / "b")


def test_folders_without_splits_are_divided_label_by_label(tmp_path):
    write(tmp_path / "bbc", **numbered("business"), **numbered("sport"), README="By the BBC.")
    make(tmp_path / "bbc", tmp_path / "task")
    assert "It is so good sport3.\tsport" in all_lines(tmp_path / "task")
    assert len(all_lines(tmp_path / "task")) == 24


@pytest.mark.parametrize("folders, text", [
    (("de", "fr"), "It is so {}."), (("news", "web"), "Anna{} B-PER\nran O\n\nBo B-PER\nsat O\n"),
    (("news", "web"), "A line.\n" * 9000 + "{}")])
def test_folders_of_languages_of_tagged_files_or_of_long_files_are_no_labels(
        tmp_path, folders, text):
    write(tmp_path / "in", **numbered(f"train__{folders[0]}", text=text),
          **numbered(f"train__{folders[1]}", text=text))
    assert len(find_sources(tmp_path / "in")[0]) == 24


def test_texts_in_folders_of_an_archive_are_refused(tmp_path):
    imdb(tmp_path / "aclImdb")
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "aclImdb", "aclImdb")
    with pytest.raises(UserError, match="a text in a folder of its label; unpack the archive"):
        find_sources(tmp_path / "a.tar.gz")


def test_endings_that_are_labels(tmp_path):
    write(tmp_path / "rt", **{"rt-polarity.pos": "".join(f"so good {n} .\n" for n in range(12)),
                              "rt-polarity.neg": "".join(f"so bad {n} .\n" for n in range(12))})
    make(tmp_path / "rt", tmp_path / "task")
    assert {"so good 3 .\tpos", "so bad 4 .\tneg"} <= set(all_lines(tmp_path / "task"))


def test_words_tags_and_labels_in_parallel_files_are_asked_about(tmp_path):
    for split in ("train", "valid", "test"):
        write(tmp_path / "snips" / split, **{
            "seq.in": "".join(f"play {split} song{n}\n" for n in range(12)),
            "seq.out": "O B-album I-album\n" * 12, "label": "PlayMusic\nRate\n" * 6})
    write(tmp_path / "snips", vocab__intent_vocab="PlayMusic\n")
    with pytest.raises(UserError, match="--kind=tagging or --kind=classification"):
        make(tmp_path / "snips", tmp_path / "task")
    make(tmp_path / "snips", tmp_path / "task", kind="tagging")
    assert "play valid song3\tO B-album I-album" in lines(tmp_path / "task", "dev")
    make(tmp_path / "snips", tmp_path / "b", kind="classification")
    assert "play test song3\tRate" in lines(tmp_path / "b", "test")


def write_pairs(folder, splits, contents):
    """Files of each split; a name and its text have the split in place of {}."""
    for split in splits:
        write(folder, **{name.format(split).replace("/", "__"): text.format(split)
                         for name, text in contents.items()})


@pytest.mark.parametrize("texts, labels", [
    ("{}/sentences.txt", "{}/labels.txt"), ("{}.words", "{}.tags"),
    ("{}.words.txt", "{}.tags.txt"), ("{}/seq.in", "{}/seq.out")])
def test_tags_of_parallel_files(tmp_path, texts, labels):
    write_pairs(tmp_path / "in", ("train", "dev", "test"), {
        texts: "Anna {} ran\nBo sat\n", labels: "B-PER O O\nB-PER O\n\n"})
    assert make(tmp_path / "in", tmp_path / "task")[1] == "tagging"
    assert lines(tmp_path / "task", "test") == ["Anna test ran\tB-PER O O", "Bo sat\tB-PER O"]


@pytest.mark.parametrize("texts, labels", [
    ("{}.txt", "{}.label"), ("{}_text.txt", "{}_labels.txt"), ("{}.input0", "{}.label"),
    ("{}.raw.input0", "{}.label"), ("{}/sentences.txt", "{}/labels.txt")])
def test_labels_of_parallel_files(tmp_path, texts, labels):
    write_pairs(tmp_path / "in", ("train", "val", "test"), {
        texts: "So good a {} day\nSo bad a day\n", labels: "1\n0\n"})
    assert make(tmp_path / "in", tmp_path / "task")[1] == "classification"
    assert lines(tmp_path / "task", "dev") == ["So good a val day\t1", "So bad a day\t0"]
    if "_text" in texts:
        write(tmp_path / "in", **{"mapping.txt": "0\tnegative\n1\tpositive\n"})
        make(tmp_path / "in", tmp_path / "b")
        assert lines(tmp_path / "b", "dev")[0] == "So good a val day\tpositive"


def test_pairs_of_parallel_files(tmp_path):
    for split in ("train", "dev", "test"):
        write(tmp_path / "in", **{f"{split}.input0": f"It {split}s .\nNo .\n",
                                  f"{split}.input1": "It is so .\nYes .\n",
                                  f"{split}.label": "entailment\nnot\n"})
    assert make(tmp_path / "in", tmp_path / "task")[0]["pairs"]
    assert lines(tmp_path / "task", "dev")[1] == "No .\tYes .\tnot"


def test_parallel_files_of_other_lengths_are_refused_with_both_counts(tmp_path):
    write(tmp_path / "in", **{"train.txt": "A day\nB day\nC day\n", "train.label": "1\n0\n"})
    with pytest.raises(UserError, match="train.txt has 3 lines; .*train.label has 2 lines"):
        make(tmp_path / "in", tmp_path / "task")


def test_an_empty_first_file_does_not_decide_the_kind(tmp_path):
    write(tmp_path / "in", **{
        "train__a.csv": "", "train___SUCCESS": "", "train__b.csv": "text,label\n" + "".join(
            f"So it is {n},{'ab'[n % 2]}\n" for n in range(24))})
    sources, others = find_sources(tmp_path / "in")
    assert len(sources) == 2 and not others
    assert recognise_kind(sources, Asked()).kind == "classification"


@pytest.mark.parametrize("partition", ["partition", "Split"])
def test_files_whose_rows_name_their_splits_keep_them(tmp_path, partition):
    write(tmp_path / "1.0" / "data", **{
        f"{language}.jsonl": "".join(json.dumps({
            "id": n, "locale": language, partition: split, "intent": "ab"[n % 2],
            "utt": f"{split} me at {language} {n}",
            "annot_utt": f"{split} me at [place : {language} {n}]"}) + "\n"
            for split in ("train", "dev", "test") for n in range(4))
        for language in ("de-DE", "en-US")}, LICENSE="free")
    with pytest.raises(UserError, match="--kind=tagging or --kind=classification"):
        make(tmp_path / "1.0", tmp_path / "task")
    record, kind = make(tmp_path / "1.0", tmp_path / "task", kind="classification")
    assert record["splits"]["test"] == {"de-DE": 4, "en-US": 4} and not record["not_read"]
    assert "test me at de-DE 3\tde-DE:b" in lines(tmp_path / "task", "test")
    make(tmp_path / "1.0", tmp_path / "tags", kind="tagging")
    assert lines(tmp_path / "tags", "test")[3] == (
        "test me at de-DE 3\t" + " ".join(f"de-DE:{tag}" for tag in
                                          ("O", "O", "O", "B-place", "I-place")))
    with open(tmp_path / "1.0" / "data" / "de-DE.jsonl", "a") as file:
        file.write(json.dumps({partition: "other", "utt": "x"}) + "\n")
    with pytest.raises(UserError, match="no file in it speaks of a split"):
        make(tmp_path / "1.0", tmp_path / "b", kind="classification")


def test_a_key_with_two_values_is_told_in_rows_that_name_their_splits(tmp_path):
    row = '{{"text": "film {0}", "label": "a", "split": "{1}", "label": "{2}"}}\n'
    rows = [row.format(n, split, "b" if n == 3 else "a")
            for split in ("train", "dev", "test") for n in range(4)]
    write(tmp_path, **{"all.jsonl": "".join(rows)})
    with pytest.raises(UserError, match=r"all.jsonl\[train\]:4: the key 'label' stands twice"):
        make(tmp_path / "all.jsonl", tmp_path / "task")


def test_texts_that_look_like_json_are_no_records(tmp_path):
    texts = [json.dumps({"text": f"film {n}", "label": "a"}) for n in range(4)]
    write(tmp_path, **{"all.json": json.dumps(dict.fromkeys(("train", "dev", "test"), texts))})
    with pytest.raises(UserError, match=r"all.json\[train\]: which column is it"):
        make(tmp_path / "all.json", tmp_path / "task", kind="classification")


def test_csv_files_whose_rows_name_their_splits_keep_them(tmp_path):
    write(tmp_path / "in", **{"a.csv": "text,label,split\n" + "".join(
        f"So {split} {n},{'ab'[n % 2]},{split}\n" for split in ("train", "dev", "test")
        for n in range(4))})
    make(tmp_path / "in", tmp_path / "task")
    assert lines(tmp_path / "task", "test") == [f"So test {n}\t{'ab'[n % 2]}" for n in range(4)]


@pytest.mark.parametrize("name", ["data_full.json", "folder/data_full.json"])
def test_an_object_of_splits_is_a_source_of_each(tmp_path, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / name).write_text(json.dumps({
        key: [[f"{key} me {n}", "oos" if "oos" in key else "ab"[n % 2]] for n in range(4)]
        for key in ("oos_val", "val", "train", "oos_test", "test", "oos_train")}))
    path = tmp_path / name.split("/")[0]
    record, kind = make(path, tmp_path / "task")
    assert kind == "classification" and record["labels"] == ["a", "b", "oos"]
    assert "oos_test me 3\toos" in lines(tmp_path / "task", "test")
    assert len(lines(tmp_path / "task", "train")) == 8
