"""Every behaviour of the language, on every backend: the engine, a server of both kinds, and a script."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import sgbench as sgl
from tests.lang.behaviours import control, primitives, shipped  # noqa: F401 - importing them fills the list
from tests.lang.behaviours.case import CASES, Case
from tests.served import KEY, needs_the_model, serving

pytestmark = [pytest.mark.timeout(120), pytest.mark.filterwarnings("ignore:.*failed:RuntimeWarning")]

WHERE = ("engine", "endpoint", "completions", "chats")


@pytest.fixture(scope="module")
def places() -> Iterator[dict[str, Any]]:
    """One engine and one server for all."""
    with serving() as (engine, server):
        template = engine.chat_template
        options: dict[str, Any] = {"dialect": "sglang", "base_url": server.url + "/v1", "api_key": KEY}
        found: dict[str, Any] = {
            "engine": engine,
            "endpoint": sgl.RuntimeEndpoint(server.url, api_key=KEY),
            "completions": sgl.OpenAI("small", False, template, **options),
            "chats": sgl.OpenAI("small", True, template, **options),
        }
        yield found
        for name in WHERE[1:]:
            found[name].shutdown()


def _pairs() -> list[Any]:
    skipped = {"completions": lambda case: not case.completions, "chats": lambda case: not case.chat}
    return [
        pytest.param(case, where, id=f"{case.name}-{where}", marks=needs_the_model)
        for case in CASES
        for where in WHERE
        if not (where in skipped and skipped[where](case))
    ]


_own: dict[str, Any] = {}


@pytest.mark.parametrize(("case", "where"), _pairs())
def test_it_holds_and_is_the_same_everywhere(places: dict[str, Any], case: Case, where: str) -> None:
    if case.name not in _own:
        _own[case.name] = case.run(places["engine"])
    elif where == "engine":
        return
    if where != "engine":
        assert case.run(places[where]) == _own[case.name]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_holds_on_a_script(case: Case) -> None:
    case.run(sgl.ScriptedBackend(case.script, chat_template="chatml", scores=case.scores, chunk_chars=2))


def test_there_are_enough_of_them() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names) >= 40
