"""The model hub that cannot be reached: one line, after a bounded wait."""

import logging
import time

import pytest
import transformers
from huggingface_hub import constants

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.hub import reach as hub
from xtremedistil_tf.models.pretrained_encoders import peek_checkpoint
from xtremedistil_tf.models.tokenizers import load_tokenizer


@pytest.fixture
def away(monkeypatch):
    """A process that would ask the hub, at a port where nobody answers."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    hub.unreachable.cache_clear()
    yield
    hub.unreachable.cache_clear()


@pytest.mark.filterwarnings("ignore:.resume_download:FutureWarning")  # Of transformers 4.36.
def test_a_hub_that_is_away_is_one_line(away, caplog):
    with pytest.raises(UserError) as told, caplog.at_level(logging.INFO):
        peek_checkpoint(transformers.TFAutoModel, "no/such-model", "--pt_teacher")
    assert str(told.value).splitlines() == [
        "--pt_teacher_checkpoint 'no/such-model' is neither a folder here nor a model that can be "
        "fetched: it is not in the cache of this machine, and http://127.0.0.1:9 cannot be "
        "reached: [Errno 111] Connection refused"]
    with pytest.raises(UserError, match="no tokenizer in no/such-model: it is not in the cache"):
        load_tokenizer("no/such-model")
    assert not caplog.records


def test_a_hub_that_does_not_answer_is_not_waited_for(away, monkeypatch):
    monkeypatch.setattr(hub, "_LONGEST", 0.05)
    monkeypatch.setattr(hub, "_ask", lambda address: time.sleep(1))
    began = time.monotonic()
    assert hub.loading("no/such-model") == {"local_files_only": True}
    assert time.monotonic() - began < 0.9
    assert hub.unreachable() == "http://127.0.0.1:9 cannot be reached: no answer in 0 seconds"


def test_a_folder_needs_no_hub(away, monkeypatch, tmp_path):
    monkeypatch.setattr(hub, "_ask", lambda address: pytest.fail("the hub was asked"))
    assert hub.loading(str(tmp_path)) == {}


def test_a_hub_that_answers_is_used(away, monkeypatch):
    monkeypatch.setattr(hub, "_ask", lambda address: None)
    assert hub.loading("no/such-model") == {}
    assert hub.reason_of("no/such-model", OSError("404\nmore")) == "404"
