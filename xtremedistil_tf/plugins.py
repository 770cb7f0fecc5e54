"""Entry points: what other installed packages add to this one."""

import functools
import importlib.metadata
from typing import Any, Dict

from xtremedistil_tf.errors import UserError, first_line


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
    points = importlib.metadata.entry_points()
    # Before Python 3.10 a plain dict.
    found = points.select(group=group) if hasattr(points, "select") else points.get(group, ())
    loaded: Dict[str, Any] = {}
    values: Dict[str, str] = {}
    for point in found:
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
