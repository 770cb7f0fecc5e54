"""Command lines of distillation and fine-tuning as the settings that they make."""

import pytest
from absl import flags

from xtremedistil_tf.cli import finetune
from xtremedistil_tf.cli.options import flags_to_config
from xtremedistil_tf.cli.options import run_flags as command_flags


def _define_distillation():
    command_flags.define_run_flags()
    command_flags.define_teacher_flags()
    command_flags.define_student_flags()


def _parser(monkeypatch, define_flags, config_of):
    def parse_arguments(*arguments):
        values = flags.FlagValues()
        for kind in ("string", "integer", "float", "boolean", "enum", "list"):
            original = getattr(flags, f"DEFINE_{kind}")
            monkeypatch.setattr(
                command_flags.flags, f"DEFINE_{kind}",
                lambda *a, _original=original, **k: _original(*a, flag_values=values, **k))
        define_flags()
        flags.DEFINE_flag(flags.Flag(
            flags.ArgumentParser(), flags.ArgumentSerializer(), "flagfile", None, ""), values)
        monkeypatch.undo()
        values(["command", *arguments])
        return config_of(values)

    return parse_arguments


@pytest.fixture
def parse(monkeypatch):
    """Parses a command line into a RunConfig, with flags of its own."""
    return _parser(monkeypatch, _define_distillation, flags_to_config.run_config)


@pytest.fixture
def parse_finetune(monkeypatch):
    """The same for xtremedistil-finetune."""
    return _parser(monkeypatch, finetune.define_flags, finetune.finetune_config)
