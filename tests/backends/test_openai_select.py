"""`select` on OpenAI's API: by echoed log-probabilities, and by SGLang's way where there are none; and values of a type."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

import sgbench as sgl
from sgbench.server import Server
from tests.backends.bad_server import Wire, bad_server
from tests.served import KEY, needs_the_model, serving

METHODS = [sgl.token_length_normalized, sgl.greedy_token_selection, sgl.unconditional_likelihood_normalized]


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[sgl.Engine, Server]]:
    with serving() as pair:
        yield pair


@pytest.fixture(scope="module")
def echoing(both: tuple[sgl.Engine, Server]) -> Iterator[sgl.OpenAI]:
    place = sgl.OpenAI("small", False, dialect="sglang", base_url=both[1].url + "/v1", api_key=KEY)
    yield place
    place.shutdown()


def choosing(text: str, choices: list[str], method: Any = sgl.token_length_normalized) -> sgl.SglFunction:
    return sgl.function(lambda s: s.__iadd__(text + sgl.select("c", choices, choices_method=method)))


class TestScores:
    pytestmark = needs_the_model

    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize(
        ("text", "choices"),
        [
            ("The capital of France is", [" Paris", " London"]),
            ("Is it? Answer: ", ["Yes", "No", "I do not know"]),
            ("A word that is cut: interna", ["tional", "l", "ls of a big machine"]),
        ],
    )
    def test_are_those_of_the_engine(
        self, both: tuple[sgl.Engine, Server], echoing: sgl.OpenAI, text: str, choices: list[str], method: Any
    ) -> None:
        own, remote = (choosing(text, choices, method).run(backend=place) for place in (both[0], echoing))
        if remote.error() is not None:  # alone, the choice is not read as the same tokens, which is said
            assert method is sgl.unconditional_likelihood_normalized and "RuntimeEndpoint" in str(remote.error())
            assert text.endswith("interna")
            return
        assert remote["c"] == own["c"]
        mine, theirs = own.get_meta_info("c"), remote.get_meta_info("c")
        for key in ("normalized_prompt_logprobs", "normalized_unconditional_prompt_logprobs"):
            assert theirs.get(key) == pytest.approx(mine.get(key), abs=1e-4)
        assert theirs["prompt_tokens"] > 0

    def test_need_a_server_that_echoes(self) -> None:
        reply = {"id": "1", "object": "text_completion", "created": 1, "model": "m"}
        choices = [{"index": 0, "text": "x", "finish_reason": "length", "logprobs": None}]
        with bad_server(lambda wire: wire.answer(200, json.dumps(reply | {"choices": choices}))) as server:
            place = sgl.OpenAI("m", False, dialect="sglang", base_url=server.url, api_key=KEY)
            with pytest.warns(RuntimeWarning, match="does not echo"):
                assert "RuntimeEndpoint" in str(choosing("a", ["b", "c"]).run(backend=place).error())
            place.shutdown()


class Pieces:
    """A tokenizer whose tokens are words with the blank before them, and single characters."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def encode(self, text: str) -> list[int]:
        parts = re.findall(r" ?[A-Za-z]+|.", text, re.DOTALL)
        self.texts += [part for part in dict.fromkeys(parts) if part not in self.texts]
        return [self.texts.index(part) for part in parts]

    def decode(self, tokens: list[int]) -> str:
        return "".join(self.texts[token] for token in tokens)


def taking_bias(pieces: Pieces, prefers: list[str], asked: list[dict[str, Any]]) -> Any:
    """A completions route that writes, of the tokens it is allowed, the one that it prefers."""

    def answer(wire: Wire) -> None:
        asked.append(wire.body)
        allowed = [pieces.texts[int(token)] for token in wire.body["logit_bias"]]
        text = next(text for text in prefers if text in allowed)
        usage = {"prompt_tokens": len(wire.body["prompt"]), "completion_tokens": 1, "total_tokens": 1}
        reply = {"id": "1", "object": "text_completion", "created": 1, "model": "m", "usage": usage}
        choices = [{"index": 0, "text": text, "finish_reason": "length", "logprobs": None}]
        wire.answer(200, json.dumps(reply | {"choices": choices}), Content_Type="application/json")

    return answer


