"""The OpenAPI description of the server's endpoints."""

from typing import Any, Dict, Sequence, Tuple

from xtremedistil_tf.version import __version__

_STRING, _NUMBER = {"type": "string"}, {"type": "number"}
_OFFSET = {"type": "integer", "minimum": 0, "description": "Counts characters (code points)."}
_MAYBE_OFFSET = {**_OFFSET, "type": ["integer", "null"]}
_CUT = {"type": "boolean", "description": "The text was longer than the student reads."}
_ENTITY = {
    "type": "object", "required": ["entity_group", "score", "word", "start", "end"],
    "properties": {"entity_group": _STRING, "score": _NUMBER, "word": _STRING, "start": _OFFSET,
                   "end": _OFFSET}}
_BY_LABEL = {"type": "object", "additionalProperties": _NUMBER}
# Keys and properties of a result, by the view of its kind of task.
_RESULTS: Dict[str, Tuple[Sequence[str], Dict[str, Any]]] = {
    "entities": (["entities"], {"entities": {"type": "array", "items": _ENTITY}}),
    "classes": (["scores"], {
        "label": {"type": ["string", "null"]}, "score": _NUMBER, "scores": _BY_LABEL,
        "labels": {"type": "array", "items": _STRING}, "cut": _CUT}),
    "number": (["score"], {"score": _NUMBER, "cut": _CUT}),
    "answer": (["answer", "score", "start", "end"], {
        "answer": _STRING, "score": _NUMBER, "start": _MAYBE_OFFSET, "end": _MAYBE_OFFSET,
        "null_odds": _NUMBER}),
}


def _json(schema: Dict[str, Any]) -> Dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _reply(description: str, name: str) -> Dict[str, Any]:
    return {"description": description,
            "content": _json({"$ref": f"#/components/schemas/{name}"})}


def _health(summary: str, stops: bool) -> Dict[str, Any]:
    replies = {"200": _reply("Yes.", "Health")}
    if stops:
        replies["503"] = _reply("No: it stops.", "Health")
    return {"get": {"summary": summary, "responses": replies}}


def openapi(
    inputs: Sequence[Tuple[str, str]], view: str, *, longest: int, most_bytes: int
) -> Dict[str, Any]:
    """Describes the endpoints of a student, as OpenAPI 3.1.

    Args:
      inputs: (key, label) of the texts of a request.
      view: view of the kind of task, see `tasks.parts.PageWording`.
      longest: maximum number of characters of a text.
      most_bytes: maximum number of bytes of a body.
    """
    texts = {key: {"type": "string", "maxLength": longest, "description": label}
             for key, label in inputs}
    required, properties = _RESULTS[view]
    result = {
        "type": "object", "required": ["name", "runtime", "milliseconds", *required],
        "properties": {"name": _STRING, "runtime": _STRING, "milliseconds": {
            **_NUMBER, "description": "Time of the batch in which the text was read."},
            **properties}}
    schemas = {
        "Request": {"type": "object", "required": list(texts), "properties": texts,
                    "additionalProperties": False},
        "Result": result,
        "Reply": {"type": "object", "required": [*texts, "results"], "properties": {
            **dict.fromkeys(texts, _STRING),
            "results": {"type": "array", "items": {"$ref": "#/components/schemas/Result"}}}},
        "Error": {"type": "object", "required": ["error"], "properties": {"error": _STRING}},
        "Health": {"type": "object", "required": ["status"],
                   "properties": {"status": {"enum": ["ok", "stopping"]}}},
    }
    errors = {"400": "The body is no such request.", "403": "Another name or site asks.",
              "413": f"The body is larger than {most_bytes} bytes.",
              "415": "The body is not JSON.", "500": "A fault of the server.",
              "503": "Too many texts wait, or the text took too long; ask again later."}
    tag = {"summary": "Asks the student, and the teacher if there is one.",
           "requestBody": {"required": True,
                           "content": _json({"$ref": "#/components/schemas/Request"})},
           "responses": {"200": _reply("What each model found.", "Reply"),
                         **{code: _reply(told, "Error") for code, told in errors.items()}}}
    metrics = {"summary": "Metrics for Prometheus.", "responses": {"200": {
        "description": "Prometheus' text format.", "content": {"text/plain": {
            "schema": _STRING}}}}}
    return {"openapi": "3.1.0",
            "info": {"title": "xtremedistil-serve", "version": __version__,
                     "license": {"name": "MIT", "identifier": "MIT"}},
            "servers": [{"url": "/"}],
            "security": [],
            "paths": {"/api/tag": {"post": {**tag, "operationId": "tag"}},
                      "/healthz": _health("Does the process answer?", False),
                      "/readyz": _health("Are new requests welcome?", True),
                      "/metrics": {"get": metrics}},
            "components": {"schemas": schemas}}
