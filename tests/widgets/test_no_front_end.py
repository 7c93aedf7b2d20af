"""Views in a kernel that nobody looks at: a notebook run by a script keeps a picture and words of the last state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent.parent

WATCH = """
import sgbench as sgl
from sgbench.widgets import CacheStats, Dashboard, RadixTree, Timeline
from tests.lang.local import backend
from tests.views.runs import story
on = backend(300)
views = [RadixTree(on.engine), CacheStats(on.engine), Timeline(on.engine), Dashboard(on.engine)]
for view in views:
    view.show()
"""
RUN = """
text = story.run(backend=on, topic="cats").text()
for view in views[:2]:
    view.finish()
views[0].show()
"""
STOP = """
import threading
on.engine.shutdown()
for view in views:
    view.finish()
sorted({thread.name for thread in threading.enumerate() if thread.name.startswith("sgbench-feed")})
"""
TOLD = "[(view.status, view.note) for view in views]"


@pytest.mark.timeout(200)
def test_pictures_and_words_are_of_the_last_state_and_no_thread_is_left(tmp_path: Path) -> None:
    sources = [WATCH, RUN, STOP, TOLD]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
        NotebookClient(notebook, timeout=150, resources={"metadata": {"path": str(tmp_path)}}).execute()
    first, again, threads, told = (cell.outputs for cell in notebook.cells)
    assert len(first) == 4
    for output in [*first, again[-1]]:
        assert {"image/png", "text/plain"} <= set(output.data)
    words = [output.data["text/plain"] for output in first]
    assert "tokens" in words[0] and words[0] == again[-1].data["text/plain"], (
        "both places of one view tell its last state"
    )
    assert "found in the cache" in words[1]
    assert threads[0].data["text/plain"] == "[]"
    states: list[Any] = eval(told[0].data["text/plain"])
    assert [status for status, _ in states] == ["ended"] * 4
    assert all("shut down" in note for _, note in states[2:])
