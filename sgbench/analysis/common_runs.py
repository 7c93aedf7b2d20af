"""Which runs of tokens do two texts have in common, in the same order?

The longest common run first, then on each side of it: what `difflib.SequenceMatcher.get_matching_blocks` finds, less its blocks shorter
than some length. That takes time by the square of the tokens where a few tokens are frequent, as they are in any text. Knows tokens only.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from sgbench.analysis.token_trie import Tokens

_Ints: TypeAlias = npt.NDArray[np.int64]

MOST_PAIRS = 1 << 17
"""Most pairs of places that begin alike to be looked at one by one; a text that repeats itself has more, and is compared row by row."""
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


class Run(NamedTuple):
    """``size`` tokens from ``ours`` on in one sequence, and from ``theirs`` on in the other."""

    ours: int
    theirs: int
    size: int


def common_runs(ours: Tokens, theirs: Tokens, shortest: int, most_pairs: int = MOST_PAIRS) -> list[Run]:
    """Common runs of at least ``shortest`` tokens, in order, none across another.

    Parameters
    ----------
    ours, theirs
        ``[tokens]``.
    shortest
        At least 1.
    most_pairs
        See `MOST_PAIRS`; the result does not depend on it.
    """
    if min(len(ours), len(theirs)) < shortest:
        return []
    runs = _by_beginnings(ours, theirs, shortest, most_pairs)
    if runs is None:
        runs = _by_rows(ours, theirs, shortest)
    found: list[Run] = []
    left = [(0, len(ours), 0, len(theirs), runs)]
    while left:
        a0, a1, b0, b1, within = left.pop()
        best, within = _longest(a0, a1, b0, b1, within, shortest)
        if best is not None:
            found.append(best)
            left.append((a0, best.ours, b0, best.theirs, within))
            left.append((best.ours + best.size, a1, best.theirs + best.size, b1, within))
    return sorted(found)


def _longest(a0: int, a1: int, b0: int, b1: int, runs: _Ints, shortest: int) -> tuple[Run | None, _Ints]:
    """The longest run between these places, of equals the one that begins first; and the runs of which enough lies there."""
    start = np.maximum(0, np.maximum(a0 - runs[0], b0 - runs[1]))
    size = np.minimum(runs[2], np.minimum(a1 - runs[0], b1 - runs[1])) - start
    enough = size >= shortest
    runs, start, size = runs[:, enough], start[enough], size[enough]
    if not len(size):
        return None, runs
    longest = np.flatnonzero(size == size.max())
    a, b = runs[0, longest] + start[longest], runs[1, longest] + start[longest]
    first = np.lexsort((b, a))[0]
    return Run(int(a[first]), int(b[first]), int(size.max())), runs


def _by_beginnings(ours: Tokens, theirs: Tokens, n: int, most_pairs: int) -> _Ints | None:
    """All maximal runs ``[3, runs]``, from the places where ``n`` tokens agree; None: there are too many of these."""
    a, b = _hashes(ours, n), _hashes(theirs, n)
    order = np.argsort(b, kind="stable")
    first = np.searchsorted(b, a, "left", order)
    counts = np.searchsorted(b, a, "right", order) - first
    n_pairs = int(counts.sum())
    if n_pairs > most_pairs:
        return None
    if not n_pairs:
        return np.empty((3, 0), np.int64)
    i = np.repeat(np.arange(len(a)), counts)
    j = order[np.arange(n_pairs) - np.repeat(np.cumsum(counts) - counts - first, counts)]
    same = np.ones(n_pairs, np.bool_)
    for k in range(n):  # two runs may have one hash
        same &= ours[i + k] == theirs[j + k]
    # Places on one diagonal are numbered without gaps, and those on two never next to one another.
    width = len(ours) + 1
    key = np.sort((i - j + len(theirs))[same] * width + i[same])
    begins = np.flatnonzero(np.diff(key, prepend=-2) != 1)
    at = key[begins] % width
    sizes = np.diff(begins, append=len(key)) + n - 1
    return np.stack([at, at + len(theirs) - key[begins] // width, sizes])


def _hashes(tokens: Tokens, n: int) -> npt.NDArray[np.uint64]:
    """A number for every ``n`` tokens in a row."""
    values = tokens.astype(np.uint64) + np.uint64(1)
    found = np.zeros(len(tokens) - n + 1, np.uint64)
    for k in range(n):
        found = (found ^ (found >> np.uint64(29))) * _FACTOR + values[k : k + len(found)]
    return found


def _by_rows(ours: Tokens, theirs: Tokens, n: int) -> _Ints:
    """All maximal runs ``[3, runs]``, one token of ours after the other against all of theirs."""
    found: list[_Ints] = []
    # Tokens that agree up to here, at each place of theirs; a place that goes on from none and one to which nothing goes on lie around.
    before, here = np.zeros((2, len(theirs) + 2), np.int32)
    for i in range(len(ours) + 1):
        if i < len(ours):
            np.multiply(before[:-2] + 1, theirs == ours[i], out=here[1:-1])
        else:
            here[:] = 0
        j = np.flatnonzero((before[:-1] >= n) & (here[1:] == 0))
        if len(j):
            size = before[j].astype(np.int64)
            found.append(np.stack([i - size, j - size, size]))
        before, here = here, before
    return np.concatenate(found, axis=1) if found else np.empty((3, 0), np.int64)
