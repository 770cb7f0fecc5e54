"""Converts questions in SQuAD's JSON, TyDi's GoldP among them, into a task folder."""

import collections
import contextlib
import itertools
import json
import pathlib
import re
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Set, Tuple

from xtremedistil_tf.corpora.convert import HELD_OUT, RECORD_FILE, claim_folder
from xtremedistil_tf.corpora.readers.base import Tally
from xtremedistil_tf.corpora.source_rows import digest
from xtremedistil_tf.corpora.sources.sources import Source
from xtremedistil_tf.corpora.texts.make import MakeOptions
from xtremedistil_tf.corpora.texts.tables.opening import open_lines
from xtremedistil_tf.data.json_rows import parse_json, whole_characters
from xtremedistil_tf.data.lines import RowError
from xtremedistil_tf.data.readers.rows import DEFAULT_LANGUAGE
from xtremedistil_tf.data.readers.squad import QuestionFile, read_squad
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.atomic import atomic_folder
from xtremedistil_tf.files.contents import write_json
from xtremedistil_tf.tasks import task_kind

Paragraph = Dict[str, Any]


def _answers(question: Any, counts: Tally) -> Any:
    """Brings a question's answers into SQuAD 2.0's form.

    TyDi has answers without text for "no answer"; data sets of Hugging Face have columns of texts
    and starts.
    """
    answers = question.get("answers") if isinstance(question, dict) else None
    if isinstance(answers, dict):
        texts, starts = answers.get("text"), answers.get("answer_start")
        if not isinstance(texts, list) or not isinstance(starts, list) or len(texts) != len(starts):
            return question
        answers = [{"text": text, "answer_start": start} for text, start in zip(texts, starts)]
        told = {"is_impossible": True} if not answers else {}
        question = {**question, "answers": answers, **told}
    if not isinstance(answers, list) or not answers:
        return question
    kept = [one for one in answers if not (isinstance(one, dict) and one.get("text") == "")]
    if len(kept) == len(answers):
        return question
    counts["empty_answers"] += 1
    return {**question, "answers": kept, "is_impossible": not kept}


def _nested(whole: Any) -> Iterator[Tuple[str, Any]]:
    """Yields (place, paragraph) of SQuAD's JSON.

    Raises:
      KeyError, TypeError: for JSON of another structure.
    """
    for at, article in enumerate(whole["data"]):
        for number, paragraph in enumerate(article["paragraphs"]):
            yield f"data[{at}].paragraphs[{number}]", paragraph


