"""The public surface: what is promised is there, and importing it stays light."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import sgbench

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", sgbench.__all__)
def test_every_promised_name_is_there(name: str) -> None:
    assert getattr(sgbench, name) is not None
    assert name in dir(sgbench)


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(sgbench.__file__).read_text(encoding="utf-8"))
    (block,) = [n for n in tree.body if isinstance(n, ast.If) and "TYPE_CHECKING" in ast.unparse(n.test)]
    declared = {alias.asname or alias.name for n in block.body for alias in n.names}
    assert declared | {"__version__"} == set(sgbench.__all__)
    assert sgbench.__all__ == sorted(sgbench.__all__)


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        sgbench.nothing  # noqa: B018
    assert not hasattr(sgbench, "nothing")


def test_the_version_is_that_of_the_package() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{sgbench.__version__}"' in text


@pytest.mark.parametrize(
    "name", ["lang.api", "lang.interpreter", "lang.ir", "lang.choices", "lang.chat_template", "api"]
)
def test_what_a_module_promises_it_has(name: str) -> None:
    module = importlib.import_module(f"sgbench.{name}")
    for public in getattr(module, "__all__", ()):
        assert hasattr(module, public)


def test_everything_public_is_documented() -> None:
    for name in sgbench.__all__:
        value = getattr(sgbench, name)
        if inspect.isclass(value) or inspect.isfunction(value) or inspect.ismodule(value):
            assert inspect.getdoc(value), name


def test_the_engines_options_are_in_its_signature() -> None:
    parameters = inspect.signature(sgbench.Engine).parameters
    promised = (
        "model_path tokenizer_path skip_tokenizer_init device dtype load_format kv_tokens max_running max_prefill_tokens "
        "radix_cache schedule eviction frontend_hint jump_forward attention cuda_graph overlap tp_size deterministic seed"
    )
    assert set(promised.split()) <= set(parameters)


@pytest.mark.parametrize("use", ["sgl.function", "sgl.gen('x')", "sgl.ScriptedBackend()", "sgl.UsageError"])
def test_the_language_needs_nothing_heavy(use: str) -> None:
    heavy = {"torch", "transformers", "tokenizers", "numpy", "IPython", "anywidget", "ipywidgets", "plotly", "pandas"}
    code = f"import sgbench as sgl, sys; {use}; print(*{{m.split('.')[0] for m in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not heavy & set(done.stdout.split())
