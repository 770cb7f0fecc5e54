"""One row of a file of teacher outputs: its words, and what was said of each."""

import dataclasses
import math
import re
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from xtremedistil_tf.data.lines import BYTE_ORDER_MARK
from xtremedistil_tf.data.outputs.spans import NAMES as SPANS
from xtremedistil_tf.data.outputs.spans import SCORES, tags_of_spans
from xtremedistil_tf.data.outputs.values import NUMBERS, bad_row, finite, of_type
from xtremedistil_tf.data.readers.rows import DEFAULT_LANGUAGE, Example, split_spaces
from xtremedistil_tf.data.words import has_dictionary, segmentation_of_text, split_words

# Probability of a tag or class that is given without one; the others share the rest. Certainty
# would be an infinite logit.
HARD = 0.99
# Probabilities that add up to more, or to less without a label left out, are refused.
_TOLERANCE = 0.01
_FORMS = ("tags", "probabilities", "logits", *SPANS)
# Names under which other programs write outputs. A row with them alone does not say nothing.
_OTHER_NAMES = ("ner_tags", "ner", "ents", "predictions", "prediction", "predicted_tags",
                "predicted_labels", "predicted_label", "pred", "preds", "labels", "scores")
_WHITE = re.compile(r"\s+")
# A label in which a language model's whole answer stands: a fence, a JSON value, several lines.
_ANSWER = re.compile(r"""```|^[\[{]\s*["'{\[]|^<(\w+)>.*</\1>$|[\r\n]""")

# Output for one word or text: nothing, a label, or a number for each label.
Said = Union[None, str, Mapping[str, float], Sequence[Optional[float]]]


@dataclasses.dataclass(frozen=True)
class Given:
    """One annotator's outputs for a row.

    Attributes:
      form: "tags", "probabilities" or "logits".
      said: one item for each word, or one for the text.
      weight: weight among several annotators.
    """

    form: str
    said: Tuple[Said, ...]
    weight: float = 1.0


@dataclasses.dataclass(frozen=True)
class OutputRow:
    """A row: its words, and what its annotators say."""

    example: Example
    given: Tuple[Given, ...]


def _words(row: Mapping[str, Any], name: str, spans: bool) -> Tuple[Tuple[str, ...], List[int]]:
    """(words, where each begins in `text`) of a row."""
    text: Any = row.get("text" if name == "words" else "text_b")
    if text is not None:
        of_type(text, str, "text", "a text")
    if row.get(name) is not None:
        words = tuple(of_type(one, str, name, "a list of words")
                      for one in of_type(row[name], list, name, "a list of words"))
        begins, at = [], 0
        for word in words if text is not None else ():
            at = text.find(word, at)
            if at < 0:
                raise bad_row("alignment", f"the word {word!r} does not stand in the text where it "
                              "should; words and text must be of one sentence")
            begins.append(at)
            at += len(word)
        return words, begins
    if text is None:
        raise bad_row("form", "no words and no text; needed is one of them, and the row has "
                      f"{', '.join(map(str, row)) or 'nothing':.80}")
    if not spans:
        return split_spaces(text.replace("\t", " ")), []
    segmentation = segmentation_of_text(text)
    if segmentation and not has_dictionary():
        raise bad_row("segmentation", "a text in a script without spaces, whose words are those of "
                      "a dictionary; install the extra [segmentation], or give `words`, too")
    found = split_words(text, segmentation=segmentation)
    return tuple(word for word, _, _ in found), [begin for _, begin, _ in found]


def _given(
    row: Mapping[str, Any], text: str, words: Sequence[str], begins: Sequence[int], pooled: bool
) -> Given:
    """Parses what one annotator says of a row's text and words; see `parse_outputs`."""
    row = {("tags" if key == "labels" and not pooled else key): value for key, value in row.items()}
    forms = [name for name in (*_FORMS, "label") if row.get(name) is not None]
    if not forms:
        return Given("tags", (None,) * (1 if pooled else len(words)))
    # Probabilities say more than the tags beside them.
    form = next(name for name in ("logits", "probabilities", *SPANS, "tags", "label")
                if name in forms)
    value = row[form]
    if form in SPANS:
        if pooled:
            raise bad_row("form", "spans are for --do_NER; texts have one label")
        return Given(*tags_of_spans(value, text, words, begins))
    said: Sequence[Said]
    if pooled:
        said = [str(value) if isinstance(value, NUMBERS) else value]
        _refuse_answer(said[0])
        # Other numbers under this name are stars or votes.
        score = next((row[name] for name in SCORES if isinstance(row.get(name), float)), 0.0)
        if form in ("label", "tags") and 0 < score <= 1:
            return Given("probabilities", ({str(_checked(said[0], "tags")): score},))
        form = "tags" if form == "label" else form
    else:
        said = of_type(value, list, form, "a list with an item for each word")
    if not pooled and len(said) != len(words):
        raise bad_row("alignment", f"{len(words)} words but {len(said)} {form}")
    checked = tuple(_checked(one, form) for one in said)
    return Given(form, checked if pooled else tuple(map(_without_spaces, checked)))


def _refuse_answer(said: Any) -> None:
    """Raises RowError if a label, or one of those with probabilities, is a whole answer."""
    for label in [said] if isinstance(said, str) else said if isinstance(said, dict) else ():
        if _ANSWER.search(label_name(label)):
            raise bad_row("form", f"the label {label!r:.60} is a whole answer; needed is the name "
                          "of the class alone, or null if the answer gives none")


def _without_spaces(said: Said) -> Said:
    if isinstance(said, str):
        return tag_name(said)
    return {tag_name(label): value for label, value in said.items()} if isinstance(
        said, Mapping) else said


