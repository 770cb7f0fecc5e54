"""The commands: every form gives the same output, in order, whatever a line holds."""

import gc
import json
import re
import shutil
import types

import pytest

import xtremedistil_tf
from tests.conftest import ROOT
from tests.processes import run
from tests.students import TEXTS
from xtremedistil_tf.cli import predict, serve
from xtremedistil_tf.cli.options import streams
from xtremedistil_tf.cli.predict import collect_seldom
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference import streaming
from xtremedistil_tf.inference.lines import TaggedLine
from xtremedistil_tf.inference.runtimes import teacher as loading
from xtremedistil_tf.inference.streaming import tag_lines
from xtremedistil_tf.inference.tagger import TextTagger
from xtremedistil_tf.validation import run_files


def command(name, folder, *flags, **more):
    return run(f"xtremedistil_tf.cli.{name}", f"--model_dir={folder}", *flags, **more)


class Fussy(TextTagger):
    """Tags each character as a word; chokes on a line with an x."""

    def __init__(self):
        self.blocks = []

    def tag_text(self, texts):
        self.blocks.append(len(texts))
        if any("x" in text for text in texts):
            raise RuntimeError("an x\nand more")
        return [[((char, at, at + 1), "O", 1.0) for at, char in enumerate(text)]
                for text in texts]


def test_a_broken_line_costs_that_line_only():
    lines = ["ab", "x", "", "cd"]
    results = list(tag_lines(Fussy(), lines))
    assert [line.text for line in results] == lines
    assert [line.error for line in results] == [None, "RuntimeError: an x", None, None]
    assert [len(line.words) for line in results] == [2, 0, 0, 2]


def test_lines_are_read_as_they_are_needed(monkeypatch):
    monkeypatch.setattr(streaming, "_LINES", 3)
    monkeypatch.setattr(streaming, "_CHARACTERS", 10)
    read = []

    def source():
        for number in range(1000):
            read.append(number)
            yield "a" * (20 if number == 4 else 2)

    tagger = Fussy()
    results = tag_lines(tagger, source())
    first = next(results)
    assert first.text == "aa" and len(read) == 3
    assert len(list(results)) == 999
    assert tagger.blocks[:3] == [3, 2, 3]  # The long line ends its block.


def test_cycles_are_looked_for_seldom():
    before = gc.get_threshold()
    try:
        collect_seldom()
        assert gc.get_threshold()[0] > 100_000 and gc.isenabled()
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


@pytest.mark.parametrize("runtime", ["keras", "savedmodel", "onnx"])
def test_predict_gives_the_same_through_every_form(run_folder, taggers, runtime, tmp_path):
    texts = [text for text in TEXTS if "\n" not in text] + ["Anna Weber, Bonn. " * 200]
    source, target = tmp_path / "in.txt", tmp_path / "out.json"
    source.write_text("\n".join(texts) + "\n", "utf-8")
    result = command("predict", run_folder, f"--runtime={runtime}", "--format=json",
                     f"--input={source}", f"--output={target}",
                     tensorflow=runtime == "savedmodel")
    assert result.returncode == 0, result.stderr
    # Nothing but the bar: TensorFlow's libraries have much to say when they are loaded.
    assert "100%" in result.stderr
    assert {line[:7] for line in re.split(r"[\r\n]+", result.stderr) if line} == {"reading"}
    lines = [json.loads(line) for line in target.read_text("utf-8").split("\n")[:-1]]
    assert [line["text"] for line in lines] == texts
    for line, entities in zip(lines, taggers["keras"](texts)):
        for found, expected in zip(line["entities"], entities):
            assert found.pop("score") == pytest.approx(expected.pop("score"), abs=2e-4)
        assert line["entities"] == entities


