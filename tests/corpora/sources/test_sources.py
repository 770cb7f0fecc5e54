"""Files, folders and archives: what is opened, what is passed over, what is refused."""

import bz2
import contextlib
import gzip
import io
import lzma
import os
import shlex
import tarfile
import zipfile

import pytest
from absl import flags

from xtremedistil_tf.corpora.conversion_record import describe_record
from xtremedistil_tf.corpora.convert import convert
from xtremedistil_tf.corpora.readers.base import ReadOptions, Tally
from xtremedistil_tf.corpora.source_rows import ConvertOptions
from xtremedistil_tf.corpora.sources.sources import find_sources, in_languages_of_inputs
from xtremedistil_tf.errors import UserError


def conll(name, count=4):
    return "\n\n".join(f"{name}{n} B-PER\nran O" for n in range(count)) + "\n"


def write(folder, **files):
    """Writes files; in their names __ stands for / and _ before the ending for the dot."""
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def splits(folder):
    found, others = find_sources(folder)
    return sorted((source.name[len(str(folder)) + 1:], source.split) for source in found), others


def read_all(path, **options):
    sources, _ = find_sources(path)
    return [row.words for source in sources
            for _, row in source.read(ReadOptions(**options), Tally())[1]]


@pytest.mark.parametrize(("files", "expected"), [
    (("train", "devel", "test"), ["dev", "test", "train"]),
    (("train", "eval", "test"), ["dev", "test", "train"]),
    (("train", "dev", "eval"), ["dev", "test", "train"]),
])
def test_eval_is_dev_or_beside_dev_test(tmp_path, files, expected):
    found, others = splits(write(tmp_path, **{name: conll(name) for name in files}))
    assert sorted(split for _, split in found) == expected and not others


def test_eval_beside_both_is_named_and_not_read(tmp_path):
    found, others = splits(write(tmp_path, train="", dev="", test="", eval=""))
    assert len(found) == 3 and others == [str(tmp_path / "eval")]


def test_a_pipe_is_refused(tmp_path):
    """It can be read once only, and the kind of its rows is looked for first."""
    os.mkfifo(tmp_path / "rows")
    with pytest.raises(UserError, match="--train .*rows is a pipe or a device, and files are read"):
        find_sources(tmp_path / "rows", split="train")


def test_folders_are_splits_and_languages(tmp_path):
    write(tmp_path, train__de="", train__fr="", dev__de="", dev__fr="", test__de="", test__fr="")
    found, _ = find_sources(tmp_path)
    assert {(source.split, source.language) for source in found} == {
        (split, language) for split in ("train", "dev", "test") for language in ("de", "fr")}


def test_language_folders_do_not_collapse(tmp_path):
    source = tmp_path / "in"
    for language in ("de", "en"):
        for split in ("train", "dev", "test"):
            write(source, **{f"{language}__{split}.txt": conll(language + split)})
    sources, _ = find_sources(source)
    record = convert(sources, tmp_path / "task", ConvertOptions())
    assert record["splits"]["train"] == {"de": 4, "en": 4}
    assert (tmp_path / "task" / "train.tsv").read_text().startswith("detrain0 ran\tde:B-PER de:O")
    assert "language de, by its name" in describe_record(record)
    record = convert(sources, tmp_path / "one", ConvertOptions(ReadOptions(language="xx")))
    assert record["splits"]["train"] == {"xx": 8}


def test_inputs_that_are_named_by_languages(tmp_path):
    found = []
    for name in ("de", "fr"):
        path = write(tmp_path / name, **{"train.txt": conll(name)})
        found.append((path, find_sources(path)[0]))
    assert [source.language for source in in_languages_of_inputs(found)] == ["de", "fr"]
    assert [source.language for source in in_languages_of_inputs(found[:1])] == [None]
    files = []
    for name in ("de.txt", "fr.txt"):
        (tmp_path / name).write_text(conll(name))
        files.append((tmp_path / name, find_sources(tmp_path / name, split="train")[0]))
    sources = in_languages_of_inputs(files)
    rows = [row for source in sources for _, row in source.read(ReadOptions(), Tally())[1]]
    assert {row.language for row in rows} == {"de", "fr"}
    rows = [row for _, row in sources[0].read(ReadOptions(language="xx"), Tally())[1]]
    assert {row.language for row in rows} == {"xx"}


