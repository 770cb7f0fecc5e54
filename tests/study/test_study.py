"""A study from flags to table: what is run, what is not run again, and what the table holds."""

import json
import threading
import time
import types

import pytest

from tests.conftest import ROOT, write_task
from xtremedistil_tf.cli import study as study_command
from xtremedistil_tf.cli.options.run_flags import DISTILLATION
from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.folders import running
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import write_json
from xtremedistil_tf.planning.together import Needed
from xtremedistil_tf.reporting import paper
from xtremedistil_tf.study import latency, planned, report, runner, tables
from xtremedistil_tf.study import processes as commands
from xtremedistil_tf.study.grids import STUDIES, Facts, grid_study, preset_study
from xtremedistil_tf.tasks import TASKS

FACTS = Facts(("de", "en"), 800, lambda: (12, 768))


def test_grids_are_those_of_the_papers_tables():
    names = {name: [line.name for line in study.variants(FACTS)]
             for name, study in STUDIES.items()}
    assert names["strategies"] == ["D0", "D0-S", "D1", "D2", "D3.1", "D3.2", "D4.1", "D4.2"]
    assert names["teacher_layer"] == ["1", "2", "4", "6", "7", "9", "11"]
    assert names["low_resource"] == names["transfer_size"] == ["100", "266", "800"]
    assert len(names["size"]) == 16 and len(names["embeddings"]) == 7
    assert len(names["architecture"]) == 26
    small = Facts(("de",), 800, lambda: (3, 64), (5, 6))
    assert [line.name for line in STUDIES["architecture"].variants(small)] == [
        "bilstm_50_100", "transformer_48_2", "bilstm_50_200", "bilstm_50_400", "bilstm_50_600"]
    assert [line.name for line in STUDIES["teacher_layer"].variants(small)] == ["1", "2", "3"]
    assert [line.flags["transfer_size"] for line in STUDIES["transfer_size"].variants(small)] == [
        5, 6]
    assert {line.flags["word_emb_dim"] for line in STUDIES["size"].variants(small)} == {50}


def test_studies_of_texts_depend_on_the_number_of_classes():
    facts = Facts(("default",), 800, lambda: (12, 768), classes=4)
    assert [(line.name, line.flags.get("labels_per_language"))
            for line in STUDIES["table10"].variants(facts)] == [
        ("alone_100", 400), ("distilled_100", 400), ("alone_500", 2000), ("distilled_500", 2000)]
    assert [line.name for line in STUDIES["taught"].variants(facts)] == [
        "logits", "representation", "both"]


@pytest.mark.parametrize("name, kind, why", [
    ("table10", "tagging", "--study=table10 is of texts; .* of tagging: allowed are .*strategies"),
    ("strategies", "classification",
     "is of taggers .* allowed are table10, table11, table9, taught, and"),
    ("strategies", "spans", "is of taggers .* one of spans: allowed are .*table9")])
def test_a_study_of_another_kind_of_task_is_refused(monkeypatch, name, kind, why):
    monkeypatch.setattr(study_command, "FLAGS", types.SimpleNamespace(study=name))
    with pytest.raises(UserError, match=why):
        study_command._check_kind(STUDIES[name], TASKS[kind])
    study_command._check_kind(STUDIES["table9"], TASKS["tagging"])
    study_command._check_kind(grid_study(["temperature=1,2"]), TASKS["classification"])


def test_scores_of_texts_are_their_runs_measure():
    def run(value):
        scores = {"languages": {"default": {"accuracy": value, "support": 9}}}
        return {"variant": "alone", "seed": 1, "metrics": {
            "kind": "classification", "measure": "accuracy",
            "stages": [{"seconds": 60.0}, {"seconds": 30.0}], "seconds": {"stages": 30.0},
            "teacher": {"test": scores},
            "student": {"parameters": 12345, "test": scores, "dev": scores}}}

    (line,) = tables.variant_lines(
        STUDIES["table9"].variants(FACTS)[:1], [run(70.0)])
    assert (line.f1, line.dev, line.teacher) == (70.0, 70.0, 70.0)
    header, (row,) = tables.lines_table(STUDIES["table9"], [line], score="accuracy")
    told = dict(zip(header, row))
    assert told["accuracy (std over languages)"] == "70.00 (0.0)"
    assert (told["of the teacher's"], told["parameters"], told["minutes of training"]) == (
        "100.0 %", "12,345", "1.5")


