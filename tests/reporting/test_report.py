"""Tests of the Markdown report, the terminal table and the paper's constants."""

import pathlib
import statistics

import pytest

from xtremedistil_tf.reporting import markdown, paper, report

STAGES = ("01_representation", "02_logits_logits", "03_logits_projection", "04_logits_bilstm",
          "05_logits_word_embedding", "06_labels_logits", "07_labels_projection",
          "08_labels_bilstm", "09_labels_word_embedding")


def ner_scores(base, codes=("de", "xx")):
    """Makes NER scores around `base`, one point apart by language."""
    return {"macro_f1": base, "micro_f1": base + 0.25, "std_f1": 1.5,
            "languages": {code: {"precision": base, "recall": base, "f1": base + place,
                                 "support": 1000 + place} for place, code in enumerate(codes)}}


def class_scores(base):
    """Makes classification scores around `base` for one language."""
    return {"accuracy": base + 0.5, "macro_f1": base,
            "languages": {"en": {"accuracy": base + 0.5, "support": 70}}}


def make_metrics(scores=ner_scores, test=True, names=STAGES, strategy="D4.2"):
    """Makes a run's metrics; test scores lie 10 points under dev's, so the two cannot be mixed."""
    metrics = {
        "task": "some-task", "compare_paper": True, "strategy": strategy, "seed": 42,
        "teacher": {"name": "big-teacher", "parameters": 177000000, "dev": scores(90.0)},
        "student": {"parameters": 10200000, "embedding_parameters": 8100000,
                    "selected_stage": names[-1], "dev": scores(85.0)},
        "retention": 93.75 if test else None, "compression": {"parameters": 17.4},
        "stages": [{"name": name, "data": "transfer", "losses": ["logits:mse"],
                    "trainable": ["projection", "bilstm"], "trainable_parameters": 4321,
                    "epochs": 12, "best_epoch": 9, "seconds": 61.5, "monitor": "macro_f1",
                    "dev": scores(40.0 + place)} for place, name in enumerate(names)],
        "teacher_passes": 1,
        "seconds": {"teacher": None, "targets": 50.0, "stages": 1350.0, "total": 1500.0},
        "data": {"train": {"sentences": 8000, "words": 90001, "unknown_pieces": 7,
                           "languages": {"de": 5000, "xx": 3000}},
                 "transfer": {"sentences": 24000}, "warnings": ["xx has no\n  dev sentences"]}}
    if scores is class_scores:
        metrics.update(kind="classification", measure="accuracy")
    if test:
        metrics["teacher"]["test"] = scores(80.0)
        metrics["student"]["test"] = scores(75.0)
    return metrics


def make_histories(names=STAGES):
    """Makes two epochs for every stage."""
    return {name: [{"epoch": epoch, "loss": 1.0 / epoch, "learning_rate": 1e-3, "monitor": 50.0,
                    "seconds": 1.0} for epoch in (1, 2)] for name in names}


def row(text, first):
    """Finds the one table row whose first cell is `first`, as its cells."""
    found = [line for line in text.splitlines() if line.startswith(f"| {first} |")]
    assert len(found) == 1, (first, found)
    return [cell.strip() for cell in found[0].strip("|").split("|")]


def test_headline_holds_both_models():
    """Sizes, dev and test scores stand in the row of the model they belong to."""
    text = report.render_report(make_metrics(), make_histories())
    assert text.startswith("# Distillation report: some-task, strategy D4.2, seed 42\n")
    assert row(text, "Teacher: big-teacher")[1:] == [
        "177,000,000", "90.00 (1.5)", "80.00 (1.5)", "80.25"]
    assert row(text, "Student, after 09_labels_word_embedding")[1:] == [
        "10,200,000", "85.00 (1.5)", "75.00 (1.5)", "75.25"]
    assert "- Retention: 93.75 % of the teacher's test macro-F1." in text
    assert "- Compression: 17.4x fewer" in text
    assert "8,100,000 are word embeddings" in text
    assert "no test scores" not in text


def test_every_table_row_has_as_many_cells_as_its_header():
    """No table is ragged, whichever columns a run has."""
    for metrics in (make_metrics(), make_metrics(test=False), make_metrics(class_scores),
                    make_metrics(names=STAGES[:2], strategy="D2")):
        for block in report.render_report(metrics, {}).split("\n\n"):
            lines = [line for line in block.splitlines() if line.startswith("|")]
            assert len({line.count("|") for line in lines}) <= 1, block


