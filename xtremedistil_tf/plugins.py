"""Entry points: extensions from other installed packages, and the tables that include them."""

import functools
from typing import Any, Callable, Dict, Generic, Iterable, Iterator, Mapping, Tuple, TypeVar

from xtremedistil_tf.errors import UserError, first_line, not_allowed

Entry = TypeVar("Entry")


def _points(group: str) -> Iterable[Any]:
    # Imported here: it takes a tenth of the time of opening a student, which rarely asks.
    import importlib.metadata

    points = importlib.metadata.entry_points()
    # Before Python 3.10 it is a plain dict.
    return points.select(group=group) if hasattr(points, "select") else points.get(group, ())


@functools.lru_cache(maxsize=None)
def entry_point_names(group: str) -> Tuple[str, ...]:
    """Names of the entry points in a group, without importing them."""
    return tuple(sorted({point.name for point in _points(group)}))


@functools.lru_cache(maxsize=None)
def load_entry_points(group: str) -> Dict[str, Any]:
    """Loads the objects of all entry points in a group, once in a process.

    Args:
      group: group of entry points, such as "xtremedistil_tf.tasks".

    Returns:
      The objects by entry point name; empty if no package offers any.

    Raises:
      UserError: if an object cannot be imported, or two packages use the same name.

    Example, in the pyproject.toml of a package with its own kind of task:
      [project.entry-points."xtremedistil_tf.tasks"]
      rating = "my_package.rating:RATING"
    """
    loaded: Dict[str, Any] = {}
    values: Dict[str, str] = {}
    for point in _points(group):
        # A package that is on the path twice is listed twice.
        if values.setdefault(point.name, point.value) != point.value:
            raise UserError(f"entry point {point.name!r} of {group} is offered twice, as "
                            f"{values[point.name]} and {point.value}; allowed: each name once")
        try:
            loaded[point.name] = point.load()
        except Exception as error:  # The import of another package's module may raise anything.
            raise UserError(f"entry point {point.name!r} of {group} cannot be loaded from "
                            f"{point.value}: {first_line(error)}") from error
    return loaded


def _place(entry: Any) -> str:
    """The origin of an entry, for messages."""
    made = getattr(entry, "function", entry)
    name = getattr(made, "__qualname__", None)
    return f"{made.__module__}.{name}" if name else str(made)


class Registry(Mapping[str, Entry], Generic[Entry]):
    """Table of a flag's values: built-in, registered by a program, or offered by packages.

    Args:
      flag: name of the flag.
      group: group of the entry points, which are loaded at the first request for an unknown name.
      made_of: converts a registered or offered object to an entry.

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
        """Returns a decorator that adds its argument to the table and returns it unchanged.

        Raises:
          UserError: from the decorator, if another entry has this name.
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
        """The entries registered so far, without those of other packages."""
        return self._entries

    def names(self) -> Tuple[str, ...]:
        """All names in order of registration, then those of packages, without importing these."""
        return tuple(dict.fromkeys((*self._entries, *entry_point_names(self._group))))

    def find(self, name: str) -> Entry:
        """Returns the entry of a name.

        Raises:
          UserError: for an unknown name, or a package that cannot be imported.
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
