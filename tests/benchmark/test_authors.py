"""The comparison with the authors' code: the rows, what is kept of their script, the table."""

import importlib
import json
import types

import numpy as np
import pytest

from tests.conftest import ROOT

TAGS = ("O", "B-PER", "I-PER")
ALONE, VALID = "each word alone", "constrained"


@pytest.fixture(name="module")
def _module(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module


def test_both_codes_get_the_first_rows_of_each_language(module, tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    (source / "labels.tsv").write_text("\n".join(TAGS) + "\n", "utf-8")
    # Only the first tag has the language; the second row of en is too many.
    rows = "Ann came\ten:B-PER O\nBo left\ten:B-PER O\nUwe kam\tde:B-PER O\n"
    for split in ("train", "dev", "test"):
        (source / f"{split}.tsv").write_text(rows, "utf-8")
    (source / "transfer.txt").write_text("a b\n\nc  d\ne f\n", "utf-8")
    module("authors_rows").write_task(source, target, labelled=1, transfer=2)
    assert (target / "train.tsv").read_text("utf-8") == \
        "Ann came\ten:B-PER en:O\nUwe kam\tde:B-PER de:O\n"
    assert len((target / "dev.tsv").read_text("utf-8").splitlines()) == 3
    assert (target / "transfer.txt").read_text("utf-8") == "a b\nc d\n"


def test_first_tokens_stand_where_the_gold_class_is_a_tag(module):
    starts = module("authors_rows").word_starts
    classes = np.array([6, 0, 4, 4, 1, 2, 5, 3])  # [CLS] O X X B-PER I-PER [SEP] [PAD]
    assert starts(classes, 4, len(TAGS)).tolist() == [1, 4, 5, -1]
    with pytest.raises(ValueError, match="3 first subword tokens for 2 words"):
        starts(classes, 2, len(TAGS))


def _logits(*classes):
    return np.eye(len(TAGS) + 4, dtype=np.float32)[list(classes)] * 5


def _script(evaluate):
    """Modules with the names of the authors', each with one row a language and split."""
    inputs = {split: {"en": np.array([[number]])} for number, split in enumerate(("dev", "test"))}
    gold = {"en": np.array([[6, 1, 2, 5]])}  # [CLS] B-PER I-PER [SEP]

    def generate(length, file, distil=False):
        split = file.split("/")[-1].split(".")[0]
        shifted = {"en": inputs[split]["en"] + (10 if distil else 0)}
        return (None, None, shifted, gold) if distil else (None, None, None, shifted, gold)

    return (types.SimpleNamespace(generate_sequence_data=generate),
            types.SimpleNamespace(ner_evaluate=evaluate), gold)


def test_the_logits_that_the_script_scores_are_kept_and_scored_both_ways(module, tmp_path):
    seen = []

    def evaluate(model, x, y, batch_size):
        seen.append(model.predict(x["en"], batch_size=batch_size))
        return 12.5

    preprocessing, evaluation, gold = _script(evaluate)
    # I-PER after nothing: word by word it stays, the best valid sequence opens an entity.
    broken = _logits(6, 2, 2, 5)
    broken[1, 1] = 4.0
    outputs = {0: _logits(6, 1, 2, 5), 1: _logits(6, 1, 2, 5), 10: _logits(6, 0, 0, 5), 11: broken}
    keeper = module("authors_child").Keeper(
        tmp_path, lambda model, x, batch_size: outputs[int(x[0, 0])][None])
    keeper.watch(preprocessing, evaluation)
    generate = preprocessing.generate_sequence_data
    ids = [generate(4, f"task/{split}.tsv", distil=distil)
           for distil in (False, True) for split in ("dev", "test")]
    for _, test in (ids[:2], ids[2:]):
        assert evaluation.ner_evaluate(object(), test[-2], gold, batch_size=2) == 12.5
    rows = [module("authors_rows").Example(("Ann", "Lee"), ("B-PER", "I-PER"), "en")]
    found = module("authors_rows").their_scores(tmp_path, {"dev": rows, "test": rows}, TAGS)
    assert [entry.shape for entry in seen] == [(1, 4, 7)] * 2
    assert found["teacher"]["their_score"] == 12.5
    assert found["teacher"]["dev"][VALID]["macro_f1"] == 100.0
    (stage,) = found["stages"]
    assert stage["stage"] == 2 and stage["dev"][ALONE] == {"macro_f1": 0.0, "not_valid": 0.0}
    assert stage["test"][ALONE]["not_valid"] == 1.0 and stage["test"][VALID]["not_valid"] == 0.0
    assert stage["test"][VALID]["macro_f1"] == 100.0
    with pytest.raises(ValueError, match="not of these rows of dev"):
        module("authors_rows").their_scores(tmp_path, {"dev": rows * 2, "test": rows}, TAGS)


def test_the_teacher_answers_from_memory_to_the_same_rows_only(module):
    class Model:
        asked = 0

        def predict(self, x, batch_size):
            Model.asked += 1
            return x * 2

    own = module("authors_child").remember_predictions(Model)
    model, x = Model(), np.arange(4)
    assert model.predict(x, batch_size=2).tolist() == model.predict(x.copy(), batch_size=2).tolist()
    assert Model.asked == 1
    model.predict(x + 1, batch_size=2)
    Model().predict(x, batch_size=2)
    own(model, x, batch_size=2)
    assert Model.asked == 4


def test_the_teacher_s_schedule_gets_another_peak_and_keeps_its_length(module):
    scheduler = types.SimpleNamespace(create_learning_rate_scheduler=lambda **given: given)
    module("authors_child").faster_teacher(scheduler, 1e-4)
    assert scheduler.create_learning_rate_scheduler(
        max_learn_rate=1e-5, end_learn_rate=1e-7, warmup_epoch_count=10, total_epoch_count=4) == {
            "max_learn_rate": 1e-4, "end_learn_rate": 1e-5, "warmup_epoch_count": 1,
            "total_epoch_count": 4}


def _both(alone, valid):
    return {ALONE: {"macro_f1": alone, "not_valid": 0.1}, VALID: {"macro_f1": valid,
                                                                 "not_valid": 0.0}}


def test_the_table_says_which_split_chose_and_what_each_half_gives(module, tmp_path, monkeypatch):
    tables = module("authors_tables")
    stages = [
        {"stage": stage, "their_score": score, "dev": _both(*dev), "test": _both(*test)}
        for stage, score, dev, test in (
            (7, 50.0, (40.0, 49.0), (41.0, 45.0)), (8, 52.0, (39.0, 50.0), (42.0, 47.5)),
            (9, 52.0, (38.0, 51.0), (43.0, 48.0)))]
    record = {
        "command": "python benchmarks/authors.py --task=a", "languages": ["de", "en"], "seed": 1,
        "machine": {"commit": "0" * 40, "processor": "p", "cores": 2, "tensorflow": "2"},
        "rows": {"train": 1000, "transfer": 2000}, "epochs": {"distil": 3, "labels": 2},
        "note": "Little.", "theirs": {"teacher": {"test": _both(60.0, 62.0)}, "stages": stages},
        "ours": {"teacher": {"test": 63.0}, "stages": [{}] * 9, "test": _both(46.0, 51.0)}}
    (tmp_path / "authors.json").write_text(json.dumps(record), "utf-8")
    monkeypatch.setattr(tables, "RECORD", tmp_path / "authors.json")
    table = tables.authors_table()
    assert "| 8 | test, as their code does | 52.00 | 42.00 | 47.50 | +5.50 | 10.0 % |" in table
    assert "| 7 | dev | 50.00 | 41.00 | 45.00 | +4.00 | 10.0 % |" in table
    assert "| 9 | the last | 52.00 | 43.00 | 48.00 |" in table
    assert "| dev | | 46.00 | 51.00 | +5.00 | 10.0 % |" in table
    assert "are +10.00 points: +5.00 by training (both decoded word by word), then +5.00 by " \
        "decoding. With our decoding for both, training gives +6.00." in table
    assert "1,000 labelled and 2,000 transfer" in table and "theirs has 60.00 word by" in table


def test_the_record_has_every_stage_and_names_the_files_that_ran(module):
    record = json.loads(module("authors_tables").RECORD.read_text("utf-8"))
    assert [stage["stage"] for stage in record["theirs"]["stages"]] == list(
        module("authors_rows").STAGES)
    assert {"run_xtreme_distil.py", "conlleval.py"} <= set(record["their_files"])
    theirs, ours = (dict(argument[2:].partition("=")[::2] for argument in record["arguments"][who])
                    for who in ("theirs", "ours"))
    for name in ("task", "pt_teacher_checkpoint", "distil_epochs", "ft_epochs",
                 "distil_batch_size"):
        assert theirs[name] == ours[name]
    assert ours["teacher_epochs"] == ours["ft_epochs"]
