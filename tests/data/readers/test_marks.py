"""Marks of labels in running text, and ordinary texts that look a little like them."""

import textwrap

import pytest

from xtremedistil_tf.data.readers.marks import doubts_of, marked_form

CLASSES = ["pos", "neg"]


def lines(pattern, count=40):
    return [pattern.format(n=n, bit=n % 2, five=n % 5, one=CLASSES[n % 2]) for n in range(count)]


@pytest.mark.parametrize("pattern, told", [
    ("Yesterday <PER>Karl{n}</PER> went", "such as '<PER>Karl0</PER>'"),
    ('Yesterday <ENAMEX TYPE="PERSON">Karl{n}</ENAMEX> went', "such as '<ENAMEX TYPE="),
    ("Yesterday <START:person> Karl{n} <END> went", "such as '<START:person>'"),
    ("이 경찰은 ‹한재{n}:PS›다.", "such as '‹한재0:PS›'"), ("이 <한재{n}:PS>다.", "'<한재0:PS>'"),
    ("show me [Karl{n}](PER) again", r"such as '[Karl0](PER)'"),
    ('show [Karl{n}]{{"entity": "PER"}} again', "markup"),
    ("went to [Oslo{n}|LOC] again", "markup"),
    ("Yesterday [PER Karl{n} ] went", "'[PER Karl0 ]'"), ("[NP Karl{n} ] [VP runs ]", "markup"),
    ("The/at Fulton/np-tl no{n}/cd ./.", "tags behind /"), ("The_DT no{n}_CD ._.", "tags behind _"),
    ("The|the|DT no{n}|no|CD", "tags behind |"), ("({five} (2 It) (3 (3 is) (2 n{n})))", "trees"),
    ("(S (NP (NNP Karl{n})) (VP (VBZ runs)) (. .))", "trees"),
    ("DESC:manner How did no {n} come out ?", "TREC"),
    ("{bit} The movie {n} was", "a class before"),
    ("{five} The movie {n} was", "a class before the text"), ("{n} The movie was", "its number"),
    ("The movie {n} ||| {one}", "|||"), ("{bit},The movie {n} was", "a class before ,"),
    ("i feel it {n};sadness", "a class behind ;"), ("The profit {n} rose.@{one}", "behind @"),
    ("he dis@@ tils {n}", "tokenizer"), ("he dis ##tils {n}", "tokenizer"),
    ("▁he ▁dis til s ▁{n}", "tokenizer"), ("he Ġdis til s Ġ{n}", "tokenizer"),
    ("[CLS] he distils {n} [SEP]", "tokenizer"),
    ("['The', 'movie', '{n}']", "lists as Python writes them"),
    ("The movie {n} was.##{bit}", "behind ##"), ("The movie {n},{one}", "a class behind ,"),
    ("https://a.org/{n}.html?x={n}", "addresses"), ("www.a{n}.org", "addresses"),
    ("anna{n}@a.org", "addresses"), ("raw/doc_{n}.txt", "addresses"), ("doc_{n}.txt", "addresses"),
    ("C:\\data\\doc{n}", "addresses"), ("/srv/My texts/ü {n}.txt", "addresses"),
    ("101 200{n} 17 102", "numbers or ids"),
    ("3f2504e0-4f89-11d3-9a0c-0305e82c33{n}", "numbers or ids"),
    ("VGhpcyBpcyBhIHRleHQgdGhhdCBub2JvZHkg{n}==", "numbers or ids"),
    ("w{n} 0.1 -0.25 3.0e-5", "words with their vectors"),
    ("2024-01-01 10:00:{n},123 INFO it began", "behind their times"),
    ("[12/01/24, 10:{n:02}] Anna: it began", "behind their times"),
    ("10:{n:02} <anna> it began", "behind their times"),
    ("menu.file{n} = Open the file", "behind their keys"), ("- intent: no{n}", "Rasa"),
    ("## intent:no{n}", "Rasa"), ('msgid "no {n}"', "(PO)"), ("\\begin{{document}}", "LaTeX"),
    ("[Script Info]", "SubStation")])
def test_marks_of_labels_are_named(pattern, told):
    assert told in marked_form(lines(pattern)).told
    if not told.startswith(("Rasa", "(PO)", "LaTeX", "SubStation")):  # These lines begin a file.
        assert marked_form(["An ordinary sentence of a text."] * 40 + lines(pattern, 3)) is None


