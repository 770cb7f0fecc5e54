"""A command line of the distillation as the settings that it makes."""

import pytest
from absl import flags

from xtremedistil_tf.cli import flags as command_flags


@pytest.fixture
def parse(monkeypatch):
    """Parses a command line into a RunConfig, with flags of its own."""

    def parse_arguments(*arguments):
        values = flags.FlagValues()
        for kind in ("string", "integer", "float", "boolean", "enum", "list"):
            original = getattr(flags, f"DEFINE_{kind}")
            monkeypatch.setattr(
                command_flags.flags, f"DEFINE_{kind}",
                lambda *a, _original=original, **k: _original(*a, flag_values=values, **k))
        command_flags.define_run_flags()
        command_flags.define_teacher_flags()
        command_flags.define_student_flags()
        flags.DEFINE_flag(flags.Flag(
            flags.ArgumentParser(), flags.ArgumentSerializer(), "flagfile", None, ""), values)
        monkeypatch.undo()
        values(["command", *arguments])
        return command_flags.run_config(values)

    return parse_arguments
