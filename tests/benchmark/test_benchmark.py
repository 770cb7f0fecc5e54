"""The benchmark: what it times, counts and prints."""

import dataclasses
import importlib
import shutil
import time
import types

import numpy as np
import pytest
import transformers

from tests.conftest import ROOT
from xtremedistil_tf.benchmark.card_table import CardRow, card_scores, measure_card
from xtremedistil_tf.benchmark.paper_grid import measure_grid, random_student
from xtremedistil_tf.benchmark.timing import interleaved
from xtremedistil_tf.cli import benchmark
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.export import student_forms
from xtremedistil_tf.files.contents import read_json, write_json
from xtremedistil_tf.models.teacher import build_teacher
from xtremedistil_tf.reporting.paper import TABLE_16


@pytest.fixture(scope="module")
def teacher():
    config = transformers.BertConfig(
        vocab_size=300, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=64)
    encoder = transformers.TFBertModel(config)
    encoder.build()
    return build_teacher(encoder, None, 11, 1)


def test_the_cards_table_has_speed_ups_over_its_first_row_and_a_mean_of_seven(teacher, tmp_path):
    def finished(name, data, kind="classification", **scores):
        (tmp_path / name).mkdir()
        write_json(tmp_path / name / "config.json", {
            "version": "0", "config": {"data": data}, "files": {}, "labels": []})
        write_json(tmp_path / name / "metrics.json", {"kind": kind, "student": {"dev": scores}})
        return tmp_path / name

    runs = [finished(task, {"glue_task": glue}, accuracy=60.0 + place, f1=0.0)
            for place, (task, glue) in enumerate({
                "MNLI": "MNLI", "QNLI": "QNLI", "QQP": "QQP", "RTE": "RTE", "SST": "SST-2",
                "MRPC": "MRPC"}.items())]
    encoders = [CardRow("big", 2, 16, 2, 109, 1.0), CardRow("small", 1, 16, 2, 22, 5.3)]

    def make(*, pieces, layers, width, heads):
        assert (pieces, width, heads) == (300, 16, 2)
        return teacher

    found = measure_card(tmp_path / "work", 2, 0.01, runs=runs, encoders=encoders, seq_len=8,
                         pieces=300, make=make)
    assert found["scores"]["SST"] == 64.0 and "Avg" not in found["scores"]
    assert [row["names"] for row in found["rows"]] == ["big", "small"]
    assert found["rows"][0]["speed_up"] == {"1": 1.0, "32": 1.0}
    assert all(value > 0 for value in found["rows"][1]["speed_up"].values())
    runs.append(finished("squad", {}, "spans", exact=10.0, f1=97.0, NoAns_f1=90.0))
    assert card_scores(runs)["Avg"] == pytest.approx((6 * 62.5 + 97) / 7)
    other = finished("other", {"glue_task": None}, accuracy=1.0)
    older = finished("squad1", {}, "spans", exact=10.0, f1=97.0, HasAns_f1=97.0)
    for more, told in ((runs[0], "is a second run of MNLI"), (other, "is a run of other data"),
                       (older, "is a run of other data")):
        with pytest.raises(UserError, match=told):
            card_scores([*runs, more])


def test_ways_take_turns_and_are_timed_apart():
    order = []
    timings = interleaved(
        {"slow": lambda: (order.append("s"), time.sleep(0.02)), "fast": lambda: order.append("f")},
        {"slow": 3, "fast": 6}, warm_up=1, in_a_row=2)
    assert timings["slow"].calls == 3 and timings["fast"].calls == 6
    assert timings["slow"].p50 > 15 > timings["fast"].p50
    assert "".join(order[2:]) == "sff" * 3


