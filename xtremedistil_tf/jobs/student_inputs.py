"""The inputs of the stages: subword tokens, the student's vocabulary, the teacher's targets."""

import dataclasses
import functools
import itertools
import pathlib
from typing import Any, Dict, Iterator, Optional, Sequence, Tuple

import filelock
import numpy as np
import transformers

from xtremedistil_tf.config import Resources, RunConfig, require
from xtremedistil_tf.data.folders.task import Task
from xtremedistil_tf.data.folders.task_features import align_task, features_of
from xtremedistil_tf.data.tokenization.alignment import pieces_of
from xtremedistil_tf.data.tokenization.realign import Realigned, realign_features
from xtremedistil_tf.data.tokenization.token_store import (
    open_pieces,
    open_realigned,
    realign_texts,
    tokenise_texts,
)
from xtremedistil_tf.data.tokenization.vocabulary import StudentVocabulary
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.jobs.obtain_teacher import fresh_teacher, obtain_teacher
from xtremedistil_tf.jobs.prepared import Prepared
from xtremedistil_tf.jobs.student_tokenizer import StudentText, student_text
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.layers.embeddings import check_embedding_width
from xtremedistil_tf.models.teacher import separator_of
from xtremedistil_tf.runs import file_fingerprint, fingerprint
from xtremedistil_tf.targets.spec import KINDS, MATCHED_KINDS, StoreSpec
from xtremedistil_tf.targets.store import check_disk
from xtremedistil_tf.targets.worker import HelperJob, helping_processes
from xtremedistil_tf.targets.writer import Part, write_targets
from xtremedistil_tf.teachers import Sizes, Teaches, load_ready
from xtremedistil_tf.teachers.agreement import with_answers
from xtremedistil_tf.teachers.fine_tuned import folder_fingerprint
from xtremedistil_tf.teachers.places import (
    is_ready,
    teacher_folders,
    teachers_fingerprint,
    wanted_of,
)
from xtremedistil_tf.training.stages import Stage
from xtremedistil_tf.training.strategies import build_plan


def needed_kinds(stages: Sequence[Stage]) -> Tuple[str, ...]:
    """Returns the kinds of targets that stages read. Token ids are stored with the logits."""
    targets = {term.target for stage in stages if stage.data != "train" for term in stage.terms}
    return tuple(kind for kind in (*KINDS, *MATCHED_KINDS)
                 if targets and (kind in targets or kind == "logits"))


def kinds_of_run(config: RunConfig, task: Task) -> Tuple[str, ...]:
    """Returns the kinds of targets that a run reads."""
    return needed_kinds(build_plan(config.student.trained_layers, config.distil,
                                   measure=config.data.measure, labelled=task.labelled))


