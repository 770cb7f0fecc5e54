"""JSON: entities by the keys of many tools, exports, rows without entities, offsets."""

import json
import time

import pytest

from tests.corpora.readers.test_formats import read
from xtremedistil_tf.data.lines import RowError
from xtremedistil_tf.data.readers.rows import Example

TEXT = "Anna lives in Oslo"
TAGGED = (("Anna", "lives", "in", "Oslo"), ("B-PER", "O", "O", "B-LOC"))


def rows_of(*records, **options):
    """(words, tags) of the rows, or the error's text; and the tally."""
    _, rows, counts = read([json.dumps(record) for record in records], **options)
    return [(row.words, row.tags) if isinstance(row, Example) else str(row)
            for _, row in rows], counts


def spans(**keys):
    """Two entities with their types under the given names of keys."""
    label = keys.get("label", "label")
    wrap = keys.get("wrap", lambda kind: kind)
    begin, end = keys.get("begin", "start"), keys.get("end", "end")
    return [{begin: 0, end: 4, label: wrap("PER")}, {begin: 14, end: 18, label: wrap("LOC")}]


@pytest.mark.parametrize("key", ["label", "labels", "tag", "entity", "entity_type", "category",
                                 "class", "name", "value", "type", "entity_group"])
@pytest.mark.parametrize("wrap", [lambda kind: kind, lambda kind: [kind]], ids=["text", "list"])
def test_a_type_stands_under_many_keys(key, wrap):
    (row,), counts = rows_of({"text": TEXT, "entities": spans(label=key, wrap=wrap)})
    assert row == TAGGED
    assert not counts["span_letters"]


@pytest.mark.parametrize("key", ["entities", "spans", "ents", "label", "labels", "annotations",
                                 "annotation", "ner", "named_entities"])
def test_entities_stand_under_many_keys(key):
    (row,), _ = rows_of({"text": TEXT, key: spans()})
    assert row == TAGGED
    (row,), _ = rows_of({"text": TEXT, key: [[0, 4, "PER"], [14, 18, "LOC"]]})
    assert row == TAGGED


@pytest.mark.parametrize(("begin", "end"), [
    ("start_offset", "end_offset"), ("begin", "end"), ("start_char", "end_char"),
    ("startOffset", "endOffset"), ("start", "stop"), ("BeginOffset", "EndOffset"),
    ("Start", "End")])
def test_offsets_stand_under_many_keys(begin, end):
    (row,), _ = rows_of({"text": TEXT, "entities": spans(begin=begin, end=end)})
    assert row == TAGGED


def test_keys_in_capitals():
    (row,), _ = rows_of({"Text": TEXT, "Entities": [
        {"BeginOffset": 0, "EndOffset": 4, "Type": "PER"}]})
    assert row[1] == ("B-PER", "O", "O", "O")


def test_types_beside_entities_are_no_tags():
    (row,), _ = rows_of({"tokenized_text": ["Anna", "ran"], "ner": [[0, 0, "PER"]],
                         "label": ["PER", "LOC"]})
    assert row == (("Anna", "ran"), ("B-PER", "O"))


def test_a_length_and_a_list_of_both_ends():
    (row,), _ = rows_of({"text": TEXT, "entities": [{"offset": 0, "length": 4, "category": "PER"},
                                                    {"span": [14, 18], "type": "LOC"}]})
    assert row == TAGGED


@pytest.mark.parametrize("entity", [
    {"start": 0, "end": 4, "value": "Anna", "entity": "PER"},
    {"start": 0, "end": 4, "entity": "Anna", "value": "PER"},
    {"start": 0, "end": 4, "name": "Anna", "type": "PER"},
    {"start": 0, "end": 4, "word": "Anna", "entity_group": "PER", "score": 0.9},
    ["Anna", 0, 4, "PER"], ["PER", 0, 4]])
def test_the_text_of_an_entity_is_not_its_type(entity):
    (row,), _ = rows_of({"text": TEXT, "entities": [entity]})
    assert row[1] == ("B-PER", "O", "O", "O")


