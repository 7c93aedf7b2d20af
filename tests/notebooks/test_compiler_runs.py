"""The notebook on compiled programs runs from top to bottom, and what its text claims is so."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from sgbench.engine.hub import bundled_folder

ROOT = Path(__file__).parent.parent.parent

pytestmark = [
    pytest.mark.bundled,
    pytest.mark.skipif(not (bundled_folder() / "model.safetensors").is_file(), reason="no bundled weights"),
]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each code cell showed as text, by the cell's first line."""
    folder = tmp_path_factory.mktemp("compiler")
    notebook = nbformat.read(ROOT / "notebooks" / "compiler.ipynb", as_version=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    shown = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            texts = [out.get("text") or _words(out["data"]) for out in cell.outputs]
            shown[cell.source.splitlines()[0]] = "".join(texts)
            last = cell.source.splitlines()[-1]
            shown.setdefault(last, "".join(texts))
    return shown


def _words(data: dict[str, str]) -> str:
    return data.get("image/svg+xml") or data.get("text/html", "")


def test_the_graph_is_drawn_and_printed(outputs: dict[str, str]) -> None:
    assert outputs["graph"].startswith("<svg") and "call capital" in outputs["graph"]
    assert "Variable('city', source=%7)" in outputs["graph.print_graph()"]


def test_the_graph_needs_fewer_passes_for_the_same_text(outputs: dict[str, str]) -> None:
    said = outputs['print("forward passes:", passes)']
    passes = ast.literal_eval(said.split("forward passes:")[1].strip())
    assert "same text: True" in said and 3 * passes["compiled"] < passes["interpreter"]


def test_the_refusal_names_the_line(outputs: dict[str, str]) -> None:
    assert "careful cannot be traced (line 4)" in outputs["    print(refusal)"]


def test_the_proposal_saves_what_it_says(outputs: dict[str, str]) -> None:
    assert "+Is this positive or negative?" not in outputs["print(proposal)"]  # it keeps its neighbours
    assert "+Review: {review}" in outputs["print(proposal)"]
    predicted = int(re.match(r"([\d,]+) of", outputs["print(savings)"])[1].replace(",", ""))
    before, after = map(int, re.findall(r"computed: +(\d+)", outputs["print(labels)"]))
    assert abs(before - after - predicted) <= 6 and predicted > 100
