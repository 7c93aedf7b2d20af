"""A lint for programs (paper appendix D): which constant text could move in front of varying text, so that runs share more.

Nothing is changed unless asked: moving text may change what a model answers, so the proposal comes as a diff, with the tokens
that it would save on a real batch. Only the first turn whose text varies is looked at: what comes after it is never shared.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sgbench.lang import interpreter
from sgbench.lang.ir import SglArgument, SglConstantText, SglExpr, SglRoleEnd, SglVariable
from sgbench.lang.segment import Move, rearranged
from sgbench.lang.traced_state import trace_program

if TYPE_CHECKING:
    from sgbench.lang.compiler import CompiledFunction


@dataclass(frozen=True, slots=True)
class Sharing:
    """What the first prompts of a batch share.

    Attributes
    ----------
    prompt_tokens
        Tokens of all prompts.
    shared_tokens
        Those of them that an earlier prompt of the batch has in the same place after the same text: the most that a radix
        cache can reuse.
    """

    prompt_tokens: int
    shared_tokens: int

    @property
    def computed_tokens(self) -> int:
        """Tokens that must be computed."""
        return self.prompt_tokens - self.shared_tokens


@dataclass(frozen=True, slots=True)
class Savings:
    """`Sharing` of a batch as the program is, and as it would be."""

    before: Sharing
    after: Sharing

    @property
    def saved_tokens(self) -> int:
        """Prompt tokens that need not be computed any more; negative where the tokenizer makes it worse."""
        return self.before.computed_tokens - self.after.computed_tokens

    def __str__(self) -> str:
        return (
            f"{self.saved_tokens:,} of {self.before.computed_tokens:,} computed prompt tokens saved: "
            f"shared {self.before.shared_tokens:,} of {self.before.prompt_tokens:,} before, "
            f"{self.after.shared_tokens:,} of {self.after.prompt_tokens:,} after"
        )


class _Rewriter:
    """Holds the pieces of a turn back while a program is traced, and gives them in the new order."""

    def __init__(self) -> None:
        self._held: list[SglExpr] = []
        self._done = False
        self.before: list[SglExpr] = []
        self.after: list[SglExpr] = []
        self.moves: list[Move] = []

    def holds(self, expr: SglExpr) -> bool:
        """Is ``expr`` a piece of the turn, kept until `release`?"""
        mine = not self._done and isinstance(expr, SglConstantText | SglArgument | SglVariable)
        if mine:
            self._held.append(expr)
        return mine

    def release(self, following: SglExpr | None) -> list[SglExpr]:
        """The pieces held, in the new order; ``following`` comes after them (None: nothing)."""
        held, self._held = self._held, []
        if all(isinstance(piece, SglConstantText) for piece in held):
            return held
        self._done = True
        self.before = held
        self.after, self.moves = rearranged(held, not isinstance(following, SglRoleEnd))
        return self.after


class Reordering:
    """A proposal for one compiled program.

    Parameters
    ----------
    compiled
        The program. Its Python body is traced once more.

    Attributes
    ----------
    moves
        The texts that could move, in order; empty: there is nothing to propose.
    """

    def __init__(self, compiled: CompiledFunction) -> None:
        from sgbench.lang.compiler import CompiledFunction

        rewriter = _Rewriter()
        trace = trace_program(compiled.program, {}, rewriter)
        self._old = compiled
        self._new = CompiledFunction(compiled.program, trace, compiled.backend)
        self._before, self._after = _template(rewriter.before), _template(rewriter.after)
        self.moves: tuple[Move, ...] = tuple(rewriter.moves)

    def __bool__(self) -> bool:
        return bool(self.moves)

    def diff(self) -> str:
        """The turn before and after, as a unified diff; arguments stand in braces."""
        lines = difflib.unified_diff(
            self._before.splitlines(), self._after.splitlines(), "as written", "proposed", lineterm="", n=99
        )
        return "\n".join(lines)

    def savings(self, batch: Sequence[Mapping[str, Any]], backend: Any = None) -> Savings:
        """What the proposal would save on the first prompts of ``batch``, counted with the backend's tokenizer.

        Raises
        ------
        BackendError
            The backend does not tell its tokens.
        """
        place = interpreter.resolve_backend(backend or self._old.backend)

        def sharing(compiled: CompiledFunction) -> Sharing:
            return shared([place.tokenize(compiled.prompt(item, place)) for item in batch])

        return Savings(sharing(self._old), sharing(self._new))

    def apply(self) -> CompiledFunction:
        """The program in the proposed order. Its answers may differ: compare them before you rely on it."""
        return self._new

    def __str__(self) -> str:
        if not self.moves:
            return f"{self._old.program!r}: no constant text stands after varying text in the first turn that varies"
        proposals = "\n".join(f"  {move}" for move in self.moves)
        return f"{self._old.program!r}: these could stand before the varying text:\n{proposals}\n{self.diff()}"

    __repr__ = __str__


def shared(prompts: Sequence[Sequence[int]]) -> Sharing:
    """`Sharing` of tokenized prompts: all tokens less the nodes of their trie."""
    total = sum(map(len, prompts))
    distinct = 0
    before: Sequence[int] = ()
    for prompt in sorted(map(tuple, prompts)):
        common = next((i for i, (a, b) in enumerate(zip(before, prompt, strict=False)) if a != b), None)
        distinct += len(prompt) - (min(len(before), len(prompt)) if common is None else common)
        before = prompt
    return Sharing(total, total - distinct)


def _template(pieces: Sequence[SglExpr]) -> str:
    return "".join(
        piece.value if isinstance(piece, SglConstantText) else "{" + str(getattr(piece, "name", piece)) + "}"
        for piece in pieces
    )
