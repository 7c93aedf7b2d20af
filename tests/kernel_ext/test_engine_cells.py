"""Cells on the real engine with the bundled model: start, cache, baseline, trace, interrupt, stop."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

import sgbench
from kernel_ext.conftest import Bench
from kernel_ext.test_cell_magic import interrupt_when
from sgbench.engine.hub import bundled_folder
from sgbench.errors import CapacityError, EngineStoppedError, ModelError

pytestmark = pytest.mark.bundled

QUESTION = (
    '%%sgl {options}\ns += user("What is the capital of France?") + assistant(gen("a", temperature=0, max_tokens=12))'
)


def engine() -> Any:
    found = sgbench.get_default_backend()
    assert found is not None
    return found


@pytest.fixture
def started(bench: Bench) -> Bench:
    bench.run("%sgl start kv_tokens=2000")
    return bench


class TestStart:
    def test_the_first_cell_starts_the_bundled_model_and_says_so_in_one_line(self, bench: Bench) -> None:
        bench.run("%sgl set kv_tokens=2000")
        bench.run(QUESTION.format(options=""))
        assert bench.plain.startswith("started the bundled model on ")
        assert bench.plain.count("\n") == 1
        assert "2,000 tokens of KV cache" in bench.plain
        assert "Paris" in bench.names["s"]["a"]
        bench.run(QUESTION.format(options=""))
        assert bench.plain == ""

    def test_code_reaches_that_engine_and_a_users_engine_is_used(self, started: Bench) -> None:
        first = engine()
        assert first.generate("Q: What is the capital of Japan?\nA:", {"temperature": 0, "max_new_tokens": 4})["text"]
        started.run("%sgl stop")
        assert sgbench.get_default_backend() is None
        with sgbench.Engine(kv_tokens=500) as mine:
            sgbench.set_default_backend(mine)
            started.run(QUESTION.format(options=""))
            assert mine.stats().finished == 1
            started.run("%sgl stop")
            assert "no engine of this session" in started.plain
            assert mine.stats().finished == 1

    def test_an_engine_whose_block_has_ended_is_nobodys_default(self, bench: Bench) -> None:
        bench.run("%sgl set kv_tokens=2000")
        with sgbench.Engine(kv_tokens=500) as mine:
            sgbench.set_default_backend(mine)
        bench.run("%sgl status")
        assert "engine       none" in bench.plain
        bench.run(QUESTION.format(options=""))
        assert "2,000 tokens of KV cache" in bench.plain and "Paris" in bench.names["s"]["a"]

    def test_restart_keeps_options_but_for_those_given(self, started: Bench) -> None:
        started.run("%sgl restart schedule=fcfs")
        assert (engine().config.kv_tokens, engine().config.schedule) == (2000, "fcfs")
        started.run("%sgl status")
        assert "fcfs order" in started.plain

    def test_a_model_that_cannot_be_loaded_leaves_the_engine_that_runs(self, started: Bench, tmp_path: Path) -> None:
        before = engine()
        (tmp_path / "config.json").write_text((bundled_folder() / "config.json").read_text())
        for words in ("start no/such/folder", f"start {tmp_path}", f"restart {tmp_path}"):
            assert isinstance(started.fails(f"%sgl {words}"), ModelError)
            assert engine() is before
        started.run(QUESTION.format(options=""))
        assert "Paris" in started.names["s"]["a"]

    def test_an_unknown_model_or_option_is_one_clear_error(self, started: Bench) -> None:
        assert isinstance(started.fails("%sgl start /nowhere/at/all"), ModelError)
        assert "/nowhere/at/all" in started.plain
        assert "Traceback" not in started.plain
        started.run(QUESTION.format(options=""))
        assert "Paris" in started.names["s"]["a"]


class TestCells:
    def test_the_second_time_the_prompt_is_cached(self, started: Bench) -> None:
        started.run(QUESTION.format(options="first"))
        started.run(QUESTION.format(options="second"))
        usage = started.names["_sgl"].ledger.usage
        assert usage.cached_tokens == usage.prompt_tokens - 1
        assert started.names["first"]["a"] == started.names["second"]["a"]
        assert "forward passes" in started.html

    @pytest.mark.parametrize("mode", ["force-miss", "off"])
    def test_the_baseline_misses_everything_and_writes_the_same(self, started: Bench, mode: str) -> None:
        started.run(QUESTION.format(options=""))
        started.run(
            f"%%sgl --baseline {mode} --repeat 2 --temperature 1\n"
            's += user("Tell me about France.") + assistant(gen("a", max_tokens=12))'
        )
        comparison = started.names["_sgl"].comparison
        assert comparison.difference is None
        assert [base.usage.cached_tokens for _, base in comparison.pairs] == [0, 0]
        assert all(run.usage.cached_tokens > 0 for run, _ in comparison.pairs)
        assert "2 pairs)" in started.html
        assert "same text" in started.html
        engine().check_integrity()

    def test_a_baseline_leaves_the_users_names_alone(self, started: Bench) -> None:
        started.run("runs = []")
        started.run('%%sgl --baseline\nruns = runs + [1]\ns += user("hello") + assistant(gen("a", max_tokens=4))')
        assert started.names["runs"] == [1]

    def test_a_recorded_trace_ends_with_the_engines_tree(self, started: Bench, tmp_path: Path) -> None:
        started.run(QUESTION.format(options="--record trace"))
        assert started.names["trace"].snapshot() == engine().snapshot()
        path = tmp_path / "run.sgtrace"
        started.run(f"%sgl trace save '{path}'")
        started.run(f"%sgl trace load '{path}' again")
        assert started.names["again"].snapshot() == engine().snapshot()

    def test_a_watched_cell_shows_the_tree_above_its_text(self, started: Bench) -> None:
        started.run(QUESTION.format(options="--watch"))
        widget, *texts = [output.data for output in started.outputs if output.data]
        assert {"image/png", "text/plain"} <= widget.keys()
        assert any("Paris" in data.get("text/html", "") for data in texts)

    def test_a_batch_on_a_deterministic_engine_takes_the_same_steps_again(self, started: Bench) -> None:
        steps = []
        for _ in range(2):
            started.run("%sgl restart deterministic=on kv_tokens=400")
            started.run(
                '%%sgl --batch [{"n": n} for n in range(6)] --record trace --temperature 0\n'
                's += f"Q: What is {n} plus 1?\\nA:" + gen("a", max_tokens=3)\ns += "." + gen("b", max_tokens=n + 1)'
            )
            planned = [event for event in started.names["trace"] if type(event).__name__ == "StepPlanned"]
            steps.append([(event.prefill, event.decode) for event in planned])
        assert steps[0] == steps[1]
        assert len(steps[0]) > 3

    def test_a_prompt_that_cannot_fit_is_one_clear_error_and_the_next_cell_works(self, started: Bench) -> None:
        error = started.fails('%%sgl\ns += user("word " * 3000) + assistant(gen("a", max_tokens=4))')
        assert isinstance(error.__cause__, CapacityError)
        assert "line 2 of the %%sgl cell" in started.plain
        started.run(QUESTION.format(options=""))
        assert "Paris" in started.names["s"]["a"]


class TestEnds:
    LONG = '%%sgl long {options}\ns += user("hello") + assistant(gen("a", max_tokens=1500, ignore_eos=True))'

    def decoding(self) -> threading.Event:
        """Set when a request of the engine in use has decoded something."""
        begun = threading.Event()
        engine().subscribe(lambda event: begun.set() if getattr(event, "decode", ()) else None)
        return begun

    def test_an_interrupt_keeps_the_text_and_frees_the_kv(self, started: Bench) -> None:
        interrupt_when(self.decoding())
        assert isinstance(started.fails(self.LONG.format(options="")), KeyboardInterrupt)
        assert "hello" in started.names["long"].text()
        stats = engine().stats()
        assert (stats.running, stats.waiting, stats.kv_tokens_used) == (0, 0, 0)
        engine().check_integrity()
        started.run(QUESTION.format(options=""))
        assert "Paris" in started.names["s"]["a"]

    def test_stop_during_a_run_ends_it_and_the_next_cell_starts_again(self, started: Bench) -> None:
        begun = self.decoding()
        started.run(self.LONG.format(options="--background"))
        assert begun.wait(20)
        started.run("%sgl stop")
        assert "stopped" in started.plain
        result = started.names["_sgl"].wait()
        assert isinstance(result.error.__cause__, EngineStoppedError)
        started.run(QUESTION.format(options=""))
        assert started.plain.startswith("started the bundled model")
        assert "Paris" in started.names["s"]["a"]

    def test_unloading_stops_the_engine(self, started: Bench) -> None:
        mine = engine()
        started.run("%unload_ext sgbench")
        with pytest.raises(EngineStoppedError):
            mine.generate("x")
        started.run("%load_ext sgbench")
