"""Tagging: each word has a tag, as in named-entity recognition or for parts of speech."""

import dataclasses

from xtremedistil_tf.tasks.base import CardWording, Corpus, Judging, Lazy, PageWording, TaskKind

USE = """## Use

```python
import xtremedistil_tf

tagger = xtremedistil_tf.load("PATH/TO/THIS/FOLDER")
tagger("Paul Bergmann arbeitet in Berlin.")
# a list of dicts: entity_group, score, word, start, end
```

```
echo "Paul Bergmann arbeitet in Berlin." | xtremedistil-predict --model_dir=PATH/TO/THIS/FOLDER
```

The folder is complete in itself: weights, tokenizer, vocabulary and labels. It holds no code."""

TAGGING = TaskKind(
    kind="tagging",
    measures=("macro_f1",),
    scores={"macro_f1": "macro-F1", "micro_f1": "micro-F1"},
    spread="std_f1",
    language_score=("f1", "F1"),
    settings={"do_ner": True},
    flag="--do_NER",
    pooled=False,
    tags_words=True,
    entities=True,
    in_paper=True,
    card=CardWording(
        head="pipeline_tag: token-classification\ntags:\n- named-entity-recognition\n",
        intro="A named-entity tagger",
        scored="over words and whole entities; support counts entities",
        cut="was scored as O",
        use=USE,
        cut_words="are scored as O"),
    formats=("tsv", "conll", "json"),
    server_name="tagger",
    label_set=Lazy("xtremedistil_tf.data.labels:LabelSet"),
    read_labels=Lazy("xtremedistil_tf.data.folders.labelled:read_tags"),
    read_rows=Lazy("xtremedistil_tf.data.folders.labelled:read_sentences"),
    features=Lazy("xtremedistil_tf.data.folders.task_features:aligned"),
    predict=Lazy("xtremedistil_tf.metrics.tagging:predict_tags"),
    score=Lazy("xtremedistil_tf.metrics.tagging:score_tags"),
    write=Lazy("xtremedistil_tf.metrics.prediction_files:write_tagged"),
    write_gold=Lazy("xtremedistil_tf.metrics.prediction_files:write_tagged_gold"),
    calibrate=Lazy("xtremedistil_tf.metrics.words.transitions:fit_tagger"),
    details=Lazy("xtremedistil_tf.metrics.entity_types:type_details"),
    class_word="type",
    tags_of_types=Lazy("xtremedistil_tf.corpora.readers.schemes:labels_for"),
    section=Lazy("xtremedistil_tf.reporting.class_tables:class_table"),
    count_right=Lazy("xtremedistil_tf.metrics.significance:count_phrases"),
    showcase=Lazy("xtremedistil_tf.apps.showcase:show_tagged"),
    text_model=Lazy("xtremedistil_tf.inference.tagger:make_tagger"),
    text_signatures=Lazy("xtremedistil_tf.export.savedmodel.tag_signatures:text_signatures"),
    saved_model=Lazy("xtremedistil_tf.inference.runtimes.savedmodel:saved_tagger"),
    corpus=Corpus(
        make=Lazy("xtremedistil_tf.corpora.jobs.kinds:make_tagged"),
        describe=Lazy("xtremedistil_tf.corpora.conversion_record:describe_record"),
        check=Lazy("xtremedistil_tf.corpora.jobs.kinds:check_tagged"),
        card=Lazy("xtremedistil_tf.corpora.jobs.kinds:write_tagged_card")),
    page=PageWording(
        title="Tagger", button="Tag", view="entities",
        inputs=(("text", "A sentence in any language"),),
        examples=(("en", "Grace Hopper worked in Philadelphia for Remington Rand."),
                  ("de", "Paul Bergmann arbeitet in Berlin."),
                  ("ru", "Иван Соколов живёт в Твери."),
                  ("ar", "تعمل ليلى حداد في جامعة القاهرة."),
                  ("hi", "राम शर्मा दिल्ली में रहते हैं।"))),
    judging=Judging.of_module("xtremedistil_tf.evaluation.kinds.tags"),
)

BIOES_TAGGING = dataclasses.replace(
    TAGGING, kind="bioes_tagging", settings={"do_ner": True, "tag_scheme": "bioes"}, in_paper=False,
    label_set=Lazy("xtremedistil_tf.data.tags:BioesSet"),
    from_iob2=Lazy("xtremedistil_tf.corpora.readers.schemes:to_bioes"),
    tags_of_types=Lazy("xtremedistil_tf.corpora.readers.schemes:bioes_labels_for"),
)

WORD_TAGGING = dataclasses.replace(
    TAGGING,
    kind="word_tagging",
    measures=("accuracy", "macro_f1"),
    scores={"accuracy": "accuracy", "macro_f1": "macro-F1"},
    spread=None,
    language_score=None,
    settings={"do_ner": True, "tag_scheme": "none"},
    entities=False,
    in_paper=False,
    by_class=True,
    class_word="tag",
    card=CardWording(
        head="pipeline_tag: token-classification\ntags:\n- token-classification\n",
        intro="A tagger of words",
        scored="over words; support counts words",
        cut="was scored as wrong, or as O",
        use=USE.replace("# a list of dicts: entity_group, score, word, start, end",
                        "# a dict for each word: entity_group (its tag), score, word, start, end"),
        cut_words="are scored as wrong, or as O"),
    label_set=Lazy("xtremedistil_tf.data.tags:WordTags"),
    tags_of_types=sorted,
    score=Lazy("xtremedistil_tf.metrics.words.word_tags:score_word_tags"),
    details=Lazy("xtremedistil_tf.metrics.words.word_tags:tag_details"),
    count_right=Lazy("xtremedistil_tf.metrics.words.word_tags:count_words"),
    showcase=Lazy("xtremedistil_tf.apps.showcase:show_word_tags"),
    judging=Judging.of_module("xtremedistil_tf.evaluation.kinds.word_tags"),
)

# Kinds of task by --tag_scheme.
TAG_SCHEMES = {"iob2": TAGGING.kind, "bioes": BIOES_TAGGING.kind, "none": WORD_TAGGING.kind}
