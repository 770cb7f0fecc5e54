"""The configuration of a command, with the settings that it leaves to the program."""

import dataclasses
import logging
import pathlib
from typing import Dict, Set

from xtremedistil_tf.cli.options.flags_to_config import Given, resources, run_config
from xtremedistil_tf.cli.options.planning_flags import AUTO
from xtremedistil_tf.cli.options.run_flags import DISTILLATION
from xtremedistil_tf.config import EPOCHS, Resources, RunConfig

log = logging.getLogger("absl")


def _flags() -> Dict[str, str]:
    """Names of the flags by the first setting that they determine."""
    names: Dict[str, str] = {}
    for option in DISTILLATION:
        if option.sets:
            names.setdefault(option.sets[0], option.name)
    return names


def _named(given: Given) -> Set[str]:
    """Settings that flags name, as "part.field"."""
    return {place for option in DISTILLATION if option.name in given for place in option.sets}


def chosen_resources(given: Given) -> Resources:
    """Builds the resources of a run; without --baseline, the settings' defaults decide about it.

    Raises:
      UserError: for an invalid value or combination.
    """
    may_use = resources(given)
    if "baseline" in given or given.get("defaults", AUTO) != AUTO:
        return may_use
    return dataclasses.replace(may_use, baseline=not EPOCHS & _named(given))


def chosen_config(given: Given) -> RunConfig:
    """Builds the settings of a distillation, and chooses those that no flag names.

    Unless --defaults=paper is given, data, teacher and run folder decide them; see
    `planning.defaults`. A log line says what was chosen and why.

    Args:
      given: values of the given flags by name; see `run_flags.DISTILLATION`.

    Raises:
      UserError: for an invalid value or combination, or unusable data or teacher.
    """
    config = run_config(given)
    if given.get("defaults", AUTO) != AUTO:
        return config
    # Imported here, since it imports transformers; mistakes in flags are reported before that.
    from xtremedistil_tf.planning.defaults import choose

    named = _named(given)
    names = _flags()
    config, lines = choose(
        config, named, pathlib.Path(given["model_dir"]), overwrite=bool(given.get("overwrite")),
        flag_of=lambda place: names[place])
    for line in lines:
        log.info("%s", line)
    return config
