"""Files and folders of a run that are whole or not there."""

import errno
import os

import filelock
import numpy as np
import pytest

from xtremedistil_tf.config.checks import check_output
from xtremedistil_tf.errors import UserError, user_mistake
from xtremedistil_tf.files import fingerprints, locks
from xtremedistil_tf.files.atomic import atomic_folder, atomic_path
from xtremedistil_tf.files.contents import read_json, write_array, write_json
from xtremedistil_tf.files.fingerprints import file_fingerprint, folder_fingerprint, sha256_of
from xtremedistil_tf.files.leftovers import sweep_beside, sweep_leftovers
from xtremedistil_tf.files.locks import one_at_a_time, sole_writer


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


def test_a_long_name_is_written(tmp_path):
    path = tmp_path / ("ä" * 123 + ".json")
    write_json(path, 1)
    assert [one.name for one in tmp_path.iterdir()] == [path.name] and read_json(path) == 1


@pytest.mark.parametrize("below, folder, why", [
    ("file/out.tsv", False, "file is a file, so nothing can be written below it"),
    ("file/a/b", True, "file is a file, so nothing can be written below it"),
    ("file", True, "file is a file; allowed: a folder"),
    ("pipe", True, "pipe is a file; allowed: a folder"),
    ("pipe", False, "pipe is no file; allowed: a file name"),
    ("", False, "is a folder; allowed: a file name")])
def test_places_for_no_output_are_told(tmp_path, below, folder, why):
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match=f"--output .*{why}"):
        check_output(tmp_path / below, folder=folder)
    check_output(tmp_path / "new" / "out.tsv", folder=folder)


@pytest.mark.parametrize("writing", [atomic_path, atomic_folder])
def test_what_the_disk_refuses_is_told_with_its_place(tmp_path, writing):
    for named in (False, True):
        with pytest.raises(OSError) as told, writing(tmp_path / "a") as temporary:
            raise OSError(errno.ENOSPC, "No space left", *[temporary] * named)
        assert told.value.filename == str(tmp_path / "a") and not list(tmp_path.iterdir())
    with pytest.raises(Exception) as told, writing(tmp_path / "a"):
        raise Exception("No space left on device (os error 28)")  # Of a library in Rust.
    assert user_mistake(told.value, []) == f"{tmp_path / 'a'}: No space left on device"


@pytest.mark.parametrize("rows", [500, 3000])
def test_an_array_that_the_disk_does_not_hold_is_told(tmp_path, rows):
    """np.save says nothing of the first one, and gives no error number for the second."""
    resource = pytest.importorskip("resource")
    write_array(tmp_path / "a.npy", np.arange(rows))
    assert np.array_equal(np.load(tmp_path / "a.npy"), np.arange(rows))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(OSError) as told:
            write_array(tmp_path / "a.npy", np.arange(rows))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert told.value.errno == errno.EFBIG


