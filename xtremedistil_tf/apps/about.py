"""The page's description of its model: name, labels, languages, scores, and example sentences."""

import dataclasses
import itertools
import pathlib
import unicodedata
from typing import Any, Dict, List, Mapping, Optional, Tuple

from xtremedistil_tf.data.readers.rows import DEFAULT_LANGUAGE
from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.inference.assets import RECORD_FILE, given_name
from xtremedistil_tf.tasks import task_kind_of

_MOST_EXAMPLES, _MOST_SHOWN = 8, 12
# Places of a student's record below what --model_dir may name.
_PLACES = ("", "student", "onnx", "tflite")
# Sentences for the languages of a tagger whose own data may not be shown.
PHRASES = {
    "en": "Grace Hopper worked in Philadelphia for Remington Rand.",
    "de": "Paul Bergmann arbeitet in Berlin bei der Deutschen Bahn.",
    "fr": "Marie Lefèvre travaille à Lyon pour Renault.",
    "es": "Elena Ruiz trabaja en Sevilla para Telefónica.",
    "it": "Giulia Conti lavora a Torino per la Fiat.",
    "pt": "Ana Ferreira trabalha em Lisboa na Galp Energia.",
    "nl": "Jan de Vries werkt in Utrecht bij Philips.",
    "pl": "Anna Kowalska pracuje w Krakowie w firmie Orlen.",
    "ru": "Иван Соколов живёт в Твери и работает в Газпроме.",
    "uk": "Олена Шевченко живе у Львові.",
    "bg": "Иван Петров живее в Пловдив.",
    "el": "Η Μαρία Παπαδοπούλου μένει στη Θεσσαλονίκη.",
    "tr": "Ayşe Yılmaz Ankara'da Türk Hava Yolları için çalışıyor.",
    "ar": "تعمل ليلى حداد في جامعة القاهرة.",
    "fa": "مریم احمدی در دانشگاه تهران کار می‌کند.",
    "he": "דנה כהן עובדת באוניברסיטת תל אביב.",
    "ur": "احمد خان لاہور میں رہتے ہیں۔",
    "hi": "राम शर्मा दिल्ली में रहते हैं।",
    "bn": "রহিম উদ্দিন ঢাকায় থাকেন।",
    "ta": "குமார் சென்னையில் வாழ்கிறார்.",
    "zh": "王小明在北京大学工作。",
    "ja": "田中太郎は東京のソニーで働いています。",
    "ko": "김민수는 서울의 삼성전자에서 일한다.",
    "th": "สมชาย ใจดี อาศัยอยู่ที่กรุงเทพมหานคร",
    "vi": "Nguyễn Văn An sống ở Hà Nội.",
    "id": "Budi Santoso bekerja di Jakarta untuk Pertamina.",
    "ms": "Ahmad Razak tinggal di Kuala Lumpur.",
    "tl": "Si Juan dela Cruz ay nakatira sa Maynila.",
    "fi": "Matti Virtanen asuu Tampereella.",
    "et": "Mari Tamm elab Tartus.",
    "hu": "Kovács Anna Szegeden él.",
    "ro": "Ion Popescu locuiește la Cluj.",
    "lt": "Jonas Kazlauskas gyvena Kaune.",
    "cs": "Jan Novák bydlí v Brně.",
    "sv": "Anna Lindström bor i Göteborg.",
    "da": "Mette Hansen bor i Aarhus.",
    "no": "Kari Nordmann bor i Bergen.",
    "af": "Pieter van der Merwe woon in Kaapstad.",
}


@dataclasses.dataclass(frozen=True)
class About:
    """The page's description of its model.

    Attributes:
      name: name of the model: its folder's.
      facts: (name, text) of labels, languages and scores.
      examples: (language, sentence).
    """

    name: str = "Tagger"
    facts: Tuple[Tuple[str, str], ...] = ()
    examples: Tuple[Tuple[str, str], ...] = ()


def _listed(names: List[str]) -> str:
    more = len(names) - _MOST_SHOWN
    return ", ".join(names[:_MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")


def examples_for(languages: List[str]) -> Tuple[Tuple[str, str], ...]:
    """Sentences of the phrase book in a model's languages; of several if it names none."""
    known = [code for code in languages if code in PHRASES] or ["en", "de", "ru", "ar", "hi"]
    by_script: Dict[str, List[str]] = {}
    for code in known:
        by_script.setdefault(_script(PHRASES[code]), []).append(code)
    # One of each script in turn, so that all of them are among the few.
    turns = itertools.zip_longest(*by_script.values())
    chosen = [code for turn in turns for code in turn if code][:_MOST_EXAMPLES]
    return tuple((code, PHRASES[code]) for code in sorted(chosen, key=known.index))


def _script(text: str) -> str:
    """Name of the script of a text's first letter, as LATIN or ARABIC."""
    return unicodedata.name(text[0]).partition(" ")[0]


def _score(record: Mapping[str, Any]) -> str:
    scores: Dict[str, Any] = record.get("scores") or {}
    split = next((name for name in ("test", "dev") if scores.get(name)), None)
    if split is None:
        return ""
    kind = task_kind_of(record)
    told = [f"{kind.scores[name]} {scores[split][name]:.1f}" for name in kind.measures[:1]
            if name in scores[split]]
    return f"{', '.join(told)} on {split}" if told else ""


def record_of(folder: pathlib.Path) -> Optional[Dict[str, Any]]:
    """Returns the record of the student in a run, student or export folder; None without one."""
    path = next((folder / place / RECORD_FILE for place in _PLACES
                 if (folder / place / RECORD_FILE).is_file()), None)
    return None if path is None else read_json(path)


def about_model(model_dir: pathlib.Path) -> About:
    """Reads what is known of a student from its record.

    Args:
      model_dir: a run folder, or a folder of a student or of an export.

    Returns:
      The facts; examples only, if the folder has no record.
    """
    folder = pathlib.Path(model_dir)
    record = record_of(folder)
    name = given_name(folder)
    if record is None:
        return About(name, (), examples_for([]))
    scores = record.get("scores") or {}
    languages = sorted(code for code in ((scores.get("test") or scores.get("dev") or {})
                                         .get("languages") or {}) if code != DEFAULT_LANGUAGE)
    kind = task_kind_of(record)
    labels = kind.types_of(record.get("tags") or record.get("labels") or [])
    facts = (("Labels", _listed(list(dict.fromkeys(labels)))),
             ("Languages", _listed(languages)), ("Score", _score(record)))
    # Sentences about persons and places say nothing of what a classifier tells apart.
    examples = examples_for(languages) if kind.tags_words else ()
    return About(name, tuple(fact for fact in facts if fact[1]), examples)
