"""The GPUs of processes that help to write targets."""

import types

import pytest

from xtremedistil_tf.targets import worker


@pytest.mark.parametrize("named, gpus, expected", [
    ("3,5", 2, ["5", "3"]), (None, 2, ["1", "0"]), ("3,5,7", 2, ["5", "3"]), (None, 0, [None] * 2)])
def test_helpers_share_the_gpus_of_which_the_main_process_has_the_first(
    named, gpus, expected, monkeypatch
):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if named is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    found = []

    def start(command, *, env, stdout):
        found.append(env.get("CUDA_VISIBLE_DEVICES"))
        return types.SimpleNamespace(terminate=lambda: None, wait=lambda: 0)

    monkeypatch.setattr(worker.subprocess, "Popen", start)
    with worker.helping_processes(2, worker.HelperJob("", "", (), {}, ()), gpus=gpus):
        assert found == expected
