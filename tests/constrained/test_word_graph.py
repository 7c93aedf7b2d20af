"""The texts among alternatives are laid as the smallest machine of them, and the machine is the same as without that."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sgbench.engine.constrained.char_set import CharSet
from sgbench.engine.constrained.determinise import to_dfa
from sgbench.engine.constrained.dfa import Dfa
from sgbench.engine.constrained.regex_syntax import parse_regex
from sgbench.engine.constrained.terms import Alt, Chars, Repeat, Seq, Term, Text
from sgbench.engine.constrained.word_graph import WordNode, word_graph

WORDS = st.lists(st.text("abé中", max_size=6), min_size=1, max_size=30)
OTHERS = st.sampled_from(
    [
        Chars(CharSet.chars("abx")),
        Repeat(Text("ab"), 1, None),
        Repeat(Chars(CharSet.chars("é中")), 0, 3),
        Text("\ud800"),
    ]
)


def laid_plainly(term: Term) -> Term:
    """The same language; no part of an alternative is a text."""
    match term:
        case Alt(parts):
            return Alt(tuple(Seq((part,)) if isinstance(part, Text) else laid_plainly(part) for part in parts))
        case Seq(parts):
            return Seq(tuple(map(laid_plainly, parts)))
        case Repeat(part, least, most):
            return Repeat(laid_plainly(part), least, most)
        case _:
            return term


def assert_equal(one: Dfa, other: Dfa) -> None:
    for name in ("table", "class_of", "accepts", "remaining"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def words_of(nodes: list[WordNode]) -> Iterator[bytes]:
    """Every word of a graph, as often as there is a way to it."""
    open_ways = [(len(nodes) - 1, b"")]
    while open_ways:
        at, before = open_ways.pop()
        if nodes[at].ends:
            yield before
        open_ways += [(target, before + bytes([byte])) for byte, target in nodes[at].edges]


@given(WORDS)
def test_a_graph_holds_each_word_once_and_is_as_small_as_can_be(texts: list[str]) -> None:
    words = [text.encode() for text in [*texts, "a"]]
    nodes = word_graph(words)
    assert sorted(words_of(nodes)) == sorted(set(words))
    assert nodes[0] == WordNode(True, ())
    assert all(target < number for number, node in enumerate(nodes) for _, target in node.edges)
    assert len(nodes) == to_dfa(laid_plainly(Alt(tuple(map(Text, [*texts, "a"]))))).n_states


@settings(max_examples=60)
@given(WORDS, st.lists(OTHERS, max_size=2), st.booleans())
def test_the_machine_of_an_alternative_is_the_one_without_a_graph(
    texts: list[str], others: list[Term], again: bool
) -> None:
    term: Term = Alt((*map(Text, texts), *others))
    if again:
        term = Seq((Repeat(term, 0, 2), Text("ab"), Repeat(term, 1, None)))
    assert_equal(to_dfa(term), to_dfa(laid_plainly(term)))


def test_one_of_a_thousand_words_has_the_machine_it_has_without_a_graph() -> None:
    term = parse_regex("|".join(f"word{i * 7919 % 100003}" for i in range(1000)))
    assert isinstance(term, Alt) and len(term.parts) == 1000
    assert_equal(to_dfa(term), to_dfa(laid_plainly(term)))


def test_machines_of_one_language_are_equal_however_it_was_written() -> None:
    for same in [
        ["(a|b)*abb", "(b*a)*(a*b)*(a|b)*abb", "(?:a|b)*(?:abb|babb)"],
        ["ab|ac|b[cd]|", "(?:a[bc]|b(c|d))?", "|bd|bc|ac|ab|ab"],
        ["[é-ü]x|yx", "(?:y|[é-ñ]|[ò-ü])x"],
    ]:
        first, *others = (to_dfa(parse_regex(pattern)) for pattern in same)
        for other in others:
            assert_equal(first, other)
