"""Arrays of a folder: a header can claim anything."""

import resource

import numpy as np
import pytest

from xtremedistil_tf.data.tokenization.vocabulary import StudentVocabulary
from xtremedistil_tf.errors import UserError


def header(text):
    """A .npy file of version 1.0 with a header and no data."""
    raw = text.encode("latin-1")
    raw += b" " * (-(10 + len(raw) + 1) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(raw).to_bytes(2, "little") + raw


def saved(tmp_path, array):
    path = tmp_path / "vocabulary.npy"
    with open(path, "wb") as file:
        np.save(file, array, allow_pickle=True)
    return path


@pytest.mark.parametrize("array,told", [
    (np.zeros(0, np.int32), "holds 0 numbers"), (np.array([9, 0], np.int32), "holds 2 numbers"),
    (np.zeros((3, 3), np.int32), "(3, 3)"), (np.array(5), "()"),
    (np.array(["a", "b", "c"]), "needed are integers"), (np.array([9.0, 0, 1]), "integers"),
    (np.array([None, 1, 2]), "integers"), (np.array([9, 0, -1], np.int32), "-1"),
    (np.array([9, 0, 9], np.int32), "allowed: 0 to 8"),
    (np.array([-9, 0, 1], np.int32), "size is -9"),
    (np.array([1 << 40, 0, 1]), "size is 1099511627776"),
    (np.array([9, 0, 1, 5, 5], np.int32), "repeat"),
    (np.array([9, 0, 1, 5, 4], np.int32), "order"),
    (np.array([9, 0, 1, 0], np.int32), "repeat"),
])
def test_what_is_no_vocabulary_is_told(tmp_path, array, told):
    path = saved(tmp_path, array)
    with pytest.raises(UserError) as error:
        StudentVocabulary.load(path)
    assert told in str(error.value) and str(path) in str(error.value)


@pytest.mark.parametrize("raw", [
    b"", b"\x93NUMPY", b"\x93NUMPY\x02\x00\x00\x00\x00\x00", header("{}"), header("(" * 500),
    header("{'descr': '<i4', 'fortran_order': False, 'shape': (1099511627776,), }"),
    header("{'descr': '<i4', 'fortran_order': False, 'shape': (-4,), }"),
    header("{'descr': '|O', 'fortran_order': False, 'shape': (4,), }"), b"PK\x03\x04" + b"\0" * 50,
])
def test_a_header_that_claims_too_much_costs_nothing(tmp_path, raw):
    path = tmp_path / "vocabulary.npy"
    path.write_bytes(raw)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UserError) as error:
        StudentVocabulary.load(path)
    assert "cannot be read" in str(error.value) and "\n" not in str(error.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


def test_a_vocabulary_comes_back(tmp_path):
    made = StudentVocabulary.from_seen([np.array([5, 7])], 0, 1, 9)
    made.save(tmp_path / "v.npy")
    found = StudentVocabulary.load(tmp_path / "v.npy")
    assert found.teacher_ids.tolist() == [0, 1, 5, 7]
    assert found.table.tolist() == made.table.tolist()
