"""The blocks of docs/how-to/learn_from_outputs.md, run on recorded outputs."""

import re
import types

import pytest

from tests.conftest import ROOT
from xtremedistil_tf.data.outputs.reader import read_outputs

PAGE = (ROOT / "docs" / "how-to" / "learn_from_outputs.md").read_text("utf-8")
BLOCKS = dict(re.findall(r"```python\n# (\S+)\n(.*?)```", PAGE, re.S))
TEXT = "Anna Weber wohnt in Bonn ."
TAGS = ["B-PER", "I-PER", "O", "O", "B-LOC", "O"]


def token(text, tag):
    letter, _, kind = tag.partition("-")
    return types.SimpleNamespace(text=text, ent_iob_=letter, ent_type_=kind)


def spacy_block(block, path):
    nlp = types.SimpleNamespace(pipe=lambda texts: [
        [token(*pair) for pair in zip(text.split(), TAGS)] for text in texts])
    block["write"](nlp, [TEXT], path)


def pipeline_block(block, path):
    # As transformers 4.36 returns it; scores are NumPy's.
    found = [[{"entity_group": "PER", "score": 0.98, "word": "Anna Weber", "start": 0, "end": 10},
              {"entity_group": "LOC", "score": 0.95, "word": "Bonn", "start": 20, "end": 24}]]
    block["write"](lambda texts: found, [TEXT], path)


def llm_block(block, path):
    answers = ['[{"text": "Anna Weber", "type": "PER"}, {"text": "Bonn", "type": "LOC"}]',
               "Sure! Here are the entities:", '[{"text": "Köln", "type": "LOC"}]']
    block["write"]([TEXT, "Paul lacht .", "Er lacht ."], answers, path)


def gliner_block(block, path):
    # As GLiNER 0.2 returns it.
    found = [{"start": 0, "end": 10, "text": "Anna Weber", "label": "PER", "score": 0.93},
             {"start": 20, "end": 24, "text": "Bonn", "label": "LOC", "score": 0.88}]
    model = types.SimpleNamespace(predict_entities=lambda text, types, threshold: found)
    block["write"](model, [TEXT], ["PER", "LOC"], path)


@pytest.mark.parametrize("name", ["spacy", "pipeline", "llm", "gliner"])
def test_a_block_writes_a_file_that_is_read(name, tmp_path):
    block = {}
    exec(compile(BLOCKS[f"{name}_rows.py"], f"docs ({name})", "exec"), block)
    path = tmp_path / "outputs.jsonl"
    globals()[f"{name}_block"](block, path)
    found = read_outputs(path, pooled=False)
    assert found.examples[0].words == tuple(TEXT.split())
    assert [found.names[at] for at in found.logits[0].argmax(axis=1)] == TAGS
    assert len(found.examples) == (3 if name == "llm" else 1)


def test_every_block_is_run():
    assert set(BLOCKS) == {
        f"{name}_rows.py" for name in ("spacy", "pipeline", "llm", "llm_class", "gliner")}


def test_classes_of_an_llm_are_read(tmp_path):
    block, path = {}, tmp_path / "outputs.jsonl"
    exec(compile(BLOCKS["llm_class_rows.py"], "docs (llm_class)", "exec"), block)
    block["write"](["Wo ist das Paket?", "Zu teuer.", "Danke."],
                   ["Delivery.", "billing", "This is praise, I think"],
                   ["billing", "delivery", "praise"], path)
    found = read_outputs(path, pooled=True)
    assert len(found.examples) == 3 and set(found.names) == {"billing", "delivery"}
    assert found.names[found.logits[0].argmax()] == "delivery"
