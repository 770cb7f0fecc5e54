"""Labelled texts are read right or refused with their place, never misread without a word."""

import gzip
import json

import pytest

from tests.corpora.texts.test_texts import lines, make
from xtremedistil_tf.corpora.jobs.kinds import Asked, config_of_folder
from xtremedistil_tf.corpora.readers.base import ReadOptions
from xtremedistil_tf.corpora.texts.columns import Wanted
from xtremedistil_tf.corpora.texts.labels import suspicious_labels
from xtremedistil_tf.corpora.texts.record import describe_texts
from xtremedistil_tf.corpora.texts.rows import Text
from xtremedistil_tf.data.folders.task import read_task
from xtremedistil_tf.errors import UserError

LABELS = ("pos", "neg")
TEXTS = [(f"film number {at}", LABELS[at % 2]) for at in range(24)]


def every(folder):
    return sorted(line for split in ("train", "dev", "test") for line in lines(folder, split))


def objects(make_row, count=24):
    return "".join(json.dumps(make_row(at, *TEXTS[at])) + "\n" for at in range(count))


def table(rows, header="text,label\n", separator=","):
    return header + "".join(separator.join(map(str, row)) + "\n" for row in rows)


def read(tmp_path, content, *, name="all.jsonl", kind=None, asked=None):
    """(rows of the task folder, record, what the command says)."""
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    record, _ = make(path, tmp_path / "task", kind=kind, asked=asked)
    return every(tmp_path / "task"), record, describe_texts(record)


WANTED = sorted(f"{text}\t{label}" for text, label in TEXTS)


@pytest.mark.parametrize("mark", [
    {"answer": "reject"}, {"answer": "ignore"}, {"status": "rejected"}])
@pytest.mark.parametrize("label", ["label", "accept"])
def test_rows_that_an_annotator_rejected_are_no_gold(tmp_path, mark, label):
    rows, record, told = read(tmp_path, objects(lambda at, text, own: {
        "text": text, label: [own] if label == "accept" else own, **(mark if at % 3 else {})}))
    assert len(rows) == 8 and record["sources"][0]["counts"]["rejected_rows"] == 16
    assert "16 rows that an annotator rejected or ignored left out" in told


