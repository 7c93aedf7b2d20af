"""Programs on servers tell what they do as events, so that traces and widgets show them; keys stand in none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import sgbench as sgl
from sgbench.server import Server
from sgbench.trace.events import (
    BranchForked,
    BranchJoined,
    Keyframe,
    ProgramFinished,
    ProgramStarted,
    RemoteCallFinished,
    SpanAppended,
    to_dict,
)
from tests.backends.bad_server import bad_server
from tests.served import KEY, needs_the_model, serving

pytestmark = needs_the_model


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as (_, server):
        yield server


@pytest.fixture(params=["endpoint", "completions"])
def place(request: pytest.FixtureRequest, server: Server) -> Iterator[Any]:
    if request.param == "endpoint":
        place: Any = sgl.RuntimeEndpoint(server.url, api_key=KEY)
    else:
        place = sgl.OpenAI("small", False, dialect="sglang", base_url=server.url + "/v1", api_key=KEY)
    yield place
    place.shutdown()


@sgl.function
def program(s):
    s += "The capital of France is" + sgl.gen("a", max_tokens=4)
    forks = s.fork(2)
    forks += sgl.select("b", [" yes", " no"])
    forks.join()


def test_a_run_is_told_from_its_beginning_to_its_end(place: Any, tmp_path: Path) -> None:
    with place.record() as trace:
        state = program.run(backend=place, temperature=0)
        state.sync()
    kinds = [type(event) for event in trace.events]
    assert kinds[0] is Keyframe and {ProgramStarted, BranchForked, BranchJoined, ProgramFinished} <= set(kinds)
    calls = [event for event in trace.events if isinstance(event, RemoteCallFinished)]
    assert sorted(call.what for call in calls if call.what != "hint") == ["gen", "select", "select"]
    assert sum(call.prompt_tokens for call in calls) == state.usage().prompt_tokens
    assert all(call.duration_ms > 0 and not call.error for call in calls)
    assert {(call.branch, call.op) for call in calls if call.what == "select"} == {(1, 0), (2, 0)}
    said = [event.text for event in trace.events if isinstance(event, SpanAppended) and event.origin == "decoded"]
    assert said == [state["a"]]
    assert KEY not in json.dumps([to_dict(event) for event in trace.events])

    trace.save(tmp_path / "remote.sgtrace")
    again = sgl.Trace.load(tmp_path / "remote.sgtrace")
    assert [to_dict(event) for event in again.events] == [to_dict(event) for event in trace.events]
    assert again.snapshot()["nodes"][0]["id"] == 0 and len(again.snapshot()["nodes"]) == 1
    again.to_perfetto(tmp_path / "remote.json")


@pytest.mark.parametrize("widget", ["RadixTree", "CacheStats", "Timeline", "Tokens", "Dashboard"])
def test_every_widget_shows_a_trace_of_it(place: Any, widget: str) -> None:
    with place.record() as trace:
        program.run(backend=place, temperature=0).sync()
    shown = getattr(sgl.widgets, widget)(trace)
    assert shown.summary()
    if widget == "Tokens":
        assert any(row["text"] == " yes" or row["text"] == " no" for row in shown.records())
    shown.close()


def test_nobody_listens_nothing_is_told(place: Any) -> None:
    heard: list[Any] = []
    end = place.subscribe(heard.append)
    assert [type(event) for event in heard] == [Keyframe]
    end()
    assert not place.listening
    program.run(backend=place, temperature=0).sync()
    assert len(heard) == 1


def test_a_failed_call_is_told_without_the_key() -> None:
    refusal = json.dumps({"error": {"message": f"no, {KEY}"}})
    with bad_server(lambda wire: wire.answer(400, refusal, Content_Type="application/json")) as server:
        place = sgl.OpenAI("m", False, base_url=server.url, api_key=KEY, max_retries=0)
        with place.record() as trace, pytest.warns(RuntimeWarning):
            program.run(backend=place).sync()
        place.shutdown()
    (call,) = [event for event in trace.events if isinstance(event, RemoteCallFinished)]
    assert "400" in call.error and KEY not in call.error
    assert any(isinstance(event, ProgramFinished) and event.error for event in trace.events)
    assert KEY not in json.dumps([to_dict(event) for event in trace.events])
