"""Who may ask, and how much: the key, the host's name, the size of a body. ASGI middleware; knows no route but ``/health``.

Without a key the server answers this machine only. A web page that a browser on this machine shows could still send requests
here, under a name of its own that it lets point to 127.0.0.1; so the host must be one of this machine's.
"""

from __future__ import annotations

import hmac
import json
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sgbench.server.reach import LOOPBACK
from sgbench.server.refusals import body


class Guard:
    """Lets a request through to ``app``, or answers it.

    Parameters
    ----------
    app
        What is guarded.
    api_key
        Wanted as ``Authorization: Bearer KEY``; None: no key, and requests under this machine's names only.
    max_body_bytes
        A longer body is refused (413).
    """

    def __init__(self, app: ASGIApp, api_key: str | None, max_body_bytes: int) -> None:
        self._app = app
        self._key = api_key.encode() if api_key is not None else None
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        refusal = self._refusal(scope["path"], headers)
        if refusal is not None:
            await _answer(send, *refusal)
            return
        if int(headers.get(b"content-length") or 0) > self._max_body_bytes:
            await _answer(send, 413, self._too_long())
            return
        await self._limited(scope, receive, send)

    def _refusal(self, path: str, headers: dict[bytes, bytes]) -> tuple[int, str] | None:
        if self._key is None:
            host = _name(headers.get(b"host", b"").decode("latin-1"))
            if host not in LOOPBACK:
                return 403, f"this server has no key and answers this machine only, not as {host!r}"
        elif path != "/health":
            scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
            if scheme.lower() != b"bearer" or not hmac.compare_digest(given.strip(), self._key):
                return 401, "a valid key is needed: Authorization: Bearer KEY"
        return None

    def _too_long(self) -> str:
        return f"the body is longer than {self._max_body_bytes:,} bytes"

    async def _limited(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A body sent in pieces has no length beforehand: count it as it comes."""
        seen = 0
        began = answered = False

        async def counted() -> Message:
            nonlocal seen, answered
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max_body_bytes and not (began or answered):
                answered = True
                await _answer(send, 413, self._too_long())
                return {"type": "http.disconnect"}
            return message

        async def once(message: Message) -> None:
            nonlocal began
            if not answered:
                began = True
                await send(message)

        await self._app(scope, counted, once)


def _name(host: str) -> str:
    """The host without its port: ``[::1]:80`` and ``localhost:80``."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()


async def _answer(send: Send, status: int, message: str) -> None:
    kinds = {401: "authentication_error", 403: "permission_error", 413: "invalid_request_error"}
    content = json.dumps(body(message, kinds[status], status)).encode()
    headers: list[tuple[bytes, Any]] = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(content)),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
