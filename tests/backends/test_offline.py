"""SGLang's offline methods on an event loop: the results of `generate`, and no request is left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

import sgbench as sgl
from tests.served import needs_the_model

pytestmark = needs_the_model

GREEDY: dict[str, Any] = {"temperature": 0, "max_new_tokens": 6}


@pytest.fixture(scope="module")
def engine() -> Iterator[sgl.Engine]:
    with sgl.Engine(device="cpu", kv_tokens=4096) as engine:
        yield engine
        assert engine.stats().kv_tokens_used == 0
        engine.check_integrity()


@pytest.mark.parametrize("prompt", ["The capital of France is", ["2 + 2 =", "The capital of Peru is"]])
def test_results_are_those_of_generate(engine: sgl.Engine, prompt: Any) -> None:
    own = engine.generate(prompt, GREEDY)
    found = asyncio.run(engine.async_generate(prompt, GREEDY))
    texts = [one["text"] for one in (own if isinstance(own, list) else [own])]
    assert [one["text"] for one in (found if isinstance(found, list) else [found])] == texts

    async def streamed() -> list[str]:
        last: dict[int, str] = {}
        async for result in await engine.async_generate(prompt, GREEDY, stream=True):
            last[result.get("index", 0)] = result["text"]
        return [last[i] for i in sorted(last)]

    assert asyncio.run(streamed()) == texts


@pytest.mark.parametrize("stream", [False, True])
def test_who_stops_waiting_aborts(engine: sgl.Engine, stream: bool) -> None:
    endless = {"max_new_tokens": 4000, "ignore_eos": True}
    before = engine.stats().aborted

    async def leave() -> None:
        if stream:
            results = await engine.async_generate("Once", endless, stream=True)
            async for _ in results:
                break
            await results.aclose()
        else:
            task = asyncio.ensure_future(engine.async_generate("Once", endless))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(leave())
    assert engine.stats().aborted == before + 1


def test_what_an_engine_has_not_says_what_there_is(engine: sgl.Engine) -> None:
    for method, words in ((lambda: engine.encode("x"), "embeddings"), (engine.start_profile, "to_perfetto")):
        with pytest.raises(sgl.BackendError, match=words):
            method()
