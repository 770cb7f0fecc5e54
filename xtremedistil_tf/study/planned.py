"""Plans the runs of a study's lines, and finds lines with the same runs."""

import dataclasses
import hashlib
import json
import logging
import re
import urllib.parse
from typing import AbstractSet, Any, Dict, List, Mapping, Optional, Sequence

from xtremedistil_tf.config.data import DECODINGS
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.study.grids import Variant

log = logging.getLogger("absl")

# Flags that may change the teacher, see `teacher_flags`.
TEACHER_FLAGS = (
    "languages", "labels_per_language", "seq_len", "strip_accents", "pt_teacher",
    "pt_teacher_checkpoint", "teacher_model_dir", "teacher_config", "teacher_epochs",
    "teacher_batch_size", "teacher_learning_rate", "teacher_warmup", "teacher_unfreeze",
    "teacher_mask_rate", "opt_policy", "on_bad_row", "dev_measure", "decoding", "label_map",
    "teacher_tag_scheme", "teacher_outputs", "teacher_tokenizer", "teacher_weights",
    "teacher_languages", "teacher_lm_epochs", "teacher_opt_policy", "do_NER", "tag_scheme",
    "glue_task", "do_pairwise", "do_multilabel", "do_regression", "do_squad", "task_kind",
    "doc_stride", "max_query_length", "max_answer_length", "ft_epochs", "ft_batch_size",
    "patience", "transfer_file", "transfer_size", "entity_swaps", "word_swaps")
# Flags of teacher or student alone, and the flag of both that holds where they are not named.
_ALONE = {"teacher_epochs": "ft_epochs", "teacher_batch_size": "ft_batch_size",
          "student_ft_batch_size": "ft_batch_size"}
# Flags of the transfer text, and the flags of teachers that read it.
_TEXT = ("transfer_file", "transfer_size", "entity_swaps", "word_swaps")
_READERS = ("teacher_lm_epochs", "teacher_config")

# The flags in a teacher's name; of two that begin alike the longer one.
_NAMES = re.compile(f"_({'|'.join(sorted(TEACHER_FLAGS, key=len, reverse=True))})(?=_)")

# Bytes of a folder's name that file systems allow, and hexadecimal digits that tell names apart.
_LONGEST_NAME, _DIGITS = 255, 16


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _folder_name(text: str) -> str:
    """Cuts text to what a file system takes; a hash of all of it ends a name that was cut."""
    name = text.encode()
    if len(name) <= _LONGEST_NAME:
        return text
    kept = name[:_LONGEST_NAME - _DIGITS - 1].decode(errors="ignore")
    return f"{kept}-{_digest(text)}"


