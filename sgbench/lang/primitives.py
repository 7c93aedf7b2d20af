"""The primitives that a program writes (paper section 2): `gen`, `select` and the roles. Each makes nodes; none runs them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sgbench.errors import ContractError, UsageError
from sgbench.lang import sampling
from sgbench.lang.choices import ChoicesSamplingMethod, token_length_normalized
from sgbench.lang.ir import (
    SglExpr,
    SglExprList,
    SglGen,
    SglImage,
    SglRoleBegin,
    SglRoleEnd,
    SglSelect,
    SglSeparateReasoning,
    SglVideo,
)
from sgbench.lang.reasoning import check_model_type
from sgbench.lang.sampling import StrOrSeq
from sgbench.lang.walk import made_variables


def gen(
    name: str | None = None,
    max_tokens: int | None = None,
    min_tokens: int | None = None,
    n: int | None = None,
    stop: StrOrSeq | None = None,
    stop_token_ids: Sequence[int] | None = None,
    stop_regex: StrOrSeq | None = None,
    temperature: float | None = None,
    top_p: float | None = None,
    top_k: int | None = None,
    min_p: float | None = None,
    frequency_penalty: float | None = None,
    presence_penalty: float | None = None,
    ignore_eos: bool | None = None,
    return_logprob: bool | None = None,
    logprob_start_len: int | None = None,
    top_logprobs_num: int | None = None,
    return_text_in_logprobs: bool | None = None,
    dtype: str | type | None = None,
    choices: Sequence[str] | None = None,
    choices_method: ChoicesSamplingMethod | None = None,
    regex: str | None = None,
    json_schema: Any = None,
    close_within_budget: bool | None = None,
    canonical: bool | None = None,
) -> SglExpr:
    """Complete the text so far, append the completion and store it as variable ``name``.

    A value left None is the run's. SGLang's parameters, in SGLang's order; the last two are sgbench's.

    Parameters
    ----------
    name
        Variable to store the completion in; None: it is only appended.
    max_tokens, min_tokens
        Most and fewest new tokens; ``max_tokens=0`` only reads the prompt.
    n
        Samples; the text goes on with the first, the variable is the list of all.
    stop, stop_token_ids, stop_regex
        What ends the completion; trimmed from it.
    temperature, top_p, top_k, min_p, frequency_penalty, presence_penalty, ignore_eos
        See `sgbench.engine.request.SamplingParams`.
    return_logprob, logprob_start_len, top_logprobs_num, return_text_in_logprobs
        Log-probabilities in `ProgramState.get_meta_info`; positions of the prompt from ``logprob_start_len``.
    dtype
        ``int``, ``float``, ``str`` or ``bool`` (or its name): the completion reads as one. The value stays a string.
    choices, choices_method
        Pick one of these instead, as `select` does; with a ``regex``, one of those that it matches. Every other parameter but
        ``temperature`` is then ignored.
    regex, json_schema
        Constraint on the completion. A schema is JSON text, a dict or a Pydantic class.
    close_within_budget
        Near ``max_tokens`` the constraint allows only what can still be completed in time.
    canonical
        The constraint allows a token only where the tokenizer would write it after the token before.

    Raises
    ------
    re.error
        ``regex`` is malformed.
    UsageError
        A negative ``max_tokens`` or ``min_tokens``, ``n`` below 1, an unknown ``dtype``, no choice that ``regex`` matches.
    """
    given: object = regex
    if given is not None and not isinstance(given, str):
        hint = "; write its .pattern, and flags into it as (?i)" if isinstance(given, re.Pattern) else ""
        raise UsageError(f"gen(regex=...): a str is needed, not {type(given).__name__}{hint}")
    pattern = None if regex is None else re.compile(regex, re.ASCII)
    if choices is not None:
        kept = choices if pattern is None else _matching(choices, pattern)
        return select(name, kept, temperature or 0.0, choices_method or token_length_normalized)
    sampling.dtype_name(dtype)
    params = sampling.interned(
        max_tokens,
        min_tokens,
        n,
        stop,
        stop_token_ids,
        stop_regex,
        temperature,
        top_p,
        top_k,
        min_p,
        frequency_penalty,
        presence_penalty,
        ignore_eos,
        return_logprob,
        logprob_start_len,
        top_logprobs_num,
        return_text_in_logprobs,
        json_schema,
        dtype,
        regex,
        None,  # no seed of its own
        close_within_budget,
        canonical,
    )
    sampling.check(params, f"gen({name!r})" if name is not None else "gen()")
    return SglGen(name, params)


def _matching(choices: Sequence[str], pattern: re.Pattern[str]) -> list[str]:
    """The choices that a regex matches as a whole, in its meaning for `gen`: classes are ASCII."""
    kept = [choice for choice in choices if pattern.fullmatch(choice)]
    if choices and not kept:
        raise UsageError(
            f"gen(choices={list(choices)!r}, regex={pattern.pattern!r}): the regex matches none of the choices"
        )
    return kept


def gen_int(
    name: str | None = None,
    max_tokens: int | None = None,
    n: int | None = None,
    stop: StrOrSeq | None = None,
    stop_token_ids: Sequence[int] | None = None,
    stop_regex: StrOrSeq | None = None,
    temperature: float | None = None,
    top_p: float | None = None,
    top_k: int | None = None,
    min_p: float | None = None,
    frequency_penalty: float | None = None,
    presence_penalty: float | None = None,
    ignore_eos: bool | None = None,
    return_logprob: bool | None = None,
    logprob_start_len: int | None = None,
    top_logprobs_num: int | None = None,
    return_text_in_logprobs: bool | None = None,
) -> SglExpr:
    """`gen` of a whole number (``dtype=int``)."""
    return gen(**locals(), dtype=int)


def gen_string(
    name: str | None = None,
    max_tokens: int | None = None,
    n: int | None = None,
    stop: StrOrSeq | None = None,
    stop_token_ids: Sequence[int] | None = None,
    stop_regex: StrOrSeq | None = None,
    temperature: float | None = None,
    top_p: float | None = None,
    top_k: int | None = None,
    min_p: float | None = None,
    frequency_penalty: float | None = None,
    presence_penalty: float | None = None,
    ignore_eos: bool | None = None,
    return_logprob: bool | None = None,
    logprob_start_len: int | None = None,
    top_logprobs_num: int | None = None,
    return_text_in_logprobs: bool | None = None,
) -> SglExpr:
    """`gen` of a quoted string (``dtype=str``); the value includes its quotes."""
    return gen(**locals(), dtype=str)


def select(
    name: str | None = None,
    choices: Sequence[str] | None = None,
    temperature: float = 0.0,
    choices_method: ChoicesSamplingMethod = token_length_normalized,
) -> SglSelect:
    """Append the likeliest of ``choices`` after the text so far, and store it as variable ``name``.

    The choice is appended as it stands: write a leading blank into it where one belongs.

    Raises
    ------
    ContractError
        No ``choices``.
    UsageError
        ``choices`` is empty or holds something that is not a text with at least one character.
    """
    if choices is None:
        raise ContractError("select needs choices=[...]")
    if isinstance(choices, str) or not choices or not all(isinstance(c, str) and c for c in choices):
        raise UsageError(f"select(choices={choices!r}): a list of at least one text, none of them empty, is needed")
    return SglSelect(name, choices, temperature, choices_method)


def image(path: Any) -> SglImage:
    """Show the model an image: a file's path, the file's bytes, or a PIL image.

    The chat template's image token marks its place in the text. The in-kernel engine's models read text only; they refuse it.
    """
    return SglImage(path)


def video(path: Any, num_frames: int) -> SglVideo:
    """Show the model ``num_frames`` evenly spaced frames of a video: a file's path or its bytes. See `image`."""
    return SglVideo(path, num_frames)


