"""spaCy's default NER pipeline on a task folder: python benchmarks/spacy_ner.py DATA FOLDER.

Runs in an environment with spaCy 3.8 alone (`pip install "spacy==3.8.*"`). The configuration is the
one that `spacy init config --lang xx --pipeline ner` writes, changed in nothing: its early stopping
looks at the dev split. The test split's tags go to FOLDER/test.jsonl; the caller scores them.
"""

import json
import pathlib
import subprocess
import sys

import spacy
from spacy.tokens import Doc, DocBin


def rows_of(path: pathlib.Path):
    """Yields (words, tags, language) of a split."""
    for line in path.open(encoding="utf-8"):
        text, _, labels = line.rstrip("\n").partition("\t")
        tags = labels.split(" ")
        language = tags[0].split(":", 1)[0]
        yield text.split(" "), [tag.split(":", 1)[-1] for tag in tags], language


def write_docs(nlp, path: pathlib.Path, target: pathlib.Path) -> None:
    """Writes a split as spaCy's own format, with the words as they are given."""
    docs = DocBin()
    for words, tags, _ in rows_of(path):
        docs.add(Doc(nlp.vocab, words=words, ents=tags))
    docs.to_disk(target)


def main(task: str, work: str) -> None:
    """Converts, trains, tags the test split."""
    data, folder = pathlib.Path(task), pathlib.Path(work)
    folder.mkdir(parents=True, exist_ok=True)
    nlp = spacy.blank("xx")
    for split in ("train", "dev"):
        write_docs(nlp, data / f"{split}.tsv", folder / f"{split}.spacy")
    config = folder / "config.cfg"
    if not config.exists():
        subprocess.run([sys.executable, "-m", "spacy", "init", "config", str(config), "--lang",
                        "xx", "--pipeline", "ner"], check=True)
    best = folder / "model" / "model-best"
    if not (folder / "trained").exists():
        subprocess.run([sys.executable, "-m", "spacy", "train", str(config), "--output",
                        str(folder / "model"), "--paths.train", str(folder / "train.spacy"),
                        "--paths.dev", str(folder / "dev.spacy")], check=True)
        (folder / "trained").touch()
    nlp = spacy.load(best)
    with (folder / "test.jsonl").open("w", encoding="utf-8") as file:
        for words, gold, language in rows_of(data / "test.tsv"):
            doc = Doc(nlp.vocab, words=words)
            for _, pipe in nlp.pipeline:
                doc = pipe(doc)
            tags = [f"{token.ent_iob_}-{token.ent_type_}" if token.ent_type_ else "O"
                    for token in doc]
            file.write(json.dumps({"language": language, "gold": gold, "tags": tags},
                                  ensure_ascii=False) + "\n")
    (folder / "version.json").write_text(json.dumps({"version": spacy.__version__}))


if __name__ == "__main__":
    main(*sys.argv[1:])