@pytest.mark.parametrize("known", [True, False])
def test_without_test_scores_a_study_compares_dev_and_says_so(known, tmp_path):
    """GLUE's test files have no labels; a teacher known by its outputs has no scores at all."""
    study, records, lines = grid_study(["temperature=1,2"]), [], {}
    for name, answers in (("1", "no\nno\n"), ("2", "yes\nyes\n")):
        scores = {"dev": {"languages": {"default": {"accuracy": 70.0, "support": 2}}}}
        records.append({"variant": name, "seed": 1, "metrics": {
            "kind": "classification", "measure": "accuracy", "stages": [{"seconds": 60.0}],
            "teacher": scores if known else {}, "student": {"parameters": 5, **scores}}})
        lines[name] = [tmp_path / name]
        write_json(tmp_path / name / "metrics.json", records[-1]["metrics"])
        for who, found in (("gold", "yes\nyes\n"), ("student", answers)):
            path = tmp_path / name / "predictions" / f"dev.{who}.tsv"
            path.parent.mkdir(exist_ok=True)
            path.write_text("".join(f"a text\t{label}\n" for label in found.split()))
    text = report.write(tmp_path / "grid", study, study.variants(FACTS), records=records,
                        runner=types.SimpleNamespace(lines=lambda variants, seeds: lines),
                        seeds=[1])
    assert "Accuracy on dev, mean over languages; seeds: 1." in text
    teachers = " teacher's dev accuracy | of the teacher's |" if known else ""
    assert f"| temperature | dev accuracy (std over languages) |{teachers} parameters |" in text
    assert "Paired bootstrap over dev sentences" in text and "| 1 | 2 | +100.00 |" in text


def test_every_flag_of_a_grid_is_a_flag_of_a_run():
    page = (ROOT / "docs" / "reference" / "flags.md").read_text("utf-8")
    page = page.partition("## xtremedistil-distill")[2]
    for study in STUDIES.values():
        for line in study.variants(FACTS):
            for name in line.flags:
                assert f"| `--{name}` |" in page, name


def test_flags_that_decide_a_teacher_are_known():
    """Else a line that changes one of them would take the teacher of all others."""
    others = {"teacher.layer", "data.task"}
    decide = {option.name for option in DISTILLATION if any(
        place == "run.opt_policy" or place.split(".")[0] in ("data", "squad", "teacher")
        for place in set(option.sets) - others)}
    assert decide | {"do_squad"} == set(planned.TEACHER_FLAGS)


@pytest.mark.parametrize("flags, given, named, own", [
    ({"doc_stride": 8, "alpha": 2.0}, {}, set(), ["doc_stride"]),
    ({"ft_epochs": 3, "ft_batch_size": 8, "patience": 1}, {}, {"teacher_epochs"},
     ["ft_batch_size", "patience"]),
    ({"ft_epochs": 3, "teacher_epochs": 2}, {"teacher_epochs": 4}, set(), ["teacher_epochs"]),
    ({"transfer_size": 9, "entity_swaps": 1}, {"teacher_config": None}, set(), []),
    ({"transfer_size": 9, "entity_swaps": 1}, {"teacher_config": "small.json"}, set(),
     ["transfer_size", "entity_swaps"]),
    ({"transfer_file": "a.txt", "teacher_lm_epochs": 1}, {}, set(),
     ["teacher_lm_epochs", "transfer_file"])])
def test_lines_share_a_teacher_where_it_does_not_depend_on_their_flags(flags, given, named, own):
    assert list(planned.teacher_flags(flags, given, named)) == own


def test_d0_is_a_student_a_language_and_seeds_follow_one_another():
    runs = runner.plan_runs(STUDIES["strategies"].variants(FACTS), [1, 2], FACTS.languages, {})
    assert [run.name for run in runs[:3]] == [
        "strategy=D0/seed_1/de", "strategy=D0/seed_1/en", "strategy=D0-S/seed_1"]
    assert runs[0].arguments == {"strategy": "D0", "languages": "de"}
    assert len(runs) == 2 * (2 + 7) and runs[9].seed == 2


def test_a_run_is_known_by_what_it_changes():
    def names(study, **given):
        return [run.name for run in runner.plan_runs(
            STUDIES[study].variants(FACTS), [1], FACTS.languages, given)]

    # What all have anyway is one run, whatever the line of each study is called.
    assert names("deviations", strategy="D4.2")[0] == "base/seed_1"
    assert names("embeddings", word_embedding="svd")[0] == "base/seed_1"
    assert names("teacher_layer", teacher_layer=4)[2] == "base/seed_1"
    assert names("embeddings")[3] == names("deviations")[8] == "word_embedding=pca/seed_1"
    # Of several forms of one value, too.
    assert names("batch_size", distil_batch_size="512.0").count("base/seed_1") == 1
    for value, form in ((1.0, "1"), (0.004, "4e-3"), (False, "false")):
        lines = [planned.Variant("one", {"it": form})]
        assert planned.plan_runs(lines, [1], ("de",), {"it": value})[0].name == "base/seed_1"
        assert planned.plan_runs(lines, [1], ("de",), {"it": 7})[0].name == f"it={form}/seed_1"
    # What a line names beside a changed flag of teacher and student alike is no default.
    sizes = {"ft_batch_size": 64, "student_ft_batch_size": 32, "teacher_batch_size": 32}
    lines = [planned.Variant("one", sizes)]
    assert planned.plan_runs(lines, [1], ("de",), dict.fromkeys(sizes, 32))[0].flags == sizes
    # Lines of one name in two studies are two runs.
    assert names("transfer_size")[0] == "transfer_size=100/seed_1"
    assert names("low_resource")[0] == "labels_per_language=100,transfer_size=100/seed_1"
    assert STUDIES["transfer_size"].variants(FACTS)[0].name == \
        STUDIES["low_resource"].variants(FACTS)[0].name

    def file_run(name):
        return runner.Run(None, 1, None, {"word_emb_file": name}).name

    assert file_run("/a/b.vec") == "word_emb_file=%2Fa%2Fb.vec/seed_1" != file_run("/a_b.vec")