def test_predict_reads_standard_input_and_broken_bytes(run_folder, tmp_path):
    result = command("predict", run_folder / "onnx", "--format=conll", text="Anna lacht.")
    assert [line.split("\t")[0] for line in result.stdout.splitlines()] == [
        "Anna", "lacht", ".", ""]
    source = tmp_path / "in.txt"
    source.write_bytes("Anna wohnt, in Bonn .\nkaputt ".encode() + b"\xff" + " hier\nÄÖ\n".encode()
                       + "\ufeffKüche\n".encode())
    result = command("predict", run_folder / "onnx", f"--input={source}", "--whitespace_words")
    assert result.returncode == 0
    assert "1 lines hold bytes that are not UTF-8" in result.stderr
    assert "the first is line 2" in result.stderr
    assert "1 byte order marks inside the file left out" in result.stderr
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [len(words.split()) for words, _ in rows] == [len(tags.split()) for _, tags in rows]
    assert rows[0][0] == "Anna wohnt, in Bonn ." and rows[1][0] == "kaputt \ufffd hier"


@pytest.mark.parametrize("runtime,told", [
    (None, "holds no student"), ("onnx", "model.onnx"), ("savedmodel", "holds no SavedModel")])
def test_a_folder_without_a_student_is_refused(tmp_path, runtime, told):
    with pytest.raises(UserError, match=told):
        xtremedistil_tf.load(tmp_path, runtime)


def test_an_output_is_named_if_it_is_full_and_nothing_stays_beside_it(tmp_path):
    with pytest.raises(OSError) as failed, streams.opened_output("/dev/full") as write:
        write("x")
    assert failed.value.filename == "/dev/full"
    output = tmp_path / "out.tsv"
    (tmp_path / ".tmp-12-out.tsv").touch()  # Of a command that was killed.
    with streams.opened_output(str(output)) as write:
        write("x")
    assert list(tmp_path.iterdir()) == [output]


def test_predict_without_a_student(tmp_path):
    result = command("predict", tmp_path, "--runtime=onnx", text="x")
    assert result.returncode == 2
    assert "model.onnx" in result.stderr and "Traceback" not in result.stderr


def test_export_leaves_out_bad_rows_where_it_is_told_to(student_folder, tmp_path):
    shutil.copytree(student_folder, tmp_path / "student")
    task = tmp_path / "task"
    task.mkdir()
    (task / "dev.tsv").write_text("Anna lacht\tB-PER O\nBonn\tB-LOC O\n", "utf-8")
    flags = ["--forms=onnx", f"--task={task}"]
    result = command("export", tmp_path, *flags)
    assert result.returncode == 2 and "dev.tsv:2" in result.stderr
    assert "--on_bad_row=skip" in result.stderr  # A flag that the command has.
    result = command("export", tmp_path, *flags, "--on_bad_row=skip", tensorflow=True)
    assert result.returncode == 0, result.stderr


def test_a_mistake_in_a_line_is_told_without_our_name_for_it():
    class Strict(Fussy):
        def tag_text(self, texts):
            raise UserError("1 columns; needed are two")

    assert [line.error for line in tag_lines(Strict(), ["a"])] == ["1 columns; needed are two"]


def test_a_fault_of_the_student_in_every_line_is_none_of_the_users():
    with pytest.raises(RuntimeError, match="an x"):
        predict.refuse_all(Fussy(), 2, 1, "x", "RuntimeError: an x")

    class Strict(Fussy):
        def tag_text(self, texts):
            raise UserError("1 columns; needed are two")

    with pytest.raises(UserError, match="none of the 2 lines .*: line 4: 1 columns; needed are"):
        predict.refuse_all(Strict(), 2, 4, "a", "1 columns; needed are two")


def test_a_block_knows_its_lines_that_could_not_be_read():
    block = predict.render_block(Fussy(), "tsv", ["ab", "x", "", "cx"])
    assert block == ("a b\tO O\n\t\n\t\n\t\n", 4,
                     [(1, "x", "RuntimeError: an x"), (3, "cx", "RuntimeError: an x")], 0)


@pytest.mark.parametrize("threads, processes, alone", [
    (2, None, 3), (1, None, 5), (2, 1, 5), (1, 2, 0)])
