"""Entities that overlap, OntoNotes' brackets and WebAnno's columns."""

import pytest

from xtremedistil_tf.corpora.annotations.spans import Span, tag_tokens, without_nested
from xtremedistil_tf.corpora.convert import convert
from xtremedistil_tf.corpora.readers.base import ReadOptions, Tally
from xtremedistil_tf.corpora.readers.columns import bracket_spans
from xtremedistil_tf.corpora.readers.formats import read_lines
from xtremedistil_tf.corpora.readers.schemes import of_layers, to_iob2
from xtremedistil_tf.corpora.source_rows import ConvertOptions
from xtremedistil_tf.corpora.sources.sources import find_sources
from xtremedistil_tf.data.lines import RowError
from xtremedistil_tf.data.readers.recognise import recognise
from xtremedistil_tf.errors import UserError

WORDS = list("abcdef")


def test_outer_and_inner_entities():
    spans = [Span(0, 4, "A"), Span(0, 2, "B"), Span(1, 3, "C"), Span(4, 5, "D"), Span(4, 5, "E")]
    counts = Tally()
    assert tag_tokens(WORDS, spans, counts, nested="outer") == (
        "B-A", "I-A", "I-A", "I-A", "B-D", "O")
    assert counts["nested_entities"] == 3
    assert tag_tokens(WORDS, spans, Tally(), nested="inner") == (
        "O", "B-C", "I-C", "O", "B-E", "O")
    with pytest.raises(RowError, match="--nested=outer or inner keeps one"):
        tag_tokens(WORDS, spans, Tally())
    apart = [Span(0, 2, "A"), Span(2, 3, "B")]
    assert without_nested(apart, Tally(), "refuse") == apart


def test_many_nested_entities_take_little_time():
    spans = [Span(at, at + 2, "A") for at in range(20_000)]
    assert len(without_nested(spans, Tally(), "outer")) == 10_000


@pytest.mark.parametrize(("cells", "spans"), [
    (["(PERSON*", "*)", "*"], [(0, 2, "PERSON")]),
    (["(A*", "(B*)", "*)"], [(0, 3, "A"), (1, 2, "B")]),
    (["(A(B*))", "-", "(C)"], [(0, 1, "A"), (0, 1, "B"), (2, 3, "C")]),
])
def test_brackets(cells, spans):
    assert [(one.begin, one.end, one.label) for one in bracket_spans(cells)] == spans


@pytest.mark.parametrize(("cells", "told"), [
    (["*", "*)"], "the bracket of word 2, '\\*\\)', closes no entity"),
    (["(A*", "*"], "A of word 1 has no closing bracket")])
def test_brackets_without_their_other_one(cells, told):
    with pytest.raises(RowError, match=told):
        bracket_spans(cells)


def test_text_with_brackets_is_no_column_of_entities():
    assert recognise(["Paris (France)", "Rome (Italy)", "Oslo (Norway)"]) == "text"


def test_layers_of_a_cell():
    tags = ["B-A|B-B", "I-A|O", "O|O"]
    assert of_layers(tags, Tally(), "outer") == ("B-A", "I-A", "O")
    assert of_layers(tags, Tally(), "inner") == ("B-B", "O", "O")
    assert of_layers(tags, Tally(), "refuse") is tags
    assert of_layers(["B-A", "O"], Tally(), "outer") == ["B-A", "O"]


HEAD = ["#FORMAT=WebAnno TSV 3.2", "#T_SP=a.b.NamedEntity|value",
        "#T_RL=a.b.Dependency|type|BT_a.b.POS", "#T_SP=custom.Term|kind|note", "", ""]
LINES = ["#Text=Anna-Lena lacht.", "1-1\t0-9\tAnna-Lena\tPER\t_\t_\tx\\|y[1]\t_\t",
         "1-1.1\t0-4\tAnna\tGIVEN\t_\t_\t_\t_\t", "1-2\t10-15\tlacht\t_\t_\t_\tx\\|y[1]\t_\t",
         "1-3\t15-16\t.\t_\t_\t_\t_\t_\t", "", "#Text=Bonn", "2-1\t17-21\tBonn\tLOC\t_\t_\t_\t_\t"]


