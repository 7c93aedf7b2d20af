"""What a machine shows and forces is what it accepts."""

from __future__ import annotations

import json
import random
from functools import cache
from typing import Any

import pytest

from sgbench.constrained import compile_regex
from sgbench.engine.constrained.char_set import ANY, SURROGATES, CharSet, utf8_sequences
from sgbench.engine.constrained.machine import Machine

GRADE = '\\{"summary": "[\\w\\d\\s]*", "grade": "[ABCD][+-]?"\\}'
PATTERNS = [
    GRADE, "a*b|cd", "[^\"]+é|中国|中央", "Excellent|Above Average|Fair|Below Average", "(?s:.)*x", "", "(ab)*", "[α-ωа-я一-龥]+z",
    "[😀-😂]{2}a?", "abc", "(a|b)(a|b)c", "(?i)ab",
]  # fmt: skip


@cache
def one(label: str) -> Machine:
    """The machine of one label."""
    return compile_regex(label)


def read(graph: dict[str, Any], text: str) -> bool:
    """Walk a graph of single-character edges (several texts of one label are told apart by a machine of the label)."""
    at = graph["start"]
    for char in text:
        for edge in graph["edges"]:
            label = edge["label"] if edge["text"] is None else None
            if edge["source"] == at and (edge["text"] == char if label is None else one(label).accepts(char)):
                at = edge["target"]
                break
        else:
            return False
    return any(node["id"] == at and node["accept"] for node in graph["nodes"])


def near_matches(machine: Machine, seed: int) -> list[str]:
    """Random walks over the machine, some of them spoiled."""
    source = random.Random(seed)
    texts = []
    for _ in range(30):
        state, data = machine.start, bytearray()
        while not machine.is_final(state) and (len(data) < 20 or not machine.is_accepting(state)):
            if machine.is_accepting(state) and source.random() < 0.2:
                break
            low, high, state = source.choice(list(machine.dfa.byte_edges(state)))
            data.append(source.randint(low, high))
        text = data.decode()
        spoil = source.randrange(len(text) + 1)
        texts += [text, text[:spoil], text[:spoil] + source.choice('aé中\n"') + text[spoil + 1 :]]
    return texts


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_character_graph_accepts_what_the_machine_accepts(pattern: str) -> None:
    machine = compile_regex(pattern)
    texts = near_matches(machine, 1)
    assert [read(machine.fsm, text) for text in texts] == [machine.accepts(text) for text in texts]
    assert any(machine.accepts(text) for text in texts)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_compressed_graph_has_the_same_language_and_no_chain_left(pattern: str) -> None:
    machine = compile_regex(pattern)
    full, small = machine.fsm, machine.compressed
    opened: list[dict[str, Any]] = []
    fresh = 1 + max(node["id"] for node in full["nodes"])
    for edge in small["edges"]:
        text, source = edge["text"], edge["source"]
        for char in (text or "")[:-1]:
            opened.append({"source": source, "target": fresh, "label": char, "text": char})
            source, fresh = fresh, fresh + 1
        opened.append({**edge, "source": source, "text": text and text[-1]})
    for text in near_matches(machine, 2):
        assert reads_any({**small, "edges": opened}, text) == machine.accepts(text)
    out = {node["id"]: [e for e in small["edges"] if e["source"] == node["id"]] for node in small["nodes"]}
    accepting = {node["id"] for node in small["nodes"] if node["accept"]}
    for edge in small["edges"]:
        chain = edge["text"] is not None and edge["target"] not in accepting and len(out[edge["target"]]) == 1
        assert not (chain and out[edge["target"]][0]["text"] is not None)
    assert json.loads(json.dumps(small)) == small and json.loads(json.dumps(full)) == full


