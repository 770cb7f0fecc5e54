"""The language that comments between annotated sentences state."""

import re
from typing import Iterable, Optional

# ISO 639-1.
CODES = frozenset("""
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da
    de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz
    ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln
    lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi
    pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti
    tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
""".split())
LANGUAGES = frozenset("""
    afrikaans albanian amharic arabic armenian assamese azerbaijani basque belarusian bengali
    bosnian bulgarian burmese catalan cebuano chinese croatian czech danish dutch english
    esperanto estonian farsi finnish french galician georgian german greek gujarati hausa
    hebrew hindi hungarian icelandic igbo indonesian irish italian japanese javanese kannada
    kazakh khmer kinyarwanda korean kurdish kyrgyz lao latin latvian lithuanian luganda
    luxembourgish macedonian malagasy malay malayalam maltese maori marathi mongolian nepali
    norwegian odia oriya pashto persian polish portuguese punjabi romanian russian serbian
    sindhi sinhala slovak slovene slovenian somali spanish sundanese swahili swedish tagalog
    tajik tamil tatar telugu thai tibetan turkish turkmen ukrainian urdu uyghur uzbek
    vietnamese welsh wolof xhosa yiddish yoruba zulu
""".split())
# Codes of ISO 639-2 that stand for no language, and how others write that there is none.
_NO_LANGUAGE = frozenset("und mul mis zxx unk xxx nil all".split())
# MultiCoNER's comment before each sentence, and those of HIPE and others before a document.
_SENTENCE = re.compile(r"#\s+id\s+\S+(?:\s+domain=(\S+))?\s*")
STATED = re.compile(r"#\s+(?:\w+:)?lang(?:uage)?\s*[=:]\s*([A-Za-z]+)((?:[-_]\w+)*)\s*")


def domains_are_languages(lines: Iterable[str]) -> bool:
    """True if all domains of sentences are codes of ISO 639-1; beside `news`, `it` is none."""
    found = filter(None, map(_SENTENCE.fullmatch, lines))
    return all(one.group(1) in CODES for one in found if one.group(1))


def language_of_comment(line: str, *, domains: bool = True) -> Optional[str]:
    """The language that a comment states; "" if it ends the language of those before.

    Args:
      line: a line of a file of columns.
      domains: True if domains are languages; see `domains_are_languages`.

    Returns:
      The code, or the name as folders and files give it (German: german); "" for the comment of a
      sentence or of a language without one that is known; None for all other lines.

    Example:
      >>> language_of_comment("# id 5239d808\\tdomain=en")
      'en'
    """
    sentence = _SENTENCE.fullmatch(line)
    if sentence:
        return sentence.group(1) if domains and sentence.group(1) in CODES else ""
    stated = STATED.fullmatch(line)
    if stated is None:
        return None
    # EN is en; pt-BR stays as it is, as in a column of languages.
    code, rest = stated.group(1).lower(), stated.group(2)
    if code in CODES or len(code) == 3 and code not in _NO_LANGUAGE:
        return code + rest
    return code if code in LANGUAGES and not rest else ""
