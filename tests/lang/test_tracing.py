"""The prefix that a batch shares: found without harm, read once."""

from __future__ import annotations

import pytest

import sgbench as sgl
from sgbench.lang.global_config import global_config
from sgbench.lang.tracer import extract_prefix_by_tracing

LONG = "The text that every item of the batch begins with, more than sixty-four characters long. "


def backend(**options) -> sgl.ScriptedBackend:
    return sgl.ScriptedBackend(["x"], **options)


def prefix(body, template: str = "default", **bound) -> str:
    return extract_prefix_by_tracing(sgl.function(body).bind(**bound), backend(chat_template=template))


def by_concatenation(s, q):
    s += "a" + "b"
    s += "c" + q + "d"


def by_f_string(s, q):
    s += "a"
    s += f"b{q}"


def by_length(s, q):
    s += "a" + ("long" if len(q) > 3 else "short")


def by_lookup(s, q):
    s += "a"
    s += {"known": "b"}[q]


def by_gen(s, q):
    s += "a" + sgl.gen("x") + "b"


def by_select(s, q):
    s += "a"
    s += sgl.select("x", ["1"])


def by_fork(s, q):
    s += "a"
    s.fork(2)
    s += "b"


def by_text(s, q):
    s += "a"
    s.text()
    s += "b"


def by_variable(s, q):
    s += "a"
    s += s["x"]


def by_truth(s, q):
    s += "a"
    if q:
        s += "b"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (by_concatenation, "abc"),
        (by_f_string, "a"),
        (by_length, ""),
        (by_lookup, "a"),
        (by_gen, "a"),
        (by_select, "a"),
        (by_fork, "a"),
        (by_text, "a"),
        (by_variable, "a"),
        (by_truth, "a"),
    ],
)
def test_the_prefix_ends_without_harm_at_what_has_no_value(body, found: str) -> None:
    assert prefix(body) == found


def test_bound_arguments_are_real() -> None:
    assert prefix(by_concatenation, q="Q") == "abcQd"
    assert prefix(by_f_string, q="Q") == "abQ"


@pytest.mark.parametrize("template", ["chatml", "qwen", "llama-2-chat"])
@pytest.mark.parametrize("style", ["expression", "method", "block"])
def test_roles_and_scopes_are_traced_as_they_run(template: str, style: str) -> None:
    def body(s, q):
        if style == "expression":
            s += sgl.system("S") + sgl.user("U" + q)
        elif style == "method":
            s.system("S")
            s.user("U" + q)
        else:
            with s.system(), s.var_scope("v"):
                s += "S"
            with s.user():
                s += "U" + q

    text = sgl.function(body).run(q="!!", backend=backend(chat_template=template)).text()
    found = prefix(body, template)
    assert found.endswith("U") and text.startswith(found + "!!")


def test_programs_called_from_the_body_do_not_run() -> None:
    inner = sgl.function(lambda s: s.__iadd__("inner" + sgl.gen("y")))

    def body(s, q):
        called = inner()
        s += "a"
        s += called["y"]

    place = backend()
    assert extract_prefix_by_tracing(sgl.function(body), place) == "a" and place.calls == []


def test_a_batch_reads_a_long_prefix_first_and_traces_once() -> None:
    runs = []

    @sgl.function
    def program(s, q):
        runs.append(q)
        s += LONG + q + sgl.gen("x")

    place = backend()
    for _ in range(2):
        program.run_batch([{"q": "1"}, {"q": "2"}], backend=place)
    assert [call.prompt for call in place.calls if call.kind == "cache_prefix"] == [LONG] * 2
    assert len(runs) == 5  # one trace, four items
    program.cache(place)
    assert place.calls[-1].kind == "cache_prefix" and len(runs) == 5


@pytest.mark.parametrize("case", ["one item", "short prefix", "switched off"])
def test_nothing_is_read_ahead_where_it_does_not_pay(case: str, monkeypatch) -> None:
    @sgl.function
    def program(s, q):
        s += ("short" if case == "short prefix" else LONG) + q + sgl.gen("x")

    monkeypatch.setattr(global_config, "enable_precache_with_tracing", case != "switched off")
    place = backend()
    program.run_batch([{"q": "1"}] * (1 if case == "one item" else 2), backend=place)
    assert {call.kind for call in place.calls} == {"generate"}
