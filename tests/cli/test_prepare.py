"""The xtremedistil-prepare command as its users call it."""

import functools

from tests import processes
from tests.conftest import write_task
from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.folders.task import describe, read_task

run = functools.partial(processes.run, "xtremedistil_tf.cli.prepare")


def test_files_become_a_task_folder_with_its_card(tmp_path):
    source, texts, output = tmp_path / "all.conll", tmp_path / "news.txt", tmp_path / "task"
    source.write_text("\n\n".join(f"Ann{n} I-PER\nlacht O" for n in range(20)))
    texts.write_text("Er kam. Sie ging.\n")
    result = run(f"--input={source}", f"--transfer={texts}", f"--output={output}", "--language=de",
                 "--licence=CC0")
    assert result.returncode == 0, result.stderr
    assert "train: 16 sentences in 1 language" in result.stdout
    assert "20 IOB1 tags rewritten as IOB2" in result.stdout
    assert f"data card: {output / 'card' / 'README.md'}" in result.stdout
    assert {path.name for path in output.iterdir()} == {
        "train.tsv", "dev.tsv", "test.tsv", "labels.tsv", "transfer.txt", "conversion.json", "card"}
    assert "Licence of the data: CC0." in (output / "card" / "README.md").read_text()
    assert f"read {source}: 20 sentences" in result.stderr
    result = run(f"--check={output}", "--quiet")
    assert result.returncode == 0 and not result.stderr


def test_what_a_killed_command_left_goes(tmp_path):
    source, task = tmp_path / "all.conll", tmp_path / "made" / "task"
    source.write_text("\n\n".join(f"Ann{n} I-PER\nlacht O" for n in range(20)))
    (task.parent / ".tmp-12-task").mkdir(parents=True)
    assert run(f"--input={source}", f"--output={task}").returncode == 0
    (task / ".tmp-12-card").mkdir()
    assert run(f"--card={task}").returncode == 0
    assert list(task.parent.iterdir()) == [task]
    assert not [path for path in task.iterdir() if path.name.startswith(".")]


def test_the_current_folder_is_no_output(tmp_path):
    for output in (".", "..", "x/.."):
        result = run("--input=x", f"--output={output}", cwd=tmp_path)
        assert result.returncode == 2 and "error: --output " in result.stderr


def test_check_reports_all_and_exits_with_2(tmp_path):
    folder = write_task(tmp_path / "task")
    with open(folder / "dev.tsv", "a") as file:
        file.write("a\tb\tc\nAnn lacht\tB-PER\n")
    result = run(f"--check={folder}")
    assert result.returncode == 2
    assert f"{folder / 'dev.tsv'}:25: error: 3 columns" in result.stdout
    assert f"{folder / 'dev.tsv'}:26: error: 2 words but 1 tags" in result.stdout
    assert "cannot be used as it is: 2 errors" in result.stderr
    assert "Traceback" not in result.stderr


def test_check_tells_what_a_run_will_warn_of(tmp_path):
    folder = write_task(tmp_path / "task")
    for name, lines in (("labels.tsv", "B-OPUS\nI-OPUS\n"), ("test.tsv", "Faust\tde:B-OPUS\n")):
        with open(folder / name, "a") as file:
            file.write(lines)
    first = (folder / "train.tsv").read_text("utf-8").splitlines()[0]
    with open(folder / "dev.tsv", "a", encoding="utf-8") as file:
        file.write(first + "\n")
    will = describe(read_task(DataConfig(str(folder), "transfer.txt", do_ner=True)))["warnings"]
    assert any("test has entity types that train has not" in line for line in will)
    assert any("dev: 1 of 25 texts stand in train too" in line for line in will)
    result = run(f"--check={folder}")
    assert result.returncode == 0, result.stderr
    assert [line for line in result.stdout.splitlines() if line.startswith("a run")] == [
        f"a run will warn: {line}" for line in will]


def test_the_papers_languages_have_a_name(tmp_path):
    source = tmp_path / "all.conll"
    source.write_text("\n\n".join(f"Ann{n} I-PER" for n in range(20)))
    result = run(f"--input={source}", f"--output={tmp_path / 'task'}", "--language=de",
                 "--languages=paper")
    assert result.returncode == 2 and "--languages names af, ar, bg" in result.stderr


def test_jobs_exclude_each_other(tmp_path):
    for arguments in ([], ["--check=a", "--card=b"], ["--check=a", "--input=b"], ["--output=a"]):
        result = run(*arguments)
        assert result.returncode == 2 and "give one of: --output=" in result.stderr


def test_flags_are_checked_before_anything_is_fetched():
    result = run("--input=x", "--output=y", "--dev_share=0.6")
    assert result.returncode == 2
    assert "--dev_share is 0.6; allowed: above 0 and below 0.5" in result.stderr
    assert "no such file" in run("--input=x", "--output=y").stderr


def test_a_wrong_tokenizer_is_told_before_the_work(tmp_path):
    (tmp_path / "x.txt").write_text("Ann B-PER\n\n" * 3)
    result = run(f"--input={tmp_path / 'x.txt'}", f"--output={tmp_path / 'task'}",
                 f"--tokenizer={tmp_path / 'x.txt'}")
    assert result.returncode == 2 and "has no line [UNK]" in result.stderr
    assert not (tmp_path / "task").exists()
