"""The guides run from top to bottom, and what their answers and their text claim is so."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from sgbench.engine.hub import bundled_folder

ROOT = Path(__file__).parent.parent.parent

pytestmark = [
    pytest.mark.bundled,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not (bundled_folder() / "model.safetensors").is_file(), reason="no bundled weights"),
]


def told(name: str, probe: str, folder: Path) -> tuple[Any, nbformat.NotebookNode]:
    """Run a guide, then ``probe``; its value, and the notebook."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(f"import json\njson.dumps({probe})"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    (output,) = notebook.cells[-1].outputs
    return json.loads(ast.literal_eval(output.data["text/plain"])), notebook


def test_the_lesson(tmp_path: Path) -> None:
    probe = """{"twice": [first, second], "changed": [end, begin], "nodes": nodes, "clock": [clock_first, clock_last], "gone": gone,
      "forks": [len(forked.why().requests), sum(miss.cached_tokens for miss in forked.why().requests)],
      "policies": {p.options["eviction"]: p.figures.hit_rate for p in policies.points}, "measured": policies.measured.hit_rate}"""
    found, notebook = told("cache_first_principles", probe, tmp_path)
    first, second = found["twice"]
    assert first > 15 and second == 1
    end, begin = found["changed"]
    assert 1 < end < 5 and begin > 15
    assert found["nodes"] == 6
    assert found["clock"][0] < 0.3 and found["clock"][1] > 0.7
    assert found["forks"][0] == 3 and found["forks"][1] > 60, "both branches find the common text"
    assert found["gone"]["A"] == found["gone"]["C"] == 1 and found["gone"]["B"] > 500, "B was used least recently"
    assert found["policies"]["lru"] == pytest.approx(found["measured"])
    assert found["policies"]["fifo"] < found["policies"]["lru"]
    questions = sum(cell.source.count("**Predict.**") for cell in notebook.cells)
    assert questions >= 7


def test_a_program_that_should_share_and_does_not(tmp_path: Path) -> None:
    probe = """{"before": before, "after": after, "why": str(broken.why(4)), "lint": str(broken.lint()), "mended": str(mended.lint())}"""
    found, _ = told("debugging_sharing", probe, tmp_path)
    assert found["before"] < 0.3 and found["after"] > 0.6
    assert "diverged at token" in found["why"] and "[request 2024-05-01" in found["why"]
    assert "written by the text" in found["lint"] and "not shared" in found["lint"]
    assert found["mended"] != found["lint"]


def test_choosing_a_size(tmp_path: Path) -> None:
    probe = """{"knee": curve.knee, "longest": curve.longest_tokens, "present": curve.present_tokens,
      "points": [[dict(p.options), p.figures.hit_rate] for p in found.points], "best": dict(best.options),
      "imported": [requests.header.predicted["imported"], len(requests)]}"""
    found, notebook = told("cache_size", probe, tmp_path)
    assert found["longest"] < found["knee"] < 2 * found["present"]
    rates = {(p["kv_tokens"], p["eviction"]): rate for p, rate in found["points"]}
    sizes = sorted({size for size, _ in rates})
    assert rates[sizes[0], "lru"] < rates[sizes[2], "lru"] <= rates[sizes[-1], "lru"]
    assert found["best"]["kv_tokens"] == 1_200
    assert found["imported"] == ["Mooncake", 121]
    text = json.dumps([output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs])
    assert "keep-long" in text and "nothing of this was measured" in text
