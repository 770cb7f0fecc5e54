"""The whole job on texts: run folder, metrics, the same answers from every form of the student."""

import dataclasses
import json

import numpy as np
import pytest

import xtremedistil_tf
from tests.conftest import write_texts
from tests.processes import run
from xtremedistil_tf import config as cfg
from xtremedistil_tf.apps.showcase import show_classified
from xtremedistil_tf.cli.predict import render
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.evaluation.labelled import read_labelled_rows
from xtremedistil_tf.evaluation.scores import Settings, evaluate_subjects
from xtremedistil_tf.evaluation.subjects import subject_of_folder, subject_of_predictions
from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.inference.classifier import Classifier
from xtremedistil_tf.inference.lines import ClassifiedLine
from xtremedistil_tf.inference.streaming import tag_lines
from xtremedistil_tf.jobs import distillation as job
from xtremedistil_tf.jobs.results import best_stage
from xtremedistil_tf.planning.plan import dry_run
from xtremedistil_tf.runtime import prepare
from xtremedistil_tf.training.plans import build_plan

SEQ_LEN = 20
TOPICS = ["business", "culture", "science", "sports"]
TEXTS = ["The bank raised its profits.", "", "Der Stürmer schoss ein Tor!", "  a\tb\u00a0c [MASK] ",
         "東京 «ставит» пьесу", "the orchestra played " * 30]


def config_of(task, bert_config, **changes):
    return cfg.RunConfig(
        data=cfg.DataConfig(str(task), "transfer.txt", SEQ_LEN),
        teacher=cfg.TeacherConfig(config_file=str(bert_config), layer=1, epochs=2, batch_size=8,
                                  learning_rate=1e-3, strip_accents=False),
        student=cfg.StudentConfig(word_emb_dim=6, bilstm_hidden_size=5),
        distil=cfg.DistilConfig(strategy="D4.1", distil_epochs=2, ft_epochs=6,
                                distil_batch_size=16, ft_batch_size=8, chunk_size=20,
                                learning_rate=3e-2, **changes),
    )


@pytest.fixture(scope="module")
def finished(bert_config, tmp_path_factory):
    """A run on texts without labels.tsv, half of them with a language: (folder, metrics, task)."""
    base = tmp_path_factory.mktemp("texts")
    task = write_texts(base / "task", rows=40)
    (task / "labels.tsv").unlink()
    test = (task / "test.tsv").read_text("utf-8").splitlines()
    test = [line.replace("\t", "\ten:") if line.isascii() else line for line in test]
    (task / "test.tsv").write_text("\n".join(test) + "\n", "utf-8")
    config = config_of(task, bert_config)
    prepare(config.seed, False)
    return base / "run", job.run_distillation(config, base / "run"), task


@pytest.fixture(scope="module")
def classifiers(finished):
    return {runtime: xtremedistil_tf.load(finished[0], runtime)
            for runtime in ("keras", "savedmodel", "onnx", "onnx_int8")}


@pytest.mark.parametrize("runtime", ["keras", "savedmodel", "onnx"])
def test_scores_as_deployed_are_those_of_the_run(finished, classifiers, runtime):
    folder, metrics, task = finished
    for student in (folder, classifiers[runtime]):
        scores = xtremedistil_tf.evaluate(
            student, task, runtime=runtime if student is folder else None)
        assert scores == metrics["student"]["test"]
    dev = xtremedistil_tf.evaluate(classifiers[runtime], task / "dev.tsv")
    assert dev == metrics["student"]["dev"] != scores


def test_a_teacher_and_its_predictions_are_scored_like_a_student(finished):
    folder, metrics, task = finished
    assert xtremedistil_tf.evaluate(folder / "teacher", task) == metrics["teacher"]["test"]
    teacher = subject_of_folder(folder / "teacher")
    file = subject_of_predictions(folder / "predictions" / "test.teacher.tsv", task, {},
                                  like=teacher)
    rows, _ = read_labelled_rows(task, teacher.labels)
    evaluation = evaluate_subjects([teacher, file], rows, data="topics",
                                   settings=Settings(samples=20))
    one, other = evaluation["models"]
    assert one["scores"] == other["scores"] == metrics["teacher"]["test"]
    assert evaluation["difference"]["accuracy"] == {
        "value": 0.0, "low": 0.0, "high": 0.0, "p": 1.0}
    assert "calibration" in one and "calibration" not in other