def test_lines_of_many_flags_have_names_that_a_folder_can_have():
    """A name of all changed flags would be too long for a file system; each line has its own."""
    epochs = [",".join(f"stage_{stage}_of_them_all={count}" for stage in range(20))
              for count in (1, 2)]
    lines = [planned.Variant(f"{at}", {"stage_epochs": one}) for at, one in enumerate(epochs)]
    names = [run.name.split("/")[0] for run in planned.plan_runs(lines, [1], ("de",), {})]
    assert len(set(names)) == 2
    teachers = [planned.teacher_name({"teacher_weights": "Ж" * 300 + one}) for one in "12"]
    assert len(set(teachers)) == 2
    for name in [*names, *teachers]:
        assert 200 < len(name.encode()) <= 255
    assert teachers[0].startswith("teacher_teacher_weights_ЖЖ")


def test_teachers_of_different_flags_have_different_folders():
    names = [planned.teacher_name({"pt_teacher_checkpoint": value})
             for value in ("conf/a", "conf_a", "conf,a", "conf a")]
    assert len(set(names)) == 4 and names[1] == "teacher_pt_teacher_checkpoint_conf_a"
    names += [planned.teacher_name(flags) for flags in (
        {"pt_teacher": "checkpoint_x"}, {"pt_teacher_checkpoint": "x"},
        {"teacher_model_dir": "a", "teacher_epochs": 2},
        {"teacher_model_dir": "a_teacher_epochs_2"})]
    assert len(set(names)) == 8 and names[5] == "teacher_pt_teacher_checkpoint_x"
    assert names[6] == "teacher_teacher_model_dir_a_teacher_epochs_2"
    # Other commands read several folders with commas between.
    assert not any("," in name or "/" in name for name in names)


def test_lines_that_are_the_same_runs_are_one_line(caplog):
    study = STUDIES["deviations"]
    lines = runner.distinct(study.variants(FACTS), {"lr_schedule": "restarts", "optimizer": "adam",
                                                    "strategy": "D4.2"})
    assert [line.name for line in lines] == [
        "D4.2", "representation_kld", "representation_kld_student_first", "representation_kld_raw",
        "unfreeze_representation", "own_label_head", "logits_from_encoder",
        "linear_projection", "pca", "recurrent_dropout_0.2", "input_dropout_0.2"]
    assert [record.getMessage() for record in caplog.records] == [
        f"line {name} is left out: with these flags its runs are those of line D4.2"
        for name in ("restarts", "adam")]
    # The flags of the recorded study differ from all of its lines.
    given = {"lr_schedule": "cosine", "optimizer": "lazy_adam"}
    assert len(runner.distinct(study.variants(FACTS), given)) == 13
    # A student a language is another run than one for all.
    assert len(runner.distinct(STUDIES["strategies"].variants(FACTS), {"strategy": "D0"})) == 8


def test_a_study_with_default_flags_has_no_line_twice(study_of):
    make, processes, _ = study_of
    given = {"lr_schedule": "restarts", "optimizer": "adam"}
    variants, records = make(given=given).run(STUDIES["deviations"], [1])
    names = [record["variant"] for record in records]
    assert names == [line.name for line in variants] and len(names) == 11
    folders = [item for line in processes.lines for item in line
               if item.startswith("--model_dir=") and "/runs/" in item]
    assert len(set(folders)) == len(folders) == 11


def test_a_grid_of_two_flags():
    lines = grid_study(["word_emb_dim=50,100", "dropout_rate=0.1,0.2"]).variants(FACTS)
    assert [line.name for line in lines] == ["50_0.1", "50_0.2", "100_0.1", "100_0.2"]
    assert lines[1].flags == {"word_emb_dim": "50", "dropout_rate": "0.2"}
    study = grid_study(["word_emb_dim=50,100", "dropout_rate=0.1,0.2"])
    assert study.baseline == "50_0.1" and study.axis == "word_emb_dim_dropout_rate"
    with pytest.raises(UserError, match="--grid has 'x'; allowed: flag=value"):
        grid_study(["x"])


def test_cells_that_would_have_one_name_have_names_of_their_own():
    study = grid_study(["word_emb_file=a,a_b", "transfer_file=c,b_c", "seed=1,1"])
    names = [line.name for line in study.variants(FACTS)]
    assert names[::2] == ["a_c_1", "word_emb_file=a,transfer_file=b_c,seed=1",
                          "word_emb_file=a_b,transfer_file=c,seed=1", "a_b_b_c_1"]
    assert study.shown[names[2]] == "a, b_c, 1"


