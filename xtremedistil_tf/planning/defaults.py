"""Chooses the settings that a command line does not name, from data, teacher and run folder.

The dataclasses of `config/` hold the paper's values. A newcomer's command would train for days with
them, so a command without epochs gets a budget that suits its data. A command that names its epochs
is taken at its word: what it does not name is the paper's.
"""

import dataclasses
import itertools
import math
import pathlib
from typing import AbstractSet, Any, Callable, Dict, List, Mapping, Optional, Tuple

import numpy as np

from xtremedistil_tf.config import EPOCHS, SQUAD_SEQ_LEN, RunConfig
from xtremedistil_tf.data.folders.splits import read_labelled
from xtremedistil_tf.data.folders.transfer import find_transfer_file
from xtremedistil_tf.data.tokenization.alignment import encode_words
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.models.pretrained_encoders import most_positions, peek_configuration
from xtremedistil_tf.models.tokenizers import load_tokenizer
from xtremedistil_tf.planning.recipes import Choices, Chosen, Recipe
from xtremedistil_tf.tasks import task_kind
from xtremedistil_tf.teachers.base import Sizes
from xtremedistil_tf.teachers.fine_tuned import sizes_of
from xtremedistil_tf.teachers.places import known_labels, ready_kinds
from xtremedistil_tf.validation.run_files import read_config

# Percentage of the training rows that seq_len does not cut, and the rows that are looked at.
_HELD, _LOOKED_AT = 99, 20000
_SEQ_LENS = (16, 256)
# Labelled rows that a phase reads in all its epochs, and the epochs' bounds; `Recipe` has those of
# the transfer set.
_LABELLED, _LABELLED_EPOCHS = 120_000, (4, 16)
# An encoder of at most this width takes the higher rate (measured: MiniLM, multilingual-e5-small).
_NARROW = 384
# Kinds of teacher whose configuration transformers can read. Not a field of their records: a kind
# that replaces functions of these records, as in docs/how-to/extend.md, would inherit it.
_ENCODERS = ("fine_tuned", "finished")
# Squared errors of the logits of certain tags teach little: agreement 27 against 56 in the same
# epochs (benchmarks/teachers.py, spacy).
_OF_OUTPUTS = "kld"
# Subword tokens a word, for a teacher whose vocabulary does not exist yet.
_PIECES_A_WORD = 1.6


def _clip(value: float, bounds: Tuple[int, int]) -> int:
    return int(min(max(value, bounds[0]), bounds[1]))


def _lengths(config: RunConfig, rows: List[Any], tokenizer: Optional[Any]) -> np.ndarray:
    """Subword tokens of rows; estimated from their words without a tokenizer."""
    if len(rows) > _LOOKED_AT:
        at = np.random.default_rng(config.seed).choice(len(rows), _LOOKED_AT, replace=False)
        rows = [rows[place] for place in at]
    if tokenizer is None:
        return np.array([math.ceil(_PIECES_A_WORD * sum(map(len, row.texts))) + 2 for row in rows])
    return np.array([len(ids) for ids in encode_words(tokenizer, rows, 1 << 14)["input_ids"]])


def seq_len_of(
    lengths: np.ndarray, most: Optional[int], *, bounds: Tuple[int, int] = _SEQ_LENS
) -> Chosen:
    """Chooses seq_len so that it holds nearly all rows whole.

    Args:
      lengths: subword tokens of the training rows.
      most: the teacher's longest sequence; None without a limit.
      bounds: smallest and largest choice.
    """
    wanted = 4 * math.ceil(float(np.percentile(lengths, _HELD)) / 4)
    limit = min(bounds[1], most or bounds[1])
    value = _clip(wanted, (min(bounds[0], limit), limit))
    held = 100 * float((lengths <= value).mean())
    return Chosen(value, f"it holds {held:.1f} % of the training rows whole")


def _teacher_choices(config: RunConfig, sizes: Sizes) -> Choices:
    scratch = config.teacher.config_file is not None
    narrow = not scratch and sizes.width <= _NARROW
    return {"teacher.epochs": Chosen(16 if scratch else 4),
            "teacher.learning_rate": Chosen(1e-3 if scratch else 1e-4 if narrow else 5e-5)}


