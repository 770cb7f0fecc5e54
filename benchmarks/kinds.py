"""Topics (SIB-200), parts of speech (UD) and answers (TyDi QA): what they are measured with.

Commands (DATA holds sib200_41, udpos and tydiqa as xtremedistil-prepare makes them, E5 a checkpoint
folder of multilingual-e5-small, TEXT any text of the languages, one sentence a line). TyDi's dev
files have no answers: they were kept back. So dev and test are taken out of its train, all
questions on a text together, seeded, and the questions of its dev files become transfer questions
(F is FOLDER/tydiqa.goldp, for files such as FOLDER/tydiqa.goldp.en.train.json):
  xtremedistil-prepare --output=DATA/tydiqa --seed=42 \
    --train=$F.en.train.json,$F.ko.train.json,$F.sw.train.json \
    --transfer=$F.en.dev.json,$F.ko.dev.json,$F.sw.dev.json
  python run_distillation.py --flagfile=flags/sib200_e5.flags --task=DATA/sib200_41 \
    --pt_teacher_checkpoint=E5 --transfer_file=TEXT --model_dir=WORK/sib200
  python run_distillation.py --flagfile=flags/sib200_e5.flags --task=DATA/sib200_41 \
    --pt_teacher_checkpoint=E5 --transfer_file=TEXT --model_dir=WORK/sib200_alone --strategy=D0-S \
    --teacher_model_dir=WORK/sib200/teacher
  python run_distillation.py --flagfile=flags/udpos_e5.flags --task=DATA/udpos \
    --pt_teacher_checkpoint=E5 --transfer_file=TEXT --model_dir=WORK/udpos
  python run_distillation.py --flagfile=flags/tydiqa_e5.flags --task=DATA/tydiqa \
    --pt_teacher_checkpoint=E5 --baseline --model_dir=WORK/tydiqa
The last run has all three columns in metrics.json: teacher, student, and (--baseline) the same
student on the answers alone.
  xtremedistil-evaluate --model_dir=WORK/sib200,WORK/sib200/teacher --data=DATA/sib200_41 \
    --output=WORK/sib200/scores
The baseline without any neural network, TF-IDF of characters with a logistic regression over all
languages together, by language:
  python benchmarks/kinds.py --data=DATA/sib200_41
It fills benchmarks/kinds/tfidf.json. The runs above take hours on two cores and are not recorded
yet.
"""

import pathlib
import time
from typing import Any, Dict

from absl import app, flags
from machine import write_record
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.folders.task import read_task
from xtremedistil_tf.metrics.classification import score_labels

FLAGS = flags.FLAGS
flags.DEFINE_string("data", None, "Task folder of texts to classify.", required=True)
flags.DEFINE_integer("features", 200_000, "Most character sequences to count.")


def baseline(data: str, features: int) -> Dict[str, Any]:
    """Trains TF-IDF with a logistic regression and scores it on test.

    Args:
      data: the task folder.
      features: most character sequences of two to four characters.

    Returns:
      The scores of `score_labels`, and the settings.
    """
    task = read_task(DataConfig(data), with_transfer=False)
    train, test = task.examples["train"], task.examples["test"]
    began = time.perf_counter()
    model = make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), max_features=features,
                        sublinear_tf=True),
        LogisticRegression(C=10.0, max_iter=100))
    model.fit([row.text for row in train], [row.tags[0] for row in train])
    found = model.predict([row.text for row in test])
    scores = score_labels([row.tags for row in test], [[label] for label in found],
                          [row.language for row in test], task.labels.tags)
    return {"data": pathlib.Path(data).name, "rows": {"train": len(train), "test": len(test)},
            "features": features, "seconds": round(time.perf_counter() - began, 1), **scores}


def main(_: Any) -> None:
    """Writes the record."""
    found = baseline(FLAGS.data, FLAGS.features)
    write_record("kinds/tfidf", found, show=False)
    print(f"accuracy {found['accuracy']:.2f}, macro-F1 {found['macro_f1']:.2f}")


if __name__ == "__main__":
    app.run(main)