def test_stage_trace_stands_beside_the_papers():
    """Stage 2 to 9 of D4.2 carry Table 4's eight rows, the first stage none."""
    text = report.render_report(make_metrics(), {})
    assert row(text, "01_representation")[-2:] == ["40.00 (1.5)", "-"]
    assert row(text, "02_logits_logits")[-1] == "0.00 (0.0)"
    assert row(text, "03_logits_projection")[-1] == "2.85 (3.9)"
    assert row(text, "**09_labels_word_embedding** (selected)") == [
        "**09_labels_word_embedding** (selected)", "transfer", "logits:mse", "projection, bilstm",
        "4,321", "12/9", "61.5", "48.00 (1.5)", "88.64 (3.8)"]
    assert text.count("(selected)") == 1


@pytest.mark.parametrize("metrics", [
    make_metrics(strategy="D4.1"), make_metrics(names=STAGES[:8]), make_metrics(class_scores)])
def test_the_papers_trace_is_left_out_where_it_does_not_apply(metrics):
    """Another strategy, another number of stages or another task has no paper column."""
    text = report.render_report(metrics, {})
    assert row(text, "01_representation")[-1].startswith("40.")
    assert "2.85" not in text


def test_models_table_puts_the_run_beside_table_5():
    """Teacher and student stand below the paper's models, under their own names."""
    text = report.render_report(make_metrics(), {})
    assert row(text, "mBERT-single") == ["mBERT-single", "90.76 (3.1)", "-"]
    assert row(text, "mBERT")[1:] == ["91.86 (2.7)", "-"]
    assert row(text, "this run's teacher, big-teacher")[1:] == ["-", "80.00 (1.5)"]
    assert row(text, "this run's student")[1:] == ["-", "75.00 (1.5)"]
    assert row(text, "Retention, %")[1:] == ["96.49", "93.75"]
    assert "41 languages, this run over 2." in text


def test_the_papers_figures_stand_beside_wikiann_only():
    """Another task has none, unless they are asked for."""
    metrics = make_metrics()
    del metrics["compare_paper"]
    text = report.render_report(metrics, {})
    assert "paper" not in text.lower() and row(text, "de")[-1] == "-5.00"
    metrics["task"] = "WikiAnn29"
    assert "Table 17" in report.render_report(metrics, {})


def test_what_distillation_was_worth_is_said_with_its_interval():
    metrics = make_metrics()
    metrics["alone"] = {"epochs": 4, **{split: ner_scores(70.0) for split in ("dev", "test")},
                        "worth": {"low": 3.5, "high": 6.5, "difference": 5.0}}
    told = ("test macro-F1: teacher 80.00, student 75.00, the same student on labels alone 70.00: "
            "distillation brought 5.00 points (95 % interval +3.50 to +6.50).")
    text = report.render_report(metrics, {})
    assert f"- {told}" in text and row(text, "Student alone, on labels")[2] == "70.00 (1.5)"
    assert report.teacher_student_table(metrics).splitlines()[-2] == told
    metrics["alone"]["worth"]["low"] = -1.0
    assert "so it may be chance)" in report.render_report(metrics, {})


def test_types_by_language_are_a_heat_map(tmp_path):
    metrics = make_metrics()
    own = {"precision": 70.0, "recall": 60.0, "f1": 64.0, "support": 9}
    for who in ("teacher", "student"):
        metrics[who]["test"].update(
            classes={"PER": own, "LOC": own}, confusion=[[5, 1, 0], [0, 7, 2], [0, 0, 0]],
            confusion_names=["PER", "LOC", "none"],
            classes_by_language={code: {"PER": own, "LOC": {**own, "support": 0}}
                                 for code in ("de", "xx")})
    report.write_report(tmp_path, metrics, {})
    text = (tmp_path / "report.md").read_text("utf-8")
    assert row(text, "PER")[1:3] == ["9", "64.00"] and "## Type by type, test" in text
    assert "(plots/heat_map.png)" in text and (tmp_path / "plots" / "heat_map.png").is_file()
    assert "(plots/confusion.png)" in text


def test_language_rows():
    """Each language has its scores and the paper's, or none where the paper lacks it."""
    text = report.render_report(make_metrics(), {})
    assert row(text, "de") == ["de", "1,000", "80.00", "75.00", "-5.00", "89", "84"]
    assert row(text, "xx") == ["xx", "1,001", "81.00", "76.00", "-5.00", "-", "-"]
    assert row(text, "**macro**") == [
        "**macro**", "-", "80.00", "75.00", "-5.00", "89.00", "84.00"]


