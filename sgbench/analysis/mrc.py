"""The miss-ratio curve: how large a cache would have been enough?

One pass over a trace gives the hit rate of an LRU cache of tokens at every capacity, exactly, for requests that run one after the
other. The engine evicts whole leaves, locks what runs and computes in chunks, so its own hit rate lies near the curve, mostly below:
points from the real scheduler run again (`sgbench.what_if`) stand beside it and the difference is said.
Knows events; runs nothing.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sgbench.analysis.lru_stack import LruStack
from sgbench.analysis.token_trie import Block, TokenTrie, tokens_of
from sgbench.errors import UsageError
from sgbench.trace.events import CacheReset, Event, Keyframe, RequestAdmitted, RequestFinished, RequestQueued
from sgbench.trace.trace import Trace

if TYPE_CHECKING:
    import pandas
    import plotly.graph_objects

Floats: TypeAlias = npt.NDArray[np.float64]

SHARES = (0.5, 0.8, 0.9, 0.95, 0.99)
"""Parts of the ceiling that the table tells a capacity for."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class MissRatioCurve:
    """Hit rate against capacity.

    Attributes
    ----------
    capacities, hit_tokens
        Corners of the curve, ``[corners]``; straight between them, level behind the last.
    prompt_tokens
        What a hit rate of 1 would be.
    longest_tokens
        The longest request: below this capacity it does not run.
    present_tokens, present_hit_rate
        The recorded pool (0: not known), and the measured hit rate.
    bytes_per_token
        KV bytes of a token for the recorded model and dtype; None: the trace does not tell.
    points
        ``(capacity, hit rate)`` of the real scheduler and tree run again; predicted.
    """

    capacities: Floats
    hit_tokens: Floats
    prompt_tokens: int
    longest_tokens: int
    present_tokens: int = 0
    present_hit_rate: float = 0.0
    bytes_per_token: int | None = None
    points: tuple[tuple[int, float], ...] = ()

    def hit_rate(self, capacity_tokens: float) -> float:
        """Of an LRU cache of tokens of this capacity."""
        return float(np.interp(capacity_tokens, self.capacities, self.hit_tokens)) / max(self.prompt_tokens, 1)

    @property
    def ceiling(self) -> float:
        """The hit rate of a cache without bounds."""
        return float(self.hit_tokens[-1]) / max(self.prompt_tokens, 1)

    def capacity_for(self, hit_rate: float) -> int:
        """The smallest capacity with this hit rate.

        Raises
        ------
        UsageError
            No capacity reaches it.
        """
        if hit_rate > self.ceiling + 1e-12:
            raise UsageError(f"no capacity reaches a hit rate of {hit_rate:.1%}: the ceiling is {self.ceiling:.1%}")
        wanted = min(hit_rate * self.prompt_tokens, float(self.hit_tokens[-1]))
        at = int(np.searchsorted(self.hit_tokens, wanted - 1e-9))
        if at == 0:
            return self.longest_tokens
        x0, x1 = self.capacities[at - 1], self.capacities[at]
        y0, y1 = self.hit_tokens[at - 1], self.hit_tokens[at]
        x = x1 if y1 == y0 else x0 + (wanted - y0) * (x1 - x0) / (y1 - y0)
        return max(self.longest_tokens, int(np.ceil(x - 1e-6)))

    @property
    def knee(self) -> int:
        """The capacity after which more brings least: where the curve is farthest above the line from its beginning to its end."""
        inside = self.capacities >= self.longest_tokens
        x = np.concatenate([[float(self.longest_tokens)], self.capacities[inside]])
        y = np.interp(x, self.capacities, self.hit_tokens)
        width, height = x[-1] - x[0], y[-1] - y[0]
        if width <= 0 or height <= 0:
            return self.longest_tokens
        return int(np.ceil(x[int(np.argmax((y - y[0]) / height - (x - x[0]) / width))]))

    def with_points(self, points: Iterable[tuple[int, float]]) -> MissRatioCurve:
        """The same curve with predicted ``(capacity, hit rate)`` points beside it."""
        return dataclasses.replace(self, points=tuple(sorted(points)))

    @property
    def gap(self) -> float:
        """Largest difference between curve and points; 0 without any."""
        return max((abs(rate - self.hit_rate(at)) for at, rate in self.points), default=0.0)

    # --- shown ------------------------------------------------------------------------------------------------------

    def gigabytes(self, tokens: int) -> float | None:
        """KV of ``tokens`` in GB (1e9 bytes); None where the trace does not tell."""
        return None if self.bytes_per_token is None else tokens * self.bytes_per_token / 1e9

    def rows(self) -> list[tuple[str, int, float, float | None]]:
        """``(what, capacity, LRU hit rate, predicted hit rate)`` in order of capacity."""
        predicted = dict(self.points)
        found = [("longest request", self.longest_tokens), ("knee", self.knee)]
        found += [(f"{share:.0%} of the ceiling", self.capacity_for(share * self.ceiling)) for share in SHARES]
        found.append(("ceiling", max(self.longest_tokens, int(self.capacities[-1]))))
        if self.present_tokens:
            found.append(("present pool", self.present_tokens))
        found += [("run again", at) for at in predicted if at not in {tokens for _, tokens in found}]
        return [
            (what, tokens, self.hit_rate(tokens), predicted.get(tokens))
            for what, tokens in sorted(found, key=lambda item: item[1])
        ]

    def table(self) -> pandas.DataFrame | str:
        """A pandas frame of `rows`; the text where pandas is missing."""
        try:
            import pandas
        except ImportError:
            return str(self)
        data: list[dict[str, Any]] = [
            {
                "what": what,
                "tokens": tokens,
                "gb": self.gigabytes(tokens),
                "lru_hit_rate": lru,
                "predicted_hit_rate": run,
            }
            for what, tokens, lru, run in self.rows()
        ]
        return pandas.DataFrame(data)

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        unit, size = self._unit()
        named = self._named()
        width = max(len(what) for what, *_ in named)
        lines = [
            f"{'':{width}} {'tokens':>10} {unit:>8} {'LRU hit rate':>13}"
            + (f" {'predicted':>10}" if self.points else "")
        ]
        for what, tokens, lru, run in named:
            weight = "-" if self.bytes_per_token is None else f"{tokens * self.bytes_per_token / size:,.2f}"
            line = f"{what:{width}} {tokens:>10,} {weight:>8} {lru:>13.1%}"
            lines.append(line + (f" {'' if run is None else f'{run:.1%}':>10}" if self.points else ""))
        lines.append("LRU hit rate: exact for an LRU cache of tokens and requests that run one after the other")
        if self.points:
            lines.append(
                f"predicted: the real scheduler and tree, run again; farthest from the curve by {self.gap * 100:.1f} points"
            )
        if self.present_tokens:
            lines.append(f"measured with the present pool: {self.present_hit_rate:.1%}")
        return "\n".join(lines)

    def _unit(self) -> tuple[str, float]:
        """What sizes are told in: GB, or MB where the pool has less than one."""
        largest = max(tokens for _, tokens, _, _ in self.rows()) * (self.bytes_per_token or 0)
        return ("GB", 1e9) if largest >= 1e9 else ("MB", 1e6)

    def _named(self) -> list[tuple[str, int, float, float | None]]:
        """`rows` with one for each capacity, which may have several names."""
        found = []
        for tokens, group in itertools.groupby(self.rows(), key=lambda row: row[1]):
            same = list(group)
            names = [what for what, *_ in same]
            shares = [name for name in names if name.endswith("of the ceiling")]
            implied = shares if "ceiling" in names else shares[:-1]
            shown = ", ".join(name for name in names if name not in implied)
            found.append((shown, tokens, same[0][2], same[0][3]))
        return found

    def figure(self) -> plotly.graph_objects.Figure:
        """Curve, knee, ceiling, present pool and points."""
        from sgbench.analysis.plot import curve

        return curve(self)


