"""Each public form of data is read right or refused in one line with the way out."""

import importlib.util

import pytest

from tests.conftest import ROOT
from tests.corpora.public_forms import FORMS, convert_form


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.name} {form.options or ''}")
def test_public_forms(form, tmp_path):
    if form.name.startswith("Japanese"):
        pytest.importorskip("icu4py")  # Python 3.9 has none.
    result = convert_form(form, tmp_path)
    if form.refusal:
        assert form.refusal in result.refusal and not result.rows
        assert "\n" not in result.refusal and len(result.refusal) < 400
        return
    assert not result.refusal
    assert set(form.rows) <= set(result.rows)
    assert not any("suspicious" in line for line in result.said)


def test_the_page_is_current():
    pytest.importorskip("icu4py")
    spec = importlib.util.spec_from_file_location(
        "public_forms", ROOT / "benchmarks" / "public_forms.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.render() == module.PAGE.read_text("utf-8"), "run benchmarks/public_forms.py"
    assert len({form.name for form in FORMS}) >= 20
