"""Writes a finished tagger's outputs as a script outside the package would: transformers alone.

Command: python benchmarks/outside_outputs.py MODEL TEXTS OUTPUTS.jsonl [SEQ_LEN]
MODEL is a folder of a token classifier with TensorFlow weights, TEXTS has one sentence a line, its
words separated by spaces.
"""

import json
import pathlib
import sys

import numpy as np
from transformers import AutoTokenizer, TFAutoModelForTokenClassification


def main(folder: str, texts: str, target: str, seq_len: str = "32") -> None:
    """Writes a row a sentence: its words and the logits of each, none for words that were cut."""
    model = TFAutoModelForTokenClassification.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    labels = [model.config.id2label[number] for number in range(model.config.num_labels)]
    lines = pathlib.Path(texts).read_text("utf-8").splitlines()
    sentences = list(dict.fromkeys(tuple(line.split()) for line in lines if line.split()))
    with open(target, "w", encoding="utf-8") as file:
        file.write(json.dumps({"labels": labels}) + "\n")
        for at in range(0, len(sentences), 32):
            part = [list(words) for words in sentences[at:at + 32]]
            encoded = tokenizer(part, is_split_into_words=True, truncation=True, padding=True,
                                max_length=int(seq_len), return_tensors="np")
            logits = model(dict(encoded)).logits.numpy()
            for row, words in enumerate(part):
                first = {}
                for place, word in enumerate(encoded.word_ids(row)):
                    first.setdefault(word, place)
                file.write(json.dumps({"words": words, "logits": [
                    np.round(logits[row, first[word]], 5).tolist() if word in first else None
                    for word in range(len(words))]}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
