"""The collector is paused while many objects are made, and only then."""

from __future__ import annotations

import gc

import pytest

from sgbench.trace.bulk import many_objects


def test_the_collector_runs_again_afterwards_also_after_an_error() -> None:
    assert gc.isenabled()
    with pytest.raises(KeyError), many_objects():
        assert not gc.isenabled()
        raise KeyError
    assert gc.isenabled()


def test_who_paused_it_before_keeps_it_paused() -> None:
    gc.disable()
    try:
        with many_objects():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
