"""The quickstart runs from top to bottom without a front end, and what its text claims is so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent.parent
QUICKSTART = ROOT / "notebooks" / "quickstart.ipynb"

pytestmark = pytest.mark.bundled

PROBE = """
import json
json.dumps({
    "first": first_text, "answer": japan["answer"], "facts": facts["fact"], "label": review["label"],
    "opposites": {w: state["opposite"].strip() for w, state in zip(words, opposites)},
    "events": len(trace.events), "ratio": comparison.ratio, "same": comparison.difference is None, "pairs": len(comparison.pairs),
    "batch_hit_rate": batch.usage.hit_rate, "japan_hit_rate": japan_ledger.usage.hit_rate, "evicted": evicted,
})
"""

KEEP = {
    's["answer"]': 'first_text = s["answer"]',
    "%%sgl japan": "japan_ledger = _sgl.ledger",
    "%%sgl opposites --batch": "batch = _sgl.ledger\ncomparison = _sgl.comparison",
    "%%sgl tour": "import sgbench\nevicted = sgbench.get_default_backend().stats().evicted_tokens",
}
"""After the cell that begins so, what a probe must keep of it."""


def with_probes(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with cells that keep results, and one at the end that returns them."""
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        for beginning, probe in KEEP.items():
            if cell.cell_type == "code" and cell.source.startswith(beginning):
                cells.append(nbformat.v4.new_code_cell(probe))
    return nbformat.v4.new_notebook(cells=[*cells, nbformat.v4.new_code_cell(PROBE)], metadata=notebook.metadata)


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[nbformat.NotebookNode]:
    folder = tmp_path_factory.mktemp("quickstart")
    notebook = with_probes(nbformat.read(QUICKSTART, as_version=4))
    former = {name: os.environ.get(name) for name in ("PYTHONPATH", "IPYTHONDIR")}
    os.environ["PYTHONPATH"] = f"{ROOT}{os.pathsep}{former['PYTHONPATH'] or ''}"
    os.environ["IPYTHONDIR"] = str(folder / "ipython")
    try:
        yield NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    finally:
        for name, value in former.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@pytest.fixture(scope="module")
def results(executed: nbformat.NotebookNode) -> dict[str, Any]:
    import ast
    import json

    (output,) = executed.cells[-1].outputs
    found: dict[str, Any] = json.loads(ast.literal_eval(output.data["text/plain"]))
    return found


def test_the_answers_are_sensible(results: dict[str, Any]) -> None:
    assert "Paris" in results["first"]
    assert "Tokyo" in results["answer"]
    assert [word in fact for word, fact in zip(("Japanese", "yen", "Asia"), results["facts"], strict=True)] == [
        True
    ] * 3
    assert results["label"] == " positive"
    assert {"fast": "slow", "wet": "dry", "strong": "weak"}.items() <= results["opposites"].items()


def test_the_claims_about_the_cache_hold(results: dict[str, Any]) -> None:
    assert results["japan_hit_rate"] > 0
    assert results["batch_hit_rate"] > 0.8
    assert results["same"]
    assert results["pairs"] == 5
    assert results["evicted"] > 0
    assert results["events"] > 100


def test_every_display_has_a_plain_twin_and_every_widget_a_picture(executed: nbformat.NotebookNode) -> None:
    displays = [o.data for cell in executed.cells if cell.cell_type == "code" for o in cell.outputs if "data" in o]
    widgets = [data for data in displays if "application/vnd.jupyter.widget-view+json" in data]
    assert len(widgets) == 3
    assert all("text/plain" in data for data in displays)
    assert all("image/png" in data for data in widgets)


def test_the_committed_file_can_be_opened_and_was_run() -> None:
    notebook = nbformat.read(QUICKSTART, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert "widgets" not in notebook.metadata
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not any(output.output_type == "error" for cell in code for output in cell.outputs)
    pictures = [o for cell in code for o in cell.outputs if "image/png" in o.get("data", {})]
    assert len(pictures) == 3
