"""The table of claims: every table of the paper has a row, every command is taken."""

import re

from tests.command_lines import check
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "reference" / "claims.md"
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")]
        for line in PAGE.read_text("utf-8").splitlines() if re.match(r"\| [A-Z]\d", line)]


def test_every_row_has_a_claim_a_command_a_record_and_a_difference():
    assert all(len(row) == 5 and all(row) for row in ROWS)
    names = [row[0] for row in ROWS]
    assert len(set(names)) == len(names)
    assert {f"T{number}" for number in range(1, 18)} <= set(names)


def test_every_command_is_taken(monkeypatch):
    monkeypatch.chdir(ROOT)
    for name, _, command, _, differs in ROWS:
        if command == "-":
            assert re.match("not built|no command", differs), f"{name}: neither command nor reason"
        else:
            assert re.fullmatch("`[^`]+`", command) and check(command.strip("`")), name


def test_every_record_is_a_file():
    for name, _, _, record, _ in ROWS:
        links = re.findall(r"\]\(([^)]+)\)", record)
        assert links or record == "-", f"{name}: {record}"
        assert all((PAGE.parent / link).is_file() for link in links), name
