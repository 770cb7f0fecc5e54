"""The command line, to compare with."""

import pytest
from absl import flags

from xtremedistil_tf.cli.options.flags_to_config import run_config
from xtremedistil_tf.cli.options.option import define, given
from xtremedistil_tf.cli.options.run_flags import DISTILLATION


@pytest.fixture
def parse_command():
    """Parses a command line of a distillation, whose task is t, into its settings."""
    def parse_arguments(*arguments):
        values = flags.FlagValues()
        define(DISTILLATION, values=values)
        values(["command", "--task=t", "--model_dir=m", *arguments])
        return run_config(given(values, DISTILLATION))

    return parse_arguments
