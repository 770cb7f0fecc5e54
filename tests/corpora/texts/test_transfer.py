"""Unlabelled texts of any form become lines of transfer.txt, without their labels."""

import json

import pytest

from tests.corpora.texts.test_misread import TEXTS, table
from xtremedistil_tf.corpora.jobs.kinds import Asked
from xtremedistil_tf.corpora.jobs.recognise import recognise_kind
from xtremedistil_tf.corpora.sources.sources import find_sources
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.tasks import task_kind

OTHERS = [f"other film {at}, so" for at in range(9)]


def transfer(tmp_path, content, *, pairs=False, times=1):
    """The lines of transfer.txt that a file gives, beside labelled texts."""
    (tmp_path / "train.csv").write_text(table(
        ((text, f"B {text}", own) for text, own in TEXTS), "sentence1,sentence2,label\n")
        if pairs else table(TEXTS))
    (tmp_path / "more.data").write_text(content, "utf-8")
    sources = [*find_sources(tmp_path / "train.csv")[0],
               *find_sources(tmp_path / "more.data", split="transfer")[0] * times]
    asked = recognise_kind(sources, Asked())
    task_kind(asked.kind).corpus.make(sources, tmp_path / "task", asked)
    return (tmp_path / "task" / "transfer.txt").read_text("utf-8").splitlines()


@pytest.mark.parametrize("content", [
    "\n".join(OTHERS),
    "".join(f"{text}\tpos\n" for text in OTHERS),
    "".join(f"de:neg\t{text}\n" for text in OTHERS),
    "".join(f'"{at}","Head, {at}","{text}"\n' for at, text in enumerate(OTHERS)),
    "".join(f"{text};pos\n" for text in OTHERS),
    "text\n" + "".join(f'"{text}"\n' for text in OTHERS),
    "Text\n" + "".join(f"{text}\n" for text in OTHERS),
    "".join(f'"{text}"\n' for text in OTHERS),
    "".join(json.dumps(text) + "\n" for text in OTHERS),
    json.dumps(OTHERS), json.dumps({"data": [{"text": text} for text in OTHERS]}),
    "".join(json.dumps({"text": text, "label": "pos"}) + "\n" for text in OTHERS),
    "".join(f"__label__pos {text}\n" for text in OTHERS),
    "".join("".join(f"{word} B-X\n" for word in text.split()) + "\n" for text in OTHERS),
    "".join(text.replace(" ", "\n") + "\n\n" for text in OTHERS),
    "".join(f"{at}\n00:00:0{at},000 --> 00:00:0{at},500\n{text}\n\n"
            for at, text in enumerate(OTHERS)),
    "WEBVTT - a film\nKind: captions\n\nNOTE by us\n\nSTYLE\n::cue {}\n\n" + "".join(
        f"cue-{at}\n00:0{at}.000 --> 00:0{at}.500 align:start\n<v Anna>{text}</v>\n\n"
        for at, text in enumerate(OTHERS)),
    "".join(f'<doc id="{at}" url="u" title="t">\n{text}\n\n</doc>\n'
            for at, text in enumerate(OTHERS)),
    "".join(f"{at}|t|{text}\n{at}\t0\t5\tother\tX\tid\n\n" for at, text in enumerate(OTHERS)),
])
def test_labels_and_wrappings_are_no_words(tmp_path, content):
    assert transfer(tmp_path, content) == OTHERS


@pytest.mark.parametrize("content", ["other film 0, so\tpos\n", "other film 0, so;neg\n"])
def test_one_row_with_a_known_label_is_a_table(tmp_path, content):
    assert transfer(tmp_path, content) == OTHERS[:1]


@pytest.mark.parametrize("content, told", [
    ('"No," he said, "never."\n"Go," she said.\n"Well," he said.\n', '"Go," she said.'),
    ("yes\nno\nmaybe\nnever\nwell\n", "maybe"),
    ("so, it goes\nno, it does\nwhy, pos\n", "why, pos"),
    ("".join(f'"Come here {at}", he said\n' for at in range(9)), '"Come here 8", he said'),
    ("".join(f"pos, I said {at}\nneg, it is {at}\n" for at in range(9)), "neg, it is 8"),
    ("".join(json.dumps({"sentence": f"a film {at}", "accept": at % 2}) + "\n"
             for at in range(9)), "a film 8"),
    ("one\ttab\ntwo words\nmore\n", "one tab")])
def test_running_text_stays_as_it_is(tmp_path, content, told):
    found = transfer(tmp_path, content)
    assert told in found and len(found) == len(content.splitlines())


def test_a_file_that_was_named_twice_is_read_once(tmp_path):
    assert transfer(tmp_path, "\n".join(OTHERS), times=2) == OTHERS


@pytest.mark.parametrize("content", [
    "".join(f"A {text}\tB {text}\n" for text in OTHERS),
    "".join(f"A {text}\tB {text}\tpos\n" for text in OTHERS),
    "".join(f"{at}\tA {text}\tB {text}\n" for at, text in enumerate(OTHERS)),
    "".join(f'"A {text}","B {text}",neg\n' for text in OTHERS)])
def test_both_texts_of_pairs(tmp_path, content):
    assert transfer(tmp_path, content, pairs=True) == [
        f"A {text}\tB {text}" for text in OTHERS]


@pytest.mark.parametrize("content, pairs, why", [
    ("<doc>\n" + "<p>a text</p>\n" * 9 + "</doc>\n", False, "more.data: HTML or XML; save it"),
    ("".join(f"DESC:manner How did {text} end ?\n" for text in OTHERS), False,
     "more.data looks like questions behind their classes"),
    ("T1\tPER 0 9\tAnna Low\n", False, "more.data holds brat's entities without their text"),
    ("so@@ me fil@@ ms\n" * 9, False, r"more.data looks like subword or special tokens of a tok"),
    ("just a text\n", True, "more.data:1: needed are two texts, a tab between"),
    ("Anna B-PER\nran O\n\n" * 9, True, "more.data looks like columns of words and tags; needed "
     "are two texts a line"),
    ("a\tb\nc\td\ne\tf\n", False, r"more.data: which column is it\? --text_column=NAME")])
def test_other_forms_are_refused(tmp_path, content, pairs, why):
    with pytest.raises(UserError, match=why):
        transfer(tmp_path, content, pairs=pairs)


def test_addresses_in_place_of_texts_are_refused_or_told(tmp_path):
    places = [f"https://a.org/{at}.html" for at in range(9)]
    with pytest.raises(UserError, match="looks like addresses or names of files .*; "
                       "write the texts themselves"):
        transfer(tmp_path, "\n".join(places))
    assert transfer(tmp_path, "".join(json.dumps({"text": one}) + "\n" for one in places)) == places
    record = json.loads((tmp_path / "task" / "conversion.json").read_text())
    (told,) = [line for one in record["sources"] for line in one["suspicious"]]
    assert "the column 'text' holds addresses, such as 'https://a.org/0.html', not texts" in told
