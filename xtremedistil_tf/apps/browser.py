"""The files with which the page runs the student in the browser, so that no text is sent."""

import gzip
import hashlib
import json
import pathlib
from typing import Any, Dict, NamedTuple, Optional

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.inference.assets import (
    RECORD_FILE,
    TOKENIZER_FILE,
    VOCABULARY_FILE,
    form_path,
)
from xtremedistil_tf.inference.runtimes.onnx import FLOAT_FILE, INT8_FILE
from xtremedistil_tf.tasks import task_kind_of

SCRIPT, WASM = "worker.js", "ort-wasm-simd-threaded.wasm"
_TYPES = {".js": "text/javascript", ".wasm": "application/wasm", ".json": "application/json"}
# Keys of a student's record that clients/js reads; others, such as its scores, are not sent.
_RECORD_KEYS = ("student", "tags", "kind", "decoding", "transitions", "seq_len", "temperature",
                "segmentation")


class Content(NamedTuple):
    """A file as it is sent.

    Attributes:
      type: media type.
      plain, packed: its bytes, and the same compressed by gzip.
      tag: changes if the file changes; a browser that has the file is told so by it.
    """

    type: str
    plain: bytes
    packed: bytes
    tag: str


class BrowserFiles:
    """The files of clients/js and of one student, by the names by which a browser asks for them.

    Args:
      built: folder that `npm run build` wrote in clients/js.
      model_dir: the run folder, or its onnx folder.
      int8: True for the int8 model.

    Attributes:
      model: name of the model in clients/js, float32 or int8.

    Raises:
      UserError: if a file is missing, or the student is none for tags.
    """

    def __init__(self, built: pathlib.Path, model_dir: pathlib.Path, *, int8: bool):
        onnx = form_path(model_dir, "onnx", FLOAT_FILE)
        name = INT8_FILE if int8 else FLOAT_FILE
        self.model = "int8" if int8 else "float32"
        script = {SCRIPT: built / SCRIPT, WASM: built / WASM}
        for path in script.values():
            if not path.is_file():
                raise UserError(f"--browser_dir: file not found: {path}; npm ci && npm run build "
                                "in clients/js writes it")
        student = {one: onnx / one
                   for one in (RECORD_FILE, TOKENIZER_FILE, VOCABULARY_FILE, name)}
        for path in student.values():
            if not path.is_file():
                raise UserError(f"--browser_dir needs an ONNX student: file not found: {path}; "
                                "xtremedistil-export --forms=onnx writes it")
        kind = task_kind_of(read_json(onnx / RECORD_FILE))
        if not kind.tags_words:
            raise UserError(f"--browser_dir: a browser runs students that tag words; this one is "
                            f"for {kind.kind}")

        self._contents = {one: self._content(path) for one, path in {**script, **student}.items()}

    def _content(self, path: pathlib.Path) -> Content:
        plain = self._record(path) if path.name == RECORD_FILE else path.read_bytes()
        return Content(_TYPES.get(path.suffix, "application/octet-stream"), plain,
                       gzip.compress(plain, 6, mtime=0), hashlib.sha256(plain).hexdigest()[:32])

    def content(self, name: str) -> Optional[Content]:
        """Returns a file; None if there is none of this name."""
        return self._contents.get(name)

    @property
    def sizes(self) -> Dict[str, int]:
        """Bytes of each file, packed, as a browser downloads it."""
        return {name: len(content.packed) for name, content in self._contents.items()}

    @property
    def megabytes(self) -> float:
        """Megabytes that a browser without the files downloads."""
        return sum(self.sizes.values()) / 1e6

    @staticmethod
    def _record(path: pathlib.Path) -> bytes:
        record: Dict[str, Any] = read_json(path)
        record["student"] = {"student": record["student"].get("student", "bilstm")}
        return json.dumps({key: record[key] for key in _RECORD_KEYS if key in record}).encode()
