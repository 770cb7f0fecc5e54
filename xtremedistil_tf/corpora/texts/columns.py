"""Finds the columns of a table with text, label and language, by name or by contents."""

import dataclasses
import pathlib
import statistics
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from xtremedistil_tf.corpora.annotations.services import ADDRESS
from xtremedistil_tf.corpora.readers.base import Tally
from xtremedistil_tf.corpora.texts.tables.cells import shown, text_in
from xtremedistil_tf.corpora.texts.tables.objects import CHOSEN
from xtremedistil_tf.corpora.texts.tables.one_hot import one_hot_columns
from xtremedistil_tf.corpora.texts.tables.subjects import label_beside, subjects_in
from xtremedistil_tf.corpora.texts.tables.table import Record, Table, column_of
from xtremedistil_tf.data.lines import RowError
from xtremedistil_tf.data.readers.marks import MarkedForm, wordless_form
from xtremedistil_tf.data.split_names import SPLITS as SPLIT_NAMES
from xtremedistil_tf.data.split_names import split_of
from xtremedistil_tf.errors import UserError, as_typed

TEXTS = ("text", "sentence", "review", "content", "body", "comment", "document", "utterance",
         "utt", "message", "tweet", "review_text", "review_body", "question", "query", "headline",
         "description", "title", "reviewtext", "data")
PAIRS = (("sentence1", "sentence2"), ("premise", "hypothesis"), ("question1", "question2"),
         ("text1", "text2"), ("text_a", "text_b"), ("text", "text_pair"),
         ("question", "sentence"), ("sentence_1", "sentence_2"), ("question", "passage"),
         ("sentence", "sentence2"), ("text", "text2"), ("question", "question2"),
         ("text_1", "text_2"), ("question_1", "question_2"), ("sentence_a", "sentence_b"),
         ("query", "passage"), ("context", "hypothesis"), ("claim", "evidence"),
         ("premise", "hypo"))
# A target beside a sentiment or stance is what that is about.
LABELS = (CHOSEN, "label", "labels", "class", "category", "gold_label", "sentiment", "stance",
          "target", "topic", "intent", "y", "label_text", "classes", "categories", "stars",
          "rating", "score", "polarity", "tag", "is_duplicate", "cats", "accept", "star_rating",
          "overall")
SPLITS = ("split", "partition", "subset", "fold", "set")
# A row's words for its split; eval is dev.
_DIVIDED = ("train", "dev", "test", "eval")
LANGUAGES = ("language", "lang", "locale", "language_code")
# Names that JSON only has, or what wraps its rows, are labels in tables, perhaps.
HEADER = frozenset({*TEXTS, *LABELS, *LANGUAGES}) - {"data", CHOSEN, "accept"} | {
    name for pair in PAIRS for name in pair} | {"id", "idx", "index"}
# A label column without a name has at most this share of different values.
_MOST_CLASSES = 0.5
# A column of splits has at most this many different values.
_MOST_SPLITS = 5
# Mean number of words of a column of texts.
_TEXT_WORDS = 3
# Of at least so many texts at most this share is different if they are no texts.
_FEWEST_TEXTS, _FEW_TEXTS = 20, 0.1
# Share of texts that end in ... above which a program cut them off, perhaps.
_MOST_CUT = 0.3


class Columns(NamedTuple):
    """The columns to read.

    Attributes:
      texts: names of the one text column, or of the two of pairs.
      label: name of the label column; None in unlabelled text.
      language: name of the language column; None without one.
      split: name of the column that says train, dev or test; None without one.
    """

    texts: Tuple[str, ...]
    label: Optional[str]
    language: Optional[str] = None
    split: Optional[str] = None

    @property
    def all(self) -> Tuple[Optional[str], ...]:
        """Names of all of them; None for those that are missing."""
        return (*self.texts, self.label, self.language, self.split)


@dataclasses.dataclass(frozen=True)
class Wanted:
    """The user's choice of columns.

    Attributes:
      texts: names or numbers of the text columns; empty to find them.
      label, language: the same of these columns; None to find them.
      pairs: True if there are two texts.
      labels: names or numbers of columns with 0 or 1, one a label; empty for one column of labels.
    """

    texts: Tuple[str, ...] = ()
    label: Optional[str] = None
    language: Optional[str] = None
    pairs: bool = False
    labels: Tuple[str, ...] = ()


def first_named(columns: Sequence[str], names: Sequence[str]) -> Optional[str]:
    """The column with the first of some names, in any case; None without one."""
    lower = {column.lower(): column for column in columns}
    return next((lower[name] for name in names if name in lower), None)


def _texts(columns: Sequence[str], wanted: Wanted) -> Tuple[str, ...]:
    lower = {column.lower(): column for column in columns}
    if wanted.pairs:
        return next(((lower[one], lower[other]) for one, other in PAIRS
                     if one in lower and other in lower), ())
    found = first_named(columns, TEXTS)
    return (found,) if found else ()


def _mean_words(sample: Sequence[Record], column: str) -> float:
    return statistics.mean(len(shown(row.get(column)).split()) for row in sample)


