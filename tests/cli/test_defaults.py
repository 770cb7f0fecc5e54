"""The command line and the Python configuration have the same defaults, flag by flag."""

import dataclasses

import pytest
from absl import flags

from xtremedistil_tf import config as cfg
from xtremedistil_tf.cli.options.flags_to_config import finetune_config, resources, run_config
from xtremedistil_tf.cli.options.option import define, given
from xtremedistil_tf.cli.options.run_flags import DISTILLATION, FINE_TUNING
from xtremedistil_tf.errors import UserError

# Settings that no flag of a distillation makes: read off a checkpoint, or --do_squad's own.
NO_FLAG = {("data", "squad"), ("student", "architecture")}
PARTS = {"data": cfg.DataConfig, "teacher": cfg.TeacherConfig, "student": cfg.StudentConfig,
         "distil": cfg.DistilConfig, "run": cfg.RunConfig, "resources": cfg.Resources}
# Those of --do_squad mean nothing without it; they have a test of their own.
OPTIONS = {option.name: option for option in DISTILLATION
           if option.sets and not option.sets[0].startswith("squad.")}


def by_flags(*arguments):
    """The settings and resources of a command line."""
    values = flags.FlagValues()
    define(DISTILLATION, values=values)
    values(["command", "--task=t", "--model_dir=m", *arguments])
    found = given(values, DISTILLATION)
    return run_config(found), resources(found)


def in_python(**settings):
    """The same from settings by part and field."""
    made = {name: kind(**({"task": "t"} if name == "data" else {}), **settings.get(name, {}))
            for name, kind in PARTS.items() if name != "run"}
    may_use = made.pop("resources")
    return cfg.RunConfig(**made, **settings.get("run", {})), may_use


def outcome(make, *arguments, **settings):
    """What is made, or what is told."""
    try:
        return make(*arguments, **settings)
    except UserError as error:
        return str(error)


def another(option):
    """A value that is not the default, as a flag and as a setting."""
    if option.name == "stage_epochs":
        return "representation=3", (("representation", 3),)
    if option.name == "target_shard":
        return "1/4", (1, 4)
    if option.name == "teacher_weights":
        return "2", (2.0,)
    choices = option.names() if option.names else option.choices
    if choices is not None:
        value = next(choice for choice in reversed(choices) if choice != option.default)
        return value, value
    if option.kind == "boolean":
        return str(not option.default).lower(), not option.default
    if option.kind == "integer":
        value = (option.default or 6) + 3
        return str(value), value
    if option.kind == "float":
        value = 0.5 if option.default != 0.5 else 0.25
        return str(value), value
    return ("de,fr", ("de", "fr")) if option.kind == "list" else ("some", "some")


def test_no_flag_is_no_setting():
    assert by_flags() == in_python()


def test_a_fine_tuning_too():
    config = finetune_config({"task": "t", "pt_student_checkpoint": "c"})
    assert config == cfg.RunConfig(
        cfg.DataConfig("t"), student=cfg.StudentConfig(pt_student_checkpoint="c"),
        distil=cfg.DistilConfig(strategy=cfg.FINE_TUNING))
    assert (config.distil.unfreeze_order, config.distil.learning_rate) == ("all", 1e-4)


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_help_names_the_default_that_holds(name):
    option = OPTIONS[name]
    config, may_use = in_python()
    part, field = option.sets[0].split(".")
    holder = {"run": config, "resources": may_use}.get(part) or getattr(config, part)
    value = getattr(holder, field)
    if option.derived or option.required:
        assert option.default is None
    else:
        assert option.default == (list(value) if isinstance(value, tuple) else value)


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_a_flag_is_its_settings(name):
    text, value = another(OPTIONS[name])
    settings = {}
    for place in OPTIONS[name].sets:
        part, field = place.split(".")
        settings.setdefault(part, {})[field] = value
    if name == "task":
        return
    made = outcome(in_python, **settings)
    assert outcome(by_flags, f"--{name}={text}") == made != in_python()


def test_every_setting_has_its_flag():
    made = {tuple(place.split(".")) for option in OPTIONS.values() for place in option.sets}
    fields = {(part, field.name) for part, kind in PARTS.items()
              for field in dataclasses.fields(kind)} - {("run", part) for part in PARTS}
    assert fields - made == NO_FLAG and made <= fields
    squad = {("squad", field.name) for field in dataclasses.fields(cfg.SquadConfig)}
    for options in (DISTILLATION, FINE_TUNING):
        assert squad <= {tuple(place.split(".")) for option in options for place in option.sets}


def test_questions_have_flags_of_their_own():
    config, _ = by_flags("--do_squad", "--doc_stride=100", "--max_answer_length=9")
    assert config.data.squad == cfg.SquadConfig(doc_stride=100, max_answer_length=9)
    assert config.data.seq_len == cfg.SQUAD_SEQ_LEN and config.data.kind == "spans"
    assert by_flags("--do_squad", "--seq_len=256")[0].data.seq_len == 256
    assert "--doc_stride is given without --do_squad" in outcome(by_flags, "--doc_stride=100")


def test_what_follows_from_other_settings():
    student = cfg.StudentConfig
    assert student().word_emb_dim == 300 and student(hidden_size=96).word_emb_dim == 96
    assert student(pt_student_checkpoint="c").student == "transformer"
    assert student(word_emb_file="v").word_embedding == "file"
    assert cfg.DistilConfig(attention=True).multi_hidden_states
    pairs = cfg.RunConfig(cfg.DataConfig("t", do_pairwise=True))
    assert pairs.student.pair_encoding == "siamese"
    learnt = cfg.RunConfig(cfg.DataConfig("t"), student=student(pt_student_checkpoint="c"))
    assert (learnt.distil.learning_rate, learnt.distil.unfreeze_order) == (1e-4, "top_down")
    # Read off the checkpoint, the sizes change nothing of it.
    sized = dataclasses.replace(learnt, student=dataclasses.replace(
        learnt.student, architecture={"hidden_act": "gelu"}))
    assert sized.distil == learnt.distil
