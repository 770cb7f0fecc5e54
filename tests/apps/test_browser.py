"""The page in a real browser; skipped where none can be started (CONTRIBUTING.md)."""

import os
import shutil
import threading

import pytest

from tests.apps.scripted import TAGS, Scripted

playwright = pytest.importorskip(
    "playwright.sync_api", reason="the page's own test needs the extra [browser]")
pytest.importorskip("flask", reason="the page needs the extra [serve]")

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="module")
def address():
    """Where a page with scripted taggers is served."""
    from xtremedistil_tf.apps.page import create_app
    from xtremedistil_tf.apps.server import create_server
    from xtremedistil_tf.apps.service import NamedModel

    app = create_app({"student": NamedModel("onnx_int8", Scripted(TAGS)),
                      "teacher": NamedModel("keras", Scripted({"Anna": "B-PER"}))})
    server = create_server(app, "127.0.0.1", 0)
    threading.Thread(target=server.waitress.run, daemon=True).start()
    yield "http://{}:{}/".format(*server.addresses[0])
    server.close()


@pytest.fixture(scope="module")
def browser():
    """A browser without a window: $XTREMEDISTIL_BROWSER, an installed one or Playwright's own."""
    path = os.environ.get("XTREMEDISTIL_BROWSER") or next(
        filter(None, map(shutil.which, BROWSERS)), None)
    with playwright.sync_playwright() as driver:
        try:
            # Tests reach nothing but this machine; without the sandbox root may run them too.
            opened = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        except playwright.Error as error:
            pytest.skip(f"no browser could be started ({str(error).splitlines()[0]}); "
                        "name one in XTREMEDISTIL_BROWSER")
        yield opened
        opened.close()


@pytest.fixture
def page(browser, address):
    """The opened page; whatever its console reports, and every foreign request, fails the test."""
    opened = browser.new_page()
    opened.set_default_timeout(10_000)
    faults = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("request", lambda request: request.url.startswith((address, "data:"))
              or faults.append(request.url))
    opened.goto(address)
    yield opened
    opened.close()
    assert not faults


def tag(page, text):
    page.fill("#text", text)
    page.press("#text", "Enter")
    page.locator("#status", has_text="found").wait_for()


def marks(page, section):
    return page.locator("section").nth(section).locator("mark")


def test_entities_are_marked_in_both_columns(page):
    tag(page, "😀 Anna Weber, Bonn!")
    student, teacher = marks(page, 0), marks(page, 1)
    assert student.all_inner_texts() == ["Anna WeberPER", "BonnLOC"]
    assert teacher.all_inner_texts() == ["AnnaPER"]
    assert student.nth(0).get_attribute(
        "title") == "PER, score 0.875, found by this one only"
    tagged = page.locator(".tagged").nth(0)
    assert tagged.inner_text() == "😀 Anna WeberPER, BonnLOC!"
    assert all(text.endswith(" ms") for text in page.locator(".time").all_inner_texts())
    boxes = [page.locator("section").nth(number).bounding_box() for number in (0, 1)]
    assert boxes[0]["y"] == boxes[1]["y"] and boxes[0]["x"] < boxes[1]["x"]
    page.locator("summary").nth(0).click()
    assert page.locator("tbody").nth(0).locator("tr").nth(0).inner_text().split("\t") == [
        "Anna Weber", "PER", "0.875", "2–12"]
    page.set_viewport_size({"width": 360, "height": 700})  # A phone has them one below the other.
    boxes = [page.locator("section").nth(number).bounding_box() for number in (0, 1)]
    assert boxes[0]["y"] < boxes[1]["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_text_is_never_html(page):
    tag(page, "<b>Evil</b> <img src=x onerror=alert(1)> Anna")
    assert page.locator(".tagged b, .tagged img").count() == 0
    assert marks(page, 0).all_inner_texts() == ["<b>Evil</b>ORG", "AnnaPER"]
    assert "<img src=x onerror=alert(1)>" in page.locator(".tagged").nth(1).inner_text()


def test_right_to_left_text_runs_right_to_left(page):
    text = "جامعة في القاهرة Bonn"
    tag(page, text)
    direction = "element => getComputedStyle(element).direction"
    assert page.locator("#text").evaluate(direction) == "rtl"
    assert page.locator(".tagged").nth(0).evaluate(direction) == "rtl"
    boxes = [marks(page, 0).nth(number).bounding_box() for number in range(3)]
    assert boxes[0]["x"] > boxes[1]["x"] > boxes[2]["x"]
    tag(page, "Anna")
    assert page.locator(".tagged").nth(0).evaluate(direction) == "ltr"


def test_empty_long_and_broken_input(page):
    page.press("#text", "Enter")
    assert page.inner_text("#status") == "Type a sentence first."
    tag(page, "Anna Weber, Bonn. " * 500)
    assert marks(page, 0).count() == 1000
    assert page.locator(".tagged").nth(0).bounding_box()["height"] < 600
    page.fill("#text", "boom")
    page.click("button[type=submit]")
    page.wait_for_selector("#status.bad")
    assert "error" in page.inner_text("#status").lower()
    tag(page, "nobody")  # The page goes on.
    assert marks(page, 0).count() == 0 and page.locator("details").nth(0).is_hidden()
    assert not page.locator("#status.bad").count()


def test_the_keyboard_is_enough(page):
    assert page.evaluate("document.activeElement.id") == "text"
    page.keyboard.type("Anna")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("Bonn")
    assert page.input_value("#text") == "Anna\nBonn" and marks(page, 0).count() == 0
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Tag"
    page.keyboard.press("Enter")
    marks(page, 0).nth(1).wait_for()
    page.locator("#examples button").nth(1).press("Enter")
    page.locator(".tagged", has_text="Paul Bergmann").nth(1).wait_for()


CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d');
  const light = colour => {
    canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const back = element => {
    for (; element; element = element.parentElement) {
      const colour = getComputedStyle(element).backgroundColor;
      if (colour !== 'rgba(0, 0, 0, 0)') return colour;
    }
  };
  return [...document.querySelectorAll('h1, h2, small, label, button, textarea, .time, mark, td, ' +
                                       'mark span, #hint, #status')].map(element => {
    const [a, b] = [light(getComputedStyle(element).color), light(back(element))];
    return [element.tagName, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
  });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_can_be_read(page, scheme):
    page.emulate_media(color_scheme=scheme)
    tag(page, "Anna Weber, Bonn <b>Evil</b>")
    for colour in range(8):  # Marks of every colour.
        page.evaluate("number => { const copy = document.querySelector('mark').cloneNode(true);"
                      "copy.className = `c${number}`;"
                      "document.querySelector('.tagged').append(copy) }", colour)
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(251, 251, 250)") == (scheme == "light")
    found = page.evaluate(CONTRAST)
    assert len(found) > 30 and min(ratio for _, ratio in found) >= 4.5, found


def test_every_control_has_a_name(page):
    nameless = page.evaluate(
        "[...document.querySelectorAll('button, textarea, section')].filter(e => !("
        "e.textContent.trim() || e.labels?.length || e.getAttribute('aria-label'))).length")
    assert nameless == 0
    assert page.get_by_label("A sentence in any language").count() == 1
    assert page.get_by_role("region", name="teacher").count() == 1
    assert page.locator("html").get_attribute("lang") == "en"
