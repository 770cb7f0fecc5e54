"""Several teachers as one: the mean of their logits, all else the first's."""

import dataclasses

import numpy as np
import pytest

from tests.checkpoints import make_encoder
from tests.conftest import TAGS, write_task
from tests.jobs.test_distillation import config_of
from xtremedistil_tf.config import Resources, TeacherConfig
from xtremedistil_tf.data.folders.task import read_task
from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.fingerprints import folder_fingerprint
from xtremedistil_tf.jobs.distillation import run_distillation
from xtremedistil_tf.jobs.obtain_teacher import obtain_teacher
from xtremedistil_tf.models.teacher import build_teacher, load_teacher, save_teacher
from xtremedistil_tf.models.teacher_ensemble import average_teachers
from xtremedistil_tf.models.tokenizers import train_wordpiece
from xtremedistil_tf.teachers import Wanted
from xtremedistil_tf.teachers.places import check_teacher, teacher_record, teachers_fingerprint
from xtremedistil_tf.validation.run_files import read_teacher_record

IDS = {"input_ids": np.array([[2, 7, 9, 3], [2, 8, 3, 0]], np.int32),
       "attention_mask": np.array([[1, 1, 1, 1], [1, 1, 1, 0]], np.int32)}


@pytest.fixture(scope="module")
def folders(tokenizer, tmp_path_factory):
    """Teachers of different widths and depths, as `run_teacher.py` leaves them in run folders."""
    made = []
    for name, changes in (("one", {}), ("two", {"hidden_size": 8, "num_hidden_layers": 1})):
        folder = tmp_path_factory.mktemp(name)
        teacher = build_teacher(make_encoder("bert", len(tokenizer), **changes), tokenizer,
                                LabelSet(TAGS).size, 1)
        save_teacher(teacher, folder / "teacher", {
            "kind": "tagging", "tags": TAGS, "name": name, "fingerprint": name, "history": [],
            "parameters": teacher.model.count_params()})
        made.append(folder)
    return made


@pytest.fixture(scope="module")
def config(folders, bert_config, tmp_path_factory):
    plain = config_of(write_task(tmp_path_factory.mktemp("ensemble") / "task"), bert_config)
    named = ",".join(map(str, folders))
    return dataclasses.replace(plain, teacher=dataclasses.replace(
        plain.teacher, model_dir=named, layer=2))


def test_logits_are_averaged_and_all_else_is_the_firsts(config, folders, tmp_path):
    alone = [load_teacher(folder / "teacher", 1).model(IDS) for folder in folders]
    # The second has no second layer, and needs none.
    assert check_teacher(config, tmp_path).width == 16
    teacher, used = obtain_teacher(config, read_task(config.data), tmp_path)
    assert used == tuple(folder.resolve() / "teacher" for folder in folders)
    found = teacher.model(IDS)
    np.testing.assert_allclose(
        found["logits"], (alone[0]["logits"] + alone[1]["logits"]) / 2, atol=1e-5)
    assert not np.allclose(alone[0]["logits"], alone[1]["logits"], atol=1e-2)
    first = load_teacher(folders[0] / "teacher", 2)
    np.testing.assert_allclose(found["representation"], first.model(IDS)["representation"],
                               atol=1e-5)
    assert teacher.width == 16 and teacher.layer == 2
    np.testing.assert_array_equal(teacher.word_embeddings(), first.word_embeddings())


def test_its_record_and_fingerprint_are_those_of_all(folders):
    inner = [folder / "teacher" for folder in folders]
    assert teacher_record(inner)["name"] == "one + two"
    wanted = Wanted("tagging", ("O",), 1)
    prints = {teachers_fingerprint(some, wanted)
              for some in (inner, inner[::-1], inner[:1], inner[1:])}
    assert len(prints) == 4
    assert teachers_fingerprint(inner[:1], wanted) == folder_fingerprint(inner[0])


def test_what_cannot_be_averaged_is_told(config, folders, tokenizer, sample_words, tmp_path):
    missing = dataclasses.replace(config, teacher=dataclasses.replace(
        config.teacher, model_dir=f"{folders[0]},{tmp_path / 'none'}"))
    with pytest.raises(UserError, match="names several teachers, and .*none holds none; fine-tune"):
        check_teacher(missing, tmp_path)
    with pytest.raises(UserError, match="--teacher_model_dir is 'a,,b'; allowed: folders, commas"):
        TeacherConfig(model_dir="a,,b")
    other = train_wordpiece(sample_words[:3], 60, True)
    with pytest.raises(UserError, match="teacher 2 of --teacher_model_dir has another tokenizer"):
        average_teachers([build_teacher(make_encoder("bert", len(one)), one, 5, 1)
                          for one in (tokenizer, other)])


def test_teachers_of_other_labels_are_refused(config, folders, tokenizer, tmp_path):
    task = read_task(config.data)
    for record, message in (
        ({"kind": "tagging", "tags": TAGS[:3]}, "knows the labels O, B-PER, I-PER; the task has"),
        ({"kind": "classification", "tags": TAGS}, "was fine-tuned for classification; the task"),
    ):
        other = build_teacher(make_encoder("bert", len(tokenizer)), tokenizer, 5, 1)
        save_teacher(other, tmp_path / "other" / "teacher", {
            **record, "name": "other", "fingerprint": "other", "history": []})
        named = dataclasses.replace(config, teacher=dataclasses.replace(
            config.teacher, model_dir=f"{folders[0]},{tmp_path / 'other'}"))
        with pytest.raises(UserError, match=f"teacher in .*other/teacher {message}"):
            obtain_teacher(named, task, tmp_path)


@pytest.mark.long
def test_a_whole_run_learns_from_all(config, folders, tmp_path):
    one_epoch = dataclasses.replace(config.distil, strategy="D1", stage_epochs=(("_", 1),))
    metrics = run_distillation(dataclasses.replace(config, distil=one_epoch), tmp_path / "run",
                               resources=Resources(export=False))
    assert metrics["teacher"]["name"] == "one + two" and metrics["teacher_passes"] == 1
    assert metrics["teacher"]["parameters"] == sum(
        read_teacher_record(folder / "teacher")["parameters"] for folder in folders)
    assert metrics["stages"][0]["losses"] == ["labels:cross_entropy", "logits:mse"]
    assert not (tmp_path / "run" / "teacher").exists()
