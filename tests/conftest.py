"""Shared tiny fixtures: a task folder, a checkpoint, a configuration; no network."""

import gc
import importlib.util
import json
import os
import pathlib

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
# Nothing may reach for a hub.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"

pytest_plugins = ["tests.students"]

ROOT = pathlib.Path(__file__).resolve().parent.parent
TAGS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
BERT = {"model_type": "bert", "vocab_size": 400, "hidden_size": 16, "num_hidden_layers": 2,
        "num_attention_heads": 2, "intermediate_size": 32, "max_position_embeddings": 64}


def write_task(folder, rows=24):
    """Writes a small two-language task cut out of the project's sample."""
    folder.mkdir(parents=True, exist_ok=True)
    source = ROOT / "data" / "ner"
    for split in ("train", "dev", "test"):
        lines = (source / f"{split}.tsv").read_text("utf-8").splitlines()
        (folder / f"{split}.tsv").write_text("\n".join(lines[:rows]) + "\n", "utf-8")
    texts = (source / "transfer.txt").read_text("utf-8").splitlines()[: 2 * rows]
    (folder / "transfer.txt").write_text("\n".join(texts) + "\n", "utf-8")
    (folder / "labels.tsv").write_text("\n".join(TAGS) + "\n", "utf-8")
    return folder


def write_texts(folder, rows=24, texts=48):
    """Writes a small classification task cut out of the project's sample."""
    folder.mkdir(parents=True, exist_ok=True)
    source = ROOT / "data" / "classification"
    for name, most in (("train.tsv", rows), ("dev.tsv", rows), ("test.tsv", rows),
                       ("transfer.txt", texts), ("labels.tsv", None)):
        lines = (source / name).read_text("utf-8").splitlines()[:most]
        (folder / name).write_text("\n".join(lines) + "\n", "utf-8")
    return folder


@pytest.fixture
def task(tmp_path):
    """A task folder of 24 rows a split and 48 transfer rows."""
    return write_task(tmp_path / "task")


@pytest.fixture(scope="session", autouse=True)
def collect_seldom():
    """Lets Python look for cycles seldom: tracing makes many objects that stay."""
    gc.set_threshold(200_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def graphs_as_traced():
    """Leaves out TensorFlow's rewriting of graphs, which takes longer than a test's few steps."""
    if importlib.util.find_spec("tensorflow") is None:
        return  # Beam's tests run without it.
    from xtremedistil_tf.keras2 import tf

    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


@pytest.fixture(scope="session")
def bert_config(tmp_path_factory):
    """A configuration file of a 2-layer BERT."""
    path = tmp_path_factory.mktemp("config") / "bert.json"
    path.write_text(json.dumps(BERT))
    return path


@pytest.fixture(scope="session")
def sample_words():
    """The words of 60 sample sentences."""
    lines = (ROOT / "data" / "ner" / "train.tsv").read_text("utf-8").splitlines()[:60]
    return [line.split("\t")[0].split(" ") for line in lines]


@pytest.fixture(scope="session")
def tokenizer(sample_words):
    """A WordPiece tokenizer of the sample's words."""
    from xtremedistil_tf.models.tokenizers import train_wordpiece

    return train_wordpiece(sample_words, 400, False)
