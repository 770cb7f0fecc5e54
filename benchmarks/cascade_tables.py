"""The recorded cascades as Markdown, for the page on evaluation."""

from typing import Any, Dict

from machine import recorded

from xtremedistil_tf.reporting.markdown import ABSENT, table

_SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
_MEASURES = {"macro_f1": "macro-F1"}


def _row(part: Dict[str, Any]) -> list:
    # A threshold asks all rows that are equally sure, so a share may be a little off.
    points = {share: min(part["cascade"], key=lambda point: abs(point["share"] - share))
              for share in _SHARES}
    sure, returned = part["calibration_test"], points[0.2]["returned"]
    return [part["data"], _MEASURES.get(part["measure"], part["measure"]),
            *(f"{points[share]['score']:.2f}" for share in _SHARES),
            ABSENT if returned is None else f"{100 * returned:.0f} % of the loss",
            f"{sure['student']:.3f}", f"{sure['teacher']:.3f}"]


def _run_on(part: Dict[str, Any]) -> str:
    machine = part["machine"]
    return (f"{part['data']}: commit {machine['commit'][:10]}, {machine['processor']}, TensorFlow "
            f"{machine['tensorflow']}. {part['note']}").strip()


def cascade_table() -> str:
    """Score over the share of rows that the teacher answers, and how sure the student is."""
    record = recorded("cascade")
    if not record:
        return "Not recorded yet: `benchmarks/cascade.py`."
    header = ["data", "measure", *(f"{share:.0%} asked".replace("%", " %") for share in _SHARES),
              "given back at 20 %", "calibration error, student", "teacher"]
    return "\n".join([
        table(header, [_row(part) for part in record.values()], text=2), "",
        "As deployed; the student's temperature is fitted on dev. `benchmarks/cascade.py`, one "
        "seed. " + " ".join(_run_on(part) for part in record.values())])
