"""Plants defects of many kinds into a copy of a task folder; shared with benchmarks/prepare.py."""

import pathlib
from typing import Callable, Dict, List, NamedTuple, Tuple

Row = Tuple[List[str], List[str], str]


class Plant(NamedTuple):
    """A defect: what is done, the kind that must be reported, the new line for a row."""

    name: str
    kind: str
    make: Callable[[List[str], List[str], str], str]


def _row(words, tags, language, separator="\t"):
    return " ".join(words) + separator + " ".join(f"{language}:{tag}" for tag in tags)


def _word(change):
    return lambda w, t, x: _row([change(w[0]), *w[1:]], t, x)


def _tag(*new):
    return lambda w, t, x: _row(w, [*new, *t[len(new):]], x)


# Every row that is handed to `make` has at least three words and its tags are all O.
TRAIN = (
    Plant("no tab", "columns", lambda w, t, x: " ".join(w)),
    Plant("three columns", "columns", lambda w, t, x: _row(w, t, x) + "\tmore"),
    Plant("no words", "no_words", lambda w, t, x: _row([], t, x)),
    Plant("a tag too few", "tag_count", lambda w, t, x: _row(w, t[1:], x)),
    Plant("a tag too many", "tag_count", lambda w, t, x: _row(w, [*t, "O"], x)),
    Plant("no tags", "tag_count", lambda w, t, x: " ".join(w) + "\t"),
    Plant("unknown tag", "unknown_tag", _tag("B-NOSUCH")),
    Plant("tag in lower case", "tag_case", _tag("b-per")),
    Plant("BIOES tag", "tag_scheme", _tag("S-PER")),
    Plant("underscore for dash", "tag_dash", _tag("B_PER")),
    Plant("type without B-", "tag_bare", _tag("PER")),
    Plant("two languages", "mixed_languages",
          lambda w, t, x: _row(w, t, x).replace(f"{x}:O", "qq:O", 2).replace("qq:O", f"{x}:O", 1)),
    Plant("NUL byte", "nul", _word(lambda word: word + "\0")),
    Plant("broken UTF-8", "not_utf8", _word(lambda word: word + "\udcff")),
    Plant("columns swapped", "swapped",
          lambda w, t, x: " ".join(f"{x}:{tag}" for tag in t) + "\t" + " ".join(w)),
    Plant("row in quotes", "quoted", lambda w, t, x: f'"{_row(w, t, x)}"'),
    Plant("commas between tags", "comma",
          lambda w, t, x: " ".join(w) + "\t" + ",".join(f"{x}:{tag}" for tag in t)),
    Plant("ideographic space", "odd_space",
          lambda w, t, x: _row(["\u3000".join(word.replace("\u00a0", "") for word in w)], t, x)),
    Plant("CoNLL line", "conll", lambda w, t, x: f"{w[0]} B-PER"),
    Plant("spaces for the tab", "no_tab", lambda w, t, x: _row(w, t, x, "    ")),
    Plant("empty line", "empty_line", lambda w, t, x: ""),
    Plant("line of white space", "empty_line", lambda w, t, x: "  \t "),
    Plant("I- after O", "repaired_tag", _tag("O", "I-PER")),
    Plant("I- after another type", "repaired_tag", _tag("B-LOC", "I-PER")),
    Plant("control character", "control", _word(lambda word: word + "\x07")),
    Plant("line separator", "control", _word(lambda word: word + "\u2028")),
    Plant("carriage return inside", "control", _word(lambda word: word + "\rx")),
    Plant("zero-width space", "invisible", _word(lambda word: word + "\u200b")),
    Plant("byte order mark inside", "bom", _word(lambda word: "\ufeff" + word)),
    Plant("replacement character", "replacement", _word(lambda word: word + "\ufffd")),
    Plant("private-use character", "private_use", _word(lambda word: word + "\ue001")),
    Plant("mojibake", "mojibake", _word(lambda word: word + "MÃ¼nchen")),
    Plant("HTML", "markup", _word(lambda word: word + "&amp;")),
    Plant("two spaces", "spaces", _word(lambda word: word + " ")),
    Plant("space in front", "spaces", _word(lambda word: " " + word)),
    Plant("very long word", "long_word", _word(lambda word: word + "x" * 101)),
    Plant("decomposed letter", "not_nfc", _word(lambda word: word + "e\u0301")),
    Plant("very long row", "long_row", lambda w, t, x: _row([*w, *["so"] * 510],
                                                            [*t, *["O"] * 510], x)),
    Plant("no language", "no_language", lambda w, t, x: " ".join(w) + " ohne\t" +
          " ".join([*t, "O"])),
    Plant("language in capitals", "language_spelling",
          lambda w, t, x: _row([*w, "gross"], [*t, "O"], x.upper())),
)
TRANSFER = (
    Plant("tab in a text", "tab", lambda w, t, x: "\t".join(w)),
    Plant("labelled row as text", "tab", lambda w, t, x: _row(w, t, x)),
    Plant("empty text", "empty_line", lambda w, t, x: ""),
    Plant("NUL byte in a text", "nul", lambda w, t, x: " ".join(w) + "\0"),
    Plant("broken UTF-8 in a text", "not_utf8", lambda w, t, x: " ".join(w) + "\udcff"),
    Plant("mojibake in a text", "mojibake", lambda w, t, x: " ".join(w) + " â€œ"),
)
# Lines put behind the seven of labels.tsv.
LABELS = (("repeated label", "repeated_label", "O"), ("label of BIOES", "label_scheme", "S-PER"),
          ("I- without B-", "label_without_b", "I-ALONE"), ("label of ours", "reserved_label", "X"),
          ("label that is not used", "unused_label", "B-UNUSED"),
          ("spaces around a label", "spaces", " B-ROOM "))


