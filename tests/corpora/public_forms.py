"""Public forms of data in small, written for this; shared with benchmarks/public_forms.py."""

import gzip
import io
import json
import pathlib
import tarfile
import zipfile
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from xtremedistil_tf.corpora.conversion_record import changes, suspicious
from xtremedistil_tf.corpora.jobs.kinds import Asked, make_tagged
from xtremedistil_tf.corpora.jobs.recognise import recognise_kind
from xtremedistil_tf.corpora.readers.base import ReadOptions
from xtremedistil_tf.corpora.sources.sources import find_sources
from xtremedistil_tf.errors import UserError

UNITS = 12
Bytes = Callable[[str], bytes]


class Form(NamedTuple):
    """A form of data.

    Attributes:
      name: the corpus, tool or library that writes it.
      unit: text of its sentence or record number n.
      rows: what unit 0 becomes; empty where it is refused.
      refusal: part of the message, where it is refused.
      options: of ReadOptions.
      file: name of the file in the folder that is given.
      between, head, tail: what stands between the units, before and behind them.
      pack: text to the file's bytes.
      kind: the kind of task, where --kind must name it.
    """

    name: str
    unit: Callable[[int], str]
    rows: Tuple[str, ...] = ()
    refusal: str = ""
    options: Dict[str, Any] = {}
    file: str = "train.txt"
    between: str = "\n\n"
    head: str = ""
    tail: str = "\n"
    pack: Bytes = str.encode
    kind: Optional[str] = None


def _cells(*cells: str) -> str:
    """A row of CSV."""
    return ",".join('"{}"'.format(cell.replace('"', '""')) for cell in cells)


def _columns(*lines: str) -> Callable[[int], str]:
    """A unit of lines in which @ stands for the unit's number and spaces for tabs."""
    return lambda n: "\n".join(line.replace("@", str(n)) for line in lines)


def _tabs(*lines: str) -> Callable[[int], str]:
    return _columns(*(line.replace(" ", "\t") for line in lines))


def _json(make: Callable[[int, str], Any]) -> Callable[[int], str]:
    """A unit that is a JSON value, made of its number and its text."""
    return lambda n: json.dumps(make(n, f"Anna{n} lives in Oslo"), ensure_ascii=False)


def _ends(n: int) -> Tuple[int, int, int]:
    """End of the first entity, begin and end of the second in the text of unit n."""
    return 4 + len(str(n)), 14 + len(str(n)), 18 + len(str(n))


def _spans(n: int, *, begin: str = "start", end: str = "end", label: str = "label",
           wrap: Callable[[str], Any] = lambda kind: kind) -> List[Dict[str, Any]]:
    first, second, last = _ends(n)
    return [{begin: 0, end: first, label: wrap("PER")}, {begin: second, end: last,
                                                         label: wrap("LOC")}]


def _lists(n: int) -> List[List[Any]]:
    return [list(span.values()) for span in _spans(n)]


def _label_studio(n: int, text: str) -> Dict[str, Any]:
    return {"id": n, "data": {"text": text}, "annotations": [{
        "was_cancelled": False, "result": [{"type": "labels", "from_name": "label", "value": {
            **span, "text": text[span["start"]:span["end"]]}}
            for span in _spans(n, label="labels", wrap=lambda kind: [kind])]}], "predictions": []}


def _two_controls(n: int, text: str) -> Dict[str, Any]:
    task = _label_studio(n, text)
    for result, name in zip(task["annotations"][0]["result"], ("ner", "tone")):
        result["from_name"] = name
    return task


def _pieces(n: int, slot: str) -> List[Dict[str, Any]]:
    return [{"text": f"Anna{n}", slot: "PER"}, {"text": " lives in "},
            {"text": "Oslo", slot: "LOC"}]


def _prodigy(n: int, text: str) -> Dict[str, Any]:
    answer = "reject" if n == 11 else "accept"
    return {"text": text, "answer": answer, **({"spans": _spans(n)} if n < 8 else {})}


