"""Tags any amount of text on an Apache Beam engine; this module imports no TensorFlow.

An engine does not keep the order, so every line has its file name and byte offset.
"""

import itertools
import json
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence

import apache_beam as beam
from apache_beam.io.filebasedsource import FileBasedSource
from apache_beam.io.filesystems import FileSystems
from apache_beam.metrics import Metrics
from apache_beam.utils.shared import Shared

from xtremedistil_tf.data.lines import UTF8, encoding_of, ends_with_cr
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference.input_lines import (
    SAMPLE,
    WHOLE_LINE,
    InputLines,
    check_reading,
    text_of_line,
)
from xtremedistil_tf.inference.runtimes.load import load
from xtremedistil_tf.inference.streaming import decode_line, tag_lines
from xtremedistil_tf.inference.text_model import TextModel

# Lines go to the tagger in batches; the engine chooses their size between these bounds.
_FEWEST, _MOST = 16, 2048
NAMESPACE = "xtremedistil"
# Most files whose first lines are checked before the pipeline starts.
_CHECKED = 1000


class Line(NamedTuple):
    """A line with its origin.

    Attributes:
      file: name of the file, as the engine reports it.
      offset: offset of the line's first byte in the file.
      text: the line without its line end.
    """

    file: str
    offset: int
    text: str


def check_files(pattern: str, model: TextModel, *, column: Optional[str] = None,
                encoding: Optional[str] = None) -> None:
    """Checks the first lines of the input's files as `xtremedistil-predict` checks its input.

    Of very many files it checks 1,000, evenly spread.

    Args:
      pattern: the files, as for `TagText`.
      model: the student.
      column, encoding: see `TagText`.

    Raises:
      UserError: if a file is not text of the given encoding, has labelled rows, or lacks the
        column; or if its line ends, or a line feed in the encoding, are not one line feed's byte,
        so that files cannot be split.
    """
    check_reading(model, column, encoding)
    if encoding is not None and "\n".encode(encoding) != b"\n":
        raise UserError(f"--encoding is {encoding}; the pipeline splits files at line feeds of one "
                        "byte; convert the files to UTF-8, or read them with xtremedistil-predict")
    paths = sorted(found.path for match in FileSystems.match([pattern])
                   for found in match.metadata_list)
    if not paths:
        raise UserError(f"--input {pattern}: no such files")
    for path in paths[::-(-len(paths) // _CHECKED) or 1]:
        with FileSystems.open(path) as file:
            head = list(itertools.islice(iter(file.readline, b""), SAMPLE))
        found, _ = encoding_of(head[0]) if head else (None, 0)
        if found not in (None, UTF8):
            raise UserError(f"{path} is {found.upper()}, which the pipeline cannot split; convert "
                            "it to UTF-8, or read it with xtremedistil-predict")
        if head and ends_with_cr(head[0]) and b"\r" in head[0].rstrip():
            raise UserError(f"{path} ends its lines with carriage returns, which the pipeline "
                            "cannot split; convert it, or read it with xtremedistil-predict")
        for _ in InputLines(head, path, model, column=column, encoding=encoding):
            pass


class _LineSource(FileBasedSource):
    """Reads lines with their offsets; large files are split between workers.

    Args:
      pattern: the files.
      encoding: encoding with line feeds of one byte; None for UTF-8.
    """

    def __init__(self, pattern: str, *, encoding: Optional[str] = None, **options: Any):
        super().__init__(pattern, **options)
        self._encoding = encoding

    def _decoded(self, raw: bytes) -> str:
        if self._encoding is None:
            return decode_line(raw)
        return decode_line(raw.decode(self._encoding, "replace").encode(UTF8))

    def read_records(self, file_name: str, range_tracker: Any) -> Iterator[Line]:
        """Yields the lines whose first byte lies in the range; see the base class."""
        at = range_tracker.start_position()
        with self.open_file(file_name) as file:
            if at:
                # Starts one byte earlier: a line that begins exactly here belongs to this range.
                file.seek(at - 1)
                at += len(file.readline()) - 1
            while range_tracker.try_claim(at):
                raw = file.readline()
                if not raw:
                    return
                yield Line(file_name, at, self._decoded(raw))
                at += len(raw)


class _Tag(beam.DoFn):
    """Tags batches of lines and yields JSON lines; a worker process loads the student once."""

    def __init__(self, model_dir: str, runtime: Optional[str], column: Optional[str],
                 **options: Any):
        self._folder, self._runtime = model_dir, runtime
        self._options = options  # Of `load`.
        self._column = column or WHOLE_LINE
        self._shared = Shared()
        self._tagger: Any = None
        self._lines = Metrics.counter(NAMESPACE, "lines")
        self._failed = Metrics.counter(NAMESPACE, "failed")

    def setup(self) -> None:
        """Loads the student, or reuses the one that this process has loaded."""
        self._tagger = self._shared.acquire(
            lambda: load(self._folder, self._runtime, **self._options))

    def process(self, batch: List[Line]) -> Iterator[str]:
        """Tags a batch; an error in one line does not affect the others."""
        texts: List[str] = []
        without: Dict[int, str] = {}
        for number, line in enumerate(batch):
            try:
                texts.append(text_of_line(line.text, self._column, "this line"))
            except UserError as error:
                texts.append("")
                without[number] = str(error)
        for number, (line, tagged) in enumerate(zip(batch, tag_lines(self._tagger, texts))):
            if number in without:
                tagged = self._tagger.failed_line(line.text, without[number])
            self._lines.inc()
            if tagged.error:
                self._failed.inc()
            record = {"file": line.file, "offset": line.offset, **tagged.record()}
            yield json.dumps(record, ensure_ascii=False)


class TagText(beam.PTransform):
    """Tags text files and returns JSON lines.

    Args:
      pattern: files to read, one sentence a line; compression is recognised by the ending.
      model_dir: student folder, with the same path on every worker.
      runtime: one of `inference.runtimes.load.RUNTIMES`; by default, according to the folder.
      keep_whole: split text at white space only.
      verify: check the folder's files against its manifest.
      column: column or key of the text, see --text_column; None takes whole lines. `check_files`
        tells whether the files need one.
      encoding: encoding of the files, with line feeds of one byte; None for UTF-8.
      onnx_providers: what computes an ONNX student, see `inference.runtimes.load.load`.
    """

    def __init__(self, pattern: str, model_dir: str, runtime: Optional[str] = None,
                 keep_whole: bool = False, *, verify: bool = True, column: Optional[str] = None,
                 encoding: Optional[str] = None, onnx_providers: Sequence[str] = ()):
        super().__init__()
        self._pattern, self._encoding = pattern, encoding
        self._tag = _Tag(model_dir, runtime, column, keep_whole=keep_whole, verify=verify,
                         onnx_providers=onnx_providers)

    def expand(self, pipeline):
        """Returns JSON lines like those of `xtremedistil-predict`, with file and offset first."""
        source = _LineSource(self._pattern, encoding=self._encoding)
        return (pipeline
                | "Read" >> beam.io.Read(source)
                # Without it, lines would stay on the worker that read them.
                | "Spread" >> beam.Reshuffle()
                | "Batch" >> beam.BatchElements(_FEWEST, _MOST)
                | "Tag" >> beam.ParDo(self._tag))
