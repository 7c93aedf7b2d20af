"""Masks say exactly which tokens keep the text completable, for any machine and vocabulary."""

from __future__ import annotations

import contextlib
import itertools
import random
import re
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgbench.engine.constrained import state_sets
from sgbench.engine.constrained.compiler import regex_machine
from sgbench.engine.constrained.constraint import Constraint
from sgbench.engine.constrained.limits import Limits
from sgbench.engine.constrained.mask_cache import MaskCache
from sgbench.engine.constrained.token_mask import TokenMasks
from sgbench.engine.constrained.vocabulary import Vocabulary
from sgbench.engine.token_set import LateSet, TokenSet
from sgbench.errors import ConstraintError
from tests.constrained.random_patterns import ALPHABET, Patterns, valid
from tests.constrained.spelling import EOS, LongestMatch

PATTERNS = [
    "[ab]{2,4}c", '"[^"\\\\]*"', "中国|中央|é+", "(?s:.)*", "order(Id|Name)", "", "[0-9]{1,40}", "(aa|aaa)*b", "[^a]{3}", "x"
]  # fmt: skip


def random_vocabulary(seed: int) -> Vocabulary:
    """All bytes, random pieces of text, and pieces cut inside characters."""
    source = random.Random(seed)
    pieces = {"".join(source.choices(ALPHABET, k=source.randint(1, 5))).encode() for _ in range(300)}
    pieces |= {piece[1:] for piece in list(pieces)[:80]} | {piece[:-1] for piece in list(pieces)[:80]}
    tokens = [b"", *(bytes([b]) for b in range(256)), *sorted(pieces - {b""}), b""]
    source.shuffle(tokens)
    return Vocabulary(tokens)


def expected(masks: TokenMasks, state: int) -> list[int]:
    """The slow twin: try every token."""
    machine = masks.machine
    return [i for i, t in enumerate(masks.vocabulary.tokens) if t and machine.step(state, t) != machine.dead]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_mask_has_the_tokens_that_a_walk_over_each_allows(pattern: str) -> None:
    masks = TokenMasks(regex_machine(pattern), random_vocabulary(3))
    for state in range(masks.machine.n_states):
        assert masks.allowed(state).tolist() == expected(masks, state)
        ids, ends = masks.moves(state)
        assert ends.tolist() == [masks.machine.step(state, masks.vocabulary.tokens[i]) for i in ids]


def test_masks_that_are_few_of_a_large_vocabulary_leave_out_what_is_dead_beside_them() -> None:
    """Few tokens among many, at a depth where a good part of the nodes is alive: those are listed with the dead ones."""
    source = random.Random(9)
    words = {"".join(source.choices('ab é中國😀"\\\nα', k=source.randint(2, 6))).encode() for _ in range(24_000)}
    cut = {word[1:] for word in sorted(words)[:40]} - {b""}  # some of them begin inside a character
    tokens = [*(bytes([b]) for b in range(256)), *sorted(words | cut)]
    vocabulary = Vocabulary(tokens)
    for pattern in (r'[^"\\\x00-\x1f]*', "[0-4a-c]{1,2}z"):
        masks = TokenMasks(regex_machine(pattern), vocabulary)
        for state in range(masks.machine.n_states):
            assert masks.allowed(state).tolist() == expected(masks, state), (pattern, state)
            ids, ends = masks.moves(state)
            assert sorted(ids.tolist()) == expected(masks, state)
            assert ends.tolist() == [masks.machine.step(state, tokens[i]) for i in ids]


