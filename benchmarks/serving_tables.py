"""The recorded figures of the exports as Markdown, for docs/reference/results/serving.md."""

import json

from machine import ROOT, measured

RESULTS = ROOT / "benchmarks" / "serving"
FORMS = ("savedmodel", "onnx", "onnx_int8")
_SOAKED = {"savedmodel": "savedmodel", "savedmodel_plain": "savedmodel, TF_ENABLE_ONEDNN_OPTS=0",
           "onnx": "onnx", "onnx_int8": "onnx_int8"}


def _serving(part: str) -> dict:
    return json.loads((RESULTS / f"{part}.json").read_text("utf-8"))


def _where(record: dict) -> str:
    return "\n" + measured(record)


def _work_ratio(embedding: int, hidden: int, length: int = 32, width: int = 768) -> float:
    """Multiplications a piece of mBERT over those of a student, embeddings and logits left out."""
    teacher = 12 * (12 * width**2 + 2 * length * width)
    return teacher / (2 * (embedding + hidden) * 4 * hidden + 2 * hidden * width)


def serving_speed() -> str:
    """The paper's smallest student over an mBERT-sized teacher, each in every runtime."""
    record = _serving("speed")
    timings = {(row["batch"], row["model"], row["runtime"]): row for row in record["timings"]}
    runtimes = list(dict.fromkeys(runtime for _, _, runtime in timings))
    lines = [f"E={record['embedding']}, H={record['hidden']}, V=88,400, random weights, sequence "
             "32; milliseconds a call (p50, p95) and how many times faster than the teacher in "
             "each runtime.", "",
             "| batch | model | runtime | p50 | p95 | calls | "
             + " | ".join(f"over teacher, {name}" for name in runtimes) + " |",
             "|---:|---|---|" + "---:|" * (3 + len(runtimes))]
    for (batch, model, runtime), row in timings.items():
        over = [f"{timings[batch, 'teacher', name]['p50'] / row['p50']:.1f}x" for name in runtimes]
        lines.append(f"| {batch} | {model} | {runtime} | {row['p50']:.2f} | {row['p95']:.2f} | "
                     f"{row['calls']} | " + " | ".join(over) + " |")
    ratio = _work_ratio(record["embedding"], record["hidden"])
    return "\n".join([
        *lines, "",
        f"The teacher needs {ratio:.0f} times the student's multiplications a piece; where both "
        "multiply at the same rate, that is the speed-up.", _where(record)])


def serving_run() -> str:
    """Text to tags of a trained run."""
    record = _serving("run")
    lines = ["| text to tags, one text at a time | p50 ms | p95 ms | of it the model | over the "
             "model alone |", "|---|---:|---:|---:|---:|"]
    lines += [f"| {form} | {row['p50_ms']:.2f} | {row['p95_ms']:.2f} | {row['model_share']:.0%} | "
              f"{1 / row['model_share']:.2f}x |" for form, row in record["text"].items()]
    return "\n".join([*lines, _where(record)])


def serving_disk() -> str:
    """Bytes of the student of the paper's smallest size, and of the run's."""
    record = _serving("disk")
    run = {name: size for name, size in record["run"].items() if name.endswith(".onnx")}
    told = [f"`{name}` {size / 1e6:.2f} MB" for name, size in run.items()]
    return (f"E=50, H=200, V=88,400: float32 {record['model.onnx'] / 1e6:.2f} MB, int8 "
            f"{record['model.int8.onnx'] / 1e6:.2f} MB. The measured run's: {', '.join(told)}. "
            f"{measured(record)}")


def serving_int8() -> str:
    """What int8 costs in F1."""
    record = _serving("int8")
    return "; ".join(
        f"{split} macro-F1 {record[f'{split}_onnx']:.2f} with float32, "
        f"{record[f'{split}_onnx_int8']:.2f} with int8" for split in ("dev", "test")
    ) + f". {measured(record)}"


def serving_start() -> str:
    """A fresh process."""
    record = _serving("start")
    return (f"Importing the ONNX runtime takes {record['import_seconds']:.2f} s in a fresh "
            f"process, opening the student {record['open_seconds']:.2f} s. {measured(record)}")


def serving_tokens() -> str:
    """Words a second beside spaCy."""
    record = _serving("tokens")
    rates = record["words_a_second"]
    lines = [f"{record['words']:,} words of the sample's transfer text, two cores:", "",
             "| tagged by | words a second | over spaCy |", "|---|---:|---:|"]
    lines += [f"| {name} | {rate:,.0f} | {rate / rates['spacy']:.1f}x |"
              for name, rate in rates.items()]
    return "\n".join([*lines, _where(record)])


