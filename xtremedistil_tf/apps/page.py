"""The web page and the JSON endpoint that ask a student and its teacher."""

import time
from typing import Any, Collection, Mapping, Optional

from xtremedistil_tf.apps.about import About
from xtremedistil_tf.apps.browser import BrowserFiles
from xtremedistil_tf.apps.guard import LOCAL_HOSTS, parse_body, refusal
from xtremedistil_tf.apps.lanes import Busy, Limits
from xtremedistil_tf.apps.openapi import openapi
from xtremedistil_tf.apps.service import LONGEST_TEXT, NamedModel, Service, problem_of
from xtremedistil_tf.apps.telemetry import request_id
from xtremedistil_tf.errors import UserError

# Paths for monitoring: they tell only that the server runs.
HEALTH_PATHS = ("/healthz", "/readyz")
# The page loads nothing from other hosts, and no other page may frame it.
_POLICY = ("default-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
           "frame-ancestors 'none'")
# A page that runs the student itself may compile WebAssembly too, but still evaluates no text.
_BROWSER_POLICY = f"{_POLICY}; script-src 'self' 'wasm-unsafe-eval'"


def create_app(
    models: Mapping[str, NamedModel], *, hosts: Collection[str] = LOCAL_HOSTS,
    limits: Optional[Limits] = None, about: Optional[About] = None,
    browser: Optional[BrowserFiles] = None,
) -> Any:
    """Creates the WSGI application: the page at /, the endpoint at /api/tag for every kind of task.

    Args:
      models: models of one kind of task by displayed name, in the order of the columns.
      hosts: host names by which it may be requested, see `guard.known_hosts`.
      limits: limits of time and number; None for the default ones.
      about: what the page says about the model; None for a plain page.
      browser: files with which the page runs the student itself; None for a page without this.

    Returns:
      A `flask.Flask`, whose `extensions["service"]` is its `Service`. Reported times are
      wall-clock times.

    Raises:
      UserError: if Flask is not installed, or the page does not show the kind of task.
    """
    try:
        import flask
        from flask.json.provider import DefaultJSONProvider
    except ImportError as error:
        raise UserError(
            f"the page needs {error.name}; install xtremedistil-tf[serve]") from None
    service = Service(models, limits or Limits())
    app = flask.Flask(__name__, template_folder="web", static_folder="web", static_url_path="/web")
    app.config["MAX_CONTENT_LENGTH"] = service.most_bytes
    app.extensions["service"] = service
    provider = DefaultJSONProvider(app)
    provider.ensure_ascii, provider.sort_keys = False, False
    app.json = provider
    service.warm_up()
    _add_guards(app, service, hosts, _BROWSER_POLICY if browser else _POLICY)
    _add_pages(app, service, about, browser)
    _add_endpoint(app, service)
    return app


def _add_guards(app: Any, service: Service, hosts: Collection[str], policy: str) -> None:
    """Adds what holds for every request: who may ask, the form of errors, headers, counts."""
    import flask
    from werkzeug.exceptions import HTTPException

    @app.before_request
    def check_names():
        flask.g.began = time.perf_counter()
        flask.g.name = request_id(flask.request.headers.get("X-Request-ID"))
        service.telemetry.in_progress.inc()
        # Whoever watches over a server asks by its address, and learns nothing but that it runs.
        if flask.request.path in HEALTH_PATHS:
            return
        refused = refusal(flask.request.headers, hosts)
        if refused:
            flask.abort(403, refused)

    @app.errorhandler(HTTPException)
    def failed(error):
        if error.code == 413:
            error.description = (
                f"the body is too large; allowed: at most {service.most_bytes} bytes")
        return {"error": error.description}, error.code

    @app.after_request
    def guard(response):
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Request-ID"] = flask.g.name
        rule = flask.request.url_rule
        service.telemetry.answered(
            name=flask.g.name, method=flask.request.method, path=rule.rule if rule else "other",
            status=response.status_code, seconds=time.perf_counter() - flask.g.began,
            size=flask.request.content_length or 0)
        return response

    @app.teardown_request
    def end(_):
        service.telemetry.in_progress.dec()


def _add_pages(
    app: Any, service: Service, about: Optional[About], browser: Optional[BrowserFiles]
) -> None:
    """Adds the page, and what watches over the server."""
    import flask

    labels = next(iter(service.models.values())).model.labels

    @app.get("/")
    def page():
        return flask.render_template(
            "page.html", models=service.models, wording=service.wording, inputs=service.inputs,
            labels=labels, longest=LONGEST_TEXT, about=about, browser=browser)

    if browser is not None:
        @app.get("/browser/<name>")
        def browser_file(name):
            content = browser.content(name) or flask.abort(404)
            packed = flask.request.accept_encodings.quality("gzip") > 0
            response = flask.Response(content.packed if packed else content.plain,
                                      mimetype=content.type)
            if packed:
                response.content_encoding = "gzip"
            response.headers["Vary"] = "Accept-Encoding"
            # Asked for again, but sent again only if it has changed.
            response.headers["Cache-Control"] = "no-cache"
            response.set_etag(f"{content.tag}{'-gzip' if packed else ''}")
            return response.make_conditional(flask.request)

    @app.get("/openapi.json")
    def description():
        return openapi(service.inputs, service.wording.view, longest=LONGEST_TEXT,
                       most_bytes=service.most_bytes)

    @app.get("/metrics")
    def metrics():
        return service.telemetry.page()

    @app.get("/healthz")
    def alive():
        return {"status": "ok"}

    @app.get("/readyz")
    def ready():
        return ({"status": "stopping"}, 503) if service.stopping else {"status": "ok"}


def _add_endpoint(app: Any, service: Service) -> None:
    """Adds the endpoint that asks the models."""
    import flask

    @app.post("/api/tag")
    def tag():
        # A foreign page can send plain forms, but not JSON.
        if flask.request.mimetype != "application/json":
            flask.abort(415, "Content-Type must be application/json")
        payload: Any = parse_body(flask.request.get_data())
        problem = problem_of(payload, service.keys)
        if problem:
            flask.abort(400, problem)
        try:
            return service.ask(payload)
        except Busy as error:
            service.telemetry.count_busy(error.reason)
            return {"error": str(error)}, 503, {"Retry-After": "1"}
