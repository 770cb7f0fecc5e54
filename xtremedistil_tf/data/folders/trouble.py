"""Warnings before a task costs training: labels, copies, subword tokens, languages."""

import collections
import dataclasses
import re
import unicodedata
from typing import Any, Dict, List, Mapping, Optional, Sequence

import numpy as np

from xtremedistil_tf.data.readers.marks import is_place
from xtremedistil_tf.data.readers.pair_columns import wordless_column
from xtremedistil_tf.data.readers.rows import DEFAULT_LANGUAGE, spellings_of_languages
from xtremedistil_tf.data.readers.texts import EMPTY_LABELS
from xtremedistil_tf.data.tokenization.alignment import Features
from xtremedistil_tf.tasks import task_kind

# Limits above which a language is worth a line.
_CUT, _PIECES, _UNKNOWN, _COPIES = 0.05, 3.5, 0.01, 0.01
# Below this score of the teacher on dev, a student learns nothing useful from it.
_WEAK = 20.0
# Rows, entities or words that a language needs before anything is said of it.
_ENOUGH = 5
# Labels that a line names.
_MOST = 6
# A list or an object; [UNK] and [other] are names.
_IN_WRITING = re.compile(r"""\[(?:.*[,'"].*|\d+)\]|\{.*:.*\}""")
# Rows that show how texts are written, and share of them that must be alike.
_SAMPLE, _ALIKE = 1000, 0.9


def _names(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - _MOST} more" if len(labels) > _MOST else ""
    return ", ".join(map(repr, labels[:_MOST])) + more


def _spelling(label: str) -> str:
    """A label in lower case and composed (NFC), without invisible characters (Cf) and spaces."""
    seen = "".join(char for char in label if unicodedata.category(char) != "Cf")
    return " ".join(unicodedata.normalize("NFC", seen).lower().split())


def _shown(labels: Sequence[str]) -> str:
    """Names of labels, by code point if they look alike."""
    alike = len({unicodedata.normalize("NFC", label) for label in labels}) < len(labels)
    return ", ".join(map(ascii, labels)) if alike else _names(labels)


def _difference(labels: Sequence[str]) -> str:
    """Tells in what labels of the same spelling differ."""
    visible = len({" ".join(label.lower().split()) for label in labels}) == 1
    return "case or spaces" if visible else "invisible characters or how accents are written"


def label_trouble(kind: str, examples: Mapping[str, Sequence[Any]]) -> List[str]:
    """Warns of labels that are probably mistakes.

    Args:
      kind: name of the kind of task.
      examples: rows by split.
    """
    record = task_kind(kind)
    if not record.classes or record.windows:
        return []
    noun = "entity types" if record.entities else "tags" if record.tags_words else "classes"
    seen = {split: collections.Counter(
        label for row in rows for label in record.types_of(row.tags))
        for split, rows in examples.items()}
    every: Dict[str, int] = collections.Counter()
    for counts in seen.values():
        every.update(counts)
    told = [f"the {noun} include {label!r}, {count:,} times; if it stands for no label, take "
            "these rows out" for label, count in sorted(every.items())
            if label.strip().lower() in EMPTY_LABELS]
    told += [f"the {noun} include {label!r}, a list or object in writing; xtremedistil-prepare "
             "reads the labels in it" for label in sorted(every)[:_MOST]
             if record.pooled and _IN_WRITING.fullmatch(label.strip())]
    spellings = collections.defaultdict(list)
    for label in sorted(every):
        spellings[_spelling(label)].append(label)
    told += [f"the {noun} {_shown(group)} differ in {_difference(group)} only; they are learnt as "
             "different ones" for group in spellings.values() if len(group) > 1]
    if "train" not in seen:
        return told
    for split, counts in seen.items():
        new = sorted(set(counts) - set(seen["train"]))
        if new:
            told.append(f"{split} has {noun} that train has not, so no model can find them: "
                        f"{_names(new)}")
        if record.entities and not counts and examples[split]:
            told.append(f"{split} has no entity: every tag is O, and its score means nothing")
    return told