def _are_texts(sample: Sequence[Record], column: str, beside: str) -> bool:
    """True if a column holds texts as another does, by its contents.

    It has several words, no fewer than half of the other's, and most rows have others; a date has
    numbers, a person's name capitals.
    """
    values = [shown(row.get(column)) for row in sample]
    words = [word for value in values for word in value.split()]
    plain = sum(not (word[0].isupper() or word[0].isdigit()) for word in words)
    least = max(_TEXT_WORDS, _mean_words(sample, beside) / 2)
    return (_mean_words(sample, column) >= least and len(set(values)) > len(values) / 2
            and plain >= len(words) / 3)


def are_pairs(table: Table, sample: Sequence[Record]) -> bool:
    """True if two columns have the names of a pair's texts, and hold texts."""
    texts = _texts(table.columns, Wanted(pairs=True)) if table.named else ()
    return bool(texts) and all(any(shown(row.get(name)) for row in sample) for name in texts)


def _letters(cell: object) -> str:
    """A text without white space and case: the same for its tokens."""
    return "".join(shown(cell).split()).casefold()


def doubts(table: Table, sample: Sequence[Record], columns: Columns, wanted: Wanted,
           *, divided: bool) -> List[str]:
    """Doubts about the columns that were found: texts that are not read, or that are none.

    Args:
      table: the table.
      sample: some of its rows.
      columns: the columns.
      wanted: the user's choice; where it names the texts, no column is taken for another text.
      divided: True if the file is of one split by its name.
    """
    own, found = columns.texts, subjects_in(table, sample, columns.texts, columns.all)
    if not sample or wanted.texts:
        return found
    # Beside pairs stand their parses and explanations.
    for column in table.columns if len(own) == 1 else ():
        if column not in columns.all and _are_texts(sample, column, column) and not all(
                _letters(row.get(column)) == _letters(row.get(own[0])) for row in sample):
            found.append(f"the column {column!r} holds texts, too, and is not read; "
                         f"{as_typed('text_column', own[0], column)} makes pairs")
    for column in table.columns if columns.split is None and table.named and not divided else ():
        cells = {shown(row.get(column)).strip() for row in sample}
        named = [cell for cell in cells if SPLIT_NAMES.get(cell.lower()) in _DIVIDED]
        if named and column not in columns.all and len(cells) <= _MOST_SPLITS:
            found.append(f"the column {column!r} names splits, such as {min(named)}, but not in "
                         "all rows, or one only; it is not read: write one file a split")
    return found + no_texts_in(sample, columns) + _other_labels(table, sample, columns, wanted)


def _other_labels(table: Table, sample: Sequence[Record], columns: Columns, wanted: Wanted
                  ) -> List[str]:
    """Doubts about further columns that are labels by their names and contents.

    The same label in other words, such as its number, is none.
    """
    if wanted.label is not None or wanted.labels or columns.label is None:
        return []
    label, found = columns.label, []
    for column in table.columns:
        cells = [(shown(row.get(label)).strip(), shown(row.get(column)).strip()) for row in sample]
        pairs = {pair for pair in cells if all(pair)}
        labels, others = ({pair[at] for pair in pairs} for at in (0, 1))
        few = 1 < len(others) <= max(2, _MOST_CLASSES * len(sample))
        if column.lower() in LABELS and column not in columns.all and few and not (
                len(pairs) == len(labels) == len(others)):
            found.append(f"the column {column!r} may hold labels, too, and is not read; "
                         f"{as_typed('label_column', column)} learns them")
    return found


def _as_read(row: Record, column: str) -> str:
    """The text of a cell; "" for one that is refused when its turn comes."""
    try:
        return text_in(row, column, Tally()).strip()
    except RowError:
        return ""


def no_texts_in(sample: Sequence[Record], columns: Columns) -> List[str]:
    """Doubts about columns of texts that hold addresses, numbers, or the same few texts."""
    found = []
    for column in columns.texts:
        values = [value for value in (_as_read(row, column) for row in sample) if value]
        form = wordless_form(values)
        if sum(map(bool, map(ADDRESS.fullmatch, values))) > len(values) / 2:
            form = MarkedForm("addresses")
        if form:
            found.append(f"the column {column!r} holds {form.told}, such as {values[0]!r:.60}, not "
                         "texts; --text_column=NAME names another")
        elif len(columns.texts) == 1 and len(values) >= _FEWEST_TEXTS and (
                len(set(values)) <= _FEW_TEXTS * len(values)):
            found.append(f"the column {column!r} holds {len(set(values)):,} different texts in "
                         f"{len(values):,} rows, such as {values[0]!r:.60}; --text_column=NAME "
                         "names another")
        cut = sum(value.endswith(("...", "\u2026")) for value in values)
        if len(values) >= _FEWEST_TEXTS and cut > _MOST_CUT * len(values):
            found.append(f"{cut:,} of the first {len(values):,} texts of the column {column!r} end "
                         "in ...; they were cut off before, perhaps")
    return found


