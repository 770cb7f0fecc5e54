"""Names of files and folders: splits, languages, what is no data."""

import pathlib

import pytest

from xtremedistil_tf.corpora.sources.names import (
    is_hidden,
    is_no_data,
    languages_of,
    split_of_path,
)
from xtremedistil_tf.corpora.sources.sources import find_sources
from xtremedistil_tf.data.split_names import split_of


@pytest.mark.parametrize(("name", "split"), [
    ("train", "train"), ("eng.testa", "dev"), ("eng.testb", "test"), ("de-dev.conllu", "dev"),
    ("wikiann.valid.jsonl", "dev"), ("extra", "transfer"), ("trainer.txt", None), ("a.txt", None),
    ("devel.tsv", "dev"), ("development.txt", "dev"), ("validation.jsonl", "dev"),
    ("eval.conll", "eval"), ("evaluation.txt", "eval"), ("NER-de-train.tsv", "train"),
    ("en_ewt-ud-test.iob2", "test"), ("wnut17train.conll", "train"), ("trn.txt", "train"),
    ("testset.tsv", "test"), ("CDR_DevelopmentSet.BIO.txt", "dev"), ("TrainingSet.txt", "train"),
    ("NCBIdevelopset_corpus.txt", "dev"), ("trainData.txt", "train"), ("validData.txt", "dev"),
    ("eng.testA", "dev"), ("trainDev.txt", None), ("preTrain.txt", None), ("dataset.txt", None),
    ("Trainset", "train"), ("asset.txt", None), ("pretrainset.txt", None)])
def test_splits_by_name(name, split):
    assert split_of(name) == split


@pytest.mark.parametrize(("path", "split"), [
    ("train/de.txt", "train"), ("data/dev/x/part1.conll", "dev"), ("train/dev.txt", "dev"),
    ("de/a.txt", None), ("train/labels.txt", None), ("train/README", None)])
def test_splits_by_folder(path, split):
    assert split_of_path(pathlib.PurePosixPath(path)) == split


@pytest.mark.parametrize("path", ["._train.txt", ".git/logs/refs/heads/dev", "__MACOSX/train.txt",
                                  ".train.txt.swp", "train.txt~", "#train.txt#", "~$train.txt",
                                  "train.txt:Zone.Identifier"])
def test_files_of_systems_and_editors(path):
    assert is_hidden(pathlib.PurePosixPath(path))
    assert not is_hidden(pathlib.PurePosixPath("data/train.txt"))


@pytest.mark.parametrize("name", ["train.py", "train.md", "train.txt.bak", "test.log", "dev.png"])
def test_endings_of_what_is_no_data(name):
    assert is_no_data(pathlib.PurePosixPath(name))
    assert not is_no_data(pathlib.PurePosixPath("train.txt"))


@pytest.mark.parametrize(("paths", "languages"), [
    (["de/train.txt", "ar/train.txt"], ["de", "ar"]),
    (["data/pt-br/train.txt", "data/de/train.txt"], ["pt-br", "de"]),
    (["train/de.txt", "dev/de.txt", "train/en.txt"], ["de", "de", "en"]),
    (["hau/train.txt", "yor/train.txt"], ["hau", "yor"]),
    (["de/train.txt"], ["de"]),
    (["de/train", "de/dev"], ["de", "de"]),
    (["train_de.tsv", "train_en.tsv"], ["de", "en"]),
    (["esp.train", "ned.train", "esp.testa"], ["esp", "ned", "esp"]),
    (["German/train.txt", "English/train.txt"], ["german", "english"]),
    (["UNER_English-EWT/en-ud-train.iob2", "UNER_Danish-DDT/da-ud-train.iob2"],
     ["english", "danish"]),
    (["zh-classical/train.txt", "deu/train.txt"], ["zh-classical", "deu"]),
    (["be-x-old/train.txt", "be-tarask/train.txt"], ["be-x-old", "be-tarask"]),
    (["zh-min-nan/train.txt", "cmn-Hans-CN/train.txt"], ["zh-min-nan", "cmn-Hans-CN"]),
    (["zh-classical/train.txt"], ["zh-classical"]), (["es-419/a", "es-ES/a"], ["es-419", "es-ES"]),
    (["train.zh-classical.txt", "train.zh.txt"], ["zh-classical", "zh"]),
    (["train.pt-BR.txt", "train.pt-PT.txt"], ["pt-BR", "pt-PT"]),
    (["de-dev.conll", "en-dev.conll"], ["de", "en"]),
    (["train.en-ewt.txt", "train.de-gsd.txt"], ["en", "de"]),
    # Names of something else.
    (["bio-train/a.txt", "raw-dev/a.txt"], [None, None]),
    (["de-train/a.txt", "de-dev/a.txt"], [None, None]),
    (["eng.train", "eng.testa"], [None, None]),
    (["bio/train.txt", "iob/train.txt"], [None, None]),
    (["ner/train.txt", "raw/train.txt"], [None, None]),
    (["de/train.txt", "train.txt"], [None, None]),
    (["NER-de-train.tsv", "NER-de-dev.tsv"], [None, None]),
    (["abc/train.txt"], [None]),
    (["train.txt", "dev.txt"], [None, None]),
    ([], []),
])
def test_languages_by_name(paths, languages):
    assert languages_of([pathlib.PurePosixPath(path) for path in paths]) == languages


@pytest.mark.parametrize("folders, told", [
    (["de", "en", "simple"], "folders such as de, en look like languages, but simple does not"),
    (["German", "English", "all"], "but all does not"), (["de", "en"], None), (["de", "all"], None),
    (["sports", "news"], None)])
def test_folders_of_which_some_are_languages_are_told(tmp_path, caplog, folders, told):
    for folder in folders:
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "train.txt").write_text("Anna B-PER\n\n")
    sources, _ = find_sources(tmp_path)
    assert (told in caplog.text) if told else not caplog.text
    assert [source.language for source in sources] == (
        sorted(folders) if folders == ["de", "en"] else [None] * len(folders))


@pytest.mark.parametrize("name, split", [
    ("train_dev.tsv", None), ("dev-test.txt", None), ("test_unlabeled.tsv", None),
    ("pre-train.txt", None), ("unlabeled_train.txt", "transfer"), ("train.de.train", "train")])
def test_names_of_two_splits(name, split):
    """BioBERT's folders have train, devel and train_dev, whose rows are those of both."""
    assert split_of(name) == split
