"""Habits of all commands: help by concern, near words, version, exit codes, quiet and verbose."""

import importlib
import logging
import os
import re
import signal
import subprocess
import sys

import pytest
from absl import flags

from tests.conftest import ROOT
from tests.processes import COMMANDS, run
from xtremedistil_tf.cli.options import console, run_flags, student_flags_loading
from xtremedistil_tf.cli.options import usage as command_help
from xtremedistil_tf.cli.options.option import parsed, without_choice
from xtremedistil_tf.cli.options.run_flags import DISTILLATION
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.progress import Progress
from xtremedistil_tf.version import __version__


@pytest.mark.parametrize("module", COMMANDS)
def test_help_groups_flags_and_imports_no_tensorflow(module):
    result = run(module, "--help")
    assert result.returncode == 0 and not result.stderr
    assert not {"tensorflow", "matplotlib"} & set(result.modules)
    titles = re.findall(r"^(\S.*):$", result.stdout, re.M)
    assert titles[0] == "Examples" and titles[1:]
    assert set(titles[1:]) <= set(command_help.CONCERNS), "a flag is in no concern"
    assert re.search(r"^Run:$(.*\n)+ +--quiet ", result.stdout, re.M)


def test_helpshort_is_the_same_and_names_the_papers_values():
    result = run("xtremedistil_tf.cli.distill", "--helpshort")
    text = " ".join(result.stdout.split())
    assert "the BiLSTM. Default: 200; with epochs given 600 (--defaults)" in text
    assert "(default: mse; the paper: kld_student_first)" in text
    assert "<D4.2|" in text


def test_every_flag_of_a_concern_is_defined_once():
    defined, placed = set(), [name for members in command_help.CONCERNS.values()
                              for name in members]
    assert len(placed) == len(set(placed))
    for module in COMMANDS:
        defined |= set(re.findall(r"^  --(\w+)", run(module, "--help").stdout, re.M))
    assert set(placed) == defined and set(command_help.PAPER) <= defined


def test_version():
    result = run("xtremedistil_tf.cli.predict", "--version")
    assert result.stdout.splitlines() == [f"xtremedistil_tf {__version__}"]
    assert result.returncode == 0


@pytest.mark.parametrize(("arguments", "message"), [
    (["--task=t", "--model_dir=m", "--strategy=d42"],
     "--strategy is 'd42'; allowed: D4.2, D4.1, D3.2, D3.1, D2, D1, D0-S, D0; did you mean D4.2?"),
    (["--task=t", "--model_dir=m", "--strategy=zzz"], "allowed: D4.2, D4.1, D3.2, D3.1, D2, D1"),
    (["--tsk=t"], "there is no flag --tsk; did you mean --task?"),
    (["--bilstm_hiden_sise=5"], "did you mean --bilstm_hidden_size?"),
    (["--zzzzzzzz=5"], "there is no flag --zzzzzzzz; --help lists them"),
    (["--model_dir=m"], "--task is needed; --help lists the flags"),
    (["--seq_len=abc"], "flag --seq_len=abc: invalid literal"),
])
def test_wrong_flags_are_told_in_one_line(arguments, message):
    result = run("xtremedistil_tf.cli.distill", *arguments)
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ") and message in line
    assert not result.stdout and "tensorflow" not in result.modules


@pytest.mark.parametrize(("content", "message"), [
    ("--seed=ä".encode("latin-1"), "--flagfile is not UTF-8"),
    ("--seed=3".encode("utf-16"), "--flagfile is not UTF-8"),
    ("--do_NER".encode("utf-8-sig"), "a byte order mark stands before it"),
])
def test_a_flagfile_that_cannot_be_read_is_told_in_one_line(content, message, tmp_path):
    path = tmp_path / "x.flags"
    path.write_bytes(content)
    result = run("xtremedistil_tf.cli.distill", f"--flagfile={path}", "--task=t", "--model_dir=m")
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ") and message in line
    if "UTF-8" in message:
        with pytest.raises(UserError, match=message):
            parsed([f"--flagfile={path}"], DISTILLATION)


