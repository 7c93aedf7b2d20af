"""SGLang's ``Runtime``: a server in a process of its own, for as long as this one lives. Knows ``sgbench serve`` and its routes."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sgbench.backends.runtime_endpoint import RuntimeEndpoint
from sgbench.backends.server_args import ServerArgs
from sgbench.errors import BackendError, UsageError

_KEY_VARIABLE = "SGBENCH_API_KEY"
_LOOK_SECONDS = 0.1
_END_SECONDS = 5.0


class Runtime:
    """A server over an engine, in a process of its own; its `endpoint` is the backend of programs.

    In a notebook `sgbench.Engine` is the same engine without the process. The server answers this machine only, and only who has the
    key that is made for it; the key goes to the process by its environment.

    Parameters
    ----------
    log_level
        Accepted because SGLang has it.
    launch_timeout
        Seconds that the server may take until it answers.
    server_args
        Those of `sgbench.Engine`; ``model_path`` among them, and ``port``: the first free one from it on is taken (default 30000).

    Attributes
    ----------
    url, endpoint
        Where it is, and the backend on it.
    port, pid
        Of the server.

    Raises
    ------
    UnknownOptionError
        An option does not exist.
    BackendError
        The server did not begin; the message has its last words.
    """

    def __init__(self, log_level: str = "error", launch_timeout: float = 300.0, **server_args: Any) -> None:
        self.endpoint: RuntimeEndpoint | None = None
        self.port = _free_port(int(server_args.pop("port", 30000)))
        self.server_args = ServerArgs(**server_args)
        self.url = f"http://127.0.0.1:{self.port}"
        self._key = secrets.token_urlsafe(24)
        self._words = Path(tempfile.mkstemp(prefix="sgbench-runtime-", suffix=".log")[1])
        words = [f"--set={name}={value!r}" for name, value in self.server_args.options.items()]
        command = [sys.executable, "-m", "sgbench", "serve", self.server_args.model_path, f"--port={self.port}", *words]
        with self._words.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, _KEY_VARIABLE: self._key}
            )
        self.pid = self._process.pid
        self._end = weakref.finalize(self, _end, self._process, self._words)  # at exit too
        try:
            self._wait(time.monotonic() + launch_timeout)
            self.endpoint = RuntimeEndpoint(self.url, api_key=self._key)
        except BaseException:
            self.shutdown()
            raise

    def _wait(self, deadline: float) -> None:
        """Until the server answers, or never will."""
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1.0):
                return
            if self._process.poll() is not None:
                raise BackendError(f"the server ended with status {self._process.returncode}: {self._said()}")
            if time.monotonic() > deadline:
                raise BackendError(f"the server at {self.url} did not begin in time: {self._said()}")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_LOOK_SECONDS)

    def _said(self) -> str:
        return self._words.read_text(errors="replace")[-2000:].strip() or "(it said nothing)"

    # --- what SGLang's has --------------------------------------------------------------------------------------

    def generate(
        self,
        prompt: str | list[str],
        sampling_params: dict[str, Any] | None = None,
        return_logprob: bool = False,
        logprob_start_len: int | None = None,
        top_logprobs_num: int | None = None,
    ) -> str:
        """As `sgbench.Engine.generate`; the result as JSON text, which is how SGLang gives it."""
        body = {"text": prompt, "sampling_params": sampling_params or {}, "return_logprob": return_logprob}
        beyond = {"logprob_start_len": logprob_start_len, "top_logprobs_num": top_logprobs_num}
        return json.dumps(self._running.ask("/generate", body | {k: v for k, v in beyond.items() if v is not None}))

    async def async_generate(self, prompt: str, sampling_params: dict[str, Any] | None = None) -> AsyncIterator[str]:
        """The completion in pieces."""
        told = 0
        body = {"text": prompt, "sampling_params": sampling_params or {}, "stream": True}
        async for result in self._running.stream("/generate", body):
            yield result["text"][told:]
            told = len(result["text"])

    add_request = async_generate

    def encode(self, prompt: Any) -> Any:
        """Embeddings; the models here write text.

        Raises
        ------
        BackendError
            Always.
        """
        raise BackendError("encode: the models that sgbench runs generate text, and give no embeddings")

    def cache_prefix(self, prefix: str) -> None:
        """Have the server read ``prefix`` now."""
        self._running.cache_prefix(prefix)

    def get_tokenizer(self) -> Any:
        """The model's tokenizer, in this process."""
        from sgbench.engine.hub import find_model
        from sgbench.engine.tokenizer import Tokenizer

        path = self.server_args.options.get("tokenizer_path") or self.server_args.model_path
        return Tokenizer(find_model(path, weights=False))

    async def get_server_info(self) -> dict[str, Any]:
        """The server's options and figures."""
        return self._running.get_server_info()

    def shutdown(self) -> None:
        """End the server. Idempotent; happens by itself when this process ends."""
        endpoint, self.endpoint = self.endpoint, None
        if endpoint is not None:
            endpoint.shutdown()
        self._end()

    @property
    def _running(self) -> RuntimeEndpoint:
        if self.endpoint is None:
            raise UsageError("this Runtime was shut down")
        return self.endpoint

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.shutdown()

    def __repr__(self) -> str:
        return f"<sgbench.Runtime {self.server_args.model_path} at {self.url}, process {self.pid}>"


def _free_port(first: int) -> int:
    """The first port from ``first`` on that nobody listens at; 0: any."""
    for port in (first,) if first == 0 else range(first, min(first + 1000, 65536)):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
    raise UsageError(f"no port from {first} on is free")


def _end(process: subprocess.Popen[bytes], words: Path) -> None:
    process.terminate()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    words.unlink(missing_ok=True)