def layer_of(depth: int, *, pooled: bool = False) -> Chosen:
    """Chooses the teacher's layer to learn.

    Args:
      depth: the teacher's layers.
      pooled: True for tasks with one target a text. A text is read at its first token, which is
        nearly the same for all texts below the last layers (docs/how-to/classify_texts.md).

    Returns:
      The last layer of whole texts, else that at two thirds of the depth, as the paper's 7 of 12.
    """
    if pooled:
        return Chosen(depth, "the teacher's last layer; its first token stands for the text")
    return Chosen(max(1, round(2 * depth / 3)), f"two thirds of the teacher's {depth} layers")


def budget_of(
    sentences: int, rows: int, recipe: Recipe, *, pooled: bool, windows: bool = False
) -> Choices:
    """Chooses epochs, batches and rates by the amount of data.

    Args:
      sentences: rows of the transfer set.
      rows: labelled training rows.
      recipe: what suits the student.
      pooled: True for tasks with one target a text.
      windows: True for tasks whose sequences are long.
    """
    chosen = {
        "distil.epochs_per": "stage",
        "distil.distil_epochs": _clip(recipe.sentences / max(1, sentences), recipe.epochs),
        "distil.ft_epochs": _clip(_LABELLED / max(1, rows), _LABELLED_EPOCHS),
        "distil.distil_batch_size": 32 if windows else 64 if pooled else recipe.batch_size,
        "distil.ft_batch_size": 32 if windows else 64,
        "distil.schedule": "plateau",
        "distil.patience": 2,
        "distil.least_gain": 0.2,
        **recipe.rates,
    }
    return {place: Chosen(value) for place, value in chosen.items()}


def _taken_over(choices: Choices, before: Mapping[str, Any]) -> Choices:
    """Replaces choices by the values with which the run folder was begun."""
    kept = {}
    for place, chosen in choices.items():
        part, field = place.split(".")
        if field in before.get(part, {}):
            value = before[part][field]
            value = tuple(map(tuple, value)) if isinstance(value, list) else value
            chosen = Chosen(value, "as the run was begun")
        kept[place] = chosen
    return kept


def _with(config: RunConfig, choices: Choices) -> RunConfig:
    parts: Dict[str, Dict[str, Any]] = {}
    for place, chosen in choices.items():
        part, field = place.split(".")
        parts.setdefault(part, {})[field] = chosen.value
    return dataclasses.replace(config, **{
        part: dataclasses.replace(getattr(config, part), **values)
        for part, values in parts.items()})


def _told(choices: Choices, flag_of: Callable[[str], str]) -> str:
    return "not given, so chosen: " + ", ".join(
        f"--{flag_of(place)}={chosen.value}" + (f" ({chosen.why})" if chosen.why else "")
        for place, chosen in choices.items())


def choose(
    config: RunConfig, named: AbstractSet[str], model_dir: pathlib.Path, *,
    overwrite: bool = False, flag_of: Callable[[str], str] = str,
) -> Tuple[RunConfig, List[str]]:
    """Chooses the settings of a distillation that its command line does not name.

    A run folder that was begun keeps its values, so the same command always continues it.

    Args:
      config: the settings, with the defaults of the dataclasses where nothing was named.
      named: the settings that were named, as "part.field".
      model_dir: the run folder.
      overwrite: True if the run folder starts again.
      flag_of: name of a setting's flag, for the line.

    Returns:
      (settings, a line about what was chosen and why; none if nothing was).

    Raises:
      UserError: if the teacher or the training rows cannot be read.
    """
    folder = pathlib.Path(config.data.task)
    kind = task_kind(config.data.kind)
    alone = config.data.task == config.data.transfer_file  # A text without a task folder.
    if not (folder.is_dir() or alone and folder.is_file()):
        return config, []  # The job says what is wrong.
    names = known_labels(config, model_dir, anew=overwrite)
    # The data first: a mistake in them is told before a hub is asked for the teacher.
    _, _, examples, _ = read_labelled(config.data, splits=["train"], names=names)
    choices: Choices = {}
    there = [name for name in kind.transfer.files if (folder / name).is_file()]
    if config.data.task and config.data.transfer_file is None and there:
        choices["data.transfer_file"] = Chosen(there[0], "it lies in the task folder")
    if config.teacher.outputs and kind.logits_losses is None:
        choices["distil.logits_loss"] = Chosen(
            _OF_OUTPUTS, "what --teacher_outputs holds are probabilities")
    teacher = _teacher(config, model_dir, anew=overwrite)
    no_epochs = not EPOCHS & named
    if teacher.sizes.layers and (no_epochs or config.teacher.layer > teacher.sizes.layers):
        choices["teacher.layer"] = layer_of(teacher.sizes.layers, pooled=kind.pooled)
    begun = not overwrite and (model_dir / "config.json").is_file()
    if no_epochs:
        choices.update(_by_data(_with(config, choices), named, examples.get("train", []), teacher,
                                tuned=teacher.tuned and not begun))
    choices = {place: chosen for place, chosen in choices.items() if place not in named}
    if begun:
        choices = _taken_over(choices, read_config(model_dir)["config"])
    if not choices:
        return config, []
    return _with(config, choices), [_told(choices, flag_of)]


