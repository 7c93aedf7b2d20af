"""The kernel's side of JupyterLab's panel: what is told, when, and that nothing is told to nobody."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import sgbench
from sgbench.kernel_ext import glance, panel
from sgbench.kernel_ext.glance import ROWS, Follower, figures
from sgbench.kernel_ext.panel import Link, Panel
from sgbench.trace.events import NodeEvicted
from tests.kernel_ext.conftest import Bench, StagedBackend
from tests.radix_twin import RadixTwin, chats


class TwinEngine(RadixTwin):
    """A twin with the counters that an engine has."""

    config = SimpleNamespace(model_path="bundled", device="cpu")

    def __init__(self, capacity: int = 4000) -> None:
        super().__init__(capacity)
        self.finished = 0
        self.followed = 0

    def stats(self) -> Any:
        counters = dict.fromkeys(glance.COUNTERS, 0) | {"hit_rate": 0.5, "finished": self.finished}
        return SimpleNamespace(
            kv_tokens_total=self.capacity, kv_tokens_used=1, kv_tokens_cached=self.cached(), **counters
        )

    def cached(self) -> int:
        return sum(len(row[1]) for row in self.rows.values())

    def subscribe(self, callback: Callable[[Any], None]) -> Callable[[], None]:
        self.followed += 1
        end = super().subscribe(callback)

        def stop() -> None:
            self.followed -= 1
            end()

        return stop


class FakeComm:
    """A comm whose front end is the test."""

    comm_id = "c"

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.closed = False
        self.arrived = threading.Condition()

    def send(self, data: dict[str, Any]) -> None:
        with self.arrived:
            self.sent.append(data)
            self.times.append(time.monotonic())
            self.arrived.notify_all()

    def on_msg(self, callback: Callable[[dict[str, Any]], None]) -> None:
        self._message = callback

    def on_close(self, callback: Callable[[dict[str, Any]], None]) -> None:
        self.gone = callback

    def close(self) -> None:
        self.closed = True

    def say(self, **data: Any) -> None:
        self._message({"content": {"data": data}})

    def until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until the last message is so, and return it."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: bool(self.sent) and condition(self.sent[-1]), 20), self.sent[-1:]
            return self.sent[-1]


@pytest.fixture
def engine() -> TwinEngine:
    return TwinEngine()


@pytest.fixture
def comm() -> FakeComm:
    return FakeComm()


@pytest.fixture
def opened(engine: TwinEngine, comm: FakeComm) -> Iterator[Panel]:
    made = Panel(lambda: engine)
    made.opened(comm, {})
    yield made
    made.close()
    assert not watching()


def watching() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "sgbench-panel"]


def fill(engine: TwinEngine, requests: int = 6) -> None:
    for prompt, output in chats(requests):
        engine.request(prompt, output)
        engine.finished += 1


def nodes(state: dict[str, Any]) -> int:
    return (state.get("tree") or {"nodes": -1})["nodes"]


def test_a_front_end_is_answered_at_once_and_whenever_it_asks(
    opened: Panel, comm: FakeComm, engine: TwinEngine
) -> None:
    assert [state["stats"]["finished"] for state in comm.sent] == [0]
    fill(engine)
    assert len(comm.sent) == 1, "nothing comes unasked"
    comm.say(type="ask")
    assert [state["stats"]["finished"] for state in comm.sent] == [0, 6]
    assert "tree" not in comm.sent[-1]
    assert not watching()
    assert engine.followed == 0


def test_while_it_watches_it_is_told_the_tree_and_nothing_afterwards(
    opened: Panel, comm: FakeComm, engine: TwinEngine
) -> None:
    comm.say(type="watch", on=True)
    comm.until(lambda state: nodes(state) == 0)
    fill(engine)
    state = comm.until(lambda state: nodes(state) == len(engine.rows) - 1 and state["stats"]["finished"] == 6)
    assert state["tree"]["tokens"] == engine.cached()
    comm.say(type="watch", on=False)
    for thread in watching():
        thread.join(20)
    assert engine.followed == 0
    told = len(comm.sent)
    fill(engine)
    assert len(comm.sent) == told


def test_it_is_told_a_few_times_a_second_at_most(opened: Panel, comm: FakeComm, engine: TwinEngine) -> None:
    comm.say(type="watch", on=True)
    last = len(comm.sent) + 4
    while len(comm.sent) < last:
        fill(engine, 1)
    told = comm.times[-4:]  # however slow the machine: never sooner
    assert all(later - sooner >= 0.99 / panel.PER_SECOND for sooner, later in itertools.pairwise(told))


def test_watching_ends_by_itself_when_it_is_not_renewed(
    comm: FakeComm, engine: TwinEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panel, "LEASE_S", 0.05)
    link = Link(comm, lambda: engine)
    link.told({"type": "watch", "on": True})
    for thread in watching():
        thread.join(20)
    assert not watching()
    assert engine.followed == 0
    link.told({"type": "watch", "on": True})
    assert len(watching()) == 1, "it can begin again"
    link.close()


def test_another_engine_in_use_is_followed_instead(comm: FakeComm) -> None:
    first, second = TwinEngine(), TwinEngine(9000)
    used: list[Any] = [None]
    link = Link(comm, lambda: used[0])
    link.told({"type": "watch", "on": True})
    assert comm.until(lambda state: state["engine"] is None)["tree"] is None
    for engine in (first, second):
        used[0] = engine
        comm.until(lambda state, engine=engine: state["pool"] is not None and state["pool"]["total"] == engine.capacity)
    assert (first.followed, second.followed) == (0, 1)
    link.close()
    assert second.followed == 0


def test_a_front_end_that_goes_is_forgotten(opened: Panel, comm: FakeComm, engine: TwinEngine) -> None:
    comm.say(type="watch", on=True)
    comm.until(lambda state: nodes(state) == 0)
    comm.gone({})
    assert engine.followed == 0
    opened.close()
    assert not comm.closed, "it closed itself"


def test_what_a_later_front_end_says_is_left_to_a_later_version(opened: Panel, comm: FakeComm) -> None:
    comm.say(type="sing")
    comm.say()
    assert len(comm.sent) == 1


def test_the_rows_stand_for_the_whole_tree(engine: TwinEngine) -> None:
    follower = Follower.of(engine, lambda: None)
    assert follower is not None
    fill(engine, 60)
    tree = follower.tree()
    assert tree is not None
    rows = tree["rows"]
    assert tree["nodes"] == len(engine.rows) - 1 == sum(row[6] or 1 for row in rows)
    assert tree["tokens"] == engine.cached() == sum(row[2] for row in rows)
    depth = [row[1] for row in rows]
    assert depth[0] == 0
    assert all(later <= sooner + 1 for sooner, later in itertools.pairwise(depth))
    leaves = sum(later <= sooner for sooner, later in zip(depth, [*depth[1:], 0], strict=True))
    assert 0 < leaves <= ROWS
    assert len({row[0] for row in rows}) == len(rows)
    follower.close()


def test_missing_events_end_the_tree_not_the_figures(engine: TwinEngine, comm: FakeComm) -> None:
    link = Link(comm, lambda: engine)
    link.told({"type": "watch", "on": True})
    comm.until(lambda state: nodes(state) == 0)
    engine.journal.emit(NodeEvicted(node=99, length_tokens=1))
    assert comm.until(lambda state: state["tree"] is None)["stats"] is not None
    link.close()


def test_figures_say_what_there_is(engine: TwinEngine, staged: StagedBackend) -> None:
    assert figures(None) == {"engine": None, "stats": None, "pool": None}
    assert figures(staged)["engine"] == {"model": "StagedBackend", "device": "", "remote": True}
    assert figures(engine)["engine"] == {"model": "bundled model", "device": "cpu", "remote": False}
    assert figures(engine)["pool"] == {"total": 4000, "used": 1, "cached": 0}


@pytest.mark.bundled
def test_of_a_cell_on_the_bundled_model(bench: Bench, comm: FakeComm) -> None:
    session = bench.shell.find_line_magic("sgl").__self__.session
    made = Panel(session.in_use)
    made.opened(comm, {})
    comm.say(type="watch", on=True)
    bench.run("%%sgl hello --no-stream\ns += user('hello') + assistant(gen('a', max_tokens=4))")
    state = comm.until(lambda state: state["stats"] is not None and state["stats"]["finished"] == 1)
    assert state["version"] == sgbench.__version__
    assert state["engine"]["model"] == "bundled model"
    bench.run("%sgl stop")
    comm.until(lambda state: state["engine"] is None)
    made.close()


def test_the_target_is_there_while_the_extension_is_loaded(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    from comm import get_comm_manager

    targets = get_comm_manager().targets
    assert panel.TARGET not in targets, "a console has no comms"
    shell.run_line_magic("unload_ext", "sgbench")
    monkeypatch.setattr(shell, "kernel", object(), raising=False)
    shell.run_line_magic("load_ext", "sgbench")
    assert panel.TARGET in targets
    shell.run_line_magic("unload_ext", "sgbench")
    assert panel.TARGET not in targets
