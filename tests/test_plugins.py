"""Entry points of other packages."""

import sys

import pytest

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.plugins import load_entry_points


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Makes packages look installed: a function of distribution, group, entry lines and code."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(name, group, lines, code=""):
        (tmp_path / f"{name}.py").write_text(code)
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{group}]\n" + "\n".join(lines) + "\n")

    load_entry_points.cache_clear()
    yield install
    load_entry_points.cache_clear()
    for name in ("plugin_one", "plugin_two"):
        sys.modules.pop(name, None)


def test_the_objects_of_a_group_are_loaded_by_name(installed):
    installed("plugin_one", "some.group", ["a = plugin_one:VALUE"], "VALUE = 7")
    installed("plugin_two", "other.group", ["b = plugin_two:VALUE"], "VALUE = 8")
    assert load_entry_points("some.group") == {"a": 7}
    assert load_entry_points("no.such.group") == {}


def test_a_broken_package_is_named(installed):
    installed("plugin_one", "some.group", ["a = plugin_one:VALUE"], "raise KeyError('why')")
    with pytest.raises(UserError, match="'a' of some.group cannot be loaded from plugin_one:VALUE"):
        load_entry_points("some.group")


def test_a_name_belongs_to_one_package(installed):
    installed("plugin_one", "some.group", ["a = plugin_one:VALUE"], "VALUE = 7")
    installed("plugin_two", "some.group", ["a = plugin_two:VALUE"], "VALUE = 8")
    with pytest.raises(UserError, match="'a' of some.group is offered twice"):
        load_entry_points("some.group")
