"""A web page and a JSON endpoint that ask a student and its teacher, for looking at them."""

import time
from typing import Any, Collection, Dict, Mapping, NamedTuple, Optional, Sequence, Tuple

from xtremedistil_tf.apps.about import About
from xtremedistil_tf.apps.guard import LOCAL_HOSTS, Busy, Lanes, parse_body, refusal
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference.text_model import TextModel
from xtremedistil_tf.tasks import task_kind
from xtremedistil_tf.tasks.base import PageWording

# Longer texts are for xtremedistil-predict. JSON may encode a character in up to twelve bytes.
LONGEST_TEXT = 20_000
MOST_BYTES = 12 * LONGEST_TEXT + 1024  # Of a request with one text; of two, twice as many.
TIME_LIMIT = 20.0
# More than the texts that may wait or be tagged, so the page itself is always served.
_THREADS = 24
# Seconds after which an idle connection is closed.
_SILENCE = 30
# The page loads nothing from other hosts, and no other page may frame it.
_POLICY = ("default-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
           "frame-ancestors 'none'")


class NamedModel(NamedTuple):
    """A model of the page.

    Attributes:
      runtime: name of its runtime, for display.
      model: student or teacher.
    """

    runtime: str
    model: TextModel


def _problem(payload: Any, keys: Sequence[str]) -> Optional[str]:
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


def ask_all(models: Mapping[str, NamedModel], asked: Mapping[str, str]) -> Dict[str, Any]:
    """Asks each model in turn.

    Args:
      models: models by displayed name.
      asked: the text, or both texts of a pair or of a question and its context, by key; offsets in
        the result count characters (code points).

    Returns:
      JSON values: what was asked, and results, a list of name, runtime, milliseconds, and what the
      model returns: entities of a tagger, else label and scores, a score, or an answer.
    """
    texts = tuple(asked.values())
    results = []
    for name, (runtime, model) in models.items():
        began = time.perf_counter()
        found = _rounded(model(texts if len(texts) > 1 else texts[0]))
        spent = 1000.0 * (time.perf_counter() - began)
        results.append({"name": name, "runtime": runtime, "milliseconds": round(spent, 2),
                        **({"entities": found} if isinstance(found, list) else found)})
    return {**asked, "results": results}


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


def create_app(
    models: Mapping[str, NamedModel], *, hosts: Collection[str] = LOCAL_HOSTS,
    time_limit: float = TIME_LIMIT, about: Optional[About] = None,
) -> Any:
    """Creates the WSGI application: the page at /, the endpoint at /api/tag for every kind of task.

    Args:
      models: models of one kind of task by displayed name, in the order of the columns.
      hosts: host names by which it may be requested, see `guard.known_hosts`.
      time_limit: time limit of a text in seconds.
      about: what the page says about the model; None for a plain page.

    Returns:
      A `flask.Flask`. It reads a few texts at the same time; reported times are wall-clock times.

    Raises:
      UserError: if Flask is not installed, or the page does not show the kind of task.
    """
    try:
        import flask
        from flask.json.provider import DefaultJSONProvider
        from werkzeug.exceptions import HTTPException
    except ImportError as error:
        raise UserError(
            f"the page needs {error.name}; install xtremedistil-tf[serve]") from None
    wording, inputs = _wording(models)
    keys = [key for key, _ in inputs]
    most = len(keys) * MOST_BYTES
    app = flask.Flask(__name__, template_folder="web", static_folder="web", static_url_path="/web")
    app.config["MAX_CONTENT_LENGTH"] = most
    provider = DefaultJSONProvider(app)
    provider.ensure_ascii, provider.sort_keys = False, False
    app.json = provider
    lanes = Lanes(time_limit)
    # The first call builds graphs, so no request waits for them.
    ask_all(models, dict.fromkeys(keys, wording.warm_up))
    labels = next(iter(models.values())).model.labels

    @app.before_request
    def check_names():
        refused = refusal(flask.request.headers, hosts)
        if refused:
            flask.abort(403, refused)

    @app.get("/")
    def page():
        return flask.render_template(
            "page.html", models=models, wording=wording, inputs=inputs, labels=labels,
            longest=LONGEST_TEXT, about=about)

    @app.post("/api/tag")
    def tag():
        # A foreign page can send plain forms, but not JSON.
        if flask.request.mimetype != "application/json":
            flask.abort(415, "Content-Type must be application/json")
        payload: Any = parse_body(flask.request.get_data())
        problem = _problem(payload, keys)
        if problem:
            flask.abort(400, problem)
        try:
            # In the order of the inputs, whatever that of the body is.
            asked = {key: payload[key] for key in keys}
            return lanes.run("".join(asked.values()), lambda text: ask_all(models, asked))
        except Busy as error:
            flask.abort(503, str(error))

    @app.errorhandler(HTTPException)
    def failed(error):
        if error.code == 413:
            error.description = f"the body is too large; allowed: at most {most} bytes"
        return {"error": error.description}, error.code

    @app.after_request
    def guard(response):
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return app


def create_server(app: Any, host: str, port: int) -> Any:
    """Binds the application to an address.

    Args:
      app: application of `create_app`.
      host: a name or address of this machine.
      port: port number; 0 chooses a free port.

    Returns:
      A waitress server, whose `run` serves until Ctrl-C.

    Raises:
      UserError: if waitress is not installed, or the address is not available.
    """
    try:
        import waitress
    except ImportError:
        raise UserError("the page needs waitress; install xtremedistil-tf[serve]") from None
    try:
        return waitress.create_server(app, host=host, port=port, ident=None,
                                      max_request_body_size=4 * MOST_BYTES, threads=_THREADS,
                                      channel_timeout=_SILENCE)
    except (OSError, ValueError) as error:
        told = getattr(error, "strerror", None) or error
        raise UserError(f"--host={host} --port={port} cannot be listened on: {told}") from None
