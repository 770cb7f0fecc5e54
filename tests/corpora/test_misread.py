"""Data that would be misread without a word: what is told, mended or refused, end to end."""

import json
import re
import unicodedata

import pytest

from xtremedistil_tf.corpora.conversion_record import describe_record
from xtremedistil_tf.corpora.convert import convert
from xtremedistil_tf.corpora.readers.base import ReadOptions
from xtremedistil_tf.corpora.source_rows import ConvertOptions
from xtremedistil_tf.corpora.sources.sources import find_sources
from xtremedistil_tf.errors import UserError


def prepare(tmp_path, lines, name="train.txt", transfer=None, read=(), **options):
    """(record, what is said, train, dev and test rows together) of a file and transfer text."""
    path, sources = tmp_path / name, []
    for file, content in ((path, lines), (tmp_path / "other.txt", transfer)):
        if content is not None:
            file.write_text("\n".join(content) + "\n", "utf-8")
        if file.exists():
            sources += find_sources(file, split="transfer" if file != path else None)[0]
    task = tmp_path / "task"
    record = convert(sources, task, ConvertOptions(ReadOptions(**dict(read)), **options))
    rows = [line for split in ("train", "dev", "test")
            for line in (task / f"{split}.tsv").read_text("utf-8").splitlines()]
    return record, describe_record(record), sorted(rows)


def sentences(count=12, word="w", tag="B-PER"):
    return "\n\n".join(f"{word}{n} {tag}\nran O" for n in range(count)).split("\n")


def texts(*records):
    return [json.dumps(record) for record in records]


@pytest.mark.parametrize(("column", "suspicious"), [("1", True), ("2", False)])
def test_words_that_are_numbers_are_suspicious(tmp_path, column, suspicious):
    lines = []
    for n in range(30):
        lines += [f"{n}\tw{n}\t{'B-X' if n % 3 else 'O'}"] + [""] * (n % 2)
    _, told, _ = prepare(tmp_path, lines, read={"word_column": column})
    assert ("30 of 30 words are numbers; --word_column names the column" in told) == suspicious


def test_entities_that_begin_inside_words_are_suspicious(tmp_path):
    records = [{"text": f"Berlinreise nach Bonn{n}", "entities": [[0, 6, "LOC"]]}
               for n in range(12)]
    record, told, _ = prepare(tmp_path, texts(*records), "train.jsonl")
    assert "12 of 12 entities begin or end inside a word; their offsets count something" in told
    assert record["sources"][0]["counts"]["entities"] == 12


def test_text_that_is_not_composed_is_told_and_can_be_composed(tmp_path):
    lines = [unicodedata.normalize("NFD", line) for line in sentences(word="Zoë")]
    _, told, rows = prepare(tmp_path, lines)
    assert "12 sentences are not composed (Unicode NFC)" in told and "--normalize=nfc" in told
    assert not unicodedata.is_normalized("NFC", rows[0])
    (tmp_path / "again").mkdir()
    _, told, rows = prepare(tmp_path / "again", lines, normalize="nfc")
    assert "12 sentences composed (Unicode NFC)" in told and "suspicious" not in told
    assert unicodedata.is_normalized("NFC", "".join(rows))


def test_offsets_are_of_the_text_as_it_stands_when_it_is_composed(tmp_path):
    text = unicodedata.normalize("NFD", "Zoë lebt")
    records = [{"text": f"{text} {n}", "entities": [[0, 4, "PER"]]} for n in range(12)]
    _, _, rows = prepare(tmp_path, texts(*records), "train.jsonl", normalize="nfc")
    assert rows[0] == "Zoë lebt 0\tB-PER O O"


