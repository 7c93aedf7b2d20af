"""What outlives a cell: the engine, the backend in use, the runs in the background, the last result.

Knows how an engine is started and stopped. One session for each magics object, so two shells in one process do not meet.
Does not know IPython.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sgbench
from sgbench.errors import SgbenchError, UsageError
from sgbench.kernel_ext.history import History
from sgbench.kernel_ext.settings import engine_environment, variable

if TYPE_CHECKING:
    from sgbench.engine.config import EngineConfig
    from sgbench.kernel_ext.run import Run


@dataclass(slots=True)
class Session:
    """The state behind the magics.

    Attributes
    ----------
    engine
        The engine this session started and has not stopped; None: none.
    used
        The backend chosen by ``%sgl use``; None: the default backend.
    model, options
        What `start` was last given, for `restart`.
    pending
        Engine options set by ``%sgl set``, for the next start.
    runs
        Runs in the background that have not ended.
    widgets
        Live widgets that ``%sgl watch`` made; they end with the engine.
    history
        What the cells made the engine do.
    """

    engine: Any = None
    used: Any = None
    model: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    pending: dict[str, Any] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    widgets: list[Any] = field(default_factory=list)
    history: History = field(default_factory=History)

    def start(self, model: str | None = None, options: dict[str, Any] | None = None) -> str:
        """Start an engine and make it the default backend; returns one line that says so.

        An engine of this session that still runs is shut down first, after the new options and the model's files were checked.
        """
        from sgbench.engine.config import EngineConfig

        model = model or configured_model()
        options = {**engine_environment(), **self.pending, **(options or {})}
        config = EngineConfig.from_options(model, options)
        if self.engine is not None:
            check_files(config)
        self.stop()
        began = time.monotonic()
        self.engine = sgbench.Engine(model, **options)
        self.model, self.options = model, dict(options)
        sgbench.set_default_backend(self.engine)
        took = time.monotonic() - began
        return f"started {self.describe()} in {took:.1f} s"

    def describe(self) -> str:
        """The engine in a few words."""
        config = self.engine.config
        name = "the bundled model" if config.model_path == "bundled" else str(config.model_path)
        return f"{name} on {config.device}, {self.engine.stats().kv_tokens_total:,} tokens of KV cache"

    def restart(self, model: str | None = None, options: dict[str, Any] | None = None) -> str:
        """Start again with the last model and options, but for those given."""
        return self.start(model or self.model, {**self.options, **(options or {})})

    def stop(self) -> bool:
        """Shut the session's engine down; its running requests end with `EngineStoppedError`. False: there is none."""
        if self.engine is None:
            return False
        engine, self.engine = self.engine, None
        if sgbench.get_default_backend() is engine:
            sgbench.set_default_backend(None)
        if self.used is engine:
            self.used = None
        engine.shutdown()
        for run in self.runs:
            run.wait()
        self.runs.clear()
        for widget in self.widgets:
            widget.finish()
        self.widgets.clear()
        return True

    def backend(self, chosen: Any = None) -> tuple[Any, str]:
        """The backend a cell runs on and a notice, empty unless an engine had to be started.

        In order: ``chosen`` (the cell's ``--backend``), ``%sgl use``, the default backend, the bundled model.
        """
        for candidate in (chosen, self.used, default_backend()):
            if candidate is not None:
                return as_backend(candidate), ""
        notice = self.start()
        return self.engine, notice

    def current(self) -> Any:
        """The engine that commands such as ``flush`` and ``watch`` speak to: the backend in use.

        Raises
        ------
        UsageError
            There is none.
        """
        backend = self.in_use()
        if backend is None:
            raise UsageError("no engine runs: start one with %sgl start")
        return backend

    def in_use(self) -> Any:
        """What `current` gives; None where it refuses."""
        return self.used or default_backend() or self.engine

    def close(self) -> None:
        """End everything; called when the extension is unloaded and at exit."""
        self.stop()


def default_backend() -> Any:
    """The default backend; None for an engine that a cell's ``with`` block has shut down, which nobody runs on by intent."""
    backend = sgbench.get_default_backend()
    return None if getattr(backend, "was_shut_down", False) else backend


def check_files(config: EngineConfig) -> None:
    """Refuse a model that cannot be loaded, before the engine that runs is given up for it.

    Raises
    ------
    ModelError
        As the engine's start would: no such model, a family that is not supported, no safetensors.
    """
    from sgbench.engine.hub import find_model
    from sgbench.engine.models.config import ModelConfig
    from sgbench.engine.models.weights import checkpoint_files

    dummy = config.load_format == "dummy"
    folder = find_model(config.model_path, weights=not dummy)
    ModelConfig.from_folder(folder)
    if not dummy:
        checkpoint_files(folder)


def configured_model() -> str:
    """The model that starts where none is named."""
    import os

    return os.environ.get(variable("model")) or "bundled"


def as_backend(candidate: Any) -> Any:
    """``candidate`` if programs can run on it.

    Raises
    ------
    UsageError
        It is no backend.
    """
    target = getattr(candidate, "endpoint", candidate)
    if not all(callable(getattr(target, name, None)) for name in ("generate", "generate_stream", "select")):
        raise UsageError(f"a backend is needed (an sgl.Engine, an endpoint ...), not {type(candidate).__name__}")
    return candidate


def is_engine(backend: Any) -> bool:
    """Has it a radix tree to show and counters to read?"""
    return callable(getattr(backend, "snapshot", None)) and callable(getattr(backend, "stats", None))


def ask(question: Any, *arguments: Any) -> Any:
    """Call ``question``; None if the engine behind it has stopped."""
    try:
        return question(*arguments)
    except SgbenchError:
        return None