@pytest.mark.parametrize(("entity", "message"), [
    ({"start": 0, "end": 4, "kind_of": "PER"},
     "entity 0 to 4 has the keys start, end, kind_of; its type is read from label, labels, tag"),
    ({"start": 0, "end": 4, "label": None}, "entity 0 to 4 has the type None; needed is a name"),
    ({"start": 0, "end": 4, "label": ""}, "has the type ''"),
    ({"start": 0, "end": 4, "label": {"a": 1}}, "has the type {'a': 1}"),
    ({"start": 0, "end": 4, "label": True}, "has the type True"),
    ({"start": 0, "end": 4, "label": 3}, "has the number 3 for its type"),
    ({"start": 0, "end": 4, "labels": ["PER", "LOC"]},
     "has 2 types: ['PER', 'LOC']; allowed is one"),
    ({"start": 0, "end": 4, "labels": []}, "has 0 types"),
    ({"start": None, "end": 4, "label": "PER"}, "'start' of an entity is None; needed is a number"),
    ([0, 4], "entity 0 to 4 has 0 types"),
    ([0, 4, "PER", "LOC"], "entity 0 to 4 has 2 types"),
    ([0, "PER"], "an entity is [0, 'PER']; needed are start, end and label"),
])
def test_what_is_no_entity_is_told_with_what_came(entity, message):
    (error,), _ = rows_of({"text": TEXT, "entities": [entity]})
    assert message in error


@pytest.mark.parametrize("record", [
    {"text": "Anna ran", "tags": ["B-PER", "O"]}, {"sentence": "Anna ran", "labels": "B-PER O"},
    {"tokens": "Anna ran", "ner_tags": "B-PER O"}])
def test_a_text_with_a_tag_for_each_word(record):
    assert rows_of(record)[0] == [(("Anna", "ran"), ("B-PER", "O"))]


def test_offsets_that_count_tokens_beside_a_text():
    records = [{"text": f"Bo{n} ran to Oslo", "tokens": [f"Bo{n}", "ran", "to", "Oslo"],
                "entities": [{"start": 0, "end": 1, "type": "PER"},
                             {"start": 3, "end": 4, "type": "LOC"}]} for n in range(3)]
    rows, counts = rows_of(*records)
    assert {row[1] for row in rows} == {TAGGED[1]}
    assert counts.notes == ["offsets count tokens, the end outside"]


def test_letters_of_a_scheme_are_taken_off_types():
    (row,), counts = rows_of({"text": "Anna May lives in E-mail", "entities": [
        [0, 4, "B-PER"], [5, 8, "I-PER"], [18, 24, "E-mail"]]})
    assert row[1] == ("B-PER", "I-PER", "O", "O", "B-E-mail")
    assert counts["span_letters"] == 2


def test_rows_that_say_nothing_of_entities_have_none_where_others_have_some():
    nothing = ("Nothing", "here"), ("O", "O")
    records = [{"text": TEXT, "spans": spans()}, {"text": "Nothing here"},
               {"text": "Nothing here", "spans": None}, {"text": "Nothing here", "spans": []}]
    rows, counts = rows_of(*records)
    assert rows == [TAGGED, nothing, nothing, nothing]
    assert counts["rows_without_entities_key"] == 2
    assert rows_of({"text": "Nothing here"})[0] == [(("Nothing", "here"), ())]
    assert rows_of({"text": "Nothing here", "answer": "accept"})[0] == [nothing]


def test_rows_without_entities_may_come_first():
    records = [{"text": "Nothing here"}] * 10_100 + [{"text": TEXT, "spans": spans()}]
    rows, counts = rows_of(*records)
    assert rows[0] == (("Nothing", "here"), ("O", "O")) and rows[-1] == TAGGED
    assert counts["rows_without_entities_key"] == 10_100


@pytest.mark.parametrize("answer", [{"answer": "reject"}, {"answer": "ignore"},
                                    {"status": "Discarded"}, {"accepted": False},
                                    {"Answer": "REJECT"}, {"reviewStatus": "skipped"},
                                    {"was_cancelled": True}, {"is_valid": False},
                                    {"rejected": True}, {"status": "deleted"}, {"isDeleted": 1},
                                    {"accepted": 0}, {"skipped": "true"}, {"is_valid": "no"}])
