"""A few predictions of a run: gold beside what differs, and both texts of a pair."""

from xtremedistil_tf.apps.showcase import show_classified, show_tagged


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
