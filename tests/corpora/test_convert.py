"""From files to a task folder: splits, transfer text, leaks, counts, refusals."""

import gzip
import io
import json
import re
import sys
import tarfile
import types

import pytest

from tests.conftest import ROOT
from xtremedistil_tf.corpora import conversion_record
from xtremedistil_tf.corpora.conversion_record import changes, describe_record
from xtremedistil_tf.corpora.convert import convert
from xtremedistil_tf.corpora.readers.base import ReadOptions
from xtremedistil_tf.corpora.source_rows import ConvertOptions
from xtremedistil_tf.corpora.sources.datasets import dataset_sources
from xtremedistil_tf.corpora.sources.sources import find_sources
from xtremedistil_tf.corpora.texts import record as texts_record
from xtremedistil_tf.data.labels import read_labels
from xtremedistil_tf.data.readers.rows import read_ner
from xtremedistil_tf.errors import UserError


def wikiann(language, sentences):
    return "\n\n".join("\n".join(f"{language}:{word}\t{tag}" for word, tag in sentence)
                       for sentence in sentences) + "\n"


def sentence(number):
    return [(f"Ann{number}", "B-PER"), ("in", "O"), (f"Bonn{number}", "B-LOC")]


def write_wikiann(root, languages=("de", "fr")):
    """An archive a language, as Rahimi et al. distribute them."""
    root.mkdir(parents=True)
    parts = {"train": range(6), "dev": range(6, 8), "test": range(8, 10),
             "extra": [*range(10, 15), 6, 8]}
    for language in languages:
        with tarfile.open(root / f"{language}.tar.gz", "w:gz") as archive:
            for name, numbers in parts.items():
                data = wikiann(language, map(sentence, numbers)).encode()
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    return root


def rows(folder, split):
    return read_ner(folder / f"{split}.tsv", read_labels(folder / "labels.tsv"))[0]


def run(path, output, overwrite=False, **options):
    read = ReadOptions(options.pop("format", "auto"), options.pop("language", None))
    sources, not_read = find_sources(path)
    return convert(sources, output, ConvertOptions(read, **options), not_read=not_read,
                   overwrite=overwrite)


def test_wikiann_archives(tmp_path):
    record = run(write_wikiann(tmp_path / "wikiann"), tmp_path / "task")
    assert record["splits"] == {"dev": {"de": 2, "fr": 2}, "test": {"de": 2, "fr": 2},
                                "train": {"de": 6, "fr": 6}, "transfer": {"de": 5, "fr": 5}}
    first = rows(tmp_path / "task", "train")[0]
    assert first.words == ("Ann0", "in", "Bonn0") and first.language == "de"
    assert first.tags == ("B-PER", "O", "B-LOC")
    assert (tmp_path / "task" / "labels.tsv").read_text() == "O\nB-LOC\nI-LOC\nB-PER\nI-PER\n"
    transfer = (tmp_path / "task" / "transfer.txt").read_text().splitlines()
    assert transfer[0] == "Ann10 in Bonn10" and len(transfer) == 10
    # Both languages hold the same sentences here, so each leak is there twice.
    assert record["leaks"] == {"removed": {"dev": 2, "test": 2}}
    assert json.loads((tmp_path / "task" / "conversion.json").read_text()) == record
    text = describe_record(record)
    assert "2 transfer sentences that stand in dev.tsv removed" in text
    assert "7 sentences whose labels were stripped (transfer)" in text


def test_leaks_can_be_kept(tmp_path):
    record = run(write_wikiann(tmp_path / "w"), tmp_path / "task", keep_leaks=True)
    assert record["leaks"] == {"kept": {"dev": 2, "test": 2}}
    assert record["splits"]["transfer"] == {"de": 7, "fr": 7}


def test_languages_are_chosen_before_anything_is_read(tmp_path):
    root = write_wikiann(tmp_path / "w", ("de", "fr", "xx"))
    (root / "xx.tar.gz").unlink()
    broken = root / "xx"
    broken.mkdir()
    (broken / "train").write_text("not wikiann\n")
    record = run(root, tmp_path / "task", languages=("fr",))
    assert record["splits"]["train"] == {"fr": 6} and record["sources_of_other_languages"] == 5
    assert "5 files of other languages not read" in describe_record(record)
    with pytest.raises(UserError, match="--languages names eo, of which there is no training"):
        run(root, tmp_path / "none", languages=("fr", "eo"))
    with pytest.raises(UserError, match="--languages=eo,qq leaves no sentence; the data have: de"):
        run(write_wikiann(tmp_path / "fine"), tmp_path / "none", languages=("eo", "qq"))
    assert not (tmp_path / "none").exists()


