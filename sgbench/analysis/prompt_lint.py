"""What breaks sharing in the prompts just run, and what it cost.

Compares each prompt with the one of its kind before it (the same call of the same program; without a program, the one that shares most).
Estimates are upper bounds: tokens that stood verbatim in the other prompt, behind the place where the two part. The finding shows both
sides; whether the text may be reordered is for its author to say, since another order may change answers.
Knows events and token texts; runs nothing. For a program that has not run, the compiler's own lint counts what a reordering shares.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sgbench.analysis.common_runs import common_runs
from sgbench.analysis.program_text import ProgramTexts
from sgbench.analysis.prompt import Prompt
from sgbench.analysis.token_trie import Tokens, shared_tokens, tokens_of
from sgbench.trace.events import Event, RequestFinished, RequestQueued
from sgbench.trace.trace import Trace

if TYPE_CHECKING:
    import pandas

RUN_TOKENS = 8
"""Shorter runs of equal tokens are chance."""
SHOWN_TOKENS = 12
_VARYING_TOKENS = 36
"""As long as an id may be."""
_VARYING_CHARS = 64
_COMPARED_TOKENS = 4_096
_CANDIDATES = 32

_VARYING: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    ("uuid", "an id", re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.I)),
    ("clock", "a time of day", re.compile(r"\b\d{1,2}:\d{2}(:\d{2})?\b")),
    ("date", "a date", re.compile(r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b")),
    ("id", "an id", re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b", re.I)),
    ("number", "a number", re.compile(r"\b\d{4,}\b")),
)

ADVICE = {
    "varying-head": "move what varies behind what is constant",
    "order": "keep the pieces in one fixed order",
    "whitespace": "write the same spaces and line breaks every time",
    "history-changed": "send earlier turns back as they were; a chat template that strips them loses the cached conversation",
    "retokenized": "the text is the same but its tokens are not: send token ids, or end turns at a token's border",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that breaks sharing.

    Attributes
    ----------
    kind
        A key of `ADVICE`.
    where
        Program and call, or the beginning of the prompt.
    requests
        Requests in which it was seen.
    lost_tokens
        Tokens, all of them together, that stood in the other prompt and could not be shared: at most this is to be saved.
    position
        Where the prompts part in the example, tokens.
    before, ours, theirs
        Text of the example: in front of that place, and behind it on both sides.
    detail
        What the varying text looks like, and who wrote it.
    """

    kind: str
    where: str
    requests: int
    lost_tokens: int
    position: int
    before: str
    ours: str
    theirs: str
    detail: str = ""

    def diff(self) -> str:
        """The example as a diff."""
        return f"  {self.before!r}\n- {self.theirs!r}\n+ {self.ours!r}"

    def __str__(self) -> str:
        detail = f" ({self.detail})" if self.detail else ""
        return (
            f"{self.kind}{detail} in {self.where}: {self.requests:,} requests, up to {self.lost_tokens:,} tokens not shared\n"
            f"{self.diff()}\n  {ADVICE[self.kind]}"
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PromptLint:
    """Findings, the most expensive first.

    Attributes
    ----------
    findings
        Of all prompts.
    requests, prompt_tokens
        Looked at.
    """

    findings: tuple[Finding, ...]
    requests: int
    prompt_tokens: int

    @property
    def lost_tokens(self) -> int:
        """Of all findings; an upper bound."""
        return sum(finding.lost_tokens for finding in self.findings)

    def table(self) -> pandas.DataFrame | str:
        """A row for each finding: a pandas frame, or text without pandas."""
        try:
            import pandas
        except ImportError:
            return str(self)
        names = ("kind", "where", "requests", "lost_tokens", "position", "before", "theirs", "ours", "detail")
        return pandas.DataFrame([{name: getattr(finding, name) for name in names} for finding in self.findings])

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        looked = f"{self.requests:,} prompt{'' if self.requests == 1 else 's'} of {self.prompt_tokens:,} tokens"
        if not self.findings:
            return f"nothing found that breaks sharing in {looked}"
        lines = [str(finding) for finding in self.findings]
        share = self.lost_tokens / max(self.prompt_tokens, 1)
        lines.append(
            f"{looked}: up to {self.lost_tokens:,} ({share:.1%}) could be shared; another order may change answers"
        )
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Clash:
    """Two prompts that part at ``at``; ``lost`` tokens behind it stand in the other."""

    kind: str
    seen: Prompt
    other: Tokens
    at: int
    lost: int
    detail: str


def prompt_lint(trace: Trace) -> PromptLint:
    """Look at every prompt of ``trace``."""
    lint = _Lint(trace)
    for event in trace.events:
        lint.apply(event)
    return lint.result()


class _Lint:
    def __init__(self, trace: Trace) -> None:
        self._text = trace.text
        self._programs = ProgramTexts()
        self._kinds: dict[tuple[Any, ...], deque[Prompt]] = defaultdict(lambda: deque(maxlen=_CANDIDATES))
        self._answers: dict[int, Tokens] = {}
        self._asked: dict[int, Prompt] = {}
        self._branches: dict[tuple[int, int], int] = {}
        self._clashes: list[_Clash] = []
        self._requests = self._prompt_tokens = 0

    def apply(self, event: Event) -> None:
        self._programs.apply(event)
        match event:
            case RequestQueued() if event.max_new_tokens > 0:
                self._look(event)
            case RequestFinished() if event.rid in self._asked:
                self._answers[event.rid] = tokens_of(event.output_ids)

    def _look(self, asked: RequestQueued) -> None:
        self._requests += 1
        self._prompt_tokens += len(asked.prompt_ids)
        seen = Prompt.of(asked, self._kind(asked))
        if not self._continues(seen):
            self._compare(seen)
        self._asked[asked.rid] = seen
        self._kinds[seen.kind].append(seen)
        if asked.program >= 0:
            self._branches[asked.program, asked.branch] = asked.rid

    def _kind(self, asked: RequestQueued) -> tuple[Any, ...]:
        if asked.program < 0:
            return ("",)
        return self._programs.name(asked.program), asked.branch, asked.op

    # --- a conversation that goes on --------------------------------------------------------------------------------

    def _continues(self, seen: Prompt) -> bool:
        """Does it go on from an earlier answer of its own? Then compare with that; True if it does."""
        earlier = self._earlier(seen)
        if earlier is None:
            return False
        asked = self._asked[earlier].tokens
        said, whole = len(asked), np.concatenate([asked, self._answers[earlier]])
        shared = shared_tokens(whole, seen.tokens)
        if shared >= len(whole) - 1:
            return True  # the last token, which ends a turn, may be spelled by the template
        if shared < said:
            return False
        rest = len(whole) - shared
        text, ours = self._text(whole[said:-1].tolist()), self._text(seen.tokens[said:].tolist())
        kind = "retokenized" if ours.startswith(text) else "history-changed"
        self._clashes.append(_Clash(kind, seen, whole, shared, rest, ""))
        return True

    def _earlier(self, seen: Prompt) -> int | None:
        """The request whose answer this prompt should contain: the last of its branch, or one it waited for, or one that fits."""
        asked = seen.asked
        own = self._branches.get((asked.program, asked.branch)) if asked.program >= 0 else None
        for rid in [own, *reversed(asked.after)]:
            if rid in self._answers and seen.goes_on_from(self._asked[rid]):
                return rid
        if asked.program < 0:
            for rid in itertools.islice(reversed(self._answers), _CANDIDATES):
                if seen.goes_on_from(self._asked[rid]):
                    return rid
        return None

    # --- prompts of one kind ----------------------------------------------------------------------------------------

    def _compare(self, seen: Prompt) -> None:
        at, other = seen.nearest(reversed(self._kinds[seen.kind]))
        if other is None:
            return
        ours, theirs = seen.tokens[at:], other.tokens[at:]
        if not len(ours) or not len(theirs):
            return
        text_ours, text_theirs = self._text(ours.tolist()), self._text(theirs.tolist())
        if _squeezed(text_ours) == _squeezed(text_theirs):
            self._clashes.append(_Clash("whitespace", seen, other.tokens, at, len(ours), ""))
            return
        lost, head = _common(ours, theirs)
        if lost < RUN_TOKENS:
            return
        before = self._text(seen.tokens[max(0, at - SHOWN_TOKENS) : at].tolist())
        if _reordered(text_ours, text_theirs):
            varying = across(before, text_ours, text_theirs)
            kind = "varying-head" if varying else "order"
            detail = f"{varying}; what is behind it comes in another order" if varying else ""
            self._clashes.append(_Clash(kind, seen, other.tokens, at, lost, detail))
            return
        near = slice(max(0, at - SHOWN_TOKENS), at + max(head, _VARYING_TOKENS))
        detail = looks_like(self._text(seen.tokens[near].tolist()), self._text(other.tokens[near].tolist()))
        self._clashes.append(_Clash("varying-head", seen, other.tokens, at, lost, detail))

    # --- the end ----------------------------------------------------------------------------------------------------

    def result(self) -> PromptLint:
        groups: dict[tuple[Any, ...], list[_Clash]] = defaultdict(list)
        for clash in self._clashes:
            groups[clash.kind, clash.seen.kind].append(clash)
        found = sorted((self._finding(group) for group in groups.values()), key=lambda f: -f.lost_tokens)
        return PromptLint(findings=tuple(found), requests=self._requests, prompt_tokens=self._prompt_tokens)

    def _finding(self, group: list[_Clash]) -> Finding:
        example = max(group, key=lambda clash: clash.lost)
        asked, at = example.seen.asked, example.at
        prompt = example.seen.tokens
        writer = self._programs.writer(asked.program, asked.branch, len(self._text(prompt[:at].tolist())))
        details = [example.detail, f"written by {writer}" if writer else ""]
        name = self._programs.name(asked.program)
        where = f"{name}, call {asked.op}" if name else f"prompts like {self._text(prompt[:8].tolist())!r}"
        return Finding(
            kind=example.kind,
            where=where,
            requests=len(group),
            lost_tokens=sum(clash.lost for clash in group),
            position=at,
            before=self._text(prompt[max(0, at - SHOWN_TOKENS) : at].tolist()),
            ours=self._text(prompt[at : at + SHOWN_TOKENS].tolist()),
            theirs=self._text(example.other[at : at + SHOWN_TOKENS].tolist()),
            detail=", ".join(filter(None, details)),
        )


def _common(ours: Tokens, theirs: Tokens) -> tuple[int, int]:
    """Tokens of ``ours`` in runs of at least `RUN_TOKENS` that stand in ``theirs`` in the same order, and what comes before the first."""
    runs = common_runs(ours[:_COMPARED_TOKENS], theirs[:_COMPARED_TOKENS], RUN_TOKENS)
    return sum(run.size for run in runs), runs[0].ours if runs else 0


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _reordered(ours: str, theirs: str) -> bool:
    """Do both consist mostly of the same lines, in another order?"""
    a, b = ([line.strip() for line in text.splitlines() if line.strip()] for text in (ours, theirs))
    both = set(a) & set(b)
    if len(both) < 2 or 2 * len(both) < max(len(set(a)), len(set(b))):
        return False
    return list(dict.fromkeys(x for x in a if x in both)) != list(dict.fromkeys(x for x in b if x in both))


def across(before: str, ours: str, theirs: str) -> str:
    """What the text looks like that both have, unlike, where they part behind ``before``: see `looks_like`."""
    for _, words, pattern in _VARYING:
        stands = [
            [m.group() for m in pattern.finditer(before + text[:_VARYING_CHARS]) if m.start() <= len(before) < m.end()]
            for text in (ours, theirs)
        ]
        if all(stands) and stands[0] != stands[1]:
            return f"looks like {words}"
    return ""


def looks_like(ours: str, theirs: str) -> str:
    """What the varying text looks like: a clock, a date, an id, a number; empty: none of these."""
    for _, words, pattern in _VARYING:
        mine, others = pattern.findall(ours), pattern.findall(theirs)
        if (
            mine
            and others
            and [m.group() for m in pattern.finditer(ours)] != [m.group() for m in pattern.finditer(theirs)]
        ):
            return f"looks like {words}"
    return ""
