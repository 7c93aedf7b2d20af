"""Common runs are those that difflib finds, whatever repeats itself, and by whichever way they are looked for."""

from __future__ import annotations

import difflib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgbench.analysis.common_runs import MOST_PAIRS, Run, common_runs
from sgbench.analysis.token_trie import tokens_of


def by_difflib(ours: list[int], theirs: list[int], shortest: int) -> list[Run]:
    blocks = difflib.SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks()
    return [Run(*block) for block in blocks if block.size >= shortest]


PIECES = st.lists(st.sampled_from([[1], [2], [1, 2], [3, 3, 3], [4, 5, 6, 7, 8], [1, 1, 1, 1, 1, 1]]), max_size=12)
TOKENS = PIECES.map(lambda pieces: [token for piece in pieces for token in piece])


@given(TOKENS, TOKENS, st.integers(1, 6), st.sampled_from([0, 3, MOST_PAIRS]))
def test_what_difflib_finds(ours: list[int], theirs: list[int], shortest: int, most_pairs: int) -> None:
    found = common_runs(tokens_of(ours), tokens_of(theirs), shortest, most_pairs)
    assert found == by_difflib(ours, theirs, shortest)


@pytest.mark.parametrize("seed", range(4))
def test_pieces_of_a_text_in_another_order(seed: int) -> None:
    source = np.random.default_rng(seed)
    pieces = [np.minimum(source.zipf(1.3, 60), 500).tolist() for _ in range(8)]
    ours, theirs = ([t for i in source.permutation(8) for t in pieces[i]] for _ in range(2))
    assert common_runs(tokens_of(ours), tokens_of(theirs), 8) == by_difflib(ours, theirs, 8) != []


def test_a_text_that_repeats_itself() -> None:
    ours, theirs = [7] * 900, [8, *[7] * 800, 9, *[7] * 70]
    assert common_runs(tokens_of(ours), tokens_of(theirs), 8) == [Run(0, 1, 800), Run(800, 802, 70)]
