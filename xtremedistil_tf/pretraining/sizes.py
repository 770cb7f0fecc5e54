"""The sizes of a task-agnostic student and the layers that it starts from, before any is loaded."""

import dataclasses
from typing import Any, Tuple

from xtremedistil_tf.config import START_EMBEDDINGS, PretrainingConfig, StudentConfig, require
from xtremedistil_tf.models.layers.embeddings import check_embedding_width
from xtremedistil_tf.models.pretrained_encoders import embedding_width, most_positions
from xtremedistil_tf.models.student_from_checkpoint import architecture_of

TEACHER_FLAG = "--pt_teacher"


@dataclasses.dataclass(frozen=True)
class Sizes:
    """The sizes of a student, and the parts of its teacher that it learns from.

    Attributes:
      student: its settings: layers, widths, heads, and those of the teacher's layers.
      layers: for each of its layers the teacher's, from 0; empty for a student from scratch.
      relation_layer: the teacher's layer that teaches, from 1.
      relation_heads: number of relation heads.
    """

    student: StudentConfig
    layers: Tuple[int, ...]
    relation_layer: int
    relation_heads: int

    @property
    def origin(self) -> str:
        """The start of its layers, in words."""
        if not self.layers:
            return "random weights"
        return "the teacher's layers " + ", ".join(str(layer + 1) for layer in self.layers)


def _layers(config: PretrainingConfig, there: int) -> Tuple[int, ...]:
    """Returns the teacher's layers that the student starts from, from 0."""
    count = config.num_hidden_layers or len(config.teacher_layers or ()) or max(1, there // 2)
    require(config.start == "scratch" or count <= there,
            f"--num_hidden_layers is {count}, but the teacher has {there} layers; allowed: 1 to "
            f"{there}, or --start=scratch")
    chosen = config.teacher_layers or tuple(
        round((number + 1) * there / count) for number in range(count))
    require(config.start == "scratch" or all(1 <= layer <= there for layer in chosen),
            f"--teacher_layers is {','.join(map(str, chosen))}; the teacher has the layers 1 to "
            f"{there}")
    return tuple(layer - 1 for layer in chosen)


def _relation_heads(config: PretrainingConfig, widths: Tuple[int, int], most: int) -> int:
    """Returns the number of relation heads, by default at most `most`; it divides both widths."""
    def fits(heads: int) -> bool:
        return not any(width % heads for width in widths)

    if config.relation_heads is None:
        return max(filter(fits, range(1, most + 1)))
    allowed = [str(heads) for heads in range(1, min(widths) + 1) if fits(heads)]
    require(fits(config.relation_heads),
            f"--relation_heads is {config.relation_heads}; the teacher is {widths[0]} wide, the "
            f"student {widths[1]}; allowed: {', '.join(allowed)}")
    return config.relation_heads


def sizes_of(config: PretrainingConfig, found: Any) -> Sizes:
    """Returns the student's sizes.

    Args:
      config: the settings.
      found: the teacher's transformers configuration.

    Raises:
      UserError: for layers that the teacher does not have, for heads that do not divide a width, or
        if the student cannot have the teacher's layers.
    """
    there, width = int(found.num_hidden_layers), int(found.hidden_size)
    layers = _layers(config, there)
    most = most_positions(found)
    require(most is None or config.seq_len <= most,
            f"--seq_len is {config.seq_len}, but the teacher has {most} positions")
    if config.start == "teacher":
        student = StudentConfig(
            student="transformer", word_emb_dim=embedding_width(found), hidden_size=width,
            num_hidden_layers=len(layers), num_attention_heads=found.num_attention_heads,
            dropout_rate=config.dropout_rate,
            architecture=architecture_of(found, config.checkpoint, f"{TEACHER_FLAG}_checkpoint"))
    else:
        own = config.hidden_size or width
        student = StudentConfig(
            student="transformer", word_emb_dim=config.word_emb_dim or own, hidden_size=own,
            num_hidden_layers=len(layers),
            num_attention_heads=config.num_attention_heads or found.num_attention_heads,
            word_embedding=config.word_embedding or START_EMBEDDINGS[0],
            dropout_rate=config.dropout_rate)
        check_embedding_width(student.word_emb_dim, embedding_width(found),
                              student.word_embedding)
        layers = ()
    layer = config.relation_layer or there
    require(layer <= there, f"--relation_layer is {layer}; the teacher has the layers 1 to {there}")
    heads = _relation_heads(config, (width, student.hidden_size), int(found.num_attention_heads))
    return Sizes(student, layers, layer, heads)
