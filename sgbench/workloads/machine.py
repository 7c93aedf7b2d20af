"""What a figure was measured on: stored with every result. Asks the system only, no device library."""

from __future__ import annotations

import contextlib
import datetime
import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

_PACKAGES = ("sgbench", "torch", "transformers", "triton", "flashinfer-python", "numpy")


def describe(device: str, engine: str = "") -> dict[str, Any]:
    """Processor, GPU, cores, load, date and versions.

    Parameters
    ----------
    device
        ``cpu`` or ``cuda``.
    engine
        The engine's own description of what it runs.
    """
    found = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "load_1m": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "gpu": _gpu_name() if device != "cpu" else None,
        "engine": engine or None,
        "python": platform.python_version(),
        **{name: _version(name) for name in _PACKAGES},
    }
    return {name: value for name, value in found.items() if value is not None}


def _cpu_name() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _gpu_name() -> str | None:
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        asked = ("nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader")
        return subprocess.run(asked, capture_output=True, text=True, timeout=20, check=True).stdout.strip()
    return None


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
