"""Tags text from a file or standard input with a distilled student."""

import contextlib
import itertools
import json
import pathlib
import sys

from absl import flags

from xtremedistil_tf.cli import console
from xtremedistil_tf.errors import UserError

FLAGS = flags.FLAGS
FORMATS = ("tsv", "conll", "json")
_LINES_AT_A_TIME = 1024


def define_flags() -> None:
    """All flags of this command."""
    flags.DEFINE_string("model_dir", None, "Run folder, or its student folder.", required=True)
    flags.DEFINE_string("input", "-", "Text, one sentence a line; - is standard input.")
    flags.DEFINE_string("output", "-", "Where the result goes; - is standard output.")
    flags.DEFINE_enum("format", "tsv", FORMATS,
                      "tsv: words<TAB>tags; conll: a word and its tag a line; json: one object a "
                      "line with entities and character offsets.")
    flags.DEFINE_boolean("whitespace_words", False,
                         "Split at white space only: for text that is tokenised already.")


def render(text: str, tagged: list, form: str) -> str:
    """One sentence in an output format, without the final line end."""
    from xtremedistil_tf.serving.entities import join_entities

    words = [word for word, _, _ in tagged]
    tags = [tag for _, tag, _ in tagged]
    if form == "tsv":
        return " ".join(word for word, _, _ in words) + "\t" + " ".join(tags)
    if form == "conll":
        return "\n".join(f"{word[0]}\t{tag}" for word, tag in zip(words, tags)) + "\n"
    entities = join_entities(text, words, tags, [score for _, _, score in tagged])
    for entity in entities:
        entity["score"] = round(entity["score"], 4)
    return json.dumps({"text": text, "entities": entities}, ensure_ascii=False)


def _lines(file):
    for number, raw in enumerate(file):
        # A broken byte costs its own character only.
        text = raw.decode("utf-8", errors="replace").rstrip("\r\n")
        yield text[1:] if number == 0 and text.startswith("\ufeff") else text


@contextlib.contextmanager
def _opened_input(name: str):
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        file = open(name, "rb")
    except OSError as error:
        raise UserError(f"--input {name}: {error.strerror}") from None
    with file:
        yield file


@contextlib.contextmanager
def _opened_output(name: str):
    from xtremedistil_tf.runs import atomic_path

    path = pathlib.Path(name)
    if path.is_dir():
        raise UserError(f"--output {name} is a folder; allowed: a file name")
    if path.exists() and not path.is_file():  # A device or a pipe must not be replaced by a file.
        with open(path, "wb") as file:
            yield lambda text: file.write((text + "\n").encode("utf-8"))
        return
    if name == "-":
        yield lambda text: sys.stdout.buffer.write((text + "\n").encode("utf-8"))
        sys.stdout.buffer.flush()
        return
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        yield lambda text: file.write((text + "\n").encode("utf-8"))


def main() -> None:
    """Streams lines through the student; order is kept and memory stays flat."""
    from xtremedistil_tf.serving.predictor import load

    tagger = load(FLAGS.model_dir, FLAGS.whitespace_words)
    with _opened_input(FLAGS.input) as source, _opened_output(FLAGS.output) as write:
        lines = _lines(source)
        while True:
            block = list(itertools.islice(lines, _LINES_AT_A_TIME))
            if not block:
                break
            for text, tagged in zip(block, tagger.tag_text(block)):
                write(render(text, tagged, FLAGS.format))


def run() -> None:
    """Entry point of the console script."""
    console.start(main, define_flags, "what was written so far is incomplete")


if __name__ == "__main__":
    run()
