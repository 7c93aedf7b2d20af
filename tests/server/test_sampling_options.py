"""Every option of sampling that the engine has reaches it on each of the three routes that generate."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import httpx
import openai
import pytest

import sgbench as sgl
from sgbench.engine.request import SamplingParams
from sgbench.engine.sampling_params import sampling_params as checked
from sgbench.server import Server
from sgbench.server.sampling import engine_sampling
from sgbench.server.wire import ChatBody, CompletionBody
from tests.served import KEY, needs_the_model

pytestmark = needs_the_model

VALUES: dict[str, Any] = {
    "max_new_tokens": 7, "min_new_tokens": 2, "temperature": 0.5, "top_p": 0.9, "top_k": 5, "min_p": 0.1,
    "frequency_penalty": 0.2, "presence_penalty": 0.3, "repetition_penalty": 1.1, "stop": ("a",), "stop_token_ids": (3,),
    "stop_regex": ("b+",), "ignore_eos": True, "n": 2, "regex": "a", "json_schema": '{"type": "null"}', "ebnf": "start: /a/",
    "close_within_budget": True, "canonical": True, "sampling_seed": 4, "skip_special_tokens": False, "no_stop_trim": True,
}  # fmt: skip
THEIRS = {"max_new_tokens": "max_tokens", "min_new_tokens": "min_tokens", "sampling_seed": "seed"}
GRAMMAR = 'start: " yes" | " no"\n'


def test_the_table_has_every_option() -> None:
    assert sorted(VALUES) == sorted(field.name for field in dataclasses.fields(SamplingParams))


@pytest.mark.parametrize("name", sorted(VALUES))
def test_openais_routes_take_every_option(name: str) -> None:
    value = list(VALUES[name]) if isinstance(VALUES[name], tuple) else VALUES[name]
    sent = {THEIRS.get(name, name): value, "prompt": "x", "messages": []}
    for body in (
        CompletionBody.model_validate(_without(sent, "messages")),
        ChatBody.model_validate(_without(sent, "prompt")),
    ):
        found = engine_sampling(body, body.max_tokens or 9)
        assert getattr(checked(found), name) == VALUES[name]


def test_any_json_object_is_bounded_only_where_constraints_need_a_bound() -> None:
    body = ChatBody.model_validate({"messages": [], "response_format": {"type": "json_object"}})
    assert engine_sampling(body, 9)["json_schema"] == {"type": "object"}
    assert engine_sampling(body, 9, 4)["json_schema"] == {"type": "object", "x-layout": {"max_depth": 4}}


def _without(sent: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in sent.items() if key != name}


def test_a_grammar_holds_on_every_route(server: Server, client: openai.OpenAI, engine: sgl.Engine) -> None:
    prompt, sampling = "Is the sky blue? Answer:", {"temperature": 0, "ebnf": GRAMMAR}
    own = engine.generate(prompt, {**sampling, "max_new_tokens": 8})["text"]
    assert own in (" yes", " no")
    extra: Any = {"model": "small", "temperature": 0, "max_tokens": 8, "extra_body": {"ebnf": GRAMMAR}}
    assert client.completions.create(prompt=prompt, **extra).choices[0].text == own
    talk: Any = [{"role": "user", "content": prompt}]
    assert client.chat.completions.create(messages=talk, **extra).choices[0].message.content in (" yes", " no")
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=60) as http:
        answer = http.post("/generate", json={"text": prompt, "sampling_params": {**sampling, "max_new_tokens": 8}})
    assert answer.json()["text"] == own


def test_a_budget_is_kept_on_every_route(server: Server, client: openai.OpenAI) -> None:
    schema = {"type": "object", "properties": {"words": {"type": "string"}}, "required": ["words"]}
    extra: Any = {"json_schema": schema, "close_within_budget": True, "canonical": True}
    text = (
        client.completions.create(model="small", prompt="JSON:", max_tokens=16, temperature=0, extra_body=extra)
        .choices[0]
        .text
    )
    assert isinstance(json.loads(text)["words"], str)

    @sgl.function
    def program(s):
        s += "JSON:" + sgl.gen("x", max_tokens=16, json_schema=schema, close_within_budget=True, canonical=True)

    places: list[Any] = [
        sgl.RuntimeEndpoint(server.url, api_key=KEY),
        sgl.OpenAI("small", False, dialect="sglang", base_url=server.url + "/v1", api_key=KEY),
    ]
    for place in places:
        assert program.run(backend=place, temperature=0)["x"] == text
        place.shutdown()
