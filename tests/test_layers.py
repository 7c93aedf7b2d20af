"""Who may import whom: the rules of the house, proved on every import statement of the package."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "sgbench"
HEAVY = {"torch", "triton", "flashinfer", "transformers"}
DEVICE = (
    "sgbench.engine.runner",
    "sgbench.engine.models",
    "sgbench.engine.attention",
    "sgbench.engine.kernels",
    "sgbench.workloads.peers",  # other engines, measured beside ours
)

FORBIDDEN: dict[str, tuple[str, ...]] = {
    "sgbench.errors": ("sgbench",),
    "sgbench.trace.events": ("sgbench",),
    "sgbench.trace": ("sgbench.engine", "sgbench.lang", "sgbench.backends", "sgbench.widgets", "sgbench.kernel_ext"),
    "sgbench.engine": (
        "sgbench.lang",
        "sgbench.backends",
        "sgbench.views",
        "sgbench.widgets",
        "sgbench.kernel_ext",
        "IPython",
        "ipywidgets",
        "anywidget",
    ),
    "sgbench.lang": ("sgbench.engine", "sgbench.views", "sgbench.widgets", "sgbench.kernel_ext"),
    "sgbench.views": ("sgbench.engine", "sgbench.lang", "sgbench.backends", "sgbench.widgets", "sgbench.kernel_ext"),
    "sgbench.widgets": ("sgbench.engine", "sgbench.lang", "sgbench.backends", "sgbench.kernel_ext"),
    "sgbench.analysis": (
        "sgbench.engine",
        "sgbench.lang",
        "sgbench.backends",
        "sgbench.views",
        "sgbench.widgets",
        "sgbench.kernel_ext",
    ),
    "sgbench.what_if": (
        "sgbench.lang",
        "sgbench.backends",
        "sgbench.views",
        "sgbench.widgets",
        "sgbench.kernel_ext",
        "sgbench.engine.models",
    ),
    "sgbench.workloads": ("sgbench.widgets", "sgbench.kernel_ext"),
    "sgbench.backends": ("sgbench.views", "sgbench.widgets", "sgbench.kernel_ext", "sgbench.server"),
    "sgbench.server": ("sgbench.views", "sgbench.widgets", "sgbench.kernel_ext", "sgbench.workloads"),
}
# A package's rule does not bind these modules of it.
EXEMPT = {"sgbench.trace.recording": (), "sgbench.trace.trace": ("sgbench.widgets",)}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports() -> tuple[tuple[str, str, bool], ...]:
    """``(module, imported, at module level)`` for every import in the package, `TYPE_CHECKING` blocks left out."""
    found: list[tuple[str, str, bool]] = []
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        typing_only = {
            id(n)
            for block in ast.walk(tree)
            if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
            for n in ast.walk(block)
        }
        lazy = {
            id(n) for f in ast.walk(tree) if isinstance(f, ast.FunctionDef | ast.AsyncFunctionDef) for n in ast.walk(f)
        }
        for node in ast.walk(tree):
            if id(node) in typing_only:
                continue
            if isinstance(node, ast.Import):
                found += [(module_name(path), alias.name, id(node) not in lazy) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}: imports are absolute"
                names = [f"{node.module}.{a.name}" for a in node.names] if node.module == "sgbench" else [node.module]
                found += [(module_name(path), str(name), id(node) not in lazy) for name in names]
    return tuple(found)


def inside(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def test_the_walk_sees_the_package() -> None:
    assert len({module for module, _, _ in imports()}) > 20
    assert any(imported == "torch" for _, imported, _ in imports())


@pytest.mark.parametrize("package", sorted(FORBIDDEN))
def test_nobody_imports_what_is_above(package: str) -> None:
    wrong = [
        (module, imported)
        for module, imported, _ in imports()
        if inside(module, package)
        for banned in FORBIDDEN[package]
        if inside(imported, banned) and banned not in EXEMPT.get(module, ())
    ]
    assert not wrong


def test_one_bridge_from_the_language_to_the_engine() -> None:
    bridges = {m for m, i, _ in imports() if inside(m, "sgbench.backends") and inside(i, "sgbench.engine.engine")}
    assert bridges <= {"sgbench.backends.local"}


def test_nobody_imports_the_extension() -> None:
    importers = {m for m, i, _ in imports() if inside(i, "sgbench.kernel_ext") and not inside(m, "sgbench.kernel_ext")}
    assert importers <= {"sgbench"}  # the two hooks that IPython calls


def test_only_the_command_line_imports_the_server() -> None:
    importers = {m for m, i, _ in imports() if inside(i, "sgbench.server") and not inside(m, "sgbench.server")}
    assert importers <= {"sgbench.cli.serve"}


def test_torch_lives_on_the_device_side_only() -> None:
    wrong = [
        (module, imported)
        for module, imported, _ in imports()
        if imported.split(".")[0] in HEAVY and not any(inside(module, d) for d in DEVICE)
    ]
    assert not wrong


def test_import_is_light() -> None:
    code = "import sgbench, sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = {name.split(".")[0] for name in json.loads(done.stdout)}
    assert not loaded & (
        HEAVY
        | {"IPython", "anywidget", "ipywidgets", "plotly", "pandas", "tokenizers", "interegular"}
        | {"fastapi", "uvicorn", "pydantic", "httpx", "openai"}
    )
