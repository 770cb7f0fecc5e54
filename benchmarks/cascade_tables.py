"""The recorded cascades as Markdown, for the page on evaluation."""

from machine import recorded

_SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)


def cascade_table() -> str:
    """Score over the share of rows that the teacher answers, and how sure the student is."""
    record = recorded("cascade")
    if not record:
        return "Not recorded yet: `benchmarks/cascade.py`."
    lines = ["| test | " + " | ".join(f"{share:.0%} asked".replace("%", " %") for share in _SHARES)
             + " | given back at 20 % | calibration error, student | teacher |",
             "|---|" + "---:|" * (len(_SHARES) + 3)]
    for part in record.values():
        points = {point["share"]: point for point in part["cascade"]}
        sure = part["calibration_test"]
        lines.append(
            f"| {part['data']} | "
            + " | ".join(f"{points[share]['score']:.2f}" for share in _SHARES)
            + f" | {100 * points[0.2]['returned']:.0f} % of the loss | {sure['student']:.3f} | "
            f"{sure['teacher']:.3f} |")
    machine = next(iter(record.values()))["machine"]
    notes = " ".join(part["note"] for part in record.values())
    return "\n".join([*lines, "", "Macro-F1 for taggers, accuracy for classifiers, as deployed; "
                      "the student's temperature is fitted on dev. `benchmarks/cascade.py`, "
                      f"{machine['processor']}, TensorFlow {machine['tensorflow']}, one seed. "
                      f"{notes}".strip()])
