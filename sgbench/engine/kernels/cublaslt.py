"""cuBLASLt by ctypes: which algorithms it has for a product of our weights, and a product by one of them.

torch takes the first that the library's heuristic names; this lists the others too. Knows matrices, handles and status codes; which
algorithm is best is `sgbench.engine.kernels.chosen_products`' to measure.
"""

from __future__ import annotations

import ctypes
import weakref
from ctypes import byref, c_float, c_int, c_int64, c_size_t, c_uint64, c_void_p

import torch

from sgbench.errors import IntegrityError

WORKSPACE_BYTES = 32 << 20
"""What split sums may take; cuBLAS itself takes as much on Hopper."""

_COMPUTE_F32 = 68
_F32 = 0
_TYPES = {torch.bfloat16: 14, torch.float16: 2}
_TRANSPOSE_A = 3
_MAX_WORKSPACE = 1
_TRANSPOSED = 1


class Algorithm(ctypes.Structure):
    """``cublasLtMatmulAlgo_t``: opaque."""

    _fields_ = (("data", c_uint64 * 8),)


class Found(ctypes.Structure):
    """``cublasLtMatmulHeuristicResult_t``."""

    _fields_ = (
        ("algorithm", Algorithm),
        ("workspace_bytes", c_size_t),
        ("state", c_int),
        ("waves", c_float),
        ("reserved", c_int * 4),
    )


class Library:
    """The cuBLASLt that torch has loaded, and one handle of it.

    Parameters
    ----------
    device
        Where products run.
    dtype
        bfloat16 or float16; sums are in float32.

    Raises
    ------
    OSError
        There is no such library beside this torch.
    IntegrityError
        It refuses its handle.
    """

    def __init__(self, device: torch.device, dtype: torch.dtype) -> None:
        version = (torch.version.cuda or "0").split(".")[0]
        # PyDLL keeps the interpreter's lock: a launch takes microseconds, getting the lock back may take half a millisecond.
        self.calls = ctypes.PyDLL(f"libcublasLt.so.{version}")
        self.kind = _TYPES[dtype]
        self.workspace = torch.empty(WORKSPACE_BYTES, dtype=torch.uint8, device=device)
        self.handle = c_void_p()
        self.check(self.calls.cublasLtCreate(byref(self.handle)))
        weakref.finalize(self, self.calls.cublasLtDestroy, self.handle)
        self.one, self.zero = c_float(1.0), c_float(0.0)
        self.description = c_void_p()
        self.check(self.calls.cublasLtMatmulDescCreate(byref(self.description), c_int(_COMPUTE_F32), c_int(_F32)))
        value = c_int(_TRANSPOSED)
        self.check(
            self.calls.cublasLtMatmulDescSetAttribute(
                self.description, c_int(_TRANSPOSE_A), byref(value), c_size_t(ctypes.sizeof(value))
            )
        )
        self.preference = c_void_p()
        self.check(self.calls.cublasLtMatmulPreferenceCreate(byref(self.preference)))
        most = c_size_t(WORKSPACE_BYTES)
        self.check(
            self.calls.cublasLtMatmulPreferenceSetAttribute(
                self.preference, c_int(_MAX_WORKSPACE), byref(most), c_size_t(ctypes.sizeof(most))
            )
        )

    def check(self, status: int) -> None:
        """Raise for a status that is not success."""
        if status:
            raise IntegrityError(f"cuBLASLt answered status {status}")


class Problem:
    """``x @ weight.T`` for one shape: row-major ``[n, width]`` and ``[rows, width]`` give ``[n, rows]``.

    To the library, whose matrices stand column by column, that is the transposed product.
    """

    def __init__(self, library: Library, n: int, rows: int, width: int) -> None:
        self._library = library
        self._weight = self._layout(width, rows)
        self._x = self._layout(width, n)
        self._out = self._layout(rows, n)

    def _layout(self, rows: int, columns: int) -> c_void_p:
        layout = c_void_p()
        lib = self._library
        status = lib.calls.cublasLtMatrixLayoutCreate(
            byref(layout), c_int(lib.kind), c_uint64(rows), c_uint64(columns), c_int64(rows)
        )
        lib.check(status)
        return layout

    def close(self) -> None:
        """Free the layouts. Idempotent."""
        layouts = (self._weight, self._x, self._out)
        self._weight = self._x = self._out = c_void_p()
        for layout in layouts:
            if layout:
                self._library.calls.cublasLtMatrixLayoutDestroy(layout)

    def algorithms(self, most: int) -> list[Found]:
        """Up to ``most``, in the order that the library's heuristic prefers."""
        lib = self._library
        found, count = (Found * most)(), c_int()
        status = lib.calls.cublasLtMatmulAlgoGetHeuristic(
            lib.handle, lib.description, self._weight, self._x, self._out, self._out, lib.preference, c_int(most), found, byref(count)
        )  # fmt: skip
        lib.check(status)
        return [found[i] for i in range(count.value) if found[i].state == 0]

    def run(self, found: Found, x: torch.Tensor, weight: torch.Tensor, out: torch.Tensor, add: bool) -> int:
        """Launch it on the current stream, into ``out`` or in addition to it; not 0 where this algorithm does not take this problem."""
        lib = self._library
        status: int = lib.calls.cublasLtMatmul(
            lib.handle,
            lib.description,
            byref(lib.one),
            c_void_p(weight.data_ptr()),
            self._weight,
            c_void_p(x.data_ptr()),
            self._x,
            byref(lib.one if add else lib.zero),
            c_void_p(out.data_ptr()),
            self._out,
            c_void_p(out.data_ptr()),
            self._out,
            byref(found.algorithm),
            c_void_p(lib.workspace.data_ptr()),
            c_size_t(WORKSPACE_BYTES),
            c_void_p(torch.cuda.current_stream(x.device).cuda_stream),
        )
        return status