def _read(path: pathlib.Path) -> List[str]:
    return path.read_bytes().decode("utf-8", "surrogateescape").split("\n")[:-1]


def _write(path: pathlib.Path, lines: List[str], end: str = "\n") -> None:
    path.write_bytes(("\n".join(lines) + end).encode("utf-8", "surrogateescape"))


def _take(lines: List[str], at: int, labelled: bool) -> Tuple[int, Row]:
    """The next row from `at` on that a defect can be planted in, as words, O tags, language."""
    while True:
        words, _, tags = lines[at].partition("\t")
        parts = words.split(" ")
        if 3 <= len(parts) < 100 and (not labelled or ":" in tags.split(" ")[0]):
            language = tags.split(":")[0] if labelled else "de"
            return at, (parts, ["O"] * len(parts), language)
        at += 1


def _spread(lines: List[str], plants, labelled: bool) -> Dict[str, Tuple[int, str]]:
    step, found = len(lines) // (len(plants) + 4), {}
    for place, plant in enumerate(plants, 2):
        at, row = _take(lines, place * step, labelled)
        lines[at] = plant.make(*row)
        found[plant.name] = at + 1, plant.kind
    return found


def plant_defects(folder: pathlib.Path) -> Dict[str, Tuple[str, int, str]]:
    """Plants the defects into a task folder's files.

    Args:
      folder: a copy; it is changed. Its rows carry languages.

    Returns:
      By name of the defect, where it must be found: (file, line, kind).
    """
    train, dev, test = (_read(folder / f"{split}.tsv") for split in ("train", "dev", "test"))
    transfer = _read(folder / "transfer.txt")
    planted = {name: ("train.tsv", *place) for name, place in _spread(train, TRAIN, True).items()}
    train[0] = "text\tlabels"
    planted["header line"] = "train.tsv", 1, "header"
    last, (words, tags, language) = _take(train, len(train) // 50, True)
    train[-1] = train[last]
    planted["repeated row"] = "train.tsv", len(train), "duplicate"
    train[-2] = _row(words, ["B-PER", *tags[1:]], language)
    train[last], train[-1] = _row(words, tags, language), _row(words, tags, language)
    planted["same words, other tags"] = "train.tsv", len(train) - 1, "conflict"
    _write(folder / "train.tsv", train)

    dev[0] = "\ufeff" + dev[0]
    planted["byte order mark"] = "dev.tsv", 1, "bom"
    dev[10] = train[last]
    planted["train row in dev"] = "dev.tsv", 11, "leak_train"
    dev[20] = _row(["ganz", "neue", "Sprache"], ["O"] * 3, "qq")
    planted["language unknown to train"] = "dev.tsv", 21, "new_language"
    _write(folder / "dev.tsv", dev)

    test[10], test[20] = train[last], dev[30]
    planted["train row in test"] = "test.tsv", 11, "leak_train"
    planted["dev row in test"] = "test.tsv", 21, "leak_dev"
    test[30] += "\r"
    planted["CR LF"] = "test.tsv", 31, "crlf"
    _write(folder / "test.tsv", test, end="")
    planted["file cut off"] = "test.tsv", len(test), "no_newline"

    planted.update({name: ("transfer.txt", *place)
                    for name, place in _spread(transfer, TRANSFER, False).items()})
    transfer[5] = dev[40].split("\t")[0]
    planted["dev text in transfer"] = "transfer.txt", 6, "leak_dev"
    transfer[6] = test[40].split("\t")[0]
    planted["test text in transfer"] = "transfer.txt", 7, "leak_test"
    transfer[-1] = transfer[9]
    planted["repeated text"] = "transfer.txt", len(transfer), "duplicate"
    _write(folder / "transfer.txt", transfer)

    labels = _read(folder / "labels.tsv")
    for name, kind, text in LABELS:
        labels.append(text)
        planted[name] = "labels.tsv", len(labels), kind
    _write(folder / "labels.tsv", labels)
    return planted
