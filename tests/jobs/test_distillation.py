"""The whole job on a tiny task: the run folder, resuming after a kill, refusing what differs."""

import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import types

import numpy as np
import pytest
from safetensors.numpy import load_file

import xtremedistil_tf
from tests.conftest import BERT, ROOT, TAGS, write_task
from xtremedistil_tf import config as cfg
from xtremedistil_tf.data.folders.task import read_task
from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.data.readers.rows import read_ner
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.evaluation.scores import Settings, evaluate_subjects
from xtremedistil_tf.evaluation.subjects import subject_of_folder
from xtremedistil_tf.files.contents import read_json, write_json
from xtremedistil_tf.files.locks import locked
from xtremedistil_tf.inference.runtimes.teacher import load_teacher_model
from xtremedistil_tf.jobs import distillation as job
from xtremedistil_tf.jobs import results
from xtremedistil_tf.jobs.obtain_teacher import obtain_teacher
from xtremedistil_tf.jobs.student_init import start_student
from xtremedistil_tf.jobs.teacher import run_teacher
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.metrics.entity_types import type_details
from xtremedistil_tf.metrics.tagging import score_tags
from xtremedistil_tf.models.tokenizers import train_wordpiece
from xtremedistil_tf.planning.plan import dry_run, plan_run, start_run
from xtremedistil_tf.progress import TARGETS
from xtremedistil_tf.runtime import prepare

FLAGS = ["--deterministic", "--do_NER", "--transfer_file=transfer.txt", "--seq_len=24",
         "--teacher_layer=1",
         "--ft_epochs=2", "--distil_epochs=2", "--word_emb_dim=6", "--bilstm_hidden_size=5",
         "--distil_batch_size=16", "--ft_batch_size=8", "--distil_chunk_size=20",
         "--teacher_learning_rate=1e-3", "--learning_rate=1e-2"]


def config_of(task, bert_config, **changes):
    """The settings of FLAGS."""
    return cfg.RunConfig(
        data=cfg.DataConfig(str(task), "transfer.txt", 24, do_ner=True),
        teacher=cfg.TeacherConfig(config_file=str(bert_config), layer=1, epochs=2, batch_size=8,
                                  learning_rate=1e-3, strip_accents=False),
        student=cfg.StudentConfig(word_emb_dim=6, bilstm_hidden_size=5),
        distil=cfg.DistilConfig(distil_epochs=2, ft_epochs=2, distil_batch_size=16,
                                ft_batch_size=8, chunk_size=20, learning_rate=1e-2, **changes),
        deterministic=True,
    )


@pytest.fixture(scope="module")
def tiny_task(tmp_path_factory):
    return write_task(tmp_path_factory.mktemp("job") / "task")