def test_stray_files_are_passed_over(tmp_path):
    write(tmp_path, **{"train.txt": conll("a"), "._train.txt": b"\0\5\26\7", ".git__refs__dev": "x",
                       "train.txt~": "x", "__MACOSX__._dev.txt": "x", "train.py": "x"})
    found, others = splits(tmp_path)
    assert found == [("train.txt", "train")] and others == [str(tmp_path / "train.py")]
    (tmp_path / "README").symlink_to(tmp_path / "nowhere")
    assert splits(tmp_path)[0] == found
    (tmp_path / "dev.txt").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UserError, match="dev.txt is a link to a file that is not there"):
        splits(tmp_path)
    hidden = write(tmp_path / ".cache", **{"train.txt": conll("a")})
    assert splits(hidden)[0] == [("train.txt", "train")], "the input itself may be hidden"


def _zip(path, **members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "/"), text)
    return path


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress,
                                  lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
                                  lambda data: gzip.compress(bz2.compress(data))])
@pytest.mark.parametrize("name", ["train.txt.gz", "train.bin"])
def test_compressed_files_are_told_by_their_content(tmp_path, pack, name):
    (tmp_path / name).write_bytes(pack(conll("a", 2).encode()))
    assert read_all(tmp_path / name) == [("a0", "ran"), ("a1", "ran")]


def test_what_is_compressed_twice_is_opened(tmp_path):
    path = tmp_path / "train.txt.gz"
    path.write_bytes(gzip.compress(gzip.compress(b"Anna B-PER\n")))
    (source,), _ = find_sources(path)
    assert [row.words for _, row in source.read(ReadOptions(), Tally())[1]] == [("Anna",)]


def test_zip_archives_are_opened_as_tar_is(tmp_path):
    path = _zip(tmp_path / "corpus.zip", **{
        "corpus__train.txt": conll("a", 1), "corpus__dev.txt.gz": gzip.compress(b"b B-PER\n"),
        "__MACOSX__._train.txt": b"\0", "corpus__README": "x"})
    found, others = splits(path)
    assert [split for _, split in found] == ["dev", "train"]
    assert others == [f"{path}/corpus/README"]
    assert read_all(path) == [("b",), ("a0", "ran")]


def test_an_archive_without_its_usual_name(tmp_path):
    with tarfile.open(tmp_path / "corpus", "w:bz2") as archive:
        member = tarfile.TarInfo("train.txt")
        member.size = len(conll("a", 1))
        archive.addfile(member, io.BytesIO(conll("a", 1).encode()))
    assert read_all(tmp_path / "corpus") == [("a0", "ran")]


def test_the_one_file_of_an_archive_has_the_archives_split(tmp_path):
    path = _zip(tmp_path / "train.zip", **{"data.txt": conll("a", 1)})
    assert [source.split for source in find_sources(path)[0]] == ["train"]
    path = _zip(tmp_path / "all.zip", **{"a.txt": conll("a"), "b.txt": conll("b")})
    assert [source.split for source in find_sources(path, split="train")[0]] == ["train", "train"]
    write(tmp_path / "in", train="", test="", other="")
    assert [source.name for source in find_sources(tmp_path / "in", split="test")[0]] == [
        str(tmp_path / "in" / "test")]


