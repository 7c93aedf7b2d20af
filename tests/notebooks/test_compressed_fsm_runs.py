"""The notebook on compressed machines runs from top to bottom, and what its text claims is so."""

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
NOTEBOOK = ROOT / "notebooks" / "compressed_fsm.ipynb"
PROBE = """
import json
json.dumps({
    "sizes": [len(machine.fsm["nodes"]), len(machine.compressed["nodes"])], "passes": passes,
    "blind": [blind.conditional, blind.decoded, blind.greedy, blind.kl("off")], "told": [told.decoded, told.greedy, told.kl("off")],
    "jumps": [capital.kl(way) for way in ("off", "safe", "text")], "city": state["city"],
})
"""

pytestmark = [
    pytest.mark.bundled,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not (bundled_folder() / "model.safetensors").is_file(), reason="no bundled weights"),
]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The notebook's variables after it ran."""
    folder = tmp_path_factory.mktemp("compressed_fsm")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(PROBE))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    (output,) = notebook.cells[-1].outputs
    values: dict[str, Any] = json.loads(ast.literal_eval(output.data["text/plain"]))
    return values


def test_compression_and_jumps_save_what_the_text_says(found: dict[str, Any]) -> None:
    normal, compressed = found["sizes"]
    assert compressed * 4 < normal
    passes = found["passes"]
    assert passes["safe"] * 2.5 <= passes["off"] and passes["text"] * 2.5 <= passes["off"]


def test_the_first_word_pulls_and_saying_what_may_come_helps(found: dict[str, Any]) -> None:
    own, decoded, greedy, kl = found["blind"]
    likeliest = max(own, key=own.get)
    assert greedy["off"] != likeliest and kl > 0.5, "masks lead where the model would not go"
    assert all(sum(drawn.values()) == pytest.approx(1) for drawn in decoded.values())
    _, told, kl_told = found["told"]
    assert told["off"] == likeliest and kl_told < kl / 4
    assert found["city"] == likeliest == "Paris", "the exact choice"


def test_a_text_jump_strays_where_safe_does_not(found: dict[str, Any]) -> None:
    off, safe, text = found["jumps"]
    assert safe <= off + 0.01 and text > off + 1


def test_the_committed_file_was_run_and_has_its_pictures() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    assert "widgets" not in notebook.metadata
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    assert not any(output.output_type == "error" for output in outputs)
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 2
