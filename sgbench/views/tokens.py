"""Where did each token come from: the text of programs, piece by piece, with its origin; forks as branches.

Text of a template counts as *cached* or *prefilled* by the first request that read it. Knows events and texts; no pixels.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from sgbench.trace import events as ev
from sgbench.trace.events import Event
from sgbench.trace.vocab import Vocab
from sgbench.views.cells import Cell, Clock, in_turn
from sgbench.views.outputs import Output

TAIL_TOKENS = 32
"""Most tokens of a running call that travel each time."""


class Call(NamedTuple):
    """What the request behind a piece of text cost. Milliseconds; -1: not known."""

    rid: int
    latency_ms: float
    first_token_ms: float
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int


@dataclass(slots=True)
class TextSpan:
    """Text that was appended at once.

    Attributes
    ----------
    origin
        ``template``, ``decoded``, ``jumped`` or ``selected``.
    pieces
        ``(origin, characters)``: a template's text is cut into ``cached`` and ``prefilled`` once a request has read it.
    call
        The request that wrote it; None for a template's text.
    tokens
        ``(characters, logprob)`` of each token, if the run recorded logprobs; a character belongs to the token that ends it.
    """

    origin: str
    text: str
    name: str
    pieces: list[tuple[str, int]]
    call: Call | None = None
    tokens: list[tuple[int, float]] = field(default_factory=list)


@dataclass(slots=True)
class Branch:
    """A prompt state.

    Attributes
    ----------
    parent
        The branch it was copied from; -1: none.
    at
        How many spans its parent had then.
    before
        The parent's text then, that of its own parents included.
    read
        Characters of its own text that requests have read.
    """

    program: int
    number: int
    parent: int = -1
    at: int = 0
    before: str = ""
    own: str = ""
    read: int = 0
    joined: str = ""
    spans: list[TextSpan] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All of it, from the program's beginning."""
        return self.before + self.own


@dataclass(slots=True)
class _Request:
    program: int
    branch: int
    prompt_ids: tuple[int, ...]
    queued_ms: float
    output: Output
    first_ms: float = -1
    end_ms: float = -1
    cached_tokens: int = -1
    output_tokens: int = 0
    unread: list[tuple[int, float]] = field(
        default_factory=list
    )  # characters and logprobs of tokens that no text has taken yet

    def take(self, characters: int) -> list[tuple[int, float]]:
        """The tokens of the next characters of its output; one that reaches beyond is cut."""
        taken: list[tuple[int, float]] = []
        while characters > 0 and self.unread:
            length, logprob = self.unread.pop(0)
            if length > characters:
                self.unread.insert(0, (length - characters, logprob))
                length = characters
            taken.append((length, logprob))
            characters -= length
        return taken

    def call(self, rid: int, now_ms: float) -> Call:
        until = self.end_ms if self.end_ms >= 0 else now_ms
        first = round(self.first_ms - self.queued_ms, 2) if self.first_ms >= 0 else -1
        latency = round(until - self.queued_ms, 2)
        return Call(rid, latency, first, len(self.prompt_ids), max(self.cached_tokens, 0), self.output_tokens)


