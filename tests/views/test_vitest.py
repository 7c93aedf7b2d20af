"""The JavaScript's own tests (tests/js) run as part of the suite, where npm is."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "js"


def absent(what: str) -> None:
    """A failure in CI, a loud skip elsewhere."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def test_the_player_in_javascript_is_the_fold_in_python() -> None:
    npm = shutil.which("npm")
    if npm is None:
        absent("the tests of the JavaScript need npm (Debian: apt-get install npm)")
        return
    if not (FOLDER / "node_modules" / "vitest").is_dir():
        made = subprocess.run([npm, "ci"], cwd=FOLDER, capture_output=True, text=True, timeout=200, check=False)
        if made.returncode:
            absent(f"vitest cannot be installed: {made.stderr[-500:]}")
            return
    done = subprocess.run([npm, "test"], cwd=FOLDER, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    assert "passed" in done.stdout
