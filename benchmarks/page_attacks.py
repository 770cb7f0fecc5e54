"""Attacks the page of xtremedistil-serve and records what each one gets.

Command:
  python benchmarks/page_attacks.py --model_dir=RUN/onnx
Starts the command on a free port, sends what a stranger's website, a broken client or an attacker
could send over plain sockets, and checks the answers. Written to benchmarks/page_attacks.json; ends
with an error where an answer is not the wanted one.
"""

import concurrent.futures
import json
import socket
import subprocess
import sys
import time

from absl import app, flags
from machine import ROOT, write_record

FLAGS = flags.FLAGS
flags.DEFINE_string("model_dir", None, "A student, best its onnx folder.", required=True)
flags.DEFINE_string("runtime", None, "As the command's.")

_JSON = "Content-Type: application/json\r\n"


def send(port: int, raw: bytes, wait: float = 60.0) -> tuple:
    """Sends bytes and reads until the server closes; returns (status or None, body, seconds)."""
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as connection:
        found = b""
        try:
            connection.sendall(raw)
            while True:
                block = connection.recv(1 << 16)
                if not block:
                    break
                found += block
        except OSError:  # Closed before it had read everything, or nothing came.
            pass
    head, _, body = found.partition(b"\r\n\r\n")
    status = int(head.split()[1]) if head.startswith(b"HTTP/") else None
    return status, body, time.perf_counter() - began


