"""docs/reference/flags.md is what the code defines."""

import subprocess
import sys

from tests.conftest import ROOT


def test_the_page_is_current():
    code = "import runpy; print(runpy.run_path('docs/make_flags.py')['render'](), end='')"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True,
                            timeout=120)
    assert result.returncode == 0, result.stderr.decode()
    page = (ROOT / "docs" / "reference" / "flags.md").read_bytes().replace(b"\r\n", b"\n")
    assert page == result.stdout.replace(b"\r\n", b"\n"), "run python docs/make_flags.py"
    for flag in (b"--teacher_layer", b"--check", b"--whitespace_words", b"--quiet"):
        assert b"| `" + flag + b"` |" in page
    assert b"**Other**" not in page