@pytest.fixture(scope="module")
def finished(tiny_task, bert_config, tmp_path_factory):
    """A run of the whole job: (its folder, its metrics)."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    config = config_of(tiny_task, bert_config)
    prepare(config.seed, True)
    return folder, job.run_distillation(config, folder)


def student_weights(folder):
    return load_file(folder / "student" / "weights.safetensors")


def test_the_run_folder_is_complete(finished):
    folder, metrics = finished
    for name in ("config.json", "metrics.json", "report.md", "teacher/model.safetensors",
                 "targets/transfer/manifest.json", "stages/01_representation/done.json",
                 "stages/09_labels_word_embedding/weights.safetensors",
                 "stages/05_logits_word_embedding/history.json", "student/weights.safetensors",
                 "student/labels.tsv", "student/tokenizer.json", "export/1/saved_model.pb",
                 "plots/languages.png", "tensorboard", "predictions/test.student.tsv"):
        assert (folder / name).exists(), name
    assert json.loads((folder / "metrics.json").read_text()) == json.loads(json.dumps(metrics))
    assert json.loads((folder / "student" / "student.json").read_text())["decoding"] == (
        "constrained")
    leftovers = [path for path in folder.rglob("*") if path.name.startswith((".tmp", ".old"))]
    assert not leftovers


def test_metrics_follow_the_contract(finished):
    _, metrics = finished
    assert metrics["strategy"] == "D4.2" and metrics["seed"] == 42
    assert "base_model" not in metrics  # It started from random weights.
    assert metrics["teacher_passes"] == 1
    assert len(metrics["stages"]) == 9
    for who in ("teacher", "student"):
        assert metrics[who]["parameters"] > 0
        for split in ("dev", "test"):
            scores = metrics[who][split]
            f1 = [v["f1"] for v in scores["languages"].values() if v["support"]]
            assert scores["macro_f1"] == pytest.approx(np.mean(f1))
            assert scores["std_f1"] == pytest.approx(np.std(f1))
    assert metrics["compression"]["parameters"] == pytest.approx(
        metrics["teacher"]["parameters"] / metrics["student"]["parameters"])
    for stage in metrics["stages"]:
        assert {"name", "losses", "trainable", "epochs", "seconds", "dev"} <= set(stage)
    best = max(stage["dev"]["macro_f1"] for stage in metrics["stages"])
    assert metrics["student"]["dev"]["macro_f1"] == pytest.approx(best)


def test_scores_as_deployed_are_those_of_the_runtimes(finished, tiny_task):
    folder, metrics = finished
    rows, _ = read_ner(tiny_task / "test.tsv", LabelSet(TAGS))
    for who, tagger in (("student", xtremedistil_tf.load(folder, "keras")),
                        ("teacher", load_teacher_model(folder / "teacher"))):
        tags = [tags for tags, _ in tagger.tag_words([row.words for row in rows])]
        given = [row.tags for row in rows], tags, [row.language for row in rows]
        whole = {**score_tags(*given), **type_details(*given, LabelSet(TAGS))}
        assert metrics[who]["deployed"]["test"] == whole
    subjects = [subject_of_folder(folder), subject_of_folder(folder / "teacher")]
    evaluation = evaluate_subjects(subjects, rows, data="test", settings=Settings(samples=20))
    for subject, who in zip(evaluation["models"], ("student", "teacher")):
        assert subject["scores"] == metrics[who]["deployed"]["test"]
        cut = {name: subject["at_seq_len"][name] for name in metrics[who]["test"]}
        assert cut == metrics[who]["test"]
    # Some rows are longer than seq_len, so the two scores are of different tags.
    assert max(metrics["data"]["test"]["cut_words"], metrics["data"]["train"]["cut_words"]) > 0
    report = (folder / "report.md").read_text("utf-8")
    assert f"{metrics['student']['deployed']['test']['macro_f1']:.2f}" in report


def test_the_student_carries_its_model_card(finished):
    folder, metrics = finished
    card = (folder / "student" / "README.md").read_text("utf-8")
    test = metrics["student"]["test"]
    assert f"{metrics['student']['parameters']:,}, of which" in card
    assert f"| {metrics['teacher']['test']['macro_f1']:.2f} | {test['macro_f1']:.2f} |" in card
    assert all(f"\n| {language} | " in card for language in test["languages"])


def test_dev_never_gets_worse_from_one_step_to_the_next(finished):
    dev = [stage["dev"]["macro_f1"] for stage in finished[1]["stages"][1:]]
    assert all(later >= sooner - 1e-9 for sooner, later in zip(dev, dev[1:]))


def test_a_finished_run_is_not_touched_again(finished, tiny_task, bert_config, caplog):
    def stamps():
        return {path: path.stat().st_mtime_ns for path in finished[0].rglob("*")
                if path.is_file() and path.name != ".lock"}

    before = stamps()
    for baseline in (False, True):
        again = job.run_distillation(config_of(tiny_task, bert_config), finished[0],
                                     resources=cfg.Resources(baseline=baseline))
        assert again == read_json(finished[0] / "metrics.json")
        assert ("finished without the student on labels alone" in caplog.text) == baseline
    assert stamps() == before


def test_exports_that_are_missing_are_all_that_is_made(
    finished, tiny_task, bert_config, tmp_path
):
    folder = tmp_path / "copy"
    shutil.copytree(finished[0], folder)
    shutil.rmtree(folder / "onnx")
    kept = {name: (folder / name).stat().st_mtime_ns for name in (
        "metrics.json", "student/weights.safetensors", "export/1/saved_model.pb")}
    config = config_of(tiny_task, bert_config)
    # Nobody has asked for ONNX: what is installed may differ.
    assert job.run_distillation(config, folder) == read_json(folder / "metrics.json")
    assert not (folder / "onnx").exists()
    job.run_distillation(config, folder, resources=cfg.Resources(forms=("savedmodel", "onnx")))
    assert (folder / "onnx" / "model.onnx").is_file()
    assert kept == {name: (folder / name).stat().st_mtime_ns for name in kept}


def test_what_is_missing_of_a_finished_run_is_made_again(
    finished, tiny_task, bert_config, tmp_path
):
    folder = tmp_path / "copy"
    shutil.copytree(finished[0], folder)
    weights = student_weights(folder)
    shutil.rmtree(folder / "student")
    again = job.run_distillation(config_of(tiny_task, bert_config), folder,
                                 resources=cfg.Resources(export=False))
    assert again["teacher_passes"] == 0
    # Teacher and student were only loaded: their scores are those of the first time.
    for who in ("teacher", "student"):
        assert again[who]["test"] == finished[1][who]["test"]
    for name, array in student_weights(folder).items():
        np.testing.assert_array_equal(array, weights[name], err_msg=name)


@pytest.mark.parametrize(
    ("part", "name", "value", "message"),
    [
        ("teacher", "layer", 3, "--teacher_layer is 3, but the teacher has 2 layers"),
        ("data", "seq_len", 65, "--seq_len is 65, but the teacher has 64 positions"),
        ("student", "word_emb_dim", 17, "--word_emb_dim is 17, but .* 16 wide"),
        ("distil", "stage_epochs", (("bilstn", 1),), "--stage_epochs names 'bilstn'"),
        ("distil", "stage_epochs", (("_", 0),), "leaves no stage"),
        ("data", "transfer_file", "none.txt", "transfer file not found; tried"),
    ],
)
def test_what_cannot_work_is_told_before_any_work(
    tiny_task, bert_config, tmp_path, part, name, value, message
):
    config = config_of(tiny_task, bert_config)
    config = dataclasses.replace(
        config, **{part: dataclasses.replace(getattr(config, part), **{name: value})})
    with pytest.raises(UserError, match=message):
        job.run_distillation(config, tmp_path / "run")
    assert [path.name for path in (tmp_path / "run").iterdir()] == [".lock"]


def test_overwrite_spares_what_is_not_ours(tiny_task, bert_config, tmp_path, monkeypatch):
    precious = tmp_path / "run" / "student" / "thesis.txt"
    precious.parent.mkdir(parents=True)
    precious.write_text("mine")
    monkeypatch.setattr(job, "obtain_teacher", None)
    with pytest.raises(TypeError):
        job.run_distillation(config_of(tiny_task, bert_config), tmp_path / "run", overwrite=True)
    assert precious.read_text() == "mine"


def test_overwrite_asks_nothing_of_the_teacher_that_goes(
    finished, tiny_task, tmp_path, monkeypatch
):
    """Another layer than that teacher has, or weights that are gone: it is removed anyway."""
    run = tmp_path / "run"
    shutil.copytree(finished[0], run)
    deeper = tmp_path / "bert.json"
    deeper.write_text(json.dumps({**BERT, "num_hidden_layers": 3}))
    config = config_of(tiny_task, deeper)
    config = dataclasses.replace(config, teacher=dataclasses.replace(config.teacher, layer=3))
    monkeypatch.setattr(job, "obtain_teacher", None)
    with pytest.raises(UserError, match="the teacher has 2 layers"):
        job.run_distillation(config, run)
    (run / "teacher" / "model.safetensors").unlink()
    with pytest.raises(UserError, match="holds no weights"):
        job.run_distillation(config, run)
    with pytest.raises(TypeError):  # It comes as far as the teacher.
        job.run_distillation(config, run, overwrite=True)
    assert not (run / "teacher").exists()


def test_a_folder_that_is_no_teacher_is_not_replaced(tiny_task, bert_config, tmp_path):
    precious = tmp_path / "models" / "teacher" / "weights.bin"
    precious.parent.mkdir(parents=True)
    precious.write_text("mine")
    config = config_of(tiny_task, bert_config)
    config = dataclasses.replace(config, teacher=dataclasses.replace(
        config.teacher, model_dir=str(tmp_path / "models")))
    with pytest.raises(UserError, match="is not empty and holds no teacher"):
        job.run_distillation(config, tmp_path / "run")
    assert precious.read_text() == "mine"


def test_other_settings_are_refused_with_their_names(finished, tiny_task, bert_config):
    config = config_of(tiny_task, bert_config, optimizer="lazy_adam")
    with pytest.raises(UserError, match="distil.optimizer: 'adam' -> 'lazy_adam'"):
        job.run_distillation(config, finished[0])


def test_other_data_is_refused(finished, tmp_path, bert_config):
    task = write_task(tmp_path / "task", rows=20)
    with pytest.raises(UserError, match="files.dev: "):
        job.run_distillation(config_of(task, bert_config), finished[0])


def test_a_folder_in_use_is_refused(finished, tiny_task, bert_config):
    with locked(finished[0]):
        with pytest.raises(UserError, match="in use by another run"):
            job.run_distillation(config_of(tiny_task, bert_config), finished[0])


def test_a_teacher_folder_serves_another_run(
    finished, tiny_task, bert_config, tmp_path, monkeypatch
):
    config = config_of(tiny_task, bert_config, strategy="D0-S")
    config = dataclasses.replace(config, teacher=dataclasses.replace(
        config.teacher, model_dir=str(finished[0])))
    shared = cfg.Resources(export=False, targets_dir=str(finished[0] / "targets"))
    asked, answers = [], results.answers_of
    monkeypatch.setattr(results, "answers_of", lambda *given: asked.append(1) or answers(*given))
    metrics = job.run_distillation(config, tmp_path / "run", resources=shared)
    # The student alone is asked: what the teacher answers stands in the folder of the first run.
    assert len(asked) == 1
    assert metrics["teacher"]["test"] == finished[1]["teacher"]["test"]
    assert [stage["name"] for stage in metrics["stages"]] == ["01_labels"]
    assert not (tmp_path / "run" / "teacher").exists()


def test_outputs_that_are_stored_take_no_time(finished, tiny_task, bert_config, tmp_path):
    config = config_of(tiny_task, bert_config)
    config = dataclasses.replace(config, teacher=dataclasses.replace(
        config.teacher, model_dir=str(finished[0])))

    def outputs(folder):
        """(seconds, bytes on disk) that a new run needs for outputs in a shared folder."""
        planned = plan_run(config, tmp_path / "run", time_budget="2h",
                           resources=cfg.Resources(targets_dir=str(folder)))
        return planned.forecast.seconds[TARGETS], planned.forecast.disk, planned.facts

    seconds, disk, facts = outputs(finished[0] / "targets")
    assert seconds == 0 and facts.stored
    more, needed, facts = outputs(tmp_path / "targets")
    assert more > 0 and not facts.stored
    assert needed == pytest.approx(disk + facts.bytes)


def test_a_teacher_of_other_labels_is_refused(finished, tiny_task, bert_config, tmp_path):
    task = write_task(tmp_path / "task")
    (task / "labels.tsv").write_text("O\nB-LOC\nI-LOC\nB-PER\nI-PER\nB-ORG\nI-ORG\n")
    config = config_of(task, bert_config)
    config = dataclasses.replace(config, teacher=dataclasses.replace(
        config.teacher, model_dir=str(finished[0] / "teacher")))
    with pytest.raises(UserError, match="knows the labels O, B-PER"):
        job.run_distillation(config, tmp_path / "run")


@pytest.mark.long
def test_parts_of_the_targets_are_taken_over_and_representations_dropped(
    finished, tiny_task, bert_config, tmp_path
):
    config = config_of(tiny_task, bert_config, strategy="D4.1")
    config = dataclasses.replace(config, teacher=dataclasses.replace(
        config.teacher, model_dir=str(finished[0])))
    folder = tmp_path / "run"
    for number in (1, 2):
        told = job.write_target_part(config, folder, cfg.Resources(target_shard=(number, 2)))
        assert f"part {number} of 2 is written" in told
    assert "3 of 3 shards are there" in told
    metrics = job.run_distillation(config, folder, resources=cfg.Resources(False, export=False))
    assert metrics["teacher_passes"] == 0 and len(metrics["stages"]) == 3
    assert not list(folder.rglob("representation-*"))
    assert list((folder / "targets" / "transfer").rglob("logits-*"))
    # Without the later stages' results they are trained again, and stage 1 is not missed.
    shutil.rmtree(folder / "stages" / "03_labels")
    (folder / "metrics.json").unlink()
    again = job.run_distillation(config, folder, resources=cfg.Resources(False, export=False))
    assert again["teacher_passes"] == 0
    assert again["student"]["test"] == metrics["student"]["test"]


def test_a_run_of_two_layers_goes_on_where_it_ended(tiny_task, bert_config, tmp_path):
    config = config_of(tiny_task, bert_config, strategy="D4.1")
    config = dataclasses.replace(
        config, student=dataclasses.replace(config.student, bilstm_layers=2))
    folder, told = tmp_path / "run", cfg.Resources(False, export=False)
    prepare(config.seed, True)
    job.run_distillation(config, folder, resources=told)
    whole = student_weights(folder)
    assert {name.split("/")[0] for name in whole} >= {"bilstm", "bilstm_2"}
    for name in ("stages/03_labels", "student"):
        shutil.rmtree(folder / name)
    (folder / "metrics.json").unlink()
    job.run_distillation(config, folder, resources=told)
    for name, array in student_weights(folder).items():
        np.testing.assert_array_equal(whole[name], array, err_msg=name)
    with pytest.raises(UserError, match="was made by other settings or data: .*bilstm_layers"):
        job.run_distillation(config_of(tiny_task, bert_config, strategy="D4.1"), folder)


def test_a_part_needs_the_one_teacher_of_all_parts(tiny_task, bert_config, tmp_path):
    with pytest.raises(UserError, match="--target_shard needs a fine-tuned teacher"):
        job.write_target_part(config_of(tiny_task, bert_config), tmp_path / "run",
                              cfg.Resources(target_shard=(1, 2)))


def test_a_shard_that_breaks_while_training_is_named(
    finished, tiny_task, bert_config, tmp_path, monkeypatch
):
    config = config_of(tiny_task, bert_config, strategy="D4.1")
    config = dataclasses.replace(config, teacher=dataclasses.replace(
        config.teacher, model_dir=str(finished[0])))
    original = job.Trainer.run_plan

    def breaking(self, plan):
        shard = sorted((tmp_path / "run/targets/transfer/shard-00001").glob("logits-*"))[0]
        data = bytearray(shard.read_bytes())
        data[40] ^= 1
        shard.write_bytes(bytes(data))
        return original(self, plan)

    monkeypatch.setattr(job.Trainer, "run_plan", breaking)
    with pytest.raises(UserError, match="shard-00001/logits-.* is damaged; run the same command"):
        job.run_distillation(config, tmp_path / "run")


def test_a_disk_that_cannot_hold_the_targets_is_told_before_any_work(
    tiny_task, bert_config, tmp_path, monkeypatch
):
    (tmp_path / "shared").mkdir()
    usage, asked = type("Usage", (), {"free": 900}), []
    monkeypatch.setattr("xtremedistil_tf.targets.store.shutil.disk_usage",
                        lambda path: asked.append(path) or usage)
    for resources in (cfg.Resources(), cfg.Resources(targets_dir=str(tmp_path / "shared" / "of"))):
        for call in (job.run_distillation, dry_run):
            with pytest.raises(UserError, match="teacher's outputs take .* GB free"):
                call(config_of(tiny_task, bert_config), tmp_path / "run", resources=resources)
    # The disk of the targets, which need not be that of the run.
    assert asked[-1] == asked[-2] == tmp_path / "shared" != asked[0]


def test_dry_run_prints_the_plan_and_writes_nothing(task, bert_config, tmp_path):
    with open(task / "train.tsv", "a") as file:
        file.write("\n" + " ".join(["Wort"] * 40) + "\t" + " ".join(["de:O"] * 40) + "\n")
    text = dry_run(config_of(task, bert_config), tmp_path / "none")
    assert not (tmp_path / "none").exists()
    assert f"warning: {task / 'train.tsv'}: 1 empty lines left out" in text
    # What the run will tell at its end, too.
    assert re.search("warning: train: [0-9]+ words of [0-9]+ sentences lie beyond seq_len", text)
    assert text.count("\n") > 11 and "09_labels_word_embedding" in text
    assert "teacher outputs for 48 transfer sentences" in text
    assert sorted(path.name for path in task.iterdir()) == [
        "dev.tsv", "labels.tsv", "test.tsv", "train.tsv", "transfer.txt"]


def test_a_run_that_starts_again_is_planned_with_a_new_teacher(
    finished, tiny_task, bert_config, monkeypatch
):
    class Fresh(Exception):
        pass

    def fresh(*_):
        raise Fresh

    monkeypatch.setattr("xtremedistil_tf.planning.facts.fresh_teacher", fresh)
    assert "student with" in dry_run(config_of(tiny_task, bert_config), finished[0])
    with pytest.raises(Fresh):
        dry_run(config_of(tiny_task, bert_config), finished[0], overwrite=True)


def test_a_teachers_own_job_reads_the_text_that_shapes_it(
    tiny_task, bert_config, tmp_path, monkeypatch
):
    class Read(Exception):
        pass

    def read(config, task, folder):
        raise Read(*sorted(task.fingerprints))

    monkeypatch.setattr("xtremedistil_tf.jobs.teacher.obtain_teacher", read)
    config = config_of(tiny_task, bert_config)
    usual = dataclasses.replace(config, data=dataclasses.replace(config.data, transfer_file=None))
    # It is the file that run_distillation.py finds by the same flags.
    with pytest.raises(Read, match="'train', 'transfer'"):
        run_teacher(usual, tmp_path / "run")
    none = write_task(tmp_path / "task")
    (none / "transfer.txt").unlink()
    data = dataclasses.replace(usual.data, task=str(none))
    with pytest.raises(Read, match="'train'.$"):
        run_teacher(dataclasses.replace(usual, data=data), tmp_path / "run")


def test_the_word_embedding_of_another_encoder_is_refused(monkeypatch, tokenizer):
    other = train_wordpiece(["quite", "other", "words"], 40, False)
    monkeypatch.setattr("xtremedistil_tf.jobs.student_init.fresh_teacher",
                        lambda *_: types.SimpleNamespace(tokenizer=other))
    config = cfg.RunConfig(cfg.DataConfig("t", do_ner=True), student=cfg.StudentConfig(
        word_embedding="svd_pretrained"))
    prepared = types.SimpleNamespace(vocabulary=None, task=None)
    with pytest.raises(UserError, match="whose tokenizer is not the teacher's"):
        start_student(config, prepared, types.SimpleNamespace(tokenizer=tokenizer))


def test_the_teachers_own_job_is_taken_over(tiny_task, bert_config, tmp_path, monkeypatch):
    config = config_of(tiny_task, bert_config)
    prepare(config.seed, True)
    scores = run_teacher(config, tmp_path / "run")
    assert read_json(tmp_path / "run" / "teacher_metrics.json")["dev"] == scores["dev"]
    stamp = (tmp_path / "run" / "teacher" / "model.safetensors").stat().st_mtime
    (tmp_path / "run" / "teacher_training").mkdir()  # Killed before it removed this.
    metrics = job.run_distillation(
        dataclasses.replace(config, distil=cfg.DistilConfig(strategy="D0-S", ft_epochs=1)),
        tmp_path / "run", resources=cfg.Resources(export=False))
    assert (tmp_path / "run" / "teacher" / "model.safetensors").stat().st_mtime == stamp
    assert not (tmp_path / "run" / "teacher_training").exists()
    # A run scores the types, too.
    told = metrics["teacher"]["dev"]
    assert {name: told[name] for name in scores["dev"]} == scores["dev"]
    # One in another precision is another teacher.
    half = dataclasses.replace(config, opt_policy="mixed_bfloat16")
    record_file = tmp_path / "run" / "teacher" / "teacher.json"
    assert read_json(record_file)["opt_policy"] is None
    with pytest.raises(UserError, match="teacher in .* was fine-tuned by other settings or data"):
        run_teacher(half, tmp_path / "run")
    # Versions before 0.2 noted no precision: whichever it was, the teacher is known again.
    record = read_json(record_file)
    del record["opt_policy"]
    write_json(record_file, record)
    record_file.with_name("manifest.json").unlink()
    assert run_teacher(config, tmp_path / "run")["dev"] == scores["dev"]
    # It computes in the precision that is asked for, so the scores differ a little.
    assert run_teacher(half, tmp_path / "run")["dev"].keys() == scores["dev"].keys()

    def killed(*_):
        raise KeyboardInterrupt

    # Killed while it is fine-tuned anew, it is not there: a study would take its scores for done.
    monkeypatch.setattr("xtremedistil_tf.jobs.teacher.obtain_teacher", killed)
    with pytest.raises(KeyboardInterrupt):
        run_teacher(config, tmp_path / "run", overwrite=True)
    assert not (tmp_path / "run" / "teacher_metrics.json").exists()


def test_a_teacher_may_have_a_precision_of_its_own(tiny_task, bert_config, tmp_path):
    config = config_of(tiny_task, bert_config)
    prepare(config.seed, True)
    half = dataclasses.replace(config, teacher=dataclasses.replace(
        config.teacher, opt_policy="mixed_bfloat16"))
    read = read_task(half.data)

    def computes_in(teacher):
        return {layer.compute_dtype for layer in teacher.encoder.submodules
                if isinstance(layer, tf.keras.layers.Dense)}

    teacher, _ = obtain_teacher(half, read, tmp_path)
    assert computes_in(teacher) == {"bfloat16"}
    assert read_json(tmp_path / "teacher" / "teacher.json")["opt_policy"] == "mixed_bfloat16"
    # The student is built with the run's.
    assert tf.keras.layers.Dense(1).compute_dtype == "float32"
    again, _ = obtain_teacher(half, read, tmp_path)
    assert computes_in(again) == {"bfloat16"}
    # The run's precision is also the teacher's, so it is the same teacher; float32 makes another.
    obtain_teacher(dataclasses.replace(config, opt_policy="mixed_bfloat16"), read, tmp_path)
    with pytest.raises(UserError, match="was fine-tuned by other settings or data"):
        obtain_teacher(config, read, tmp_path)


def start(arguments):
    return subprocess.Popen([sys.executable, str(ROOT / "run_distillation.py"), *arguments],
                            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def end_at(folder, arguments, marker, sign):
    """Starts the job and sends it a signal when a file is there; (exit code, output)."""
    process = start(arguments)
    deadline = time.monotonic() + 300
    while not (folder / marker).exists():
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()[0]
        time.sleep(0.02)
    os.kill(process.pid, sign)
    output = process.communicate(timeout=60)[0].decode()
    return process.returncode, output


@pytest.mark.long
def test_ended_and_killed_and_started_again_gives_the_same_student(
    finished, tiny_task, bert_config, tmp_path
):
    folder = tmp_path / "run"
    arguments = [*FLAGS, f"--task={tiny_task}", f"--model_dir={folder}",
                 f"--teacher_config={bert_config}"]
    code, output = end_at(folder, arguments, "targets/transfer/manifest.json", signal.SIGTERM)
    assert code == 143 and "ended by SIGTERM; the same command goes on from here" in output
    assert "Traceback" not in output
    # What was begun is gone: a signal that can be caught leaves nothing half-written.
    assert not [path for path in folder.rglob(".tmp-*")]
    code, _ = end_at(folder, arguments, "stages/03_logits_projection/progress/state.json",
                     signal.SIGKILL)
    assert code == -signal.SIGKILL and not (folder / "metrics.json").exists()
    process = start(arguments)
    output = process.communicate(timeout=300)[0].decode()
    assert process.returncode == 0, output
    assert "macro-F1" in output
    expected, resumed = student_weights(finished[0]), student_weights(folder)
    for name, array in expected.items():
        np.testing.assert_array_equal(resumed[name], array, err_msg=name)


@pytest.mark.parametrize(("name", "raw", "without", "told"), [
    ("metrics.json", None, (), "metrics.json"),
    ("predictions/test.student.tsv", None, (), "test.student.tsv is not the file"),
    ("metrics.json", b"{}", (), "metrics.json"),
    ("config.json", b"null", (), "config.json holds None"),
    ("config.json", b"{}", (), "config.json: version is missing"),
    ("config.json", b"[" * 50_000, (), "start the run anew with --overwrite"),
    ("teacher/teacher.json", b"[]", ("metrics.json", "teacher/manifest.json"), "holds []"),
    ("teacher/head.safetensors", None, ("metrics.json",), "head.safetensors is not the file"),
    ("teacher/config.json", b"null", ("metrics.json",), "config.json holds None"),
    ("stages/01_representation/done.json", b"{}",
     ("metrics.json", "stages/01_representation/manifest.json"), "done.json: fingerprint is"),
    ("stages/01_representation/weights.safetensors", None, ("metrics.json",),
     "weights.safetensors is not the file"),
])
def test_damage_of_a_run_is_told_in_one_line(
    finished, tiny_task, bert_config, tmp_path, name, raw, without, told
):
    """A bit that flipped, or a file of others in its place; what is taken out is made again."""
    run = tmp_path / "run"
    shutil.copytree(finished[0], run)
    path = run / name
    kept = path.read_bytes()
    half = len(kept) // 2
    path.write_bytes(kept[:half] + bytes([kept[half] ^ 4]) + kept[half + 1:]
                     if raw is None else raw)
    for gone in without:
        (run / gone).unlink()
    with pytest.raises(UserError) as error:
        job.run_distillation(config_of(tiny_task, bert_config), run)
    assert told in str(error.value) and "\n" not in str(error.value)


@pytest.mark.long
def test_a_prediction_that_is_gone_is_made_again(finished, tiny_task, bert_config, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(finished[0], run)
    (run / "predictions" / "dev.teacher.tsv").unlink()
    answers, = (path for path in (run / "targets" / "answers").glob("*.json")
                if "deployed" not in path.name)
    answers.write_bytes(answers.read_bytes().replace(b"O", b"o", 1))  # The teacher is asked again.
    again = job.run_distillation(config_of(tiny_task, bert_config), run)
    assert again["teacher"]["test"] == finished[1]["teacher"]["test"]
    assert (run / "predictions" / "dev.teacher.tsv").read_bytes() == (
        finished[0] / "predictions" / "dev.teacher.tsv").read_bytes()


@pytest.mark.long
def test_a_forecast_measures_steps_and_the_student_alone_is_compared(
    tiny_task, bert_config, tmp_path, monkeypatch
):
    config = config_of(tiny_task, bert_config, strategy="D4.1")
    resources = cfg.Resources(export=False, baseline=True)
    monkeypatch.setattr("xtremedistil_tf.planning.plan.SHORT", 0.0)
    config, forecast = start_run(config, tmp_path / "run", resources=resources)
    assert forecast["measured"] and forecast["memory"] > 2**28 and forecast["disk"] > 0
    assert list(forecast["seconds"]) == [
        "teacher_01_all", "targets", "01_representation", "02_logits", "03_labels", "alone",
        "final"]
    assert all(seconds > 0 for seconds in forecast["seconds"].values())
    metrics = job.run_distillation(config, tmp_path / "run", resources=resources, forecast=forecast)
    assert metrics["forecast"] == forecast
    alone = metrics["alone"]
    assert 0 <= alone["test"]["macro_f1"] <= 100 and alone["epochs"] >= 1
    assert (tmp_path / "run" / "predictions" / "test.alone.tsv").is_file()
    worth = alone["worth"]
    assert worth["low"] <= worth["difference"] <= worth["high"]
    # A run that goes on is told the forecast of its start, and one that is begun is not measured.
    assert start_run(config, tmp_path / "run", resources=resources)[1] is None
    with pytest.raises(UserError, match="--time_budget is 1 s, but with one epoch of each stage"):
        start_run(config, tmp_path / "other", resources=resources, time_budget="0.0002h")