@pytest.mark.parametrize(("argument", "message"), [
    ("--flagfile=", "--flagfile is empty"),
    ("--flagfile=no/x.flags", "--flagfile no/x.flags: No such file or directory"),
    ("--flagfile=/", "--flagfile /: Is a directory"),
    ("--task=~/data", "--task is ~/data; after = the shell does not replace ~; write $HOME/data"),
    ("--transfer_file=~/data", "write $HOME/data, or a space instead of ="),
    ("--task=t\udce4sk", "--task is 't\\udce4sk', which is not UTF-8; rename it"),
])
def test_values_that_name_another_place_are_refused(argument, message):
    result = run("xtremedistil_tf.cli.distill", argument,
                 *(["--task=t"] if "task" not in argument else []), "--model_dir=m")
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ") and message in line


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_a_command_without_a_terminal_prints_nothing_and_goes_on(closed, tmp_path):
    code = ("import pathlib, sys\nfrom xtremedistil_tf.cli.options import console\n"
            "def main():\n    console.say('ä')\n    print('x', file=sys.stderr)\n"
            "    sys.stdin.read()\n    pathlib.Path('done').touch()\n"
            "console.start(main, lambda: None)\n")
    (tmp_path / "command.py").write_text(code, "utf-8")
    subprocess.run(f"{sys.executable} command.py {closed}", shell=True, cwd=tmp_path, timeout=60,
                   env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},
                   stdin=subprocess.DEVNULL, check=True)
    assert (tmp_path / "done").exists()


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("streams, code, told", [
    (">/dev/full", 2, "error: standard output: No space left on device\n"),
    ("| exit 7", 0, ""), (">&2 | exit 7", 0, ""), ("2>/dev/full", 0, "")])
