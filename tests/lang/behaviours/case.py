"""One behaviour: a program, what must hold of it wherever it runs, and where it can run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sgbench as sgl

GREEDY: dict[str, Any] = {"temperature": 0}

CASES: list[Case] = []


@dataclass(frozen=True, slots=True)
class Case:
    """A behaviour.

    Attributes
    ----------
    run
        Runs the program on a place and asserts what must hold; what it returns must be equal on every place over the same model.
    script
        What a scripted backend answers.
    chat
        Can a chat model behind OpenAI's API run it?
    completions
        Can a completion model behind OpenAI's API?
    scores
        Of a scripted backend's choices.
    """

    run: Callable[[Any], Any]
    script: Any
    chat: bool
    completions: bool
    scores: Callable[[str, str], float] | None

    @property
    def name(self) -> str:
        return self.run.__name__


def behaviour(
    script: Any = ("word",),
    *,
    chat: bool = False,
    completions: bool = True,
    scores: Callable[[str, str], float] | None = None,
) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """The decorated function is the behaviour that its name says."""

    def keep(run: Callable[[Any], Any]) -> Callable[[Any], Any]:
        CASES.append(Case(run, script, chat, completions, scores))
        return run

    return keep


def go(body: Callable[..., Any], place: Any, *args: Any, **options: Any) -> sgl.ProgramState:
    """The body as a program, run greedily to its end without error."""
    state = sgl.function(body).run(*args, backend=place, **{**GREEDY, **options})
    assert state.error() is None, state.error()
    return state


def told(state: sgl.ProgramState, *names: str | None) -> tuple[Any, ...]:
    """The text and the variables."""
    return (state.text(), *(state[name] for name in names))


def failed(state: sgl.ProgramState, kind: type[BaseException], words: str) -> str:
    """The state failed as it must; its text so far."""
    error = state.error()
    assert isinstance(error, kind) and words in str(error), error
    return state.text()


def first(choices: Sequence[str]) -> Callable[[str, str], float]:
    """Scores under which the earlier choice is better."""
    return lambda _prompt, choice: -float(list(choices).index(choice)) - 1.0
