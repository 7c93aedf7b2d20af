"""How the views scale: ``python -m benchmarks.views [--events 1000000]`` (the browser part needs Chromium and playwright).

A trace of a million events of the real tree: load, fold, send, and jumps in the page, each until it is painted. A tree of 10,000 nodes:
frames a second while it moves. A dashboard that watches an engine on the CPU: what it costs, and what it sends.
"""

from __future__ import annotations

import argparse
import base64
import json
import math
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sgbench.engine.radix_attention import RadixCache
from sgbench.trace.events import Event, Keyframe, RequestAdmitted, RequestFinished, RequestQueued, StepFinished
from sgbench.trace.header import TraceHeader
from sgbench.trace.journal import Journal
from sgbench.trace.trace import Trace

CHROMIUM_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


def tree_events(events: int, nodes: int = 2_000, seed: int = 0) -> list[Event]:
    """What the real tree says while requests on 400 shared heads come and go, at most about ``nodes`` nodes at a time."""
    source = random.Random(seed)
    heads = [np.array([source.randrange(50_000) for _ in range(60)], dtype=np.int32) for _ in range(400)]
    found: list[Event] = []
    clock = iter(range(0, 10**15, 50_000))
    journal = Journal(clock=lambda: next(clock))
    journal.subscribe(found.append)
    cache = RadixCache(journal)
    journal.emit(Keyframe(tree=cache.snapshot(), capacity_tokens=10_000_000))
    rid = 0
    while len(found) < events:
        journal.step = rid
        tail = np.array([source.randrange(50_000) for _ in range(8)], dtype=np.int32)
        head = source.choice(heads)[: source.choice([20, 40, 60])]
        tokens = np.concatenate([head, tail])
        journal.emit(RequestQueued(rid=rid, prompt_ids=tuple(tokens.tolist()), max_new_tokens=1))
        match = cache.match(tokens, len(tokens) - 1)
        held = cache.attach(rid, match)
        journal.emit(RequestAdmitted(rid=rid, node=held.node.id, prompt_tokens=len(tokens), cached_tokens=match.length))
        slots = np.arange(len(tokens), dtype=np.int32)
        cache.insert(rid, tokens, slots, held.node, match.length, final=True)
        used = cache.cached_tokens
        journal.emit(
            StepFinished(
                rids=(rid,),
                token_ids=(1,),
                forward_ms=1.0,
                free_tokens=10_000_000 - used,
                cached_tokens=used,
                used_tokens=0,
            )
        )
        journal.emit(
            RequestFinished(
                rid=rid, reason="stop", output_ids=(1,), prompt_tokens=len(tokens), cached_tokens=match.length
            )
        )
        while len(cache.nodes) > nodes:
            cache.evict(1, rid)
        rid += 1
    return found[:events]


PAGE = """<!doctype html><meta charset="utf-8"><style>{css} body {{ margin: 12px; font-family: sans-serif }}</style>
<div id="host" style="width: 1200px"></div>
<script type="module">
{module_}
</script>"""

MODEL = """
const made = NAME;
const listeners = new Map();
const fire = (name, ...values) => (listeners.get(name) ?? []).forEach((call) => call(...values));
const state = { status: "replay", height: 360, marks: "request", speed: 1, recording: null };
const model = {
  get: (name) => state[name], set: (name, value) => (state[name] = value), save_changes() {},
  on: (name, call) => listeners.set(name, [...(listeners.get(name) ?? []), call]), off() {},
  send: (message) => window.asked(message),
};
window.deliver = (meta, events, patches) => {
  const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  fire("msg:custom", meta, [bytes(events), bytes(patches)]);
};
window.model = model;
window.again = (host) => made.render({ model, el: host });
made.initialize?.({ model });
made.render({ model, el: document.querySelector("#host") });
window.slider = document.querySelector(".sgb-slider");
// Jump as a reader does, and wait until what was drawn is on the screen.
window.jump = async (position) => {
  const began = performance.now();
  window.slider.value = String(position);
  window.slider.dispatchEvent(new Event("input"));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - began;
};
window.frames = async (ms, each) => {
  const times = [];
  const end = performance.now() + ms;
  let last = performance.now();
  while (performance.now() < end) {
    each?.(times.length);
    const now = await new Promise((done) => requestAnimationFrame(done));
    times.push(now - last);
    last = now;
  }
  return times.slice(2);
};
"""


