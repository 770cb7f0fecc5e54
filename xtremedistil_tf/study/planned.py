"""The runs of a study's lines: which there are, and which lines are the same runs."""

import dataclasses
import json
import logging
import urllib.parse
from typing import Any, Dict, List, Mapping, Optional, Sequence

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.study.grids import Variant

log = logging.getLogger("absl")


@dataclasses.dataclass(frozen=True)
class Run:
    """One process of a study.

    Attributes:
      variant: the line of the table that it belongs to.
      seed: its seed.
      language: where it is one of several students of a line.
      flags: what it changes of what all runs have; its language aside.
    """

    variant: Variant
    seed: int
    language: Optional[str]
    flags: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its folder, below `runs`: by its flags, so that lines of several studies share it."""
        changes = [f"{name}={value}" for name, value in sorted(self.flags.items())]
        parts = [urllib.parse.quote(",".join(changes), safe="=,") or "base", f"seed_{self.seed}",
                 self.language]
        return "/".join(part for part in parts if part)

    @property
    def arguments(self) -> Dict[str, Any]:
        """Its flags and, where it is of one language, that."""
        return {**self.flags, **({"languages": self.language} if self.language else {})}


def _changes(variant: Variant, given: Mapping[str, Any]) -> Dict[str, Any]:
    """What a line changes of the flags that all runs have; one that says the same is no change."""
    return {name: value for name, value in variant.flags.items()
            if name not in given or str(given[name]) != str(value)}


def distinct(variants: Sequence[Variant], given: Mapping[str, Any]) -> List[Variant]:
    """Lines without those whose runs are an earlier line's; says which were left out.

    With the flags that all runs have, two choices may be the same: --study=deviations tries
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
    """All runs of a study, seed by seed: a table of one seed is complete before the next begins.

    Args:
      variants: lines of the table.
      seeds: of every line.
      languages: of the training rows.
      given: what all runs have; a flag that says the same is no change.
    """
    runs = []
    for seed in seeds:
        for variant in variants:
            runs += [Run(variant, seed, language, _changes(variant, given))
                     for language in (languages if variant.by_language else (None,))]
    return runs


def chosen(variants: Sequence[Variant], lines: Sequence[str]) -> List[Variant]:
    """The lines of a study that were asked for by name; all where none was.

    Raises:
      UserError: for a name that no line has.
    """
    names = [variant.name for variant in variants]
    unknown = sorted(set(lines) - set(names))
    if unknown:
        raise UserError(f"--lines names {', '.join(unknown)}; this study has: {', '.join(names)}")
    return [variant for variant in variants if not lines or variant.name in lines]
