"""Sends many requests at a time to xtremedistil-serve and counts what is lost.

Command:
  python benchmarks/load_test.py --model_dir=RUN/onnx --runtime=onnx_int8
  python benchmarks/load_test.py --model_dir=RUN/onnx --runtime=onnx_int8 --plain_malloc
Starts the command on a free port and asks for the sample's sentences over connections that stay
open, each with the next text as soon as its answer is there. Compares every answer with that of the
text alone, samples the server's memory, and ends it with requests on the way, which must still be
answered. With --plain_malloc the server takes its memory from one heap and its threads keep none of
what is freed (glibc): what still grows then is held by the program. Written to
benchmarks/load_test.json, one part a way; ends with an error where an answer is lost or wrong.
"""

import asyncio
import collections
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import numpy as np
from absl import app, flags
from machine import ROOT, write_record
from prometheus_client.parser import text_string_to_metric_families

FLAGS = flags.FLAGS
flags.DEFINE_string("model_dir", None, "A student, best its onnx folder.", required=True)
flags.DEFINE_string("runtime", None, "As the command's.")
flags.DEFINE_integer("requests", 20_000, "Number of requests.")
flags.DEFINE_integer("at_a_time", 64, "Number of connections.")
flags.DEFINE_boolean("plain_malloc", False, "One heap, and no memory kept by threads.")

_SAMPLES = 10
_PLAIN = {"PYTHONMALLOC": "malloc",
          "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1"}


def sentences() -> list:
    """The sentences of the sample."""
    rows = (ROOT / "data" / "ner" / "test.tsv").read_text("utf-8").splitlines()
    return sorted({row.split("\t")[0] for row in rows})


async def ask(reader, writer, text: str) -> tuple:
    """Sends a text over an open connection; returns (status, the answer's JSON)."""
    body = json.dumps({"text": text}).encode()
    writer.write(b"POST /api/tag HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                 b"Content-Length: %d\r\n\r\n" % len(body) + body)
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n")
                  if line.startswith(b"content-length"))
    return int(head.split()[1]), json.loads(await reader.readexactly(length))


def entities(answer: dict) -> list:
    """What a text's answer says, without what the clock says."""
    return [(one["entity_group"], one["start"], one["end"])
            for one in answer["results"][0]["entities"]]


def memory(process: subprocess.Popen) -> float:
    """Resident memory of a process in MB."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


class Load:
    """Requests over several connections, and what came of them."""

    def __init__(self, port: int, expected: dict, process: subprocess.Popen):
        self.port, self.expected, self.process = port, expected, process
        self.texts, self.next = list(expected), 0
        self.seconds, self.memory = [], []
        self.statuses, self.lost, self.wrong = collections.Counter(), 0, 0

    async def connection(self, most: int) -> None:
        """Asks over one connection until all have asked `most` texts."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while self.next < most:
            number, self.next = self.next, self.next + 1
            if number % (FLAGS.requests // _SAMPLES) == 0:
                self.memory.append(round(memory(self.process), 1))
            text = self.texts[number % len(self.texts)]
            began = time.perf_counter()
            try:
                status, answer = await ask(reader, writer, text)
            except (OSError, asyncio.IncompleteReadError):
                self.lost += 1
                return
            self.seconds.append(time.perf_counter() - began)
            self.statuses[status] += 1
            self.wrong += status == 200 and entities(answer) != self.expected[text]
        writer.close()

    async def run(self, most: int) -> None:
        """Runs all connections."""
        await asyncio.gather(*(self.connection(most) for _ in range(FLAGS.at_a_time)))


async def single(port: int) -> dict:
    """The answers of texts that are asked one by one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    found = {}
    for text in sentences():
        status, answer = await ask(reader, writer, text)
        assert status == 200, answer
        found[text] = entities(answer)
    writer.close()
    return found


async def metrics(port: int) -> dict:
    """Some of the server's own metrics."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    text = (await reader.read()).partition(b"\r\n\r\n")[2].decode()
    writer.close()
    found = {sample.name: sample.value for family in text_string_to_metric_families(text)
             for sample in family.samples if not sample.labels}
    return {"texts_a_batch": round(found["xtremedistil_batch_texts_sum"]
                                   / found["xtremedistil_batch_texts_count"], 2)}


async def last_requests(port: int, texts: list, process: subprocess.Popen) -> dict:
    """Ends the server while requests are on the way; returns what came of them."""
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(FLAGS.at_a_time)]
    asked = [asyncio.create_task(ask(*connection, texts[number % len(texts)]))
             for number, connection in enumerate(opened)]
    await asyncio.sleep(0.01)  # All are sent, few are answered.
    waiting = sum(not task.done() for task in asked)
    process.send_signal(signal.SIGTERM)
    found = await asyncio.gather(*asked, return_exceptions=True)
    return {"asked": len(asked), "unanswered_at_sigterm": waiting, "answered": sum(
        isinstance(one, tuple) and one[0] == 200 for one in found)}


def main(_) -> None:
    """Runs the load and writes the record."""
    command = [sys.executable, "-m", "xtremedistil_tf.cli.serve", f"--model_dir={FLAGS.model_dir}",
               "--port=0", *([f"--runtime={FLAGS.runtime}"] if FLAGS.runtime else [])]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True,
                               env={**os.environ, **(_PLAIN if FLAGS.plain_malloc else {})})
    try:
        port = int(process.stdout.readline().split()[0].rstrip("/").rpartition(":")[2])
        expected = asyncio.run(single(port))
        asyncio.run(Load(port, expected, process).run(FLAGS.requests // _SAMPLES))  # Warms up.
        load = Load(port, expected, process)
        began = time.perf_counter()
        asyncio.run(load.run(FLAGS.requests))
        spent = time.perf_counter() - began
        load.memory.append(round(memory(process), 1))
        own = asyncio.run(metrics(port))
        last = asyncio.run(last_requests(port, load.texts, process))
        code = process.wait(timeout=60)
    finally:
        process.kill()
    percentiles = {f"p{at}": round(1000 * float(np.percentile(load.seconds, at)), 1)
                   for at in (50, 95, 99, 100)}
    record = {
        "requests": FLAGS.requests, "at_a_time": FLAGS.at_a_time, "texts": len(expected),
        "statuses": dict(load.statuses), "lost": load.lost, "wrong": load.wrong,
        "requests_a_second": round(FLAGS.requests / spent, 1), "milliseconds": percentiles, **own,
        "memory_mb": load.memory, "end": {**last, "exit_code": code}}
    print(json.dumps(record, indent=1))
    sys.argv = [argument.replace(FLAGS.model_dir, "STUDENT") for argument in sys.argv]
    path = ROOT / "benchmarks" / "load_test.json"
    known = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    parts = {name: known[name] for name in ("usual", "plain_malloc") if name in known}
    way = "plain_malloc" if FLAGS.plain_malloc else "usual"
    write_record("load_test", {**parts, way: record}, show=False)
    good = (load.statuses == {200: FLAGS.requests} and not load.lost and not load.wrong
            and last["answered"] == last["asked"]
            # At first every thread takes what it keeps; then memory must be flat.
            and load.memory[-1] < 1.03 * load.memory[_SAMPLES // 2])
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    app.run(main)