def post(text: object, headers: str = "Host: localhost\r\n" + _JSON, raw: bytes = b"") -> bytes:
    """A request to /api/tag."""
    body = raw or json.dumps({"text": text}).encode()
    return (f"POST /api/tag HTTP/1.1\r\n{headers}Connection: close\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def get(path: str, headers: str = "Host: localhost\r\n") -> bytes:
    """A request for a page."""
    return f"GET {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n".encode()


def attacks() -> list:
    """(name, bytes, wanted statuses)."""
    local, refused, bad = "Host: localhost\r\n", {403}, {400}
    host = "Host: {}\r\n"
    found = [
        ("a plain request", post("Anna Weber"), {200}), ("the page", get("/"), {200}),
        ("DNS rebinding: another Host", post("a", host.format("evil.example") + _JSON), refused),
        ("the page by another Host", get("/", host.format("evil.example:8080")), refused),
        ("a Host that begins as ours", get("/", host.format("localhost.evil.example")), refused),
        ("a Host with a user", get("/", host.format("localhost@evil.example")), refused),
        ("the metrics by another Host", get("/metrics", host.format("evil.example")), refused),
        ("the description by another Host", get("/openapi.json", host.format("evil.example")),
         refused),
        ("health by another Host", get("/healthz", host.format("10.0.0.7:8080")), {200}),
        ("a line break in X-Request-ID", get("/healthz", local + "X-Request-ID: a\r\n b\r\n"),
         {200, 400}),
        ("no Host", get("/", ""), {400, 403}),
        ("another site's page (Origin)", post("a", f"{local}Origin: https://evil.example\r\n"
                                              f"{_JSON}"), refused),
        ("a sandboxed frame (Origin: null)", post("a", f"{local}Origin: null\r\n{_JSON}"), refused),
        ("a form of another site", post("a", f"{local}Content-Type: text/plain\r\n"), {415}),
        ("JSON nested 100,000 deep", post("", raw=b'{"text":' + b"[" * 100_000), bad),
        ("JSON nested and closed", post("", raw=b'{"text":' + b"[" * 50_000 + b"]" * 50_000
                                        + b"}"), bad),
        ("objects nested 20,000 deep", post("", raw=b'{"text":' * 20_000 + b"1" + b"}" * 20_000),
         bad),
        ("no JSON", post("", raw=b"\xff\xfe{"), bad), ("a number", post(5), bad),
        ("half a surrogate pair", post("", raw=b'{"text": "\\ud800"}'), bad),
        ("a number of 200,000 digits", post("", raw=b'{"text": ' + b"9" * 200_000 + b"}"), bad),
        ("20,001 characters", post("a" * 20_001), bad),
        ("a body of 1 MB", post("a" * 1_000_000), {413}),
        ("a length of 10 GB", (f"POST /api/tag HTTP/1.1\r\n{local}{_JSON}Content-Length: "
                               "10000000000\r\nConnection: close\r\n\r\n{}").encode(), {413}),
        ("a negative length", (f"POST /api/tag HTTP/1.1\r\n{local}{_JSON}Content-Length: -1\r\n"
                               "Connection: close\r\n\r\n{}").encode(), bad),
        ("two lengths", (f"POST /api/tag HTTP/1.1\r\n{local}{_JSON}Content-Length: 2\r\n"
                         "Content-Length: 40\r\nConnection: close\r\n\r\n{}").encode(), bad),
        ("headers of 1 MB", get("/", local + "X-A: " + "a" * 1_000_000 + "\r\n"), {400, 431}),
        ("a path out of the folder", get("/web/../page.py"), {404}),
        ("the same, encoded", get("/web/%2e%2e/page.py"), {404}),
        ("no HTTP", b"\x16\x03\x01\x02\x00" + b"\x00" * 512, {None, 400}),
        ("HTML in a text", post("<script>alert(1)</script>"), {200}),
        ("20,000 full stops", post("." * 20_000), {200}),
        ("20,000 letters with hyphens", post("a-" * 10_000), {200}),
        ("20,000 emojis", post("\U0001f600" * 20_000), {200}),
        ("20,000 CJK characters", post("\u6771" * 20_000), {200}),
        ("20,000 combining marks", post("e" + "\u0301" * 19_999), {200}),
    ]
    return found


def tell(name: str, status: object, seconds: float, good: bool) -> dict:
    """A row of the record."""
    print(f"{'ok ' if good else 'BAD'} {status} {seconds:6.2f} s  {name}", flush=True)
    return {"attack": name, "status": status, "seconds": round(seconds, 3), "as_wanted": good}


def slow_beside_short(port: int) -> dict:
    """Short texts while long ones are sent without a pause: how long the slowest of them takes."""
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        end = time.monotonic() + 10

        def flood() -> list:
            statuses = []
            while time.monotonic() < end:
                statuses.append(send(port, post("." * 20_000))[0])
            return statuses

        floods = [pool.submit(flood) for _ in range(10)]
        time.sleep(1)
        waits, good = [], True
        while time.monotonic() < end:
            status, _, seconds = send(port, post("Anna Weber"))
            waits.append(seconds)
            good = good and status == 200
        statuses = [status for future in floods for status in future.result()]
    good = good and max(waits) < 3 and set(statuses) <= {200, 503}
    return {**tell(f"{len(waits)} short texts beside {len(statuses)} of 20,000 full stops",
                   200 if good else None, max(waits), good),
            "long_answered": statuses.count(200), "long_refused": statuses.count(503)}


def held_connections(port: int) -> dict:
    """60 connections that send half a request and then nothing."""
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(60)]
    for connection in held:
        connection.sendall(b"POST /api/tag HTTP/1.1\r\nHost: localhost\r\nContent-Le")
    status, _, seconds = send(port, post("Anna Weber"))
    for connection in held:
        connection.close()
    return tell("60 connections that say nothing more", status, seconds,
                status == 200 and seconds < 3)


def main(_) -> None:
    """Runs all of them."""
    command = [sys.executable, "-m", "xtremedistil_tf.cli.serve", f"--model_dir={FLAGS.model_dir}",
               "--port=0", *([f"--runtime={FLAGS.runtime}"] if FLAGS.runtime else [])]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True)
    try:
        port = int(process.stdout.readline().split()[0].rstrip("/").rpartition(":")[2])
        rows = []
        for name, raw, wanted in attacks():
            status, body, seconds = send(port, raw)
            # Half a request is closed when it has been silent for half a minute.
            good = status in wanted and b"Traceback" not in body and seconds < (
                45 if name == "no HTTP" else 20)
            if status == 200 and name == "HTML in a text":
                good = good and body.lstrip().startswith(b"{")
            rows.append(tell(name, status, seconds, good))
        rows += [slow_beside_short(port), held_connections(port)]
        status, _, seconds = send(port, post("Anna Weber"))
        rows.append(tell("a plain request after all", status, seconds, status == 200))
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=60)
    tracebacks = errors.count("Traceback")
    sys.argv = [argument.replace(FLAGS.model_dir, "STUDENT") for argument in sys.argv]
    write_record("page_attacks", {"attacks": rows, "tracebacks": tracebacks}, show=False)
    if tracebacks or not all(row["as_wanted"] for row in rows):
        print(errors[-3000:], file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    app.run(main)
