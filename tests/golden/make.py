"""Makes the golden students and their entities again: `python -m tests.golden.make`.

The students are tiny and know nothing: their weights are drawn from a seed. They are kept in this
folder, so that a client in another language needs no Python.
"""

import json
import os
import pathlib
import re
import shutil
import sys

import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from tokenizers.processors import TemplateProcessing

import xtremedistil_tf
from tests.conftest import TAGS
from tests.golden.texts import TEXTS
from tests.tokenizer_recipes import CHARSMAP, as_fast, make_bpe, xlmr_normalizer
from xtremedistil_tf.config import StudentConfig
from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.data.tokenization.vocabulary import StudentVocabulary
from xtremedistil_tf.export.export import export_student
from xtremedistil_tf.inference.student_folder import save_student
from xtremedistil_tf.models.layers.body import Shape
from xtremedistil_tf.models.student import build_student
from xtremedistil_tf.models.tokenizers import train_wordpiece

# Threads add up the counts of pieces in any order.
os.environ["TOKENIZERS_PARALLELISM"] = "false"

FOLDER = pathlib.Path(__file__).parent
GOLDEN = FOLDER / "golden.json"
_BILSTM = StudentConfig(word_emb_dim=6, bilstm_hidden_size=5)
_TRANSFORMER = StudentConfig(
    student="transformer", word_emb_dim=6, hidden_size=8, num_hidden_layers=1,
    num_attention_heads=2, dense_act_func="linear")
# Texts must have the same entities if all logits move by this much.
_MARGIN = 2e-4


def _words():
    """The words of all texts but the long ones, each text a sentence.

    Without U+0000, which no Unigram model in a graph may hold, and without long runs of one
    character, whose pieces would all be equally probable.
    """
    texts = (re.sub(r"(.)\1{4,}", r"\1", text.replace("\0", "")) for text in TEXTS)
    return [text.split() for text in texts if 0 < len(text) < 500]


def _wordpiece():
    return train_wordpiece(_words(), 700, False)


def _without_accents():
    return train_wordpiece(_words(), 700, True)


def _unigram():
    """XLM-R's kind of tokenizer, trained on the texts."""
    opening = ["<s>", "<pad>", "</s>", "<unk>"]
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = xlmr_normalizer(CHARSMAP)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    tokenizer.train_from_iterator((" ".join(words) for words in _words()), trainers.UnigramTrainer(
        vocab_size=900, special_tokens=[*opening, "<mask>"], unk_token="<unk>",
        show_progress=False))
    tokenizer.post_processor = TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)])
    return as_fast(tokenizer)


def _bytes():
    return as_fast(make_bpe("roberta", [f" {word}" for words in _words() for word in words]))


# Each student: its tokenizer, its settings, its seed.
STUDENTS = {"wordpiece": (_wordpiece, _BILSTM, 1), "unigram": (_unigram, _BILSTM, 1),
            "bytes": (_bytes, _BILSTM, 1), "transformer": (_without_accents, _TRANSFORMER, 1)}


def make_student(name):
    """Writes a run folder with the student and its ONNX export."""
    make_tokenizer, settings, seed = STUDENTS[name]
    tokenizer, labels, draw = make_tokenizer(), LabelSet(TAGS), np.random.default_rng(seed)
    pad, unknown = tokenizer.pad_token_id, tokenizer.unk_token_id
    # Some pieces that the student has not seen.
    seen = np.array([piece for piece in range(5, len(tokenizer)) if piece % 9])
    vocabulary = StudentVocabulary.from_seen([seen], pad, unknown, len(tokenizer))
    student = build_student(settings, Shape(len(vocabulary), seq_len=32), 8, labels.size)
    for weight in student.model.weights:
        if len(weight.shape) > 1:
            weight.assign(draw.normal(scale=1.0, size=weight.shape))
    folder = FOLDER / name
    if folder.exists():
        shutil.rmtree(folder)
    save_student(folder / "student", student, config=settings, vocabulary=vocabulary,
                 tokenizer=tokenizer, labels=labels, record={"seq_len": 32})
    export_student(folder, forms=["onnx"])
    return folder


def _places(entities):
    return [(one["entity_group"], one["start"], one["end"]) for one in entities]


def _moved(logits, draw):
    return logits + draw.choice([-_MARGIN, _MARGIN], logits.shape).astype(np.float32)


def golden_entities(folder):
    """The entities of each text by the ONNX runtime.

    Raises:
      SystemExit: if a text's entities hang on rounding; another seed is then needed.
    """
    tagger, draw = xtremedistil_tf.load(folder, "onnx"), np.random.default_rng(0)
    found, exact = [tagger(text) for text in TEXTS], tagger.logits
    for _ in range(5):
        tagger.logits = lambda ids: _moved(exact(ids), draw)
        for text, entities in zip(TEXTS, found):
            if _places(tagger(text)) != _places(entities):
                sys.exit(f"{folder.name}: the entities of {text[:80]!r} hang on rounding")
    for entity in (entity for entities in found for entity in entities):
        entity["score"] = round(entity["score"], 5)
    return found


def main():
    """Writes everything."""
    entities = {name: golden_entities(make_student(name)) for name in STUDENTS}
    with open(GOLDEN, "w", encoding="utf-8") as file:
        rows = [{"text": text, "entities": {name: entities[name][at] for name in STUDENTS}}
                for at, text in enumerate(TEXTS)]
        file.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


if __name__ == "__main__":
    main()