def miss_ratio_curve(trace: Trace) -> MissRatioCurve:
    """The curve of ``trace``.

    Raises
    ------
    UsageError
        No request was admitted in it.
    """
    events = trace.events
    accesses = _accesses(events, TokenTrie())
    if not any(access.wanted for access in accesses):
        raise UsageError("the trace holds no request that was admitted: there is nothing to count")
    starts, ends = _intervals(accesses)
    corners = np.unique(np.concatenate([[0.0], starts, ends]))
    slopes = np.searchsorted(np.sort(starts), corners[:-1], side="right") - np.searchsorted(
        np.sort(ends), corners[:-1], side="right"
    )
    hits = np.concatenate([[0.0], np.cumsum(slopes * np.diff(corners))])
    admitted = _admitted(events)
    prompt = sum(event.prompt_tokens for event in admitted)
    frame = next((event for event in events if isinstance(event, Keyframe)), None)
    return MissRatioCurve(
        capacities=corners,
        hit_tokens=hits,
        prompt_tokens=prompt,
        longest_tokens=max(access.end.end for access in accesses),
        present_tokens=frame.capacity_tokens if frame else 0,
        present_hit_rate=sum(event.cached_tokens for event in admitted) / max(prompt, 1),
        bytes_per_token=trace.header.model.get("kv_bytes_per_token"),
    )