def test_rejected_rows_are_left_out_and_counted(answer):
    rows, counts = rows_of({"text": TEXT, "spans": spans(), "answer": "accept"},
                           {"text": TEXT, "spans": spans(), **answer})
    assert rows == [TAGGED] and counts["rejected_rows"] == 1


@pytest.mark.parametrize("answer", [{"was_cancelled": False}, {"is_valid": True}, {"rejected": 0},
                                    {"status": "submitted"}, {"answer": False}, {"skipped": None},
                                    {"accepted": None}, {"deleted": ""}, {"rejected": 3}])
def test_rows_that_nobody_rejected_are_kept(answer):
    rows, counts = rows_of({"text": TEXT, "spans": spans(), **answer})
    assert rows == [TAGGED] and not counts["rejected_rows"]


@pytest.mark.parametrize(("record", "message"), [
    ({"text": TEXT, "labels": ["sports"]}, "'labels' is ['sports']; needed is a list of entities"),
    ({"text": TEXT, "entities": "Anna"}, "'entities' is 'Anna'"),
    ({"text": TEXT, "entities": {"0": [0, 4, "PER"]}}, "'entities' is {'0': [0, 4, 'PER']}"),
    ({"tokens": ["a"], "ner_tags": ["O"], "lang": 7}, "the language is 7; needed is a text"),
    ({"text": TEXT, "lang": {"code": "de"}}, "the language is {'code': 'de'}"),
    ({"text": TEXT, "langs": ["de", "en"]}, "languages ['de', 'en']; allowed is one a row"),
    ({"tokens": ["a", "b"], "ner_tags": [0, 1]}, "tags are numbers; name them with --tag_names"),
    ({"tokens": ["a", "b"], "ner_tags": ["0", "1"]}, "tags are numbers"),
    ({"tokens": [{"start": 0}], "ner_tags": ["O"]}, "a token has the keys start; needed is text"),
    ({"text": TEXT, "entities": [[0, 10, "PER"], [5, 12, "X"]]},
     "entity 0 to 10 (PER) and entity 5 to 12 (X) overlap; a word has one tag"),
    ({"text": TEXT, "entities": [[0, 999, "PER"]]}, "entity 0 to 999 lies outside the text's"),
    ({"text": TEXT, "entities": [[-3, 2, "PER"]]}, "entity -3 to 2 lies outside the text's"),
    ({"text": TEXT, "entities": [{"start": 0, "end": 10**400, "label": "PER"}]}, "lies outside"),
    ({"tokens": ["a"], "entities": [{"start": 0, "end": 3, "type": "X"}]}, "none of the 1 tokens"),
    (7, "not a JSON object but int"),
])
def test_rows_of_no_form(record, message):
    (error,), _ = rows_of(record, format="jsonl")
    assert message in error


def test_tokens_without_tags_are_not_read_as_outside():
    assert rows_of({"tokens": ["a"], "ner_tags": []})[0] == [(("a",), ())]
    assert rows_of({"tokens": ["a"]})[0] == [(("a",), ())]


def test_tokens_that_are_numbers_are_words_and_others_are_told():
    assert rows_of({"tokens": ["in", 2004], "ner_tags": ["O", "B-DATE"]})[0] == [
        (("in", "2004"), ("O", "B-DATE"))]
    (error,), _ = rows_of({"tokens": ["in", None], "ner_tags": ["O", "O"]})
    assert "'tokens' holds None; needed are texts" in error


def test_labels_of_transfer_text_do_not_matter():
    rows, _ = rows_of({"text": "It rained.", "label": 3}, {"text": "So.", "entities": [[0, 2]]},
                      {"tokens": ["a", "b"], "ner_tags": [1, 2]}, labelled=False)
    assert rows == [(("It", "rained", "."), ()), (("So", "."), ()), (("a", "b"), ())]


def test_two_entities_in_one_word_are_cut_apart():
    record = {"text": "some salt/pepper mix", "spans": [[5, 9, "A"], [10, 16, "B"]]}
    (row,), counts = rows_of(record)
    assert row == (("some", "salt", "/", "pepper", "mix"), ("O", "B-A", "O", "B-B", "O"))
    assert counts["cut_words"] == 1 and not counts["widened_entities"]


