"""The whole job on GLUE's STS-B files: pairs, numbers, a test file without labels."""

import dataclasses

import pytest

import xtremedistil_tf
from tests.checkpoints import make_encoder
from tests.cli.test_predict import command
from tests.conftest import ROOT
from tests.data.readers.test_glue import write
from xtremedistil_tf import config as cfg
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.inference.student_folder import load_student
from xtremedistil_tf.jobs import distillation as job
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.teacher import build_teacher, save_teacher
from xtremedistil_tf.planning.plan import dry_run
from xtremedistil_tf.runtime import prepare

HEADER = "index\tgenre\tsentence1\tsentence2\tscore"


def rows(split, count):
    """Pairs of the sample's texts; the score is the share of the words they have in common."""
    lines = (ROOT / "data" / "classification" / f"{split}.tsv").read_text("utf-8").splitlines()
    texts = [line.split("\t")[0] for line in lines[:count]]
    for index, text in enumerate(texts):
        kept = text.split()[: 1 + index % 5]
        other = " ".join([*kept, *texts[index - 1].split()[len(kept):]])
        yield f"{index}\tnews\t{text}\t{other}\t{len(kept)}.0"


@pytest.fixture(scope="module")
def finished(tokenizer, tmp_path_factory):
    """A run behind a teacher that was never fine-tuned: (folder, metrics, settings)."""
    base = tmp_path_factory.mktemp("sts")
    tf.keras.utils.set_random_seed(2)
    teacher = build_teacher(make_encoder("bert", len(tokenizer)), tokenizer, 1, 1, pooled=True,
                            pairs=True)
    save_teacher(teacher, base / "teacher", {"fingerprint": "", "name": "tiny", "history": [],
                                             "kind": "regression", "tags": ["score"],
                                             "pairs": True})
    test = [line.rsplit("\t", 1)[0] for line in (HEADER, *rows("test", 12))]
    task = write(base / "STS-B", train=[HEADER, *rows("train", 32)],
                 dev=[HEADER, *rows("dev", 24)], test=test)
    config = cfg.RunConfig(
        data=cfg.DataConfig(str(task), "train.tsv", 32, glue_task="STS-B"),
        teacher=cfg.TeacherConfig(layer=1, model_dir=str(base / "teacher")),
        student=cfg.StudentConfig(word_emb_dim=6, bilstm_hidden_size=5, pair_encoding="siamese"),
        distil=cfg.DistilConfig(strategy="D1", distil_epochs=3, chunk_size=20,
                                distil_batch_size=16, ft_batch_size=8, learning_rate=3e-2))
    prepare(config.seed, False)
    resources = cfg.Resources(export=False)
    return base / "run", job.run_distillation(config, base / "run", resources=resources), config


def test_the_task_s_own_measure_chooses(finished):
    _, metrics, _ = finished
    assert (metrics["kind"], metrics["measure"]) == ("regression", "pearson")
    (stage,) = metrics["stages"]
    assert stage["monitor"] == "pearson"
    assert stage["losses"] == ["labels:squared_error", "logits:mse"]
    assert "test" not in metrics["student"]
    student, teacher = (metrics[who]["dev"]["pearson"] for who in ("student", "teacher"))
    # The teacher has learnt nothing: it may correlate either way.
    assert metrics["retention"] == (pytest.approx(100 * student / teacher) if teacher > 0 else None)


def test_an_unlabelled_test_file_is_predicted(finished):
    folder, _, _ = finished
    lines = (folder / "predictions" / "test.student.tsv").read_text("utf-8").splitlines()
    numbers = [line.split("\t")[2] for line in lines]
    model = xtremedistil_tf.load(folder, "keras")
    found = model.classify([tuple(line.split("\t")[:2]) for line in lines])
    assert [model.answer(one) for one in found] == numbers and len(set(numbers)) > 4
    sent = (folder / "predictions" / "glue" / "STS-B.tsv").read_text("utf-8").splitlines()
    assert sent == ["index\tprediction", *(f"{n}\t{number}" for n, number in enumerate(numbers))]
    assert not (folder / "predictions" / "test.gold.tsv").exists()
    text = (folder / "report.md").read_text("utf-8")
    assert "This run has no test scores" in text and "| dev Pearson | dev Spearman |" in text
    assert "regression" in (folder / "student" / "README.md").read_text("utf-8")


def test_scores_as_deployed_are_those_of_the_run(finished):
    folder, metrics, config = finished
    scores = xtremedistil_tf.evaluate(folder, config.data.task, split="dev")
    assert scores["pearson"] == pytest.approx(metrics["student"]["dev"]["pearson"], abs=1e-3)
    assert scores["languages"].keys() == metrics["student"]["dev"]["languages"].keys()
    with pytest.raises(UserError, match="test.tsv: no labels in it; needed are labelled rows"):
        xtremedistil_tf.evaluate(folder, config.data.task)


def test_the_students_segments_are_the_teachers(finished):
    folder, _, _ = finished
    record = read_json(folder / "student" / "student.json")
    bundle = load_student(folder)
    closing = bundle.tokenizer.encode("x").ids[-1]
    assert record["separator"] == bundle.vocabulary.table[closing] == bundle.separator


def test_texts_that_none_could_read_are_a_mistake(finished, tmp_path):
    source, target = tmp_path / "in.txt", tmp_path / "out.tsv"
    source.write_text("one text\nanother\n", "utf-8")
    result = command("predict", finished[0], f"--input={source}", f"--output={target}",
                     tensorflow=True)
    assert result.returncode == 2, result.stderr
    assert "none of the 2 lines could be read; the first: line 1: " in result.stderr
    assert not target.exists() and "Traceback" not in result.stderr


def test_a_teacher_of_pairs_is_none_of_single_texts(finished, tmp_path):
    config = finished[2]
    single = write(tmp_path / "task", **{split: ["a\t1", "b\t2.5"]
                                         for split in ("train", "dev", "test")})
    (single / "transfer.txt").write_text("c\n")
    config = dataclasses.replace(
        config, data=cfg.DataConfig(str(single), "transfer.txt", 32,
                                    do_regression=True),
        student=dataclasses.replace(config.student, pair_encoding="joint"))
    with pytest.raises(UserError, match="was fine-tuned for rows of 2 texts"):
        job.run_distillation(config, tmp_path / "run")


def test_dry_run_plans_the_very_student(finished, tmp_path):
    text = dry_run(finished[2], tmp_path / "none")
    assert f"student with {finished[1]['student']['parameters']:,} parameters" in text