def _chinese(n: int, _: str) -> Dict[str, Any]:
    text = f"患者房室结消融{n}后出现心脏病"
    return {"text": text, "entities": [
        {"start_idx": text.index(name), "end_idx": text.index(name) + len(name) - 1, "type": kind,
         "entity": name} for name, kind in (("房室结消融", "pro"), ("心脏病", "dis"))]}


def _inside(text: str, *types: str) -> List[Dict[str, Any]]:
    """Tokens with their tags inside."""
    return [{"id": at, "word": word, "ner": tag}
            for at, (word, tag) in enumerate(zip(text.split(), types), 1)]


def _argilla(n: int, text: str) -> Dict[str, Any]:
    return {"text": text, "span.responses": [_spans(n)], "span.responses.users": ["u"],
            "span.responses.status": ["discarded" if n == 11 else "submitted"]}


def _emoji(n: int, _: str) -> Dict[str, Any]:
    return {"text": f"😀😀 Anna{n} lives", "entities": [[5, 9 + len(str(n)), "PER"]]}


def _tar(text: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        member = tarfile.TarInfo("corpus/train.txt")
        member.size = len(text.encode())
        archive.addfile(member, io.BytesIO(text.encode()))
    return made.getvalue()


def _zip(text: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("corpus/train.txt", text)
    return made.getvalue()


SLOTS = _columns("@\tAnna@ lives in Oslo\tB-PER O O B-LOC\tlive")
SLOTS_HEAD = "id\tutterance\tslot_labels\tintent\n"
PLAIN = _columns("Anna@ B-PER", "lives O", "in O", "Oslo B-LOC")
ROW = "Anna0 lives in Oslo\tB-PER O O B-LOC"
GERMEVAL = _tabs("#\tsource", "1 Anna@ B-PER O", "2 lives O O", "3 in O O", "4 Oslo B-ORG B-LOC")
HIPE = _tabs("Anna@ B-pers O B-pers.ind Q1 _", "lives O O O _ _", "in O O O _ _",
             "Oslo B-loc B-org B-loc.adm Q2 EndOfSentence")
HIPE_HEAD = "\t".join(("TOKEN", "NE-COARSE-LIT", "NE-COARSE-METO", "NE-FINE-LIT", "NEL-LIT",
                       "MISC")) + "\n# hipe2022:document_id = a\n"
UPPER = ROW.replace("PER", "pers").replace("LOC", "loc")
LINES = {"file": "train.jsonl", "between": "\n"}
ARRAY = {"file": "train.json", "between": ",\n", "head": "[", "tail": "]\n"}

WOJOOD = _columns("@,Anna@,B-ORG", "@,Oslo,B-GPE I-ORG", "@,lives,O")
GENIA = _tabs("Anna@ B-PER|O", "Oslo I-PER|B-LOC", "lives O|O")
WEBANNO_HEAD = ("#FORMAT=WebAnno TSV 3.3\n"
                "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue\n"
                "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value\n"
                "\n\n")


def _webanno(n: int) -> str:
    """A sentence whose offsets count UTF-16 units; PER has two tokens."""
    return "\n".join((
        f"#Text=😀Anna{n} Low lives in Oslo",
        f"{n + 1}-1\t0-7\t😀Anna{n}\tNNP\t*[{n + 1}]\tPER[{n + 1}]\t",
        f"{n + 1}-2\t8-11\tLow\tNNP\t*[{n + 1}]\tPER[{n + 1}]\t",
        f"{n + 1}-3\t12-17\tlives\tVBZ\t_\t_\t", f"{n + 1}-4\t18-20\tin\tIN\t_\t_\t",
        f"{n + 1}-5\t21-25\tOslo\tNNP\t*\tLOC\t"))


def _nested(n: int, text: str) -> Dict[str, Any]:
    return {"text": text, "label": [[0, len(text), "WORK"], *_lists(n)]}


# CoNLL-2012: the columns of arguments before the last one differ between sentences.
ONTONOTES = _columns(
    "bn/x 0 0 Anna@ NNP (TOP(S(NP* - - - A (PERSON* (ARG0* (12",
    "bn/x 0 1 Low NNP *) - - - A *) *) 12)",
    "bn/x 0 2 lives VBZ (VP* live 01 1 A * (V*) -",
    "bn/x 0 3 in IN (PP* - - - A * (ARGM-LOC* -",
    "bn/x 0 4 Oslo NNP (NP*))))) - - - A (GPE) *) (3)")

FORMS = (
    Form("CoNLL-2003, IOB1, with documents", _columns(
        "Anna@ NNP B-NP I-PER", "lives VBZ B-VP O", "in IN B-PP O", "Oslo NNP B-NP I-LOC"),
        (ROW,), head="-DOCSTART- -X- -X- O\n\n"),
    Form("CoNLL-2002, Latin-1", _columns("Zoë@ B-PER", "lives O"), refusal="not UTF-8 at byte",
         file="esp.train", pack=lambda text: text.encode("latin-1")),
    Form("CoNLL-2002, Latin-1", _columns("Zoë@ B-PER", "lives O"), ("Zoë0 lives\tB-PER O",),
         options={"encoding": "latin-1"}, file="esp.train",
         pack=lambda text: text.encode("latin-1")),
    Form("MultiCoNER, languages in comments", _columns(
        "# id 5239d808-f300-46ea@ domain=de", "Anna@ _ _ B-PER", "lives _ _ O"),
        ("Anna0 lives\tde:B-PER de:O",)),
    Form("GermEval 2014", GERMEVAL, refusal="2 columns hold tags: 3 (PER, ORG); 4 (LOC); choose"),
    Form("GermEval 2014", GERMEVAL, (ROW.replace("B-LOC", "B-ORG"),), options={"tag_column": "3"}),
    Form("Universal NER", _columns(
        "# sent_id = @", "# text = Anna@ lives", "1\tAnna@\tB-PER\t-\tann",
        "2\tlives\tO\t-\t-"), ("Anna0 lives\tB-PER O",), file="en_ewt-ud-train.iob2"),
    Form("HIPE-2022", HIPE, refusal="choose one with --tag_column=NE-COARSE-LIT or NE-COARSE-METO",
         head=HIPE_HEAD, between="\n"),
    Form("HIPE-2022", HIPE, (UPPER,), options={"tag_column": "NE-COARSE-LIT"}, head=HIPE_HEAD,
         between="\n"),
    Form("HIPE-2022, sentences by pySBD", lambda n: HIPE(n).replace(
        "EndOfSentence", "EndOfLine|PySBDSegment"), (UPPER,),
        options={"tag_column": "NE-COARSE-LIT"}, head=HIPE_HEAD, between="\n"),
    Form("CoNLL-U Plus", _tabs("1-2 dunno _ _", "1 Anna@ NNP B-PER", "2 lives VBZ O"),
         ("Anna0 lives\tB-PER O",), head="# global.columns = ID FORM XPOS NER\n"),
    Form("CoNLL-U, tags in MISC", _columns(
        "1\tAnna@\tAnna\tPROPN\tNNP\t_\t2\tnsubj\t_\tNER=B-PER",
        "2\tlives\tlive\tVERB\tVBZ\t_\t0\troot\t_\tNER=O|SpaceAfter=No"),
        ("Anna0 lives\tB-PER O",), file="en-train.conllu", kind="tagging"),
    Form("WikiNEuRal, three columns", _tabs("0 Anna@ B-PER", "1 lives O", "2 in O", "3 Oslo B-LOC"),
         (ROW,), file="train_en.conllu"),
    Form("LST20, letters before _", _tabs(
        "Anna@ NN B_PER B_CLS", "lives VV O I_CLS", "in PS O I_CLS", "Oslo NN B_LOC E_CLS"),
        (ROW,)),
    Form("SUC, letters and types apart", _tabs(
        "Anna@ PM B PER", "lives VB O _", "in PP O _", "Oslo PM B LOC"), (ROW,)),
    Form("WNUT-17", _tabs("Anna@ B-person", "lives O"), ("Anna0 lives\tB-person O",),
         file="wnut17train.conll"),
    Form("Few-NERD", _tabs("Anna@ person-actor", "Low person-actor", "lives O"),
         ("Anna0 Low lives\tB-person-actor I-person-actor O",)),
    Form("MultiNERD", _tabs("0 Anna@ B-PER", "1 lives O", "2 in O", "3 Oslo B-LOC"), (ROW,),
         file="train_en.tsv"),
    Form("MasakhaNER, a folder a language", PLAIN, (
        "Anna0 lives in Oslo\tyo:B-PER yo:O yo:O yo:B-LOC",), file="yo/train.txt"),
    Form("WikiAnn of Rahimi et al.", _columns("de:Anna@\tB-PER", "de:lives\tO"),
         ("Anna0 lives\tde:B-PER de:O",), file="de/train"),
    Form("MIT Movie, the tag first", _tabs("B-ACTOR anna@", "O lives"),
         ("anna0 lives\tB-ACTOR O",)),
    Form("Chinese résumés, BMES by character", _columns("高@ B-NAME", "勇 E-NAME", "： O"),
         ("高0 勇 ：\tB-NAME I-NAME O",)),
    Form("a table of Kaggle, CSV", _columns("Sentence: @,Anna@,NNP,B-PER", ",lives,VBZ,O"),
         ("Anna0 lives\tB-PER O",), head="Sentence #,Word,POS,Tag\n", between="\n",
         file="train.csv"),
    Form("a table of words, empty rows between sentences, CSV", _columns(
        "Anna@,B-PER", "lives,O", "in,O", "Oslo,B-LOC"), (ROW,), head="token,label\n",
        between="\n,\n", file="train.csv"),
    Form("a row an entity, CSV", _columns(
        "Anna@ lives in Oslo,0,4,PER", "Anna@ lives in Oslo,14,18,LOC"), file="train.csv",
         refusal="its rows have an entity each, by 'start' and 'end'; needed is a row a text",
         head="text,start,end,label\n", between="\n"),
    Form("sentences and tags, CSV", _columns('"Anna@, there","B-PER O"'),
         ("Anna0, there\tB-PER O",), head="text,labels\n", between="\n", file="train.csv"),
    Form("Hugging Face, names of tags", _json(lambda n, text: {
        "tokens": text.split(), "ner_tags": ["B-PER", "O", "O", "B-LOC"]}), (ROW,), **LINES),
    Form("tags under a name of their own", _json(lambda n, text: {
        "tokens": text.split(), "coarse": ["B-X", "O", "O", "O"],
        "fine": ["B-PER", "O", "O", "B-LOC"]}), (ROW,), options={"tag_column": "fine"}, **LINES),
    Form("parts of speech under tags", _json(lambda n, text: {
        "tokens": text.split(), "tags": ["NNP", "VBZ", "IN", "NNP"],
        "ner": ["B-PER", "O", "O", "B-LOC"]}), (ROW,), **LINES),
    Form("Naamapadam, numbers of tags", _json(lambda n, text: {
        "words": text.split(), "ner": [1, 0, 0, 5]}), refusal="name them with --tag_names",
        **LINES),
    Form("Naamapadam, numbers of tags", _json(lambda n, text: {
        "words": text.split(), "ner": [1, 0, 0, 5]}), (ROW,), options={"tag_names": (
            "O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")}, **LINES),
    Form("Label Studio, JSON", _json(_label_studio), (ROW,), **ARRAY),
    Form("Label Studio, two label controls", _json(_two_controls), refusal="entities of 2 label "
         "controls: ner, tone; --tag_column=NAME says", **ARRAY),
    Form("Label Studio, two label controls", _json(_two_controls), (ROW.replace("B-LOC", "O"),),
         options={"tag_column": "ner"}, **ARRAY),
    Form("Label Studio, JSON_MIN", _json(lambda n, text: {
        "id": n, "text": text, "annotator": 1,
        "label": _spans(n, label="labels", wrap=lambda kind: [kind])}), (ROW,), **ARRAY),
    Form("Label Studio, CSV", lambda n: _cells(f"Anna{n} lives in Oslo", json.dumps(_spans(
        n, label="labels", wrap=lambda kind: [kind])), str(n)), (ROW,), file="train.csv",
        between="\n", head="text,label,annotator\n"),
    Form("a table of Kaggle, lists in cells", lambda n: _cells(
        f"Sentence: {n}", f"Anna{n} lives in Oslo", "['NNP', 'VBZ', 'IN', 'NNP']",
        "['B-PER', 'O', 'O', 'B-LOC']"), (ROW,), file="train.csv", between="\n",
        head="Sentence #,Sentence,POS,Tag\n"),
    Form("MultiATIS++, tags and an intent", SLOTS, refusal="have entities in 'slot_labels' and a "
         "label in 'intent'; --kind=tagging or", file="train.tsv", between="\n", head=SLOTS_HEAD),
    Form("MultiATIS++, tags and an intent", SLOTS, (ROW,), file="train.tsv", between="\n",
         head=SLOTS_HEAD, kind="tagging"),
    Form("doccano until 1.8", _json(lambda n, text: {"id": n, "data": text, "label": _lists(n)}),
         (ROW,), **LINES),
    Form("doccano", _json(lambda n, text: {"id": n, "text": text, "label": _lists(n)}), (ROW,),
         **LINES),
    Form("doccano, with relations", _json(lambda n, text: {
        "text": text, "relations": [],
        "entities": _spans(n, begin="start_offset", end="end_offset")}), (ROW,), **LINES),
    Form("Prodigy", _json(_prodigy), (ROW,), **LINES),
    Form("spaCy, training data", _json(lambda n, text: [text, {"entities": _lists(n)}]), (ROW,),
         **ARRAY),
    Form("spaCy, Doc.to_json", _json(lambda n, text: {
        "text": text, "ents": _spans(n), "tokens": [
            {"id": 0, "start": text.index(word), "end": text.index(word) + len(word)}
            for word in text.split()]}), (ROW,), **LINES),
    Form("GLiNER", _json(lambda n, text: {
        "tokenized_text": text.split(), "ner": [[0, 0, "PER"], [3, 3, "LOC"]]}), (ROW,), **ARRAY),
    Form("SciERC", _json(lambda n, text: {
        "doc_key": str(n), "sentences": [text.split()], "ner": [[[0, 0, "PER"], [3, 3, "LOC"]]]}),
        (ROW,), **LINES),
    Form("SpERT", _json(lambda n, text: {"tokens": text.split(), "entities": [
        {"type": "PER", "start": 0, "end": 1}, {"type": "LOC", "start": 3, "end": 4}]}), (ROW,),
        **ARRAY),
    Form("Rasa", _json(lambda n, text: {"text": text, "intent": "x", "entities": [
        {**span, "value": "x"} for span in _spans(n, label="entity")]}), (ROW,), file="train.json",
        between=",\n", head='{"rasa_nlu_data": {"common_examples": [', tail="]}}\n",
        kind="tagging"),
    Form("DataTurks", _json(lambda n, text: {"content": text, "extras": None, "annotation": [
        {"label": [span["label"]], "points": [{
            "start": span["start"], "end": span["end"] - 1,
            "text": text[span["start"]:span["end"]]}]} for span in _spans(n)]}), (ROW,), **LINES),
    Form("CLUENER", _json(lambda n, text: {"text": text, "label": {
        "PER": {text[:_ends(n)[0]]: [[0, _ends(n)[0] - 1]]},
        "LOC": {"Oslo": [[_ends(n)[1], _ends(n)[2] - 1]]}}}), (ROW,), **LINES),
    Form("CMeEE of CBLUE", _json(_chinese), (
        "患 者 房 室 结 消 融 0 后 出 现 心 脏 病\tO O B-pro I-pro I-pro I-pro I-pro O O O O "
        "B-dis I-dis I-dis",), **ARRAY),
    Form("LightTag", _json(lambda n, text: {"content": text, "annotations": [
        {**span, "value": text[span["start"]:span["end"]], "correct": span["tag"] == "PER"}
        for span in _spans(n, label="tag")]}), (ROW.replace("B-LOC", "O"),), file="train.json",
        between=",\n", head='{"examples": [', tail="]}\n"),
    Form("Argilla 2", _json(_argilla), (ROW,), **LINES),
    Form("Google's AutoML", _json(lambda n, text: {
        "text_snippet": {"content": text}, "annotations": [
            {"display_name": span.pop("label"), "text_extraction": {"text_segment": span}}
            for span in _spans(n, begin="start_offset", end="end_offset")]}), (ROW,), **LINES),
    Form("Stanza", _json(lambda n, text: _inside(text, "S-PER", "O", "O", "S-LOC")), (ROW,),
         **ARRAY),
    Form("CoreNLP", _json(lambda n, text: {"index": n, "tokens": _inside(
        text, "PERSON", "O", "O", "CITY")}), ("Anna0 lives in Oslo\tB-PERSON O O B-CITY",),
        file="train.json", between=",\n", head='{"sentences": [', tail="]}\n"),
    Form("Labelbox", _json(lambda n, text: {
        "data_row": {"id": str(n), "row_data": text}, "projects": {"p": {"labels": [
            {"annotations": {"objects": [
                {"name": span["label"], "location": {
                    "start": span["start"], "end": span["end"] - 1}} for span in _spans(n)]}}]
            if n < 11 else []}}}), (ROW,), **LINES),
    Form("Google's Vertex AI", _json(lambda n, text: {
        "textContent": text, "textSegmentAnnotations": _spans(
            n, begin="startOffset", end="endOffset", label="displayName")}), (ROW,), **LINES),
    Form("SageMaker Ground Truth", _json(lambda n, text: {
        "source": text, "job": {"annotations": {"entities": _spans(
            n, begin="startOffset", end="endOffset"), "labels": [{"label": "PER"}]}},
        "job-metadata": {"failure-reason": "ClientError"} if n == 11 else {"entities": []}}),
        (ROW,), file="train.manifest", between="\n"),
    Form("Azure's conversations", _json(lambda n, text: {
        "text": text, "language": "en-us", "intent": "x", "dataset": "Train", "entities": [
            {"category": span["label"], "offset": span["start"],
             "length": span["end"] - span["start"]} for span in _spans(n)]}),
        ("Anna0 lives in Oslo\ten-us:B-PER en-us:O en-us:O en-us:B-LOC",), file="train.json",
        between=",\n", tail="]}}\n", kind="tagging",
        head='{"projectFileVersion": "2022-10-01-preview", "assets": {"utterances": ['),
    Form("LUIS", _json(lambda n, text: {"text": text, "intent": "x", "entities": [
        {"entity": span["label"], "startPos": span["start"], "endPos": span["end"] - 1}
        for span in _spans(n)]}), (ROW,), file="train.json", between=",\n", tail="]}\n",
        head='{"luis_schema_version": "7.0.0", "intents": [{"name": "x"}], "utterances": [',
        kind="tagging"),
    Form("Wit.ai", _json(lambda n, text: {"text": text, "intent": "x", "traits": [], "entities": [
        {**span, "body": text[span["start"]:span["end"]], "entities": []}
        for span in _spans(n, label="entity")]}), (ROW,), file="train.json", between=",\n",
        head='{"utterances": [', tail="]}\n", kind="tagging"),
    Form("Dialogflow, utterances in pieces", _json(lambda n, _: {
        "id": str(n), "data": _pieces(n, "alias"), "isTemplate": False, "count": 0}), (ROW,),
        **ARRAY),
    Form("Snips, utterances by intent", _json(lambda n, _: {"data": _pieces(n, "entity")}), (ROW,),
         file="train.json", between=",\n", head='{"Live": [', tail="]}\n", kind="tagging"),
    Form("Few-NERD, coarse and fine types", _json(lambda n, text: {
        "tokens": text.split(), "ner_tags": ["person", "O", "O", "location"],
        "fine_ner_tags": ["person-actor", "O", "O", "location-GPE"]}),
        refusal="under 'ner_tags' and under 'fine_ner_tags'; --tag_column=ner_tags or", **LINES),
    Form("Argilla 2, nested", _json(lambda n, text: {
        "id": str(n), "fields": {"text": text}, "suggestions": {}, "metadata": {},
        "responses": {} if n == 11 else {"span": [{"value": _spans(n), "user_id": "u"}]},
        "status": "pending" if n == 11 else "completed"}), (ROW,), **ARRAY),
    Form("train and test in one object", _json(lambda n, text: {
        "text": text, "entities": _lists(n)}), refusal="one object holds train, test; give each",
        file="train.json", between=", ", head='{"train": [',
        tail='], "test": [{"text": "Bo ran", "entities": []}]}\n'),
    Form("Japanese Wikipedia of Stockmark", _json(lambda n, _: {
        "curid": str(n), "text": f"{n}番の東京タワーへ", "entities": [
            {"name": "東京タワー", "span": [len(str(n)) + 2, len(str(n)) + 7], "type": "施設名"}]}),
        ("0 番 の 東京タワー へ\tO O O B-施設名 O",), **ARRAY),
    Form("offsets of JavaScript", _json(_emoji), ("😀😀 Anna0 lives\tO B-PER O",), **LINES),
    Form("types with spaces", _json(lambda n, text: {
        "text": text, "entities": [[0, _ends(n)[0], "First Name"]]}),
        ("Anna0 lives in Oslo\tB-First_Name O O O",), **LINES),
    Form("UTF-16 of a Windows editor", PLAIN, (ROW,), pack=lambda text: text.encode("utf-16")),
    Form("a zip archive", PLAIN, (ROW,), file="corpus.zip", pack=_zip),
    Form("a tar archive", PLAIN, (ROW,), file="corpus.tar.gz", pack=_tar),
    Form("a compressed file", PLAIN, (ROW,), file="train.txt.gz",
         pack=lambda text: gzip.compress(text.encode())),
    Form("no empty lines", _columns("Anna@ B-PER", "lives O", "in O", "Oslo B-LOC", ". O"),
         ("Anna0 lives in Oslo .\tB-PER O O B-LOC O",), between="\n", tail="\nx O\ny O\n"),
    Form("XtremeDistil's own, with two spaces", _columns("Anna@  Low\ten:B-PER en:I-PER en:I-PER"),
         ("Anna0 Low\ten:B-PER en:I-PER",), between="\n", file="train.tsv"),
    Form("GENIA, several tags in a cell", GENIA, refusal="--nested=outer or inner keeps one"),
    Form("GENIA, several tags in a cell", GENIA, ("Anna0 Oslo lives\tB-PER I-PER O",),
         options={"nested": "outer"}),
    Form("Wojood, nested tags with spaces", WOJOOD, refusal="--nested=outer or inner keeps one",
         file="train.csv", between="\n", head="sentence_id,token,tags\n"),
    Form("Wojood, nested tags with spaces", WOJOOD, ("Anna0 Oslo lives\tB-ORG I-ORG O",),
         options={"nested": "outer"}, file="train.csv", between="\n",
         head="sentence_id,token,tags\n"),
    Form("KLUE, characters with a name and a text before them", _columns(
        "## klue-@-wikitree\t<한재:PS>는 @", "한\tB-PS", "재\tI-PS", "는\tO", " \tO", "@\tO"),
        ("한 재 는 0\tB-PS I-PS O O",), file="train.tsv"),
    Form("numbers of sentences, no empty lines", _tabs(
        "@ Anna@ B-PER", "@ lives O", "@ in O", "@ Oslo B-LOC"), (ROW,), between="\n"),
    Form("OntoNotes, CoNLL-2012", ONTONOTES, (
        "Anna0 Low lives in Oslo\tB-PERSON I-PERSON O O B-GPE",), between="\n\n",
         head="#begin document (bn/x); part 000\n", tail="\n#end document\n"),
    Form("OntoNotes, entities alone", _columns("Anna@ (PERSON*)", "lives *", "in *", "Oslo (GPE*)"),
         (ROW.replace("PER", "PERSON").replace("LOC", "GPE"),)),
    Form("WebAnno TSV 3", _webanno, ("😀Anna0 Low lives in Oslo\tB-PER I-PER O O B-LOC",),
         head=WEBANNO_HEAD),
    Form("doccano, nested entities", _json(_nested), refusal="--nested=outer or inner keeps one",
         **LINES),
    Form("doccano, nested entities", _json(_nested), (
        "Anna0 lives in Oslo\tB-WORK I-WORK I-WORK I-WORK",), options={"nested": "outer"}, **LINES),
    Form("doccano, nested entities", _json(_nested), (ROW,), options={"nested": "inner"}, **LINES),
    Form("tagtog, ann.json", _json(lambda n, _: {
        "annotatable": {"parts": ["s1p1"]}, "anncomplete": True, "metas": {}, "entities": [
            {"classId": "e_1", "part": "s1p1", "offsets": [{"start": 0, "text": "Anna"}]}]}),
        refusal="tagtog's ann.json: the texts stand in the plain.html", **LINES),
    Form("Azure's labels", _json(lambda n, _: {
        "projectFileVersion": "2022-05-01", "assets": {"documents": [{
            "location": f"{n}.txt", "entities": [{"regionOffset": 0, "regionLength": 9, "labels": [
                {"category": "PER", "offset": 0, "length": 4}]}]}]}}),
        refusal="Azure's labels: the texts stand in the files that `location` names", **LINES),
    Form("WikiNER, the tags behind the words", _columns("Anna@|NNP|I-PER lives|VBZ|O in|IN|O "
                                                       "Oslo|NNP|I-LOC"), (ROW,), between="\n"),
    Form("BigBio, entities of one part", _json(lambda n, text: {"text": text, "entities": [
        {"type": span["label"], "text": [text[span["start"]:span["end"]]],
         "offsets": [[span["start"], span["end"]]]} for span in _spans(n)]}), (ROW,), **LINES),
    Form("PubTator", lambda n: f"{n}|t|Anna{n} lives in Oslo\n{n}|a|So it is .\n" + "\n".join(
        f"{n}\t{span['start']}\t{span['end']}\tx\t{span['label']}\tD{n}" for span in _spans(n)
    ).replace("x", f"Anna{n}", 1).replace("\tx\t", "\tOslo\t"), (ROW,)),
    Form("MASSIVE", _json(lambda n, text: {
        "locale": "en-US", "intent": "x", "utt": text,
        "annot_utt": f"[PER : Anna{n}] lives in [LOC : Oslo]"}), (
        "Anna0 lives in Oslo\ten-US:B-PER en-US:O en-US:O en-US:B-LOC",), kind="tagging",
        **LINES),
    Form("fastText, classes and texts", _columns("__label__a Anna@ lives in Oslo."),
         refusal="text behind its class", between="\n"),
    Form("OpenNLP, markup", _columns("<START:person> Anna@ <END> lives in Oslo ."),
         refusal="entities in markup, such as", between="\n"),
    Form("inline XML", _columns("<PER>Anna@</PER> lives in <LOC>Oslo</LOC> ."),
         refusal="entities in markup, such as", between="\n"),
    Form("running text", _columns("Anna@ lives in Oslo."), refusal="it was read as running text",
         between="\n"),
    Form("types under a key that nobody knows", _json(lambda n, text: {
        "text": text, "entities": _spans(n, label="kind_of")}),
        refusal="has the keys start, end, kind_of; its type is read from label", **LINES),
    Form("types that are numbers", _json(lambda n, text: {
        "text": text, "annotations": _spans(n, begin="start_offset", end="end_offset",
                                            wrap=lambda kind: 3)}),
        refusal="has the number 3 for its type; needed is its name", **LINES),
)


class Result(NamedTuple):
    """What came of a form: its rows, what was said, or the refusal."""

    rows: List[str]
    said: List[str]
    refusal: str


def convert_form(form: Form, folder: pathlib.Path) -> Result:
    """Writes a form into a folder and converts it.

    Args:
      form: the form.
      folder: is made.
    """
    path = folder / "in" / form.file
    path.parent.mkdir(parents=True)
    text = form.head + form.between.join(form.unit(n) for n in range(UNITS)) + form.tail
    path.write_bytes(form.pack(text))
    try:
        sources, _ = find_sources(folder / "in")
        asked = recognise_kind(sources, Asked(ReadOptions(**form.options)), form.kind)
        record = make_tagged(sources, folder / "task", asked)
    except UserError as error:
        return Result([], [], str(error).replace(f"{folder / 'in'}/", ""))
    rows = [line for split in ("train", "dev", "test")
            for line in (folder / "task" / f"{split}.tsv").read_text("utf-8").splitlines()]
    said = [line for source in record["sources"]
            for line in [*changes(source), *suspicious(source)]]
    return Result(rows, said, "")
