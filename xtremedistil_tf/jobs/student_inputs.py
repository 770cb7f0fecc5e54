"""The inputs of the stages: subword tokens, the student's vocabulary, the teacher's targets."""

import dataclasses
import functools
import pathlib
from typing import Any, Dict, Optional, Sequence, Tuple

import transformers

from xtremedistil_tf.config import DataConfig, Resources, RunConfig, StudentConfig, require
from xtremedistil_tf.data.folders.task import Task
from xtremedistil_tf.data.folders.task_features import align_task
from xtremedistil_tf.data.tokenization.alignment import Features
from xtremedistil_tf.data.tokenization.cut import count_pieces
from xtremedistil_tf.data.tokenization.realign import Realigned, realign, realigned_of
from xtremedistil_tf.data.tokenization.text_store import store_texts
from xtremedistil_tf.data.tokenization.token_store import (
    open_realigned,
    realign_texts,
    tokenise_texts,
)
from xtremedistil_tf.data.tokenization.vocabulary import StudentVocabulary
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.fingerprints import fingerprint
from xtremedistil_tf.files.locks import one_at_a_time
from xtremedistil_tf.jobs.obtain_teacher import obtain_teacher
from xtremedistil_tf.jobs.prepared import Prepared
from xtremedistil_tf.jobs.run_folder import Places, places_of, student_contents
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.layers.embeddings import check_embedding_width
from xtremedistil_tf.models.teacher import separator_of
from xtremedistil_tf.targets.own_tokens import with_own_tokens
from xtremedistil_tf.targets.spec import KINDS, MATCHED_KINDS, StoreSpec
from xtremedistil_tf.targets.store import TargetStore, check_disk
from xtremedistil_tf.targets.worker import HelperJob, helping_processes
from xtremedistil_tf.targets.writer import (
    Part,
    TeacherInput,
    write_part_of_targets,
    write_targets,
)
from xtremedistil_tf.tasks import task_kind
from xtremedistil_tf.teachers import Sizes, Teaches
from xtremedistil_tf.teachers.agreement import chosen_by, with_answers
from xtremedistil_tf.teachers.places import (
    check_teacher,
    is_ready,
    teacher_folders,
    teachers_fingerprint,
    wanted_of,
)
from xtremedistil_tf.teachers.student_tokenizer import (
    StudentText,
    fitted_text,
    own_sequences,
    transfer_of,
)
from xtremedistil_tf.training.plans import build_plan
from xtremedistil_tf.training.stages import Stage

# The settings in each student's fingerprint. Newer ones count only if they differ from their
# default, so that runs of earlier versions keep their fingerprints.
_ALWAYS = frozenset("""
    word_emb_dim bilstm_hidden_size dropout_rate recurrent_dropout input_dropout dense_act_func
    word_embedding word_emb_file ppa_components vocabulary vocabulary_min_count pooling student
    hidden_size num_hidden_layers num_attention_heads pt_student_checkpoint compress_word_embedding
    freeze_word_embedding architecture pair_encoding logits_from""".split())


def needed_kinds(stages: Sequence[Stage]) -> Tuple[str, ...]:
    """Returns the kinds of targets that stages read. Token ids are stored with the logits."""
    targets = {term.target for stage in stages if stage.data != "train" for term in stage.terms}
    return tuple(kind for kind in (*KINDS, *MATCHED_KINDS)
                 if targets and (kind in targets or kind == "logits"))


def plan_of(config: RunConfig, task: Task, *, states: bool = True) -> Tuple[Stage, ...]:
    """Returns the stages of a run.

    Args:
      config: the run's settings.
      task: the data. Without train.tsv, stages that need labels are left out.
      states: False if the teacher has logits only.
    """
    return build_plan(config.student.trained_layers, config.distil,
                      measure=chosen_by(config, task),
                      labels_loss=config.data.labels_loss, own_losses=config.data.own_losses,
                      labelled=task.labelled, states=states)


def kinds_of_run(config: RunConfig, task: Task, found: Sizes) -> Tuple[str, ...]:
    """Returns the kinds of targets that a run reads."""
    return needed_kinds(plan_of(config, task, states=found.states))


