"""Write the sample data (named entities and topics), the same bytes for the same seed."""

import argparse
import os

from sample_source import classification, ner

SEED = 13
SPLITS = ("train", "dev", "test")


def write_files(folder, files):
    """Write lines to UTF-8 files with LF line ends.

    Args:
        folder: Folder to write to; made if it is missing.
        files: Dictionary from file name to list of lines.
    """
    os.makedirs(folder, exist_ok=True)
    for name, lines in sorted(files.items()):
        with open(os.path.join(folder, name), "w", encoding="utf-8", newline="\n") as handle:
            handle.writelines(line + "\n" for line in lines)


def _read_lines(path):
    with open(path, encoding="utf-8") as handle:
        return handle.read().splitlines()


def _size(path):
    return f"{os.path.getsize(path) / 1024:,.0f}"


def describe_ner(folder):
    """Return a Markdown table of the named-entity files.

    Args:
        folder: Folder with the files.

    Returns:
        The table.
    """
    rows = [
        "| file | sentences | tokens | PER | ORG | LOC | without entity | KiB |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for split in SPLITS:
        path = os.path.join(folder, f"{split}.tsv")
        pairs = [line.split("\t") for line in _read_lines(path)]
        tags = [tag for _, column in pairs for tag in column.split()]
        counts = [sum(tag.endswith(f"B-{kind}") for tag in tags) for kind in ("PER", "ORG", "LOC")]
        bare = sum("B-" not in column for _, column in pairs)
        numbers = " | ".join(f"{n:,}" for n in [len(pairs), len(tags), *counts, bare])
        rows.append(f"| `ner/{split}.tsv` | {numbers} | {_size(path)} |")
    path = os.path.join(folder, "transfer.txt")
    lines = _read_lines(path)
    tokens = sum(len(line.split()) for line in lines)
    rows.append(f"| `ner/transfer.txt` | {len(lines):,} | {tokens:,} | | | | | {_size(path)} |")
    return "\n".join(rows)


def describe_classification(folder):
    """Return a Markdown table of the classification files.

    Args:
        folder: Folder with the files.

    Returns:
        The table.
    """
    labels = _read_lines(os.path.join(folder, "labels.tsv"))
    rows = [
        "| file | texts | " + " | ".join(labels) + " | KiB |",
        "|---|---:|" + "---:|" * (len(labels) + 1),
    ]
    for split in SPLITS:
        path = os.path.join(folder, f"{split}.tsv")
        found = [line.split("\t")[1] for line in _read_lines(path)]
        counts = " | ".join(f"{found.count(label):,}" for label in labels)
        rows.append(f"| `classification/{split}.tsv` | {len(found):,} | {counts} | {_size(path)} |")
    path = os.path.join(folder, "transfer.txt")
    blanks = "| " * len(labels)
    rows.append(
        f"| `classification/transfer.txt` | {len(_read_lines(path)):,} {blanks}| {_size(path)} |"
    )
    return "\n".join(rows)


def main():
    """Read the command line, then write the sample or describe the one that is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("--out", default=here, help="folder to write to (default: this folder)")
    parser.add_argument("--seed", type=int, default=SEED, help="seed (default: %(default)s)")
    parser.add_argument(
        "--describe", action="store_true", help="write nothing, print tables of the files in --out"
    )
    args = parser.parse_args()
    if args.describe:
        print(describe_ner(os.path.join(args.out, "ner")))
        print()
        print(describe_classification(os.path.join(args.out, "classification")))
        return
    write_files(os.path.join(args.out, "ner"), ner.build(args.seed))
    write_files(os.path.join(args.out, "classification"), classification.build(args.seed))


if __name__ == "__main__":
    main()
