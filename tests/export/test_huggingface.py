"""Transformer students as checkpoints of transformers: equal logits, or refused with a reason."""

import importlib.util
import json
import shutil

import numpy as np
import pytest
import transformers

import xtremedistil_tf
from tests.golden.cases import FOLDER, golden
from xtremedistil_tf import config as cfg
from xtremedistil_tf.data.labels import label_set
from xtremedistil_tf.data.tokenization.vocabulary import StudentVocabulary
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.export.export import export_formats, export_student
from xtremedistil_tf.export.huggingface.checkpoint import Checkpoint
from xtremedistil_tf.export.huggingface.export import render_card
from xtremedistil_tf.export.huggingface.heads import check_text_head
from xtremedistil_tf.files.contents import read_json, write_json
from xtremedistil_tf.inference.student_folder import load_student, save_student
from xtremedistil_tf.models.layers.body import Shape
from xtremedistil_tf.models.student import build_student

SIZES = {"student": "transformer", "hidden_size": 8, "num_hidden_layers": 2,
         "num_attention_heads": 2}
LABELS = {"tagging": ("O", "B-PER", "I-PER"), "classification": ("a", "b", "c"),
          "multilabel": ("a", "b"), "regression": ("score",), "spans": ("start", "end")}


def make(folder, tokenizer, kind, *, width=8, pairs=False, record=None, **settings):
    """A run folder with a student of random weights."""
    config, draw = cfg.StudentConfig(**{**SIZES, **settings}), np.random.default_rng(3)
    labels = label_set(kind, LABELS[kind], cfg.DECODINGS[0])
    seen = np.array([piece for piece in range(5, len(tokenizer)) if piece % 7])
    vocabulary = StudentVocabulary.from_seen([seen], 0, 1, len(tokenizer))
    separator = int(vocabulary.table[tokenizer.sep_token_id]) if pairs else None
    student = build_student(
        config, Shape(len(vocabulary), labels.pooled, seq_len=20, separator=separator), width,
        labels.size, competing=labels.competing)
    for weight in student.model.weights:
        weight.assign(weight + draw.normal(scale=0.4, size=weight.shape))
    save_student(folder / "student", student, config=config, vocabulary=vocabulary,
                 tokenizer=tokenizer, labels=labels,
                 record={"seq_len": 20, "separator": separator, "temperature": 1.7,
                         **(record or {})})
    return folder


CASES = {
    "tagging": ("tagging", {"dense_act_func": "linear", "word_emb_dim": 6}, "Electra"),
    "wide projection": ("tagging", {"dense_act_func": "linear", "width": 11}, "Electra"),
    "spans": ("spans", {"dense_act_func": "linear", "record": {"squad": {}}}, "Electra"),
    "gelu": ("classification", {"dense_act_func": "gelu", "word_emb_dim": 6}, "Electra"),
    "narrow": ("classification", {"dense_act_func": "gelu", "width": 5}, "Electra"),
    "tanh": ("classification", {"dense_act_func": "tanh"}, "Bert"),
    "tanh, own width": ("classification", {"dense_act_func": "tanh", "word_emb_dim": 6}, "Albert"),
    "linear": ("multilabel", {"dense_act_func": "linear", "width": 30,
                              "record": {"thresholds": [0.4, 0.6]}}, "Electra"),
    "no projection": ("tagging", {"logits_from": "encoder"}, "Electra"),
    "no projection, texts": ("classification", {"logits_from": "encoder"}, "Electra"),
    "pairs": ("regression", {"dense_act_func": "gelu", "pairs": True}, "Electra"),
}


# The others differ in one thing each.
IN_CI = ("tagging", "tanh, own width", "linear", "pairs")


@pytest.mark.parametrize("case", [
    case if case in IN_CI else pytest.param(case, marks=pytest.mark.long) for case in CASES])
def test_the_checkpoint_has_the_logits_of_the_student(case, tokenizer, tmp_path):
    """The export compares TensorFlow's; here are PyTorch's, of texts as transformers reads them."""
    kind, settings, architecture = CASES[case]
    make(tmp_path, tokenizer, kind, **settings)
    folder = export_student(tmp_path, forms=["huggingface"])["huggingface"]
    config = read_json(folder / "config.json")
    assert config["architectures"][0].startswith(architecture + "For")
    check = read_json(folder / "check.json")
    assert 0 <= check["float32"]["error"] <= 1e-5 and check["differences"]
    if kind not in ("spans", "regression"):
        assert list(config["id2label"].values()) == list(LABELS[kind])
    texts = ["Anna Weber wohnt in Bonn.", "Bonn", "東京タワー Москва!"]
    if importlib.util.find_spec("torch") is None:
        return
    pairs = ["Köln", "Anna lebt in Bonn", ""] if settings.get("pairs") else None
    bundle = load_student(tmp_path)
    reader = transformers.AutoTokenizer.from_pretrained(folder)
    batch = reader(texts, pairs, padding=True, truncation=True, return_tensors="np")
    assert batch["input_ids"].shape[1] <= 20
    ids = np.where(batch["attention_mask"], bundle.vocabulary.table[batch["input_ids"]], 0)
    expected = bundle.student.model({"input_ids": ids.astype(np.int32)}, training=False)["logits"]
    expected = expected.numpy()[..., :len(bundle.labels.tags)] / 1.7
    found = in_pytorch(folder, config["architectures"][0], reader, texts, pairs)
    if bundle.labels.pooled:
        np.testing.assert_allclose(found, expected[:, 0], rtol=1e-5, atol=1e-5)
    else:
        real = batch["attention_mask"] > 0
        np.testing.assert_allclose(found[real], expected[real], rtol=1e-5, atol=1e-5)


