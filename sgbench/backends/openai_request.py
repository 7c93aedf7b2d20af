"""From the language's sampling values to the fields of OpenAI's requests. Pure.

Only what differs from the API's own defaults is sent: some models refuse fields that others take.
"""

from __future__ import annotations

import re
from typing import Any, Literal, TypeAlias

from sgbench.backends.capabilities import Capabilities, Select
from sgbench.lang.sampling import SglSamplingParams, dtype_as_regex

Dialect: TypeAlias = Literal["openai", "sglang"]

_DEFAULTS = {"temperature": 1.0, "top_p": 1.0, "frequency_penalty": 0.0, "presence_penalty": 0.0, "n": 1}
_BEYOND = {
    "top_k": ("top_k", -1),
    "min_p": ("min_p", 0.0),
    "min_new_tokens": ("min_tokens", 0),
    "stop_token_ids": ("stop_token_ids", []),
    "stop_regex": ("stop_regex", []),
    "ignore_eos": ("ignore_eos", False),
    "regex": ("regex", None),
    "close_within_budget": ("close_within_budget", None),
    "canonical": ("canonical", None),
}
"""SGLang's fields beyond OpenAI's: their names there and the values that need not be sent."""

_REASONING = re.compile(r"o[0-9]|gpt-5")


def abilities(dialect: Dialect, is_chat_model: bool, lone_text: bool = False) -> Capabilities:
    """What such a server can do; ``lone_text``: see `Capabilities`."""
    if dialect == "sglang":
        select: Select = "no" if is_chat_model else "scores"
        lacking = frozenset({"logprob_start_len"})
        return Capabilities(
            select=select, lacks=lacking, open_turns=not is_chat_model, spellings=False, images=is_chat_model
        )
    schema = () if is_chat_model else ("json_schema",)
    return Capabilities(
        select="no" if is_chat_model else "votes",
        lacks=frozenset({*_BEYOND, "logprob_start_len", *schema}),
        dtypes=frozenset() if is_chat_model else frozenset({"int", "str"}),
        open_turns=not is_chat_model,
        lone_text=lone_text,
        spellings=False,
        images=is_chat_model,
    )


def fields(model: str, params: SglSamplingParams, is_chat_model: bool, seed: int | None) -> dict[str, Any]:
    """The request's fields but for its prompt.

    Parameters
    ----------
    params
        Checked: nothing is asked for that `abilities` lacks.
    seed
        Of this call.
    """
    params = dtype_as_regex(params)
    limit = "max_completion_tokens" if is_chat_model and _REASONING.match(model) else "max_tokens"
    sent: dict[str, Any] = {"model": model, limit: params.max_new_tokens}
    sent |= {name: getattr(params, name) for name, usual in _DEFAULTS.items() if getattr(params, name) != usual}
    if params.stop:
        sent["stop"] = params.stop
    if seed is not None:
        sent["seed"] = seed
    if params.return_logprob:
        sent |= _logprobs(params.top_logprobs_num or 0, is_chat_model)
    beyond = {
        theirs: getattr(params, ours) for ours, (theirs, usual) in _BEYOND.items() if getattr(params, ours) != usual
    }
    if params.json_schema is not None:
        _add_schema(sent, beyond, _schema(params.json_schema), is_chat_model)
    return sent | {"extra_body": beyond} if beyond else sent


def _logprobs(top: int, is_chat_model: bool) -> dict[str, Any]:
    if not is_chat_model:
        return {"logprobs": top}
    return {"logprobs": True, "top_logprobs": top} if top else {"logprobs": True}


def _schema(schema: Any) -> Any:
    import json

    from sgbench.engine.constrained.schema_source import schema_text

    return json.loads(schema if isinstance(schema, str) else schema_text(schema))


def _add_schema(sent: dict[str, Any], beyond: dict[str, Any], schema: Any, is_chat_model: bool) -> None:
    if is_chat_model:
        named = {"name": "answer", "schema": schema, "strict": True}
        sent["response_format"] = {"type": "json_schema", "json_schema": named}
    else:
        beyond["json_schema"] = schema
