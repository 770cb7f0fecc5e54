"""Pairs inside models: segments found by the separator, and texts that are read alone."""

import numpy as np
import pytest
from transformers import AutoConfig, TFAutoModel

from tests.checkpoints import SIZES, make_encoder
from xtremedistil_tf.config import StudentConfig
from xtremedistil_tf.data.pipelines.batches import PieceMasking
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.layers.body import Shape
from xtremedistil_tf.models.layers.pairs import segment_ids, split_pairs
from xtremedistil_tf.models.student import build_student
from xtremedistil_tf.models.teacher import build_teacher, load_teacher, save_teacher

SEP = 3
# [CLS] a a [SEP] b [SEP], a longer one, and one without any separator.
ROWS = np.array([[2, 9, 8, 3, 7, 3, 0, 0], [2, 5, 3, 6, 7, 8, 9, 3], [2, 9, 0, 0, 0, 0, 0, 0]],
                np.int32)


def student_of(encoding="joint", **options):
    tf.keras.utils.set_random_seed(1)
    student = build_student(
        StudentConfig(word_emb_dim=6, bilstm_hidden_size=5, pair_encoding=encoding, **options),
        Shape(12, pooled=True, separator=SEP), 16, 2)
    for name in ("word_embedding", "logits"):
        for weight in student.registry.weights(name):
            weight.assign(tf.random.normal(weight.shape))
    return student


def logits_of(student, rows):
    return student.model({"input_ids": tf.constant(rows)}, training=False)["logits"].numpy()[:, 0]


def test_the_segment_begins_behind_the_first_separator():
    assert segment_ids(tf.constant(ROWS[:2]), SEP).numpy().tolist() == [
        [0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1, 1, 1]]


def test_texts_are_split_at_the_separator_which_both_keep():
    rows, lengths = (value.numpy() for value in split_pairs(tf.constant(ROWS), SEP))
    assert rows.tolist() == [
        [2, 9, 8, 3, 0, 0], [2, 5, 3, 0, 0, 0], [2, 9, 0, 0, 0, 0],
        [3, 7, 3, 0, 0, 0], [3, 6, 7, 8, 9, 3], [9, 0, 0, 0, 0, 0]]
    assert lengths.tolist() == [4, 3, 2, 3, 6, 1]


@pytest.mark.parametrize("options", [
    {"encoding": "joint"}, {"encoding": "siamese", "pooling": "max"}])
def test_padding_and_neighbours_change_nothing(options):
    student = student_of(**options)
    together = logits_of(student, ROWS)
    for row, own in zip(ROWS, together):
        np.testing.assert_allclose(logits_of(student, row[None, : np.count_nonzero(row)]), [own],
                                   atol=1e-5)
    assert len(np.unique(together.round(4), axis=0)) == 3


def test_a_siamese_student_compares_and_a_joint_one_knows_the_order():
    same = np.array([[2, 9, 8, 3, 9, 8, 3], [2, 9, 8, 3, 9, 7, 3]], np.int32)
    siamese = student_of("siamese")
    u_v = siamese.model.get_layer("projection").input
    features = tf.keras.Model(siamese.model.input, u_v)({"input_ids": same}).numpy()[:, 0]
    u, v, difference, product = np.split(features, 4, axis=-1)
    np.testing.assert_allclose(difference, np.abs(u - v), atol=1e-6)
    np.testing.assert_allclose(product, u * v, atol=1e-6)
    joint = student_of("joint")
    assert joint.registry.names == ("word_embedding", "bilstm", "projection", "logits")
    assert joint.registry.parameters(["word_embedding"]) == (12 + 2) * 6
    before = logits_of(joint, ROWS)
    joint.model.get_layer("segment_embedding").set_weights([np.zeros((2, 6), np.float32)])
    assert np.abs(logits_of(joint, ROWS) - before).max() > 1e-3


def test_a_transformer_student_has_two_segments():
    config = StudentConfig(student="transformer", word_emb_dim=8, hidden_size=8,
                           num_hidden_layers=1, num_attention_heads=2)
    student = build_student(config, Shape(12, pooled=True, seq_len=16, separator=SEP), 16, 2)
    kinds = student.model.get_layer("encoder").electra.embeddings.token_type_embeddings
    assert kinds.shape == (2, 8)
    before = logits_of(student, ROWS)
    kinds.assign(kinds + np.array([[0.0], [1.0]]) * np.arange(8.0))
    changed = np.abs(logits_of(student, ROWS) - before).max(-1)
    assert changed[:2].min() > 1e-4 and changed[2] < 1e-6  # The last has no second text.


def test_a_teacher_is_told_the_segments_and_remembers_it(tokenizer, tmp_path):
    encoder = make_encoder("bert", len(tokenizer))
    encoder.bert.embeddings.token_type_embeddings.assign(
        np.random.default_rng(0).normal(size=(2, 16)))
    rows = tokenizer([["Anna"], ["in"]], [["Bonn", "in"], ["Berlin"]], is_split_into_words=True,
                     padding=True, return_tensors="np")
    teacher = build_teacher(encoder, tokenizer, 2, 1, pooled=True, pairs=True)
    inputs = {name: rows[name].astype(np.int32) for name in ("input_ids", "attention_mask")}
    own = teacher.model(inputs, training=False)["representation"].numpy()[:, 0]
    expected = encoder(**rows, output_hidden_states=True).hidden_states[1].numpy()[:, 0]
    np.testing.assert_allclose(own, expected, atol=1e-5)
    alone = build_teacher(encoder, tokenizer, 2, 1, pooled=True)
    assert np.abs(alone.model(inputs)["representation"].numpy()[:, 0] - own).max() > 1e-3
    save_teacher(teacher, tmp_path / "teacher", {
        "kind": "classification", "pairs": True, "tags": ["no", "yes"]})
    loaded = load_teacher(tmp_path / "teacher", 1)
    assert loaded.pairs
    np.testing.assert_allclose(loaded.model(inputs)["representation"].numpy()[:, 0], own, atol=1e-5)


def test_an_encoder_without_segments_reads_pairs_all_the_same(tokenizer):
    sizes = {**SIZES, "vocab_size": len(tokenizer), "type_vocab_size": 1}
    encoder = TFAutoModel.from_config(AutoConfig.for_model("roberta", **sizes))
    teacher = build_teacher(encoder, tokenizer, 2, 1, pooled=True, pairs=True)
    ids = np.array([[2, 9, 3, 8, 3]], np.int32)
    out = teacher.model({"input_ids": ids, "attention_mask": np.ones_like(ids)})
    assert out["logits"].shape == (1, 1, 2)


def test_pairs_need_a_separator(tokenizer):
    class Bare:
        sep_token_id = None

    with pytest.raises(UserError, match="Bare has no separator, which pairs of texts need"):
        build_teacher(make_encoder("bert", len(tokenizer)), Bare(), 2, 1, pairs=True)


def test_masking_spares_the_separator():
    ids = tf.constant(np.tile(ROWS[1], (200, 1)))
    masked = PieceMasking(0.5, 4, SEP)(ids, tf.fill([200], 8), tf.constant([1, 2], tf.int64))
    assert (masked.numpy()[:, 2] == SEP).all() and (masked.numpy()[:, 3] == 4).any()
    assert (PieceMasking(0.5, 4)(ids, tf.fill([200], 8), tf.constant([1, 2], tf.int64)
                                 ).numpy()[:, 2] == 4).any()
