"""Files and folders of a run that are whole or not there."""

import os

import pytest

from xtremedistil_tf.runs import atomic_folder, file_fingerprint, sha256_of


def test_a_folder_that_cannot_be_replaced_stays(tmp_path, monkeypatch):
    folder, replace = tmp_path / "store", os.replace
    folder.mkdir()
    (folder / "old").touch()

    def fail(source, target):
        if ".tmp-" in str(source):
            raise OSError("no space left")
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no space left"), atomic_folder(folder) as temporary:
        (temporary / "new").touch()
    assert [path.name for path in tmp_path.rglob("*")] == ["store", "old"]
    monkeypatch.undo()
    with atomic_folder(folder) as temporary:
        (temporary / "new").touch()
    assert [path.name for path in tmp_path.rglob("*")] == ["store", "new"]


def test_a_fingerprint_is_the_start_of_the_checksum(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_of(tmp_path / "a").startswith("ba7816bf8f01cfea414140de5dae2223")
    assert file_fingerprint(tmp_path / "a") == "ba7816bf8f01cfea"
