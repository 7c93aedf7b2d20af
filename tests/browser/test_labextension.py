"""The JupyterLab extension in a real JupyterLab: the panel, the status bar, `%%sgl` in colour, traces without a kernel, commands."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import nbformat

from tests.browser.test_radix_tree import make_trace

GOLDEN = Path(__file__).parent.parent / "golden"
PANEL = "[data-sgb-panel=engine]"
LOAD = "%load_ext sgbench\nfrom tests.kernel_ext.test_panel import TwinEngine, fill\nimport sgbench\n"
USE = "engine = TwinEngine()\nengine.generate = engine.generate_stream = engine.select = print\n%sgl use engine\n"


def show_panel(browser: Any) -> Any:
    browser.page.evaluate("async () => { await jupyterapp.commands.execute('sgbench:open-panel'); }")
    return browser.page.locator(PANEL)


def hide_panel(browser: Any) -> None:
    browser.page.evaluate("() => { jupyterapp.shell.activateById('filebrowser'); }")


def wait_state(browser: Any, state: str) -> None:
    browser.page.wait_for_function(
        f"document.querySelector('{PANEL}').dataset.sgbState === '{state}'", timeout=120_000, polling=50
    )


def wait_text(browser: Any, selector: str, text: str) -> None:
    """Wait until an element's text holds ``text``."""
    browser.page.wait_for_function(
        f"[...document.querySelectorAll({json.dumps(selector)})].some(e => e.textContent.includes({json.dumps(text)}))",
        timeout=120_000,
        polling=50,
    )


def count_messages(browser: Any) -> None:
    """Count what the kernel tells the panel from now on, in ``window.told``."""
    browser.page.evaluate(
        """() => { window.told = 0;
           jupyterapp.shell.currentWidget.sessionContext.session.kernel.iopubMessage.connect((_, m) => {
             if (m.header.msg_type === 'comm_msg' && m.content.data.type === 'state') window.told++; }); }"""
    )


def test_the_panel_shows_the_engine_of_the_notebook_in_focus(browser: Any) -> None:
    panel = show_panel(browser)
    wait_state(browser, "notebook")
    try:
        first = browser.notebook(LOAD + USE, "fill(engine)", "fill(engine, 40)")
        wait_state(browser, "loaded")
        first.run_all()
        assert first.failures() == []
        wait_state(browser, "engine")
        wait_text(browser, f"{PANEL} .sgb-lab-figure", "46finished")
        assert panel.locator(".sgb-lab-engine").text_content() == "bundled model"
        assert panel.locator(".sgb-lab-rate b").text_content() == "–", "the twin counts no prompt tokens"
        assert panel.get_by_role("treeitem").count() > 3
        assert "of 4,000 tokens" in panel.locator(".sgb-lab-bar").get_attribute("aria-label")
        second = browser.notebook("1 + 1")
        wait_state(browser, "loaded")
        second.page.evaluate("p => { jupyterapp.commands.execute('docmanager:open', {path: p}); }", first.path)
        wait_state(browser, "engine")
        wait_text(browser, f"{PANEL} .sgb-lab-where", first.path)
    finally:
        hide_panel(browser)


def test_the_panel_is_told_while_all_cells_run(browser: Any) -> None:
    wait = "import os, time\nend = time.monotonic() + 60\nwhile not os.path.exists('told') and time.monotonic() < end: time.sleep(0.05)"
    show_panel(browser)
    try:
        notebook = browser.notebook(LOAD + USE, f"fill(engine)\n{wait}")
        notebook.start_all()
        wait_text(browser, f"{PANEL} .sgb-lab-figure", "6finished")
        assert notebook.running(1)
        (browser.lab.folder / "told").touch()
        notebook.wait("cells => cells[1].executionCount && cells[1].executionState === 'idle'")
    finally:
        hide_panel(browser)


def test_sgbench_is_loaded_from_the_panel_and_a_restart_forgets_it(browser: Any) -> None:
    panel = show_panel(browser)
    try:
        notebook = browser.notebook("1 + 1")
        wait_state(browser, "loaded")
        panel.get_by_role("button", name="Load sgbench").click()
        wait_state(browser, "none")
        assert notebook.cells()[0]["executionCount"] is None
        notebook.page.evaluate(
            "async () => { await jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(); }"
        )
        wait_state(browser, "loaded")
    finally:
        hide_panel(browser)


