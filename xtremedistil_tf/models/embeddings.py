"""Where the student's word embedding starts: the teacher's, reduced in width."""

import numpy as np
from sklearn.decomposition import PCA, TruncatedSVD

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inputs.vocabulary import StudentVocabulary


def check_embedding_width(width: int, teacher_width: int, method: str) -> None:
    """Refuses a student embedding that no reduction of the teacher's can give.

    Raises:
      UserError: if `width` is larger than the teacher's.
    """
    if method != "random" and width > teacher_width:
        raise UserError(
            f"--word_emb_dim is {width}, but the teacher's embeddings are {teacher_width} wide; "
            "allowed: at most that, or --word_embedding=random"
        )


def reduce_embeddings(
    teacher_embeddings: np.ndarray,
    vocabulary: StudentVocabulary,
    width: int,
    method: str,
    seed: int,
) -> np.ndarray:
    """Reduces the teacher's word embeddings and picks the student's rows by piece id.

    The reduction is fitted on all pieces of the teacher, as in the paper, so that it does not
    depend on which of them were seen.

    Args:
      teacher_embeddings: float32 [pieces, teacher width], row = piece id, of the fine-tuned
        teacher.
      vocabulary: the student's rows.
      width: E, at most the teacher's width.
      method: "svd" (paper section 4.2), "pca" (mean-centred; the released code) or "random".
      seed: for the randomised solver and the random start.

    Returns:
      float32 [len(vocabulary), width]; row 0 (padding) is zero.

    Raises:
      UserError: if `width` is larger than the teacher's.
    """
    check_embedding_width(width, teacher_embeddings.shape[1], method)
    if method == "random":
        rows = np.random.default_rng(seed).uniform(-0.05, 0.05, (len(vocabulary), width))
    else:
        if width == teacher_embeddings.shape[1] and method == "svd":
            reduced = teacher_embeddings
        elif method == "svd":
            reduced = TruncatedSVD(width, random_state=seed).fit_transform(teacher_embeddings)
        else:
            reduced = PCA(width, random_state=seed).fit_transform(teacher_embeddings)
        rows = reduced[vocabulary.teacher_ids]
    rows = np.array(rows, np.float32)
    rows[0] = 0.0
    return rows