def test_time_and_data():
    """Seconds, shares, counts and warnings are shown, and what is missing is a dash."""
    text = report.render_report(make_metrics(), {})
    time = text[text.index("## Where the time went"):]
    assert row(time, "teacher")[1:] == ["-", "-"]
    assert row(time, "stages")[1:] == ["1,350.0", "90.0 %"]
    assert row(time, "**total**")[1] == "1,500.0"
    assert "passes over the transfer data: 1." in time
    assert "| Split | Sentences | Words | Unknown subword tokens | Languages |" in time
    assert row(time, "train")[1:] == ["8,000", "90,001", "7", "2", "3,000 to 5,000"]
    assert row(time, "transfer")[1:] == ["24,000", "-", "-", "-", "-"]
    assert "- xx has no dev sentences" in text[:text.index("## Teacher and student")]
    assert "was continued" not in time
    again = make_metrics()
    again["seconds"]["stages"] = 40.0
    took = sum(stage["seconds"] for stage in again["stages"])
    assert f"Its stages took {took:,.1f} seconds in all." in report.render_report(again, {})
    quiet = make_metrics()
    quiet["data"]["warnings"] = []
    assert "## Warnings\n\nNone." in report.render_report(quiet, {})


def test_without_a_test_split_dev_is_compared():
    """A dev-only run compares dev, says so, and computes the retention it did not record."""
    text = report.render_report(make_metrics(test=False), {})
    assert row(text, "Teacher: big-teacher")[1:] == ["177,000,000", "90.00 (1.5)", "90.25"]
    assert "- Retention: 94.44 % of the teacher's dev macro-F1." in text
    assert "no test scores" in text
    assert row(text, "de")[2:4] == ["90.00", "85.00"]
    table = report.teacher_student_table(make_metrics(test=False))
    assert table.splitlines()[0].split()[:2] == ["dev", "F1"]
    assert "75.00" not in table


def test_of_a_teacher_that_learnt_nothing_nothing_is_kept():
    metrics = make_metrics()
    metrics["retention"] = None
    metrics["teacher"]["test"]["macro_f1"] = 0.0
    assert "- Retention: none, since the teacher's test macro-F1 is not above 0." \
        in report.render_report(metrics, {})


def test_test_scores_of_one_model_alone_are_not_compared():
    """A student's test score is never set against a teacher's dev score."""
    metrics = make_metrics()
    metrics["teacher"]["test"] = None
    assert row(report.render_report(metrics, {}), "de")[2:4] == ["90.00", "85.00"]


def test_classification_shows_accuracy_and_no_paper_numbers():
    """The paper's NER numbers never stand beside another task."""
    metrics = make_metrics(class_scores)
    text = report.render_report(metrics, {})
    assert row(text, "Teacher: big-teacher")[1:] == ["177,000,000", "90.50", "80.50", "80.00"]
    assert row(text, "en") == ["en", "70", "80.50", "75.50", "-5.00"]
    assert "Teacher accuracy" in text
    assert "paper" not in text.lower()
    table = report.teacher_student_table(metrics)
    assert "accuracy" in table and "micro-F1" not in table


def test_terminal_table():
    """The terminal's table is aligned and holds every language, both averages and the sizes."""
    lines = report.teacher_student_table(make_metrics()).splitlines()
    assert [line.split() for line in lines[:1] + lines[2:-1]] == [
        ["test", "F1", "teacher", "student", "difference"],
        ["de", "80.00", "75.00", "-5.00"],
        ["xx", "81.00", "76.00", "-5.00"],
        ["macro-F1", "80.00", "75.00", "-5.00"],
        ["micro-F1", "80.25", "75.25", "-5.00"],
        ["parameters", "177,000,000", "10,200,000", "17.4x", "fewer"]]
    assert len({len(line) for line in lines[:-1]}) == 1
    assert lines[-1] == "The student keeps 93.75 % of the teacher's test macro-F1."


def without_teacher(scores=ner_scores, **start):
    """Makes the metrics of a fine-tuning: a start in place of the teacher."""
    metrics = make_metrics(scores, strategy="fine-tuning")
    for name in ("teacher", "retention", "compression", "teacher_passes"):
        del metrics[name]
    return {**metrics, "start": {"name": "small", **start}, "seconds": {"total": 9.0}}