@pytest.mark.parametrize("form", ["columns", "json"])
@pytest.mark.parametrize("normalize", ["none", "nfc"])
def test_a_type_in_two_spellings_of_unicode_is_one(tmp_path, form, normalize):
    spelled = ["né", unicodedata.normalize("NFD", "né")]
    if form == "columns":
        lines, name = [line.replace("PER", spelled[n // 3 % 2])
                       for n, line in enumerate(sentences())], "train.txt"
    else:
        lines, name = texts(*({"text": f"Anna{n} ran", "entities": [[0, 4, spelled[n % 2]]]}
                              for n in range(12))), "train.jsonl"
    record, told, _ = prepare(tmp_path, lines, name, normalize=normalize)
    assert record["labels"] == ["O", "B-né", "I-né"]
    assert "6 entities whose type was composed (Unicode NFC)" in told


@pytest.mark.parametrize(("tokens", "suspicious"), [
    (["[CLS]", "w{n}", "##x", "[SEP]"], True), (["▁w{n}", "▁ran", "x"], True),
    (["Ġw{n}", "x"], True), (["w{n}", "#", "##", "▁", "x"], False), (["w{n}", "#x"], False)])
def test_pieces_of_a_tokenizer_are_suspicious(tmp_path, tokens, suspicious):
    records = [{"tokens": [token.replace("{n}", str(n)) for token in tokens],
                "ner_tags": ["B-X", *["O"] * (len(tokens) - 1)]} for n in range(24)]
    _, told, _ = prepare(tmp_path, texts(*records), "train.jsonl")
    assert ("words are subword or special tokens" in told) == suspicious


@pytest.mark.parametrize("space", ["\u00a0", "\u3000", " \u2009"])
def test_white_space_around_a_word_is_none_of_it(tmp_path, space):
    lines = [line.replace(" ", f"{space}\t") for line in sentences()]
    _, told, rows = prepare(tmp_path, lines)
    assert rows[0] == "w0 ran\tB-PER O"
    assert "24 words without the white space around them" in told and "no-break" not in told


def test_byte_order_marks_are_none_of_a_tag(tmp_path):
    lines = sentences()
    record, told, _ = prepare(tmp_path, [lines[0] + "\ufeff", *lines[1:]])
    assert record["labels"] == ["O", "B-PER", "I-PER"]
    assert "1 byte order marks inside the file left out" in told


def test_what_was_left_out_is_told_where_nothing_remains(tmp_path):
    task = {"data": {"text": "Anna ran"}, "annotations": [], "predictions": [{"result": []}]}
    with pytest.raises(UserError, match="no sentence for train.tsv in what was given .*jsonl: 9 "
                                        "rows without an annotation left out"):
        prepare(tmp_path, texts(*[task] * 9), "train.jsonl")


def test_tags_behind_a_hash_are_a_second_layer(tmp_path):
    lines = sentences(tag="B-nam_liv#B-nam_org")
    with pytest.raises(UserError, match="allowed: O, .*--nested=outer or inner keeps one"):
        prepare(tmp_path, lines)
    record, _, _ = prepare(tmp_path, lines, read={"nested": "outer"})
    assert record["labels"] == ["O", "B-nam_liv", "I-nam_liv"]


def test_a_column_without_annotations_is_no_column_of_tags(tmp_path):
    lines = "\n\n".join(f"1\tw{n}\tw\t_\n2\tran\trun\t_" for n in range(12)).split("\n")
    with pytest.raises(UserError, match="every tag is _: the column holds no tags"):
        prepare(tmp_path, lines, kind="word_tagging",
                read={"word_column": "2", "tag_column": "4"})


@pytest.mark.parametrize("encoding", ["iso2022_jp", "iso2022_kr"])
def test_encodings_that_look_like_ascii_are_refused_or_named(tmp_path, encoding):
    word = "東京" if encoding == "iso2022_jp" else "서울"
    path = tmp_path / "train.txt"
    path.write_bytes("\n\n".join(f"{word}{n} B-LOC\nran O" for n in range(12)).encode(encoding))
    sources, _ = find_sources(path)
    with pytest.raises(UserError, match="train.txt:.*an encoding of ISO 2022, by its escapes"):
        convert(sources, tmp_path / "task", ConvertOptions())
    convert(sources, tmp_path / "task", ConvertOptions(ReadOptions(encoding=encoding)))
    assert f"{word}0 ran" in (tmp_path / "task" / "train.tsv").read_text("utf-8")


def test_a_type_with_a_space_is_written_with_a_line_and_read_again(tmp_path):
    records = [{"text": f"Anna{n} lives", "entities": [[0, 5 + (n > 9), "First Name"]]}
               for n in range(12)]
    record, told, rows = prepare(tmp_path, texts(*records), "train.jsonl")
    assert record["labels"] == ["O", "B-First_Name", "I-First_Name"]
    assert "12 entities whose type held a space, now _" in told
    assert rows[0] == "Anna0 lives\tB-First_Name O"
    (tmp_path / "b").mkdir()
    tabs = [line.replace(" ", "\t").replace("PER", "First Name") for line in sentences()]
    assert prepare(tmp_path / "b", tabs)[0]["labels"] == ["O", "B-First_Name", "I-First_Name"]


@pytest.mark.parametrize("language", [None, "de"])
def test_a_type_with_a_colon_is_prepared_again(tmp_path, language):
    lines = sentences(tag="B-GPE:city")
    first, _, rows = prepare(tmp_path, lines, read={"language": language})
    sources, _ = find_sources(tmp_path / "task")
    again = convert(sources, tmp_path / "again", ConvertOptions())
    assert again["labels"] == first["labels"] == ["O", "B-GPE:city", "I-GPE:city"]
    assert again["splits"] == first["splits"]
    assert (tmp_path / "again" / "train.tsv").read_bytes() == (
        tmp_path / "task" / "train.tsv").read_bytes()


def test_a_file_without_empty_lines_is_cut_behind_end_marks(tmp_path):
    lines = [line for n in range(40) for line in (f"Anna{n} B-PER", "ran O", ". O", '" O')]
    record, told, rows = prepare(tmp_path, lines)
    assert len(rows) == 40 and rows[0] == 'Anna0 ran . "\tB-PER O O O'
    assert "1 rows cut behind end marks" in told
    # A sentence may be long; a file of few lines may be one.
    (tmp_path / "b").mkdir()
    short = sentences(11) + [""] + [f"w{n} O" if n % 9 else ". O" for n in range(200)]
    record, told, rows = prepare(tmp_path / "b", short)
    assert len(rows) == 12 and "cut behind" not in told


def test_a_file_without_empty_lines_and_end_marks_is_refused(tmp_path):
    lines = [f"w{n} {'B-X' if n % 9 else 'O'}" for n in range(600)]
    with pytest.raises(UserError, match="train.txt:1: 600 words without an empty line or an end "
                       "mark between; needed is an empty line behind each sentence"):
        prepare(tmp_path, lines)


def test_rows_that_no_encoder_reads_are_cut_or_suspicious(tmp_path):
    record = {"tokens": (["w"] * 99 + ["."]) * 6, "ner_tags": (["B-X"] + ["O"] * 99) * 6}
    endless = {"tokens": ["v"] * 600, "ner_tags": ["O"] * 600}
    short = [{"tokens": [f"u{n}"], "ner_tags": ["B-X"]} for n in range(12)]
    made, told, _ = prepare(tmp_path, texts(record, endless, *short), "train.jsonl")
    assert sum(sum(found.values()) for found in made["splits"].values()) == 6 + 1 + 12
    assert "1 rows of over 510 words; no encoder reads so many" in told


def test_documents_of_tokens_are_cut_into_sentences(tmp_path):
    sentence = ["Anna", *["w"] * 38, "."], ["B-PER", *["O"] * 39]
    records = [{"tokens": sentence[0] * 6, "ner_tags": sentence[1] * 6},  # A document.
               {"tokens": sentence[0] * 4, "ner_tags": sentence[1] * 4}]  # A long row.
    short = [{"tokens": [f"u{n}"], "ner_tags": ["B-X"]} for n in range(12)]
    _, told, rows = prepare(tmp_path, texts(*records, *short), "train.jsonl")
    assert "1 rows cut behind end marks" in told and len(rows) == 6 + 1 + 12


def test_rows_of_numbers_that_nothing_names_are_refused(tmp_path):
    records = [{"tokens": ["a", "b"], "ner_tags": [0, 1]}] * 3
    with pytest.raises(UserError, match="train.jsonl:1: tags are numbers; name them with --tag_n"):
        prepare(tmp_path, texts(*records), "train.jsonl")


@pytest.mark.parametrize(("lines", "message"), [
    (["just some text", "and more of it ."], "no tags: it was read as running text "
     ".--tag_column .*; of labelled texts --text_column and --label_column name the columns"),
    (["The", "cat", ".", "", "It", "."], "no tags: it was read as one word a line"),
    ([f"w{n} -" for n in range(9)] + ["x O"] * 10,
     r"tag 1 is '-' \(and 8 more\); allowed: O, or B"),
    (["good film\tpos", "bad film\tneg", "so so\tneg"],
     "no column of the table holds tags such as B-PER and O; the first row is 'good film, pos'"),
    (["a B-PER|B-ORG", "b O"], "tag 1 is 'B-PER|B-ORG'; allowed: O, or B-"),
    ([f"w{n} t{n}" for n in range(5)] + ["x O"] * 5 + ["y B-A"],
     "tag 3 is 't2', and 2 other tags;"),
])
def test_refusals_name_what_came_and_the_way_out(tmp_path, lines, message):
    with pytest.raises(UserError, match=message) as caught:
        prepare(tmp_path, lines)
    assert len(str(caught.value)) < 300


def test_types_without_letters_are_said(tmp_path):
    lines = [line.replace("B-PER", "person-actor") for line in sentences()]
    record, told, rows = prepare(tmp_path, lines)
    assert rows[0] == "w0 ran\tB-person-actor O"
    assert "12 types without B- or I-: neighbours of one type are read as one entity" in told


TRANSFERS = {
    "words": (["The", "cat", "sat", ".", "", "It", "rained", "."],
              ["The cat sat .", "It rained ."]),
    "columns": (["Bo B-PER", "sat O", "", "Cy B-PER"], ["Bo sat", "Cy"]),
    "germeval": (["1\tBo\tB-PER\tO", "2\tsat\tO\tB-X"], ["Bo sat"]),
    "tsv": (["Bo sat\ten:B-PER en:O", "Cy\tB-PER"], ["Bo sat", "Cy"]),
    "jsonl": (['{"text": "Bo sat.", "id": 7}', '{"tokens": ["Cy", "ran"]}'],
              ["Bo sat .", "Cy ran"]),
    "json": (["[", '{"text": "Bo sat."}', "]"], ["Bo sat ."]),
    "json texts": (['"Bo sat."', '"Cy ran."', '"It rained."'],
                   ["Bo sat .", "Cy ran .", "It rained ."]),
    "json array of texts": (['["Bo sat.", "Cy ran."]'], ["Bo sat .", "Cy ran ."]),
    "csv": (["id,text", '1,"Bo sat, then."', "2,Cy ran."], ["Bo sat , then .", "Cy ran ."]),
    "csv of titles": (["title,text", *['"A, title","Bo sat."'] * 3], ["Bo sat ."] * 3),
    "csv of unusual names": (["nr,tone,tweet", *(f'{n},a,"Bo sat, {n}"' for n in range(6))],
                             [f"Bo sat , {n}" for n in range(6)]),
    "json of columns": ([json.dumps({"text": ["Bo sat there.", "Cy ran off."], "n": [1, 2]})],
                        ["Bo sat there .", "Cy ran off ."]),
    "one column": (["text", "Bo sat there", "Cy ran off"], ["Bo sat there", "Cy ran off"]),
    "csv of texts": (['"3","Bo"," Bo sat there."', '"4","Cy","Cy ran off."'],
                     ["Bo sat there .", "Cy ran off ."]),
    "table": (["a good film\tpos", "a bad film\tneg", "so so\tneg"],
              ["a good film", "a bad film", "so so"]),
    "text": (["Bo sat. It rained.", "Cy ran."], ["Bo sat .", "It rained .", "Cy ran ."]),
}


@pytest.mark.parametrize("form", TRANSFERS)
def test_transfer_text_is_made_of_every_form_without_its_labels(tmp_path, form):
    given, expected = TRANSFERS[form]
    prepare(tmp_path, sentences(), transfer=given)
    assert (tmp_path / "task" / "transfer.txt").read_text("utf-8").splitlines() == expected


@pytest.mark.parametrize("rows", [
    ["text,labels", '"w{n}, ran","B-PER O"'],
    ["id,tokens,ner_tags", """{n},"['w{n},', 'ran']","['B-PER', 'O']\""""],
    ["id\ttext\ttags", "{n}\tw{n}, ran\tB-PER O"]])
def test_tables_with_sentences_and_their_tags(tmp_path, rows):
    header, row = rows
    _, told, made = prepare(tmp_path, [header, *(row.replace("{n}", str(n)) for n in range(12))])
    assert made[0] == "w0, ran\tB-PER O" and len(made) == 12
    assert "of the table, tags from column" in told


def test_the_header_of_rows_is_left_out(tmp_path):
    rows = ["text\ttags", *(f"w{n} ran\tB-PER O" for n in range(12))]
    _, told, made = prepare(tmp_path, rows)
    assert len(made) == 12 and "header text, tags left out" in told


def test_the_texts_column_of_a_table_can_be_named(tmp_path):
    table = ["one two\tthree four", "five six\tseven eight", "nine ten\televen twelve"]
    with pytest.raises(UserError, match="other.txt: a table of 2 columns; name the column of the "
                       "text with --word_column=1 or 2"):
        prepare(tmp_path, sentences(), transfer=table)
    lines = [line.replace(" ", "\t") for line in sentences()]
    with pytest.raises(UserError, match="--word_column is '3'"):
        prepare(tmp_path, lines, transfer=table, read={"word_column": "3"})


def test_the_same_rows_in_two_formats_are_read_once(tmp_path):
    (tmp_path / "in").mkdir()
    pairs = [(f"w{n}", "ran", ".") for n in range(12)]
    (tmp_path / "in" / "train.conll").write_text(
        "\n\n".join(f"{a} B-PER\n{b} O\n{c} O" for a, b, c in pairs))
    (tmp_path / "in" / "train.jsonl").write_text("\n".join(texts(*(
        {"text": f"{a} {b}{c}", "entities": [[0, len(a), "PER"]]} for a, b, c in pairs))))
    sources, _ = find_sources(tmp_path / "in")
    record = convert(sources, tmp_path / "task", ConvertOptions())
    assert sum(sum(found.values()) for found in record["splits"].values()) == 12
    assert record["copies"] == [[str(tmp_path / "in" / "train.jsonl"),
                                 str(tmp_path / "in" / "train.conll")]]
    assert "train.jsonl not read: the same rows as" in describe_record(record)
    other = (tmp_path / "in" / "train.jsonl").read_text().replace("PER", "ORG")
    (tmp_path / "in" / "train.jsonl").write_text(other)
    with pytest.raises(UserError, match="hold the same text with other entities; name the one"):
        convert(find_sources(tmp_path / "in")[0], tmp_path / "b", ConvertOptions())


def test_two_files_of_one_name_are_suspicious(tmp_path):
    (tmp_path / "in").mkdir()
    for name, word in (("train.conll", "w"), ("train.jsonl", "v")):
        rows = sentences(word=word) if name == "train.conll" else texts(*(
            {"tokens": [f"v{n}"], "ner_tags": ["B-PER"]} for n in range(12)))
        (tmp_path / "in" / name).write_text("\n".join(rows))
    record = convert(find_sources(tmp_path / "in")[0], tmp_path / "task", ConvertOptions())
    assert "train.jsonl have one name; if they are one corpus in two" in describe_record(record)


def test_several_parts_of_a_split_are_all_read(tmp_path):
    (tmp_path / "in" / "train").mkdir(parents=True)
    for part in "ab":
        (tmp_path / "in" / "train" / f"part-{part}.conll").write_text(
            "\n".join(sentences(word=part)))
    record = convert(find_sources(tmp_path / "in")[0], tmp_path / "task", ConvertOptions())
    assert sum(sum(found.values()) for found in record["splits"].values()) == 24
    assert not record["copies"]


def test_a_file_without_a_sentence_is_suspicious(tmp_path):
    (tmp_path / "in" / "de").mkdir(parents=True)
    (tmp_path / "in" / "ar").mkdir()
    (tmp_path / "in" / "de" / "train.conll").write_text("\n".join(sentences()))
    (tmp_path / "in" / "ar" / "train.conll").write_text("\n")
    sources, _ = find_sources(tmp_path / "in")
    record = convert(sources, tmp_path / "task", ConvertOptions())
    assert "ar/train.conll: no sentence comes from it" in describe_record(record)
    assert "de/train.conll: no sentence" not in describe_record(record)
    # One that holds another language only is left out as it was asked.
    record = convert(sources, tmp_path / "b", ConvertOptions(languages=("de",)))
    assert record["splits"]["train"] and "no sentence comes" not in describe_record(record)


def converted(tmp_path, **splits):
    """What is said of the conversion of files, each with its lines."""
    for split, lines in splits.items():
        (tmp_path / f"{split}.txt").write_text("\n".join(lines) + "\n", "utf-8")
    sources, _ = find_sources(tmp_path)
    return describe_record(convert(sources, tmp_path / "task", ConvertOptions()))


def test_a_test_without_entities_and_rows_of_train_are_told(tmp_path):
    told = converted(tmp_path, train=sentences(), dev=sentences(5),
                     test=sentences(7, word="x", tag="O"))
    assert "suspicious: no entity in the 7 sentences of test; its gold tags were kept" in told
    assert "5 sentences of dev stand in train too; scores may be too good" in told
    assert "of test stand in" not in told and "sentences of dev; its" not in told
    (tmp_path / "b").mkdir()
    told = converted(tmp_path / "b", train=sentences(), dev=sentences(5, word="x"))
    assert "suspicious" not in told and "stand in train" not in told


@pytest.mark.parametrize(("text", "encoding", "suspicious"), [
    ("Zoë", "latin-1", True), ("Zo\x93", "utf-8", True), ("Zo\ufffd", "utf-8", True),
    ("Zoë", "utf-8", False), ("Ãlan", "utf-8", False)])
def test_signs_of_a_wrong_encoding_are_suspicious(tmp_path, text, encoding, suspicious):
    _, told, _ = prepare(tmp_path, sentences(word=text), read={"encoding": encoding})
    assert ("12 sentences hold signs of a wrong encoding" in told) == suspicious


@pytest.mark.parametrize("whitespace_words", [True, False])
def test_escapes_in_transfer_text_are_suspicious(tmp_path, whitespace_words):
    _, told, _ = prepare(tmp_path, sentences(), transfer=[
        "It &apos;s so .", "Yes &quot; .", "Yes.\\n\\nwe did .", "So\\nYes .", "a \\nabla ."],
        read={"whitespace_words": whitespace_words})
    assert "4 sentences hold escapes or marks of HTML, such as &quot; and \\n" in told


def test_types_that_train_lacks_and_spellings_of_a_type_are_told(tmp_path):
    told = converted(tmp_path, train=sentences(), dev=sentences(5, word="x", tag="B-PERS"),
                     test=sentences(7, word="y", tag="B-Per"))
    assert "suspicious: the types PER and Per differ by case only" in told
    assert "suspicious: train has no PERS, but dev has" in told
    (tmp_path / "b").mkdir()
    told = converted(tmp_path / "b", train=sentences(), dev=sentences(5, word="x"),
                     test=sentences(7, word="y", tag="O"))
    assert "the types" not in told and "train has no" not in told


def test_offsets_that_fit_only_some_words_are_told(tmp_path):
    """As where each line is counted anew, and entities stand in the first line, too."""
    rows = [{"text": f"Anna{n} met Bo{n}.", "entities": [
        [0, len(f"Anna{n}"), "PER"], [len(f"Anna{n}") + 6, len(f"Anna{n}") + 8, "PER"]]}
        for n in range(20)]
    _, told, _ = prepare(tmp_path, texts(*rows), "train.jsonl")
    assert "20 of 40 entities begin or end inside a word" in told


@pytest.mark.parametrize("mark, told", [
    ("<EOS>", "12 of 48 words are subword or special tokens"),
    ("-LRB-", "12 sentences hold escapes or marks of HTML, such as &quot; and \\n, or brackets "
     "such as -LRB-"), ("--", None)])
def test_marks_in_place_of_words_are_told(tmp_path, mark, told):
    lines = "\n\n".join(f"w{n} B-PER\n{mark} O\nran O\n. O" for n in range(12)).split("\n")
    _, said, _ = prepare(tmp_path, lines)
    assert (told in said) if told else "suspicious" not in said


def test_jnlpbas_numbers_of_documents_are_no_sentences(tmp_path):
    lines = "\n\n".join(f"###MEDLINE:{n} O\n\nw{n} B-DNA\nran O" for n in range(12)).split("\n")
    _, said, rows = prepare(tmp_path, lines)
    assert len(rows) == 12 and "12 document markers left out" in said


def test_marks_of_labels_in_transfer_text_are_refused_or_told(tmp_path):
    text = [f"Yesterday <PER>Karl{n}</PER> went" for n in range(12)]
    with pytest.raises(UserError, match="other.txt: looks like text with entities in markup, such "
                       "as '<PER>Karl0</PER>'.*keep the text without its marks"):
        prepare(tmp_path, sentences(), transfer=text)
    _, told, _ = prepare(tmp_path, sentences(), transfer=text, on_bad_row="skip")
    assert "read as it is (--on_bad_row=skip)" in told


def test_letters_without_types_are_one_type(tmp_path):
    """BioBERT's data; read as types, B and I would be two."""
    lines = "\n\n".join(f"w{n}\tB\n-\tI\nran\tO\nso\tO" for n in range(12)).split("\n")
    record, told, rows = prepare(tmp_path, lines)
    assert record["labels"] == ["O", "B-ENTITY", "I-ENTITY"]
    assert rows[0] == "w0 - ran so\tB-ENTITY I-ENTITY O O"
    assert "24 tags B, I without a type read as entities of one type" in told


@pytest.mark.parametrize("answer", [{}, {"answer": "accept"}])
def test_a_row_an_entity_is_refused(tmp_path, answer):
    """Each row would say that the entities of the others are none."""
    records = [{"text": f"Anna{n} saw Bo", "spans": [dict(zip(("start", "end", "label"), span))],
                **answer} for n in range(9) for span in ((0, 5, "PER"), (10, 12, "PER"))]
    with pytest.raises(UserError, match=r"train.jsonl: texts such as 'Anna0 saw Bo' \(9 of the "
                                        r"first\) stand in several rows, each with another"):
        prepare(tmp_path, texts(*records), "train.jsonl")
    prepare(tmp_path, texts(*records[::2], records[0]), "train.jsonl")


@pytest.mark.parametrize("names", [("First Name", "First_Name"), ("A_B C", "A B C")])
@pytest.mark.parametrize("skip", [False, True])
def test_types_that_would_become_one_are_refused(tmp_path, names, skip):
    lines = texts(*({"text": f"Anna{n} ran", "entities": [[0, len(f"Anna{n}"), names[n % 2]]]}
                    for n in range(40)))
    if skip:
        _, told, rows = prepare(tmp_path, lines, "train.jsonl", on_bad_row="skip")
        assert "20 unusable rows skipped" in told and len(rows) == 20
        return
    with pytest.raises(UserError, match=r"train.jsonl:.*a space is written _, so both would be"):
        prepare(tmp_path, lines, "train.jsonl")


def test_lines_of_articles_are_left_out_and_doubtful_text_is_told(tmp_path):
    transfer = [line for n in range(9) for line in (
        f'<doc id="{n}" url="http://x?curid={n}" title="A">', f"A{n}", "", f"See [it](http://x/{n})",
        "", "</doc>")]
    _, told, _ = prepare(tmp_path, sentences(), transfer=transfer)
    assert "18 document markers left out" in told and "doc" not in (
        tmp_path / "task" / "transfer.txt").read_text()
    assert "suspicious: " in told and "marks of Markdown, such as '](http://x/0)'" in told


def test_sentences_that_stand_several_times_are_told(tmp_path):
    """As where several annotators tag one text, or a small file is a part of a large one."""
    for name, first, tag in (("train.txt", 0, "PER"), ("train_small.txt", 6, "PER"),
                             ("train_b.txt", 9, "ORG"), ("dev.txt", 20, "PER"),
                             ("test.txt", 21, "PER")):
        (tmp_path / name).write_text("".join(
            f"w{n} B-{tag}\nran O\n\n" for n in range(first, first + 12 - first % 5)))
    record = convert(find_sources(tmp_path)[0], tmp_path / "task", ConvertOptions())
    assert record["found"] == {"duplicates": {"dev": 0, "test": 0, "train": 14},
                               "contradictions": 8, "dev_in_test": 11}
    told = describe_record(record)
    assert "14 sentences of train stand in it before already" in told
    assert "8 sentences have other tags in other rows" in told
    assert "11 sentences of dev stand in test too; scores may be too good" in told


def of_comments(*comments):
    """Sentences of one word each behind a comment, the comments in turn."""
    found = []
    for n in range(30):
        found += [comments[n % len(comments)], f"Anna{n} _ _ B-PER", "ran _ _ O", ""]
    return found


@pytest.mark.parametrize(("comments", "languages"), [
    (("# id 5f3a-0b\tdomain=en", "# id 5f3b-0c\tdomain=de"), ["de", "en"]),
    (("# id 5f3a-0b\tdomain=it", "# id 5f3b-0c\tdomain=news"), ["default"]),
    (("# lang = de", "# id 5f3b-0c\tdomain=news"), ["de", "default"]),
    (("# lang = EN", "# language: pt-BR"), ["en", "pt-BR"]),
    (("# id 5f3a-0b\tdomain=en", "# id 5f3b-0c"), ["default", "en"]),
    (("# hipe2022:language = fr", "# hipe2022:date = 1900-01-01"), ["fr"]),
    (("# language = German", "# lang = hsb"), ["german", "hsb"]),
    (("# domain=en",), ["default"]), (("# language = klingon",), ["default"]),
    (("# lang = und",), ["default"])])
def test_comments_give_the_language(tmp_path, comments, languages):
    record, told, rows = prepare(tmp_path, of_comments(*comments))
    assert sorted(record["splits"]["train"]) == languages and len(rows) == 30
    assert ("languages from comments" in told) == (languages != ["default"])
    unknown = comments[0].endswith(("klingon", "und"))
    assert ("30 comments with a language that is not known here" in told) == unknown


def test_comments_know_better_than_the_flag_and_part_sentences(tmp_path):
    lines = [line for line in of_comments("# id 1\tdomain=en", "# id 2\tdomain=it") if line]
    record, _, rows = prepare(tmp_path, lines, read={"language": "de"})
    assert sorted(record["splits"]["train"]) == ["en", "it"] and len(rows) == 30


@pytest.mark.parametrize("mark", ["\u200b", "\u200e", "\u202c", "\ufeff", "\u200d"])
def test_characters_that_nobody_sees_make_no_type(tmp_path, mark):
    lines = [line.replace("PER", f"PER{mark}") if n % 2 else line
             for n, line in enumerate(sentences())]
    record, told, rows = prepare(tmp_path, lines)
    assert record["labels"] == ["O", "B-PER", "I-PER"] and mark not in "".join(rows)
    assert "invisible characters: these left out" in told or "byte order marks" in told


@pytest.mark.parametrize("form", ["{}{}", "{}–{}", "{}‑{}", "{}－{}"])
def test_letters_of_a_scheme_with_another_mark_or_none(tmp_path, form):
    tags = [form.format(*parts) for parts in (("B", "PER"), ("I", "PER"), ("B", "LOC"))]
    _, told, rows = prepare(tmp_path, [line for n in range(12) for line in (
        f"Anna{n}\t{tags[0]}", f"Low\t{tags[1]}", f"Oslo\t{tags[2]}", "ran\tO", "")])
    assert rows[0] == "Anna0 Low Oslo ran\tB-PER I-PER B-LOC O"
    assert "36 tags such as B_PER or PER-B read as B-PER" in told


def test_types_that_begin_like_a_scheme_are_types(tmp_path):
    _, _, rows = prepare(tmp_path, [line for n in range(12) for line in (
        f"Anna{n}\tBOOK", "Low\tBOOK", "Oslo\tITEM", "ran\tO", "")])
    assert rows[0] == "Anna0 Low Oslo ran\tB-BOOK I-BOOK B-ITEM O"


@pytest.mark.parametrize(("languages", "told"), [
    (("en", "EN"), "the languages EN and en differ by case or by - and _ only"),
    (("pt-BR", "pt_BR"), "the languages pt-BR and pt_BR differ"),
    (("German", "en"), "the languages have names, such as German, beside codes, such as en"),
    (("de", "de-AT"), None), (("German", "English"), None)])
def test_languages_in_two_spellings_are_told(tmp_path, languages, told):
    _, said, _ = prepare(tmp_path, texts(*[{
        "tokens": [f"w{n}"], "tags": ["B-PER"], "lang": languages[n % 2]} for n in range(40)]),
        "train.jsonl")
    assert (f"suspicious: {told}" in said) if told else "suspicious: the languages" not in said


@pytest.mark.parametrize(("lines", "why"), [
    (["(3 (2 It) (4 (3 is) (2 good)))"] * 9, "running text, but looks like trees in brackets"),
    (["version: '3.1'", "nlu:", "- intent: hi", "  - hello"], "looks like Rasa's training data"),
    (["DESC:manner How is it ?"] * 9, "but looks like questions behind their classes"),
    (["It rains in Oslo ."] * 9, "it was read as running text (--tag_column")])
def test_what_text_without_tags_looks_like_is_told(tmp_path, lines, why):
    with pytest.raises(UserError, match=re.escape(why)):
        prepare(tmp_path, lines)


def test_the_encoding_of_a_table_is_told_before_its_form(tmp_path):
    lines = "v1,v2\n" + "".join(f"ham,so {n} £\n" for n in range(9))
    (tmp_path / "train.csv").write_bytes(lines.encode("latin-1"))
    with pytest.raises(UserError, match="train.csv:2: not UTF-8 at byte .*--encoding names"):
        prepare(tmp_path, None, "train.csv")