def check_student(
    config: RunConfig, task: Task, found: Sizes, model_dir: pathlib.Path
) -> None:
    """Checks the student's demands on teacher and disk before any training.

    Args:
      config, task: the run.
      found: sizes of the teacher.
      model_dir: the run folder.

    Raises:
      UserError: if the embedding is too wide, the disk is too small for the targets even in the
        best case, or D0 is asked for several languages.
    """
    student = config.student
    if student.word_emb_file is not None:
        require(pathlib.Path(student.word_emb_file).is_file(),
                f"--word_emb_file {student.word_emb_file}: file not found")
    languages = sorted({row.language for row in task.examples.get("train", ())})
    require(
        config.distil.strategy != "D0" or len(languages) < 2,
        f"--strategy=D0 trains a student on one language; the rows have {', '.join(languages)}. "
        "Name one with --languages, or use xtremedistil-study --study=strategies for all of them",
    )
    if not student.own_vocabulary:
        check_embedding_width(student.word_emb_dim, found.embedding, student.word_embedding)
    if not (model_dir / "targets").exists():
        # Lower bound: one subword token a word, two special tokens a sequence.
        tokens, rows = task.transfer_words + 2 * task.transfer_rows, task.transfer_rows
        spec = StoreSpec(found.width, task.labels.size, config.distil.chunk_size,
                         pooled=task.labels.pooled,
                         matched=min(config.matched_layers, found.layers))
        check_disk(model_dir, spec.size(kinds_of_run(config, task), rows=rows, tokens=tokens,
                                        squares=tokens**2 // max(1, rows)))


def _target_fingerprint(
    config: RunConfig, task: Task, *, teacher_print: str, split: str, layer: int, text: StudentText,
) -> str:
    return fingerprint(teacher_print, task.fingerprints[split], config.data.seq_len,
                       config.data.on_bad_row, layer, config.opt_policy, text.fingerprint,
                       config.matched_layers)


@dataclasses.dataclass(frozen=True)
class _Place:
    """A folder for stored teacher outputs, and the fingerprint of their inputs."""

    folder: pathlib.Path
    fingerprint: str


def _places(
    config: RunConfig, task: Task, *, teacher_print: str, layer: int, model_dir: pathlib.Path,
    resources: Resources, text: StudentText,
) -> Dict[str, _Place]:
    """Returns the folders of everything that a run stores of its teacher.

    These are "pieces" and "own_pieces" (token ids of the transfer set for teacher and student),
    "transfer" and "dev" (targets), and "answers" (the teacher's predictions on held-out splits).

    In a shared --targets_dir, folder names contain the fingerprint. Runs with the same teacher and
    data share these folders; other runs do not.
    """
    prints = {"pieces": fingerprint(teacher_print, task.fingerprints["transfer"],
                                    config.data.seq_len, config.data.on_bad_row)}
    prints["own_pieces"] = fingerprint(prints["pieces"], text.fingerprint)
    held_out = [task.fingerprints[split] for split in task.held_out]
    prints["answers"] = fingerprint(teacher_print, held_out, task.fingerprints["labels"],
                                    config.data.seq_len, config.data.on_bad_row, config.opt_policy)
    for split in ("transfer", "dev"):
        prints[split] = _target_fingerprint(config, task, teacher_print=teacher_print, split=split,
                                            layer=layer, text=text)
    if resources.targets_dir is None:
        return {name: _Place(model_dir / "targets" / name, made) for name, made in prints.items()}
    shared = pathlib.Path(resources.targets_dir)
    return {name: _Place(shared / f"{name}-{made}", made) for name, made in prints.items()}


def _pieces(
    seq_len: int, task: Task, teacher: Teaches, text: StudentText, places: Dict[str, _Place]
) -> Dict[str, int]:
    """Tokenizes the transfer set, unless that is done already; returns the counts."""
    place, own = places["pieces"], places["own_pieces"]
    transfer, rows = task.transfer, task.transfer_rows
    assert transfer is not None, "the task was read with it"
    place.folder.parent.mkdir(parents=True, exist_ok=True)
    # Processes that write parts of the targets may start here at the same time.
    with filelock.FileLock(place.folder.with_name(".pieces.lock")):
        if text.differs and task.labels.pooled:
            tokenise_texts(text.tokenizer, transfer, rows=rows, seq_len=seq_len, folder=own.folder,
                           fingerprint=own.fingerprint)
        elif text.differs or teacher.words_only:
            realign_texts(teacher.tokenizer, text.tokenizer, transfer, rows=rows, seq_len=seq_len,
                          folder=own.folder, fingerprint=own.fingerprint,
                          words_only=teacher.words_only)
        return tokenise_texts(teacher.tokenizer, transfer, rows=rows, seq_len=seq_len,
                              folder=place.folder, fingerprint=place.fingerprint)


def student_separator(
    pairs: bool, tokenizer: transformers.PreTrainedTokenizerBase, vocabulary: StudentVocabulary
) -> Optional[int]:
    """Returns the student's id of the separator token ([SEP]); None without pairs of texts."""
    return int(vocabulary.table[separator_of(tokenizer)]) if pairs else None


def trained_on(config: RunConfig, task: Task) -> Tuple[Any, ...]:
    """Returns the settings that determine a student, except teacher and plan; for fingerprints."""
    student = config.to_dict()["student"]
    if config.student.word_emb_file is not None:
        student["word_emb_file"] = file_fingerprint(pathlib.Path(config.student.word_emb_file))
    checkpoint = config.student.pt_student_checkpoint
    if checkpoint is not None and pathlib.Path(checkpoint).is_dir():
        student["pt_student_checkpoint"] = folder_fingerprint(pathlib.Path(checkpoint))
    return (task.fingerprints, student, config.data.seq_len, config.data.on_bad_row, config.seed,
            config.opt_policy, config.distil.language_exponent)


def prepare(
    config: RunConfig, task: Task, teacher: Teaches, *, teacher_dirs: Sequence[pathlib.Path],
    model_dir: pathlib.Path, resources: Resources, kinds: Sequence[str], text: StudentText,
) -> Tuple[Prepared, float]:
    """Tokenizes, builds the vocabulary, and runs the teacher once over the transfer set.

    Args:
      config, task, teacher: the run.
      teacher_dirs: folder of the teacher, or of each teacher of an ensemble.
      model_dir: the run folder.
      resources: number of processes that run the teacher.
      kinds: kinds of targets that the remaining stages read.
      text: the student's tokenizer.

    Returns:
      (inputs of the stages, number of teacher passes over the transfer set made here).
    """
    teacher_features = features = align_task(task, teacher.tokenizer, config.data)
    if text.differs:
        features = align_task(task, text.tokenizer, config.data)
    wanted = wanted_of(config, task)
    teacher_print = teachers_fingerprint(teacher_dirs, wanted)
    places = _places(config, task, teacher_print=teacher_print, layer=teacher.layer,
                     model_dir=model_dir, resources=resources, text=text)
    pieces, own_pieces = places["pieces"].folder, None
    counts = {split: rows.counts for split, rows in features.items()}
    counts["transfer"] = _pieces(config.data.seq_len, task, teacher, text, places)
    rows = {"transfer": open_pieces(pieces), "dev": teacher_features["dev"].input_ids}
    own: Dict[str, Optional[Realigned]] = dict.fromkeys(rows)
    if text.differs or teacher.words_only:
        own_pieces = places["own_pieces"].folder
        own = {"transfer": open_realigned(own_pieces),
               "dev": realign_features(teacher_features["dev"], features["dev"],
                                       words_only=teacher.words_only)}
    read = own["transfer"].input_ids if own["transfer"] else rows["transfer"]
    seen = [features["train"].input_ids.values] if task.labelled else []
    vocabulary = text.vocabulary(teacher, [*seen, read.values])
    stores, passed = {}, {}
    for split, input_ids in rows.items():
        folder = places[split].folder
        stores[split], passed[split] = write_targets(
            teacher, input_ids, folder, places[split].fingerprint,
            config.distil.chunk_size, kinds=kinds, helpers=functools.partial(
                helping_processes, resources.target_workers - 1 if split == "transfer" else 0,
                HelperJob(str(folder), str(pieces), tuple(map(str, teacher_dirs)),
                          dataclasses.asdict(wanted), tuple(kinds),
                          None if own_pieces is None else str(own_pieces), seed=config.seed,
                          deterministic=config.deterministic, opt_policy=config.opt_policy),
                gpus=len(tf.config.list_physical_devices("GPU")),
            ), realigned=own[split],
        )
    inputs = fingerprint(teacher_print, teacher.layer, *trained_on(config, task))
    prepared = Prepared(task, features, vocabulary, stores["transfer"], stores["dev"], inputs,
                        counts, teacher_features, text.tokenizer,
                        student_separator(teacher.pairs, text.tokenizer, vocabulary),
                        places["answers"].folder / f"{places['answers'].fingerprint}.json")
    return prepared, passed["transfer"] / len(stores["transfer"])


def write_part(config: RunConfig, task: Task, model_dir: pathlib.Path, resources: Resources) -> str:
    """Writes one part of a run's target shards (--target_shard); returns a line about progress.

    Raises:
      UserError: if there is no fine-tuned teacher yet. All parts need the same one.
    """
    folder = teacher_folders(config.teacher, model_dir)[0]
    if not is_ready(config.teacher, model_dir):
        raise UserError(f"--target_shard needs a fine-tuned teacher, and {folder} holds none; "
                        "run run_teacher.py with the same flags first")
    teacher, folders = obtain_teacher(config, task, model_dir)
    task, _ = with_answers(task, teacher, config.data)
    assert resources.target_shard is not None, "else the whole job is run"
    number, parts = resources.target_shard
    text = student_text(config, teacher)
    teacher_print = teachers_fingerprint(folders, wanted_of(config, task))
    places = _places(config, task, teacher_print=teacher_print, layer=teacher.layer,
                     model_dir=model_dir, resources=resources, text=text)
    _pieces(config.data.seq_len, task, teacher, text, places)
    own = open_realigned(places["own_pieces"].folder) if (
        text.differs or teacher.words_only) else None
    kinds = kinds_of_run(config, task)
    store, rows = write_targets(
        teacher, open_pieces(places["pieces"].folder), places["transfer"].folder,
        places["transfer"].fingerprint,
        config.distil.chunk_size, kinds=kinds, part=Part(number - 1, parts), realigned=own,
    )
    there = sum(store.is_whole(index, kinds) for index in range(store.shards))
    return (f"part {number} of {parts} is written, {rows} rows in this run; {there} of "
            f"{store.shards} shards are there. When all are, run the same command without "
            "--target_shard")


def plan_facts(config: RunConfig, task: Task, model_dir: pathlib.Path) -> Dict[str, int]:
    """Computes the sizes that a plan shows; trains and writes nothing.

    Returns:
      "vocabulary": rows of the student's embedding. "width", "matched": the teacher's hidden width
      and number of matched layers. "pieces", "squares": subword tokens of the transfer set, and sum
      of its squared sequence lengths.
    """
    ready = is_ready(config.teacher, model_dir)
    folders = teacher_folders(config.teacher, model_dir)
    teacher: Any = load_ready(folders, wanted_of(config, task)) if ready \
        else fresh_teacher(config, task)
    text = student_text(config, teacher)
    train = [features_of(task, "train", text.tokenizer, config.data).input_ids.values] \
        if task.labelled else []
    assert task.transfer is not None, "the task was read with it"
    sentences, pieces, squares = task.transfer, 0, 0

    def transfer() -> Iterator[np.ndarray]:
        nonlocal pieces, squares
        for chunk, _ in pieces_of(text.tokenizer, sentences, config.data.seq_len):
            pieces += len(chunk.values)
            squares += int((chunk.lengths**2).sum())
            yield chunk.values

    vocabulary = text.vocabulary(teacher, itertools.chain(train, transfer()))
    return {"vocabulary": len(vocabulary), "width": teacher.width, "matched": teacher.matched,
            "pieces": pieces, "squares": squares}
