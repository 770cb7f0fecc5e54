"""Running text and rows are cut at the marks that end sentences."""

import pytest

from xtremedistil_tf.data.readers.recognise import recognise
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.readers.sentences import count_ends, cut_row, split_sentences


@pytest.mark.parametrize(("text", "sentences"), [
    ("አበበ መጣ። ከበደ ሄደ፧ እሺ", ["አበበ መጣ።", "ከበደ ሄደ፧", "እሺ"]),
    ("Նա եկավ։ Նա գնաց։", ["Նա եկավ։", "Նա գնաց։"]),
    ("သူလာသည်။သူသွားသည်။", ["သူလာသည်။", "သူသွားသည်။"]), ("គាត់មក។ នាងទៅ។", ["គាត់មក។", "នាងទៅ។"]),
    ("Τι κάνεις; Είμαι καλά; ναι.", ["Τι κάνεις;", "Είμαι καλά; ναι."]),
    ("Anna kam; Sie ging.", ["Anna kam; Sie ging."]),
    ("彼は来た．彼女は３．５円だ．", ["彼は来た．", "彼女は３．５円だ．"]),
    ("وہ آیا۔ پی۔ایچ۔ڈی", ["وہ آیا۔", "پی۔ایچ۔ڈی"]), ("राम आया॥ सीता", ["राम आया॥", "सीता"])])
def test_marks_of_many_scripts_end_sentences(text, sentences):
    assert split_sentences(text) == sentences


def test_rows_are_cut_at_them_too():
    row = Example(tuple("Τι κάνεις ; Είμαι καλά ; a ; B አበበ ። ከበደ".split()), ())
    assert [len(one.words) for one in cut_row(row)] == [3, 3, 5, 1]
    assert count_ends(row.words) == 2


def test_they_tell_words_from_titles():
    assert recognise(["አበበ", "መጣ", "።", "ከበደ", "ሄደ", "።"]) == "words"
