"""Starts of the student's embedding: reductions of the teacher's, and word vectors from files."""

import numpy as np
import pytest

from xtremedistil_tf.config import StudentConfig
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.models.layers.embeddings import reduce_embeddings, remove_top_components
from xtremedistil_tf.models.layers.word_vectors import read_word_vectors

ROWS = np.array([0, 1, 17, 4])
TEACHER = np.random.default_rng(2).normal(size=(30, 8)).astype(np.float32)
PIECES = [None, "[UNK]", "Berlin", "##ing", "the"]


def test_embeddings_are_aligned_by_piece_id():
    # A teacher of rank two: two dimensions hold all of it, so rows keep their inner products.
    generator = np.random.default_rng(0)
    teacher = (generator.normal(size=(30, 2)) @ generator.normal(size=(2, 8))).astype(np.float32)
    rows = reduce_embeddings(teacher, ROWS, width=2, method="svd", seed=0)
    assert rows.shape == (4, 2) and not rows[0].any()
    expected = teacher[[1, 17, 4]] @ teacher[[1, 17, 4]].T
    assert np.allclose(rows[1:] @ rows[1:].T, expected, rtol=1e-3, atol=1e-3)


def test_embeddings_cannot_be_wider_than_the_teachers():
    with pytest.raises(UserError, match="--word_emb_dim is 9, but the teacher's .* 8 wide"):
        reduce_embeddings(np.ones([30, 8]), np.array([0, 1]), width=9, method="svd", seed=0)


def test_full_keeps_the_teachers_rows():
    rows = reduce_embeddings(TEACHER, ROWS, width=8, method="full", seed=0)
    np.testing.assert_array_equal(rows[1:], TEACHER[[1, 17, 4]])
    with pytest.raises(UserError, match="--word_emb_dim is 4, allowed: 8"):
        reduce_embeddings(TEACHER, ROWS, width=4, method="full", seed=0)


def test_post_processing_takes_the_largest_components_out():
    strong = np.zeros(8, np.float32)
    strong[3] = 50.0
    rows = TEACHER + np.random.default_rng(1).normal(size=(30, 1)) * strong + 7.0
    left = remove_top_components(rows, 1, 0)
    np.testing.assert_allclose(left.mean(axis=0), 0, atol=1e-4)
    assert rows[:, 3].std() > 20 > 2 > left[:, 3].std()
    _, sizes, _ = np.linalg.svd(rows - rows.mean(axis=0))
    np.testing.assert_allclose(np.linalg.svd(left)[1][:7], sizes[1:], rtol=1e-3)


def test_ppa_is_applied_before_and_after_the_reduction():
    rows = reduce_embeddings(TEACHER, ROWS, width=4, method="ppa", seed=0, components=2)
    assert rows.shape == (4, 4) and not rows[0].any()
    # Of the four dimensions two are taken out again.
    everything = np.arange(30)
    assert np.linalg.matrix_rank(
        reduce_embeddings(TEACHER, everything, width=4, method="ppa", seed=0, components=2)[1:],
        tol=1e-3) == 2
    with pytest.raises(UserError, match="--ppa_components is 4; allowed: fewer than"):
        reduce_embeddings(TEACHER, ROWS, width=4, method="ppa", seed=0, components=4)


@pytest.mark.parametrize("header", ["", "4 3\n"])
def test_word_vectors_of_both_forms(tmp_path, header):
    path = tmp_path / "any.name"
    path.write_text(f"{header}the 1 2 3\nberlin 4 5 6\n. . . 0 0 0\ning 7 8 9\n", "utf-8")
    rows, found = read_word_vectors(path, PIECES, 3, 0)
    assert rows.dtype == np.float32 and not rows[0].any()
    np.testing.assert_array_equal(rows[2:], [[4, 5, 6], [7, 8, 9], [1, 2, 3]])
    assert 0 < np.abs(rows[1]).max() <= 0.05
    assert found == {"vectors": 4, "found": 3, "rows": 5}


def test_a_piece_as_it_is_goes_before_lower_case_and_the_first_of_equal_words_counts(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("berlin 1 1\nBerlin 2 2\nBerlin 3 3\n##ing 4 4\ning 5 5\n", "utf-8")
    rows, _ = read_word_vectors(path, PIECES, 2, 0)
    np.testing.assert_array_equal(rows[2:4], [[2, 2], [4, 4]])


@pytest.mark.parametrize("text, message", [
    ("the 1 2 3\n", r"vectors:1: a vector of 3 numbers; --word_emb_dim is 2, allowed: 3"),
    ("9 3\nthe 1 2 3\n", r"vectors:1: vectors of 3 numbers; --word_emb_dim is 2, allowed: 3"),
    ("a 1 2\nthe 1\n", r"vectors:2: a vector of 1 numbers"),
    ("a 1 2\nthe 1 x\n", r"vectors:2: the vector of 'the' holds something that is not a number"),
    ("", "no vector in it"),
])
def test_files_that_do_not_fit_are_refused(tmp_path, text, message):
    path = tmp_path / "vectors"
    path.write_text(text, "utf-8")
    with pytest.raises(UserError, match=message):
        read_word_vectors(path, PIECES, 2, 0)


def test_a_file_and_its_method_go_together():
    with pytest.raises(UserError, match="allowed: --word_embedding=file with a file"):
        StudentConfig(word_embedding="file")
    with pytest.raises(UserError, match="--word_embedding is svd, --word_emb_file is x"):
        StudentConfig(word_embedding="svd", word_emb_file="x")