@pytest.mark.parametrize(("begin", "message"), [
    (b"\x04\x22M\x18d@\xa7", "is compressed by LZ4; unpack it with unlz4"),
    (b"\x1f\x9d\x90AAAA", "is compressed by compress; unpack it with uncompress"),
    (b"(\xb5/\xfd....", "is compressed by Zstandard; unpack it with unzstd"),
    (b"7z\xbc\xaf'\x1c", "is a 7z archive; unpack it"), (b"%PDF-1.4", "is a PDF; save it as text"),
    (b"\xff\xff\xff\xff\0", "is an Arrow file"),
    (b"version https://git-lfs.github.com/spec/v1\noid", "is a pointer of Git LFS"),
    (b"<!DOCTYPE html><html>", "is an HTML page"),
    (b"\xef\xbb\xbf\r\n<HTML lang='de'>\nAnna\n", "is an HTML page"),
    (b"<?xml version='1.0'?>", "is XML; save it"),
    (b"\x80\x04\x95..", "a Python pickle"),
    (b"x\x9c\xed}", "such as spaCy's DocBin; write its documents with doc.to_json"),
])
def test_what_is_no_text_is_named_with_the_way_out(tmp_path, begin, message):
    (tmp_path / "train.txt").write_bytes(begin)
    with pytest.raises(UserError, match=message):
        read_all(tmp_path / "train.txt")


def test_names_in_archives_are_shown_in_one_line(tmp_path):
    path = _zip(tmp_path / "x.zip", **{"train\n\x1b[1m.txt": b"PAR1\x15"})
    with pytest.raises(UserError) as caught:
        read_all(path)
    assert str(caught.value).startswith(f"{path}/train??[1m.txt is a Parquet file")


@pytest.mark.parametrize("name", ["exports", "my exports", "it's; a,b \"c\""])
def test_the_command_for_a_folder_without_splits_names_it(tmp_path, name):
    write(tmp_path / name, **{"export1.conll": conll("a", 9), "export2.conll": conll("b", 9)})
    with pytest.raises(UserError, match="no file in it speaks of a split") as caught:
        find_sources(tmp_path / name)
    # As a shell and the flag read it.
    (typed,) = shlex.split(str(caught.value).rpartition(": ")[2])
    assert flags.ListParser().parse(typed[len("--train="):]) == [
        str(tmp_path / name)]
    assert len(find_sources(tmp_path / name, split="train")[0]) == 2


def test_archives_that_cannot_be_read(tmp_path):
    office = _zip(tmp_path / "train.xlsx", **{"[Content_Types].xml": "", "xl__a.xml": ""})
    with pytest.raises(UserError, match="train.xlsx is an Office file; save it as text, CSV"):
        find_sources(office)
    (tmp_path / "train.zip").write_bytes(b"PK\3\4broken")
    with pytest.raises(UserError, match="cannot be read as a zip archive: File is not a zip file$"):
        find_sources(tmp_path / "train.zip")
    inner = _zip(tmp_path / "outer.zip", **{"train.zip": office.read_bytes()})
    with pytest.raises(UserError, match="outer.zip/train.zip is a zip archive; unpack it first"):
        read_all(inner)
    for ending, mode in ((".tar", "w"), (".tar.gz", "w:gz"), (".tgz", "w:gz")):
        with tarfile.open(tmp_path / "own", mode) as archive:
            archive.add(tmp_path / "train.zip", "train.txt")
        inner = _zip(tmp_path / "outer.zip", **{f"train{ending}": (tmp_path / "own").read_bytes()})
        with pytest.raises(UserError, match=f"outer.zip/train{ending} is a tar archive inside an"):
            read_all(inner)
    (tmp_path / "cut.txt").write_bytes(bz2.compress(conll("a", 99).encode())[:60])
    with pytest.raises(UserError, match="cut.txt is damaged"):
        read_all(tmp_path / "cut.txt")


@pytest.mark.parametrize("data", [
    conll("a", 2).encode("utf-16"), conll("a", 2).encode("utf-32"),
    conll("a", 2).replace("\n", "\r").encode(), conll("a", 2).replace("\n", "\r\n").encode(),
    conll("a", 2).replace("\n", "\r", 1).encode(),
], ids=["utf-16", "utf-32", "cr", "crlf", "mixed"])
def test_encodings_and_line_ends(tmp_path, data):
    (tmp_path / "train.txt").write_bytes(data)
    assert read_all(tmp_path / "train.txt")[0] == ("a0", "ran")
    assert len(read_all(tmp_path / "train.txt")) == 2