def separate_reasoning(expr: SglExpr | str | None = None, model_type: str | None = None) -> SglSeparateReasoning:
    """Cut the thinking off the completions in ``expr``: ``s["x"]`` and the text get the answer alone.

    The thinking is variable ``x_reasoning_content``. A completion must be whole to be cut, so it streams as one piece.

    Parameters
    ----------
    expr
        Nodes of which every `gen` and `select` has a name.
    model_type
        The family whose marks the model uses: ``"qwen3"``, ``"deepseek-r1"``, ``"gpt-oss"``, ...

    Raises
    ------
    UsageError
        A `gen` without a name, nothing to cut, or an unknown family.
    """
    if isinstance(expr, str) or expr is None:
        raise UsageError("separate_reasoning needs nodes such as gen(...), whose thinking is to be cut off")
    if any(name is None for name, _ in made_variables(expr)):
        raise UsageError("separate_reasoning: every gen inside needs a name, after which its thinking is named")
    return SglSeparateReasoning(expr, check_model_type(model_type))


def _turn(role: str, expr: SglExpr | str | None) -> SglExprList:
    inner = [] if expr is None else [expr]
    return SglExprList([SglRoleBegin(role), *inner, SglRoleEnd(role)])


def system(expr: SglExpr | str | None = None) -> SglExprList:
    """A system turn that holds ``expr``."""
    return _turn("system", expr)


def user(expr: SglExpr | str | None = None) -> SglExprList:
    """A user turn that holds ``expr``."""
    return _turn("user", expr)


def assistant(expr: SglExpr | str | None = None) -> SglExprList:
    """An assistant turn that holds ``expr``."""
    return _turn("assistant", expr)


def system_begin() -> SglRoleBegin:
    """A system turn begins here."""
    return SglRoleBegin("system")


def system_end() -> SglRoleEnd:
    """The system turn ends here."""
    return SglRoleEnd("system")


def user_begin() -> SglRoleBegin:
    """A user turn begins here."""
    return SglRoleBegin("user")


def user_end() -> SglRoleEnd:
    """The user turn ends here."""
    return SglRoleEnd("user")


def assistant_begin() -> SglRoleBegin:
    """An assistant turn begins here."""
    return SglRoleBegin("assistant")


def assistant_end() -> SglRoleEnd:
    """The assistant turn ends here."""
    return SglRoleEnd("assistant")
