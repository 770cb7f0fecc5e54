"""xtremedistil-evaluate from flags to files."""

import json
import subprocess
import sys

import pytest
from absl.testing import flagsaver

from tests.conftest import ROOT
from xtremedistil_tf.cli import evaluate
from xtremedistil_tf.cli.options import console
from xtremedistil_tf.errors import UserError


@pytest.fixture(scope="module")
def set_flags():
    """Sets the command's flags for a while."""
    before = set(evaluate.FLAGS)
    console.define_all(evaluate.define_flags)
    evaluate.FLAGS(["evaluate", "--data=x"])
    yield lambda **values: flagsaver.flagsaver(**values)
    for name in set(evaluate.FLAGS) - before:
        delattr(evaluate.FLAGS, name)


def test_two_runtimes_of_a_student_are_compared(run_folder, tmp_path):
    """In a process that never loads TensorFlow."""
    data = tmp_path / "dev.tsv"
    data.write_bytes(b"".join((ROOT / "data/ner/dev.tsv").read_bytes().splitlines(True)[:40]))
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from xtremedistil_tf.cli import evaluate; "
         "import atexit; atexit.register(lambda: print('tensorflow' in sys.modules)); "
         "evaluate.run()", f"--model_dir={run_folder}", "--runtime=onnx,onnx_int8",
         f"--data={data}", "--samples=50", "--worst=3", f"--output={tmp_path / 'out'}"],
        cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "False"
    found = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert [model["name"] for model in found["models"]] == [
        f"{run_folder.name} (onnx)", f"{run_folder.name} (onnx_int8)"]
    for model in found["models"]:
        low, high = model["intervals"]["macro_f1"]
        assert low <= model["scores"]["macro_f1"] <= high
        assert 0 <= model["calibration"]["error"] <= 1
    assert found["errors"]["wrong_rows"][0] > 3 == len(found["errors"]["worst"])
    report = (tmp_path / "out" / "evaluation.md").read_text("utf-8")
    for name in ("languages", "classes", "confusion", "reliability"):
        assert f"](plots/{name}.png)" in report
        assert (tmp_path / "out" / "plots" / f"{name}.png").stat().st_size > 1000
    for part in ("By language (F1)", "By type", "What is taken for what", "Errors",
                 "The worst rows", "95 % interval"):
        assert part in report


def test_predictions_alone_need_no_model(set_flags, tmp_path, capsys):
    (tmp_path / "gold.tsv").write_text("good\ta\nbad\tb\nworse\tb\n", "utf-8")
    (tmp_path / "found.txt").write_text("a\na\nb\n", "utf-8")
    with set_flags(data=str(tmp_path / "gold.tsv"), predictions=[str(tmp_path / "found.txt")]):
        evaluate.main()
    shown = capsys.readouterr().out
    assert shown.startswith("# found.txt on gold.tsv, 3 rows")
    assert "| accuracy | 66.67 (" in shown and "| 2 | default | bad | b | a |" in shown


def test_what_a_killed_evaluation_left_is_removed(set_flags, tmp_path):
    (tmp_path / "gold.tsv").write_text("good\ta\nbad\tb\n", "utf-8")
    (tmp_path / "found.txt").write_text("a\nb\n", "utf-8")
    out = tmp_path / "out"
    (out / "plots").mkdir(parents=True)
    left = [out / ".tmp-12-evaluation.json", out / "plots" / ".tmp-12-classes.png"]
    for path in (*left, out / ".tmp-12-of-another"):
        path.touch()
    with set_flags(data=str(tmp_path / "gold.tsv"), predictions=[str(tmp_path / "found.txt")],
                   output=str(out)):
        evaluate.main()
    assert sorted(path.name for path in out.iterdir()) == [
        ".tmp-12-of-another", "evaluation.json", "evaluation.md", "plots"]
    assert not any(path.exists() for path in left)


@pytest.mark.parametrize("gold, found, values, told", [
    ("good\ta,b\nbad\tb\n", "a,b\nb\n", {"do_multilabel": True}, "| macro-F1 | 100.00 "),
    ("I see\txx:PRON xx:VERB\nIt is\txx:PRON xx:AUX\n", "PRON VERB\nPRON AUX\n",
     {"do_NER": True, "tag_scheme": "none"}, "100.00 "),
    ("Anna ran\txx:B-PER xx:O\nOur Bo\txx:O xx:B-PER\n", "O O\nO B-PER\n", {"do_NER": True},
     "| PER: Anna | none |"),
])
def test_predictions_alone_are_of_any_kind(set_flags, tmp_path, capsys, gold, found, values, told):
    (tmp_path / "gold.tsv").write_text(gold, "utf-8")
    (tmp_path / "found.txt").write_text(found, "utf-8")
    if "do_NER" in values:
        tags = "PRON\nVERB\nAUX\n" if "tag_scheme" in values else "O\nB-PER\nI-PER\n"
        (tmp_path / "labels.tsv").write_text(tags, "utf-8")
    with set_flags(data=str(tmp_path / "gold.tsv"), predictions=[str(tmp_path / "found.txt")],
                   **values):
        evaluate.main()
    assert told in capsys.readouterr().out


def test_a_folder_whose_name_has_a_comma_is_one(set_flags, tmp_path):
    both = tmp_path / "epochs=4,heat=2"
    both.mkdir()
    for folders, models in (([str(both)], 1), (["a", "b"], 2)):
        with set_flags(data=str(tmp_path), model_dir=",".join(folders).split(",")):
            assert [folder for folder, _ in evaluate._models()] == folders
            assert len(evaluate._models()) == models


@pytest.mark.parametrize("values, why", [
    ({}, "give what to score: --model_dir or --predictions"),
    ({"predictions": ["a", "b", "c"]}, "one of them or two"),
    ({"predictions": ["none"]}, "file not found: none"),
    ({"model_dir": ["a"], "runtime": ["onx"]}, "--runtime is 'onx'; allowed: .*did you mean onnx"),
    ({"model_dir": ["a", "b"], "runtime": ["onnx"] * 3}, "2 folders and --runtime 3"),
    ({"data": "nowhere", "model_dir": ["a"]}, "--data nowhere: no such file or folder"),
])
def test_mistakes_are_told(set_flags, tmp_path, values, why):
    (tmp_path / "gold.tsv").write_text("good\ta\nbad\tb\n", "utf-8")
    with set_flags(**{"data": str(tmp_path / "gold.tsv"), **values}):
        with pytest.raises(UserError, match=why):
            evaluate.main()
