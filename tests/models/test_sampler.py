"""The sampler draws from the distribution that SamplingParams defines, whatever shares the batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sgbench.engine.request import Chunk, SamplingParams
from sgbench.engine.runner.filters import Filters, keep
from sgbench.engine.runner.likely import SPREAD, draw_all, draw_likely
from sgbench.engine.runner.noise import gumbel, stream_key
from sgbench.engine.runner.sampler import sample
from sgbench.engine.token_set import TokenSet
from sgbench.errors import IntegrityError


def chunk(seed: int = 0, sample_index: int = 0, history: Any = None, **options: Any) -> Chunk:
    own = {k: options.pop(k) for k in ("forbidden_ids", "allowed") if k in options}
    ids = np.zeros(1, np.int32)
    return Chunk(0, 0, 0, ids, ids, 0, True, SamplingParams(**options), seed, sample_index, history, **own)


def filters(rows: int, width: int, top_k: int = -1, top_p: float = 1.0, min_p: float = 0.0) -> Filters:
    k = width if top_k < 1 else min(top_k, width)
    ks, ps, ms = torch.full((rows,), k), torch.full((rows,), top_p), torch.full((rows,), min_p)
    return Filters(ks, ps, ms, k, k < width or top_p < 1, min_p > 0)


def kept(scores: torch.Tensor, **options: Any) -> list[set[int]]:
    values, columns = keep(scores, filters(*scores.shape, **options))
    columns = torch.arange(scores.shape[1]).expand_as(scores) if columns is None else columns
    return [set(c[v > float("-inf")].tolist()) for v, c in zip(values, columns, strict=True)]


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    width=st.sampled_from([7, 40, 300, 700]),
    top_k=st.sampled_from([-1, 1, 3, 50, 290]),
    top_p=st.sampled_from([1.0, 0.97, 0.8, 0.3, 0.01]),
    min_p=st.sampled_from([0.0, 0.02, 0.3]),
    sharp=st.sampled_from([0.5, 4.0]),
)
def test_filters_equal_transformers_warpers(
    seed: int, width: int, top_k: int, top_p: float, min_p: float, sharp: float
) -> None:
    from transformers import MinPLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

    scores = torch.randn(3, width, generator=torch.Generator().manual_seed(seed)) * sharp
    want = scores
    if top_k > 0:
        want = TopKLogitsWarper(min(top_k, width))(None, want)
    if top_p < 1:
        want = TopPLogitsWarper(top_p)(None, want)
    if min_p > 0:
        want = MinPLogitsWarper(min_p)(None, want)
    assert kept(scores, top_k=top_k, top_p=top_p, min_p=min_p) == [
        set(r.isfinite().nonzero()[:, 0].tolist()) for r in want
    ]


@pytest.mark.parametrize("options", [{}, {"temperature": 0.5}, {"top_k": 5}, {"top_p": 0.7}, {"min_p": 0.2}])
def test_frequencies_follow_the_distribution(options: dict[str, Any]) -> None:
    """Chi-square against the direct softmax over what the filters leave; 6,000 draws, fixed seeds."""
    logits = torch.randn(12, generator=torch.Generator().manual_seed(2)) * 1.5
    n = 6000
    params = {"temperature": 1.0} | options
    drawn = sample(logits.expand(n, -1), [chunk(seed=5, sample_index=i, **params) for i in range(n)])
    scores = logits / params["temperature"]
    (allowed,) = kept(scores[None], **{k: v for k, v in options.items() if k != "temperature"})
    ids = sorted(allowed)
    counts = np.bincount(drawn.numpy(), minlength=12)
    assert counts[[i for i in range(12) if i not in allowed]].sum() == 0
    expected = scores[ids].softmax(0).numpy() * n
    assert ((counts[ids] - expected) ** 2 / expected).sum() < len(ids) + 5 * (2 * len(ids)) ** 0.5


def test_seeds_give_independent_streams() -> None:
    keys = torch.tensor([stream_key(s, i) for s in range(40) for i in range(40)])
    noise = gumbel(keys, torch.arange(64))
    assert abs(float(noise.mean()) - 0.5772) < 0.02
    assert abs(float(noise.var()) - np.pi**2 / 6) < 0.05
    assert np.abs(np.corrcoef(noise[:40].numpy()) - np.eye(40)).max() < 0.7
    assert len({stream_key(s, i) for s in (-1, 0, 1, 2**63, 2**64 - 2) for i in range(50)}) == 250


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 99), st.integers(1, 6))
def test_a_row_does_not_depend_on_its_batch(seed: int, n_others: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(n_others + 1, 500, generator=generator) * 2
    kinds: list[dict[str, Any]] = [{}, {"top_k": 20}, {"top_p": 0.9}, {"temperature": 0.0}, {"min_p": 0.1},
                                   {"allowed": TokenSet.of_ids([3, 7, 200], 500)},
                                   {"allowed": TokenSet.of_ids(range(0, 500, 3), 500)}]  # fmt: skip
    chunks = [chunk(seed=seed + i, sample_index=i, **kinds[(seed + i) % len(kinds)]) for i in range(n_others + 1)]
    together = sample(logits, chunks).tolist()
    assert together == [int(sample(logits[i : i + 1], [c])[0]) for i, c in enumerate(chunks)]


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_penalties_equal_their_definition(data: st.DataObject) -> None:
    """The slow twin: one token at a time, from the docstring of SamplingParams."""
    width = 12
    ids = st.lists(st.integers(0, width - 1), max_size=8)
    rows, want = [], []
    logits = torch.randn(3, width, generator=torch.Generator().manual_seed(data.draw(st.integers(0, 99))))
    for row in logits:
        prompt, output = data.draw(ids), data.draw(ids)
        frequency, presence, repetition = (data.draw(st.sampled_from(v)) for v in ((0.0, 0.7), (0.0, 0.4), (1.0, 1.5)))
        history = (np.asarray(prompt, np.int32), np.asarray(output, np.int32))
        rows.append(
            chunk(
                temperature=0.0,
                history=history,
                frequency_penalty=frequency,
                presence_penalty=presence,
                repetition_penalty=repetition,
            )
        )
        scores = row.tolist()
        for token in range(width):
            count = output.count(token)
            scores[token] -= count * frequency + (count > 0) * presence
            if token in prompt + output:
                scores[token] = scores[token] / repetition if scores[token] > 0 else scores[token] * repetition
        want.append(int(np.argmax(scores)))
    assert sample(logits, rows).tolist() == want


def test_forbidden_and_allowed_tokens() -> None:
    logits = torch.tensor([[5.0, 4.0, 3.0, 2.0]] * 5)
    chunks = [
        chunk(temperature=0.0),
        chunk(temperature=0.0, forbidden_ids=(0, 1)),
        chunk(temperature=0.0, allowed=TokenSet.of_ids([1, 3], 4)),
        chunk(temperature=0.0, allowed=TokenSet.of_ids([0, 3], 4), forbidden_ids=(0,)),
        chunk(temperature=9.0, allowed=TokenSet.of_ids([2], 4)),
    ]
    assert sample(logits, chunks).tolist() == [0, 2, 1, 3, 2]
    assert logits[0].tolist() == [5.0, 4.0, 3.0, 2.0]


def test_a_constraint_that_allows_nothing_is_our_bug() -> None:
    with pytest.raises(IntegrityError):
        sample(torch.zeros(1, 4), [chunk(allowed=TokenSet.of_ids([], 4))])


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 9999),
    sharp=st.sampled_from([0.01, 1.0, 8.0, 60.0, 1e7]),
    ties=st.booleans(),
    spoilt=st.sampled_from([None, float("nan"), float("inf"), float("-inf")]),
)
def test_noise_for_likely_tokens_alone_draws_the_same(
    seed: int, sharp: float, ties: bool, spoilt: float | None
) -> None:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(5, 700, generator=generator) * sharp
    if ties:
        scores = scores.round()
    if spoilt is not None:
        scores[2, seed % 700] = spoilt
    keys = torch.tensor([stream_key(seed, i) for i in range(5)])
    assert torch.equal(draw_likely(scores, keys), draw_all(scores, keys))


def test_noise_stays_within_what_likely_tokens_go_by() -> None:
    """The extremes: the hash's least and greatest word."""
    least, most = (-np.log(-np.log1p(-u)) for u in (1 - 2.0**-24, 0.5 * 2.0**-32))
    assert most - least < SPREAD - 2
