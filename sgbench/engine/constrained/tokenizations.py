"""All ways to spell texts in tokens: of one text, or of every text of a finite machine.

Their number grows exponentially with the length, so it is counted first, in linear time, and refused above a limit.
"""

from __future__ import annotations

from sgbench.engine.constrained.limits import shorten
from sgbench.engine.constrained.token_mask import TokenMasks
from sgbench.engine.constrained.vocabulary import Vocabulary
from sgbench.errors import ConstraintError

Ids = tuple[int, ...]


def spellings(data: bytes, vocabulary: Vocabulary, limit: int) -> list[Ids]:
    """Every token sequence that spells ``data``.

    Raises
    ------
    ConstraintError
        There are more than ``limit``; the message says how many.
    """
    pieces = [vocabulary.prefixes_of(data[at:]) for at in range(len(data))]
    count = [0] * len(data) + [1]
    for at in reversed(range(len(data))):
        count[at] = sum(count[at + len(vocabulary.tokens[i])] for i in pieces[at])
    if count[0] > limit:
        what = shorten(data.decode("utf-8", "backslashreplace"))
        raise ConstraintError(f"{what!r} can be spelled in {_number(count[0])} ways in tokens; the limit is {limit:,}")
    found: list[Ids] = []
    path: list[int] = []

    def follow(at: int) -> None:
        if at == len(data):
            found.append(tuple(path))
            return
        for token in pieces[at]:
            end = at + len(vocabulary.tokens[token])
            if count[end]:
                path.append(token)
                follow(end)
                path.pop()

    follow(0)
    return found


def tokenizations(masks: TokenMasks, limit: int) -> list[Ids]:
    """Every token sequence that spells a text of a machine.

    Raises
    ------
    ConstraintError
        The machine accepts endlessly many texts, or there are more than ``limit`` sequences.
    """
    machine, tokens = masks.machine, masks.vocabulary.tokens
    source = shorten(machine.source)
    total = _count(masks)
    if total is None:
        raise ConstraintError(f"{source!r} matches endlessly many texts: only finite ones can be listed")
    if total > limit:
        raise ConstraintError(
            f"the texts of {source!r} can be spelled in {_number(total)} ways in tokens; the limit is {limit:,}"
        )
    found: list[Ids] = []
    path: list[int] = []

    def follow(state: int) -> None:
        if machine.is_accepting(state):
            found.append(tuple(path))
        for token in masks.allowed(state).tolist():
            path.append(token)
            follow(machine.step(state, tokens[token]))
            path.pop()

    follow(machine.start)
    return found


def _count(masks: TokenMasks) -> int | None:
    """How many token sequences the machine has; None: endlessly many."""
    machine = masks.machine
    ends: dict[int, list[int]] = {}
    counts: dict[int, int] = {}
    open_states: set[int] = set()
    stack = [machine.start]
    while stack:
        state = stack[-1]
        if state in counts:
            stack.pop()
        elif state in open_states:
            counts[state] = machine.is_accepting(state) + sum(counts[end] for end in ends[state])
            open_states.discard(state)
            stack.pop()
        else:
            open_states.add(state)
            ends[state] = masks.moves(state)[1].tolist()
            missing = {end for end in ends[state] if end not in counts}
            if missing & open_states:
                return None
            stack.extend(missing)
    return counts[machine.start]


def _number(value: int) -> str:
    return f"{value:,}" if value < 10**12 else f"about 10^{len(str(value)) - 1}"