class Page:
    """One widget in one page, fed by Python as a kernel feeds it: a part each time the page asks."""

    def __init__(self, page: Any, widget: Any, name: str) -> None:
        from sgbench.widgets import assets

        self._page = page
        self._widget = widget
        self.sent_bytes = 0
        page.expose_function("asked", self._answer)
        source = assets.module(name).replace("export default", "const NAME_ =") + MODEL.replace("NAME", "NAME_")
        page.set_content(PAGE.format(css=widget._css, module_=source))
        self.evaluate = page.evaluate
        self._metrics = page.context.new_cdp_session(page)
        self._metrics.send("Performance.enable", {"timeDomain": "threadTicks"})

    def _answer(self, message: dict[str, Any]) -> None:
        encoder = self._widget._feed.encoder
        first = int(message["have"])
        if first >= len(encoder):
            return
        frame = encoder.since(first, encoder.reach(first, 4_000_000))
        meta, (events, patches) = frame.message()
        self.sent_bytes += len(events) + len(patches) + len(json.dumps(meta))
        data = [base64.b64encode(part).decode() for part in (events, patches)]
        self._page.evaluate("(given) => { setTimeout(() => deliver(...given)); }", [meta, *data])

    def busy_ms(self) -> float:
        """Processor time of the page's main thread so far: what other work on the machine does not lengthen."""
        metrics = self._metrics.send("Performance.getMetrics")["metrics"]
        return float(1000 * next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration"))

    def wait_until_whole(self) -> float:
        """Seconds until the page has every event."""
        began = time.perf_counter()
        events = len(self._widget._feed.encoder)
        self._page.wait_for_function(f"() => Number(window.slider.max) === {events}", timeout=300_000, polling=100)
        return time.perf_counter() - began


@contextmanager
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_OPTIONS)
        yield found
        found.close()


def million(events: int, chromium: Any) -> dict[str, Any]:
    """A trace of ``events`` events: seconds to load and fold, and milliseconds of 60 jumps about it."""
    from sgbench.widgets import RadixTree

    made = tree_events(events)
    with tempfile.TemporaryDirectory() as folder:
        path = Trace(made, TraceHeader()).save(Path(folder) / "m.sgtrace")
        size = path.stat().st_size
        began = time.perf_counter()
        trace = Trace.load(path)
        load_s = time.perf_counter() - began
    began = time.perf_counter()
    widget = RadixTree(trace)
    fold_s = time.perf_counter() - began
    page = Page(chromium.new_page(viewport={"width": 1280, "height": 800}), widget, "radix_tree")
    arrive_s = page.wait_until_whole()
    source = random.Random(1)
    before = page.busy_ms()
    jumps = [page.evaluate("(p) => jump(p)", source.randrange(events)) for _ in range(60)]
    busy = (page.busy_ms() - before) / len(jumps)
    return {
        "events": events,
        "file_mb": round(size / 1e6, 1),
        "load_s": round(load_s, 1),
        "fold_s": round(fold_s, 1),
        "sent_mb": round(page.sent_bytes / 1e6, 1),
        "arrive_s": round(arrive_s, 1),
        "jump_ms": {
            "median": round(statistics.median(jumps), 1),
            "largest": round(max(jumps), 1),
            "processor_mean": round(busy, 1),
        },
    }


def many_nodes(nodes: int, chromium: Any) -> dict[str, Any]:
    """A tree of ``nodes`` nodes: frames a second while it plays, and while the reader zooms."""
    from sgbench.widgets import RadixTree

    trace = Trace(tree_events(12 * nodes, nodes), TraceHeader())
    widget = RadixTree(trace)
    page = Page(chromium.new_page(viewport={"width": 1280, "height": 800}), widget, "radix_tree")
    page.wait_until_whole()
    shown = page.evaluate("() => Number(document.querySelector('[data-sgb-widget]').dataset.sgbNodes)")
    end = len(trace)
    move = f"slider.value = String({end} - 600 + i); slider.dispatchEvent(new Event('input'));"
    key = "new KeyboardEvent('keydown', {key: i % 60 < 30 ? '+' : '-', bubbles: true})"
    zoom = f"if (i % 5 === 0) document.querySelector('.sgb-stage').dispatchEvent({key});"
    return {"nodes": shown, "played": _rate(page, 4000, move), "zoomed": _rate(page, 3000, zoom)}


