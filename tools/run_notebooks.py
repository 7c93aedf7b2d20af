"""Execute the committed notebooks anew and keep their outputs: text, HTML and pictures, without widget state.

Run from the repository's root on a quiet machine: ``.venv/bin/python tools/run_notebooks.py [NOTEBOOK ...]``.

A virtual machine's host can take processor time away, which no load average shows. Where Linux counts it, each run's
share is printed, and a run with more than ``STOLEN_AT_MOST`` is not written back: it is judged by the machine's state,
never by its figures.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
STOLEN_AT_MOST = 0.05
"""Share of the machine's processor time, at most, that its host may take during a run that is kept."""


def run(path: Path) -> bool:
    """Execute ``path`` in an empty folder, and write it back: True, or False where the host took too much time."""
    notebook = nbformat.read(path, as_version=4)
    before, start = _stolen(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(notebook, timeout=1800, resources={"metadata": {"path": folder}}).execute()
    if before is not None and (after := _stolen()) is not None:
        share = (after - before) / ((time.monotonic() - start) * (os.cpu_count() or 1))
        print(f"{path}: the host took {share:.1%} of the processors' time")
        if share > STOLEN_AT_MOST:
            print(f"{path}: not written, at most {STOLEN_AT_MOST:.0%} is allowed; run it again when the host is quiet")
            return False
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not _progress(output)]
    nbformat.write(notebook, path)
    return True


def _stolen() -> float | None:
    """Seconds that the host has taken from all processors since the start; None where nothing counts them."""
    try:
        words = Path("/proc/stat").read_text("ascii").split("\n", 1)[0].split()
    except OSError:
        return None
    return int(words[8]) / os.sysconf("SC_CLK_TCK") if len(words) > 8 else None


def _progress(output: nbformat.NotebookNode) -> bool:
    """A bar that a slow start has shown: without its widget it says nothing."""
    return str(output.get("data", {}).get("text/plain", "")).startswith("weights: ")


def main(arguments: list[str]) -> int:
    os.environ["PYTHONPATH"] = f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    kept = True
    for path in [Path(a) for a in arguments] or sorted((ROOT / "notebooks").glob("*.ipynb")):
        print(f"running {path}", flush=True)
        kept = run(path) and kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