def test_streams_that_take_nothing(streams, code, told, unbuffered, tmp_path):
    """Python would tell of them at its end, with code 120."""
    (tmp_path / "command.py").write_text(
        "import pathlib, sys\nfrom xtremedistil_tf.cli.options import console\n"
        "def main():\n    sys.stdin.read()\n    print('x', file=sys.stderr)\n    print('x')\n"
        "    pathlib.Path('done').touch()\n"
        "console.start(main, lambda: None)\n")
    done = subprocess.run(
        ["bash", "-c", f"sleep 0.1 | {sys.executable} command.py {streams}; "
         "exit ${PIPESTATUS[1]}"], cwd=tmp_path, timeout=60, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": unbuffered})
    assert (done.returncode, done.stderr.replace("x\n", "")) == (code, told)
    assert (tmp_path / "done").exists() or unbuffered


def test_near():
    assert command_help.near("GELU", ["gelu", "relu"]) == "gelu"
    assert command_help.near("restart", ["restarts", "cosine"]) == "restarts"
    assert command_help.near("xyz", ["gelu", "relu"]) is None


def test_default_text():
    values = flags.FlagValues()
    flags.DEFINE_boolean("strip_accents", None, "", flag_values=values)
    flags.DEFINE_boolean("do_NER", False, "", flag_values=values)
    flags.DEFINE_list("languages", ["a", "b"], "", flag_values=values)
    flags.DEFINE_integer("seq_len", 64, "", flag_values=values)
    flags.DEFINE_integer("sizes", None, "Sizes. Default: all.", flag_values=values)
    assert [command_help.default_text(values[name]) for name in sorted(values)] == [
        "false", "a,b", "64; the paper: 32", "depends", "none; the paper: true"]
    assert command_help.usage("x", "P.", ["sizes"], values).splitlines()[5:7] == [
        "  --sizes  Sizes. Default: all", ""]
    flags.DEFINE_multi_string("grid", [], "A grid.", flag_values=values)
    text = command_help.usage("x", "P.", ["grid"], values, examples="Examples:\n    x --grid=a=1\n")
    assert text.splitlines()[3:7] == ["", "Examples:", "    x --grid=a=1", ""]
    assert "  --grid  A grid (default: none)" in text


@pytest.mark.parametrize(("flag", "shown"), [
    ("--quiet", {"warning"}), ("--verbose", {"debug", "info", "warning"}),
    ("", {"info", "warning"}), ("--verbosity=-2", set())])
def test_quiet_and_verbose(flag, shown):
    code = ("import logging, os, sys\nfrom xtremedistil_tf.cli.options import console\n"
            "def main():\n    log = logging.getLogger('absl')\n"
            "    for level in ('debug', 'info', 'warning'): getattr(log, level)('say ' + level)\n"
            "    print(os.environ.get('TF_CPP_MIN_LOG_LEVEL'))\n    console.say('result')\n"
            "console.start(main, lambda: None)\n")
    result = subprocess.run([sys.executable, "-c", code, *filter(None, [flag])], cwd=ROOT,
                            capture_output=True, text=True, timeout=60,
                            env={"PATH": "", "PYTHONPATH": str(ROOT)})
    assert set(re.findall(r"say (\w+)", result.stderr)) == shown
    assert result.stdout.split() == ["None" if flag == "--verbose" else "3",
                                     *([] if flag == "--quiet" else ["result"])]


def test_quiet_hides_progress(capsys):
    log = logging.getLogger("absl")
    before = log.level
    try:
        for level, shown in ((logging.WARNING, False), (logging.INFO, True)):
            log.setLevel(level)
            with Progress(1, "title", "row") as bar:
                bar.advance()
            assert ("title" in capsys.readouterr().err) == shown
    finally:
        log.setLevel(before)


def test_what_is_held_back_is_shown_if_the_import_fails(capfd):
    from xtremedistil_tf.keras2 import _hushed

    for wanted, told in ((True, ""), (False, "from C++")):
        with _hushed(wanted):
            os.write(2, b"from C++")
        assert capfd.readouterr().err == told
    with pytest.raises(ImportError), _hushed(True):
        os.write(2, b"from C++")
        raise ImportError
    assert capfd.readouterr().err == "from C++"


def test_import_of_the_package_brings_no_library_along():
    result = subprocess.run(
        [sys.executable, "-c", "import sys; before = set(sys.modules); import xtremedistil_tf\n"
         "print(sorted(n for n in set(sys.modules) - before if not n.startswith('xtremedistil')))"],
        cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert result.stdout.strip() == "[]"


def test_commands_exist():
    assert len(COMMANDS) >= 4
    for module in COMMANDS:
        assert importlib.import_module(module).run


@pytest.fixture
def failing(tmp_path):
    """Runs a command whose main is `code`, with a flag for a folder and one for a batch."""
    def command(code, *arguments):
        (tmp_path / "failing.py").write_text(
            "import pathlib\nfrom absl import flags\n"
            "from xtremedistil_tf.cli.options import console\n"
            "def define_flags():\n"
            "    flags.DEFINE_string('model_dir', None, 'Folder.')\n"
            "    flags.DEFINE_integer('ft_batch_size', 32, 'Rows.')\n"
            "    flags.DEFINE_boolean('overwrite', False, 'Start again.')\n"
            f"def main():\n    {code}\n"
            "def run():\n    console.start(main, define_flags)\n")
        return run("failing", *arguments, first_path=[tmp_path])

    return command


@pytest.mark.parametrize("flag", [(), ("--verbose",)])
def test_a_fault_of_ours_ends_with_a_traceback_and_a_hint(flag, failing, tmp_path):
    # A path that nobody named, and one that lies beside the one that was.
    for path in (tmp_path / "other" / "x", f"{tmp_path}/run2/x"):
        result = failing(f"open({str(path)!r})", f"--model_dir={tmp_path}/run", *flag)
        *_, cause, hint = result.stderr.splitlines()
        assert result.returncode == 1 and "Traceback" in result.stderr
        assert cause.startswith("FileNotFoundError") and hint.startswith("hint: this is a fault of")


def test_a_path_that_was_named_is_told_in_one_line(failing, tmp_path):
    code = "(pathlib.Path(flags.FLAGS.model_dir) / 'x').read_text()"
    result = failing(code, f"--model_dir={tmp_path}/none")
    assert result.returncode == 2
    assert result.stderr == f"error: {tmp_path}/none/x: No such file or directory\n"
    result = failing(code, f"--model_dir={tmp_path}/none", "--verbose")
    assert result.returncode == 2 and "Traceback" in result.stderr
    assert result.stderr.endswith(f"error: {tmp_path}/none/x: No such file or directory\n")


def test_a_full_disk_is_told_in_one_line(failing):
    result = failing("pathlib.Path('/dev/full').write_text('x')")
    assert result.returncode == 2
    assert result.stderr == "error: file system: No space left on device\n"


@pytest.mark.parametrize("flags, told", [((), "command goes on"), (
    ("--overwrite",), "command without --overwrite goes on")])
def test_an_interrupted_command_says_what_goes_on(flags, told, failing):
    result = failing("raise KeyboardInterrupt", *flags)
    assert result.returncode == 130 and result.stderr == f"interrupted; the same {told} from here\n"


@pytest.mark.parametrize("name, code, told", [
    ("xtremedistil-compare", "from xtremedistil_tf.cli.compare import run", None),
    ("run_teacher.py", "from xtremedistil_tf.cli.teacher import run", None),
    ("-m", "xtremedistil_tf.cli.hub.push", None),
    ("run_teacher.py", "from xtremedistil_tf import distil", "KeyboardInterrupt"),
    ("mine.py", "from xtremedistil_tf.cli.options import console", "KeyboardInterrupt")])
def test_a_command_that_still_imports_ends_on_ctrl_c_as_later(name, code, told, tmp_path):
    """Programs of others keep their own way."""
    (tmp_path / "absl.py").write_text(
        "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nraise ImportError")
    (tmp_path / name).write_text(code)
    done = subprocess.run(
        [sys.executable, *([name, code] if name == "-m" else [tmp_path / name])], text=True,
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (tmp_path, ROOT)))},
        capture_output=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    if told:
        assert done.stderr.splitlines()[-1].startswith(told)
    else:
        assert (done.returncode, done.stderr) == (130, "interrupted; nothing was begun\n")


