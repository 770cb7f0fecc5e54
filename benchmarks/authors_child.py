"""Runs the authors' v2 script as it is, with today's libraries, and keeps its models' logits.

benchmarks/authors.py starts it as a process of its own:
  python benchmarks/authors_child.py CODE KEPT RATE [the script's own arguments]
CODE is their folder XtremeDistil-v2, KEPT takes one file an evaluation, RATE is the peak of the
teacher's learning rate ("theirs": as in their code). No file of theirs is changed. Differences:
- `from transformers import *` gives only the names that they use; today's package has a thousand,
  of which some need libraries that are not there.
- The word embedding of transformers' TFBertEmbeddings is called `weight` today; the older name
  stands for it.
- The teacher's outputs on transfer text are kept after the first pass: their script asks for the
  same ones in each of five stages.
- With RATE the teacher's fine-tuning has one epoch of warm-up, not ten, and ends at a tenth.
"""

import hashlib
import pathlib
import runpy
import sys
from typing import Any, Callable, Dict, List

import numpy as np

KINDS = ("Bert", "OpenAIGPT", "GPT2", "CTRL", "TransfoXL", "XLNet", "XLM", "DistilBert", "Roberta",
         "XLMRoberta")


def give_old_names() -> None:
    """Lets today's transformers answer to the names that the authors' files use."""
    import transformers
    from transformers.models.bert.modeling_tf_bert import TFBertEmbeddings

    transformers.__all__ = [name for kind in KINDS
                            for name in (f"TF{kind}Model", f"{kind}Tokenizer", f"{kind}Config")]
    TFBertEmbeddings.word_embeddings = property(lambda layer: layer.weight)


def remember_predictions(model_class: Any) -> Callable:
    """Lets a model answer from memory to an input that it had before; returns the old method."""
    predict, kept = model_class.predict, {}

    def remembered(model: Any, x: np.ndarray, **options: Any) -> np.ndarray:
        key = id(model), hashlib.sha256(np.ascontiguousarray(x)).hexdigest()
        if key not in kept:
            kept[key] = predict(model, x, **options)
        return kept[key]

    model_class.predict = remembered
    return predict


def faster_teacher(scheduler: Any, rate: float) -> None:
    """Gives the teacher's schedule another peak, one epoch of warm-up and an end at a tenth."""
    theirs = scheduler.create_learning_rate_scheduler

    def schedule(**given: Any) -> Any:
        return theirs(**{**given, "max_learn_rate": rate, "end_learn_rate": rate / 10,
                         "warmup_epoch_count": 1})

    scheduler.create_learning_rate_scheduler = schedule


class Keeper:
    """Keeps the logits of dev and test at every evaluation of the authors' script.

    Args:
      folder: takes 00.npz (the teacher) and one file for each later evaluation, with `score`
        (theirs, of test) and, for each split and language, logits and gold classes.
      predict: a model's predict method.
    """

    def __init__(self, folder: pathlib.Path, predict: Callable):
        self.folder, self._predict, self.count = folder, predict, 0
        self._dev: List[Any] = []

    def watch(self, preprocessing: Any, evaluation: Any) -> None:
        """Puts itself between the script and these two modules of theirs."""
        generate, evaluate = preprocessing.generate_sequence_data, evaluation.ner_evaluate

        def generated(length: int, file: str, *rest: Any, **options: Any) -> Any:
            found = generate(length, file, *rest, **options)
            if pathlib.Path(file).name == "dev.tsv":
                # The first one is in the teacher's ids, the second in the student's.
                self._dev.append(found[-2:])
            return found

        def evaluated(model: Any, x: Dict, y: Dict, *rest: Any, **options: Any) -> float:
            seen: Dict[str, np.ndarray] = {}
            dev_x, dev_y = self._dev[min(self.count, 1)]
            for language in dev_x:
                seen[f"dev.{language}.logits"] = self._predict(model, dev_x[language], **options)
                seen[f"dev.{language}.classes"] = dev_y[language]
            # Theirs gets the logits that are kept, so both scores are of the same ones.
            outputs = {id(x[language]): self._predict(model, x[language], **options)
                       for language in x}
            for language in x:
                seen[f"test.{language}.logits"] = outputs[id(x[language])]
                seen[f"test.{language}.classes"] = y[language]
            score = evaluate(_Answers(outputs), x, y, *rest, **options)
            np.savez(self.folder / f"{self.count:02d}.npz", score=score, **seen)
            self.count += 1
            return score

        preprocessing.generate_sequence_data = generated
        evaluation.ner_evaluate = evaluated


class _Answers:
    """A model whose answers are there already, by the input's identity."""

    def __init__(self, outputs: Dict[int, np.ndarray]):
        self._outputs = outputs

    def predict(self, x: np.ndarray, **options: Any) -> np.ndarray:
        """Returns the logits of an input."""
        del options
        return self._outputs[id(x)]


def main(code: str, kept: str, rate: str, *arguments: str) -> None:
    """Prepares the libraries and runs the script."""
    sys.path.insert(0, code)
    give_old_names()
    import evaluation
    import preprocessing
    import scheduler
    import tensorflow as tf

    folder = pathlib.Path(kept)
    folder.mkdir(parents=True, exist_ok=True)
    Keeper(folder, remember_predictions(tf.keras.Model)).watch(preprocessing, evaluation)
    if rate != "theirs":
        faster_teacher(scheduler, float(rate))
    script = pathlib.Path(code) / "run_xtreme_distil.py"
    sys.argv = [str(script), *arguments]
    runpy.run_path(str(script), run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
