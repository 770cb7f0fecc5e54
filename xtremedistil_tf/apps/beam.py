"""Tags any amount of text on an Apache Beam engine; this module imports no TensorFlow.

An engine does not keep the order, so every line has its file name and byte offset.
"""

import json
from typing import Any, Iterator, List, NamedTuple, Optional

import apache_beam as beam
from apache_beam.io.filebasedsource import FileBasedSource
from apache_beam.metrics import Metrics
from apache_beam.utils.shared import Shared

from xtremedistil_tf.inference.runtimes.load import load
from xtremedistil_tf.inference.streaming import decode_line, tag_lines

# Lines go to the tagger in batches; the engine chooses their size between these bounds.
_FEWEST, _MOST = 16, 2048
NAMESPACE = "xtremedistil"


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


class _LineSource(FileBasedSource):
    """Reads lines with their offsets; large files are split between workers."""

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
                yield Line(file_name, at, decode_line(raw, first=at == 0))
                at += len(raw)


class _Tag(beam.DoFn):
    """Tags batches of lines and yields JSON lines; a worker process loads the student once."""

    def __init__(self, model_dir: str, runtime: Optional[str], keep_whole: bool, verify: bool):
        self._folder, self._runtime = model_dir, runtime
        self._keep_whole, self._verify = keep_whole, verify
        self._shared = Shared()
        self._tagger: Any = None
        self._lines = Metrics.counter(NAMESPACE, "lines")
        self._failed = Metrics.counter(NAMESPACE, "failed")

    def setup(self) -> None:
        """Loads the student, or reuses the one that this process has loaded."""
        self._tagger = self._shared.acquire(
            lambda: load(self._folder, self._runtime, keep_whole=self._keep_whole,
                         verify=self._verify))

    def process(self, batch: List[Line]) -> Iterator[str]:
        """Tags a batch; an error in one line does not affect the others."""
        for line, tagged in zip(batch, tag_lines(self._tagger, (line.text for line in batch))):
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
    """

    def __init__(self, pattern: str, model_dir: str, runtime: Optional[str] = None,
                 keep_whole: bool = False, *, verify: bool = True):
        super().__init__()
        self._pattern = pattern
        self._tag = _Tag(model_dir, runtime, keep_whole, verify)

    def expand(self, pipeline):
        """Returns JSON lines like those of `xtremedistil-predict`, with file and offset first."""
        return (pipeline
                | "Read" >> beam.io.Read(_LineSource(self._pattern))
                # Without it, lines would stay on the worker that read them.
                | "Spread" >> beam.Reshuffle()
                | "Batch" >> beam.BatchElements(_FEWEST, _MOST)
                | "Tag" >> beam.ParDo(self._tag))
