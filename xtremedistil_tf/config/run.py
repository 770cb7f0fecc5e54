"""All settings of a run, and its resources."""

import dataclasses
import json
from typing import Any, Dict, List, Optional, Tuple

from xtremedistil_tf.config.architectures import EXPORT_FORMATS, PAIR_ENCODINGS
from xtremedistil_tf.config.checks import at_least, check_seed, derived, one_of, require
from xtremedistil_tf.config.data import DataConfig
from xtremedistil_tf.config.distillation import (
    CHECKPOINT_RATE,
    FINE_TUNING,
    RATE,
    SIGMOID_LOSS,
    SOFT_LOSSES,
    UNFREEZE_ORDERS,
    DistilConfig,
)
from xtremedistil_tf.config.models import POLICIES, StudentConfig, TeacherConfig
from xtremedistil_tf.tasks import task_kind


@dataclasses.dataclass(frozen=True)
class RunConfig:
    """All settings that decide a run's result.

    Settings that depend on another part (`pair_encoding`, `unfreeze_order`, `learning_rate`) get
    their values here if they were not given.

    Attributes:
      data, teacher, student, distil: the parts.
      seed: the run's seed; all other seeds are derived from it.
      deterministic: True if TensorFlow's operations must be reproducible bit by bit.
      opt_policy: Keras' mixed precision policy, one of POLICIES, or None for float32.
    """

    data: DataConfig
    teacher: TeacherConfig = TeacherConfig()
    student: StudentConfig = StudentConfig()
    distil: DistilConfig = DistilConfig()
    seed: int = 42
    deterministic: bool = False
    opt_policy: Optional[str] = None

    def __post_init__(self):
        self._derive()
        if self.opt_policy is not None:
            one_of("opt_policy", self.opt_policy, POLICIES)
        require(self.student.kind.matches_layers or not self.distil.multi_hidden_states,
                "--distil_multi_hidden_states and --distil_attention need layers to match; "
                f"--student is {self.student.student}, allowed: transformer")
        kind = task_kind(self.data.kind)
        self._check_logits_loss()
        require(kind.classes or not self.distil.label_smoothing,
                f"--label_smoothing is {self.distil.label_smoothing}, which needs classes; allowed "
                f"for {self.data.kind}: 0")
        require(not kind.pooled or bool(self.student.kind.poolings),
                f"--student is {self.student.student}, which has no pooling: nothing of it stands "
                f"for a whole text; the task is {self.data.kind}")
        require(kind.classes or kind.windows or not self.teacher.outputs,
                f"--teacher_outputs teach tags, classes and answers; the task is {kind.kind}")
        require(not (self.teacher.outputs and (self.data.entity_swaps or self.data.word_swaps)),
                "--entity_swaps and --word_swaps make new sentences, of which --teacher_outputs "
                "say nothing; allowed with a teacher that can be asked")
        require(kind.pooled or not self.data.pairs
                or self.student.pair_encoding == PAIR_ENCODINGS[0],
                f"--pair_encoding={self.student.pair_encoding} makes one vector of two texts; "
                f"{kind.kind} has outputs for each token; allowed: {PAIR_ENCODINGS[0]}")
        if self.data.squad is not None:
            self.data.squad.check(self.data.seq_len)
        require(self.data.pairs or self.student.pair_encoding == PAIR_ENCODINGS[0],
                f"--pair_encoding={self.student.pair_encoding} is for rows of two texts, which "
                "--do_pairwise reads; the task's rows have one")
        check_seed(self.seed)

    def _check_logits_loss(self) -> None:
        """Refuses losses of softmaxes for several labels a text, and the reverse."""
        allowed, chosen = task_kind(self.data.kind).logits_losses, self.distil.logits_loss
        if allowed is None:
            require(chosen != SIGMOID_LOSS, f"--logits_loss is {SIGMOID_LOSS!r}, which is for "
                    "several labels a text (--do_multilabel)")
        else:
            require(chosen in allowed or chosen not in SOFT_LOSSES, f"--logits_loss is {chosen!r}; "
                    f"allowed for {self.data.kind}: {', '.join(allowed)}")

    def _derive(self) -> None:
        """Sets the values that depend on several parts."""
        tuned = self.distil.strategy == FINE_TUNING
        start = self.student.starts_from_checkpoint
        distil = derived(self.distil, learning_rate=CHECKPOINT_RATE if start or tuned else RATE,
                         unfreeze_order="all" if start and tuned else UNFREEZE_ORDERS[0])
        apart = self.data.pairs and task_kind(self.data.kind).pooled
        student = derived(self.student, pair_encoding=self.student.reads_pairs if apart
                          else PAIR_ENCODINGS[0])
        object.__setattr__(self, "distil", distil)
        object.__setattr__(self, "student", student)

    @property
    def teacher_policy(self) -> Optional[str]:
        """The teacher's precision policy; None for float32."""
        return self.teacher.opt_policy or self.opt_policy

    @property
    def matched_layers(self) -> int:
        """Maximum number of top layers to match with the teacher's."""
        return self.student.num_hidden_layers if self.distil.multi_hidden_states else 0

    def to_dict(self) -> Dict[str, Any]:
        """The settings as nested JSON values."""
        return json.loads(json.dumps(dataclasses.asdict(self)))