def writing_trouble(examples: Mapping[str, Sequence[Any]]) -> List[str]:
    """Warns of texts in quotation marks, of addresses or ids in their place, and of languages.

    Args:
      examples: rows by split; those of questions are not looked at.
    """
    told = list(spellings_of_languages(
        row.language for rows in examples.values() for row in rows if hasattr(row, "language")))
    for split, rows in examples.items():
        some = [row.words for row in rows[:_SAMPLE] if getattr(row, "words", ())]
        if len(some) < _ENOUGH:
            continue
        pairs = [(" ".join(row.words), " ".join(row.second)) for row in rows[:_SAMPLE]
                 if getattr(row, "second", ())]
        wordless = wordless_column(pairs) if len(pairs) >= _ENOUGH else None
        if wordless:
            told.append(f"{split} {wordless}; it is read as a text of each pair")
        quoted = sum(len(words) > 1 and words[0].startswith('"') and words[-1].endswith('"')
                     for words in some)
        places = [words[0] for words in some if len(words) == 1 and is_place(words[0])]
        if quoted >= _ALIKE * len(some):
            told.append(f"{split}: {quoted:,} of the first {len(some):,} texts stand in quotation "
                        "marks, which are read as parts of their words; xtremedistil-prepare "
                        "takes those of a table off")
        if len(places) >= _ALIKE * len(some):
            told.append(f"{split}: {len(places):,} of the first {len(some):,} texts are addresses "
                        f"or names of files, such as {places[0]!r:.60}")
    return told


def copy_trouble(examples: Mapping[str, Sequence[Any]]) -> List[str]:
    """Warns of rows that repeat, and of held-out texts that stand in train."""
    told, known = [], set()
    for split, rows in examples.items():
        if not all(hasattr(row, "texts") for row in rows):
            return []
        texts = [hash(row.texts) for row in rows]  # Texts may be long.
        if split == "train":
            known = set(texts)
            copies = len(texts) - len(known)
            if copies > _COPIES * len(texts):
                told.append(f"train: {copies:,} of {len(texts):,} rows are copies of others")
        elif known:
            leaks = sum(text in known for text in texts)
            if leaks:
                told.append(f"{split}: {leaks:,} of {len(texts):,} texts stand in train too; "
                            f"scores on {split} may be too good")
    return told


@dataclasses.dataclass(frozen=True)
class Coverage:
    """Coverage of one language of a split by a tokenizer and seq_len.

    Attributes:
      rows, words, pieces: numbers of rows, words and subword tokens (special ones left out).
      cut: words beyond seq_len; for whole texts, texts that reach seq_len.
      unknown: unknown subword tokens.
      of: what `cut` counts, "words" or "texts".
    """

    rows: int
    words: int
    pieces: int
    cut: int
    unknown: int
    of: str

    @property
    def cut_share(self) -> float:
        """Fraction of words or texts that are cut."""
        return self.cut / max(1, self.words if self.of == "words" else self.rows)


def coverage_of(
    features: Features, rows: Sequence[Any], unknown_id: Optional[int], seq_len: int
) -> Dict[str, Coverage]:
    """Counts by language how a tokenizer and seq_len cover a split.

    Args:
      features: the split as subword tokens.
      rows: its rows.
      unknown_id: id of the unknown token; None without one.
      seq_len: longest sequence.
    """
    lengths = features.input_ids.lengths
    unknown = np.zeros(len(lengths), np.int64)
    if unknown_id is not None and len(features.input_ids.values):
        unknown = np.add.reduceat(
            (features.input_ids.values == unknown_id).astype(np.int64),
            features.input_ids.starts[:-1])
    found: Dict[str, List[int]] = collections.defaultdict(lambda: [0] * 5)
    for place, (row, language) in enumerate(zip(rows, features.languages)):
        counts = found[language]
        cut = int(lengths[place] >= seq_len) if features.pooled \
            else int((features.word_starts[place] < 0).sum())
        for at, value in enumerate((1, sum(map(len, row.texts)), int(lengths[place]) - 2, cut,
                                    int(unknown[place]))):
            counts[at] += value
    of = "texts" if features.pooled else "words"
    return {language: Coverage(counts[0], counts[1], counts[2], counts[3], counts[4], of)
            for language, counts in sorted(found.items())}