def test_forms_of_several_lines():
    assert "a vertical file" in marked_form(["<s>", "Karl\tNNP", "runs\tVBZ", "</s>"] * 9).told
    assert "trees" in marked_form(["( (S", "    (NP (NNP Karl))", "    (VP (VBZ runs))",
                                   "    (. .)))"] * 9).told
    some = lines("Yesterday <PER>Karl{n}</PER> went", 5) + ["He went home."] * 30
    assert "markup" in marked_form(some).told, "one in seven lines is a clear share"


@pytest.mark.parametrize("pattern", [
    "See [page {n}](http://x.y/{n}) or [readme](README.md), <b>bold</b> or <B>bold</B>.",
    "[MAN laughing] I never said {n}, never.", "(He said {n} of (them) again)", "(Music playing)",
    "either/or and his/her no {n} at http://a.b/c were", "call my_function with some_value {n}",
    "I saw {n} of them, {one}", "Yes.", "John: no {n} is mine; {one}",
    "这是第{n}个句子，很长。", '"No {n}," he said, "never."', "a < b and c > d in {n}",
    "He, who is {n}, left;and so did she.", "the price is 3,000 or {n} | more",
    "See http://a.b/{n} now", "At 10:{n} he went", "It began on 2024-01-{n}", "He says x = {n} so",
    "so", "Donaudampfschifffahrtsgesellschaft", "12.{n} euros are enough", "1. No {n}", "Mr. No",
    "intent: no {n} is mine", "the \\emph{{best}} of {n}", "[Intro]", "事故.{n}年のことだ", "a.m."])
def test_ordinary_text_has_no_marks(pattern):
    assert marked_form(lines(pattern)) is None


def test_lines_that_begin_with_a_few_numbers_are_text():
    assert marked_form([f"{(37 * n) % 400 + 100} people died in {n}." for n in range(40)]) is None
    assert marked_form(["2 cups of flour", "1 spoon of salt", "3 eggs or so"]) is None


PROSE = " ".join(f"The {n}th house of our street stands empty, and nobody knows who built it there "
                 f"in all these years{' of war and hunger' * (n % 3)}." for n in range(60))


def test_headers_of_emails_are_told():
    mail = ["From: a@b.org", "To: c@d.org", "Subject: Re: it", "", "It is so .", "Yes .", ""] * 5
    assert "15 of its first lines are headers of e-mails, such as From:" in doubts_of(mail)[0]
    assert doubts_of(["Subject: it", "It is so ."] * 9) == []


def test_lines_of_one_width_are_told():
    wrapped = textwrap.wrap(PROSE, 70)
    assert "cut at one width" in doubts_of(wrapped)[0]
    assert doubts_of([line.lower() for line in wrapped]) == [], "perhaps titles"
    assert doubts_of(PROSE.split(". ")) == doubts_of(sorted(PROSE.split(". "), key=len)) == []
    assert doubts_of([line for one in wrapped for line in (one, "")]) == [], "no line goes on"


@pytest.mark.parametrize("lines, told", [
    (["# Title", "", "See it.", "", "# More", "", "It is.", "", "# End", "", "It was."], True),
    (["## Title", "See it."] * 9, True), (["See [it](http://x.y/z)."] * 9, True),
    (["It is **bold** here."] * 9, True), (["# topic is great"] * 9, False),
    (["2 ** 3 ** 4 is 2**3**4"] * 9, False), (["a[0](x) and (see [1])"] * 9, False),
    (["## Title"] + ["See it."] * 90, False)])
def test_markdown_is_told(lines, told):
    assert [one[:17] for one in doubts_of(lines)] == ["marks of Markdown"] * told


@pytest.mark.parametrize("lines, told", [
    (["It is [[Bonn|a city]]."] * 9, "marks of a wiki"),
    (["'''It''' is {{a}}."] * 9, "marks of a wiki"),
    (["It is.\rShe sat."] * 3, "3 of its first lines hold carriage returns"),
    (["He said 'no' [[1]", "It's {a} 'n' all"] * 9, None), (["It is.\rShe sat."] * 2, None)])
def test_marks_of_wikis_and_carriage_returns_are_told(lines, told):
    assert [one[:len(told or "")] for one in doubts_of(lines)] == ([told] if told else [])


def test_lines_that_stand_for_no_text_are_named():
    (line,) = doubts_of(["nan", "It rains.", "NULL", "nan", "N/A", "undefined"])
    assert line.startswith("5 of its first lines are nan or NULL or N/A, which stands for no text")
