"""Running text into sentences, for the transfer set."""

import re
from typing import List

# A sentence ends at . ! ? with closing quotes, if what follows is not in lower case; in CJK text
# and Hindi the mark alone ends it.
_SENTENCE_END = re.compile(r"(?<=[.!?…؟])[\"'”’»)\]]*\s+(?=[^\s])|(?<=[。！？।])[」』”’)]*")
_ABBREVIATION = re.compile(r"(?:^|\s)\(?(?:\w|[A-Z]\w{1,2}|\w+(?:\.\w+)+|\d{1,2})\.$")


def split_sentences(text: str) -> List[str]:
    """Cuts running text into sentences by their end marks; abbreviations do not end one."""
    sentences, begin = [], 0
    for match in _SENTENCE_END.finditer(text):
        before, after = text[begin:match.start()], text[match.end():match.end() + 1]
        if not after or after.islower() or _ABBREVIATION.search(before):
            continue
        sentences.append(text[begin:match.end()].strip())
        begin = match.end()
    sentences.append(text[begin:].strip())
    return [sentence for sentence in sentences if sentence]
