"""The Triton kernel against its twin in torch: with ``TRITON_INTERPRET=1`` on a CPU, without on a GPU. Fails on the first difference."""

from __future__ import annotations

import torch

from sgbench.engine.kernels.masked_scores import forbid_
from sgbench.engine.runner.masking import forbid_by_torch

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
    return len(SHAPES)


if __name__ == "__main__":
    print(compare("cuda" if torch.cuda.is_available() else "cpu"))
