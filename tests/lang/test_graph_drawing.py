"""The picture of a graph: well-formed, complete, and safe with any text."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

import sgbench as sgl
from sgbench.lang.graph_drawing import PAGE

SVG = "{http://www.w3.org/2000/svg}"


def texts(element: ET.Element, tag: str) -> list[str]:
    return [node.text or "" for node in element.iter(f"{SVG}{tag}")]


@sgl.function
def inner(s, q):
    s += "about " + q + sgl.gen("fact")
    return s["fact"]


@sgl.function
def program(s, q):
    s += sgl.user("<script>&" + q)
    called = inner(q)
    forks = s.fork(2)
    forks += sgl.gen("x")
    forks.join()
    s["n"] = "host"
    s += called["fact"] + sgl.select("c", ["a", "b"]) + s["x"][1]


def test_every_box_and_every_edge_is_drawn() -> None:
    drawing = ET.fromstring(program.compile()._repr_mimebundle_()["image/svg+xml"])
    titles = texts(drawing, "title")
    for label in (
        "call inner",
        "fork into 2",
        "branch 1",
        "gen x",
        "join: variables",
        "select c",
        "fact",
        "n = 'host'",
    ):
        assert label in titles
    assert "user: '<script>&' {q} ∎" in titles
    assert {"program", "inner", "fork 0", "fork 1"} <= set(texts(drawing, "text"))
    edges = list(drawing.iter(f"{SVG}path"))
    dashed = [edge for edge in edges if edge.get("stroke-dasharray")]
    assert len(dashed) == 2 and len(edges) > 12


def test_an_empty_program_has_a_picture() -> None:
    drawing = ET.fromstring(sgl.function(lambda s: None).compile()._repr_mimebundle_()["image/svg+xml"])
    assert texts(drawing, "title") == []


def forked(branches: int) -> ET.Element:
    """The drawing of a program with so many streams beside its own."""

    def wide(s):
        forks = s.fork(branches)
        forks += "a text that is far too long for a box of any width " + sgl.gen("x", max_tokens=4)
        forks.join()

    return ET.fromstring(sgl.function(wide).compile()._repr_mimebundle_()["image/svg+xml"])


@pytest.mark.parametrize("branches", range(1, 9))
def test_columns_grow_narrower_rather_than_reach_beyond_the_page(branches: int):
    drawing = forked(branches)
    width = int(drawing.get("width", "0"))
    assert width <= PAGE if branches <= 4 else width > PAGE, "what cannot be narrow and be read is scrolled"
    groups = drawing.findall(f"{SVG}g")
    boxes = [group.find(f"{SVG}rect") for group in groups]
    rights = [int(box.get("x")) + int(box.get("width")) for box in boxes]
    assert max(rights) <= width - 14
    for group, right in zip(groups, rights, strict=True):
        words = group.find(f"{SVG}text")
        assert int(words.get("x")) + 6 * len(words.text) < right, "the text ends within its box"
