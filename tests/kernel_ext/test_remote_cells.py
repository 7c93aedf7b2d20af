"""The same cell on the engine in the kernel and, after ``%sgl use``, on servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import sgbench
from kernel_ext.conftest import Bench
from sgbench.server import Server
from tests.served import KEY, needs_the_model, serving

pytestmark = needs_the_model

CELL = '%%sgl\ns += user("What is the capital of France?") + assistant(gen("a", temperature=0, max_tokens=12))'


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[sgbench.Engine, Server]]:
    with serving() as pair:
        yield pair


@pytest.mark.parametrize(
    "backend",
    [
        "sgl.RuntimeEndpoint(url, api_key=key)",
        "sgl.OpenAI('small', base_url=url + '/v1', api_key=key)",
        "sgl.OpenAI('small', is_chat_model=False, chat_template=template, base_url=url + '/v1', api_key=key)",
    ],
)
def test_a_cell_runs_on_every_backend(bench: Bench, served: tuple[sgbench.Engine, Server], backend: str) -> None:
    engine, server = served
    bench.names.update(sgl=sgbench, url=server.url, key=KEY, template=engine.chat_template)
    bench.run(f"remote = {backend}")
    bench.run("%sgl use remote")
    bench.run(CELL)
    assert "Paris" in bench.names["s"]["a"]
    assert "prompt" in bench.html and KEY not in bench.html
    bench.run("%sgl flush")
    bench.run("%sgl use None")
    bench.names["remote"].shutdown()


def test_a_wrong_key_is_told_without_it(bench: Bench, served: tuple[sgbench.Engine, Server]) -> None:
    bench.names.update(sgl=sgbench, url=served[1].url)
    error = bench.fails("%sgl use sgl.RuntimeEndpoint(url, api_key='wr0ng-key')")
    assert "a valid key is needed" in str(error) and "wr0ng-key" not in str(error)
