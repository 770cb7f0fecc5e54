"""brat's standoff files: a text and its entities beside it."""

import pytest

from tests.corpora.sources.test_sources import write
from xtremedistil_tf.corpora.conversion_record import describe_record
from xtremedistil_tf.corpora.convert import convert
from xtremedistil_tf.corpora.readers.base import ReadOptions, Tally
from xtremedistil_tf.corpora.source_rows import ConvertOptions
from xtremedistil_tf.corpora.sources.sources import find_sources
from xtremedistil_tf.errors import UserError


def test_brats_texts_are_read_with_their_entities(tmp_path):
    write(tmp_path, **{"train__a.txt": "Anna ran.\r\nBo sat.", "train__a.ann":
                       "T1\tPER 0 4\tAnna\nR1\tx Arg1:T1 Arg2:T2\nT2\tPER 11 13\tBo\n",
                       "train__b.txt": "Cy ran.", "train__b.ann": ""})
    sources, others = find_sources(tmp_path)
    rows = [row for source in sources for _, row in source.read(ReadOptions(), Tally())[1]]
    assert [(row.words, row.tags) for row in rows] == [
        (("Anna", "ran", "."), ("B-PER", "O", "O")), (("Bo", "sat", "."), ("B-PER", "O", "O")),
        (("Cy", "ran", "."), ("O", "O", "O"))]
    assert not others


def test_a_text_with_an_entity_of_two_parts_can_be_left_out(tmp_path):
    write(tmp_path / "in", **{f"train__{n}.txt": f"Anna{n} and Bo sat." for n in range(9)}, **{
        f"train__{n}.ann": "T1\tPER 0 5\tAnna%d\n" % n for n in range(9)})
    (tmp_path / "in" / "train" / "3.ann").write_text("T1\tPER 0 5;10 12\tAnna3 Bo\n")
    sources, _ = find_sources(tmp_path / "in")
    with pytest.raises(UserError, match=r"3.txt:1: 3.ann:1: .*needed is an entity of one part.* "
                       r"\(--on_bad_row=skip leaves such rows out\)"):
        convert(sources, tmp_path / "task", ConvertOptions())
    record = convert(sources, tmp_path / "task", ConvertOptions(on_bad_row="skip"))
    assert sum(one["counts"].get("skipped_rows", 0) for one in record["sources"]) == 1
    rows = "".join((tmp_path / "task" / f"{split}.tsv").read_text()
                   for split in ("train", "dev", "test"))
    assert rows.count("B-PER O O O O") == 8 and "Anna3" not in rows


@pytest.mark.parametrize(("change", "told"), [
    (lambda text: (text, text.replace("\n", "\r\n")), "characters, with one for CR LF"),
    (lambda text: (text.replace("\n", "\r\n"), text), "characters, with two for each line end"),
    (lambda text: (text.replace("Eins", "xx"), text.replace("Eins", "😀")),
     "UTF-16 units, as JavaScript and Java count"),
    (lambda text: (text.replace("Eins", "xx"), text.replace("Eins", "😀").replace("\n", "\r\n")),
     "UTF-16 units, with one for CR LF")])
@pytest.mark.parametrize("most", [1, 2])
def test_brats_offsets_are_told_by_the_texts_of_entities(tmp_path, change, told, most):
    for n in range(6):
        counted, stands = change(f"Eins zwei drei.\n\nAnna{n} lives in Oslo.")
        found = [(name, counted.index(name)) for name in (f"Anna{n}", "Oslo")][:most]
        ann = "".join(f"T{at}\tX {at} {at + len(name)}\t{name}\n" for name, at in found)
        write(tmp_path / "in" / "train", **{f"{n}.txt": stands, f"{n}.ann": ann})
    record = convert(find_sources(tmp_path / "in")[0], tmp_path / "task", ConvertOptions())
    assert f"offsets count {told}" in describe_record(record)
    rows = (tmp_path / "task" / "train.tsv").read_text()
    assert "lives in Oslo .\tB-X O O " + ("B-X O" if most == 2 else "O O") in rows


def test_an_entity_of_brat_that_stands_elsewhere_is_refused(tmp_path):
    write(tmp_path, **{"train__a.txt": "Anna lives.\nBo sat in Oslo.",
                       "train__a.ann": "T1\tPER 0 4\tAnna\nT2\tPER 12 14\tBo\nT3\tLOC 5 9\tOslo"})
    with pytest.raises(UserError, match="a.txt:1: entity 5 to 9 is 'Oslo', but at its offsets "
                       "stands 'live'"):
        convert(find_sources(tmp_path)[0], tmp_path / "task", ConvertOptions())


def test_brats_entities_may_hold_other_line_ends(tmp_path):
    write(tmp_path, **{"train__a.txt": "Anna\u2028Low ran.",
                       "train__a.ann": "T1\tPER 0 8\tAnna\u2028Low\r\nR1\tx Arg1:T1\n"})
    (source,), _ = find_sources(tmp_path)
    ((_, row),) = source.read(ReadOptions(), Tally())[1]
    assert row.tags == ("B-PER", "I-PER", "O", "O")


@pytest.mark.parametrize(("text", "parts", "tags"), [
    ("New\nYork is big.", "0 3;4 8", "BIOOO"), ("New \n  York is big.", "0 3;7 11", "BIOOO"),
    ("New\nYork\nCity is big.", "0 3;4 8;9 13", "BIIOOO"), ("New\r\nYork is.", "0 3;5 9", "BIOO"),
    ("New big York is.", "0 3;8 12", None), ("New-York is.", "0 3;4 8", None),
    ("New\nYork is big.", "4 8;0 3", None)])
def test_brats_entities_over_line_breaks_are_one(tmp_path, text, parts, tags):
    surface = "New York City" if "City" in text else "New York"
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "a.txt").write_bytes(text.encode())
    (tmp_path / "train" / "a.ann").write_text(f"T1\tLOC {parts}\t{surface}\n")
    if tags is None:
        with pytest.raises(UserError, match="a.ann:1: .*of one part.*white space stands between"):
            convert(find_sources(tmp_path)[0], tmp_path / "task", ConvertOptions())
        return
    (source,), _ = find_sources(tmp_path)
    rows, counts = [], Tally()
    rows = [row for _, row in source.read(ReadOptions(), counts)[1]]
    assert "".join(tag[0] for row in rows for tag in row.tags) == tags
    assert not counts["other_surfaces"] and not counts.notes


def test_brats_settings_beside_the_texts_are_no_data(tmp_path):
    write(tmp_path, **{"train__a.txt": "Anna ran.", "train__a.ann": "T1\tPER 0 4\tAnna\n",
                       "train__annotation.conf": "[entities]\nPER\n"})
    sources, others = find_sources(tmp_path)
    assert len(sources) == 1 and others == [str(tmp_path / "train" / "annotation.conf")]
