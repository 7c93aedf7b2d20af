"""The folds of figures, requests, text and machines, held against the engine they tell of."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from sgbench.constrained import compile_regex
from sgbench.engine.request import SamplingParams
from sgbench.trace import Trace
from sgbench.trace.events import (
    RequestAdmitted,
    RequestConstrained,
    RequestFinished,
    RequestPreempted,
    RequestQueued,
    SpanAppended,
    StepPlanned,
)
from sgbench.views.machine import MachineFold
from sgbench.views.machine_layout import MAX_NODES, place
from sgbench.views.perfetto import perfetto
from sgbench.views.stats import StatsFold
from sgbench.views.timeline import Stretch, TimelineFold
from sgbench.views.tokens import TokensFold
from tests.constrained.test_in_the_engine import EOS, PATTERNS, engine
from tests.views.runs import constrained, folded, programs


@pytest.fixture(scope="module")
def run() -> tuple[Any, Any, list[str]]:
    return programs()


@pytest.mark.parametrize("kind", [StatsFold, TimelineFold, TokensFold, MachineFold])
def test_an_event_that_does_not_concern_a_fold_changes_nothing_of_it(run: Any, kind: Any) -> None:
    for trace in (run[0], constrained(PATTERNS[0])[0]):
        more = {TokensFold: (trace.vocab,), MachineFold: (trace.vocab, lambda form, source: compile_regex(source))}
        whole, sparing = kind(*more.get(kind, ())), kind(*more.get(kind, ()))
        left_out = 0
        for i, event in enumerate(trace):
            cells = list(whole.apply(event))
            if i == 0 or type(event) in kind.concerns:
                assert list(sparing.apply(event)) == cells
            else:
                left_out += 1
                assert cells == []
        assert left_out
        assert sparing.summary() == whole.summary()


# --- figures


def test_the_figures_are_those_of_the_engine(run: Any) -> None:
    trace, stats, _ = run
    fold = StatsFold()
    folded(fold, trace)
    assert stats.evicted_tokens > 0  # else the run is too small to show anything
    for name in (
        "prompt_tokens",
        "cached_tokens",
        "evicted_tokens",
        "forward_passes",
        "finished",
        "aborted",
        "preempted",
    ):
        assert getattr(fold, name) == getattr(stats, name), name
    assert fold.hit_rate == stats.hit_rate
    last = list(fold.readings.values())[-1]
    assert sum(last[1:4]) == stats.kv_tokens_total
    assert sum(hit.prompt_tokens for hit in fold.hits.values()) == stats.prompt_tokens


def test_forced_output_that_was_cached_raises_no_hit_rate() -> None:
    core = engine("safe")
    with core.record() as trace:
        for _ in range(2):
            core.submit([66, 67, 98], SamplingParams(max_new_tokens=12, regex="abcd[0-9]x"))
            while core.step():
                pass
    first, second = (event for event in trace if isinstance(event, RequestAdmitted))
    assert (first.cached_tokens, first.cached_output_tokens) == (0, 0)
    assert second.cached_output_tokens > 0, "what the pattern forces is in the cache, behind the prompt"
    assert second.cached_tokens == second.prompt_tokens == 3
    figures, lines = StatsFold(), TimelineFold()
    folded(figures, trace)
    folded(lines, trace)
    assert figures.hit_rate == core.stats().hit_rate == trace.mrc(rerun=False).present_hit_rate == 0.5
    for line in lines.requests.values():
        assert all(span.cached <= span.tokens for span in line.spans)


def test_a_preempted_request_keeps_what_its_first_admission_found() -> None:
    prompt = tuple(range(10))
    events = [
        RequestQueued(rid=1, prompt_ids=prompt, max_new_tokens=9, program=1, branch=0),
        RequestAdmitted(rid=1, node=0, prompt_tokens=10, cached_tokens=2),
        RequestPreempted(rid=1, output_tokens=4),
        RequestAdmitted(rid=1, node=0, prompt_tokens=10, cached_tokens=10, cached_output_tokens=3),
        RequestFinished(rid=1, reason="stop", output_ids=(1,) * 6, prompt_tokens=10, cached_tokens=2),
        SpanAppended(program=1, branch=0, origin="decoded", text="abc", name="x", rid=1),
    ]
    trace = Trace(events)
    figures, lines, texts = StatsFold(), TimelineFold(), TokensFold(trace.vocab)
    for fold in (figures, lines, texts):
        folded(fold, trace)
    assert figures.hit_rate == 0.2 and lines.requests[1].cached_tokens == 2
    assert [(span.tokens, span.cached) for span in lines.requests[1].spans if span.kind is Stretch.PREFILL] == [
        (10, 2),
        (14, 13),
    ]
    (span,) = texts.branches[1, 0].spans
    assert (span.call.prompt_tokens, span.call.cached_tokens) == (10, 2)


# --- requests


def test_a_requests_stretches_fill_its_time_and_tell_what_was_cached(run: Any) -> None:
    trace, _, _ = run
    fold = TimelineFold()
    folded(fold, trace)
    admitted = {e.rid: e for e in reversed(trace.events) if isinstance(e, RequestAdmitted)}
    assert fold.requests.keys() == {e.rid for e in trace if isinstance(e, RequestQueued)}
    for rid, line in fold.requests.items():
        assert line.end
        assert line.spans[0].start_ms == line.queued_ms
        assert line.spans[-1].end_ms == line.end_ms
        for before, after in zip(line.spans, line.spans[1:], strict=False):
            assert before.end_ms == after.start_ms
        assert line.cached_tokens == admitted[rid].cached_tokens
        assert any(span.kind is Stretch.PREFILL for span in line.spans)
        if line.output_tokens:
            assert line.queued_ms <= line.first_ms <= line.end_ms


def test_requests_in_one_lane_do_not_overlap(run: Any) -> None:
    trace, _, _ = run
    fold = TimelineFold()
    folded(fold, trace)
    lanes: dict[int, list[Any]] = {}
    for line in fold.requests.values():
        lanes.setdefault(line.lane, []).append(line)
    assert len(lanes) == fold.lanes > 1
    for lines in lanes.values():
        for before, after in itertools.pairwise(lines):
            assert before.end_ms <= after.queued_ms


def test_steps_have_the_batch_that_was_planned(run: Any) -> None:
    trace, _, _ = run
    fold = TimelineFold()
    folded(fold, trace)
    for event in trace:
        if isinstance(event, StepPlanned):
            step = fold.steps[event.step]
            assert (step.prefill_requests, step.decode_requests) == (len(event.prefill), len(event.decode))
            assert step.planned_ms <= step.finished_ms


def test_perfetto_gets_every_request_and_step_with_times_that_do_not_run_back(run: Any, tmp_path: Path) -> None:
    trace, stats, _ = run
    data = json.loads(trace.to_perfetto(tmp_path / "t.json").read_text())
    assert data == json.loads(json.dumps(perfetto(trace)))
    slices = [e for e in data["traceEvents"] if e["ph"] == "X"]
    assert all(e["dur"] >= 0 and e["ts"] >= 0 for e in slices)
    assert sum(e["name"].startswith("step ") for e in slices) == stats.forward_passes
    assert {e["args"]["request"] for e in slices if e["name"].startswith("queued")} == set(range(stats.finished))
    assert {e["name"] for e in data["traceEvents"] if e["ph"] == "C"} >= {"KV tokens", "requests in the batch"}


# --- text


def test_the_text_of_a_program_is_whole_and_every_character_has_one_origin(run: Any) -> None:
    trace, _, texts = run
    fold = TokensFold(trace.vocab)
    folded(fold, trace)
    own = [branch.own for branch in fold.branches.values() if branch.parent < 0]
    assert sorted(own) == sorted(texts)
    for branch in fold.branches.values():
        for span in branch.spans:
            assert sum(length for _, length in span.pieces) == len(span.text)
            if span.origin == "decoded":
                assert span.call is not None
                assert span.call.output_tokens > 0
    assert {state for _, state in fold.programs.values()} == {"done"}
    assert {"cached", "prefilled", "decoded"} <= fold.counts().keys()


def test_a_templates_text_is_cached_as_far_as_its_first_reader_found_it(run: Any) -> None:
    """The slow twin: one character is one token here, so the engine's count of cached tokens is one of characters."""
    trace, _, _ = run
    fold = TokensFold(trace.vocab)
    folded(fold, trace)
    first: dict[int, int] = {}
    requests = {e.rid: e for e in trace if isinstance(e, RequestQueued)}
    for event in trace:
        if isinstance(event, RequestAdmitted):
            request = requests[event.rid]
            if request.branch == 0 and request.program >= 0:
                first.setdefault(request.program, event.cached_tokens)
    assert any(first.values())
    for program, cached in first.items():
        spans = fold.branches[program, 0].spans
        head = list(spans[: next(i for i, s in enumerate(spans) if s.origin != "template")])
        found = sum(length for span in head for origin, length in span.pieces if origin == "cached")
        assert found == min(cached, sum(len(span.text) for span in head))


