"""The recorded figures of other kinds of teacher, and of students without a task."""

import re

from machine import measured, recorded


def outputs_table() -> str:
    """A student of spaCy's tags alone, by the loss."""
    record = recorded("teachers")
    if "students" not in record.get("spacy", {}):
        return "Not recorded yet: `benchmarks/teachers.py --parts=spacy`."
    spacy = record["spacy"]
    lines = ["| `--logits_loss` | agreement with the pipeline | test macro-F1 |", "|---|---:|---:|"]
    lines += [f"| `{loss}` | {found['agreement']['agreement']:.1f} | "
              f"{found['test_as_deployed']['macro_f1']:.1f} |"
              for loss, found in spacy["students"].items()]
    return "\n".join([*lines, "", "spaCy's default pipeline, trained on the labels of WikiAnn in "
                      f"eight languages, has {spacy['teacher_test']:.1f} test macro-F1. Its "
                      "students learn its tags of 24,000 sentences in eight epochs, from random "
                      "word embeddings, one seed. Agreement is F1 against the pipeline's tags on "
                      f"1,200 of these sentences, which no student learns. {measured(record)}"])


def text_table() -> str:
    """Teachers with and without masked language modelling."""
    record = recorded("teachers")
    if "text" not in record:
        return "Not recorded yet: `benchmarks/teachers.py --parts=text`."
    lines = ["| data | teacher | lines of text | dev without | dev with | test without "
             "| test with |",
             "|---|---|---:|" + "---:|" * 4]
    for name, found in record["text"].items():
        scores = {}
        for way in ("without", "with"):
            for line in found[way]["printed"]:
                split = re.match(r"(dev|test): (\S+) ([\d.]+)", line)
                if split:
                    scores[split[1], way] = f"{split[2]} {split[3]}"
        lines.append("| " + " | ".join([
            name, found["checkpoint"], f"{found['with']['transfer_size']:,}",
            *(scores[split, way] for split in ("dev", "test") for way in ("without", "with"))])
            + " |")
    return "\n".join([*lines, "", f"One epoch, one seed. {measured(record)}"])


def pretrain_table() -> str:
    """Students of raw text alone, fine-tuned on tasks, against those that only start so."""
    record = recorded("pretrain")
    if not record:
        return "Not recorded yet: `benchmarks/pretrain.py`."
    kinds = {"scratch": "random weights", "cut": "the teacher's layers 4, 8 and 12",
             "pretrained": "these layers, distilled on the text"}
    sizes = ", ".join(f"{record['students'][name]['parameters']:,}" for name in kinds)
    lines = ["| task | labels | " + " | ".join(kinds.values()) + " |",
             "|---|---:|" + "---:|" * len(kinds)]
    for task, found in record["tasks"].items():
        lines.append(f"| {task} | {record['labels'][task]:,} | " + " | ".join(
            " / ".join(f"{found[name][split]['macro_f1']:.1f}" for split in ("dev", "test"))
            for name in kinds) + " |")
    minutes = record["students"]["pretrained"]["seconds"] / 60
    return "\n".join([*lines, "", "Macro-F1 of dev / test after eight epochs on the labels: so "
                      "many a language, of sib200_41 in all: its rows name none. The columns are "
                      f"what a student starts from; parameters: {sizes}. The text, WikiAnn's, has "
                      f"{record['sentences']:,} sentences, read once in {minutes:.0f} minutes "
                      "beside other work; the teacher is multilingual-e5-small. One seed. "
                      + measured(record)])
