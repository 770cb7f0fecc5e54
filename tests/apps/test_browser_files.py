"""The files that a browser gets to run the student itself."""

import gzip
import json

import pytest

from tests.apps.scripted import TAGS, Scripted, client_of
from tests.golden.cases import FOLDER
from xtremedistil_tf.apps.browser import SCRIPT, WASM, BrowserFiles
from xtremedistil_tf.apps.page import create_app
from xtremedistil_tf.apps.service import NamedModel
from xtremedistil_tf.errors import UserError

pytest.importorskip("flask", reason="the page needs the extra [serve]")

STUDENT = FOLDER / "wordpiece"


@pytest.fixture
def built(tmp_path):
    for name in (SCRIPT, WASM):
        (tmp_path / name).write_bytes(name.encode() * 50)
    return tmp_path


@pytest.fixture
def client(built):
    files = BrowserFiles(built, STUDENT, int8=True)
    return client_of(create_app({"student": NamedModel("onnx_int8", Scripted(TAGS))},
                                browser=files))


def test_files_are_packed_and_sent_once(client, built):
    for name in (SCRIPT, WASM, "tokenizer.json", "vocabulary.npy", "model.int8.onnx"):
        place = built if name in (SCRIPT, WASM) else STUDENT / "onnx"
        reply = client.get(f"/browser/{name}", headers={"Accept-Encoding": "gzip, br"})
        assert reply.status_code == 200 and reply.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(reply.get_data()) == (place / name).read_bytes()
        again = client.get(f"/browser/{name}", headers={
            "Accept-Encoding": "gzip", "If-None-Match": reply.headers["ETag"]})
        assert again.status_code == 304 and not again.get_data()
        plain = client.get(f"/browser/{name}")
        assert plain.get_data() == (place / name).read_bytes()
        assert "Content-Encoding" not in plain.headers
    # A browser compiles the program while it comes only if its type is right.
    assert client.get(f"/browser/{WASM}").mimetype == "application/wasm"


def test_a_record_is_sent_without_what_a_browser_has_no_use_for(client):
    record = client.get("/browser/student.json").json
    whole = json.loads((STUDENT / "onnx" / "student.json").read_text("utf-8"))
    assert record["tags"] == whole["tags"] and record["student"] == {"student": "bilstm"}
    assert "weights" in whole and "weights" not in record


def test_no_other_file_is_sent_and_no_other_name_may_ask(client):
    for name in ("model.onnx", "check.json", "../page.py", "%2e%2e/page.py", ""):
        assert client.get(f"/browser/{name}").status_code == 404
    assert client.get(f"/browser/{SCRIPT}", headers={"Host": "evil.example"}).status_code == 403


def test_only_a_page_with_the_switch_may_compile_programs(client):
    page = client.get("/")
    assert 'id="here"' in page.get_data(as_text=True)
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self' 'wasm-unsafe-eval'" in policy and "'unsafe-eval'" not in policy
    without = client_of(create_app({"student": NamedModel("x", Scripted(TAGS))}))
    assert 'id="here"' not in without.get("/").get_data(as_text=True)
    assert "script-src" not in without.get("/").headers["Content-Security-Policy"]
    assert without.get(f"/browser/{SCRIPT}").status_code == 404


def test_what_is_missing_is_told(built, tmp_path):
    with pytest.raises(UserError, match="npm ci && npm run build"):
        BrowserFiles(tmp_path / "nowhere", STUDENT, int8=False)
    with pytest.raises(UserError, match="--browser_dir needs an ONNX student"):
        BrowserFiles(built, tmp_path, int8=False)
    record = json.loads((STUDENT / "onnx" / "student.json").read_text("utf-8"))
    folder = tmp_path / "classifier"
    folder.mkdir()
    for path in (STUDENT / "onnx").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "student.json").write_text(json.dumps({**record, "kind": "classification"}))
    with pytest.raises(UserError, match="this one is for classification"):
        BrowserFiles(built, folder, int8=False)