def test_memory_that_ran_out_has_a_hint_of_its_own(failing):
    result = failing("raise MemoryError")
    assert result.returncode == 1 and "Traceback" in result.stderr
    assert result.stderr.endswith("hint: memory ran out: a smaller batch or shorter sequences need "
                                  "less of it (--ft_batch_size is 32)\n")


@pytest.mark.parametrize("name", ["beam", "predict", "serve"])
def test_commands_load_the_student_that_their_flags_name(name, monkeypatch):
    """Each command defines its own of the loading flags."""
    opened = []
    monkeypatch.setattr("xtremedistil_tf.inference.runtimes.load.load",
                        lambda folder, runtime, **_: opened.append((folder, runtime)))
    command, before = importlib.import_module(f"xtremedistil_tf.cli.{name}"), set(flags.FLAGS)
    console.define_all(command.define_flags)
    try:
        flags.FLAGS([name, "--model_dir=/no/run", "--runtime=onnx", "--input=a", "--output=b"],
                    known_only=True)
        student_flags_loading.load_named_student()
    finally:
        flags.FLAGS.unparse_flags()
        for own in set(flags.FLAGS) - before:
            delattr(flags.FLAGS, own)
    assert opened == [("/no/run", "onnx")]


@pytest.mark.parametrize("options", [run_flags.FINE_TUNING, run_flags.DISTILLATION])
def test_a_command_without_defaults_tells_those_it_has(options):
    told = {one.name: one.help for one in without_choice(options)}
    assert not [name for name, text in told.items() if "(--defaults)" in text]
    assert told["seq_len"].endswith("special tokens included. Default: 32.")
    assert told["student_ft_batch_size"].endswith("Default: --ft_batch_size, without it 32.")
    assert told["least_gain"].endswith("Default: 0.")
    assert told["learning_rate"].startswith("Peak learning rate of the student. Default: 0.001. W")


@pytest.mark.parametrize("argument, why", [
    ("--model_dir=", "--model_dir is empty; give it a value, or leave it out"),
    ("--ask_teacher_below=nan", "--ask_teacher_below is nan; needed is a number"),
    ("--threshold=0.5,", "--threshold is 0.5,: a part of it is empty"),
    ("--output=FILE/out.tsv", "is a file, so nothing can be written below it"),
    ("--output=FILE", "is the file of --input; name another one")])
def test_values_that_no_flag_has_are_refused(tmp_path, argument, why):
    """An unset variable of a shell is an empty value; the current folder is not meant."""
    (tmp_path / "file").write_text("Anna\n")
    argument = argument.replace("FILE", str(tmp_path / "file"))
    told = run("xtremedistil_tf.cli.predict", "--model_dir=none", f"--input={tmp_path / 'file'}",
               argument)
    assert told.returncode == 2 and why in told.stderr and told.stderr.count("error: ") == 1
    assert (tmp_path / "file").read_text() == "Anna\n"
