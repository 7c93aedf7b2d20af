"""What people give as a schema, as data: a dict, JSON text, a Pydantic model, a TypedDict, a dataclass, a type."""

from __future__ import annotations

import copy
import json
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
        return TypeAdapter(schema).json_schema()
    except (PydanticSchemaGenerationError, PydanticUserError) as error:
        raise ConstraintError(f"no JSON schema can be made from {schema!r}: {error}") from error


def schema_text(schema: Any) -> str:
    """A schema as JSON text, as it travels with a request."""
    try:
        return json.dumps(schema_data(schema), ensure_ascii=False)
    except TypeError as error:
        raise ConstraintError(f"the JSON schema holds a value that JSON cannot: {error}") from None
