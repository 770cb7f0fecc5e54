"""Plans as data: the nine stages of D4.2, the others, and the table of --dry_run."""

import dataclasses

import numpy as np
import pytest

from xtremedistil_tf.config import BatchSize, DistilConfig, StudentConfig, TeacherConfig
from xtremedistil_tf.data.pipelines.balance import LanguageBalance
from xtremedistil_tf.data.pipelines.batches import PieceMasking
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.shares import Share
from xtremedistil_tf.targets.spec import StoreSpec
from xtremedistil_tf.targets.writer import Part
from xtremedistil_tf.training.plans import build_plan, build_teacher_plan
from xtremedistil_tf.training.stages import LossTerm, Schedule, Stage, plan_table
from xtremedistil_tf.training.weight_average import WeightAverage

LAYERS = ("word_embedding", "bilstm", "projection", "logits")


def rows(stages):
    return [(s.name, s.data, s.losses(), s.trainable, s.monitor) for s in stages]


def test_labels_may_have_a_learning_rate_of_their_own_after_a_teacher():
    rates = {"learning_rate": 4e-3, "ft_learning_rate": 1e-3}
    for stage in build_plan(LAYERS, DistilConfig(**rates)):
        assert stage.schedule.high == (1e-3 if stage.data == "train" else 4e-3)
    # Without a teacher's stages before it, the student learns with the run's rate.
    (alone,) = build_plan(LAYERS, DistilConfig(strategy="D0-S", **rates))
    assert alone.schedule.high == 4e-3
    with pytest.raises(UserError, match="--lowest_rate 0.01 must lie .* --ft_learning_rate 0.001"):
        DistilConfig(lowest_rate=0.01, learning_rate=0.1, ft_learning_rate=0.001)


def test_d4_2_has_table_4s_steps_in_its_order():
    top = ("logits",)
    two, three, all_four = top + ("projection",), top + ("projection", "bilstm"), tuple(
        reversed(LAYERS))
    logits, labels = ["logits:mse"], ["labels:cross_entropy"]
    assert rows(build_plan(LAYERS, DistilConfig())) == [
        ("01_representation", "transfer", ["representation:mse"], all_four[1:], "representation"),
        ("02_logits_logits", "transfer", logits, top, "macro_f1"),
        ("03_logits_projection", "transfer", logits, two, "macro_f1"),
        ("04_logits_bilstm", "transfer", logits, three, "macro_f1"),
        ("05_logits_word_embedding", "transfer", logits, all_four, "macro_f1"),
        ("06_labels_logits", "train", labels, top, "macro_f1"),
        ("07_labels_projection", "train", labels, two, "macro_f1"),
        ("08_labels_bilstm", "train", labels, three, "macro_f1"),
        ("09_labels_word_embedding", "train", labels, all_four, "macro_f1"),
    ]


def test_algorithm_1_unfreezes_the_representation_too():
    plan = build_plan(LAYERS, DistilConfig(unfreeze_representation=True))
    assert [(s.name, s.trainable) for s in plan[:4]] == [
        ("01_representation_projection", ("projection",)),
        ("02_representation_bilstm", ("projection", "bilstm")),
        ("03_representation_word_embedding", ("projection", "bilstm", "word_embedding")),
        ("04_logits_logits", ("logits",))]
    assert {s.monitor for s in plan[:3]} == {"representation"} and len(plan) == 11
    matched = build_plan(LAYERS, DistilConfig(unfreeze_representation=True,
                                              multi_hidden_states=True))
    assert matched[0].trainable == ("matching", "projection")