def check_student(config: RunConfig, task: Task, found: Sizes, targets: pathlib.Path) -> None:
    """Checks the student's demands on teacher and disk before any training.

    Args:
      config, task: the run.
      found: sizes of the teacher.
      targets: the folder of the run's targets, see `targets_folder`. The disk is checked if there
        are none yet.

    Raises:
      UserError: if the embedding is too wide, the disk is too small for the targets even in the
        best case, or D0 is asked for several languages.
    """
    student = config.student
    if student.word_emb_file is not None:
        require(pathlib.Path(student.word_emb_file).is_file(),
                f"--word_emb_file {student.word_emb_file}: file not found")
    require(student.word_embedding != "svd_pretrained"
            or not (config.teacher.config_file or config.teacher.outputs),
            "--word_embedding=svd_pretrained needs a pre-trained teacher; --teacher_config starts "
            "from random weights, and --teacher_outputs has no word embedding")
    languages = sorted({row.language for row in task.examples.get("train", ())})
    require(
        config.distil.strategy != "D0" or len(languages) < 2,
        f"--strategy=D0 trains a student on one language; the rows have {', '.join(languages)}. "
        "Name one with --languages, or use xtremedistil-study --study=strategies for all of them",
    )
    if not student.own_vocabulary and found.embedding is not None:
        check_embedding_width(student.word_emb_dim, found.embedding, student.word_embedding)
    if not targets.exists():
        # Lower bound: one subword token a word, two special tokens a sequence.
        tokens, rows = task.transfer_words + 2 * task.transfer_rows, task.transfer_rows
        spec = StoreSpec(found.width, task.labels.size, config.distil.chunk_size,
                         pooled=task.labels.pooled,
                         matched=min(config.matched_layers, found.layers))
        check_disk(targets, spec.size(kinds_of_run(config, task, found), rows=rows, tokens=tokens,
                                        squares=tokens**2 // max(1, rows)))


def _pieces(data: DataConfig, task: Task, teacher: Teaches, places: Places) -> Dict[str, int]:
    """Tokenizes the transfer set, unless that is done already; returns the counts."""
    place, words = places["pieces"], places["words"]
    transfer, rows = transfer_of(task), task.transfer_rows
    place.folder.parent.mkdir(parents=True, exist_ok=True)
    # Processes that write parts of the targets may start here at the same time.
    with one_at_a_time(place.folder.with_name(".pieces.lock")):
        if teacher.words_only:
            realign_texts(
                realigned_of(teacher.tokenizer, teacher.tokenizer, transfer, data.seq_len),
                rows=rows, folder=words.folder, fingerprint=words.fingerprint)
        return tokenise_texts(
            task_kind(task.labels.kind).transfer.pieces(teacher.tokenizer, transfer, data),
            rows=rows, folder=place.folder, fingerprint=place.fingerprint)


def _texts(task: Task, teacher: Teaches, places: Places) -> Optional[Any]:
    """Stores the transfer set's words for a teacher with several tokenizers; None for others."""
    if not getattr(teacher, "wants_texts", False):
        return None
    place = places["texts"]
    with one_at_a_time(place.folder.with_name(".texts.lock")):
        return store_texts(transfer_of(task), place.folder, place.fingerprint)


def student_separator(
    pairs: bool, tokenizer: transformers.PreTrainedTokenizerBase, vocabulary: StudentVocabulary
) -> Optional[int]:
    """Returns the student's id of the separator token ([SEP]); None without pairs of texts."""
    return int(vocabulary.table[separator_of(tokenizer)]) if pairs else None


def trained_on(config: RunConfig, task: Task) -> Tuple[Any, ...]:
    """Returns the settings that determine a student, except teacher and plan; for fingerprints."""
    student = {name: value for name, value in config.to_dict()["student"].items()
               if name in _ALWAYS or value != getattr(StudentConfig, name)}
    student.update(student_contents(config.student))
    return (task.fingerprints, student, config.data.seq_len, config.data.on_bad_row, config.seed,
            config.opt_policy, config.distil.language_exponent)


def _with_own_tokens(
    task: Task, teacher: Teaches, text: StudentText, dev: Features, *, data: DataConfig,
    stores: Dict[str, TargetStore], rows: Dict[str, Realigned], places: Places,
) -> Dict[str, TargetStore]:
    """Returns stores, by split, with a student's own sequences beside them."""
    place = places.of_student("pieces", text.fingerprint)
    own = own_sequences(task, teacher, text, dev, data=data, folder=place.folder,
                        made=place.fingerprint)
    return {split: with_own_tokens(store, rows[split].input_ids, own[split],
                                   places.of_student(split, text.fingerprint))
            for split, store in stores.items()}


def _transfer_folder(teacher: Teaches, places: Places) -> pathlib.Path:
    """Returns the folder of the transfer set as the teacher reads it; see `open_realigned`."""
    return places["words" if teacher.words_only else "pieces"].folder


def _dev_sequences(task: Task, teacher: Teaches, dev: Features, seq_len: int) -> Realigned:
    """Returns the development set as the teacher reads it."""
    if not teacher.words_only:
        return Realigned(dev.input_ids)
    return realign(teacher.tokenizer, teacher.tokenizer, task.examples["dev"], seq_len)


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
    wanted = wanted_of(config, task)
    teacher_print = teachers_fingerprint(teacher_dirs, wanted)
    places = places_of(config, task, teacher_print=teacher_print, layer=teacher.layer,
                       model_dir=model_dir, resources=resources)
    transfer_counts = _pieces(config.data, task, teacher, places)
    sequences = _transfer_folder(teacher, places)
    rows = {"transfer": open_realigned(sequences),
            "dev": _dev_sequences(task, teacher, teacher_features["dev"], config.data.seq_len)}
    train = [teacher_features["train"].input_ids.values] if task.labelled else []
    seen = count_pieces([*train, rows["transfer"].input_ids.values], teacher.vocabulary)
    text = fitted_text(config, task, text, seen)
    vocabulary, texts = text.vocabulary(seen), _texts(task, teacher, places)
    helper = functools.partial(
        HelperJob, sequences=str(sequences), teachers=tuple(map(str, teacher_dirs)),
        wanted=dataclasses.asdict(wanted), kinds=tuple(kinds), seed=config.seed,
        deterministic=config.deterministic, opt_policy=config.teacher_policy,
        texts=None if texts is None else str(places["texts"].folder))
    stores, passed = {}, {}
    for split, read in rows.items():
        place, transfer = places[split], split == "transfer"
        words = texts if texts is None or transfer else task.examples["dev"]
        stores[split], passed[split] = write_targets(
            teacher, TeacherInput(read, words), place, config.distil.chunk_size, kinds=kinds,
            helpers=functools.partial(
                helping_processes, resources.target_workers - 1 if transfer else 0,
                helper(str(place.folder)), gpus=len(tf.config.list_physical_devices("GPU"))))
    if text.differs:
        features = align_task(task, text.tokenizer, config.data)
    if text.differs and kinds:
        stores = _with_own_tokens(task, teacher, text, features["dev"], data=config.data,
                                  stores=stores, rows=rows, places=places)
    counts = {**{split: found.counts for split, found in features.items()},
              "transfer": transfer_counts}
    inputs = fingerprint(teacher_print, teacher.layer, *trained_on(config, task))
    prepared = Prepared(
        task, features, vocabulary, transfer=stores["transfer"], dev=stores["dev"],
        fingerprint=inputs, counts=counts, teacher_features=teacher_features,
        tokenizer=text.tokenizer,
        separator=student_separator(teacher.pairs, text.tokenizer, vocabulary),
        answers=places.answers, seq_len=config.data.seq_len)
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
    teacher_print = teachers_fingerprint(folders, wanted_of(config, task))
    places = places_of(config, task, teacher_print=teacher_print, layer=teacher.layer,
                       model_dir=model_dir, resources=resources)
    _pieces(config.data, task, teacher, places)
    read = TeacherInput(open_realigned(_transfer_folder(teacher, places)),
                        _texts(task, teacher, places))
    kinds = kinds_of_run(config, task, check_teacher(config, model_dir))
    store, rows = write_part_of_targets(
        teacher, read, places["transfer"], config.distil.chunk_size, kinds=kinds,
        part=Part(number - 1, parts))
    there = sum(store.is_whole(index, kinds) for index in range(store.shards))
    return (f"part {number} of {parts} is written, {rows} rows in this run; {there} of "
            f"{store.shards} shards are there. When all are, run the same command without "
            "--target_shard")
