"""The benchmark: what it times, counts and prints."""

import time

import numpy as np
import pytest
import transformers

from xtremedistil_tf.evaluation.paper import TABLE_16
from xtremedistil_tf.models.teacher import build_teacher
from xtremedistil_tf.serving.measure import interleaved
from xtremedistil_tf.serving.paper_grid import measure_grid, random_student


@pytest.fixture(scope="module")
def teacher():
    config = transformers.BertConfig(
        vocab_size=300, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=64)
    encoder = transformers.TFBertModel(config)
    encoder.build()
    return build_teacher(encoder, None, 11, 1)


def test_ways_take_turns_and_are_timed_apart():
    order = []
    timings = interleaved(
        {"slow": lambda: (order.append("s"), time.sleep(0.02)), "fast": lambda: order.append("f")},
        {"slow": 3, "fast": 6}, warm_up=1, in_a_row=2)
    assert timings["slow"].calls == 3 and timings["fast"].calls == 6
    assert timings["slow"].p50 > 15 > timings["fast"].p50
    assert "".join(order[2:]) == "sff" * 3


def test_the_teacher_in_onnx_is_the_teacher(teacher, tmp_path):
    from xtremedistil_tf.serving.onnx_runtime import open_session
    from xtremedistil_tf.serving.teacher_onnx import build_teacher_model

    path = tmp_path / "teacher.onnx"
    path.write_bytes(build_teacher_model(teacher).SerializeToString())
    ids = np.random.default_rng(0).integers(1, 300, (3, 20), dtype=np.int32)
    mask = (np.arange(20)[None] < np.array([[20], [7], [3]])).astype(np.int32)
    feed = {"input_ids": ids, "attention_mask": mask}
    np.testing.assert_allclose(
        open_session(path).run(["logits"], feed)[0][mask > 0],
        teacher.model(feed)["logits"].numpy()[mask > 0], atol=1e-4)


def test_the_grid_prints_sizes_beside_the_papers(teacher, tmp_path):
    sizes = [row for row in TABLE_16 if row.hidden == 100 and row.embedding in (50, 100)]
    result = measure_grid(tmp_path, 2, 0.01, output=tmp_path / "out", sizes=sizes,
                          teacher=teacher, vocabulary=300)
    assert {(row["embedding"], row["hidden"]) for row in result["rows"]} == {(50, 100), (100, 100)}
    for row in result["rows"]:
        arrays = random_student(row["embedding"], row["hidden"], 300)
        assert row["parameters"] == arrays.embedding.size + 2 * (
            4 * 100 * (row["embedding"] + 100 + 1)) + 200 * 768 + 768 + 768 * 11 + 11
        assert set(row["speed_up"]) == {f"{way}_{batch}" for batch in (1, 32) for way in
                                        ("tensorflow", "onnx", "onnx_int8")}
    assert (tmp_path / "out" / "compression.png").stat().st_size > 1000
    assert len(result["lines"]) == 4 and "4.7" in "".join(result["lines"])


def test_the_paper_s_parameters_are_reached():
    row = next(row for row in TABLE_16 if (row.embedding, row.hidden) == (50, 200))
    arrays = random_student(50, 200)
    count = arrays.embedding.size + sum(
        array.size for part in (arrays.forward, arrays.backward, arrays.projection, arrays.logits)
        for array in part)
    assert count == pytest.approx(1e6 * row.million_parameters, rel=0.01)
