"""Anthropic's client, LiteLLM's client, and the names that SGLang has beside them: against small servers on this machine."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sgbench as sgl
from sgbench.backends.base import BaseBackend
from sgbench.backends.blank_stops import BlankStops
from tests.backends.bad_server import Wire, bad_server

KEY = "secret-51c8"
CALM = "ignore:.*failed:RuntimeWarning"


@sgl.function
def talk(s, question):
    s += sgl.system("Be brief.") + sgl.user(question) + sgl.assistant(sgl.gen("a", max_tokens=9, stop=["END", "\n"]))


@sgl.function
def lone(s):
    s += "Say something." + sgl.gen("a", max_tokens=9)


# --- what the servers say ---------------------------------------------------------------------------------------------


def message(text: str, **more: Any) -> dict[str, Any]:
    """An answer of Anthropic's API."""
    usage = {"input_tokens": 7, "output_tokens": 3, "cache_read_input_tokens": 4}
    head = {"id": "m1", "type": "message", "role": "assistant", "model": "m", "stop_sequence": None}
    return head | {"content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "usage": usage} | more


def anthropic_events(*texts: str) -> list[dict[str, Any]]:
    start = message("") | {"content": [], "stop_reason": None}
    pieces = [{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": t}} for t in texts]
    return [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *pieces,
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "max_tokens", "stop_sequence": None},
            "usage": {"output_tokens": 5},
        },
        {"type": "message_stop"},
    ]


def chat(text: str) -> dict[str, Any]:
    """An answer of OpenAI's API."""
    usage = {
        "prompt_tokens": 11,
        "completion_tokens": 3,
        "total_tokens": 14,
        "prompt_tokens_details": {"cached_tokens": 4},
    }
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return {"id": "m1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}


def chat_chunks(*texts: str) -> list[Any]:
    head = {"id": "m1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    pieces = [head | {"choices": [{"index": 0, "delta": {"content": t}, "finish_reason": None}]} for t in texts]
    last = head | {"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]}
    usage = {
        "prompt_tokens": 11,
        "completion_tokens": 5,
        "total_tokens": 16,
        "prompt_tokens_details": {"cached_tokens": 4},
    }
    return [*pieces, last, head | {"choices": [], "usage": usage}, "[DONE]"]


class Vendor:
    """How a backend is made, and how its server answers."""

    def __init__(self, make: Callable[..., BaseBackend], whole: Callable[[str], Any], pieces: Callable[..., list[Any]]):
        self.make, self.whole, self.pieces = make, whole, pieces

    def says(self, text: str, seen: list[Any] | None = None) -> Callable[[Wire], None]:
        """A server that answers ``text``, in three pieces to who wants them."""

        def answer(wire: Wire) -> None:
            if seen is not None:
                seen.append((wire.path, wire.body, dict(wire.headers)))
            if wire.body.get("stream"):
                wire.begin(*self.pieces(text[:2], text[2:3], text[3:]), named=True)
                wire.whole()
            else:
                wire.answer(200, json.dumps(self.whole(text)), Content_Type="application/json")

        return answer


def _needs(package: str) -> None:
    """LiteLLM is too large for every developer's environment: its tests run where it is installed."""
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")


def make_anthropic(url: str, **options: Any) -> BaseBackend:
    _needs("anthropic")
    timeout = options.pop("timeout_s", 20.0)
    return sgl.Anthropic("claude-x", base_url=url, api_key=KEY, timeout=timeout, **{"max_retries": 0, **options})


def make_litellm(url: str, **options: Any) -> BaseBackend:
    _needs("litellm")
    timeout = options.pop("timeout_s", 20.0)
    given = {"max_retries": 0, "retry_s": 0.01, **options}
    return sgl.LiteLLM("openai/m", api_key=KEY, base_url=url + "/v1", timeout=timeout, **given)


VENDORS = {
    "anthropic": Vendor(make_anthropic, message, anthropic_events),
    "litellm": Vendor(make_litellm, chat, chat_chunks),
}


@pytest.fixture(params=sorted(VENDORS))
def vendor(request: pytest.FixtureRequest) -> Vendor:
    found = VENDORS[request.param]
    found.make("http://127.0.0.1:1").shutdown()  # skips where the client is not installed
    return found


# --- what programs get ------------------------------------------------------------------------------------------------


class TestPrograms:
    @pytest.mark.parametrize("stream", [False, True])
    def test_talk(self, vendor: Vendor, stream: bool) -> None:
        seen: list[Any] = []
        with bad_server(vendor.says("Paris.\nAnd more", seen)) as server:
            place = vendor.make(server.url)
            state = talk.run("Where?", backend=place, stream=stream, temperature=0.5, top_p=0.9)
            pieces = list(state.text_iter("a")) if stream else [state["a"]]
            place.shutdown()
        assert state.error() is None
        expected = "Paris." if vendor is VENDORS["anthropic"] else "Paris.\nAnd more"  # a real server cuts at its stops
        assert "".join(pieces) == state["a"] == expected and (len(pieces) > 1) == stream
        assert [turn["role"] for turn in state.messages()] == [
            "system",
            "user",
            "assistant",
        ]  # the state keeps all turns
        meta = state.get_meta_info("a")
        assert (meta["prompt_tokens"], meta["cached_tokens"]) == (11, 4)
        assert meta["completion_tokens"] == (5 if stream else 3)
        assert meta["finish_reason"]["type"] in ("stop", "length")
        assert (state.usage().prompt_tokens, place.token_usage.calls) == (11, 1)
        ((_, body, headers),) = seen
        assert any(KEY in value for name, value in headers.items() if name.lower() in ("x-api-key", "authorization"))
        assert body["temperature"] == 0.5 and body["top_p"] == 0.9 and body["max_tokens"] == 9
        if vendor is VENDORS["anthropic"]:
            assert body["system"] == "Be brief." and body["stop_sequences"] == ["END"]
            assert body["messages"] == [{"role": "user", "content": "Where?"}]
        else:
            assert body["messages"][0] == {"role": "system", "content": "Be brief."} and body["stop"] == ["END", "\n"]

    def test_without_turns_are_one_turn_of_the_user(self, vendor: Vendor) -> None:
        seen: list[Any] = []
        with bad_server(vendor.says("Hello.", seen)) as server:
            place = vendor.make(server.url)
            assert lone.run(backend=place).text() == "Say something.Hello."
            place.shutdown()
        assert seen[0][1]["messages"] == [{"role": "user", "content": "Say something."}]

    def test_several_gens_of_a_turn_are_one_call(self, vendor: Vendor) -> None:
        @sgl.function(num_api_spec_tokens=32)
        def fields(s):
            s += sgl.user("Who?") + sgl.assistant(
                "Name: " + sgl.gen("n", stop="\n") + "\nJob: " + sgl.gen("j", stop="\n")
            )

        with bad_server(vendor.says("Name: Ann\nJob: nurse\n")) as server:
            place = vendor.make(server.url)
            state = fields.run(backend=place)
            assert (state["n"], state["j"], server.asked) == ("Ann", "nurse", 1)
            place.shutdown()

    def test_batches_and_forks_are_in_order(self, vendor: Vendor) -> None:
        @sgl.function
        def branches(s, i):
            s += sgl.user(f"number {i}")
            forks = s.fork(2)
            forks += sgl.assistant(sgl.gen("a"))
            forks.join()

        with bad_server(vendor.says("word")) as server:
            place = vendor.make(server.url)
            states = branches.run_batch([{"i": i} for i in range(6)], backend=place)
            assert [state["a"] for state in states] == [["word", "word"]] * 6 and server.asked == 12
            place.shutdown()

    @pytest.mark.parametrize(
        ("node", "words"),
        [
            (sgl.select("x", ["a", "b"]), "cannot score choices"),
            (sgl.gen("x", regex="a"), "regex"),
            (sgl.gen("x", dtype=int), "dtype=int"),
            (sgl.gen("x", min_tokens=3), "min_new_tokens"),
            (sgl.gen("x", ignore_eos=True), "ignore_eos"),
            ("Begin: " + sgl.gen("x"), "num_api_spec_tokens"),
        ],
    )
    @pytest.mark.filterwarnings(CALM)
    def test_that_ask_for_too_much_make_no_call(self, vendor: Vendor, node: Any, words: str) -> None:
        @sgl.function
        def program(s):
            s += sgl.user("Hi") + sgl.assistant(sgl.gen("first"))
            s += sgl.user("And now?") + sgl.assistant(node)

        with bad_server(vendor.says("word")) as server:
            place = vendor.make(server.url)
            state = program.run(backend=place)
            assert isinstance(state.error(), sgl.BackendError) and words in str(state.error())
            assert server.asked == 0
            place.shutdown()


# --- what goes wrong --------------------------------------------------------------------------------------------------


def failing(vendor: Vendor, place: BaseBackend, stream: bool = False) -> str:
    state = talk.run("Where?", backend=place, stream=stream)
    error = state.error()
    assert isinstance(error, sgl.BackendError), error
    assert KEY not in str(error) and KEY not in repr(place) and "Where?" in state.text()
    place.shutdown()
    return str(error)


@pytest.mark.filterwarnings(CALM)
class TestFailures:
    @pytest.mark.parametrize("status", [400, 401, 429, 500])
    def test_a_refusal_tells_why_but_not_the_key(self, vendor: Vendor, status: int) -> None:
        told = json.dumps({"type": "error", "error": {"type": "x", "message": f"no, {KEY}, because"}})
        with bad_server(lambda wire: wire.answer(status, told, Content_Type="application/json")) as server:
            assert "because" in failing(vendor, vendor.make(server.url))
            assert server.asked == 1

    def test_a_busy_server_is_asked_again(self, vendor: Vendor) -> None:
        def busy_first(wire: Wire) -> None:
            if wire.server.asked < 3:  # type: ignore[attr-defined]
                wire.answer(429, "{}", Retry_After="0", Content_Type="application/json")
            else:
                vendor.says("Paris")(wire)

        with bad_server(busy_first) as server:
            place = vendor.make(server.url, max_retries=2)
            assert talk.run("Where?", backend=place)["a"] == "Paris" and server.asked == 3
            place.shutdown()

    @pytest.mark.parametrize("text", ["<html>", "{", '{"id": "1"}'])
    def test_an_answer_of_another_kind(self, vendor: Vendor, text: str) -> None:
        with bad_server(lambda wire: wire.answer(200, text, Content_Type="application/json")) as server:
            failing(vendor, vendor.make(server.url))

    def test_a_silent_server_is_given_up(self, vendor: Vendor) -> None:
        over = threading.Event()
        with bad_server(lambda wire: over.wait(60) and None) as server:
            try:
                failing(vendor, vendor.make(server.url, timeout_s=0.3))
            finally:
                over.set()

    def test_no_server(self, vendor: Vendor) -> None:
        with bad_server(lambda wire: None) as server:
            place = vendor.make(server.url)
        failing(vendor, place)

    def test_a_stream_that_breaks_off_keeps_what_came(self, vendor: Vendor) -> None:
        def answer(wire: Wire) -> None:
            wire.begin(*vendor.pieces("Pa", "ri", "s")[:3], named=True)
            wire.cut()

        with bad_server(answer) as server:
            place = vendor.make(server.url)
            state = talk.run("Where?", backend=place, stream=True)
            assert "Pa" in "".join(state.text_iter())
            assert isinstance(state.error(), sgl.BackendError) and state["a"].startswith("Pa")
            place.shutdown()

    def test_a_run_that_is_given_up_leaves_no_thread(self, vendor: Vendor) -> None:
        asked, over = threading.Event(), threading.Event()

        def silent(wire: Wire) -> None:
            asked.set()
            over.wait(60)

        with bad_server(silent) as server:
            place = vendor.make(server.url)
            try:
                state = talk.run("Where?", backend=place)
                assert asked.wait(30)
                state.stream_executor.run.cancel("enough")
                assert isinstance(state.error(), sgl.AbortedError)
            finally:
                over.set()
            place.shutdown()
        assert not [thread for thread in threading.enumerate() if thread.name == "sgbench-calls"]


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [("Anthropic", "anthropic", "anthropic"), ("LiteLLM", "litellm", "litellm"), ("OpenAI", "openai", "openai")],
)
def test_a_missing_client_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, name: str, package: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(sgl.MissingDependencyError, match=rf"pip install 'sgbench\[{extra}\]'"):
        getattr(sgl, name)("some-model")


def test_no_client_is_imported_before_it_is_used() -> None:
    code = (
        "import sys, sgbench as sgl; sgl.Anthropic, sgl.LiteLLM, sgl.OpenAI, sgl.RuntimeEndpoint, sgl.Runtime, sgl.Crusoe, sgl.VertexAI;"
        "print([m for m in ('anthropic', 'litellm', 'openai', 'httpx', 'torch', 'tiktoken') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_pictures_go_to_anthropic_as_it_takes_them() -> None:
    png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    import base64

    @sgl.function
    def look(s):
        s += sgl.user(sgl.image(base64.b64decode(png)) + "What is it?") + sgl.assistant(sgl.gen("a"))

    seen: list[Any] = []
    vendor = VENDORS["anthropic"]
    with bad_server(vendor.says("A dot.", seen)) as server:
        place = vendor.make(server.url)
        assert look.run(backend=place)["a"] == "A dot."
        place.shutdown()
    text, picture = seen[0][1]["messages"][0]["content"]
    assert "What is it?" in text["text"]
    assert picture["source"] == {"type": "base64", "media_type": "image/png", "data": png}


@pytest.mark.parametrize("cut", range(1, 9))
def test_blank_stops_cut_the_same_however_the_text_comes(cut: int) -> None:
    text, stops = "one two\n\nthree", ["\n\n", "   "]
    cutter = BlankStops(stops)
    shown = "".join(cutter.cut(text[i : i + cut]) for i in range(0, len(text), cut)) + cutter.rest()
    assert shown == "one two" and cutter.reason() == {"finish_reason": {"type": "stop"}}
    whole = BlankStops(stops)
    assert "".join(whole.cut(c) for c in "one two\nthree  ") + whole.rest() == "one two\nthree  " and not whole.reason()


def test_crusoe_is_an_openai_server_with_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRUSOE_API_KEY", raising=False)
    with pytest.raises(sgl.UsageError, match="CRUSOE_API_KEY"):
        sgl.Crusoe("some/model")
    monkeypatch.setenv("CRUSOE_API_KEY", KEY)
    place = sgl.Crusoe("some/model")
    assert "crusoecloud.com" in repr(place) and KEY not in repr(place)
    place.shutdown()
    with bad_server(VENDORS["litellm"].says("Paris")) as server:
        place = sgl.Crusoe("some/model", base_url=server.url)
        assert talk.run("Where?", backend=place)["a"] == "Paris"
        place.shutdown()


def test_vertex_says_where_to_go() -> None:
    with pytest.raises(sgl.BackendError, match=r"LiteLLM.'vertex_ai/gemini"):
        sgl.VertexAI("gemini-2.5-flash")


def test_every_extra_that_an_error_names_can_be_installed() -> None:
    root = Path(sgl.__file__).parent
    extras = tomllib.loads((root.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    pattern = re.compile(r'MissingDependencyError\(\s*"?[\w.]+"?, "(\w+)"')
    named = {name for path in root.rglob("*.py") for name in pattern.findall(path.read_text(encoding="utf-8"))}
    assert {"anthropic", "litellm", "openai", "remote", "serve"} <= named <= set(extras)
