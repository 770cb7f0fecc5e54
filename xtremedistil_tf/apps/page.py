"""A web page and a JSON endpoint that tag text, for looking at a student and its teacher."""

import time
from typing import Any, Collection, Dict, Mapping, NamedTuple, Optional

from xtremedistil_tf.apps.guard import LOCAL_HOSTS, Busy, Lanes, parse_body, refusal
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference.entities import rounded
from xtremedistil_tf.inference.tagger import TextTagger

# Longer texts are for xtremedistil-predict. JSON may encode a character in up to twelve bytes.
LONGEST_TEXT = 20_000
MOST_BYTES = 12 * LONGEST_TEXT + 1024
TIME_LIMIT = 20.0
# More than the texts that may wait or be tagged, so the page itself is always served.
_THREADS = 24
# Seconds after which an idle connection is closed.
_SILENCE = 30
_WARM_UP = "Anna lacht."
# The page loads nothing from other hosts, and no other page may frame it.
_POLICY = ("default-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
           "frame-ancestors 'none'")


class NamedTagger(NamedTuple):
    """A tagger of the page.

    Attributes:
      runtime: name of its runtime, for display.
      tagger: an `inference.tagger.TextTagger`.
    """

    runtime: str
    tagger: TextTagger


def _problem(payload: Any) -> Optional[str]:
    """The error in a request's JSON; None if it is valid."""
    if not isinstance(payload, dict) or set(payload) != {"text"}:
        return 'the body must be a JSON object with the one key "text"'
    text = payload["text"]
    if not isinstance(text, str):
        return f"text is a {type(text).__name__}; allowed: a string"
    if len(text) > LONGEST_TEXT:
        return f"text has {len(text)} characters; allowed: at most {LONGEST_TEXT}"
    if any("\ud800" <= char <= "\udfff" for char in text):
        return "text holds half a surrogate pair, which is no character"
    return None


def tag_with_all(taggers: Mapping[str, NamedTagger], text: str) -> Dict[str, Any]:
    """Tags a text with each tagger in turn.

    Args:
      taggers: taggers by displayed name.
      text: any text; offsets in the result count its characters (code points).

    Returns:
      JSON values: text, and results, a list of name, runtime, milliseconds and entities
      (entity_group, score from 0 to 1, word, start, end).
    """
    results = []
    for name, (runtime, tagger) in taggers.items():
        began = time.perf_counter()
        entities = tagger(text)
        spent = 1000.0 * (time.perf_counter() - began)
        results.append({"name": name, "runtime": runtime, "milliseconds": round(spent, 2),
                        "entities": rounded(entities)})
    return {"text": text, "results": results}


def create_app(
    taggers: Mapping[str, NamedTagger], *, hosts: Collection[str] = LOCAL_HOSTS,
    time_limit: float = TIME_LIMIT,
) -> Any:
    """Creates the WSGI application: the page at /, the endpoint at /api/tag.

    Args:
      taggers: taggers by displayed name, in the order of the columns.
      hosts: host names by which it may be requested, see `guard.known_hosts`.
      time_limit: time limit of a text in seconds.

    Returns:
      A `flask.Flask`. It tags a few texts at the same time; reported times are wall-clock times.

    Raises:
      UserError: if Flask is not installed.
    """
    try:
        import flask
        from flask.json.provider import DefaultJSONProvider
        from werkzeug.exceptions import HTTPException
    except ImportError as error:
        raise UserError(
            f"the page needs {error.name}; install xtremedistil-tf[serve]") from None
    app = flask.Flask(__name__, template_folder="web", static_folder="web", static_url_path="/web")
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    provider = DefaultJSONProvider(app)
    provider.ensure_ascii, provider.sort_keys = False, False
    app.json = provider
    lanes = Lanes(time_limit)
    tag_with_all(taggers, _WARM_UP)  # The first call builds graphs, so no request waits for them.

    @app.before_request
    def check_names():
        refused = refusal(flask.request.headers, hosts)
        if refused:
            flask.abort(403, refused)

    @app.get("/")
    def page():
        return flask.render_template("page.html", taggers=taggers, longest=LONGEST_TEXT)

    @app.post("/api/tag")
    def tag():
        # A foreign page can send plain forms, but not JSON.
        if flask.request.mimetype != "application/json":
            flask.abort(415, "Content-Type must be application/json")
        payload: Any = parse_body(flask.request.get_data())
        problem = _problem(payload)
        if problem:
            flask.abort(400, problem)
        try:
            return lanes.run(payload["text"], lambda text: tag_with_all(taggers, text))
        except Busy as error:
            flask.abort(503, str(error))

    @app.errorhandler(HTTPException)
    def failed(error):
        if error.code == 413:
            error.description = f"the body is too large; allowed: at most {MOST_BYTES} bytes"
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