def test_the_status_bar_follows_each_cell_and_a_hidden_panel_is_told_nothing_else(browser: Any) -> None:
    notebook = browser.notebook(LOAD + USE, "fill(engine)")
    item = notebook.page.locator(".sgb-lab-status")
    notebook.run_all()
    wait_text(browser, ".sgb-lab-status", "KV 12 %")
    assert "6 finished" in item.get_attribute("title")
    count_messages(browser)
    notebook.page.evaluate(
        """async () => { const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
           await kernel.requestExecute({code: 'import time\\nfor _ in range(8): fill(engine, 3); time.sleep(0.1)'}).done; }"""
    )
    notebook.page.wait_for_function("window.told === 1", timeout=20_000)
    try:
        item.click()
        wait_state(browser, "engine")
        wait_text(browser, f"{PANEL} .sgb-lab-figure", "30finished")
        notebook.page.wait_for_function("window.told > 1", timeout=20_000)
    finally:
        hide_panel(browser)


def test_text_in_the_panel_stays_text(browser: Any) -> None:
    evil = "engine.token_text = lambda i: f' <img src=x onerror=alert({i})>'\n"
    show_panel(browser)
    try:
        notebook = browser.notebook(LOAD + USE + evil, "fill(engine)")
        notebook.run_all()
        wait_text(browser, f"{PANEL} [role=treeitem]", "<img")
        assert notebook.page.locator(f"{PANEL} img").count() == 0
    finally:
        hide_panel(browser)


def coloured(notebook: Any, cell: int) -> list[str]:
    script = """i => [...jupyterapp.shell.currentWidget.content.widgets[i].node.querySelectorAll('.cm-content .sgb-sgl')]
      .map(e => [...e.classList].find(c => c.startsWith('sgb-sgl-')).slice(8) + ' ' + e.textContent)"""
    return list(notebook.page.evaluate(script, cell))


def test_a_cell_is_coloured_as_it_is_typed_and_in_both_themes(browser: Any) -> None:
    sources = ("%%sgl tale --seed 3\ns += user('gen(') + assistant(gen('a'))  # select(", "s = gen('a')")
    notebook = browser.notebook(*sources)
    notebook.page.wait_for_function("document.querySelectorAll('.sgb-sgl-gen').length === 1")
    assert coloured(notebook, 0) == [
        "magic %%sgl",
        "name tale",
        "option --seed",
        "role user",
        "role assistant",
        "gen gen",
    ]
    assert coloured(notebook, 1) == []
    typed = "jupyterapp.shell.currentWidget.content.widgets[1].model.sharedModel.setSource('%%sgl\\nselect(1)')"
    notebook.page.evaluate(f"() => {{ {typed}; }}")
    notebook.page.wait_for_function("document.querySelectorAll('.sgb-sgl-select').length === 1")
    colour = "() => getComputedStyle(document.querySelector('.sgb-sgl-magic')).color"
    light = notebook.page.evaluate(colour)
    try:
        browser.theme("JupyterLab Dark")
        assert notebook.page.evaluate(colour) != light
    finally:
        browser.theme("JupyterLab Light")


def open_trace(browser: Any, name: str) -> Any:
    """Open a file as a double click does; returns its viewer."""
    browser.page.evaluate(
        """async path => { const w = await jupyterapp.commands.execute('docmanager:open', {path});
           await w.context.ready; await w.content.shown; }""",
        name,
    )
    return browser.page.locator(".sgb-lab-viewer:not(.lm-mod-hidden)").last


def test_a_trace_opens_by_double_click_with_no_kernel(browser: Any) -> None:
    shutil.copy(GOLDEN / "programs.sgtrace.gz", browser.lab.folder / "clicked.sgtrace.gz")
    page = browser.page
    page.evaluate("async () => { await jupyterapp.commands.execute('filebrowser:refresh'); }")
    page.locator(".jp-DirListing-item", has_text="clicked.sgtrace.gz").dblclick()
    viewer = page.locator(".sgb-lab-viewer [data-sgb-widget=Dashboard]")
    viewer.wait_for(timeout=120_000)
    golden = json.loads((GOLDEN / "programs.json").read_text())
    last = golden["frame"]["total"]
    page.wait_for_function(
        f"document.querySelector('.sgb-lab-viewer .sgb-place')?.textContent.startsWith('event {last} of {last}')"
    )
    assert viewer.locator(".sgb-card:not(.sgb-hidden)").count() == 4
    viewer.get_by_role("tree").focus()
    page.keyboard.press("Home")
    page.wait_for_function("document.querySelector('.sgb-lab-viewer [data-sgb-widget]').dataset.sgbSeq === '-1'")
    page.keyboard.press("]")
    page.wait_for_function("document.querySelector('.sgb-lab-viewer [data-sgb-widget]').dataset.sgbSeq !== '-1'")
    assert page.evaluate("[...jupyterapp.serviceManager.sessions.running()].length") == 0
    controls = viewer.locator(".sgb-controls").bounding_box()
    assert controls["y"] + controls["height"] < 900, "the controls are on the screen"


