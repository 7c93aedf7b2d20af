"""Where two texts part, the model is asked how far it holds the two tokens apart."""

from __future__ import annotations

import pytest

import sgbench as sgl
from sgbench.kernel_ext.comparing import _logit_gap


@pytest.mark.bundled
def test_the_gap_is_the_difference_of_the_models_own_logprobs() -> None:
    with sgl.Engine(device="cpu", kv_tokens=500) as engine:
        texts = ["The capital of France is Paris", "The capital of France is Lyon"]
        ids = [engine.tokenizer.encode(text) for text in texts]
        place = next(i for i, (a, b) in enumerate(zip(*ids, strict=False)) if a != b)
        engine.flush_cache()
        gap = _logit_gap(engine, texts, place)
        found = []
        for side in ids:
            answer = engine.generate(
                input_ids=side[: place + 1],
                sampling_params={"max_new_tokens": 0},
                return_logprob=True,
                logprob_start_len=place,
            )
            found.append(answer["meta_info"]["input_token_logprobs"][-1][0])
        assert gap is not None, "one of the two is no longer among the candidates: choose another pair"
        assert gap == pytest.approx(found[0] - found[1], abs=1e-4)
        assert _logit_gap(engine, texts, 0) is None
    assert _logit_gap(object(), texts, place) is None
