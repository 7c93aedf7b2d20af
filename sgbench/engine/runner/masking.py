"""Constraints' token sets laid over scores: on the host from the set's own bits, on a device from a table of bits that stay there.

Knows `TokenSet` and scores; no machine, no request. The host's path is the twin that the device's is tested against.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from sgbench.engine.kernels.twins import sample_rows
from sgbench.engine.request import NO_NUMBER
from sgbench.engine.runner.upload import upload
from sgbench.engine.token_set import WORD_BITS, TokenSet
from sgbench.errors import IntegrityError

DEFAULT_TABLE_BYTES = 64 << 20
_FIRST_PLACES = 64
_BYTE_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little")
_BYTE_SCORES = np.where(_BYTE_BITS.astype(np.bool_), np.float32(0), np.float32(-np.inf))
"""float32 ``[256, 8]``: what is added to eight scores for each byte of bits."""


def check(sets: Sequence[TokenSet]) -> None:
    """Raise for a set without tokens: nothing could be sampled.

    Raises
    ------
    IntegrityError
        There is one.
    """
    if not all(map(len, sets)):
        raise IntegrityError("a constraint allows no token: its request must end before it is sampled")


def forbid_on_host(scores: torch.Tensor, sets: Sequence[TokenSet]) -> None:
    """Minus infinity for what each row's set lacks, in place: scores in memory, float32 ``[rows, vocab]``.

    A look-up of eight scores for each byte of bits and an addition: filling by a mask takes fifteen times as long.
    """
    added = np.empty((scores.shape[1] // 8 + 8, 8), dtype=np.float32)
    before: TokenSet | None = None
    rows = scores.numpy()
    for i, allowed in enumerate(sets):
        if allowed is not before:
            packed = allowed.to_words().view(np.uint8)
            np.take(_BYTE_SCORES, packed, axis=0, out=added[: len(packed)], mode="clip")
            before = allowed
        rows[i] += added.reshape(-1)[: rows.shape[1]]


def best_on_host(scores: npt.NDArray[np.float32], allowed: TokenSet) -> int:
    """The allowed token with the largest of the scores ``[vocab]``; among equals the lowest id."""
    if allowed.ids is not None:
        return int(allowed.ids[scores[allowed.ids].argmax()])
    copied = torch.from_numpy(scores[None].copy())
    forbid_on_host(copied, [allowed])
    return int(copied.numpy().argmax())


def forbid_by_torch(scores: torch.Tensor, bits: torch.Tensor, places: torch.Tensor) -> None:
    """The twin of `sgbench.engine.kernels.masked_scores.forbid_`, and what runs where Triton is not installed."""
    shifts = torch.arange(WORD_BITS, dtype=torch.int32, device=bits.device)
    lacking = (bits.index_select(0, places)[:, :, None] >> shifts).bitwise_and_(1) == 0
    scores.masked_fill_(lacking.flatten(1)[:, : scores.shape[1]], float("-inf"))


def sample_by_torch(
    logits: torch.Tensor, bits: torch.Tensor, fields: torch.Tensor, sampled: torch.Tensor, last: torch.Tensor
) -> None:
    """The twin of `sgbench.engine.kernels.masked_sampling.sample_allowed_`."""
    index, temperatures = fields[0].long(), fields[3].view(torch.float32)
    scores = logits.index_select(0, index)
    forbid_by_torch(scores, bits, fields[1])
    least = torch.full_like(temperatures, float("-inf"))
    drawn = sample_rows(scores, temperatures, least, fields[4:6].t(), fields[2], last)
    drawn = torch.where(sampled.index_select(0, index) < 0, NO_NUMBER, drawn)
    sampled.index_copy_(0, index, drawn)
    last.index_copy_(0, fields[2].long(), drawn)


class MaskTable:
    """Bits of token sets on a device: a set is uploaded once and found again as long as it is among those used last.

    Parameters
    ----------
    vocab_size
        Width of the scores.
    device
        Where the table lies.
    max_bytes
        Of the table, which grows up to it; more only where one step alone needs more.

    Attributes
    ----------
    uploads
        Sets uploaded so far.
    """

    def __init__(self, vocab_size: int, device: torch.device, max_bytes: int = DEFAULT_TABLE_BYTES) -> None:
        self.vocab_size = vocab_size
        self.uploads = 0
        self._words = -(-vocab_size // WORD_BITS)
        self._most = max(1, max_bytes // (4 * self._words))
        self._bits = torch.zeros((min(_FIRST_PLACES, self._most), self._words), dtype=torch.int32, device=device)
        self._places: OrderedDict[TokenSet, int] = OrderedDict()
        self._triton = device.type == "cuda" and _has_triton()

    @property
    def nbytes(self) -> int:
        """Bytes on the device."""
        return self._bits.numel() * 4

    def forbid_(self, scores: torch.Tensor, sets: Sequence[TokenSet]) -> None:
        """Minus infinity for what each row's set lacks, in place: scores on the device, ``[rows, vocab]`` of any float.

        Uploads what is new behind whatever the device still computes, and waits for nothing.
        """
        self.forbid_lines_(scores, upload(self.lines(sets), self._bits.device))

    def forbid_lines_(self, scores: torch.Tensor, lines: torch.Tensor) -> None:
        """The same by `lines`, int32 ``[rows]`` on the device."""
        if self._triton:
            from sgbench.engine.kernels.masked_scores import forbid_

            forbid_(scores, self._bits, lines)
        else:
            forbid_by_torch(scores, self._bits, lines)

    def draw_(self, logits: torch.Tensor, fields: torch.Tensor, sampled: torch.Tensor, last: torch.Tensor) -> None:
        """Draw anew among what is allowed, for rows that nothing else filters; see `sgbench.engine.kernels.masked_sampling`.

        Line 1 of ``fields`` is that of `lines`.
        """
        if self._triton:
            from sgbench.engine.kernels.masked_sampling import sample_allowed_

            sample_allowed_(logits, self._bits, fields, sampled, last)
        else:
            sample_by_torch(logits, self._bits, fields, sampled, last)

    def lines(self, sets: Sequence[TokenSet]) -> npt.NDArray[np.int32]:
        """int32 ``[sets]``: where in the table each set lies, uploaded if it is new."""
        wanted = dict.fromkeys(sets)
        for known in wanted:
            if known in self._places:
                self._places.move_to_end(known)
        new = [known for known in wanted if known not in self._places]
        self._take_places(new, len(wanted))
        if new:
            lines = np.stack([known.to_words() for known in new]).view(np.int32)
            places = np.array([self._places[known] for known in new], dtype=np.int64)
            self._bits.index_copy_(0, upload(places, self._bits.device), upload(lines, self._bits.device))
            self.uploads += len(new)
        return np.array([self._places[known] for known in sets], dtype=np.int32)

    def _take_places(self, new: list[TokenSet], n_wanted: int) -> None:
        """A line for each of ``new``: free ones first, then those that were used longest ago, never one of this step's."""
        needed = len(self._places) + len(new)
        if needed > len(self._bits):
            size = max(n_wanted, min(self._most, max(needed, 2 * len(self._bits))))
            if size > len(self._bits):
                grown = torch.zeros((size, self._words), dtype=torch.int32, device=self._bits.device)
                grown[: len(self._bits)] = self._bits
                self._bits = grown
        free = len(self._places)
        for known in new:
            if free < len(self._bits):
                self._places[known] = free
                free += 1
            else:
                self._places[known] = self._places.popitem(last=False)[1]


def _has_triton() -> bool:
    import importlib.util

    return importlib.util.find_spec("triton") is not None
