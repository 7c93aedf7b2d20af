"""Two runs side by side: figures, labels, and what is refused."""

from __future__ import annotations

import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from sgbench.errors import UsageError
from sgbench.kernel_ext.ledger import Comparison, Difference, Ledger
from sgbench.lang.spans import Usage
from sgbench.trace import Trace
from sgbench.trace.header import TraceHeader
from sgbench.widgets import Compare, assets
from tests.lang.local import backend
from tests.views.runs import story


def recorded(**options: Any) -> tuple[Trace, Any]:
    on = backend(500, **options)
    with on.engine, on.engine.record() as trace:
        story.run_batch([{"topic": str(i % 2)} for i in range(3)], backend=on, num_threads=1)
        return trace, on.engine.stats()


def test_the_figures_are_the_engines(tmp_path: Path) -> None:
    (one, stats), (other, base) = recorded(), recorded(radix_cache="off")
    compare = Compare(one, other.save(tmp_path / "base.sgtrace"), names=("cached", "off"))
    table = compare.table()
    assert table.loc["forward passes", "one"] == stats.forward_passes
    assert table.loc["prompt tokens computed", "other"] == base.prompt_tokens - base.cached_tokens == base.prompt_tokens
    assert table.loc["hit rate", "one"] == pytest.approx(100 * stats.hit_rate)
    assert table.loc["time in all", "gain"] == pytest.approx(
        table.loc["time in all", "other"] / table.loc["time in all", "one"]
    )
    assert "measured" in compare.summary()
    assert "predicted" not in compare.summary()
    assert len(compare.picture()) > 4000
    assert "application/vnd.jupyter.widget-view+json" in compare._repr_mimebundle_()[0]


def test_a_predicted_run_says_so_everywhere() -> None:
    one, _ = recorded()
    other = Trace(one.events, TraceHeader(predicted={"radix_cache": "off"}), one.vocab)
    compare = Compare(one, other)
    assert "the baseline (predicted: radix_cache=off)" in compare.summary()
    assert compare.comparison.verdict().startswith("predicted")
    assert compare.data["sides"][1]["predicted"] == "radix_cache=off"
    assert "no gain here" in compare.comparison.verdict()  # they are the same events


class Result:
    """What ``_sgl`` is bound to, as far as it matters here."""

    def __init__(self, comparison: Comparison | None) -> None:
        self.comparison = comparison


def pair(ms: float, base_ms: float) -> tuple[Ledger, Ledger]:
    usage = Usage(calls=1, prompt_tokens=100, cached_tokens=80, completion_tokens=10, first_token_ms=ms / 10)
    cold = Usage(calls=1, prompt_tokens=100, completion_tokens=10, first_token_ms=base_ms / 10)
    return Ledger(usage, 12, ms), Ledger(cold, None, base_ms)


def test_a_cells_result_brings_its_own_baseline() -> None:
    made = Comparison("force-miss", (pair(10, 30), pair(12, 26), pair(11, 40)), None)
    compare = Compare(Result(made))
    table = compare.table()
    assert table.loc["time in all", "one"] == 11
    assert table.loc["time in all", "gain"] == pytest.approx(30 / 11)
    assert "texts of both runs are equal" in compare.summary()
    assert compare.data["figures"][1]["spread"] == [[10, 12], [26, 40]]
    assert compare.data["figures"][3]["medians"] == [12, None]  # the baseline's passes are not known
    assert len(compare.picture()) > 4000
    different = Compare(Result(Comparison("off", (pair(10, 30),), Difference(0, 4, "a", "b"))))
    assert "token 4 of state 0" in different.summary()


@pytest.mark.parametrize(
    ("one", "other"), [(3, None), (Result(None), None), (3, Trace()), (Trace(), object()), (Result(None), Trace())]
)
def test_without_two_runs_there_is_nothing_to_compare(one: Any, other: Any) -> None:
    with pytest.raises(UsageError, match="Compare"):
        Compare(one, other)


def test_a_trace_alone_stands_beside_its_predicted_run_without_cache(tmp_path: Path) -> None:
    (one, stats), (_, off) = recorded(), recorded(radix_cache="off")
    for source in (one, one.save(tmp_path / "one.sgtrace")):
        compare = Compare(source)
        table = compare.table()
        assert table.loc["prompt tokens computed", "one"] == stats.prompt_tokens - stats.cached_tokens
        assert table.loc["prompt tokens computed", "other"] == off.prompt_tokens
        assert "this run (measured) | the baseline (predicted: radix_cache=off; off by" in compare.summary()


def test_an_engine_is_followed_until_it_ends() -> None:
    on = backend(500)
    compare = Compare(on.engine)
    assert "nothing ran yet" in compare.summary()
    with on.engine:
        story.run_batch([{"topic": str(i % 2)} for i in range(3)], backend=on, num_threads=1)
        stats = on.engine.stats()
        compare.finish()
        followed = compare.table()
        assert followed.loc["forward passes", "one"] == stats.forward_passes
        assert followed.loc["prompt tokens computed", "other"] > followed.loc["prompt tokens computed", "one"]
        assert compare.data["seq"] > 0
        story.run_batch([{"topic": "9"}], backend=on, num_threads=1)
        compare.finish()
        assert compare.table().equals(followed), "what comes after the end is not its business"
    compare.close()


def test_the_end_of_the_engine_is_told() -> None:
    on = backend(500)
    compare = Compare(on.engine)
    told = threading.Event()
    compare.observe(lambda change: told.set() if "shut down" in change["new"]["note"] else None, "data")
    story.run_batch([{"topic": "1"}], backend=on, num_threads=1)
    on.engine.shutdown()
    assert told.wait(30)
    assert "last state" in compare.summary()


def test_empty_traces_compare_to_nothing() -> None:
    compare = Compare(Trace(), Trace())
    assert "nothing to compare" in compare.summary()
    assert len(compare.picture()) > 2000


def test_the_module_is_whole(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    source = assets.module("compare")
    assert "innerHTML" not in source
    (tmp_path / "m.mjs").write_text(source)
    subprocess.run([node, "--check", tmp_path / "m.mjs"], check=True, capture_output=True)