@dataclass(frozen=True, slots=True)
class _Access:
    """One use of the cache: what ends with the block ``end`` is the most recent from now on; of the first ``wanted - 1`` tokens it is
    asked whether they are there.

    The root: the cache was emptied.
    """

    end: Block
    wanted: int = 0


def _admitted(events: Iterable[Event]) -> list[RequestAdmitted]:
    """The first admission of each request that was queued in the recording."""
    queued: set[int] = set()
    found: dict[int, RequestAdmitted] = {}
    for event in events:
        if isinstance(event, RequestQueued):
            queued.add(event.rid)
        elif isinstance(event, RequestAdmitted) and event.rid in queued:
            found.setdefault(event.rid, event)
    return list(found.values())


def _accesses(events: Iterable[Event], trie: TokenTrie) -> list[_Access]:
    """Every use of the cache in order, entered in ``trie``."""
    asked: dict[int, RequestQueued] = {}
    seen: set[int] = set()
    found: list[_Access] = []
    for event in events:
        match event:
            case Keyframe() if not found:
                found += _held(event, trie)
            case RequestQueued():
                asked[event.rid] = event
            case RequestAdmitted() if event.rid in asked and event.rid not in seen:
                seen.add(event.rid)
                queued = asked[event.rid]
                prompt = tokens_of(queued.prompt_ids)
                wanted = len(prompt) if queued.logprobs_from < 0 else max(1, min(len(prompt), queued.logprobs_from))
                found.append(_Access(trie.insert(prompt, -1), wanted))
                trie.insert(prompt[: wanted - 1], -1)
            case RequestFinished() if event.rid in asked and len(event.output_ids) > 1:
                said = tokens_of((*asked[event.rid].prompt_ids, *event.output_ids[:-1]))
                found.append(_Access(trie.insert(said, -1)))
            case CacheReset():
                found.append(_Access(trie.root))
    return found


def _held(frame: Keyframe, trie: TokenTrie) -> list[_Access]:
    """What the cache held at first, as accesses: least recently used first."""
    below: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in frame.tree["nodes"]:
        if row["parent"] is not None:
            below[row["parent"]].append(row)
    found: list[tuple[int, int, Block]] = []
    queue = [(row["id"], 0, trie.root) for row in frame.tree["nodes"] if row["parent"] is None]
    while queue:
        id_, depth, parent = queue.pop()
        for row in below[id_]:
            block = trie.insert(tokens_of(row["token_ids"]), -1, parent)
            found.append((row["last_access"], -depth, block))
            queue.append((row["id"], depth + 1, block))
    return [_Access(block) for *_, block in sorted(found, key=lambda held: held[:2])]


def _intervals(accesses: list[_Access]) -> tuple[Floats, Floats]:
    """For every block that a request asked for and that had been used before: the capacities between which its tokens begin to hit."""
    starts: list[int] = []
    ends: list[int] = []
    paths = [access.end.path() for access in accesses]
    stack = LruStack(sum(len(path) for path in paths))
    for access, path in zip(accesses, paths, strict=True):
        if access.end.parent is None:
            stack.clear()
            continue
        for block in path:
            if block.end >= access.wanted:
                break
            distance = stack.distance(block)
            if distance is not None:
                starts.append(distance)
                ends.append(distance + len(block.tokens))
        _touch(stack, path)
    return np.array(starts, dtype=np.float64), np.array(ends, dtype=np.float64)


def _touch(stack: LruStack, path: list[Block]) -> None:
    """All of a path is used; of equals the deepest is evicted first, so it is touched first."""
    for block in reversed(path):
        stack.touch(block, len(block.tokens))
