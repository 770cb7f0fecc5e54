"""Names of files and folders: the splits and languages they show, and files without data."""

import pathlib
import re
from typing import List, Optional, Sequence, Set

from xtremedistil_tf.corpora.annotations.comments import CODES, LANGUAGES
from xtremedistil_tf.data.split_names import SPLITS, split_of

# Files in data folders that hold no data.
_NO_DATA = frozenset("""
    md rst py pyc ipynb sh bat log yaml yml toml cfg conf ini lock html htm css js xml pdf png jpg
    jpeg svg bin pt pth h5 safetensors npy npz pkl sha256 md5 bib cff bak orig tmp part swp swo rej
    old crdownload feat vocab
""".split())
# Stems of files that accompany data, whatever their ending.
_BESIDE_DATA = re.compile(r"(readme|licen[cs]e|copying|changelog|authors|citation|requirements)"
                          r"([._-].*)?|urls_.*", re.IGNORECASE)
# Files that Spark and its kin write beside their parts.
_OF_SPARK = ("_SUCCESS", "_committed_", "_started_", "_metadata", "_common_metadata", "_temporary")
_NO_DATA_NAMES = frozenset("""
    readme license licence copying changelog authors notes citation requirements labels classes
    vocab vocabulary tags stats statistics metadata dataset_info dataset_infos state source
    conversion
""".split())
# Parts of names with three letters that are not languages.
_NO_CODES = frozenset("""
    dev val trn tst tsv txt csv bio iob ner raw all new old xml src doc pos ann seq set the
""".split())
# A code with its script, region or variant, as in zh-classical, be-x-old and cmn-Hans-CN.
_LONG = r"\d{3}|x|basiceng|classical|tarask|valencia"
_CODE = re.compile(rf"([a-z]{{2,3}})((?:[-_](?:[A-Za-z]{{2,4}}|{_LONG})){{0,3}})")
# The same in a file's name, where other parts may stand behind a code.
_SHORT = r"[A-Z][a-z]{3}|[A-Z]{2}|old|min|nan|yue|smg|zam|vro|bms|rup|tara|nl"
_NAMED_CODE = re.compile(rf"[a-z]{{2,3}}([-_]({_SHORT}|{_LONG}))+")


def split_of_path(path: pathlib.PurePath) -> Optional[str]:
    """The split in a file's name or else in that of the nearest folder, or None."""
    found = split_of(path.name)
    if found or path.stem.lower() in _NO_DATA_NAMES:
        return found
    return next((SPLITS[part.lower()] for part in reversed(path.parts[:-1])
                 if part.lower() in SPLITS), None)


def is_hidden(path: pathlib.PurePath) -> bool:
    """True for files of the system, of an editor or of Spark.

    These are names such as ._train.txt, train.txt~, _SUCCESS and, of a browser's downloads on
    Windows, train.txt:Zone.Identifier.
    """
    return any(part.startswith((".", *_OF_SPARK)) or part == "__MACOSX" for part in path.parts) or (
        path.name.endswith(("~", ":Zone.Identifier")) or path.name.startswith(("#", "~$")))


def is_no_data(path: pathlib.PurePath) -> bool:
    """True if a file's name or ending shows that it holds no rows."""
    return path.suffix[1:].lower() in _NO_DATA or bool(_BESIDE_DATA.fullmatch(path.name))


def _code(part: str) -> Optional[str]:
    named = [word for word in re.split(r"[^a-z]+", part.lower()) if word in LANGUAGES]
    if named:
        return named[0]
    match = _CODE.fullmatch(part)
    if not match or len(match.group(1)) == 2 and match.group(1) not in CODES:
        return None
    private, no_codes = "-x-" in part.replace("_", "-"), _NO_CODES | set(SPLITS)
    others = [] if private else re.split("[-_]", match.group(2))[1:]
    return None if no_codes.intersection([match.group(1), *map(str.lower, others)]) else part


def _code_of_file(name: str) -> Optional[str]:
    """The language in a file's name: between its points, or else between any of its marks."""
    whole = [part for part in name.split(".") if _NAMED_CODE.fullmatch(part)]
    return next((code for code in map(_code, [*whole, *re.split(r"[._-]", name.lower())]) if code),
                None)


def _agreed(codes: Sequence[Optional[str]]) -> bool:
    """True if names are languages: all are codes, and they differ or none has three letters."""
    found: Set[str] = {code for code in codes if code}
    return None not in codes and (len(found) > 1 or all(
        code in LANGUAGES or len(code[:3].rstrip("-_")) == 2 for code in found))


def are_languages(names: Sequence[str]) -> bool:
    """True if the names of folders are languages."""
    return _agreed([_code(name) for name in names])


def unsure_languages(paths: Sequence[pathlib.PurePath]) -> Optional[str]:
    """Tells that some folders are named by languages, but not all, so that none is read.

    Args:
      paths: paths of the files below the input, of which no language was found.
    """
    names = sorted({part for path in paths for part in path.parts[-2:-1]})
    codes = [name for name in names if name in CODES or name.lower() in LANGUAGES]
    others = [name for name in names if _code(name) is None]
    if len(codes) < 2 or not others:
        return None
    return (f"folders such as {', '.join(codes[:2])} look like languages, but {others[0]} does "
            "not; no language is read: rename it, or give the others alone")


def languages_of(paths: Sequence[pathlib.PurePath]) -> List[Optional[str]]:
    """Finds the language of each file in the names of its folders or else in its own name.

    Args:
      paths: paths of the files below the input; an archive counts as a folder.

    Returns:
      The language of each file; None for all if the names are not languages.
    """
    folders = [next((code for code in map(_code, path.parts[:-1]) if code), None)
               for path in paths]
    if paths and _agreed(folders):
        return folders
    names = [_code_of_file(path.name) for path in paths]
    if len(set(names)) > 1 and _agreed(names):
        return names
    return [None] * len(paths)