def test_the_files_own_tokens_are_its_words():
    tokens = [("anti", 0, 4), ("-", 4, 5), ("ISIS", 5, 9), ("war", 10, 13)]
    spans_of = [{"start": 5, "end": 9, "label": "ORG"}]
    prodigy = {"text": "anti-ISIS war", "spans": spans_of, "tokens": [
        {"text": word, "start": begin, "end": end, "id": at}
        for at, (word, begin, end) in enumerate(tokens)]}
    expected = ("anti", "-", "ISIS", "war"), ("O", "O", "B-ORG", "O")
    (row,), counts = rows_of(prodigy)
    assert row == expected and not counts["widened_entities"]
    spacy = {"text": "anti-ISIS war", "ents": spans_of,
             "tokens": [{"id": 0, "start": begin, "end": end} for _, begin, end in tokens]}
    assert rows_of(spacy)[0] == [expected]
    plain = {"text": "anti-ISIS war", "tokens": [word for word, _, _ in tokens],
             "entities": [[5, 9, "ORG"]]}
    assert rows_of(plain)[0] == [expected]


def test_entities_in_scripts_without_spaces_are_cut_out():
    (row,), _ = rows_of({"text": "ประเทศไทยสวย", "entities": [[6, 9, "LOC"]]})
    assert row == (("ประเทศ", "ไทย", "สวย"), ("O", "B-LOC", "O"))


def test_equal_entities_count_once():
    (row,), counts = rows_of({"text": TEXT, "entities": [*spans(), *spans()]})
    assert row == TAGGED and counts["repeated_entities"] == 2


def test_spaces_at_the_ends_of_an_entity_are_not_its():
    (row,), counts = rows_of({"text": TEXT, "entities": [[0, 5, "PER"]]})
    assert row[1] == ("B-PER", "O", "O", "O") and not counts["widened_entities"]


def test_documents_are_cut_into_sentences():
    text = "Anna came. Bo left Dr. Weber. He\nsat\n\nin Oslo"
    (first, second, third, fourth, fifth), counts = rows_of(
        {"text": text, "entities": [[19, 28, "PER"], [41, 45, "LOC"]]})
    assert first == (("Anna", "came", "."), ("O",) * 3)
    assert " ".join(second[0]) == "Bo left Dr . Weber ."
    assert second[1] == ("O", "O", "B-PER", "I-PER", "I-PER", "O")
    assert (third[0], fourth[0]) == (("He",), ("sat",)) and fifth[1] == ("O", "B-LOC")
    assert counts["split_rows"] == 1
    rows, _ = rows_of({"text": "One. Two.", "entities": [[0, 8, "X"]]})
    assert len(rows) == 1, "an entity is never cut"
    rows, _ = rows_of({"text": "One. Two.", "entities": [[0, 3, "X"]]}, whitespace_words=True)
    assert len(rows) == 1


