"""Grammars in a running engine, held by llguidance: recursion, the same texts as our machines, the same rules at ends and jumps."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import jsonschema
import pytest

from sgbench.constrained import laid_out
from sgbench.engine.constrained.closed_objects import closed
from sgbench.engine.constrained.compiler import regex_machine, schema_machine
from sgbench.engine.constrained.grammar import GrammarCompiler
from sgbench.engine.engine import EngineCore
from sgbench.errors import ConstraintError, MissingDependencyError, UsageError
from sgbench.trace.events import JumpForward, RequestConstrained
from tests.constrained.random_patterns import Patterns, valid
from tests.constrained.spelling import EOS, LongestMatch
from tests.engine.world import scripted

pytest.importorskip("llguidance")
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")

TOKENIZER = LongestMatch()
TREE: dict[str, Any] = {
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "name": {"enum": ["a", "order"]},
                "kids": {"type": "array", "items": {"$ref": "#/$defs/node"}, "maxItems": 2},
            },
            "required": ["name", "kids"],
            "additionalProperties": False,
        }
    },
    "$ref": "#/$defs/node",
}
NESTED = 'start: "(" start ")" | "x"'


def chosen(shift: int) -> Any:
    def follow(tokens: tuple[int, ...]) -> int:
        value = shift
        for token in tokens:
            value = (value * 31 + token + 7) % 1_000_003
        return value % TOKENIZER.vocab_size

    return follow


def engine(shift: int = 17, **options: Any) -> EngineCore:
    return scripted(
        2000, context=2000, next_token=chosen(shift), vocab=TOKENIZER.vocab_size, tokenizer=TOKENIZER, **options
    )


def test_a_recursive_schema_is_refused_by_the_machine_and_followed_by_the_grammar() -> None:
    with pytest.raises(ConstraintError, match="recursive"):
        engine().generate("x", {"json_schema": TREE})
    deep = 0
    for shift in range(12):
        core = engine(shift, grammar_backend="llguidance")
        result = core.generate("x", {"json_schema": TREE, "max_new_tokens": 600})
        if result["meta_info"]["complete"]:
            value = json.loads(result["text"])
            jsonschema.validate(value, TREE)
            assert result["text"] == json.dumps(value), "the separators of our own machines"
            deep = max(deep, result["text"].count("name"))
        else:
            assert result["meta_info"]["finish_reason"]["type"] == "length"
        core.check_integrity()
    assert deep > 1


def test_objects_hold_only_what_the_schema_names_as_in_our_machines() -> None:
    inner = {"type": "object", "properties": {"b": {"type": "boolean"}}}
    schema = {"type": "object", "properties": {"a": {"type": "array", "items": inner}}, "required": ["a"]}
    compiler = GrammarCompiler(TOKENIZER.vocabulary, TOKENIZER, (EOS,))
    machine, grammar = schema_machine(schema), compiler.compile("json_schema", json.dumps(schema))
    for text in ['{"a": []}', '{"a": [{}, {"b": true}]}', '{"a": [{"c": 1}]}', '{"a": [], "c": 1}', "{}"]:
        assert machine.accepts(text) == grammar.accepts(text), text
    opened = schema | {"additionalProperties": {"type": "integer"}}
    assert compiler.compile("json_schema", json.dumps(opened)).accepts('{"a": [], "c": 1}')


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {"type": "string"},
        {"allOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]},
        {"properties": {"a": {}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
        {"properties": {"a": {}}, "required": ["a", "b"]},
        {"properties": {"a": {}}, "additionalProperties": True},
        {"not": {"properties": {"a": {}}}},
    ],
)
def test_a_schema_that_says_only_a_part_of_an_object_is_not_closed(schema: Any) -> None:
    assert closed(schema) == schema


def test_closing_reaches_every_place_where_a_whole_object_stands() -> None:
    open_, shut = {"properties": {"a": {}}}, {"properties": {"a": {}}, "additionalProperties": False}
    for place in (
        lambda one: {"$defs": {"x": one}},
        lambda one: {"items": one},
        lambda one: {"items": [one]},
        lambda one: {"prefixItems": [one, one]},
        lambda one: {"anyOf": [one, {"type": "null"}]},
        lambda one: {"properties": {"p": one}, "additionalProperties": one},
    ):
        assert closed(place(open_)) == place(shut)


def test_a_layout_travels_to_the_grammar_and_a_bound_is_refused_there() -> None:
    core = engine(grammar_backend="llguidance")
    schema = laid_out({"enum": [[1, 2], {"a": 1}]}, separators=(",", ":"))
    assert core.generate("x", {"json_schema": schema})["text"] in {"[1,2]", '{"a":1}'}
    with pytest.raises(ConstraintError, match="leave it out"):
        core.generate("x", {"json_schema": laid_out(TREE, max_depth=2)})
    assert engine().generate("x", {"json_schema": laid_out(TREE, max_depth=0)})["meta_info"]["complete"]


@pytest.mark.parametrize("mode", ["safe", "text", "off"])
@pytest.mark.parametrize("pattern", ["[ab]{2,5}", "(Gry|Gra)ffindor( the)?", "(é|中){1,3}x", "summary[0-9]", "aab"])
def test_a_regex_gives_a_match_in_every_mode(pattern: str, mode: str) -> None:
    core = engine(grammar_backend="llguidance", jump_forward=mode)
    result = core.generate("x", {"regex": pattern}, return_logprob=True)
    assert re.fullmatch(pattern, result["text"]) and result["meta_info"]["complete"]
    assert len(result["meta_info"]["output_token_logprobs"]) == len(result["output_ids"])
    assert mode != "off" or result["meta_info"]["jumped_tokens"] == 0
    core.check_integrity()


def test_a_grammar_jumps_and_says_so() -> None:
    seen: list[Any] = []
    core = engine(jump_forward="safe")
    core.subscribe(seen.append)
    result = core.generate("x", {"ebnf": 'start: "{\\"name\\": \\"" /[ab]/ "\\", \\"grade\\": " /[0-9]/ "}"'})
    assert re.fullmatch(r'\{"name": "[ab]", "grade": [0-9]\}', result["text"])
    begun = [event for event in seen if isinstance(event, RequestConstrained)]
    assert [(event.form, event.states) for event in begun] == [("ebnf", 0)]
    jumps = [event for event in seen if isinstance(event, JumpForward)]
    assert jumps and sum(len(event.token_ids) for event in jumps) == result["meta_info"]["jumped_tokens"]
    assert all(event.mode == "safe" and event.text in result["text"] for event in jumps)


def test_the_end_is_allowed_exactly_where_the_text_may_end() -> None:
    ends = scripted(200, next_token=lambda tokens: EOS, vocab=TOKENIZER.vocab_size, tokenizer=TOKENIZER)
    assert re.fullmatch("[ab]{2}", ends.generate("x", {"ebnf": "start: /[ab]{2,5}/"})["text"])
    assert ends.generate("x", {"ebnf": 'start: "a"*'})["text"] == ""
    never = scripted(
        200, next_token=lambda tokens: TOKENIZER.ids[b"("], vocab=TOKENIZER.vocab_size, tokenizer=TOKENIZER
    )
    cut = never.generate("x", {"ebnf": NESTED, "max_new_tokens": 9})["meta_info"]
    assert cut["finish_reason"]["type"] == "length" and cut["complete"] is False


def test_a_batch_shares_one_grammar_and_stops_hold() -> None:
    core = engine(grammar_backend="llguidance", start=True)
    with core:
        results = core.generate(["Bc"] * 6, {"regex": "(sum){1,3}mary", "n": 2})
        assert all(r["text"].endswith("mary") for r in results)
        stopped = core.generate("x", {"regex": "orderthename[ab]", "stop": "then"})
        assert stopped["text"] == "order" and stopped["meta_info"]["complete"] is False


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"ebnf": "start: ("}, ConstraintError),
        ({"ebnf": 'start: "a"', "regex": "a"}, ConstraintError),
        ({"ebnf": 'start: "a"', "close_within_budget": True}, ConstraintError),
        ({"ebnf": 'start: "a"', "canonical": True}, ConstraintError),
        ({"ebnf": 3}, UsageError),
        ({"ebnf": "start: /[^\\s\\S]/"}, ConstraintError),
    ],
)
def test_what_cannot_be_is_one_clear_error_and_the_engine_goes_on(params: dict[str, Any], error: type) -> None:
    core = engine()
    with pytest.raises(error):
        core.generate("x", params)
    assert core.generate("x", {"ebnf": 'start: "a"'})["text"] == "a"


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llguidance", None)
    with pytest.raises(MissingDependencyError, match="grammar"):
        engine().generate("x", {"ebnf": 'start: "a"'})


def test_our_machines_and_the_library_accept_the_same_texts() -> None:
    """A second oracle beside `re`: random patterns that both take, on ASCII texts (its classes are Unicode's)."""
    source, compiler = Patterns(7), GrammarCompiler(TOKENIZER.vocabulary, TOKENIZER, (EOS,))
    compared = matches = 0
    while compared < 150:
        pattern = source.pattern()
        if not valid(pattern) or "--" in pattern:  # a difference of sets there
            continue
        try:
            machine, grammar = regex_machine(pattern), compiler.compile("regex", pattern)
        except ConstraintError:
            continue
        compared += 1
        for text in filter(str.isascii, source.texts(20)):
            assert machine.accepts(text) == grammar.accepts(text), (pattern, text)
            matches += machine.accepts(text)
    assert matches > 200
