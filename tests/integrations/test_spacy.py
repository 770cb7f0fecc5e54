"""The component of spaCy, and the adapter for Presidio that the documentation shows."""

import re

import pytest

from tests.conftest import ROOT
from tests.golden.cases import FOLDER, differences, golden
from xtremedistil_tf.errors import UserError

spacy = pytest.importorskip("spacy")


@pytest.fixture
def pipeline():
    from xtremedistil_tf.integrations import spacy_component  # noqa: F401  As its entry point does.

    nlp = spacy.blank("xx")
    nlp.add_pipe("xtremedistil", config={"model": str(FOLDER / "wordpiece"), "runtime": "onnx"})
    return nlp


def test_the_component_finds_the_golden_entities(pipeline):
    assert not differences(lambda texts: [doc._.xtremedistil for doc in pipeline.pipe(texts)],
                           "wordpiece")
    assert not differences(lambda texts: [pipeline(text)._.xtremedistil for text in texts[:9]]
                           + [doc._.xtremedistil for doc in pipeline.pipe(texts[9:])], "wordpiece")


def test_entities_are_those_of_the_document(pipeline):
    texts, expected = golden("wordpiece")
    aligned = 0
    for doc, entities in zip(pipeline.pipe(texts), expected):
        starts = {token.idx for token in doc}
        ends = {token.idx + len(token) for token in doc}
        found = {(one.label_, one.start_char, one.end_char) for one in doc.ents}
        for one in entities:
            if one["start"] in starts and one["end"] in ends:
                aligned += (one["entity_group"], one["start"], one["end"]) in found
            else:  # The whole token.
                assert any(start < one["end"] and one["start"] < end for _, start, end in found)
    assert aligned > 100


def test_entities_that_are_there_stay_if_asked(pipeline):
    from xtremedistil_tf.integrations.spacy_component import make_component

    doc = pipeline.make_doc("Anna Keller visited Bonn.")
    doc.set_ents([doc.char_span(0, 11, "NAME")])
    component = make_component(pipeline, "more", str(FOLDER / "wordpiece"), "onnx", False)
    assert component(doc).ents[0].label_ == "NAME"


def test_a_saved_pipeline_brings_its_student(pipeline, tmp_path):
    text = "Anna Keller visited Bonn."
    pipeline.to_disk(tmp_path / "saved")
    assert (tmp_path / "saved" / "xtremedistil" / "onnx" / "model.onnx").is_file()
    config = (tmp_path / "saved" / "config.cfg").read_text()
    (tmp_path / "saved" / "config.cfg").write_text(
        config.replace(str(FOLDER / "wordpiece"), "/nowhere"))
    again = spacy.load(tmp_path / "saved")
    assert again(text)._.xtremedistil == pipeline(text)._.xtremedistil


def test_a_component_without_student_is_told(pipeline):
    nlp = spacy.blank("xx")
    nlp.add_pipe("xtremedistil")
    with pytest.raises(UserError, match="component xtremedistil has no student; allowed: config="):
        nlp("Bonn")


def test_the_adapter_of_the_documentation(monkeypatch):
    """Runs the code block of the page with a student in place of its folder."""
    presidio = pytest.importorskip("presidio_analyzer")
    page = (ROOT / "docs" / "how-to" / "use_elsewhere.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(from presidio_analyzer.*?)```", page, flags=re.S)
    assert len(code.split("\n\n\n")[0].splitlines()) <= 5 and len(code.splitlines()) < 25
    names = {}
    exec(code.replace("runs/demo", str(FOLDER / "wordpiece")), names)
    recognizer = names["StudentRecognizer"]()
    assert isinstance(recognizer, presidio.EntityRecognizer)
    texts, expected = golden("wordpiece")
    for text, entities in zip(texts[:40], expected):
        found = recognizer.analyze(text, recognizer.supported_entities)
        assert [(one.entity_type, one.start, one.end) for one in found] == [
            (names["NAMES"][one["entity_group"]], one["start"], one["end"]) for one in entities]
    only = recognizer.analyze(texts[1], ["PERSON"])
    assert {one.entity_type for one in only} <= {"PERSON"}
