"""A regex machine accepts what `re.fullmatch` matches, or the regex is refused with its place and reason."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sgbench.constrained import compile_regex
from sgbench.engine.constrained.compiler import regex_machine
from sgbench.engine.constrained.determinise import to_dfa
from sgbench.engine.constrained.limits import Budget, Limits
from sgbench.engine.constrained.regex_syntax import parse_regex, parse_search
from sgbench.errors import ConstraintError
from tests.constrained.random_patterns import Patterns, valid

TEXTS = [
    "", "a", "b", "ab", "ba", "aa", "aab", "abab", "abc", "A", "é", "É", "ß", "中", "中国", "😀", "\n", "a\n", "a\nb", "{", "}",
    "{}", "a{", "a{x", "a{,", "{2}", "]", "[", "^", "-", "\\", "a]", "0", "9", "٣", "_", " ", "\t", "\x0b", "\x00", "\x07", ".",
    "a.b", "foo", "foobar", "foobarbaz", "barbaz", "yes", "no", "12", "123", "1234", "\ud7ff", "\ue000", "\uffff", "\U0010ffff",
]  # fmt: skip
PATTERNS = [
    "", "a", "a|ab", "(foo|foobar)(baz)?", "(bar|foo)*baz", "yes|no|", "a*", "a+?b??", "(a*)*b", "(a|b)*", "(a|)(b|)", "[]a]",
    "[^]a]", "[a-]", "[\\]a]", "[^\\n]", ".", "(?s:.)", "..", "(?i)é", "(?i:a)b", "(?i)[^a]", "(?i:A(?-i:b))", "a{2}", "a{,2}",
    "a{1,}", "a{x", "a{,", "{", "a{}", "(a{2}){2}", "\\{2\\}", "\\d+", "\\D", "\\w+", "\\W", "\\s", "\\S+", "[\\d_]+",
    "\\x61", "\\u4e2d\\u56fd", "\\U0001F600", "\\N{LATIN SMALL LETTER A}", "\\0", "\\07", "\\141", "[\\b\\a]", "(?#note)a",
    "a(?#x)*", "^a$", "\\Aa\\Z", "^(a|b)$", "(^a|b$)", "(?:^a)?b", "^^a$$", "[\ud7fe-\ue001]", "[\U0001f5ff-\U0010ffff]",
    "(?P<x>a)(?P<y>b)", "[a-c]{2,3}", "(?s).*b", "a\\.b", "[.]", "[a-z&&[b]", "\\-", "[\\-a]", "[a\\]]+", "é|[à-ÿ]{2}",
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("pattern", PATTERNS)
def test_accepts_what_fullmatch_matches(pattern: str) -> None:
    machine = compile_regex(pattern)
    want = re.compile(pattern, re.ASCII)
    assert [t for t in TEXTS if machine.accepts(t)] == [t for t in TEXTS if want.fullmatch(t)]


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("seed", range(4))
def test_accepts_what_fullmatch_matches_for_random_patterns(seed: int) -> None:
    source = Patterns(seed)
    checked = matches = 0
    while checked < 60:
        pattern = source.pattern()
        if not valid(pattern):
            continue
        try:
            machine = to_dfa(parse_regex(pattern), Budget(Limits(states=3000)))
        except ConstraintError as refusal:
            assert "too large" in str(refusal)
            continue
        checked += 1
        want = re.compile(pattern, re.ASCII)
        for text in source.texts(40):
            expected = want.fullmatch(text) is not None
            assert bool(machine.accepts[machine.run(text.encode())]) == expected, (pattern, text)
            matches += expected
    assert matches > 100


REFUSED = {
    "a(?=b)": (1, "look-ahead"),
    "a(?!b)": (1, "look-ahead"),
    "(?<=a)b": (0, "look-behind"),
    "x(?<!a)b": (1, "look-behind"),
    "(a)\\1": (3, "back-reference"),
    "(?P<n>a)(?P=n)": (8, "back-reference"),
    "(a)?(?(1)b|c)": (4, "conditional"),
    "\\bword": (0, "word boundary"),
    "a\\B": (1, "word boundary"),
    "(?>a)b": (0, "atomic"),
    "ab++c": (3, "possessive"),
    "(?m)a": (0, "flag (m)"),
    "(?x) a": (0, "flag (x)"),
    "a(?u:b)": (1, "flag (u)"),
    "a$b": (1, "end"),
    "a^b": (1, "beginning"),
    "(^a)*": (1, "beginning"),
    "(a$)+": (2, "end"),
}


@pytest.mark.parametrize("pattern", REFUSED)
def test_what_cannot_be_exact_is_refused_with_place_and_reason(pattern: str) -> None:
    position, reason = REFUSED[pattern]
    with pytest.raises(ConstraintError, match=re.escape(reason)) as refusal:
        compile_regex(pattern)
    near = refusal.value.position
    assert near == position
    assert f"position {near}" in str(refusal.value)


@pytest.mark.parametrize(
    ("pattern", "position"), [("(a", 0), ("a)", 1), ("[a", 0), ("*a", 0), ("a{3,1}", 2), ("\\", 0)]
)
def test_a_malformed_pattern_names_its_place(pattern: str, position: int) -> None:
    with pytest.raises(ConstraintError, match="malformed regex") as error:
        compile_regex(pattern)
    assert error.value.position == position


@pytest.mark.parametrize("pattern", ["[^\\s\\S]", "a[^\\w\\W]", "\ud800"])
def test_an_empty_language_is_an_error(pattern: str) -> None:
    with pytest.raises(ConstraintError, match="no text satisfies"):
        compile_regex(pattern)


@pytest.mark.parametrize(
    ("pattern", "culprit"),
    [
        ("x(a|b)*a(a|b){24}y", "(a|b){24}"),
        ("(a{100}){1000}x", "a{100}"),
        ('"[^"]{1,9000}"', '[^"]{1,9000}'),
        ("(a?){4000}", "(a?){4000}"),
        ("(?:){100000000}", "(?:){100000000}"),
        ("(\\w+ ?){2000}", "(\\w+ ?){2000}"),
        ("(a|aa){1,1900}", "(a|aa){1,1900}"),
        ("(?:x*y?){900}", "(?:x*y?){900}"),
        ("[α-ωа-я一-龥]{1,600}", "[α-ωа-я一-龥]{1,600}"),
        (".{1,50}(.{600} )+", ".{600}"),
    ],
)
def test_a_pattern_that_explodes_is_stopped_and_the_part_that_grew_is_named(pattern: str, culprit: str) -> None:
    with pytest.raises(ConstraintError, match="too large") as error:
        regex_machine(pattern, Limits(states=2000, parts=20_000, work=400_000))
    assert repr(culprit) in str(error.value)


def test_deep_nesting_is_an_error_and_not_a_crash() -> None:
    with pytest.raises(ConstraintError):
        compile_regex("(" * 900 + "a" + ")" * 900)


def test_the_clock_stops_a_compilation() -> None:
    with pytest.raises(ConstraintError, match="took more than 0 s"):
        regex_machine("(a|b)*a(a|b){11}", Limits(seconds=0))


@pytest.mark.parametrize(
    "pattern", ["a", "^a", "a$", "^a$", "a|^b", "(^a|b)c", "a(b$|c)", "(^a)?b", "^", "$", "^(a|b$)", "x?y", ""]
)
def test_search_reads_anchors_as_re_search_does(pattern: str) -> None:
    dfa = to_dfa(parse_search(pattern))
    texts = ["", "a", "b", "c", "ac", "bc", "ab", "abc", "xab", "abx", "xaby", "bca", "cab", "yx", "é", "aé", "b\na"]
    want = re.compile(pattern.replace("$", "\\Z"), re.ASCII)
    got = [t for t in texts if dfa.accepts[dfa.run(t.encode())]]
    assert got == [t for t in texts if want.search(t)]


def test_machines_are_minimal() -> None:
    same = ["(a|b)*abb", "(b*a)*(a*b)*(a|b)*abb", "(?:a|b)*(?:abb|babb)"]
    assert {compile_regex(p).n_states for p in same} == {4}


def test_one_of_a_thousand_words_agrees_with_interegular() -> None:
    from interegular import parse_pattern

    pattern = "|".join(f"w{i * 37 % 101}" for i in range(60)) + "|[0-9]{2,3}x?"
    ours, theirs = compile_regex(pattern), parse_pattern(pattern).to_fsm()
    for text in [*(f"w{i}" for i in range(110)), "12", "123x", "1", "1234", "12xx"]:
        assert ours.accepts(text) == theirs.accepts(text)


@pytest.mark.parametrize(
    ("pattern", "said"), [(re.compile("ab"), "write its .pattern"), (b"ab", "not bytes"), (5, "not int")]
)
def test_what_is_no_text_is_no_regex(pattern: Any, said: str) -> None:
    with pytest.raises(ConstraintError, match=said):
        regex_machine(pattern)
