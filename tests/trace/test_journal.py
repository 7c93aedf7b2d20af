"""Events that are made when somebody looks are the events that would have been made at once, in the order in which they happened."""

from __future__ import annotations

import pickle
import threading

import numpy as np
import pytest

from sgbench.trace.events import Event, NodeInserted, PathLocked, RequestDeferred, RequestQueued, StepPlanned
from sgbench.trace.journal import Journal
from sgbench.trace.reader import Reader, SubscribedReader, reader_of
from tests.radix_twin import RadixTwin


def ticking() -> Journal:
    """A journal whose clock counts."""
    times = iter(range(100_000))
    return Journal(clock=lambda: next(times))


def test_what_is_made_late_equals_what_is_made_at_once():
    ids = np.array([5, 6, 7], np.int32)
    at_once, late = ticking(), ticking()
    first: list[Event] = []
    at_once.subscribe(first.append)
    reader = late.read()
    at_once.emit(NodeInserted(node=1, parent=0, token_ids=(5, 6, 7), rid=2, tick=3))
    at_once.emit(StepPlanned(prefill=((2, 3),), decode=(4,), waiting=0))
    at_once.emit(RequestQueued(rid=2, prompt_ids=(5, 6, 7), max_new_tokens=8))
    at_once.emit(RequestDeferred(rid=3, for_rid=2, shared_tokens=2))
    late.later(NodeInserted, 1, 0, ids, 2, 3)
    late.later(StepPlanned, [(2, 3)], [4], 0)
    late.later(RequestQueued, 2, ids, 8)
    late.later(RequestDeferred, 3, 2, lambda: 2)
    made = reader.take()
    assert list(map(type, made)) == list(map(type, first))
    assert made == first
    assert list(map(repr, made)) == list(map(repr, first))
    assert isinstance(made[0].token_ids[0], int)


def test_an_event_made_late_is_as_frozen_and_travels_as_any_other():
    journal = ticking()
    reader = journal.read()
    for _ in range(3):
        journal.later(RequestQueued, 2, np.array([5, 6, 7], np.int32), 8)
    first, second, third = reader.take()
    with pytest.raises(AttributeError):
        first.rid = 4  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        _ = first.nothing  # type: ignore[attr-defined]
    assert pickle.loads(pickle.dumps(second)) == second
    assert hash(third) == hash(third)
    assert third.prompt_ids is third.prompt_ids


def test_a_prompt_is_as_long_before_it_is_looked_at_as_behind():
    journal = ticking()
    reader = journal.read()
    journal.later(RequestQueued, 2, np.array([5, 6, 7], np.int32), 8)
    (event,) = reader.take()
    assert isinstance(event, RequestQueued)
    assert event.prompt_tokens == 3
    assert event.prompt_ids == (5, 6, 7)
    assert event.prompt_tokens == 3 == RequestQueued(rid=0, prompt_ids=(5, 6, 7), max_new_tokens=1).prompt_tokens


def test_an_event_keeps_the_stamp_of_when_it_happened():
    journal = ticking()
    reader = journal.read()
    journal.step = 4
    journal.later(PathLocked, 1, 2)
    journal.step = 9
    journal.emit(PathLocked(node=1, rid=3))
    assert [(e.seq, e.step, e.t_ns) for e in reader.take()] == [(0, 4, 0), (1, 9, 1)]


def test_everybody_sees_the_same_events_in_the_same_order():
    journal = ticking()
    plain: list[Event] = []
    end = journal.subscribe(plain.append)
    assert journal.active
    reader, other = journal.read(), journal.read()
    journal.later(PathLocked, 1, 2)
    journal.emit(PathLocked(node=1, rid=3))
    end()
    assert journal.active
    journal.later(PathLocked, 1, 4)
    assert reader.take(1) == plain[:1]
    late = journal.read()
    journal.later(PathLocked, 1, 5)
    rest = reader.take()
    assert rest[0] is plain[1]
    assert other.take()[2:] == rest[1:] and late.take() == rest[2:]
    assert [event.seq for event in rest] == [1, 2, 3]


def test_who_ends_still_gets_what_happened_before_and_nothing_after():
    journal = ticking()
    reader = journal.read()
    journal.later(PathLocked, 1, 2)
    reader.end()
    reader.end()
    assert not journal.active
    journal.emit(PathLocked(node=1, rid=3))
    assert [event.seq for event in reader.take()] == [0]
    assert journal.count == 2 and journal.pending == 0  # nobody wants what came after


def test_a_subscriber_that_raises_is_dropped_and_the_others_go_on():
    journal = ticking()
    taken: list[Event] = []
    journal.subscribe(lambda event: 1 / 0)
    journal.subscribe(taken.append)
    journal.later(PathLocked, 1, 2)
    journal.later(PathLocked, 1, 3)
    assert [event.seq for event in taken] == [0, 1]
    assert len(journal.failures) == 1


def test_a_subscriber_may_emit_and_may_end_itself():
    journal = ticking()
    taken: list[Event] = []

    def answer(event: Event) -> None:
        end()
        journal.emit(PathLocked(node=2, rid=event.seq))

    end = journal.subscribe(answer)
    journal.subscribe(taken.append)
    journal.emit(PathLocked(node=1, rid=7))
    journal.emit(PathLocked(node=1, rid=8))
    assert sorted(event.seq for event in taken) == [0, 1, 2]


@pytest.mark.parametrize("source", ["journal", "callbacks"])
def test_whoever_waits_is_called_once_at_the_next_event_or_now_if_there_is_one(source: str):
    twin = RadixTwin()
    reader: Reader = twin.journal.read() if source == "journal" else reader_of(twin)
    assert isinstance(reader, SubscribedReader) == (source == "callbacks")
    reader.take()
    calls: list[int] = []
    reader.call_at_next(lambda: calls.append(1))
    assert calls == []
    twin.journal.emit(PathLocked(node=1, rid=7))
    twin.journal.emit(PathLocked(node=1, rid=8))
    assert calls == [1]
    reader.call_at_next(lambda: calls.append(2))
    assert calls == [1, 2]
    reader.take()
    reader.end()
    reader.call_at_next(lambda: calls.append(3))
    twin.journal.emit(PathLocked(node=1, rid=9))
    assert calls == [1, 2]


def test_notes_of_many_threads_become_one_order_in_which_time_does_not_run_backwards():
    journal = Journal()
    readers = [journal.read(), journal.read()]
    seen: list[list[Event]] = [[], []]
    done = threading.Event()

    def write(rid: int) -> None:
        for node in range(2_000):
            journal.later(PathLocked, node, rid)

    def take(which: int) -> None:
        while not done.is_set():
            seen[which] += readers[which].take(7)
        seen[which] += readers[which].take()

    writers = [threading.Thread(target=write, args=(rid,)) for rid in range(3)]
    takers = [threading.Thread(target=take, args=(which,)) for which in range(2)]
    for thread in (*takers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in takers:
        thread.join()
    assert seen[0] == seen[1]
    assert [event.seq for event in seen[0]] == list(range(6_000))
    assert all(one.t_ns <= next_.t_ns for one, next_ in zip(seen[0], seen[0][1:], strict=False))
    for rid in range(3):
        assert [e.node for e in seen[0] if isinstance(e, PathLocked) and e.rid == rid] == list(range(2_000))
