"""Small SQuAD files made on the spot: where somebody lives stands in a text, or does not."""

import json

import numpy as np

CITIES = ("Porto", "Bonn", "Tver", "Łódź", "Izmir", "Gent")
_FILLERS = "he she we saw the a old new tree house came went by and with long short day".split()
# What WordPiece is trained on: each word often enough to be a piece.
WORDS = [[*_FILLERS, *CITIES, "Which", "city", "?", "."]] * 3


def question(name, text, answers=(), **more):
    """A record of a question; answers are (text, start)."""
    return {"id": name, "question": text, "is_impossible": not answers,
            "answers": [{"text": found, "answer_start": start} for found, start in answers], **more}


def write_file(path, *paragraphs):
    """Writes a file of (context, records of questions)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"version": "v2.0", "data": [{"title": "t", "paragraphs": [
        {"context": context, "qas": records} for context, records in paragraphs]}]}), "utf-8")
    return path


def write_cities(folder, train=80, dev=24):
    """Writes a task: the answer is the one city of a text of 12 to 40 words, or there is none."""
    random = np.random.default_rng(0)
    for split, count in (("train", train), ("dev", dev)):
        paragraphs = []
        for at in range(count):
            words = list(random.choice(_FILLERS, random.integers(12, 40)))
            answers = []
            if at % 3:
                place = int(random.integers(0, len(words)))
                words[place] = str(random.choice(CITIES))
                answers = [(words[place], len(" ".join(words[:place])) + (place > 0))]
            asked = question(f"{split}{at}", "Which city ?", answers)
            paragraphs.append((" ".join(words), [asked]))
        write_file(folder / f"{split}-v2.0.json", *paragraphs)
    return folder
