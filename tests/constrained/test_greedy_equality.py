"""On the bundled model: greedy output in safe mode is that of masks alone wherever those gave the tokenizer's own tokens."""

from __future__ import annotations

import pytest

import sgbench as sgl
from benchmarks import greedy_equality
from sgbench.engine.hub import bundled_folder

pytestmark = [
    pytest.mark.bundled,
    pytest.mark.skipif(not (bundled_folder() / "model.safetensors").is_file(), reason="no bundled weights"),
]


def test_safe_equals_off_wherever_off_is_canonical() -> None:
    rows = [row for kind in greedy_equality.cases().values() for row in kind[:3]]
    runs = []
    for mode in ("off", "safe"):
        with sgl.Engine(device="cpu", kv_tokens=8192, jump_forward=mode) as engine:
            runs.append(greedy_equality.run(engine, rows))
            counts = greedy_equality.count(rows, runs[0], runs[-1], engine)
    assert counts["different_where_tokens_are_canonical"] == 0
    assert counts["equal_where_tokens_are_canonical"] > len(rows) / 2
    assert counts["jumped_tokens"] > 200