def test_a_status_in_a_csv_may_mean_anything(tmp_path):
    rows = [(*row, ("rejected", "closed")[at % 2], ("accept", "reject")[at // 2 % 2])
            for at, row in enumerate(TEXTS)]
    found, _, _ = read(tmp_path, table(rows, "text,label,status,answer\n"), name="all.csv")
    assert len(found) == 12


def test_a_label_column_of_an_answer_rejects_nothing(tmp_path):
    rows, _, _ = read(tmp_path, objects(lambda at, text, own: {
        "text": text, "status": ("rejected", "approved")[at % 2]}),
        asked=Asked(wanted=Wanted(label="status")))
    assert len(rows) == 24


@pytest.mark.parametrize("form", [
    lambda at, text, own: {"text": text.split(), "label": own},
    lambda at, text, own: {"text": text, "label": [own]},
    lambda at, text, own: {"text": text, "label": {"name": own}},
    lambda at, text, own: {"text": text, "cats": {"pos": float(own == "pos"),
                                                  "neg": float(own == "neg")}},
    lambda at, text, own: [text, {"cats": {"pos": float(own == "pos"),
                                           "neg": float(own == "neg")}}],
    lambda at, text, own: {"row_idx": at, "row": {"text": text, "label": own}},
    lambda at, text, own: {"id": at, "data": {"text": text}, "annotations": [{"result": [
        {"type": "choices", "value": {"choices": [own]}}]}]},
    lambda at, text, own: {"text": text, "label": own + "\u200b" * (at % 3)},
    lambda at, text, own: {"utt": text, "label": f"__label__{own}"},
])
def test_public_forms_of_json_lines(tmp_path, form):
    assert read(tmp_path, objects(form))[0] == WANTED


@pytest.mark.parametrize("form", [
    lambda at, text, own: {"tokens": text.split(), "label": own},
    lambda at, text, own: {"text": text, "label": [{"name": own, "id": at}]},
])
def test_forms_that_need_the_kind(tmp_path, form):
    assert read(tmp_path, objects(form), kind="classification")[0] == WANTED


@pytest.mark.parametrize("kind", [None, "classification"])
@pytest.mark.parametrize("content", [
    json.dumps({"data": [{"text": text, "label": own} for text, own in TEXTS]}),
    json.dumps({"data": [{"text": text, "label": own} for text, own in TEXTS]}, indent=1),
    json.dumps({"rows": [{"row": {"text": text, "label": own}} for text, own in TEXTS]}),
    json.dumps({"text": [text for text, _ in TEXTS], "label": [own for _, own in TEXTS]}),
    json.dumps({name: {str(at): row[column] for at, row in enumerate(TEXTS)}
                for column, name in enumerate(("text", "label"))}),
    json.dumps({str(at): {"text": text, "label": own} for at, (text, own) in enumerate(TEXTS)}),
    json.dumps({"columns": ["text", "label"], "index": [0], "data": TEXTS}),
    "\n".join(json.dumps({"text": text, "label": own}, indent=2) for text, own in TEXTS),
    "\n\ufeff".join(json.dumps({"text": text, "label": own}) for text, own in TEXTS),
    "".join(f"__label__{own} {text}\n" for text, own in TEXTS),
    "sep=;\n" + table(TEXTS, "text;label\n", ";"),
    table(TEXTS).replace("\n", "\r"),
    table(TEXTS[:12]) + "\ufeff" + table(TEXTS[12:]),
    table((text, f"\"['{own}']\"") for text, own in TEXTS),
])
def test_public_forms_of_files(tmp_path, content, kind):
    assert read(tmp_path, content, name="all.data", kind=kind)[0] == WANTED


@pytest.mark.parametrize("content", [
    json.dumps(TEXTS), "\n".join(map(json.dumps, TEXTS)),
    table(((text, f"__label__{own}") for text, own in TEXTS), "", "\t")])
def test_forms_without_names_of_columns(tmp_path, content):
    assert read(tmp_path, content, kind="classification")[0] == WANTED


@pytest.mark.parametrize("cell", ["\"['neg', 'x']\"", "\"['neg' 'x']\"", '"neg,x"',
                                  '"{""neg"": 0.9, ""x"": 0.5, ""y"": 0.1}"',
                                  "__label__neg __label__x"])
def test_several_labels_in_a_cell(tmp_path, cell):
    rows, record, _ = read(tmp_path, table((text, cell) for text, _ in TEXTS), name="all.csv",
                           kind="multilabel")
    assert record["labels"] == ["neg", "x"] and rows[0].endswith("\tneg,x")


@pytest.mark.parametrize("row, why", [
    ({"text": {"de": "a b"}, "label": "x"}, "the column 'text' holds {'de': 'a b'}; needed is a "),
    ({"text": [{"de": "a b"}], "label": "x"}, r"the column 'text' holds \[{'de'"),
    ({"text": "a b", "label": {"start": "x"}}, "the label is {'start': 'x'}; needed is a text, a"),
    ({"text": "a b", "label": [{"start": 0, "end": 1, "label": "x"}]}, "the label is {'start': 0"),
    ({"text": "a b", "label": [["x"]]}, r"\['x'\]; needed is a text"),
    ({"text": "a b", "label": ["x", "y"]}, "2 labels: 'x, y'; --kind=multilabel reads several"),
    ({"text": "a b", "label": {"x": 1.0, "y": 1.0}}, "2 labels: 'x, y'"),
    ({"text": "a b", "label": {"x": 0.0, "y": 0.0}}, "no label in the column 'label'"),
    ({"text": "a b", "label": []}, "no label in the column 'label'"),
    ({"text": "a \ud83d b", "label": "x"}, "an escape that is half a character"),
])
def test_cells_of_another_kind_are_refused_with_their_line(tmp_path, row, why):
    content = objects(lambda at, text, own: row if at == 3 else {"text": text, "label": own})
    with pytest.raises(UserError, match=rf"all.jsonl:4: .*{why}"):
        read(tmp_path, content, kind="classification")


@pytest.mark.parametrize("spellings, labels", [
    (("1.0", "0.0", "1", "0"), ["0", "1"]), (("True", "false", "true"), ["false", "true"]),
    (("n\u00e9g", "ne\u0301g", "pos"), ["n\u00e9g", "pos"]),
    (("01", "1"), ["01", "1"]), (("0.5", "1.0", "0"), ["0", "0.5", "1.0"])])
def test_one_label_has_one_spelling(tmp_path, spellings, labels):
    rows = [(text, spellings[at % len(spellings)]) for at, (text, _) in enumerate(TEXTS)]
    _, record, told = read(tmp_path, table(rows), name="all.csv")
    assert record["labels"] == labels
    assert ("written in several ways" in told) == (set(spellings) != set(labels))


def test_a_test_whose_gold_labels_were_kept_back_gives_no_class(tmp_path):
    (tmp_path / "in").mkdir()
    for split in ("train", "test"):
        (tmp_path / "in" / f"{split}.jsonl").write_text("".join(json.dumps({
            "sentence": f"{split} {text}", "label": at % 2 if split == "train" else -1}) + "\n"
            for at, (text, _) in enumerate(TEXTS)))
    record, _ = make(tmp_path / "in", tmp_path / "task")
    assert record["labels"] == ["0", "1"] and record["divided"]["splits"] == ["dev", "test"]
    assert "all 24 labels of test are -1: its gold labels were kept back" in describe_texts(record)


@pytest.mark.parametrize("rows, told", [
    ([(text, f"{at % 9 / 4:.3f}") for at, (text, _) in enumerate(TEXTS * 4)],
     "suspicious: the 9 classes are numbers with fractions, such as 0.000, 0.250, 0.500; "
     "--kind=regression"),
    ([(text, ("Pos", "pos", "neg")[at % 3]) for at, (text, _) in enumerate(TEXTS)],
     "suspicious: the classes Pos and pos differ by case only")])
def test_suspicious_classes_are_named(tmp_path, rows, told):
    assert told in read(tmp_path, table(rows), name="all.csv")[2]


def test_labels_of_test_that_train_does_not_have_are_named(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "train.csv").write_text(table(TEXTS))
    (tmp_path / "in" / "test.csv").write_text(table((f"a {text}", 1) for text, _ in TEXTS))
    told = describe_texts(make(tmp_path / "in", tmp_path / "task")[0])
    assert "suspicious: train has no text with 1, but test has" in told


@pytest.mark.parametrize("header, label", [
    ("id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate", "is_duplicate"),
    ("id\ta\tb\tquestion1\tquestion2\tsame", "same"),
    ("id\ta\tb\tsentence\tsentence2\tlabel", None)])
def test_both_texts_of_pairs_are_read(tmp_path, header, label):
    rows = ((at, at, at, text, f"B {text}", own) for at, (text, own) in enumerate(TEXTS))
    found, record, _ = read(tmp_path, table(rows, header + "\n", "\t"), name="all.tsv",
                            asked=Asked(wanted=Wanted(label=label)))
    assert record["pairs"] and found[0] == "film number 0\tB film number 0\tpos"


def test_the_column_of_the_splits_is_read(tmp_path):
    names = ("train", "validation", "test")
    _, record, told = read(tmp_path, table(
        ((text, at % 2, names[at // 2 % 3]) for at, (text, _) in enumerate(TEXTS)),
        "text,label,split\n"), name="all.csv")
    assert [sum(own.values()) for own in record["splits"].values()] == [8, 8, 8]
    assert "split from 'split'" in told and not record["divided"]["splits"]
    (tmp_path / "train.csv").write_text(table(
        ((text, at % 2, "test") for at, (text, _) in enumerate(TEXTS)), "text,label,split\n"))
    told = describe_texts(make(tmp_path / "train.csv", tmp_path / "other")[0])
    assert "train.csv: 24 rows name another split; they are read as train" in told


@pytest.mark.parametrize("content, why", [
    (table(TEXTS, "Satz,Klasse\n"), "all.csv:1: the first row has the label 'Klasse', and no "
     "other row has it: is it a header"),
    (table(TEXTS[:9]) + table(((own, text) for text, own in TEXTS), "label,text\n"),
     r"all.csv:11: here a table begins whose columns have another order \(label, text; before"),
    (table((('"' * (at in (5, 9)) + text, own) for at, (text, own) in enumerate(TEXTS))),
     "all.csv:11: the lines 7 to 11 became one row, since a quotation mark opens a cell"),
    (table((('"' * (at == 5) + text + '"' * (at == 9), own)
            for at, (text, own) in enumerate(TEXTS))), "all.csv:11: the lines 7 to 11 became one"),
    (table((('"' * (at == 5) + text, own) for at, (text, own) in enumerate(TEXTS))),
     "all.csv:25: the lines 7 to 25 became one row"),
    (gzip.compress(table(TEXTS).encode())[:-12], "all.csv is damaged: "),
])
def test_tables_that_would_be_misread_are_refused(tmp_path, content, why):
    with pytest.raises(UserError, match=why):
        read(tmp_path, content, name="all.csv", kind="classification")


@pytest.mark.parametrize("content, why", [
    (json.dumps([{"text": text, "label": own} for text, own in TEXTS])[:-20],
     "all.json:1: not JSON: Expecting|all.json:1: not JSON: Unterminated"),
    ("{bad\n" + objects(lambda at, text, own: {"text": text, "label": own}),
     "all.json:1: not JSON: .*--on_bad_row=skip"),
    ("[]", "all.json: no usable row in it"),
])
def test_json_that_is_broken_or_more_than_one_table(tmp_path, content, why):
    with pytest.raises(UserError, match=why):
        read(tmp_path, content, name="all.json", kind="classification")


def test_cells_with_line_breaks_and_separators_are_no_rows(tmp_path):
    rows = [(f'"{text}, so\nthey say, ""no"",\npos or neg, perhaps" ', own) for text, own in TEXTS]
    found, _, _ = read(tmp_path, table(rows), name="all.csv")
    assert found[0] == 'film number 0, so they say, "no", pos or neg, perhaps\tpos'


@pytest.mark.parametrize("content, why", [
    (gzip.compress(table(TEXTS).encode())[:-12], "all.csv is damaged: "),
    (table(TEXTS, "text,kind\n"), "all.csv: a table of texts, but no column has a usual name of "
     "labels; --label_column=NAME or NUMBER says which it is; the columns are text, kind"),
])
def test_faults_have_their_own_message_without_a_kind(tmp_path, content, why):
    with pytest.raises(UserError, match=why):
        read(tmp_path, content, name="all.csv")


def test_an_encoding_that_needs_a_mark_is_refused(tmp_path):
    with pytest.raises(UserError, match="all.csv:1: not utf-16 .*; --encoding names another"):
        read(tmp_path, table(TEXTS), name="all.csv", kind="classification",
             asked=Asked(ReadOptions(encoding="utf-16")))


@pytest.mark.parametrize("row", [
    {"labels": ["B-PER", "O"]}, {"labels": "B-PER O"}, {"label": [[0, 5, "PER"]]},
    {"label": [], "entities": [[0, 5, "PER"]]},
    {"label": [{"start": 0, "end": 5, "labels": ["PER"]}]}])
def test_tagged_sentences_stay_tagged(tmp_path, row):
    (tmp_path / "all.jsonl").write_text("".join(
        json.dumps({"text": f"Anna{at} ran", **row}) + "\n" for at in range(10)))
    assert make(tmp_path / "all.jsonl", tmp_path / "task")[1] == "tagging"


@pytest.mark.parametrize("header", ["", "Satz\tanderer Satz\tKlasse\n"])
def test_one_of_two_columns_of_texts_is_not_read_in_silence(tmp_path, header):
    """The longer one was the text, in train another than in dev."""
    content = table([(f"{text} of it", f"{text} again and more", label) for text, label in TEXTS],
                    header, "\t")
    with pytest.raises(UserError, match="--text_column=NAME or NUMBER says so; two, with a comma"):
        read(tmp_path, content, name="all.tsv", kind="classification",
             asked=Asked(header="yes" if header else "no"))
    first = ("Satz", "anderer Satz") if header else ("1", "2")
    for names in (first[:1], first):
        wanted = Wanted(texts=names, pairs=len(names) == 2)
        folder = tmp_path / str(len(names))
        folder.mkdir()
        rows, _, _ = read(folder, content, name="all.tsv", kind="classification",
                          asked=Asked(wanted=wanted, header="yes" if header else "no"))
        assert len(rows) == 24 and rows[0].count("\t") == len(names)


@pytest.mark.parametrize("first", [
    "Mon Apr 06 22:19:45 PDT 2009 no. {at}", "Anna Maria Berg {at}", "see it {at}"])
def test_dates_names_and_short_notes_are_no_second_text(tmp_path, first):
    rows = [(label, first.format(at=at), f"{text} was long and it was not a good one for us")
            for at, (text, label) in enumerate(TEXTS)]
    read(tmp_path, table(rows, ""), name="all.csv", kind="classification",
         asked=Asked(header="no"))
    assert all("was long" in row for row in every(tmp_path / "task"))


def test_numbers_of_pairs_may_be_minus_one(tmp_path):
    rows = [(text, f"B {text}", (-1, -0.5, 0.25, 1)[at % 4]) for at, (text, _) in enumerate(TEXTS)]
    found, _, _ = read(tmp_path, table(rows, "sentence1,sentence2,score\n"), name="all.csv",
                       kind="regression")
    assert len(found) == 24 and sum(row.endswith("\t-1") for row in found) == 6


def test_discarded_labels_of_argilla_are_no_gold(tmp_path):
    rows, record, _ = read(tmp_path, objects(lambda at, text, own: {
        "text": text, "label.responses": [own], "label.responses.status": [
            "submitted" if at % 4 else ("discarded", "draft")[at % 8 // 4]]}),
        asked=Asked(wanted=Wanted(label="label.responses")))
    assert len(rows) == 18 and record["sources"][0]["counts"]["rejected_rows"] == 6


@pytest.mark.parametrize(("labels", "told"), [
    (("a", "b", "-1"), True), (("0", "1", "-1"), True), (("1", "-1"), False), (("+", "-"), False),
    (("a", "b", "nan"), True), (("a", "b", "N/A"), True), (("a", "nano"), False)])
def test_a_mark_for_no_gold_label_among_classes_is_suspicious(labels, told):
    rows = {"train": [Text((f"film {n}",), (labels[n % len(labels)],)) for n in range(12)],
            "dev": [], "test": []}
    found = "\n".join(suspicious_labels(rows))
    assert (f"texts have the label {labels[-1]}, which is read as a class" in found) == told


def task(text, *results, **more):
    return {"data": {"title": "x", "text": text}, "annotations": [{"result": [
        {"type": "choices", "from_name": name, "to_name": "text", "value": {"choices": [choice]}}
        for name, choice in results] + list(more.values())}]}


def test_choices_of_several_fields_of_label_studio_are_asked_about(tmp_path):
    content = json.dumps([task(text, ("sentiment", own), *[("topic", "art")] * (at > 3))
                          for at, (text, own) in enumerate(TEXTS)])
    for kind in (None, "classification", "multilabel"):
        with pytest.raises(UserError, match="record 5: the label is chosen in sentiment and in "
                                            "topic; --label_column=NAME says which to learn"):
            read(tmp_path, content, name="all.json", kind=kind)
    assert read(tmp_path, content, name="all.json",
                asked=Asked(wanted=Wanted(label="sentiment")))[0] == WANTED


def test_entities_beside_choices_of_label_studio_are_asked_about(tmp_path):
    span = {"type": "labels", "from_name": "ner", "value": {
        "start": 0, "end": 4, "text": "film", "labels": ["ART"]}}
    region = {"type": "choices", "value": {"start": 0, "end": 4, "choices": ["no"]}}
    content = json.dumps([task(text, ("sentiment", own), one=span, two=region)
                          for text, own in TEXTS])
    with pytest.raises(UserError, match="have entities in 'entities' and a label in 'chosen'; --"):
        read(tmp_path, content, name="all.json")
    assert read(tmp_path, content, name="all.json", kind="classification")[0] == WANTED


def test_tasks_without_an_annotation_are_left_out_and_counted(tmp_path):
    content = json.dumps([task(text, ("sentiment", own)) for text, own in TEXTS]
                         + [{"data": {"text": "film"}, "annotations": []}] * 3)
    rows, _, told = read(tmp_path, content, name="all.json", kind="classification")
    assert rows == WANTED and "3 rows without an annotation left out" in told


@pytest.mark.parametrize("label, kind", [
    ({"choices": ["pos", "neg"]}, "multilabel"), ('{"choices": ["pos", "neg"]}', "multilabel"),
    ({"choices": ["pos"]}, None), (["pos", "pos"], "classification")])
def test_choices_in_cells_are_labels(tmp_path, label, kind):
    """Label Studio's JSON-MIN and CSV; two annotators of Argilla who agree."""
    rows, record, _ = read(tmp_path, objects(lambda at, text, own: {
        "text": text, "label": label if at % 2 else "neg"}), kind=kind)
    assert record["labels"] == ["neg", "pos"]


SPARK = [(own, rf'"He said \"{text}, no\" and, left\\"') for text, own in TEXTS]


@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_quotation_marks_behind_a_backslash_are_read(tmp_path, between):
    """Spark's default, and MySQL's."""
    rows, _, told = read(tmp_path, table(SPARK, between.join(("label", "text\n")), between),
                         name="all.csv")
    assert rows[0] == 'He said "film number 0, no" and, left\\\tpos' and len(rows) == 24
    assert 'quotation marks in cells stand behind a backslash (\\")' in told


@pytest.mark.parametrize("cell, text", [
    (r'"C:\@\"', "C:\\0\\"), (r'"say ""\""@"""', r'say "\"0"'), (r'say \"@\"', r'say \"0\"')])
def test_a_backslash_before_the_end_of_a_cell_is_one(tmp_path, cell, text):
    rows, _, told = read(tmp_path, table(
        ((own, cell.replace("@", str(at))) for at, (_, own) in enumerate(TEXTS)), "label,text\n"),
        name="all.csv")
    assert f"{text}\tpos" in rows and len(rows) == 24 and "behind a" not in told


@pytest.mark.parametrize("names", [
    ("question", "passage"), ("query", "passage"), ("claim", "evidence"), ("premise", "hypo")])
def test_pairs_are_read_whatever_their_label_is_called(tmp_path, names):
    """BoolQ has its label under `answer`."""
    rows, record, _ = read(tmp_path, objects(lambda at, text, own: {
        names[0]: text, names[1]: f"B {text}", "answer": own == "pos"}), kind="classification")
    assert record["pairs"] and rows[0] == "film number 0\tB film number 0\ttrue"


def test_evidence_that_is_no_text_makes_no_pairs(tmp_path):
    """FEVER's lists of places."""
    rows, record, _ = read(tmp_path, objects(lambda at, text, own: {
        "claim": text, "evidence": [[at, None]], "label": own}), kind="classification")
    assert not record["pairs"] and rows == WANTED


@pytest.mark.parametrize("name", ["answer", "target_text", "headline"])
def test_a_further_column_of_texts_is_told(tmp_path, name):
    content = objects(lambda at, text, own: {
        "text": text, name: f"it was the answer {at}", "label": own, "date": f"May 3 {at}"})
    _, _, told = read(tmp_path, content)
    assert (f"suspicious: {tmp_path / 'all.jsonl'}: the column {name!r} holds texts, too, and is "
            f"not read; --text_column=text,{name} makes pairs") in told and "'date'" not in told
    (tmp_path / "named").mkdir()
    wanted = Wanted(("text", name), pairs=True)
    rows, _, told = read(tmp_path / "named", content, asked=Asked(wanted=wanted))
    assert rows[0].startswith("film number 0\tit was") and "is not read" not in told


def test_addresses_are_no_texts(tmp_path):
    _, _, told = read(tmp_path, table((f"gs://bucket/{at}.txt", own)
                                      for at, (_, own) in enumerate(TEXTS)), name="all.csv")
    assert "the column 'text' holds addresses, such as 'gs://bucket/0.txt', not texts" in told


@pytest.mark.parametrize("kind", [None, "classification"])
def test_a_table_of_another_encoding_is_refused_with_the_flag(tmp_path, kind):
    """Excel's CSV."""
    content = table((f"{text} mit Käse", own) for text, own in TEXTS).encode("cp1252")
    with pytest.raises(UserError, match="all.csv:.*2: not .*--encoding names another encoding"):
        read(tmp_path, content, name="all.csv", kind=kind)
    assert len(read(tmp_path, content, name="all.csv", kind=kind,
                    asked=Asked(ReadOptions(encoding="cp1252")))[0]) == 24


def hashed(other):
    return [(text, ("pos", "neg", "pos#neg", other)[at % 4]) for at, (text, _) in enumerate(TEXTS)]


def test_labels_with_a_hash_between_are_several(tmp_path):
    """doccano's CSV, ATIS."""
    content = table(hashed("neg#C#"))
    with pytest.raises(UserError, match=r"the label 'pos#neg' looks like several labels \(pos, ne"):
        read(tmp_path, content, name="all.csv")
    _, record, told = read(tmp_path, content, name="all.csv", kind="multilabel")
    assert record["labels"] == ["C#", "neg", "pos"]
    assert "labels with # between are several: pos#neg -> pos, neg" in told


@pytest.mark.parametrize("kind", [None, "multilabel"])
def test_a_hash_in_a_label_is_a_part_of_it(tmp_path, kind):
    rows = [(text, ("C#", "C", "F#", "bank#1")[at % 4]) for at, (text, _) in enumerate(TEXTS)]
    _, record, _ = read(tmp_path, table(rows), name="all.csv", kind=kind)
    assert record["labels"] == ["C", "C#", "F#", "bank#1"]


@pytest.mark.parametrize("between", [" ", ",", ", "])
def test_classes_of_fasttext_may_have_commas_between(tmp_path, between):
    content = "".join(f"__label__{own}{between}__label__fun {text}\n" for text, own in TEXTS)
    rows, record, _ = read(tmp_path, content, name="all.txt", kind="multilabel")
    assert record["labels"] == ["fun", "neg", "pos"] and rows[0] == "film number 0\tpos,fun"


def test_a_label_with_a_comma_is_refused_where_commas_part_labels(tmp_path):
    content = objects(lambda at, text, own: {"text": text, "label": [own, "Arts, Film"]})
    with pytest.raises(UserError, match="all.jsonl:1: the label 'Arts, Film' holds a comma, which"):
        read(tmp_path, content, kind="multilabel")


@pytest.mark.parametrize("name", ["ml_use", "Usage", "data_split"])
def test_a_column_of_splits_is_read_under_any_name(tmp_path, name):
    splits = ("Training", "validation", "TEST")
    _, record, told = read(tmp_path, table(
        ((text, at % 2, splits[at // 2 % 3]) for at, (text, _) in enumerate(TEXTS)),
        f"text,label,{name}\n"), name="all.csv")
    assert [sum(own.values()) for own in record["splits"].values()] == [8, 8, 8]
    assert f"split from '{name}'" in told


@pytest.mark.parametrize("splits", [("Training", "PublicTest"), ("train", "train")])
def test_a_column_of_splits_that_is_not_read_is_told(tmp_path, splits):
    _, _, told = read(tmp_path, table(
        ((text, at % 2, splits[at // 2 % 2]) for at, (text, _) in enumerate(TEXTS)),
        "text,label,Usage\n"), name="all.csv")
    assert f"the column 'Usage' names splits, such as {splits[0]}, but not in all rows" in told


@pytest.mark.parametrize("train, test, label", [
    ("text,target", "text,id", None), ("text,target", "text,id", "target"),
    ("text,target", "text,keyword", None), ("text,answer", "text,keyword", None)])
def test_a_test_without_labels_is_refused_with_the_way_out(tmp_path, train, test, label):
    """As in Kaggle's competitions."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "train.csv").write_text(table(TEXTS, f"{train}\n"))
    (folder / "test.csv").write_text(table(
        ((f"a {text}", at % 2 if "keyword" in test else at) for at, (text, _) in enumerate(TEXTS)),
        f"{test}\n"))
    with pytest.raises(UserError, match="test.csv: .*labels.* by .*--transfer"):
        make(folder, tmp_path / "task", kind="classification",
             asked=Asked(wanted=Wanted(label=label)))


def test_texts_of_old_doccano_stand_under_data(tmp_path):
    assert read(tmp_path, objects(lambda at, text, own: {
        "id": at, "data": text, "label": [own]}))[0] == WANTED


def test_a_test_alone_without_labels_is_refused_with_the_way_out(tmp_path):
    with pytest.raises(UserError, match="--label_column=NAME or .*if test.csv has no labels"):
        read(tmp_path, table(((text, at) for at, (text, _) in enumerate(TEXTS)), "text,id\n"),
             name="test.csv")


def test_columns_of_0_and_1_are_labels(tmp_path):
    """Jigsaw's toxic comments."""
    content = table(((at, text, at % 2, int(at % 3 == 0), 1) for at, (text, _) in enumerate(TEXTS)),
                    "id,comment_text,toxic,obscene,seen\n")
    with pytest.raises(UserError, match="--kind=multilabel several of 0 and 1, a label each: --labe"
                                        "l_column=toxic,obscene"):
        read(tmp_path, content, name="all.csv", kind="multilabel")
    asked = Asked(wanted=Wanted(labels=("toxic", "obscene")))
    rows, record, _ = read(tmp_path, content, name="all.csv", kind="multilabel", asked=asked)
    assert record["labels"] == ["obscene", "toxic"] and {
        "film number 0\tobscene", "film number 2\t", "film number 3\ttoxic,obscene"} <= set(rows)
    (tmp_path / "unknown").mkdir()
    with pytest.raises(UserError, match="all.csv:5: the column 'obscene' holds '-1'; needed in"):
        read(tmp_path / "unknown", content.replace(",1,1,1", ",1,-1,1", 2), name="all.csv",
             kind="multilabel", asked=asked)


@pytest.mark.parametrize("write", [str, json.dumps, lambda words: str(words).replace(",", "")])
def test_lists_of_words_in_cells_are_texts(tmp_path, write):
    content = objects(lambda at, text, own: {"tokens": write(text.split()), "label": own})
    rows, _, told = read(tmp_path, content, asked=Asked(wanted=Wanted(("tokens",))))
    assert rows == WANTED and "24 lists of words in cells joined to texts" in told
    assert "suspicious" not in told
    if write is json.dumps:
        return
    (tmp_path / "cut").mkdir()
    with pytest.raises(UserError, match="the column 'tokens' holds the list .* cannot be read"):
        read(tmp_path / "cut", content.replace("number", "a' ... 'b"), kind="classification",
             asked=Asked(wanted=Wanted(("tokens",))))


@pytest.mark.parametrize("language", [None, "de"])
def test_a_text_without_labels_is_a_row_that_a_run_reads(tmp_path, language):
    content = objects(lambda at, text, own: {"text": text, "label": [[own], []][at % 3 // 2],
                                             **({"lang": language} if language else {})})
    read(tmp_path, content, kind="multilabel")
    task = read_task(config_of_folder(tmp_path / "task"), with_transfer=False)
    examples = [row for own in task.examples.values() for row in own]
    assert sum(not row.tags for row in examples) == 8
    assert {row.language for row in examples} == {language or "default"}


def test_a_text_that_begins_like_a_list_is_a_text(tmp_path):
    rows, _, _ = read(tmp_path, objects(lambda at, text, own: {
        "text": f"['{at}s {text}]", "label": own}))
    assert rows[0] == "['0s film number 0]\tpos"


def test_the_tokens_of_a_text_are_no_further_text(tmp_path):
    _, _, told = read(tmp_path, objects(lambda at, text, own: {
        "text": f"It was {text}.", "tokens": ["It", "was", *text.split(), "."], "label": own}))
    assert "is not read" not in told


@pytest.mark.parametrize("vector", [[0, 0, 1], [1.0, 1.0], [True, False, False], [0.8, 0.2]])
@pytest.mark.parametrize("kind", ["classification", "multilabel"])
def test_a_number_for_each_label_is_no_label(tmp_path, vector, kind):
    content = objects(lambda at, text, own: {"text": text, "label": vector})
    if kind == "classification" and len(set(vector)) == 1:  # Annotators who agree.
        content = objects(lambda at, text, own: {"text": text, "label": [at % 2] * 2})
        assert read(tmp_path, content, kind=kind)[1]["labels"] == ["0", "1"]
        return
    with pytest.raises(UserError, match="all.jsonl:1: the labels are .*a number for each label of "
                                        "the task.*names of the text's own labels"):
        read(tmp_path, content, kind=kind)


def test_escapes_of_iso_2022_are_refused_in_tables(tmp_path):
    content = table((f"東京{at}に行く", own) for at, (_, own) in enumerate(TEXTS))
    with pytest.raises(UserError, match="all.csv:2: .*an encoding of ISO 2022.*iso2022_jp"):
        read(tmp_path, content.encode("iso2022_jp"), name="all.csv")
