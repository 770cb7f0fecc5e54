"""The manifest: every file of a folder is the one that was written with the others."""

import hashlib
import json

import pytest

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.validation.manifest import (
    MANIFEST_FILE,
    STUDENT_WAY_OUT,
    TEACHER_WAY_OUT,
    check_manifest,
    write_manifest,
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "a.bin").write_bytes(bytes(range(256)))
    (tmp_path / "below" / "b.txt").write_text("b", "utf-8")
    (tmp_path / "README.md").write_text("card", "utf-8")
    write_manifest(tmp_path)
    return tmp_path


def told_of(folder, **options):
    with pytest.raises(UserError) as error:
        check_manifest(folder, **options)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_it_names_every_file_but_the_card(folder):
    record = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert set(record["sha256"]) == {"a.bin", "below/b.txt"}
    assert record["sha256"]["a.bin"] == hashlib.sha256(bytes(range(256))).hexdigest()
    check_manifest(folder, reads=["a.bin", "below/b.txt"])


def test_whatever_changes_is_named(folder):
    raw = bytearray((folder / "a.bin").read_bytes())
    raw[77] ^= 1
    (folder / "a.bin").write_bytes(raw)
    told = told_of(folder)
    assert "a.bin" in told and "checksum" in told and "--noverify" in told
    check_manifest(folder, skip=["a.bin"])
    (folder / "a.bin").write_bytes(raw[:100])
    assert "has 100 bytes; it was written with 256" in told_of(folder)
    (folder / "a.bin").unlink()
    assert "a.bin is missing" in told_of(folder)
    check_manifest(folder, skip=["a.bin"])


@pytest.mark.parametrize("way_out", [STUDENT_WAY_OUT, TEACHER_WAY_OUT])
def test_a_file_changed_on_purpose_has_a_way_out_in_every_command(folder, way_out):
    """--noverify is a flag of some commands only."""
    (folder / "a.bin").write_bytes(b"mine")
    assert MANIFEST_FILE in told_of(folder, way_out=way_out).partition("; ")[2]
    (folder / MANIFEST_FILE).unlink()
    check_manifest(folder, reads=["a.bin"], way_out=way_out)


def test_the_card_may_be_changed_and_files_may_be_added(folder):
    (folder / "README.md").write_text("my card", "utf-8")
    (folder / "notes.txt").write_text("mine", "utf-8")
    check_manifest(folder, reads=["a.bin"])
    assert "does not name it" in told_of(folder, reads=["notes.txt"])


def test_folders_of_before_have_none(folder):
    (folder / "manifest.json").unlink()
    check_manifest(folder, reads=["notes.txt"])


@pytest.mark.parametrize("text", [
    "", "{}", "[]", '{"sha256": {}, "bytes": {"a.bin": 256}}',
    '{"sha256": {"a.bin": "x"}, "bytes": {"a.bin": 256}}',
    '{"sha256": {"../a": "%s"}, "bytes": {"../a": 1}}' % ("0" * 64),
    '{"sha256": {"/dev/zero": "%s"}, "bytes": {"/dev/zero": 0}}' % ("0" * 64),
])
def test_a_damaged_manifest_is_told(folder, text):
    (folder / "manifest.json").write_text(text, "utf-8")
    assert "manifest.json" in told_of(folder)


def test_the_manifest_itself_flipped_bit_by_bit(folder):
    """Each flip is told, or changes white space alone."""
    raw = (folder / "manifest.json").read_bytes()
    same = json.loads(raw)
    for at in range(0, len(raw)):
        flipped = bytearray(raw)
        flipped[at] ^= 1 << at % 8
        (folder / "manifest.json").write_bytes(flipped)
        try:
            check_manifest(folder, reads=["a.bin", "below/b.txt"])
        except UserError:
            continue
        assert json.loads(bytes(flipped)) == same


def test_line_ends_that_git_changed_are_named_as_the_cause(folder):
    (folder / "below" / "b.txt").write_bytes(b"b\nc\n")
    write_manifest(folder)
    (folder / "below" / "b.txt").write_bytes(b"b\r\nc\r\n")
    assert "core.autocrlf" in told_of(folder)
    (folder / "below" / "b.txt").write_bytes(b"b\r\nd\r\n")
    assert "core.autocrlf" not in told_of(folder)


def test_a_damaged_manifest_has_a_way_out(folder):
    (folder / MANIFEST_FILE).write_bytes(b"")
    assert told_of(folder).endswith(STUDENT_WAY_OUT)
