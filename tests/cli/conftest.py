"""Command lines of distillation and fine-tuning as the settings that they make."""

import pytest
from absl import flags

from xtremedistil_tf.cli.options.flags_to_config import finetune_config, run_config
from xtremedistil_tf.cli.options.option import define, given
from xtremedistil_tf.cli.options.pretraining_flags import PRETRAINING, pretraining_config
from xtremedistil_tf.cli.options.run_flags import DISTILLATION, FINE_TUNING


def _parser(options, config_of):
    def parse_arguments(*arguments):
        values = flags.FlagValues()
        define(options, values=values)
        flags.DEFINE_flag(flags.Flag(
            flags.ArgumentParser(), flags.ArgumentSerializer(), "flagfile", None, ""), values)
        values(["command", *arguments])
        return config_of(given(values, options))

    return parse_arguments


@pytest.fixture
def parse():
    """Parses a command line into a RunConfig, with flags of its own."""
    return _parser(DISTILLATION, run_config)


@pytest.fixture
def parse_pretrain():
    """Parses a command line of xtremedistil-pretrain into a PretrainingConfig."""
    return _parser(PRETRAINING, pretraining_config)


@pytest.fixture
def parse_finetune():
    """The same for xtremedistil-finetune."""
    return _parser(FINE_TUNING, finetune_config)