def reads_any(graph: dict[str, Any], text: str) -> bool:
    """As `read`, for a graph in which several edges of a node may begin alike."""
    states = {graph["start"]}
    for char in text:
        states = {
            edge["target"]
            for edge in graph["edges"]
            if edge["source"] in states
            and (edge["text"] == char if edge["text"] is not None else one(edge["label"]).accepts(char))
        }
    return any(node["id"] in states and node["accept"] for node in graph["nodes"])


@pytest.mark.parametrize("pattern", PATTERNS)
def test_forced_bytes_are_the_only_way_on_and_end_where_a_choice_begins(pattern: str) -> None:
    machine = compile_regex(pattern)
    for state in range(machine.n_states):
        forced, at = machine.forced(state), state
        for byte in forced:
            assert next(machine.dfa.byte_edges(at))[:2] == (byte, byte)
            assert len(list(machine.dfa.byte_edges(at))) == 1 and not machine.is_accepting(at)
            at = machine.step(at, bytes([byte]))
        edges = list(machine.dfa.byte_edges(at))
        assert machine.is_accepting(at) or len(edges) != 1 or edges[0][0] != edges[0][1]


def test_the_papers_example_is_small_when_compressed() -> None:
    machine = compile_regex(GRADE)
    texts = [edge["text"] for edge in machine.compressed["edges"]]
    assert '{"summary": "' in texts and '", "grade": "' in texts
    assert len(machine.fsm["nodes"]) == 31 and len(machine.compressed["nodes"]) == 6
    assert machine.forced(machine.start) == b'{"summary": "'


def test_an_edge_that_branches_still_joins_the_chain_behind_it() -> None:
    texts = {edge["text"] for edge in compile_regex("Gryffindor|Slytherin").compressed["edges"]}
    assert texts == {"Gryffindor", "Slytherin"}


def test_labels_show_classes_as_characters() -> None:
    (edge,) = compile_regex("[a-z0-9_]").fsm["edges"]
    assert (edge["label"], edge["text"]) == ("[0-9_a-z]", None)
    assert compile_regex('[^"\\n]').fsm["edges"][0]["label"] == '[^\\n"]'
    assert compile_regex(".").fsm["edges"][0]["label"] == "."
    assert compile_regex("\\n").fsm["edges"][0]["label"] == "\\n"


@pytest.mark.parametrize("pattern", PATTERNS)
def test_fewest_bytes_are_those_of_the_shortest_text(pattern: str) -> None:
    machine = compile_regex(pattern)
    state, length = machine.start, 0
    while not machine.is_accepting(state):
        state = min((t for _, _, t in machine.dfa.byte_edges(state)), key=machine.min_bytes)
        length += 1
    assert length == machine.min_bytes(machine.start)


def test_utf8_sequences_spell_exactly_the_set() -> None:
    source = random.Random(5)
    for _ in range(40):
        cuts = sorted(source.sample([0, 1, 0x7E, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xD800, 0xE000, 0xFFFF, 0x10000,
                                     0x10FFFF, *(source.randrange(0x110000) for _ in range(6))], 4))  # fmt: skip
        chars = CharSet.of([(cuts[0], cuts[1]), (cuts[2], cuts[3])])
        sequences = utf8_sequences(chars)
        for code in [*cuts, *(c + 1 for c in cuts if c < 0x10FFFF), *(c - 1 for c in cuts if c)]:
            if chr(code) in SURROGATES:
                continue
            data = chr(code).encode()
            spelled = [
                s
                for s in sequences
                if len(s) == len(data) and all(a <= b <= z for b, (a, z) in zip(data, s, strict=True))
            ]
            assert len(spelled) == (chr(code) in chars)


def test_set_algebra() -> None:
    letters = CharSet.chars("abcx")
    assert letters.ranges == ((97, 99), (120, 120)) and len(letters) == 4
    assert ~~letters == letters and letters | ~letters == ANY
    assert (letters & CharSet.chars("bxy")).ranges == ((98, 98), (120, 120))
    assert (letters - CharSet.chars("b")).label() == "[acx]"
