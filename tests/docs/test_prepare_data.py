"""The commands of docs/how-to/prepare_data.md, run on small files of the kinds it speaks of."""

import importlib.util
import json
import re
import shlex

import pytest

from tests.conftest import ROOT
from tests.corpora.test_convert import write_conll, write_wikiann
from tests.processes import run
from xtremedistil_tf.reporting.paper import TABLE_17

PAGE = (ROOT / "docs" / "how-to" / "prepare_data.md").read_text("utf-8")
COMMANDS = re.findall(r"^xtremedistil-prepare (.*)$", PAGE, re.M)


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A folder that holds what the page's commands read."""
    folder = tmp_path_factory.mktemp("here")
    write_wikiann(folder / "wikiann", sorted(TABLE_17))
    write_conll(folder / "conll2003")
    (folder / "germeval").mkdir()
    (folder / "germeval" / "train.tsv").write_text("\n\n".join(
        f"# source\n1\tAnna{n}\tB-PER\tO\n2\tlacht\tO\tB-X" for n in range(20)))
    (folder / "news.txt").write_text("Er kam heute. Sie ging.\n")
    (folder / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\nin\n")
    with open(folder / "all.jsonl", "w") as file:
        for number in range(30):
            file.write(json.dumps({"tokens": [f"Ann{number}", "lacht"],
                                   "ner_tags": ["B-PER", "O"], "lang": "de"}) + "\n")
    (folder / "exports").mkdir()
    for language in ("de", "en"):  # Label Studio's.
        (folder / "exports" / f"project-{language}.json").write_text(json.dumps([
            {"id": number, "data": {"text": f"Ann{number} is {language}."}, "annotations": [
                {"result": [{"type": "labels", "from_name": "label", "to_name": "text", "value": {
                    "start": 0, "end": len(f"Ann{number}"), "labels": ["PERSON"]}}]}]}
            for number in range(20)]))
    write_other_kinds(folder)
    # Stands in for the library: the same call, no hub.
    (folder / "datasets.py").write_text(
        "class Rows(list):\n    features = None\n"
        "def load_dataset(name, config):\n"
        "    return {split: Rows({'tokens': [f'{split}{n}'], 'ner_tags': ['B-PER'],\n"
        "                         'lang': config} for n in range(3))\n"
        "            for split in ('train', 'validation', 'test')}\n")
    return folder


def write_other_kinds(folder):
    """Writes the page's texts, pairs, numbers, answers and tags that are no entities."""
    rows = range(30)
    (folder / "reviews.csv").write_text("text,label\n" + "".join(
        f'"Good, or not:\nnumber {n}",{"pos" if n % 2 else "neg"}\n' for n in rows))
    (folder / "more_reviews.txt").write_text("It came late. I sent it back.\n")
    (folder / "tickets.tsv").write_text("id\tbody\tqueue\n" + "".join(
        f"{n}\tThe screen {n} is dark.\t{'it' if n % 2 else 'shop'}\n" for n in rows))
    (folder / "nli.jsonl").write_text("".join(json.dumps(
        {"premise": f"It rains {n}.", "hypothesis": f"It is wet {n}.", "gold": "yes" if n % 2 else
         "no"}) + "\n" for n in rows))
    (folder / "ratings.csv").write_text("text,stars\n" + "".join(
        f"Room number {n} was fine,{n % 5}\n" for n in rows))
    (folder / "tydiqa").mkdir()
    (folder / "tydiqa" / "train.json").write_text(json.dumps({"version": "1", "data": [
        {"title": "t", "paragraphs": [{"context": f"Anna {n} lives in Bonn.", "qas": [
            {"id": f"english-{n}", "question": f"Where is {n}?",
             "answers": [{"text": "Bonn", "answer_start": len(f"Anna {n} lives in ")}]}]}]}
        for n in rows]}))
    (folder / "UD_German-GSD").mkdir()
    (folder / "UD_German-GSD" / "de_gsd-ud-train.conllu").write_text("".join(
        f"1\tAnna{n}\t_\tPROPN\t_\t_\t2\tnsubj\t_\t_\n2\tlacht\t_\tVERB\t_\t_\t0\troot\t_\t_\n\n"
        for n in rows))
    (folder / "chunks.txt").write_text("".join(
        f"Anna{n} NNP B-NP\nlaughs VBZ B-VP\n\n" for n in rows))


def test_the_commands_run_in_their_order(here):
    assert len(COMMANDS) == 16
    for command in COMMANDS:
        result = run("xtremedistil_tf.cli.prepare", *shlex.split(command), cwd=here,
                     first_path=[here])
        assert result.returncode == 0, (command, result.stderr)
    counts = {name: json.loads((here / name / "conversion.json").read_text())["splits"]
              for name in ("data41", "conll", "outer", "mine", "labelled", "hub")}
    assert len(counts["data41"]["train"]) == 41 and sum(
        counts["data41"]["transfer"].values()) == 41 * 5
    assert counts["conll"]["transfer"] == {"en": 2} and counts["conll"]["dev"] == {"en": 1}
    assert counts["mine"] == {"train": {"de": 21}, "dev": {"de": 3}, "test": {"de": 6},
                              "transfer": {"default": 2}}
    assert counts["labelled"]["train"] == {"de": 16, "en": 16}
    assert sum(counts["outer"]["train"].values()) == 16
    assert counts["hub"]["dev"] == {"de": 3, "fr": 3}
    card = json.loads((here / "mine" / "card" / "card.json").read_text())
    assert card["licence"] == "CC BY-SA 4.0" and card["seq_len"] == 64


def test_named_flags_exist():
    cli = ROOT / "xtremedistil_tf" / "cli"
    source = (cli / "prepare.py").read_text("utf-8")
    runs = source + (cli / "options" / "run_flags.py").read_text("utf-8")
    for command in COMMANDS:
        for flag in re.findall(r"--(\w+)", command):
            assert f'"{flag}"' in source, flag
    for flag in re.findall(r"--(\w+)", PAGE):
        assert f'"{flag}"' in runs, flag


def test_the_table_is_current():
    spec = importlib.util.spec_from_file_location(
        "benchmark_prepare", ROOT / "benchmarks" / "prepare.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.render(PAGE) == PAGE, "run python benchmarks/prepare.py"
    defects = json.loads(module.RECORD.read_text())["defects"]
    assert defects["planted"] >= 50 and defects["found_with_line"] == defects["planted"]
