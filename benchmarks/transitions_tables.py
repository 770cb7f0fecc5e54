"""The recorded runs with trained transitions as Markdown, for the page on studies."""

from typing import Any, Dict

from machine import measured, recorded

from xtremedistil_tf.reporting.markdown import table


def _dev_rows(run: Dict[str, Any]) -> list:
    dev = run["dev"]
    return [[run["run"], fitted, f"{dev['constrained']:.2f}",
             *(f"{score - dev['constrained']:+.2f}" for score in dev[key].values())]
            for key, fitted in (("of_train", "train"), ("of_dev", "the other dev sentences"))]


def _test_row(run: Dict[str, Any]) -> list:
    test = run["test"]
    low, high = test["gain_interval"]
    return [run["run"], run["languages"], f"{test['constrained']:.2f}", f"{test['trained']:.2f}",
            f"{test['trained'] - test['constrained']:+.2f} ({low:+.2f} to {high:+.2f})"]


def transitions_table() -> str:
    """Macro-F1 without and with trained transitions."""
    record = recorded("transitions")
    if not record:
        return "Not recorded yet: `benchmarks/transitions.py`."
    runs = record["runs"]
    plain, trained = (min(run["decoding_words_per_second"][way] for run in runs)
                      for way in ("constrained", "trained"))
    decays = runs[0]["dev"]["of_dev"]
    return "\n".join([
        table(["run", "fitted on", "dev, constrained", *(f"decay {decay}" for decay in decays)],
              [row for run in runs for row in _dev_rows(run)], text=2), "",
        table(["run", "languages", "test, constrained", "trained", "gain (95 % interval)"],
              [_test_row(run) for run in runs]), "",
        "Macro-F1 of ONNX students on whole sentences. Test has decay 0.1 and transitions of all "
        "dev sentences; the interval is a paired bootstrap over sentences. Decoding alone takes "
        f"{trained / 1e6:.2f} million words a second, constrained {plain / 1e6:.2f} (the slowest "
        f"of the students, one thread, the best of nine). {measured(record)}"])
