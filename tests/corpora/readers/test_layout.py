"""Columns: which hold the words and the tags, what is asked, what is told."""

import pytest

from tests.corpora.readers.test_formats import read
from xtremedistil_tf.data.lines import RowError
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.errors import UserError

GERMEVAL = ["# http://source [2010]", "1\tAnna\tB-PER\tO", "2\tlehrt\tO\tO",
            "3\tUniversität\tB-ORG\tO",
            "4\tOslo\tI-ORG\tB-LOC", "", "# other", "1\tBo\tB-PER\tO", "2\tging\tO\tO"]
HIPE = ["TOKEN\tNE-COARSE-LIT\tNE-COARSE-METO\tNE-FINE-LIT\tNEL-LIT\tMISC",
        "# hipe2022:document_id = a", "Anna\tB-pers\tO\tB-pers.ind\tQ1\t_",
        "ging\tO\tO\tO\t_\t_", ".\tO\tO\tO\t_\tEndOfSentence",
        "Paris\tB-loc\tB-org\tB-loc.adm\tQ90\t_", "sagt\tO\tO\tO\t_\tEndOfLine"]
FIRST = Example(("Anna", "lehrt", "Universität", "Oslo"), ("B-PER", "O", "B-ORG", "I-ORG"))


def words_and_tags(lines, **options):
    _, rows, counts = read(lines, **options)
    return [(row.words, row.tags) for _, row in rows], counts


def test_several_layers_of_tags_are_asked_for_with_their_names():
    with pytest.raises(UserError) as caught:
        read(GERMEVAL)
    assert str(caught.value) == ("2 columns hold tags: 3 (PER, ORG); 4 (LOC); choose one with "
                                 "--tag_column=3 or 4")
    with pytest.raises(UserError, match=r"3 columns hold tags: NE-COARSE-LIT \(pers, loc\); "
                       r".*--tag_column=NE-COARSE-LIT or NE-COARSE-METO or NE-FINE-LIT"):
        read(HIPE)


def test_a_column_that_counts_words_is_not_the_words():
    _, rows, counts = read(GERMEVAL, tag_column="3")
    assert rows[0] == (2, FIRST) and rows[1][1].words == ("Bo", "ging")
    assert counts.notes == ["words from column 2, tags from column 3 of 4"]
    assert counts["comments"] == 2
    _, rows, _ = read(GERMEVAL, tag_column="4")
    assert rows[0][1].tags == ("O", "O", "O", "B-LOC")


def test_columns_are_named_by_the_header():
    rows, counts = words_and_tags(HIPE, tag_column="NE-COARSE-LIT")
    assert rows == [(("Anna", "ging", "."), ("B-pers", "O", "O")),
                    (("Paris", "sagt"), ("B-loc", "O"))]
    assert counts.notes == ["words from column TOKEN, tags from column NE-COARSE-LIT of 6"]
    assert counts["comments"] == 1
    rows, _ = words_and_tags(HIPE, tag_column="ne-fine-lit", word_column="1")
    assert rows[1] == (("Paris", "sagt"), ("B-loc.adm", "O"))


@pytest.mark.parametrize(("options", "message"), [
    ({"tag_column": "7"}, "--tag_column is '7'; allowed: 1 to 6 or TOKEN, NE-COARSE-LIT"),
    ({"tag_column": "NER"}, "--tag_column is 'NER'; allowed: 1 to 6 or TOKEN"),
    ({"tag_column": "2", "word_column": "0"}, "--word_column is '0'; allowed: 1 to 6"),
])
def test_columns_that_are_not_there(options, message):
    with pytest.raises(UserError, match=message):
        read(HIPE, **options)
    with pytest.raises(UserError, match="allowed: 1 to 2, and no header names them"):
        read(["Anna B-PER"], tag_column="NER")


