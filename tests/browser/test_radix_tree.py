"""The RadixTree widget in a real JupyterLab: live while a cell runs, in replay, by keyboard, and saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.radix_twin import RadixTwin, chats

PREPARE = """
import threading, time
from sgbench.widgets import RadixTree
from tests.radix_twin import RadixTwin, chats
twin = RadixTwin(900)
tree = RadixTree(twin, height=300)
tree.show()
"""

# The cell blocks the main thread while a thread like an engine's feeds the tree, until the test has seen enough.
DRIVE = """
import os
def engine():
    for prompt, output in chats(1_000_000, seed=3):
        twin.request(prompt, output)
        if done.wait(0.03):
            return
done = threading.Event()
thread = threading.Thread(target=engine)
thread.start()
end = time.monotonic() + 900  # longer than the test waits for all that it wants to see
while not os.path.exists("seen") and time.monotonic() < end:
    time.sleep(0.05)
done.set()
thread.join()
tree.finish()
final = len(twin.snapshot()["nodes"])
"""


def number(widget: Any, name: str) -> int:
    return int(widget.get_attribute(f"data-sgb-{name}") or -1)


def test_live_in_a_running_cell_with_controls_that_work(browser: Any) -> None:
    notebook = browser.notebook(PREPARE, DRIVE, "print(final, tree.snapshot() == twin.snapshot())")
    notebook.start_all()
    widget = notebook.widget()
    notebook.wait_widget("nodes > 5")
    assert notebook.running(1)
    first = number(widget, "seq")
    notebook.wait_widget(f"seq > {first + 20}")
    widget.get_by_role("button", name="Back one change").click()
    notebook.wait_widget("root.querySelector('.sgb-status').textContent === 'looking back'")
    held = number(widget, "seq")
    assert notebook.running(1)
    widget.get_by_role("button", name="Back one change").click()
    notebook.wait_widget(f"seq < {held}")
    widget.get_by_role("button", name="Latest").click()
    notebook.wait_widget(f"seq > {held + 20}")
    assert notebook.running(1)
    (browser.lab.folder / "seen").touch()
    notebook.wait("(cells) => cells[2].executionState === 'idle' && cells[2].executionCount")
    assert notebook.failures() == []
    final, equal = notebook.cells()[2]["outputs"][0]["text"].split()
    assert equal == "True"
    notebook.wait_widget(f"nodes === {final} && root.querySelector('.sgb-status').textContent === 'ended'")


def test_the_saved_notebook_keeps_a_picture_and_words(browser: Any) -> None:
    fill = "for prompt, output in chats(6): twin.request(prompt, output)\ntree.finish()"
    notebook = browser.notebook(PREPARE, fill)
    notebook.run_all()
    notebook.wait_widget("nodes > 5")
    output = notebook.save().cells[0].outputs[0]
    assert {"image/png", "text/plain"} <= set(output.data)
    assert output.data["text/plain"].startswith("Radix tree: ")
    assert "0 nodes" not in output.data["text/plain"]


def make_trace(path: Path, requests: int = 12) -> Path:
    twin = RadixTwin(700, lambda i: f" <img src=x onerror=alert({i})>" if i % 5 == 0 else f" w{i}</script>")
    with twin.record() as trace:
        for prompt, output in chats(requests):
            twin.request(prompt, output)
    return trace.save(path)


def test_replay_from_a_file_by_keyboard(browser: Any) -> None:
    make_trace(browser.lab.folder / "t.sgtrace.gz")
    notebook = browser.notebook("import sgbench.widgets\nsgbench.widgets.RadixTree('t.sgtrace.gz', speed=16)")
    notebook.run_all()
    widget = notebook.widget()
    widget.wait_for()
    stage = widget.get_by_role("tree")
    stage.scroll_into_view_if_needed()
    stage.focus()
    press = notebook.page.keyboard.press
    notebook.wait_widget("nodes > 5")
    last, most = number(widget, "seq"), number(widget, "nodes")

    press("Home")
    notebook.wait_widget("seq === -1")
    for _ in range(4):
        press("]")
    notebook.wait_widget("seq > 0")
    here = number(widget, "seq")
    press("[")
    notebook.wait_widget(f"seq < {here}")
    press("Space")
    notebook.wait_widget(f"seq === {last}")
    assert number(widget, "nodes") == most
    item = widget.get_by_role("treeitem")
    assert item.text_content().startswith("Root")
    press("ArrowRight")
    assert "tokens" in item.text_content()
    assert item.get_attribute("aria-level") == "2"
    press("ArrowDown")
    press("ArrowLeft")
    press("Escape")
    assert notebook.page.evaluate("document.activeElement.closest('[data-sgb-widget]') === null")
    assert len(notebook.cells()) == 1  # none of the keys reached the notebook's own shortcuts
    assert notebook.cells()[0]["executionCount"] == 1


def test_text_of_the_model_stays_text(browser: Any) -> None:
    make_trace(browser.lab.folder / "evil.sgtrace")
    notebook = browser.notebook("import sgbench.widgets\nsgbench.widgets.RadixTree('evil.sgtrace')")
    dialogs: list[str] = []
    notebook.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    notebook.run_all()
    widget = notebook.widget()
    widget.wait_for()
    box = widget.get_by_role("tree").bounding_box()
    for share in (0.15, 0.3, 0.5, 0.7):
        notebook.page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] / 2)
    stage = widget.get_by_role("tree")
    stage.focus()
    notebook.page.keyboard.press("ArrowRight")
    assert "<img" in widget.get_by_role("treeitem").text_content()
    assert widget.locator("img").count() == 0
    assert dialogs == []


def test_one_widget_shown_twice_shows_one_moment_whichever_is_moved(browser: Any) -> None:
    make_trace(browser.lab.folder / "both.sgtrace")
    # Low, so that both are on the screen: JupyterLab takes away what is not, and a view that is away draws when it comes back.
    made = "import sgbench.widgets\nw = sgbench.widgets.RadixTree('both.sgtrace', height=110, speed=16)\nw"
    notebook = browser.notebook(made, "w")
    notebook.run_all()
    roots = "[...jupyterapp.shell.currentWidget.node.querySelectorAll('[data-sgb-widget]')]"
    notebook.wait_widget(f"{roots}.filter(e => Number(e.dataset.sgbNodes) > 5).length === 2")
    shown = notebook.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) [data-sgb-widget]")
    views = [shown.nth(0), shown.nth(1)]
    last = number(views[0], "seq")

    def both(condition: str) -> int:
        alike = f"new Set({roots}.map(e => e.dataset.sgbSeq)).size === 1"
        notebook.wait_widget(f"{condition} && {alike}")
        return number(views[0], "seq")

    for mover in (views[1], views[0]):
        mover.get_by_role("button", name="Back one change").click()
        here = both(f"seq < {last}")
        mover.get_by_role("button", name="On one change").click()
        both(f"seq > {here}")
        mover.get_by_role("button", name="To the beginning").click()
        both("seq === -1")
        mover.get_by_role("slider").evaluate(
            "slider => { slider.value = '9'; slider.dispatchEvent(new Event('input', {bubbles: true})); }"
        )
        both("seq >= 0")
        mover.get_by_role("button", name="Play").click()
        both(f"seq === {last}")
        mover.get_by_role("tree").focus()
        notebook.page.keyboard.press("Home")
        both("seq === -1")
        notebook.page.keyboard.press("End")
        both(f"seq === {last}")


def test_two_displays_of_one_widget_and_a_theme_change(browser: Any) -> None:
    make_trace(browser.lab.folder / "two.sgtrace")
    notebook = browser.notebook("import sgbench.widgets\nw = sgbench.widgets.RadixTree('two.sgtrace')\nw", "w")
    notebook.run_all()
    everywhere = "[...jupyterapp.shell.currentWidget.node.querySelectorAll('[data-sgb-widget]')]"
    notebook.wait_widget(f"{everywhere}.filter(e => Number(e.dataset.sgbNodes) > 5).length === 2")
    try:
        browser.theme("JupyterLab Dark")
        colour = "root => getComputedStyle(root).getPropertyValue('--sgb-new-edge').trim()"
        assert notebook.widget().evaluate(colour) == "#2fc797"
    finally:
        browser.theme("JupyterLab Light")
