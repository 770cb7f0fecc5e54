"""Tagging any amount of text on an Apache Beam engine; imports no TensorFlow of its own.

An engine keeps no order, so every line carries the file and the byte offset that it came from.
"""

import json
from typing import Any, Iterator, List, NamedTuple, Optional

import apache_beam as beam
from apache_beam.io.filebasedsource import FileBasedSource
from apache_beam.metrics import Metrics
from apache_beam.utils.shared import Shared

from xtremedistil_tf.inference.runtimes.load import load
from xtremedistil_tf.inference.streaming import decode_line, tag_lines

# Lines go to the tagger in batches; how large, the engine finds out between these bounds.
_FEWEST, _MOST = 16, 2048
NAMESPACE = "xtremedistil"


class Line(NamedTuple):
    """A line and where it came from.

    Attributes:
      file: the file's name as the engine has it.
      offset: of the line's first byte in it.
      text: the line without its end.
    """

    file: str
    offset: int
    text: str


class _LineSource(FileBasedSource):
    """Reads lines with their offsets; large files are split between workers."""

    def read_records(self, file_name: str, range_tracker: Any) -> Iterator[Line]:
        """A line belongs to the range in which its first byte lies; see the base class."""
        at = range_tracker.start_position()
        with self.open_file(file_name) as file:
            if at:
                # From one byte before: a line that begins exactly here is this range's.
                file.seek(at - 1)
                at += len(file.readline()) - 1
            while range_tracker.try_claim(at):
                raw = file.readline()
                if not raw:
                    return
                yield Line(file_name, at, decode_line(raw, first=at == 0))
                at += len(raw)


class _Tag(beam.DoFn):
    """Batches of lines in, JSON lines out; a worker process loads the student once."""

    def __init__(self, model_dir: str, runtime: Optional[str], keep_whole: bool):
        self._folder, self._runtime, self._keep_whole = model_dir, runtime, keep_whole
        self._shared = Shared()
        self._tagger: Any = None
        self._lines = Metrics.counter(NAMESPACE, "lines")
        self._failed = Metrics.counter(NAMESPACE, "failed")

    def setup(self) -> None:
        """Loads the student, or takes the one that this process has."""
        self._tagger = self._shared.acquire(
            lambda: load(self._folder, self._runtime, keep_whole=self._keep_whole))

    def process(self, batch: List[Line]) -> Iterator[str]:
        """Tags a batch; a line that cannot be tagged costs that line only."""
        for line, tagged in zip(batch, tag_lines(self._tagger, (line.text for line in batch))):
            self._lines.inc()
            if tagged.error:
                self._failed.inc()
            record = {"file": line.file, "offset": line.offset, **tagged.record()}
            yield json.dumps(record, ensure_ascii=False)


class TagText(beam.PTransform):
    """Files of lines to JSON lines.

    Args:
      pattern: files to read, one sentence a line; compressed ones by their ending.
      model_dir: folder of the student, to be found at the same place on every worker.
      runtime: one of `inference.runtimes.load.RUNTIMES`; by default what the folder holds.
      keep_whole: split text at white space only.
    """

    def __init__(self, pattern: str, model_dir: str, runtime: Optional[str] = None,
                 keep_whole: bool = False):
        super().__init__()
        self._pattern = pattern
        self._tag = _Tag(model_dir, runtime, keep_whole)

    def expand(self, pipeline):
        """A collection of JSON lines: `xtremedistil-predict`'s, with file and offset before."""
        return (pipeline
                | "Read" >> beam.io.Read(_LineSource(self._pattern))
                # Reading alone would leave everything with the worker that read it.
                | "Spread" >> beam.Reshuffle()
                | "Batch" >> beam.BatchElements(_FEWEST, _MOST)
                | "Tag" >> beam.ParDo(self._tag))
