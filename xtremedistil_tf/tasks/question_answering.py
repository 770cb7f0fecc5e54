"""Extractive question answering: a span of a text answers a question, as in SQuAD."""

from xtremedistil_tf.tasks.base import (
    CardWording,
    Corpus,
    Judging,
    Lazy,
    PageWording,
    TaskKind,
    Transfer,
)

USE = """## Use

```python
import xtremedistil_tf

answerer = xtremedistil_tf.load("PATH/TO/THIS/FOLDER")
answerer(("Where does he work?", "Paul Bergmann works in Berlin."))
# a dict: answer ("" for none), score, start, end, null_odds
```

```
printf 'Where does he work?\\tPaul Bergmann works in Berlin.\\n' \\
  | xtremedistil-predict --model_dir=PATH/TO/THIS/FOLDER
```

The folder is complete in itself: weights, tokenizer and vocabulary. It holds no code."""

SPANS = TaskKind(
    kind="spans",
    measures=("f1", "exact", "best_f1", "best_exact"),
    scores={"f1": "F1", "exact": "exact match", "best_f1": "best F1",
            "best_exact": "best exact match"},
    language_score=("f1", "F1"),
    settings={"do_ner": False},
    flag="--do_squad",
    files={"train": "train-v2.0.json", "dev": "dev-v2.0.json", "test": "test-v2.0.json"},
    may_lack=("test",),  # SQuAD's test split is not published.
    labels_loss="span_cross_entropy",
    pairs=True,
    pooled=False,
    competing=True,
    classes=False,
    windows=True,
    empty_labels=True,
    own_losses={"kld": "position_kld", "pseudo_labels": "position_pseudo_labels"},
    transfer=Transfer(
        files=("transfer.json", "train-v2.0.json"),
        open=Lazy("xtremedistil_tf.data.folders.transfer:open_questions"),
        count=Lazy("xtremedistil_tf.data.folders.transfer:count_questions"),
        pieces=Lazy("xtremedistil_tf.data.folders.task_features:question_pieces"),
        realigned=Lazy("xtremedistil_tf.data.folders.task_features:question_realigned")),
    card=CardWording(
        head="pipeline_tag: question-answering\ntags:\n- question-answering\n",
        intro="An answerer of questions on a given text",
        scored="by SQuAD 2.0's own script; support counts questions",
        cut="was read in overlapping windows, as in use",
        use=USE,
        cut_words="are read in overlapping windows, as in use"),
    predictions="dev.student.predictions.json",  # On dev, because the test split may be missing.
    most_checked=500,  # A question with a long context has several windows of full length.
    server_name="answerer",
    no_text_reason="contexts are cut into windows, and answers out of contexts, outside the graph",
    label_set=Lazy("xtremedistil_tf.data.labels:span_set"),
    read_labels=Lazy("xtremedistil_tf.data.folders.labelled:read_spans"),
    read_rows=Lazy("xtremedistil_tf.data.folders.labelled:read_questions"),
    features=Lazy("xtremedistil_tf.data.folders.task_features:windowed"),
    predict=Lazy("xtremedistil_tf.metrics.squad:predict_answers"),
    score=Lazy("xtremedistil_tf.metrics.squad:score_answers"),
    unlabelled=Lazy("xtremedistil_tf.metrics.squad:without_answer"),
    answered=Lazy("xtremedistil_tf.metrics.squad:with_answer"),
    packed=Lazy("xtremedistil_tf.metrics.answer_spans:pack_answers"),
    unpacked=Lazy("xtremedistil_tf.metrics.answer_spans:unpack_answers"),
    write=Lazy("xtremedistil_tf.metrics.squad:write_answers"),
    write_gold=Lazy("xtremedistil_tf.metrics.squad:write_gold_answers"),
    section=Lazy("xtremedistil_tf.reporting.answer_table:answer_table"),
    showcase=Lazy("xtremedistil_tf.apps.showcase:show_answers"),
    text_model=Lazy("xtremedistil_tf.inference.answerer:make_answerer"),
    ids_signatures=Lazy("xtremedistil_tf.export.savedmodel.class_signatures:span_signatures"),
    corpus=Corpus(
        make=Lazy("xtremedistil_tf.corpora.jobs.kinds:make_questions"),
        describe=Lazy("xtremedistil_tf.corpora.texts.record:describe_texts"),
        check=Lazy("xtremedistil_tf.corpora.jobs.kinds:check_questions"),
        card=Lazy("xtremedistil_tf.corpora.texts.card:write_texts_card")),
    page=PageWording(
        title="Answerer", button="Answer", view="answer",
        pair_inputs=(("question", "A question"), ("context", "The text with the answer"))),
    judging=Judging.of_module("xtremedistil_tf.evaluation.kinds.answers"),
)
