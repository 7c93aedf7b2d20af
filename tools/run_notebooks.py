"""Execute the committed notebooks anew and keep their outputs: text, HTML and pictures, without widget state.

Run from the repository's root on a quiet machine: ``.venv/bin/python tools/run_notebooks.py [NOTEBOOK ...]``.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent


def run(path: Path) -> None:
    """Execute ``path`` in an empty folder, and write it back."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(notebook, timeout=1800, resources={"metadata": {"path": folder}}).execute()
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not _progress(output)]
    nbformat.write(notebook, path)


def _progress(output: nbformat.NotebookNode) -> bool:
    """A bar that a slow start has shown: without its widget it says nothing."""
    return str(output.get("data", {}).get("text/plain", "")).startswith("weights: ")


def main(arguments: list[str]) -> None:
    os.environ["PYTHONPATH"] = f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    for path in [Path(a) for a in arguments] or sorted((ROOT / "notebooks").glob("*.ipynb")):
        print(f"running {path}")
        run(path)


if __name__ == "__main__":
    main(sys.argv[1:])