def test_many_lines_are_read_in_processes(monkeypatch, threads, processes, alone):
    def in_processes(make, items, *, processes):
        return (f"{processes}{item}" for item in items)

    monkeypatch.setattr(streaming, "blocks", iter)
    monkeypatch.setattr(streaming, "cores", lambda: 2)
    monkeypatch.setattr(streaming, "in_processes", in_processes)
    monkeypatch.setattr(streaming, "in_threads", lambda function, items, threads: items)
    monkeypatch.setattr(predict, "_FEW_BLOCKS", 3)
    found = list(predict.rendered(types.SimpleNamespace(threads=threads), "tsv", "abcde",
                                  load=None, processes=processes))
    assert found == list("abcde"[:alone]) + [f"2{item}" for item in "abcde"[alone:]]


def test_processes_write_what_one_writes(student_folder, tmp_path):
    texts = tmp_path / "texts.txt"
    texts.write_text("".join(f"{text} {number}\n" for number in range(900) for text in TEXTS[:3]),
                     "utf-8")
    written = []
    for processes in (1, 2):
        output = tmp_path / f"{processes}.jsonl"
        result = command("predict", student_folder.parent, "--runtime=onnx", f"--input={texts}",
                         f"--output={output}", "--format=json", f"--processes={processes}")
        assert result.returncode == 0, result.stderr
        written.append(output.read_bytes())
    assert written[0] == written[1] and written[0].count(b"\n") == 2700
    refused = command("predict", student_folder.parent, "--runtime=onnx", "--processes=2",
                      "--ask_teacher_below=0.5", text="Anna")
    assert refused.returncode == 2
    assert "--processes is 2; allowed beside --ask_teacher_below: 1" in refused.stderr


def test_a_line_that_failed_says_so():
    from xtremedistil_tf.cli.predict import render

    line = TaggedLine("a b", [], "RuntimeError: why")
    assert json.loads(render(line, "json"))["error"] == "RuntimeError: why"
    assert render(line, "tsv") == "\t" and render(line, "conll") == "\n"


def test_export_command(student_folder, tmp_path):
    shutil.copytree(student_folder, tmp_path / "student")
    result = command("export", tmp_path, "--forms=onnx", f"--task={ROOT / 'data' / 'ner'}",
                     tensorflow=True)
    assert result.returncode == 0, result.stderr
    assert "dev" in result.stderr and (tmp_path / "onnx" / "model.int8.onnx").is_file()
    assert not (tmp_path / "export").exists()
    assert xtremedistil_tf.load(tmp_path, "onnx")("Anna") is not None
    for flags, told in ((["--forms=torch"], "allowed: savedmodel, onnx, tflite"),
                        (["--forms="], "--forms is empty; allowed: savedmodel"),
                        (["--export_version=0"], "--export_version is 0")):
        result = command("export", tmp_path, *flags)
        assert result.returncode == 2 and told in result.stderr


class Sure(TextTagger):
    """Calls every text one entity, with the same probability."""

    labels = ("O", "B-PER", "I-PER")

    def __init__(self, probability):
        self.probability = probability

    def tag_text(self, texts):
        return [[((text, 0, len(text)), "B-PER", self.probability)] for text in texts]


@pytest.mark.parametrize("least, tags", [(0.5, "B-PER"), (0.8, "O")])
def test_the_teachers_answers_have_the_threshold_too(least, tags, monkeypatch, tmp_path):
    student = Sure(0.6)
    student.say_from({"": least})
    for module in (run_files, serve):
        monkeypatch.setattr(module, "find_teacher", lambda folder: folder)
    monkeypatch.setattr(serve, "load_named_student", lambda runtime: student)
    monkeypatch.setattr(loading, "load_teacher_model", lambda folder, keep_whole: Sure(0.7))
    given = types.SimpleNamespace(ask_teacher_below=0.65, teacher_model_dir=None, show_teacher=True,
                                  model_dir=str(tmp_path), whitespace_words=False, processes=None)
    for module in (predict, serve):
        monkeypatch.setattr(module, "FLAGS", given)
    cascade = predict._with_teacher(student)
    (line,) = cascade.read_lines(["Anna"])
    assert cascade.asked == 1 and line.row("tsv") == f"Anna\t{tags}"
    (line,) = serve._models("keras")["teacher"].model.read_lines(["Anna"])
    assert line.row("tsv") == f"Anna\t{tags}"
