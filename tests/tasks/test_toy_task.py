"""A kind of task of another package goes through the whole job; no line of ours knows it.

Reviews have one to five stars. The stars are ordered: an answer is the median of the
probabilities, and the measure forgives small mistakes. Labels stand in JSON lines.
"""

import dataclasses
import json
from typing import Any, NamedTuple, Optional

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

import xtremedistil_tf
from tests.processes import run
from xtremedistil_tf import config as cfg
from xtremedistil_tf.cli.distill import tell
from xtremedistil_tf.cli.options.flags_to_config import finetune_config
from xtremedistil_tf.cli.predict import render
from xtremedistil_tf.data.labels import ClassSet
from xtremedistil_tf.data.readers.rows import DEFAULT_LANGUAGE, Example, ReadReport
from xtremedistil_tf.data.tokenization.alignment import align
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.inference.classifier import Classifier, softmax
from xtremedistil_tf.inference.streaming import tag_lines
from xtremedistil_tf.jobs import distillation as job
from xtremedistil_tf.reporting.report import teacher_student_table
from xtremedistil_tf.runtime import prepare
from xtremedistil_tf.tasks import TASKS, CardWording, Lazy, TaskKind, register_task

SEQ_LEN = 16
NAMES = ("1", "2", "3", "4", "5")


class Stars(ClassSet):
    """One to five stars."""

    kind = "stars"


def read_rows(path, labels, config):
    report, rows = ReadReport(path), []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        row = json.loads(line)
        if not 1 <= row["stars"] <= 5:
            report.take_bad(number, UserError(f"{row['stars']} stars; allowed: 1 to 5"),
                            config.on_bad_row)
            continue
        rows.append(Example(tuple(row["review"].split()), (str(row["stars"]),)))
    return rows, report


def median(scores):
    """Index of the class at which half of the probability is reached."""
    return (np.cumsum(scores, axis=-1) < 0.5).sum(axis=-1)


def predict(forward, features, labels):
    found = [0] * len(features)
    for rows, _, outputs in forward.batches(features.input_ids):
        for row, star in zip(rows, median(softmax(outputs["logits"][:, 0]))):
            found[row] = int(star) + 1
    return found


def score(gold, predicted, languages, names):
    true = [int(labels[0]) for labels in gold]
    scores = {"kappa": 100.0 * float(cohen_kappa_score(
                  true, predicted, labels=list(range(1, 6)), weights="quadratic")),
              "close": 100.0 * float(np.mean(np.abs(np.subtract(true, predicted)) <= 1))}
    return {**scores, "languages": {DEFAULT_LANGUAGE: {**scores, "support": len(gold)}}}


def write(folder, split, who, examples, predicted):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{split}.{who}.jsonl").write_text("".join(
        json.dumps({"review": row.text, "stars": stars}) + "\n"
        for row, stars in zip(examples, predicted)))


def write_gold(folder, split, examples):
    write(folder, split, "gold", examples, [int(row.tags[0]) for row in examples])


def showcase(predictions):
    rows = map(json.loads, predictions.read_text().splitlines()[:5])
    return "\n".join("*" * row["stars"] + " " + row["review"] for row in rows)


def section(metrics):
    scores = metrics["student"]["test"]
    return f"## Stars\n\nAt most one star beside the reader's: {scores['close']:.1f} %."


class RatedLine(NamedTuple):
    """A review and its stars."""

    text: str
    stars: int
    error: Optional[str] = None
    cut: bool = False

    def record(self):
        return {"text": self.text, "stars": self.stars, "error": self.error}

    def row(self, form):
        return f"{self.stars}\t{self.text}"


class Rater:
    """What stars add to a classifier of any runtime."""

    classify: Any

    def describe(self, found):
        return {"stars": int(median(found.scores)) + 1}

    def read_lines(self, lines):
        return [RatedLine(line, self.describe(found)["stars"])
                for line, found in zip(lines, self.classify(lines))]

    def failed_line(self, line, why):
        return RatedLine(line, 0, why)

    def predict(self, examples):
        return [self.describe(found)["stars"]
                for found in self.classify([row.text for row in examples])]


class StudentRater(Rater, Classifier):
    """Stars from ids."""


def text_model(assets, logits, keep_whole):
    return StudentRater(assets, logits)


def saved_model(signatures, keep_whole, record):
    from xtremedistil_tf.inference.runtimes.savedmodel_classifier import SavedClassifier

    class SavedRater(Rater, SavedClassifier):
        """Stars from a graph."""

    return SavedRater(signatures, record["kind"])


