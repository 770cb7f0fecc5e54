"""The Beam pipeline on the DirectRunner: what `xtremedistil-predict` writes, line for line.

Runs where Beam is installed. Beam may be in an environment without TensorFlow; then
XTREMEDISTIL_ONNX names an `onnx` folder that was exported elsewhere.
"""

import collections
import json
import os
import pathlib
import subprocess
import sys
import types

import pytest

from tests.conftest import ROOT
from xtremedistil_tf.errors import UserError

beam = pytest.importorskip("apache_beam", reason="bulk tagging needs the extra [beam]")

LINES = ["Anna Weber wohnt in Bonn.", "", "Иван живёт в «Москве», да!", "東京タワーに行く", "   ",
         "The U.S.-Präsident's 3,5\u00a0% \u200b .", "राम दिल्ली में रहता है।", "a\u2028b\x0bc"]


@pytest.fixture(scope="module")
def folder(request):
    """A student in ONNX."""
    if "XTREMEDISTIL_ONNX" in os.environ:
        return pathlib.Path(os.environ["XTREMEDISTIL_ONNX"])
    pytest.importorskip("tensorflow", reason="no student: XTREMEDISTIL_ONNX names none")
    return request.getfixturevalue("run_folder") / "onnx"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Two files: one with Windows' line ends, a byte order mark, broken bytes and no end."""
    base = tmp_path_factory.mktemp("corpus")
    (base / "one.txt").write_bytes("".join(f"{line} {number}\n" for number in range(100)
                                           for line in LINES).encode("utf-8"))
    (base / "two.txt").write_bytes(
        b"\xef\xbb\xbf" + "\r\n".join([*LINES, "Anna"]).encode("utf-8") + b"\nkaputt \xff hier")
    return base


def command(name, *flags):
    result = subprocess.run([sys.executable, "-m", f"xtremedistil_tf.cli.{name}", *flags],
                            cwd=ROOT, capture_output=True, text=True, timeout=300)
    return result


def predicted(folder, file):
    """Each line as `xtremedistil-predict` writes it."""
    result = command("predict", f"--model_dir={folder}", "--runtime=onnx", "--format=json",
                     f"--input={file}")
    assert result.returncode == 0, result.stderr
    return result.stdout.split("\n")[:-1]


def test_the_pipeline_writes_what_predict_does(folder, corpus, tmp_path):
    result = command("beam", f"--model_dir={folder}", "--runtime=onnx",
                     f"--input={corpus / '*.txt'}", f"--output={tmp_path / 'out'}",
                     "--", "--runner=DirectRunner", "--direct_num_workers=1")
    assert result.returncode == 0, result.stderr
    assert "810 lines tagged" in result.stderr
    rows = [json.loads(line) for path in tmp_path.glob("out-*.jsonl")
            for line in path.read_text("utf-8").split("\n")[:-1]]
    for name in ("one.txt", "two.txt"):
        data = (corpus / name).read_bytes()
        mine = sorted((row for row in rows if row["file"] == str(corpus / name)),
                      key=lambda row: row["offset"])
        expected = [json.loads(line) for line in predicted(folder, corpus / name)]
        assert len(mine) == len(expected) == data.count(b"\n") + (not data.endswith(b"\n"))
        for row, other in zip(mine, expected):
            assert row["offset"] == 0 or data[row["offset"] - 1 : row["offset"]] == b"\n"
            # Which lines share a batch may move a float's last digit.
            for found, known in zip(row["entities"], other["entities"]):
                assert found.pop("score") == pytest.approx(known.pop("score"), abs=2e-4)
            assert {"text": row["text"], "entities": row["entities"]} == other
    assert any(row["entities"] for row in rows)


@pytest.mark.parametrize("size", [1, 7, 64, 10**6])
def test_every_split_of_a_file_gives_each_line_once(corpus, size):
    from apache_beam.io import source_test_utils

    from xtremedistil_tf.apps.beam import _LineSource

    for name in ("one.txt", "two.txt"):
        data = (corpus / name).read_bytes()[:3000]
        path = corpus / f"{name}.part"
        path.write_bytes(data)
        source = _LineSource(str(path), min_bundle_size=0)
        whole = source_test_utils.read_from_source(source, None, None)
        offsets = [at + 1 for at, byte in enumerate(data[:-1]) if byte == 10]
        assert [line.offset for line in whole] == [0, *offsets]
        source_test_utils.assert_sources_equal_reference_source(
            (source, None, None),
            [(part.source, part.start_position, part.stop_position)
             for part in source.split(size)])


def test_compressed_files_are_read(corpus):
    import gzip

    from apache_beam.io import source_test_utils

    from xtremedistil_tf.apps.beam import _LineSource

    path = corpus / "three.gz"
    path.write_bytes(gzip.compress("Anna\nBonn\n".encode()))
    found = source_test_utils.read_from_source(_LineSource(str(path)), None, None)
    assert [(line.offset, line.text) for line in found] == [(0, "Anna"), (5, "Bonn")]


TAGGER = types.SimpleNamespace(kind="tagging", labels=("O", "B-PER", "I-PER"), pairs=False)


