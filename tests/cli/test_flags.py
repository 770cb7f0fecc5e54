"""Flags into settings: the flagfiles, and combinations that mean nothing."""

import dataclasses
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.processes import run
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.training.plans import build_plan

BASE = ["--task=t", "--model_dir=m", "--do_NER"]
DISTILL, TEACHER = "xtremedistil_tf.cli.distill", "xtremedistil_tf.cli.teacher"


def test_the_papers_settings_are_the_defaults(parse):
    config = parse(*BASE)
    assert (config.student.word_emb_dim, config.student.bilstm_hidden_size) == (300, 600)
    assert (config.student.dropout_rate, config.student.dense_act_func) == (0.2, "gelu")
    assert config.teacher.layer == 7 and config.distil.distil_batch_size == 512
    assert config.distil.strategy == "D4.2" and config.student.word_embedding == "svd"
    assert (config.distil.learning_rate, config.distil.lowest_rate) == (1e-3, 1e-8)
    assert (config.distil.schedule, config.distil.period) == ("restarts", 50)


def test_measure_and_pooling_of_classification(parse):
    named = parse("--task=t", "--model_dir=m", "--dev_measure=macro_f1", "--pooling=max")
    assert (named.data.kind, named.data.measure) == ("classification", "macro_f1")
    assert named.student.pools == "max" and parse(*BASE).data.measure == "macro_f1"
    assert parse("--task=t", "--model_dir=m").data.measure == "accuracy"


def test_two_texts_are_read_apart_by_a_bilstm(parse):
    def encoding(*more):
        return parse("--task=t", "--model_dir=m", *more).student.pair_encoding

    assert encoding() == "joint" and encoding("--do_pairwise") == "siamese"
    assert encoding("--glue_task=RTE") == "siamese" and encoding("--glue_task=CoLA") == "joint"
    assert encoding("--do_pairwise", "--student=transformer") == "joint"
    assert encoding("--do_pairwise", "--pair_encoding=joint") == "joint"


def test_sizes_of_a_transformer_ask_for_one(parse):
    assert parse(*BASE).student.student == "bilstm"
    student = parse(*BASE, "--hidden_size=96", "--num_attention_heads=12").student
    assert (student.student, student.word_emb_dim, student.num_hidden_layers) == (
        "transformer", 96, 6)
    narrow = parse(*BASE, "--student=transformer", "--word_emb_dim=50").student
    assert (narrow.word_emb_dim, narrow.hidden_size, narrow.num_attention_heads) == (50, 384, 6)
    # Named, the kind stays: studies hand the same sizes to both.
    assert parse(*BASE, "--student=bilstm", "--hidden_size=64").student.word_emb_dim == 300
    assert parse(*BASE, "--language_exponent=0.5").distil.language_exponent == 0.5
    with pytest.raises(UserError, match="--hidden_size is 96, --num_attention_heads is 5"):
        parse(*BASE, "--hidden_size=96", "--num_attention_heads=5")


def test_a_student_checkpoint_asks_for_a_transformer(parse):
    config = parse(*BASE, "--pt_student_checkpoint=small")
    assert (config.student.student, config.student.own_vocabulary) == ("transformer", True)
    # Weights that have learnt already start at a lower rate, unless one is named.
    assert config.distil.learning_rate == 1e-4 and parse(*BASE).distil.learning_rate == 1e-3
    named = parse(*BASE, "--pt_student_checkpoint=small", "--learning_rate=1e-3",
                  "--compress_word_embedding", "--word_embedding=pca")
    assert named.distil.learning_rate == 1e-3 and not named.student.own_vocabulary
    assert parse(*BASE, "--freeze_word_embedding").student.trained_layers == (
        "bilstm", "projection", "logits")


def test_what_goes_past_the_paper_is_off_unless_asked_for(parse):
    plain = parse(*BASE)
    assert (plain.data.entity_swaps, plain.distil.label_smoothing, plain.distil.weight_average) == (
        0, 0.0, 0.0)
    config = parse(*BASE, "--entity_swaps=3", "--label_smoothing=0.1", "--weight_average=0.99")
    assert config.data.entity_swaps == 3
    assert {stage.average for stage in build_plan(config.student.layers, config.distil)} == {0.99}
    smoothed = {term.smoothing for stage in build_plan(config.student.layers, config.distil)
                for term in stage.terms if term.target == "labels"}
    assert smoothed == {0.1}
    for wrong in ("--label_smoothing=1", "--weight_average=-0.1"):
        with pytest.raises(UserError, match="allowed: 0 to below 1"):
            parse(*BASE, wrong)


def test_later_names_override_the_shared_ones(parse):
    config = parse(*BASE, "--ft_batch_size=8", "--student_ft_batch_size=16",
                   "--teacher_batch_size=4", "--student_distil_batch_size=64",
                   "--teacher_epochs=3", "--ft_epochs=5")
    assert config.teacher.batch_size == 4 and config.distil.ft_batch_size == 16
    assert config.distil.distil_batch_size == 64
    assert config.teacher.epochs == 3 and config.distil.ft_epochs == 5
    # Two names of one flag: what comes later on the command line counts.
    names = ["--student_distil_batch_size=512", "--distil_batch_size=64"]
    assert parse(*BASE, *names).distil.distil_batch_size == 64
    assert parse(*BASE, *reversed(names)).distil.distil_batch_size == 512


@pytest.mark.parametrize("flagfile", sorted(
    str(path.relative_to(ROOT)) for path in (ROOT / "flags").rglob("*.flags")))