def _by_contents(sample: Sequence[Record], columns: Sequence[str], wanted: Wanted,
                 texts: Tuple[str, ...], label: Optional[str]) -> Tuple[Tuple[str, ...],
                                                                       Optional[str]]:
    """Finds missing columns: texts are the longest, a label has few different values.

    Texts stay open if further columns hold texts, too.
    """
    count = 2 if wanted.pairs else 1
    if not texts:
        left = [column for column in columns if column != label]
        ranked = sorted(left, key=lambda column: -_mean_words(sample, column))
        chosen = set(ranked[:count])
        others = [column for column in left if column not in chosen]
        if any(_are_texts(sample, column, ranked[0]) for column in others):
            return (), label
        if len(ranked) >= count and _mean_words(sample, ranked[count - 1]) >= 2:
            texts = tuple(column for column in left if column in chosen)
    if label is None:
        values: Dict[str, int] = {
            column: len({str(row.get(column)) for row in sample})
            for column in columns if column not in texts}
        few = [column for column, different in values.items()
               if 1 < different <= max(2, _MOST_CLASSES * len(sample))]
        label = few[0] if len(few) == 1 else None
    return texts, label


def _asked(flag: str, table: Table, path: pathlib.PurePath, sample: Sequence[Record]) -> UserError:
    if not sample:
        return UserError(f"{path}: no usable row in it")
    first = {name: sample[0].get(name) for name in table.columns}
    two = "; two, with a comma between, are a pair" if flag == "text_column" else ""
    return UserError(f"{path}: which column is it? --{flag}=NAME or NUMBER says so{two}; the "
                     f"columns are {', '.join(table.columns)}; the first row is {first!r:.160}")


def without_label(path: pathlib.PurePath) -> str:
    """Advice for a dev or test file that may have no labels, as in competitions."""
    if split_of(path.name) not in ("dev", "test", "eval"):
        return ""
    return (f"; if {path.name} has no labels, name the files that have some by --train, and it by "
            "--transfer")


def find_columns(
    table: Table, sample: Sequence[Record], wanted: Wanted, path: pathlib.PurePath,
    *, labelled: bool = True,
) -> Columns:
    """Finds the columns of a table.

    Args:
      table: the table.
      sample: some of its rows.
      wanted: the user's choice; the rest is found.
      path: name of the file, for messages.
      labelled: True if a label is needed.

    Raises:
      UserError: if a column is not there or not clear.
    """
    texts = tuple(column_of(table.columns, name, "text_column", path) for name in wanted.texts)
    label = None
    if wanted.label is not None and labelled:
        try:
            label = column_of(table.columns, wanted.label, "label_column", path)
        except UserError as error:
            raise UserError(f"{error}{without_label(path)}") from None
    if table.named and not texts:
        texts = _texts(table.columns, wanted)
    if table.named and label is None and labelled:
        names = [name for name in table.columns if name not in texts]
        label = label_beside(first_named(names, LABELS), names, sample)
    if not texts or label is None and labelled:
        texts, label = _by_contents(sample, table.columns, wanted, texts, label)
    if len(texts) != (2 if wanted.pairs else 1):
        raise _asked("text_column", table, path, sample)
    if label is None and labelled:
        ones = one_hot_columns(table, sample) if sample else ()
        several = "" if len(ones) < 2 else (
            "; with --kind=multilabel several of 0 and 1, a label each: --label_column="
            + ",".join(ones))
        raise UserError(f"{_asked('label_column', table, path, sample)}{several}"
                        f"{without_label(path)}")
    language = None
    if wanted.language is not None:
        language = column_of(table.columns, wanted.language, "language_column", path)
    elif table.named:
        language = first_named(table.columns, LANGUAGES)
    split = split_column(table, sample) if labelled else None
    if split in (*texts, label, language):
        split = None
    return Columns(texts, label if labelled else None, language, split)


def split_of_row(row: Record, column: str) -> str:
    """The split that a row names: train, dev or test.

    Raises:
      RowError: if it names another, or none.
    """
    told = shown(row.get(column)).strip()
    found = split_of(told)
    found = "dev" if found == "eval" else found
    if found not in ("train", "dev", "test"):
        raise RowError(("split", f"the column {column!r} holds {told!r:.40}; needed is train, dev "
                        "or test"))
    return found


def split_column(table: Table, sample: Sequence[Record]) -> Optional[str]:
    """Name of the column that names a split in all rows; None without one.

    A column without a usual name of splits must hold nothing but their names, and more than one.
    """
    usual = first_named(table.columns, SPLITS) if table.named else None
    try:
        if usual is not None and all(split_of_row(row, usual) for row in sample):
            return usual
    except RowError:
        pass
    for column in table.columns if table.named else ():
        values = {shown(row.get(column)).strip().lower() for row in sample}
        if len({SPLIT_NAMES.get(value) for value in values}) > 1 and all(
                SPLIT_NAMES.get(value) in _DIVIDED for value in values):
            return column
    return None
