"""Protects the page: checks host names and the origin of requests, and parses bodies."""

import json
import re
from typing import Any, Collection, FrozenSet, Optional

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
# Addresses that mean all addresses of a machine; no browser requests a page by them.
_ANY_ADDRESS = ("", "0.0.0.0", "::", "*")
# A name or address and a port; neither a user nor a path.
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]*)?")


def host_of(authority: Optional[str]) -> str:
    """The host of a Host header without its port, in lower case; "" if it is malformed."""
    match = _AUTHORITY.fullmatch(authority or "")
    return match.group(1).strip("[]").lower() if match else ""


def known_hosts(bound: str, *, allowed: Collection[str] = ()) -> FrozenSet[str]:
    """The host names by which the page may be requested.

    This excludes websites whose name resolves to this machine (DNS rebinding).

    Args:
      bound: the address on which the server listens.
      allowed: further names.
    """
    own = () if bound in _ANY_ADDRESS else (bound,)
    return frozenset(name.lower().strip("[]") for name in (*LOCAL_HOSTS, *own, *allowed))


def refusal(headers: Any, hosts: Collection[str]) -> Optional[str]:
    """The reason to refuse a request, from its Host and Origin headers; None to accept it.

    Args:
      headers: headers of the request, with a method `get`.
      hosts: see `known_hosts`.
    """
    host = host_of(headers.get("Host"))
    if host not in hosts:
        return (f"the page is not served as {host!r:.80}; allowed: {', '.join(sorted(hosts))} "
                "(--allowed_hosts names others)")
    origin = headers.get("Origin")
    if origin is not None and host_of(origin.partition("://")[2]) not in hosts:
        return f"pages of {origin!r:.80} may not ask here"
    return None


def parse_body(raw: bytes) -> Any:
    """Parses a request's JSON; None if it is malformed or nested too deeply."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None
