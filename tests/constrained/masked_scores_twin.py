"""The Triton kernel against its twin in torch: with ``TRITON_INTERPRET=1`` on a CPU, without on a GPU. Fails on the first difference."""

from __future__ import annotations

import torch

from sgbench.engine.kernels.masked_sampling import sample_allowed_
from sgbench.engine.kernels.masked_scores import forbid_
from sgbench.engine.runner.masking import forbid_by_torch, sample_by_torch

SHAPES = [(1, 1), (3, 31), (2, 32), (5, 33), (4, 4096), (3, 4100), (2, 9001)]


def compare(device: str) -> int:
    """Compare on a device; the number of shapes tried."""
    generator = torch.Generator().manual_seed(0)
    for rows, vocab_size in SHAPES:
        words = -(-vocab_size // 32)
        bits = torch.randint(-(2**31), 2**31, (7, words), dtype=torch.int32, generator=generator)
        bits[0], bits[1] = -1, 0
        places = torch.randint(0, 7, (rows,), dtype=torch.int32, generator=generator)
        wide = torch.randn(rows, vocab_size + 5, generator=generator)
        for scores in (wide[:, :vocab_size], wide[:, :vocab_size].contiguous()):
            wanted = scores.clone().to(device)
            got = torch.empty_strided(scores.shape, scores.stride(), device=device).copy_(scores)
            forbid_by_torch(wanted, bits.to(device), places.to(device))
            forbid_(got, bits.to(device), places.to(device))
            assert torch.equal(got, wanted), (rows, vocab_size)
        for dtype in (torch.float32, torch.bfloat16):
            compare_draws(wide[:, :vocab_size].to(dtype), bits, generator, device)
    return len(SHAPES)


def compare_draws(logits: torch.Tensor, bits: torch.Tensor, generator: torch.Generator, device: str) -> None:
    """Some rows in any order, greedy and not; one holds a NaN that is allowed, one was found to hold one before."""
    rows, n = len(logits), max(1, len(logits) - 1)
    index = torch.randperm(rows, generator=generator)[:n]
    lines = torch.randint(0, len(bits), (n,), generator=generator)
    slots = torch.randperm(rows + 3, generator=generator)[:n]
    temperature = torch.tensor([0.0, 1.0, 2.5, 0.3])[torch.arange(n) % 4].view(torch.int32)
    keys = torch.randint(-(2**31), 2**31, (2, n), generator=generator, dtype=torch.int32)
    fields = torch.stack([index.int(), lines.int(), slots.int(), temperature, *keys]).to(device)
    logits = logits.contiguous().clone()
    sampled = torch.zeros(rows, dtype=torch.int32)
    if rows > 2:
        logits[index[0], 5] = float("nan")
        fields[1, 0] = 0
        sampled[index[1]] = -1
    told = []
    for way in (sample_by_torch, sample_allowed_):
        drawn, last = sampled.to(device), torch.full((rows + 3,), -7, dtype=torch.int32, device=device)
        way(logits.to(device), bits.to(device), fields, drawn, last)
        told.append((drawn.tolist(), last.tolist()))
    assert told[0] == told[1], (rows, logits.shape[1], logits.dtype)


if __name__ == "__main__":
    print(compare("cuda" if torch.cuda.is_available() else "cpu"))