@pytest.mark.parametrize("export", [
    # GLiNER; SpERT, whose ends are outside; SciERC, whose offsets count the document's tokens.
    {"tokenized_text": [*TAGGED[0]], "ner": [[0, 0, "PER"], [3, 3, "LOC"]]},
    {"tokens": [*TAGGED[0]], "entities": [{"start": 0, "end": 1, "type": "PER"},
                                          {"start": 3, "end": 4, "type": "LOC"}]},
    {"doc_key": "x", "sentences": [[*TAGGED[0]]], "ner": [[[0, 0, "PER"], [3, 3, "LOC"]]]},
    # spaCy's training data in three versions.
    [TEXT, {"entities": [[0, 4, "PER"], [14, 18, "LOC"]]}],
    {"classes": ["PER"], "annotations": [[TEXT, {"entities": [[0, 4, "PER"], [14, 18, "LOC"]]}],
                                         None]},
    {"id": 0, "paragraphs": [{"raw": TEXT, "sentences": [{"tokens": [
        {"orth": word, "ner": tag} for word, tag in zip(*TAGGED)]}]}]},
    # Label Studio, whole and JSON_MIN; doccano; Rasa; CLUENER; a row of Hugging Face's server.
    {"id": 1, "data": {"text": TEXT}, "annotations": [
        {"was_cancelled": True, "result": []},
        {"was_cancelled": False, "result": [
            {"type": "labels", "value": {"start": 0, "end": 4, "text": "Anna", "labels": ["PER"]}},
            {"type": "relation", "from_id": "a"}, {"type": "choices", "value": {"choices": ["a"]}},
            {"type": "labels", "value": {"start": 14, "end": 18, "labels": ["LOC"]}}]}]},
    {"id": 1, "text": TEXT, "label": [{"start": 0, "end": 4, "text": "Anna", "labels": ["PER"]},
                                      {"start": 14, "end": 18, "labels": ["LOC"]}]},
    {"id": 1, "text": TEXT, "relations": [], "Comments": [], "entities": [
        {"id": 3, "label": "PER", "start_offset": 0, "end_offset": 4},
        {"id": 4, "label": "LOC", "start_offset": 14, "end_offset": 18}]},
    {"rasa_nlu_data": {"common_examples": [{"text": TEXT, "intent": "x", "entities": [
        {"start": 0, "end": 4, "value": "Anna", "entity": "PER"},
        {"start": 14, "end": 18, "value": "oslo", "entity": "LOC"}]}]}},
    {"text": TEXT, "label": {"PER": {"Anna": [[0, 3]]}, "LOC": {"Oslo": [[14, 17]]}}},
    {"row_idx": 0, "row": {"tokens": [*TAGGED[0]], "ner_tags": [*TAGGED[1]]}},
    # Tokens and tags in pairs.
    [[word, tag] for word, tag in zip(*TAGGED)],
    [[*TAGGED[0]], [*TAGGED[1]]],
    # DataTurks, its ends inside; columns of many rows; rows by their names.
    {"content": TEXT, "annotation": [
        {"label": ["PER"], "points": [{"start": 0, "end": 3, "text": "Anna"}]},
        {"label": ["LOC"], "points": [{"start": 14, "end": 17, "text": "Oslo"}]}]},
    {"tokens": [[*TAGGED[0]]], "ner_tags": [[*TAGGED[1]]]},
    {"x1": {"text": TEXT, "entities": [[0, 4, "PER"], [14, 18, "LOC"]]}},
    {"data": {"text": TEXT, "entities": [[0, 4, "PER"], [14, 18, "LOC"]]}},
    # Numbers beside names.
    {"tokens": [*TAGGED[0]], "ner_tags": [1, 0, 0, 2], "ner_tags_str": [*TAGGED[1]]},
])
def test_exports_of_tools(export):
    assert rows_of(export)[0] == [TAGGED]
    whole = json.dumps([export, export], indent=1, ensure_ascii=False).splitlines()
    _, rows, _ = read(whole)
    assert [(row.words, row.tags) for _, row in rows] == [TAGGED, TAGGED]
    assert [place for place, _ in rows] == ["record 1", "record 2"]


def test_the_offsets_of_cluener_have_their_ends_inside():
    _, counts = rows_of({"text": TEXT, "label": {"PER": {"Anna": [[0, 3]]},
                                                 "LOC": {"Oslo": [[14, 17]]}}})
    assert counts.notes == ["offsets count characters, with the end inside: converted"]


@pytest.mark.parametrize(("export", "message"), [
    ({"data": {"text": "a"}, "annotations": 3}, "'annotations' is 3; needed is a list"),
    ({"data": {"text": "a"}, "annotations": [{"result": 3}]}, "'result' is 3"),
    ({"data": {"n": 3}, "annotations": []}, "'data' has no text; its fields are n"),
    ({"data": {"text": "a"}, "annotations": [{"result": [
        {"type": "labels", "value": {"start": 0, "labels": ["X"]}}]}]},
     "'end' of an entity is None; needed is a number"),
    ({"paragraphs": [3]}, "'paragraphs' holds 3; needed are objects"),
    ({"paragraphs": [{"sentences": None}]}, "'sentences' is None"),
    ({"sentences": [["a"]], "ner": [3]}, "'ner' is 3"),
    ({"sentences": [3], "ner": [[]]}, "'sentences' is 3"),
])
def test_exports_that_are_laid_out_otherwise(export, message):
    (error,), _ = rows_of(export, format="jsonl")
    assert message in error


