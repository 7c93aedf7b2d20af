"""Builds the JupyterLab extension: labextension/src to labextension/prebuilt, which is committed and which the wheel installs.

Needs Node.js with npm, and JupyterLab's builder; nobody else does. ``python -m tools.build_labextension``
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "labextension"
STAMP = FOLDER / "prebuilt.sha256"
"""The hash of the sources that the committed build was made of: a test compares."""

SOURCES = ("src", "style", "package.json", "package-lock.json", "tsconfig.json")


def sources() -> list[Path]:
    """The files that the build is made of, in order."""
    found = [FOLDER / name for name in SOURCES]
    return sorted(
        path for place in found for path in ([place] if place.is_file() else place.rglob("*")) if path.is_file()
    )


def fingerprint() -> str:
    """A hash of the sources, names included."""
    digest = hashlib.sha256()
    for path in sources():
        digest.update(f"{path.relative_to(FOLDER).as_posix()}\n{path.stat().st_size}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def run(*command: str) -> None:
    """Run ``command`` in the extension's folder; its failure ends this program."""
    beside = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"  # where jupyter-builder is
    if subprocess.run(command, cwd=FOLDER, env={**os.environ, "PATH": beside}, check=False).returncode:
        sys.exit(f"{' '.join(command)} failed")


def main() -> None:
    """Install what the build needs, unless it is there; build; keep the hash."""
    if shutil.which("npm") is None:
        sys.exit("building the JupyterLab extension needs Node.js with npm")
    if not (FOLDER / "node_modules").is_dir():
        run("npm", "ci")
    run("npm", "run", "build")
    STAMP.write_text(f"{fingerprint()}\n")
    print(f"built {FOLDER.name}/prebuilt")


if __name__ == "__main__":
    main()
