"""Questions from files to answers: a checkpoint that learns them, its run folder and its forms."""

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest

import xtremedistil_tf
from tests.checkpoints import make_small
from tests.conftest import ROOT
from tests.squad import CITIES, WORDS, write_cities
from xtremedistil_tf import config as cfg
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.export.export import export_student
from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.jobs.finetuning import dry_run, run_fine_tuning
from xtremedistil_tf.runtime import prepare

# Windows of 20 - 3 markers - 3 of the question = 14 pieces; texts have 12 to 40.
SQUAD = cfg.SquadConfig(doc_stride=4, max_query_length=3, max_answer_length=2)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return make_small(WORDS, 200, False, tmp_path_factory.mktemp("hub") / "small")


@pytest.fixture(scope="module")
def answered(small, tmp_path_factory):
    """A checkpoint on questions: (folder, metrics, settings)."""
    base = tmp_path_factory.mktemp("squad")
    config = cfg.RunConfig(
        data=cfg.DataConfig(str(write_cities(base / "task")), seq_len=20,
                            squad=SQUAD),
        student=cfg.StudentConfig(student="transformer", pt_student_checkpoint=str(small),
                                  dropout_rate=0.0),
        distil=cfg.DistilConfig(strategy=cfg.FINE_TUNING, unfreeze_order="all", ft_epochs=6,
                                ft_batch_size=16, learning_rate=1e-2, schedule="cosine"))
    prepare(config.seed, False)
    return base / "run", run_fine_tuning(config, base / "run"), config


def test_a_checkpoint_learns_to_answer(answered):
    folder, metrics, _ = answered
    assert (metrics["kind"], metrics["measure"]) == ("spans", "f1")
    (stage,) = metrics["stages"]
    assert stage["losses"] == ["labels:span_cross_entropy"]
    history = read_json(folder / "stages" / "01_labels_all" / "history.json")
    assert history[-1]["loss"] < 0.5 * history[0]["loss"]
    dev = metrics["student"]["dev"]
    # A third of the questions has no answer: saying so of all would give that.
    assert dev["NoAns_total"] == 8 and dev["HasAns_total"] == 16
    assert dev["f1"] > 80 and dev["HasAns_f1"] > 60
    assert dev["best_f1"] >= dev["f1"] and "best_exact_thresh" in dev
    assert dev["f1"] == pytest.approx(max(epoch["monitor"] for epoch in history))
    assert "test" not in metrics["student"]
    assert metrics["data"]["train"]["windows"] > 80 and not metrics["data"]["train"]["lost_answers"]


def test_its_files_are_those_of_squads_script(answered):
    folder, metrics, config = answered
    records = {record["id"]: (paragraph["context"], record) for paragraph in json.loads(
        (ROOT / config.data.task / "dev-v2.0.json").read_text("utf-8"))["data"][0]["paragraphs"]
        for record in paragraph["qas"]}
    read = {name: read_json(folder / "predictions" / f"dev.student.{name}.json")
            for name in ("predictions", "null_odds", "best_spans")}
    exact = 0
    for name, (context, record) in records.items():
        assert (read["predictions"][name] == "") == (read["null_odds"][name] > 0)
        assert read["best_spans"][name] in context
        gold = [found["text"] for found in record["answers"]] or [""]
        exact += read["predictions"][name] in gold
    assert set(read["predictions"]) == set(records)
    assert 100 * exact / len(records) == pytest.approx(metrics["student"]["dev"]["exact"])
    assert read_json(folder / "predictions" / "dev.gold.json")["dev1"]["question"] == "Which city ?"


def test_report_and_card_say_that_dev_is_all_there_is(answered):
    folder, metrics, _ = answered
    report = (folder / "report.md").read_text("utf-8")
    assert "## Questions, dev" in report and "| without one | 8 |" in report
    assert "This run has no test scores" in report and "exact match" in report
    card = (folder / "student" / "README.md").read_text("utf-8")
    assert "pipeline_tag: question-answering" in card and "There are no test scores" in card
    assert "overlapping windows" in card and "answerer(" in card and "first state" not in card
    assert f"{metrics['student']['dev']['f1']:.2f}" in card


def test_every_form_answers_alike(answered):
    folder, metrics, _ = answered
    task = json.loads((ROOT / answered[2].data.task / "dev-v2.0.json").read_text("utf-8"))
    asked = [(record["question"], paragraph["context"])
             for paragraph in task["data"][0]["paragraphs"] for record in paragraph["qas"]]
    keras, onnx = (xtremedistil_tf.load(folder, form)(asked) for form in ("keras", "onnx"))
    predicted = read_json(folder / "predictions" / "dev.student.predictions.json")
    assert [found["answer"] for found in keras] == list(predicted.values())
    assert {found["answer"] for found in keras} & set(CITIES)
    for one, other, (_, context) in zip(keras, onnx, asked):
        assert one["answer"] == other["answer"]
        assert one["null_odds"] == pytest.approx(other["null_odds"], abs=1e-4)
        assert 0 < one["score"] <= 1
        if one["answer"]:
            assert context[one["start"]:one["end"]] == one["answer"]
        else:
            assert one["start"] is None and one["end"] is None
    check = read_json(folder / "onnx" / "check.json")
    assert check["float32"]["dev_f1"] == pytest.approx(metrics["student"]["dev"]["f1"])
    scores = xtremedistil_tf.evaluate(folder, answered[2].data.task, split="dev")
    assert scores == metrics["student"]["dev"]
    alone = xtremedistil_tf.load(folder)(asked[0])
    assert alone["answer"] == keras[0]["answer"]
    with pytest.raises(UserError, match="answers questions on a text; allowed: .question, text."):
        xtremedistil_tf.load(folder)(["no question"])