@pytest.mark.parametrize(("lines", "words", "tags"), [
    # UNER: the tag is not last. A trailing tab. A score. The tag first. The layer is all O.
    (["1\tAnna\tB-PER\t-\tann", "2\tran\tO\t-\t-"], ("Anna", "ran"), ("B-PER", "O")),
    (["Anna\tB-PER\t", "ran\tO\t"], ("Anna", "ran"), ("B-PER", "O")),
    (["Anna 0.98 B-PER", "ran 0.5 O"], ("Anna", "ran"), ("B-PER", "O")),
    (["Anna B-PER 0.98", "ran O 0.5"], ("Anna", "ran"), ("B-PER", "O")),
    (["B-ACTOR\tbrad", "O\tin"], ("brad", "in"), ("B-ACTOR", "O")),
    (["Anna\tB-PER\tO", "ran\tO\tO"], ("Anna", "ran"), ("B-PER", "O")),
    # CoNLL-2003's phrases are no entities; where nothing else is there, they are what is meant.
    (["Anna NNP B-NP B-PER", "ran VBD B-VP O"], ("Anna", "ran"), ("B-PER", "O")),
    (["Anna NNP B-NP", "ran VBD B-VP", ". . O"], ("Anna", "ran", "."), ("B-NP", "B-VP", "O")),
    # CoNLL-U Plus, with a range that the next lines cut.
    (["# global.columns = ID FORM UPOS NER", "1-2\tdu\t_\t_", "1\tde\tADP\tO", "2\tle\tDET\tB-X"],
     ("de", "le"), ("O", "B-X")),
    # The same tags twice are one layer.
    (["Anna B-PER B-PER", "ran O O"], ("Anna", "ran"), ("B-PER", "O")),
    # CSV with quotes and a header.
    (["Word,POS,Tag", "Anna,NNP,B-PER", '",",",",O'], ("Anna", ","), ("B-PER", "O")),
    (["Anna;B-PER", "ran;O"], ("Anna", "ran"), ("B-PER", "O")),
])
def test_words_and_tags_are_found(lines, words, tags):
    rows, _ = words_and_tags(lines)
    assert rows == [(words, tags)]


def test_tags_among_the_features_of_conll_u():
    lines = ["1\tAnna\tPROPN\tNER=B-PER", "2\tran\tVERB\tSpaceAfter=No|name=O", "3\t.\tP\t_"]
    rows, _ = words_and_tags(lines, format="columns")
    assert rows == [(("Anna", "ran", "."), ("B-PER", "O", "O"))]


def test_sentences_are_parted_by_a_column_where_no_line_is_empty():
    kaggle = ["Sentence #,Word,POS,Tag", "Sentence: 1,Anna,NNP,B-PER", ",ran,VBD,O",
              "Sentence: 2,Bo,NNP,B-PER", ",sat,VBD,O"]
    assert words_and_tags(kaggle)[0] == [(("Anna", "ran"), ("B-PER", "O")),
                                         (("Bo", "sat"), ("B-PER", "O"))]
    by_id = ["sentence_id\twords\tlabels", "0\tAnna\tB-PER", "0\tran\tO", "1\tBo\tB-PER"]
    assert [row[0] for row in words_and_tags(by_id)[0]] == [("Anna", "ran"), ("Bo",)]
    counted = [f"{at}\tw{row}{at}\t{'B-A' if at == 1 else 'O'}" for row in range(3)
               for at in range(1, 4)]
    assert [len(row[0]) for row in words_and_tags(counted)[0]] == [3, 3, 3]


def test_only_plain_spaces_and_tabs_part_columns():
    rows, counts = words_and_tags(["東\u3000京 B-LOC", "10\u00a0000 O", "a\u2009b O"])
    assert rows == [(("東\u3000京", "10\u00a0000", "a\u2009b"), ("B-LOC", "O", "O"))]
    assert not counts.notes


def test_a_word_with_a_plain_space_is_told():
    _, rows, _ = read(["Anna B-PER", "ran O", "", "New York B-LOC", "", "Bo B-PER"])
    assert isinstance(rows[1][1], RowError)
    assert "3 columns: 'New York B-LOC'; most lines have 2" in str(rows[1][1])
    assert rows[2][1].words == ("Bo",)


def test_a_sharp_sign_is_a_word_where_it_has_a_tag():
    rows, counts = words_and_tags(["# O", "1 O", "# a comment", "Anna B-PER"])
    assert rows[0][0] == ("#", "1", "Anna") and counts["comments"] == 1
    rows, _ = words_and_tags(["#\tproduct", "1\tO", "is\tO", "Anna\tperson"])
    assert rows[0][0] == ("#", "1", "is", "Anna")


def test_transfer_text_needs_no_choice_of_tags():
    _, rows, _ = read(GERMEVAL, labelled=False)
    assert rows[0][1].words == FIRST.words
    _, rows, _ = read(["The DT", "cat NN", "sat VB", ". .", "", "It PRP", "was VB", "so RB",
                       ". ."], labelled=False)
    assert [row.words for _, row in rows] == [("The", "cat", "sat", "."), ("It", "was", "so", ".")]


def test_a_header_of_unknown_names():
    rows, counts = words_and_tags(["Wort\tKlasse"] + ["Anna\tB-PER", "ran\tO"] * 3)
    assert rows[0][0][:2] == ("Anna", "ran")
    assert counts.notes == ["words from column Wort, tags from column Klasse of 2"]
    _, ((_, row),), _ = read(["Wort\tKlasse"] + ["Anna\tB-PER", "ran\tO"] * 3 + ["x\tX"])
    assert row.tags[0] == "Klasse", "another bad tag: no header"