def test_the_machine_of_a_constraint_is_walked_with_no_kernel(browser: Any) -> None:
    shutil.copy(GOLDEN / "constrained.sgtrace.gz", browser.lab.folder / "forced.sgtrace.gz")
    viewer = open_trace(browser, "forced.sgtrace.gz")
    card = viewer.locator(".sgb-card-fsm:not(.sgb-hidden)")
    card.wait_for()
    rows = json.loads((GOLDEN / "constrained.json").read_text())["frame"]["rows"]
    (machine,) = [row for row in rows if row[0] == "machine"]
    walks = {row[1]: row for row in rows if row[0] == "walk"}.values()
    words = card.text_content()
    assert machine[3] in words, "the pattern"
    assert f"{len(machine[6][0])}states" in words
    assert f"{sum(walk[6] for walk in walks)}tokens forced" in words
    assert card.locator(".sgb-empty:not(.sgb-hidden)").count() == 0
    painted = (
        "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(value => value)"
    )
    assert card.locator("canvas").first.evaluate(painted)
    assert browser.page.evaluate("[...jupyterapp.serviceManager.sessions.running()].length") == 0


def test_a_trace_that_is_none_or_cut_short_says_so(browser: Any) -> None:
    (browser.lab.folder / "none.sgtrace").write_text("hello\n")
    assert "no sgbench trace" in open_trace(browser, "none.sgtrace").text_content()
    whole = make_trace(browser.lab.folder / "whole.sgtrace").read_text()
    (browser.lab.folder / "half.sgtrace").write_text(whole[: len(whole) // 2])
    viewer = open_trace(browser, "half.sgtrace")
    viewer.locator(".sgb-note", has_text="events before it are here").wait_for()  # drawn with the next frame
    assert viewer.locator("img").count() == 0


def click_quickstart(browser: Any) -> Path:
    """Open the quickstart from the launcher; returns its file."""
    browser.page.evaluate("async () => { await jupyterapp.commands.execute('launcher:create'); }")
    browser.page.locator(".jp-LauncherCard:visible", has_text="sgbench Quickstart").click()
    here = "jupyterapp.shell.currentWidget"
    opened = f"{here}?.context?.path === 'sgbench_quickstart.ipynb' && {here}.content.widgets.length"
    browser.page.wait_for_function(opened, timeout=120_000)
    return Path(browser.lab.folder / "sgbench_quickstart.ipynb")


def test_the_quickstart_opens_from_the_launcher(browser: Any) -> None:
    cells = nbformat.read(click_quickstart(browser), as_version=4).cells
    quickstart = Path(__file__).parent.parent.parent / "notebooks/quickstart.ipynb"
    assert [cell.source for cell in cells] == [cell.source for cell in nbformat.read(quickstart, as_version=4).cells]
    assert not any(cell.get("outputs") for cell in cells)


def test_a_quickstart_that_is_there_is_opened_as_it_is(browser: Any) -> None:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    mine = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("mine")], metadata={"kernelspec": kernel})
    nbformat.write(mine, browser.lab.folder / "sgbench_quickstart.ipynb")
    path = click_quickstart(browser)
    assert [cell.source for cell in nbformat.read(path, as_version=4).cells] == ["mine"]


def test_a_new_notebook_begins_with_sgbench(browser: Any) -> None:
    found = browser.page.evaluate(
        """async () => { const w = await jupyterapp.commands.execute('sgbench:new-notebook'); await w.sessionContext.ready;
           const kernel = w.sessionContext.session.kernel;
           await kernel.info; // JupyterLab minds when a notebook is closed before its kernel has answered
           return [w.content.widgets[0].model.sharedModel.getSource(), kernel.name]; }"""
    )
    assert found == ["%load_ext sgbench", "python3"]
