"""JSON Schema to terms: which JSON texts satisfy a schema, or a refusal that names the keyword.

Knows schemas (draft 2020-12, and draft 7's spellings of it) and terms; no automata. Every text of the result, once
parsed, is valid; what a finite machine cannot express is refused, never dropped. The texts have one layout: properties in
the schema's order, fixed separators, objects closed (a property that the schema does not name is not written unless
``additionalProperties`` is a schema), numbers with bounds without exponent. A schema without ``type`` is read as the type
that its keywords speak of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sgbench.engine.constrained.json_text import ANY_SPELLING, NUMBER, QUOTE, literal
from sgbench.engine.constrained.layout import Layout, split_layout
from sgbench.engine.constrained.schema_keywords import (
    ANNOTATIONS,
    GENERAL,
    INSTEAD,
    KEYWORDS,
    KNOWN,
    TYPES,
    count,
    fixed_values,
    is_type,
    listed,
    refuse,
    same_value,
)
from sgbench.engine.constrained.schema_scalars import both, integer_term, number_term, string_term
from sgbench.engine.constrained.terms import EMPTY, NEVER, Minus, Term, Text, alt, joined, optional, repeat, seq


def schema_term(schema: Any, layout: Layout | None = None) -> Term:
    """The JSON texts that satisfy a schema, given as data (a dict or a bool).

    Raises
    ------
    ConstraintError
        A keyword, or a combination of keywords, is malformed or cannot be expressed; the message names it and its place.
    """
    schema, layout = split_layout(schema, layout)
    return _Reader(schema, layout).read(schema, "#")


@dataclass(slots=True)
class _Reader:
    root: Any
    layout: Layout
    open_refs: dict[str, int] = field(default_factory=dict)
    any_depth: int = 0

    # -- dispatch

    def read(self, schema: Any, at: str) -> Term:
        if schema is True or schema == {}:
            return self.anything(at)
        if schema is False:
            return NEVER
        if not isinstance(schema, dict):
            raise refuse(at, f"a schema is an object or a boolean, not {type(schema).__name__}")
        for keyword in schema:
            if keyword not in KNOWN:
                raise refuse(at, f"keyword {keyword!r} is not supported", INSTEAD.get(keyword, "leave it out"))
        if schema.get("nullable") is True:
            rest = {key: value for key, value in schema.items() if key != "nullable"}
            return alt([self.read(rest, at), Text("null")])
        for keyword, reader in self.combiners().items():
            if keyword in schema:
                return reader(schema, at)
        return self.typed(schema, at)

    def combiners(self) -> dict[str, Callable[[dict[str, Any], str], Term]]:
        """Keywords that decide alone, most decisive first."""
        return {
            "$ref": self.ref,
            "const": self.const,
            "enum": self.enum,
            "not": self.negation,
            "allOf": self.all_of,
            "anyOf": self.any_of,
            "oneOf": self.one_of,
        }

    def alone(self, schema: Mapping[str, Any], keyword: str, at: str, also: Iterable[str] = ()) -> None:
        """Refuse keywords beside one that decides alone: together they would be an intersection."""
        others = schema.keys() - ANNOTATIONS - {keyword, "nullable", *also}
        if others:
            raise refuse(at, f"{keyword!r} beside {', '.join(map(repr, sorted(others)))} cannot be expressed")

    # -- references and combinations

    def ref(self, schema: dict[str, Any], at: str) -> Term:
        self.alone(schema, "$ref", at)
        ref = schema["$ref"]
        target = self.resolve(ref, at)
        depth = self.open_refs.get(ref, 0)
        if depth and self.layout.max_depth is None:
            raise refuse(
                at,
                f"$ref {ref!r} is recursive",
                "bound how deep it may nest: max_depth= of sgl.constrained.laid_out or compile_json_schema; "
                "or ask Engine(grammar_backend='llguidance'), which needs no bound",
            )
        if depth > (self.layout.max_depth or 0):
            return NEVER
        self.open_refs[ref] = depth + 1
        try:
            return self.read(target, ref)
        finally:
            self.open_refs[ref] = depth

    def resolve(self, ref: Any, at: str) -> Any:
        if not isinstance(ref, str) or not ref.startswith("#"):
            raise refuse(at, f"$ref {ref!r}: only references inside the schema are supported, such as '#/$defs/Name'")
        node = self.root
        for part in ref[1:].split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(node, list) and key.isdigit() and int(key) < len(node):
                node = node[int(key)]
            elif isinstance(node, dict) and key in node:
                node = node[key]
            else:
                raise refuse(at, f"$ref {ref!r} points nowhere")
        return node

    def const(self, schema: dict[str, Any], at: str) -> Term:
        self.alone(schema, "const", at, ("type",))
        return self.values([schema["const"]], schema, at)

    def enum(self, schema: dict[str, Any], at: str) -> Term:
        self.alone(schema, "enum", at, ("type",))
        if not isinstance(schema["enum"], list):
            raise refuse(at, "enum is a list of values")
        return self.values(schema["enum"], schema, at)

    def values(self, values: Sequence[Any], schema: Mapping[str, Any], at: str) -> Term:
        types = self.types(schema, at) if "type" in schema else TYPES
        kept = [value for value in values if any(is_type(value, t) for t in types)]
        return alt([literal(v, self.layout.item_separator, self.layout.key_separator) for v in kept])

    def any_of(self, schema: dict[str, Any], at: str) -> Term:
        self.alone(schema, "anyOf", at)
        return alt([self.read(part, f"{at}/anyOf/{i}") for i, part in enumerate(listed(schema, "anyOf", at))])

    def one_of(self, schema: dict[str, Any], at: str) -> Term:
        self.alone(schema, "oneOf", at)
        parts = listed(schema, "oneOf", at)
        for i, left in enumerate(parts):
            for right in parts[i + 1 :]:
                if not self.disjoint(left, right, at):
                    what = "oneOf: two alternatives may both hold (or that cannot be seen)"
                    raise refuse(at, what, "use anyOf, or tell them apart by type or by a required property's const")
        return alt([self.read(part, f"{at}/oneOf/{i}") for i, part in enumerate(parts)])

    def disjoint(self, left: Any, right: Any, at: str) -> bool:
        """Is it plain that no value satisfies both: by type, by their values, or by a required property?"""
        left, right = self.followed(left, at), self.followed(right, at)
        if not isinstance(left, dict) or not isinstance(right, dict):
            return False
        values_a, values_b = fixed_values(left), fixed_values(right)
        if values_a is not None and values_b is not None:
            return not any(same_value(a, b) for a in values_a for b in values_b)
        if "type" in left and "type" in right:
            kinds = [{"number" if t == "integer" else t for t in self.types(s, at)} for s in (left, right)]
            if not kinds[0] & kinds[1]:
                return True
            if kinds[0] == kinds[1] == {"object"}:
                shared = set(left.get("required", ())) & set(right.get("required", ()))
                own = left.get("properties", {}), right.get("properties", {})
                return any(
                    name in own[0] and name in own[1] and self.disjoint(own[0][name], own[1][name], at)
                    for name in shared
                )
        return False

    def followed(self, schema: Any, at: str) -> Any:
        for _ in range(16):
            if not (isinstance(schema, dict) and "$ref" in schema):
                break
            schema = self.resolve(schema["$ref"], at)
        return schema

    def all_of(self, schema: dict[str, Any], at: str) -> Term:
        parts = listed(schema, "allOf", at)
        rest = {key: value for key, value in schema.items() if key != "allOf" and key not in ANNOTATIONS}
        if len(parts) == 1 and not rest:
            return self.read(parts[0], f"{at}/allOf/0")
        every = [*parts, rest] if rest else parts
        if not all(self.is_text(part, at) for part in every):
            raise refuse(at, "allOf of anything but strings cannot be expressed", "write the combined schema out")
        terms = [string_term(self.followed(part, at), f"{at}/allOf", plain_only=True) for part in every]
        return both(terms)

    def is_text(self, schema: Any, at: str) -> bool:
        schema = self.followed(schema, at)
        if not isinstance(schema, dict) or schema.keys() & (GENERAL - {"type"}):
            return False
        return self.types(schema, at) == ("string",)

    def negation(self, schema: dict[str, Any], at: str) -> Term:
        rest = {key: value for key, value in schema.items() if key != "not"}
        inner = self.followed(schema["not"], at)
        values = fixed_values(inner) if isinstance(inner, dict) else None
        if "type" not in rest or not self.is_text(rest, at) or not (values or self.is_text(inner, at)):
            raise refuse(at, "'not' is supported on strings only", "write the allowed cases as anyOf or enum")
        if values is not None:
            self.alone(inner, "enum" if "enum" in inner else "const", at, ("type",))
            banned = alt([literal(value, ", ", ": ") for value in values])
        else:
            banned = string_term(inner, f"{at}/not", plain_only=True)
        return Minus(string_term(rest, at, plain_only=True), banned)

    # -- types

    def types(self, schema: Mapping[str, Any], at: str) -> tuple[str, ...]:
        """The types that the schema names, or that its keywords speak of."""
        named = schema.get("type")
        if named is None:
            return tuple(kind for kind, keywords in KEYWORDS.items() if schema.keys() & keywords)
        types = tuple(named) if isinstance(named, list) else (named,)
        for kind in types:
            if kind not in TYPES:
                raise refuse(at, f"type {kind!r} does not exist", f"the types are {', '.join(TYPES)}")
        return types

    def typed(self, schema: dict[str, Any], at: str) -> Term:
        types = self.types(schema, at)
        if not types:
            return self.anything(at)
        readers: dict[str, Callable[[dict[str, Any], str], Term]] = {
            "object": self.object,
            "array": self.array,
            "string": string_term,
            "integer": integer_term,
            "number": number_term,
            "boolean": lambda _schema, _at: alt([Text("true"), Text("false")]),
            "null": lambda _schema, _at: Text("null"),
        }
        return alt([readers[kind](schema, at) for kind in types])

    def anything(self, at: str) -> Term:
        """Any JSON value, nested to ``max_depth``."""
        if self.layout.max_depth is None:
            raise refuse(
                at, "any JSON value is not regular", "name a type, or give max_depth= to bound how deep it nests"
            )
        scalar: list[Term] = [NUMBER, Text("true"), Text("false"), Text("null")]
        scalar.append(seq(QUOTE, repeat(ANY_SPELLING, 0, None), QUOTE))
        if self.any_depth >= self.layout.max_depth:
            return alt(scalar)
        self.any_depth += 1
        try:
            value = self.anything(at)
        finally:
            self.any_depth -= 1
        return alt([*scalar, self.brackets(value), self.braces(value)])

    def brackets(self, value: Term) -> Term:
        comma = Text(self.layout.item_separator)
        return seq(Text("["), optional(joined(value, comma)), Text("]"))

    def braces(self, value: Term) -> Term:
        comma = Text(self.layout.item_separator)
        member = seq(QUOTE, repeat(ANY_SPELLING, 0, None), QUOTE, Text(self.layout.key_separator), value)
        return seq(Text("{"), optional(joined(member, comma)), Text("}"))

    # -- arrays and objects

    def array(self, schema: Mapping[str, Any], at: str) -> Term:
        if schema.get("uniqueItems"):
            raise refuse(at, "keyword 'uniqueItems' is not supported", INSTEAD["uniqueItems"])
        least, most = count(schema, "minItems", at) or 0, count(schema, "maxItems", at)
        head = [self.read(s, f"{at}/prefixItems/{i}") for i, s in enumerate(schema.get("prefixItems", ()))]
        closed = most is not None and most <= len(head)
        rest = NEVER if closed else self.read(schema.get("items", True), f"{at}/items")
        comma = Text(self.layout.item_separator)
        n_head = len(head) if most is None else min(len(head), most)
        more = None if most is None else most - n_head
        origin = f"items of {at}"
        if n_head:
            tail = repeat(seq(comma, rest), max(least - n_head, 0), more, origin)
        else:
            others = repeat(seq(comma, rest), max(least - 1, 0), None if more is None else more - 1, origin)
            tail = seq(rest, others) if more != 0 else NEVER
            tail = tail if least else alt([EMPTY, tail])
        for index in reversed(range(n_head)):
            item = seq(comma, head[index]) if index else head[index]
            tail = seq(item, tail) if index < least else alt([EMPTY, seq(item, tail)])
        return seq(Text("["), tail, Text("]"))

    def object(self, schema: Mapping[str, Any], at: str) -> Term:
        properties = schema.get("properties", {})
        required = schema.get("required", [])
        if not isinstance(properties, dict) or not isinstance(required, list):
            raise refuse(at, "properties is an object and required is a list of names")
        missing = [name for name in required if name not in properties]
        if missing:
            raise refuse(at, f"required property {missing[0]!r} has no schema", "add it to properties")
        extra = schema.get("additionalProperties", False if properties else None)
        if extra is None and not properties:
            counted = schema.keys() & {"minProperties", "maxProperties", "propertyNames"}
            extra = bool(counted) or "properties" not in schema
        others = NEVER if extra is False else self.extra_member(schema, extra, list(properties), at)
        members = [
            (self.member(name, self.read(inner, f"{at}/properties/{name}")), name in required)
            for name, inner in properties.items()
        ]
        least, most = count(schema, "minProperties", at) or 0, count(schema, "maxProperties", at)
        if (least or most is not None) and members:
            n_required = len(set(required))
            bounded = extra is False and len(members) <= (most if most is not None else len(members))
            if not (bounded and least <= n_required):
                raise refuse(at, "minProperties and maxProperties beside properties are not supported", "use required")
            least, most = 0, None
        return seq(Text("{"), self.comma_separated(members, others, least, most, at), Text("}"))

    def member(self, name: str, value: Term) -> Term:
        key = literal(name, self.layout.item_separator, self.layout.key_separator)
        return seq(Text(key.text + self.layout.key_separator), value)

    def extra_member(self, schema: Mapping[str, Any], extra: Any, names: list[str], at: str) -> Term:
        value = self.read(extra, f"{at}/additionalProperties")
        rule = schema.get("propertyNames", {})
        if not isinstance(rule, dict) or rule.keys() - ANNOTATIONS - KEYWORDS["string"] - {"type", "enum"}:
            raise refuse(at, "propertyNames supports pattern, format, length and enum only")
        if "enum" in rule:
            key: Term = alt([literal(name, ", ", ": ") for name in rule["enum"] if isinstance(name, str)])
        else:
            key = string_term(rule, f"{at}/propertyNames", plain_only=True)
        if names:
            key = Minus(key, alt([literal(name, ", ", ": ") for name in names]))
        return seq(key, Text(self.layout.key_separator), value)

    def comma_separated(
        self, members: list[tuple[Term, bool]], others: Term, least: int, most: int | None, at: str
    ) -> Term:
        """The members in order, optional ones written or not, then any number of others: a chain of 2n states."""
        comma = Text(self.layout.item_separator)
        more = repeat(seq(comma, others), max(least - 1, 0), None if most is None else most - 1, f"properties of {at}")
        after = EMPTY if others == NEVER else alt([EMPTY, repeat(seq(comma, others), 1, None)])
        first = EMPTY if others == NEVER else alt([EMPTY, seq(others, more)])
        if not members and (least or most is not None):
            some = NEVER if most == 0 else seq(others, more)
            first = some if least else alt([EMPTY, some])
        for term, needed in reversed(members):
            written_first, written_after = seq(term, after), seq(comma, term, after)
            first = written_first if needed else alt([written_first, first])
            after = written_after if needed else alt([written_after, after])
        return first
