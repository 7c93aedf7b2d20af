"""The paper's notebooks run from top to bottom at small sizes: what they claim, they assert themselves. Each keeps its static pictures."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent.parent

SMALL = {
    "hit_rates": 'sizes = {"mmlu": 8, "generative_agents": 10, "json_decoding": 1, "chat_short": 2, "rag": 4}\nkv_tokens = 16384',
    "ablation": 'sizes = {"generative_agents": 5}\nrepeats = 1\nkv_tokens = 8192',
    "json_jump_forward": "size = 2\nrepeats = 1\nkv_tokens = 4096",
    "throughput_latency": 'claimed = {"mmlu": 3}\nothers = {"generative_agents": 5}\npeer_sizes = {"generative_agents": 2}\n'
    'latency_sizes = {"generative_agents": 1}\nrepeats = 2\nfewer_repeats = {"generative_agents": 1}\nkv_tokens = 8192',
    "hit_rate_sweep": 'workload = "mmlu"\nsize = 6\nshares = [0.0, 0.4, 1.0]\nkv_tokens = 8192\nrepeats = 1',
    "radix_tree_snapshots": "pool_tokens = 40\nheight = 300",
    "kv_sharing_patterns": "kv_tokens = 4096\nheight = 320",
    "overhead": "requests = 10\nrounds = 1\nkv_tokens = 16384",
    "fsm_gain": "size = 2\nrepeats = 1\nkv_tokens = 4096",
    "api_speculation": "size = 3\nkv_tokens = 8192",
    "theorem_3_1": "seed = 1\nbatches = 1\nrequests = 32\ncache_sizes = [1.0, 2.0]\nrates = [0.05, 4.0]",
    "starvation": "popular = 160\nlonely_every = 12\nbounds = [0, 8, 64, 1000]",
}
"""Parameters of a quick run, in place of the cell that is tagged so."""


@pytest.mark.bundled
@pytest.mark.parametrize("name", SMALL)
def test_its_claims_hold(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    (parameters,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ())]
    parameters.source = SMALL[name]
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()


@pytest.mark.parametrize("name", SMALL)
def test_the_committed_file_was_run_and_has_its_pictures(name: str) -> None:
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    assert not any(output.output_type == "error" for output in outputs)
    pictures = [output.data for output in outputs if "image/svg+xml" in output.get("data", {})]
    assert pictures
    assert all("application/vnd.plotly.v1+json" in data and "text/plain" in data for data in pictures)
