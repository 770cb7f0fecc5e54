"""Entry points: what other installed packages add to this one, and tables that take it up."""

import functools
import importlib.metadata
from typing import Any, Callable, Dict, Generic, Iterable, Iterator, Mapping, Tuple, TypeVar

from xtremedistil_tf.errors import UserError, first_line, not_allowed

Entry = TypeVar("Entry")


def _points(group: str) -> Iterable[Any]:
    points = importlib.metadata.entry_points()
    # Before Python 3.10 a plain dict.
    return points.select(group=group) if hasattr(points, "select") else points.get(group, ())


@functools.lru_cache(maxsize=None)
def entry_point_names(group: str) -> Tuple[str, ...]:
    """Names of what installed packages offer in a group; imports none of it."""
    return tuple(sorted({point.name for point in _points(group)}))


@functools.lru_cache(maxsize=None)
def load_entry_points(group: str) -> Dict[str, Any]:
    """Loads the objects that installed packages offer in a group; once a process.

    Args:
      group: of entry points, as in "xtremedistil_tf.tasks".

    Returns:
      The objects by entry point name; empty where no package has any.

    Raises:
      UserError: if a package's object cannot be imported, or two packages use one name.

    Example, in the pyproject.toml of a package with a kind of task of its own:
      [project.entry-points."xtremedistil_tf.tasks"]
      rating = "my_package.rating:RATING"
    """
    loaded: Dict[str, Any] = {}
    values: Dict[str, str] = {}
    for point in _points(group):
        # A package that stands twice on the path is listed twice.
        if values.setdefault(point.name, point.value) != point.value:
            raise UserError(f"entry point {point.name!r} of {group} is offered twice, as "
                            f"{values[point.name]} and {point.value}; allowed: each name once")
        try:
            loaded[point.name] = point.load()
        except Exception as error:  # Whatever a stranger's module does when it is imported.
            raise UserError(f"entry point {point.name!r} of {group} cannot be loaded from "
                            f"{point.value}: {first_line(error)}") from error
    return loaded


def _place(entry: Any) -> str:
    """Where an entry comes from, for messages."""
    made = getattr(entry, "function", entry)
    name = getattr(made, "__qualname__", None)
    return f"{made.__module__}.{name}" if name else str(made)


class Registry(Mapping[str, Entry], Generic[Entry]):
    """A table of what a flag may name: ours, what a program registers, what packages offer.

    Args:
      flag: whose values the names are.
      group: of the entry points, whose objects are taken up when an unknown name is asked for.
      made_of: makes an entry of what a package offers, and of what is registered.

    Example:
      STRATEGIES = Registry("strategy", "xtremedistil_tf.strategies")

      @STRATEGIES.register("labels-only")
      def labels_only(layers, config): ...
    """

    def __init__(self, flag: str, group: str, *, made_of: Callable[[Any], Entry] = lambda own: own):
        self._flag = flag
        self._group = group
        self._made_of = made_of
        self._entries: Dict[str, Entry] = {}
        self._sources: Dict[str, Any] = {}

    def register(self, name: str) -> Callable[[Any], Any]:
        """Returns a decorator that adds what it is called on, and gives it back as it is.

        Raises:
          UserError: from the decorator, if the name is another entry's.
        """
        def add(own: Any) -> Any:
            if self._sources.setdefault(name, own) is not own:
                raise UserError(f"the {self._flag} {name!r} is registered twice, by "
                                f"{_place(self._sources[name])} and by {_place(own)}; allowed: "
                                "each name once")
            self._entries.setdefault(name, self._made_of(own))
            return own

        return add

    @property
    def registered(self) -> Mapping[str, Entry]:
        """What is registered so far, without what packages offer."""
        return self._entries

    def names(self) -> Tuple[str, ...]:
        """All names in the order of their registration, packages' last; imports no package."""
        return tuple(dict.fromkeys((*self._entries, *entry_point_names(self._group))))

    def find(self, name: str) -> Entry:
        """The entry of a name.

        Raises:
          UserError: for a name that there is not, or a package that cannot be imported.
        """
        try:
            return self[name]
        except KeyError:
            raise not_allowed(self._flag, name, self.names()) from None

    def _take_up(self) -> None:
        for name, own in load_entry_points(self._group).items():
            self.register(name)(own)

    def __getitem__(self, name: str) -> Entry:
        if name not in self._entries:
            self._take_up()
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        self._take_up()
        return iter(self._entries)

    def __len__(self) -> int:
        self._take_up()
        return len(self._entries)