STARS = TaskKind(
    kind="stars",
    measures=("kappa",),
    scores={"kappa": "weighted kappa", "close": "within one star"},
    card=CardWording(
        head="pipeline_tag: text-classification\ntags:\n- star-ratings\n",
        intro="A rater of reviews", scored="over reviews; support counts reviews",
        cut="had no say", use="## Use\n\nAsk it for stars."),
    files={"train": "train.jsonl", "dev": "dev.jsonl", "test": "test.jsonl"},
    predictions="test.student.jsonl",
    server_name="rater",
    label_set=lambda names, decoding: Stars(names),
    read_labels=lambda config, folder: Stars(NAMES),
    read_rows=read_rows,
    features=lambda tokenizer, rows, labels, config: align(tokenizer, rows, config.seq_len, labels),
    predict=predict, score=score, write=write, write_gold=write_gold,
    showcase=showcase, section=section, text_model=text_model, saved_model=saved_model,
    text_signatures=Lazy("xtremedistil_tf.export.savedmodel.class_signatures:text_signatures"),
)

WORDS = {1: "awful dull broken", 2: "weak slow tired", 3: "okay plain usual",
         4: "good warm clever", 5: "brilliant moving superb"}


def write_task(folder):
    """Reviews whose words give their stars away, and transfer text of the same words."""
    folder.mkdir()
    draw = np.random.default_rng(0)

    def review(stars):
        return f"the film was {' and '.join(draw.permutation(WORDS[stars].split())[:2])}"

    for split, times in (("train", 24), ("dev", 8), ("test", 8)):
        rows = [{"review": review(stars), "stars": stars} for stars in list(WORDS) * times]
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    texts = {review(stars) + f" in act {draw.integers(9)}" for stars in list(WORDS) * 10}
    (folder / "transfer.txt").write_text("\n".join(sorted(texts)) + "\n")
    return folder


def config_of(task, bert_config):
    return cfg.RunConfig(
        data=cfg.DataConfig(str(task), "transfer.txt", SEQ_LEN, task_kind="stars"),
        teacher=cfg.TeacherConfig(config_file=str(bert_config), layer=1, epochs=8, batch_size=8,
                                  learning_rate=3e-3, strip_accents=False),
        student=cfg.StudentConfig(word_emb_dim=6, bilstm_hidden_size=5),
        distil=cfg.DistilConfig(strategy="D4.1", distil_epochs=2, ft_epochs=6,
                                distil_batch_size=16, ft_batch_size=8, chunk_size=20,
                                learning_rate=3e-2))


@pytest.fixture(scope="module")
def registered():
    register_task(STARS)
    yield STARS
    for table in (TASKS._entries, TASKS._sources):
        del table["stars"]


@pytest.fixture(scope="module")
def finished(registered, bert_config, tmp_path_factory):
    base = tmp_path_factory.mktemp("stars")
    config = config_of(write_task(base / "reviews"), bert_config)
    prepare(config.seed, False)
    return base / "run", job.run_distillation(config, base / "run"), config


def reviews(folder, name):
    return [json.loads(line) for line in (folder / "predictions" / name).read_text().splitlines()]


def test_a_kind_is_registered_once(registered):
    assert register_task(STARS) is TASKS["stars"] is STARS
    with pytest.raises(UserError, match="the task_kind 'stars' is registered twice"):
        register_task(dataclasses.replace(STARS, server_name="other"))


def test_metrics_are_the_kinds_own(finished):
    folder, metrics, _ = finished
    assert (metrics["kind"], metrics["measure"]) == ("stars", "kappa")
    assert [stage["monitor"] for stage in metrics["stages"]] == ["representation", "kappa", "kappa"]
    gold = [row["stars"] for row in reviews(folder, "test.gold.jsonl")]
    for who in ("teacher", "student"):
        found = [row["stars"] for row in reviews(folder, f"test.{who}.jsonl")]
        assert metrics[who]["test"]["kappa"] == pytest.approx(100 * cohen_kappa_score(
            gold, found, labels=range(1, 6), weights="quadratic"))
    assert metrics["student"]["test"]["kappa"] > 20.0  # Else the test would say little.
    teacher = metrics["teacher"]["test"]["kappa"]
    # A teacher that has learnt nothing has nothing that could be kept.
    assert metrics["retention"] == (pytest.approx(
        100 * metrics["student"]["test"]["kappa"] / teacher) if teacher > 0 else None)


