"""Tagging: each word has an IOB2 tag, as in named-entity recognition."""

from xtremedistil_tf.tasks.base import CardWording, Lazy, TaskKind

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
    pooled=False,
    tags_words=True,
    in_paper=True,
    card=CardWording(
        head="pipeline_tag: token-classification\ntags:\n- named-entity-recognition\n",
        intro="A named-entity tagger",
        scored="over words and whole entities; support counts entities",
        cut="was scored as O",
        use=USE),
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
    details=Lazy("xtremedistil_tf.metrics.entity_types:type_details"),
    class_word="type",
    count_right=Lazy("xtremedistil_tf.metrics.significance:count_phrases"),
    showcase=Lazy("xtremedistil_tf.apps.showcase:show_tagged"),
    text_model=Lazy("xtremedistil_tf.inference.tagger:make_tagger"),
    text_signatures=Lazy("xtremedistil_tf.export.savedmodel.tag_signatures:text_signatures"),
    saved_model=Lazy("xtremedistil_tf.inference.runtimes.savedmodel:saved_tagger"),
)
