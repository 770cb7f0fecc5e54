"""Command lines as text, checked against what the commands take: for documents and notebooks."""

import importlib
import pathlib
import re
import shlex

from absl import flags

from tests.conftest import ROOT
from xtremedistil_tf.cli.options import console
from xtremedistil_tf.cli.options.flags_to_config import finetune_config, run_config
from xtremedistil_tf.cli.options.option import given
from xtremedistil_tf.cli.options.pretraining_flags import PRETRAINING, pretraining_config
from xtremedistil_tf.cli.options.run_flags import DISTILLATION, FINE_TUNING
from xtremedistil_tf.errors import UserError

SETUP = (ROOT / "setup.py").read_text("utf-8")
MODULES = dict(re.findall(r'"(xtremedistil-\w+) = ([\w.]+):run"', SETUP))
MODULES.update({"run_distillation.py": MODULES["xtremedistil-distill"],
                "run_teacher.py": MODULES["xtremedistil-teacher"]})
TARGETS = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
EXTRAS = set(re.findall(r'^        "(\w+)": ', SETUP, re.M))


def parse(module, arguments):
    """Parses a command's flags, and for those of a run the settings that they make.

    Raises:
      flags.Error, UserError: for what the command would refuse.
    """
    if arguments in (["--help"], ["--version"]):
        return
    if "--" in arguments:  # What stands behind it is another program's.
        arguments = arguments[: arguments.index("--")]
    command, values, before = importlib.import_module(module), flags.FLAGS, set(flags.FLAGS)
    console.define_all(command.define_flags)
    try:
        rest = values(["command", *arguments])[1:]
        operands = getattr(command, "OPERANDS", ())
        assert len(rest) == len(operands), f"not flags: {rest}; operands: {operands}"
        if "pt_teacher" in values:
            try:
                run_config(given(values, DISTILLATION))
            except UserError as error:
                # A file that the page's reader has, not this folder.
                if "outputs.jsonl: file not found" not in str(error):
                    raise
        elif "relation_heads" in values:
            pretraining_config(given(values, PRETRAINING))
        elif "student_dir" in values and not values.student_dir:
            finetune_config(given(values, FINE_TUNING))
    finally:
        values.unparse_flags()
        for name in set(values) - before:
            delattr(values, name)


def _segments(line):
    """The programs of a line with their arguments; pipes and && divide, redirections end."""
    for part in re.split(r"\s(?:\||&&|\|\|)\s", line):
        words = shlex.split(part, comments=True)
        for at, word in enumerate(words):
            if word in (">", ">>", "<", "2>&1"):
                words = words[:at]
                break
        while words and re.match(r"\w+=", words[0]):  # Variables set for the program.
            words = words[1:]
        if words:
            yield words


def check(line):
    """Checks a line; returns the names of the programs of ours, make and pip that it calls."""
    found = []
    for words in _segments(line):
        if re.search(r"(^|[/\\])(python[\d.]*|py)(\.exe)?$", words[0]):
            words = words[1:]
            while words and re.match(r"-\d", words[0]):  # py -3.11
                words = words[1:]
            if words[:1] == ["-m"]:
                words = words[1:]
        name = re.split(r"[/\\]", words[0])[-1] if words else ""
        if words and words[0].startswith("xtremedistil_tf.cli."):
            parse(words[0], words[1:])
        elif name in MODULES:
            parse(MODULES[name], words[1:])
        elif name == "make":
            targets = [word for word in words[1:] if "=" not in word]
            assert set(targets) <= TARGETS, f"no such target: {targets}"
        elif name == "pip":
            for wanted in re.findall(r"(?:xtremedistil-tf|\.)\[([\w,]+)\]", " ".join(words)):
                assert set(wanted.split(",")) <= EXTRAS, f"no such extra: {wanted}"
        elif name.endswith(".py"):
            assert (ROOT / words[0]).is_file(), f"no such file: {words[0]}"
        else:
            continue
        found.append(name)
    return found


def fenced_lines(path: pathlib.Path):
    """The lines of a document's code blocks, those of other languages left out."""
    text = path.read_text("utf-8")
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```", text, re.M | re.S):
        if language in ("", "sh", "bash"):
            yield from re.sub(r"\\\n\s*", " ", block).splitlines()
