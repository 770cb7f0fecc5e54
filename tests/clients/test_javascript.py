"""clients/js in Node and in a browser; skipped without node, its packages or a browser."""

import functools
import http.server
import json
import pathlib
import shutil
import subprocess
import sys
import threading

import pytest

from tests.conftest import ROOT
from tests.golden.cases import FOLDER, STUDENTS, differences

CLIENT = ROOT / "clients" / "js"
BUILT = CLIENT / "dist"
NODE = shutil.which("node")

needs_node = pytest.mark.skipif(
    NODE is None or not (CLIENT / "node_modules").is_dir(),
    reason="needs node, and npm ci in clients/js")


def test_the_package_says_what_it_is():
    package = json.loads((CLIENT / "package.json").read_text("utf-8"))
    for path in (*package["files"], package["exports"]["."]["node"],
                 package["exports"]["."]["default"], package["exports"]["."]["types"]):
        assert (CLIENT / path).exists(), path
    # Exact versions: the ids are Python's with these.
    assert not [version for version in package["dependencies"].values() if version[0] in "^~*"]
    lock = json.loads((CLIENT / "package-lock.json").read_text("utf-8"))
    assert lock["packages"][""]["dependencies"] == package["dependencies"]


@pytest.mark.long
def test_the_tables_are_those_of_the_tokenizers():
    made = subprocess.run(
        [sys.executable, "-c", "import sys; sys.path.insert(0, 'clients/js'); import make_tables; "
         "sys.stdout.write(make_tables.source())"], cwd=ROOT, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    assert made.stdout == (CLIENT / "src" / "tables.js").read_text("utf-8")


@pytest.mark.long
@needs_node
def test_node_gives_what_python_gives():
    done = subprocess.run([NODE, "--test", "test/"], cwd=CLIENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-5000:]


@pytest.mark.long
@needs_node
def test_the_ids_of_odd_texts_are_python_s(tmp_path):
    from tests.odd_texts import ADVERSARIAL, fuzz
    from tests.tokenizer_recipes import RECIPES, make_unigram
    from xtremedistil_tf.data.words import split_words

    texts = ADVERSARIAL + fuzz(400, 3)
    cases = []
    for recipe in RECIPES:
        tokenizer = make_unigram(recipe)
        tokenizer.encode_special_tokens = True
        words = [[word for word, _, _ in split_words(text)] for text in texts]
        cases.append({"tokenizer": json.loads(tokenizer.to_str()), "words": words, "ids": [
            tokenizer.encode(row, is_pretokenized=True).ids for row in words]})
    (tmp_path / "cases.json").write_text(json.dumps(cases))
    script = tmp_path / "compare.mjs"
    script.write_text(f"""
import {{readFileSync}} from "node:fs";
import {{Pieces}} from "{(CLIENT / 'src' / 'pieces.js').as_uri()}";
for (const {{tokenizer, words, ids}} of JSON.parse(readFileSync("{tmp_path}/cases.json"))) {{
  const pieces = new Pieces(tokenizer);
  words.forEach((row, at) => {{
    const found = [pieces.opening, ...row.flatMap((word) => pieces.of(word)), pieces.closing];
    if (`${{found}}` !== `${{ids[at]}}`) console.log(JSON.stringify([row, found, ids[at]]));
  }});
}}""")
    done = subprocess.run([NODE, script], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout[:2000] + done.stderr[:2000]


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the extra [browser]")
    if not (BUILT / "worker.js").is_file():
        pytest.skip("needs npm run build in clients/js")
    path = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser):
    """An empty page beside the built client and the golden students, in a browser."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(ROOT)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    opened, foreign = browser.new_page(), []
    opened.set_default_timeout(300_000)
    opened.on("request", lambda request: request.url.startswith(address)
              or foreign.append(request.url))
    opened.goto(f"{address}clients/js/package.json")
    yield opened
    opened.close()
    server.shutdown()
    server.server_close()
    assert not foreign


IN_BROWSER = """async ([student, texts]) => {
  const {load} = await import("/clients/js/dist/xtremedistil.js");
  const tagger = await load(`/tests/golden/${student}/onnx`, {
    offsets: "codepoints", wasm: "/clients/js/dist/ort-wasm-simd-threaded.wasm"});
  const found = [];
  for (const text of texts) found.push(await tagger.entities(text));
  return found;
}"""


@pytest.mark.long
@pytest.mark.parametrize("student", STUDENTS)
def test_a_browser_gives_what_python_gives(page, student):
    assert differences(lambda texts: page.evaluate(IN_BROWSER, [student, texts]), student) == []


@pytest.mark.long
def test_the_page_runs_the_student_in_the_browser_and_sends_no_text(browser):
    from xtremedistil_tf import load
    from xtremedistil_tf.apps.browser import BrowserFiles
    from xtremedistil_tf.apps.page import create_app
    from xtremedistil_tf.apps.server import create_server
    from xtremedistil_tf.apps.service import NamedModel

    folder = FOLDER / "wordpiece"
    student = load(folder, "onnx")
    app = create_app({"student": NamedModel("onnx", student), "teacher": NamedModel("x", student)},
                     browser=BrowserFiles(BUILT, folder, int8=False))
    server = create_server(app, "127.0.0.1", 0)
    threading.Thread(target=server.waitress.run, daemon=True).start()
    text = "😀 Anna Keller visited the University of Alderton in Bonn."
    opened, asked, faults = browser.new_page(), [], []
    opened.set_default_timeout(300_000)
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda message: message.type == "error"
              and faults.append(message.text))
    opened.goto("http://{}:{}/".format(*server.addresses[0]))
    opened.on("request", lambda request: asked.append(pathlib.Path(request.url).name))
    opened.check("#here")
    opened.fill("#text", text)
    opened.press("#text", "Enter")
    opened.locator("#status", has_text="found").wait_for()
    marks = opened.locator("section").nth(0).locator("mark").all_inner_texts()
    assert opened.locator("section").nth(1).is_hidden()
    first = sorted(asked)
    opened.fill("#text", "Bonn")
    opened.press("#text", "Enter")
    opened.locator(".tagged", has_text="Bonn").nth(0).wait_for()
    opened.uncheck("#here")
    opened.locator("section").nth(1).locator(".time", has_text="ms").wait_for()
    opened.close()
    server.close()
    assert first == sorted(["worker.js", "ort-wasm-simd-threaded.wasm", "student.json",
                            "tokenizer.json", "vocabulary.npy", "model.onnx"])
    # Only the last request, with the switch off again, went to the server.
    assert sorted(asked) == sorted([*first, "tag"]) and not faults
    assert marks == [f"{one['word']}{one['entity_group']}" for one in student(text)]
