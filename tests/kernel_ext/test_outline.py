"""Text by origin and forks in their place, whatever the cuts."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from sgbench.kernel_ext.outline import Fork, cut, divide, elided, flatten, outline, plain_text
from sgbench.lang.spans import Span

SPANS = st.lists(st.builds(Span, st.sampled_from(["template", "cached", "decoded"]), st.text(max_size=8)), max_size=6)


@dataclass
class FakeState:
    text_spans: list[Span]
    fork_start: int = 0
    forks: list[FakeState] = field(default_factory=list)

    def spans(self) -> list[Span]:
        return self.text_spans

    def children(self) -> list[FakeState]:
        return self.forks


@given(SPANS, st.integers(0, 60))
def test_dividing_keeps_every_character_and_its_origin(spans: list[Span], length: int) -> None:
    before, after = divide(spans, length)
    chars = [(span.origin, char) for span in spans for char in span.text]
    assert [(s.origin, c) for s in before for c in s.text] == chars[:length]
    assert [(s.origin, c) for s in after for c in s.text] == chars[length:]
    assert "".join(s.text for s in cut(spans, length)) == "".join(s.text for s in spans)[length:]


def test_a_fork_stands_where_it_branched_off_and_shows_only_what_it_added() -> None:
    prefix = Span("cached", "Hello ")
    left = FakeState([prefix, Span("decoded", "left", "a")], fork_start=6)
    right = FakeState([prefix, Span("decoded", "right", "a")], fork_start=6)
    parent = FakeState([prefix, Span("template", "joined")], forks=[left, right])
    assert outline(parent) == (
        prefix,
        Fork(((Span("decoded", "left", "a"),), (Span("decoded", "right", "a"),))),
        Span("template", "joined"),
    )
    assert [span.text for span in flatten(outline(parent))] == ["Hello ", "left", "right", "joined"]
    assert plain_text(outline(parent)) == "Hello \n  ├─ [0] left\n  ├─ [1] right\njoined"


def test_forks_of_forks_nest() -> None:
    leaf = FakeState([Span("template", "ab"), Span("decoded", "c")], fork_start=2)
    child = FakeState([Span("template", "ab")], fork_start=1, forks=[leaf])
    parent = FakeState([Span("template", "a")], forks=[child])
    assert outline(parent) == (
        Span("template", "a"),
        Fork(((Span("template", "b"), Fork(((Span("decoded", "c"),),))),)),
    )


@given(SPANS)
def test_short_texts_are_shown_whole(spans: list[Span]) -> None:
    assert elided(tuple(spans), 400) == tuple(spans)


def test_of_long_texts_the_middle_is_left_out_and_counted() -> None:
    long = Span("cached", "a" * 5000 + "b" * 5000)
    first, fork, last = elided((long, Fork(((long,),)), Span("decoded", "the end")), 1000)
    assert first.text.startswith("aaa") and first.text.endswith("bbb")
    assert "characters" in first.text
    assert len(first.text) < 700
    assert len(fork.branches[0][0].text) < 500
    assert last.text == "the end"
