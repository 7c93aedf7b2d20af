"""Kernels run under Triton's interpreter where there is no GPU (the suite's own conftest asks for it)."""

from __future__ import annotations

from typing import Any

from triton.runtime import interpreter

_patch = interpreter._patch_lang_tensor


def _patch_lang_tensor(tensor: Any, scope: Any) -> None:
    """Triton 3.6 turns arrays of one number into bounds of loops by ``int()``, which NumPy 2.4 no longer does."""
    _patch(tensor, scope)
    scope.set_attr(tensor, "__index__", lambda self: int(self.handle.data.item()))


interpreter._patch_lang_tensor = _patch_lang_tensor
