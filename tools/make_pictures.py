"""Draws the README's pictures anew: a real run of the bundled model, shown in a real JupyterLab, light and dark.

Run it after the widgets or the weights have changed, and look at what it wrote: ``python -m tools.make_pictures``. It needs
what the browser tests need: the development environment and Chromium.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import sgbench as sgl
from tests.browser.conftest import CHROMIUM_OPTIONS, Browser, Lab

DOCS = Path(__file__).parent.parent / "docs"
THEMES = {"": "JupyterLab Light", "-dark": "JupyterLab Dark"}
WIDTH = 1500
TOPICS = ("tea", "chess", "music", "running", "cooking", "sleep")
PERSON = r'\{"name": "[A-Z][a-z]{2,8}", "house": "(Gryffindor|Slytherin)", "age": [0-9]{2}\}'
CELL = '''%%sgl review
s += """Review: I loved every minute of it.
Label: positive
Review: The food was cold and the service slow.
Label: negative
Review: What a wonderful film.
Label:"""
s += select("label", choices=[" positive", " negative"])'''
EARLIER = CELL.replace("%%sgl review", "%%sgl earlier").replace("a wonderful", "an awful")
COMPARED = """%%sgl opposites --batch [{"word": w} for w in words] --baseline --repeat 5
s += examples + f"Q: What is the opposite of {word}?\\nA:" + gen("opposite", max_tokens=6, stop="\\n")"""
PAIRS = """pairs = dict(zip("hot big early empty clean soft long rich deep dark rude kind left near loud safe".split(),
                 "cold small late full dirty hard short poor shallow light polite cruel right far quiet risky".split()))
examples = "".join(f"Q: What is the opposite of {word}?\\nA: {opposite}\\n" for word, opposite in pairs.items())
words = ["fast", "old", "open", "high", "wet", "strong", "happy", "thick"]"""
VIEWS = {
    "RadixTree": ("radix_tree", "height=360"),
    "CacheStats": ("cache_stats", ""),
    "Timeline": ("timeline", ""),
    "Tokens": ("tokens", ""),
    "FSM": ("fsm", ""),
    "Dashboard": ("dashboard", "height=340"),
}


@sgl.function
def advice(s: Any, topic: str) -> None:
    """Tips, each expanded on in a branch of its own; a summary, an answer of a fixed form, and a choice."""
    s += sgl.user(f"Write two short tips about {topic}.")
    s += sgl.assistant(sgl.gen("tips", max_tokens=20))
    branches = s.fork(2)
    for number in range(2):
        branches[number] += sgl.user(f"Expand on tip {number + 1}.") + sgl.assistant(sgl.gen("more", max_tokens=14))
    branches.join()
    s += "\nSummary: " + branches[0]["more"] + "\nAuthor: " + sgl.gen("author", max_tokens=40, regex=PERSON)
    s += "\nUseful: " + sgl.select("useful", choices=["yes", "no"])


def record_run(path: Path) -> Path:
    """Run `advice` on every topic under a small pool, in two batches, and save what happened."""
    with sgl.Engine(device="cpu", kv_tokens=600) as engine, engine.record() as trace:
        for topics in (TOPICS[:3], TOPICS[3:]):
            advice.run_batch([{"topic": topic} for topic in topics], backend=engine, num_threads=3, temperature=0)
        return trace.save(path)


def settled(page: Any, locator: Any) -> bytes:
    """A picture of a place, once two in a row are equal: what moves has come to rest."""
    before = b""
    for _ in range(40):
        now: bytes = locator.screenshot()
        if now == before:
            break
        before = now
        page.wait_for_timeout(150)
    return before


def small(picture: bytes) -> bytes:
    """The same picture with 256 colours, a third of the size: the commonest as they are, the others as the nearest of them."""
    pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(np.int32)
    packed = pixels @ np.array([1 << 16, 1 << 8, 1])
    colours, where, counts = np.unique(packed, return_inverse=True, return_counts=True)
    values = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1)
    kept = np.argsort(-counts)[:256]
    nearest = ((values[:, None] - values[kept][None]) ** 2).sum(axis=2).argmin(axis=1)
    image = Image.fromarray(nearest[where].reshape(packed.shape).astype(np.uint8))
    image.putpalette(values[kept].astype(np.uint8).tobytes())
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _in_themes(browser: Browser, locator: Any, name: str) -> None:
    """Write ``docs/NAME.png`` and ``docs/NAME-dark.png``."""
    for suffix, theme in THEMES.items():
        browser.theme(theme)
        locator.scroll_into_view_if_needed()
        (DOCS / f"{name}{suffix}.png").write_bytes(small(settled(browser.page, locator)))
    browser.theme(THEMES[""])


def _views(browser: Browser, folder: Path) -> None:
    record_run(folder / "run.sgtrace.gz")
    for name, (file, options) in VIEWS.items():
        notebook = browser.notebook(f"from sgbench.widgets import {name}\n{name}('run.sgtrace.gz', {options})")
        notebook.run_all()
        if notebook.failures():
            raise SystemExit(f"{name}: {notebook.failures()}")
        notebook.wait_widget("seq > 0", name=name)
        _in_themes(browser, notebook.widget(name), file)


def _cells(browser: Browser) -> None:
    compare = "import sgbench.widgets\nsgbench.widgets.Compare(_sgl)"
    notebook = browser.notebook("%load_ext sgbench", "%sgl start device=cpu", EARLIER, CELL, PAIRS, COMPARED, compare)
    notebook.run_all()
    if notebook.failures():
        raise SystemExit(f"a cell failed: {notebook.failures()}")
    cells = browser.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell")
    _in_themes(browser, cells.nth(3), "cell")
    _in_themes(browser, notebook.widget("Compare"), "compare")


def main() -> None:
    """Write the pictures anew."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("the pictures need Chromium (Debian: apt-get install chromium)")
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        lab = Lab(Path(home))
        try:
            page = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_OPTIONS).new_page(
                viewport={"width": WIDTH, "height": 1900}
            )
            page.goto(f"{lab.url}/lab?token={lab.token}&reset")
            page.wait_for_function("window.jupyterapp && jupyterapp.shell", timeout=90_000)
            page.evaluate("jupyterapp.restored.then(() => true)")
            page.evaluate("jupyterapp.shell.collapseLeft()")
            browser = Browser(page, lab)
            _views(browser, lab.folder)
            _cells(browser)
            browser.finish()
        finally:
            lab.stop()


if __name__ == "__main__":
    main()
