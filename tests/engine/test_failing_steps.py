"""A step that the device refuses fails only whom it must: the others give the same tokens, and every slot comes back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgbench.engine.config import EngineConfig
from sgbench.engine.engine import EngineCore
from sgbench.engine.request import DecodePlan, SamplingParams, StepPlan, StepResult
from sgbench.engine.runner.base import Done
from sgbench.engine.runner.scripted import ScriptedRunner
from sgbench.errors import DeviceMemoryError
from sgbench.trace.events import RequestAborted
from tests.engine.world import VOCAB, continuation, follow

Refuses = Callable[[int, StepPlan | DecodePlan], bool]


class FullDevice(ScriptedRunner):
    """Has no memory for the steps that ``refuses`` names, by number and plan."""

    def __init__(self, refuses: Refuses) -> None:
        super().__init__(120, VOCAB, 100, follow)
        self.refuses, self.launched, self.refused = refuses, 0, 0

    def _check(self, plan: StepPlan | DecodePlan) -> None:
        self.launched += 1
        if self.refuses(self.launched, plan):
            self.refused += 1
            raise DeviceMemoryError("full")

    def run(self, plan: StepPlan) -> StepResult:
        self._check(plan)
        return super().run(plan)

    def launch(self, plan: StepPlan | DecodePlan) -> Done:
        self._check(plan)
        if isinstance(plan, DecodePlan):
            plan = StepPlan(-1, plan.chunks([self._last[row] for row in plan.rows.tolist()]), plan.shared)
        return Done(super().run(plan))


def engine(refuses: Refuses, overlap: bool) -> tuple[EngineCore, FullDevice]:
    runner = FullDevice(refuses)
    config = EngineConfig.from_options("scripted", {"overlap": overlap, "max_prefill_tokens": 8, "max_running": 6})
    return EngineCore(config, runner, None, start=False), runner


def played(run: EngineCore, prompts: list[list[int]], new: int = 6) -> list[list[int] | None]:
    """Outputs; None for those that failed."""
    params = SamplingParams(max_new_tokens=new, ignore_eos=True, temperature=0)
    handles = [run.submit(prompt, params) for prompt in prompts]
    outputs: list[list[int] | None] = []
    for handle in handles:
        try:
            outputs.append(list(handle.wait().output_ids))
        except DeviceMemoryError:
            outputs.append(None)
        run.check_integrity()
    return outputs


PROMPTS = [[1, 2, 3, 4, 5], [1, 2, 3, 9], [7] * 20, [1, 2, 3, 4, 5, 6, 6, 6]]


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(1, 25), max_size=12), st.booleans())
def test_those_that_do_not_fail_say_what_they_always_say(refused: set[int], overlap: bool) -> None:
    run, _ = engine(lambda number, _: number in refused, overlap)
    for output, prompt in zip(played(run, PROMPTS), PROMPTS, strict=True):
        assert output is None or output == continuation(prompt, 6)
    assert run.stats().kv_tokens_used == 0
    assert played(engine(lambda *_: False, overlap)[0], PROMPTS) == [continuation(prompt, 6) for prompt in PROMPTS]


@pytest.mark.parametrize("overlap", [False, True])
def test_a_prompt_too_large_for_the_device_fails_alone(overlap: bool) -> None:
    def long(_: int, plan: StepPlan | DecodePlan) -> bool:
        return isinstance(plan, StepPlan) and any(7 in chunk.token_ids for chunk in plan.chunks)

    run, runner = engine(long, overlap)
    params = SamplingParams(max_new_tokens=6, ignore_eos=True, temperature=0)
    first = run.submit([1, 2, 3], params)
    run.step()
    run.step()
    reasons: list[str] = []
    run.subscribe(lambda event: reasons.append(event.reason) if isinstance(event, RequestAborted) else None)
    late = run.submit([7] * 8, params)
    with pytest.raises(DeviceMemoryError, match="full"):
        late.wait()
    assert runner.refused
    assert list(first.wait().output_ids) == continuation([1, 2, 3], 6), "whether it was under way or in the same step"
    assert reasons == ["full"]
    run.check_integrity()


def test_a_step_that_could_not_be_launched_ahead_is_tried_again() -> None:
    run, runner = engine(lambda number, plan: isinstance(plan, DecodePlan) and number < 8, overlap=True)
    assert played(run, PROMPTS[:2]) == [continuation(prompt, 6) for prompt in PROMPTS[:2]]
    assert runner.refused >= 2
