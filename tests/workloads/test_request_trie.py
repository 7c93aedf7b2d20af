"""The trie of a run's requests, against a slow twin that knows every prefix."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sgbench.workloads.request_trie import RequestTrie, shared

TOKENS = st.lists(st.integers(0, 2), max_size=8).map(tuple)


def common(one, other):
    n = 0
    while n < min(len(one), len(other)) and one[n] == other[n]:
        n += 1
    return n


@given(TOKENS, TOKENS)
def test_shared_is_the_common_prefix(one, other):
    assert shared(one, other) == common(one, other)


@given(st.lists(TOKENS, max_size=12))
def test_a_sequence_adds_the_prefixes_that_are_not_there_yet(sequences):
    trie, prefixes = RequestTrie(), set()
    for tokens in sequences:
        own = {tokens[: i + 1] for i in range(len(tokens))}
        assert trie.add(tokens) == len(own - prefixes)
        prefixes |= own


@given(st.lists(TOKENS, min_size=1, max_size=12))
def test_the_order_does_not_change_the_size(sequences):
    forward, backward = RequestTrie(), RequestTrie()
    assert sum(map(forward.add, sequences)) == sum(map(backward.add, reversed(sequences)))
