"""The whole job with a tokenizer cut to the student's subword tokens (--vocabulary=cut)."""

import dataclasses

import numpy as np
import pytest
import transformers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

import xtremedistil_tf
from tests.checkpoints import make_encoder
from tests.conftest import TAGS, write_task
from tests.jobs.test_distillation import config_of
from tests.students import TEXTS, assert_same
from xtremedistil_tf.config import BatchSize, DistilConfig, Resources, StudentConfig
from xtremedistil_tf.data.folders.task import read_task
from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference.assets import load_assets
from xtremedistil_tf.jobs import distillation as job
from xtremedistil_tf.jobs.student_init import start_student
from xtremedistil_tf.jobs.student_inputs import prepare as prepare_inputs
from xtremedistil_tf.metrics.words import transitions
from xtremedistil_tf.models.teacher import build_teacher, load_teacher, save_teacher
from xtremedistil_tf.models.tokenizers import train_wordpiece
from xtremedistil_tf.runtime import prepare
from xtremedistil_tf.targets.dataset import transfer_batches
from xtremedistil_tf.targets.spec import KINDS
from xtremedistil_tf.teachers.student_tokenizer import student_text

# Whole runs and exports; the parts have quick tests of their own.
pytestmark = pytest.mark.long

CUT = StudentConfig(word_emb_dim=16, bilstm_hidden_size=5, word_embedding="full",
                    vocabulary="cut", vocabulary_min_count=2)


def train_unigram(words):
    """A tokenizer like XLM-R's, of the words of some sentences."""
    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    made.train_from_iterator([" ".join(row) for row in words], trainers.UnigramTrainer(
        vocab_size=700, special_tokens=special, unk_token="<unk>", show_progress=False))
    made.post_processor = processors.TemplateProcessing(
        "<s> $A </s>", "<s> $A </s> </s> $B </s>", [("<s>", 0), ("</s>", 2)])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="<pad>", unk_token="<unk>", cls_token="<s>",
        sep_token="</s>")


def prepared_inputs(base, config, *, folder="targets", kinds=KINDS):
    """The inputs of a student's stages, with the passes of the teacher, and the teacher."""
    task, teacher = read_task(config.data), load_teacher(base / "teacher", 1)
    prepared, passes = prepare_inputs(
        config, task, teacher, teacher_dirs=[base / "teacher"], model_dir=base / "run",
        resources=Resources(targets_dir=str(base / folder)), kinds=kinds,
        text=student_text(config, teacher))
    return prepared, passes, teacher


def begun(base, own, bert_config):
    """A folder with a teacher and the targets of a student with the teacher's vocabulary."""
    teacher = build_teacher(make_encoder("bert", len(own)), own, LabelSet(TAGS).size, 1)
    save_teacher(teacher, base / "teacher", {
        "kind": "tagging", "tags": TAGS, "name": "teacher", "history": [], "fingerprint": "f"})
    config = config_of(write_task(base / "task"), bert_config)
    config = dataclasses.replace(
        config, teacher=dataclasses.replace(config.teacher, model_dir=str(base / "teacher")),
        distil=dataclasses.replace(config.distil, distil_epochs=1,
                                   stage_epochs=(("logits", 0), ("labels", 0))))
    whole, passes, _ = prepared_inputs(base, config)
    assert passes == 1
    return base, whole, dataclasses.replace(config, student=CUT)


@pytest.fixture(scope="module")
def wordpiece(sample_words, bert_config, tmp_path_factory):
    return begun(tmp_path_factory.mktemp("wordpiece"),
                 train_wordpiece(sample_words, 700, False), bert_config)


@pytest.fixture(scope="module")
def unigram(sample_words, bert_config, tmp_path_factory):
    return begun(tmp_path_factory.mktemp("unigram"), train_unigram(sample_words), bert_config)


@pytest.fixture(scope="module")
def finished(wordpiece):
    """A run on these targets. It keeps the transitions that it trains."""
    base, _, config = wordpiece
    config = dataclasses.replace(
        config, data=dataclasses.replace(config.data, decoding="trained"))
    prepare(config.seed, True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transitions, "held_out_tags", lambda scores, gold, labels: [
            [labels.tags[tag] for tag in row] for row in gold])
        patch.setattr(transitions, "_FEWEST", 2)
        return job.run_distillation(config, base / "cut", resources=Resources(
            targets_dir=str(base / "targets"), forms=("savedmodel", "onnx")))