class TokensFold:
    """The state behind the `Tokens` widget.

    Attributes
    ----------
    programs
        ``[name, state]`` by number; the state is ``runs``, ``done`` or an error.
    branches
        By program and number, in the order in which they came.
    """

    concerns: ClassVar[frozenset[type[Event]]] = frozenset(
        {
            ev.ProgramStarted,
            ev.ProgramFinished,
            ev.BranchForked,
            ev.BranchJoined,
            ev.SpanAppended,
            ev.RequestQueued,
            ev.RequestAdmitted,
            ev.RequestFinished,
            ev.RequestAborted,
            ev.StepFinished,
            ev.Retokenized,
            ev.JumpForward,
        }
    )

    def __init__(self, vocab: Vocab) -> None:
        self.programs: dict[int, list[str]] = {}
        self.branches: dict[tuple[int, int], Branch] = {}
        self._requests: dict[int, _Request] = {}
        self._vocab = vocab
        self._clock = Clock()

    def apply(self, event: Event) -> Iterator[Cell]:
        """Fold the next event in."""
        ms = self._clock.ms(event)
        match event:
            case ev.ProgramStarted():
                self.programs[event.program] = [event.name, "runs"]
                yield Cell("program", event.program, self.programs[event.program][:])
            case ev.ProgramFinished():
                program = self.programs.setdefault(event.program, ["", ""])
                program[1] = event.error or "done"
                yield Cell("program", event.program, program[:])
            case ev.BranchForked():
                yield from self._forked(event)
            case ev.BranchJoined():
                yield from self._joined(event)
            case ev.SpanAppended():
                yield from self._appended(event, ms)
            case ev.RequestQueued() if event.program >= 0:
                self._requests[event.rid] = _Request(
                    event.program, event.branch, event.prompt_ids, ms, Output(self._vocab)
                )
            case ev.RequestAdmitted() if event.rid in self._requests:
                yield from self._admitted(event)
            case ev.StepFinished():
                if self._requests:
                    yield from self._stepped(event, ms)
            case ev.Retokenized() if event.rid in self._requests:
                self._requests[event.rid].output.retokenized(event)
            case ev.JumpForward() if event.rid in self._requests:
                self._requests[event.rid].output.jumped(event)
                yield self._tail(event.rid)
            case ev.RequestFinished() | ev.RequestAborted() if event.rid in self._requests:
                self._ended(self._requests[event.rid], event, ms)
                yield Cell("tail", event.rid, [])

    def _branch(self, program: int, number: int) -> Branch:
        return self.branches.setdefault((program, number), Branch(program, number))

    def _forked(self, event: ev.BranchForked) -> Iterator[Cell]:
        parent = self._branch(event.program, event.parent)
        for number in event.branches:
            branch = Branch(event.program, number, event.parent, len(parent.spans), parent.text)
            self.branches[event.program, number] = branch
            yield _branch_cell(branch)

    def _joined(self, event: ev.BranchJoined) -> Iterator[Cell]:
        for number in event.branches:
            branch = self._branch(event.program, number)
            branch.joined = event.mode
            yield _branch_cell(branch)

    def _appended(self, event: ev.SpanAppended, ms: float) -> Iterator[Cell]:
        known = (event.program, event.branch) in self.branches
        branch = self._branch(event.program, event.branch)
        if not known:
            yield _branch_cell(branch)
        request = self._requests.get(event.rid)
        call = request.call(event.rid, ms) if request is not None else None
        span = TextSpan(event.origin, event.text, event.name, [(event.origin, len(event.text))], call)
        if request is not None and event.origin in ("decoded", "jumped"):
            span.tokens = request.take(len(event.text))
        branch.spans.append(span)
        branch.own += event.text
        yield _span_cell(branch, len(branch.spans) - 1)

    def _admitted(self, event: ev.RequestAdmitted) -> Iterator[Cell]:
        """The first request that reads a template's text tells where it came from."""
        request = self._requests[event.rid]
        if request.cached_tokens >= 0:
            return  # after a preemption it finds what it computed itself
        request.cached_tokens = event.cached_tokens
        branch = self.branches.get((request.program, request.branch))
        if branch is None:
            return
        # A tokenizer may put text before the prompt's own (a beginning-of-sequence token); a choice may stand behind it.
        prompt = self._vocab.text(request.prompt_ids)
        offset = max(prompt.find(branch.text[:64]), 0)
        cached = len(self._vocab.text(request.prompt_ids[: event.cached_tokens])) - offset
        yield from self._read(branch, cached, len(prompt) - offset)

    def _read(self, branch: Branch, cached: int, until: int) -> Iterator[Cell]:
        """Characters up to ``until`` of the whole text are read now, those up to ``cached`` from the cache."""
        before = len(branch.before)
        if branch.parent >= 0:
            yield from self._read(self._branch(branch.program, branch.parent), cached, min(until, before))
        read, start = branch.read, 0
        branch.read = max(read, min(until - before, len(branch.own)))
        for i, span in enumerate(branch.spans):
            end = start + len(span.text)
            if span.origin == "template" and start >= read and end <= branch.read:
                found = min(max(cached - before - start, 0), len(span.text))
                pieces = [("cached", found), ("prefilled", len(span.text) - found)]
                span.pieces = [piece for piece in pieces if piece[1]]
                yield _span_cell(branch, i)
            start = end

    def _stepped(self, event: ev.StepFinished, ms: float) -> Iterator[Cell]:
        for rid, token in zip(event.rids, event.token_ids, strict=True):
            request = self._requests.get(rid)
            if request is None or token < 0 or request.end_ms >= 0:
                continue
            if request.first_ms < 0:
                request.first_ms = ms
            request.output.sampled(token)
            if in_turn(rid, event):
                yield self._tail(rid)

    def _ended(self, request: _Request, event: ev.RequestFinished | ev.RequestAborted, ms: float) -> None:
        request.end_ms, request.output_tokens = ms, len(event.output_ids)
        if isinstance(event, ev.RequestFinished):
            request.unread = self._spelled(event)
        if request.first_ms < 0 and event.output_ids:
            request.first_ms = ms  # the event of the step that sampled its only token is still to come

    def _spelled(self, event: ev.RequestFinished) -> list[tuple[int, float]]:
        """Characters and logprob of each token of an answer."""
        found: list[tuple[int, float]] = []
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        for token_id, logprob in zip(event.output_ids, event.output_logprobs, strict=False):
            characters = len(decoder.decode(self._vocab(token_id).encode("utf-8", "surrogateescape")))
            found.append((characters, round(logprob, 4)))
        return found

    def _tail(self, rid: int) -> Cell:
        request = self._requests[rid]
        text = self._vocab.text(request.output.token_ids[-TAIL_TOKENS:])
        return Cell("tail", rid, [request.program, request.branch, text])

    def counts(self) -> dict[str, int]:
        """Characters of each origin."""
        found: dict[str, int] = {}
        for branch in self.branches.values():
            for span in branch.spans:
                for origin, length in span.pieces:
                    found[origin] = found.get(origin, 0) + length
        return found

    def summary(self) -> str:
        """One line."""
        counts = self.counts()
        total = sum(counts.values())
        shares = (
            ", ".join(f"{count / total:.0%} {origin}" for origin, count in counts.items()) if total else "no text yet"
        )
        count = len(self.programs)
        return f"Tokens: {count:,} program{'' if count == 1 else 's'}; of the text {shares}"


def _branch_cell(branch: Branch) -> Cell:
    value = [branch.program, branch.number, branch.parent, branch.at, branch.joined]
    return Cell("branch", f"{branch.program}.{branch.number}", value)


def _span_cell(branch: Branch, index: int) -> Cell:
    span = branch.spans[index]
    call: list[Any] = list(span.call) if span.call is not None else []
    pieces = [list(piece) for piece in span.pieces]
    tokens = [list(token) for token in span.tokens]
    value = [branch.program, branch.number, index, span.origin, span.text, span.name, pieces, call, tokens]
    return Cell("span", f"{branch.program}.{branch.number}.{index}", value)
