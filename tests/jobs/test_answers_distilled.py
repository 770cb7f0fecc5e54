"""Answers distilled: a teacher fine-tuned on questions, a finished one without labels, students."""

import dataclasses
import json

import numpy as np
import pytest
import transformers

import xtremedistil_tf
from tests.checkpoints import SIZES, make_small, save_tf
from tests.jobs.test_squad import SQUAD
from tests.squad import CITIES, WORDS, write_cities, write_file
from tests.teachers.finished import make_onnx
from xtremedistil_tf import config as cfg
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.jobs.distillation import run_distillation
from xtremedistil_tf.models.pretrained_encoders import build_variables
from xtremedistil_tf.models.tokenizers import train_wordpiece
from xtremedistil_tf.planning.plan import dry_run
from xtremedistil_tf.runtime import prepare
from xtremedistil_tf.tasks import TASKS
from xtremedistil_tf.teachers import Wanted, load_ready, teacher_kind

ALONE = cfg.Resources(export=False)


@pytest.fixture(scope="module")
def distilled(tmp_path_factory):
    """A BiLSTM with a cut vocabulary behind a teacher that learnt to answer: (folder, metrics)."""
    base = tmp_path_factory.mktemp("answers")
    small = make_small(WORDS, 200, False, base / "small")
    config = cfg.RunConfig(
        data=cfg.DataConfig(str(write_cities(base / "task", 48, 24)), seq_len=20, squad=SQUAD),
        teacher=cfg.TeacherConfig("TFAutoModel", str(small), layer=1, epochs=8, batch_size=16,
                                  learning_rate=1e-2),
        student=cfg.StudentConfig(word_emb_dim=8, bilstm_hidden_size=8, vocabulary="cut",
                                  dropout_rate=0.0),
        distil=cfg.DistilConfig(strategy="D2", logits_loss="kld", distil_epochs=12,
                                distil_batch_size=16, ft_batch_size=16, learning_rate=2e-2,
                                schedule="cosine", chunk_size=40))
    prepare(config.seed, False)
    return base / "run", run_distillation(config, base / "run", resources=ALONE), config


def test_a_student_learns_the_teachers_answers(distilled):
    _, metrics, _ = distilled
    assert (metrics["kind"], metrics["measure"]) == ("spans", "f1")
    (stage,) = metrics["stages"]
    assert stage["losses"] == ["labels:span_cross_entropy", "logits:position_kld",
                               "representation:mse"]
    assert metrics["teacher_passes"] == 1
    teacher, student = (metrics[who]["dev"] for who in ("teacher", "student"))
    assert teacher["HasAns_f1"] > 60 and teacher["HasAns_total"] == 16
    # Saying of all that they have no answer would give a third.
    assert student["f1"] > 40 and student["HasAns_f1"] > 10
    assert metrics["retention"] == pytest.approx(100 * student["f1"] / teacher["f1"])
    assert metrics["data"]["transfer"]["windows"] == metrics["data"]["train"]["windows"]


def test_its_files_and_its_runtime_agree(distilled):
    folder, metrics, config = distilled
    names = {path.name for path in (folder / "predictions").iterdir()}
    assert {f"dev.{who}.predictions.json" for who in ("teacher", "student")} < names
    report = (folder / "report.md").read_text("utf-8")
    assert "| Questions | Support | Teacher, exact match | Teacher, F1 | Student, exact" in report
    assert "distilled from small" in (
        folder / "student" / "README.md").read_text("utf-8")
    assert xtremedistil_tf.evaluate(folder, config.data.task, split="dev") \
        == metrics["student"]["dev"]
    answerer = xtremedistil_tf.load(folder)
    found = answerer(("Which city ?", "he came by Porto and saw the tree"))
    assert set(found) == {"answer", "score", "start", "end", "null_odds"}
    assert run_distillation(config, folder, resources=ALONE) == metrics


def test_answers_of_the_teacher_are_kept_whole(distilled):
    folder = distilled[0]
    (kept,) = (folder / "targets").glob("answers/*.json")
    found = read_json(kept)["value"]["dev"]
    answers = TASKS["spans"].unpacked(found)
    own = read_json(folder / "predictions" / "dev.teacher.predictions.json")
    assert [answer.text for answer in answers] == list(own.values())
    assert TASKS["spans"].packed(answers) == found