def test_flagfiles_parse_and_say_what_they_are(parse, parse_finetune, flagfile, monkeypatch):
    monkeypatch.chdir(ROOT)
    path = ROOT / flagfile
    lines = path.read_text("utf-8").splitlines()
    header = [line for line in lines if line.startswith("#")]
    assert len(header) >= 3
    assert any("Command:" in line for line in header), "the header names the command"
    given = [line for line in lines if line.startswith("--")]
    # Command-line flags come last and win.
    command = parse_finetune if path.parent.name == "finetune" else parse
    config = command(*given, "--task=t", "--model_dir=m")
    assert config.data.do_ner == ("--do_NER" in given)


@pytest.mark.parametrize("flagfile", sorted((ROOT / "flags" / "teachers").glob("*.flags")),
                         ids=lambda path: path.stem)
def test_a_teachers_flagfile_changes_nothing_but_the_teacher(parse, flagfile):
    task = [f"--flagfile={ROOT / 'flags' / 'wikiann_mbert.flags'}", "--task=t", "--model_dir=m"]
    before, after = parse(*task), parse(*task, f"--flagfile={flagfile}")
    assert after.teacher != before.teacher
    assert dataclasses.replace(after, teacher=before.teacher) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--teacher_config=x.json", "--pt_teacher_checkpoint=y"], "are both given"),
        (["--pt_teacher=BertModel"], "--pt_teacher is 'BertModel'"),
        (["--seq_len=2"], "--seq_len is 2; it must be at least 3"),
        (["--bilstm_layers=0"], "--bilstm_layers is 0; it must be at least 1"),
        (["--dropout_rate=1"], "--dropout_rate is 1.0; allowed: 0 <= rate < 1"),
        (["--stage_epochs=bilstm"], "--stage_epochs has 'bilstm'; allowed"),
        (["--distil_epochs=0"], "--distil_epochs is 0"),
        (["--learning_rate=1e-9"], "--lowest_rate 1e-08 must lie between 0 and"),
        (["--dev_measure=accuracy"], "--dev_measure is 'accuracy'; allowed for tagging: macro_f1"),
        (["--pt_student_checkpoint=c", "--hidden_size=96"],
         "--hidden_size and --pt_student_checkpoint are both given"),
        (["--pt_student_checkpoint=c", "--word_embedding=pca"],
         "--word_embedding and --pt_student_checkpoint are both given"),
        (["--pt_student_checkpoint=c", "--student=bilstm"],
         "--student is bilstm, --pt_student_checkpoint is c; allowed: --student=transformer"),
        (["--compress_word_embedding", "--word_embedding=random"],
         "--compress_word_embedding takes the teacher's"),
        (["--teacher_mask_rate=1.5"], "--teacher_mask_rate is 1.5"),
        (["--nodo_NER", "--do_squad", "--seq_len=32"], "--seq_len is 32; a question"),
        (["--nodo_NER", "--do_squad", "--seq_len=384", "--pair_encoding=siamese"],
         "spans has outputs for each token; allowed: joint"),
        (["--learning_rate=inf"], "--learning_rate is inf; it must be above 0, and finite"),
        (["--alpha=inf"], "--alpha is inf; it must be at least 0, and finite"),
    ],
)
def test_what_means_nothing_is_told(parse, arguments, message):
    with pytest.raises(UserError) as caught:
        parse(*BASE, *arguments)
    assert message in str(caught.value)


def test_mistakes_end_with_one_line_and_exit_code_2(tmp_path):
    for arguments, message in (
        ([f"--task={tmp_path}", "--do_NER"], "labels.tsv"),
        (["--task=/no/such/folder", "--do_NER"], "--task /no/such/folder is not a folder"),
    ):
        result = run(DISTILL, f"--model_dir={tmp_path / 'run'}", *arguments, tensorflow=True)
        assert result.returncode == 2, result.stderr
        (line,) = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
        assert message in line and "Traceback" not in result.stderr
        assert not (tmp_path / "run" / "metrics.json").exists()


@pytest.mark.parametrize("flag", ["--dry_run", "--target_shard=1/2", "--time_budget=2h"])
def test_a_teacher_alone_refuses_what_is_of_a_whole_distillation(flag):
    """--dry_run would train."""
    result = run(TEACHER, "--task=t", "--model_dir=m", flag)
    assert result.returncode == 2 and "is for run_distillation.py" in result.stderr
    assert flag.partition("=")[0] not in run(TEACHER, "--help").stdout


def test_stray_words_are_refused():
    result = run(DISTILL, "--task=t", "--model_dir=m", "stray")
    assert result.returncode == 2 and "not a flag: stray" in result.stderr


def python(code):
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True,
                          timeout=120)


@pytest.mark.parametrize("command", ["run_distillation.py", "run_teacher.py"])
def test_help_needs_no_tensorflow(command):
    code = (f"import sys; sys.argv = ['{command}', '--helpfull']; import runpy\n"
            "try:\n    runpy.run_path(sys.argv[0], run_name='__main__')\n"
            "except SystemExit:\n    assert 'tensorflow' not in sys.modules\n")
    result = python(code)
    assert "AssertionError" not in result.stderr and "--teacher_layer" in result.stdout


def test_the_package_imports_without_tensorflow():
    result = python(
        "import sys, xtremedistil_tf, xtremedistil_tf.config, "
        "xtremedistil_tf.training.stages, xtremedistil_tf.data.tokenization.alignment, "
        "xtremedistil_tf.data.tokenization.vocabulary, xtremedistil_tf.data.labels, "
        "xtremedistil_tf.data.folders.task; assert 'tensorflow' not in sys.modules")
    assert result.returncode == 0, result.stderr
