"""JSON over HTTP with a server that may be down, slow, busy or broken: each becomes one clear error.

Knows HTTP and nothing of what is said over it. The key is sent as a bearer token and never appears in a message.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from sgbench.errors import BackendError, MissingDependencyError, UsageError

if TYPE_CHECKING:
    import httpx

_BUSY = frozenset({429, 502, 503, 504})
_CONNECT_SECONDS = 10.0
_IDLE_SECONDS = 2.0  # servers close idle connections after five seconds or more: never use one that may just be closed
_LONGEST_WAIT_SECONDS = 60.0
_SHOWN = 400  # characters of a server's answer that an error repeats


class HttpServer:
    """A server that talks JSON.

    Parameters
    ----------
    base_url
        With ``http://`` or ``https://``.
    api_key
        Sent as a bearer token; None: none is sent.
    verify
        Checks of the server's certificate: True, False, or the path of a file of authorities.
    timeout_s
        Longest silence of the server.
    max_retries
        How often a request is sent again that was not accepted: no connection, 429, 502, 503 or 504.
    retry_s
        Pause before the first of them; doubles each time, unless the server says how long to wait.

    Raises
    ------
    UsageError
        ``base_url`` is none.
    MissingDependencyError
        httpx is not installed.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str | None,
        verify: bool | str | None,
        timeout_s: float,
        max_retries: int,
        retry_s: float = 0.5,
    ) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise UsageError(f"{base_url!r} is no server's address: it begins with http:// or https://")
        self.url = base_url.rstrip("/")
        self._key = api_key
        self._max_retries = max_retries
        self._retry_s = retry_s
        self._client: httpx.AsyncClient | None = None
        self._options = {"verify": True if verify is None else verify, "timeout_s": timeout_s}
        _httpx()

    async def json(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of the answer.

        Raises
        ------
        BackendError
            No answer, a refusal, or something that is no JSON.
        """
        text = await self.text(method, path, body)
        try:
            return json.loads(text)
        except ValueError:
            raise BackendError(f"{self.url}{path} answered something that is no JSON: {text[:_SHOWN]!r}") from None

    async def text(self, method: str, path: str, body: Any = None) -> str:
        """The text of the answer; raises as `json`."""
        async with self._answer(method, path, body) as answer:
            await self._read(answer, path)
            return answer.text

    async def events(self, path: str, body: Any) -> AsyncGenerator[Any, None]:
        """The JSON of each server-sent event of the answer, up to ``[DONE]``; raises as `json`.

        Raises
        ------
        BackendError
            The stream ended without ``[DONE]``: what came may not be all.
        """
        async with self._answer("POST", path, body) as answer:
            async for line in self._lines(answer, path):
                if not line.startswith("data:"):
                    continue
                data = line[5:].strip()
                if data == "[DONE]":
                    return
                try:
                    event = json.loads(data)
                except ValueError:
                    raise BackendError(
                        f"{self.url}{path} streamed something that is no JSON: {data[:_SHOWN]!r}"
                    ) from None
                if isinstance(event, dict) and "error" in event:
                    raise BackendError(self._hidden(f"{self.url}{path} failed in mid-stream: {_told(event, data)}"))
                yield event
        raise BackendError(f"{self.url}{path} ended its stream before it was finished")

    async def close(self) -> None:
        """Close all connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    # --- one request --------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _answer(self, method: str, path: str, body: Any) -> AsyncGenerator[httpx.Response, None]:
        """An accepted request's answer, of which only the head has been read."""
        client = self._open()
        for attempt in range(self._max_retries + 1):
            last = attempt == self._max_retries
            request = client.build_request(method, self.url + path, json=body)
            try:
                answer = await client.send(request, stream=True)
            except Exception as failure:
                if last or not _refused_connection(failure):
                    raise self._unreachable(path, failure) from None
                await asyncio.sleep(self._retry_s * 2**attempt)
                continue
            try:
                if answer.status_code in _BUSY and not last:
                    pause = _retry_after(answer)
                    await asyncio.sleep(self._retry_s * 2**attempt if pause is None else pause)
                    continue
                if answer.status_code >= 400:
                    await self._read(answer, path)
                    raise self._refusal(path, answer)
                yield answer
                return
            finally:
                await answer.aclose()

    async def _read(self, answer: httpx.Response, path: str) -> None:
        try:
            await answer.aread()
        except _httpx().HTTPError as failure:
            raise self._unreachable(path, failure) from None

    async def _lines(self, answer: httpx.Response, path: str) -> AsyncGenerator[str, None]:
        try:
            async for line in answer.aiter_lines():
                yield line
        except _httpx().HTTPError as failure:
            raise self._unreachable(path, failure) from None

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            httpx = _httpx()
            # Hundreds of programs may call at once; the server queues them better than the client.
            limits = httpx.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=_IDLE_SECONDS)
            timeout = httpx.Timeout(self._options["timeout_s"], connect=_CONNECT_SECONDS, pool=None)
            headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
            self._client = httpx.AsyncClient(
                verify=self._options["verify"], timeout=timeout, limits=limits, headers=headers
            )
        return self._client

    # --- what went wrong ----------------------------------------------------------------------------------------

    def _unreachable(self, path: str, failure: Exception) -> BackendError:
        httpx = _httpx()
        if isinstance(failure, httpx.ConnectError | httpx.ConnectTimeout):
            words = f"no server answers at {self.url}: is it running?"
        elif isinstance(failure, httpx.TimeoutException):
            words = f"{self.url}{path} has not answered for {self._options['timeout_s']:g} s"
        else:
            words = f"{self.url}{path} broke off"
        return BackendError(self._hidden(f"{words} ({type(failure).__name__}: {failure})"))

    def _refusal(self, path: str, answer: httpx.Response) -> BackendError:
        told = answer.text
        with suppress(ValueError):
            told = _told(json.loads(told), told)
        return BackendError(self._hidden(f"{self.url}{path} answered {answer.status_code}: {told[:_SHOWN]}"))

    def _hidden(self, words: str) -> str:
        return hidden(words, self._key)


def hidden(words: str, key: str | None) -> str:
    """``words`` without the key."""
    return words.replace(key, "***") if key else words


def _told(answer: Any, otherwise: str) -> str:
    """The message in an error's body, in OpenAI's form or FastAPI's."""
    if isinstance(answer, dict):
        error = answer.get("error", answer)
        for place in (error, answer):
            if isinstance(place, dict):
                for name in ("message", "detail"):
                    if isinstance(place.get(name), str):
                        return str(place[name])
        if isinstance(error, str):
            return error
    return otherwise


def _refused_connection(failure: Exception) -> bool:
    httpx = _httpx()
    return isinstance(failure, httpx.ConnectError | httpx.ConnectTimeout)


def _retry_after(answer: httpx.Response) -> float | None:
    """Seconds that the server asks to wait; None: it does not say."""
    try:
        return min(max(float(answer.headers["retry-after"]), 0.0), _LONGEST_WAIT_SECONDS)
    except (KeyError, ValueError):
        return None


def _httpx() -> Any:
    try:
        import httpx
    except ImportError as missing:
        raise MissingDependencyError("httpx", "remote", "a remote backend") from missing
    return httpx