@pytest.mark.long
def test_a_plan_is_measured_without_training(distilled, tmp_path):
    config = dataclasses.replace(
        distilled[2], teacher=dataclasses.replace(distilled[2].teacher,
                                                  model_dir=str(distilled[0])),
        distil=dataclasses.replace(distilled[2].distil, strategy="D4.1"))
    told = dry_run(config, tmp_path / "run", time_budget="2h",
                   resources=cfg.Resources(export=False, baseline=True))
    assert "logits:position_kld" in told and "measured in a few steps" in told


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished model for questions, of random weights."""
    base = tmp_path_factory.mktemp("qa")
    tokenizer = train_wordpiece(WORDS, 200, False)
    config = transformers.BertConfig(vocab_size=len(tokenizer), **SIZES)
    model = transformers.TFBertForQuestionAnswering(config)
    build_variables(model)
    for weight in model.weights:
        weight.assign(np.random.default_rng(len(weight.name)).normal(
            scale=0.5 if "qa_outputs" not in weight.name else 3.0, size=weight.shape))
    config.architectures = ["BertForQuestionAnswering"]
    return save_tf(model, tokenizer, base / "teacher")


@pytest.mark.long
def test_a_finished_model_and_questions_are_enough(finished, tmp_path):
    random = np.random.default_rng(1)
    words = [*WORDS[0][:20], *CITIES]
    text = write_file(tmp_path / "questions.json", *[
        (" ".join(random.choice(words, 24)), [{"question": "Which city ?"}]) for _ in range(40)])
    config = cfg.RunConfig(
        data=cfg.DataConfig(str(text), str(text), 20, squad=SQUAD),
        teacher=cfg.TeacherConfig("TFAutoModel", str(finished), layer=2),
        student=cfg.StudentConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
                                  dropout_rate=0.0),
        distil=cfg.DistilConfig(strategy="D4.1", distil_epochs=2, distil_batch_size=16))
    prepare(config.seed, False)
    metrics = run_distillation(config, tmp_path / "run", resources=ALONE)
    assert [stage["losses"] for stage in metrics["stages"]] == [
        ["representation:mse"], ["logits:mse"]]
    agreement = metrics["student"]["agreement"]
    assert set(agreement) == {"agreement", "languages"} and 0 <= agreement["agreement"] <= 100
    assert metrics["data"]["held_out"]["sentences"] == 2
    kept = read_json(tmp_path / "run" / "predictions" / "held_out.teacher.predictions.json")
    assert list(kept) == ["0", "1"] and "dev" not in metrics["student"]
    assert run_distillation(config, tmp_path / "run",
                            resources=ALONE) == metrics


def test_a_model_as_onnx_gives_the_logits_of_the_model(finished, tmp_path):
    pytest.importorskip("onnx")
    model = transformers.TFBertForQuestionAnswering.from_pretrained(finished)
    onnx = make_onnx(model, transformers.AutoTokenizer.from_pretrained(finished), tmp_path / "onnx")
    assert teacher_kind(onnx).kind == "onnx"
    wanted = Wanted("spans", ("start", "end"), 2, pairs=True, seq_len=20, squad=SQUAD)
    assert Wanted.of(dataclasses.asdict(wanted)) == wanted  # As helper processes get it.
    ids = Ragged.of([[2, 9, 3, 12, 30, 8, 3], [2, 8, 3, 9, 3]])  # [CLS] question [SEP] text [SEP].

    def outputs(folder):
        (found,) = load_ready([folder], wanted).forward(("logits", "representation")).batches(ids)
        return found[2]

    own, other = outputs(finished), outputs(onnx)
    assert other["logits"].shape == (2, 7, 2)
    for name in ("logits", "representation"):
        for row, length in enumerate((7, 5)):
            np.testing.assert_allclose(other[name][row, :length], own[name][row, :length],
                                       atol=1e-4)


@pytest.fixture(scope="module")
def from_answers(tmp_path_factory):
    """A run on a file of answers alone: no model, labels or tokenizer."""
    base, random = tmp_path_factory.mktemp("said"), np.random.default_rng(2)
    rows = []
    for at in range(40):
        words = list(random.choice(WORDS[0][:20], 12))
        words[at % 12] = CITIES[at % 6]
        rows.append({"question": "Which city ?", "context": " ".join(words), "language": "en",
                     **({} if at == 7 else {"answer": CITIES[at % 6], "score": 0.9})})
    path = base / "answers.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    flags = {"teacher_outputs": [path], "do_squad": True, "model_dir": base / "run", "seq_len": 24,
             "max_query_length": 6, "doc_stride": 4, "hidden_size": 8, "num_hidden_layers": 1,
             "num_attention_heads": 2, "strategy": "D4.1", "distil_epochs": 8, "export": False,
             "distil_batch_size": 8, "learning_rate": 2e-2, "dropout_rate": 0.0}
    return xtremedistil_tf.distil(**flags), flags


def test_a_file_of_answers_teaches(from_answers):
    metrics = from_answers[0].metrics
    (stage,) = metrics["stages"]
    assert (stage["name"], stage["losses"]) == ("01_logits", ["logits:position_kld"])
    assert metrics["teacher"]["name"] == "answers.jsonl" and metrics["retention"] is None
    counts = metrics["data"]
    assert (counts["transfer"]["sentences"], counts["held_out"]["sentences"]) == (38, 2)
    history = read_json(from_answers[0].folder / "stages" / "01_logits" / "history.json")
    assert history[-1]["loss"] < 0.7 * history[0]["loss"]
    found = from_answers[0].student(("Which city ?", "we saw the old house in Porto and went by"))
    assert set(found) == {"answer", "score", "start", "end", "null_odds"}
    kept = from_answers[0].folder / "predictions" / "held_out.teacher.predictions.json"
    answers = read_json(kept)
    assert len(answers) == 2 and set(answers.values()) <= set(CITIES)


def test_questions_of_a_transfer_file_are_looked_up(from_answers, tmp_path):
    strange = write_file(tmp_path / "other.json", ("we saw a tree", [
        {"question": "Who ?"}, {"question": "Which city ?"}]))
    flags = {**from_answers[1], "model_dir": tmp_path / "run", "transfer_file": strange}
    with pytest.raises(UserError, match="no sentence of .*other.json stands in .*answers.jsonl"):
        xtremedistil_tf.distil(**flags)
    with pytest.raises(UserError, match="tags, classes and answers; the task is regression"):
        cfg.RunConfig(data=cfg.DataConfig(str(tmp_path), do_regression=True),
                      teacher=cfg.TeacherConfig(outputs=(str(flags["teacher_outputs"][0]),)))
