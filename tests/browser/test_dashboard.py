"""The Dashboard in a real JupyterLab, on a real run of the bundled model: live, drawn, and by keyboard."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import PATIENCE_S

CELL = """%%sgl --watch dashboard
s += user("Name a colour.") + assistant(gen("colour", max_tokens=8))
left, right = s.fork(2)
left += user("Why?") + assistant(gen("why", max_tokens=6))
right += user("Another?") + assistant(gen("other", max_tokens=6))
left["why"], right["other"]
s += gen("json", max_tokens=30, regex='{"id": [0-9]{2}, "kind": "(colour|sound)"}')
"""

DRAWN = """root => [...root.querySelectorAll('.sgb-card:not(.sgb-hidden) canvas.sgb-canvas')].map(canvas => {
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  const colours = new Set();
  for (let i = 0; i < data.length; i += 4) if (data[i + 3]) colours.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
  return colours.size;
})"""


@pytest.mark.bundled
def test_a_cell_under_the_dashboard(browser: Any) -> None:
    notebook = browser.notebook("%load_ext sgbench", "%sgl start device=cpu kv_tokens=400", CELL, "s['json']")
    notebook.run_all()
    assert notebook.failures() == []
    widget = notebook.widget("Dashboard")
    widget.scroll_into_view_if_needed()
    notebook.wait_widget("nodes > 3", name="Dashboard")
    cards = widget.locator(".sgb-card:not(.sgb-hidden)")
    assert cards.count() == 5  # the machine's card too: a request was constrained
    notebook.page.wait_for_function(
        f"() => ({DRAWN})(jupyterapp.shell.currentWidget.node.querySelector('[data-sgb-widget=Dashboard]')).every(n => n > 3)",
        timeout=1000 * PATIENCE_S,
    )
    assert len(widget.evaluate(DRAWN)) == 4  # tree, figures, timeline, machine; the text is no canvas
    assert widget.locator(".sgb-fork").count() == 2
    assert "Name a colour." in widget.locator(".sgb-text-flow").text_content()
    assert widget.locator(".sgb-text-flow .sgb-o-jumped").count() > 0
    last = int(widget.get_attribute("data-sgb-seq"))

    widget.locator("[role=tree]").focus()
    notebook.page.keyboard.press("Home")
    notebook.wait_widget("seq === -1", name="Dashboard")
    assert widget.locator(".sgb-text-flow .sgb-o").count() == 0
    notebook.page.keyboard.press("End")
    notebook.wait_widget(f"seq === {last}", name="Dashboard")
    timeline = widget.get_by_role("listbox", name="Timeline")
    timeline.focus()
    notebook.page.keyboard.press("ArrowRight")
    assert timeline.get_by_role("option").text_content().startswith("Request ")
    assert len(notebook.cells()) == 4  # no key reached the notebook's own shortcuts