def random_masks(seed: int, vocabulary: Vocabulary) -> Iterator[TokenMasks]:
    """Of small machines of random patterns, without end."""
    source = Patterns(seed)
    while True:
        pattern = source.pattern()
        if valid(pattern):
            with contextlib.suppress(ConstraintError):
                yield TokenMasks(regex_machine(pattern, Limits(states=400)), vocabulary)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_masks_of_random_machines() -> None:
    for masks in itertools.islice(random_masks(11, random_vocabulary(4)), 25):
        for state in range(0, masks.machine.n_states, max(1, masks.machine.n_states // 6)):
            assert masks.allowed(state).tolist() == expected(masks, state), masks.machine


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_text_written_by_masks_matches() -> None:
    """The random generation of the acceptance: whatever is chosen from the masks is a match once it ends."""
    choose, tokenizer, written = random.Random(1), LongestMatch(ALPHABET), 0
    for masks in random_masks(12, tokenizer.vocabulary()):
        if written >= 120:
            break
        for _ in range(3):
            constraint, out = Constraint(masks, tokenizer, frozenset({EOS}), "off"), []
            for _ in range(40):
                if constraint.ended:
                    break
                token = int(choose.choice(constraint.allowed(99).to_ids()))
                if token == EOS:
                    assert constraint.complete
                    break
                out.append(token)
                constraint.advance(token)
            if constraint.complete:
                text = tokenizer.decode(out).decode()
                assert re.compile(masks.machine.source, re.ASCII).fullmatch(text), (masks.machine, text)
                written += 1


def test_end_tokens_stand_exactly_at_accepting_states() -> None:
    tokenizer = LongestMatch()
    ends = frozenset({EOS, len(tokenizer.tokens) + 3})
    masks = TokenMasks(regex_machine("a{2,3}b?"), Vocabulary([*tokenizer.tokens, *[b""] * 4]))
    for text, complete in [("", False), ("a", False), ("aa", True), ("aaa", True), ("aab", True)]:
        constraint = Constraint(masks, tokenizer, ends, "off")
        for byte in text.encode():
            constraint.advance(tokenizer.ids[bytes([byte])])
        allowed = set(constraint.allowed(99).to_ids().tolist())
        assert (allowed >= ends) == complete == constraint.complete
        assert constraint.ended == (text == "aab")


def test_a_stop_id_that_spells_something_ends_the_text_only_where_it_may_end() -> None:
    tokenizer = LongestMatch()
    (b,) = tokenizer.encode("b")
    constraint = Constraint(
        TokenMasks(regex_machine("a?b?c?"), tokenizer.vocabulary()), tokenizer, frozenset({EOS, b}), "off"
    )
    assert b in constraint.allowed(99)
    strict = Constraint(
        TokenMasks(regex_machine("(b|c)x"), tokenizer.vocabulary()), tokenizer, frozenset({EOS, b}), "off"
    )
    assert b not in strict.allowed(99) and EOS not in strict.allowed(99)


def test_a_vocabulary_that_lacks_bytes_is_trimmed_to_what_it_can_finish() -> None:
    tokenizer = LongestMatch(["ab", "cd"], single_bytes=b"acx")
    masks = TokenMasks(regex_machine("(a|ab|c)(x|d|ab)?"), tokenizer.vocabulary())
    state = masks.machine.step(masks.machine.start, b"c")
    assert [tokenizer.tokens[i] for i in masks.allowed(state)] == [b"x", b"ab"]
    dead_end = TokenMasks(regex_machine("a[yz]|ab"), tokenizer.vocabulary())
    assert [tokenizer.tokens[i] for i in dead_end.allowed(dead_end.machine.start)] == [b"ab"]
    with pytest.raises(ConstraintError, match=re.escape("the bytes b'yz'")):
        TokenMasks(regex_machine("a[yz]|x[zy]"), tokenizer.vocabulary())
    with pytest.raises(ConstraintError, match="do not join"):
        TokenMasks(regex_machine("ba"), tokenizer.vocabulary())


def test_masks_are_kept_within_the_budget() -> None:
    masks = TokenMasks(regex_machine("[ab]{1,60}"), random_vocabulary(5), MaskCache(2000))
    first = masks.allowed(0).copy()
    for state in range(masks.machine.n_states):
        masks.allowed(state)
        assert masks.cached_bytes <= 2000
    assert masks.allowed(0).tolist() == first.tolist()


def test_a_mask_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    masks = TokenMasks(regex_machine("[ab]+"), random_vocabulary(6))
    kept = masks.token_set(0)
    monkeypatch.setattr(TokenMasks, "_made", None)
    assert masks.token_set(0) is kept
    with pytest.raises(ValueError, match="read-only"):
        (kept.words if kept.ids is None else kept.ids)[0] = 1  # type: ignore[index]


@pytest.mark.parametrize(("most_sets", "most_work"), [(1, 1 << 30), (5, 1 << 30), (1 << 30, 1)])
def test_masks_are_the_same_however_few_sets_of_states_a_trie_may_ask(
    monkeypatch: pytest.MonkeyPatch, most_sets: int, most_work: int
) -> None:
    monkeypatch.setattr(state_sets, "_MOST_SETS", most_sets)
    monkeypatch.setattr(state_sets, "_MOST_WORK", most_work)
    for pattern in PATTERNS:
        masks = TokenMasks(regex_machine(pattern), random_vocabulary(5))
        for state in range(masks.machine.n_states):
            assert masks.allowed(state).tolist() == expected(masks, state), masks.machine


def test_a_trie_has_one_node_where_no_state_tells_two_apart() -> None:
    """Behind the first letter no escape is open and no quote has closed the string: all letters are alike."""
    words = [a + b for a in "abn" for b in "abcnu/"]
    vocabulary = Vocabulary([bytes([b]) for b in range(256)] + [word.encode() for word in words])
    masks = TokenMasks(regex_machine(r'"([^"\\\x00-\x1f]|\\["\\/bfnrt])*"'), vocabulary)
    ends = masks.trie.node_of_token[256:]
    assert len(set(ends.tolist())) == len(set(masks.machine.dfa.class_of[list(b"abn")])) == 2
    for state in range(masks.machine.n_states):
        assert masks.allowed(state).tolist() == expected(masks, state)


def test_machines_that_share_a_place_share_its_budget_and_not_their_masks() -> None:
    vocabulary, place = random_vocabulary(5), MaskCache(3000)
    first, second = (TokenMasks(regex_machine(pattern), vocabulary, place) for pattern in ("[ab]{1,60}", "[^ab]{1,60}"))
    for state in range(first.machine.n_states):
        for masks in (first, second):
            assert masks.allowed(state).tolist() == expected(masks, state)
            assert place.nbytes <= 3000


def test_the_set_of_a_state_has_the_stops_exactly_where_the_text_may_end() -> None:
    vocabulary = random_vocabulary(8)
    ends = tuple(i for i, token in enumerate(vocabulary.tokens) if not token)
    for pattern in ["[ab]{2,4}c?", "(?s:.)*", "x|y[^a]*"]:
        masks = TokenMasks(regex_machine(pattern), vocabulary)
        for state in range(masks.machine.n_states):
            plain, ending = masks.token_set(state), masks.token_set(state, ends)
            wanted = set(expected(masks, state))
            assert set(plain.to_ids().tolist()) == wanted and len(plain) == len(wanted)
            assert set(ending.to_ids().tolist()) == wanted | (set(ends) if masks.machine.is_accepting(state) else set())
            assert masks.machine.is_accepting(state) or ending is plain


def test_the_one_token_that_is_left_is_known() -> None:
    for tokenizer in (LongestMatch(), LongestMatch(["ab", "abc"], single_bytes=b"abcx")):
        masks = TokenMasks(regex_machine("(ab|abc|ax)x?"), tokenizer.vocabulary())
        for state in range(masks.machine.n_states):
            allowed = expected(masks, state)
            alone = len(allowed) == 1 and not masks.machine.is_accepting(state)
            assert masks.only_token(state) == (allowed[0] if alone else -1)


def test_masks_are_kept_as_bits_or_ids_whichever_is_smaller() -> None:
    cache = MaskCache(max_bytes=64_000)
    wide = [TokenSet.of_marks(np.arange(10_000) % 3 == i % 3) for i in range(20)]
    narrow = [TokenSet.of_ids([5000 + i, i], 10_000) for i in range(20)]
    for state, mask in enumerate([*wide, *narrow]):
        assert cache.find((0, state, ())) is None
        assert cache.keep((0, state, ()), mask) is mask
    assert cache.nbytes == 20 * (1252 + 8)
    for state, mask in enumerate([*wide, *narrow]):
        assert cache.find((0, state, ())) is mask
        assert cache.keep((0, state, ()), TokenSet.of_ids([1], 10_000)) is mask, "who comes second gets what is kept"
    small = MaskCache(max_bytes=1000)
    for state, mask in enumerate(narrow + wide):
        assert small.keep((0, state, ()), mask) is mask, "the last one stays"
        assert small.nbytes <= max(1000, mask.nbytes)
    assert small.find((0, 0, ())) is None


@given(st.integers(1, 300), st.data())
def test_a_token_set_is_the_set_in_every_form(vocab_size: int, data: st.DataObject) -> None:
    tokens = data.draw(st.sets(st.integers(0, vocab_size - 1)))
    others = np.array(sorted(data.draw(st.sets(st.integers(0, vocab_size - 1)))), dtype=np.int32)
    marked = np.isin(np.arange(vocab_size), list(tokens))
    shuffled = data.draw(st.permutations(sorted(tokens)))
    for made in (TokenSet.of_ids(shuffled, vocab_size), TokenSet.of_marks(marked)):
        assert made.to_ids().tolist() == sorted(tokens) and len(made) == len(tokens)
        assert made.to_marks().tolist() == marked.tolist()
        assert [i for i in range(-1, vocab_size + 40) if i in made] == sorted(tokens)
        words = made.to_words()
        assert words.dtype == np.uint32 and len(words) == -(-vocab_size // 32)
        assert sum(int(word) << (32 * i) for i, word in enumerate(words)) == sum(1 << token for token in tokens)
        assert made.nbytes <= max(4, vocab_size // 8 + 4)
        assert made.with_ids(others).to_ids().tolist() == sorted(tokens | set(others.tolist()))


def test_a_late_set_is_made_when_it_is_asked_for_and_once() -> None:
    made: list[TokenSet] = []

    def make() -> TokenSet:
        made.append(TokenSet.of_ids([3], 9))
        return made[-1]

    late = LateSet(make)
    assert not made
    assert late.resolve() is late.resolve() is made[0] and len(made) == 1
