"""The retriever leaves the GPU to the engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import sys
from sgbench.workloads.retriever import Retriever
found = Retriever(["a boat on the sea", "a train in the hills", "bread and butter"]).search("Which train?", 2)
import jax.lax
print(found[0], jax.lax.touched, "bm25s" in sys.modules)
"""


def test_no_jax_is_begun(tmp_path: Path) -> None:
    """Where JAX is installed, bm25s computes with it once as it is imported; that alone takes most of a GPU's memory."""
    (tmp_path / "jax").mkdir()
    (tmp_path / "jax" / "__init__.py").write_text("")
    (tmp_path / "jax" / "lax.py").write_text(
        "touched = False\ndef top_k(*_):\n    global touched\n    touched = True\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n" + _PROGRAM],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["1", "False", "True"]
