"""Events that are made late are the events that would have been made at once."""

from __future__ import annotations

import numpy as np

from sgbench.trace.events import Event, NodeInserted, PathLocked, StepPlanned
from sgbench.trace.journal import Journal, LateEvent


def ticking() -> Journal:
    """A journal whose clock counts."""
    times = iter(range(1_000))
    return Journal(clock=lambda: next(times))


def made(event: Event | LateEvent) -> Event:
    return event.event() if isinstance(event, LateEvent) else event


def test_what_is_made_late_equals_what_is_made_at_once():
    ids = np.array([5, 6, 7], np.int32)
    at_once, late = ticking(), ticking()
    first: list[Event] = []
    second: list[Event | LateEvent] = []
    at_once.subscribe(first.append)
    late.subscribe_late(second.append)
    at_once.emit(NodeInserted(node=1, parent=0, token_ids=(5, 6, 7), rid=2, tick=3))
    at_once.emit(StepPlanned(prefill=((2, 3),), decode=(4,), waiting=0))
    late.later(NodeInserted, node=1, parent=0, token_ids=ids, rid=2, tick=3)
    late.later(StepPlanned, prefill=[(2, 3)], decode=[4], waiting=lambda: 0)
    assert [made(event) for event in second] == first
    assert all(isinstance(event, LateEvent) for event in second)
    assert type(first[0]) is type(made(second[0])) and isinstance(made(second[0]).token_ids[0], int)


def test_a_late_event_is_made_once_and_keeps_the_stamp_of_when_it_happened():
    journal = ticking()
    taken: list[Event | LateEvent] = []
    journal.subscribe_late(taken.append)
    journal.step = 4
    journal.later(PathLocked, node=1, rid=2)
    journal.step = 9
    journal.emit(PathLocked(node=1, rid=3))
    assert made(taken[0]) is made(taken[0])
    assert [(e.seq, e.step, e.t_ns) for e in map(made, taken)] == [(0, 4, 0), (1, 9, 1)]


def test_everybody_sees_the_same_events_in_the_same_order():
    journal = ticking()
    plain: list[Event] = []
    late: list[Event | LateEvent] = []
    end = journal.subscribe(plain.append)
    assert journal.active
    journal.subscribe_late(late.append)
    journal.later(PathLocked, node=1, rid=2)
    journal.emit(PathLocked(node=1, rid=3))
    end()
    assert journal.active
    journal.later(PathLocked, node=1, rid=4)
    assert [made(event) for event in late[:2]] == plain
    assert [made(event).seq for event in late] == [0, 1, 2]


def test_a_late_subscriber_that_raises_is_dropped_and_the_others_go_on():
    journal = ticking()
    taken: list[Event] = []
    journal.subscribe_late(lambda event: 1 / 0)
    journal.subscribe(taken.append)
    journal.later(PathLocked, node=1, rid=2)
    journal.later(PathLocked, node=1, rid=3)
    assert [event.seq for event in taken] == [0, 1]
    assert len(journal.failures) == 1
