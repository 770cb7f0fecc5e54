"""A stand-in for the model hub on this machine: what huggingface_hub asks of its HTTP interface."""

import base64
import contextlib
import hashlib
import http.server
import json
import re
import threading

_API = re.compile(r"/api/models/([\w-]+/[\w.-]+)(?:/(revision|preupload|commit)/([\w.-]+))?")
_FILE = re.compile(r"/([\w-]+/[\w.-]+)/resolve/([\w.-]+)/(.+)")


class Hub:
    """Repositories by name, each a list of commits; a commit is a dict of files.

    Attributes:
      asked: every request so far, "METHOD path".
    """

    def __init__(self):
        self.repositories, self.asked = {}, []

    def commit(self, name, files):
        """Adds a commit with further files; returns its id."""
        commits = self.repositories.setdefault(name, [])
        commits.append({**(commits[-1][1] if commits else {}), **files})
        number = hashlib.sha1(f"{name} {len(commits)}".encode()).hexdigest()
        commits[-1] = (number, commits[-1])
        return number

    def found(self, name, revision):
        """Returns (commit id, files); None if there is no such revision."""
        commits = self.repositories[name]
        if revision in (None, "main"):
            return commits[-1] if commits else (hashlib.sha1(b"").hexdigest(), {})
        return next((one for one in commits if one[0].startswith(revision)), None)


class _Answers(http.server.BaseHTTPRequestHandler):
    hub: Hub

    def log_message(self, *_):
        pass

    def _send(self, body, status=200, **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": len(data), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _missing(self, code):
        self._send({"error": code}, 404, X_Error_Code=code)

    def do_GET(self):
        self.hub.asked.append(f"{self.command} {self.path}")
        path = self.path.split("?")[0]
        of_api, of_file = _API.fullmatch(path), _FILE.fullmatch(path)
        if path == "/":
            return self._send({})
        name, revision = (of_api[1], of_api[3]) if of_api else (of_file[1], of_file[2])
        if name not in self.hub.repositories:
            return self._missing("RepoNotFound")
        found = self.hub.found(name, revision)
        if found is None:
            return self._missing("RevisionNotFound")
        number, files = found
        if of_api:
            return self._send({"id": name, "sha": number, "private": False, "siblings": [
                {"rfilename": file} for file in files]})
        if of_file[3] not in files:
            return self._missing("EntryNotFound")
        data = files[of_file[3]]
        return self._send(data, X_Repo_Commit=number, ETag=f'"{hashlib.sha1(data).hexdigest()}"')

    do_HEAD = do_GET

    def do_POST(self):
        self.hub.asked.append(f"{self.command} {self.path}")
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/api/validate-yaml":
            return self._send({"errors": [], "warnings": []})
        if self.headers["Authorization"] != "Bearer hf_right":
            return self._send({"error": "Invalid token"}, 401)
        if self.path == "/api/repos/create":
            asked = json.loads(body)
            name = f"{asked['organization']}/{asked['name']}"
            self.hub.repositories.setdefault(name, [])
            return self._send({"url": f"http://{self.headers['Host']}/{name}"})
        name, what, _ = _API.fullmatch(self.path).groups()
        if what == "preupload":
            return self._send({"files": [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                for file in json.loads(body)["files"]]})
        rows = [json.loads(line) for line in body.splitlines()]
        number = self.hub.commit(name, {
            row["value"]["path"]: base64.b64decode(row["value"]["content"])
            for row in rows if row["key"] == "file"})
        return self._send({"commitUrl": f"http://{self.headers['Host']}/{name}/commit/{number}",
                           "commitOid": number, "success": True})


@contextlib.contextmanager
def stand_in():
    """Yields (hub, its address); it is away when the context ends."""
    hub = Hub()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                             type("Answers", (_Answers,), {"hub": hub}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
