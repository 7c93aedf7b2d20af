"""What an error is on the wire: a status, and a body in OpenAI's form. Never holds a key or a body that a client sent."""

from __future__ import annotations

from typing import Any

from sgbench.errors import (
    AbortedError,
    CapacityError,
    ConstraintError,
    EngineStoppedError,
    SgbenchError,
    UsageError,
)

_STATUS: tuple[tuple[type[SgbenchError], int, str], ...] = (
    (UsageError, 400, "invalid_request_error"),
    (CapacityError, 400, "invalid_request_error"),
    (ConstraintError, 400, "invalid_request_error"),
    (AbortedError, 500, "aborted"),
    (EngineStoppedError, 503, "engine_stopped"),
    (SgbenchError, 500, "server_error"),
)


def status_of(failure: SgbenchError) -> int:
    """The HTTP status."""
    return next(status for kind, status, _ in _STATUS if isinstance(failure, kind))


def error_body(failure: SgbenchError) -> dict[str, Any]:
    """The JSON body."""
    kind = next(words for cls, _, words in _STATUS if isinstance(failure, cls))
    return body(str(failure), kind, status_of(failure))


def body(message: str, kind: str, status: int) -> dict[str, Any]:
    """A JSON body in OpenAI's form."""
    return {"error": {"message": message, "type": kind, "param": None, "code": status}}
