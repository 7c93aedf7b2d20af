"""Why was this missed? Each request's uncached tokens, classified from the event stream.

Folds events: the tree as it is (`sgbench.trace.tree`), and a bounded memory of all that was ever asked or answered, with the time and
the reason when a part of it left the cache. Knows no engine. Kinds of tokens that were computed although they stood in a prompt:

``cold``        nothing like it was seen since the recording began
``new``         it goes on where what was seen before ended: the next turn of a conversation
``diverged``    it begins like something seen, and then differs: the prompt is the reason
``evicted``     it was cached and made room for others: the capacity is the reason
``flushed``     it was cached and somebody emptied the cache
``in-flight``   another request was computing it at that moment
``not-kept``    it was asked before but nobody's result of it stayed (an aborted request, a decision of the cache)
``scored``      its logprobs were wanted, so it had to be computed
``refused``     the engine ran with the cache off or with every match refused
``last-token``  the last token of a prompt is always computed, for its logits
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sgbench.analysis.program_text import ProgramTexts
from sgbench.analysis.seen import Gone, Seen
from sgbench.analysis.token_trie import Tokens, tokens_of
from sgbench.trace.events import (
    CacheReset,
    Event,
    Keyframe,
    NodeEvicted,
    NodeSplit,
    PathAccessed,
    RequestAborted,
    RequestAdmitted,
    RequestFinished,
    RequestQueued,
)
from sgbench.trace.trace import Trace
from sgbench.trace.tree import TreeState

if TYPE_CHECKING:
    import pandas

KINDS = ("cold", "new", "diverged", "evicted", "flushed", "in-flight", "not-kept", "scored", "refused", "last-token")
CONTEXT_TOKENS = 12
"""Tokens shown on each side of the place where two prompts part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """``tokens`` prompt tokens from position ``start`` were computed, for the reason ``kind``.

    ``gone`` tells of ``evicted`` and ``flushed`` tokens when and for whom they went; ``other`` is the request that computes ``in-flight``
    ones.
    """

    kind: str
    start: int
    tokens: int
    gone: Gone | None = None
    other: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """Where a prompt leaves what was known.

    Attributes
    ----------
    position
        Tokens that agree.
    before, ours, theirs
        Text of up to `CONTEXT_TOKENS` tokens before it, and behind it on both sides.
    other
        The request on the other side; -1: from before the recording.
    written_by
        The part of the program that wrote our side; empty: not known.
    """

    position: int
    before: str
    ours: str
    theirs: str
    other: int
    written_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """One request: what was found, and why the rest was not."""

    rid: int
    program: str
    op: int
    prompt_tokens: int
    cached_tokens: int
    parts: tuple[Part, ...]
    divergence: Divergence | None = None

    def lost(self, kind: str) -> int:
        """Tokens computed for this reason."""
        return sum(part.tokens for part in self.parts if part.kind == kind)

    def __str__(self) -> str:
        name = f" ({self.program}, call {self.op})" if self.program else ""
        head = f"request {self.rid}{name}: {self.cached_tokens:,} of {self.prompt_tokens:,} prompt tokens cached"
        return "\n".join([head, *(f"  {_told(part, self)}" for part in self.parts)])


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Misses:
    """Every request of a recording, in order of admission; `str` tells of the last ones."""

    requests: tuple[Miss, ...]
    forgotten: bool = False

    @property
    def totals(self) -> dict[str, int]:
        """Tokens by reason, all requests together; reasons that did not occur are left out."""
        counted = Counter[str]()
        for miss in self.requests:
            for part in miss.parts:
                counted[part.kind] += part.tokens
        return {kind: counted[kind] for kind in KINDS if counted[kind]}

    def last(self, n: int) -> Misses:
        """The last ``n`` requests alone."""
        return Misses(requests=self.requests[-n:], forgotten=self.forgotten)

    def table(self) -> pandas.DataFrame | str:
        """A row for each request, a column for each reason: a pandas frame, or text without pandas."""
        try:
            import pandas
        except ImportError:
            return str(self)
        rows: list[dict[str, Any]] = []
        for miss in self.requests:
            split = miss.divergence
            rows.append(
                {
                    "request": miss.rid,
                    "program": miss.program,
                    "call": miss.op,
                    "prompt_tokens": miss.prompt_tokens,
                    "cached_tokens": miss.cached_tokens,
                    **{kind.replace("-", "_"): miss.lost(kind) for kind in KINDS},
                    "diverged_at": split.position if split else None,
                    "ours": split.ours if split else "",
                    "theirs": split.theirs if split else "",
                    "written_by": split.written_by if split else "",
                }
            )
        return pandas.DataFrame(rows)

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        prompt = sum(miss.prompt_tokens for miss in self.requests)
        cached = sum(miss.cached_tokens for miss in self.requests)
        if not self.requests:
            return "no request was admitted while this was recorded"
        rate = f"{cached / prompt:.1%}" if prompt else "-"
        lines = [str(miss) for miss in self.requests]
        plural = "" if len(self.requests) == 1 else "s"
        lines.append(
            f"{len(self.requests):,} request{plural}: {cached:,} of {prompt:,} prompt tokens cached ({rate}); computed: "
            + _sum(self.totals)
        )
        if self.forgotten:
            lines.append(
                "the recording was long: what left the cache longest ago is forgotten and counts as cold or diverged"
            )
        return "\n".join(lines)