@dataclasses.dataclass(frozen=True)
class _Teacher:
    """Facts about a teacher before it is loaded.

    Attributes:
      sizes: its sizes.
      tuned: True if it is ready, False if the run fine-tunes it, or did so before.
      most: its longest sequence; None if it has no limit, or an unknown one.
      tokenizer: its tokenizer; None if it does not exist yet.
    """

    sizes: Sizes
    tuned: bool
    most: Optional[int]
    tokenizer: Optional[Any]


def _teacher(config: RunConfig, model_dir: pathlib.Path, *, anew: bool) -> _Teacher:
    folder, kind = next(iter(ready_kinds(config.teacher, model_dir, anew=anew).items()))
    # Its positions are asked for below.
    short = dataclasses.replace(config.data, seq_len=3)
    if kind is not None and kind.kind not in _ENCODERS:
        return _Teacher(kind.sizes(folder, short, 0), True, None, None)
    found = peek_configuration(config.teacher, None if kind is None else folder)
    sizes = sizes_of(found, short.seq_len, 0) if kind is None else kind.sizes(folder, short, 0)
    tokenizer = None
    if not config.teacher.config_file:  # Else its vocabulary is made from the text later.
        tokenizer = load_tokenizer(
            config.teacher.checkpoint if kind is None else str(folder),
            model_type=found.model_type, strip_accents=config.teacher.strip_accents)
    # xtremedistil-teacher has fine-tuned that of the run folder by the settings of this run.
    own = kind is not None and kind.tuned_here and folder == model_dir.resolve() / "teacher"
    return _Teacher(sizes, kind is not None and not own, most_positions(found), tokenizer)


def _by_data(
    config: RunConfig, named: AbstractSet[str], rows: List[Any], teacher: _Teacher, *, tuned: bool
) -> Choices:
    """Chooses what depends on the amount and the length of the data.

    Args:
      config, named, rows, teacher: the run's settings, those that the command names, its training
        rows and teacher.
      tuned: True if the run does not fine-tune its teacher, also not before it was stopped.
    """
    choices: Choices = {}
    text = rows or _first_sentences(config)
    if text:
        squad = config.data.squad
        choices["data.seq_len"] = seq_len_of(
            _lengths(config, text, teacher.tokenizer), teacher.most,
            bounds=_SEQ_LENS if squad is None else (squad.least, SQUAD_SEQ_LEN))
    if not tuned:
        choices.update(_teacher_choices(config, teacher.sizes))
    recipe = config.student.kind.choose_recipe(config, named, teacher.sizes, teacher.tokenizer)
    choices.update(recipe.settings)
    kind = task_kind(config.data.kind)
    choices.update(budget_of(
        _sentences(config), len(rows), recipe, pooled=kind.pooled, windows=kind.windows))
    if "distil.learning_rate" in named:  # It is that of all stages.
        choices.pop("distil.ft_learning_rate", None)
    return choices


def _transfer_path(config: RunConfig) -> Optional[pathlib.Path]:
    """The transfer file, if it exists."""
    try:
        return find_transfer_file(config.data)
    except UserError:
        return None


def _first_sentences(config: RunConfig) -> List[Any]:
    """First rows of the transfer set, for a task without training rows."""
    path, transfer = _transfer_path(config), task_kind(config.data.kind).transfer
    if path is None:
        return []
    return list(itertools.islice(transfer.open(config.data, path, {}, [])[0], _LOOKED_AT))


def _sentences(config: RunConfig) -> int:
    """Rows of the transfer set; 0 if there is none."""
    path, transfer = _transfer_path(config), task_kind(config.data.kind).transfer
    rows = 0 if path is None else transfer.count(config.data, path)
    return min(rows, config.data.transfer_size or rows)
