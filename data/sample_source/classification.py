"""Classification part of the sample: a topic is told by most words of a sentence, not by one."""

import re

from .grammar import new_rng, pick, shuffled
from .topics import LABELS, TOPICS

SIZES = {"train": 400, "dev": 120, "test": 240, "transfer": 2000}
_SLOTS = ("who", "did", "what", "tail")
_SLOT = re.compile(r"\{([a-z]+)\}")


def make_text(rng, lang, label):
    """Make one sentence of a topic.

    Two or three of the four content slots take a word of the topic, one may take a word of another
    topic, the rest take words that belong to no topic.

    Args:
        rng: Random generator.
        lang: Language code.
        label: Topic.

    Returns:
        The sentence.
    """
    lists = TOPICS[lang]
    order = shuffled(rng, _SLOTS)
    own = 2 if rng.random() < 0.3 else 3
    sources = {slot: label if i < own else "shared" for i, slot in enumerate(order)}
    if rng.random() < 0.5:
        sources[order[-1]] = pick(rng, [other for other in LABELS if other != label])

    def fill(match):
        slot = match.group(1)
        values = lists[sources[slot]][slot] if slot in sources else lists[slot]
        return pick(rng, values.split("|"))

    text = _SLOT.sub(fill, pick(rng, lists["frames"]))
    return text[0].upper() + text[1:]


def build(seed):
    """Make all files of the classification sample.

    Args:
        seed: Seed of the whole sample.

    Returns:
        Dictionary from file name to list of lines.
    """
    files, seen = {"labels.tsv": list(LABELS)}, set()
    languages = sorted(TOPICS)
    for split, size in SIZES.items():
        rng = new_rng(f"classification-{split}", seed)
        rows = []
        while len(rows) < size:
            lang = languages[len(rows) // len(LABELS) % len(languages)]
            label = LABELS[len(rows) % len(LABELS)]
            text = make_text(rng, lang, label)
            if text not in seen:
                seen.add(text)
                rows.append(text if split == "transfer" else f"{text}\t{label}")
        name = "transfer.txt" if split == "transfer" else f"{split}.tsv"
        files[name] = shuffled(rng, rows)
    return files
