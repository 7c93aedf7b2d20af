"""JSON Schema's keywords, and how to read the plain ones.

Knows keywords and values; no terms, no automata.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from sgbench.errors import ConstraintError

TYPES = ("object", "array", "string", "integer", "number", "boolean", "null")
ANNOTATIONS = frozenset(
    [
        *("title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly"),
        *("$comment", "$schema", "$id", "$anchor", "$defs", "definitions", "discriminator"),
    ]
)
"""Keywords that say nothing about which values are valid."""
KEYWORDS: Mapping[str, frozenset[str]] = {
    "object": frozenset(
        ["properties", "required", "additionalProperties", "minProperties", "maxProperties", "propertyNames"]
    ),
    "array": frozenset(["items", "prefixItems", "minItems", "maxItems", "uniqueItems"]),
    "string": frozenset(["minLength", "maxLength", "pattern", "format"]),
    "number": frozenset(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
}
"""Keywords that speak of one type."""
GENERAL = frozenset(["type", "enum", "const", "anyOf", "oneOf", "allOf", "not", "$ref", "nullable"])
KNOWN = frozenset().union(ANNOTATIONS, GENERAL, *KEYWORDS.values())
INSTEAD: Mapping[str, str] = {
    "patternProperties": "use properties, or additionalProperties with propertyNames",
    "uniqueItems": "a finite machine cannot remember which items it wrote; use prefixItems or an enum",
    "contains": "use prefixItems or items",
    "dependentRequired": "write the cases as anyOf",
    "dependentSchemas": "write the cases as anyOf",
    "dependencies": "write the cases as anyOf",
    "if": "write the two cases as anyOf",
    "unevaluatedProperties": "objects are closed already; leave it out",
    "unevaluatedItems": "give prefixItems without items",
}
"""What to write in place of a keyword that is not supported."""


def refuse(at: str, what: str, instead: str = "") -> ConstraintError:
    """An error that names the place in the schema."""
    return ConstraintError(f"JSON schema at {at}: {what}" + (f"; {instead}" if instead else ""))


def listed(schema: Mapping[str, Any], keyword: str, at: str) -> list[Any]:
    """The alternatives of a combining keyword."""
    parts = schema[keyword]
    if not isinstance(parts, list) or not parts:
        raise refuse(at, f"{keyword} is a list of at least one schema")
    return parts


def count(schema: Mapping[str, Any], keyword: str, at: str) -> int | None:
    """A count such as minLength, or None."""
    value = schema.get(keyword)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0 or value % 1):
        raise refuse(at, f"{keyword} is a whole number of at least 0, not {value!r}")
    return None if value is None else int(value)


def fraction(value: Any, keyword: str, at: str) -> Fraction:
    """A number of the schema, exactly as written."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refuse(at, f"{keyword} is a number, not {value!r}")
    return Fraction(str(value))


def bounds(schema: Mapping[str, Any], at: str) -> tuple[Fraction | None, Fraction | None, bool, bool]:
    """``(least, most, above, below)``: the tighter bound of each side, and whether it is itself excluded."""
    low: tuple[Fraction, bool] | None = None
    high: tuple[Fraction, bool] | None = None
    for keyword in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"):
        if keyword not in schema:
            continue
        value = fraction(schema[keyword], keyword, at)
        strict = keyword.startswith("exclusive")
        if keyword.lower().endswith("minimum"):
            low = (value, strict) if low is None else max(low, (value, strict))
        else:
            candidate = (value, strict)
            high = candidate if high is None else min(high, candidate, key=lambda b: (b[0], not b[1]))
    return (low and low[0], high and high[0], bool(low and low[1]), bool(high and high[1]))


def is_type(value: Any, kind: str) -> bool:
    """Is a JSON value of a JSON Schema type?"""
    if isinstance(value, bool):
        return kind == "boolean"
    if isinstance(value, int | float):
        return kind == "number" or (kind == "integer" and value == int(value))
    return {dict: "object", list: "array", str: "string", type(None): "null"}[type(value)] == kind


def fixed_values(schema: Mapping[str, Any]) -> list[Any] | None:
    """The values of a const or enum, or None."""
    if "const" in schema:
        return [schema["const"]]
    values = schema.get("enum")
    return values if isinstance(values, list) else None


def same_value(a: Any, b: Any) -> bool:
    """JSON equality: true is not 1, 1 is 1.0."""
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)


def parse_schema(text: str) -> Any:
    """JSON text of a schema as data.

    Raises
    ------
    ConstraintError
        It is not JSON; ``position`` says where.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ConstraintError(f"the JSON schema is not JSON, at position {error.pos}: {error.msg}", error.pos) from None
