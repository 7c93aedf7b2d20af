"""A completion's text is cut by origin without loss, also when it comes in pieces."""

from __future__ import annotations

import pytest

from sgbench.lang.origins import written

META = {"jumped_spans": [(0, 3), (5, 8)]}


def test_whole_text() -> None:
    assert list(written("{a:x}bcde!", 0, META)) == [
        ("jumped", "{a:"),
        ("decoded", "x}"),
        ("jumped", "bcd"),
        ("decoded", "e!"),
    ]


@pytest.mark.parametrize("cut", range(11))
def test_pieces_say_the_same_as_the_whole(cut: int) -> None:
    text = "{a:x}bcde!"
    pieces = [*written(text[:cut], 0, META), *written(text[cut:], cut, META)]
    letters = [(origin, c) for origin, piece in pieces for c in piece]
    assert letters == [(origin, c) for origin, piece in written(text, 0, META) for c in piece]


@pytest.mark.parametrize("meta", [{}, {"jumped_spans": []}, {"jumped_spans": None}])
def test_without_jumps_all_is_decoded(meta: dict[str, object]) -> None:
    assert list(written("abc", 4, meta)) == [("decoded", "abc")]
    assert list(written("", 0, meta)) == []
