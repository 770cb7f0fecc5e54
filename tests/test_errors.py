"""Which errors the user can mend, and which are faults of ours."""

import doctest
import errno
import os
import pathlib
import tempfile

import pytest
from safetensors import SafetensorError

from xtremedistil_tf import errors, keras2
from xtremedistil_tf.errors import is_lost_worker, is_out_of_memory, user_mistake
from xtremedistil_tf.keras2 import tf


def raised(work):
    """What a call raises."""
    with pytest.raises(Exception) as caught:
        work()
    return caught.value


def test_examples():
    assert doctest.testmod(errors).failed == 0


def test_tensorflows_file_errors_are_told_like_pythons(tmp_path):
    path = str(tmp_path / "none" / "x")
    folder = str(tmp_path / "none")
    found = [raised(lambda: tf.io.read_file(path)),
             raised(lambda: tf.io.gfile.GFile(path).read()),
             raised(lambda: list(tf.data.TFRecordDataset(path))),
             raised(lambda: pathlib.Path(path).read_text())]
    for error in found:
        assert user_mistake(error, ["D4.2", folder]) == f"{path}: No such file or directory"
        assert user_mistake(error, ["D4.2", "", "/", str(tmp_path / "non")]) is None
        assert not is_out_of_memory(error)


def test_a_disk_that_fills_up_is_never_our_fault(tmp_path):
    writer = tf.io.TFRecordWriter("/dev/full")
    writer.write(b"x" * 10)
    error = raised(writer.close)
    assert "No space left on device" in user_mistake(error, [])
    assert not is_out_of_memory(error)
    model = tf.train.Checkpoint(x=tf.Variable(0.0))
    error = raised(lambda: model.write("/proc/x/checkpoint"))
    # The folder was not named, so that writing there is a fault of ours.
    assert user_mistake(error, []) is None


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EFBIG])
def test_what_the_system_refuses_is_the_users(code):
    reason = os.strerror(code)
    for error in (OSError(code, reason, "/a/b"),
                  tf.errors.ResourceExhaustedError(None, None, f"/a/b; {reason}"),
                  tf.errors.PermissionDeniedError(
                      None, None, f"{{{{function_node __wrapped__X}}}} /a/b; {reason} [Op:X]")):
        assert user_mistake(error, []) == f"/a/b: {reason}"
    for error in (SafetensorError(f"Error: I/O error: {reason} (os error {code})"),
                  OSError(f"Can't write data (file write failed: errno = {code}, error 'x')")):
        assert user_mistake(error, []) == f"file system: {reason}"


def test_no_folder_for_temporary_files_is_told(monkeypatch):
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/none"])
    monkeypatch.setattr(tempfile, "tempdir", None)
    error = raised(tempfile.TemporaryFile)
    assert "in ['/none']; set TMPDIR to" in user_mistake(error, [])
    with keras2._hushed(True):  # TensorFlow is loaded all the same.
        pass


def test_damaged_files_are_the_users(tmp_path):
    path = tmp_path / "x.tfrecord"
    path.write_bytes(b"no record at all")
    error = raised(lambda: list(tf.data.TFRecordDataset(str(path))))
    assert "corrupted record" in user_mistake(error, [])
    assert user_mistake(SafetensorError("HeaderTooLarge"), []) == "HeaderTooLarge"


@pytest.mark.parametrize("error", [
    tf.errors.NotFoundError(None, None, "No registered 'X' OpKernel for 'CPU' devices"),
    tf.errors.InternalError(None, None, "Blas GEMM launch failed"),
    ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"),
    OSError("told by a library"), OSError(errno.EMFILE, "Too many open files"),
    ValueError("x"), KeyError("model_dir")])
def test_other_errors_are_ours(error, tmp_path):
    assert user_mistake(error, [str(tmp_path), "model_dir"]) is None
    assert not is_out_of_memory(error) and not is_lost_worker(error)


@pytest.mark.parametrize("error", [
    MemoryError(), OSError(errno.ENOMEM, "Cannot allocate memory"),
    tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor with shape[9,9]"),
    tf.errors.ResourceExhaustedError(None, None, "failed to allocate memory [Op:AddV2]"),
    tf.errors.InternalError(None, None, "CUDA_ERROR_OUT_OF_MEMORY: out of memory")])
def test_memory_that_ran_out_is_known(error):
    assert is_out_of_memory(error) and user_mistake(error, []) is None
