"""`%sgl why | mrc | what-if | lint`: they look at what the cells did, at a named trace, or at a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernel_ext.conftest import Bench
from sgbench.analysis import Misses, MissRatioCurve, PromptLint
from sgbench.errors import UnknownOptionError, UsageError
from sgbench.kernel_ext.history import History
from sgbench.trace.trace import Trace
from sgbench.what_if import Sweep
from tests.engine.world import scripted
from tests.what_if.test_simulation import recorded


@pytest.fixture
def told(bench: Bench) -> Bench:
    """A session that knows one cell's trace."""
    trace = recorded(1, calm=True)
    bench.names["mine"] = trace
    engine = scripted(50)
    bench.names["kept"] = engine
    magics = bench.shell.magics_manager.registry["SglMagics"]
    magics.session.history.add(engine, trace)
    return bench


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("%sgl why", Misses),
        ("%sgl why 2", Misses),
        ("%sgl why mine", Misses),
        ("%sgl mrc", MissRatioCurve),
        ("%sgl lint", PromptLint),
        ("%sgl what-if eviction=lru,fifo", Sweep),
        ("%sgl what-if kv-tokens=0.5x schedule=fcfs arrivals=at-once mine", Sweep),
    ],
)
def test_the_answer_is_an_object_that_shows_itself(told: Bench, line: str, kind: type) -> None:
    answer = told.run(f"found = {line}\nfound")
    assert isinstance(answer, kind)
    assert repr(answer) == str(answer) != ""


def test_why_takes_a_number_of_requests(told: Bench) -> None:
    assert len(told.run("x = %sgl why 2\nx").requests) == 2
    assert len(told.run("x = %sgl why\nx").requests) == 40


def test_a_file_is_asked_by_its_path(told: Bench, tmp_path: Path) -> None:
    path = told.names["mine"].save(tmp_path / "run.sgtrace")
    assert told.run(f"x = %sgl why '{path}'\nx") == told.names["mine"].why()


def test_what_if_takes_a_file_of_requests(told: Bench, tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    row = '{"timestamp": 0, "input_length": 600, "output_length": 3, "hash_ids": [1, 2]}\n'
    path.write_text(row * 3)
    found = told.run(f"x = %sgl what-if kv_tokens=1_000,5_000 '{path}'\nx")
    assert isinstance(found, Sweep) and len(found.points) == 2 and found.measured is None


@pytest.mark.parametrize(
    ("line", "kind", "words"),
    [
        ("%sgl what-if", UsageError, "OPTION=VALUE"),
        ("%sgl what-if kv_token=3", UnknownOptionError, "kv_tokens"),
        ("%sgl what-if device=cuda", UsageError, "measurement"),
        ("%sgl mrc nothing.sgtrace", UsageError, "neither a trace nor a file"),
        ("%sgl lint mine mine", UsageError, "one trace"),
    ],
)
def test_what_makes_no_sense_is_refused(told: Bench, line: str, kind: type[Exception], words: str) -> None:
    assert isinstance(told.fails(line), kind)
    assert words in told.plain


def test_before_any_cell_there_is_nothing_to_ask(bench: Bench) -> None:
    assert isinstance(bench.fails("%sgl why"), UsageError)
    assert "no %%sgl cell ran" in bench.plain


def test_a_history_joins_the_cells_of_one_engine_and_begins_anew_with_another() -> None:
    history, engine = History(), scripted(300)
    traces: list[Trace] = []
    for prompt in ([1, 2, 3], [1, 2, 4]):
        with engine.record() as trace:
            engine.generate(input_ids=prompt, sampling_params={"max_new_tokens": 1})
        traces.append(trace)
        history.add(engine, trace)
    whole = history.whole()
    assert len(whole) == sum(map(len, traces))
    assert whole.snapshot() == engine.snapshot()
    assert [miss.cached_tokens for miss in whole.why().requests] == [0, 2]
    assert history.requests_of_last_cell() == 1
    other = scripted(50)
    with other.record() as trace:
        pass
    history.add(other, trace)
    assert history.requests_of_last_cell() == 0 and len(history.whole()) == len(trace)


@pytest.mark.bundled
def test_a_cell_can_be_asked_without_having_been_recorded_by_name(bench: Bench) -> None:
    bench.run("%sgl start bundled kv_tokens=1024")
    try:
        for hour in (1, 2):
            bench.run(
                f"%%sgl --temperature 0\ns += system('It is {hour}2:00:00. ' + 'You are kind and brief. ' * 8)\n"
                "s += user('Hello')\ns += assistant(gen('a', max_tokens=4))"
            )
        misses = bench.run("x = %sgl why\nx")
        assert len(misses.requests) == 1 and misses.requests[0].divergence is not None
        assert "It is 22:00:00" in misses.requests[0].divergence.written_by
        (finding,) = bench.run("x = %sgl lint\nx").findings
        assert finding.kind == "varying-head" and "a time of day" in finding.detail
        assert bench.run("x = %sgl mrc\nx").bytes_per_token > 0
    finally:
        bench.run("%sgl stop")


def test_a_trace_is_saved_without_its_text(told: Bench, tmp_path: Path) -> None:
    path = tmp_path / "h.sgtrace"
    told.run(f"%sgl trace save '{path}' mine --hash-prompts")
    again = Trace.load(path)
    assert len(again) == len(told.names["mine"])
    assert all(set(again.text(getattr(event, "prompt_ids", ()))) <= {"·"} for event in again)