def _of(language: str) -> str:
    return "the text" if language == DEFAULT_LANGUAGE else language


def coverage_trouble(split: str, coverage: Mapping[str, Coverage], seq_len: int) -> List[str]:
    """Warns of languages that a tokenizer or seq_len covers badly, one line each."""
    told = []
    for language, found in coverage.items():
        if found.words < _ENOUGH:
            continue
        kept = found.words - (found.cut if found.of == "words" else 0)
        each = found.pieces / max(1, kept)
        problems = []
        if found.cut_share > _CUT:
            problems.append(f"{100 * found.cut_share:.0f} % of its {found.of} lie beyond "
                            f"--seq_len={seq_len}" if found.of == "words" else
                            f"{100 * found.cut_share:.0f} % of its texts fill or exceed "
                            f"--seq_len={seq_len}")
        if each > _PIECES and (found.of == "words" or found.cut_share <= _CUT):
            problems.append(f"{each:.1f} subword tokens a word: the vocabulary spells it nearly "
                            "letter by letter; that of a multilingual teacher suits it better")
        if found.unknown > _UNKNOWN * found.pieces:
            problems.append(f"{100 * found.unknown / max(1, found.pieces):.0f} % of its subword "
                            "tokens are unknown to the tokenizer")
        if problems:
            told.append(f"{split}, {_of(language)}: {'; '.join(problems)}")
    return told


def text_trouble(
    split: str, features: Features, rows: Sequence[Any], tokenizer: Any, seq_len: int
) -> List[str]:
    """Warns of languages that a tokenizer or seq_len covers badly; see `coverage_of`."""
    if features.contexts is not None:
        return []
    return coverage_trouble(
        split, coverage_of(features, rows, tokenizer.unk_token_id, seq_len), seq_len)


def splits_trouble(
    features: Mapping[str, Features], examples: Mapping[str, Sequence[Any]], tokenizer: Any,
    seq_len: int,
) -> List[str]:
    """Warns of languages in train and test that a tokenizer or seq_len covers badly.

    Args:
      features: the splits as subword tokens.
      examples: their rows.
      tokenizer: the tokenizer.
      seq_len: longest sequence.
    """
    return [line for split in ("train", "test") if split in features
            for line in text_trouble(split, features[split], examples[split], tokenizer, seq_len)]


def weak_languages(teacher: Mapping[str, Any], key: str, name: str) -> List[str]:
    """Warns of languages that a teacher does not know.

    Args:
      teacher: its scores on dev, with "languages".
      key: key of a language's score.
      name: name of that score.
    """
    return [f"the teacher's {name} of {_of(language)} is {scores[key]:.1f} on dev: it cannot teach "
            "this language; more labels of it, more --teacher_epochs or another teacher may help"
            for language, scores in (teacher.get("languages") or {}).items()
            if scores.get("support", 0) >= _ENOUGH and scores.get(key, 100.0) < _WEAK]


def weak_student(scores: Mapping[str, Any], key: str, name: str, split: str) -> List[str]:
    """Warns of a student that learnt next to nothing, or to say one class.

    Args:
      scores: its scores; of texts perhaps with "confusion" (rows are gold), "confusion_names".
      key, name: key and name of the measure that chose its epochs.
      split: what was scored, for people.
    """
    # A tagger may well find entities of one type only.
    confusion = scores.get("confusion") or [] if "accuracy" in scores else []
    given = [place for place, counts in enumerate(zip(*confusion)) if any(counts)]
    score = scores.get(key)
    if len(given) == 1 and sum(map(any, confusion)) > 1:
        found = f"the student says {scores['confusion_names'][given[0]]} everywhere in {split}"
    elif score is not None and score < _WEAK:
        found = f"the student's {name} on {split} is {score:.1f}"
    else:
        return []
    return [f"{found}: it learnt next to nothing; more epochs or more text may help"]