def test_an_encoding_that_is_named(tmp_path):
    (tmp_path / "train.txt").write_bytes("Müller B-PER\n".encode("latin-1"))
    assert read_all(tmp_path / "train.txt", encoding="latin-1") == [("Müller",)]
    sources, _ = find_sources(tmp_path / "train.txt")
    with pytest.raises(UserError, match=r"train.txt:1: not UTF-8 at byte 2 .*--encoding"):
        convert(sources, tmp_path / "task", ConvertOptions())


def test_marks_of_files_that_were_joined(tmp_path):
    (tmp_path / "train.txt").write_bytes(conll("a", 1).encode("utf-8-sig") * 2)
    counts = Tally()
    (source,), _ = find_sources(tmp_path / "train.txt")
    rows = [row.words for _, row in source.read(ReadOptions(), counts)[1]]
    assert rows == [("a0", "ran", "a0", "ran")] and counts["byte_order_marks"] == 1


def test_errors_of_a_files_columns_name_the_file(tmp_path):
    (tmp_path / "train.txt").write_text("a B-X B-Y\nb O O\n")
    with pytest.raises(UserError, match="train.txt: 2 columns hold tags: 2 .X.; 3 .Y."):
        read_all(tmp_path / "train.txt")


@pytest.mark.parametrize("again", [
    [("transfer", "extra.txt")], [("train", "train.txt")], [("dev", "dev.txt"), ("dev", "dev.txt")],
    [("train", "../in/train.txt")], [("transfer", "extra.txt"), ("transfer", "train2.txt")]])
def test_a_file_that_is_given_twice_is_read_once(tmp_path, again):
    folder = write(tmp_path / "in", **{f"{name}.txt": conll(name) for name in (
        "train", "train2", "dev", "test", "extra")})
    sources, _ = find_sources(folder)
    for split, name in again:
        sources += find_sources(folder / name, split=split)[0]
    record = convert(sources, tmp_path / "task", ConvertOptions())
    sizes = {split: sum(found.values()) for split, found in record["splits"].items()}
    more = 4 * any(name == "train2.txt" for _, name in again)
    assert sizes == {"train": 8, "dev": 4, "test": 4, "transfer": 4 + more}
    told = describe_record(record)
    assert "is given twice: read once" in told or "../in/train.txt not read: the same" in told


def test_a_file_of_a_folder_of_a_language_that_is_given_twice_is_read_once(tmp_path):
    folder = write(tmp_path / "in", **{f"{language}__train.txt": conll(language, 12)
                                       for language in ("de", "fr")})
    sources = find_sources(folder)[0] + find_sources(folder / "de" / "train.txt", split="train")[0]
    record = convert(sources, tmp_path / "task", ConvertOptions())
    assert set(record["splits"]["train"]) == {"de", "fr"}


def test_archives_that_are_given_twice_or_hold_a_name_twice_are_read_once(tmp_path):
    path = tmp_path / "in.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for word in ("old", "new"):
            with pytest.warns(UserWarning) if word == "new" else contextlib.nullcontext():
                archive.writestr("train.txt", conll(word, 12))
    sources = [*find_sources(path)[0], *find_sources(path)[0]]
    record = convert(sources, tmp_path / "task", ConvertOptions())
    assert sum(sum(found.values()) for found in record["splits"].values()) == 12
    assert (tmp_path / "task" / "train.tsv").read_text().startswith("new")


@pytest.mark.parametrize("split", [None, "train", "transfer"])
def test_a_missing_file_is_told_by_the_flag_that_names_it(tmp_path, split):
    with pytest.raises(UserError, match=f"^--{split or 'input'} .*none.tsv: no such file"):
        find_sources(tmp_path / "none.tsv", split=split)
