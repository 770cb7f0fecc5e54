"""One peer of benchmarks/peers.py, in an interpreter that has its library.

Command: PYTHON benchmarks/peer_child.py train|measure SETTINGS
SETTINGS is JSON of `peers.settings`. It needs nothing but Python and the peer's own library.
"""

import functools
import importlib
import itertools
import json
import pathlib
import pickle
import statistics
import subprocess
import sys
import time
from typing import Any, Dict, Iterable, Iterator, List, Sequence, Tuple

# A row is its words (tagging) or its text, its tags or its label, and its language.
Row = Tuple[Any, Any, str]


def rows_of(task: str, split: str, labels: Sequence[str], tagging: bool) -> List[Row]:
    """Reads a split of a task folder."""
    rows: List[Row] = []
    for line in pathlib.Path(task, f"{split}.tsv").read_text("utf-8").rstrip("\n").split("\n"):
        text, _, label = line.rpartition("\t")
        own = [one if one in labels else one.partition(":")[2] for one in
               (label.split(" ") if tagging else [label])]
        language = label.partition(":")[0] if label.split(" ")[0] not in labels else "default"
        rows.append((text.split(" "), own, language) if tagging else (text, own[0], language))
    return rows


def most_memory() -> int:
    """Largest resident memory of this process in bytes; getrusage's would be its parent's, too."""
    status = pathlib.Path("/proc/self/status").read_text("utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


class Peer:
    """What is common to all peers."""

    def written(self, lines: Iterator[str]) -> Iterator[str]:
        """JSON lines of lines of text, one or more at once."""
        for found in self.lines(lines):
            yield json.dumps(found, ensure_ascii=False) + "\n"


class Crf(Peer):
    """sklearn-crfsuite with the features and settings of its tutorial; tagging only."""

    def __init__(self, settings: Dict[str, Any]):
        self.path = pathlib.Path(settings["work"], "crf.pickle")

    @staticmethod
    def _word(word: str, before: str) -> Dict[str, Any]:
        return {f"{before}word.lower()": word.lower(), f"{before}word.istitle()": word.istitle(),
                f"{before}word.isupper()": word.isupper()}

    def features(self, words: Sequence[str]) -> List[Dict[str, Any]]:
        """The tutorial's features without those of parts of speech."""
        found = []
        for place, word in enumerate(words):
            own = {"bias": 1.0, **self._word(word, ""), "word[-3:]": word[-3:],
                   "word[-2:]": word[-2:], "word.isdigit()": word.isdigit()}
            own.update(self._word(words[place - 1], "-1:") if place else {"BOS": True})
            own.update(self._word(words[place + 1], "+1:") if place + 1 < len(words)
                       else {"EOS": True})
            found.append(own)
        return found

    def train(self, rows: List[Row], dev: List[Row]) -> None:
        """Trains on the labelled rows; the tutorial has no early stopping."""
        import sklearn_crfsuite

        model = sklearn_crfsuite.CRF(algorithm="lbfgs", c1=0.1, c2=0.1, max_iterations=100,
                                     all_possible_transitions=True)
        model.fit([self.features(words) for words, _, _ in rows], [tags for _, tags, _ in rows])
        self.path.write_bytes(pickle.dumps(model))

    def open(self) -> None:
        """Opens the trained model."""
        self.model = pickle.loads(self.path.read_bytes())

    def predict(self, sentences: Sequence[Sequence[str]]) -> List[Any]:
        """Tags sentences."""
        return [list(map(str, tags)) for tags in
                self.model.predict([self.features(words) for words in sentences])]

    def lines(self, lines: Iterable[str]) -> Iterator[Any]:
        """Results of lines of text, as JSON values."""
        for block in iter(lambda: [line.split() for line in itertools.islice(lines, 2048)], []):
            yield from ({"words": words, "tags": tags}
                        for words, tags in zip(block, self.predict(block)))

    def one(self, text: str) -> Any:
        """Result of one text, as a server gets it."""
        return self.predict([text.split()])[0]

    def files(self) -> List[pathlib.Path]:
        """Files that are shipped."""
        return [self.path]


class TfIdf(Peer):
    """TF-IDF of words and pairs of words with logistic regression, C by dev; classification."""

    def __init__(self, settings: Dict[str, Any]):
        self.path = pathlib.Path(settings["work"], "tfidf.pickle")

    def train(self, rows: List[Row], dev: List[Row]) -> None:
        """Trains with several C; the best on dev stays."""
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        best = -1.0
        for c in (1.0, 10.0, 100.0):
            model = make_pipeline(TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2)),
                                  LogisticRegression(C=c, max_iter=1000))
            model.fit([text for text, _, _ in rows], [label for _, label, _ in rows])
            score = model.score([text for text, _, _ in dev], [label for _, label, _ in dev])
            if score > best:
                best = score
                self.path.write_bytes(pickle.dumps(model))

    def open(self) -> None:
        """Opens the trained model."""
        self.model = pickle.loads(self.path.read_bytes())

    def predict(self, texts: Sequence[str]) -> List[Any]:
        """Classifies texts."""
        return list(map(str, self.model.predict(texts)))

    def lines(self, lines: Iterable[str]) -> Iterator[Any]:
        """Results of lines of text, as JSON values."""
        for block in iter(lambda: list(itertools.islice(lines, 2048)), []):
            yield from ({"text": text, "label": label}
                        for text, label in zip(block, self.predict(block)))

    def one(self, text: str) -> Any:
        """Result of one text, as a server gets it."""
        return self.predict([text])[0]

    def files(self) -> List[pathlib.Path]:
        """Files that are shipped."""
        return [self.path]


