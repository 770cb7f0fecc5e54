"""The report's section of scores as deployed."""

from tests.reporting.test_report import make_metrics
from xtremedistil_tf.reporting.deployed import deployed_section


def test_runs_of_before_have_no_section():
    assert deployed_section(make_metrics()) == ""


def test_both_scores_of_both_models_and_languages_as_written():
    metrics = make_metrics()
    for model in ("teacher", "student"):
        metrics[model]["deployed"] = {"test": {**metrics[model]["test"], "macro_f1": 91.5}}
    language = next(iter(metrics["student"]["test"]["languages"]))
    metrics["student"]["as_written"] = {"test": {language: {"f1": 12.25}}}
    section = deployed_section(metrics)
    assert section.count("91.50") == 2
    cut = metrics["student"]["test"]["macro_f1"]
    assert f"| test | student | {cut:.2f}" in section and f"{91.5 - cut:+.2f}" in section
    assert f"| test | {language} | student |" in section and "12.25" in section
