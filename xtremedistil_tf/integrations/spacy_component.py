"""A student as a component of a spaCy pipeline: `nlp.add_pipe("xtremedistil", config=...)`.

spaCy finds it by the entry point `spacy_factories`; nothing else of the package imports spaCy.
"""

import pathlib
import shutil
from typing import Any, Iterable, Iterator, Optional

from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import filter_spans, minibatch

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.hub.folders import student_on_hub
from xtremedistil_tf.inference.runtimes.load import load
from xtremedistil_tf.inference.text_model import TextModel
from xtremedistil_tf.tasks import task_kind

EXTENSION = "xtremedistil"
# The folders of a run that a saved pipeline keeps.
_KEPT = ("student", "onnx")


class XtremeDistil:
    """A pipeline component that tags or classifies texts with a student.

    A tagger sets `doc.ents`, whose borders are those of spaCy's tokens; a classifier adds to
    `doc.cats`. `doc._.xtremedistil` has what the student said, with exact character offsets.

    Args:
      name: name of the component.
      model: folder of the student, or its name on the model hub.
      runtime: see `xtremedistil_tf.load`.
      overwrite: replace entities that are there; else a student's entities go where none are.
    """

    def __init__(
        self, name: str, model: Optional[str], runtime: Optional[str], overwrite: bool
    ):
        self.name, self._folder = name, model
        self._runtime, self._overwrite = runtime, overwrite
        self._model: Optional[TextModel] = None
        if not Doc.has_extension(EXTENSION):
            Doc.set_extension(EXTENSION, default=None)

    @property
    def model(self) -> TextModel:
        """The student, loaded when it is first used: a saved pipeline brings its own.

        Raises:
          UserError: if there is none, or it takes pairs of texts.
        """
        if self._model is None:
            if not self._folder:
                raise UserError(f"the component {self.name} has no student; allowed: "
                                'config={"model": "runs/mine"}')
            loaded = load(self._folder, self._runtime)
            if loaded.pairs:
                raise UserError(f"{self._folder} takes pairs of texts; a document has one")
            self._model = loaded
        return self._model

    def __call__(self, doc: Doc) -> Doc:
        """Reads one document."""
        return next(self.pipe([doc]))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 256) -> Iterator[Doc]:
        """Reads documents in batches."""
        for docs in minibatch(stream, batch_size):
            for doc, found in zip(docs, self.model([doc.text for doc in docs])):
                doc._.set(EXTENSION, found)
                kind = task_kind(self.model.kind)
                if kind.entities:
                    self._set_entities(doc, found)
                elif kind.classes and kind.pooled:
                    doc.cats.update(found["scores"])
                yield doc

    def _set_entities(self, doc: Doc, found: Any) -> None:
        """Sets the document's entities; one that ends inside a token takes the whole token."""
        spans = [doc.char_span(one["start"], one["end"], one["entity_group"],
                               alignment_mode="expand") for one in found]
        own = filter_spans([span for span in spans if span is not None])
        if not self._overwrite:
            taken = {token.i for span in doc.ents for token in span}
            own = [*doc.ents, *(span for span in own
                                if not taken & set(range(span.start, span.end)))]
        doc.set_ents(own)

    def to_disk(self, path: Any, *, exclude: Iterable[str] = ()) -> None:
        """Copies the student into a saved pipeline."""
        source = student_on_hub(self._folder or "", runtime=self._runtime)
        kept = [source / part for part in _KEPT if (source / part).is_dir()] or [source]
        for part in kept:
            target = pathlib.Path(path) / (part.name if part != source else "model")
            shutil.copytree(part, target, dirs_exist_ok=True)

    def from_disk(self, path: Any, *, exclude: Iterable[str] = ()) -> "XtremeDistil":
        """Takes the student of a saved pipeline."""
        own = pathlib.Path(path)
        self._folder = str(own / "model" if (own / "model").is_dir() else own)
        self._model = None
        return self


@Language.factory("xtremedistil", assigns=["doc.ents", f"doc._.{EXTENSION}"],
                  default_config={"model": None, "runtime": None, "overwrite": True})
def make_component(
    nlp: Language, name: str, model: Optional[str], runtime: Optional[str], overwrite: bool
) -> XtremeDistil:
    """Builds the component for spaCy; see `XtremeDistil`.

    Example:
      nlp = spacy.blank("xx")
      nlp.add_pipe("xtremedistil", config={"model": "runs/demo"})
      nlp("Anna Keller visited Alderton.").ents
    """
    return XtremeDistil(name, model, runtime, overwrite)
