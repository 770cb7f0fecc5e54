"""A student in Triton's Python backend: texts in, results as JSON out.

`xtremedistil-export --forms=triton` copies this file into a model repository. Triton's Python needs
this package and onnxruntime; neither TensorFlow nor transformers.
"""

import json
import pathlib
from typing import Any, List, Tuple

import numpy as np
import triton_python_backend_utils as triton  # Triton has it.

from xtremedistil_tf.inference.runtimes.load import load

OUTPUT = "result"


class TritonPythonModel:
    """The class that Triton calls."""

    def initialize(self, args: Any) -> None:
        """Loads the student beside this file."""
        config = json.loads(args["model_config"])
        self._inputs = [one["name"] for one in config["input"]]
        self._model = load(pathlib.Path(__file__).parent / "student",
                           config["parameters"]["runtime"]["string_value"])

    def execute(self, requests: Any) -> List[Any]:
        """Answers requests, all their texts together."""
        asked: List[Any] = []
        for request in requests:
            try:
                asked.append(self._texts(request))
            except UnicodeDecodeError as error:
                asked.append(error)
        try:
            together = [text for texts in asked if isinstance(texts, list) for text in texts]
            found = iter(self._model(together))
        except Exception:  # One text must not spoil the answers of the others.
            return [self._answer(texts, None) for texts in asked]
        return [self._answer(texts, found) for texts in asked]

    def _texts(self, request: Any) -> List[Any]:
        """The texts of a request, or its pairs of texts."""
        columns = [[text.decode("utf-8") for text in
                    triton.get_input_tensor_by_name(request, name).as_numpy().reshape(-1)]
                   for name in self._inputs]
        rows: List[Tuple[str, ...]] = list(zip(*columns))
        return rows if len(self._inputs) > 1 else [row[0] for row in rows]

    def _answer(self, texts: Any, found: Any) -> Any:
        try:
            if isinstance(texts, Exception):
                raise texts
            own = iter(self._model(texts)) if found is None else found
            results = [json.dumps(next(own), ensure_ascii=False).encode() for _ in texts]
        except Exception as error:
            return triton.InferenceResponse(error=triton.TritonError(str(error)))
        array = np.array(results, object).reshape(-1, 1)
        return triton.InferenceResponse([triton.Tensor(OUTPUT, array)])