def test_the_run_folder_says_what_was_classified(finished):
    folder, metrics, task = finished
    assert (metrics["kind"], metrics["measure"]) == ("classification", "accuracy")
    assert metrics["teacher_passes"] == 1
    assert [stage["monitor"] for stage in metrics["stages"]] == [
        "representation", "accuracy", "accuracy"]
    for who in ("teacher", "student"):
        scores = metrics[who]["test"]
        assert {"accuracy", "macro_f1"} <= set(scores) and set(scores["languages"]) == {
            "en", "default"}
        assert np.sum(scores["confusion"]) == 40 and list(scores["classes"]) == TOPICS
    assert metrics["retention"] == pytest.approx(
        100 * metrics["student"]["test"]["accuracy"] / metrics["teacher"]["test"]["accuracy"])
    assert read_json(folder / "config.json")["labels"] == TOPICS
    assert (folder / "student" / "labels.tsv").read_text().split() == TOPICS
    assert "text-classification" in (folder / "student" / "README.md").read_text("utf-8")
    assert "plots/confusion.png" in (folder / "report.md").read_text("utf-8")
    # What is kept is the best stage by the measure.
    best = max(stage["dev"]["accuracy"] for stage in metrics["stages"])
    assert metrics["student"]["dev"]["accuracy"] == pytest.approx(best)


def test_the_targets_are_one_a_row(finished):
    folder, metrics, _ = finished
    manifest = read_json(folder / "targets" / "transfer" / "manifest.json")
    assert manifest["pooled"] and manifest["rows"] == 48
    size = sum(path.stat().st_size
               for path in (folder / "targets" / "transfer").rglob("representation*"))
    assert size < 48 * (2 * 16 + 60)  # 16 halves and a record's overhead, whatever the length.


def test_predictions_are_the_students_own(finished, classifiers):
    folder, metrics, task = finished
    gold = [line.split("\t") for line in (task / "test.tsv").read_text("utf-8").splitlines()]
    written = (folder / "predictions" / "test.student.tsv").read_text("utf-8").splitlines()
    assert len(written) == len(gold) == 40
    found = classifiers["keras"]([text for text, _ in gold])
    for (text, label), line, own in zip(gold, written, found):
        prefix = "en:" if label.startswith("en:") else ""
        assert line == f"{text}\t{prefix}{own['label']}"
    right = sum(own["label"] == label.split(":")[-1] for own, (_, label) in zip(found, gold))
    assert 100 * right / 40 == pytest.approx(metrics["student"]["test"]["accuracy"])
    shown = show_classified(folder / "predictions" / "test.student.tsv", a_class=1).splitlines()
    assert shown == sorted(shown)
    assert {line.split()[0] for line in shown} == {line.split("\t")[1] for line in written}
    assert len({own["label"] for own in found}) > 1  # Else this test would say little.


def test_every_form_gives_the_same(classifiers):
    expected = classifiers["keras"].classify(TEXTS)
    assert [one.cut for one in expected] == [False] * 5 + [True]
    for runtime, tolerance in (("savedmodel", 1e-5), ("onnx", 1e-5), ("onnx_int8", 0.1)):
        assert tuple(classifiers[runtime].labels) == tuple(TOPICS)
        for own, other in zip(classifiers[runtime].classify(TEXTS), expected):
            np.testing.assert_allclose(own.scores, other.scores, atol=tolerance)
            assert own.cut == other.cut


def test_other_white_space_and_control_characters_are_read_alike(classifiers):
    texts = [f"the bank{char}raised its{char} profits" for char in
             "\t\x0b\x0c\x1c\x1f\x85\xa0\u1680\u2003\u2028\u3000\u200b\x00\ufffd"]
    expected = classifiers["keras"].classify(texts)
    for own, other, text in zip(classifiers["savedmodel"].classify(texts), expected, texts):
        np.testing.assert_allclose(own.scores, other.scores, atol=1e-5, err_msg=repr(text))


def test_a_text_is_cut_where_the_trainings_were(classifiers, finished):
    head = "the orchestra played " * 30
    one, two = classifiers["onnx"]([head + "profits", head + "goals goals goals"])
    assert one == two and one["cut"] is True
    # As the tokenizer of the training cuts: its first pieces and the closing marker.
    from xtremedistil_tf.inference.student_folder import load_student
    bundle = load_student(finished[0])
    ids = bundle.tokenizer.encode(head).ids
    ids = np.array([*ids[: SEQ_LEN - 1], ids[-1]])
    logits = bundle.student.model({"input_ids": bundle.vocabulary.table[ids][None]})["logits"]
    powers = np.exp(logits[0, 0] / bundle.temperature)
    scores = powers / powers.sum()
    np.testing.assert_allclose([one["scores"][name] for name in TOPICS], scores, atol=1e-5)


def test_one_text_gives_a_dict_and_several_a_list(classifiers):
    alone = classifiers["onnx"](TEXTS[0])
    assert set(alone) == {"label", "score", "scores"}
    assert alone["score"] == max(alone["scores"].values()) == alone["scores"][alone["label"]]
    assert sum(alone["scores"].values()) == pytest.approx(1)
    (listed,) = classifiers["onnx"](TEXTS[:1])
    assert listed == alone and classifiers["onnx"]([]) == []


@pytest.mark.parametrize("items", [
    None, 5, b"abc", {"text": "abc"}, ["a", None], [float("nan")], [("A", "B")]])
def test_what_is_no_text_is_refused_by_every_runtime(classifiers, items):
    for runtime in ("keras", "savedmodel", "onnx"):
        with pytest.raises(UserError, match="this student takes texts; allowed: a string or a l"):
            classifiers[runtime](items)


