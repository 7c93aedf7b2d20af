"""Why was this missed: every reason is told apart, and every computed prompt token has exactly one."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgbench.analysis import why
from sgbench.analysis.seen import Gone, Seen
from sgbench.analysis.token_trie import tokens_of
from sgbench.engine.engine import EngineCore
from sgbench.engine.sampling_params import sampling_params
from sgbench.trace.events import ProgramStarted, SpanAppended
from sgbench.trace.trace import Trace
from tests.engine.world import Letters, scripted
from tests.what_if.test_simulation import recorded


def ask(engine: EngineCore, text: str, new: int = 0, **options: object) -> None:
    engine.submit(list(text.encode()), sampling_params({"max_new_tokens": new}), **options)
    while engine.step():
        pass


def letters(kv_tokens: int = 1_000, **options: object) -> EngineCore:
    return scripted(kv_tokens, vocab=256, tokenizer=Letters(), **options)


def parts(trace: Trace, request: int = -1) -> dict[str, int]:
    return {part.kind: part.tokens for part in why(trace).requests[request].parts}


def test_cold_new_diverged_and_hit() -> None:
    engine = letters()
    with engine.record() as trace:
        ask(engine, "You are kind. It is 12:01. Hello")
        ask(engine, "You are kind. It is 12:02. Hello")
        ask(engine, "You are kind. It is 12:02. Hello again")
        ask(engine, "You are kind. It is 12:02. Hello again")
        ask(engine, "Something else")
    assert parts(trace, 0) == {"cold": 31, "last-token": 1}
    assert parts(trace, 1) == {"diverged": 7, "last-token": 1}
    assert parts(trace, 2) == {"new": 5, "last-token": 1}
    assert parts(trace, 3) == {"last-token": 1}
    split = why(trace).requests[1].divergence
    assert split is not None
    assert (split.position, split.other) == (24, 0)
    assert (split.before, split.ours, split.theirs) == ("nd. It is 12:0"[-12:], "2. Hello", "1. Hello")
    text = str(why(trace))
    assert "diverged at token 24" in text and "'2. Hello'" in text and "'1. Hello'" in text


def test_evicted_says_for_whom_and_flushed_says_so() -> None:
    engine = letters(kv_tokens=40)
    with engine.record() as trace:
        ask(engine, "abcdefghijklmnopqrstuvwxyz")
        ask(engine, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        ask(engine, "abcdefghijklmnopqrstuvwxyz")
        engine.flush_cache()
        ask(engine, "abcdefghijklmnopqrstuvwxyz")
    found = why(trace)
    assert parts(trace, 2) == {"evicted": 25, "last-token": 1}
    gone = found.requests[2].parts[0].gone
    assert gone is not None and gone.for_rid == 1 and gone.ago_ms > 0 and gone.idle_ms is not None
    assert parts(trace, 3) == {"flushed": 25, "last-token": 1}
    assert "evicted for request 1" in str(found) and "the cache was emptied" in str(found)
    assert found.totals == {"cold": 50, "evicted": 25, "flushed": 25, "last-token": 4}
    assert list(found.table()["evicted"]) == [0, 0, 25, 0]


def test_what_another_request_is_computing_is_in_flight() -> None:
    engine = letters(in_flight_tokens=1_000)
    with engine.record() as trace:
        for end in "xy":
            engine.submit(list(f"the same long beginning {end}".encode()), sampling_params({"max_new_tokens": 0}))
        while engine.step():
            pass
    assert parts(trace, 1) == {"in-flight": 24, "last-token": 1}
    assert "request 0 was computing the same tokens" in str(why(trace))


def test_logprobs_cost_what_is_computed_for_them() -> None:
    engine = letters()
    with engine.record() as trace:
        ask(engine, "a choice of words")
        ask(engine, "a choice of words", return_logprob=True, logprob_start_len=8)
    assert parts(trace, 1) == {"scored": 9, "last-token": 1}


@pytest.mark.parametrize("mode", ["off", "force-miss"])
def test_a_cache_that_is_off_is_the_reason(mode: str) -> None:
    engine = letters(radix_cache=mode)
    with engine.record() as trace:
        ask(engine, "twice the same")
        ask(engine, "twice the same")
    assert parts(trace, 1) == {"refused": 13, "last-token": 1}


def test_the_part_of_the_program_that_wrote_it_is_named() -> None:
    engine = letters()
    with engine.record() as trace:
        for program, clock in enumerate(("12:01", "12:02")):
            engine.journal.emit(ProgramStarted(program=program, name="assistant"))
            text = f"Be kind.\nIt is {clock}.\nHello"
            engine.journal.emit(SpanAppended(program=program, branch=0, origin="template", text=text))
            ask(engine, text, program=program, branch=0, op=0)
    miss = why(trace).requests[1]
    assert miss.program == "assistant" and miss.divergence is not None
    assert miss.divergence.written_by == "the text 'It is 12:02.'"


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1_000), kv_tokens=st.integers(95, 300))
def test_every_computed_prompt_token_has_one_reason(seed: int, kv_tokens: int) -> None:
    found = why(recorded(seed, kv_tokens, requests=25))
    for miss in found.requests:
        assert miss.cached_tokens + sum(part.tokens for part in miss.parts) == miss.prompt_tokens
        at = miss.cached_tokens
        for part in miss.parts:
            assert part.start == at
            at += part.tokens


def test_only_the_last_ones() -> None:
    trace = recorded(1)
    assert why(trace, 3).requests == why(trace).requests[-3:]
    with scripted(50).record() as nothing:
        pass
    assert "no request" in str(why(nothing))


@settings(max_examples=50, deadline=None)
@given(capacity=st.integers(10, 60), seed=st.integers(0, 100))
def test_the_memory_is_bounded_and_says_what_it_forgot(capacity: int, seed: int) -> None:
    source = random.Random(seed)
    seen = Seen(capacity)
    last = tokens_of([])
    for owner in range(30):
        last = tokens_of([source.randrange(3) for _ in range(8)])
        seen.add(last, owner)
        seen.gone(last, 4, 8, Gone(flushed=True, at_ns=owner))
    known, stretches = seen.along(last)
    assert known == 8 and stretches[-1][2] == Gone(flushed=True, at_ns=29)
    assert seen.forgotten
