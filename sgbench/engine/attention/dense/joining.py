"""Partial results of attention made into one: attention over disjoint sets of keys, weighted by their log-sum-exp.

Two ways, equal but for rounding. `InTurn` merges one partial result after the other into the first, in place: for many tokens, of which
each pass covers most. `Together` picks all parts of every token at once: five calls, however many parts there are, where tokens are few
and parts many. Knows rows of tokens; no keys and no requests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    import numpy.typing as npt

    Int64Array = npt.NDArray[np.int64]

Partial = tuple[torch.Tensor, torch.Tensor]
"""Output ``[rows, kv_heads, queries of a kv head, head_dim]`` and log-sum-exp without the last axis."""


def rows_unless_all(rows: Int64Array, n_tokens: int, device: str | torch.device = "cpu") -> torch.Tensor | None:
    """Token rows as a tensor; None when they are all tokens in order, which needs no picking."""
    if len(rows) == n_tokens and bool((rows == np.arange(n_tokens)).all()):
        return None
    return torch.from_numpy(np.ascontiguousarray(rows)).to(device)


def merge(out: torch.Tensor, lse: torch.Tensor, other: torch.Tensor, other_lse: torch.Tensor) -> Partial:
    """Attention over the union of two disjoint sets of keys."""
    weight = torch.sigmoid(other_lse - lse).unsqueeze(-1).to(out.dtype)
    return torch.lerp(out, other, weight), torch.logaddexp(lse, other_lse)


@dataclass(frozen=True, slots=True)
class InTurn:
    """One after the other.

    Attributes
    ----------
    order
        Brings what the first ``n_own`` parts give, one after the other, into the order of the tokens; None: it is that already.
    n_own
        Parts that together give each token once; the others are merged in.
    rows
        Tokens of each of the others, int64, each token at most once; None: all in order.
    """

    order: torch.Tensor | None
    n_own: int
    rows: tuple[torch.Tensor | None, ...]

    def join(self, parts: Sequence[Partial]) -> torch.Tensor:
        """Output ``[tokens, kv_heads, queries of a kv head, head_dim]``."""
        out, lse = _stacked(parts[: self.n_own])
        if self.order is not None:
            out, lse = out.index_select(0, self.order), lse.index_select(0, self.order)
        for rows, (other, other_lse) in zip(self.rows, parts[self.n_own :], strict=True):
            if rows is None:
                out, lse = merge(out, lse, other, other_lse)
                continue
            merged, merged_lse = merge(out.index_select(0, rows), lse.index_select(0, rows), other, other_lse)
            out.index_copy_(0, rows, merged)
            lse.index_copy_(0, rows, merged_lse)
        return out


@dataclass(frozen=True, slots=True)
class Together:
    """All at once.

    Attributes
    ----------
    index
        int64 ``[parts * tokens]``: rows of the parts laid one after the other; a token with fewer parts has one of its own again.
    hidden
        ``[parts, tokens, 1, 1]``, minus infinity where a part is none; None: every token has as many.
    n_parts
        Most parts of a token.
    """

    index: torch.Tensor
    hidden: torch.Tensor | None
    n_parts: int

    @classmethod
    def of(cls, targets: Sequence[Int64Array], n_tokens: int) -> Together:
        """Plan the joining of parts whose rows belong to the tokens ``targets``; -1: a row that nobody wants."""
        token = np.concatenate(targets)
        row = np.flatnonzero(token >= 0)
        row = row[np.argsort(token[row], kind="stable")]
        counts = np.bincount(token[row], minlength=n_tokens)
        first = np.cumsum(counts) - counts
        n_parts = int(counts.max())
        nth = np.arange(n_parts)[:, None]
        missing = nth >= counts
        index = row[first + np.where(missing, 0, nth)]
        hidden = None
        if missing.any():
            hidden = torch.from_numpy(np.where(missing, np.float32(-np.inf), np.float32(0)))[:, :, None, None]
        return cls(torch.from_numpy(index.ravel()), hidden, n_parts)

    def join(self, parts: Sequence[Partial]) -> torch.Tensor:
        """Output ``[tokens, kv_heads, queries of a kv head, head_dim]``."""
        out, lse = _stacked(parts)
        out = out.index_select(0, self.index).view(self.n_parts, -1, *out.shape[1:])
        lse = lse.index_select(0, self.index).view(self.n_parts, -1, *lse.shape[1:])
        if self.hidden is not None:
            lse += self.hidden
        weights = lse.softmax(0).unsqueeze(-1).to(out.dtype)
        joined = out[0].mul_(weights[0])
        for nth in range(1, self.n_parts):
            joined.addcmul_(out[nth], weights[nth])
        return joined


def _stacked(parts: Sequence[Partial]) -> Partial:
    """Rows of all parts, one part after the other."""
    if len(parts) == 1:
        return parts[0]
    return torch.cat([out for out, _ in parts]), torch.cat([lse for _, lse in parts])