def _sum(totals: dict[str, int]) -> str:
    return ", ".join(f"{tokens:,} {kind}" for kind, tokens in totals.items()) or "nothing"


def _told(part: Part, miss: Miss) -> str:
    head = f"{part.tokens:,} {part.kind}"
    gone, split = part.gone, miss.divergence
    if gone is not None and part.kind == "evicted":
        for_whom = f" for request {gone.for_rid}" if gone.for_rid >= 0 else ""
        idle = f", {gone.idle_ms:,.0f} ms after its last use" if gone.idle_ms is not None else ""
        return f"{head}: cached until {gone.ago_ms:,.0f} ms before, evicted{for_whom}{idle}"
    if gone is not None:
        return f"{head}: the cache was emptied {gone.ago_ms:,.0f} ms before"
    if part.kind == "in-flight":
        return f"{head}: request {part.other} was computing the same tokens"
    if part.kind == "diverged" and split is not None:
        other = f"request {split.other}" if split.other >= 0 else "what was cached before"
        written = f"\n      written by {split.written_by}" if split.written_by else ""
        return (
            f"{head} at token {split.position:,}, behind {split.before!r}:\n"
            f"      here    {split.ours!r}\n      {other:7} {split.theirs!r}{written}"
        )
    return head


def why(trace: Trace, last: int | None = None) -> Misses:
    """Classify what the requests of ``trace`` missed.

    Parameters
    ----------
    trace
        Of an engine.
    last
        Only the last so many requests; None: all.
    """
    fold = WhyFold(trace)
    for event in trace.events:
        fold.apply(event)
    found = Misses(requests=tuple(fold.misses), forgotten=fold.seen.forgotten)
    return found if last is None else found.last(last)


