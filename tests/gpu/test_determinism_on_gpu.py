"""``deterministic=True`` in bf16: the same tokens, cached or not, alone or in company, from the same logits.

Logprobs are sums over the vocabulary in float32, whose order may differ: they tell logits that differ in bf16 from the same ones.
"""

from __future__ import annotations

from collections.abc import Iterator

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


def answers(engine: EngineCore, texts: list[list[int]]) -> list[tuple[list[int], list[float]]]:
    params = {"temperature": 0, "max_new_tokens": 24, "ignore_eos": True}
    outputs = engine.generate(input_ids=texts, sampling_params=params, return_logprob=True)
    return [(out["output_ids"], [entry[0] for entry in out["meta_info"]["output_token_logprobs"]]) for out in outputs]


def same(ours: list[tuple[list[int], list[float]]], theirs: list[tuple[list[int], list[float]]]) -> None:
    for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        assert one[0] == other[0], index
        assert one[1] == pytest.approx(other[1], abs=2e-5), index


def test_cached_equals_uncached_equals_alone(engine: EngineCore) -> None:
    head = prompts(1, 700)[0]
    texts = [head + tail for tail in prompts(40, 60, 1)] + prompts(9, 333, 2)
    engine.flush_cache()
    fresh = answers(engine, texts)
    same(answers(engine, texts), fresh)
    with engine.without_cache("off"):
        same(answers(engine, texts), fresh)
    engine.flush_cache()
    for index in (0, 17, 45):
        same(answers(engine, [texts[index]]), [fresh[index]])
