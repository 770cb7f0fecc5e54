"""Makes, describes and checks task folders, which all other commands read.

Examples:
    xtremedistil-prepare --input=all.jsonl --transfer=news.txt --output=DATA
    xtremedistil-prepare --train=exports --transfer=news.txt --output=DATA
    xtremedistil-prepare --check=DATA
"""

import dataclasses
import logging
import pathlib
from typing import List, Sequence, Tuple

from absl import flags

from xtremedistil_tf.cli.options import console
from xtremedistil_tf.cli.options.option import define_named
from xtremedistil_tf.config import DataConfig, require
from xtremedistil_tf.config.checks import check_seed
from xtremedistil_tf.corpora.annotations.spans import NESTED
from xtremedistil_tf.corpora.card import FOLDER as CARD
from xtremedistil_tf.corpora.convert import claim_folder
from xtremedistil_tf.corpora.jobs.kinds import Asked, config_of_folder
from xtremedistil_tf.corpora.jobs.recognise import recognise_kind
from xtremedistil_tf.corpora.piece_counter import PieceCounter
from xtremedistil_tf.corpora.problems import summary
from xtremedistil_tf.corpora.readers.base import ReadOptions
from xtremedistil_tf.corpora.readers.formats import FORMATS
from xtremedistil_tf.corpora.sources.datasets import dataset_sources
from xtremedistil_tf.corpora.sources.sources import Source, find_sources, in_languages_of_inputs
from xtremedistil_tf.corpora.texts.columns import Wanted
from xtremedistil_tf.data.lines import check_encoding
from xtremedistil_tf.errors import UserError, not_allowed
from xtremedistil_tf.files.locks import sole_writer
from xtremedistil_tf.reporting.paper import TABLE_17
from xtremedistil_tf.tasks import TASKS, task_kind
from xtremedistil_tf.tasks.base import Corpus

FLAGS = flags.FLAGS
log = logging.getLogger("absl")
PAPER = "paper"
# The longest sequence of encoders.
_NEVER_CUT = 512


def _formats() -> Tuple[str, ...]:
    return ("auto", *FORMATS.names(), "datasets")


def _kinds() -> Tuple[str, ...]:
    return tuple(name for name, record in TASKS.items() if record.corpus is not None)


def define_flags() -> None:
    """Defines the flags of this command."""
    flags.DEFINE_list("input", [],
                      "Files, folders, zip or tar archives. Parts of names tell the splits (train, "
                      "dev, testa, extra). With --format=datasets: names of data sets.")
    for split in ("train", "dev", "test", "transfer"):
        flags.DEFINE_list(split, [], f"Files for {split}, if their names do not say so.")
    flags.DEFINE_string("output", None, "The task folder to make.")
    define_named("format", "auto", _formats(),
                 "Format of the input. auto tells it by the content; columns is CoNLL: a word and "
                 "its tag a line, in IOB1, IOB2 or BIOES.")
    flags.DEFINE_string("word_column", None,
                        "Column of the words, or of a table's text: its number, from 1, or its "
                        "name in the header. The command finds it where it can.")
    flags.DEFINE_string("tag_column", None,
                        "Column of the tags: its number, from 1, or its name in the header.")
    flags.DEFINE_string("kind", None,
                        "Kind of task. Default: what the data look like; the command says what it "
                        f"took. One of {', '.join(_kinds())}; word_tagging has tags without a "
                        "scheme, such as parts of speech.")
    flags.DEFINE_list("text_column", [],
                      "Labelled texts: column of the text, its name or its number from 1; two, "
                      "with a comma between, for pairs. The command finds it where it can.")
    flags.DEFINE_string("label_column", None,
                        "Labelled texts: column of the label, its name or number. For "
                        "--kind=multilabel several, with commas between, with 0 or 1 in them.")
    flags.DEFINE_string("language_column", None,
                        "Labelled texts: column of the language, its name or number.")
    flags.DEFINE_enum("header", "auto", ("auto", "yes", "no"),
                      "Labelled texts: does the first row of a table name the columns? auto knows "
                      "usual names.")
    flags.DEFINE_boolean("whole_labels", False,
                         "Labelled texts: a label such as business,sports is one class.")
    flags.DEFINE_string("encoding", "utf-8",
                        "Encoding of files without a byte order mark, such as latin-1.")
    flags.DEFINE_enum("normalize", "none", ("none", "nfc"),
                      "nfc writes letters and their accents as one character (Unicode NFC).")
    flags.DEFINE_list("dataset_config", [], "Configurations of the data set, such as de,fr.")
    flags.DEFINE_string("language", None, "Language of sentences that name none.")
    flags.DEFINE_list("languages", [], "Keep these languages only; paper means the paper's 41.")
    flags.DEFINE_list("tag_names", [],
                      "Names of the tags, in their order, if the data give tags as numbers.")
    flags.DEFINE_boolean("whitespace_words", False,
                         "The plain text is tokenized already, one sentence a line. "
                         "It is seen by itself if marks such as . and , stand apart from words.")
    flags.DEFINE_float("dev_share", 0.1, "Fraction of the examples for dev, if no file is dev.")
    flags.DEFINE_float("test_share", 0.1, "Fraction of the examples for test, if no file is test.")
    flags.DEFINE_integer("seed", 42, "Seed that chooses the examples of dev and test.")
    flags.DEFINE_boolean("keep_leaks", False, "Keep transfer sentences that stand in dev or test.")
    flags.DEFINE_enum("on_bad_row", "error", ("error", "skip"),
                      "Stop at an unusable row, or skip it and count it.")
    flags.DEFINE_enum("nested", NESTED[0], NESTED,
                      "Rule for entities that overlap: refuse the row, keep the outer (longer) "
                      "one, or keep the inner one.")
    flags.DEFINE_boolean("overwrite", False, "Replace a folder that this command made.")
    flags.DEFINE_string("check", None, "Task folder: report every problem in it.")
    flags.DEFINE_string("card", None, "Task folder: write its data card again.")
    flags.DEFINE_string("transfer_file", "transfer.txt",
                        "Transfer file that --check and --card read.")
    flags.DEFINE_string("tokenizer", None,
                        "The teacher's tokenizer: a vocabulary file, a folder or a hub name. The "
                        "card then counts lengths in subword tokens.")
    flags.DEFINE_integer("seq_len", DataConfig(task="").seq_len,
                         "Longest sequence in subword tokens, special tokens included. The card "
                         "shows how many it cuts.")
    flags.DEFINE_string("licence", None, "Licence of the data, for the cards.")
    flags.DEFINE_integer("most_shown", 20,
                         "Number of problems to show for each kind and file; 0 shows all.")


