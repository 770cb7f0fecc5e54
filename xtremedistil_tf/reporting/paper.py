"""The numbers the XtremeDistil paper reports for WikiANN NER, as named constants."""

from __future__ import annotations

from typing import Dict, Iterable, NamedTuple, Optional, Tuple

# Source of every number below: Mukherjee and Awadallah, "XtremeDistil: Multi-stage Distillation
# for Massive Multilingual Models", ACL 2020, in the tables named beside each constant.
# F1 is 0-100; "std" is the standard deviation of F1 over the paper's 41 languages.


class Score(NamedTuple):
    """An F1 averaged over languages and its standard deviation over languages (both 0-100)."""

    f1: float
    std: float


class StageRow(NamedTuple):
    """One row of Table 4: the layers unfrozen so far, and the student's F1 after this stage."""

    stage: int
    layer: str
    score: Score


class SizeRow(NamedTuple):
    """One row of Table 16: a student's sizes, score, parameters (millions), compression, speed-ups.

    The speed-ups over mBERT are of 32 sentences on a P100 GPU and of one on a Xeon CPU.
    """

    embedding: int
    hidden: int
    score: Score
    million_parameters: float
    compression: float
    speed_up_32: int
    speed_up_1: int


class Architecture(NamedTuple):
    """One half of a row of Table 15: F1, parameters (millions) and relative latency."""

    f1: float
    million_parameters: float
    latency: float


class PairRow(NamedTuple):
    """One row of Table 15: a BiLSTM (E, H) and a Transformer (width, layers) of equal latency."""

    embedding: int
    hidden: int
    bilstm: Architecture
    width: int
    layers: int
    transformer: Architecture


class LanguageRow(NamedTuple):
    """One row of Table 17: thousands of training sentences and each model's F1 (0-100)."""

    train_thousands: int
    student: int
    mbert_single: int
    mbert: int
    mmner: int


# Table 4: F1 after each stage of gradual unfreezing. Stage 1 (representation loss only) has no row,
# because the classifier is not trained yet.
TABLE_4: Tuple[StageRow, ...] = (
    StageRow(2, "Linear", Score(0.0, 0.0)),
    StageRow(2, "Projection", Score(2.85, 3.9)),
    StageRow(2, "BiLSTM", Score(81.64, 5.2)),
    StageRow(2, "Word Emb", Score(85.99, 4.4)),
    StageRow(3, "Softmax", Score(86.38, 4.2)),
    StageRow(3, "Projection", Score(87.65, 3.9)),
    StageRow(3, "BiLSTM", Score(88.08, 3.9)),
    StageRow(3, "Word Emb", Score(88.64, 3.8)),
)
# The strategy whose stages Table 4 lists, and the number of its stages with stage 1.
TABLE_4_STRATEGY = "D4.2"
TABLE_4_STAGES = 1 + len(TABLE_4)

# Table 5: the models compared over all 41 languages.
MBERT_SINGLE = Score(90.76, 3.1)
MBERT = Score(91.86, 2.7)
MMNER = Score(89.20, 2.8)
XTREMEDISTIL = Score(88.64, 3.8)
TABLE_5: Dict[str, Score] = {
    "mBERT-single": MBERT_SINGLE,
    "mBERT": MBERT,
    "MMNER": MMNER,
    "XtremeDistil": XTREMEDISTIL,
}

# Table 3: strategies with 0.7, 1.4 and 7.2 million transfer sentences; D0 and D0-S use none.
TABLE_3: Dict[str, Tuple[Score, ...]] = {
    "D0": (Score(71.26, 6.2),),
    "D0-S": (Score(81.44, 5.3),),
    "D1": (Score(82.74, 5.1), Score(84.52, 4.8), Score(85.94, 4.8)),
    "D2": (Score(82.38, 5.2), Score(83.78, 4.9), Score(85.87, 4.9)),
    "D3.1": (Score(83.10, 5.0), Score(84.38, 5.1), Score(86.35, 4.9)),
    "D3.2": (Score(86.77, 4.3), Score(87.79, 4.0), Score(88.26, 4.3)),
    "D4.1": (Score(84.82, 4.7), Score(87.07, 4.2), Score(87.87, 4.1)),
    "D4.2": (Score(87.10, 4.2), Score(88.64, 3.8), Score(88.52, 4.1)),
}

