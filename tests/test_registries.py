"""Tables that other programs and packages add to."""

import pytest

from xtremedistil_tf import plugins
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.plugins import Registry


class Point:
    """An installed entry point."""

    def __init__(self, name, offered):
        self.name, self.value, self._offered = name, f"elsewhere:{name}", offered
        self.loaded = 0

    def load(self):
        self.loaded += 1
        return self._offered


@pytest.fixture
def offer(monkeypatch):
    """Makes a package offer something in the group "some.group"."""
    points = []
    monkeypatch.setattr(plugins, "_points", lambda group: points if group == "some.group" else [])
    caches = (plugins.load_entry_points, plugins.entry_point_names)

    def add(name, offered):
        points.append(Point(name, offered))
        for cache in caches:
            cache.cache_clear()
        return points[-1]

    yield add
    for cache in caches:
        cache.cache_clear()


def first():
    """An entry."""


def second():
    """Another entry."""


def test_a_name_is_one_entrys(offer):
    table = Registry("strategy", "some.group")
    assert table.register("a")(first) is first and table["a"] is first
    table.register("a")(first)
    with pytest.raises(UserError, match=r"the strategy 'a' is registered twice, by "
                                        r".*test_registries.first and by .*test_registries.second"):
        table.register("a")(second)
    assert table["a"] is first and list(table) == ["a"]


def test_what_a_package_offers_is_known_by_name_and_imported_when_it_is_used(offer):
    table = Registry("strategy", "some.group", made_of=lambda own: (own,))
    table.register("a")(first)
    point = offer("b", second)
    assert table.names() == ("a", "b") and dict(table.registered) == {"a": (first,)}
    assert table.find("a") == (first,) and not point.loaded
    assert table.find("b") == (second,) and point.loaded == 1
    with pytest.raises(UserError, match="--strategy is 'B2'; allowed: a, b; did you mean b"):
        table.find("B2")


def test_a_package_cannot_take_a_name_of_ours(offer):
    table = Registry("strategy", "some.group")
    table.register("a")(first)
    offer("a", second)
    offer("c", second)
    with pytest.raises(UserError, match="'a' is registered twice"):
        table.find("c")


def test_ours_are_known_to_the_flags(monkeypatch):
    from absl import flags

    from xtremedistil_tf.cli.options.flags_to_config import run_config
    from xtremedistil_tf.cli.options.option import define, given
    from xtremedistil_tf.cli.options.run_flags import DISTILLATION
    from xtremedistil_tf.training.strategies import STRATEGIES, register_strategy

    for table in ("_entries", "_sources"):
        monkeypatch.setattr(STRATEGIES, table, dict(getattr(STRATEGIES, table)))
    values = flags.FlagValues()
    define(DISTILLATION, values=values)
    values(["command", "--task=t", "--model_dir=m", "--strategy=mine"])
    with pytest.raises(UserError, match="--strategy is 'mine'; allowed: D4.2, D4.1"):
        run_config(given(values, DISTILLATION))
    # The name counts when it is used, not when the flag is defined.
    register_strategy("mine")(STRATEGIES["D1"])
    assert run_config(given(values, DISTILLATION)).distil.strategy == "mine"
    with pytest.raises(UserError, match="--strategy is 'fine-tuning'; allowed"):
        run_config({"task": "t", "strategy": "fine-tuning"})
    with pytest.raises(UserError, match="--representation_loss is 'pseudo_labels'; allowed: mse"):
        run_config({"task": "t", "representation_loss": "pseudo_labels"})
