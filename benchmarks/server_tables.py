"""The recorded figures of the server and of the browser as Markdown, for the page of results."""

from machine import measured, recorded


def load_table() -> str:
    """Many requests at a time."""
    record = recorded("load_test")
    if not record:
        return "Not recorded yet: `benchmarks/load_test.py`."
    lines = ["| allocator | requests | at a time | lost | other answers | a second | p50 | p95 "
             "| p99 | longest | texts a batch | memory at first, half, last (MB) |",
             "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|"]
    for name, told in (("usual", "as it is"), ("plain_malloc", "one heap, no caches of threads")):
        if name in record:
            one = record[name]
            times, memory = one["milliseconds"], one["memory_mb"]
            lines.append(
                f"| {told} | {one['requests']:,} | {one['at_a_time']} | {one['lost']} | "
                f"{one['wrong']} | {one['requests_a_second']:.0f} | "
                + " | ".join(f"{times[at]:.0f} ms" for at in ("p50", "p95", "p99", "p100"))
                + f" | {one['texts_a_batch']:.1f} | "
                + ", ".join(f"{memory[at]:.0f}" for at in (0, len(memory) // 2, -1)) + " |")
    end = record["usual"]["end"]
    lines += ["", f"Ended with {end['unanswered_at_sigterm']} of {end['asked']} requests on the "
              f"way: {end['answered']} were answered."]
    return "\n".join([*lines, "", measured(record)])


def browser_table() -> str:
    """What a browser downloads, and its first entities."""
    record = recorded("browser")
    if not record:
        return "Not recorded yet: `benchmarks/browser.py`."
    page = sum(record["page_bytes"].values())
    lines = ["| file | bytes | as sent (gzip) |", "|---|---:|---:|"]
    lines += [f"| {name} | {record['bytes_plain'][name]:,} | {packed:,} |"
              for name, packed in record["bytes_packed"].items()]
    lines += [f"| all | {record['total_plain']:,} | {record['total_packed']:,} |", "",
              f"The page without the switch: {page:,} bytes.", "",
              "| visit | switch to first entities | processor time | a text later |",
              "|---|---:|---:|---:|"]
    for name, title in (("first_visit", "first"), ("second_visit", "second")):
        row = record[name]
        lines.append(f"| {title} | {row['first_seconds']:.1f} s | "
                     f"{row['first_processor_seconds']:.1f} s | "
                     f"{row['later_milliseconds']:.1f} ms |")
    busy = record["load_of_the_machine"]
    told = (f"; other work ran beside it (load {busy:.0f}), so the processor time says more than "
            "the clock" if busy > 3 else "")
    lines += ["", f"Chromium {record['chromium']}{told}."]
    return "\n".join([*lines, "", measured(record)])