def test_without_the_projection_below_the_logits_only_the_representation_trains_it():
    direct = StudentConfig(logits_from="encoder").layers
    assert direct == ("word_embedding", "bilstm", "logits")
    plan = build_plan(direct, DistilConfig())
    assert [stage.name for stage in plan] == [
        "01_representation", "02_logits_logits", "03_logits_bilstm", "04_logits_word_embedding",
        "05_labels_logits", "06_labels_bilstm", "07_labels_word_embedding"]
    assert plan[0].trainable == ("projection", "bilstm", "word_embedding")
    assert plan[-1].trainable == ("logits", "bilstm", "word_embedding")
    assert not any("projection" in stage.trainable for stage in plan[1:])
    by_layer = build_plan(direct, DistilConfig(unfreeze_representation=True))
    assert [stage.trainable for stage in by_layer[:2]] == [
        ("projection", "bilstm"), ("projection", "bilstm", "word_embedding")]
    for strategy, trained in (("D2", True), ("D1", False)):
        (joint,) = build_plan(direct, DistilConfig(strategy=strategy))
        assert ("projection" in joint.trainable) == trained


@pytest.mark.parametrize("strategy", ["D4.2", "D4.1"])
def test_labels_begin_with_a_head_of_their_own_if_asked(strategy):
    shared = build_plan(LAYERS, DistilConfig(strategy=strategy))
    own = build_plan(LAYERS, DistilConfig(strategy=strategy, label_head="own"))
    first = next(at for at, stage in enumerate(own) if stage.data == "train")
    assert [stage.fresh for stage in own] == [
        ("logits",) if at == first else () for at in range(len(own))]
    # Only this stage has another fingerprint than before there was a choice.
    assert [one.to_dict() == other.to_dict() for one, other in zip(shared, own)] == [
        at != first for at in range(len(own))]
    assert "fresh" not in shared[0].to_dict()


def test_a_stage_without_epochs_begins_with_no_head():
    own = build_plan(LAYERS, DistilConfig(label_head="own", stage_epochs=(("06", 0),)))
    assert own[5].name == "07_labels_projection"
    assert [stage.fresh for stage in own] == [("logits",) if at == 5 else () for at in range(8)]


@pytest.mark.parametrize("settings", [
    {"strategy": "D1"}, {"strategy": "D0-S"}, {"stage_epochs": (("labels", 0),)}])
def test_a_head_of_their_own_needs_logits_before_labels(settings):
    with pytest.raises(UserError, match="--label_head=own is for labels that follow the teacher's"):
        build_plan(LAYERS, DistilConfig(label_head="own", **settings))


def test_joint_strategies_weigh_their_losses_as_in_equation_7():
    weights = dict(alpha=0.5, beta=2.0, gamma=3.0)
    (d1,) = build_plan(LAYERS, DistilConfig(strategy="D1", **weights))
    assert d1.losses() == ["0.5 x labels:cross_entropy", "3 x logits:mse"]
    (d2,) = build_plan(LAYERS, DistilConfig(strategy="D2", **weights))
    assert d2.losses() == [*d1.losses(), "2 x representation:mse"]
    assert d1.data == d2.data == "both" and d1.trainable == tuple(reversed(LAYERS))
    assert (d1.batch.rows, d1.labelled_batch.rows) == (512, 32)


def test_d3_joins_its_second_stage_and_d3_2_unfreezes_it():
    names = [stage.name for stage in build_plan(LAYERS, DistilConfig(strategy="D3.1"))]
    assert names == ["01_representation", "02_joint"]
    stages = build_plan(LAYERS, DistilConfig(strategy="D3.2"))
    assert [stage.data for stage in stages] == ["transfer", "both", "both", "both", "both"]
    assert [stage.trainable[-1] for stage in stages[1:]] == list(reversed(LAYERS))


@pytest.mark.parametrize("order, names, first", [
    ("bottom_up", ["word_embedding", "bilstm", "projection", "logits"], ("word_embedding",)),
    ("all", ["all"], tuple(reversed(LAYERS))),
])
def test_unfreezing_in_another_order(order, names, first):
    stages = build_plan(LAYERS, DistilConfig(unfreeze_order=order))
    logits = [stage for stage in stages if stage.data == "transfer"][1:]
    assert [stage.name.partition("logits_")[2] for stage in logits] == names
    assert logits[0].trainable == first and logits[-1].trainable == tuple(reversed(LAYERS))


