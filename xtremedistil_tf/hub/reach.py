"""The model hub: is it there? Asked once a process, with a bounded wait."""

import functools
import pathlib
import queue
import threading
from typing import Any, Dict, Optional

from xtremedistil_tf.errors import first_line

# Seconds. The hub's own library tries each file six times, for a minute in all.
_LONGEST = 10.0


def _ask(address: str) -> Optional[str]:
    """Returns the reason why an address does not answer; None if it does."""
    # Imported here: a student in a folder of this machine would wait for it.
    import urllib.error
    import urllib.request

    try:
        urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=_LONGEST)
    except urllib.error.HTTPError:
        return None  # It refuses the page, but it answers.
    except OSError as error:
        return str(getattr(error, "reason", None) or first_line(error))
    return None


@functools.lru_cache(maxsize=None)
def unreachable() -> Optional[str]:
    """Returns the reason why the hub cannot be reached, for people; None if it can."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE is set"
    found: "queue.Queue[Optional[str]]" = queue.Queue()
    # In a thread, since looking up the address of a host has no time limit.
    threading.Thread(target=lambda: found.put(_ask(constants.ENDPOINT)), daemon=True).start()
    try:
        reason = found.get(timeout=_LONGEST)
    except queue.Empty:
        reason = f"no answer in {_LONGEST:.0f} seconds"
    return None if reason is None else f"{constants.ENDPOINT} cannot be reached: {reason}"


def loading(checkpoint: str) -> Dict[str, Any]:
    """Returns keywords for `from_pretrained`: from the cache alone if the hub is not there.

    Args:
      checkpoint: folder or hub name.
    """
    if pathlib.Path(checkpoint).is_dir() or unreachable() is None:
        return {}
    return {"local_files_only": True}


def reason_of(checkpoint: str, error: Exception) -> str:
    """Returns in one line why a checkpoint could not be loaded.

    Args:
      checkpoint: folder or hub name.
      error: what the library raised.
    """
    if pathlib.Path(checkpoint).is_dir():
        return first_line(error)
    reason = unreachable()
    if reason is None or not isinstance(error, OSError):
        return first_line(error)
    return f"it is not in the cache of this machine, and {reason}"
