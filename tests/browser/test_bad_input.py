"""What can go wrong under a view is said in the view, in a real JupyterLab; and what needs no kernel, no trust and no script."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import nbformat
import pytest

from tests.browser.conftest import PATIENCE_S
from tests.browser.test_radix_tree import PREPARE, make_trace

STOP = """
import sgbench as sgl
from sgbench.widgets import RadixTree
from tests.lang.local import backend
from tests.views.runs import story
on = backend(300)
tree = RadixTree(on.engine)
tree.show()
text = story.run(backend=on, topic="cats").text()
"""


def note(notebook: Any, *words: str, name: str = "RadixTree") -> None:
    """Wait until the view's note is visible and holds all ``words``: asked at once, for JupyterLab may replace a view."""
    found = "root.querySelector('.sgb-note')"
    held = f"{json.dumps(words)}.every((one) => {found}.textContent.includes(one))"
    notebook.wait_widget(f"{held} && {found}.checkVisibility({{ visibilityProperty: true }})", name=name)


def test_an_engine_that_stops_while_it_is_watched(browser: Any) -> None:
    notebook = browser.notebook(STOP, "on.engine.shutdown()")
    notebook.run_all()
    assert notebook.failures() == []
    note(notebook, "the engine was shut down: this is its last state")
    notebook.wait_widget("nodes > 3 && root.querySelector('.sgb-status').textContent === 'ended'")


def test_a_kernel_that_is_restarted_under_a_live_view(browser: Any) -> None:
    notebook = browser.notebook(PREPARE, "for prompt, output in chats(6): twin.request(prompt, output)")
    notebook.run_all()
    notebook.wait_widget("nodes > 5 && root.querySelector('.sgb-status').textContent === 'live'")
    before = int(notebook.widget().get_attribute("data-sgb-nodes"))
    notebook.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    note(notebook, "the kernel is gone: this is the last state that it sent")
    assert int(notebook.widget().get_attribute("data-sgb-nodes")) == before
    notebook.widget().get_by_role("tree").focus()
    notebook.page.keyboard.press("Home")  # what it sent can still be played
    notebook.wait_widget("seq === -1")


def test_a_trace_that_is_cut_short_opens_and_says_what_is_missing(browser: Any) -> None:
    path = make_trace(browser.lab.folder / "cut.sgtrace")
    path.write_text(path.read_text()[:-200])
    notebook = browser.notebook("import sgbench.widgets\nsgbench.widgets.Dashboard('cut.sgtrace')")
    notebook.run_all()
    note(notebook, "events before it are here", "cut short", name="Dashboard")
    notebook.wait_widget("nodes > 5", name="Dashboard")


SAVED = """
from sgbench.widgets import CacheStats, Compare, Dashboard, RadixTree, Timeline
for view in (RadixTree, CacheStats, Timeline, Dashboard):
    view('s.sgtrace').show()
Compare('s.sgtrace', 's.sgtrace').show()
"""


@pytest.fixture
def saved(browser: Any) -> nbformat.NotebookNode:
    """A notebook as it was saved, with five views."""
    make_trace(browser.lab.folder / "s.sgtrace")
    notebook = browser.notebook(SAVED, name="saved.ipynb")
    notebook.run_all()
    notebook.wait_widget("nodes > 5")
    return notebook.save()


def test_a_page_that_strips_scripts_still_shows_each_picture(browser: Any, saved: nbformat.NotebookNode) -> None:
    """As GitHub, nbviewer and a mail client show a notebook: pictures and words, no script runs."""
    figures = []
    for output in saved.cells[0].outputs:
        data = output.data
        assert {"image/png", "text/plain"} <= set(data)
        picture = data["image/png"].replace("\n", "")
        width, height = struct.unpack(">II", base64.b64decode(picture)[16:24])
        assert width > 1000 and height > 200
        figures.append(f'<img src="data:image/png;base64,{picture}">')
    assert len(figures) == 5
    context = browser.page.context.browser.new_context(java_script_enabled=False)
    page = context.new_page()
    try:
        page.set_content("".join(figures))
        boxes = [page.locator("img").nth(i).bounding_box() for i in range(5)]
        assert all(box["width"] > 1000 and box["height"] > 200 for box in boxes)
    finally:
        context.close()


def test_an_untrusted_notebook_without_a_kernel_still_shows_each_picture(
    browser: Any, saved: nbformat.NotebookNode
) -> None:
    for output in saved.cells[0].outputs:
        del output.data["application/vnd.jupyter.widget-view+json"]  # what a viewer without our module has left
    saved.metadata.pop("widgets", None)
    saved.metadata.pop("signature", None)
    saved.cells[0].metadata["trusted"] = False
    nbformat.write(saved, browser.lab.folder / "untrusted.ipynb")
    notebook = browser.open("untrusted.ipynb")
    shown = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-RenderedImage img"
    notebook.page.wait_for_function(
        f"() => document.querySelectorAll('{shown}').length === 5", timeout=1000 * PATIENCE_S
    )
    sizes = notebook.page.evaluate(f"() => [...document.querySelectorAll('{shown}')].map((img) => img.naturalWidth)")
    assert all(size > 1000 for size in sizes)