def test_what_is_being_written_shows_and_is_gone_when_it_is_done(run: Any) -> None:
    trace, _, _ = run
    tails: dict[Any, list[Any]] = {}
    seen = 0
    for cells in folded(TokensFold(trace.vocab), trace):
        for cell in cells:
            if cell.table == "tail":
                tails[cell.key] = cell.value
                seen += bool(cell.value)
    assert seen > 10
    assert not any(tails.values())


# --- machines


@pytest.mark.parametrize("mode", ["safe", "text", "off"])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_walk_has_the_requests_output_and_ends_where_the_text_ends(pattern: str, mode: str) -> None:
    trace, stats, outputs = constrained(pattern, mode)
    machine = compile_regex(pattern)
    fold = MachineFold(trace.vocab, lambda form, source: machine)
    folded(fold, trace)
    assert len(fold.constraints) == 1
    assert [walk.output.token_ids for walk in fold.walks.values()] == outputs
    assert sum(walk.output.jumped_tokens for walk in fold.walks.values()) == stats.jumped_tokens
    assert mode != "off" or not stats.jumped_tokens
    for walk, output in zip(fold.walks.values(), outputs, strict=True):
        data = b"".join(trace.vocab(token).encode("utf-8", "surrogateescape") for token in output if token != EOS)
        assert fold.state(walk) == machine.step(machine.start, data)
        assert len(walk.way) == len(data)


