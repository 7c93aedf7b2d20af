"""``deterministic=True`` in bf16: the same logprobs to the last bit, cached or not, alone or in company."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sgbench.engine.engine import EngineCore
from tests.gpu.test_memory_on_gpu import prompts, start
from tests.models.test_invariant import test_a_row_is_the_same_in_any_company, test_equals_its_plain_twin

__all__ = ["test_a_row_is_the_same_in_any_company", "test_equals_its_plain_twin"]

pytestmark = pytest.mark.gpu


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineCore]:
    with start(tmp_path_factory.mktemp("small"), kv_tokens=100_000, deterministic=True) as made:
        yield made


def answers(engine: EngineCore, texts: list[list[int]]) -> list[tuple[Any, ...]]:
    params = {"temperature": 0, "max_new_tokens": 24, "ignore_eos": True}
    outputs = engine.generate(input_ids=texts, sampling_params=params, return_logprob=True)
    return [
        (tuple(out["output_ids"]), tuple(entry[0] for entry in out["meta_info"]["output_token_logprobs"]))
        for out in outputs
    ]


def test_cached_equals_uncached_equals_alone(engine: EngineCore) -> None:
    head = prompts(1, 700)[0]
    texts = [head + tail for tail in prompts(40, 60, 1)] + prompts(9, 333, 2)
    engine.flush_cache()
    fresh = answers(engine, texts)
    assert answers(engine, texts) == fresh, "from the cache"
    with engine.without_cache("off"):
        assert answers(engine, texts) == fresh, "without a cache"
    engine.flush_cache()
    for index in (0, 17, 45):
        assert answers(engine, [texts[index]]) == [fresh[index]], "alone"