def test_a_step_whose_head_has_learnt_nothing_is_not_kept():
    records = [{"trainable": layers, "dev": {"accuracy": score}} for layers, score in (
        (["projection"], 90.0), (["logits"], 60.0), (["logits", "projection"], 60.0))]
    assert best_stage(records, "accuracy") is records[2]
    assert best_stage(records[:1], "accuracy") is records[0]


def test_the_signatures_are_batch_major(classifiers, finished):
    from xtremedistil_tf.keras2 import tf

    output = classifiers["savedmodel"].run_text([*TEXTS, b"\xff broken"])
    assert {name: array.shape for name, array in output.items()} == {
        "label": (7,), "score": (7,), "cut": (7,), "classes": (7, 4), "scores": (7, 4)}
    signatures = tf.saved_model.load(str(finished[0] / "export" / "1")).signatures
    assert set(signatures) == {"serving_default", "input_ids"}
    ids = tf.constant([[2, 9, 3, 0], [2, 9, 11, 3]])
    logits = signatures["input_ids"](input_ids=ids, attention_mask=tf.cast(ids > 0, tf.int32))
    assert logits["logits"].shape == (2, 4)
    assert "classifier" in (finished[0] / "export" / "models.config").read_text()
    assert (finished[0] / "export/1/assets.extra/tf_serving_warmup_requests").stat().st_size > 300


def test_the_export_is_checked_by_accuracy(finished):
    record = read_json(finished[0] / "onnx" / "check.json")
    assert record["float32"]["error"] < 1e-5
    assert record["float32"]["dev_accuracy"] == pytest.approx(
        finished[1]["student"]["dev"]["accuracy"])


def test_lines_are_rendered(classifiers, monkeypatch):
    model = classifiers["onnx"]
    lines = list(tag_lines(model, TEXTS))
    rows = [json.loads(render(line, "json")) for line in lines]
    assert [row["text"] for row in rows] == TEXTS
    assert set(rows[0]) == {"text", "label", "score", "scores"} and rows[-1]["cut"] is True
    assert rows[0]["score"] == rows[0]["scores"][rows[0]["label"]]
    assert render(lines[3], "tsv") == f"  a b\u00a0c [MASK] \t{rows[3]['label']}"

    def fails(self, texts):
        if "goal" in texts:
            raise RuntimeError("why")
        return original(self, texts)

    original = Classifier.classify
    monkeypatch.setattr(Classifier, "classify", fails)
    good, bad, last = tag_lines(model, ["bank", "goal", "play"])
    assert bad == ClassifiedLine("goal", None, "RuntimeError: why") and good.found and last.found
    assert json.loads(render(bad, "json"))["error"] == "RuntimeError: why"
    assert render(bad, "tsv") == "goal\t"


def test_predict_writes_an_object_a_line_and_counts_what_was_cut(finished, classifiers):
    given = (f"--model_dir={finished[0]}", "--runtime=onnx")
    result = run("xtremedistil_tf.cli.predict", *given, text="\n".join(TEXTS))
    assert result.returncode == 0, result.stderr
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["label"] for row in rows] == [own["label"] for own in classifiers["onnx"](TEXTS)]
    assert "so that their ends were cut: 1" in result.stderr
    refused = run("xtremedistil_tf.cli.predict", *given, "--format=conll", text="\n".join(TEXTS))
    assert refused.returncode == 2 and "allowed: tsv, json" in refused.stderr


def test_another_measure_is_refused(finished, bert_config):
    config = config_of(finished[2], bert_config)
    data = dataclasses.replace(config.data, dev_measure="macro_f1")
    with pytest.raises(UserError, match="data.dev_measure: None -> 'macro_f1'"):
        job.run_distillation(dataclasses.replace(config, data=data), finished[0])


def test_a_classifying_teacher_is_no_taggers(finished, task, bert_config, tmp_path):
    config = config_of(task, bert_config)
    teacher = dataclasses.replace(config.teacher, model_dir=str(finished[0]))
    tagging = cfg.DataConfig(str(task), "transfer.txt", SEQ_LEN, do_ner=True)
    config = dataclasses.replace(config, teacher=teacher, data=tagging)
    with pytest.raises(UserError, match="fine-tuned for classification; the task is tagging"):
        job.run_distillation(config, tmp_path / "run")


def test_d4_2_walks_down_the_same_layers():
    layers = cfg.StudentConfig().layers
    stages = build_plan(layers, cfg.DistilConfig(), measure="accuracy")
    assert [stage.trainable[-1] for stage in stages[1:]] == 2 * list(reversed(layers))
    assert {stage.monitor for stage in stages[1:]} == {"accuracy"}


def test_dry_run_plans_the_very_student(finished, bert_config, tmp_path):
    text = dry_run(config_of(finished[2], bert_config), tmp_path / "none")
    assert f"student with {finished[1]['student']['parameters']:,} parameters" in text