def test_a_fingerprint_is_the_start_of_the_checksum(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_of(tmp_path / "a").startswith("ba7816bf8f01cfea414140de5dae2223")
    assert file_fingerprint(tmp_path / "a") == "ba7816bf8f01cfea"


def test_large_weights_are_read_again_only_if_they_changed(tmp_path, monkeypatch):
    weights, config = tmp_path / "model.safetensors", tmp_path / "config.json"
    weights.write_bytes(bytes(1 << 20))
    config.write_text("{}")
    read = []
    monkeypatch.setattr(
        fingerprints, "sha256_of", lambda path: read.append(path.name) or sha256_of(path))
    first = folder_fingerprint(tmp_path)
    assert folder_fingerprint(tmp_path) == first
    assert read == [config.name, weights.name, config.name]
    time = weights.stat().st_mtime_ns
    weights.write_bytes(b"a" + bytes((1 << 20) - 1))
    os.utime(weights, ns=(time, time + 1))
    assert folder_fingerprint(tmp_path) != first


def test_writers_of_one_place_do_not_meet(tmp_path):
    """Processes in containers that share a folder may have equal ids."""
    with atomic_path(tmp_path / "a") as first, atomic_folder(tmp_path / "b") as folder:
        with atomic_path(tmp_path / "a") as second, atomic_folder(tmp_path / "b") as other:
            second.write_text("second")
            (other / "second").touch()
        first.write_text("first")
        (folder / "first").touch()
    assert (tmp_path / "a").read_text() == "first"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b", "first"]


@pytest.mark.parametrize("sweep", [lambda folder: sweep_beside(folder / "onnx"), sweep_leftovers])
def test_leftovers_go_and_what_was_whole_comes_back(tmp_path, sweep):
    for name in (".tmp-12-onnx", ".old-12-onnx", ".my-onnx"):
        (tmp_path / name).mkdir()
    (tmp_path / ".old-12-onnx" / "whole").touch()
    sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*")) == [".my-onnx", "onnx", "whole"]
    (tmp_path / ".tmp-12-other-onnx").mkdir()
    sweep_beside(tmp_path / "onnx")
    assert (tmp_path / ".tmp-12-other-onnx").exists()


def test_a_run_in_the_folder_keeps_what_it_is_writing(tmp_path):
    """Such as one of a study whose process was killed, and that goes on."""
    for run in ("ended", "live"):
        (tmp_path / "runs" / run / "stages" / ".tmp-12-progress").mkdir(parents=True)
    (tmp_path / "runs" / "live" / ".lock").touch()
    (tmp_path / ".lock").touch()
    sweep_leftovers(tmp_path)
    assert [path.parts[-3] for path in tmp_path.rglob(".tmp-*")] == ["live"]


def test_a_folder_without_rights_needs_no_lock(tmp_path, monkeypatch):
    with one_at_a_time(tmp_path / ".lock"):
        assert (tmp_path / ".lock").exists()
    monkeypatch.setattr(locks, "can_write", lambda folder: False)
    with one_at_a_time(tmp_path / ".other"):
        assert not (tmp_path / ".other").exists()


def test_what_killed_writers_of_a_shared_file_left_goes_with_its_lock_held(tmp_path, monkeypatch):
    path = tmp_path / "targets" / "dev" / "manifest.json"
    path.parent.mkdir(parents=True)
    for name in (".tmp-12-manifest.json", ".tmp-12-other.json"):
        path.with_name(name).touch()
    with sole_writer(path), pytest.raises(filelock.Timeout):
        filelock.FileLock(path.with_name(".manifest.json.lock"), timeout=0).acquire()
    assert [left.name for left in path.parent.glob(".tmp-*")] == [".tmp-12-other.json"]
    monkeypatch.setattr(locks, "can_write", lambda folder: False)
    with sole_writer(path.with_name("other.json")):  # Nothing is removed without the right to.
        assert path.with_name(".tmp-12-other.json").exists()


def test_a_folder_behind_a_link_is_replaced_where_it_is(tmp_path):
    (tmp_path / "disk" / "task" / "old").mkdir(parents=True)
    link = tmp_path / "task"
    link.symlink_to(tmp_path / "disk" / "task")
    with atomic_folder(link) as temporary:
        (temporary / "new").touch()
    assert link.is_symlink() and [path.name for path in link.iterdir()] == ["new"]
    assert len(list(tmp_path.iterdir())) == 2 and len(list((tmp_path / "disk").iterdir())) == 1


@pytest.mark.parametrize("name", ["a[1].tsv", "x" * 253])
def test_beside_a_users_file_neither_lock_nor_leftover_stays(name, tmp_path):
    path = tmp_path / "made" / name
    for _ in range(2):
        with sole_writer(path, lock_stays=False):
            assert len(list(path.parent.iterdir())) == 1 + path.exists()
            path.touch()
        assert list(path.parent.iterdir()) == [path]
        if len(name) < 9:
            path.with_name(f".tmp-12-{name}").touch()
