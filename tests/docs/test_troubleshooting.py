"""Every message that docs/how-to/troubleshooting.md quotes is one that the code can print."""

import ast
import re

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "how-to" / "troubleshooting.md").read_text("utf-8")
QUOTED = re.findall(r"^### `(.*)`$", PAGE, re.M)


def templates():
    """All texts of the package, with a mark where a value goes."""
    for path in (ROOT / "xtremedistil_tf").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                yield "".join(part.value if isinstance(part, ast.Constant) else "\0"
                              for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


TEMPLATES = list(templates())


def in_order(parts, text):
    at = 0
    for part in parts:
        at = text.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


@pytest.mark.parametrize("message", QUOTED)
def test_the_message_exists(message):
    parts = [part for part in message.split("...") if part.strip()]
    assert parts and any(in_order(parts, template) for template in TEMPLATES), message


def test_there_are_messages_and_each_is_explained():
    assert len(QUOTED) == PAGE.count("\n### ") >= 25
    for entry in PAGE.split("\n### ")[1:]:
        assert len(entry.split("\n\n", 1)[1].split("\n## ")[0].strip()) > 20


def test_a_made_up_message_would_be_noticed():
    assert not any(in_order(["no such message", "anywhere"], template) for template in TEMPLATES)