def in_pytorch(folder, architecture, reader, texts, pairs):
    """Logits by PyTorch's class."""
    import torch

    model = getattr(transformers, architecture).from_pretrained(folder).eval()
    with torch.no_grad():
        found = model(**reader(texts, pairs, padding=True, truncation=True, return_tensors="pt"))
    if "start_logits" in found:
        return np.stack([found.start_logits.numpy(), found.end_logits.numpy()], axis=-1)
    return found.logits.numpy()


@pytest.mark.parametrize("kind, settings, reason", [
    ("tagging", {"dense_act_func": "gelu"}, "activation gelu, and heads of tokens .* have none; "),
    ("classification", {"pooling": "mean"}, "pooling is mean, .*; --pooling=first trains"),
    ("classification", {"dense_act_func": "relu"}, "no head of transformers has the activation re"),
    ("classification", {"width": 9}, "the projection is 9 wide and the encoder 8: .*linear"),
])
def test_a_head_without_counterpart_is_refused(kind, settings, reason, tokenizer, tmp_path):
    make(tmp_path, tokenizer, kind, **settings)
    with pytest.raises(UserError, match=reason):
        export_student(tmp_path, forms=["huggingface"])
    assert [path.name for path in tmp_path.iterdir()] == ["student"]


def test_a_head_that_will_be_too_wide_is_refused_before_training():
    check_text_head("gelu", 8, 3, 8)
    check_text_head("linear", 768, 4, 8)
    with pytest.raises(UserError, match="the projection is 768 wide and the encoder 384"):
        check_text_head("tanh", 768, 3, 384)
    with pytest.raises(UserError, match="5 labels need a head 10 wide and the encoder is 8 wide"):
        check_text_head("linear", 768, 5, 8)


def test_a_bilstm_is_refused_with_the_way_out():
    with pytest.raises(UserError, match="transformers has no BiLSTM; xtremedistil-push"):
        export_formats(cfg.StudentConfig(), "tagging", asked=["huggingface"])


def test_the_card_is_for_the_other_library(tmp_path):
    checkpoint = Checkpoint(transformers.ElectraConfig(architectures=["ElectraForX"]),
                            "ForTokenClassification", {}, ["It knows no words."])
    without = render_card(tmp_path, checkpoint)
    assert without.startswith("---\nlibrary_name: transformers\npipeline_tag: token-classification")
    (tmp_path / "README.md").write_text(
        "---\nlanguage:\n- de\nlibrary_name: xtremedistil_tf\npipeline_tag: token-classification\n"
        "---\n\n# A card\n\n## Use\n\nload(...)\n")
    card = render_card(tmp_path, checkpoint)
    assert "library_name: transformers\npipeline_tag: token-classification\n---" in card
    assert "load(...)" not in card and "## Use with transformers" in card
    assert "`ElectraForX`" in card and "- It knows no words." in card


def places(entities):
    return [(one["entity_group"], one["start"], one["end"]) for one in entities]


def simple(text):
    """True if every word of a text is letters alone, or one mark behind a word."""
    return text.isprintable() and all(word.isalpha() or word[:-1].isalpha() and word[-1] in ".,!?"
                                      for word in text.split())


def test_a_pipeline_in_pytorch_finds_the_golden_entities(tmp_path):
    """Where words are plain; a pipeline takes each word's best tag, valid sequence or not."""
    pytest.importorskip("torch")
    shutil.copytree(FOLDER / "transformer" / "student", tmp_path / "student")
    folder = export_student(tmp_path, forms=["huggingface"])["huggingface"]
    config = json.loads((folder / "config.json").read_text())
    assert config["max_position_embeddings"] == 32
    tagger = transformers.pipeline("token-classification", str(folder),
                                   aggregation_strategy="first", framework="pt")
    shutil.copytree(FOLDER / "transformer" / "onnx", tmp_path / "onnx")
    record = read_json(tmp_path / "onnx" / "student.json")
    write_json(tmp_path / "onnx" / "student.json", {**record, "decoding": "independent"})
    own = xtremedistil_tf.load(tmp_path / "onnx", verify=False)
    compared = valid = 0
    for text, expected in zip(*golden("transformer")):
        pieces = len(tagger.tokenizer(text)["input_ids"])
        if not text.strip() or not simple(text) or pieces > 32:
            continue
        found, independent = tagger(text), own(text)
        assert places(found) == places(independent), text
        np.testing.assert_allclose([one["score"] for one in found],
                                   [one["score"] for one in independent], atol=1e-3)
        compared += 1
        valid += places(found) == places(expected)
    assert compared >= 10 and valid >= 3
