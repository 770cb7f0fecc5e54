"""Running text in scripts without spaces: split by a dictionary, or the run says it is not."""

import pytest

from xtremedistil_tf.corpora.readers import base
from xtremedistil_tf.corpora.readers.base import ReadOptions, Tally
from xtremedistil_tf.corpora.readers.texts import read_subtitles, read_text

THAI = "นายกรัฐมนตรีเดินทางไปกรุงเทพ"


def read(text):
    counts = Tally()
    rows = [row.words for _, row in read_text([(1, text)], ReadOptions(), counts)]
    return rows, counts


def test_by_dictionary():
    pytest.importorskip("icu4py")
    ((*_, last),), counts = read(THAI)
    assert last == "กรุงเทพ" and not counts["unsplit_scripts"]


def test_without_a_dictionary_the_run_says_so(monkeypatch):
    monkeypatch.setattr(base, "has_dictionary", lambda: False)
    rows, counts = read(THAI)
    assert rows == [(THAI,)] and counts["unsplit_scripts"] == 1
    assert not read("我住在北京市")[1]["unsplit_scripts"]


def test_han_alone_is_split_by_character():
    assert read("我住在北京市")[0] == [tuple("我住在北京市")]


def test_marks_of_subtitles_are_no_words():
    lines = ["1", "00:00:01,000 --> 00:00:02,000", r"{\an8}<i>He ran.</i>", "",
             "2", "00:00:03,000 --> 00:00:04,000", '<font color="#ffff00">She sat.</font>']
    rows = read_subtitles(enumerate(lines, 1), ReadOptions(labelled=False), Tally())
    assert [" ".join(row.words) for _, row in rows] == ["He ran .", "She sat ."]


def test_text_whose_marks_stand_apart_is_tokenised_and_keeps_its_words():
    given = ["'' C. Lamison '' ( D ) came .", "U.S. and EU , he said . It rained ."] * 12
    for lines, words in ((given, given[1].split()), (given[:8], None), (
            [*given, *["Er kam, sah und ging."] * 5], None)):
        counts = Tally()
        found = [row.words for _, row in read_text(
            list(enumerate(lines, 1)), ReadOptions(labelled=False), counts)]
        assert (words is not None and found[1] == tuple(words)) == any(
            "words are as given" in note for note in counts.notes)
        assert (words is not None) == (len(found) == len(lines))
