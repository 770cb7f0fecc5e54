"""Answers requests with a student and its teacher, within the server's limits; knows no HTTP."""

import dataclasses
import time
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from xtremedistil_tf.apps.lanes import Lanes, Limits
from xtremedistil_tf.apps.telemetry import Telemetry
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference.text_model import TextModel
from xtremedistil_tf.tasks import task_kind
from xtremedistil_tf.tasks.base import PageWording

# Longer texts are for xtremedistil-predict. JSON may encode a character in up to twelve bytes.
LONGEST_TEXT = 20_000
MOST_BYTES = 12 * LONGEST_TEXT + 1024  # Of a request with one text; of two, twice as many.


class NamedModel(NamedTuple):
    """A model of the page.

    Attributes:
      runtime: name of its runtime, for display.
      model: student or teacher.
    """

    runtime: str
    model: TextModel


def problem_of(payload: Any, keys: Sequence[str]) -> Optional[str]:
    """The error in a request's JSON; None if it is valid."""
    if not isinstance(payload, dict) or set(payload) != set(keys):
        names = " and ".join(f'"{key}"' for key in keys)
        return (f"the body must be a JSON object with the {'one key' if len(keys) == 1 else 'keys'}"
                f" {names}")
    for key in keys:
        text = payload[key]
        if not isinstance(text, str):
            return f"{key} is a {type(text).__name__}; allowed: a string"
        if len(text) > LONGEST_TEXT:
            return f"{key} has {len(text)} characters; allowed: at most {LONGEST_TEXT}"
        if any("\ud800" <= char <= "\udfff" for char in text):
            return f"{key} holds half a surrogate pair, which is no character"
    return None


def _rounded(value: Any) -> Any:
    """Rounds numbers to four digits, for people to read."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list) else value


def ask_all(
    models: Mapping[str, NamedModel], requests: Sequence[Mapping[str, str]]
) -> List[Dict[str, Any]]:
    """Asks each model in turn, with all requests at once.

    Args:
      models: models by displayed name.
      requests: the text of each request, or both texts of a pair or of a question and its context,
        by key; offsets in the results count characters (code points).

    Returns:
      JSON values for each request: what was asked, and results, a list of name, runtime,
      milliseconds (of all requests together), and what the model returns: entities of a tagger,
      else label and scores, a score, or an answer.
    """
    texts = [tuple(asked.values()) for asked in requests]
    answers: List[Dict[str, Any]] = [{**asked, "results": []} for asked in requests]
    for name, (runtime, model) in models.items():
        began = time.perf_counter()
        found = model([one if len(one) > 1 else one[0] for one in texts])
        spent = round(1000.0 * (time.perf_counter() - began), 2)
        for answer, one in zip(answers, _rounded(found)):
            answer["results"].append({
                "name": name, "runtime": runtime, "milliseconds": spent,
                **({"entities": one} if isinstance(one, list) else one)})
    return answers


def _wording(models: Mapping[str, NamedModel]) -> Tuple[PageWording, Tuple[Tuple[str, str], ...]]:
    """The page's wording and inputs, of the kind of task of the first model.

    Raises:
      UserError: if the page does not show this kind.
    """
    model = next(iter(models.values())).model
    wording = task_kind(model.kind).page
    if wording is None:
        raise UserError(f"the page does not show the kind of task {model.kind}; "
                        "xtremedistil-predict reads its texts")
    return wording, wording.inputs_of(model.pairs)


@dataclasses.dataclass
class Service:
    """The models that answer requests, and their limits.

    Attributes:
      models: models of one kind of task by displayed name, in the order of the columns.
      limits: see `lanes.Limits`.
      stopping: True once the server ends.
    """

    models: Mapping[str, NamedModel]
    limits: Limits
    stopping: bool = False

    def __post_init__(self):
        self.wording, self.inputs = _wording(self.models)
        self.keys = [key for key, _ in self.inputs]
        self.most_bytes = len(self.keys) * MOST_BYTES
        self.lanes = Lanes(self.limits, self._answer)
        self.telemetry = Telemetry({name: one.runtime for name, one in self.models.items()},
                                   lambda: self.lanes.waiting, lambda: not self.stopping)

    def _answer(self, requests: Sequence[Mapping[str, str]]) -> List[Dict[str, Any]]:
        characters = sum(len(text) for asked in requests for text in asked.values())
        with self.telemetry.batch(len(requests), characters):
            return ask_all(self.models, requests)

    def warm_up(self) -> None:
        """Makes a first call, which builds graphs, so that no request waits for them."""
        ask_all(self.models, [dict.fromkeys(self.keys, self.wording.warm_up)])

    def ask(self, payload: Mapping[str, str]) -> Dict[str, Any]:
        """Answers a request that `problem_of` found valid.

        Raises:
          Busy: if it cannot be answered in time.
        """
        # In the order of the inputs, whatever that of the body is.
        asked = {key: payload[key] for key in self.keys}
        return self.lanes.run(asked, sum(map(len, asked.values())))

    def stop(self) -> None:
        """Says from now on that the server ends."""
        self.stopping = True
