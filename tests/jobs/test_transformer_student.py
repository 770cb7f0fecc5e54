"""The whole job with a Transformer student: each stage moves its layers; the folder is whole."""

import dataclasses

import numpy as np
import pytest
from safetensors.numpy import load_file

import xtremedistil_tf
from tests.conftest import write_task
from tests.jobs.test_distillation import config_of
from xtremedistil_tf.config import Resources, StudentConfig
from xtremedistil_tf.jobs import distillation as job
from xtremedistil_tf.planning.plan import dry_run
from xtremedistil_tf.runtime import prepare

# tests/jobs/test_checkpoint_student.py runs the whole job with such a student, but for one stage.
pytestmark = pytest.mark.long

STUDENT = StudentConfig(student="transformer", word_emb_dim=6, hidden_size=8, num_hidden_layers=1,
                        num_attention_heads=2)
# By the first words of a weight's name.
OWNERS = {"encoder/electra/embeddings": "word_embedding", "encoder/electra/encoder": "layer_0",
          "projection": "projection", "logits": "logits"}


@pytest.fixture(scope="module")
def finished(bert_config, tmp_path_factory):
    base = tmp_path_factory.mktemp("transformer")
    config = config_of(write_task(base / "task"), bert_config, strategy="D3.2")
    config = dataclasses.replace(
        config, student=STUDENT, teacher=dataclasses.replace(config.teacher, epochs=1),
        distil=dataclasses.replace(config.distil, distil_epochs=1))
    prepare(config.seed, True)
    metrics = job.run_distillation(config, base / "run", resources=Resources(export=False))
    return base / "run", metrics, config


def moved(sooner, later):
    return {owner for start, owner in OWNERS.items() for name in sooner
            if name.startswith(start) and not np.array_equal(sooner[name], later[name])}


def test_gradual_unfreezing_walks_down_a_transformer(finished):
    folder, metrics, _ = finished
    names = [stage["name"] for stage in metrics["stages"]]
    assert names == ["01_representation", "02_joint_logits", "03_joint_projection",
                     "04_joint_layer_0", "05_joint_word_embedding"]
    weights = [load_file(folder / "stages" / name / "weights.safetensors") for name in names]
    for sooner, later, stage in zip(weights, weights[1:], metrics["stages"][1:]):
        # A stage whose epoch was no better than its start keeps the start.
        wanted = set(stage["trainable"]) if stage["best_epoch"] else set()
        assert moved(sooner, later) == wanted, stage["name"]
    assert metrics["stages"][1]["best_epoch"] and set(metrics["stages"][-1]["trainable"]) == set(
        STUDENT.layers)


def test_the_student_is_used_and_described(finished):
    folder, metrics, config = finished
    card = (folder / "student" / "README.md").read_text("utf-8")
    assert "Transformer, E=6, 1 layers of 8, 2 heads, gelu projection to 16" in card
    tagger = xtremedistil_tf.load(folder)
    # Longer than the training's rows: tagged in windows, word for word.
    (tagged,) = tagger.tag_text(["Anna Weber wohnt in Bonn . " * 12])
    assert len(tagged) == 72
    assert metrics["student"]["parameters"] == sum(
        array.size for array in load_file(folder / "student" / "weights.safetensors").values())


def test_dry_run_plans_the_very_student(finished, tmp_path):
    text = dry_run(finished[2], tmp_path / "none")
    assert f"student with {finished[1]['student']['parameters']:,} parameters" in text
    assert "04_joint_layer_0" in text
