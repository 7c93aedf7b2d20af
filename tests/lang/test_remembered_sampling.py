"""What is remembered of sampling values is what would be made afresh."""

from __future__ import annotations

import dataclasses
import gc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sgbench as sgl
from sgbench.errors import UsageError
from sgbench.lang.ir import SglGen
from sgbench.lang.same_objects import SameObjects
from sgbench.lang.sampling import SglSamplingParams, interned, resolve, resolved

NAMES = [field.name for field in dataclasses.fields(SglSamplingParams)]
VALUES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "max_new_tokens": st.sampled_from([1, True, 1.0, None, 8]),
        "temperature": st.sampled_from([0, 0.0, False, 1, True, None]),
        "stop": st.sampled_from(["x", ("x",), ["x"], (), None]),
        "stop_token_ids": st.sampled_from([(1,), (True,), [1], None]),
        "json_schema": st.sampled_from([None, "{}", {}]),
    },
)


def filled(values: dict[str, Any]) -> list[Any]:
    return [values.get(name) for name in NAMES]


def spelled(params: SglSamplingParams) -> str:
    """With the types of its values: True is no 1."""
    return repr(params)


@given(VALUES, VALUES, st.sampled_from([(), ("t",), ["t"]]))
def test_equals_what_is_made_afresh(run: dict[str, Any], own: dict[str, Any], template: Any) -> None:
    default = SglSamplingParams(**run)
    for _ in range(2):
        call = interned(*filled(own))
        assert spelled(call) == spelled(SglSamplingParams(*filled(own)))
        assert spelled(resolved(default, call, template)) == spelled(resolve(default, call, template))


def test_equal_gens_share_their_values_and_nothing_else() -> None:
    one, other = (sgl.gen("x", max_tokens=8, temperature=0) for _ in range(2))
    assert isinstance(one, SglGen) and isinstance(other, SglGen)
    assert one is not other, "a failure is traced to the line that wrote the node"
    assert one.sampling_params is other.sampling_params


@pytest.mark.parametrize("where", ["run", "own", "template"])
def test_a_list_that_changes_is_read_again(where: str) -> None:
    stops = ["a"]
    run = SglSamplingParams(stop=stops if where == "run" else ())
    own = interned(*filled({"stop": stops if where == "own" else None}))
    template = stops if where == "template" else ()
    assert resolved(run, own, template).stop == ["a"]
    stops.append("b")
    assert resolved(run, own, template).stop == ["a", "b"]


def test_a_number_that_equals_another_keeps_its_type() -> None:
    for tokens in (1, True):
        call = interned(*filled({"max_new_tokens": tokens}))
        made = resolved(SglSamplingParams(), call)
        assert type(made.max_new_tokens) is type(tokens)
    with pytest.raises(UsageError):
        sgl.gen("x", max_tokens=-1)


def test_what_is_remembered_keeps_its_objects_until_all_is_forgotten() -> None:
    class Thing:
        alive = 0

        def __init__(self) -> None:
            Thing.alive += 1

        def __del__(self) -> None:
            Thing.alive -= 1

    kept: SameObjects[int] = SameObjects(most=3)
    for made in range(7):
        thing = Thing()
        assert kept.get(thing) is None, "another object at the same place in memory is another one"
        assert kept.keep(made, thing) == made == kept.get(thing)
        del thing
        gc.collect()
        assert Thing.alive <= 3
