"""What the engine asks of a request's constraint, whatever holds it: a finite machine of ours, or a grammar of a library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sgbench.engine.constrained.jump_forward import Jump
from sgbench.engine.token_set import TokenSet


class Language(Protocol):
    """The texts that are asked for.

    Attributes
    ----------
    kind
        ``regex``, ``json_schema`` or ``ebnf``.
    source
        As it was given.
    n_states
        States of the machine; 0: it is not finite.
    """

    @property
    def kind(self) -> str: ...

    @property
    def source(self) -> str: ...

    @property
    def n_states(self) -> int: ...

    def accepts(self, text: str) -> bool: ...


class OutputConstraint(Protocol):
    """One request's walk: see `sgbench.engine.constrained.constraint.Constraint`, which says what each of these does."""

    @property
    def machine(self) -> Language: ...

    @property
    def mode(self) -> str: ...

    @property
    def state(self) -> int: ...

    @property
    def ended(self) -> bool: ...

    @property
    def may_jump(self) -> bool: ...

    @property
    def may_jump_next(self) -> bool: ...

    def allowed(self, room: int) -> TokenSet: ...

    def advance(self, token_id: int) -> None: ...

    def rewind(self, n_output: int) -> None: ...

    def jump(self, prompt_ids: Sequence[int], output_ids: Sequence[int], room: int) -> Jump | None: ...
