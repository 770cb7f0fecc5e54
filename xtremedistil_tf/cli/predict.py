r"""Tags or classifies text, or answers questions on it, with a student in any runtime.

Examples:
    xtremedistil-predict --model_dir=runs/mine --input=texts.txt --output=tagged.jsonl \
        --format=json
"""

import dataclasses
import functools
import gc
import itertools
import json
import logging
import os
import pathlib
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from absl import flags

from xtremedistil_tf.cli.options import console
from xtremedistil_tf.cli.options.streams import (
    counting,
    is_device,
    opened_input,
    opened_output,
    reading_progress,
)
from xtremedistil_tf.cli.options.student_flags_loading import (
    define_loading_flags,
    define_reading_flags,
    load_named_student,
    student_loader,
)
from xtremedistil_tf.errors import UserError

if TYPE_CHECKING:  # Imported later at run time, so that --help is fast.
    from xtremedistil_tf.inference.lines import Line
    from xtremedistil_tf.inference.text_model import TextModel

FLAGS = flags.FLAGS
FORMATS = ("tsv", "conll", "json")
_SHOWN_ERRORS = 5
# Objects that are made before Python looks for cycles; a block of lines makes some 50,000.
_OBJECTS = 200_000
# Blocks of lines after which the rest is worth the start of processes, half a second or more.
_FEW_BLOCKS = 16
# Processes that are taken without being asked for; each needs some 100 MB.
_MOST_PROCESSES = 8
# json.dumps with arguments makes a new encoder for each line.
_to_json = json.JSONEncoder(ensure_ascii=False).encode

log = logging.getLogger("absl")


def define_flags() -> None:
    """Defines the flags of this command."""
    define_loading_flags()
    flags.DEFINE_string("input", "-",
                        "File to read, one text a line; - is standard input. Pairs: two texts with "
                        "a tab between, or a JSON object with text and text_pair. Questions: "
                        "question and text with a tab between, or an object with question and "
                        "context.")
    define_reading_flags()
    flags.DEFINE_float("ask_teacher_below", None,
                       "Ask the teacher for lines where the student is less sure than this "
                       "probability (xtremedistil-evaluate shows what it is worth).",
                       lower_bound=0.0, upper_bound=1.0)
    flags.DEFINE_string("teacher_model_dir", None,
                        "Folder of the teacher for --ask_teacher_below, or the run folder around "
                        "it. Default: the teacher of the run folder.")
    flags.DEFINE_string("output", "-", "File to write; - is standard output.")
    flags.DEFINE_enum("format", None, FORMATS,
                      "Output format. tsv: words<TAB>tags, text<TAB>label or question<TAB>answer. "
                      "conll: a word and its tag a line. json: one object a line, with entities "
                      "and character offsets, label and scores, or answer and score. Default: tsv "
                      "for taggers, json for others.")
    flags.DEFINE_integer("processes", None,
                         "Processes that read lines. Default: with many lines and a small student "
                         f"in ONNX one a core, at most {_MOST_PROCESSES}, else 1.", lower_bound=1)


def render(line: "Line", form: str) -> str:
    """Returns a line's result in an output format, without the last line end.

    Args:
      line: the result; it is empty after an error.
      form: an output format of its kind of task.
    """
    return _to_json(line.record()) if form == "json" else line.row(form)


class Rendered(NamedTuple):
    """A block of lines in an output format.

    Attributes:
      text: the lines, each with its line end.
      lines: their number.
      failed: (number within the block from 0, text, error) of each line that could not be read.
      cut: number of lines that were longer than the student reads.
    """

    text: str
    lines: int
    failed: List[Tuple[int, str, str]]
    cut: int


def render_block(model: "TextModel", form: str, block: Sequence[str]) -> Rendered:
    """Reads lines and renders them."""
    from xtremedistil_tf.inference.streaming import read_block

    found = read_block(model, block)
    failed = [(place, line.text, line.error) for place, line in enumerate(found) if line.error]
    return Rendered("".join([render(line, form) + "\n" for line in found]), len(found), failed,
                    sum(line.cut for line in found))


def _reader(load: Callable[[], Any], form: str) -> Callable[[Sequence[str]], Rendered]:
    logging.disable()  # The first process has said it already.
    model = load()
    collect_seldom()
    return functools.partial(render_block, model, form)


def rendered(
    model: "TextModel", form: str, lines: Iterable[str], *, load: Callable[[], Any],
    processes: Optional[int] = None,
) -> Iterator[Rendered]:
    """Reads lines in threads and, if there are many, the rest in processes.

    Args:
      model: the student.
      form: an output format of its kind of task.
      lines: the texts, read lazily.
      load: loads the student in another process; it is pickled.
      processes: number of processes; None: one a core, if threads read with the student, too.
    """
    from xtremedistil_tf.inference.streaming import blocks, cores, in_processes, in_threads

    few = 0
    if processes is None:
        processes, few = min(cores(), _MOST_PROCESSES) if model.threads > 1 else 1, _FEW_BLOCKS
    rest = blocks(lines)
    yield from in_threads(functools.partial(render_block, model, form),
                          itertools.islice(rest, None if processes == 1 else few),
                          threads=model.threads)
    first = next(rest, None)
    if first is not None:
        yield from in_processes(
            functools.partial(_reader, load, form), itertools.chain([first], rest),
            processes=processes)


def collect_seldom() -> None:
    """Lets Python look for cycles seldom: lines make many objects and no cycles."""
    gc.freeze()  # The student stays.
    gc.set_threshold(_OBJECTS)


