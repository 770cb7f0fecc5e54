"""Recognises a tagger's transfer text that is running text, and splits it as students do."""

import dataclasses
import itertools
import pathlib
from typing import Iterable, List, Mapping, Optional, Sequence

from xtremedistil_tf.data.readers.rows import Example, TextFile, parse_line
from xtremedistil_tf.data.words import (
    DICTIONARY,
    count_marks,
    has_dictionary,
    has_unspaced,
    segmentation_of,
    segmentation_of_text,
    split_words,
    unspaced_length,
)
from xtremedistil_tf.errors import UserError

# Sentences of the transfer text that show whether its words are as given.
_SAMPLE = 2000
# Running text has at least so many marks behind words for each mark that stands alone.
_ATTACHED_TO_ALONE = 4
# In running text the chunks of a script without spaces are at least so much longer than words.
_LONGER = 2.0
# Mean length of such words if train has none: in Chinese and Japanese 2, in Thai and Khmer 4 to 5.
_USUAL_LENGTH = 4.0
# Fraction of the sentences, and their number, that such chunks need to be looked at.
_SHARE, _FEWEST = 0.01, 3


@dataclasses.dataclass(frozen=True)
class RunningText:
    """The rule that splits running text into words.

    Attributes:
      told: what it is, for the user.
      segmentation: the words of train in scripts without spaces; None goes by the text.
      marks: True if every line is split; False if only lines in scripts without spaces.
    """

    told: str
    segmentation: Optional[str]
    marks: bool

    @property
    def part(self) -> str:
        """The rule in words, for fingerprints."""
        way = "split at marks" if self.marks else "split without spaces"
        return f"{way}, {self.segmentation}" if self.segmentation else way

    def parse(self, line: str) -> Optional[Example]:
        """Parses a line into the words that a student makes of it; None for an empty line."""
        if not self.marks and not has_unspaced(line):
            return parse_line(line)
        words = split_words(line, segmentation=self.segmentation or segmentation_of_text(line))
        return Example(tuple(word for word, _, _ in words)) if words else None

    def open(self, path: pathlib.Path, *, on_bad_row: str) -> TextFile:
        """Opens the text.

        Raises:
          UserError: if its words are those of a dictionary, and none is installed.
        """
        if not has_dictionary():
            self._check_split(path)
        return TextFile(path, on_bad_row=on_bad_row, parse=self.parse)

    def _check_split(self, path: pathlib.Path) -> None:
        sample = itertools.islice(TextFile(path, on_bad_row="skip"), _SAMPLE)
        texts = (row.text for row in sample)
        if any(has_unspaced(text) and DICTIONARY == (
                self.segmentation or segmentation_of_text(text)) for text in texts):
            raise UserError(f"--transfer_file {path} is running text in a script without spaces; "
                            "install the extra [segmentation] to split it, or give it in words "
                            "with spaces between")


def _long_chunks(sample: Sequence[Sequence[str]], train: Iterable[Sequence[str]]) -> Optional[str]:
    """Tells that words in scripts without spaces are rather sentences; None if they are not."""
    length, sentences = unspaced_length(sample)
    if sentences < max(_FEWEST, _SHARE * len(sample)) or length <= _LONGER:
        return None  # Not longer than characters; train has many words.
    usual, known = unspaced_length(train)
    if length <= _LONGER * (usual if known else _USUAL_LENGTH):
        return None
    beside = f", in train {usual:.1f}" if known else ""
    return (f"what stands between spaces has {length:.1f} characters on average in scripts that "
            f"are written without spaces{beside}")


def running_text(
    transfer: TextFile, examples: Mapping[str, List[Example]]
) -> Optional[RunningText]:
    """Recognises running text; None if the words are as given.

    A teacher's tag of "Bonn." is one of "Bonn" alone, and the student would never see a mark that
    is a word, as its own splitting of text makes it. Labelled rows with marks behind words say that
    the words are meant so. A sentence without spaces would be one word.

    Args:
      transfer: the text, each line split at spaces.
      examples: the labelled splits.
    """
    sample = [row.words for row in itertools.islice(transfer, _SAMPLE)]
    attached, alone = count_marks(sample)
    train = [row.words for row in examples.get("train", ())]
    # How train's words are cut is of no matter for a text without such scripts.
    unspaced = any(has_unspaced(" ".join(words)) for words in sample)
    segmentation = segmentation_of(train) if unspaced else None
    as_students = "it is split into words as students split running text"
    if attached > _ATTACHED_TO_ALONE * alone:
        behind, apart = count_marks(train)
        if behind <= apart:
            return RunningText(
                f"marks such as . and , stand behind words ({attached} in the first sentences, "
                f"{alone} stand alone): {as_students}", segmentation, True)
    chunks = _long_chunks(sample, train)
    if chunks is None:
        return None
    return RunningText(f"{chunks}: {as_students}", segmentation, False)
