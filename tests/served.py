"""One bundled engine behind a real server, for the tests of servers and of remote backends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

import sgbench as sgl
from sgbench.engine.hub import bundled_folder
from sgbench.server import Server
from sgbench.trace.events import Event

KEY = "key-4f9a1c"

needs_the_model = [
    pytest.mark.bundled,
    pytest.mark.skipif(not (bundled_folder() / "model.safetensors").is_file(), reason="no bundled weights"),
]


@contextmanager
def serving() -> Iterator[tuple[sgl.Engine, Server]]:
    """An engine and its server, which wants `KEY`."""
    with sgl.Engine(device="cpu", kv_tokens=8192) as engine, Server(engine, api_key=KEY, model_name="small") as server:
        yield engine, server
        engine.check_integrity()


class Seen:
    """What an engine tells from now on, and a wait for it: no test sleeps."""

    def __init__(self, engine: sgl.Engine) -> None:
        self._changed = threading.Condition()
        self._events: list[Event] = []
        self._end = engine.subscribe(self._take)

    def _take(self, event: Event) -> None:
        with self._changed:
            self._events.append(event)
            self._changed.notify_all()

    def wait_for(self, wanted: Callable[[Event], bool], seconds: float = 60.0) -> bool:
        """Has an event that is ``wanted`` come, or does it come in time?"""
        with self._changed:
            return self._changed.wait_for(lambda: any(map(wanted, self._events)), seconds)

    def end(self) -> None:
        self._end()
