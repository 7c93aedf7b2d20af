"""sgbench: SGLang as a Jupyter-native interactive workbench, with the engine inside the kernel.

Names are imported when they are first used, so that ``import sgbench`` stays light::

    import sgbench as sgl

    @sgl.function
    def qa(s, question):
        s += sgl.user(question)
        s += sgl.assistant(sgl.gen("answer", max_tokens=32))

    sgl.set_default_backend(sgl.Engine())
    qa.run(question="What is the capital of France?")["answer"]
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sgbench import (
        analysis,
        api,
        backends,
        constrained,
        errors,
        lang,
        server,
        test,
        trace,
        utils,
        what_if,
        widgets,
        workloads,
    )
    from sgbench.backends.anthropic_api import Anthropic
    from sgbench.backends.base import BaseBackend
    from sgbench.backends.litellm_api import LiteLLM
    from sgbench.backends.local import Engine
    from sgbench.backends.openai_api import OpenAI
    from sgbench.backends.runtime import Runtime
    from sgbench.backends.runtime_endpoint import RuntimeEndpoint
    from sgbench.backends.scripted import ScriptedBackend
    from sgbench.backends.server_args import ServerArgs
    from sgbench.backends.vendors import Crusoe, VertexAI
    from sgbench.errors import (
        AbortedError,
        BackendError,
        CapacityError,
        ConstraintError,
        ContractError,
        EngineStoppedError,
        IntegrityError,
        MissingDependencyError,
        ModelError,
        ProgramError,
        SgbenchError,
        TraceError,
        UnknownOptionError,
        UsageError,
    )
    from sgbench.lang.api import (
        assistant,
        assistant_begin,
        assistant_end,
        flush_cache,
        function,
        gen,
        gen_int,
        gen_string,
        get_default_backend,
        get_server_info,
        image,
        select,
        separate_reasoning,
        set_default_backend,
        system,
        system_begin,
        system_end,
        user,
        user_begin,
        user_end,
        video,
    )
    from sgbench.lang.choices import (
        exact_likelihood,
        greedy_token_selection,
        token_length_normalized,
        unconditional_likelihood_normalized,
    )
    from sgbench.lang.function import SglFunction
    from sgbench.lang.global_config import global_config
    from sgbench.lang.state import ProgramState
    from sgbench.trace.trace import Trace

__version__ = "0.1.0"

__all__ = [
    "AbortedError",
    "Anthropic",
    "BackendError",
    "BaseBackend",
    "CapacityError",
    "ConstraintError",
    "ContractError",
    "Crusoe",
    "Engine",
    "EngineStoppedError",
    "IntegrityError",
    "LiteLLM",
    "MissingDependencyError",
    "ModelError",
    "OpenAI",
    "ProgramError",
    "ProgramState",
    "Runtime",
    "RuntimeEndpoint",
    "ScriptedBackend",
    "ServerArgs",
    "SgbenchError",
    "SglFunction",
    "Trace",
    "TraceError",
    "UnknownOptionError",
    "UsageError",
    "VertexAI",
    "__version__",
    "analysis",
    "api",
    "assistant",
    "assistant_begin",
    "assistant_end",
    "backends",
    "constrained",
    "errors",
    "exact_likelihood",
    "flush_cache",
    "function",
    "gen",
    "gen_int",
    "gen_string",
    "get_default_backend",
    "get_server_info",
    "global_config",
    "greedy_token_selection",
    "image",
    "lang",
    "select",
    "separate_reasoning",
    "server",
    "set_default_backend",
    "system",
    "system_begin",
    "system_end",
    "test",
    "token_length_normalized",
    "trace",
    "unconditional_likelihood_normalized",
    "user",
    "user_begin",
    "user_end",
    "utils",
    "video",
    "what_if",
    "widgets",
    "workloads",
]

_MODULES = frozenset(
    {
        "analysis",
        "api",
        "backends",
        "constrained",
        "errors",
        "lang",
        "server",
        "test",
        "trace",
        "utils",
        "what_if",
        "widgets",
        "workloads",
    }
)

_HOME = {
    "Anthropic": "backends.anthropic_api",
    "BaseBackend": "backends.base",
    "Crusoe": "backends.vendors",
    "Engine": "backends.local",
    "LiteLLM": "backends.litellm_api",
    "OpenAI": "backends.openai_api",
    "ProgramState": "lang.state",
    "Runtime": "backends.runtime",
    "RuntimeEndpoint": "backends.runtime_endpoint",
    "ScriptedBackend": "backends.scripted",
    "ServerArgs": "backends.server_args",
    "SglFunction": "lang.function",
    "Trace": "trace.trace",
    "VertexAI": "backends.vendors",
    "global_config": "lang.global_config",
    "exact_likelihood": "lang.choices",
    "greedy_token_selection": "lang.choices",
    "token_length_normalized": "lang.choices",
    "unconditional_likelihood_normalized": "lang.choices",
}
"""Modules of the names that live neither in `errors` nor in `lang.api`."""


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOME.get(name) or ("errors" if name.endswith("Error") else "lang.api")
    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext sgbench``: the magics and the completion."""
    from sgbench import kernel_ext

    kernel_ext.load_ipython_extension(shell)


def unload_ipython_extension(shell: Any) -> None:
    """``%unload_ext sgbench``: takes back all that `load_ipython_extension` gave."""
    from sgbench import kernel_ext

    kernel_ext.unload_ipython_extension(shell)