def _with_teacher(student: "TextModel") -> "TextModel":
    """Returns the student or, with --ask_teacher_below, a cascade of student and teacher.

    Raises:
      UserError: if there is no teacher, or several processes would need it.
    """
    if FLAGS.ask_teacher_below is None:
        if FLAGS.teacher_model_dir is not None:
            raise UserError("--teacher_model_dir needs --ask_teacher_below")
        return student
    if (FLAGS.processes or 1) > 1:
        raise UserError(f"--processes is {FLAGS.processes}; allowed beside --ask_teacher_below: 1")
    from xtremedistil_tf.hub.folders import teacher_on_hub
    from xtremedistil_tf.inference.cascade import Cascade
    from xtremedistil_tf.inference.runtimes.teacher import load_teacher_model
    from xtremedistil_tf.validation.run_files import find_teacher

    folder = find_teacher(teacher_on_hub(FLAGS.teacher_model_dir or FLAGS.model_dir))
    if folder is None:
        raise UserError(f"{FLAGS.teacher_model_dir or FLAGS.model_dir} holds no fine-tuned teacher;"
                        " --teacher_model_dir names one")
    teacher = load_teacher_model(folder, keep_whole=FLAGS.whitespace_words)
    cascade = Cascade(student, teacher, FLAGS.ask_teacher_below)
    teacher.say_from(student.least)
    return cascade


def _check_files() -> None:
    """Refuses a wrong output before the student is loaded.

    Raises:
      UserError: if nothing can be written there, or it is the input.
    """
    from xtremedistil_tf.config.checks import check_output

    if FLAGS.output == "-" or is_device(pathlib.Path(FLAGS.output)):
        return
    check_output(pathlib.Path(FLAGS.output))
    if os.path.realpath(FLAGS.output) == os.path.realpath(FLAGS.input) and os.path.isfile(
            FLAGS.input):
        raise UserError(f"--output {FLAGS.output} is the file of --input; name another one")


@dataclasses.dataclass
class _Counts:
    """The lines of a file so far.

    Attributes:
      lines: number of lines.
      failed: number of those that could not be read.
      cut: number of those that are longer than the student reads.
      first: (number from 1, text, error) of the first that could not be read.
    """

    lines: int = 0
    failed: int = 0
    cut: int = 0
    first: Optional[Tuple[int, str, str]] = None

    def add(self, block: Rendered) -> None:
        """Counts the lines of a block; tells of the first ones that could not be read."""
        for place, text, why in block.failed:
            number = self.lines + place + 1
            self.failed += 1
            self.first = self.first or (number, text, why)
            if self.failed <= _SHOWN_ERRORS:
                log.warning("line %d could not be read: %s", number, why)
        self.lines += block.lines
        self.cut += block.cut


def refuse_all(model: "TextModel", failed: int, number: int, text: str, why: str) -> None:
    """Ends the command after a file of which no line could be read.

    Args:
      model: the student.
      failed: number of lines.
      number, text, why: number, text and error of the first.

    Raises:
      UserError: with the first line.
      Exception: the line's own error, with its traceback, if it is a fault of the student or ours.
    """
    try:
        model.read_lines([text])
    except UserError:
        pass
    raise UserError(f"none of the {failed} lines could be read; the first: line {number}: {why}")


def main() -> None:
    """Streams lines through the student, in order and in constant memory."""
    from xtremedistil_tf.inference.input_lines import InputLines, check_reading
    from xtremedistil_tf.tasks import task_kind

    _check_files()
    model = _with_teacher(load_named_student())
    check_reading(model, FLAGS.text_column, FLAGS.encoding)
    collect_seldom()
    formats = task_kind(model.kind).formats
    form = FLAGS.format or formats[0]
    if form not in formats:
        raise UserError(f"--format is {form}, which a student for {model.kind} does not have; "
                        f"allowed: {', '.join(name for name in FORMATS if name in formats)}")
    counts = _Counts()
    with opened_input(FLAGS.input) as source, opened_output(FLAGS.output) as write, \
            reading_progress(source) as advance:
        lines = InputLines(
            counting(source, advance), "standard input" if FLAGS.input == "-" else FLAGS.input,
            model, column=FLAGS.text_column, encoding=FLAGS.encoding)
        for block in rendered(model, form, lines, load=student_loader(verify=False),
                              processes=FLAGS.processes):
            write(block.text)
            counts.add(block)
        if counts.first and counts.failed == counts.lines:
            refuse_all(model, counts.failed, *counts.first)
    if lines.broken:
        log.warning("%d lines hold bytes that are not UTF-8, or half a character, each read as "
                    "U+FFFD; the first is line %d", lines.broken, lines.first_broken)
    if lines.marks:
        log.warning("%d byte order marks inside the file left out", lines.marks)
    if counts.failed:
        log.warning("%d lines could not be read; they are empty in the output", counts.failed)
    if FLAGS.ask_teacher_below is not None:
        asked, total = getattr(model, "asked", 0), getattr(model, "total", 0)
        log.info("the teacher was asked for %d of %d lines", asked, total)
    if counts.cut:
        log.warning("texts that are longer than the student reads, so that their ends were cut: %d",
                    counts.cut)


def run() -> None:
    """Entry point of the console script."""
    console.start(main, define_flags, on_interrupt="what was written so far is incomplete")


if __name__ == "__main__":
    run()