def test_the_teacher_in_onnx_is_the_teacher(teacher, tmp_path):
    from xtremedistil_tf.export.onnx.teacher import build_teacher_model
    from xtremedistil_tf.inference.runtimes.onnx import open_session

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
    killed = tmp_path / "out" / ".tmp-12-speed_up.png"
    killed.parent.mkdir()
    killed.touch()
    result = measure_grid(tmp_path, 2, 0.01, output=tmp_path / "out", sizes=sizes,
                          teacher=teacher, vocabulary=300)
    assert {(row["embedding"], row["hidden"]) for row in result["rows"]} == {(50, 100), (100, 100)}
    for row in result["rows"]:
        arrays = random_student(row["embedding"], row["hidden"], vocabulary=300)
        assert row["parameters"] == arrays.embedding.size + 2 * (
            4 * 100 * (row["embedding"] + 100 + 1)) + 200 * 768 + 768 + 768 * 11 + 11
        assert set(row["speed_up"]) == {f"{way}_{batch}" for batch in (1, 32) for way in
                                        ("tensorflow", "onnx", "onnx_int8")}
    assert (tmp_path / "out" / "compression.png").stat().st_size > 1000
    assert sorted(path.name for path in killed.parent.iterdir()) == [
        "compression.png", "speed_up.png"]
    assert len(result["lines"]) == 4 and "4.7" in "".join(result["lines"])


def test_the_paper_s_parameters_are_reached():
    row = next(row for row in TABLE_16 if (row.embedding, row.hidden) == (50, 200))
    arrays = random_student(50, 200)
    count = arrays.embedding.size + sum(
        array.size for part in (arrays.forward, arrays.backward, arrays.projection, arrays.logits)
        for array in part)
    assert count == pytest.approx(1e6 * row.million_parameters, rel=0.01)


def test_a_student_without_onnx_is_timed_in_tensorflow(student_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(benchmark, "FLAGS", types.SimpleNamespace(queries=2, seconds=0.01))
    found = benchmark._measure_run(student_folder, tmp_path)
    assert set(found["text"]) == {"onnx", "onnx_int8"}
    own = student_forms.student_forms
    monkeypatch.setattr(student_forms, "student_forms", lambda bundle: dataclasses.replace(
        own(bundle), onnx=None, onnx_for_int8=None))
    (tmp_path / "none").mkdir()
    found = benchmark._measure_run(student_folder, tmp_path / "none")
    assert set(found["text"]) == {row["runtime"] for row in found["timings"]} == {"tensorflow"}
    assert found["text"]["tensorflow"]["p50_ms"] > 0


def _study(folder, student_folder, sizes):
    """A study's folder as `xtremedistil-study` leaves it, of one and the same student."""
    for name, seed, f1 in sizes:
        run = folder / "runs" / name / f"seed_{seed}"
        shutil.copytree(student_folder, run / "student")
        (run / "student" / "manifest.json").unlink(missing_ok=True)
        record = read_json(run / "student" / "student.json")
        width, hidden = map(int, name.split("_")[:2])
        record["student"].update(word_emb_dim=width, bilstm_hidden_size=hidden)
        write_json(run / "student" / "student.json", record)
        scores = {"macro_f1": f1, "languages": {"de": {}}}
        write_json(run / "metrics.json", {"student": {"parameters": 1, "test": scores},
                                          "teacher": {"test": {"macro_f1": 90.0}}})
    return folder


def test_sizes_of_a_study_are_held_against_its_teacher(
        student_folder, teacher, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    sizes = importlib.import_module("sizes")
    study = _study(tmp_path / "study", student_folder, [("6_5", 1, 70.0), ("6_5", 2, 74.0)])
    record = sizes.measure(sizes.students_of(study), teacher, 2, 0.01)
    (size,) = record["sizes"]
    assert (size["embedding"], size["hidden"], size["f1"], size["seeds"]) == (6, 5, 72.0, 2)
    assert size["seeds_std"] == pytest.approx(8**0.5) and record["teacher"]["f1"] == 90.0
    assert size["parameters"] < record["teacher"]["parameters"] == teacher.model.count_params()
    for way in ("onnx_1", "onnx_int8_1", "tensorflow_32"):
        assert size["speed_up"][way] == record["teacher"]["ms"][way] / size["ms"][way]
    sizes.draw(record, tmp_path / "sizes.png")
    assert (tmp_path / "sizes.png").stat().st_size > 5000
    with pytest.raises(UserError, match="have the same size; the study must vary"):
        sizes.students_of(_study(study, student_folder, [("6_5_relu", 1, 60.0)]))
    with pytest.raises(UserError, match="holds no finished run"):
        sizes.students_of(tmp_path)