@dataclasses.dataclass(frozen=True)
class Run:
    """One process of a study.

    Attributes:
      variant: its line of the table.
      seed: its seed.
      language: its language, if the line has a student for each language; else None.
      flags: flags that differ from those of all runs, except the language.
    """

    variant: Variant
    seed: int
    language: Optional[str]
    flags: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Name of its folder below `runs`, from its flags, so that several studies can share it."""
        changes = [f"{name}={value}" for name, value in sorted(self.flags.items())]
        flags = _folder_name(urllib.parse.quote(",".join(changes), safe="=,"))
        parts = [flags or "base", f"seed_{self.seed}", self.language]
        return "/".join(part for part in parts if part)

    @property
    def arguments(self) -> Dict[str, Any]:
        """Its flags, with its language if it has one."""
        return {**self.flags, **({"languages": self.language} if self.language else {})}


def _is_same(one: Any, other: Any) -> bool:
    """True for two values that a command line reads as one: 1 and 1.0, true and True."""
    texts = str(one), str(other)
    try:
        return texts[0] == texts[1] or float(texts[0]) == float(texts[1])
    except ValueError:
        return texts[0].lower() == texts[1].lower() in ("true", "false")


def _changes(variant: Variant, given: Mapping[str, Any]) -> Dict[str, Any]:
    """Flags of a line that differ from those of all runs, or keep what another would change."""
    flags = variant.flags
    changed = {name for name, value in flags.items()
               if name not in given or not _is_same(given[name], value)}
    return {name: value for name, value in flags.items()
            if name in changed or _ALONE.get(name) in changed}


def distinct(variants: Sequence[Variant], given: Mapping[str, Any]) -> List[Variant]:
    """Removes lines whose runs equal those of an earlier line, and logs them.

    Two lines can be equal because of the flags of all runs: --study=deviations tries
    --optimizer=adam, which is the default.
    """
    lines: Dict[str, Variant] = {}
    for variant in variants:
        known = lines.setdefault(
            json.dumps([_changes(variant, given), variant.by_language], sort_keys=True), variant)
        if known is not variant:
            log.warning("line %s is left out: with these flags its runs are those of line %s",
                        variant.name, known.name)
    return list(lines.values())


def plan_runs(
    variants: Sequence[Variant], seeds: Sequence[int], languages: Sequence[str],
    given: Mapping[str, Any],
) -> List[Run]:
    """All runs of a study, seed by seed: the table of one seed is complete before the next begins.

    Args:
      variants: lines of the table.
      seeds: seeds of every line.
      languages: languages of the training rows.
      given: flags of all runs; a line's flag with the same value is no change.
    """
    runs = []
    for seed in seeds:
        for variant in variants:
            runs += [Run(variant, seed, language, _changes(variant, given))
                     for language in (languages if variant.by_language else (None,))]
    return runs


def one_of_each(runs: Sequence[Run], first: Run) -> List[Run]:
    """One run for each line and language; `first` leads them."""
    found: Dict[Any, Run] = {}
    for run in (first, *runs):
        found.setdefault((run.variant.name, run.language), run)
    return list(found.values())


def chosen(variants: Sequence[Variant], lines: Sequence[str]) -> List[Variant]:
    """Selects a study's lines by name; all if no name is given.

    Raises:
      UserError: for an unknown name.
    """
    names = [variant.name for variant in variants]
    unknown = sorted(set(lines) - set(names))
    if unknown:
        raise UserError(f"--lines names {', '.join(unknown)}; this study has: {', '.join(names)}")
    return [variant for variant in variants if not lines or variant.name in lines]


def _decoding_of_teacher(decoding: Any) -> Any:
    """A teacher has no trained transitions: its tags are the best valid sequence."""
    return DECODINGS[0] if decoding == "trained" else decoding


def teacher_flags(
    flags: Mapping[str, Any], given: Mapping[str, Any], named: AbstractSet[str]
) -> Dict[str, Any]:
    """Flags of a line that change its teacher: lines that differ in one have different teachers.

    Args:
      flags: flags of the line that differ from those of all runs.
      given: values of all flags, from those of all runs and from defaults.
      named: names of the flags of all runs.
    """
    reads_text = any({**given, **flags}.get(name) for name in _READERS)
    idle = {_ALONE.get(name) for name in (*flags, *named) if name in TEACHER_FLAGS}
    idle |= set() if reads_text else set(_TEXT)
    found = {name: flags[name] for name in TEACHER_FLAGS if name in flags and name not in idle}
    own, of_all = (_decoding_of_teacher(where.get("decoding", DECODINGS[0]))
                   for where in (found, given))
    if own == of_all:
        found.pop("decoding", None)
    return found


def teacher_name(flags: Mapping[str, Any]) -> str:
    """Name of a teacher's folder, from the flags that make it."""
    name = "_".join(["teacher", *(f"{name}_{value}" for name, value in flags.items())])
    plain = re.sub(r"[^\w.-]+", "_", name)
    # A value can read as more flags: teacher_model_dir=a_teacher_epochs_2.
    if _NAMES.findall(name) != list(flags):
        name = json.dumps(flags, default=str)
    # Two values can have the same plain form: a/b and a_b.
    return _folder_name(plain if plain == name else f"{plain}-{_digest(name)}")
