"""Small template grammar: alternatives, options, slots, entity slots, name parts.

A template is a line of blank-separated tokens with these marks:

* ``(a|b|c)`` one of the alternatives; ``3*a`` makes an alternative three times as likely;
* ``[a]`` an optional piece;
* ``{name}`` an entry of the word lists, or a name part;
* ``{PER}``, ``{ORGT:in}`` an entity (its first three letters are its type), in a form;
* ``~`` glue, the pieces around it become one token; ``&l`` and ``&r`` literal parentheses.
"""

import functools
import random
import re
import zlib

_PIECE = re.compile(r"\[([^\[\]()]*)\]|\(([^\[\]()]*)\)|\{([a-z_]+)\}")
_ENTITY = re.compile(r"\{([A-Z]+)(?::([a-z]+))?\}")
_WEIGHT = re.compile(r"\s*(\d+)\*")
_GLUE = re.compile(r"\s*~\s*")
_NUMBERS = {
    "small": "2|3|4|5|6|7|8|9",
    "num": "12|15|20|30|45|60|90|120|200|400",
    "year": "1987|1994|2003|2008|2011|2014|2017|2019|2021|2022",
    "score": "1 : 0|2 : 0|2 : 1|3 : 1|3 : 2|4 : 0|1 : 1|0 : 0",
}


def new_rng(name, seed):
    """Return a generator that depends on a name and a seed only.

    Args:
        name: What the generator is for.
        seed: The seed of the whole sample.

    Returns:
        A ``random.Random``; only its ``random()`` is used, which no Python version changes.
    """
    return random.Random(zlib.crc32(name.encode("utf-8")) * 1000 + seed)


def pick(rng, items):
    """Return one item of a non-empty sequence."""
    return items[int(rng.random() * len(items))]


def pick_early(rng, items):
    """Return one item, the first ones being up to four times as likely as a uniform choice."""
    number = rng.random()
    return items[int(len(items) * (0.25 * number + 0.75 * number * number))]


def shuffled(rng, items):
    """Return a shuffled copy of a sequence (Fisher-Yates on ``random()``)."""
    result = list(items)
    for i in range(len(result) - 1, 0, -1):
        j = int(rng.random() * (i + 1))
        result[i], result[j] = result[j], result[i]
    return result


def read_lines(text):
    """Return the stripped non-empty lines of a block."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def read_block(text):
    """Parse a block of ``name = value`` lines; a line without ``name =`` goes on the last one."""
    entries, name = {}, None
    for line in read_lines(text):
        match = re.match(r"(\w+) = (.*)", line, re.ASCII)
        if match:
            name = match.group(1)
            entries[name] = match.group(2)
        else:
            entries[name] += " " + line
    return entries


@functools.lru_cache(maxsize=None)
def read_options(text):
    """Split alternatives at the bars outside of brackets, each as often as its weight says."""
    options, depth = [""], 0
    for char in text:
        depth += (char in "([") - (char in ")]")
        if char == "|" and depth == 0:
            options.append("")
        else:
            options[-1] += char
    weighted = []
    for option in options:
        match = _WEIGHT.match(option)
        if match:
            weighted.extend([option[match.end() :]] * int(match.group(1)))
        else:
            weighted.append(option)
    return tuple(weighted)


class Grammar:
    """Word lists, name parts and templates of one language."""

    def __init__(self, module, seed):
        """Read a language module and hold a part of its name parts out of train.

        Args:
            module: Language module with ``LANG``, ``PARTS``, ``WORDS``, ``TEMPLATES``, ``FORMS``.
            seed: Seed of the whole sample.
        """
        self.lang = module.LANG
        self.words = {**_NUMBERS, **read_block(module.WORDS)}
        self.templates = read_lines(module.TEMPLATES)
        self.forms = module.FORMS
        self.by_character = getattr(module, "BY_CHARACTER", False)
        self.known, self.held_out = {}, {}
        rng = new_rng(f"parts-{self.lang}", seed)
        for name, value in sorted(read_block(module.PARTS).items()):
            parts = shuffled(rng, sorted(set(value.split())))
            cut = 0 if name.startswith("given") else max(1, round(len(parts) * 0.3))
            self.held_out[name], self.known[name] = parts[:cut], parts[cut:]

    def _part(self, rng, name, mode):
        if mode == "all" or not self.held_out[name]:
            return pick(rng, self.known[name] + self.held_out[name])
        return pick(rng, self.held_out[name] if mode == "held_out" else self.known[name])

    def expand(self, rng, text, mode="all"):
        """Rewrite a template until only plain tokens and entity slots are left.

        Args:
            rng: Random generator.
            text: Template.
            mode: Which name parts to use: ``known``, ``held_out`` or ``all``.

        Returns:
            The rewritten text, pieces glued.
        """
        while True:
            match = _PIECE.search(text)
            if match is None:
                return _GLUE.sub("", text)
            option, choice, slot = match.groups()
            if option is not None:
                piece = option if rng.random() < 0.5 else ""
            elif choice is not None:
                piece = pick_early(rng, read_options(choice))
            elif slot in self.words:
                piece = pick_early(rng, read_options(self.words[slot]))
            else:
                piece = self._part(rng, slot, mode)
            text = text[: match.start()] + piece + text[match.end() :]

    def split(self, text):
        """Cut expanded text into tokens (characters for a language written without blanks)."""
        tokens = text.replace("&l", "(").replace("&r", ")").split()
        return list("".join(tokens)) if self.by_character else tokens

    def entity(self, rng, slot, mode):
        """Return the tokens of a new entity for a slot such as ``PER`` (see ``expand``)."""
        return self.split(self.expand(rng, pick_early(rng, read_options(self.words[slot])), mode))

    def inflect(self, tokens, form):
        """Apply the suffix rules of a form to the last token, or to all tokens.

        Args:
            tokens: Tokens of the entity.
            form: Name of the form, or None.

        Returns:
            The tokens in that form.
        """
        if not form:
            return tokens
        scope, rules = self.forms[form]
        first = 0 if scope == "all" else len(tokens) - 1
        result = list(tokens)
        for i in range(first, len(tokens)):
            for pattern, replacement in rules:
                if re.search(pattern, tokens[i]):
                    result[i] = re.sub(pattern, replacement, tokens[i], count=1)
                    break
        return result

    def sentence(self, rng, entity):
        """Make one sentence.

        Args:
            rng: Random generator.
            entity: Function from an entity slot name to the tokens of a new entity.

        Returns:
            Tokens and IOB2 tags.
        """
        tokens, tags = [], []
        text = self.expand(rng, pick_early(rng, self.templates))
        for piece in _ENTITY.sub(lambda match: f" {match.group(0)} ", text).split():
            match = _ENTITY.fullmatch(piece)
            if match is None:
                words = self.split(piece)
                tags.extend(["O"] * len(words))
            else:
                words = self.inflect(entity(match.group(1)), match.group(2))
                kind = match.group(1)[:3]
                tags.extend([f"B-{kind}"] + [f"I-{kind}"] * (len(words) - 1))
            tokens.extend(words)
        tokens[0] = self.capitalise(tokens[0])
        return tokens, tags

    def capitalise(self, token):
        """Return the token with its first letter in upper case."""
        first = "İ" if self.lang == "tr" and token[0] == "i" else token[0].upper()
        return first + token[1:] if len(first) == 1 else token