def test_one_file_is_divided_by_seed_and_equal_sentences_stay_together(tmp_path, caplog):
    path = tmp_path / "all.conll"
    numbers = [*range(100), *range(40)]
    path.write_text("\n\n".join(f"Ann{n} I-PER\nlacht O" for n in numbers))
    caplog.set_level("INFO", "absl")
    first = run(path, tmp_path / "a", language="en")
    # It is read twice, to divide it, and told once.
    assert caplog.messages == [f"read {path}: 140 sentences"]
    run(path, tmp_path / "b", language="en")
    other = run(path, tmp_path / "c", language="en", seed=7)
    words = {split: {row.words for row in rows(tmp_path / "a", split)}
             for split in ("train", "dev", "test")}
    assert [len(words[split]) for split in ("train", "dev", "test")] == [80, 10, 10]
    assert sum(sum(found.values()) for found in first["splits"].values()) == 140
    assert not words["train"] & words["dev"] and not words["test"] & words["dev"]
    for name in ("train.tsv", "dev.tsv", "test.tsv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
        assert (tmp_path / "a" / name).read_bytes() != (tmp_path / "c" / name).read_bytes()
    assert first["divided"]["splits"] == ["dev", "test"] and other["divided"]["seed"] == 7
    assert first["sources"][0]["scheme"] == "IOB1"
    assert "140 IOB1 tags rewritten as IOB2" in describe_record(first)
    assert rows(tmp_path / "a", "dev")[0].language == "en"


def test_a_missing_dev_is_taken_out_of_train_only(tmp_path):
    (tmp_path / "in").mkdir()
    for name, count in (("train", 50), ("test", 9)):
        (tmp_path / "in" / f"{name}.txt").write_text(
            "\n\n".join(f"{name}{n} B-PER" for n in range(count)))
    record = run(tmp_path / "in", tmp_path / "task", shares=(0.2, 0.2))
    assert [sum(record["splits"][split].values()) for split in ("train", "dev", "test")] == [
        40, 10, 9]
    assert record["divided"]["splits"] == ["dev"]


def test_several_files_are_divided_as_one(tmp_path):
    read = []
    for name, tag in (("a", "I-PER"), ("b", "B-PER")):
        (tmp_path / f"{name}.conll").write_text(
            "\n\n".join(f"{name}{n} {tag}\nBonn {tag[0]}-LOC" for n in range(10)) +
            f"\n\n{name} O\nBo I-PER\n")
        read += find_sources(tmp_path / f"{name}.conll")[0]
    record = convert(read, tmp_path / "task", ConvertOptions(shares=(0.25, 0.25)))
    assert {split: sum(found.values()) for split, found in record["splits"].items()} == {
        "train": 10, "dev": 6, "test": 6}
    assert [source["scheme"] for source in record["sources"]] == ["IOB1", "IOB2"]
    text = describe_record(record)
    assert "(columns): 21 IOB1 tags rewritten as IOB2" in text
    assert "(columns): 1 I- tags that continue nothing read as B-" in text


def test_too_few_rows_to_divide(tmp_path):
    path = tmp_path / "x.conll"
    path.write_text("Ann B-PER\n\nBo B-PER\n")
    with pytest.raises(UserError, match="has 2 different sentences; too few"):
        run(path, tmp_path / "task")


def write_conll(folder, bad=""):
    folder.mkdir()
    for name in ("eng.train", "eng.testa", "eng.testb"):
        (folder / name).write_text(f"-DOCSTART- O\n\n{name} S-PER\nlacht O\n\n{bad}")
    (folder / "README").write_text("x")
    return folder


def test_conll_names_and_what_is_not_read(tmp_path):
    record = run(write_conll(tmp_path / "in"), tmp_path / "task")
    assert record["not_read"] == [str(tmp_path / "in" / "README")]
    assert rows(tmp_path / "task", "dev")[0].words == ("eng.testa", "lacht")
    text = describe_record(record)
    assert "1 files not read, since their names speak of no split" in text
    assert "1 document markers left out; 1 BIOES tags rewritten as IOB2" in text
    assert "no transfer text" in text


def test_bad_rows_stop_or_are_counted(tmp_path):
    source = write_conll(tmp_path / "in", "kaputt\n\nBo PER\n")
    with pytest.raises(UserError, match=r"eng\.testa:6: 1 column: 'kaputt'.*--on_bad_row=skip"):
        run(source, tmp_path / "task")
    record = run(source, tmp_path / "task", on_bad_row="skip")
    assert [source["counts"]["skipped_rows"] for source in record["sources"]] == [2, 2, 2]
    text = describe_record(record)
    assert "2 unusable rows skipped" in text and "the first unusable row: line 6: 1 col" in text


def test_only_a_folder_of_ones_own_is_replaced(tmp_path):
    source, output = write_conll(tmp_path / "in"), tmp_path / "task"
    run(source, output)
    with pytest.raises(UserError, match="add --overwrite"):
        run(source, output)
    run(source, output, overwrite=True)
    (output / "conversion.json").unlink()
    with pytest.raises(UserError, match="holds other files"):
        run(source, output, overwrite=True)


def test_plain_text_as_transfer(tmp_path):
    sources, _ = find_sources(write_conll(tmp_path / "in"))
    with gzip.open(tmp_path / "news.txt.gz", "wt") as file:
        file.write("Er kam heute. eng.testb lacht\n\nSie ging.\neng.testb lacht\n")
    more, _ = find_sources(tmp_path / "news.txt.gz", split="transfer")
    record = convert(sources + more, tmp_path / "task", ConvertOptions())
    assert record["leaks"] == {"removed": {"test": 1}}
    assert (tmp_path / "task" / "transfer.txt").read_text().splitlines() == [
        "Er kam heute . eng.testb lacht", "Sie ging ."]


@pytest.mark.parametrize(("files", "message"), [
    ({"train.txt": "Ann O\n", "dev.txt": "Bo O\n", "test.txt": "Cy O\n"}, "every tag is O"),
    ({"test.txt": "Ann B-A\n", "dev.txt": "Bo O\n"}, "no sentence for train.tsv"),
    ({"a.txt": "Ann B-A\n"}, "no file in it speaks of a split in its name; it holds"),
])
def test_folders_that_make_no_task(tmp_path, files, message):
    (tmp_path / "in").mkdir()
    for name, text in files.items():
        (tmp_path / "in" / name).write_text(text)
    with pytest.raises(UserError, match=message):
        run(tmp_path / "in", tmp_path / "task")
    assert not (tmp_path / "task").exists()


def test_unlabelled_rows_do_not_become_training_rows(tmp_path):
    path = tmp_path / "train.txt"
    path.write_text("just some text\n")
    with pytest.raises(UserError, match=r"train\.txt:1: no tags"):
        run(path, tmp_path / "task")


def test_a_damaged_archive(tmp_path):
    (tmp_path / "de.tar.gz").write_bytes(b"no archive")
    with pytest.raises(UserError, match="cannot be read as a tar archive"):
        find_sources(tmp_path / "de.tar.gz")


def test_an_archive_that_was_cut_off(tmp_path):
    root = write_wikiann(tmp_path / "w", ("de",))
    data = (root / "de.tar.gz").read_bytes()
    plain = gzip.decompress(data)
    sources, _ = find_sources(root)
    (root / "de.tar.gz").write_bytes(gzip.compress(plain)[:200])
    with pytest.raises(UserError, match=r"de\.tar\.gz/\w+ is damaged"):
        convert(sources, tmp_path / "task", ConvertOptions())


@pytest.mark.parametrize(("language", "tag", "message"), [
    ("\u0434\u0435", "B-A", "language '\u0434\u0435'; allowed"),
    ("d" * 17, "B-A", "allowed: a letter"),
    ("de", "b-person", "tag 1 is 'b-person'"), ("de", "B-\ud83d", "half a character")])
def test_what_a_task_file_cannot_hold(tmp_path, language, tag, message):
    path = tmp_path / "train.jsonl"
    path.write_text(json.dumps({"tokens": ["Ann"], "tags": [tag], "lang": language}) + "\n")
    with pytest.raises(UserError, match="train.jsonl:1: ") as caught:
        run(path, tmp_path / "task")
    assert message in str(caught.value)


class _Rows(list):
    """Stands in for a Dataset: rows and the features that name number tags."""

    features = {"ner_tags": types.SimpleNamespace(
        feature=types.SimpleNamespace(names=["O", "B-PER"]))}


def test_hugging_face_datasets(tmp_path, monkeypatch):
    asked = []

    def load_dataset(name, config):
        asked.append((name, config))
        return {split: _Rows({"tokens": [f"{split}{config}{n}", "x"], "ner_tags": [1, 0],
                              "langs": [config, config]} for n in range(3))
                for split in ("train", "validation", "test", "extra")}

    monkeypatch.setitem(sys.modules, "datasets", types.SimpleNamespace(load_dataset=load_dataset))
    sources = dataset_sources("wikiann", ["de", "fr"])
    record = convert(sources, tmp_path / "task", ConvertOptions())
    assert asked == [("wikiann", "de"), ("wikiann", "fr")]
    assert record["splits"]["dev"] == {"de": 3, "fr": 3} == record["splits"]["transfer"]
    assert rows(tmp_path / "task", "train")[0].tags == ("B-PER", "O")


def test_the_datasets_library_is_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UserError, match=r"pip install xtremedistil-tf\[datasets\]"):
        dataset_sources("wikiann", [])


def test_every_count_of_our_readers_is_told():
    told = {*conversion_record._TOLD, *conversion_record._SEPARATE, *texts_record._TOLD}
    paths = (ROOT / "xtremedistil_tf" / "corpora").rglob("*.py")
    found = {name for path in paths for name in re.findall(
        r'counts\["(\w+)"\]', path.read_text("utf-8"))}
    assert found and not found - told - {"unusable_rows", "without_entity", "cut", "unknown"}
    assert changes({"counts": {"own_things": 3}}) == ["3 own_things"]
