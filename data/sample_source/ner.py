"""Named-entity part of the sample: splits that share no entity, and unlabelled transfer text."""

import zlib

from .grammar import Grammar, new_rng, shuffled
from .languages import LANGUAGES

LABELS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
SIZES = {"train": 400, "dev": 80, "test": 150, "transfer": 1200}
FIRST_TAG_ONLY = "tr"
_BUCKETS = {"train": (0, 60), "dev": (60, 70), "test": (70, 85), "transfer": (85, 100)}


def entity_spans(tokens, tags):
    """Return the set of entities of a sentence, each as a tuple of tokens."""
    found, current = [], None
    for token, tag in zip(tokens, tags):
        if tag.startswith("B-"):
            current = [token]
            found.append(current)
        elif tag.startswith("I-"):
            current.append(token)
    return {tuple(entity) for entity in found}


def contains(tokens, entities, longest):
    """Tell whether any of the entities occurs as a run of tokens.

    Args:
        tokens: Tokens of a sentence.
        entities: Set of token tuples.
        longest: Length of the longest entity.

    Returns:
        True if one occurs.
    """
    for start in range(len(tokens)):
        for end in range(start + 1, min(start + longest, len(tokens)) + 1):
            if tuple(tokens[start:end]) in entities:
                return True
    return False


def _bucket_allows(split, lang, tokens):
    number = zlib.crc32(f"{lang} {' '.join(tokens)}".encode()) % 100
    allowed = [split] if split != "transfer" else ["train", "transfer"]
    return any(_BUCKETS[name][0] <= number < _BUCKETS[name][1] for name in allowed)


def _entity_maker(grammar, rng, split):
    def make(slot):
        for _ in range(500):
            if split in ("dev", "test"):
                mode = "held_out" if rng.random() < 0.45 else "known"
            else:
                mode = "known" if split == "train" else "all"
            tokens = grammar.entity(rng, slot, mode)
            if _bucket_allows(split, grammar.lang, tokens):
                return tokens
        raise RuntimeError(f"no {slot} of {grammar.lang} fits {split}")

    return make


class _Collection:
    """Sentences made so far, and the entities in them, over all languages."""

    def __init__(self, seed):
        self.seed = seed
        self.texts = set()
        self.train_entities = set()
        self.evaluation_entities = set()
        self.longest = 0

    def _refuses(self, split, tokens, spans):
        if " ".join(tokens) in self.texts:
            return True
        if split in ("dev", "test"):
            return bool(spans & self.train_entities)
        if split == "transfer":
            return contains(tokens, self.evaluation_entities, self.longest)
        return False

    def make(self, grammar, split, size):
        rng = new_rng(f"ner-{grammar.lang}-{split}", self.seed)
        maker = _entity_maker(grammar, rng, split)
        rows = []
        for _ in range(200 * size):
            tokens, tags = grammar.sentence(rng, maker)
            spans = entity_spans(tokens, tags)
            if self._refuses(split, tokens, spans):
                continue
            self.texts.add(" ".join(tokens))
            if split == "train":
                self.train_entities |= spans
            elif split != "transfer":
                self.evaluation_entities |= spans
                self.longest = max(self.longest, *map(len, spans), 0)
            rows.append((tokens, tags))
            if len(rows) == size:
                return rows
        raise RuntimeError(f"grammar of {grammar.lang} is too small for {split}")


def format_row(lang, tokens, tags):
    """Return one line of a labelled file (without the line end)."""
    prefixed = [
        tag if lang == FIRST_TAG_ONLY and i else f"{lang}:{tag}" for i, tag in enumerate(tags)
    ]
    return " ".join(tokens) + "\t" + " ".join(prefixed)


def build(seed):
    """Make all files of the named-entity sample.

    Args:
        seed: Seed of the whole sample.

    Returns:
        Dictionary from file name to list of lines.
    """
    grammars = [Grammar(module, seed) for module in LANGUAGES]
    collection = _Collection(seed)
    files = {"labels.tsv": list(LABELS)}
    for split, size in SIZES.items():
        lines = []
        for grammar in grammars:
            for tokens, tags in collection.make(grammar, split, size):
                if split == "transfer":
                    lines.append(" ".join(tokens))
                else:
                    lines.append(format_row(grammar.lang, tokens, tags))
        name = "transfer.txt" if split == "transfer" else f"{split}.tsv"
        files[name] = shuffled(new_rng(f"ner-order-{split}", seed), lines)
    return files