class WhyFold:
    """The classification, event by event.

    Attributes
    ----------
    misses
        So far, in order of admission.
    """

    def __init__(self, trace: Trace) -> None:
        self._text = trace.text
        self._refused = trace.header.engine.get("radix_cache") in ("off", "force-miss")
        self._tree = TreeState()
        self._used_ns: dict[int, int] = {}
        self._asked: dict[int, RequestQueued] = {}
        self._running: dict[int, Tokens] = {}
        self._admitted: set[int] = set()
        self._programs = ProgramTexts()
        self.seen = Seen()
        self.misses: list[Miss] = []

    def apply(self, event: Event) -> None:
        """Fold one event in."""
        self._programs.apply(event)
        match event:
            case RequestQueued():
                self._asked[event.rid] = event
            case RequestAdmitted() if event.rid in self._asked and event.rid not in self._admitted:
                self._admitted.add(event.rid)
                self._admit(event)
            case RequestFinished() | RequestAborted():
                self._end(event)
            case NodeEvicted() if event.node in self._tree.nodes:
                self._evicted(event)
            case CacheReset():
                for path in self._leaf_paths():
                    self.seen.gone(path, 0, len(path), Gone(flushed=True, at_ns=event.t_ns))
        self._tree.apply(event)
        match event:
            case PathAccessed():
                for node in self._tree.path(event.node):
                    self._used_ns[node] = event.t_ns
            case NodeSplit() if event.node in self._used_ns:
                self._used_ns[event.upper] = self._used_ns[event.node]
            case Keyframe():
                for path in self._leaf_paths():
                    self.seen.add(path, -1)

    # --- the cache --------------------------------------------------------------------------------------------------

    def _path_tokens(self, node: int) -> Tokens:
        ids: list[int] = []
        for id_ in reversed(self._tree.path(node)):
            ids.extend(self._tree.nodes[id_].token_ids)
        return tokens_of(ids)

    def _leaf_paths(self) -> Iterable[Tokens]:
        return [self._path_tokens(id_) for id_, node in self._tree.nodes.items() if not node.children and id_]

    def _evicted(self, event: NodeEvicted) -> None:
        path = self._path_tokens(event.node)
        used = self._used_ns.pop(event.node, None)
        idle = None if used is None else (event.t_ns - used) / 1e6
        flushed = event.for_rid < 0
        gone = Gone(flushed=flushed, at_ns=event.t_ns, for_rid=event.for_rid, idle_ms=idle)
        self.seen.gone(path, len(path) - len(self._tree.nodes[event.node].token_ids), len(path), gone)

    # --- requests ---------------------------------------------------------------------------------------------------

    def _admit(self, event: RequestAdmitted) -> None:
        asked = self._asked[event.rid]
        prompt = tokens_of(asked.prompt_ids)
        self.misses.append(self._classify(asked, prompt, event.cached_tokens, event.t_ns))
        self.seen.add(prompt, event.rid)
        self._running[event.rid] = prompt

    def _end(self, event: RequestFinished | RequestAborted) -> None:
        asked = self._asked.get(event.rid)
        if asked is not None and isinstance(event, RequestFinished) and event.rid in self._admitted:
            # The token sampled last was not computed.
            self.seen.add(tokens_of((*asked.prompt_ids, *event.output_ids[:-1])), event.rid)
        self._running.pop(event.rid, None)

    def _classify(self, asked: RequestQueued, prompt: Tokens, cached: int, now_ns: int) -> Miss:
        last = len(prompt) - 1
        wanted = last if asked.logprobs_from < 0 else max(0, min(last, asked.logprobs_from - 1))
        known, stretches = self.seen.along(prompt[:wanted])
        split: Divergence | None = None
        parts: list[Part] = []
        if self._refused and wanted > cached:
            parts.append(Part(kind="refused", start=cached, tokens=wanted - cached))
        else:
            for start, end, gone in stretches:
                if end > cached:
                    parts += self._known(prompt, max(start, cached), end, gone, now_ns)
            at = max(known, cached)
            if wanted > at:
                split = self._divergence(asked, prompt, at) if at else None
                kind = "cold" if split is None else "diverged" if split.theirs else "new"
                parts.append(Part(kind=kind, start=at, tokens=wanted - at))
        if last > max(wanted, cached):
            at = max(wanted, cached)
            parts.append(Part(kind="scored", start=at, tokens=last - at))
        if cached <= last:
            parts.append(Part(kind="last-token", start=last, tokens=1))
        return Miss(
            rid=asked.rid,
            program=self._programs.name(asked.program),
            op=asked.op,
            prompt_tokens=len(prompt),
            cached_tokens=cached,
            parts=tuple(_joined(parts)),
            divergence=split if split is not None and split.theirs else None,
        )

    def _known(self, prompt: Tokens, start: int, end: int, gone: Gone | None, now_ns: int) -> list[Part]:
        """Tokens that were seen before and are not cached now."""
        if gone is not None:
            told = gone.seen_from(now_ns)
            return [Part(kind="flushed" if gone.flushed else "evicted", start=start, tokens=end - start, gone=told)]
        for rid, other in self._running.items():
            if len(other) >= end and (other[:end] == prompt[:end]).all():
                return [Part(kind="in-flight", start=start, tokens=end - start, other=rid)]
        return [Part(kind="not-kept", start=start, tokens=end - start)]

    def _divergence(self, asked: RequestQueued, prompt: Tokens, at: int) -> Divergence:
        theirs, owner = self.seen.beyond(prompt, at, CONTEXT_TOKENS)
        offset = len(self._text(prompt[:at].tolist()))
        return Divergence(
            position=at,
            before=self._text(prompt[max(0, at - CONTEXT_TOKENS) : at].tolist()),
            ours=self._text(prompt[at : at + CONTEXT_TOKENS].tolist()),
            theirs=self._text(theirs.tolist()),
            other=owner,
            written_by=self._programs.writer(asked.program, asked.branch, offset),
        )


def _joined(parts: list[Part]) -> list[Part]:
    """Neighbours of one kind and one cause as one."""
    found: list[Part] = []
    for part in parts:
        before = found[-1] if found else None
        if before is not None and (before.kind, before.gone, before.other) == (part.kind, part.gone, part.other):
            found[-1] = Part(
                kind=part.kind, start=before.start, tokens=before.tokens + part.tokens, gone=part.gone, other=part.other
            )
        else:
            found.append(part)
    return found
