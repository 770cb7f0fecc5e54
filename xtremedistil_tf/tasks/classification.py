"""Classification: each text, or pair of texts, has one class."""

from xtremedistil_tf.tasks.base import CardWording, Corpus, Judging, Lazy, PageWording, TaskKind
from xtremedistil_tf.tasks.tagging import USE as _USE_TAGGER

USE = _USE_TAGGER.replace(
    "tagger", "classifier").replace(
    "# a list of dicts: entity_group, score, word, start, end",
    "# a dict: label, score, scores (by label); cut where the text was longer than the limit")

CLASSIFICATION = TaskKind(
    kind="classification",
    measures=("accuracy", "macro_f1", "f1", "matthews"),
    binary_measures=("f1", "matthews"),
    scores={"macro_f1": "macro-F1", "accuracy": "accuracy", "f1": "F1", "matthews": "Matthews"},
    settings={"do_ner": False},
    by_class=True,
    card=CardWording(
        head="pipeline_tag: text-classification\ntags:\n- text-classification\n",
        intro="A text classifier",
        scored="over texts; support counts texts",
        cut="was not read. In use, too, a text is cut there",
        use=USE),
    label_set=Lazy("xtremedistil_tf.data.labels:class_set"),
    read_labels=Lazy("xtremedistil_tf.data.folders.labelled:read_classes"),
    read_rows=Lazy("xtremedistil_tf.data.folders.labelled:read_labelled_texts"),
    warn=Lazy("xtremedistil_tf.data.folders.labelled:header_warnings"),
    features=Lazy("xtremedistil_tf.data.folders.task_features:aligned"),
    predict=Lazy("xtremedistil_tf.metrics.classification:predict_labels"),
    score=Lazy("xtremedistil_tf.metrics.classification:score_labels"),
    calibrate=Lazy("xtremedistil_tf.metrics.uncertainty.temperature:calibrate_classes"),
    details=Lazy("xtremedistil_tf.metrics.classification:class_details"),
    write=Lazy("xtremedistil_tf.metrics.prediction_files:write_labelled"),
    write_gold=Lazy("xtremedistil_tf.metrics.prediction_files:write_labelled_gold"),
    count_right=Lazy("xtremedistil_tf.metrics.significance:count_texts"),
    section=Lazy("xtremedistil_tf.reporting.class_tables:class_table"),
    showcase=Lazy("xtremedistil_tf.apps.showcase:show_classified"),
    text_model=Lazy("xtremedistil_tf.inference.classifier:make_classifier"),
    text_signatures=Lazy("xtremedistil_tf.export.savedmodel.class_signatures:text_signatures"),
    saved_model=Lazy("xtremedistil_tf.inference.runtimes.savedmodel_classifier:saved_classifier"),
    corpus=Corpus(
        make=Lazy("xtremedistil_tf.corpora.jobs.kinds:make_labelled"),
        describe=Lazy("xtremedistil_tf.corpora.texts.record:describe_texts"),
        check=Lazy("xtremedistil_tf.corpora.jobs.kinds:check_labelled"),
        card=Lazy("xtremedistil_tf.corpora.texts.card:write_texts_card")),
    page=PageWording(title="Classifier", button="Classify", view="classes"),
    judging=Judging.of_module("xtremedistil_tf.evaluation.kinds.classes"),
)
