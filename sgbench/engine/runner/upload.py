"""How NumPy arrays reach the device without anybody waiting: from pinned memory, in one copy, ordered behind what runs already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt


def upload(values: npt.NDArray[Any], device: torch.device) -> torch.Tensor:
    """``values`` on the device; the host may change or drop them at once."""
    host = torch.from_numpy(np.ascontiguousarray(values))
    if device.type != "cuda":
        return host.clone()
    return host.pin_memory().to(
        device, non_blocking=True
    )  # the allocator keeps the pinned block until the copy is done


def upload_packed(fields: Sequence[npt.NDArray[np.int32]], device: torch.device) -> tuple[torch.Tensor, ...]:
    """int32 arrays as one copy; each begins at a multiple of 16 bytes."""
    ends = np.cumsum([-(-field.size // 4) * 4 for field in fields]).tolist()
    packed = np.zeros(ends[-1], np.int32)
    starts = [0, *ends[:-1]]
    for field, start in zip(fields, starts, strict=True):
        packed[start : start + field.size] = field.ravel()
    sent = upload(packed, device)
    return tuple(sent[start : start + field.size] for field, start in zip(fields, starts, strict=True))
