"""The magic's line: what it says is what is read, and what it cannot mean is refused by name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgbench.errors import UnknownOptionError, UsageError
from sgbench.kernel_ext.options import GROUPS, OPTIONS, parse_cell_line
from sgbench.kernel_ext.splitting import split_line, unquote


@pytest.mark.parametrize(
    ("line", "name", "given_options"),
    [
        ("", "s", {}),
        ("person", "person", {}),
        ("person --baseline", "person", {"baseline": "force-miss"}),
        ("--baseline off person", "person", {"baseline": "off"}),
        ("--baseline person", "person", {"baseline": "force-miss"}),
        ("--baseline=off", "s", {"baseline": "off"}),
        ("--baseline --repeat 3", "s", {"baseline": "force-miss", "repeat": 3}),
        ("--watch", "s", {"watch": ("tree",)}),
        ("--watch tree x", "x", {"watch": ("tree",)}),
        ("--watch=stats,dashboard", "s", {"watch": ("stats", "dashboard")}),
        ("--seed 0 --temperature 0.7 --max-tokens 9", "s", {"seed": 0, "temperature": 0.7, "max_tokens": 9}),
        ("--no-stream --background", "s", {"no_stream": True, "background": True}),
        ("--record trace", "s", {"record": "trace"}),
        ('--batch [{"q": x} for x in "a b".split()] out', "out", {"batch": '[{"q": x} for x in "a b".split()]'}),
        ("--batch 'items[: 3]'", "s", {"batch": "items[: 3]"}),
        ("--backend backends['a b']", "s", {"backend": "backends['a b']"}),
    ],
)
def test_a_line_means_what_it_says(line: str, name: str, given_options: dict[str, object]) -> None:
    options = parse_cell_line(line)
    assert options.name == name
    assert options.given == given_options


@pytest.mark.parametrize(
    ("line", "nearest"),
    [("--basline", "--baseline"), ("--max_tokens 3", "--max-tokens"), ("--batc x", "--batch"), ("-seed 3", "--seed")],
)
def test_an_unknown_option_names_the_nearest(line: str, nearest: str) -> None:
    with pytest.raises(UnknownOptionError, match=nearest) as caught:
        parse_cell_line(line)
    assert caught.value.nearest == nearest


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("a b", "one name"),
        ("1x", "variable"),
        ("class", "variable"),
        ("--repeat", "needs a value"),
        ("--repeat 0", "at least 1"),
        ("--repeat two", "whole number"),
        ("--seed -1", "at least 0"),
        ("--max-tokens -1", "at least 0"),
        ("--temperature hot", "number"),
        ("--temperature nan", "number"),
        ("--baseline=fast", "force-miss, off"),
        ("--watch=bush", "tree, stats"),
        ("--record 3", "trace"),
        ("--no-stream=1", "takes no value"),
        ("--seed 1 --seed 2", "twice"),
        ("--batch [1, 2", "closing"),
        ("--batch 'x", "not closed"),
        ("--background --baseline", "exclude"),
        ("--background --repeat 2", "exclude"),
    ],
)
def test_nonsense_is_refused_and_says_why(line: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse_cell_line(line)


@given(st.lists(st.sampled_from(["a", "[1, 2]", "'x y'", '{"k": [1, "]"]}', "f(x, y)", "--n"]), max_size=6))
def test_words_are_separated_by_spaces_outside_brackets_and_quotes_only(words: list[str]) -> None:
    assert split_line("  ".join(words), "%sgl") == words


def test_only_a_whole_quoted_string_loses_its_quotes() -> None:
    assert unquote("'a b'") == "a b"
    assert unquote('"a" + "b"') == '"a" + "b"'
    assert unquote("a") == "a"


def test_every_option_is_in_one_group() -> None:
    assert sum(len(group) for group in GROUPS.values()) == len(OPTIONS)
