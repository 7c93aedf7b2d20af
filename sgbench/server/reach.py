"""Which machines a server lets in. Pure; what a server without a key does about names is in `sgbench.server.guard`."""

from __future__ import annotations

from sgbench.errors import UsageError

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""Names of this machine, for itself."""


def check_reach(host: str, api_key: str | None) -> None:
    """Refuse to serve other machines without a key.

    Raises
    ------
    UsageError
        ``host`` is not this machine alone, and there is no key; or the key is empty.
    """
    if api_key is not None and not api_key.strip():
        raise UsageError("the key is empty: give one, or none at all")
    if api_key is None and host not in LOOPBACK:
        raise UsageError(f"serving at {host} lets other machines in: give an api_key, or serve at 127.0.0.1")
