"""What this machine has for sgbench, and what is missing: paste-ready, without secrets, without starting a model.

Knows packages and devices. Reads no environment variable but sgbench's own, no token and no path of the user's.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sgbench

REQUIRED = (
    "numpy",
    "torch",
    "transformers",
    "tokenizers",
    "safetensors",
    "ipython",
    "ipykernel",
    "ipywidgets",
    "anywidget",
)
OPTIONAL = {"jupyterlab": "lab", "pandas": "pandas", "triton": "gpu", "flashinfer-python": "gpu"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: ``state`` is ``ok``, ``missing`` (something will not work) or ``note``."""

    state: str
    what: str
    detail: str


def examine(model: str | None = None) -> list[Finding]:
    """Every finding, in order; with ``model``, also whether that one would run here."""
    found = [*_machine(), *_packages(), *_devices(), *_model(), *_settings()]
    if model is not None:
        from sgbench.cli.fit import would_run

        found.extend(Finding(*line) for line in would_run(model))
    return found


def report(findings: list[Finding] | None = None, model: str | None = None) -> str:
    """The findings as text."""
    found = examine(model) if findings is None else findings
    sign = {"ok": "ok  ", "missing": "MISS", "note": "    "}
    width = max(len(f.what) for f in found)
    lines = [f"{sign[f.state]} {f.what:{width}}  {f.detail}" for f in found]
    missing = sum(f.state == "missing" for f in found)
    verdict = "everything that is needed is here" if not missing else f"{missing} missing"
    return "\n".join([*lines, f"     {verdict}"])


def main(model: str | None = None) -> int:
    """Print the report; 1 if something is missing."""
    findings = examine(model)
    print(report(findings))  # noqa: T201 - the command's output
    return int(any(f.state == "missing" for f in findings))


def _machine() -> Iterator[Finding]:
    yield Finding(
        "ok", "sgbench", importlib.metadata.version("sgbench") if _installed("sgbench") else "from a checkout"
    )
    yield Finding("ok", "python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    free = shutil.disk_usage(Path.home()).free / 1e9
    yield Finding("ok", "processor", f"{affinity} cores{_memory()}, {free:.0f} GB of disk free")


def _memory() -> str:
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return ""
    return f", {total / 1e9:.0f} GB of memory"


def _packages() -> Iterator[Finding]:
    for name in REQUIRED:
        if _installed(name):
            yield Finding("ok", name, importlib.metadata.version(name))
        else:
            yield Finding("missing", name, f"pip install {name}")
    for name, extra in OPTIONAL.items():
        if _installed(name):
            yield Finding("ok", name, importlib.metadata.version(name))
        else:
            yield Finding("note", name, f"not installed; optional: pip install 'sgbench[{extra}]'")


def _devices() -> Iterator[Finding]:
    if importlib.util.find_spec("torch") is None:
        return
    cuda = _cuda_devices()
    for name, memory in cuda:
        yield Finding("ok", "GPU", f"{name}, {memory}")
    if not cuda:
        yield Finding("note", "GPU", "none; models run on the CPU, which is enough for the bundled one")
        return
    yield from _usable()


def _usable() -> Iterator[Finding]:
    """Can torch and the kernels use the GPU that the driver shows? The same checks as an engine's start."""
    from sgbench.engine.runner.gpu_check import description, why_no_flashinfer, why_none, why_not

    reason = why_none() or why_not()
    if reason:
        yield Finding("missing", "CUDA", f"{reason}; models run on the CPU until then")
        return
    yield Finding("ok", "CUDA", description())
    reason = why_no_flashinfer()
    if reason:
        yield Finding("note", "attention", f"{reason}; the engine's own kernels compute it")
    else:
        yield Finding("ok", "attention", "FlashInfer loads")


def _cuda_devices() -> list[tuple[str, str]]:
    """Name and memory of each NVIDIA GPU, from the driver's own tool, so that torch need not be imported."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    import subprocess

    query = [tool, "--query-gpu=name,memory.free,memory.total,driver_version", "--format=csv,noheader"]
    try:
        out = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError) as failure:
        return [("nvidia-smi", f"failed: {failure}")]
    rows = [[part.strip() for part in line.split(",")] for line in out.splitlines() if line.strip()]
    return [(row[0], f"{row[1]} free of {row[2]}, driver {row[3]}") for row in rows if len(row) == 4]


def _model() -> Iterator[Finding]:
    folder = Path(sgbench.__file__).parent / "bundled"
    weights = sorted(folder.glob("*.safetensors"))
    if weights:
        size = sum(file.stat().st_size for file in weights) / 1e6
        yield Finding("ok", "bundled model", f"{size:.1f} MB")
    else:
        yield Finding("missing", "bundled model", "its weights are not in the package: install it again")


def _settings() -> Iterator[Finding]:
    for name in sorted(os.environ):
        if name.startswith("SGBENCH_") and "KEY" not in name and "TOKEN" not in name.replace("TOKENS", ""):
            yield Finding("note", name, os.environ[name])


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