def tag_name(label: str) -> str:
    """A tag of a word; white space would end it where tags stand in a file."""
    return _WHITE.sub("_", label_name(label))


def label_name(label: str) -> str:
    """A label without white space and byte order marks around it: these would make another one."""
    return label.replace(BYTE_ORDER_MARK, "").strip()


def refuse_other_names(row: Any, *, pooled: bool) -> None:
    """Refuses a row with outputs under names that are not read: it does not say nothing.

    Raises:
      RowError: with the name.
    """
    if not isinstance(row, dict) or any(row.get(name) is not None for name in (
            *_FORMS, "label", "annotators", *(() if pooled else ("labels",)))):
        return
    other = next((name for name in _OTHER_NAMES if row.get(name) is not None), None)
    if other is not None:
        raise bad_row("form", f"the row has {other!r}, but what is said is read from "
                      f"{', '.join(_FORMS)}{' or label' if pooled else ''}")


def _checked(one: Any, form: str) -> Said:
    """Checks what is said of one word or text."""
    if one is None:
        return None
    if form == "tags":
        name = label_name(of_type(one, str, "a tag", "a label"))
        if not name:
            raise bad_row("form", "a tag is empty; needed is a label")
        return name
    numbers = list(one.values()) if isinstance(one, dict) else of_type(
        one, list, form, "numbers by label, or a list of them")
    for number in numbers:
        if number is None:
            continue
        finite(number, form, "a number for each label")
        if form == "probabilities" and not 0 <= number <= 1 + _TOLERANCE:
            raise bad_row("probability", f"a probability is {number}; needed is 0 to 1")
    if form == "probabilities":
        total = sum(number for number in numbers if number is not None)
        short = not isinstance(one, dict) and None not in numbers and total < 1 - _TOLERANCE
        if total > 1 + _TOLERANCE or short:
            raise bad_row("sum", f"probabilities add up to {total:.3f}; needed is 1")
    return {label_name(label): number for label, number in one.items()} if isinstance(
        one, dict) else one


def annotators_of(row: Mapping[str, Any]) -> List[Mapping[str, Any]]:
    """What each annotator says of a row, as it stands in the file: the row itself if it names none.

    Raises:
      RowError: if `annotators` is no list of objects.
    """
    annotators = row.get("annotators")
    parts = [row] if annotators is None else of_type(annotators, list, "annotators", "a list")
    return [of_type(part, dict, "an annotator", "an object") for part in parts]


def parse_outputs(row: Any, *, pooled: bool, pairs: bool = False) -> OutputRow:
    """Parses a row of teacher outputs.

    Args:
      row: an object with `words` or `text` and one of `tags`, `probabilities`, `logits`, `spans`
        (or `entities`); for texts `label` in place of `tags`, perhaps with its `score`.
        `annotators` is a list of objects with the last, and perhaps a `weight`. Further keys:
        `language`, and `text_b` of a pair.
      pooled: True if a text has one label, False if each word has one.
      pairs: True if a row has two texts.

    Raises:
      RowError: for a row in another form.
    """
    of_type(row, dict, "the row", "an object")
    parts = annotators_of(row)
    spans = any(part.get(name) is not None for part in parts for name in SPANS)
    words, begins = _words(row, "words", spans)
    if not words or not all(word.strip() for word in words):
        raise bad_row("no_words", "a sentence without words, or an empty word")
    second = _words(row, "words_b", False)[0] if pairs else ()
    if not pooled and any(" " in word for word in words):
        raise bad_row("form", "a word with a space in it; needed are single words")
    text = row.get("text")
    if spans and not pooled and text is None:
        # Without a text, offsets count in the words joined by spaces.
        text = " ".join(words)
        begins = [sum(len(word) + 1 for word in words[:at]) for at in range(len(words))]
    given = []
    for part in parts:
        weight = finite(part.get("weight", 1.0), "weight", "a number above 0")
        if weight <= 0:
            raise bad_row("weight", f"weight is {weight}; needed is a number above 0")
        given.append(dataclasses.replace(_given(part, text or "", words, begins, pooled),
                                         weight=weight))
    language = row.get("language") or DEFAULT_LANGUAGE
    return OutputRow(Example(words, (), of_type(language, str, "language", "a code"), second),
                     tuple(given))


def labels_said(row: OutputRow) -> Dict[str, None]:
    """Returns the labels that a row names, in their order."""
    found: Dict[str, None] = {}
    for given in row.given:
        for one in given.said:
            if isinstance(one, str):
                found[one] = None
            elif isinstance(one, Mapping):
                found.update(dict.fromkeys(one))
    return found


def log_scores(said: Said, form: str, numbers: Mapping[str, int]) -> Optional[List[float]]:
    """Returns a logit for each label; None if nothing is said.

    Args:
      said: see `Given`.
      form: see `Given`.
      numbers: number of each label.

    Raises:
      RowError: for a list of another length.
    """
    count = len(numbers)
    if said is None:
        return None
    if isinstance(said, str):
        rest = (1 - HARD) / max(1, count - 1)
        return [math.log(HARD if at == numbers[said] else rest) for at in range(count)]
    values: List[Optional[float]] = [None] * count
    if isinstance(said, Mapping):
        for label, value in said.items():
            values[numbers[label]] = value
    else:
        if len(said) != count:
            raise bad_row("width", f"{len(said)} {form}, but {count} labels: {', '.join(numbers)}")
        values = list(said)
    known = [value for value in values if value is not None]
    if not known:
        return None
    if form == "logits":
        return [min(known) if value is None else float(value) for value in values]
    missing = count - len(known)
    rest = max(0.0, 1.0 - sum(known)) / missing if missing else 0.0
    return [math.log(max(1e-6, rest if value is None else float(value))) for value in values]
