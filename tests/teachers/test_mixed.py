"""Teachers of several kinds, tokenizers and label orders as one."""

import dataclasses
import json

import numpy as np
import pytest

import xtremedistil_tf
from tests.checkpoints import make_encoder
from tests.conftest import ROOT, TAGS
from tests.teachers.finished import make_finished
from xtremedistil_tf import runtime
from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.tokenization.alignment import pieces_of
from xtremedistil_tf.data.tokenization.realign import realign, realigned_of
from xtremedistil_tf.data.tokenization.text_store import has_texts, store_texts
from xtremedistil_tf.data.tokenization.token_store import (
    open_pieces,
    open_realigned,
    realign_texts,
    tokenise_texts,
)
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.teacher import build_teacher, save_teacher
from xtremedistil_tf.models.tokenizers import train_wordpiece
from xtremedistil_tf.targets.manifest import open_store
from xtremedistil_tf.targets.spec import KINDS, Place
from xtremedistil_tf.targets.worker import HelperJob, work
from xtremedistil_tf.targets.writer import TeacherInput, write_targets
from xtremedistil_tf.teachers import Wanted, load_ready

SEQ_LEN = 24
ROWS = [Example(tuple(line.split()), (), "de" if at % 2 else "fr") for at, line in enumerate(
    (ROOT / "data/ner/transfer.txt").read_text("utf-8").splitlines()[:9])]
WANTED = Wanted("tagging", TAGS, 1, seq_len=SEQ_LEN)


@pytest.fixture(scope="module")
def paths(tokenizer, sample_words, tmp_path_factory):
    """A finished model, a teacher fine-tuned here with another tokenizer, and a file of outputs."""
    base = tmp_path_factory.mktemp("mixed")
    make_finished(base / "finished", tokenizer, ("I-LOC", "O", *TAGS[1:6]), scale=20.0)
    other = train_wordpiece(sample_words[:30], 150, True)
    own = build_teacher(make_encoder("bert", len(other), num_hidden_layers=1), other,
                        LabelSet(TAGS).size, 0)
    save_teacher(own, base / "own", {"kind": "tagging", "tags": TAGS, "name": "own",
                                     "fingerprint": "f", "history": []})
    rows = [{"words": row.words, "tags": ["B-PER"] * len(row.words)} for row in ROWS[:4]]
    (base / "tags.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return base / "finished", base / "own", base / "tags.jsonl"


def chances(teacher, rows=ROWS):
    """Probabilities of the real tags of each row's words, NaN where nothing is said."""
    own = realign(teacher.tokenizer, teacher.tokenizer, rows, SEQ_LEN)
    forward, found = teacher.forward(), {}
    asked = {"texts": rows} if getattr(forward, "wants_texts", False) else {}
    for batch, _, outputs in forward.batches(own.input_ids, **asked):
        for at, row in enumerate(batch):
            starts = own.places[row][own.places[row] >= 0]
            logits = outputs["logits"][at, starts].astype(np.float64)
            shares = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
            if "known" in outputs:
                shares[~np.isin(outputs["known"][at, starts], (1, 3))] = np.nan
            found[row] = shares
    return [found[row] for row in range(len(rows))]


def test_probabilities_are_averaged_word_by_word_with_weights(paths):
    alone = [chances(load_ready([path], WANTED)) for path in paths]
    both = load_ready(paths, dataclasses.replace(WANTED, weights=(1.0, 2.0, 1.0)))
    assert both.width == 16 and both.words_only and both.parameters is None
    for row, found in enumerate(chances(both)):
        # Words that only one tokenizer has cut off are the other's.
        count = min(len(one[row]) for one in alone[:2])
        parts = [one[row][:count] for one in alone[:2]]
        expected = (parts[0] + 2 * parts[1]) / 3
        if row < 4:
            third = alone[2][row][:count]
            expected = (parts[0] + 2 * parts[1] + third) / 4
        np.testing.assert_allclose(found[:count], expected, atol=1e-4)


def test_each_is_asked_about_rows_of_its_languages(paths):
    wanted = dataclasses.replace(WANTED, languages=("de", "*"))
    found = chances(load_ready(paths[:2], wanted))
    alone = [chances(load_ready([path], WANTED)) for path in paths[:2]]
    count = [min(len(one[row]) for one in alone) for row in range(2)]
    np.testing.assert_allclose(found[0][:count[0]], alone[1][0][:count[0]], atol=1e-5)
    np.testing.assert_allclose(found[1][:count[1]], np.mean(
        [one[1][:count[1]] for one in alone], axis=0), atol=1e-4)


def test_the_writer_and_its_helpers_write_the_same(paths, tmp_path, monkeypatch):
    # A helper is a process of its own, and sets these at its start.
    monkeypatch.setattr(runtime, "prepare", lambda *args, **more: None)
    monkeypatch.setattr(tf.config.threading, "set_intra_op_parallelism_threads", lambda count: None)
    teacher = load_ready(paths[:2], WANTED)
    rows, reads = {"rows": len(ROWS), "fingerprint": "p"}, teacher.tokenizer
    tokenise_texts(pieces_of(reads, ROWS, SEQ_LEN), folder=tmp_path / "pieces", **rows)
    realign_texts(realigned_of(reads, reads, ROWS, SEQ_LEN), folder=tmp_path / "words", **rows)
    # The student's vocabulary comes from "pieces", its inputs from "words".
    np.testing.assert_array_equal(open_pieces(tmp_path / "pieces").values,
                                  open_realigned(tmp_path / "words").input_ids.values)
    texts = store_texts(ROWS, tmp_path / "texts", "t")
    assert [texts[row] for row in range(len(texts))] == ROWS
    (tmp_path / "texts" / "starts.npy").write_bytes(b"damaged")
    assert not has_texts(tmp_path / "texts", "t")
    assert len(store_texts(ROWS, tmp_path / "texts", "t")) == len(ROWS)
    own = realign(teacher.tokenizer, teacher.tokenizer, ROWS, SEQ_LEN)
    store, _ = write_targets(teacher, TeacherInput(own, texts), Place(tmp_path / "store", "f"), 4)
    other, _ = open_store(own, Place(tmp_path / "other", "f"), store.spec)
    work(HelperJob(str(tmp_path / "other"), str(tmp_path / "words"),
                   tuple(map(str, paths[:2])), dataclasses.asdict(WANTED), KINDS,
                   texts=str(tmp_path / "texts")), 1)
    for path in sorted((tmp_path / "store").rglob("*.tfrecord")):
        made = tmp_path / "other" / path.relative_to(tmp_path / "store")
        assert made.read_bytes() == path.read_bytes(), path.name


def test_what_cannot_be_mixed_is_told(paths, tmp_path):
    with pytest.raises(UserError, match="need one teacher, or several that this package"):
        load_ready(paths[:2], dataclasses.replace(WANTED, matched=1))
    flags = {"teacher_model_dir": f"{paths[0]},{paths[1]}", "task": tmp_path, "do_NER": True,
             "model_dir": tmp_path / "run", "transfer_file": "none.txt"}
    for change, message in (
        ({"teacher_weights": [1]}, "a number above 0 for each of the 2 teachers"),
        ({"teacher_weights": ["x"]}, "--teacher_weights is x; allowed: numbers above 0"),
        ({"teacher_languages": ["de"]}, "languages for each of the 2, as in"),
    ):
        with pytest.raises(UserError, match=message):
            xtremedistil_tf.distil(**{**flags, **change})