@dataclasses.dataclass(frozen=True)
class Resources:
    """Resources of a run; they decide its cost, not its result.

    Attributes:
      keep_representation: True to keep stored representations after the last stage that reads them.
      target_workers: number of processes that run the teacher over the transfer set.
      target_shard: (i, n) to write only the i-th of n parts of the targets, 1 <= i <= n; None for
        the whole job.
      targets_dir: folder of targets that runs share; None for the run's own.
      export: True if the run ends with exports of the student.
      baseline: True to train the student a second time, on labels alone, and to report what
        distillation was worth.
      compare_paper: True to put the paper's figures beside the run's, whatever its data. Without
        it they stand beside WikiAnn's only.
      forms: export formats to write, some of EXPORT_FORMATS; None for savedmodel and onnx, as far
        as the student supports them and their libraries are installed.
    """

    keep_representation: bool = True
    target_workers: int = 1
    target_shard: Optional[Tuple[int, int]] = None
    targets_dir: Optional[str] = None
    export: bool = True
    forms: Optional[Tuple[str, ...]] = None
    baseline: bool = False
    compare_paper: bool = False

    def __post_init__(self):
        require(self.export or self.forms is None,
                "--forms and --noexport contradict each other; give one of them")
        require(self.forms is None or bool(self.forms),
                f"--forms is empty; allowed: {', '.join(EXPORT_FORMATS)}")
        for form in self.forms or ():
            one_of("forms", form, EXPORT_FORMATS)
        require(self.keep_representation or self.targets_dir is None,
                "--nokeep_representation would remove what other runs share in --targets_dir; "
                "give one of them")
        at_least("target_workers", self.target_workers, 1)
        if self.target_shard is not None:
            part, parts = self.target_shard
            require(1 <= part <= parts,
                    f"--target_shard is {part}/{parts}; allowed: i/n with 1 <= i <= n")


def with_defaults(settings: Dict[str, Any]) -> Dict[str, Any]:
    """Fills in what an earlier version did not have: a new setting's default changes nothing.

    Args:
      settings: settings of a run as nested JSON values, or some of their parts.

    Returns:
      The settings; each part has all fields of its class that have a default. A field without a
      value has it, too: versions before wrote null for none where 0 stands now.
    """
    parts = {"data": DataConfig, "teacher": TeacherConfig, "student": StudentConfig,
             "distil": DistilConfig}
    filled = {
        name: {**{field.name: field.default for field in dataclasses.fields(kind)
                  if field.default is not dataclasses.MISSING},
               **{field: value for field, value in settings[name].items() if value is not None}}
        for name, kind in parts.items() if isinstance(settings.get(name), dict)}
    return json.loads(json.dumps({**settings, **filled}))


def differences(
    before: Dict[str, Any], now: Dict[str, Any], *, prefix: str = ""
) -> Tuple[str, ...]:
    """Lists the differences between two nested dicts, as "name: old -> new".

    Args:
      before, now: the dicts.
      prefix: stands before the names, such as "student." for the fields of a part.

    Example:
      >>> differences({"student": {"pooling": "max"}}, {"student": {"pooling": "last"}})
      ("student.pooling: 'max' -> 'last'",)
    """
    found: List[str] = []
    for key in sorted(set(before) | set(now)):
        old, new = before.get(key), now.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            found.extend(differences(old, new, prefix=f"{prefix}{key}."))
        elif old != new:
            found.append(f"{prefix}{key}: {old!r} -> {new!r}")
    return tuple(found)