def test_logits_by_another_loss():
    config = DistilConfig(strategy="D4.1", logits_loss="kld", temperature=2.0)
    assert build_plan(LAYERS, config)[1].losses() == ["logits:kld T=2"]
    config = DistilConfig(strategy="D4.1", logits_loss="pseudo_labels")
    assert build_plan(LAYERS, config)[1].losses() == ["logits:pseudo_labels"]
    with pytest.raises(UserError, match="--temperature is 2.0, but --logits_loss=mse has none"):
        DistilConfig(temperature=2.0)


def test_d4_1_unfreezes_everything_at_once():
    stages = build_plan(LAYERS, DistilConfig(strategy="D4.1"))
    assert [stage.name for stage in stages] == ["01_representation", "02_logits", "03_labels"]
    assert stages[1].trainable == stages[2].trainable == tuple(reversed(LAYERS))


def test_d0_s_sees_labels_only():
    (stage,) = build_plan(LAYERS, DistilConfig(strategy="D0-S"))
    assert (stage.data, stage.losses()) == ("train", ["labels:cross_entropy"])


def test_budgets_and_exceptions():
    config = DistilConfig(
        distil_epochs=7, ft_epochs=3, distil_batch_size=64, ft_batch_size=16,
        stage_epochs=(("logits", 5), ("02_logits", 1), ("09", 0)),
    )
    stages = {stage.name: stage for stage in build_plan(LAYERS, config)}
    assert stages["01_representation"].epochs == 7
    assert stages["02_logits_logits"].epochs == 1
    assert stages["03_logits_projection"].epochs == 5
    assert stages["06_labels_logits"].epochs == 5  # "logits" is part of its name too.
    assert stages["07_labels_projection"].epochs == 3
    assert "09_labels_word_embedding" not in stages
    assert stages["03_logits_projection"].batch.rows == 64
    assert stages["07_labels_projection"].batch.rows == 16


def test_an_exception_that_names_nothing_is_refused():
    with pytest.raises(UserError, match="'bilstn'; the plan has: 01_representation, 02_.*; "
                                        "--stage_epochs= drops"):
        build_plan(LAYERS, DistilConfig(stage_epochs=(("bilstn", 5),)))


def test_epochs_of_a_stage_are_shared_out_to_its_steps():
    config = DistilConfig(distil_epochs=12, ft_epochs=10, epochs_per="stage")
    assert [stage.epochs for stage in build_plan(LAYERS, config)] == [
        12, *(1, 2, 4, 5), *(1, 2, 3, 4)]
    at_once = dataclasses.replace(config, strategy="D4.1")
    assert [stage.epochs for stage in build_plan(LAYERS, at_once)] == [12, 12, 10]
    few = dataclasses.replace(config, strategy="D3.2", distil_epochs=2)
    assert [stage.epochs for stage in build_plan(LAYERS, few)] == [2, 1, 1, 1, 1]


def test_teacher_plans():
    layers = ("embeddings", "layer_0", "logits")
    (stage,) = build_teacher_plan(layers, TeacherConfig())
    assert stage.trainable == ("logits", "layer_0", "embeddings")
    names = [s.trainable[-1] for s in build_teacher_plan(layers, TeacherConfig(
        unfreeze="top_down"))]
    assert names == ["logits", "layer_0", "embeddings"]


def test_plan_table_lists_every_stage_with_its_parameters():
    sizes = {"word_embedding": 1000, "bilstm": 200, "projection": 30, "logits": 4}
    text = plan_table(build_plan(LAYERS, DistilConfig()),
                      lambda names: sum(sizes[name] for name in names))
    lines = text.splitlines()
    assert len(lines) == 2 + 9
    assert "representation:mse" in lines[2] and "1,230" in lines[2]
    assert "logits, projection, bilstm" in lines[5] and " 234 " in lines[5]
    assert "restarts every 50 0.001->1e-08" in lines[2]