@pytest.mark.parametrize("scores", [ner_scores, class_scores])
def test_a_run_without_a_teacher_shows_its_student_alone(scores):
    """No column, note or caption is of a teacher, and test is what is shown."""
    metrics = without_teacher(scores)
    text = report.render_report(metrics, make_histories())
    assert text.startswith("# Fine-tuning report: some-task, from small, seed 42\n\n## Warnings\n")
    assert "\n\n## Student\n" in text
    assert "teacher" not in text.lower() and "paper" not in text.lower()
    assert row(text, "Student, after 09_labels_word_embedding")[3].startswith("75.")
    code = "de" if scores is ner_scores else "en"
    assert row(text, code)[2] in ("75.00", "75.50") and len(row(text, code)) == 3
    for block in text.split("\n\n"):
        lines = [line for line in block.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in lines}) <= 1, block
    table = report.teacher_student_table(metrics).splitlines()
    assert table[0].split()[-1] == "student" and table[-1].split() == ["parameters", "10,200,000"]
    assert len({len(line) for line in table}) == 1


def test_a_student_stands_beside_what_it_was_before():
    """Fine-tuned further, it is set against its own dev scores; test was not looked at then."""
    text = report.render_report(without_teacher(dev=ner_scores(60.0)), {})
    assert row(text, "Before: small")[1:] == ["10,200,000", "60.00 (1.5)", "-", "-"]
    assert "Before" not in report.render_report(without_teacher(), {})


def test_cells_cannot_break_a_table():
    """A bar in a name is escaped."""
    metrics = make_metrics()
    metrics["teacher"]["name"] = "a|b"
    assert "Teacher: a\\|b |" in report.render_report(metrics, {})


def test_write_report_leaves_whole_files_only(tmp_path):
    """The folder holds the report and every plot it links, and no temporary file."""
    run_dir = tmp_path / "run"
    for _ in range(2):  # The second round replaces the files of the first.
        report.write_report(run_dir, make_metrics(), make_histories())
    files = {str(path.relative_to(run_dir)) for path in run_dir.rglob("*") if path.is_file()}
    assert files == {"report.md", "plots/stages.png", "plots/languages.png", "plots/losses.png",
                     "plots/learning_rate.png"}
    text = (run_dir / "report.md").read_text(encoding="utf-8")
    assert text == report.render_report(make_metrics(), make_histories())
    assert {f"plots/{path.name}" for path in (run_dir / "plots").iterdir()} == {
        part.split(")")[0] for part in text.split("](")[1:]}


def test_plots_without_data_are_neither_drawn_nor_linked(tmp_path):
    """A run that kept no histories has no loss plot, and its report does not link to one."""
    report.write_report(tmp_path, make_metrics(), {"01_representation": []})
    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == [
        "languages.png", "stages.png"]
    assert "losses.png" not in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_a_failed_write_keeps_the_old_report(tmp_path, monkeypatch):
    """When writing fails, the former report stays and no temporary file is left."""
    (tmp_path / "report.md").write_text("old", encoding="utf-8")

    def fail(self, *unused_args, **unused_options):
        self.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(pathlib.Path, "write_text", fail)
    with pytest.raises(OSError, match="disk full"):
        report.write_report(tmp_path, make_metrics(), {})
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["report.md"]
    assert (tmp_path / "report.md").read_text(encoding="utf-8") == "old"


def test_the_papers_tables_agree_with_each_other():
    """A mistyped row would break an average or a product that two tables share."""
    assert len(paper.TABLE_17) == 41
    for column, score in (("student", paper.XTREMEDISTIL), ("mbert", paper.MBERT),
                          ("mbert_single", paper.MBERT_SINGLE), ("mmner", paper.MMNER)):
        values = [getattr(line, column) for line in paper.TABLE_17.values()]
        assert paper.mean_over(paper.TABLE_17, column) == pytest.approx(score.f1, abs=0.1)
        assert statistics.pstdev(values) == pytest.approx(score.std, abs=0.15)
    # Every student of Table 16 is compressed from one teacher of about 179 million parameters.
    for line in paper.TABLE_16:
        assert line.million_parameters * line.compression == pytest.approx(178.7, abs=2.0)
    assert len(paper.TABLE_16) == 16
    assert paper.TABLE_4[-1].score == paper.XTREMEDISTIL == paper.TABLE_16[0].score
    assert paper.TABLE_4_STAGES == 9
    assert paper.mean_over(["xx"], "student") is None


def test_a_cell_of_a_table_holds_what_a_label_says():
    text = markdown.table(["label", "f1"], [["a|b <script>", "1 < 2"]])
    assert text.splitlines()[-1] == "| a\\|b \\<script> | 1 < 2 |"
