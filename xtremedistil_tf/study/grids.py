"""The studies of the paper as data: the runs, and the paper's result for each."""

import dataclasses
import itertools
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.reporting import paper


@dataclasses.dataclass(frozen=True)
class Facts:
    """Facts on data and teacher that a grid may depend on.

    Attributes:
      languages: languages of the training rows, sorted.
      transfer_rows: number of sentences in the transfer file.
      encoder: returns the teacher's layers and the width of its word embedding; it fine-tunes the
        teacher of the flags of all runs if it is missing.
      sizes: requested transfer sizes; empty for an eighth, a third and all.
      classes: number of classes of texts; 0 for taggers.
    """

    languages: Tuple[str, ...]
    transfer_rows: int
    encoder: Callable[[], Tuple[int, int]]
    sizes: Tuple[int, ...] = ()
    classes: int = 0

    @property
    def layers(self) -> int:
        """The teacher's layers."""
        return self.encoder()[0]

    @property
    def width(self) -> int:
        """The width of its word embedding."""
        return self.encoder()[1]

    def transfer_sizes(self) -> Tuple[int, ...]:
        """The requested sizes, or an eighth, a third and all of the transfer set."""
        return self.sizes or tuple(sorted({max(1, self.transfer_rows // n) for n in (8, 3, 1)}))


@dataclasses.dataclass(frozen=True)
class Variant:
    """One line of a study's table.

    Attributes:
      name: name of the line and of its folder.
      flags: changed flags, by name.
      reported: the paper's score for it, or for the most similar line.
      latency: the paper's latency, relative to one of the lines.
      by_language: True to train one student for each language instead of one for all.
    """

    name: str
    flags: Mapping[str, Any]
    reported: Optional[paper.Score] = None
    by_language: bool = False
    latency: Optional[float] = None


@dataclasses.dataclass(frozen=True)
class Study:
    """A study of the paper.

    Attributes:
      table: the reproduced table or figure.
      axis: name of the setting that varies.
      variants: function that builds its lines.
      form: presentation of the result: "variants", "curve", "stages", "languages" or "latency".
      teachers_alone: True to fine-tune an additional teacher on each language alone.
      orderings: pairs of lines; in the paper the second is better.
      baseline: the line for comparison with all others; empty for none.
      of_texts: True if it is about whole texts, False if about taggers, None for both.
      shown: what a plot shows in place of the axis and of names of lines, where they differ.
    """

    table: str
    axis: str
    variants: Callable[[Facts], List[Variant]]
    form: str = "variants"
    teachers_alone: bool = False
    orderings: Tuple[Tuple[str, str], ...] = ()
    baseline: str = ""
    of_texts: Optional[bool] = False
    shown: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def pairs(self, names: Sequence[str]) -> List[Tuple[str, str]]:
        """Pairs of lines to compare; the baseline, or the paper's worse line, comes first."""
        pairs = [*self.orderings, *((self.baseline, name) for name in names)]
        return [(first, second) for first, second in pairs
                if first in names and second in names and first != second]


def _default(facts: Facts) -> List[Variant]:
    return [Variant("D4.2", {}, paper.XTREMEDISTIL)]


def _strategies(facts: Facts) -> List[Variant]:
    return [Variant(name, {"strategy": name}, scores[0], by_language=name == "D0")
            for name, scores in paper.TABLE_3.items()]


def _low_resource(facts: Facts) -> List[Variant]:
    return [Variant(str(size), {"labels_per_language": 100, "transfer_size": size})
            for size in facts.transfer_sizes()]


def _embeddings(facts: Facts) -> List[Variant]:
    def variant(name: str, **flags: Any) -> Variant:
        return Variant(name, flags, paper.TABLE_7.get(name))

    return [
        variant("svd", word_embedding="svd"),
        variant("full", word_embedding="full", word_emb_dim=facts.width),
        variant("svd_pretrained", word_embedding="svd_pretrained"),
        variant("pca", word_embedding="pca"),
        variant("ppa_14", word_embedding="ppa", ppa_components=14),
        variant("ppa_17", word_embedding="ppa", ppa_components=17),
        variant("random", word_embedding="random"),
    ]


def _teacher_layer(facts: Facts) -> List[Variant]:
    if facts.layers >= 12:
        return [Variant(str(layer), {"teacher_layer": layer}, score)
                for layer, score in paper.TABLE_8.items()]
    return [Variant(str(layer), {"teacher_layer": layer}) for layer in range(1, facts.layers + 1)]


def _size(facts: Facts) -> List[Variant]:
    return [
        Variant(f"{row.embedding}_{row.hidden}",
                {"word_emb_dim": row.embedding, "bilstm_hidden_size": row.hidden}, row.score)
        for row in paper.TABLE_16 if row.embedding <= facts.width
    ]


# The paper does not state the number of heads; this one divides all its widths.
_HEADS = 12


def _architecture(facts: Facts) -> List[Variant]:
    """Pairs of BiLSTM and Transformer with equal latency; not distilled, as in the paper."""
    variants = []
    for row in paper.TABLE_15:
        pair: Sequence[Tuple[str, Any, Dict[str, Any]]] = (
            (f"bilstm_{row.embedding}_{row.hidden}", row.bilstm,
             {"student": "bilstm", "word_emb_dim": row.embedding,
              "bilstm_hidden_size": row.hidden}),
            (f"transformer_{row.width}_{row.layers}", row.transformer,
             {"student": "transformer", "word_emb_dim": row.width, "hidden_size": row.width,
              "num_hidden_layers": row.layers, "num_attention_heads": _HEADS}))
        variants += [
            Variant(name, {"strategy": "D0-S", **flags}, paper.Score(found.f1, float("nan")),
                    latency=found.latency)
            for name, found, flags in pair if flags["word_emb_dim"] <= facts.width]
    return variants


def _dropout(facts: Facts) -> List[Variant]:
    return [Variant(f"{rate:g}", {"dropout_rate": rate}, paper.Score(f1, float("nan")))
            for rate, f1 in paper.TABLE_13.items()]


def _batch_size(facts: Facts) -> List[Variant]:
    return [Variant(str(size), {"distil_batch_size": size}, paper.Score(f1, float("nan")))
            for size, f1 in paper.TABLE_14.items()]


def _deviations(facts: Facts) -> List[Variant]:
    """Choices of paper, its code and this package; see docs/explanation/deviations.md."""
    return [
        Variant("D4.2", {}),
        Variant("representation_kld", {"representation_loss": "kld"}),
        Variant("representation_kld_student_first", {"representation_loss": "kld_student_first"}),
        Variant("representation_kld_raw", {"representation_loss": "kld_raw"}),
        Variant("unfreeze_representation", {"unfreeze_representation": True}),
        Variant("own_label_head", {"label_head": "own"}),
        Variant("logits_from_encoder", {"logits_from": "encoder"}),
        Variant("linear_projection", {"dense_act_func": "linear"}),
        Variant("pca", {"word_embedding": "pca"}),
        Variant("recurrent_dropout_0.2", {"recurrent_dropout": 0.2}),
        Variant("input_dropout_0.2", {"input_dropout": 0.2}),
        Variant("restarts", {"lr_schedule": "restarts"}),
        Variant("adam", {"optimizer": "adam"}),
    ]


def _beyond(facts: Facts) -> List[Variant]:
    return [
        Variant("D4.2", {}),
        Variant("pseudo_labels", {"logits_loss": "pseudo_labels"}),
        *(Variant(f"kld_{heat}", {"logits_loss": "kld", "temperature": heat})
          for heat in (1, 2, 4)),
        Variant("bottom_up", {"unfreeze_order": "bottom_up"}),
        Variant("all_at_once", {"unfreeze_order": "all"}),
        *(Variant(f"entity_swaps_{count}", {"entity_swaps": count}) for count in (1, 3)),
        Variant("label_smoothing", {"label_smoothing": 0.1}),
        Variant("weight_average", {"weight_average": 0.99}),
        Variant("language_balance", {"language_exponent": 0.5}),
        Variant("batch_32", {"distil_batch_size": 32, "student_ft_batch_size": 32}),
        Variant("rate_0.004", {"learning_rate": 0.004}),
        Variant("epochs_per_step", {"epochs_per": "step"}),
    ]


def _transfer_size(facts: Facts) -> List[Variant]:
    return [Variant(str(size), {"transfer_size": size}) for size in facts.transfer_sizes()]


def _with_and_without(facts: Facts) -> List[Variant]:
    return [Variant("alone", {"strategy": "D0-S"}), Variant("distilled", {})]


def _few_labels(facts: Facts) -> List[Variant]:
    """With and without distillation for 100 and 500 labels a class."""
    variants = []
    for labels in (100, 500):
        rows = {"labels_per_language": labels * max(1, facts.classes)}
        variants += [Variant(f"alone_{labels}", {"strategy": "D0-S", **rows}),
                     Variant(f"distilled_{labels}", rows)]
    return variants


def _distilled(facts: Facts) -> List[Variant]:
    """Table 11's own line; its others are figures of other papers."""
    return [Variant("distilled", {}, paper.Score(paper.TABLE_11["BERT base"], float("nan")))]


def _what_is_taught(facts: Facts) -> List[Variant]:
    return [Variant("logits", {"stage_epochs": "representation=0"}),
            Variant("representation", {"stage_epochs": "logits_=0"}),
            Variant("both", {})]


STUDIES: Dict[str, Study] = {
    "table9": Study("Table 9", "student", _with_and_without, baseline="alone", of_texts=None),
    "table10": Study("Table 10, few labels a class", "student_labels", _few_labels, orderings=(
        ("alone_100", "distilled_100"), ("alone_500", "distilled_500")), of_texts=True),
    "table11": Study("Table 11, SST-2", "student", _distilled, of_texts=True),
    "taught": Study("Beyond the paper", "learnt from the teacher", _what_is_taught,
                    baseline="both", of_texts=None),
    "strategies": Study("Table 3", "strategy", _strategies, orderings=(
        ("D0-S", "D1"), ("D2", "D1"), ("D3.1", "D4.1"), ("D3.1", "D3.2"),
        ("D4.1", "D4.2"), ("D3.2", "D4.2"))),
    "stages": Study("Table 4", "step", _default, form="stages"),
    "low_resource": Study("Table 6, 100 labels a language", "transfer sentences", _low_resource,
                          form="curve"),
    "embeddings": Study("Table 7", "word embedding", _embeddings, baseline="svd"),
    "teacher_layer": Study("Table 8", "teacher layer", _teacher_layer),
    "single": Study("Tables 5 and 17, Figure 2", "language", _default, form="languages",
                    teachers_alone=True),
    "dropout": Study("Table 13", "dropout", _dropout),
    "batch_size": Study("Table 14", "batch size", _batch_size),
    "size": Study("Table 16", "E_H", _size),
    "architecture": Study("Table 15, Figure 3", "student", _architecture, form="latency"),
    "deviations": Study("Deviations", "choice", _deviations, baseline="D4.2"),
    "beyond": Study("Beyond the paper", "change", _beyond, baseline="D4.2"),
    "transfer_size": Study(
        "Table 3, transfer sizes", "transfer sentences", _transfer_size, form="curve"),
}


def preset_study(presets: Mapping[str, Mapping[str, Any]]) -> Study:
    """A study of flagfiles: one line without any, and one a preset.

    Args:
      presets: the flags of each, by its name.

    Example:
      >>> study = preset_study({"small_batches": {"distil_batch_size": 32}})
      >>> study.baseline, study.axis
      ('none', 'preset')
    """
    lines = [Variant("none", {}), *(Variant(name, flags) for name, flags in presets.items())]
    return Study("Presets", "preset", lambda facts: lines, baseline="none", of_texts=None)


def grid_study(items: Sequence[str]) -> Study:
    """A study of any flags, from items "flag=value,value"; each is a dimension of the grid.

    All cells are compared with the cell of the first values.

    Raises:
      UserError: for a malformed item.
    """
    sides = []
    for item in items:
        name, _, values = item.partition("=")
        if not name or not values or not all(values.split(",")):
            raise UserError(f"--grid has {item!r}; allowed: flag=value,value,...")
        sides.append([(name.lstrip("-"), value) for value in values.split(",")])

    cells = [dict(cell) for cell in itertools.product(*sides)]
    names = ["_".join(cell.values()) for cell in cells]
    # Two cells can have one name, as a_b, c and a, b_c have: these have the names of their runs.
    names = [",".join(map("=".join, cell.items())) if any(
        cell != other for same, other in zip(names, cells) if same == name) else name
        for name, cell in zip(names, cells)]
    axis = "_".join(cells[0])
    # A comma stands in no value, so a plot shows what belongs together.
    shown = {axis: ", ".join(cells[0]),
             **{name: ", ".join(cell.values()) for name, cell in zip(names, cells)}}
    return Study("a grid", axis, lambda facts: list(map(Variant, names, cells)),
                 baseline=names[0], of_texts=None, shown=shown)
