"""What SGLang's programs import from ``sglang.utils``: reading items, writing results, encoding pictures.

Kept so that they run unchanged; nothing else in the project uses it.
"""

from __future__ import annotations

import json
import os
import shutil
import ssl
import tempfile
import traceback
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sgbench.errors import BackendError, UsageError
from sgbench.lang.media import encode_image as encode_image_base64
from sgbench.lang.media import encode_video as encode_video_base64

__all__ = [
    "HttpResponse",
    "download_and_cache_file",
    "dump_state_text",
    "encode_image_base64",
    "encode_video_base64",
    "get_exception_traceback",
    "http_request",
    "read_jsonl",
]

TIMEOUT_S = 600.0


def read_jsonl(filename: str) -> list[Any]:
    """The values of a JSON Lines file; empty lines and those that begin with ``#`` are left out.

    Raises
    ------
    UsageError
        A line is no JSON; the message names it.
    """
    values = []
    with Path(filename).open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip() or line.startswith("#"):
                continue
            try:
                values.append(json.loads(line))
            except json.JSONDecodeError as failure:
                raise UsageError(f"{filename}, line {number}: {failure}") from failure
    return values


def dump_state_text(filename: str, states: Sequence[Any], mode: str = "w") -> None:
    """Write the texts of ``states`` (prompt states or strings) to a file, each under its number."""
    with Path(filename).open(mode, encoding="utf-8") as file:
        for i, state in enumerate(states):
            text = state if isinstance(state, str) else state.text()
            file.write(f"{'=' * 40} {i} {'=' * 40}\n{text}\n{'=' * 80}\n\n")


def get_exception_traceback() -> str:
    """The traceback of the exception that is being handled, as text."""
    return traceback.format_exc()


class HttpResponse:
    """A server's answer.

    Attributes
    ----------
    status_code
        The HTTP status.
    """

    def __init__(self, stream: Any, status_code: int) -> None:
        self.status_code = status_code
        self._stream = stream
        self._body: bytes | None = None

    @property
    def content(self) -> bytes:
        """The body; read once, then kept."""
        if self._body is None:
            with self._stream:
                self._body = self._stream.read()
        return self._body

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body's JSON value."""
        return json.loads(self.content)

    def iter_lines(self, decode_unicode: bool = False) -> Iterator[Any]:
        """The lines of the body as they arrive, without their ends."""
        with self._stream:
            for line in self._stream:
                bare = line.rstrip(b"\r\n")
                yield bare.decode("utf-8") if decode_unicode else bare


def http_request(
    url: str,
    json: Mapping[str, Any] | None = None,
    stream: bool = False,
    api_key: str | None = None,
    verify: str | bool | None = None,
    method: str | None = None,
) -> HttpResponse:
    """Ask a server: a POST with a JSON body where there is one, else a GET.

    Parameters
    ----------
    stream
        Do not read the body yet: `HttpResponse.iter_lines`.
    verify
        Path of a certificate bundle; False: do not check the server's certificate.

    Raises
    ------
    BackendError
        The server cannot be reached. (An answer with an error's status is an answer.)
    """
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    request = urllib.request.Request(_web(url), _payload(json), headers, method=method)
    if json is not None:
        request.add_header("Content-Type", "application/json")
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT_S, context=_trust(verify))
    except urllib.error.HTTPError as failure:
        answer = failure
    except urllib.error.URLError as failure:
        raise BackendError(f"{urlsplit(url).netloc} cannot be reached: {failure.reason}") from failure
    response = HttpResponse(answer, answer.status or 0)
    if not stream:
        response.content  # noqa: B018 - reads it, and gives the connection back
    return response


def _trust(verify: str | bool | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=verify if isinstance(verify, str) else None)
    if verify is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _payload(value: Mapping[str, Any] | None) -> bytes | None:
    return None if value is None else json.dumps(value).encode()


def _web(url: str) -> str:
    if urlsplit(url).scheme not in ("http", "https"):
        raise UsageError(f"{url!r} is no http or https address")
    return url


def download_and_cache_file(url: str, filename: str | None = None) -> str:
    """Fetch ``url`` into ``filename`` (None: its own name in the folder for temporary files) unless it is there; the path.

    Raises
    ------
    BackendError
        The server cannot be reached, or has no such file.
    """
    path = Path(filename) if filename else Path(tempfile.gettempdir()) / (Path(urlsplit(url).path).name or "download")
    if path.is_file():
        return str(path)
    try:
        with urllib.request.urlopen(_web(url), timeout=TIMEOUT_S) as source:
            _keep(source, path)
    except urllib.error.URLError as failure:
        raise BackendError(f"{url} cannot be fetched: {failure.reason}") from failure
    return str(path)


def _keep(source: Any, path: Path) -> None:
    """Write the whole of ``source``, or nothing, to ``path``."""
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as target:
            shutil.copyfileobj(source, target)
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
