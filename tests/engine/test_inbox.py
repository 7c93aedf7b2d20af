"""An idle engine waits for requests that are said to come, and for nothing else."""

from __future__ import annotations

import threading

import pytest

from sgbench.engine.inbox import Inbox

FOR_EVER_S = 60.0


class Lingering:
    """An inbox whose engine lingers on a thread of its own, for ever if nothing ends it."""

    def __init__(self, gap_s: float = FOR_EVER_S) -> None:
        self.inbox = Inbox()
        self.inbox.submit(["first"], more=True)  # type: ignore[list-item]
        self.taken: list[object] = []
        self._gap_s = gap_s
        self._thread = threading.Thread(target=self._engine)
        self._thread.start()
        while not self.inbox._lingers and self._thread.is_alive():
            pass

    def _engine(self) -> None:
        self.inbox.linger(self._gap_s, FOR_EVER_S)
        self.taken = list(self.inbox.take_arrivals())

    def ended(self) -> list[object]:
        """What the engine took."""
        self._thread.join(FOR_EVER_S / 2)
        assert not self._thread.is_alive()
        return self.taken


def test_requests_that_are_said_to_come_are_taken_together() -> None:
    engine = Lingering()
    engine.inbox.submit(["second"], more=True)  # type: ignore[list-item]
    engine.inbox.submit(["third"])  # type: ignore[list-item]
    assert engine.ended() == ["first", "second", "third"]


@pytest.mark.parametrize("end", [lambda inbox: inbox.call(lambda: None), lambda inbox: inbox.close()])
def test_a_call_or_the_end_is_not_kept_waiting(end) -> None:
    engine = Lingering()
    end(engine.inbox)
    assert engine.ended() == ["first"]


def test_what_does_not_come_is_not_waited_for() -> None:
    assert Lingering(gap_s=0.001).ended() == ["first"]


def test_nobody_waits_where_nothing_was_said() -> None:
    inbox = Inbox()
    inbox.submit(["only"])  # type: ignore[list-item]
    inbox.linger(FOR_EVER_S, FOR_EVER_S)
    assert list(inbox.take_arrivals()) == ["only"]
    inbox.linger(FOR_EVER_S, FOR_EVER_S)
