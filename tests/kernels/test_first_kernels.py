"""What is launched beforehand on nothing runs, changes nothing, and is every kernel of a step."""

from __future__ import annotations

import dataclasses
import importlib.util
import shutil
import subprocess
import sysconfig
import time
import types
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch

from sgbench.engine.config import EngineConfig
from sgbench.engine.kernels import (
    activation,
    attention,
    attention_join,
    attention_plan,
    filtering,
    gemv,
    norm,
    rope,
    sampling,
    skinny,
)
from sgbench.engine.models.config import ModelConfig
from sgbench.engine.runner.first_kernels import FirstKernels, launches, load_launchers_apart

SHAPE = {
    "architectures": ["LlamaForCausalLM"],
    "vocab_size": 64,
    "hidden_size": 256,
    "intermediate_size": 512,
    "num_hidden_layers": 1,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "max_position_embeddings": 64,
}
KERNELS = {
    activation: ["_silu_mul"],
    attention: ["attend_items", "attend_own"],
    attention_join: ["merge_parts"],
    attention_plan: ["plan_shares"],
    filtering: ["_thresholds"],
    gemv: ["_gemv"],
    norm: ["_add_norm", "_embed_norm"],
    rope: ["_rotate_store"],
    sampling: ["_best_of_block", "_best_of_row"],
    skinny: ["_skinny"],
}


def config(**options: Any) -> EngineConfig:
    given = {"device": "cpu", "dtype": "bfloat16", "max_running": 100, "max_prefill_tokens": 64, "context_length": 64}
    return dataclasses.replace(EngineConfig(), **(given | options))


@pytest.mark.parametrize("architecture", ["LlamaForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM"])
def test_every_launch_runs_on_nothing(architecture: str) -> None:
    model = ModelConfig.from_dict(SHAPE | {"architectures": [architecture]})
    first, later = launches(model, config())
    with torch.inference_mode():
        for launch in [*first, *later]:
            launch()
    assert len(first) >= 20 and len(later) >= 3


def test_no_kernel_of_a_step_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from sgbench.engine.attention import launch as attention_launch
    from sgbench.engine.attention import triton_attention

    seen: set[str] = set()

    class Noted:
        def __init__(self, name: str) -> None:
            self._name = name

        def __getitem__(self, grid: Any) -> Any:
            return lambda *args, **options: seen.add(self._name)

    for module, names in KERNELS.items():
        for name in names:
            for place in (module, attention_launch, triton_attention):
                if hasattr(place, name):
                    monkeypatch.setattr(place, name, Noted(name))
    first, later = launches(ModelConfig.from_dict(SHAPE), config())
    for each in [*first, *later]:
        each()
    assert seen == {name for names in KERNELS.values() for name in names}


LIBRARY = """#include <Python.h>
static PyObject *who(PyObject *self, PyObject *args) { return PyLong_FromLong(%d); }
static PyMethodDef methods[] = {{"who", who, METH_NOARGS, ""}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "__launcher", "", -1, methods};
PyMODINIT_FUNC PyInit___launcher(void) { return PyModule_Create(&module); }
"""


def loaded_from(name: str, path: str) -> Any:
    """As Triton does it."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compiled(folder: Path, number: int) -> str:
    path = folder / f"{number}.so"
    path.with_suffix(".c").write_text(LIBRARY % number)
    headers = sysconfig.get_paths()["include"]
    subprocess.run(["cc", path.with_suffix(".c"), "-shared", "-fPIC", "-I", headers, "-o", path], check=True)
    return str(path)


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler to make launchers with")
def test_a_launcher_stays_itself_when_others_of_its_name_are_loaded(tmp_path: Path) -> None:
    """Libraries of one module name; the first is asked for again after the second, as by the next kernel with the same launcher."""
    paths = [compiled(tmp_path, number) for number in range(2)]
    plain = [loaded_from("__launcher", path) for path in (*paths, paths[0])]
    assert plain[1].who() == 0, "Python keeps them apart by itself: this can go"

    build = types.SimpleNamespace(_load_module_from_path=loaded_from)
    load_launchers_apart(build)
    load = build._load_module_from_path
    load_launchers_apart(build)
    assert build._load_module_from_path is load
    apart = [load("__launcher", path) for path in (*paths, paths[0])]
    assert [each.who() for each in apart] == [0, 1, 0]


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler to make launchers with")
def test_triton_loads_what_it_compiled_that_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from triton.runtime import build

    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(build, "_load_module_from_path", loaded_from)
    load_launchers_apart(build)
    made = [build.compile_module_from_src(LIBRARY % number, "__launcher") for number in (5, 6, 5)]
    assert [each.who() for each in made] == [5, 6, 5]


def test_launchers_are_loaded_one_after_the_other() -> None:
    at_work = Counter[str]()

    def load(name: str, path: str) -> Any:
        at_work[name] += 1
        assert at_work[name] == 1
        time.sleep(0.001)
        at_work[name] -= 1
        return types.SimpleNamespace(path=path)

    build = types.SimpleNamespace(_load_module_from_path=load)
    load_launchers_apart(build)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda path: build._load_module_from_path("__launcher", path).path, "abcdefgh"))
    assert found == list("abcdefgh")
    load_launchers_apart(types.SimpleNamespace())


def test_a_cpu_has_nothing_to_compile() -> None:
    kernels = FirstKernels(ModelConfig.from_dict(SHAPE), config())
    kernels.wait()
    kernels.finish()
