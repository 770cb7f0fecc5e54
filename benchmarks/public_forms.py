"""Converts public forms of data in small and writes what came of them as a page of the docs.

    python benchmarks/public_forms.py

The forms stand in tests/corpora/public_forms.py; the page is docs/reference/public_forms.md.
"""

import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.corpora.public_forms import FORMS, convert_form  # noqa: E402 - after the path is set

PAGE = ROOT / "docs" / "reference" / "public_forms.md"
HEAD = """# Public forms of data

What `xtremedistil-prepare` makes of the forms in which corpora, tools and libraries write named
entities. `benchmarks/public_forms.py` converts each one in small and writes this page; a test holds
every row of it. Parquet files are read where the extra `[datasets]` is installed.

| form | flags | read | what is said |
|---|---|---|---|
"""


def _flags(form):
    kind = {} if form.kind is None else {"kind": form.kind}
    return " ".join(f"`--{name}={','.join(value) if isinstance(value, tuple) else value}`"
                    for name, value in {**form.options, **kind}.items())


def _row(form, folder):
    """A form's row of the table."""
    result = convert_form(form, folder)
    said = result.refusal or "; ".join(result.said) or "nothing changed"
    cells = (form.name, _flags(form), "refused" if result.refusal else "yes", said)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def render():
    """The page."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [_row(form, pathlib.Path(folder, str(at))) for at, form in enumerate(FORMS)]
    return HEAD + "\n".join(rows) + "\n"


def main():
    """Writes the page."""
    PAGE.write_text(render(), "utf-8")


if __name__ == "__main__":
    main()
