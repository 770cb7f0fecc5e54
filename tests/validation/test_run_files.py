"""Records of a run that carry their own checksum."""

import json
import shutil

from xtremedistil_tf.validation import run_files
from xtremedistil_tf.validation.run_files import made_once, read_sealed, write_sealed


def test_a_sealed_file_is_itself_under_its_own_name(tmp_path):
    path = tmp_path / "a.json"
    write_sealed(path, {"dev": [1, 2]})
    assert read_sealed(path) == {"dev": [1, 2]}
    shutil.copy(path, tmp_path / "b.json")
    assert read_sealed(tmp_path / "b.json") is None
    whole = path.read_text("utf-8")
    for old, new in (("sha256", "sha356"), ("value", "vblue"), ("2\n", "3\n")):
        path.write_text(whole.replace(old, new, 1), "utf-8")
        assert whole.count(old) and read_sealed(path) is None
    path.write_text(json.dumps({"dev": [1, 2]}), "utf-8")  # Of 0.1.
    assert read_sealed(path) == {"dev": [1, 2]}

def test_what_cannot_be_kept_is_made_by_each_run(tmp_path, monkeypatch):
    """In a --targets_dir of others; after all training a run would end there."""
    monkeypatch.setattr(run_files, "can_write", lambda folder: False)
    assert made_once(tmp_path / "a" / "b.json", ["dev"], lambda: {"dev": 1}) == {"dev": 1}
    assert not list(tmp_path.iterdir())
