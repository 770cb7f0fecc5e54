"""The student of docs/how-to/extend.md: a package of its own, from its flag to its predictions."""

import dataclasses
import re
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file

import xtremedistil_tf
from tests.cli.conftest import parse  # noqa: F401
from tests.conftest import ROOT, write_task
from tests.jobs.test_distillation import config_of
from tests.students import TEXTS, assert_same
from xtremedistil_tf import config as cfg
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.jobs import distillation as job
from xtremedistil_tf.models.layers.body import Shape
from xtremedistil_tf.models.student import build_student
from xtremedistil_tf.planning.plan import dry_run
from xtremedistil_tf.plugins import entry_point_names, load_entry_points
from xtremedistil_tf.runtime import prepare
from xtremedistil_tf.training.plans import build_plan

DOCUMENT = (ROOT / "docs" / "how-to" / "extend.md").read_text("utf-8")
(CODE,) = re.findall(r"```python\n# my_package/student.py\n(.*?)```", DOCUMENT, re.S)
(OFFER,) = re.findall(r'\[project\.entry-points\."(xtremedistil_tf\.students)"\]\n(cnn) = "(.+)"\n',
                      DOCUMENT)


def forget():
    load_entry_points.cache_clear()
    entry_point_names.cache_clear()
    for name in ("my_package", "my_package.student"):
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The package of the document, installed as pip would: code and entry points on the path."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "my_package").mkdir()
    (folder / "my_package" / "student.py").write_text(CODE)
    info = folder / "my_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[{}]\n{} = {}\n".format(*OFFER))
    with pytest.MonkeyPatch.context() as patch:
        for table in ("_entries", "_sources"):
            patch.setattr(cfg.ARCHITECTURES, table, dict(getattr(cfg.ARCHITECTURES, table)))
        patch.syspath_prepend(str(folder))
        forget()
        yield folder
    forget()


@pytest.fixture(scope="module")
def finished(installed, bert_config, teacher_folder, tmp_path_factory):
    """A distillation into it, without the stages on labels: (folder, metrics, settings)."""
    base = tmp_path_factory.mktemp("cnn")
    config = config_of(write_task(base / "task"), bert_config)
    config = dataclasses.replace(
        config, student=cfg.StudentConfig(word_emb_dim=6, bilstm_hidden_size=5, student="cnn"),
        teacher=dataclasses.replace(config.teacher, model_dir=str(teacher_folder)),
        distil=dataclasses.replace(config.distil, distil_epochs=1, stage_epochs=(("labels", 0),)))
    prepare(config.seed, True)
    return base / "run", job.run_distillation(config, base / "run"), config


def test_the_commands_take_its_name(installed, parse):  # noqa: F811
    assert "cnn" in cfg.ARCHITECTURES.names()
    assert "my_package" not in sys.modules  # Its name is known without its code.
    student = parse("--task=t", "--model_dir=m", "--do_NER", "--student=cnn").student
    assert student.layers == ("word_embedding", "convolution", "projection", "logits")
    with pytest.raises(UserError, match="--pooling is 'last'; allowed with --student=cnn: max"):
        parse("--task=t", "--model_dir=m", "--student=cnn", "--pooling=last")
    with pytest.raises(UserError, match="--pair_encoding is 'siamese'.*--student=cnn: joint"):
        parse("--task=t", "--model_dir=m", "--student=cnn", "--do_pairwise",
              "--pair_encoding=siamese")


def test_padding_changes_nothing(installed):
    for pooled in (False, True):
        made = build_student(
            cfg.StudentConfig(word_emb_dim=4, bilstm_hidden_size=6, student="cnn"),
            Shape(20, pooled), 8, 11)
        ids = np.array([[3, 4, 5, 0, 0], [3, 4, 5, 6, 7]], np.int32)
        out = made.model({"input_ids": ids})["logits"]
        short = made.model({"input_ids": ids[:1, :3]})["logits"]
        assert short.shape == (1, 1 if pooled else 3, 11)
        np.testing.assert_allclose(out[:1, :short.shape[1]], short, atol=1e-6)


def test_the_plans_unfreeze_its_layers(finished):
    _, metrics, config = finished
    names = [stage.name for stage in build_plan(config.student.layers, cfg.DistilConfig())]
    assert [stage["name"] for stage in metrics["stages"]] == names[:5] and len(names) == 9
    assert names[3] == "04_logits_convolution" and names[7] == "08_labels_convolution"
    assert set(metrics["stages"][3]["trainable"]) == {"logits", "projection", "convolution"}


def test_the_run_folder_is_whole(finished):
    folder, metrics, _ = finished
    assert (folder / "report.md").is_file() and (folder / "metrics.json").is_file()
    assert (folder / "export" / "1" / "saved_model.pb").is_file()
    assert not (folder / "onnx").exists()  # It has none.
    card = (folder / "student" / "README.md").read_text("utf-8")
    assert "CNN, E=6, 5 filters, gelu projection to 16" in card
    weights = load_file(folder / "student" / "weights.safetensors")
    assert {name.split("/")[0] for name in weights} == {
        "word_embedding", "convolution", "projection", "logits"}
    assert metrics["student"]["parameters"] == sum(array.size for array in weights.values())


def test_it_is_loaded_and_predicts_alike_in_all_it_has(finished):
    folder, _, _ = finished
    expected = xtremedistil_tf.load(folder).tag_text(TEXTS)
    assert sum(map(len, expected)) > 10
    assert_same(xtremedistil_tf.load(folder, "savedmodel").tag_text(TEXTS), expected)


def test_what_it_has_not_is_refused_before_training(finished, tmp_path):
    _, _, config = finished
    asked = cfg.Resources(forms=("savedmodel", "onnx"))
    with pytest.raises(UserError, match="--forms has onnx, which a cnn student of tagging has not; "
                                        "allowed: savedmodel"):
        dry_run(config, tmp_path / "run", resources=asked)
    with pytest.raises(UserError, match="--forms has onnx"):
        job.run_distillation(config, tmp_path / "run", resources=asked)
    assert not (tmp_path / "run").exists()
    with pytest.raises(UserError, match="--distil_multi_hidden_states .* --student is cnn"):
        dataclasses.replace(config, distil=dataclasses.replace(
            config.distil, multi_hidden_states=True))
    plan = dry_run(config, tmp_path / "run")
    assert "student: CNN, E=6, 5 filters; exports: savedmodel\n" in plan


def test_a_name_belongs_to_one_kind(installed):
    record = cfg.ARCHITECTURES.find("cnn")
    assert xtremedistil_tf.register_student(record) is record
    with pytest.raises(UserError, match="the student 'cnn' is registered twice, by the Architecture"
                                        " 'cnn' of my_package.student and by "):
        xtremedistil_tf.register_student(dataclasses.replace(record))
    with pytest.raises(UserError, match="--student is 'lstm'.*bilstm, transformer, cnn"):
        cfg.StudentConfig(student="lstm")
