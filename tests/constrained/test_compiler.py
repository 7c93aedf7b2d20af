"""A machine is compiled once for all who ask, and nothing half-built is kept."""

from __future__ import annotations

import threading

import pytest

from sgbench.engine.constrained import compiler as module
from sgbench.engine.constrained.compiler import Compiler
from sgbench.engine.constrained.machine import Machine
from sgbench.errors import ConstraintError
from tests.constrained.spelling import LongestMatch


def test_threads_that_ask_for_the_same_machine_wait_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    real, all_asked = module.regex_machine, threading.Barrier(7)

    def counted(pattern: str) -> Machine:
        all_asked.wait(10)  # the others have asked, or are about to
        compiled.append(pattern)
        return real(pattern)

    monkeypatch.setattr(module, "regex_machine", counted)
    compiler, found = Compiler(LongestMatch().vocabulary), []

    def ask(leads: bool) -> None:
        if not leads:
            all_asked.wait(10)
        found.append(compiler.regex("[ab]{3}"))

    threads = [threading.Thread(target=ask, args=(i == 0,)) for i in range(7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert compiled == ["[ab]{3}"] and len(set(map(id, found))) == 1
    assert (compiler.stats().misses, compiler.stats().hits) == (1, 6)


def test_the_least_recently_used_machine_is_dropped() -> None:
    compiler = Compiler(LongestMatch().vocabulary, max_machines=2)
    first = compiler.regex("a")
    compiler.regex("b")
    assert compiler.regex("a") is first
    compiler.regex("c")
    assert compiler.regex("a") is first and compiler.stats().machines == 2
    compiler.regex("b")
    assert compiler.stats().misses == 4


def test_without_a_cache_every_request_compiles() -> None:
    compiler = Compiler(LongestMatch().vocabulary, max_machines=0)
    assert compiler.regex("a") is not compiler.regex("a")
    assert compiler.stats().misses == 2 and compiler.stats().machines == 0


def test_a_failure_leaves_nothing_and_is_told_again() -> None:
    compiler = Compiler(LongestMatch().vocabulary)
    for _ in range(2):
        with pytest.raises(ConstraintError):
            compiler.regex("(?=a)")
        with pytest.raises(ConstraintError):
            compiler.json_schema("{")
    assert compiler.stats().machines == 0


def test_a_regex_and_a_schema_of_the_same_text_are_two_machines() -> None:
    compiler = Compiler(LongestMatch().vocabulary)
    assert compiler.regex("true|false") is not compiler.json_schema('{"type": "boolean"}')
    assert compiler.json_schema('{"type": "boolean"}').machine.accepts("true")


def test_a_vocabulary_is_not_made_before_it_is_needed() -> None:
    made: list[int] = []

    def make() -> object:
        made.append(1)
        return LongestMatch().vocabulary()

    compiler = Compiler(make)  # type: ignore[arg-type]
    assert not made
    compiler.regex("a")
    compiler.regex("b")
    assert made == [1]