class Static(TfIdf):
    """The mean of the teacher's word embeddings with logistic regression; classification."""

    def __init__(self, settings: Dict[str, Any]):
        self.folder = pathlib.Path(settings["work"])
        self.path = self.folder / "static.pickle"

    def _vectors(self, texts: Sequence[str]) -> Any:
        import numpy as np

        ids = [np.array(one.ids) for one in self.tokenizer.encode_batch(list(texts))]
        return np.stack([self.table[self.rows[own]].mean(axis=0, dtype=np.float32) for own in ids])

    def _open_table(self) -> None:
        import numpy as np
        from tokenizers import Tokenizer

        self.tokenizer = Tokenizer.from_file(str(self.folder / "tokenizer.json"))
        self.tokenizer.no_truncation()
        self.rows = np.load(self.folder / "rows.npy")
        self.table = np.load(self.folder / "embeddings.npy")

    def train(self, rows: List[Row], dev: List[Row]) -> None:
        """Trains with several C; the best on dev stays."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        self._open_table()
        vectors, known = (self._vectors([text for text, _, _ in own]) for own in (rows, dev))
        best = -1.0
        for c in (0.01, 0.1, 1.0):
            model = make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=1000))
            model.fit(vectors, [label for _, label, _ in rows])
            score = model.score(known, [label for _, label, _ in dev])
            if score > best:
                best = score
                self.path.write_bytes(pickle.dumps(model))

    def open(self) -> None:
        """Opens the trained model."""
        super().open()
        self._open_table()

    def predict(self, texts: Sequence[str]) -> List[Any]:
        """Classifies texts."""
        return list(map(str, self.model.predict(self._vectors(texts))))

    def files(self) -> List[pathlib.Path]:
        """Files that are shipped."""
        return [self.path, *(self.folder / name for name in (
            "tokenizer.json", "rows.npy", "embeddings.npy"))]


class Spacy(Peer):
    """spaCy's default NER or text classifier for several languages, stopped by its own rule."""

    def __init__(self, settings: Dict[str, Any]):
        self.task, self.tagging = settings["task"], settings["tagging"]
        self.labels, self.work = settings["labels"], pathlib.Path(settings["work"])

    def _classifier(self, rows: List[Row], dev: List[Row]) -> None:
        import spacy
        from spacy.tokens import DocBin

        nlp = spacy.blank("xx")
        for name, split in (("train", rows), ("dev", dev)):
            docs = DocBin()
            for text, label, _ in split:
                doc = nlp.make_doc(text)
                doc.cats = {one: float(one == label) for one in self.labels}
                docs.add(doc)
            docs.to_disk(self.work / f"{name}.spacy")
        config = self.work / "config.cfg"
        run = [sys.executable, "-m", "spacy"]
        subprocess.run([*run, "init", "config", str(config), "--lang", "xx", "--pipeline",
                        "textcat", "--force"], check=True, stdout=sys.stderr)
        subprocess.run([*run, "train", str(config), "--output", str(self.work / "model"),
                        "--paths.train", str(self.work / "train.spacy"), "--paths.dev",
                        str(self.work / "dev.spacy")], check=True, stdout=sys.stderr)

    def train(self, rows: List[Row], dev: List[Row]) -> None:
        """Trains by the configuration that `spacy init config` writes."""
        if self.tagging:
            subprocess.run([sys.executable, str(pathlib.Path(__file__).with_name("spacy_ner.py")),
                            self.task, str(self.work)], check=True, stdout=sys.stderr)
        else:
            self._classifier(rows, dev)

    def open(self) -> None:
        """Opens the best model."""
        import spacy

        self.nlp = spacy.load(self.work / "model" / "model-best")

    def predict(self, rows: Sequence[Any]) -> List[Any]:
        """Tags sentences, or classifies texts."""
        from spacy.tokens import Doc

        if not self.tagging:
            return [max(doc.cats, key=doc.cats.get) for doc in self.nlp.pipe(rows)]
        docs = (Doc(self.nlp.vocab, words=list(words)) for words in rows)
        return [[f"{token.ent_iob_}-{token.ent_type_}" if token.ent_type_ else "O"
                 for token in doc] for doc in self.nlp.pipe(docs)]

    def _said(self, doc: Any) -> Dict[str, Any]:
        if not self.tagging:
            return {"text": doc.text, "scores": doc.cats}
        return {"text": doc.text, "entities": [
            {"entity_group": one.label_, "word": one.text, "start": one.start_char,
             "end": one.end_char} for one in doc.ents]}

    def lines(self, lines: Iterable[str]) -> Iterator[Any]:
        """Results of lines of text, as JSON values."""
        return map(self._said, self.nlp.pipe(lines, batch_size=1000))

    def one(self, text: str) -> Any:
        """Result of one text, as a server gets it."""
        return self._said(self.nlp(text))

    def files(self) -> List[pathlib.Path]:
        """Files that are shipped."""
        return [path for path in (self.work / "model" / "model-best").rglob("*") if path.is_file()]