@pytest.mark.parametrize(("raw", "options", "told"), [
    (b"Anna lacht\tB-PER O\n" * 9, {}, "rows are labelled.*--text_column=1"),
    (b'{"text": "Anna"}\n' * 9, {}, "JSON objects; --text_column=KEY"),
    (b'{"text": "Anna"}\n' * 9, {"column": "body"}, "no JSON object with a text under 'body'"),
    ("Zürich\n".encode("latin-1") * 9, {}, "not UTF-8.*--encoding=latin-1"),
    ("Anna\n".encode("utf-16"), {}, "UTF-16-LE, which the pipeline cannot split"),
    (b"Anna\rBonn\r", {}, "with carriage returns, which the pipeline cannot split"),
    (b"Anna\n", {"encoding": "utf-16-le"}, "line feeds of one byte"),
    (b"Anna\n", {"encoding": "nothing"}, "--encoding is 'nothing'"),
    (b"PK\x03\x04\n", {}, "is a zip archive; needed is text"),
])
def test_what_is_no_text_is_told_before_the_pipeline_starts(tmp_path, raw, options, told):
    from xtremedistil_tf.apps.beam import check_files

    (tmp_path / "a.txt").write_text("Anna lacht.\n")
    check_files(str(tmp_path / "*.txt"), TAGGER)
    (tmp_path / "b.txt").write_bytes(raw)
    with pytest.raises(UserError, match=told):
        check_files(str(tmp_path / "*.txt"), TAGGER, **options)


def test_columns_and_encodings_are_read(folder, tmp_path):
    (tmp_path / "a.jsonl").write_bytes(
        '{"text": "Anna aus Zürich", "id": 1}\n\n'.encode("latin-1") * 300 + b'{"id": 2}\n')
    result = command("beam", f"--model_dir={folder}", "--runtime=onnx", "--text_column=text",
                     "--encoding=latin-1", f"--input={tmp_path / 'a.jsonl'}",
                     f"--output={tmp_path / 'out'}")
    assert result.returncode == 0, result.stderr
    rows = [json.loads(line) for path in tmp_path.glob("out-*.jsonl")
            for line in path.read_text("utf-8").splitlines()]
    assert collections.Counter(row["text"] for row in rows) == {
        "Anna aus Zürich": 300, "": 300, '{"id": 2}': 1}
    assert [row["error"] for row in rows if "error" in row] == [
        "this line is no JSON object with a text under 'text', which --text_column names"]


@pytest.mark.parametrize(("flags", "told"), [
    (["--input=/nowhere/*.txt"], "--input /nowhere/*.txt: no such files"),
    (["--input=x", "stray"], "not a flag: stray"),
    (["--inptu=x"], "did you mean --input?"),
])
def test_mistakes_are_told(folder, tmp_path, flags, told):
    result = command("beam", f"--model_dir={folder}", "--runtime=onnx",
                     f"--output={tmp_path / 'out'}", *flags)
    assert result.returncode == 2 and told in result.stderr, result.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("named,ours", [
    ([], True), (["--runner=DirectRunner", "--direct_num_workers=2"], True),
    (["--runner=FlinkRunner"], False), (["--runner=PrismRunner"], False)])
def test_the_local_runner_asks_the_net_for_nothing(named, ours):
    """Beam's own default looks for its program Prism there first."""
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

    from xtremedistil_tf.cli.beam import _local_runner

    found = _local_runner(PipelineOptions(named))
    assert isinstance(found, FnApiRunner) if ours else found is None


class Loaded:
    """A student as it was asked for; Beam holds it by a weak reference."""

    def __init__(self, folder, runtime, **options):
        self.folder, self.options = folder, options


@pytest.mark.parametrize("options", [
    {}, {"verify": False}, {"onnx_providers": ["cuda"]}])
def test_workers_load_the_student_as_asked(monkeypatch, options):
    from xtremedistil_tf.apps import beam as ours

    monkeypatch.setattr(ours, "load", Loaded)
    tag = ours.TagText("*.txt", f"student {options}", "onnx", **options)._tag
    tag.setup()
    assert tag._tagger.folder == f"student {options}"
    assert tag._tagger.options == {"keep_whole": False, "verify": True, "onnx_providers": (),
                                   **options}


def test_the_command_gives_workers_its_providers(monkeypatch):
    from xtremedistil_tf.apps import beam as ours
    from xtremedistil_tf.cli import beam as beam_command

    asked = {}

    def tag_text(*places, **options):
        asked.update(options)
        raise UserError("that is enough")

    monkeypatch.setattr(ours, "TagText", tag_text)
    monkeypatch.setattr(ours, "check_files", lambda *places, **options: None)
    monkeypatch.setattr(beam_command, "load_named_student", lambda: None)
    monkeypatch.setattr(beam_command, "FLAGS", types.SimpleNamespace(
        input="*.txt", model_dir="student", runtime="onnx", whitespace_words=False, verify=True,
        text_column=None, encoding=None, onnx_providers=["cuda"], output="out"))
    with pytest.raises(UserError, match="enough"):
        beam_command.main([])
    assert asked["onnx_providers"] == ["cuda"]
