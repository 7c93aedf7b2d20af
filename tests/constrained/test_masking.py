"""Whatever lays a token set over scores, exactly the tokens of the set are left: host, torch on bits, Triton, and the sampler on top."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sgbench.engine.request import Chunk, SamplingParams
from sgbench.engine.runner.masking import MaskTable, best_on_host, forbid_on_host
from sgbench.engine.runner.sampler import sample
from sgbench.engine.token_set import TokenSet

CPU = torch.device("cpu")


def random_sets(seed: int, vocab_size: int, count: int) -> list[TokenSet]:
    """Narrow and wide, none of them empty."""
    source = np.random.default_rng(seed)
    sets = []
    for share in source.choice([0.0, 0.01, 0.3, 0.99, 1.0], count):
        marked = source.random(vocab_size) < share
        marked[source.integers(vocab_size)] = True
        sets.append(TokenSet.of_marks(marked))
    return sets


def forbidden(scores: torch.Tensor, sets: list[TokenSet]) -> torch.Tensor:
    """The definition."""
    marks = torch.from_numpy(np.stack([allowed.to_marks() for allowed in sets]))
    return scores.masked_fill(~marks, float("-inf"))


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10_000), vocab_size=st.sampled_from([1, 7, 32, 33, 250, 1000]), rows=st.integers(1, 6))
def test_host_and_table_leave_exactly_the_set(seed: int, vocab_size: int, rows: int) -> None:
    sets = random_sets(seed, vocab_size, rows)
    sets[-1] = sets[0]
    scores = torch.randn(rows, vocab_size, generator=torch.Generator().manual_seed(seed))
    wanted = forbidden(scores, sets)
    host, table = scores.clone(), scores.clone()
    forbid_on_host(host, sets)
    MaskTable(vocab_size, CPU).forbid_(table, sets)
    assert torch.equal(host, wanted) and torch.equal(table, wanted)
    best = [best_on_host(row, allowed) for row, allowed in zip(scores.numpy(), sets, strict=True)]
    assert best == wanted.argmax(-1).tolist()


def test_a_set_is_uploaded_once_while_there_is_room_for_it() -> None:
    vocab_size = 320  # 40 bytes a line
    sets = random_sets(1, vocab_size, 90)
    table = MaskTable(vocab_size, CPU, max_bytes=70 * 40)
    for start in (0, 20, 0, 40):
        batch = sets[start : start + 30]
        scores = torch.zeros(30, vocab_size)
        table.forbid_(scores, batch)
        assert torch.equal(scores, forbidden(torch.zeros(30, vocab_size), batch))
    assert table.uploads == 70 and table.nbytes == 70 * 40, "grown to the budget, nothing uploaded twice"
    table.forbid_(torch.zeros(20, vocab_size), sets[70:])
    assert table.uploads == 90 and table.nbytes == 70 * 40
    scores = torch.zeros(60, vocab_size)
    table.forbid_(scores, sets[:60])
    assert torch.equal(scores, forbidden(torch.zeros(60, vocab_size), sets[:60])), "lines that were lost come back"
    many = torch.zeros(90, vocab_size)
    table.forbid_(many, sets)
    assert torch.equal(many, forbidden(torch.zeros(90, vocab_size), sets)), "a step that needs more lines gets them"


def chunk(index: int, allowed: TokenSet | None, **options: Any) -> Chunk:
    ids = np.zeros(1, np.int32)
    params = SamplingParams(**options)
    return Chunk(index, index, 0, ids, ids, 0, True, params, 7 + index, index, None, allowed=allowed)


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    vocab_size=st.sampled_from([40, 700]),
    options=st.lists(
        st.sampled_from([{"temperature": 0.0}, {}, {"top_k": 3}, {"top_p": 0.8}, {"min_p": 0.2}, {"temperature": 3.0}]),
        min_size=1,
        max_size=6,
    ),
)
def test_a_constrained_row_is_sampled_as_if_the_others_had_no_probability(
    seed: int, vocab_size: int, options: list[dict[str, Any]]
) -> None:
    sets = random_sets(seed, vocab_size, len(options))
    logits = torch.randn(len(options), vocab_size, generator=torch.Generator().manual_seed(seed)) * 2
    before = logits.clone()
    bound = sample(logits, [chunk(i, allowed, **o) for i, (allowed, o) in enumerate(zip(sets, options, strict=True))])
    free = sample(forbidden(logits, sets), [chunk(i, None, **o) for i, o in enumerate(options)])
    assert bound.tolist() == free.tolist() and torch.equal(logits, before)
    assert all(token in allowed for token, allowed in zip(bound.tolist(), sets, strict=True))


def test_the_triton_kernel_equals_its_twin_under_the_interpreter() -> None:
    pytest.importorskip("triton")
    done = subprocess.run(
        [sys.executable, "-m", "tests.constrained.masked_scores_twin"],
        env=os.environ | {"TRITON_INTERPRET": "1", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0 and int(done.stdout) == 7, done.stderr[-3000:]
