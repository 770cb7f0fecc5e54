"""A task-agnostic distillation on two devices: the same result as on one."""

import pathlib
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.conftest import ROOT

MIRRORED = """
import sys
from tests.pretraining import test_devices
test_devices.train_mirrored(int(sys.argv[1]), sys.argv[2])
"""


def train_mirrored(devices, base):
    """Trains on some logical devices of this CPU; the teacher is written by whoever is first."""
    from tests.checkpoints import make_encoder, save_pytorch_safetensors
    from xtremedistil_tf.config import PretrainingConfig
    from xtremedistil_tf.distribution import use_strategy
    from xtremedistil_tf.keras2 import tf
    from xtremedistil_tf.models.tokenizers import train_wordpiece
    from xtremedistil_tf.pretraining.job import run_pretraining
    from xtremedistil_tf.runtime import prepare

    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * devices)
    prepare(42, False)
    text, teacher = pathlib.Path(base, "raw.txt"), pathlib.Path(base, "teacher")
    if not teacher.is_dir():
        lines = (ROOT / "data" / "ner" / "transfer.txt").read_text("utf-8").splitlines()[:64]
        text.write_text("\n".join(lines) + "\n", "utf-8")
        teacher.mkdir()
        tokenizer = train_wordpiece([line.split() for line in lines], 400, False)
        encoder = make_encoder("bert", len(tokenizer))
        for weight in encoder.weights:
            if "kernel" in weight.name or "word_embeddings" in weight.name:
                weight.assign(20 * weight)
        save_pytorch_safetensors(encoder, tokenizer, teacher)
    use_strategy(tf.distribute.MirroredStrategy([f"CPU:{index}" for index in range(devices)]))
    run_pretraining(PretrainingConfig(
        str(teacher), str(text), seq_len=16, vocabulary="cut", batch_size=8 // devices,
        part_steps=3, learning_rate=1e-3, optimizer="adam"), pathlib.Path(base, str(devices)))


@pytest.mark.long
def test_two_devices_end_with_the_weights_of_one(tmp_path):
    for devices in (1, 2):
        done = subprocess.run([sys.executable, "-c", MIRRORED, str(devices), str(tmp_path)],
                              cwd=ROOT, capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
    one, two = (load_file(tmp_path / devices / "checkpoint" / "model.safetensors")
                for devices in "12")
    for name in one:
        np.testing.assert_allclose(two[name], one[name], atol=1e-4, err_msg=name)
