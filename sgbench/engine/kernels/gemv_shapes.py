"""How the matrix-vector kernel is cut, matrix by matrix: rows of a program, columns of a step, warps, steps in flight.

By ``(rows, width, gated)``, measured on an H200 in bfloat16 (`benchmarks/LOG.md`).
"""

from __future__ import annotations

MEASURED: dict[tuple[int, int, bool], tuple[int, int, int, int]] = {
    (6144, 4096, False): (4, 1024, 4, 1),
}
"""What was measured; other matrices take `PLAIN` or `GATED`."""

PLAIN = (4, 1024, 4, 1)
GATED = (2, 1024, 4, 1)
