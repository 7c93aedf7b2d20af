"""Random numbers that depend on (seed, sample index, token id) and on nothing else.

A counter-based hash instead of a generator with state: a request's noise is the same whatever else runs in its batch, on any
device, and can be made for a few candidate tokens only. Knows no logits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

_MASK = 0xFFFFFFFF
_WORD = np.uint64(0xFFFFFFFFFFFFFFFF)


def stream_key(seed: int, sample_index: int) -> tuple[int, int]:
    """Two 32-bit words that name the stream of one sampled token (SplitMix64 of seed and index)."""
    word = _splitmix(_splitmix(seed & int(_WORD)) ^ (sample_index & int(_WORD)))
    return word & _MASK, word >> 32


def stream_keys(seeds: npt.NDArray[np.uint64], sample_indices: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """`stream_key` of many: int32 ``[n, 2]``, the words' bits."""
    words = _splitmix_all(_splitmix_all(seeds) ^ sample_indices.view(np.uint64))
    return words.view(np.int32).reshape(-1, 2)


def _splitmix_all(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    words = words + np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def _splitmix(word: int) -> int:
    limit = int(_WORD)
    word = (word + 0x9E3779B97F4A7C15) & limit
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & limit
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & limit
    return word ^ (word >> 31)


def gumbel(keys: torch.Tensor, token_ids: torch.Tensor) -> torch.Tensor:
    """Gumbel noise: ``argmax(log p + noise)`` is a sample from p.

    Parameters
    ----------
    keys
        int64 ``[rows, 2]`` of `stream_key`.
    token_ids
        int64 ``[tokens]`` or ``[rows, tokens]``.

    Returns
    -------
    float32 ``[rows, tokens]``.
    """
    low, high = keys[:, :1], keys[:, 1:]
    word = (token_ids * 0x9E3779B9 + low).bitwise_and_(_MASK)
    word = word.bitwise_xor_(word >> 16).mul_(0x21F0AAAD).bitwise_and_(_MASK)
    word.bitwise_xor_(high)
    word = word.bitwise_xor_(word >> 15).mul_(0x735A2D97).bitwise_and_(_MASK)
    word = word.bitwise_xor_(word >> 15)
    # An exponential variate is small where the noise is large: 32 bits there are precise near zero, where it matters.
    uniform = (word.to(torch.float32) + 0.5).mul_(2.0**-32).clamp_(max=1 - 2.0**-24)
    return torch.log1p(uniform.neg_()).neg_().log_().neg_()
