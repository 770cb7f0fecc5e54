"""Sets the address of the repository in all notebooks; runs them and keeps their outputs, small.

    python docs/make_notebooks.py                              # the address alone
    SMOKE=1 python docs/make_notebooks.py first_hour ...       # runs notebooks, too

The address is REPOSITORY in xtremedistil_tf/version.py: Colab's badges and the first cells take it
from there. Running needs the extra [notebook] and an environment in which the package is installed:
the cell that installs it is left out. Progress bars and paths of this machine are not kept.
"""

import base64
import io
import json
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from xtremedistil_tf.version import REPOSITORY  # noqa: E402 - after the path is set

FOLDER = ROOT / "notebooks"
BADGE = "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
# Pixels and colours of the plots that are kept, and lines of a cell's log.
_WIDTH, _COLOURS, _LINES = 720, 24, 40
# What is not kept: progress bars, and what libraries say of the screen.
_BAR = re.compile(r"steps?/s|\d+%\||tqdm|TqdmWarning")


def badge(name):
    """The badge that opens a notebook of this repository in Colab."""
    place = REPOSITORY.partition("github.com/")[2]
    return (f"{BADGE}(https://colab.research.google.com/github/{place}/blob/main/notebooks/"
            f"{name}.ipynb)")


def addressed(book, name):
    """Sets badge and address in a notebook; returns it."""
    for cell in book["cells"]:
        text = "".join(cell["source"])
        text = re.sub(r"^(BADGE|\[!\[Open in Colab\].*)$", badge(name), text, flags=re.M)
        text = re.sub(r'^REPOSITORY = ".*?"', f'REPOSITORY = "{REPOSITORY}"', text, flags=re.M)
        cell["source"] = text.splitlines(keepends=True)
    return book


def _small_image(data):
    """A PNG with few pixels and colours."""
    from PIL import Image

    image = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")
    if image.width > _WIDTH:
        image = image.resize((_WIDTH, round(image.height * _WIDTH / image.width)), Image.LANCZOS)
    written = io.BytesIO()
    image.quantize(_COLOURS).save(written, "png", optimize=True)
    return base64.b64encode(written.getvalue()).decode()


def _kept_text(text):
    """Printed text without progress bars, colours, and paths of this machine."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    for path in (str(ROOT), sys.prefix, str(pathlib.Path.home())):
        text = text.replace(path, "...")
    lines = [part for line in text.split("\n") for part in [line.rstrip("\r").split("\r")[-1]]
             if not _BAR.search(part)]
    if len(lines) > _LINES:
        lines = [*lines[:_LINES // 2], "...", *lines[-_LINES // 2:]]
    return "\n".join(lines)


def kept(outputs):
    """The outputs of a cell that a reader needs; neighbouring text of a stream is joined."""
    found = []
    for output in outputs:
        output = dict(output)
        if output["output_type"] == "stream":
            last = found[-1] if found else {}
            if last.get("name") == output["name"]:
                last["text"] += output["text"]
                continue
        elif "data" in output:
            output["data"] = dict(output["data"])
            if "image/png" in output["data"]:
                output["data"]["image/png"] = _small_image(output["data"]["image/png"])
            output["metadata"] = {}
        found.append(output)
    for output in found:
        if output["output_type"] == "stream":
            output["text"] = _kept_text(output["text"])
        elif "text/plain" in output.get("data", {}):
            output["data"]["text/plain"] = _kept_text(output["data"]["text/plain"])
    return [output for output in found if output.get("text", "x").strip()]


def run(path):
    """Runs a notebook's cells in a kernel of this Python; returns it with what came of them."""
    import nbformat
    from nbclient import NotebookClient

    book = nbformat.read(path, as_version=4)
    sources = [cell.source for cell in book.cells]
    for cell in book.cells:  # The package is installed already.
        cell.source = re.sub(r"^!.* -m pip install .*$", "!true", cell.source, flags=re.M)
    NotebookClient(book, timeout=3600, kernel_name="python3",
                   resources={"metadata": {"path": str(FOLDER)}}).execute()
    for cell, source in zip(book.cells, sources):
        cell.source = source
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [nbformat.from_dict(output) for output in kept(cell.outputs)]
    book.metadata["language_info"] = {"name": "python"}
    return json.loads(nbformat.writes(book))


def _text(book):
    return json.dumps(book, indent=1, ensure_ascii=False) + "\n"


def main(names):
    """Writes all notebooks; runs those that are named."""
    for path in sorted(FOLDER.glob("*.ipynb")):
        before = path.read_text("utf-8")
        text = _text(addressed(json.loads(before), path.stem))
        if text != before:
            path.write_text(text, "utf-8")
        if path.stem in names:
            path.write_text(_text(addressed(run(path), path.stem)), "utf-8")
            print(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB"
                  + (", with SMOKE" if os.environ.get("SMOKE") == "1" else ""))


if __name__ == "__main__":
    main(sys.argv[1:])
