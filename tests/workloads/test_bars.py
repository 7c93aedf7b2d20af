"""A figure of bars or lines shows its numbers in every form."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from sgbench.analysis.canvas import ticks
from sgbench.workloads.bars import Bars
from sgbench.workloads.lines import Lines

BARS = Bars("Cost <of> arms", ["mmlu", "rag"], {"full": [12345.0, None], "no & cache": [2.5, 7.0]}, unit="tokens")


def test_the_text_has_every_number_and_nothing_for_what_is_missing():
    first, second = str(BARS).splitlines()[2:]
    assert first.split() == ["mmlu", "12,345", "2.5"]
    assert second.split() == ["rag", "7"]


def test_the_picture_is_well_formed_with_a_bar_for_each_value():
    root = ElementTree.fromstring(BARS.svg())
    bars = [r for r in root.iter("{http://www.w3.org/2000/svg}rect") if r.get("fill") in ("#0072B2", "#E69F00")]
    assert len(bars) == 3 + 2  # and the legend's
    words = [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"12,345", "2.5", "7", "mmlu", "rag", "full", "no & cache"} <= set(words), "few bars carry their values"


def test_a_notebook_gets_all_three_forms():
    bundle = BARS._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/svg+xml", "application/vnd.plotly.v1+json"}
    assert [trace["name"] for trace in bundle["application/vnd.plotly.v1+json"]["data"]] == ["full", "no & cache"]


LINES = Lines("Time <s>", [0.0, 0.5, 1.0], {"first": [3.0, 2.0, None], "all": [30.0, 20.0, 10.0]}, "hit rate", unit="s")


def test_lines_too():
    rows = str(LINES).splitlines()
    assert rows[2].split() == ["0%", "3", "30"] and rows[-1].split() == ["100%", "10"]
    root = ElementTree.fromstring(LINES.svg())
    assert len(list(root.iter("{http://www.w3.org/2000/svg}circle"))) == 5
    bundle = LINES._repr_mimebundle_()
    assert [trace["name"] for trace in bundle["application/vnd.plotly.v1+json"]["data"]] == ["first", "all"]


def test_points_may_have_names_instead_of_places():
    named = Lines("t", [1.0, 1000.0], {"only": [2.0, 3.0]}, names=["few", "no bound"])
    words = [t.text for t in ElementTree.fromstring(named.svg()).iter("{http://www.w3.org/2000/svg}text")]
    assert {"few", "no bound"} <= set(words) and str(named).splitlines()[-1].startswith("no bound")


def test_one_line_needs_no_legend():
    root = ElementTree.fromstring(Lines("t", [1.0], {"only": [2.0]}).svg())
    assert "only" not in [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("top", [0.0, 0.003, 0.86, 1.0, 7.0, 12345.0])
def test_ticks_are_round_and_reach_the_top(top):
    found = ticks(top)
    assert found[0] == 0 and found[-1] >= top and 2 <= len(found) <= 7
