"""A JSON Schema whose objects hold only what it names, said aloud: our machines read any schema so, JSON Schema itself does not.

Knows schemas as data; no terms, no library.
"""

from __future__ import annotations

from typing import Any

_OPENING = frozenset(
    ["additionalProperties", "unevaluatedProperties", "patternProperties", "propertyNames", "allOf", "anyOf", "oneOf", "$ref"]
)  # fmt: skip
"""Beside one of these ``properties`` are not the whole of an object, or what else it may hold is said."""
_BY_NAME = ("properties", "$defs", "definitions")
_LISTS = ("anyOf", "oneOf", "prefixItems", "items")
_ONE = ("items", "additionalProperties")


def closed(schema: Any) -> Any:
    """A copy with ``additionalProperties: false`` wherever an object names properties and says nothing of others.

    What stands under ``allOf``, ``not``, ``if`` and the like says only a part of what an object is, and stays as it is; so does an
    object with ``required`` names that it does not describe.
    """
    if not isinstance(schema, dict):
        return schema
    result = dict(schema)
    for keyword in _BY_NAME:
        if isinstance(schema.get(keyword), dict):
            result[keyword] = {name: closed(inner) for name, inner in schema[keyword].items()}
    for keyword in _LISTS:
        if isinstance(schema.get(keyword), list):
            result[keyword] = [closed(inner) for inner in schema[keyword]]
    for keyword in _ONE:
        if isinstance(schema.get(keyword), dict):
            result[keyword] = closed(schema[keyword])
    named = schema.get("properties")
    required = schema.get("required", [])
    described = isinstance(required, list) and isinstance(named, dict) and set(map(str, required)) <= named.keys()
    if named and described and not schema.keys() & _OPENING:
        result["additionalProperties"] = False
    return result