def test_the_saved_model_takes_ids_and_says_so(answered):
    from xtremedistil_tf.inference.student_folder import load_student
    from xtremedistil_tf.keras2 import tf

    folder = answered[0]
    run = tf.saved_model.load(str(folder / "export" / "1")).signatures["serving_default"]
    bundle = load_student(folder)
    ids = np.array([[2, 7, 9, 3, 8, 11, 3], [2, 7, 3, 9, 3, 0, 0]], np.int32)
    mask = (ids > 0).astype(np.int32)
    found = run(input_ids=tf.constant(ids), attention_mask=tf.constant(mask))
    own = np.where(mask, bundle.vocabulary.table[ids], 0)
    logits = bundle.student.model({"input_ids": own}, training=False)["logits"].numpy()
    real = mask > 0
    np.testing.assert_allclose(found["start_logits"].numpy()[real], logits[real][:, 0], atol=1e-4)
    np.testing.assert_allclose(found["end_logits"].numpy()[real], logits[real][:, 1], atol=1e-4)
    assert (logits[~real] < -1e8).all()
    with pytest.raises(UserError, match="takes token ids, not text.*keras or onnx"):
        xtremedistil_tf.load(folder, "savedmodel")


def test_lines_are_answered_by_the_command(answered, capsysbinary, tmp_path):
    from absl import flags

    from xtremedistil_tf.cli import predict
    from xtremedistil_tf.inference.streaming import tag_lines

    model = xtremedistil_tf.load(answered[0])
    text = "he came by Porto and saw the tree"
    lines = [f"Which city ?\t{text}", json.dumps({"question": "Which city ?", "context": text}),
             "no tab"]
    one, two, broken = tag_lines(model, lines)
    assert one.found == two.found and one.question == "Which city ?"
    assert "question and context" in broken.error
    assert predict.render(one, "tsv") == f"Which city ?\t{one.found['answer']}"
    assert json.loads(predict.render(two, "json"))["null_odds"] == round(two.found["null_odds"], 4)
    assert json.loads(predict.render(broken, "json"))["answer"] is None
    assert predict.render(broken, "tsv") == "no tab\t"
    assert "input" not in flags.FLAGS  # The command's flags are its own.


def test_a_finished_run_is_not_run_again_and_a_student_goes_on(answered, tmp_path):
    folder, metrics, config = answered
    before = (folder / "metrics.json").stat().st_mtime_ns
    assert run_fine_tuning(config, folder) == metrics
    assert (folder / "metrics.json").stat().st_mtime_ns == before
    changed = dataclasses.replace(config, data=dataclasses.replace(
        config.data, squad=dataclasses.replace(SQUAD, doc_stride=5)))
    with pytest.raises(UserError, match="data.squad.doc_stride: 4 -> 5"):
        run_fine_tuning(changed, folder)
    plan = dry_run(dataclasses.replace(config, student=dataclasses.replace(
        config.student, pt_student_checkpoint=None, **_sizes(folder))), tmp_path / "r",
        student_dir=folder)
    assert "labels:span_cross_entropy" in plan and not (tmp_path / "r").exists()


def _sizes(folder):
    own = read_json(folder / "student" / "student.json")["student"]
    return {name: own[name] for name in ("word_emb_dim", "hidden_size", "num_hidden_layers",
                                         "num_attention_heads", "architecture")}


def test_what_is_out_of_scope_is_told():
    data = cfg.DataConfig("t", seq_len=384, squad=cfg.SquadConfig())
    checkpoint = cfg.StudentConfig(student="transformer", pt_student_checkpoint="small")
    tuning = cfg.DistilConfig(strategy=cfg.FINE_TUNING)
    cfg.RunConfig(data, student=checkpoint, distil=tuning)
    assert cfg.RunConfig(data).student.pair_encoding == "joint"
    with pytest.raises(UserError, match="siamese makes one vector of two texts; spans has outputs "
                       "for each token; allowed: joint"):
        cfg.RunConfig(data, student=cfg.StudentConfig(pair_encoding="siamese"))
    with pytest.raises(UserError, match="--label_smoothing is 0.1, .* allowed for spans: 0"):
        cfg.RunConfig(data, student=checkpoint, distil=dataclasses.replace(
            tuning, label_smoothing=0.1))


@pytest.mark.long
def test_the_command_runs_and_goes_on(answered, small, tmp_path):
    config = answered[2]
    command = [sys.executable, "-m", "xtremedistil_tf.cli.finetune", "--do_squad", "--noexport",
               f"--task={config.data.task}", f"--pt_student_checkpoint={small}",
               f"--model_dir={tmp_path / 'run'}", "--seq_len=20", "--doc_stride=4",
               "--max_query_length=3", "--max_answer_length=2", "--ft_epochs=2"]
    for _ in range(2):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        assert "exact match" in done.stdout and "Which city ?  ->" in done.stdout
    assert "finished already" in done.stderr
    wrong = subprocess.run([*command[:-1], "--distil_batch_size=3"], cwd=ROOT,
                           capture_output=True, text=True, timeout=300)
    assert wrong.returncode
    export_student(tmp_path / "run", forms=["savedmodel"])
