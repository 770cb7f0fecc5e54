"""Writes a spaCy pipeline's tags as a file of teacher outputs.

Command: PYTHON benchmarks/spacy_outputs.py PIPELINE TEXTS OUTPUTS.jsonl
PYTHON is of an environment with spaCy alone. TEXTS has one sentence a line, its words separated by
spaces.
"""

import json
import pathlib
import sys

import spacy
from spacy.tokens import Doc


def main(pipeline: str, texts: str, target: str) -> None:
    """Writes a row a sentence: its words and their IOB2 tags."""
    nlp = spacy.load(pipeline)
    lines = pathlib.Path(texts).read_text("utf-8").splitlines()
    sentences = dict.fromkeys(tuple(line.split()) for line in lines if line.split())
    docs = (Doc(nlp.vocab, words=list(words)) for words in sentences)
    with open(target, "w", encoding="utf-8") as file:
        for doc in nlp.pipe(docs):
            tags = [f"{token.ent_iob_}-{token.ent_type_}" if token.ent_type_ else "O"
                    for token in doc]
            file.write(json.dumps({"words": [token.text for token in doc], "tags": tags},
                                  ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
