"""A tagger whose answers are known beforehand, for tests of what is around a tagger."""

from xtremedistil_tf.data.words import split_words
from xtremedistil_tf.inference.tagger import TextTagger


class Scripted(TextTagger):
    """Tags the words that it is told; chokes on "boom".

    Args:
      tags: by word.
    """

    def __init__(self, tags):
        self.tags = tags

    def tag_text(self, texts):
        if "boom" in texts:
            raise RuntimeError("scripted")
        return [[(word, self.tags.get(word[0], "O"), 0.875) for word in split_words(text)]
                for text in texts]


TAGS = {"Anna": "B-PER", "Weber": "I-PER", "Bonn": "B-LOC", "<b>Evil</b>": "B-ORG",
        "القاهرة": "B-LOC", "جامعة": "B-ORG"}


def client_of(app):
    """A client of a Flask app that reads each answer whole, so that no file stays open."""
    from flask.testing import FlaskClient

    class Client(FlaskClient):
        def open(self, *args, buffered=True, **named):
            return super().open(*args, buffered=buffered, **named)

    app.test_client_class = Client
    return app.test_client()
