"""vLLM and SGLang as servers of their own, started for the measurement and stopped after it. Knows commands and routes."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sgbench.backends.base import BaseBackend
from sgbench.errors import BackendError
from sgbench.workloads.peers.peer import Peer

START_S = 600.0
"""Longest wait for a server; large models load slowly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """How a server is started and spoken to.

    Attributes
    ----------
    command
        Words after the interpreter; ``{folder}`` and ``{port}`` are filled in.
    native
        Speak SGLang's own routes instead of OpenAI's.
    """

    name: str
    command: Sequence[str]
    native: bool

    @contextlib.contextmanager
    def open(self, folder: str, device: str) -> Iterator[BaseBackend]:
        """Start it, wait until it is healthy, stop it at the end.

        Raises
        ------
        BackendError
            It ended, or was not healthy in time; the message has its last words.
        """
        del device  # a server takes the one it was installed for
        port = _free_port()
        words = [sys.executable, *(word.format(folder=folder, port=port) for word in self.command)]
        with tempfile.TemporaryFile() as log:
            process = subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT)
            try:
                self._wait(process, port, log)
                yield self._backend(folder, port)
            finally:
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(20)
                if process.poll() is None:
                    process.kill()
                    process.wait()

    def _wait(self, process: subprocess.Popen[bytes], port: int, log: Any) -> None:
        until = time.monotonic() + START_S
        while process.poll() is None and time.monotonic() < until:
            if _healthy(port):
                return
            time.sleep(0.2)
        log.seek(0)
        last = log.read().decode("utf-8", "replace").strip().splitlines()[-5:]
        state = "did not get healthy in time" if process.poll() is None else f"ended with {process.returncode}"
        raise BackendError(f"the {self.name} server {state}: {' / '.join(last)}")

    def _backend(self, folder: str, port: int) -> BaseBackend:
        from sgbench.backends.local import own_template
        from sgbench.backends.openai_api import OpenAI
        from sgbench.backends.runtime_endpoint import RuntimeEndpoint
        from sgbench.engine.tokenizer import Tokenizer

        template = own_template(Tokenizer(Path(folder)), folder)
        url = f"http://127.0.0.1:{port}"
        backend: BaseBackend
        if self.native:
            backend = RuntimeEndpoint(url)
        else:
            backend = OpenAI(folder, False, template, dialect="sglang", base_url=f"{url}/v1", api_key="none")
        backend.chat_template = template
        return backend


def _healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


_VLLM = Server(
    name="vllm",
    command=("-m", "vllm.entrypoints.openai.api_server", "--model", "{folder}", "--port", "{port}"),
    native=False,
)
_SGLANG = Server(
    name="sglang",
    command=("-m", "sglang.launch_server", "--model-path", "{folder}", "--port", "{port}"),
    native=True,
)
VLLM = Peer(name="vllm", title="vLLM's server, OpenAI's completions", package="vllm", open=_VLLM.open)
SGLANG = Peer(name="sglang", title="SGLang's server, its own routes", package="sglang", open=_SGLANG.open)
