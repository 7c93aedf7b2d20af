"""How long texts are is known before a machine is built, and refuses just what the machine's states would."""

from __future__ import annotations

import pytest

from sgbench.engine.constrained.compiler import schema_machine
from sgbench.engine.constrained.determinise import to_dfa
from sgbench.engine.constrained.dfa import UNREACHABLE, Dfa
from sgbench.engine.constrained.lengths import Lengths, check_lengths, lengths
from sgbench.engine.constrained.limits import Budget, Limits
from sgbench.engine.constrained.regex_syntax import parse_regex
from sgbench.errors import ConstraintError
from tests.constrained.random_patterns import Patterns, valid


def measured(dfa: Dfa) -> Lengths | None:
    """What a finished machine says; a machine that still has a way to go after as many bytes as it has states is endless."""
    if not dfa.n_states:
        return None
    reached, longest = {dfa.start}, 0
    for length in range(dfa.n_states + 1):
        if any(dfa.accepts[state] for state in reached):
            longest = length
        reached = {target for state in reached for _, _, target in dfa.byte_edges(state)}
    assert dfa.remaining[dfa.start] != UNREACHABLE
    return Lengths(int(dfa.remaining[dfa.start]), None if reached else longest)


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("seed", range(3))
def test_lengths_are_those_of_the_machine(seed: int) -> None:
    source, finite = Patterns(seed), 0
    for pattern in filter(valid, (source.pattern() for _ in range(80))):
        term = parse_regex(pattern)
        try:
            dfa = to_dfa(term, Budget(Limits(states=1500)))
        except ConstraintError:
            continue
        want = measured(dfa)
        assert lengths(term) == want, pattern
        finite += want is not None and want.longest is not None
        assert want is None or max(want.shortest, want.longest or 0) < dfa.n_states
    assert finite > 10


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "a{3}",
        "a{2,5}é",
        "(中?){3}",
        "(a|bcd|)x",
        "[é-中]",
        "(?:){4}",
        "(|){3}x*",
        "(a*){2}",
        "x(\ud800|a{9})",
        "\ud800?",
    ],
)
def test_lengths_of_one_pattern_at_a_time(pattern: str) -> None:
    term = parse_regex(pattern)
    assert lengths(term) == measured(to_dfa(term))


def test_a_text_longer_than_the_states_is_refused_before_anything_is_laid() -> None:
    for pattern, culprit in [("(a{100}){1000}x*", "a{100}"), ('"([^"]{1,9000}|b{9})"', '[^"]{1,9000}')]:
        budget = Budget()
        with pytest.raises(ConstraintError, match=r"a text of it has [\d,]+ bytes") as refusal:
            to_dfa(parse_regex(pattern), budget)
        assert budget.spent == 0 and repr(culprit) in str(refusal.value)


def test_only_a_text_longer_than_the_states_is_refused() -> None:
    term = parse_regex("a{7}b{0,2}")
    assert to_dfa(term, Budget(Limits(states=10))).n_states == 10
    check_lengths(term, Limits(states=10))
    with pytest.raises(ConstraintError, match=r"more than 9 states; most of them come from 'a\{7\}'"):
        check_lengths(term, Limits(states=9))


def test_texts_of_a_schema_are_measured_too() -> None:
    with pytest.raises(ConstraintError, match="a text of it has"):
        schema_machine({"type": "array", "items": {"const": "x" * 50}, "minItems": 9}, limits=Limits(states=400))
