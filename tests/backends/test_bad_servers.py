"""A server that is down, slow, busy, broken or rude: one clear error each, the text kept, no key in it, and no hang."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

import sgbench as sgl
from sgbench.backends.base import BaseBackend
from sgbench.backends.http import HttpServer
from tests.backends.bad_server import Wire, bad_server

KEY = "secret-7d2e"
RESULT = {"text": " a", "meta_info": {"prompt_tokens": 1, "completion_tokens": 1}}
CHUNK = {"id": "1", "object": "text_completion", "created": 1, "model": "m"}
PIECE = CHUNK | {"choices": [{"index": 0, "text": " a", "finish_reason": None}]}


@sgl.function
def program(s):
    s += "prompt:" + sgl.gen("x", max_tokens=4)


def endpoint(url: str, **options: Any) -> BaseBackend:
    return sgl.RuntimeEndpoint(url, api_key=KEY, **{"timeout_s": 20.0, "max_retries": 0, **options})


def openai_backend(url: str, **options: Any) -> BaseBackend:
    timeout = options.pop("timeout_s", 20.0)
    return sgl.OpenAI("m", False, base_url=url, api_key=KEY, timeout=timeout, **{"max_retries": 0, **options})


REMOTE = [endpoint, openai_backend]
Make = Callable[..., BaseBackend]


def failing(place: BaseBackend, stream: bool = False) -> str:
    """What a program on ``place`` fails by, in words."""
    state = program.run(backend=place, stream=stream)
    error = state.error()
    assert isinstance(error, sgl.BackendError), error
    assert KEY not in str(error)
    assert KEY not in repr(place)
    assert state.text().startswith("prompt:")
    with pytest.raises(KeyError):
        state["never"]
    place.shutdown()
    return str(error)


@pytest.mark.parametrize("make", REMOTE)
@pytest.mark.filterwarnings("ignore:program failed")
class TestCalls:
    @pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
    def test_a_refusal_tells_what_the_server_says_but_not_the_key(self, make: Make, status: int) -> None:
        def refuse(wire: Wire) -> None:
            wire.answer(
                status, json.dumps({"error": {"message": f"no, {KEY}, because"}}), Content_Type="application/json"
            )

        with bad_server(refuse) as server:
            told = failing(make(server.url))
            assert str(status) in told and "because" in told
            assert server.asked == 1

    @pytest.mark.parametrize("text", ["<html>", "{", "[]", '{"text": 3}', "null"])
    def test_an_answer_of_another_kind_is_refused(self, make: Make, text: str) -> None:
        with bad_server(lambda wire: wire.answer(200, text, Content_Type="application/json")) as server:
            failing(make(server.url))

    def test_a_busy_server_is_asked_again(self, make: Make) -> None:
        def busy_first(wire: Wire) -> None:
            if wire.server.asked == 1:  # type: ignore[attr-defined]
                wire.answer(429, "{}", Retry_After="0", Content_Type="application/json")
            else:
                choices = [{"index": 0, "text": " a", "finish_reason": "stop"}]
                wire.answer(200, json.dumps(RESULT | CHUNK | {"choices": choices}), Content_Type="application/json")

        with bad_server(busy_first) as server:
            place = make(server.url, max_retries=2)
            assert program.run(backend=place)["x"] == " a"
            assert server.asked == 2
            place.shutdown()

    def test_a_silent_server_is_given_up(self, make: Make) -> None:
        over = threading.Event()
        with bad_server(lambda wire: over.wait(60) and None) as server:
            try:
                failing(make(server.url, timeout_s=0.2))
            finally:
                over.set()

    def test_no_server(self, make: Make) -> None:
        with bad_server(lambda wire: None) as server:
            place = make(server.url)
        assert "no server answers" in failing(place)


@pytest.mark.parametrize("make", REMOTE)
@pytest.mark.filterwarnings("ignore:program failed")
class TestStreams:
    def begun(self, make: Make) -> tuple[Any, ...]:
        """A stream's first piece, in the form that ``make``'s server speaks."""
        return (RESULT,) if make is endpoint else (PIECE,)

    def check(self, make: Make, answer: Callable[[Wire], None]) -> None:
        with bad_server(answer) as server:
            place = make(server.url)
            state = program.run(backend=place, stream=True)
            assert "".join(state.text_iter()).startswith("prompt: a")
            assert isinstance(state.error(), sgl.BackendError), state.error()
            assert KEY not in str(state.error())
            assert state.text() == "prompt: a"  # what came is kept
            place.shutdown()

    def test_that_break_off(self, make: Make) -> None:
        def answer(wire: Wire) -> None:
            wire.begin(*self.begun(make))
            wire.cut()

        self.check(make, answer)

    def test_that_fall_silent(self, make: Make) -> None:
        over = threading.Event()

        def answer(wire: Wire) -> None:
            wire.begin(*self.begun(make))
            over.wait(60)
            wire.cut()

        with bad_server(answer) as server:
            place = make(server.url, timeout_s=0.3)
            try:
                state = program.run(backend=place, stream=True)
                assert "".join(state.text_iter()) == "prompt: a"
                assert isinstance(state.error(), sgl.BackendError) and KEY not in str(state.error())
            finally:
                over.set()
            place.shutdown()

    def test_that_end_too_early(self, make: Make) -> None:
        def answer(wire: Wire) -> None:
            wire.begin(*self.begun(make))
            wire.whole()

        self.check(make, answer)

    def test_that_say_an_error(self, make: Make) -> None:
        def answer(wire: Wire) -> None:
            wire.begin(*self.begun(make), {"error": {"message": f"broken, {KEY}"}})
            wire.whole()

        self.check(make, answer)

    def test_that_are_no_json(self, make: Make) -> None:
        def answer(wire: Wire) -> None:
            wire.begin(*self.begun(make), "{nothing")
            wire.whole()

        self.check(make, answer)


def test_what_is_no_sglang_server_is_said_at_once() -> None:
    with pytest.raises(sgl.UsageError, match="http://"):
        sgl.RuntimeEndpoint("127.0.0.1:30000")
    with pytest.raises(sgl.UsageError, match="no chat template"), bad_server(lambda wire: None) as server:
        sgl.RuntimeEndpoint(server.url, chat_template_name="nothing")


def test_the_client_needs_a_key_or_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(sgl.UsageError, match="OpenAI client"):
        sgl.OpenAI("gpt-4")
    with pytest.raises(sgl.UsageError, match="dialect"):
        sgl.OpenAI("gpt-4", dialect="french", base_url="http://127.0.0.1:1/v1")
    sgl.OpenAI("gpt-4", base_url="http://127.0.0.1:1/v1")


@pytest.mark.parametrize(("given", "waited"), [("0", 0.0), ("7", 7.0), ("900", 60.0), ("soon", None), (None, None)])
def test_how_long_a_busy_server_asks_to_wait(given: str | None, waited: float | None) -> None:
    import httpx

    from sgbench.backends.http import _retry_after

    assert _retry_after(httpx.Response(429, headers={} if given is None else {"Retry-After": given})) == waited


def test_an_address_without_a_server_is_tried_again_before_it_fails() -> None:
    import asyncio

    server = HttpServer("http://127.0.0.1:1", None, None, 5.0, max_retries=1, retry_s=0.0)
    with pytest.raises(sgl.BackendError, match="is it running"):
        asyncio.run(server.json("GET", "/health"))
