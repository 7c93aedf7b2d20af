"""The baseline: the same program again, same seeds and order, with the cache refused or off; measured in pairs.

Knows runs and how an engine is asked to do without its cache. Estimates nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sgbench.errors import UsageError
from sgbench.kernel_ext.ledger import Comparison, Difference, Ledger
from sgbench.kernel_ext.outline import flatten, outline
from sgbench.kernel_ext.run import Plan, Run

MAX_TOP_LOGPROBS = 64
"""Candidates that are asked for where two texts part."""


def check_baseline(backend: Any) -> None:
    """Refuse backends whose cache cannot be switched.

    Raises
    ------
    UsageError
        The backend is no engine.
    """
    if not callable(getattr(backend, "without_cache", None)):
        raise UsageError(f"--baseline needs an engine in this kernel; {type(backend).__name__} cannot refuse its cache")


def compare(first: Run, mode: str, repeat: int, follow: Callable[[Run, str], Any]) -> Comparison:
    """Run the plan of ``first``, which has run, without the cache; ``repeat`` pairs in all, alternating.

    Parameters
    ----------
    follow
        Called with each further run, and what to say of it, before it runs: shown like the first, it is timed alike. Returns
        a context manager.
    """
    pairs: list[tuple[Ledger, Ledger]] = []
    different: Difference | None = None
    cached = first
    for number in range(repeat):
        if number:
            cached = _again(first.plan, follow, f"pair {number + 1} of {repeat}: with the cache")
        with first.plan.backend.without_cache(mode):
            base = _again(first.plan, follow, f"pair {number + 1} of {repeat}: baseline, {mode}")
        pairs.append((cached.ledger(), base.ledger()))
        different = different or difference(cached, base)
        if cached.failure or base.failure:
            break
    return Comparison(mode, tuple(pairs), different)


@contextmanager
def observing(backend: Any, observed: bool) -> Iterator[None]:
    """With ``observed`` somebody listens to the engine's events, as somebody did during the first run: both are timed alike."""
    end = backend.subscribe(lambda event: None) if observed else None
    try:
        yield
    finally:
        if end is not None:
            end()


def _again(plan: Plan, follow: Callable[[Run, str], Any], words: str) -> Run:
    run = Run(plan)
    with follow(run, words):
        run.aside()
    return run


def difference(one: Run, other: Run) -> Difference | None:
    """Where the texts of two runs of a plan first part; None: nowhere."""
    for number, (a, b) in enumerate(zip(one.states, other.states, strict=True)):
        texts = ["".join(span.text for span in flatten(outline(state))) for state in (a, b)]
        if texts[0] != texts[1]:
            found = _first(number, *(_tokens(text, one.plan.backend) for text in texts))
            return replace(found, logit_gap=_logit_gap(one.plan.backend, texts, found.token))
    return None


def _logit_gap(backend: Any, texts: list[str], place: int) -> float | None:
    """How far apart the model holds the two tokens after the first ``place``, which are common; None where it cannot be asked."""
    tokenizer, generate = getattr(backend, "tokenizer", None), getattr(backend, "generate", None)
    if tokenizer is None or generate is None:
        return None
    ids = [tokenizer.encode(text) for text in texts]
    if not 0 < place < min(map(len, ids)):
        return None
    answer = generate(
        input_ids=ids[0][:place],
        sampling_params={"max_new_tokens": 0},
        return_logprob=True,
        top_logprobs_num=MAX_TOP_LOGPROBS,
    )
    (candidates,) = answer["meta_info"]["output_top_logprobs"] or [()]
    known = {token: logprob for logprob, token, _ in candidates}
    one, other = (known.get(side[place]) for side in ids)
    return None if one is None or other is None else one - other


def _first(state: int, one: list[str], other: list[str]) -> Difference:
    place = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return Difference(state, place, "".join(one[place : place + 1]), "".join(other[place : place + 1]))


def _tokens(text: str, backend: Any) -> list[str]:
    """``text`` in the model's tokens; in characters where there is no tokenizer."""
    tokenizer = getattr(backend, "tokenizer", None)
    if tokenizer is None:
        return list(text)
    return [tokenizer.decode([token]) for token in tokenizer.encode(text)]
