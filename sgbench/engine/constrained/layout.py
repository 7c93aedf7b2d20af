"""How JSON is laid out, and how deep recursion may go; with a schema it travels as its keyword ``x-layout``.

Knows schemas as data; no terms, no automata.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sgbench.engine.constrained.schema_keywords import refuse

KEYWORD = "x-layout"


@dataclass(frozen=True, slots=True)
class Layout:
    """How JSON is laid out, and how deep recursion may go.

    Attributes
    ----------
    item_separator, key_separator
        As in `json.dumps`, whose defaults these are.
    max_depth
        Most nested uses of one recursive definition, or of unconstrained values; None: they are refused.
    """

    item_separator: str = ", "
    key_separator: str = ": "
    max_depth: int | None = None

    def written_into(self, schema: Any) -> dict[str, Any]:
        """The schema with this layout as its ``x-layout``.

        Raises
        ------
        ConstraintError
            The schema is True or False: it holds no keywords.
        """
        if not isinstance(schema, dict):
            raise refuse("#", f"a layout needs a schema that is an object, not {schema!r}", "write {} for True")
        return schema | {
            KEYWORD: {"separators": [self.item_separator, self.key_separator], "max_depth": self.max_depth}
        }


def split_layout(schema: Any, otherwise: Layout | None = None) -> tuple[Any, Layout]:
    """A schema without its ``x-layout``, and what that says (``otherwise``, or the defaults, if there is none).

    Raises
    ------
    ConstraintError
        It is malformed.
    """
    if not isinstance(schema, dict) or KEYWORD not in schema:
        return schema, Layout() if otherwise is None else otherwise
    said = schema[KEYWORD]
    if not isinstance(said, dict) or said.keys() - {"separators", "max_depth"}:
        raise refuse(f"#/{KEYWORD}", "an object with separators and max_depth is needed")
    separators, depth = said.get("separators", [", ", ": "]), said.get("max_depth")
    if not isinstance(separators, list) or [type(s) for s in separators] != [str, str]:
        raise refuse(f"#/{KEYWORD}", f"separators are two strings, not {separators!r}")
    if depth is not None and (isinstance(depth, bool) or not isinstance(depth, int) or depth < 0):
        raise refuse(f"#/{KEYWORD}", f"max_depth is a whole number of at least 0, not {depth!r}")
    rest = {key: value for key, value in schema.items() if key != KEYWORD}
    return rest, Layout(separators[0], separators[1], depth)