class Ours(Peer):
    """A student of ours in ONNX; it is trained already."""

    def __init__(self, settings: Dict[str, Any]):
        self.folder, self.runtime = pathlib.Path(settings["folder"]), settings["runtime"]
        self.tagging = settings["tagging"]

    def open(self) -> None:
        """Opens the student."""
        import xtremedistil_tf

        self.model = xtremedistil_tf.load(self.folder, self.runtime)

    def predict(self, rows: Sequence[Any]) -> List[Any]:
        """Tags sentences, or classifies texts."""
        if self.tagging:
            return [tags for tags, _ in self.model.tag_words(rows)]
        return [self.model.answer(found) for found in self.model.classify(rows)]

    def lines(self, lines: Iterable[str]) -> Iterator[Any]:
        """Results of lines of text, as JSON values."""
        from xtremedistil_tf.inference.streaming import tag_lines

        return (line.record() for line in tag_lines(self.model, lines))

    def written(self, lines: Iterator[str]) -> Iterator[str]:
        """JSON lines of lines of text, as xtremedistil-predict writes them."""
        from xtremedistil_tf.cli.predict import rendered
        from xtremedistil_tf.inference.runtimes.load import load

        again = functools.partial(load, self.folder, self.runtime, verify=False)
        return (block.text for block in rendered(self.model, "json", lines, load=again))

    def one(self, text: str) -> Any:
        """Result of one text, as a server gets it."""
        return self.model(text)

    def files(self) -> List[pathlib.Path]:
        """Files that are shipped."""
        model = "model.int8.onnx" if self.runtime.endswith("int8") else "model.onnx"
        return [self.folder / name for name in (
            model, "tokenizer.json", "vocabulary.npy", "student.json")]


