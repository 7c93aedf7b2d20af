"""Whoever waits for the engine's thread to wait is called when it does, and told how long it has."""

from __future__ import annotations

from sgbench.engine.gap import Gap
from sgbench.engine.request import SamplingParams

from .world import follow, scripted


def test_who_asks_is_called_once_at_the_next_opening():
    gap, calls = Gap(), []
    gap.open()
    gap.call_at_opening(lambda: calls.append(gap.is_open))
    gap.close()
    assert not gap.is_open and calls == []
    gap.open()
    gap.open()
    assert calls == [True]


def test_its_age_is_the_time_since_it_was_opened():
    gap = Gap()
    first = gap.age_s
    gap.open()
    assert 0 <= gap.age_s < first


def test_the_engine_opens_it_while_its_device_works_and_is_in_a_hurry_before_and_behind():
    seen: list[tuple[bool, bool]] = []
    hurries: list[bool] = []

    def next_token(tokens: tuple[int, ...]) -> int:
        seen.append((core.gap.is_open, core.in_a_hurry))
        return follow(tokens)

    core = scripted(next_token=next_token)
    core.subscribe(lambda event: hurries.append(core.in_a_hurry))
    core.submit([1, 2, 3], SamplingParams(max_new_tokens=2)).wait()
    assert seen and set(seen) == {(True, False)}
    assert not core.journal.failures
    assert True in hurries  # what follows a step is told while the device stands still
    assert not core.in_a_hurry  # idle
