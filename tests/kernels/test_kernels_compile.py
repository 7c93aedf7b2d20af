"""Triton's compiler, which the interpreter does not ask, takes every kernel of a step: for sm_90, without a GPU."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource, compile as translate
from sgbench.engine.kernels import activation, filtering, gemv, masked_sampling, masked_scores, norm, rope, sampling, skinny

KERNELS = [
    (norm._add_norm, "x stream weight out", "", "eps", dict(parts=2, block=64)),
    (norm._embed_norm, "table stream weight out", "ids rows last", "eps", dict(has_last=True, block=64)),
    (rope._rotate_store, "heads q_weight k_weight cache", "positions", "eps",
     dict(head_dim=16, block_d=16, block_h=4, has_norm=True, has_cache=True)),
    (activation._silu_mul, "gate_up out", "", "", dict(block=64)),
    (sampling._best_of_block, "logits", "keys where", "", dict(block=128)),
    (sampling._best_of_row, "", "where rows tokens last", "", dict(block=2)),
    (filtering._thresholds, "logits", "top_ks", "", dict(shift=16, block=128)),
    (gemv._gemv, "x matrix bias norm stream out", "", "eps",
     dict(width=64, block_r=2, block_c=64, has_bias=True, has_norm=True, has_stream=True, gated=True, early=True)),
    (skinny._skinny, "x matrix out", "", "", dict(width=128, block_r=64, block_n=16, block_k=64, splits=1, gated=True)),
    (masked_scores._forbid, "scores", "bits places", "", dict(block=64)),
    (masked_sampling._best_allowed_of_block, "logits", "bits fields where", "", dict(block=128)),
    (masked_sampling._enter_best_of_row, "", "where fields sampled last", "", dict(block=2)),
]
FLOATS = "table temperatures thresholds best top_ps min_ps".split()
for kernel, halves, integers, scalars, constants in KERNELS:
    types = {}
    for name in kernel.arg_names:
        if name in constants:
            types[name] = "constexpr"
        elif name in halves.split():
            types[name] = "*bf16"
        elif name in integers.split():
            types[name] = "*i32"
        elif name == "slots":
            types[name] = "*i64"
        elif name in FLOATS or (kernel is filtering._thresholds and name == "out"):
            types[name] = "*fp32"
        else:
            types[name] = "fp32" if name in scalars.split() else "i32"
    at = {(kernel.arg_names.index(name),): value for name, value in constants.items()}
    made = translate(ASTSource(kernel, types, constexprs=at, attrs={}), target=GPUTarget("cuda", 90, 32))
    assert made.asm["cubin"]
    print(kernel.__name__)
"""


def test_every_kernel_compiles() -> None:
    pytest.importorskip("triton")
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=False, env=environment, capture_output=True, text=True, timeout=250
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(done.stdout.split()) == 12