def test_tasks_of_label_studio_without_an_annotation_are_left_out():
    task = {"data": {"text": TEXT}, "annotations": []}
    cancelled = {"data": {"text": TEXT}, "annotations": [{"was_cancelled": True, "result": []}]}
    rows, counts = rows_of(task, cancelled)
    assert not rows and counts["unannotated_rows"] == 1 and counts["rejected_rows"] == 1
    assert rows_of(task, labelled=False)[0] == [(TAGGED[0], ())]
    several = {"data": {"text": TEXT}, "annotations": [
        {"result": []}, {"ground_truth": True, "result": [
            {"type": "labels", "value": {"start": 0, "end": 4, "labels": ["PER"]}}]}]}
    (row,), counts = rows_of(several)
    assert row[1][0] == "B-PER" and counts["several_annotations"] == 1
    del several["annotations"][1]["ground_truth"]  # The first annotator left it empty.
    assert rows_of(several)[0] == [row]


def test_values_nested_too_deep_and_half_characters_are_told():
    for lines in (["[" * 100_000], ['{"a": ' * 100_000 + "1" + "}" * 100_000]):
        _, ((_, error),), _ = read(lines, format="jsonl")
        assert isinstance(error, RowError) and "not JSON" in str(error)
    for lines in (['{"text": "\\ud83d"}'], ['[{"text": "\\ud83d"}]']):
        _, ((_, error),), _ = read(lines)
        assert "an escape that is half a character" in str(error)


TWICE = '{"text": "Anna ran", "entities": [{"start": 0, "end": 4, "label": "A", "label": "B"}]}'


def test_a_key_with_two_values_is_refused_and_costs_its_record_only():
    once = TWICE.replace('"B"', '"A"')  # The same value twice says one thing.
    for lines, place in (([once, TWICE, once], 2), (["[", f"{once},{TWICE},", once, "]"],
                                                    "record 2")):
        _, ((_, first), (told, error), (_, last)), _ = read(lines)
        assert first == last and not isinstance(first, RowError)
        assert told == place and "the key 'label' stands twice in an object" in str(error)


def test_a_whole_file_that_is_broken_is_told_with_its_line():
    _, ((place, error),), _ = read(["[", '{"text": "a"},', "{broken", "]"])
    assert place == 3 and isinstance(error, RowError) and "not JSON" in str(error)
    _, rows, _ = read(["{", '"text": "It rained."', "}", "{", '"text": "So."', "}"])
    assert [row.words for _, row in rows] == [("It", "rained", "."), ("So", ".")]


def test_types_without_letters_are_entities_of_neighbours():
    from xtremedistil_tf.corpora.readers.base import Tally
    from xtremedistil_tf.corpora.readers.schemes import read_bare_types

    def tags(*rows):
        counts = Tally()
        examples = [(1, Example(("w",) * len(row.split()), tuple(row.split()))) for row in rows]
        return [" ".join(row.tags) for _, row in read_bare_types(iter(examples), counts)], counts

    found, counts = tags("person-actor person-actor O location", "O O")
    assert found == ["B-person-actor I-person-actor O B-location", "O O"]
    assert counts["bare_types"] == 3
    for rows in (["B-PER O", "PER O"], ["b-per i-per O"], ["S_ORG L_PER O"], ["NN VB"], ["O -"],
                 ["B I X O"]):
        assert tags(*rows)[0] == rows
    for row in ("B_PER I_PER O", "B.PER I.PER O", "PER-B PER-I O"):
        found, counts = tags(row)
        assert found == ["B-PER I-PER O"] and counts["other_letters"] == 2


@pytest.mark.parametrize("number", ["²", "9" * 5000])
def test_numbers_that_int_does_not_read(number):
    (error,), _ = rows_of({"text": TEXT, "entities": [{"start": number, "end": 4, "label": "A"}]})
    assert "needed is a number" in error
    assert rows_of({"tokens": ["a"], "ner_tags": [number]})[0] == [(("a",), (number,))]


@pytest.mark.parametrize(("labels", "expected"), [
    (["B-PER", "B-LOC"], ["PER", "LOC"]), (["b-per", "b-loc"], ["per", "loc"]),
    (["B_PER", "B_LOC"], ["PER", "LOC"]), (["S-PER", "S-LOC"], ["PER", "LOC"]),
    (["B-per", "I-per"], ["per"]), (["B-PER", "I-PER", "MISC"], ["PER", "MISC"]),
    (["E-MAIL", "PER"], ["E-MAIL", "PER"]), (["S-BAHN", "U-BAHN", "ORT"], None),
    (["B-CELL", "DNA"], None), (["E-MAIL"], None), (["S-BAHN"], None), (["i_phone"], None),
    (["e_mail", "e_book"], None), (["T-SHIRT", "B-CELL"], None)])
