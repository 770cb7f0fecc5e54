"""Exported students with a Unigram tokenizer: text in, the tags and scores of Keras out."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import xtremedistil_tf
from tests.conftest import ROOT, TAGS
from tests.export.savedmodel.test_savedmodel import replay_warmup
from tests.export.test_pairs import CONFIGS, PAIRS, write_student
from tests.students import TEXTS, assert_same
from tests.tokenizer_recipes import as_fast, make_unigram
from xtremedistil_tf.config import StudentConfig
from xtremedistil_tf.data.labels import ClassSet, LabelSet
from xtremedistil_tf.export.export import export_student
from xtremedistil_tf.export.savedmodel.class_signatures import text_signatures
from xtremedistil_tf.export.savedmodel.text.graph_tokenizers import graph_tokenizer
from xtremedistil_tf.export.student_forms import student_forms
from xtremedistil_tf.inference.runtimes.text_ops import SENTENCEPIECE, library_path
from xtremedistil_tf.inference.student_folder import load_student
from xtremedistil_tf.keras2 import tf

# Whole runs and exports; the parts have quick tests of their own.
pytestmark = pytest.mark.long

ODD = [*TEXTS, "a\u200db ﬁne e\u0301 ℡ “«Bonn»”", "x\r\ny <unk> <mask>", "Anna Weber, Bonn. " * 300]


def make_tagger(run, tokenizer):
    """Saves a student with a tokenizer of transformers to a run folder, and exports it."""
    from xtremedistil_tf.data.tokenization.vocabulary import StudentVocabulary
    from xtremedistil_tf.inference.student_folder import save_student
    from xtremedistil_tf.models.layers.body import Shape
    from xtremedistil_tf.models.student import build_student

    labels, config = LabelSet(TAGS), StudentConfig(word_emb_dim=4, bilstm_hidden_size=4)
    vocabulary = StudentVocabulary.from_seen(
        [np.arange(4, len(tokenizer), 2)], tokenizer.pad_token_id, tokenizer.unk_token_id,
        len(tokenizer))
    tf.keras.utils.set_random_seed(5)
    student = build_student(config, Shape(len(vocabulary)), 8, labels.size)
    for name in ("word_embedding", "projection", "logits"):
        for weight in student.registry.weights(name):
            weight.assign(weight * 6.0)
    save_student(run / "student", student, config=config, vocabulary=vocabulary,
                 tokenizer=tokenizer, labels=labels, record={"seq_len": 32})
    export_student(run, forms=["savedmodel"])


@pytest.fixture(scope="module")
def tagger(sample_words, tmp_path_factory):
    """The run folder of a tagger, with its SavedModel."""
    run = tmp_path_factory.mktemp("unigram")
    make_tagger(run, as_fast(make_unigram(
        "xlmr", [word for words in sample_words for word in words], twice=())))
    return run


def test_text_and_words_are_tagged_as_by_keras(tagger):
    saved, keras = (xtremedistil_tf.load(tagger, runtime) for runtime in ("savedmodel", "keras"))
    expected = keras.tag_text(ODD)
    assert_same(saved.tag_text(ODD), expected)
    assert len({tag for row in expected for _, tag, _ in row}) > 2  # Else all would be equal.
    sentences = [text.split() for text in ODD]
    for (tags, scores), (other_tags, other_scores) in zip(
            saved.tag_words(sentences), keras.tag_words(sentences)):
        assert tags == other_tags
        np.testing.assert_allclose(scores, other_scores, atol=1e-5)


def test_warm_up_requests_run_and_of_tf_text_only_sentencepiece_is_there(tagger):
    xtremedistil_tf.load(tagger, "savedmodel")  # Registers the operations.
    model = tagger / "export" / "1"
    assert set(replay_warmup(model)) == {"serving_default", "tokens", "input_ids"}
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        meta = tf.compat.v1.saved_model.loader.load(session, ["serve"], str(model))
    operations = {node.op for node in meta.graph_def.node} | {
        node.op for function in meta.graph_def.library.function for node in function.node_def}
    assert {name for name in operations if "piece" in name.lower()} == {
        "SentencepieceOp", "SentencepieceTokenizeOp"}


def test_it_runs_through_the_c_api_without_python(tagger):
    library = next(pathlib.Path(tf.__file__).parent.glob("libtensorflow_cc.*2"))
    texts = [text for text in ODD if "\0" not in text]
    result = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "export" / "savedmodel" / "c_api.py"),
         str(tagger / "export" / "1"), str(library_path(SENTENCEPIECE)), str(library), *texts],
        capture_output=True, text=True, timeout=120, cwd=tagger)
    assert result.returncode == 0, result.stderr
    reply = json.loads(result.stdout)
    for row, expected in enumerate(xtremedistil_tf.load(tagger, "keras").tag_text(texts)):
        count = reply["num_tokens"][row]
        assert [((token, begin, end), tag) for token, begin, end, tag in zip(*(
            reply[name][row][:count] for name in ("tokens", "begin", "end", "tags")))] == [
                (word, tag) for word, tag, _ in expected]


def test_pairs_with_two_separators_are_laid_out_and_cut_as_by_keras(sample_words, tmp_path):
    """The tokenizer puts </s></s> between two texts."""
    tokenizer = as_fast(make_unigram("xlmr", sample_words[0], twice=()))
    write_student(tmp_path, CONFIGS["joint"], tokenizer, ClassSet(["no", "yes"]))
    assert tokenizer("a", "b")["input_ids"].count(tokenizer.sep_token_id) == 3
    bundle = load_student(tmp_path)
    module, _ = text_signatures(
        student_forms(bundle), bundle, graph_tokenizer(bundle.tokenizer, tmp_path), False)
    pairs = [*PAIRS, ("ﬁ e\u0301", "℡ “«Bonn»”")]
    own = module.classify(*(tf.constant(texts) for texts in zip(*pairs)))
    expected = xtremedistil_tf.load(tmp_path, "keras").classify(pairs)
    np.testing.assert_allclose(own["scores"], [one.scores for one in expected], atol=1e-5)
    assert own["cut"].numpy().tolist() == [one.cut for one in expected] and own["cut"][3]
