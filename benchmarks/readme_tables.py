"""Writes README's result tables from the recorded metrics: python benchmarks/readme_tables.py."""

import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks"

# The authors' v2 code on the same data, teacher and student size, measured on two cores before this
# project began; best and last step. The teacher there had no attention mask.
AUTHORS = {"teacher": "61.8", "student": "59.9 (step 8), 58.3 (step 9)", "minutes": "49.4"}


def _load(name: str, file: str) -> dict:
    return json.loads((RESULTS / name / file).read_text("utf-8"))


def _f1(scores: dict) -> str:
    return f"{scores['macro_f1']:.2f} ({scores['std_f1']:.1f})"


def wikiann_table() -> str:
    """The WikiAnn runs beside the authors' code."""
    lines = [
        "WikiAnn, 8 languages (de en es fr nl pl pt ru), 1,000 labelled and 3,000 transfer "
        "sentences each; MiniLM teacher (6 layers, 4 epochs), student E=50, H=2x200. Test macro-F1 "
        "over words, standard deviation over languages in brackets. Time from files to scores on "
        "two cores, the teacher's fine-tuning not counted.",
        "",
        "| run | teacher | student | student / teacher | parameters | teacher passes | minutes |",
        "|---|---:|---:|---:|---:|---:|---:|",
        f"| authors' v2 code | {AUTHORS['teacher']} | {AUTHORS['student']} | | | 10 | "
        f"{AUTHORS['minutes']} |",
    ]
    for name in ("short", "long"):
        if not (RESULTS / "wikiann8_minilm" / name).is_dir():
            continue
        metrics = _load(f"wikiann8_minilm/{name}", "metrics.json")
        machine = _load(f"wikiann8_minilm/{name}", "machine.json")
        flagfile = {"short": "wikiann_minilm", "long": "wikiann_minilm_long"}[name]
        lines.append(
            f"| [`flags/{flagfile}.flags`](benchmarks/wikiann8_minilm/{name}/report.md) | "
            f"{_f1(metrics['teacher']['test'])} | {_f1(metrics['student']['test'])} | "
            f"{metrics['retention']:.1f} % | {metrics['teacher']['parameters']:,} to "
            f"{metrics['student']['parameters']:,} | {metrics['teacher_passes']:g} | "
            f"{machine['seconds_from_files_to_scores'] / 60:.1f} |"
        )
    lines += ["", f"Commit {machine['commit'][:10]}, {machine['processor']}, {machine['cores']} "
              f"cores, TensorFlow {machine['tensorflow']}, seed {metrics['seed']}; one run each, "
              "by `benchmarks/wikiann_minilm.py`; other work shared the machine during the long "
              "one. The authors' row was measured earlier, on another day."]
    return "\n".join(lines)


def stages_table() -> str:
    """F1 after each step beside Table 4."""
    metrics = _load("wikiann8_minilm/short", "metrics.json")
    paper = ["", "0", "2.85", "81.64", "85.99", "86.38", "87.65", "88.08", "88.64"]
    lines = ["The trace over the steps (Table 4; ours is dev, eight languages; the paper's is "
             "test, 41 languages):", "",
             "| step | epochs | dev macro-F1 | paper |", "|---|---:|---:|---:|"]
    for stage, theirs in zip(metrics["stages"], paper):
        lines.append(f"| {stage['name']} | {stage['epochs']} | {_f1(stage['dev'])} | {theirs} |")
    return "\n".join(lines)


def demo_table() -> str:
    """Teacher and student of the demo."""
    metrics = _load("demo", "metrics.json")
    seconds = metrics["seconds"]
    return (
        f"The recorded demo: teacher {metrics['teacher']['test']['macro_f1']:.1f} test macro-F1 "
        f"with {metrics['teacher']['parameters']:,} parameters, student "
        f"{metrics['student']['test']['macro_f1']:.1f} with "
        f"{metrics['student']['parameters']:,}, in {seconds['total'] / 60:.1f} minutes on two "
        "cores ([report](benchmarks/demo/report.md)). The sample is easy on purpose; do not "
        "compare its figures with real corpora."
    )


def render(readme: str) -> str:
    """README with its tables made anew."""
    tables = {"demo": demo_table(), "wikiann8": wikiann_table() + "\n\n" + stages_table()}
    for name, text in tables.items():
        pattern = rf"(<!-- table:{name} -->\n).*?(<!-- end:{name} -->)"
        readme, count = re.subn(
            pattern, lambda match, text=text: f"{match.group(1)}{text}\n{match.group(2)}", readme,
            flags=re.DOTALL,
        )
        if count != 1:
            raise ValueError(f"README has {count} places for the table {name}; needed is 1")
    return readme


if __name__ == "__main__":
    path = ROOT / "README.md"
    path.write_text(render(path.read_text("utf-8")), "utf-8")
