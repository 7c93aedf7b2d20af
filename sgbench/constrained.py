"""``sgl.constrained``: compile regexes and JSON Schemas to finite state machines, look at them, ask them.

The engine compiles what ``gen(regex=...)`` and ``gen(json_schema=...)`` ask for by itself; these functions are for people
who want to see a machine, check a text, or find out beforehand whether a constraint can be expressed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sgbench.engine.constrained.compiler import regex_machine, schema_machine
from sgbench.engine.constrained.json_schema import Layout, schema_term
from sgbench.engine.constrained.machine import Machine
from sgbench.engine.constrained.regex_print import print_regex
from sgbench.engine.constrained.schema_source import schema_data

if TYPE_CHECKING:
    from sgbench.engine.constrained.token_mask import TokenMasks
    from sgbench.engine.constrained.vocabulary import SpelledTokens

__all__ = ["Machine", "compile_json_schema", "compile_regex", "regex_from_json_schema", "token_masks"]


def compile_regex(pattern: str, tokenizer: SpelledTokens | None = None) -> Machine:
    r"""The machine of the texts that ``re.fullmatch(pattern, text, re.ASCII)`` matches.

    ``\d``, ``\w``, ``\s`` and case folding are ASCII; ``.`` is every character but a newline; ``^`` and ``$`` may stand
    at the ends, where they say nothing.

    Parameters
    ----------
    pattern
        A regex as `re` writes it.
    tokenizer
        An engine's (``engine.tokenizer``): then it is checked that its vocabulary can spell the language.

    Raises
    ------
    ConstraintError
        Malformed; outside what a finite machine expresses (look-around, back-references, word boundaries, ...); too large;
        or nothing can match. ``position`` says where, the message why and what to write instead.
    """
    machine = regex_machine(pattern)
    if tokenizer is not None:
        token_masks(machine, tokenizer)
    return machine


def compile_json_schema(
    schema: Any,
    tokenizer: SpelledTokens | None = None,
    *,
    separators: tuple[str, str] = (", ", ": "),
    max_depth: int | None = None,
) -> Machine:
    """The machine of JSON texts that satisfy a schema.

    Parameters
    ----------
    schema
        A dict, JSON text, a Pydantic model, a ``TypedDict``, a dataclass, or any type Pydantic can describe.
    tokenizer
        An engine's (``engine.tokenizer``): then it is checked that its vocabulary can spell the language.
    separators
        As in `json.dumps`; ``(",", ":")`` is compact.
    max_depth
        Bound for recursive schemas and unconstrained values, which are refused without it.

    Raises
    ------
    ConstraintError
        A keyword is malformed or cannot be expressed; the message names it and where it stands.
    """
    machine = schema_machine(schema_data(schema), Layout(*separators, max_depth))
    if tokenizer is not None:
        token_masks(machine, tokenizer)
    return machine


def regex_from_json_schema(
    schema: Any, *, separators: tuple[str, str] = (", ", ": "), max_depth: int | None = None
) -> str:
    """A regex for the same texts as `compile_json_schema`.

    Raises
    ------
    ConstraintError
        As there; and where rules are combined in a way that a machine holds but no regex says briefly.
    """
    return print_regex(schema_term(schema_data(schema), Layout(*separators, max_depth)))


def token_masks(machine: Machine, tokenizer: SpelledTokens) -> TokenMasks:
    """Which tokens of a vocabulary the machine allows, state by state.

    Raises
    ------
    ConstraintError
        The vocabulary cannot spell any text of the machine; the message names the missing bytes.
    """
    from sgbench.engine.constrained.token_mask import TokenMasks
    from sgbench.engine.constrained.vocabulary import Vocabulary

    return TokenMasks(machine, Vocabulary.of(tokenizer))
