"""The JupyterLab extension that is committed is the one that its sources make, and the wheel installs it once."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

from tools.build_labextension import FOLDER, STAMP, fingerprint, sources

ROOT = Path(__file__).parent.parent
INSTALLED = "share/jupyter/labextensions/sgbench-lab/"


def test_the_committed_build_is_of_the_committed_sources() -> None:
    assert len(sources()) > 15
    assert STAMP.read_text().strip() == fingerprint(), "the sources changed: `make labextension`, and commit the build"


def test_the_build_names_its_files() -> None:
    package = json.loads((FOLDER / "prebuilt/package.json").read_text())
    assert (FOLDER / "prebuilt" / package["jupyterlab"]["_build"]["load"]).is_file()
    assert package["version"] == json.loads((FOLDER / "package.json").read_text())["version"]


def test_the_extension_has_the_version_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert json.loads((FOLDER / "package.json").read_text())["version"] == project["version"]


def test_the_wheel_installs_it_once(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert len(names) == len(set(names))
    installed = sorted(name.partition(INSTALLED)[2] for name in names if INSTALLED in name)
    built = {
        path.relative_to(FOLDER / "prebuilt").as_posix() for path in (FOLDER / "prebuilt").rglob("*") if path.is_file()
    }
    modules = {f"static/widgets/{path.name}" for path in (ROOT / "sgbench/widgets/js").iterdir()}
    assert set(installed) == built | modules | {"install.json", "static/quickstart.ipynb"}
    assert [name for name in names if "remoteEntry" in name and INSTALLED not in name] == []
    assert not any("node_modules" in name or name.startswith("labextension") for name in names)
