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

    @classmethod
    def of(cls, separators: object, max_depth: object) -> Layout:
        """From what a caller gave.

        Raises
        ------
        ConstraintError
            Text with these separators would not be JSON, or the depth is no whole number of at least 0.
        """
        match separators:
            case (str(item), str(key)) if _is_separator(item, ",") and _is_separator(key, ":"):
                pass
            case _:
                raise refuse(
                    f"#/{KEYWORD}",
                    f"separators are a comma and a colon, each with white space or none, not {separators!r}",
                    "write (', ', ': ')",
                )
        if max_depth is None:
            return cls(item, key)
        if isinstance(max_depth, bool) or not isinstance(max_depth, int) or max_depth < 0:
            raise refuse(f"#/{KEYWORD}", f"max_depth is a whole number of at least 0, not {max_depth!r}")
        return cls(item, key, max_depth)

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
    rest = {key: value for key, value in schema.items() if key != KEYWORD}
    return rest, Layout.of(said.get("separators", [", ", ": "]), said.get("max_depth"))


def _is_separator(text: str, mark: str) -> bool:
    """The mark, and around it only what JSON takes for white space."""
    return text.strip(" \t\n\r") == mark