def webanno(lines, *, head=HEAD, **options):
    name, rows = read_lines(enumerate([*head, *lines], 1), ReadOptions(**options), Tally())
    assert name == "webanno"
    return [row if isinstance(row, RowError) else (row.words, row.tags) for _, row in rows]


def test_webanno():
    assert webanno(LINES, nested="outer") == [
        (("Anna-Lena", "lacht", "."), ("B-PER", "O", "O")), (("Bonn",), ("B-LOC",))]
    assert webanno(LINES, nested="inner")[0] == (
        ("Anna-Lena", "lacht", "."), ("B-GIVEN", "O", "O"))
    assert "overlap" in str(webanno(LINES)[0])
    assert webanno(LINES, tag_column="Term.kind")[0] == (
        ("Anna-Lena", "lacht", "."), ("B-x|y", "I-x|y", "O"))
    assert webanno(LINES, labelled=False)[0] == (("Anna-Lena", "lacht", "."), ())


def test_webanno_mistakes_are_told():
    with pytest.raises(UserError, match="allowed: NamedEntity.value or Term.kind or Term.note"):
        webanno(LINES, tag_column="none")
    with pytest.raises(UserError, match="--tag_column=Name.value or Term.kind"):
        webanno(LINES, head=[HEAD[0], "#T_SP=a.b.Name|value", *HEAD[2:]])
    with pytest.raises(UserError, match="has no layer of spans"):
        webanno(LINES, head=HEAD[:1])
    for places in ("0-" + "9" * 5000, "0-²"):
        assert "needed are 4 columns" in str(webanno([f"1-1\t{places}\tAnna\tPER"],
                                                     tag_column="value")[0])
    assert "needed are 4 columns" in str(webanno(["1-1\t0-4\tAnna"], tag_column="value")[0])
    assert "has no type" in str(webanno(["1-1\t0-4\tAnna\t*\t_\t_\t_\t_"],
                                        tag_column="value")[0])


@pytest.mark.parametrize("nested, tags", [("outer", ("B-ORG", "I-ORG", "I-ORG", "O")),
                                          ("inner", ("O", "B-GPE", "O", "O"))])
def test_tags_with_spaces_between_follow_their_entity(nested, tags):
    cells = ["B-ORG", "B-GPE I-ORG", "I-ORG", "O"]
    assert of_layers(cells, Tally(), nested) == tags


@pytest.mark.parametrize("row", [
    "a{n}\tB-ORG\nb\tB-GPE I-ORG",
    '{{"tokens": ["a{n}", "b"], "ner_tags": ["B-ORG", "B-GPE I-ORG"]}}'])
def test_nested_tags_with_spaces_are_refused(tmp_path, row):
    path = tmp_path / ("train.jsonl" if "tokens" in row else "train.txt")
    path.write_text("".join(row.format(n=n) + ("\n" if "tokens" in row else "\n\n")
                            for n in range(12)))
    sources, _ = find_sources(path)
    with pytest.raises(UserError, match="tag 2 is 'B-GPE I-ORG'.*--nested=outer or inner"):
        convert(sources, tmp_path / "task", ConvertOptions())
    read = ConvertOptions(ReadOptions(nested="outer"))
    assert convert(sources, tmp_path / "task", read)["labels"] == ["O", "B-ORG", "I-ORG"]


@pytest.mark.parametrize("separator", ["|", "^", "~", " "])
def test_tags_with_a_mark_between_are_several(separator):
    tags = [f"B-ORG{separator}O", f"I-ORG{separator}B-PER"]
    with pytest.raises(RowError, match="--nested=outer or inner keeps one of several tags"):
        to_iob2(tags, Tally())
    assert of_layers(tags, Tally(), "outer") == ("B-ORG", "I-ORG")
    assert to_iob2(["B-R^2"], Tally()) == ("B-R^2",)
