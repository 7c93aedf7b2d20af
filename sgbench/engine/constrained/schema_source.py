"""What people give as a schema, as data: a dict, JSON text, a Pydantic model, a TypedDict, a dataclass, a type."""

from __future__ import annotations

import copy
import json
import types
import typing
from typing import Any

from sgbench.engine.constrained.schema_keywords import parse_schema
from sgbench.errors import ConstraintError, MissingDependencyError


def schema_data(schema: Any) -> Any:
    """A schema as the data that JSON Schema's keywords are in.

    Raises
    ------
    ConstraintError
        It is no schema, or text that is not JSON.
    MissingDependencyError
        A type was given and Pydantic, which describes types, is not installed.
    """
    if isinstance(schema, str):
        return parse_schema(schema)
    if isinstance(schema, bool | dict):
        return copy.deepcopy(schema)
    describe = getattr(schema, "model_json_schema", None)
    if callable(describe):
        return describe()
    if not isinstance(schema, type) and not hasattr(schema, "__origin__") and not hasattr(schema, "__args__"):
        raise ConstraintError(f"a JSON schema is a dict, JSON text or a type, not {type(schema).__name__}")
    try:
        from pydantic import PydanticSchemaGenerationError, TypeAdapter
        from pydantic.errors import PydanticUserError
    except ImportError as error:
        raise MissingDependencyError("pydantic", "schema", "a JSON schema from a type") from error
    try:
        return TypeAdapter(_readable(schema)).json_schema()
    except (PydanticSchemaGenerationError, PydanticUserError) as error:
        raise ConstraintError(f"no JSON schema can be made from {schema!r}: {error}") from error


def _readable(kind: Any) -> Any:
    """A type that Pydantic can describe: before Python 3.12 it reads only the `TypedDict` of `typing_extensions`."""
    if typing.is_typeddict(kind):
        import typing_extensions

        make: Any = typing_extensions.TypedDict
        needed = kind.__required_keys__
        hints = {name: _readable(hint) for name, hint in typing.get_type_hints(kind).items()}
        fields = {n: hint if n in needed else typing.NotRequired[hint] for n, hint in hints.items()}
        return make(kind.__name__, fields)
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if not parts or origin is typing.Literal or origin is typing.Annotated:
        return kind
    inner = tuple(map(_readable, parts))
    return typing.Union[inner] if origin in (typing.Union, types.UnionType) else origin[inner]  # noqa: UP007


def schema_text(schema: Any) -> str:
    """A schema as JSON text, as it travels with a request."""
    try:
        return json.dumps(schema_data(schema), ensure_ascii=False)
    except TypeError as error:
        raise ConstraintError(f"the JSON schema holds a value that JSON cannot: {error}") from None