# Table 7: initial values of the word embedding, by our names.
TABLE_7: Dict[str, Score] = {
    "svd": Score(88.64, 3.8),
    "full": Score(88.60, 3.9),
    "svd_pretrained": Score(88.54, 3.9),
    "ppa_14": Score(88.35, 3.9),
    "ppa_17": Score(88.25, 4.0),
    "random": Score(87.43, 4.1),
}

# Table 8: the teacher's layer that is distilled.
TABLE_8: Dict[int, Score] = {
    1: Score(88.51, 4.0), 2: Score(88.50, 4.0), 4: Score(88.19, 4.0), 6: Score(88.64, 3.8),
    7: Score(88.64, 3.8), 9: Score(88.31, 3.8), 11: Score(88.46, 3.8),
}

# Table 11: accuracy on SST-2's dev split of the student of each teacher.
TABLE_11: Dict[str, float] = {"BERT large": 93.35, "BERT base": 92.89}

# Tables 13 and 14: F1 by dropout rate and by batch size.
TABLE_13: Dict[float, float] = {
    1e-4: 87.94, 0.1: 88.36, 0.2: 88.49, 0.3: 88.46, 0.6: 87.26, 0.8: 85.49,
}
TABLE_14: Dict[int, float] = {128: 87.96, 512: 88.4, 1024: 88.24, 2048: 88.13, 4096: 87.63}

# Table 15: pairs of BiLSTM and Transformer by latency (E=100, H=400 is 1), trained by D0-S.
TABLE_15: Tuple[PairRow, ...] = tuple(
    PairRow(embedding, hidden, Architecture(*bilstm), width, layers, Architecture(*transformer))
    for embedding, hidden, bilstm, width, layers, transformer in (
        (50, 100, (80.26, 4.7, 0.311), 48, 2, (76.67, 4.4, 0.307)),
        (200, 100, (79.21, 18.1, 0.354), 144, 1, (78.49, 13.4, 0.357)),
        (300, 100, (79.63, 27.0, 0.385), 72, 2, (77.98, 6.7, 0.388)),
        (50, 200, (81.22, 5.1, 0.472), 96, 2, (79.19, 9.0, 0.47)),
        (300, 200, (80.04, 27.7, 0.593), 132, 2, (80.0, 12.5, 0.6)),
        (50, 400, (81.98, 6.5, 0.892), 204, 2, (80.96, 19.7, 0.88)),
        (200, 400, (80.61, 20.2, 0.978), 228, 2, (80.87, 22.1, 0.979)),
        (100, 400, (81.54, 11.1, 1.0), 240, 2, (80.79, 23.3, 1.03)),
        (300, 400, (80.16, 29.4, 1.06), 252, 2, (80.84, 24.6, 1.075)),
        (50, 600, (81.78, 8.5, 1.5), 228, 3, (83.75, 22.7, 1.448)),
        (100, 600, (81.94, 13.1, 1.53), 240, 3, (84.07, 24.0, 1.498)),
        (200, 600, (80.7, 22.5, 1.628), 252, 3, (84.08, 25.3, 1.591)),
        (300, 600, (81.42, 31.8, 1.766), 276, 3, (84.06, 28.0, 1.742)),
    )
)

# Table 16: students by word embedding (E) and BiLSTM (H) size, best F1 first.
TABLE_16: Tuple[SizeRow, ...] = (
    SizeRow(300, 600, Score(88.64, 3.8), 31.8, 5.6, 14, 8),
    SizeRow(200, 600, Score(88.5, 3.8), 22.5, 8.0, 15, 9),
    SizeRow(300, 400, Score(88.21, 4.0), 29.4, 6.1, 23, 11),
    SizeRow(200, 400, Score(88.16, 3.9), 20.2, 8.9, 25, 12),
    SizeRow(100, 600, Score(87.93, 4.1), 13.1, 13.7, 16, 9),
    SizeRow(100, 400, Score(87.7, 4.0), 11.1, 16.1, 24, 13),
    SizeRow(50, 600, Score(87.67, 4.0), 8.5, 21.1, 16, 10),
    SizeRow(300, 200, Score(87.54, 4.1), 27.7, 6.5, 40, 15),
    SizeRow(200, 200, Score(87.47, 4.2), 18.7, 9.6, 46, 16),
    SizeRow(50, 400, Score(87.19, 4.3), 6.5, 27.5, 27, 13),
    SizeRow(100, 200, Score(86.89, 4.2), 9.6, 18.6, 49, 15),
    SizeRow(50, 200, Score(86.46, 4.3), 5.1, 35.1, 51, 16),
    SizeRow(300, 100, Score(86.19, 4.3), 27.0, 6.6, 62, 16),
    SizeRow(200, 100, Score(85.88, 4.4), 18.1, 9.9, 68, 17),
    SizeRow(100, 100, Score(85.64, 4.5), 9.2, 19.5, 74, 15),
    SizeRow(50, 100, Score(84.6, 4.7), 4.7, 38.1, 77, 16),
)