def serving_grid() -> str:
    """Table 16: sizes and speed beside the paper's sizes."""
    record = _serving("paper_grid")
    return "\n".join([
        "Parameters, compression and speed-up over the mBERT-sized teacher in TensorFlow, a column "
        "a runtime and batch; columns named paper hold Table 16's.", "", *record["lines"], "",
        "![F1 of the paper over compression](benchmarks/serving/paper_grid/compression.png) "
        "![F1 of the paper over speed-up](benchmarks/serving/paper_grid/speed_up.png)",
        _where(record)])


def serving_card() -> str:
    """The model card's sizes and speed-ups beside ours."""
    record = _serving("card_table")
    return "\n".join([
        "Encoders of the sizes on the card of xtremedistil-l6-h384, with random weights, in "
        f"TensorFlow, {record['seq_len']} subword tokens; columns named card hold the card's. It "
        "names neither batch nor length.", "", *record["lines"], _where(record)])


def serving_soak() -> str:
    """Requests of every kind, memory over time."""
    lines = ["| form | requests | failures | texts compared with single calls | other tags | "
             "largest change of a probability | memory after 5 %, half, all requests (MB) |",
             "|---|" + "---:|" * 6]
    for form in (form for form in _SOAKED if (RESULTS / f"soak_{form}.json").is_file()):
        row = _serving(f"soak_{form}")
        found = row["compared_with_single_calls"]
        memory = row["resident_bytes"]
        told = ", ".join(f"{memory[at] / 1e6:.0f}" for at in (1, len(memory) // 2, -1))
        lines.append(f"| {_SOAKED[form]} | {row['requests']:,} | {row['failures']} | "
                     f"{found['texts']:,} | "
                     f"{found['other_tags']} | {found['largest_change']:.1e} | {told} |")
    return "\n".join([*lines, _where(row)])


def text_in_table() -> str:
    """Tokenizers in a graph against the tokenizers, by texts."""
    lines = ["| tokenizer | texts | split as | texts compared | words | subword tokens | "
             "other ids: texts | words |", "|---|---|---|" + "---:|" * 5]
    told = []
    for name in ("text_in", "text_in_bytes"):
        if not (RESULTS / f"{name}.json").is_file():
            told.append("Not recorded yet: `benchmarks/text_in.py`.")
            continue
        record = _serving(name)
        title = f"{record['model']} of {record['size']:,}"
        for texts, ways in record.items():
            if not isinstance(ways, dict) or "as_tagged" not in ways:
                continue
            for way, found in ways.items():
                lines.append(
                    f"| {title} | {texts} | {way.replace('_', ' ')} | {found['texts']:,} | "
                    f"{found['words']:,} | {found['pieces']:,} | {found['unequal_texts']} | "
                    f"{found['unequal_words']} |")
                told += [f"`{unequal['word']}` is `{' '.join(unequal['graph'])}` in the graph, "
                         f"`{' '.join(unequal['tokenizer'])}` in the tokenizer."
                         for unequal in found["unequal"]]
        told.append(measured(record))
    return "\n".join([*lines, "", "\n\n".join(dict.fromkeys(told))])


def onnx_runtimes_table() -> str:
    """BiLSTM models with sequence lengths and with a mark of padding."""
    if not (RESULTS / "onnx_runtimes.json").is_file():
        return "Not recorded yet: `benchmarks/onnx_runtimes.py`."
    record = _serving("onnx_runtimes")
    lines = ["| model of a BiLSTM | pooling | OpenVINO's logits differ by | largest logit |",
             "|---|---|---:|---:|"]
    names = {"lengths": "lengths (0.1)", "mark": "mark of padding"}
    lines += [f"| {names[row['model']]} | {row['pooling'] or 'none'} | {row['difference']:.1g} | "
              f"{row['largest_logit']:.1f} |" for row in record.get("openvino", ())]
    lines += ["", "| student | batch | ms with lengths | ms with the mark | ratio |",
              "|---|---|---:|---:|---:|"]
    lines += [f"| {row['size']} | {row['batch']} | {row['p50_ms']['lengths']:.2f} | "
              f"{row['p50_ms']['mark']:.2f} | {row['ratio']:.2f} |" for row in record["speed"]]
    return "\n".join([*lines, _where(record)])


def serving_tables() -> str:
    """All figures of the exports that are recorded."""
    parts = {"speed": ("Speed", serving_speed), "paper_grid": ("Table 16", serving_grid),
             "card_table": ("The model card", serving_card),
             "run": ("Text to tags", serving_run),
             "tokens": ("Bulk", serving_tokens), "disk": ("Disk", serving_disk),
             "int8": ("int8", serving_int8), "start": ("Start", serving_start),
             "soak_onnx_int8": ("Soak", serving_soak)}
    return "\n\n".join(
        f"**{title}**\n\n" + (table() if (RESULTS / f"{part}.json").is_file()
                               else f"Not recorded yet: `benchmarks/serving.py --parts={part}`.")
        for part, (title, table) in parts.items())
