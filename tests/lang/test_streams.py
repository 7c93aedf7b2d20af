"""Streams: whole texts and variables, many readers, threads and event loops."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

import sgbench as sgl


@sgl.function
def two(s):
    s += "hello " + sgl.gen("x")
    s += " mid " + sgl.gen("y")
    s += " end"


def abc(**options) -> sgl.ScriptedBackend:
    return sgl.ScriptedBackend(["abc"], **options)


def test_constants_come_with_the_piece_that_follows() -> None:
    state = two.run(backend=abc(), stream=True)
    for _ in range(2):  # a late reader has it all
        assert list(state.text_iter()) == ["hello a", "b", "c", " mid a", "b", "c", " end"]


def test_a_variables_pieces() -> None:
    state = two.run(backend=abc(), stream=True)
    assert list(state.text_iter("y")) == ["a", "b", "c"]
    assert list(state.text_iter("nothing")) == [""]
    assert state["x"] == "abc"


def test_a_decision_comes_once_and_a_scope_too() -> None:
    @sgl.function
    def program(s):
        s += "p" + sgl.select("c", ["yes", "no"])
        with s.var_scope("v"):
            s += "in" + sgl.gen("x")

    state = program.run(backend=sgl.ScriptedBackend(["no", "ab"]), stream=True)
    assert list(state.text_iter("c")) == ["no"]
    assert list(state.text_iter("v")) == ["inab"]


def test_every_reader_gets_everything() -> None:
    state = two.run(backend=abc(delay_s=0.01), stream=True)
    texts: list[str] = []
    readers = [threading.Thread(target=lambda: texts.append("".join(state.text_iter()))) for _ in range(5)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert texts == ["hello abc mid abc end"] * 5


def test_reading_a_variable_of_a_stream_waits_for_its_submission() -> None:
    go = threading.Event()

    @sgl.function
    def program(s):
        go.wait()
        s += "p" + sgl.gen("x")

    state = program.run(backend=abc(), stream=True)
    threading.Timer(0.01, go.set).start()
    assert state["x"] == "abc"
    with pytest.raises(KeyError):
        state["never"]


def test_states_that_do_not_stream_give_one_piece() -> None:
    state = two.run(backend=abc())
    assert list(state.text_iter()) == ["hello abc mid abc end"]
    assert list(state.text_iter("x")) == ["abc"]
    assert asyncio.run(collect(state.text_async_iter)) == ["hello abc mid abc end"]
    assert asyncio.run(collect(state.text_async_iter, "x", True)) == ["abc"]


async def collect(stream: Callable, *args) -> list:
    return [piece async for piece in stream(*args)]


def test_the_event_loop_goes_on_while_a_stream_is_awaited() -> None:
    release = threading.Event()

    def slow(prompt: str) -> str:
        release.wait()
        return "ab"

    @sgl.function
    def program(s):
        s += "p" + sgl.gen("x")

    async def main() -> tuple[list, list]:
        state = program.run(backend=sgl.ScriptedBackend(slow), stream=True)
        readers = asyncio.gather(collect(state.text_async_iter), collect(state.text_async_iter, "x"))
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(0.01, release.set)  # only a live loop ever releases it
        return await readers

    assert asyncio.run(main()) == [["pa", "b"], ["a", "b"]]


class WithLogprobs(sgl.ScriptedBackend):
    """A piece for each token; two tokens that give no text."""

    def generate_stream(self, s, sampling_params):
        for i, text in enumerate(["a", "", "b", ""]):
            logprobs = [(-float(i), i, text)]
            yield text, {"output_token_logprobs": logprobs, "completion_tokens": i + 1}


def test_logprobs_of_pieces_without_text_go_out_with_the_next() -> None:
    @sgl.function
    def program(s):
        s += "p" + sgl.gen("x", return_logprob=True)

    state = program.run(backend=WithLogprobs(), stream=True)
    pairs = asyncio.run(collect(state.text_async_iter, "x", True))
    assert [(text, [e[1] for e in meta["output_token_logprobs"]]) for text, meta in pairs] == [
        ("a", [0]),
        ("b", [1, 2]),
        ("", [3]),
    ]
    meta = state.get_meta_info("x")
    assert [e[1] for e in meta["output_token_logprobs"]] == [0, 1, 2, 3] and meta["completion_tokens"] == 4
    assert list(state.text_iter("x")) == ["a", "b"]


def test_children_stream_on_their_own_states() -> None:
    @sgl.function
    def program(s):
        s += "P"
        forks = s.fork(2)
        forks += sgl.gen("x")
        s["texts"] = ["".join(f.text_iter("x")) for f in forks]

    state = program.run(backend=abc(), stream=True)
    assert state["texts"] == ["abc", "abc"]
    assert ["".join(child.text_iter()) for child in state.children()] == ["Pabc", "Pabc"]


def test_two_samples_come_whole_in_a_stream() -> None:
    @sgl.function
    def program(s):
        s += "p" + sgl.gen("x", n=2)

    state = program.run(backend=sgl.ScriptedBackend(["A", "B"]), stream=True)
    assert list(state.text_iter()) == ["pA"] and state["x"] == ["A", "B"]


def test_whoever_began_a_stream_waits_for_a_body_that_has_submitted_nothing_yet() -> None:
    begin = threading.Event()

    @sgl.function
    def late(s):
        begin.wait()
        s += "late " + sgl.gen("x")

    state = late.run(backend=abc(), stream=True)
    threading.Timer(0.05, begin.set).start()
    assert state.text() == "late abc"
    assert state.error() is None


def test_a_thread_that_the_body_waits_for_does_not_wait_for_the_body() -> None:
    told: list[str] = []

    @sgl.function
    def asks(s):
        s += "so far"
        helper = threading.Thread(target=lambda: told.append(s.text()))
        helper.start()
        helper.join()
        s += ", and on"

    state = asks.run(backend=abc(), stream=True)
    assert state.text() == "so far, and on"
    assert told == ["so far"]
