"""Every text of a schema's machine is valid by `jsonschema`, valid texts in the layout are accepted, the rest is refused by name."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import jsonschema
import pytest
from pydantic import BaseModel, Field

from sgbench.constrained import compile_json_schema, laid_out, regex_from_json_schema
from sgbench.engine.constrained.compiler import schema_machine
from sgbench.engine.constrained.formats import FORMATS
from sgbench.engine.constrained.machine import Machine
from sgbench.errors import ConstraintError

TREE = {
    "$defs": {
        "node": {
            "type": "object",
            "properties": {"value": {"type": "integer"}, "kids": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
            "required": ["value"],
        }
    },
    "$ref": "#/$defs/node",
}
TAGGED = {
    "oneOf": [
        {"type": "object", "properties": {"t": {"const": "a"}, "v": {"type": "integer"}}, "required": ["t", "v"]},
        {"type": "object", "properties": {"t": {"const": "b"}}, "required": ["t"]},
    ]
}
SCHEMAS: list[Any] = [
    {"type": "object", "properties": {"name": {"type": "string", "minLength": 1, "maxLength": 4},
     "age": {"type": "integer", "minimum": -12, "maximum": 130}, "ok": {"type": "boolean"}}, "required": ["age"]},
    {"type": "object", "properties": {"a": {"const": 1}, "b": {"const": 2}, "c": {"const": 3}}},
    {"type": "object", "properties": {"a": {"type": "null"}}, "additionalProperties": {"type": "string", "format": "date"}},
    {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 1, "maxProperties": 3,
     "propertyNames": {"pattern": "^[a-z]+$"}},
    {"type": "object", "additionalProperties": {"type": "boolean"}, "propertyNames": {"enum": ["x", "y"]}},
    {"type": "object", "properties": {}},
    {"type": "array", "items": {"enum": ["a", 1, None, {"k": [1, 2]}]}, "minItems": 1, "maxItems": 3},
    {"type": "array", "items": {"type": "boolean"}, "minItems": 2},
    {"type": "array", "items": {"type": "null"}, "maxItems": 0},
    {"type": "array", "items": {"type": "null"}, "maxItems": 1},
    {"type": "array", "prefixItems": [{"type": "integer"}, {"const": "é\n"}], "items": {"type": "boolean"}, "minItems": 1,
     "maxItems": 5},
    {"type": "array", "prefixItems": [{"type": "integer"}, {"const": "b"}], "items": False},
    {"type": "string"},
    {"type": "string", "minLength": 2},
    {"type": "string", "pattern": "a.c$", "maxLength": 8},
    {"type": "string", "pattern": "^(a|b\n)\"|x"},
    {"type": "string", "pattern": "^[^a-z]{2}$"},
    {"allOf": [{"type": "string", "pattern": "^a"}, {"type": "string", "pattern": "b$"}, {"type": "string", "minLength": 3}]},
    {"type": "string", "not": {"enum": ["abc", ""]}, "maxLength": 3},
    {"type": "string", "not": {"type": "string", "pattern": "a"}, "maxLength": 6},
    {"anyOf": [{"type": ["string", "null"]}, {"type": "integer", "multipleOf": 25, "minimum": 30}]},
    {"type": "integer", "multipleOf": 8},
    {"type": "integer", "multipleOf": 7, "minimum": 0},
    {"type": "integer", "exclusiveMinimum": 98, "maximum": 1203},
    {"type": "integer", "minimum": -1500, "exclusiveMaximum": -7},
    {"type": "integer", "minimum": 0.5},
    {"type": "integer", "maximum": 7.5, "exclusiveMinimum": -3},
    {"type": "number"},
    {"type": "number", "minimum": 0.125, "exclusiveMaximum": 3},
    {"type": "number", "maximum": -2.5},
    {"type": "number", "minimum": -0.75, "maximum": 0},
    {"type": "number", "exclusiveMinimum": 0},
    {"enum": ["a", 2, 2.5, True, None, [], {"k": "v, w: x"}], "type": ["string", "number"]},
    {"const": {"a": [1, "two"]}},
    {"minLength": 3},
    {"properties": {"x": {"type": "integer", "nullable": True}}, "required": ["x"]},
    TAGGED,
]  # fmt: skip
DEEP: list[Any] = [
    TREE,
    True,
    {},
    {"type": "object"},
    {"type": "array"},
    {"type": "array", "prefixItems": [{"type": "null"}]},
]


def samples(machine: Machine, seed: int, count: int = 30) -> list[str]:
    """Random texts of a machine, driven to an end when they grow long."""
    source, texts = random.Random(seed), []
    for _ in range(count):
        state, data = machine.start, bytearray()
        while not machine.is_final(state):
            if machine.is_accepting(state) and (len(data) > 60 or source.random() < 0.3):
                break
            edges = list(machine.dfa.byte_edges(state))
            if len(data) > 60:
                edges = [edge for edge in edges if machine.min_bytes(edge[2]) < machine.min_bytes(state)]
            low, high, state = source.choice(edges)
            data.append(source.choice([low, high, source.randint(low, high)]))
        texts.append(data.decode())
    return texts


def validator(schema: Any) -> jsonschema.Draft202012Validator:
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return jsonschema.Draft202012Validator(schema, format_checker=checker)


@pytest.mark.parametrize("number", range(len(SCHEMAS)))
def test_every_text_is_valid(number: int) -> None:
    schema = SCHEMAS[number]
    machine, judge = compile_json_schema(schema), validator({k: v for k, v in schema.items() if k != "nullable"})
    nullable = "nullable" in json.dumps(schema)
    for text in samples(machine, number):
        assert machine.accepts(text)
        assert nullable or judge.is_valid(json.loads(text)), text


@pytest.mark.parametrize("number", range(len(DEEP)))
def test_every_text_of_a_bounded_recursion_is_valid(number: int) -> None:
    with pytest.raises(ConstraintError, match="max_depth"):
        compile_json_schema(DEEP[number])
    machine, judge = compile_json_schema(DEEP[number], max_depth=2), validator(DEEP[number])
    for text in samples(machine, number):
        assert judge.is_valid(json.loads(text)), text


def test_a_schema_carries_its_layout_to_the_engine() -> None:
    """What `gen(json_schema=...)` is given is text in the end: separators and depth travel in it."""
    compact = json.dumps(laid_out(SCHEMAS[0], separators=(",", ":")))
    assert schema_machine(json.loads(compact)).accepts('{"name":"Ada","age":36}')
    with pytest.raises(ConstraintError, match=r"recursive.*max_depth.*laid_out"):
        schema_machine(TREE)
    deep = schema_machine(json.loads(json.dumps(laid_out(TREE, max_depth=1))))
    assert deep.accepts('{"value": 1, "kids": [{"value": 2}]}')
    assert not deep.accepts('{"value": 1, "kids": [{"value": 2, "kids": [{"value": 3}]}]}')
    for wrong in ({"separators": [","]}, {"max_depth": -1}, {"max_depth": True}, {"indent": 2}, 3):
        with pytest.raises(ConstraintError, match="x-layout"):
            schema_machine({"type": "null", "x-layout": wrong})
    with pytest.raises(ConstraintError, match="needs a schema that is an object"):
        laid_out(True)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_text_of_a_format_is_valid(name: str) -> None:
    schema = {"type": "string", "format": name}
    judge = validator(schema)
    for text in samples(compile_json_schema(schema), 7, 40):
        assert judge.is_valid(json.loads(text)), text


VALUES: list[tuple[Any, list[Any]]] = [
    (SCHEMAS[0], [{"name": "Ada", "age": 36, "ok": True}, {"age": -12}, {"age": 130, "ok": False}, {"name": "é\"\\\n", "age": 0}]),
    (SCHEMAS[1], [{}, {"a": 1}, {"b": 2}, {"a": 1, "c": 3}, {"a": 1, "b": 2, "c": 3}]),
    (SCHEMAS[2], [{}, {"a": None}, {"a": None, "x": "2024-02-29"}, {"x": "1999-12-31", "y": "2000-01-01"}]),
    (SCHEMAS[10], [[5], [5, "é\n"], [5, "é\n", True, False]]),
    ({"type": "string", "pattern": "b"}, ["b", "abc", "b\n", "éb\t\"", "\x01b"]),
    ({"type": "number"}, [0, -1, 2.5, 1e30, -1.5e-7]),
    ({"type": "number", "minimum": -2.5, "maximum": 10}, [-2.5, -2.49, -0.5, 0, 0.001, 9.99, 10, 10.0]),
    ({"type": "integer", "minimum": 9, "maximum": 1001}, [9, 10, 99, 100, 999, 1000, 1001]),
    (TAGGED, [{"t": "a", "v": 3}, {"t": "b"}]),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "values"), VALUES)
def test_valid_values_in_the_layout_are_accepted(schema: Any, values: list[Any]) -> None:
    spaced, compact = compile_json_schema(schema), compile_json_schema(schema, separators=(",", ":"))
    for value in values:
        assert spaced.accepts(json.dumps(value, ensure_ascii=False)), value
        assert compact.accepts(json.dumps(value, ensure_ascii=False, separators=(",", ":"))), value


@pytest.mark.parametrize("low", [-113, -9, 0, 7, 98])
def test_bounds_of_integers_are_exact(low: int) -> None:
    for high in (low, low + 3, low + 14, 120):
        machine = compile_json_schema({"type": "integer", "minimum": low, "maximum": high})
        assert [n for n in range(-1300, 1300) if machine.accepts(str(n))] == list(range(low, high + 1))
        assert not machine.accepts("007") and not machine.accepts("1.0")


@pytest.mark.parametrize("divisor", [1, 2, 3, 7, 10, 25, 64])
def test_multiples_are_exact(divisor: int) -> None:
    machine = compile_json_schema({"type": "integer", "multipleOf": divisor})
    assert [n for n in range(-400, 1400) if machine.accepts(str(n))] == [
        n for n in range(-400, 1400) if n % divisor == 0
    ]
    assert not machine.accepts("00") and not machine.accepts("") and not machine.accepts("-")
    halves = compile_json_schema({"type": "integer", "multipleOf": divisor / 2})
    assert all(halves.accepts(str(n)) == (n % (divisor / 2) == 0) for n in range(-100, 200))


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    ("low", "high"), [("0", "1"), ("-1.05", "0.5"), ("0.25", "0.3"), ("-2", "-0.5"), ("9.9", "10.01")]
)
def test_bounds_of_numbers_are_exact(low: str, high: str, strict: bool) -> None:
    names = ("exclusiveMinimum", "exclusiveMaximum") if strict else ("minimum", "maximum")
    schema = {"type": "number", names[0]: float(low), names[1]: float(high)}
    machine, judge = compile_json_schema(schema), validator(schema)
    for digits in range(4):
        for n in range(-(3 * 10**digits), 11 * 10**digits, max(1, 10**digits // 30)):
            text = f"{n / 10**digits:.{digits}f}"
            assert machine.accepts(text) == judge.is_valid(json.loads(text)), text


def test_strings_are_counted_in_characters_and_escapes_count_as_one() -> None:
    machine = compile_json_schema({"type": "string", "minLength": 2, "maxLength": 3})
    for text, good in [('"ab"', True), ('"é中😀"', True), ('"\\n\\u00e9"', True), ('"\\ud83d\\ude00x"', True), ('"a"', False),
                       ('"\\ud83d\\ude00"', False), ('"abcd"', False), ('"a\nb"', False), ('"\\ud83dab"', False)]:  # fmt: skip
        assert machine.accepts(text) == good, text


REFUSED: list[tuple[Any, str]] = [
    ({"type": "array", "items": {"type": "null"}, "uniqueItems": True}, "uniqueItems"),
    ({"type": "object", "patternProperties": {"a": {}}}, "patternProperties"),
    ({"type": "object", "properties": {"a": {"type": "null"}}, "dependentRequired": {"a": ["b"]}}, "dependentRequired"),
    ({"if": {}, "then": {}}, "'if'"),
    ({"type": "string", "format": "iri"}, "iri"),
    ({"type": "strnig"}, "strnig"),
    ({"type": "string", "pattern": "(?=a)"}, "pattern: regex not supported at position 0"),
    ({"type": "string", "pattern": "("}, "malformed"),
    ({"type": "integer", "multipleOf": 7001}, "multipleOf 7001"),
    ({"type": "integer", "multipleOf": 0}, "above 0"),
    ({"type": "number", "multipleOf": 0.1}, "multipleOf"),
    ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, "oneOf"),
    ({"oneOf": [{"type": "object", "properties": {"a": {"type": "null"}}}, {"type": "object"}]}, "oneOf"),
    ({"allOf": [{"type": "integer"}, {"minimum": 3}]}, "allOf"),
    ({"not": {"type": "null"}}, "'not'"),
    ({"type": "object", "anyOf": [{"required": ["a"]}]}, "'anyOf' beside 'type'"),
    ({"$ref": "#/$defs/none"}, "points nowhere"),
    ({"$ref": "other.json"}, "only references inside"),
    ({"type": "object", "properties": {"a": {"type": "null"}}, "required": ["b"]}, "'b' has no schema"),
    ({"type": "object", "properties": {"a": {"type": "null"}}, "minProperties": 1}, "minProperties"),
    ({"type": "object", "properties": {"x": {"type": "array", "items": {"madeUp": 1}}}}, "#/properties/x/items: keyword 'madeUp'"),
    ({"type": "string", "minLength": -1}, "minLength"),
    ({"type": "string", "maxLength": "3"}, "maxLength"),
    ({"anyOf": []}, "anyOf"),
    ({"enum": 3}, "enum"),
    ("{", "not JSON, at position 1"),
    (3, "not int"),
    ([1], "not list"),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "words"), REFUSED)
def test_what_cannot_be_expressed_is_refused_by_name(schema: Any, words: str) -> None:
    with pytest.raises(ConstraintError, match=re.escape(words)):
        compile_json_schema(schema)


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"type": "string", "minLength": 3, "maxLength": 2},
        {"enum": ["a"], "type": "integer"},
        {"type": "integer", "minimum": 3, "maximum": 2},
        {"type": "string", "pattern": "^a{3}$", "maxLength": 2},
    ],
)
def test_a_schema_that_nothing_satisfies_is_an_error(schema: Any) -> None:
    with pytest.raises(ConstraintError, match="no text satisfies"):
        compile_json_schema(schema)


class Wand(BaseModel):
    wood: str = Field(max_length=8)
    length: float | None = None


class Sheet(BaseModel):
    name: str
    house: Literal["Gryffindor", "Slytherin"]
    wand: Wand
    pets: list[Wand] = Field(default_factory=list, max_length=2)
    counts: dict[str, int] = {}


class Movie(TypedDict):
    title: str
    year: int


@dataclass
class Point:
    x: int
    y: int


def test_pydantic_models_are_schemas() -> None:
    machine = compile_json_schema(Sheet)
    for text in samples(machine, 3):
        Sheet.model_validate_json(text)
    sheet = Sheet(name="Harry", house="Gryffindor", wand=Wand(wood="holly", length=11))
    assert machine.accepts(json.dumps(sheet.model_dump()))
    assert machine.forced(machine.start) == b'{"name": "'


@pytest.mark.parametrize("kind", [Movie, Point, list[Movie], dict[str, int], int | None, Literal["a", "b"]])
def test_typed_dicts_and_other_types_are_schemas(kind: Any) -> None:
    assert samples(compile_json_schema(kind), 1)
    assert compile_json_schema(Movie).accepts('{"title": "Alien", "year": 1979}')


def test_a_schema_may_be_json_text_and_is_not_changed() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    before = json.dumps(schema)
    assert compile_json_schema(before).accepts('{"a": 1}') and compile_json_schema(schema).accepts("{}")
    assert json.dumps(schema) == before


@pytest.mark.parametrize("number", [*range(len(SCHEMAS))])
def test_a_regex_says_the_same_where_one_can(number: int) -> None:
    machine = compile_json_schema(SCHEMAS[number])
    try:
        pattern = regex_from_json_schema(SCHEMAS[number])
    except ConstraintError as refusal:
        assert "no regex can be given" in str(refusal)
        return
    compiled = re.compile(pattern)
    texts = samples(machine, number)
    assert all(compiled.fullmatch(text) for text in texts)
    spoiled = [text[:-1] for text in texts] + [text.replace('"', "") for text in texts] + ["null", "{}", "[]", "0"]
    assert [compiled.fullmatch(t) is not None for t in spoiled] == [machine.accepts(t) for t in spoiled]


def test_most_schemas_have_a_regex() -> None:
    assert regex_from_json_schema({"type": "array", "items": {"type": "boolean"}, "minItems": 1, "maxItems": 2}) == (
        "\\[(?:true|false)(?:, (?:true|false))?\\]"
    )
    with pytest.raises(ConstraintError, match="compile_json_schema"):
        regex_from_json_schema({"type": "string", "pattern": "a", "maxLength": 3})


@pytest.mark.parametrize("separators", [("a", "b"), (",",), ",", (":", ","), (", ", ": ", ""), (", ", None)])
def test_separators_that_would_not_make_json_are_refused(separators: Any) -> None:
    with pytest.raises(ConstraintError, match="a comma and a colon"):
        compile_json_schema({"type": "integer"}, separators=separators)
    with pytest.raises(ConstraintError, match="a comma and a colon"):
        laid_out({"type": "integer"}, separators=separators)


@pytest.mark.parametrize("depth", [-1, "2", 1.0, True])
def test_a_depth_that_is_no_number_of_steps_is_refused(depth: Any) -> None:
    with pytest.raises(ConstraintError, match="max_depth is a whole number"):
        laid_out({"type": "integer"}, max_depth=depth)