# Table 17: each of the 41 languages, rounded to whole points as the paper prints them.
TABLE_17: Dict[str, LanguageRow] = {
    "af": LanguageRow(5, 87, 89, 91, 84),
    "hi": LanguageRow(5, 84, 85, 88, 85),
    "sq": LanguageRow(5, 91, 93, 93, 88),
    "bn": LanguageRow(10, 91, 83, 95, 95),
    "lt": LanguageRow(10, 87, 89, 90, 86),
    "lv": LanguageRow(10, 90, 92, 93, 91),
    "mk": LanguageRow(10, 92, 93, 94, 91),
    "tl": LanguageRow(10, 94, 88, 95, 93),
    "bs": LanguageRow(15, 91, 93, 93, 92),
    "et": LanguageRow(15, 89, 92, 91, 90),
    "sl": LanguageRow(15, 92, 93, 94, 92),
    "ta": LanguageRow(15, 77, 82, 84, 84),
    "ar": LanguageRow(20, 85, 88, 89, 88),
    "bg": LanguageRow(20, 90, 93, 93, 90),
    "ca": LanguageRow(20, 91, 94, 93, 91),
    "cs": LanguageRow(20, 91, 92, 93, 90),
    "da": LanguageRow(20, 91, 93, 93, 90),
    "de": LanguageRow(20, 84, 89, 89, 86),
    "el": LanguageRow(20, 86, 90, 90, 89),
    "en": LanguageRow(20, 78, 83, 84, 81),
    "es": LanguageRow(20, 90, 92, 93, 90),
    "fa": LanguageRow(20, 90, 92, 93, 93),
    "fi": LanguageRow(20, 89, 91, 92, 89),
    "fr": LanguageRow(20, 87, 91, 91, 88),
    "he": LanguageRow(20, 79, 85, 85, 85),
    "hr": LanguageRow(20, 90, 92, 93, 89),
    "hu": LanguageRow(20, 90, 93, 93, 90),
    "id": LanguageRow(20, 92, 92, 93, 91),
    "it": LanguageRow(20, 88, 93, 92, 89),
    "ms": LanguageRow(20, 90, 92, 93, 91),
    "nl": LanguageRow(20, 89, 93, 92, 89),
    "no": LanguageRow(20, 91, 93, 93, 90),
    "pl": LanguageRow(20, 88, 91, 92, 89),
    "pt": LanguageRow(20, 89, 92, 93, 90),
    "ro": LanguageRow(20, 93, 94, 94, 92),
    "ru": LanguageRow(20, 85, 88, 90, 86),
    "sk": LanguageRow(20, 92, 93, 94, 91),
    "sv": LanguageRow(20, 94, 95, 95, 93),
    "tr": LanguageRow(20, 90, 92, 93, 90),
    "uk": LanguageRow(20, 88, 92, 93, 89),
    "vi": LanguageRow(20, 89, 91, 92, 88),
}


def paper_retention() -> float:
    """Returns the retention of the paper's student.

    Returns:
      XtremeDistil's F1 over mBERT's, both from Table 5, in percent.
    """
    return 100.0 * XTREMEDISTIL.f1 / MBERT.f1


def mean_over(languages: Iterable[str], column: str) -> Optional[float]:
    """Averages one column of Table 17 over some languages, for comparison with runs on fewer.

    Args:
      languages: language codes; those absent from Table 17 are ignored.
      column: a field of `LanguageRow`, such as "student" or "mbert".

    Returns:
      The mean F1 (0-100), or None if Table 17 has none of the languages.
    """
    values = [getattr(TABLE_17[code], column) for code in languages if code in TABLE_17]
    return sum(values) / len(values) if values else None
