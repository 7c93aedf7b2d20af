"""The live feed: nothing is lost, the pace is bounded, the last state always goes out, failures are told."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from sgbench.engine.gap import Gap
from sgbench.trace.events import EngineStopped, Event, NodeEvicted, PathAccessed
from sgbench.trace.reader import Reader
from sgbench.trace.vocab import Vocab
from sgbench.views.frames import EVENT_STRIDE, Frame
from sgbench.widgets.feed import FRAME_S, LONG_S, SHARE, SLOWEST_S, SURE_S, UNANSWERED_BYTES, Feed, _may_compute, pace
from sgbench.widgets.source import vocab_of
from tests.radix_twin import RadixTwin, chats


class Front:
    """A front end's memory: which events it has."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.have = 0
        self.gaps = 0

    def publish(self, frame: Frame) -> None:
        self.frames.append(frame)
        if frame.first > self.have:
            self.gaps += 1
            return
        self.have = max(self.have, frame.first + len(frame.events) // (4 * EVENT_STRIDE))


def feed_of(front: Front) -> tuple[Feed, list[str]]:
    failures: list[str] = []
    return Feed(Vocab(), front.publish, failures.append), failures


def test_every_event_arrives_and_the_view_is_the_engines_tree() -> None:
    front, twin = Front(), RadixTwin(700)
    feed, failures = feed_of(front)
    feed.follow(twin)
    feed.answer(0, 0)
    for prompt, output in chats(30):
        twin.request(prompt, output)
    feed.stop()
    assert failures == []
    assert front.gaps == 0
    assert front.have == len(feed.encoder) == twin.journal.count
    assert feed.view.snapshot() == twin.snapshot()


class Hurried(RadixTwin):
    """An engine that never waits for its device, and gives events late."""

    in_a_hurry = True
    gap = Gap()

    def read(self) -> Reader:
        reader = self.journal.read()
        self.journal.emit(self.keyframe())
        return reader


def test_an_engine_that_is_always_in_a_hurry_is_shown_all_the_same() -> None:
    shown, front, twin = threading.Event(), Front(), Hurried(700)

    def publish(frame: Frame) -> None:
        front.publish(frame)
        if front.have == twin.journal.count == total[0]:
            shown.set()

    total = [-1]
    feed = Feed(Vocab(), publish, pytest.fail)
    feed.follow(twin)
    feed.answer(0, 0)
    for prompt, output in chats(30):
        twin.request(prompt, output)
    total[0] = twin.journal.count + 1
    twin.journal.later(PathAccessed, 0, 0, 0)
    assert shown.wait(60)  # by the feed's own thread
    feed.stop()
    assert feed.view.snapshot() == twin.snapshot()


@pytest.mark.parametrize(
    ("hurried", "age_s", "may"),
    [(True, 0.0, False), (False, 0.0, True), (False, (SURE_S + LONG_S) / 2, False), (False, 2 * LONG_S, True)],
)
def test_a_view_computes_when_the_engine_begins_to_wait_or_waits_for_long(
    hurried: bool, age_s: float, may: bool
) -> None:
    engine = SimpleNamespace(in_a_hurry=hurried, gap=SimpleNamespace(age_s=age_s))
    assert _may_compute(engine) == may


def test_a_costly_frame_is_followed_by_a_longer_pause_within_bounds() -> None:
    assert pace(0.0) == FRAME_S
    assert pace(0.001) == pytest.approx(0.001 / SHARE)
    assert pace(1.0) == SLOWEST_S


def test_views_of_one_engine_share_the_texts_they_have_read_and_do_not_keep_it() -> None:
    twin, other = RadixTwin(700), RadixTwin(700)
    assert vocab_of(twin) is vocab_of(twin)
    assert vocab_of(twin) is not vocab_of(other)
    gone = weakref.ref(other)
    del other
    gc.collect()
    assert gone() is None


def test_many_events_make_few_messages() -> None:
    front, twin = Front(), RadixTwin(700)
    feed, _ = feed_of(front)
    feed.follow(twin)
    feed.answer(0, 0)
    for prompt, output in chats(60):
        twin.request(prompt, output)
    feed.stop()
    assert len(front.frames) < len(feed.encoder) / 10


def test_until_someone_answers_each_message_begins_at_the_beginning() -> None:
    front, twin = Front(), RadixTwin(700)
    feed, _ = feed_of(front)
    feed.follow(twin)
    for prompt, output in chats(10):
        twin.request(prompt, output)
        feed.flush()
    assert {frame.first for frame in front.frames} == {0}
    feed.answer(0, 5)
    assert front.frames[-1].first == 5
    feed.stop()


def test_a_front_end_that_missed_something_gets_the_rest_and_one_of_another_epoch_gets_all() -> None:
    front, twin = Front(), RadixTwin(700)
    feed, _ = feed_of(front)
    feed.follow(twin)
    for prompt, output in chats(5):
        twin.request(prompt, output)
    feed.answer(0, 17)
    assert front.frames[-1].first == 17
    for epoch, have in ((3, 17), (0, 10**6), (0, -1)):
        feed.answer(epoch, have)
        assert front.frames[-1].first == 0
    feed.stop()


def test_stopping_ends_the_subscription_and_is_idempotent() -> None:
    twin = RadixTwin()
    feed, _ = feed_of(Front())
    feed.follow(twin)
    feed.stop()
    feed.stop()
    assert not twin.journal.active
    assert feed._thread is not None
    assert not feed._thread.is_alive()


def test_the_end_is_told_though_a_front_ends_question_folded_it() -> None:
    """It asks while the feed's thread pauses between two frames; nothing comes behind that event to wake it."""
    came, ended, told = threading.Event(), threading.Event(), []

    def on_stopped(reason: str) -> None:
        told.append(reason)
        ended.set()

    twin = RadixTwin(700)
    feed = Feed(Vocab(), lambda frame: came.set(), pytest.fail, on_stopped=on_stopped)
    feed.follow(twin)
    twin.request(*next(chats(1)))
    assert came.wait(60)
    twin.journal.emit(EngineStopped(reason="the engine was shut down"))
    feed.answer(0, 0)
    assert ended.wait(20) and told == ["the engine was shut down"]
    feed.stop()
    assert told == ["the engine was shut down"]


def test_events_that_cannot_be_folded_stop_the_view_and_say_so_once() -> None:
    front, twin = Front(), RadixTwin()
    feed, failures = feed_of(front)
    feed.follow(twin)
    twin.journal.emit(NodeEvicted(node=77, length_tokens=1))
    twin.journal.emit(NodeEvicted(node=78, length_tokens=1))
    feed.flush()
    feed.stop()
    assert len(failures) == 1
    assert "node 77" in failures[0]
    assert not twin.journal.active


def test_what_came_before_an_event_that_cannot_be_folded_is_shown() -> None:
    front, twin = Front(), RadixTwin()
    feed, failures = feed_of(front)
    feed.follow(twin)
    feed.answer(0, 0)
    for prompt, output in chats(3):
        twin.request(prompt, output)
    good = twin.journal.count
    twin.journal.emit(NodeEvicted(node=77, length_tokens=1))
    twin.request(*next(iter(chats(1, seed=9))))
    feed.stop()
    assert failures
    assert front.have == len(feed.encoder) == good
    assert feed.view.seq == good - 1


def test_events_from_many_threads_keep_their_order() -> None:
    front, twin = Front(), RadixTwin()
    feed, failures = feed_of(front)
    feed.follow(twin)
    runs = list(chats(8))
    lock = threading.Lock()

    def work(prompt: tuple[int, ...]) -> None:
        with lock:
            twin.request(prompt)

    threads = [threading.Thread(target=work, args=(prompt,)) for prompt, _ in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    feed.stop()
    assert failures == []
    assert feed.view.snapshot() == twin.snapshot()


class Silent:
    """A source that never says anything."""

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        return lambda: None


def test_a_silent_source_costs_no_message() -> None:
    front = Front()
    feed, _ = feed_of(front)
    feed.follow(Silent())
    feed.stop()
    assert front.frames == []


def test_an_unheard_live_tree_does_not_flood() -> None:
    front, twin = Front(), RadixTwin()
    feed, _ = feed_of(front)
    feed.follow(twin)
    while feed.encoder.since().size_bytes <= UNANSWERED_BYTES:
        for prompt, output in chats(200, seed=len(feed.encoder)):
            twin.request(prompt, output)
        with feed.lock:
            feed._fold(feed._reader.take())
    before = len(front.frames)
    with feed.lock:
        feed._publish_news()
    assert len(front.frames) == before
    feed.stop()
    assert len(front.frames) > before  # the last state goes out whatever it weighs


def test_a_long_log_travels_in_parts_that_are_asked_for_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sgbench.widgets.feed.PART_BYTES", 6_000)
    front, twin = Front(), RadixTwin(700)
    with twin.record() as trace:
        for prompt, output in chats(12):
            twin.request(prompt, output)
    feed, _ = feed_of(front)
    feed.fold_all(trace.events)
    have = asked = 0
    while have < len(trace):
        feed.answer(0, have)
        part = front.frames[-1]
        assert part.first == have and part.total == len(trace)
        count = len(part.events) // (4 * EVENT_STRIDE)
        assert count == 1 or len(part.events) + len(part.patches) + 80 * len(part.spans) <= 6_000
        have += count
        asked += 1
    assert asked > 2
    assert b"".join(frame.events for frame in front.frames) == feed.encoder.since().events
    assert b"".join(frame.patches for frame in front.frames) == feed.encoder.since().patches


def test_what_happens_live_is_all_sent_at_the_end_in_however_many_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sgbench.widgets.feed.PART_BYTES", 6_000)
    front, twin = Front(), RadixTwin(700)
    feed, _ = feed_of(front)
    feed.follow(twin)
    feed.answer(0, 0)
    for prompt, output in chats(12):
        twin.request(prompt, output)
    feed.stop()
    have = 0
    for frame in front.frames:
        assert frame.first <= have
        have = max(have, frame.first + len(frame.events) // (4 * EVENT_STRIDE))
    assert have == len(feed.encoder)


def test_a_trace_is_never_let_go() -> None:
    assert Feed(Vocab(), lambda frame: None, lambda words: None, bounded=False).encoder._max_events is None
