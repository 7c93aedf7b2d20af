"""What a vendor's client raises, as one kind of error that says what to do and never has the key in it. Knows names, no client."""

from __future__ import annotations

import asyncio

from sgbench.backends.http import hidden
from sgbench.errors import BackendError

_WORDS = {
    "APIConnectionError": "no server answers",
    "APITimeoutError": "no answer in time",
    "Timeout": "no answer in time",
    "AuthenticationError": "the key is not accepted",
    "PermissionDeniedError": "the key may not do this",
    "RateLimitError": "too many requests",
    "ServiceUnavailableError": "the server cannot serve now",
    "InternalServerError": "the server failed",
    "BadRequestError": "the request is refused",
    "NotFoundError": "there is no such model or route",
}


def failed(failure: Exception, where: str, key: str | None) -> BackendError:
    """``failure`` of a call to the model and server ``where``, in words."""
    if isinstance(failure, BackendError):
        return failure
    words = _WORDS.get(type(failure).__name__, "the call failed")
    if isinstance(failure, asyncio.TimeoutError):
        words = "no answer in time"
    cause = f": {failure.__cause__}" if failure.__cause__ is not None else ""
    return BackendError(hidden(f"{where}: {words} ({type(failure).__name__}: {failure}{cause})", key))