def test_a_study_of_presets_has_a_line_a_flagfile(tmp_path):
    files = {"a": "# half\n--learning_rate\n4e-3\n--nofreeze_word_embedding\n--baseline\n",
             "b": "--freeze_word_embedding\n--stage_epochs=01=2,02=1\n"
                  "--student_distil_batch_size=64\n"}
    for name, text in files.items():
        (tmp_path / f"{name}.flags").write_text(text)
    paths = [str(tmp_path / f"{name}.flags") for name in files]
    study = study_command._preset_study(study_command._presets(paths))
    assert [(line.name, dict(line.flags)) for line in study.variants(FACTS)] == [
        ("none", {}), ("a", {"learning_rate": 0.004, "freeze_word_embedding": False}),
        ("b", {"freeze_word_embedding": True, "stage_epochs": "01=2,02=1",
               "distil_batch_size": 64})]
    # The runs read them as they stand in the file.
    assert sorted(commands.arguments(study.variants(FACTS)[2].flags)) == [
        "--distil_batch_size=64", "--freeze_word_embedding=True", "--stage_epochs=01=2,02=1"]
    assert study.pairs(["none", "a", "b"]) == [("none", "a"), ("none", "b")]


@pytest.mark.parametrize("text, why", [
    ("--epochs=2", "there is no flag --epochs"),
    ("--learning_rate=abc", "learning_rate=abc"),
    ("--optimizer=adma", "--optimizer is 'adma'; allowed: .*; did you mean adam"),
    ("--do_NER=maybe", "do_NER=maybe"),
    ("--flagfile=missing.flags", "missing.flags"),
    ("--learning_rate=1e-3\n4e-3", "'4e-3' is no flag"),
    ("--seed=3", "--seed is set by the study"),
])
def test_a_wrong_preset_is_refused(tmp_path, text, why):
    path = tmp_path / "one.flags"
    path.write_text(text + "\n")
    with pytest.raises(UserError, match=f"one.flags: .*{why}"):
        study_command._presets([str(path)])


def test_presets_have_names_of_their_own(tmp_path):
    for name in ("a", "none"):
        (tmp_path / f"{name}.flags").write_text("--seq_len=8\n")
    same, none, missing = (str(tmp_path / f"{name}.flags") for name in ("a", "none", "missing"))
    for paths in ([same, same], [none]):
        with pytest.raises(UserError, match="allowed: files of different names"):
            study_command._presets(paths)
    with pytest.raises(UserError, match="missing.flags: file not found"):
        study_command._presets([missing])


@pytest.mark.parametrize("items, why", [
    (["temprature=1,2"], "no flag of a study's run; did you mean --temperature"),
    (["temperature=1,hot"], "temperature=hot"),
    (["seed=1,2"], "--seed is set by the study"),
    (["targets_dir=a,b"], "--targets_dir is set by the study"),
    (["task=a,b"], "one --task"),
    (["a/b=1,2"], "no flag of a study's run"),
    (["word_emb_dim=8,16", "word_emb_dim=8,32"], "names a flag twice"),
])
def test_a_wrong_grid_is_refused_before_a_teacher_is_made(items, why):
    with pytest.raises(UserError, match=why):
        study_command._grid(items)
    study_command._grid(["student_distil_batch_size=64,128", "strategy=D1,D4.2"])


class FakeProcesses:
    """Stands for the commands: writes what they would, and counts them."""

    def __init__(self):
        self.lines, self.fail = [], False
        # Whether the teacher is a finished one, which stays where it is; its sizes.
        self.finished = None
        self.running, self.most, self.threads, self.gpus = 0, 0, set(), []
        # Whether a run writes its targets at once, then waits for a run beside it.
        self.together = False
        # Whether commands go on until they are terminated; those that do.
        self.endless, self.waiting, self.terminated = False, set(), 0
        self.changed = threading.Condition()

    @staticmethod
    def tag(flags):
        """What the students of D4.2 find, and others do not."""
        return "B-PER" if flags.get("strategy") == "D4.2" else "O"

    def start(self, line, stdout, stderr, env):
        self.lines.append(line)
        self.gpus.append(env.get("CUDA_VISIBLE_DEVICES"))
        self.threads.add(env.get("TF_NUM_INTRAOP_THREADS"))  # None: all cores, for the teacher.
        flags = dict(item[2:].split("=", 1) for item in line if item.startswith("--")
                     and "=" in item)
        folder = runner.pathlib.Path(flags["model_dir"])
        languages = flags.get("languages", "de,en").split(",")
        f1 = 60.0 + len(flags.get("strategy", "")) + int(flags["seed"])
        scores = {"macro_f1": f1, "std_f1": 1.0, "languages": {
            name: {"f1": f1 + at, "support": 5} for at, name in enumerate(languages)}}
        if line[2].endswith("teacher") and self.finished:
            write_json(folder / "teacher_metrics.json", {"test": scores, **self.finished})
        elif line[2].endswith("teacher"):
            (folder / "teacher").mkdir(parents=True)
            write_json(folder / "teacher" / "config.json",
                       {"num_hidden_layers": 2, "hidden_size": 64})
            write_json(folder / "teacher_metrics.json", {"test": scores})
        elif not self.fail:
            if self.together:
                (folder / "stages").mkdir()
            for who, tags in (("gold", "B-PER O"), ("student", f"{self.tag(flags)} O")):
                path = folder / "predictions" / f"test.{who}.tsv"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"Ann lives\tde:{tags}\nBo lives\ten:{tags}\n", "utf-8")
            write_json(folder / "metrics.json", {
                "teacher": {"test": scores},
                "student": {"parameters": 10, "test": scores, "dev": scores},
                "stages": [{"name": f"0{at}", "dev": scores,
                            "seconds": 60.0 * int(flags["seed"]) if at == 0 else 0.0}
                           for at in range(9)]})
        stdout.write(b"told\n")
        return FakeProcess(self, companion=self.together and not line[2].endswith("teacher"))


