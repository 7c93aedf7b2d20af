"""``sgl.constrained``: compile regexes and JSON Schemas to finite state machines, look at them, ask them.

The engine compiles what ``gen(regex=...)`` and ``gen(json_schema=...)`` ask for by itself; these functions are for people
who want to see a machine, check a text, or find out beforehand whether a constraint can be expressed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sgbench.engine.constrained.compiler import regex_machine, schema_machine
from sgbench.engine.constrained.distribution import Decoding, Distributions, conditional
from sgbench.engine.constrained.json_schema import schema_term
from sgbench.engine.constrained.layout import Layout
from sgbench.engine.constrained.machine import Machine
from sgbench.engine.constrained.regex_print import print_regex
from sgbench.engine.constrained.schema_source import schema_data
from sgbench.engine.constrained.tokenizations import tokenizations
from sgbench.errors import ConstraintError

if TYPE_CHECKING:
    from sgbench.engine.constrained.constraint import Constraint
    from sgbench.engine.constrained.token_mask import TokenMasks
    from sgbench.engine.constrained.vocabulary import SpelledTokens

__all__ = [
    "Distributions",
    "Machine",
    "compile_json_schema",
    "compile_regex",
    "distributions",
    "laid_out",
    "regex_from_json_schema",
    "token_masks",
]

WAYS = ("off", "safe", "text", "canonical")


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
    machine = schema_machine(schema_data(schema), Layout.of(separators, max_depth))
    if tokenizer is not None:
        token_masks(machine, tokenizer)
    return machine


def laid_out(
    schema: Any, *, separators: tuple[str, str] = (", ", ": "), max_depth: int | None = None
) -> dict[str, Any]:
    """A schema for ``gen(json_schema=...)`` that says how its texts are laid out, and how deep recursion may go.

    Parameters
    ----------
    schema, separators, max_depth
        As for `compile_json_schema`.

    Returns
    -------
    dict
        The schema as data, with the keyword ``x-layout``.

    Raises
    ------
    ConstraintError
        It is no schema, or one without keywords (True, False).
    """
    return Layout.of(separators, max_depth).written_into(schema_data(schema))


def regex_from_json_schema(
    schema: Any, *, separators: tuple[str, str] = (", ", ": "), max_depth: int | None = None
) -> str:
    """A regex for the same texts as `compile_json_schema`.

    Raises
    ------
    ConstraintError
        As there; and where rules are combined in a way that a machine holds but no regex says briefly.
    """
    return print_regex(schema_term(schema_data(schema), Layout.of(separators, max_depth)))


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


def distributions(engine: Any, prompt: str, regex: str, *, ends: bool = True, limit: int = 4096) -> Distributions:
    """How far constrained decoding of a finite regex strays from the model: exact, no sampling (paper, appendix B.3).

    Every token sequence that spells a match is scored after the prompt, once. Nothing else of the engine's state changes but its cache.

    Parameters
    ----------
    engine
        A `sgbench.Engine`.
    prompt, regex
        As for ``gen(regex=...)``.
    ends
        The model's own distribution is over texts that it ends there (with a stop token). False: over texts that it writes, whatever
        follows; then no match may begin another.
    limit
        Most token sequences.

    Raises
    ------
    ConstraintError
        The regex matches endlessly many texts, has more token sequences than ``limit``, or one match begins another and ``ends`` is
        False.
    """
    tokenizer = engine.tokenizer
    masks = engine.compiler.regex(regex)
    machine = masks.machine
    if not ends and any(machine.is_accepting(s) and not machine.is_final(s) for s in range(machine.n_states)):
        raise ConstraintError(f"a match of {regex!r} begins another: only with ends=True are they told apart")
    sequences = tokenizations(masks, limit)
    prompt_ids, stop_ids = tokenizer.encode(prompt), frozenset(tokenizer.eos_token_ids)
    table = _scores(engine, prompt_ids, [(*ids, end) for ids in sequences for end in stop_ids] if ends else sequences)

    def spell(ids: tuple[int, ...]) -> str:
        return b"".join(map(tokenizer.token_bytes, ids)).decode()

    own, log_mass = conditional(sequences, table, spell, stop_ids if ends else None)
    ways = {way: Decoding(_start(way, masks, tokenizer, stop_ids), table, prompt_ids, spell, stop_ids) for way in WAYS}
    return Distributions(
        conditional=own,
        decoded={way: decoding.probabilities() for way, decoding in ways.items()},
        greedy={way: decoding.greedy() for way, decoding in ways.items()},
        log_mass=log_mass,
        tokenizations=len(sequences),
    )


def _start(way: str, masks: TokenMasks, tokenizer: Any, stop_ids: frozenset[int]) -> Constraint:
    from sgbench.engine.constrained.canonical import CanonicalPairs
    from sgbench.engine.constrained.constraint import Constraint

    pairs = CanonicalPairs(tokenizer, len(masks.vocabulary)) if way == "canonical" else None
    return Constraint(masks, tokenizer, stop_ids, "off" if way == "canonical" else way, pairs=pairs)


def _scores(
    engine: Any, prompt_ids: list[int], sequences: Sequence[tuple[int, ...]]
) -> dict[tuple[int, ...], dict[int, float]]:
    """Log-probabilities of all tokens of all sequences after the prompt."""
    table: dict[tuple[int, ...], dict[int, float]] = {}
    engine.generate(input_ids=prompt_ids, sampling_params={"max_new_tokens": 0})  # so that all share it in the cache
    results = engine.generate(
        input_ids=[[*prompt_ids, *ids] for ids in sequences],
        sampling_params={"max_new_tokens": 0},
        return_logprob=True,
        logprob_start_len=len(prompt_ids),
    )
    for ids, result in zip(sequences, results, strict=True):
        for at, (value, token, _) in enumerate(result["meta_info"]["input_token_logprobs"]):
            table.setdefault(ids[:at], {})[token] = value
    return table
