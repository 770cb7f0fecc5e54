"""A few predictions of a run: gold beside what differs, and both texts of a pair."""

from xtremedistil_tf.apps.showcase import (
    show_answers,
    show_classified,
    show_numbered,
    show_tagged,
    show_word_tags,
)


def test_gold_stands_below_a_sentence_that_is_tagged_otherwise(tmp_path):
    path = tmp_path / "test.student.tsv"
    path.write_text("Anna in Bonn\tde:B-PER de:O de:B-LOC\nAnna in Rom\tit:B-PER it:O it:B-LOC\n")
    assert show_tagged(path).splitlines() == [
        "de      [Anna](PER) in [Bonn](LOC)", "it      [Anna](PER) in [Rom](LOC)"]
    (tmp_path / "test.gold.tsv").write_text(
        "Anna in Bonn\tde:B-PER de:O de:B-ORG\nAnna in Rom\tit:B-PER it:O it:B-LOC\n")
    assert show_tagged(path).splitlines() == [
        "de      [Anna](PER) in [Bonn](LOC)", "  gold: [Anna](PER) in [Bonn](ORG)",
        "it      [Anna](PER) in [Rom](LOC)"]


def test_a_pair_shows_both_texts_and_a_wrong_class_its_gold(tmp_path):
    path = tmp_path / "dev.student.tsv"
    path.write_text(f"a cat\ta dog\tno\n{'long ' * 30}\tshort\tyes\n")
    (tmp_path / "dev.gold.tsv").write_text(f"a cat\ta dog\tyes\n{'long ' * 30}\tshort\tyes\n")
    first, second = show_classified(path).splitlines()
    assert first == "no   a cat  |  a dog  (gold: yes)"
    assert second.endswith("...  |  short") and len(second) < 80


def test_numbers_are_shown_from_the_lowest_to_the_highest(tmp_path):
    path = tmp_path / "test.student.tsv"
    path.write_text("".join(f"text {at}\t{at}.0\n" for at in range(13)))
    shown = [float(line.split()[0]) for line in show_numbered(path).splitlines()]
    assert shown == sorted(shown) and len(set(shown)) == 8 and shown[::7] == [0.0, 12.0]
    path.write_text("only one\t2.5\n")
    assert show_numbered(path) == "2.5       only one"


def test_answers_to_questions_without_gold_are_shown_by_their_names(tmp_path):
    path = tmp_path / "held_out.student.json"
    path.write_text('{"q1": "in 1912", "q2": ""}')
    assert show_answers(path).splitlines() == ["q1  ->  in 1912", "q2  ->  (no answer)"]
    (tmp_path / "held_out.gold.json").write_text(
        '{"q1": {"question": "When?"}, "q2": {"question": "Who?"}}')
    assert show_answers(path).splitlines() == ["When?  ->  in 1912", "Who?  ->  (no answer)"]


def test_a_word_may_hold_a_no_break_space(tmp_path):
    path = tmp_path / "test.student.tsv"
    path.write_text("10\u00a0000 Menschen kommen\tde:NUM de:NOUN de:VERB\n", "utf-8")
    assert show_word_tags(path) == "de      10\u00a0000/NUM Menschen/NOUN kommen/VERB"