class FakeProcess:
    """A command that has done its work and ends a little later."""

    def __init__(self, processes, companion):
        self.processes, self.status = processes, int(processes.fail)
        self.companion = companion
        self.ended = False
        processes.running += 1
        processes.most = max(processes.most, processes.running)

    def wait(self):
        with self.processes.changed:
            if self.processes.endless:
                self.processes.waiting.add(self)
                self.processes.changed.notify_all()
                assert self.processes.changed.wait_for(lambda: self.ended, timeout=60)
                return -15
        until = time.monotonic() + 60
        while self.companion and self.processes.most < 2:
            assert time.monotonic() < until, "no other run has begun beside this one"
            time.sleep(0.01)
        time.sleep(0.01)
        self.processes.running -= 1
        return self.status

    def terminate(self):
        with self.processes.changed:
            self.ended = True
            self.processes.terminated += 1
            self.processes.changed.notify_all()


@pytest.fixture
def study_of(tmp_path, monkeypatch):
    task = write_task(tmp_path / "task")
    for split in ("train", "dev", "test"):
        rows = [f"Ann lives\t{name}:B-PER O" for name in ("de", "en", "en")]
        (task / f"{split}.tsv").write_text("\n".join(rows) + "\n", "utf-8")
    processes = FakeProcesses()
    for name in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(commands.subprocess, "Popen", processes.start)

    def make(*base, jobs=1, given=None, config_of=None):
        data = DataConfig(str(task), "transfer.txt", 24, do_ner=True)
        return runner.Runner(tmp_path / "study", base=base, given=given or {}, data=data, sizes=(),
                             jobs=jobs, config_of=config_of)

    return make, processes, tmp_path / "study"


def test_runs_share_a_teacher_and_its_outputs_and_are_not_repeated(study_of):
    make, processes, folder = study_of
    study = STUDIES["strategies"]
    # What is refused makes nothing, so it keeps no other study out of the folder.
    with pytest.raises(UserError, match="--lines names D9"):
        make("--do_NER", "--ft_epochs=3").run(study, [1], lines=["D9"])
    variants, records = make("--do_NER").run(study, [1, 2])
    teachers = [line for line in processes.lines if line[2].endswith("teacher")]
    assert len(teachers) == 1 and len(processes.lines) == 1 + 2 * (2 + 7)
    for line in processes.lines[1:]:
        assert f"--teacher_model_dir={folder / 'teachers' / 'teacher'}" in line
        assert f"--targets_dir={folder / 'targets'}" in line and "--do_NER" in line
    # The first reads all that the others share.
    assert "--strategy=D4.2" in processes.lines[1] and "--languages=de" in processes.lines[2]
    (folder / "runs" / "strategy=D2" / "seed_2" / "metrics.json").unlink()
    make("--do_NER").run(study, [1, 2])
    assert len(processes.lines) == 2 + 2 * (2 + 7) and "--strategy=D2" in processes.lines[-1]
    with pytest.raises(UserError, match="was made with other flags: none; the command has "
                                        "instead: --ft_epochs=3; use another"):
        make("--do_NER", "--ft_epochs=3").run(study, [1])
    lines = {line.name: line for line in tables.variant_lines(variants, records)}
    # Of D0 each language's student gives that language's F1.
    assert lines["D0"].f1 == 60 + 2 + 1.5 and lines["D0"].languages_std == 0
    # Its students together have these parameters and take these minutes, the mean of two seeds.
    assert (lines["D0"].parameters, lines["D0"].minutes) == (20, 3.0)
    assert (lines["D4.2"].parameters, lines["D4.2"].minutes) == (10, 1.5)
    assert lines["D4.2"].f1 == 60 + 4 + 1.5 + 0.5 and lines["D4.2"].languages_std == 0.5
    assert lines["D4.2"].seeds_std == pytest.approx(0.5**0.5)
    assert lines["D4.2"].reported == paper.TABLE_3["D4.2"][0]


def test_a_study_of_other_data_is_refused(study_of):
    """Its finished lines would stand in one table with lines of the new data."""
    make, processes, folder = study_of
    make("--do_NER").run(STUDIES["strategies"], [1])
    (folder.parent / "task" / "train.tsv").write_text("Ann lives\tde:B-PER O\n" * 3)
    with pytest.raises(UserError, match="was made with other data: train changed; use another"):
        make("--do_NER").run(STUDIES["strategies"], [1])
    (folder / "study.json").unlink()
    vectors, outputs = folder.parent / "vectors.txt", folder.parent / "outputs.jsonl"
    vectors.write_text("a 1")
    outputs.write_text("{}")
    study = make("--do_NER", given={"word_emb_file": str(vectors),
                                    "teacher_model_dir": f"none,{outputs}"})
    study.run(STUDIES["strategies"], [1])
    vectors.write_text("a 2")
    outputs.write_text("[]")
    with pytest.raises(UserError, match="word_emb_file, teacher .*outputs.jsonl changed"):
        study.run(STUDIES["strategies"], [1])
    # Earlier versions noted no files.
    (folder / "study.json").write_text('{"flags": ["--do_NER"]}')
    begun = len(processes.lines)
    make("--do_NER").run(STUDIES["strategies"], [1])
    assert len(processes.lines) == begun


