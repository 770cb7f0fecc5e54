"""What a browser downloads to run a student itself, and how long it takes to the first entities.

Command:
  (cd clients/js && npm ci && npm run build)
  python benchmarks/browser.py --model_dir=RUN/onnx
Starts xtremedistil-serve with --browser_dir and opens its page in Chromium without a window.
Each repeat has a browser profile of its own: the first visit downloads everything, the second one
only asks whether something has changed. Written to benchmarks/browser.json.
"""

import pathlib
import shutil
import statistics
import subprocess
import sys
import time

from absl import app, flags
from machine import ROOT, write_record
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(ROOT))

from xtremedistil_tf.apps.about import PHRASES  # noqa: E402
from xtremedistil_tf.apps.browser import BrowserFiles  # noqa: E402

FLAGS = flags.FLAGS
flags.DEFINE_string("model_dir", None, "A student's onnx folder.", required=True)
flags.DEFINE_string("runtime", "onnx_int8", "As the command's: onnx or onnx_int8.")
flags.DEFINE_integer("repeats", 1, "Number of visits.")

_BUILT = ROOT / "clients" / "js" / "dist"
_MOST = 600_000  # Milliseconds; a busy machine must not spoil the record.


def page_weight(url: str, browser) -> dict:
    """Bytes of the page itself, without the switch."""
    page = browser.new_page()
    replies: list = []
    page.on("response", lambda reply: replies.append(reply))
    page.goto(url, wait_until="networkidle", timeout=_MOST)
    sizes = {reply.url.removeprefix(url) or "page": len(reply.body())
             for reply in replies if reply.url.startswith("http")}
    page.close()
    return sizes


def cpu_seconds() -> float:
    """Processor seconds of this process's Chromium, of all its processes together."""
    total = 0.0
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            if "chrom" in (stat.parent / "comm").read_text():
                total += (int(fields[11]) + int(fields[12])) / 100.0
        except OSError:  # It has ended.
            continue
    return total


def visit(context, url: str) -> dict:
    """Opens the page, switches to this browser and waits for entities; then a second text."""
    page = context.new_page()
    page.set_default_timeout(_MOST)
    page.goto(url)
    page.fill("#text", PHRASES["de"])
    began, before = time.perf_counter(), cpu_seconds()
    page.check("#here")
    page.locator("#status", has_text="found").wait_for()
    first, processor = time.perf_counter() - began, cpu_seconds() - before
    later = []
    for phrase in list(PHRASES.values())[:20]:
        page.fill("#text", phrase)
        page.press("#text", "Enter")
        page.locator(".tagged", has_text=phrase[:3]).first.wait_for()
        page.locator("#status", has_text="found").wait_for()
        later.append(float(page.locator(".time").first.inner_text().split()[0]))
    page.close()
    return {"first_seconds": first, "first_processor_seconds": processor,
            "later_milliseconds": statistics.median(later)}


def main(_) -> None:
    """Measures and writes the record."""
    files = BrowserFiles(_BUILT, pathlib.Path(FLAGS.model_dir),
                         int8=FLAGS.runtime.endswith("int8"))
    plain = {name: len(files.content(name).plain) for name in files.sizes}
    process = subprocess.Popen(
        [sys.executable, "-m", "xtremedistil_tf.cli.serve", f"--model_dir={FLAGS.model_dir}",
         f"--runtime={FLAGS.runtime}", f"--browser_dir={_BUILT}", "--port=0"], cwd=ROOT,
        stdout=subprocess.PIPE, text=True)
    try:
        url = process.stdout.readline().split()[0]
        visits = {"first_visit": [], "second_visit": []}
        with sync_playwright() as driver:
            browser = driver.chromium.launch(
                executable_path=next(filter(None, map(shutil.which, (
                    "chromium", "google-chrome"))), None), args=["--no-sandbox"])
            page = page_weight(url, browser)
            for _ in range(FLAGS.repeats):
                context = browser.new_context()
                for rows in visits.values():
                    rows.append(visit(context, url))
                context.close()
            version = browser.version
            browser.close()
    finally:
        process.terminate()
        process.wait(60)
    medians = {name: {key: round(statistics.median(row[key] for row in rows), 3)
                      for key in rows[0]} for name, rows in visits.items()}
    sys.argv = [argument.replace(FLAGS.model_dir, "STUDENT") for argument in sys.argv]
    with open("/proc/loadavg") as load:
        busy = float(load.read().split()[0])
    write_record("browser", {
        "chromium": version, "load_of_the_machine": busy, "page_bytes": page,
        "bytes_packed": files.sizes, "bytes_plain": plain,
        "total_packed": sum(files.sizes.values()), "total_plain": sum(plain.values()),
        **medians})


if __name__ == "__main__":
    app.run(main)
