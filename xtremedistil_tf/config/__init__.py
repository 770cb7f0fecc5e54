"""The settings of a run as frozen dataclasses, with their cross-field checks and JSON form."""

from xtremedistil_tf.config.architectures import (
    ARCHITECTURES,
    EXPORT_FORMATS,
    ONNX_ACTIVATIONS,
    PAIR_ENCODINGS,
    WRITTEN_FORMATS,
    Architecture,
    register_student,
)
from xtremedistil_tf.config.checks import require
from xtremedistil_tf.config.data import (
    DECODINGS,
    ON_BAD_ROW,
    DataConfig,
)
from xtremedistil_tf.config.distillation import (
    CHECKPOINT_RATE,
    EPOCHS,
    EPOCHS_PER,
    FINE_TUNING,
    LABEL_HEADS,
    MATCHING,
    OPTIMIZERS,
    SCHEDULES,
    SIGMOID_LOSS,
    UNFREEZE_ORDERS,
    BatchSize,
    DistilConfig,
)
from xtremedistil_tf.config.glue import GLUE, GlueTask
from xtremedistil_tf.config.models import (
    ACTIVATIONS,
    LOGITS_FROM,
    OUTPUTS_ENDINGS,
    PROJECTION,
    TEACHER_TAG_SCHEMES,
    UNFREEZE,
    VOCABULARIES,
    WORD_EMBEDDINGS,
    StudentConfig,
    TeacherConfig,
)
from xtremedistil_tf.config.pretraining import START_EMBEDDINGS, STARTS, PretrainingConfig
from xtremedistil_tf.config.run import (
    POLICIES,
    Resources,
    RunConfig,
    differences,
    with_defaults,
)
from xtremedistil_tf.config.squad import SQUAD_SEQ_LEN, SquadConfig

__all__ = [
    "require", "DECODINGS", "ON_BAD_ROW", "SQUAD_SEQ_LEN", "SquadConfig", "DataConfig", "GLUE",
    "GlueTask", "CHECKPOINT_RATE", "EPOCHS", "EPOCHS_PER", "FINE_TUNING", "LABEL_HEADS", "MATCHING",
    "OPTIMIZERS", "SCHEDULES", "SIGMOID_LOSS", "UNFREEZE_ORDERS",
    "BatchSize", "DistilConfig", "ACTIVATIONS", "ARCHITECTURES", "EXPORT_FORMATS",
    "WRITTEN_FORMATS", "ONNX_ACTIVATIONS", "PAIR_ENCODINGS", "Architecture", "register_student",
    "LOGITS_FROM", "OUTPUTS_ENDINGS", "PROJECTION", "TEACHER_TAG_SCHEMES", "UNFREEZE",
    "VOCABULARIES", "WORD_EMBEDDINGS", "StudentConfig", "TeacherConfig", "START_EMBEDDINGS",
    "STARTS", "PretrainingConfig", "POLICIES", "Resources", "RunConfig", "differences",
    "with_defaults",
]
