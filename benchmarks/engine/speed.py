"""Ratios of the engine: teacher with and without buckets, precision, student step, tokenisation.

Command:
  python benchmarks/engine/speed.py --task=DATA --checkpoint=MINILM --work=FOLDER
DATA is a task folder with WikiAnn sentences, MINILM a MiniLM checkpoint folder. Each pair is
measured in turns in one process; a figure is the median of its turns. Written to
benchmarks/engine/speed.json.
"""

import contextlib
import itertools
import pathlib
import statistics
import sys
import time

import numpy as np
from absl import app, flags

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from machine import write_record

FLAGS = flags.FLAGS
flags.DEFINE_string("task", None, "Task folder.", required=True)
flags.DEFINE_string("checkpoint", None, "Checkpoint folder of the teacher.", required=True)
flags.DEFINE_string("work", None, "Where the stored targets go.", required=True)
flags.DEFINE_integer("rows", 12000, "Transfer sentences for the students; half for the teacher.")
flags.DEFINE_integer("turns", 2, "Turns of each pair.")
SEQ_LEN = 32
BATCH = 128
# The large student sees a quarter of the rows: the authors' setting takes minutes over them.
STUDENTS = ((50, 200, 1), (300, 600, 4))


def seconds(call) -> float:
    """Wall-clock seconds of a call."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def in_turns(calls: dict) -> dict:
    """Median seconds of each call after one warm-up, the calls taking turns."""
    for call in calls.values():
        call()
    times = {name: [] for name in calls}
    for _ in range(FLAGS.turns):
        for name, call in calls.items():
            times[name].append(seconds(call))
    return {name: statistics.median(values) for name, values in times.items()}


def matrix_peak() -> float:
    """Floating-point operations a second of one large float32 product, the best of five."""
    import tensorflow as tf

    size = 4096
    product = tf.function(lambda a, b: tf.reduce_sum(tf.matmul(a, b)))
    a, b = tf.random.normal([size, size]), tf.random.normal([size, size])
    product(a, b)
    return max(2 * size**3 / seconds(lambda: product(a, b).numpy()) for _ in range(5))


def tokenisation(tokenizer, examples) -> dict:
    """Sentences a second of ours, and of tokenising every prefix of a sentence (the authors')."""
    import transformers

    from xtremedistil_tf.data.tokenization.alignment import pieces_of

    slow = transformers.BertTokenizer.from_pretrained(FLAGS.checkpoint)
    few = examples[:300]

    def prefixes(tokenize):
        for example in few:
            for end in range(1, len(example.words) + 1):
                tokenize(" ".join(example.words[:end]))

    found = in_turns({
        "ours": lambda: list(pieces_of(tokenizer, examples, SEQ_LEN)),
        "prefixes, fast tokenizer": lambda: prefixes(tokenizer.tokenize),
        "prefixes, Python tokenizer": lambda: prefixes(slow.tokenize),
    })
    rates = {name: (len(examples) if name == "ours" else len(few)) / value
             for name, value in found.items()}
    return {"sentences_a_second": rates,
            "ratios": {name: rates["ours"] / rate for name, rate in rates.items()
                       if name != "ours"}}


def teacher_scoring(teacher, input_ids, seq_len: int) -> dict:
    """Sentences a second of the teacher, rows sorted by length against all padded to seq_len."""
    import tensorflow as tf

    from xtremedistil_tf.models.inference import Forward

    forward = Forward(teacher.model, outputs=("logits", "representation"))

    def bucketed():
        for _ in forward.batches(input_ids):
            pass

    def fixed():
        # The same forward pass and positions a batch, in the order of the text.
        rows = 4096 // seq_len
        for at in range(0, len(input_ids), rows):
            ids = np.zeros([min(rows, len(input_ids) - at), seq_len], np.int32)
            for place in range(len(ids)):
                row = input_ids[at + place]
                ids[place, : len(row)] = row
            outputs = forward._run(tf.constant(ids), tf.constant((ids > 0).astype(np.int32)))
            for value in outputs.values():
                value.numpy()

    found = in_turns({"bucketed": bucketed, "fixed": fixed})
    rates = {name: len(input_ids) / value for name, value in found.items()}
    return {"seq_len": seq_len, "sentences_a_second": rates,
            "ratio": rates["bucketed"] / rates["fixed"],
            "mean_pieces": float(input_ids.lengths.mean())}


def teacher_precision(input_ids) -> dict:
    """The teacher in float32 and in mixed_bfloat16: sentences a second, distance of its outputs.

    Fine-tuning is measured as steps on random logits: what they are changes no time.
    """
    import tensorflow as tf

    from xtremedistil_tf.config import TeacherConfig
    from xtremedistil_tf.models.distillation_model import traced_for_cpu
    from xtremedistil_tf.models.inference import Forward
    from xtremedistil_tf.models.pretrained_encoders import load_encoder
    from xtremedistil_tf.models.teacher import build_teacher
    from xtremedistil_tf.runtime import precision
    from xtremedistil_tf.training.loss_table import LOSSES
    from xtremedistil_tf.training.stages import LossTerm

    names = ("float32", "mixed_bfloat16")
    teachers, outputs = {}, {}
    for name in names:
        with precision(name):
            encoder, tokenizer = load_encoder(TeacherConfig(checkpoint=FLAGS.checkpoint))
            teachers[name] = build_teacher(encoder, tokenizer, 11, 6)
    teachers["mixed_bfloat16"].model.set_weights(teachers["float32"].model.get_weights())
    forwards = {name: Forward(teacher.model, outputs=("logits", "representation"))
                for name, teacher in teachers.items()}

    def scores(name):
        outputs[name] = [found for _, _, found in forwards[name].batches(input_ids)]

    scoring = in_turns({name: lambda name=name: scores(name) for name in names})
    flat = {name: np.concatenate([np.asarray(found["representation"], np.float32).ravel()
                                  for found in outputs[name]]) for name in names}
    apart = float(np.linalg.norm(flat["mixed_bfloat16"] - flat["float32"])
                  / np.linalg.norm(flat["float32"]))

    generator = np.random.default_rng(0)
    ids = input_ids.padded(np.arange(len(input_ids)), 0)[:, :16]
    batches = tf.data.Dataset.from_tensor_slices((
        {"input_ids": ids, "attention_mask": (ids > 0).astype(np.int32)},
        {"logits": generator.normal(size=(*ids.shape, 11)).astype(np.float16),
         "mask": (ids > 0).astype(np.float32)})).batch(32).prefetch(2)
    for name in names:
        model = teachers[name].model
        model.set_loss_terms([LossTerm("logits", "logits", "mse")], LOSSES)
        with precision(name):
            model.compile(optimizer=tf.keras.optimizers.legacy.Adam(1e-6))
    with traced_for_cpu(teachers["float32"].model), traced_for_cpu(
            teachers["mixed_bfloat16"].model):
        tuning = in_turns({name: lambda name=name: teachers[name].model.fit(batches, verbose=0)
                           for name in names})
    rates = {"scoring": {name: len(input_ids) / value for name, value in scoring.items()},
             "fine_tuning": {name: len(ids) / value for name, value in tuning.items()}}
    return {"sentences_a_second": rates, "relative_distance_of_states": apart, "ratios": {
        part: found["mixed_bfloat16"] / found["float32"] for part, found in rates.items()}}


def multiplications(E: int, H: int, width: int) -> int:
    """Floating-point operations of products, a position, forward and backward (three times)."""
    return 3 * 2 * (2 * 4 * H * (E + H) + 2 * H * width)


def student_step(store, vocabulary, E: int, H: int, peak: float) -> dict:
    """Sentences a second of stage 1, ours from the shards against the authors' setting.

    Theirs: every row 32 pieces long, nothing masked, recurrent dropout 0.2, held in memory.
    """
    import tensorflow as tf

    from xtremedistil_tf.config import BatchSize, StudentConfig
    from xtremedistil_tf.distribution import spread
    from xtremedistil_tf.models.distillation_model import traced_for_cpu
    from xtremedistil_tf.models.layers.body import Shape
    from xtremedistil_tf.models.student import build_student
    from xtremedistil_tf.runtime import precision
    from xtremedistil_tf.targets.dataset import transfer_batches
    from xtremedistil_tf.training.addons import LazyAdam
    from xtremedistil_tf.training.loss_table import LOSSES
    from xtremedistil_tf.training.stages import LossTerm

    def model_of(recurrent_dropout, optimizer, policy=None):
        with precision(policy):
            student = build_student(
                StudentConfig(E, H, recurrent_dropout=recurrent_dropout), Shape(len(vocabulary)),
                store.spec.width, store.spec.classes)
        student.registry.set_trainable(["word_embedding", "bilstm", "projection"])
        student.model.set_loss_terms([LossTerm("representation", "representation", "mse")], LOSSES)
        student.model.compile(optimizer=optimizer)
        return student.model

    adam = tf.keras.optimizers.legacy.Adam
    models = {"ours": model_of(0.0, LazyAdam(1e-3)), "ours, Adam": model_of(0.0, adam(1e-3)),
              "ours, mixed_bfloat16": model_of(0.0, LazyAdam(1e-3), "mixed_bfloat16"),
              "authors": model_of(0.2, adam(1e-3))}
    generator = np.random.default_rng(0)
    ids = generator.integers(2, len(vocabulary), (len(store), SEQ_LEN)).astype(np.int32)
    targets = {"representation": generator.normal(size=(len(store), SEQ_LEN, store.spec.width))
               .astype(np.float16), "mask": np.ones([len(store), SEQ_LEN], np.float32)}
    fixed = spread(lambda share: tf.data.Dataset.from_tensor_slices(
        ({"input_ids": ids}, targets)).batch(BATCH).prefetch(2))

    def bucketed():
        return spread(lambda share: transfer_batches(
            store, BatchSize(BATCH), 0, vocabulary.table, ("logits", "representation")))

    def epoch(name):
        return lambda: models[name].fit(fixed if name == "authors" else bucketed(), verbose=0)

    with contextlib.ExitStack() as stack:
        for name in models:
            if name != "authors":
                stack.enter_context(traced_for_cpu(models[name]))
        found = in_turns({name: epoch(name) for name in models})
    rates = {name: len(store) / value for name, value in found.items()}
    padded = sum(int(inputs["input_ids"].shape[0] * inputs["input_ids"].shape[1])
                 for inputs, _ in bucketed())
    operations = padded * multiplications(E, H, store.spec.width) / found["ours"]
    return {"E": E, "H": H, "batch": BATCH, "rows": len(store), "sentences_a_second": rates,
            "ratio": rates["ours"] / rates["authors"],
            "mixed_bfloat16_over_float32": rates["ours, mixed_bfloat16"] / rates["ours"],
            "lazy_adam_over_adam": rates["ours"] / rates["ours, Adam"],
            "positions_a_second": padded / found["ours"],
            "share_of_peak": operations / peak}


def main(argv) -> None:
    """Measures all of it and writes the record."""
    del argv
    from xtremedistil_tf.config import TeacherConfig
    from xtremedistil_tf.data.readers.rows import TextFile
    from xtremedistil_tf.data.tokenization.alignment import pieces_of
    from xtremedistil_tf.data.tokenization.ragged import Ragged
    from xtremedistil_tf.data.tokenization.realign import Realigned
    from xtremedistil_tf.data.tokenization.vocabulary import StudentVocabulary
    from xtremedistil_tf.files.fingerprints import fingerprint
    from xtremedistil_tf.models.pretrained_encoders import load_encoder
    from xtremedistil_tf.models.teacher import build_teacher
    from xtremedistil_tf.runtime import prepare
    from xtremedistil_tf.targets.spec import Place
    from xtremedistil_tf.targets.writer import TeacherInput, write_targets

    prepare(0, False)
    texts = TextFile(pathlib.Path(FLAGS.task) / "transfer.txt")
    rows = list(texts)
    # Rows of all languages: the file is sorted by them.
    examples = list(itertools.islice(rows[:: max(1, len(rows) // FLAGS.rows)], FLAGS.rows))
    encoder, tokenizer = load_encoder(TeacherConfig(checkpoint=FLAGS.checkpoint))
    teacher = build_teacher(encoder, tokenizer, 11, 6)
    results = {"rows": len(examples), "tokenisation": tokenisation(tokenizer, examples)}

    def ids_of(some, seq_len):
        return Ragged.join([ids for ids, _ in pieces_of(tokenizer, some, seq_len)])

    results["teacher"] = [teacher_scoring(teacher, ids_of(examples[::2], seq_len), seq_len)
                          for seq_len in (SEQ_LEN, 2 * SEQ_LEN)]
    ids = ids_of(examples, SEQ_LEN)
    results["precision"] = teacher_precision(ids_of(examples[::8], SEQ_LEN))
    vocabulary = StudentVocabulary.from_seen([ids.values], 0, tokenizer.unk_token_id,
                                             len(tokenizer))
    peak = matrix_peak()
    results["matrix_product_peak_gflops"] = peak / 1e9
    results["student"] = []
    for E, H, part in STUDENTS:
        some = Ragged.of([ids[row] for row in range(0, len(ids), part)])
        place = Place(pathlib.Path(FLAGS.work) / str(part),
                      fingerprint(FLAGS.rows, part, FLAGS.checkpoint))
        store, _ = write_targets(teacher, TeacherInput(Realigned(some)), place, 2000)
        results["student"].append(student_step(store, vocabulary, E, H, peak))
    write_record("engine/speed", results)


if __name__ == "__main__":
    app.run(main)
