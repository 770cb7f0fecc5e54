"""Classification with several labels: each text, or pair of texts, has any number of labels."""

import dataclasses

from xtremedistil_tf.tasks.base import CardWording, Judging, Lazy, TaskKind
from xtremedistil_tf.tasks.classification import CLASSIFICATION, USE

MULTILABEL = dataclasses.replace(
    CLASSIFICATION,
    kind="multilabel",
    measures=("micro_f1", "macro_f1", "exact"),
    binary_measures=(),
    scores={"micro_f1": "micro-F1", "macro_f1": "macro-F1", "exact": "exact sets"},
    settings={"do_ner": False, "do_multilabel": True},
    flag="--do_multilabel",
    labels_loss="binary_cross_entropy",
    logits_losses=("mse", "bce"),
    activation="sigmoid",
    several=True,
    empty_labels=True,
    class_word="label",
    card=CardWording(
        head="pipeline_tag: text-classification\ntags:\n- text-classification\n- multi-label\n",
        intro="A text classifier with several labels",
        scored="over texts; support counts texts",
        cut="was not read. In use, too, a text is cut there",
        use=USE.replace("# a dict: label, score, scores (by label)",
                        "# a dict: labels, scores (by label)")),
    label_set=Lazy("xtremedistil_tf.data.several_labels:several_set"),
    read_labels=Lazy("xtremedistil_tf.data.folders.labelled:read_several_classes"),
    read_rows=Lazy("xtremedistil_tf.data.folders.labelled:read_texts_of_several"),
    warn=TaskKind.warn,
    predict=Lazy("xtremedistil_tf.metrics.several.scores:predict_several"),
    score=Lazy("xtremedistil_tf.metrics.several.scores:score_several"),
    details=Lazy("xtremedistil_tf.metrics.several.scores:several_details"),
    calibrate=Lazy("xtremedistil_tf.metrics.uncertainty.temperature:calibrate_several"),
    count_right=Lazy("xtremedistil_tf.metrics.several.scores:count_labels"),
    judging=Judging.of_module("xtremedistil_tf.evaluation.kinds.several", units=False),
)
