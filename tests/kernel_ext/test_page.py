"""What a cell shows: escaped, complete, honest."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgbench.kernel_ext.ledger import Comparison, Difference, Ledger, duration, plain_comparison, plain_ledger
from sgbench.kernel_ext.live import plain
from sgbench.kernel_ext.outline import Fork
from sgbench.kernel_ext.page import SHOWN_ITEMS, Item, Picture, run_html
from sgbench.lang.spans import Span, Usage

USAGE = Usage(2, 100, 75, 30, 6, 12.5)


class TextOf(HTMLParser):
    """Collects text outside style elements, and every tag."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] != ["style"]:
            self.text += data


def read(html: str) -> TextOf:
    reader = TextOf()
    reader.feed(html)
    reader.close()
    return reader


@given(st.text(alphabet="<>&\"'/script|im_ ab\n", max_size=60), st.text(alphabet="<>&\"' ab", max_size=10))
def test_no_text_becomes_markup(text: str, name: str) -> None:
    empty = read(run_html(Picture([Item((Span("decoded", "a", "n"),))])))
    shown = read(run_html(Picture([Item((Span("decoded", "a" + text, name or "n"),))])))
    assert shown.text == "a" + text
    assert set(shown.tags) - set(empty.tags) <= {"span"}


def test_every_origin_has_its_own_class_and_line() -> None:
    origins = ("template", "cached", "prefilled", "decoded", "jumped", "selected")
    html = run_html(Picture([Item(tuple(Span(origin, origin) for origin in origins))]))
    assert all(f'class="sgr-o {origin}"' in html for origin in origins)
    lines = [
        line.split("underline ")[1].split(" ")[0] for line in html.splitlines() if "text-decoration:underline" in line
    ]
    assert len(lines) == len(set(lines)) == 5


def test_branches_are_nested_elements() -> None:
    html = run_html(Picture([Item((Fork(((Span("decoded", "x"),), (Span("decoded", "y"),))),))]))
    assert html.count('class="sgr-branch"') == 2


def test_a_large_batch_is_counted_not_listed() -> None:
    items = [Item((Span("decoded", str(n)),), f"q={n}") for n in range(SHOWN_ITEMS + 5)]
    assert "and 5 more" in run_html(Picture(items))
    assert "and 5 more" in plain(Picture(items))


def test_the_ledger_is_the_same_in_both_twins() -> None:
    picture = Picture([Item((Span("decoded", "x"),))], Ledger(USAGE, 31, 250.0), note="interrupted")
    for words in (
        "100 prompt",
        "75 cached (75%)",
        "25 prefilled",
        "24 decoded",
        "6 jumped",
        "31 forward passes",
        "first token 12 ms",
    ):
        assert words in plain(picture)
        assert words in run_html(picture)
    assert "interrupted" in plain(picture)


def test_what_is_not_known_is_not_shown() -> None:
    line = plain_ledger(Ledger(Usage(), None, 3.0))
    assert "forward" not in line
    assert "first token" not in line
    assert "saved" not in line
    assert "2 calls saved" in plain_ledger(Ledger(Usage(1, calls_saved=2), None, 3.0))


def pair(run_ms: float, base_ms: float) -> tuple[Ledger, Ledger]:
    return Ledger(USAGE, 10, run_ms), Ledger(Usage(2, 100, 0, 30, 6, 40.0), 12, base_ms)


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        ([(100.0, 200.0)], "2.00x faster"),
        ([(100.0, 101.0)], "no gain here: 1.01x"),
        ([(200.0, 100.0)], "no gain here: 2.00x slower"),
        (
            [(100.0, 200.0), (100.0, 300.0), (100.0, 400.0)],
            "3.00x faster with the cache (95 % confidence 1.21 to 6.85, 3 pairs)",
        ),
        (
            [(100.0, 90.0), (100.0, 150.0), (100.0, 160.0)],
            "no gain here: 1.50x (95 % confidence 0.59 to 2.83, 3 pairs)",
        ),
    ],
)
def test_the_verdict_is_the_median_with_its_confidence_interval_and_admits_no_gain(
    pairs: list[tuple[float, float]], says: str
) -> None:
    comparison = Comparison("force-miss", tuple(pair(*times) for times in pairs), None)
    assert says in plain_comparison(comparison)
    assert "same text" in plain_comparison(comparison)
    assert says.replace(">", "&gt;") in run_html(Picture([], comparison=comparison))


def test_a_difference_is_told_with_its_tokens() -> None:
    line = plain_comparison(Comparison("off", (pair(1, 2),), Difference(0, 7, " Paris", " Lyon")))
    assert "token 7" in line
    assert "' Paris' with the cache" in line
    assert "cache off" in line


def test_a_difference_says_how_far_apart_the_model_holds_the_two_tokens() -> None:
    line = plain_comparison(Comparison("off", (pair(1, 2),), Difference(0, 7, " Paris", " Lyon", -0.0123)))
    assert "without, logits 0.012 apart" in line


def test_the_interval_is_students() -> None:
    scipy_free = Comparison("off", tuple(pair(100.0, ratio * 100) for ratio in (2.9, 3.0, 3.1)), None).interval
    assert scipy_free == (pytest.approx(2.7605, abs=1e-3), pytest.approx(3.2579, abs=1e-3))
    assert Comparison("off", (pair(1, 2),), None).interval is None


def test_durations_have_three_figures() -> None:
    assert [duration(ms) for ms in (1.25, 12.5, 999.0, 1234.0)] == ["1.2 ms", "12 ms", "999 ms", "1.23 s"]
