"""How the matrix-vector kernel is cut, matrix by matrix: rows of a program, columns of a step along them, warps.

By ``(rows, width, gated)``, measured on an H200 in bfloat16 (`benchmarks/LOG.md`).
"""

from __future__ import annotations

MEASURED: dict[tuple[int, int, bool], tuple[int, int, int]] = {
    (6144, 4096, False): (4, 2048, 8),
    (4096, 4096, False): (1, 2048, 8),
    (14336, 4096, True): (1, 2048, 4),
    (4096, 14336, False): (4, 2048, 8),
    (128256, 4096, False): (2, 2048, 8),
}
"""What was measured; other matrices take `PLAIN` or `GATED`."""

PLAIN = (2, 2048, 8)
GATED = (1, 2048, 4)