class Teacher(Ours):
    """The teacher in ONNX, behind the same reading of text and decoding as a student."""

    written = Peer.written  # Its matrices are large enough for all cores.

    def open(self) -> None:
        """Opens the files that `peers.prepare_teacher` wrote."""
        import numpy as np

        from xtremedistil_tf.data.tokenization.vocabulary import StudentVocabulary
        from xtremedistil_tf.inference.assets import Assets, labels_of
        from xtremedistil_tf.inference.classifier import Classifier
        from xtremedistil_tf.inference.runtimes.onnx import open_session
        from xtremedistil_tf.inference.tagger import Tagger
        from xtremedistil_tf.validation.tokenizer_file import load_tokenizer_file

        record = json.loads((self.folder / "student.json").read_text("utf-8"))
        tokenizer = load_tokenizer_file(self.folder / "tokenizer.json")
        tokenizer.no_truncation()
        tokenizer.no_padding()
        tokenizer.encode_special_tokens = True
        vocabulary = StudentVocabulary.load(self.folder / "vocabulary.npy")
        session = open_session(self.files()[0])

        def logits(ids: Any) -> Any:
            found = session.run(["logits"], {
                "input_ids": vocabulary.teacher_ids[ids],
                "attention_mask": (ids > 0).astype(np.int32)})[0]
            return found if self.tagging else found[:, 0]

        assets = Assets(vocabulary, tokenizer, labels_of(record), record)
        self.model = Tagger(assets, logits, seq_len_limit=record["positions"]) \
            if self.tagging else Classifier(assets, logits)


PEERS = {"crf": Crf, "tfidf": TfIdf, "static": Static, "spacy": Spacy, "ours": Ours,
         "fast": Ours, "transformer": Ours, "teacher": Teacher}


def library_bytes() -> int:
    """Size of the installed packages of which a module is loaded, without compiled Python."""
    places = set()
    for name in {name.partition(".")[0] for name in sys.modules}:
        path = getattr(sys.modules.get(name), "__file__", None)
        if path and "site-packages" in path:
            places.add(pathlib.Path(path).parent if path.endswith("__init__.py")
                       else pathlib.Path(path))
            places.update(pathlib.Path(path).parents[1].glob(f"{name}.libs"))
    # A file in site-packages itself stands for itself.
    return sum(path.stat().st_size for place in places
               for path in ([place] if place.is_file() else place.rglob("*"))
               if path.is_file() and "__pycache__" not in path.parts)


def measure(peer: Any, settings: Dict[str, Any]) -> Dict[str, Any]:
    """Opens a trained peer and measures it; its answers to the test rows are written."""
    tagging = settings["tagging"]
    rows = rows_of(settings["task"], "test", settings["labels"], tagging)
    with open(settings["text"], encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in itertools.islice(file, settings["lines"] + 500)]
    timed, others = lines[:settings["lines"]], lines[settings["lines"]:]
    peer.open()
    next(iter(peer.lines(iter(others[:1]))))
    result = {"start_seconds": time.time() - settings["began"]}
    for _ in peer.lines(iter(others)):
        pass
    began = time.perf_counter()
    with open(pathlib.Path(settings["work"], "bulk.jsonl"), "w", encoding="utf-8") as file:
        file.writelines(peer.written(iter(timed)))
    result["bulk_seconds"] = time.perf_counter() - began
    spent = []
    for line in others[:200]:
        began = time.perf_counter()
        peer.one(line)
        spent.append(time.perf_counter() - began)
    result["one_text_ms"] = 1000.0 * statistics.median(spent)
    answers = peer.predict([row[0] for row in rows])
    pathlib.Path(settings["answers"]).write_text(json.dumps(
        [{"gold": row[1], "found": found, "language": row[2]}
         for row, found in zip(rows, answers)], ensure_ascii=False), "utf-8")
    return {**result, "resident_bytes": most_memory(),
            "model_bytes": sum(path.stat().st_size for path in peer.files()),
            "library_bytes": library_bytes(),
            "versions": {name: importlib.import_module(name).__version__ for name in (
                "spacy", "sklearn", "sklearn_crfsuite", "onnxruntime", "tokenizers", "numpy")
                if name in sys.modules and hasattr(sys.modules[name], "__version__")}}


def main(what: str, given: str) -> None:
    """Trains or measures a peer; prints the result as JSON."""
    settings = json.loads(given)
    peer = PEERS[settings["peer"]](settings)
    if what == "measure":
        print(json.dumps(measure(peer, settings)))
        return
    rows, dev = (rows_of(settings["task"], split, settings["labels"], settings["tagging"])
                 for split in ("train", "dev"))
    began = time.perf_counter()
    peer.train(rows, dev)
    print(json.dumps({"train_seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main(*sys.argv[1:])
