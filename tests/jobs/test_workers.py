"""Several devices and machines: the same result as one, on this one machine."""

import json
import os
import socket
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests import processes
from tests.conftest import BERT, ROOT, write_task
from xtremedistil_tf.files.contents import read_json

FLAGS = ["--deterministic", "--do_NER", "--transfer_file=transfer.txt", "--seq_len=24",
         "--teacher_layer=1", "--strategy=D4.1", "--teacher_epochs=1", "--ft_epochs=2",
         "--distil_epochs=2", "--word_emb_dim=6", "--bilstm_hidden_size=5", "--dropout_rate=0",
         "--distil_chunk_size=20", "--teacher_learning_rate=1e-3", "--learning_rate=1e-2",
         "--noexport"]


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def run(folder, workers, *arguments):
    """Runs the job with some workers on one folder; returns their outputs."""
    ports, processes = free_ports(workers), []
    for index in range(workers):
        environment = dict(os.environ)
        if workers > 1:
            environment["TF_CONFIG"] = json.dumps({
                "cluster": {"worker": [f"127.0.0.1:{port}" for port in ports]},
                "task": {"type": "worker", "index": index}})
        processes.append(subprocess.Popen(
            [sys.executable, "run_distillation.py", *FLAGS, *arguments, f"--model_dir={folder}"],
            cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
    outputs = [process.communicate(timeout=500)[0].decode() for process in processes]
    assert [process.returncode for process in processes] == [0] * workers, "\n".join(outputs)
    return outputs


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """Flags of a task and a teacher without dropout, whose masks would differ between replicas."""
    folder = tmp_path_factory.mktemp("workers")
    config = {**BERT, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (folder / "bert.json").write_text(json.dumps(config))
    return [f"--task={write_task(folder / 'task')}", f"--teacher_config={folder / 'bert.json'}"]


@pytest.mark.long
def test_two_workers_end_with_the_weights_of_one(job, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    shared = f"--teacher_model_dir={one}"
    run(one, 1, *job, "--distil_batch_size=16", "--ft_batch_size=8")
    outputs = run(two, 2, *job, shared, "--distil_batch_size=8", "--ft_batch_size=4")
    # Both tell the result; only one of them has written it.
    assert all("macro-F1" in output for output in outputs)
    assert read_json(two / "metrics.json")["teacher_passes"] == 1
    alone, together = (load_file(folder / "student" / "weights.safetensors")
                       for folder in (one, two))
    for name, array in alone.items():
        # Sums of float32 in another order, through some 30 steps of Adam at a high rate.
        np.testing.assert_allclose(together[name], array, atol=2e-3, err_msg=name)


MIRRORED = """
import sys
import numpy as np
from tests.jobs import test_workers
test_workers.train_mirrored(int(sys.argv[1]), sys.argv[2], sys.argv[3] == "used")
"""


def train_mirrored(devices, path, used):
    """Trains one stage on some logical devices of this CPU and writes the weights.

    The ids are 1 to 29 of 40; with `used`, Adam keeps moments of these and of the padding alone.
    """
    from xtremedistil_tf.config import BatchSize, StudentConfig
    from xtremedistil_tf.data.pipelines.batches import labelled_batches
    from xtremedistil_tf.data.pipelines.buckets import count_steps
    from xtremedistil_tf.data.tokenization.alignment import Features
    from xtremedistil_tf.data.tokenization.ragged import Ragged
    from xtremedistil_tf.distribution import spread, use_strategy
    from xtremedistil_tf.keras2 import tf
    from xtremedistil_tf.models.layers.body import Shape
    from xtremedistil_tf.models.student import build_student
    from xtremedistil_tf.training.addons import build_optimizer
    from xtremedistil_tf.training.loss_table import LOSSES
    from xtremedistil_tf.training.sparse_adam import UsedRows
    from xtremedistil_tf.training.stages import LossTerm

    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * devices)
    tf.keras.utils.set_random_seed(0)
    generator = np.random.default_rng(0)
    ids = [generator.integers(1, 30, generator.integers(3, 9)) for _ in range(21)]
    rows = Ragged.of(ids)
    features = Features(rows, Ragged.of([row % 4 for row in ids]), rows, [], [], {})
    size = BatchSize(8 // devices)
    table = np.arange(40, dtype=np.int32)
    strategy = tf.distribute.MirroredStrategy([f"CPU:{index}" for index in range(devices)])
    use_strategy(strategy)
    with strategy.scope():
        student = build_student(StudentConfig(6, 5, dropout_rate=0.0), Shape(40), 7, 4)
        student.model.set_loss_terms([LossTerm("logits", "labels", "cross_entropy")], LOSSES)
        embedding, = (one for one in student.model.trainable_variables if one.shape[0] == 40)
        student.model.compile(optimizer=build_optimizer(
            "adam", 1e-2, used=UsedRows(embedding, table[:30]) if used else None))
        for _ in range(3):
            student.model.fit(
                spread(lambda share: labelled_batches(
                    features, size, 5, table=table, share=share)),
                steps_per_epoch=count_steps(rows.lengths, size, replicas=devices), verbose=0)
        np.savez(path, *student.model.get_weights())


@pytest.mark.long
def test_two_devices_of_a_machine_end_with_the_weights_of_one(tmp_path):
    ways = [(1, "all"), (2, "all"), (1, "used"), (2, "used")]
    for devices, rows in ways:
        done = subprocess.run([sys.executable, "-c", MIRRORED, str(devices),
                               str(tmp_path / f"{devices}_{rows}.npz"), rows],
                              cwd=ROOT, capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
    one, *others = (np.load(tmp_path / f"{devices}_{rows}.npz") for devices, rows in ways)
    for other in others:
        for name in one.files:
            np.testing.assert_allclose(other[name], one[name], atol=1e-4)


def test_a_cluster_that_is_not_of_workers_is_refused(job, tmp_path):
    done = processes.run(
        "xtremedistil_tf.cli.distill", *FLAGS, *job, f"--model_dir={tmp_path / 'run'}",
        tensorflow=True, TF_CONFIG=json.dumps({"cluster": {"worker": ["a:1", "b:1"], "ps": ["c:1"]},
                                               "task": {"type": "ps", "index": 0}}))
    assert done.returncode == 2
    assert "TF_CONFIG has jobs ps, worker and a task of type 'ps'; allowed: workers only" in \
        done.stderr
