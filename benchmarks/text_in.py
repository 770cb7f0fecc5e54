"""Holds a tokenizer's form in a graph against the tokenizer: every word of many texts.

Command:
  python benchmarks/text_in.py --tokenizer=TOKENIZER.json --texts=TASK/test.tsv,TASK/transfer.txt
  python benchmarks/text_in.py --record=serving/text_in_bytes --texts=TASK/test.tsv,TASK/more.txt
The second trains a tokenizer of 30,000 subword tokens of bytes, as RoBERTa's, on the last file.
Each text is split into words in both ways: as a tagger's text signature does, and as a classifier's
does (at spaces). Odd texts are random strings of two to five Unicode blocks each, controls, marks
and unassigned code points included. Writes benchmarks/RECORD.json: texts, words and subword
tokens, how many texts have other ids, and the words that have.
"""

import itertools
import json
import pathlib
import sys
import tempfile
import time
from typing import Any, Callable, Dict, Iterable, Iterator, List

import numpy as np
from absl import app, flags
from machine import ROOT, write_record
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

sys.path.insert(0, str(ROOT))

from tests.odd_texts import ADVERSARIAL, fuzz  # noqa: E402 - after the path is set

FLAGS = flags.FLAGS
flags.DEFINE_string("tokenizer", None, "A tokenizer.json; default: one of bytes is trained.")
flags.DEFINE_string("record", "serving/text_in", "Name of the record.")
flags.DEFINE_list("texts", None, "Files; the text of a line ends at its first tab.", required=True)
flags.DEFINE_integer("most", 200_000, "Texts of a file, evenly chosen.", lower_bound=1)
flags.DEFINE_integer("odd", 20_000, "Odd texts.", lower_bound=0)

_BATCH = 1000
_NAMED = 50  # Differing words in the record.


def chunks(texts: Iterable[str]) -> Iterator[List[str]]:
    """Yields lists of _BATCH texts."""
    texts = iter(texts)
    while True:
        chunk = list(itertools.islice(texts, _BATCH))
        if not chunk:
            return
        yield chunk


def read_texts(path: pathlib.Path) -> List[str]:
    """Returns texts of a file, at most FLAGS.most."""
    lines = [line.split("\t")[0] for line in path.read_text("utf-8").split("\n") if line]
    return lines[::-(-len(lines) // FLAGS.most)]


def tokenizer_of_bytes(texts: List[str]) -> Tokenizer:
    """Trains a tokenizer of bytes with RoBERTa's rules."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=30_000, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], show_progress=False))
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return tokenizer


def compare(
    texts: List[str], graph: Callable[[Any], Any], split: Callable[[str], List[str]],
    tokenizer: Tokenizer,
) -> Dict[str, Any]:
    """Compares ids and words of texts.

    Args:
      texts: the texts.
      graph: string [batch] -> (ids of the tokenizer, index of each token's word), flat.
      split: the words of a text.
      tokenizer: the tokenizer.
    """
    found: Dict[str, Any] = {"texts": len(texts), "words": 0, "pieces": 0, "unequal_texts": 0,
                             "unequal_words": 0, "graph_seconds": 0.0, "tokenizer_seconds": 0.0}
    unequal: Dict[str, Any] = {}
    for chunk in chunks(texts):
        began = time.perf_counter()
        ids, owner = (value.numpy() for value in graph(chunk))
        between = time.perf_counter()
        words = [split(text) for text in chunk]
        encoded = tokenizer.encode_batch(words, is_pretokenized=True, add_special_tokens=False)
        found["graph_seconds"] += between - began
        found["tokenizer_seconds"] += time.perf_counter() - between
        firsts = np.cumsum([0, *map(len, words)])
        bounds = np.searchsorted(owner, firsts)
        found["words"] += int(firsts[-1])
        found["pieces"] += len(ids)
        for row, encoding in enumerate(encoded):
            own, of = (values[bounds[row]:bounds[row + 1]] for values in (ids, owner))
            of = of - firsts[row]
            if own.tolist() == encoding.ids and of.tolist() == encoding.word_ids:
                continue
            found["unequal_texts"] += 1
            theirs, theirs_of = np.array(encoding.ids), np.array(encoding.word_ids)
            for place, word in enumerate(words[row]):
                one, two = own[of == place].tolist(), theirs[theirs_of == place].tolist()
                if one != two:
                    found["unequal_words"] += 1
                    unequal.setdefault(word, {"word": word, **{
                        name: [tokenizer.id_to_token(piece) for piece in pieces]
                        for name, pieces in (("graph", one), ("tokenizer", two))}})
    return {**found, "unequal": list(unequal.values())[:_NAMED]}


def main(_):
    """Compares and writes the record."""
    from xtremedistil_tf.data.readers.rows import split_spaces
    from xtremedistil_tf.data.words import split_words
    from xtremedistil_tf.export.savedmodel.text.characters import space_classes, word_classes
    from xtremedistil_tf.export.savedmodel.text.graph_text import WordSplitter
    from xtremedistil_tf.export.savedmodel.text.graph_tokenizers import graph_tokenizer
    from xtremedistil_tf.keras2 import tf

    files = {path.name: read_texts(path) for path in map(pathlib.Path, FLAGS.texts)}
    tokenizer = Tokenizer.from_file(FLAGS.tokenizer) if FLAGS.tokenizer \
        else tokenizer_of_bytes(list(files.values())[-1])
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        pieces = graph_tokenizer(tokenizer, pathlib.Path(folder))
    results: Dict[str, Any] = {
        "model": json.loads(tokenizer.to_str())["model"]["type"],
        "size": tokenizer.get_vocab_size(), "build_seconds": time.perf_counter() - began}
    ways = {
        "as_tagged": (WordSplitter(False, classes=word_classes()),
                      lambda text: [word for word, _, _ in split_words(text)]),
        "as_classified": (WordSplitter(True, classes=space_classes()),
                          lambda text: list(split_spaces(text.replace("\t", " ")))),
    }
    sources = {"odd": ADVERSARIAL + fuzz(FLAGS.odd, 7), **files}
    for name, texts in sources.items():
        for way, (splitter, split) in ways.items():
            graph = tf.function(lambda text, splitter=splitter: pieces(splitter(text)),
                                input_signature=[tf.TensorSpec([None], tf.string)])
            results.setdefault(name, {})[way] = compare(
                texts, lambda chunk, graph=graph: graph(tf.constant(chunk)), split, tokenizer)
            print(name, way, {key: value for key, value in results[name][way].items()
                              if key != "unequal"}, flush=True)
            write_record(FLAGS.record, results, show=False)


if __name__ == "__main__":
    app.run(main)
