"""Label sets of BIOES and of any tags, and how they are decoded."""

import itertools
import shutil

import numpy as np
import pytest

from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.labels import label_set
from xtremedistil_tf.data.tags import BioesSet, WordTags
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference.entities import join_entities
from xtremedistil_tf.metrics.decoding import constrained_tags, decode, word_scores
from xtremedistil_tf.metrics.words.word_tags import count_words, score_word_tags, tag_details

BIOES = ["O", "B-X", "I-X", "E-X", "S-X"]


def valid(tags):
    """BIOES by its definition: O and S, and B I* E."""
    text = "".join(tag[0] for tag in tags)
    for whole in ("S", "BE", *(f"B{'I' * count}E" for count in range(1, 9))):
        text = text.replace(whole, "O")
    return set(text) <= {"O"}


@pytest.mark.parametrize("seed", range(6))
def test_bioes_is_decoded_to_the_best_valid_sequence(seed):
    labels = BioesSet(BIOES)
    logits = np.random.default_rng(seed).normal(scale=2, size=(4, 4, labels.size))
    scores = word_scores(logits.astype(np.float32), np.array([np.arange(4)] * 4), labels)
    for row, found in enumerate(constrained_tags(scores, labels)):
        best = max((path for path in itertools.product(range(5), repeat=4)
                    if valid([BIOES[tag] for tag in path])),
                   key=lambda path: sum(scores[row, word, tag] for word, tag in enumerate(path)))
        assert tuple(found) == best
    # A shorter sentence beside it is closed too.
    for tags, _ in decode(logits, [np.arange(4), np.arange(2), np.arange(1), np.arange(3)], labels):
        assert valid(tags)


@pytest.mark.parametrize("given, repaired", [
    ("B-X I-X O", "B-X E-X O"), ("I-X", "S-X"), ("E-X E-X", "S-X S-X"), ("B-X B-X", "S-X S-X"),
    ("S-X I-X E-X", "S-X B-X E-X"), ("B-X I-X I-X E-X S-X O", "B-X I-X I-X E-X S-X O")])
def test_broken_bioes_rows_are_repaired(given, repaired):
    tags, changed = BioesSet(BIOES).repair(given.split())
    assert " ".join(tags) == repaired and valid(tags)
    assert changed == sum(map(str.__ne__, given.split(), tags))


@pytest.mark.parametrize("kind, names, why", [
    ("bioes_tagging", BIOES[:4], "label B-X has no S-X beside it"),
    ("bioes_tagging", ["O", "X"], "'X' is not BIOES"),
    ("tagging", ["NOUN", "VERB"], "label O is missing; .* --tag_scheme=none takes any tags"),
    ("tagging", BIOES, "'E-X' is not IOB2; .* --tag_scheme=bioes"),
    ("word_tagging", ["NOUN"], "only the label NOUN; at least two")])
def test_tags_of_another_scheme_are_refused_with_the_way_out(kind, names, why):
    with pytest.raises(UserError, match=why):
        label_set(kind, names)


def test_a_graph_decodes_bioes_alike():
    from xtremedistil_tf.export.savedmodel.graph_student import Decoder
    from xtremedistil_tf.keras2 import tf

    labels = BioesSet(BIOES)
    logits = np.random.default_rng(1).normal(scale=2, size=(6, 5, labels.size)).astype(np.float32)
    lengths = [5, 1, 3, 5, 2, 4]
    decoder = Decoder(labels)
    present = np.arange(5) < np.array(lengths)[:, None]
    scores = np.stack([decoder.scores(tf.constant(row), tf.constant(there)).numpy()
                       for row, there in zip(logits, present)])
    found = decoder(tf.constant(scores), tf.constant(present))["tags"].numpy()
    for row, (tags, _) in enumerate(decode(logits, [np.arange(n) for n in lengths], labels)):
        assert [tag.decode() for tag in found[row, :lengths[row]]] == tags