def _sources() -> Tuple[List[Source], List[str]]:
    sources: List[Source] = []
    not_read: List[str] = []
    if FLAGS.format == "datasets":
        for name in FLAGS.input:
            sources += dataset_sources(name, FLAGS.dataset_config)
        return sources, not_read
    for split in (None, "train", "dev", "test", "transfer"):
        found = []
        for name in FLAGS.input if split is None else getattr(FLAGS, split):
            path = pathlib.Path(name)
            of_path, others = find_sources(path, split=split, encoding=FLAGS.encoding)
            found.append((path, of_path))
            not_read += others
        sources += in_languages_of_inputs(found)
    return sources, not_read


def _check_flags() -> None:
    for flag in ("dev_share", "test_share"):
        share = getattr(FLAGS, flag)
        require(0 < share < 0.5, f"--{flag} is {share}; allowed: above 0 and below 0.5")
    check_seed(FLAGS.seed)
    require(len(FLAGS.text_column) < 3, f"--text_column names {len(FLAGS.text_column)} columns; "
            "allowed: one, or two for pairs")
    if FLAGS.format not in _formats():
        raise not_allowed("format", FLAGS.format, _formats())
    if FLAGS.kind is not None and FLAGS.kind not in _kinds():
        raise not_allowed("kind", FLAGS.kind, _kinds())
    check_encoding(FLAGS.encoding)


def _asked(sources: Sequence[Source]) -> Asked:
    languages = []
    for code in FLAGS.languages:
        languages += sorted(TABLE_17) if code == PAPER else [code]
    form = "auto" if FLAGS.format == "datasets" else FLAGS.format
    read = ReadOptions(
        form, language=FLAGS.language, tag_names=tuple(FLAGS.tag_names),
        whitespace_words=FLAGS.whitespace_words, word_column=FLAGS.word_column,
        tag_column=FLAGS.tag_column, encoding=FLAGS.encoding, nested=FLAGS.nested)
    named = tuple((FLAGS.label_column or "").split(","))
    several = FLAGS.kind is not None and task_kind(FLAGS.kind).several
    labels = named if several and len(named) > 1 else ()
    wanted = Wanted(
        texts=tuple(FLAGS.text_column), label=None if labels else FLAGS.label_column,
        language=FLAGS.language_column, pairs=len(FLAGS.text_column) == 2, labels=labels)
    asked = Asked(
        read, languages=tuple(languages), shares=(FLAGS.dev_share, FLAGS.test_share),
        seed=FLAGS.seed, keep_leaks=FLAGS.keep_leaks, on_bad_row=FLAGS.on_bad_row,
        normalize=FLAGS.normalize, wanted=wanted, header=FLAGS.header,
        whole_labels=FLAGS.whole_labels)
    return recognise_kind(sources, asked, FLAGS.kind)


