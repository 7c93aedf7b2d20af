"""SGLang's own routes: what `Engine.generate` answers, over HTTP."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

import sgbench as sgl
from sgbench.server import Server
from tests.served import KEY, needs_the_model

pytestmark = needs_the_model

GREEDY = {"temperature": 0, "max_new_tokens": 6}


@pytest.fixture
def http(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=60) as http:
        yield http


def told(result: Any) -> Any:
    """What must be equal of a result, or of several."""
    if isinstance(result, list):
        return [told(one) for one in result]
    meta = result["meta_info"]
    return result["text"], result["output_ids"], meta["finish_reason"], meta["prompt_tokens"], meta["completion_tokens"]


@pytest.mark.parametrize(
    "body",
    [
        {"text": "The capital of France is", "sampling_params": GREEDY},
        {"text": ["2 + 2 =", "The capital of Peru is"], "sampling_params": GREEDY},
        {"input_ids": [300, 301, 302], "sampling_params": GREEDY},
        {"text": "Once", "sampling_params": {"n": 2, "max_new_tokens": 5, "sampling_seed": 3}},
        {"text": "2 + 2 =", "sampling_params": {"regex": " [0-9]", "max_new_tokens": 4}},
    ],
)
def test_generate_is_the_engines(http: httpx.Client, engine: sgl.Engine, body: dict[str, Any]) -> None:
    own = engine.generate(body.get("text"), body["sampling_params"], input_ids=body.get("input_ids"))
    assert told(http.post("/generate", json=body).json()) == told(json.loads(json.dumps(own)))


def test_a_stream_is_cumulative_and_says_when_it_is_done(http: httpx.Client, engine: sgl.Engine) -> None:
    body = {"text": "The capital of France is", "sampling_params": GREEDY, "stream": True}
    with http.stream("POST", "/generate", json=body) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = [line.removeprefix("data: ") for line in answer.iter_lines() if line]
    assert lines.pop() == "[DONE]"
    results = [json.loads(line) for line in lines]
    assert all(after["text"].startswith(before["text"]) for before, after in itertools.pairwise(results))
    assert told(results[-1]) == told(json.loads(json.dumps(engine.generate(body["text"], GREEDY))))


def test_what_it_tells_of_the_engine(http: httpx.Client, engine: sgl.Engine) -> None:
    assert http.get("/get_model_info").json() == http.get("/model_info").json()
    assert http.get("/get_model_info").json()["model_path"] == "bundled"
    info = http.get("/server_info").json()
    assert info["kv_tokens"] == engine.config.kv_tokens and info["finished"] == engine.stats().finished
    assert http.get("/health").status_code == 200


def test_the_cache_can_be_flushed(http: httpx.Client, engine: sgl.Engine) -> None:
    http.post("/generate", json={"text": "The capital of France is", "sampling_params": GREEDY})
    assert engine.stats().kv_tokens_cached > 0
    assert http.post("/flush_cache").status_code == 200
    assert engine.stats().kv_tokens_cached == 0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{", "the body"),
        (b"[]", "the body"),
        (b'{"txet": "x"}', "did you mean 'text'"),
        (b"{}", "either prompt or input_ids"),
        (b'{"text": "x", "sampling_params": {"tempratur": 1}}', "tempratur"),
        (b'{"text": 7}', "text"),
        (b'{"text": "x", "return_logprob": true, "logprob_start_len": 99}', "logprob_start_len"),
    ],
)
def test_a_wrong_body_is_refused_in_words(http: httpx.Client, content: bytes, told: str) -> None:
    answer = http.post("/generate", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert told in answer.json()["error"]["message"]


def test_an_unknown_route_is_no_page(http: httpx.Client) -> None:
    answer = http.get("/nothing")
    assert answer.status_code == 404 and answer.json()["error"]["code"] == 404
