"""Initial word embeddings of a student, reduced from the teacher's or random."""

from typing import Callable, Dict

import numpy as np
from sklearn.decomposition import PCA, TruncatedSVD

from xtremedistil_tf.errors import UserError

# Bounds of random embeddings, as in Keras' Embedding layer.
_RANDOM = 0.05


def check_embedding_width(width: int, teacher_width: int, method: str) -> None:
    """Refuses a student's embedding width that the method cannot produce.

    Raises:
      UserError: if `width` is larger than the teacher's, or with "full" differs from it.
    """
    if method in ("random", "file"):
        return
    if method == "full" and width != teacher_width:
        raise UserError(
            f"--word_embedding=full keeps the teacher's width; --word_emb_dim is {width}, allowed: "
            f"{teacher_width}"
        )
    if width > teacher_width:
        raise UserError(
            f"--word_emb_dim is {width}, but the teacher's embeddings are {teacher_width} wide; "
            "allowed: at most that, or --word_embedding=random"
        )


def remove_top_components(rows: np.ndarray, components: int, seed: int) -> np.ndarray:
    """Centres rows and removes their largest principal components.

    Args:
      rows: float [rows, dim].
      components: d, the number of components; below dim.
      seed: seed of the randomized solver.

    Returns:
      float [rows, dim].

    Source: the post-processing (PPA) of Raunak et al. (2019), paper Table 7.
    """
    centred = rows - rows.mean(axis=0)
    if components == 0:
        return centred
    top = PCA(components, random_state=seed).fit(centred).components_
    return centred - centred @ top.T @ top


def _svd(rows: np.ndarray, width: int, seed: int, components: int) -> np.ndarray:
    if width == rows.shape[1]:
        return rows
    return TruncatedSVD(width, random_state=seed).fit_transform(rows)


def _pca(rows: np.ndarray, width: int, seed: int, components: int) -> np.ndarray:
    return PCA(width, random_state=seed).fit_transform(rows)


def _ppa(rows: np.ndarray, width: int, seed: int, components: int) -> np.ndarray:
    if components >= width:
        raise UserError(f"--ppa_components is {components}; allowed: fewer than --word_emb_dim "
                        f"({width})")
    reduced = _pca(remove_top_components(rows, components, seed), width, seed, 0)
    return remove_top_components(reduced, components, seed)


def _full(rows: np.ndarray, width: int, seed: int, components: int) -> np.ndarray:
    return rows


# By --word_embedding. "svd_pretrained" is "svd" of the pre-trained teacher's embeddings.
_REDUCTIONS: Dict[str, Callable[[np.ndarray, int, int, int], np.ndarray]] = {
    "svd": _svd, "svd_pretrained": _svd, "pca": _pca, "ppa": _ppa, "full": _full,
}


def random_embeddings(rows: int, width: int, seed: int) -> np.ndarray:
    """Returns random rows, float32 [rows, width]; row 0 (padding) is zero."""
    return _padded(np.random.default_rng(seed).uniform(-_RANDOM, _RANDOM, (rows, width)))


def _padded(rows: np.ndarray) -> np.ndarray:
    rows = np.array(rows, np.float32)
    rows[0] = 0.0
    return rows


def reduce_embeddings(
    teacher_embeddings: np.ndarray,
    rows: np.ndarray,
    *, width: int,
    method: str,
    seed: int,
    components: int = 0,
) -> np.ndarray:
    """Reduces the teacher's word embeddings and selects the rows of the student's vocabulary.

    The reduction is fitted on all subword tokens of the teacher, as in the paper. So it does not
    depend on the tokens in the data.

    Args:
      teacher_embeddings: float32 [teacher's vocabulary, teacher's width] of the fine-tuned teacher,
        or of the pre-trained one for "svd_pretrained".
      rows: int [student's vocabulary], the teacher's id of each subword token of the student.
      width: E, at most the teacher's width.
      method: "svd" or "svd_pretrained" (paper section 4.2), "pca" (mean-centred; the released
        code), "ppa" (PCA between two rounds of `remove_top_components`), "full" (no reduction) or
        "random".
      seed: seed of the randomized solver and of random embeddings.
      components: d of "ppa" (paper Table 7: 14 and 17).

    Returns:
      float32 [len(rows), width]; row 0 (padding) is zero.

    Raises:
      UserError: if the method cannot produce that width.
    """
    check_embedding_width(width, teacher_embeddings.shape[1], method)
    if method == "random":
        return random_embeddings(len(rows), width, seed)
    reduced = _REDUCTIONS[method](teacher_embeddings, width, seed, components)
    return _padded(reduced[rows])
