"""A figure of bars shows its numbers in every form."""

from __future__ import annotations

from xml.etree import ElementTree

from sgbench.workloads.bars import Bars

BARS = Bars("Cost <of> arms", ["mmlu", "rag"], {"full": [12345.0, None], "no & cache": [2.5, 7.0]}, unit="tokens")


def test_the_text_has_every_number_and_nothing_for_what_is_missing():
    first, second = str(BARS).splitlines()[2:]
    assert first.split() == ["mmlu", "12,345", "2.5"]
    assert second.split() == ["rag", "7"]


def test_the_picture_is_well_formed_with_a_bar_for_each_value():
    root = ElementTree.fromstring(BARS.svg())
    bars = [r for r in root.iter("{http://www.w3.org/2000/svg}rect") if r.get("fill") in ("#0072B2", "#E69F00")]
    assert len(bars) == 3 + 2  # and the legend's


def test_a_notebook_gets_all_three_forms():
    bundle = BARS._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/svg+xml", "application/vnd.plotly.v1+json"}
    assert [trace["name"] for trace in bundle["application/vnd.plotly.v1+json"]["data"]] == ["full", "no & cache"]
