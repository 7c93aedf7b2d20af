"""The interpreter hands its lock over quickly while any engine's thread runs, and as before when none does."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from sgbench.engine.handover import INTERVAL_S
from tests.engine.world import scripted


@pytest.fixture
def interval() -> Iterator[float]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.004)
    yield pytest.approx(0.004)
    sys.setswitchinterval(before)


def settled(engine: object) -> None:
    engine.generate(input_ids=[1, 2], sampling_params={"max_new_tokens": 1})  # type: ignore[attr-defined]


def test_the_last_engine_puts_back_what_was_there(interval: float) -> None:
    first, second = scripted(start=True), scripted(start=True)
    settled(first)
    settled(second)
    assert sys.getswitchinterval() == pytest.approx(INTERVAL_S)
    first.shutdown()
    assert sys.getswitchinterval() == pytest.approx(INTERVAL_S)
    second.shutdown()
    assert sys.getswitchinterval() == interval


def test_a_shorter_one_stays(interval: float) -> None:
    sys.setswitchinterval(0.0001)
    with scripted(start=True) as engine:
        settled(engine)
        assert sys.getswitchinterval() == pytest.approx(0.0001, rel=0.05)


def test_an_engine_without_a_thread_changes_nothing(interval: float) -> None:
    engine = scripted()
    settled(engine)
    assert sys.getswitchinterval() == interval