def _card(folder: pathlib.Path) -> None:
    config = config_of_folder(folder, FLAGS.kind)
    with sole_writer(folder / CARD, lock_stays=False):
        _corpus(config.kind).card(
            config, transfer_file=FLAGS.transfer_file, tokenizer=FLAGS.tokenizer,
            seq_len=FLAGS.seq_len, licence=FLAGS.licence)
    console.say(f"data card: {folder / 'card' / 'README.md'}")


def _corpus(kind: str) -> Corpus:
    corpus = task_kind(kind).corpus
    assert corpus is not None, "kinds without one are refused before"
    return corpus


def _warnings_of_a_run(config: DataConfig) -> List[str]:
    """Returns the warnings of a run on a sound folder; with --tokenizer also of its languages."""
    from xtremedistil_tf.data.folders.task import describe, read_task

    config = dataclasses.replace(config, transfer_file=FLAGS.transfer_file)
    there = (pathlib.Path(config.task) / FLAGS.transfer_file).is_file()
    task = read_task(config, with_transfer=there)
    lines = list(describe(task)["warnings"])
    if not FLAGS.tokenizer:
        return lines
    from xtremedistil_tf.data.folders.task_features import align_task
    from xtremedistil_tf.data.folders.trouble import splits_trouble
    from xtremedistil_tf.models.tokenizers import load_tokenizer

    # A run takes its length from the data unless it is told one.
    seq_len = FLAGS.seq_len if FLAGS["seq_len"].present else _NEVER_CUT
    tokenizer = load_tokenizer(FLAGS.tokenizer)
    features = align_task(task, tokenizer, dataclasses.replace(config, seq_len=seq_len))
    return lines + splits_trouble(features, task.examples, tokenizer, seq_len)


def _check(folder: pathlib.Path) -> None:
    if not folder.is_dir():
        raise UserError(f"--check {folder} is not a folder")
    config = config_of_folder(folder, FLAGS.kind)
    log.info("checked as %s%s", config.kind, " of pairs" if config.do_pairwise else "")
    problems = _corpus(config.kind).check(config, transfer_file=FLAGS.transfer_file)
    print(summary(problems, most_shown=FLAGS.most_shown))
    errors = sum(problem.is_error for problem in problems)
    if errors:
        raise UserError(f"{folder} cannot be used as it is: {errors} error"
                        f"{'s' if errors > 1 else ''}, listed above")
    for line in _warnings_of_a_run(config):
        print(f"a run will warn: {line}")


def _convert() -> None:
    if FLAGS.tokenizer:
        PieceCounter(FLAGS.tokenizer)  # Reports a wrong tokenizer before the work.
    _check_flags()
    output = pathlib.Path(FLAGS.output)
    claim_folder(output, FLAGS.overwrite)  # Before the work too.
    sources, not_read = _sources()
    asked = _asked(sources)
    corpus = _corpus(asked.kind)
    with sole_writer(output.resolve(), lock_stays=False):
        record = corpus.make(sources, output, asked, not_read=not_read, overwrite=FLAGS.overwrite)
    log.info("read as %s%s", asked.kind, " of pairs" if asked.wanted.pairs else "")
    console.say(corpus.describe(record))
    _card(output)


def main() -> None:
    """Runs the job that the flags ask for: make, describe or check a task folder."""
    given = any([FLAGS.input, FLAGS.train, FLAGS.dev, FLAGS.test, FLAGS.transfer])
    jobs = [name for name in ("output", "check", "card") if FLAGS[name].value]
    if len(jobs) != 1 or given != (jobs == ["output"]):
        raise UserError("give one of: --output=NEW_FOLDER with --input=..., --check=FOLDER, "
                        "--card=FOLDER")
    if FLAGS.check:
        _check(pathlib.Path(FLAGS.check))
    elif FLAGS.card:
        _card(pathlib.Path(FLAGS.card))
    else:
        _convert()


def run() -> None:
    """Entry point of the console script."""
    console.start(main, define_flags, on_interrupt="nothing was written")


if __name__ == "__main__":
    run()