def test_its_folder_holds_the_pieces_that_it_knows(wordpiece, finished):
    base, whole, config = wordpiece
    assert finished["teacher_passes"] == 0  # The targets of the other student are its own, too.
    cut = load_assets(base / "cut" / "student")
    pieces = cut.tokenizer.get_vocab_size()
    assert finished["student"]["vocabulary"] == pieces < len(whole.tokenizer) - 50
    assert set(cut.vocabulary.table) == {*range(1, pieces)}  # Row 0 is padding alone.
    # Text that the student was not trained on is read in its pieces, too, but for its characters.
    unknown = {
        name: sum(vocabulary.table[id_] == 1 for row in whole.task.examples["test"]
                  for id_ in tokenizer.encode(list(row.words), is_pretokenized=True).ids)
        for name, tokenizer, vocabulary in (
            ("whole", whole.tokenizer.backend_tokenizer, whole.vocabulary),
            ("cut", cut.tokenizer, cut.vocabulary))}
    assert unknown["cut"] < unknown["whole"]
    assert "cut to the subword tokens" in (base / "cut" / "student" / "README.md").read_text()


def test_all_runtimes_read_odd_text_alike(wordpiece, finished):
    base, _, _ = wordpiece
    found = load_assets(base / "cut" / "student").labels.transitions.table
    fitted = finished["student"]["fitted_on_dev"]
    assert fitted["decoding"]["kept"] and found.any()
    np.testing.assert_array_equal(found, np.array(fitted["transitions"], np.float32))
    report = (base / "cut" / "report.md").read_text()
    assert "With transition scores between tags" in report
    assert "scores belong to logits so divided" in report and "changes no prediction" not in report
    texts = [*TEXTS, "\U0001f9ea \u2603\ua66e", "x" * 150, "[UNK] <unk> </s>"]
    expected = xtremedistil_tf.load(base / "cut", "keras").tag_text(texts)
    for runtime in ("onnx", "savedmodel"):
        assert_same(xtremedistil_tf.load(base / "cut", runtime).tag_text(texts), expected)


def test_each_piece_starts_as_its_row_of_the_teacher_and_learns_its_targets(unigram):
    base, _, config = unigram
    prepared, passes, teacher = prepared_inputs(base, config)
    assert passes == 0
    own, theirs = prepared.tokenizer, teacher.tokenizer
    rows = start_student(config, prepared, teacher).model.get_layer("word_embedding").get_weights()
    pieces = own.convert_ids_to_tokens(prepared.vocabulary.teacher_ids.tolist())
    np.testing.assert_array_equal(
        rows[0][1:], teacher.word_embeddings()[theirs.convert_tokens_to_ids(pieces[1:])])
    sentences = {tuple(own(list(row.words), is_split_into_words=True, truncation=True,
                           max_length=24)["input_ids"]): row for row in prepared.task.transfer}
    alike = later = 0
    for inputs, targets in transfer_batches(prepared.transfer, BatchSize(8), 0,
                                            prepared.vocabulary.table, KINDS):
        for at, ids in enumerate(inputs["input_ids"].numpy()):
            ids = prepared.vocabulary.teacher_ids[ids[ids > 0]]
            row = sentences[tuple(ids)]
            their = theirs(list(row.words), is_split_into_words=True, truncation=True,
                           max_length=24)
            said = teacher.model({"input_ids": np.array([their["input_ids"]]),
                                  "attention_mask": np.ones([1, len(their["input_ids"])])})
            if own.convert_ids_to_tokens(ids.tolist()) == their.tokens():
                mask = targets["mask"].numpy()[at][:len(ids)]
                assert mask.all()
                alike += 1
                for kind in KINDS:
                    np.testing.assert_allclose(targets[kind].numpy()[at][:len(ids)],
                                               said[kind].numpy()[0], atol=5e-3)
            else:
                later += 1
                assert targets["mask"].numpy()[at][[0, len(ids) - 1]].all()
                np.testing.assert_allclose(targets["logits"].numpy()[at][len(ids) - 1],
                                           said["logits"].numpy()[0][-1], atol=5e-3)
    assert alike and later


def test_a_plan_without_targets_needs_none(wordpiece):
    """D0-S, and a run that is continued after its last stage on the transfer set."""
    base, _, config = wordpiece
    prepared, passes, _ = prepared_inputs(base, config, folder="other", kinds=())
    assert passes == 0 and prepared.transfer.own is None
    assert not list((base / "other").rglob("*.tfrecord"))
    assert len(prepared.vocabulary) == len(prepared.tokenizer)
    assert prepared.features["train"].input_ids.values.max() < len(prepared.tokenizer)


def test_settings_that_do_not_fit_are_refused(wordpiece):
    _, _, config = wordpiece
    with pytest.raises(UserError, match="--vocabulary_min_count is 3, --vocabulary is teacher"):
        StudentConfig(vocabulary_min_count=3)
    with pytest.raises(UserError, match="--vocabulary=cut cuts the teacher's tokenizer, and "):
        StudentConfig(pt_student_checkpoint="small", vocabulary="cut")
    config = dataclasses.replace(
        config, student=StudentConfig(student="transformer", hidden_size=8, num_attention_heads=1,
                                      num_hidden_layers=1, vocabulary="cut"),
        distil=DistilConfig(attention=True))
    teacher = load_teacher(config.teacher.model_dir, 1)
    with pytest.raises(UserError, match="subword tokens, and --vocabulary=cut has others"):
        student_text(config, teacher)
