"""Why a GPU cannot be used, in a sentence that says what to do. Knows torch and the driver; no model, no options."""

from __future__ import annotations

import warnings

import torch

_LEAST_CAPABILITY = (7, 0)


def why_none() -> str:
    """Why torch finds no NVIDIA GPU; empty if it finds one."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        if torch.cuda.is_available():
            return ""
    if torch.version.cuda is None:
        return f"this torch ({torch.__version__}) is built without CUDA: install one with it, see pytorch.org"
    reasons = [str(one.message).strip().splitlines()[0] for one in told]
    try:
        torch.cuda.init()  # type: ignore[no-untyped-call]
    except (RuntimeError, AssertionError) as failure:
        reasons.append(str(failure).strip().splitlines()[0])
    old = any("too old" in reason for reason in reasons)
    advice = f"; a driver for CUDA {torch.version.cuda} or newer is needed" if old else ""
    return (reasons[0] if reasons else "torch finds no NVIDIA GPU here") + advice


def why_not(device: int = 0) -> str:
    """Why GPU number ``device``, which torch finds, cannot run the engine; empty if it can."""
    major, minor = torch.cuda.get_device_capability(device)
    name = torch.cuda.get_device_name(device)
    if (major, minor) < _LEAST_CAPABILITY:
        least = ".".join(map(str, _LEAST_CAPABILITY))
        return f"{name} has compute capability {major}.{minor}; the engine's kernels need {least} or more: use device='cpu'"
    built = [arch.rpartition("_")[2].rstrip("af") for arch in torch.cuda.get_arch_list()]
    known = sorted(int(arch) for arch in built if arch.isdigit())
    if known and 10 * major + minor < known[0]:
        return (
            f"{name} has compute capability {major}.{minor}, and this torch ({torch.__version__}) holds kernels from "
            f"{known[0] / 10:.1f} up: install an older torch, or use device='cpu'"
        )
    return ""


def description() -> str:
    """Torch, its CUDA and the first GPU's capability, for people."""
    major, minor = torch.cuda.get_device_capability()
    return f"torch {torch.__version__} for CUDA {torch.version.cuda}, compute capability {major}.{minor}"


def why_no_flashinfer() -> str:
    """Why FlashInfer cannot be used here; empty if it can."""
    try:
        import flashinfer
    except ModuleNotFoundError:
        return "FlashInfer is not installed: pip install 'sgbench[gpu]'"
    except Exception as failure:  # a library of another CUDA or torch fails in its own way
        return f"FlashInfer does not load beside torch {torch.__version__} ({type(failure).__name__}: {failure}): reinstall both"
    if not hasattr(flashinfer, "BatchDecodeWithPagedKVCacheWrapper"):
        return f"FlashInfer {getattr(flashinfer, '__version__', '?')} is too old: pip install -U 'sgbench[gpu]'"
    return ""