def test_a_short_file_of_several_sentences():
    words = ["Anna", "ran", ".", "Bo", "sat", ".", "It", "rained", "."]
    assert read([f"{word} {'B-PER' if word in ('Anna', 'Bo') else 'O'}" for word in words])[2].cut
    assert not read(["Dr B-PER", ". I-PER", "Low I-PER", "left O", ". O"])[2].cut


def test_no_column_of_tags():
    with pytest.raises(UserError, match="no column holds tags such as B-PER and O .*'Anna, NNP'"):
        read(["Anna NNP", "ran VBD"], format="columns")


@pytest.mark.parametrize("place", [
    "s{n}-t{at}", "T{n}{at}", "{n}:{at}", "{at}:9", "0:00:0{at}.{n}", "doc{n}.txt", "#{at}",
    "({at})", "w{n}.{at}.1"])
@pytest.mark.parametrize("count", [3, 40])
def test_identifiers_and_places_are_not_the_words(place, count):
    names = ["Anna", "Bo", "Cy", "Dee"]
    lines = []
    for n in range(count):
        for at, (word, tag) in enumerate(((names[n % 4], "B-PER"), ("lives", "O"), ("well", "O"))):
            lines.append("\t".join((place.format(n=n, at=at), word, tag)))
        lines.append("")
    rows, counts = words_and_tags(lines)
    assert rows[0] == (("Anna", "lives", "well"), ("B-PER", "O", "O")) and len(rows) == count
    assert counts.notes == ["words from column 2, tags from column 3 of 3"]


def test_words_with_digits_are_words_where_no_other_column_holds_some():
    lines = "\n\n".join(f"w{n}\tNN\tB-PER\nv{n}\tVB\tO" for n in range(12)).split("\n")
    assert words_and_tags(lines)[0][0] == (("w0", "v0"), ("B-PER", "O"))


WORDS_OF_THREE = ["w{n}\tB-PER", "lives\tO", "now\tO"]


def numbered(*places, count=12, words=WORDS_OF_THREE):
    """Sentences without empty lines between; columns of `places` before each word."""
    return ["\t".join([*(place(n, at) for place in places), word.format(n=n)])
            for n in range(count) for at, word in enumerate(words)]


@pytest.mark.parametrize("places", [
    [lambda n, at: str(n + 1)], [lambda n, at: str(n)], [lambda n, at: f"Sentence: {n + 1}"],
    [lambda n, at: str(n * 7919 % 101 + 1000)], [lambda n, at: f"d{n // 3}.txt",
                                                 lambda n, at: str(n % 3 + 1)],
    [lambda n, at: str(n), lambda n, at: str(at)]])
@pytest.mark.parametrize("words", [WORDS_OF_THREE, [*WORDS_OF_THREE, ".\tO"]])
def test_sentences_are_parted_by_the_runs_of_a_column(places, words):
    rows, counts = words_and_tags(numbered(*places, words=words))
    assert [row[0][0] for row in rows] == [f"w{n}" for n in range(12)]
    assert not counts.cut and (len(places) > 1 or "sentences from column 1" in counts.notes[0])


def test_a_sentence_number_may_stand_under_many_names_and_count_in_each_document():
    lines = ["doc_id sent_no token label", "a 1 Anna B-PER", "a 1 ran O", "b 1 Bo B-PER",
             "b 2 sat O"]
    assert [row[0] for row in words_and_tags(lines)[0]] == [("Anna", "ran"), ("Bo",), ("sat",)]


