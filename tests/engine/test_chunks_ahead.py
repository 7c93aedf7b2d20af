"""A chunk full of prompts takes its successor with it: launched right behind, and nothing is lost or mixed up where that goes wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgbench.engine.config import EngineConfig
from sgbench.engine.engine import EngineCore
from sgbench.engine.request import DecodePlan, SamplingParams, StepPlan, StepResult
from sgbench.engine.runner.base import Done
from sgbench.engine.runner.scripted import ScriptedRunner
from sgbench.errors import DeviceMemoryError
from sgbench.trace.events import Event, RequestDeferred, RequestPreempted

from .world import VOCAB, continuation, follow


class Watched(ScriptedRunner):
    """Notes what is launched, as (tokens known, tokens open) by request, and what is read."""

    def __init__(self, kv_tokens: int = 200) -> None:
        super().__init__(kv_tokens, VOCAB, 100, follow)
        self.seen: list[Any] = []
        self.full_for = 0

    def launch(self, plan: StepPlan | DecodePlan) -> Done:
        """See `LaunchingRunner.launch`."""
        number = sum(isinstance(entry, dict) for entry in self.seen)
        if isinstance(plan, StepPlan) and self.full_for and any(chunk.rid == self.full_for for chunk in plan.chunks):
            self.full_for = 0
            raise DeviceMemoryError("full")
        if isinstance(plan, DecodePlan):
            self.seen.append(dict.fromkeys(plan.rids, "open"))
        else:
            opened = {c.rid: "open" if c.token_ids[0] < 0 else len(c.token_ids) for c in plan.chunks}
            self.seen.append(opened)
        return _Noted(super().launch(plan).result(), self.seen, number)


class _Noted(Done):
    def __init__(self, result: StepResult, seen: list[Any], number: int) -> None:
        super().__init__(result)
        self._seen, self._number = seen, number

    def result(self) -> StepResult:
        """See `Pending.result`."""
        self._seen.append(f"read {self._number}")
        return super().result()


def engine(runner: Watched, **options: Any) -> EngineCore:
    given = {"overlap": True, "max_prefill_tokens": 8, "max_running": 6, "in_flight_tokens": 3} | options
    return EngineCore(EngineConfig.from_options("scripted", given), runner, None, start=False)


def asked(core: EngineCore, prompts: list[list[int]], n: int = 3, **more: Any) -> list[Any]:
    return [core.submit(prompt, SamplingParams(max_new_tokens=n, **more)) for prompt in prompts]


FOUR = [[i, 1, 2, 3] for i in range(4)]


def test_two_chunks_run_back_to_back_without_decodes_between() -> None:
    runner = Watched()
    core = engine(runner)
    handles = asked(core, FOUR)
    assert [list(h.wait().output_ids) for h in handles] == [continuation(p, 3) for p in FOUR]
    assert runner.seen[:5] == [
        {0: 4, 1: 4},
        {0: "open", 1: "open", 2: 4, 3: 4},
        "read 0",
        {0: "open", 1: "open", 2: "open", 3: "open"},
        "read 1",
    ]
    core.check_integrity()


def test_a_long_prompt_goes_on_before_its_first_part_is_read() -> None:
    runner = Watched()
    core = engine(runner)
    (handle,) = asked(core, [list(range(20))])
    assert list(handle.wait().output_ids) == continuation(range(20), 3)
    assert runner.seen[:4] == [{0: 8}, {0: 8}, "read 0", {0: 4}]


def test_requests_that_end_with_their_prompt_leave_chunks_of_prompts_alone() -> None:
    runner = Watched()
    core = engine(runner)
    for handle in asked(core, FOUR, n=1):
        handle.wait()
    assert runner.seen == [{0: 4, 1: 4}, {2: 4, 3: 4}, "read 0", "read 1"]


def test_who_shares_with_a_prompt_under_way_waits_for_it() -> None:
    runner = Watched()
    core = engine(runner)
    deferred: list[int] = []
    core.subscribe(lambda event: deferred.append(event.rid) if isinstance(event, RequestDeferred) else None)
    prompts = [[1, 2, 3, 4], [5, 6, 7, 8], [1, 2, 3, 9], [5, 6, 7, 9]]
    handles = asked(core, prompts)
    assert [list(h.wait().output_ids) for h in handles] == [continuation(p, 3) for p in prompts]
    assert runner.seen[:5] == [
        {0: 4, 1: 4},
        {0: "open", 1: "open"},
        "read 0",
        {2: 1, 3: 1},
        dict.fromkeys(range(4), "open"),
    ]
    assert {2, 3} <= set(deferred)
    assert core.stats().cached_tokens == 6


@pytest.mark.parametrize("more", [{"presence_penalty": 0.5}, {"min_new_tokens": 3, "stop_token_ids": (49,)}])
def test_tokens_that_must_be_known_first_are_waited_for(more: dict[str, Any]) -> None:
    runner = Watched()
    core = engine(runner)
    handles = asked(core, FOUR, **more)
    for handle in handles:
        handle.wait()
    assert runner.seen[:3] == [{0: 4, 1: 4}, "read 0", {0: 1, 1: 1, 2: 4, 3: 4}], "decided on before, launched after"
    core.check_integrity()


@pytest.mark.parametrize("gone", range(4))
@pytest.mark.parametrize("overlap", [False, True])
def test_whoever_is_given_up_between_two_chunks_leaves_nothing_behind(gone: int, overlap: bool) -> None:
    core = engine(Watched(), overlap=overlap)
    handles = asked(core, FOUR)
    core.step()
    core.check_integrity()
    handles[gone].abort("enough")
    core.check_integrity()
    late = asked(core, [[9, 9, 9, 9, 9]])  # takes the slots and the row that came free
    for handle, prompt in zip([*handles, *late], [*FOUR, [9] * 5], strict=True):
        if handle is not handles[gone]:
            assert list(handle.wait().output_ids) == continuation(prompt, 3)
    core.check_integrity()
    assert core.stats().kv_tokens_used == 0


def test_a_chunk_without_memory_on_the_device_is_tried_again() -> None:
    runner = Watched()
    core = engine(runner)
    handles = asked(core, FOUR)
    runner.full_for = 2
    core.step()
    core.check_integrity()
    assert runner.seen == [{0: 4, 1: 4}, "read 0"], "nothing of the second chunk was launched"
    assert [list(h.wait().output_ids) for h in handles] == [continuation(p, 3) for p in FOUR]
    assert runner.seen[2] == {0: 1, 1: 1, 2: 4, 3: 4}
    assert core.stats().kv_tokens_used == 0


@settings(max_examples=150, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 14), min_size=2, max_size=8),
    kv_tokens=st.integers(24, 60),
    news=st.integers(1, 10),
    overlap=st.booleans(),
)
def test_a_small_pool_is_never_the_worse_for_looking_ahead(lengths, kv_tokens, news, overlap) -> None:
    """Whoever decodes finds a slot: prompts decided on beforehand drive out nobody who runs, and are not driven out themselves."""
    runner = Watched(kv_tokens)
    core = engine(runner, overlap=overlap)
    prompts = [[i, *range(20, 19 + n)] for i, n in enumerate(lengths)]
    events: list[Event] = []
    core.subscribe(events.append)
    handles = asked(core, prompts, n=news)
    while core.step():
        core.check_integrity()
    for handle, prompt in zip(handles, prompts, strict=True):
        output = list(handle.wait().output_ids)
        assert output == continuation(prompt, news)[: len(output)]
    for event in events:
        assert not (isinstance(event, RequestPreempted) and event.output_tokens == 0)
    assert core.stats().kv_tokens_used == 0


@pytest.mark.parametrize(("shared", "ahead"), [(1, True), (2, False), (5, False)])
def test_little_is_computed_twice_for_a_chunk_that_need_not_wait(shared: int, ahead: bool) -> None:
    """Less than `in_flight_tokens`, which side by side would be computed by each: but a chunk later it is in the cache."""
    runner = Watched(1000)
    core = engine(runner, max_prefill_tokens=160, in_flight_tokens=32)
    prompts = [[1] * shared + [i + 2] * (80 - shared) for i in range(4)]
    handles = asked(core, prompts)
    assert [list(h.wait().output_ids) for h in handles] == [continuation(p, 3) for p in prompts]
    assert (runner.seen[1] == {0: "open", 1: "open", 2: 80, 3: 80}) is ahead
    assert core.stats().cached_tokens == (0 if ahead else 2 * shared)