def test_the_loss_against_labels_is_the_tasks():
    plan = build_plan(LAYERS, DistilConfig(strategy="D3.1"), measure="pearson",
                      labels_loss="squared_error")
    assert plan[1].losses() == ["labels:squared_error", "logits:mse"]
    assert plan[1].monitor == "pearson"
    (teacher,) = build_teacher_plan(LAYERS, TeacherConfig(), measure="pearson",
                                    labels_loss="squared_error")
    assert teacher.losses() == ["labels:squared_error"]


TERM = LossTerm("logits", "logits", "mse")
STAGE = Stage("01_x", "transfer", (TERM,), ("logits",), Schedule("cosine", 1e-3), 2, 1,
              BatchSize(8), "macro_f1")


@pytest.mark.parametrize(("make", "told"), [
    (lambda: dataclasses.replace(TERM, weight=-1.0), "a loss term's weight is -1.0"),
    (lambda: dataclasses.replace(TERM, temperature=0.0), "a loss term's temperature is 0.0"),
    (lambda: dataclasses.replace(TERM, smoothing=1.0), "a loss term's smoothing is 1.0"),
    (lambda: Schedule("cosinus", 1.0), "kind is 'cosinus'; allowed: restarts, cosine, plateau, "
     "warmup"),
    (lambda: Schedule("restarts", 1.0, period=0), "a schedule's period is 0"),
    (lambda: Schedule("cosine", 0.1, 0.2), "a schedule: rates from 0.1 to 0.2"),
    (lambda: Schedule("warmup", 1.0, warmup=2.0), "a schedule's warmup is 2.0"),
    (lambda: dataclasses.replace(STAGE, data="dev"),
     "stage 01_x reads 'dev'; allowed: transfer, train, both"),
    (lambda: dataclasses.replace(STAGE, terms=()), "stage 01_x has 0 losses and 1 trainable"),
    (lambda: dataclasses.replace(STAGE, trainable=()), "has 1 losses and 0 trainable layers"),
    (lambda: dataclasses.replace(STAGE, epochs=0), "stage 01_x: epochs is 0; allowed: from 1"),
    (lambda: dataclasses.replace(STAGE, patience=0), "stage 01_x: patience is 0"),
    (lambda: dataclasses.replace(STAGE, data="both"), "needed is a labelled_batch too"),
    (lambda: dataclasses.replace(STAGE, average=1.0), "stage 01_x: average is 1.0"),
    (lambda: BatchSize(0), "a batch has 0 rows"),
    (lambda: BatchSize(4, tokens=0), "a batch has 0 positions"),
    (lambda: Share(2, 1, 2), "replicas 1 to 2 of 2"),
    (lambda: Share(2, -1, 1), "replicas -1 to -1 of 2"),
    (lambda: Part(2, 2), "part 2 of 2; allowed: parts counted from 0"),
    (lambda: PieceMasking(1.5, 3), "a rate of masking is 1.5; allowed: 0 to 1"),
    (lambda: LanguageBalance(["de"], np.zeros(1), 1.5), "a language exponent is 1.5"),
    (lambda: LanguageBalance(["de"], np.zeros(2), 0.5), "1 languages for 2 rows"),
    (lambda: WeightAverage([], 1.0), "a decay of the weights' mean is 1.0"),
    (lambda: StoreSpec(0, 4, 10), "a store of outputs has width 0"),
    (lambda: StoreSpec(16, 4, 0), "a store of outputs has shard_rows 0"),
])
def test_what_cannot_be_trained_on_is_refused_when_it_is_made(make, told):
    with pytest.raises(UserError, match=told):
        make()
