"""Splitting running text into words."""

import sys

import pytest

from xtremedistil_tf.data import words
from xtremedistil_tf.data.words import CHARACTERS, DICTIONARY, segmentation_of, split_words
from xtremedistil_tf.errors import UserError

# Thai, Lao, Khmer, Burmese, Japanese and Chinese, each as it is written.
TEXTS = ["นายกรัฐมนตรีเดินทางไปกรุงเทพ", "ຂ້ອຍຢູ່ວຽງຈັນ", "ខ្ញុំរស់នៅភ្នំពេញ", "ကျွန်တော်ရန်ကုန်မှာနေတယ်",
         "東京タワーは高いです。", "我住在北京市。"]


def plain(text, **options):
    return [word for word, _, _ in split_words(text, **options)]


@pytest.mark.parametrize("segmentation", words.SEGMENTATIONS)
@pytest.mark.parametrize("text", [*TEXTS, "Anna (33) lebt in 東京タワー, «Bonn»!", "", " \u3000 ",
                                  "a a. .a a\x1c«a» a_ _ ... a-a (…) $1 e\u0301!"])
def test_offsets_are_of_the_text(text, segmentation):
    if segmentation == DICTIONARY:
        pytest.importorskip("icu4py")
    found = split_words(text, segmentation=segmentation)
    assert all(text[begin:end] == word for word, begin, end in found)
    assert "".join(word for word, _, _ in found) == "".join(text.split())


def test_without_a_rule_text_is_split_as_before():
    assert plain("東京タワーは高い。") == ["東", "京", "タワーは", "高", "い", "。"]
    assert plain(TEXTS[0]) == [TEXTS[0]]


@pytest.mark.parametrize("text", TEXTS)
def test_by_character(text):
    assert plain(text, segmentation=CHARACTERS) == list(text)


def test_by_character_leaves_spaced_scripts_whole():
    assert plain("Müller wohnt-in ไป.", segmentation=CHARACTERS) == [
        "Müller", "wohnt-in", "ไ", "ป", "."]


def test_by_dictionary():
    pytest.importorskip("icu4py")
    assert plain(TEXTS[0], segmentation=DICTIONARY)[-1] == "กรุงเทพ"
    assert plain("(東京タワーは高い)", segmentation=DICTIONARY) == [
        "(", "東京タワー", "は", "高い", ")"]
    for text in TEXTS:
        assert 1 < len(plain(text, segmentation=DICTIONARY)) < len(text)


def test_by_dictionary_without_icu_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "icu4py.breakers", None)
    words._word_breaker.cache_clear()
    try:
        assert plain("no such script", segmentation=DICTIONARY) == ["no", "such", "script"]
        with pytest.raises(UserError, match=r"extra \[segmentation\]"):
            plain(TEXTS[0], segmentation=DICTIONARY)
    finally:
        words._word_breaker.cache_clear()


def test_the_rule_is_read_off_the_corpus():
    assert segmentation_of([["Anna", "lebt"], []]) is None
    assert segmentation_of([list("北京市"), ["北京"]]) == CHARACTERS
    assert segmentation_of([["นายก", "รัฐมนตรี"], list("ไ")]) == DICTIONARY