@pytest.mark.parametrize("by_token", [False, True])
def test_letters_of_a_scheme_before_types(labels, expected, by_token):
    """Types keep what looks like a letter, unless all types of the file have one."""
    words = "Anna Bo Cy".split()
    places = [(n, n + 1) for n in range(3)] if by_token else [(0, 4), (5, 7), (8, 10)]
    record = {"spans": [{"start": begin, "end": end, "label": label}
                        for (begin, end), label in zip(places, labels)]}
    given = {"tokens": words, **record} if by_token else {"text": " ".join(words), **record}
    ((_, tags),), counts = rows_of(given)
    wanted = labels if expected is None else expected
    assert [tag[2:] for tag in tags if tag[:2] == "B-"] == wanted
    assert counts["span_letters"] == sum(label not in wanted for label in labels)


def test_flat_records_of_argilla_2():
    flat = {"id": "1", "status": "completed", "text": TEXT, "spans.responses": [spans(), []],
            "spans.responses.users": ["u", "v"], "spans.suggestion": None}
    assert rows_of(flat)[0] == [TAGGED]


def test_very_many_objects_on_several_lines_take_little_time():
    lines = ["{", '"tokens": ["a"], "ner_tags": ["B-X"]', "}"] * 30_000
    begun = time.process_time()
    assert sum(1 for _ in read(lines)[1]) == 30_000
    assert time.process_time() - begun < 8


@pytest.mark.parametrize("wrong", [None, 1.0])
def test_values_that_are_no_tags_are_told(wrong):
    (error,), _ = rows_of({"tokens": ["a", "b"], "ner_tags": ["O", wrong]})
    assert f"'ner_tags' holds {wrong!r}; needed are tags, as texts or whole numbers" in error
    given = {"text": TEXT, "spans": spans(), "tags": [wrong]}
    assert rows_of(given)[0] == [TAGGED]  # Something else is meant.


@pytest.mark.parametrize("key", ["indices", "extent", "location", "range"])
def test_places_of_entities_are_pairs_under_many_keys(key):
    (row,), _ = rows_of({"text": TEXT, "entities": [{key: [0, 4], "entity": "PER"},
                                                    {key: [14, 18], "entity": "LOC"}]})
    assert row == TAGGED


@pytest.mark.parametrize("entities", [
    {"PER": [{"indices": [0, 4], "rule": "x"}], "LOC": [{"indices": [14, 18]}], "ORG": []},
    {str(at): one for at, one in enumerate(spans())},
    json.dumps(spans()), str([(0, 4, "PER"), (14, 18, "LOC")]),
    [{**one, "type": "span"} for one in spans(label="label_name")]])
def test_entities_by_type_by_id_or_as_text(entities):
    (row,), _ = rows_of({"text": TEXT, "entities": entities})
    assert row == TAGGED


@pytest.mark.parametrize("write", [str, json.dumps, " ".join, ",".join, ", ".join])
def test_lists_as_text(write):
    words, tags = map(list, TAGGED)
    (row,), _ = rows_of({"text": TEXT, "tags": write(tags)})
    assert row == TAGGED
    if write in (str, json.dumps):
        assert rows_of({"tokens": write(words), "ner_tags": write(tags)})[0] == [TAGGED]


@pytest.mark.parametrize("nothing", ["", float("nan"), None])
def test_what_pandas_writes_for_nothing(nothing):
    rows, _ = rows_of({"text": TEXT, "entities": spans(), "lang": float("nan")},
                      {"text": "She ran", "entities": nothing})
    assert rows == [TAGGED, (("She", "ran"), ("O", "O"))]


def test_columns_of_numbered_rows():
    words, tags = map(list, TAGGED)
    rows, _ = rows_of({"tokens": {"0": words, "1": words}, "ner_tags": {"0": tags, "1": tags}})
    assert rows == [TAGGED] * 2