def test_a_machine_that_was_compiled_otherwise_is_not_shown() -> None:
    trace, _, _ = constrained("summary")
    fold = MachineFold(trace.vocab, lambda form, source: compile_regex("something else"))
    folded(fold, trace)
    assert fold.constraints[0].machine is None
    assert all(fold.state(walk) == -1 for walk in fold.walks.values())
    assert "1 machine" in fold.summary()


@pytest.mark.parametrize("pattern", [*PATTERNS, "(a|b)*c", "x"])
def test_both_machines_stand_in_the_same_columns_and_no_two_states_in_one_place(pattern: str) -> None:
    machine = compile_regex(pattern)
    normal, compressed = place(machine.fsm, machine.compressed)
    for placed, graph in ((normal, machine.fsm), (compressed, machine.compressed)):
        assert len({(x, row) for _, x, row, _ in placed.nodes}) == len(placed.nodes) == len(graph["nodes"])
        assert {(a, b) for a, b, _, _ in placed.edges} == {(e["source"], e["target"]) for e in graph["edges"]}
    columns = {id_: x for id_, x, _, _ in normal.nodes}
    order = [columns[id_] for id_, _, _, _ in compressed.nodes]
    assert len(set(order)) == len({x for _, x, _, _ in compressed.nodes})


def test_a_machine_too_large_to_draw_is_only_counted() -> None:
    machine = compile_regex(f"a{{{MAX_NODES + 5}}}[bc]")
    normal, compressed = place(machine.fsm, machine.compressed)
    assert (normal.nodes, normal.states) == ([], MAX_NODES + 7)
    assert len(compressed.nodes) == 3


def test_events_without_their_beginning_are_no_mistake(run: Any) -> None:
    trace, _, _ = run
    half = trace.events[len(trace) // 2 :]
    for fold in (StatsFold(), TimelineFold(), TokensFold(trace.vocab), MachineFold(trace.vocab, lambda f, s: None)):
        for event in half:
            list(fold.apply(event))
        assert fold.summary()
    lost = RequestFinished(rid=10**6, reason="stop", output_ids=(1,), prompt_tokens=1, cached_tokens=0)
    assert list(TimelineFold().apply(lost)) == []
    unknown = RequestConstrained(rid=5, form="regex", source="x", states=2)
    assert len(list(MachineFold(trace.vocab, lambda f, s: None).apply(unknown))) == 2
