"""Question answering over the forward pass of any runtime; imports no TensorFlow."""

from typing import Any, Callable, Dict, List, Sequence, Tuple, Union, overload

import numpy as np

from xtremedistil_tf.config import SquadConfig
from xtremedistil_tf.data.pipelines.length_batches import length_batches
from xtremedistil_tf.data.readers.squad import Question
from xtremedistil_tf.data.tokenization.alignment import Contexts
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.data.tokenization.vocabulary import PAD_ID
from xtremedistil_tf.data.tokenization.windows import WindowCutter, pack_windows
from xtremedistil_tf.inference.assets import Assets
from xtremedistil_tf.inference.classifier import softmax
from xtremedistil_tf.inference.lines import QUESTION_KEYS, AnsweredLine, Line, split_pair
from xtremedistil_tf.inference.text_model import TextModel, pairs_of
from xtremedistil_tf.metrics.answer_spans import Answer, find_answers

# (question, context).
Asked = Tuple[str, str]


class TextAnswerer(TextModel):
    """A student for question answering; call it with a question and a text.

    Texts of any length are read in windows, as in training.

    Args:
      assets: tokenizer, vocabulary and settings of the windows.
      logits: forward pass from the student's ids, int32 [batch, time], padded with 0 on the right,
        to float logits [batch, time, 2].

    Attributes:
      logits: the forward pass.
      labels: names of the two outputs.
    """

    kind = "spans"
    pairs = True

    def __init__(self, assets: Assets, logits: Callable[[np.ndarray], np.ndarray]):
        settings = SquadConfig(**assets.record["squad"])
        self.logits, self.labels = logits, assets.labels.tags
        self._table = assets.vocabulary.table
        self._longest = settings.max_answer_length
        self._cut = WindowCutter(assets.tokenizer, int(assets.record["seq_len"]), settings)

    def answer(self, asked: Sequence[Asked]) -> List[Answer]:
        """Answers pairs of question and text, in order."""
        if not asked:
            return []
        packed = pack_windows(self._cut(asked))
        # Mapped before padding, so that id 0 is padding only.
        mapped = Ragged(self._table[packed.ids.values], packed.ids.starts)
        contexts = Contexts([context for _, context in asked], packed.owners, packed.begins,
                            packed.ends, self._longest)
        return find_answers(contexts, (
            (batch, self.logits(mapped.padded(batch, PAD_ID)))
            for batch in length_batches(mapped.lengths)))

    def read_lines(self, lines: Sequence[str]) -> List[Line]:
        """Answers the questions of lines; see the base class."""
        asked = [split_pair(line, keys=QUESTION_KEYS) for line in lines]
        return [AnsweredLine(line, question, self.describe(found))
                for line, (question, _), found in zip(lines, asked, self.answer(asked))]

    def failed_line(self, line: str, why: str) -> Line:
        """A line without an answer; see the base class."""
        return AnsweredLine(line, line, None, why)

    def predict(self, examples: Sequence[Question]) -> List[Answer]:
        """Answers a task's questions; see the base class."""
        return self.answer([(question.text, question.context) for question in examples])

    def predict_scored(self, examples: Sequence[Question]) -> Tuple[List[Any], List[np.ndarray]]:
        """Answers a task's questions, with probabilities; see the base class."""
        found = self.predict(examples)
        return found, [np.array([self.describe(answer)["score"]]) for answer in found]

    def describe(self, found: Answer) -> Dict[str, Any]:
        """Returns an answer as JSON values.

        answer (empty for no answer), score (its probability among the best spans and no answer),
        start and end (characters of the text; None without an answer), and null_odds (logit of no
        answer minus logit of the best span).
        """
        best = found.spans[0]
        # The empty span, which stands for no candidates, is "no answer" itself.
        own = np.array([found.null, *(span.score for span in found.spans if span.text)])
        score = float(softmax(own)[1 if found.text else 0])
        there = bool(found.text) and score >= self.least_of("")
        return {"answer": found.text if there else "", "score": score,
                "start": best.begin if there else None, "end": best.end if there else None,
                "null_odds": found.null_odds}

    @overload
    def __call__(self, asked: Asked) -> Dict[str, Any]: ...

    @overload
    def __call__(self, asked: List[Asked]) -> List[Dict[str, Any]]: ...

    def __call__(
        self, asked: Union[Asked, List[Asked]]
    ) -> Union[Dict[str, Any], List[Dict[str, Any]]]:
        """Answers one question or several.

        Args:
          asked: (question, text), or a list of such tuples.

        Returns:
          A dict, or a list of dicts, see `describe`.

        Raises:
          UserError: if an item is not a (question, text).
        """
        alone = isinstance(asked, tuple)
        items = pairs_of(asked, "answers questions on a text; allowed: (question, text)")
        found = [self.describe(one) for one in self.answer(items)]
        return found[0] if alone else found


def make_answerer(
    assets: Assets, logits: Callable[[np.ndarray], np.ndarray], keep_whole: bool
) -> TextAnswerer:
    """Returns a TextAnswerer. `keep_whole` has no effect: it splits no words."""
    return TextAnswerer(assets, logits)
