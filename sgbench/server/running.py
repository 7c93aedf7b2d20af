"""A server beside the running program: on a thread of its own, until it is closed. Knows uvicorn."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Self

import uvicorn

from sgbench.backends.local import Engine
from sgbench.errors import BackendError, UsageError
from sgbench.server.app import MAX_BODY_BYTES, create_app
from sgbench.server.reach import check_reach

_CLOSE_SECONDS = 2
_IDLE_SECONDS = 75  # longer than clients keep a connection, so that none is closed just when a client uses it again


def listening_socket(host: str, port: int) -> socket.socket:
    """A bound socket; port 0: any free one.

    Raises
    ------
    UsageError
        The address is taken, or not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except (OSError, OverflowError) as failure:
        bound.close()
        raise UsageError(f"cannot serve at {host} port {port}: {failure}") from failure
    return bound


class Server:
    """Serves an engine from a thread of its own until `close`; a context manager.

    Parameters
    ----------
    engine
        Not owned: it runs on when the server is closed.
    port
        0: any free one; see `url`.
    host
        Other machines are let in only with a key.
    api_key, model_name, max_body_bytes
        See `sgbench.server.create_app`.

    Attributes
    ----------
    url
        Where it is, without a path: OpenAI's clients add ``/v1``.

    Raises
    ------
    UsageError
        The address is taken, or open to others without a key.

    Examples
    --------
    ::

        with sgl.Engine() as engine, sgl.server.Server(engine) as server:
            client = openai.OpenAI(base_url=server.url + "/v1", api_key="none")
    """

    def __init__(
        self,
        engine: Engine,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        api_key: str | None = None,
        model_name: str | None = None,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        check_reach(host, api_key)
        app = create_app(engine, api_key=api_key, model_name=model_name, max_body_bytes=max_body_bytes)
        self._socket = listening_socket(host, port)
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._socket.getsockname()[1]}"
        self._begun = threading.Event()
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_keep_alive=_IDLE_SECONDS,
            timeout_graceful_shutdown=_CLOSE_SECONDS,
        )
        self._server = _Beside(config, self._begun)
        self._thread = threading.Thread(target=self._serve, name="sgbench-server", daemon=True)
        self._thread.start()
        self._begun.wait()
        if not self._server.started:
            raise BackendError(f"the server at {self.url} did not start")

    def _serve(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._begun.set()
            self._socket.close()

    def close(self) -> None:
        """Answer no more. Requests that run get two seconds to end, then they are aborted. Idempotent."""
        self._server.should_exit = True
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<sgbench.server.Server at {self.url}>"


class _Beside(uvicorn.Server):
    """Tells when it has begun. (uvicorn leaves signals alone on a thread that is not the main one.)"""

    def __init__(self, config: uvicorn.Config, begun: threading.Event) -> None:
        super().__init__(config)
        self._begun = begun

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._begun.set()