def test_report_and_card_speak_its_words(finished, capsys):
    folder, metrics, _ = finished
    report = (folder / "report.md").read_text("utf-8")
    assert "weighted kappa" in report and "test within one star" in report
    assert "## Stars\n\nAt most one star beside the reader's" in report
    assert "paper" not in report and "macro-F1" not in report
    card = (folder / "student" / "README.md").read_text("utf-8")
    assert "- star-ratings" in card and "A rater of reviews, distilled from" in card
    assert "over reviews; support counts reviews" in card and "Ask it for stars." in card
    table = teacher_student_table(metrics)
    assert "within one star" in table and "the teacher's test weighted kappa" in table
    tell(metrics, folder)
    stars = reviews(folder, "test.student.jsonl")[0]["stars"]
    assert "\n" + "*" * stars + " the film was" in "\n" + capsys.readouterr().out


def test_a_finished_run_is_known_by_its_last_file(finished):
    folder, metrics, config = finished
    before = (folder / "report.md").stat().st_mtime_ns
    assert job.run_distillation(config, folder) == metrics
    assert (folder / "report.md").stat().st_mtime_ns == before


def test_every_form_answers_alike(finished):
    folder, _, _ = finished
    rows = reviews(folder, "test.student.jsonl")
    texts, stars = [row["review"] for row in rows], [row["stars"] for row in rows]
    assert len(set(stars)) > 1
    for runtime in ("keras", "savedmodel", "onnx"):
        model = xtremedistil_tf.load(folder, runtime)
        assert model.kind == "stars" and [one["stars"] for one in model(texts)] == stars
    assert "'rater'" in (folder / "export" / "models.config").read_text()
    check = read_json(folder / "onnx" / "check.json")
    assert check["float32"]["dev_kappa"] == pytest.approx(
        read_json(folder / "metrics.json")["student"]["dev"]["kappa"])


def test_lines_are_its_own(finished):
    model = xtremedistil_tf.load(finished[0], "onnx")
    (line,) = tag_lines(model, ["the film was dull and awful"])
    assert json.loads(render(line, "json")) == {"text": line.text, "stars": line.stars,
                                                "error": None}
    assert render(line, "tsv") == f"{line.stars}\tthe film was dull and awful"


def test_a_student_is_fine_tuned_as_its_kind(finished):
    folder, _, config = finished
    given = {"task": config.data.task, "model_dir": "m", "student_dir": str(folder)}
    data = finetune_config(given).data
    assert (data.kind, data.seq_len, data.measure) == ("stars", SEQ_LEN, "kappa")
    with pytest.raises(UserError, match="--do_regression and --do_squad are other tasks"):
        finetune_config({**given, "do_regression": True})


def test_a_bad_row_is_named_by_its_own_reader(registered, tmp_path):
    task = write_task(tmp_path / "task")
    with open(task / "dev.jsonl", "a") as file:
        file.write('{"review": "superb", "stars": 6}\n')
    from xtremedistil_tf.data.folders.task import read_task
    with pytest.raises(UserError, match=r"dev.jsonl:41: 6 stars; allowed: 1 to 5"):
        read_task(cfg.DataConfig(str(task), task_kind="stars"), with_transfer=False)


def test_an_installed_package_brings_it_to_the_commands(finished, tmp_path):
    folder, _, _ = finished
    info = tmp_path / "stars-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stars\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[xtremedistil_tf.tasks]\nstars = tests.tasks.test_toy_task:STARS\n")

    def predict(**more):
        return run("xtremedistil_tf.cli.predict", f"--model_dir={folder}", "--runtime=onnx",
                   "--format=tsv", text="the film was superb\n", **more)

    with_package = predict(first_path=[tmp_path], tensorflow=True)
    assert with_package.returncode == 0, with_package.stderr
    stars = xtremedistil_tf.load(folder, "onnx")("the film was superb")["stars"]
    assert with_package.stdout == f"{stars}\tthe film was superb\n"
    without = predict()
    assert without.returncode == 2
    assert "--task_kind is 'stars'; allowed: tagging, bioes_tagging, word_ta" in without.stderr


def test_a_flag_names_kinds_without_flags_of_their_own(registered):
    with pytest.raises(UserError, match="--task_kind is 'tagging', a kind that has flags"):
        cfg.DataConfig("t", task_kind="tagging")
    with pytest.raises(UserError, match="--task_kind is 'moons'; allowed: .*, stars"):
        cfg.DataConfig("t", task_kind="moons")
    with pytest.raises(UserError, match="--task_kind=stars is a kind of task of its own"):
        cfg.DataConfig("t", task_kind="stars", do_ner=True)