def test_any_tags_are_decoded_and_scored_word_by_word():
    labels = WordTags(["ADP", "B-side", "nsubj:pass"])
    logits = np.zeros((1, 3, labels.size), np.float32)
    logits[0, 0, 2] = logits[0, 1, 1] = 9.0
    (tags, sure), = decode(logits, [np.array([0, 1, -1])], labels)
    assert tags == ["nsubj:pass", "B-side", "ADP"]  # A word without a token has the first tag.
    gold, found = [["ADP", "B-side"], ["ADP"]], [["ADP", "ADP"], ["ADP"]]
    scores = score_word_tags(gold, found, ["de", "en"])
    assert scores["accuracy"] == pytest.approx(200 / 3) and scores["macro_f1"] == 40.0
    assert scores["languages"]["en"] == {"accuracy": 100.0, "macro_f1": 100.0, "support": 1}
    details = tag_details(gold, found, ["de", "en"], labels)
    assert details["confusion"] == [[2, 0, 0], [1, 0, 0], [0, 0, 0]]
    assert details["classes"]["B-side"]["support"] == 1
    assert count_words(gold[0], found[0]) == (1, 2, 2)


def test_words_stand_alone_and_bioes_entities_are_joined():
    words = [("in", 0, 2), ("New", 3, 6), ("York", 7, 11), ("Bonn", 12, 16)]
    text, sure = "in New York Bonn", [1.0] * 4
    joined = join_entities(text, words, ["O", "B-X", "E-X", "S-X"], sure)
    assert [one["word"] for one in joined] == ["New York", "Bonn"]
    alone = join_entities(text, words, ["O", "B-X", "NOUN", "NOUN"], sure, alone=True)
    assert [(one["entity_group"], one["word"]) for one in alone] == [
        ("B-X", "New"), ("NOUN", "York"), ("NOUN", "Bonn")]


def test_a_student_of_any_tags_gives_each_word(run_folder, tmp_path):
    """A tagger's folder under other label names, in two runtimes."""
    import xtremedistil_tf
    from xtremedistil_tf.files.contents import read_json, write_json

    names = ["NOUN", "VERB", "ADP", "B-side", "DET", "PUNCT", "nsubj:pass"]
    for form in ("onnx", "student"):
        shutil.copytree(run_folder / form, tmp_path / form)
        (tmp_path / form / "manifest.json").unlink()
        record = read_json(tmp_path / form / "student.json")
        write_json(tmp_path / form / "student.json",
                   {**record, "kind": "word_tagging", "tags": names, "decoding": "independent"})
    (tmp_path / "student" / "labels.tsv").write_text("\n".join(names) + "\n")
    text = "Anna Weber wohnt in Bonn"
    found = {runtime: xtremedistil_tf.load(tmp_path, runtime) for runtime in ("onnx", "keras")}
    for model in found.values():
        assert model.kind == "word_tagging"
        words = model(text)
        assert [one["word"] for one in words] == text.split()
        assert {one["entity_group"] for one in words} <= set(names)
        (line,) = model.read_lines([text])
        assert [one["entity_group"] for one in line.record()["entities"]] == [
            one["entity_group"] for one in words]
    assert [one["entity_group"] for one in found["onnx"](text)] == [
        one["entity_group"] for one in found["keras"](text)]


def test_the_scheme_chooses_the_kind_of_task():
    kinds = {scheme: DataConfig("t", do_ner=True, tag_scheme=scheme).kind
             for scheme in (None, "iob2", "bioes", "none")}
    assert kinds == {None: "tagging", "iob2": "tagging", "bioes": "bioes_tagging",
                     "none": "word_tagging"}
    assert DataConfig("t", do_ner=True, tag_scheme="none").measure == "accuracy"
    with pytest.raises(UserError, match="--tag_scheme=none needs --do_NER"):
        DataConfig("t", tag_scheme="none")
    with pytest.raises(UserError, match="--entity_swaps needs --do_NER, and a --tag_scheme"):
        DataConfig("t", do_ner=True, tag_scheme="none", entity_swaps=1)