def test_running_text_is_counted_in_the_words_of_train(study_of, monkeypatch):
    """Without train its words would be those of a dictionary, which the runs do not need."""
    monkeypatch.setattr(running, "has_dictionary", lambda: False)
    make, processes, folder = study_of
    task = folder.parent / "task"
    (task / "train.tsv").write_text("東 京 に 行 く\tja:B-LOC I-LOC O O O\n" * 9, "utf-8")
    (task / "transfer.txt").write_text("東京タワーに行くことになりました。\n" * 9, "utf-8")
    make("--do_NER").run(grid_study(["temperature=1,2"]), [1])
    assert len(processes.lines) == 3


def test_several_runs_at_a_time_share_the_cores(study_of, monkeypatch):
    monkeypatch.setattr(commands.os, "cpu_count", lambda: 6)
    make, processes, folder = study_of
    _, records = make(jobs=3).run(STUDIES["strategies"], [1, 2])
    assert len(records) == len(processes.lines) - 1 == 2 * (2 + 7)
    assert 1 < processes.most <= 3 and processes.threads == {"2", None}
    # The teacher and the run that leaves its outputs come before all others.
    assert processes.lines[0][2].endswith("teacher") and "--strategy=D4.2" in processes.lines[1]


def test_the_others_begin_when_the_first_run_has_written_the_targets(study_of):
    make, processes, _ = study_of
    processes.together = True
    make(jobs=2).run(STUDIES["strategies"], [1], lines=["D1", "D4.1", "D4.2"])
    first, *others = processes.lines[1:]
    assert "--strategy=D4.2" in first and "--target_workers=2" in first and len(others) == 2
    assert not any(item.startswith("--target_workers") for line in others for item in line)