def _rate(page: Page, ms: int, each: str) -> dict[str, float]:
    """Frames while ``each`` happens before every one of them, and what a frame costs the page's main thread."""
    began = page.busy_ms()
    times = page.evaluate(f"() => frames({ms}, (i) => {{ {each} }})")
    busy = (page.busy_ms() - began) / len(times)
    ordered = sorted(times)
    return {
        "frames_per_s": round(1000 * len(times) / sum(times), 1),
        "slowest_twentieth_ms": round(ordered[int(0.95 * len(ordered))], 1),
        "processor_ms_a_frame": round(busy, 1),
    }


def dashboard(pairs: int = 6) -> dict[str, Any]:
    """A dashboard that watches an engine on the CPU, in every second round: what it costs, in processor time, and what it sends.

    Twice, because a busy machine disturbs both: the feed's own thread beside the engine's processor time, which misses what watching
    makes the engine's thread do; and the whole process with and without a dashboard, round by round, which misses nothing and is noisy.
    """
    import sgbench as sgl
    from sgbench.widgets import Dashboard

    sent = 0

    class Counted(Dashboard):
        def _publish(self, frame: Any) -> None:
            nonlocal sent
            content, buffers = frame.message()
            sent += len(json.dumps(content)) + sum(map(len, buffers))

    source = random.Random(0)
    prompts = [[source.randrange(20, 4_000) for _ in range(100)] + [i] for i in range(24)]
    params = {"max_new_tokens": 64, "ignore_eos": True, "temperature": 0}

    with sgl.Engine(device="cpu", kv_tokens=20_000) as engine:

        def run(watched: bool) -> Round:
            engine.flush_cache()
            view = Counted(engine) if watched else None
            if view is not None:
                view._feed._answered = True
            wall, busy = time.perf_counter(), time.process_time()
            engine.generate(input_ids=prompts, sampling_params=params)
            feed = 0.0
            if view is not None:
                view._feed.flush()
                assert view._feed._thread is not None and view._feed._thread.ident is not None
                feed = time.clock_gettime(time.pthread_getcpuclockid(view._feed._thread.ident))
            done = Round(time.perf_counter() - wall, time.process_time() - busy, feed)
            if view is not None:
                view.close()
            return done

        run(True)
        sent = 0
        # Each pair begins with the other kind, so that a machine that grows slower favours neither.
        rounds = [{kind: run(kind) for kind in ((True, False) if i % 2 else (False, True))} for i in range(pairs)]
    without = statistics.median(pair[False].processor_s for pair in rounds)
    return {
        "pairs": pairs,
        "engine_processor_s": round(without, 2),
        "thread_share": interval([pair[True].feed_s / (pair[True].processor_s - pair[True].feed_s) for pair in rounds]),
        "process_share": interval([pair[True].processor_s / pair[False].processor_s - 1 for pair in rounds]),
        "sent_bytes_per_s": round(sent / sum(pair[True].wall_s for pair in rounds)),
    }


class Round(NamedTuple):
    """What a round took: on the clock, in processor time of the process, and of the feed's thread alone."""

    wall_s: float
    processor_s: float
    feed_s: float


def interval(values: list[float]) -> dict[str, float]:
    """Median, and an interval that holds the true one in 19 of 20 cases or more: order statistics, which ask nothing of the noise."""
    ordered, n = sorted(values), len(values)
    cut = 0
    while cut < n // 2 and sum(math.comb(n, k) for k in range(cut + 1)) / 2 ** (n - 1) <= 0.05:
        cut += 1
    low, high = (ordered[cut - 1], ordered[n - cut]) if cut else (math.nan, math.nan)
    return {"median": round(statistics.median(ordered), 4), "from": round(low, 4), "to": round(high, 4)}


def main() -> None:
    """Print what is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--only", choices=["million", "nodes", "dashboard"])
    given = parser.parse_args()
    found: dict[str, Any] = {}
    if given.only in (None, "million", "nodes"):
        with browser() as chromium:
            if given.only != "nodes":
                found["million"] = million(given.events, chromium)
            if given.only != "million":
                found["nodes"] = many_nodes(10_000, chromium)
    if given.only in (None, "dashboard"):
        found["dashboard"] = dashboard()
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