@pytest.mark.parametrize(("place", "rows"), [
    (lambda n, at: str(n // 4), 1), (lambda n, at: str(int(at == 0)), 1),
    (lambda n, at: str(4 * n + at + 1), 1), (lambda n, at: str(at + 1), 40)])
def test_documents_marks_and_counts_of_words_are_no_sentences(place, rows):
    words = ["W{n}\tB-PER", "lives\tO", ".\tO"]
    found, counts = words_and_tags(numbered(place, count=40, words=words))
    assert len(found) == rows and counts.cut == (rows == 1)


@pytest.mark.parametrize(("lines", "words"), [
    (["Anna person", "#Brexit0 event", "lives O"], ("Anna", "#Brexit0", "lives")),
    (["#Brexit0 event", "Anna person", "lives O"], ("#Brexit0", "Anna", "lives")),
    (["Anna NN", "# #", "lives O"], ("Anna", "#", "lives")),
    (["# 1", "Anna person", "lives O"], ("Anna", "lives")),
    (["#sent 1", "Anna person", "lives O"], ("Anna", "lives")),
    # KLUE names a sentence and gives its text behind a tab.
    (["## klue_1\t<Anna:PS> lives", "Anna\tB-PS", " \tO", "lives\tO"], ("Anna", "", "lives"))])
def test_words_with_a_sharp_sign_and_comments(lines, words):
    rows, _ = words_and_tags([*lines, ""] * 8, tag_column="2")
    assert [row[0] for row in rows] == [words] * 8


def test_tags_whose_words_stand_in_another_file_are_refused():
    """SNIPS and ATIS as seq.in and seq.out."""
    lines = [" ".join(["O"] * (at % 3) + ["B-x", "I-x", "O"]) for at in range(60)]
    with pytest.raises(UserError, match="all columns hold tags, and none holds words: do these st"):
        read(lines)


@pytest.mark.parametrize("mark", ["PySBDSegment", "EndOfLine|PySBDSegment", "EndOfSentence"])
def test_hipes_marks_end_sentences(mark):
    """Without them whole documents became one row; names with a full stop are not cut then."""
    lines = [line.replace("EndOfSentence", mark) for line in HIPE[:-2]]
    lines[3] = lines[3].replace("ging", "St.")
    found, _ = words_and_tags(lines + lines[2:], tag_column="NE-COARSE-LIT")
    assert [words for words, _ in found] == [("Anna", "St.", ".")] * 2


def test_a_conllu_file_of_one_sentence_is_columns():
    lines = ["# sent_id = 0", "# text = Anna ran", "1\tAnna\tAnna\tPROPN\t_\t_\t2\tnsubj\t_\t_",
             "2\tran\trun\tVERB\t_\t_\t0\troot\t_\t_", ""]
    form, rows, _ = read(lines, labelled=False)
    assert form == "columns" and [row.words for _, row in rows] == [("Anna", "ran")]


def test_weibos_numbers_behind_characters_are_left_out():
    lines = ["北0\tB-LOC", "京1\tI-LOC", "是0\tO", ""] * 9
    found, counts = words_and_tags([*lines, "大0\tO", "7\tO"])
    assert found[-2:] == [(("北", "京", "是"), ("B-LOC", "I-LOC", "O")), (("大", "7"), ("O", "O"))]
    assert "numbers behind the characters left out" in counts.notes
    assert words_and_tags(["A4\tB-X", "ran\tO", ""])[0] == [(("A4", "ran"), ("B-X", "O"))]


@pytest.mark.parametrize("marks", [("<s>", "</s>"), ('<sentence id="1">', "</sentence>"),
                                   ("EOS",), ("-docstart- O",)])
def test_marks_of_sentences_part_them(marks):
    rows, counts = words_and_tags(
        [*marks, "Anna B-PER", "ran O", ". O", *marks, "Bo B-PER", "<s> O"])
    assert rows == [(("Anna", "ran", "."), ("B-PER", "O", "O")), (("Bo", "<s>"), ("B-PER", "O"))]
    assert counts["sentence_marks"] + counts["document_markers"] == 2 * len(marks)


def test_what_pandas_writes_for_nothing_names_no_sentence():
    lines = ["Sentence #,Word,Tag", *(f"{name},{word},O" for at in range(3) for name, word in (
        (f"Sentence: {at}", "Anna"), ("NaN", "ran"), ("nan", ".")))]
    rows, _ = words_and_tags([*lines[:1], lines[1].replace(",O", ",B-PER"), *lines[2:]])
    assert [words for words, _ in rows] == [("Anna", "ran", ".")] * 3


@pytest.mark.parametrize("nothing", ["_", "O"])
def test_letters_and_types_may_have_a_column_each(nothing):
    """As in SUC; numbers of things, and names, are no types."""
    lines = [line for n in range(9) for line in (
        f"{n}\tAnna{n}\tB\tperson\tQ{n}", f"{n}\tBo\tI\tperson\t{nothing}",
        f"{n}\tran\tO\t{nothing}\t{nothing}", f"{n}\tto\tO\t{nothing}\t{nothing}", "")]
    rows, counts = words_and_tags(lines)
    assert rows[0] == (("Anna0", "Bo", "ran", "to"), ("B-person", "I-person", "O", "O"))
    assert counts.notes == ["words from column 2, tags from column 3 of 5, their types from "
                            "column 4"]
    without = ["\t".join(line.split("\t")[:3]) for line in lines]
    assert words_and_tags(without)[0][0][1] == ("B", "I", "O", "O")