@pytest.mark.parametrize("gpus, alone", [("-1", True), ("3,5", False)])
def test_a_teacher_has_all_cores_and_one_gpu(study_of, monkeypatch, gpus, alone):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", gpus)
    make, processes, folder = study_of
    make(jobs=2, given={"distil_chunk_size": 50}).run(STUDIES["stages"], [1])
    assert set(processes.gpus) <= set(gpus.split(",")) and None in processes.threads
    rows = (folder.parent / "task" / "transfer.txt").read_text("utf-8").count("\n")
    workers = [item for item in processes.lines[1] if "target_workers" in item or "chunk" in item]
    # Each of the two processes has a shard.
    shard = -(-rows // 2)
    assert workers == (["--target_workers=2", f"--distil_chunk_size={shard}"] if alone else [])


def test_behind_a_finished_run_none_goes_alone(study_of):
    make, processes, _ = study_of
    make().run(STUDIES["stages"], [1])
    begun = len(processes.lines)
    make().run(STUDIES["beyond"], [1], lines=["D4.2", "kld_2", "kld_4"])
    # In the order of the table; the last one first would be the lone one.
    assert ["--temperature=2" in line for line in processes.lines[begun:]] == [True, False]


def test_each_of_several_runs_has_a_gpu_where_several_are_named(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    gpus = [found["CUDA_VISIBLE_DEVICES"] for found in commands.environments(3)]
    assert gpus == ["3", "5", "3"]
    assert commands.environments(1)[0]["CUDA_VISIBLE_DEVICES"] == "3,5"


def test_a_teacher_has_the_threads_that_the_study_has(study_of, monkeypatch):
    make, processes, _ = study_of
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "7")
    make(jobs=2).run(STUDIES["stages"], [1])
    assert processes.threads == {"7", str(max(1, (commands.os.cpu_count() or 1) // 2))}


def test_some_lines_of_a_study_alone(study_of):
    make, processes, _ = study_of
    variants, records = make().run(STUDIES["strategies"], [1], lines=["D4.2", "D1"])
    assert [variant.name for variant in variants] == ["D1", "D4.2"] and len(records) == 2
    with pytest.raises(UserError, match="--lines names D9; this study has: D0, D0-S, D1"):
        make().run(STUDIES["strategies"], [1], lines=["D9"])


def test_after_a_failure_nothing_more_begins(study_of):
    make, processes, _ = study_of
    make(jobs=2).run(STUDIES["stages"], [1])
    processes.fail, before = True, len(processes.lines)
    with pytest.raises(UserError, match="failed; the end of"):
        make(jobs=2).run(STUDIES["strategies"], [1, 2])
    # What ran beside the failed one, and at most one each that took its place in the meantime.
    assert before < len(processes.lines) <= before + 4


def test_a_study_says_beforehand_what_it_takes(study_of, monkeypatch, caplog):
    make, processes, folder = study_of
    asked = []

    def forecast(configs, model_dir, *, resources, measured):
        asked.append((list(configs.values()), model_dir, measured))
        assert resources.targets_dir == str(folder / "targets") and not resources.export
        return {name: Needed(600.0, 60.0 if at == 0 else 0.0, 300.0 * (at + 1))
                for at, name in enumerate(configs)}, True

    monkeypatch.setattr(runner, "forecast_runs", forecast)
    made = make(config_of=dict)
    lines = ["D0", "D1", "D4.2"]
    told = made.plan(STUDIES["strategies"], [1, 2], lines=lines)
    # The last line is measured; of D0 there is a run for each language.
    assert [sorted(config.values()) for config in asked[0][0]] == [
        ["D4.2"], ["D0", "de"], ["D0", "en"], ["D1"]]
    assert asked[0][1:] == (folder / "runs" / "strategy=D4.2" / "seed_1", "strategy=D4.2/seed_1")
    assert told.splitlines() == [
        "D0: 4 runs, 0 finished, about 12 min each", "D1: 2 runs, 0 finished, about 20 min each",
        "D4.2: 2 runs, 0 finished, about 6 min each",
        "time: about 1 h 51 min on this machine, from a few measured steps of one run: teachers "
        "10 min, their outputs 60 s, students 1 h 40 min; stages may end earlier (--patience)"]
    assert not folder.exists() and not processes.lines
    caplog.set_level("INFO", "absl")
    made.run(STUDIES["strategies"], [1], lines=lines)
    assert "4 runs, 0 of them finished" in caplog.text and "time: about 61 min" in caplog.text
    # The teacher is there, and one seed of each line.
    asked.clear()
    told = make(config_of=dict).plan(STUDIES["strategies"], [1, 2], lines=lines)
    assert told.startswith("D0: 4 runs, 2 finished, about 12 min each") and "teachers" not in told
    assert {config["teacher_model_dir"] for config in asked[0][0]} == {
        folder / "teachers" / "teacher"}
    with pytest.raises(UserError, match="was made with other flags: none; the command has instead"):
        make("--seq_len=9", config_of=dict).plan(STUDIES["strategies"], [1])
    (folder / "teachers" / "teacher" / "teacher_metrics.json").unlink()
    with pytest.raises(UserError, match="depend on the teacher's layers.*allowed: other studies"):
        make(config_of=dict).plan(STUDIES["teacher_layer"], [1])


def test_a_study_whose_time_is_not_known_says_so(study_of, monkeypatch, caplog):
    make, _, _ = study_of
    monkeypatch.setattr(runner, "forecast_runs", lambda *_, **__: ({}, False))
    told = make(config_of=dict).plan(STUDIES["strategies"], [1], lines=["D1"])
    assert told == "D1: 1 runs, 0 finished" and "the time is not known" in caplog.text


def test_a_study_is_compared_by_its_own_seeds(study_of):
    make, _, folder = study_of
    made = make()
    variants, _ = made.run(STUDIES["beyond"], [1, 2], lines=["D4.2", "kld_2"])
    assert STUDIES["beyond"].pairs(["D4.2", "kld_2"]) == [("D4.2", "kld_2")]
    assert made.lines(variants, [2]) == {
        line: [folder / "runs" / name / "seed_2"] for line, name in
        (("D4.2", "base"), ("kld_2", "logits_loss=kld,temperature=2"))}


def test_an_ended_study_ends_its_runs(study_of, monkeypatch):
    make, processes, _ = study_of
    make().run(STUDIES["stages"], [1])
    processes.endless, before = True, len(processes.lines)

    def interrupted(futures):
        # When both runs go on; however long a busy machine takes to begin them.
        with processes.changed:
            assert processes.changed.wait_for(lambda: len(processes.waiting) == 2, timeout=60)
        raise KeyboardInterrupt

    monkeypatch.setattr(runner.concurrent.futures, "as_completed", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make(jobs=2).run(STUDIES["beyond"], [1, 2])
    assert processes.terminated == 2 and len(processes.lines) == before + 2


def test_few_labels_have_a_teacher_of_their_own(study_of):
    make, processes, folder = study_of
    make().run(STUDIES["low_resource"], [1])
    own = folder / "teachers" / "teacher_labels_per_language_100"
    assert (own / "teacher_metrics.json").is_file()
    # No line has the teacher of all labels, so it is not fine-tuned.
    assert [path.name for path in (folder / "teachers").iterdir()] == [own.name]
    assert processes.lines[0][2].endswith("teacher") and processes.threads == {None}
    runs = [line for line in processes.lines if line[2].endswith("distill")]
    assert len(runs) == 3 and all(f"--teacher_model_dir={own}" in line for line in runs)


def test_a_finished_teacher_teaches_as_it_is(study_of):
    """Named as --teacher_model_dir, its folder would be empty, and the run would fill it."""
    make, processes, _ = study_of
    processes.finished = {"layers": 3, "embedding": 64}
    make("--do_NER", "--label_map=PERSON=PER").run(STUDIES["teacher_layer"], [1])
    teacher, *runs = processes.lines
    assert teacher[2].endswith("teacher") and len(runs) == 3
    assert not any(item.startswith("--teacher_model_dir") for line in runs for item in line)
    with pytest.raises(UserError, match="on each language, and the teacher is finished"):
        make("--do_NER", "--label_map=PERSON=PER").run(STUDIES["single"], [1])


def test_a_line_may_have_finished_teachers(study_of):
    make, processes, folder = study_of
    processes.finished = {"layers": 3, "embedding": 64}
    study = preset_study({"two": {"teacher_model_dir": "a,b"}, "other": {"teacher_model_dir": "c"}})
    make("--teacher_model_dir=a", given={"teacher_model_dir": "a"}).run(study, [1, 2])
    named = {command: [[item.partition("=")[2] for item in line
                        if item.startswith("--teacher_model_dir=")][-1]
                       for line in processes.lines if line[2].endswith(command)]
             for command in ("teacher", "distill")}
    # Each is scored once, and the last of two flags wins.
    assert sorted(named["teacher"]) == ["a", "a,b", "c"]
    assert sorted(named["distill"]) == ["a", "a", "a,b", "a,b", "c", "c"]
    assert not any((path / "teacher").exists() for path in (folder / "teachers").iterdir())


def test_outputs_alone_have_no_layers(study_of):
    make, processes, _ = study_of
    processes.finished = {"layers": 0, "embedding": None}
    with pytest.raises(UserError, match="layers and word embedding, which this teacher does not"):
        make().run(STUDIES["teacher_layer"], [1])
    make().run(grid_study(["temperature=1,2"]), [1])
    assert [line[2].rpartition(".")[2] for line in processes.lines] == ["teacher", *["distill"] * 2]


def test_trained_transitions_need_no_teacher_of_their_own(study_of):
    make, processes, _ = study_of
    study = preset_study({"trained": {"decoding": "trained"},
                          "independent": {"decoding": "independent"}})
    make("--do_NER", given={"decoding": "constrained"}).run(study, [1])
    teachers = [item for line in processes.lines if line[2].endswith("teacher")
                for item in line if item.startswith("--decoding")]
    assert teachers == ["--decoding=independent"]


def test_a_grid_over_the_teacher_has_a_teacher_a_value(study_of):
    make, processes, folder = study_of
    study = grid_study(["teacher_epochs=1,2", "pt_teacher=TFBertModel"])
    make("--teacher_epochs=3").run(study, [1])
    runs = [line for line in processes.lines if line[2].endswith("distill")]
    taken = [item for line in runs for item in line if item.startswith("--teacher_model_dir=")]
    assert len(set(taken)) == len(runs) == 2
    for epochs, folder_flag in zip((2, 1), taken):
        made = [line for line in processes.lines if line[2].endswith("teacher")
                and f"--model_dir={folder_flag.split('=', 1)[1]}" in line]
        # The last of two wins.
        assert [line.index(f"--teacher_epochs={epochs}") > line.index("--teacher_epochs=3")
                for line in made] == [True]


def test_a_failed_run_is_told_with_the_end_of_its_log(study_of):
    make, processes, _ = study_of
    processes.fail = True
    with pytest.raises(UserError, match=r"teacher failed; the end of .*log.txt:\ntold"):
        make().run(STUDIES["stages"], [1])


def fake_speeds(folders):
    """Every student, twice as slow as the one before it in the table."""
    return {name: latency.Speed(1000, 2.0**at, 1.0) for at, name in enumerate(folders)}


def test_the_papers_transformers_overtake_with_the_third_layer():
    pairs = [(kind, own.latency, own.f1) for row in paper.TABLE_15
             for kind, own in (("bilstm", row.bilstm), ("transformer", row.transformer))]
    assert latency.crossover(pairs) == 1.448
    assert latency.crossover(pairs[:12]) is None


@pytest.mark.parametrize("name, rows", [("strategies", 8), ("stages", 9), ("single", 3),
                                        ("architecture", 5), ("transfer_size", 3)])
def test_every_form_of_result_is_written(study_of, name, rows, monkeypatch):
    monkeypatch.setattr(latency, "measure", fake_speeds)
    make, _, folder = study_of
    made = make()
    variants, records = made.run(STUDIES[name], [1, 2])
    text = report.write(folder / name, STUDIES[name], variants, records=records, runner=made,
                        seeds=[1, 2])
    table = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(table) == 1 + rows + (1 + 6 if name == "strategies" else 0)
    if name == "strategies":
        assert "the paper finds B better:" in text
        assert "| D4.1 | D4.2 | +100.00 | +100.00 to +100.00 | 0.0002 |" in table
        assert "| D0-S | D1 | +0.00 | +0.00 to +0.00 | 1.0000 |" in table
    assert (folder / name / "table.csv").read_text("utf-8").count("\n") == 1 + rows
    assert (folder / name / "plot.png").read_bytes().startswith(b"\x89PNG")
    if name == "single":
        assert [line.split(" | ")[0] for line in table[1:]] == ["| de", "| en", "| mean"]
    if name == "stages":
        assert table[2].endswith("| 0.00 (0.0) |") and table[-1].endswith("88.64 (3.8) |")
    if name == "architecture":
        assert table[2].startswith("| transformer_48_2 | 1,000 | 1.00 | 2.00 | 2.000 | 0.307 | ")
        assert "that of bilstm_50_100" in text and "here nowhere, in the paper nowhere" in text
    assert json.loads((folder / "study.json").read_text())["flags"] == []