def _flat(text: str) -> Iterator[Tuple[str, Any]]:
    """Yields (place, paragraph or error) of JSON lines with a question each, as Hugging Face has.

    Raises:
      KeyError, TypeError: for JSON of another structure.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                row = parse_json(line)
            except RowError as error:
                yield str(number), error
                continue
            question = {name: row[name] for name in row if name not in ("context", "title")}
            yield str(number), {"context": row["context"], "qas": [question]}


def _places(text: str) -> Iterator[Tuple[str, Any]]:
    """Yields (place, paragraph or error); see `_nested` and `_flat`."""
    begin = text.lstrip().split("\n", 1)[0]
    try:
        row = json.loads(begin)
    except ValueError:
        row = None
    if isinstance(row, dict) and "context" in row:
        return _flat(text)
    return _nested(json.loads(text))


def _paragraphs(source: Source, options: MakeOptions, counts: Tally) -> List[Paragraph]:
    """Reads a file's paragraphs; the language goes to each question.

    Raises:
      UserError: if the file is not SQuAD's JSON.
    """
    language = options.read.language or source.language
    if source.language and not options.read.language:
        counts.note(f"language {source.language}, by its name")
    given: List[Paragraph] = []
    place = ""
    try:
        for place, one in _places("".join(open_lines(source, options.read.encoding))):
            if isinstance(one, RowError):
                raise one
            context, questions = whole_characters(one["context"]), whole_characters(one["qas"])
            if not isinstance(context, str) or not isinstance(questions, list):
                raise UserError(f"the context is {context!r:.40}, the questions "
                                f"{questions!r:.40}; needed are a text and a list")
            questions = [_answers(question, counts) for question in questions]
            given.append({
                "context": context, "qas": [
                    {**one, "language": one.get("language", language)}
                    if language and isinstance(one, dict) else one for one in questions],
                "places": [f"{source.name}:{place}" + (f".qas[{at}]" if "[" in place else "")
                           for at in range(len(questions))]})
            counts["sentences"] += len(questions)
    except UserError as error:
        if source.name in str(error):
            raise
        raise UserError(f"{source.name}:{place}: {error}") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{source.name}: no JSON: {error}") from None
    except (KeyError, TypeError, AttributeError):
        raise UserError(f"{source.name}: not SQuAD's JSON; needed are data, paragraphs, context "
                        "and qas") from None
    return given


def _divide(paragraphs: Sequence[Paragraph], missing: Sequence[str], options: MakeOptions
            ) -> Dict[str, List[Paragraph]]:
    """Takes dev and test out of train; all questions on one context stay together."""
    ranked = sorted({one["context"] for one in paragraphs},
                    key=lambda context: digest([context], options.seed))
    side: Dict[str, str] = {}
    begin = 0
    for split, share in zip(("dev", "test"), options.shares):
        if split in missing:
            count = max(1, round(share * len(ranked)))
            side.update(dict.fromkeys(ranked[begin:begin + count], split))
            begin += count
    divided: Dict[str, List[Paragraph]] = {split: [] for split in ("train", *missing)}
    for one in paragraphs:
        divided[side.get(one["context"], "train")].append(one)
    return divided


def _of_languages(paragraphs: List[Paragraph], languages: Sequence[str]) -> List[Paragraph]:
    if not languages:
        return paragraphs
    kept = []
    for one in paragraphs:
        own = [(question, place) for question, place in zip(one["qas"], one["places"])
               if not isinstance(question, dict)
               or question.get("language", DEFAULT_LANGUAGE) in languages]
        if own:
            questions, places = map(list, zip(*own))
            kept.append({**one, "qas": questions, "places": places})
    return kept


def _rename(paragraphs: Sequence[Paragraph], stem: str, seen: Set[Any], counts: Tally) -> None:
    """Numbers the questions of a file whose ids are not their own, as in TyDi."""
    own = [str(one.get("id")) for paragraph in paragraphs for one in paragraph["qas"]
           if isinstance(one, dict)]
    if len(set(own)) < len(own) or seen & set(own):
        counts["renamed_ids"] += len(own)
        numbers = itertools.count(1)
        for paragraph in paragraphs:
            paragraph["qas"] = [{**one, "id": f"{stem}-{next(numbers)}"}
                                if isinstance(one, dict) else one for one in paragraph["qas"]]
    seen.update(own)


def _languages(paragraphs: Sequence[Paragraph]) -> Dict[str, int]:
    counts = collections.Counter(str(question.get("language", DEFAULT_LANGUAGE))
                                 for one in paragraphs for question in one["qas"]
                                 if isinstance(question, dict))
    return dict(sorted(counts.items()))


def _unanswered(rows: Mapping[str, Sequence[Paragraph]]) -> List[str]:
    """Splits without any answer, as published tests whose answers are kept back."""
    return [split for split, own in rows.items()
            if not any(isinstance(one, dict) and one.get("answers")
                       for paragraph in own for one in paragraph["qas"])]


def _split(sources: Sequence[Source], options: MakeOptions, records: List[Mapping[str, Any]]
           ) -> Tuple[Dict[str, List[Paragraph]], List[str]]:
    rows: Dict[str, List[Paragraph]] = {"train": [], "dev": [], "test": [], "transfer": []}
    seen: Set[Any] = set()
    for source in sources:
        counts = Tally()
        found = _of_languages(_paragraphs(source, options, counts), options.read.languages)
        _rename(found, pathlib.PurePath(source.name).stem, seen, counts)
        rows[source.split if source.split in rows else "train"] += found
        records.append({"source": source.name, "format": "squad", "split": source.split,
                        "notes": counts.notes, "counts": {k: v for k, v in counts.items() if v}})
    if not rows["train"]:
        raise UserError("no questions for train in what was given")
    # A dev file without a test file is SQuAD's own form; dev is then scored.
    missing = [] if rows["dev"] else [split for split in ("dev", "test") if not rows[split]]
    if missing:
        contexts = len({one["context"] for one in rows["train"]})
        rows.update(_divide(rows["train"], missing, options))
        empty = [split for split in ("train", *missing) if not rows[split]]
        if empty:
            raise UserError(f"{contexts} context{'s' * (contexts > 1)} for train, "
                            f"{' and '.join(missing)}; needed is one each. Name files for the "
                            "splits, such as --dev=FILE")
    return {split: own for split, own in rows.items() if own}, missing


def _write(path: pathlib.Path, paragraphs: Sequence[Paragraph]) -> None:
    write_json(path, {"version": "v2.0", "data": [
        {"paragraphs": [{"context": one["context"], "qas": one["qas"]}]} for one in paragraphs]})


@contextlib.contextmanager
def _own_places(path: pathlib.Path, paragraphs: Sequence[Paragraph]) -> Iterator[None]:
    """Names the user's file and place in errors of a file that is being written.

    Args:
      path: the written file, which is removed after an error.
      paragraphs: its contents.
    """
    try:
        yield
    except UserError as error:
        told = re.match(rf"{re.escape(str(path))}:data\[(\d+)\]\.paragraphs\[0\]\.qas\[(\d+)\]",
                        str(error))
        if told is None:
            raise UserError(str(error).replace(str(path), path.name)) from None
        place = paragraphs[int(told.group(1))]["places"][int(told.group(2))]
        raise UserError(f"{place}{str(error)[told.end():]}") from None


def _unlabelled(
    rows: Mapping[str, Sequence[Paragraph]], *, keep_leaks: bool
) -> Tuple[List[Paragraph], Dict[str, int]]:
    """The questions of the transfer files and of train, without answers.

    Args:
      rows: paragraphs by split.
      keep_leaks: True to keep questions on contexts of dev and test.

    Returns:
      (paragraphs, number of transfer questions on contexts of dev and test).
    """
    held_out = {split: {one["context"] for one in rows.get(split, ())} for split in HELD_OUT}
    leaks: Dict[str, int] = collections.Counter()
    kept = []
    for one in (*rows["train"], *rows["transfer"]):
        stands = [split for split in HELD_OUT if one["context"] in held_out[split]]
        leaks.update({split: len(one["qas"]) for split in stands})
        if keep_leaks or not stands:
            kept.append({**one, "qas": [
                {name: question[name] for name in ("id", "question", "language")
                 if name in question} if isinstance(question, dict) else question
                for question in one["qas"]]})
    return kept, dict(leaks)


def make_answers(
    sources: Sequence[Source], output: pathlib.Path, options: MakeOptions,
    *, not_read: Sequence[str] = (), overwrite: bool = False,
) -> Dict[str, Any]:
    """Writes a task folder of questions; see `make_texts`.

    Transfer files are in SQuAD's JSON, too. With the questions of train, and without any answers,
    they become transfer.json.

    Raises:
      UserError: for unusable files or questions, or an unusable output folder.
    """
    output = pathlib.Path(output)
    claim_folder(output, overwrite)
    records: List[Mapping[str, Any]] = []
    rows, divided = _split(sources, options, records)
    kind = task_kind(options.kind)
    leaks: Dict[str, int] = {}
    transfer, files = kind.transfer.files[0], kind.files
    with atomic_folder(output) as folder:
        if "transfer" in rows:
            rows["transfer"], leaks = _unlabelled(rows, keep_leaks=options.keep_leaks)
            _write(folder / transfer, rows["transfer"])
            with _own_places(folder / transfer, rows["transfer"]):
                all(QuestionFile(folder / transfer, on_bad_row=options.read.on_bad_row))
        for split, paragraphs in rows.items():
            if split not in files:
                continue
            _write(folder / files[split], paragraphs)
            with _own_places(folder / files[split], paragraphs):
                read_squad(folder / files[split], on_bad_row=options.read.on_bad_row)
        record = {
            "kind": options.kind, "pairs": True, "labels": [], "label_counts": {},
            "splits": {split: _languages(own) for split, own in rows.items()},
            "divided": {"splits": divided, "shares": list(options.shares), "seed": options.seed},
            "leaks": {"kept" if options.keep_leaks else "removed": leaks},
            "found": {"unanswered": _unanswered({split: own for split, own in rows.items()
                                                 if split in files})}, "sources": records,
            "not_read": list(not_read),
        }
        write_json(folder / RECORD_FILE, record)
    return record
