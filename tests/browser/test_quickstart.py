"""The quickstart in a real JupyterLab: every cell runs, the tree is drawn while one runs, the console stays clean."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.browser.conftest import PATIENCE_S

ROOT = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.bundled


def test_runs_to_the_end_and_draws_the_tree(browser: Any) -> None:
    shutil.copy(ROOT / "notebooks" / "quickstart.ipynb", browser.lab.folder / "quickstart.ipynb")
    notebook = browser.open("quickstart.ipynb")
    notebook.page.evaluate("() => { jupyterapp.commands.execute('notebook:clear-all-cell-outputs'); }")
    notebook.run_all()
    assert notebook.failures() == []
    shown = notebook.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) [data-sgb-widget=RadixTree]")
    sources = [cell.source for cell in nbformat.read(ROOT / "notebooks" / "quickstart.ipynb", 4).cells]
    for beginning in ("%%sgl opposites --batch", "%%sgl tour", "%sgl trace save"):
        index = next(i for i, source in enumerate(sources) if source.startswith(beginning))
        notebook.page.evaluate(
            "i => { const n = jupyterapp.shell.currentWidget.content; n.activeCellIndex = i; n.scrollToItem(i, 'start'); }",
            index,
        )
        cell = notebook.page.locator(f'.jp-NotebookPanel:not(.lm-mod-hidden) [data-windowed-list-index="{index}"]')
        tree = cell.locator("[data-sgb-widget=RadixTree]")
        tree.wait_for(timeout=1000 * PATIENCE_S)
        assert int(tree.get_attribute("data-sgb-nodes")) > 5
        kinds = [kind for output in notebook.cells()[index]["outputs"] for kind in output.get("data", {})]
        assert ("text/html" in kinds) == beginning.startswith("%%sgl"), "the text stands below the tree"
    assert shown.count() >= 1


def test_a_cell_streams_colours_and_can_be_interrupted(browser: Any) -> None:
    notebook = browser.notebook(
        "%load_ext sgbench\n%sgl set temperature=0",
        '%%sgl story\ns += user("hello") + assistant(gen("text", max_tokens=3000, ignore_eos=True))',
        "",
    )
    notebook.start_all()
    decoded = notebook.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .sgr-run .sgr-o.decoded")
    decoded.first.wait_for(timeout=1000 * PATIENCE_S)
    assert notebook.running(1)
    # Each update of the text replaces the node, so the style is asked of whichever stands there.
    found = "[...document.querySelectorAll('.sgr-o.decoded')]"
    underlined = f"() => {found}.some(n => getComputedStyle(n).textDecorationLine.includes('underline'))"
    notebook.page.wait_for_function(underlined, timeout=1000 * PATIENCE_S)
    notebook.page.evaluate("() => { jupyterapp.commands.execute('notebook:interrupt-kernel'); }")
    notebook.wait("cells => cells[1].executionState === 'idle'")
    assert [failure.split(":")[0] for failure in notebook.failures()] == ["KeyboardInterrupt"]
    html = "".join(o["data"]["text/html"] for o in notebook.cells()[1]["outputs"] if "data" in o)
    assert "interrupted; the text so far is kept" in html