class TestVotes:
    def run(
        self, choices: list[str], prefers: list[str], method: Any = sgl.token_length_normalized
    ) -> tuple[Any, list]:
        pieces, asked = Pieces(), []
        with bad_server(taking_bias(pieces, prefers, asked)) as server:
            place = sgl.OpenAI("gpt-3.5-turbo-instruct", tokenizer=pieces, base_url=server.url, api_key=KEY)
            state = choosing("The sky is", choices, method).run(backend=place)
            state.sync()
            place.shutdown()
        return state, asked

    def test_drop_what_the_model_does_not_write(self) -> None:
        state, asked = self.run([" blue today", " blue always", " green"], [" blue", " always"])
        assert state["c"] == " blue always" and state.text() == "The sky is blue always"
        assert state.get_meta_info("c")["scores"] == [1, 2, 0]
        assert [len(body["logit_bias"]) for body in asked] == [2, 2]
        assert asked[1]["prompt"] == [*asked[0]["prompt"], int(next(iter(asked[0]["logit_bias"])))]
        assert all(body["max_tokens"] == 1 and body["temperature"] == 0 for body in asked)
        assert state.usage().prompt_tokens == sum(len(body["prompt"]) for body in asked)

    def test_ask_nothing_that_is_settled(self) -> None:
        state, asked = self.run([" one two three", " one two four"], [" four"])
        assert state["c"] == " one two four" and len(asked) == 1

    def test_say_that_the_method_is_not_used(self) -> None:
        with pytest.warns(RuntimeWarning, match="not used"):
            state, _ = self.run([" a", " b"], [" b"], sgl.unconditional_likelihood_normalized)
        assert state["c"] == " b"

    def test_tell_a_server_that_takes_no_bias(self) -> None:
        reply = {"id": "1", "object": "text_completion", "created": 1, "model": "m"}
        whole = json.dumps(reply | {"choices": [{"index": 0, "text": " hello", "finish_reason": "length"}]})
        with bad_server(lambda wire: wire.answer(200, whole, Content_Type="application/json")) as server:
            place = sgl.OpenAI("gpt-3.5-turbo-instruct", tokenizer=Pieces(), base_url=server.url, api_key=KEY)
            with pytest.warns(RuntimeWarning, match="logit_bias"):
                assert "does not take logit_bias" in str(choosing("x", [" a", " b"]).run(backend=place).error())
            place.shutdown()

    def test_need_the_models_tokenizer(self) -> None:
        place = sgl.OpenAI("some/model", False, base_url="http://127.0.0.1:1", api_key=KEY)
        with pytest.warns(RuntimeWarning, match="tokenizer="):
            assert isinstance(choosing("x", ["a", "b"]).run(backend=place).error(), sgl.UsageError)
        place.shutdown()


@pytest.mark.parametrize("stream", [False, True])
def test_values_of_a_type_on_openais_own_completions(stream: bool) -> None:
    asked: list[dict[str, Any]] = []
    pieces = Pieces()

    def answer(wire: Wire) -> None:
        asked.append(wire.body)
        text = "Paris" if wire.body["prompt"].endswith('"') else "42"
        head = {"id": "1", "object": "text_completion", "created": 1, "model": "m"}
        choices = [{"index": 0, "text": text, "finish_reason": "stop", "logprobs": None}]
        if wire.body.get("stream"):
            wire.begin(head | {"choices": choices}, "[DONE]")
            wire.whole()
        else:
            wire.answer(200, json.dumps(head | {"choices": choices}), Content_Type="application/json")

    @sgl.function
    def program(s):
        s += "Name: " + sgl.gen_string("name") + " Age: " + sgl.gen_int("age")

    with bad_server(answer) as server:
        place = sgl.OpenAI("gpt-3.5-turbo-instruct", tokenizer=pieces, base_url=server.url, api_key=KEY)
        state = program.run(backend=place, stream=stream)
        assert state.text() == 'Name: "Paris" Age: 42' and (state["name"], state["age"]) == ('"Paris"', "42")
        with pytest.warns(RuntimeWarning, match="dtype=float"):
            refused = sgl.function(lambda s: s.__iadd__("x" + sgl.gen("y", dtype=float))).run(backend=place)
            assert isinstance(refused.error(), sgl.BackendError)
        place.shutdown()
    assert asked[0]["prompt"] == 'Name: "' and asked[0]["stop"] == ['"'] and "logit_bias" not in asked[0]
    assert asked[1]["stop"] == [" "] and 10 <= len(asked[1]["logit_bias"]) <= 299
    assert len(asked) == 2
