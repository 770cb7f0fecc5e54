"""Regression: each text, or pair of texts, has a number."""

from xtremedistil_tf.tasks.base import CardWording, Judging, Lazy, PageWording, TaskKind
from xtremedistil_tf.tasks.classification import CLASSIFICATION
from xtremedistil_tf.tasks.classification import USE as _USE_CLASSIFIER

USE = _USE_CLASSIFIER.replace("classifier", "model").replace(
    "# a dict: label, score, scores (by label); cut", "# a dict: score, the number; cut")

REGRESSION = TaskKind(
    kind="regression",
    measures=("pearson", "spearman"),
    scores={"pearson": "Pearson", "spearman": "Spearman"},
    settings={"do_ner": False, "do_regression": True},
    flag="--do_regression",
    labels_loss="squared_error",
    classes=False,
    logits_losses=("mse",),
    card=CardWording(
        head="pipeline_tag: text-classification\ntags:\n- text-regression\n",
        intro="A regression of texts",
        scored="over texts; support counts texts",
        cut="was not read. In use, too, a text is cut there",
        use=USE),
    label_set=Lazy("xtremedistil_tf.data.labels:number_set"),
    read_labels=Lazy("xtremedistil_tf.data.folders.labelled:read_numbers"),
    read_rows=Lazy("xtremedistil_tf.data.folders.labelled:read_labelled_texts"),
    features=Lazy("xtremedistil_tf.data.folders.task_features:aligned"),
    predict=Lazy("xtremedistil_tf.metrics.regression:predict_numbers"),
    score=Lazy("xtremedistil_tf.metrics.regression:score_numbers"),
    write=Lazy("xtremedistil_tf.metrics.prediction_files:write_labelled"),
    write_gold=Lazy("xtremedistil_tf.metrics.prediction_files:write_labelled_gold"),
    showcase=Lazy("xtremedistil_tf.apps.showcase:show_numbered"),
    text_model=Lazy("xtremedistil_tf.inference.classifier:make_classifier"),
    text_signatures=Lazy("xtremedistil_tf.export.savedmodel.class_signatures:text_signatures"),
    saved_model=Lazy("xtremedistil_tf.inference.runtimes.savedmodel_classifier:saved_classifier"),
    corpus=CLASSIFICATION.corpus,
    page=PageWording(title="Regression", button="Estimate", view="number"),
    judging=Judging.of_module("xtremedistil_tf.evaluation.kinds.numbers", units=False),
)
