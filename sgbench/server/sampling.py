"""From a request's body to the engine's sampling parameters. Pure."""

from __future__ import annotations

from typing import Any

from sgbench.errors import UsageError
from sgbench.server.wire import Sampling

_SAME = (
    "temperature",
    "top_p",
    "n",
    "stop",
    "frequency_penalty",
    "presence_penalty",
    "top_k",
    "min_p",
    "repetition_penalty",
    "stop_token_ids",
    "stop_regex",
    "ignore_eos",
    "no_stop_trim",
    "skip_special_tokens",
    "regex",
    "json_schema",
    "ebnf",
    "close_within_budget",
    "canonical",
)
_RENAMED = {"min_tokens": "min_new_tokens", "seed": "sampling_seed"}


def engine_sampling(body: Sampling, max_new_tokens: int | None, json_depth: int | None = None) -> dict[str, Any]:
    """The parameters by the engine's names, unchecked: the engine checks them.

    Parameters
    ----------
    body
        The request.
    max_new_tokens
        None: until the context ends.
    json_depth
        How deep values nest inside the object of a ``response_format`` that asks for any; None: without bound.

    Raises
    ------
    UsageError
        A ``response_format`` that does not exist.
    """
    values = {name: getattr(body, name) for name in _SAME if getattr(body, name) is not None}
    values |= {ours: getattr(body, name) for name, ours in _RENAMED.items() if getattr(body, name) is not None}
    values["max_new_tokens"] = max_new_tokens
    schema = _schema(body.response_format, json_depth)
    if schema is not None:
        values["json_schema"] = schema
    return values


def _schema(wanted: dict[str, Any] | None, json_depth: int | None) -> Any:
    """The JSON schema that OpenAI's ``response_format`` asks for; None: any text."""
    kind = (wanted or {"type": "text"}).get("type")
    if kind == "text":
        return None
    if kind == "json_object":
        return {"type": "object"} | ({} if json_depth is None else {"x-layout": {"max_depth": json_depth}})
    if kind == "json_schema":
        schema = ((wanted or {}).get("json_schema") or {}).get("schema")
        if isinstance(schema, dict):
            return schema
        raise UsageError("response_format of type json_schema needs json_schema.schema, an object")
    raise UsageError(f"response_format has no type {kind!r}; there are text, json_object and json_schema")
