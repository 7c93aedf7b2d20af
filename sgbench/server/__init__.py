"""An engine served over HTTP: OpenAI's routes and SGLang's own, for clients that know nothing of sgbench.

``with sgbench.server.Server(engine) as server: server.url`` serves beside the running program; ``sgbench serve`` does it from
the command line. Needs FastAPI and uvicorn (``pip install 'sgbench[serve]'``), which nothing else here imports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sgbench.errors import MissingDependencyError

if TYPE_CHECKING:
    from sgbench.server.app import create_app
    from sgbench.server.running import Server

__all__ = ["Server", "create_app"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    home = {"Server": "running", "create_app": "app"}[name]
    try:
        module = importlib.import_module(f"{__name__}.{home}")
    except ImportError as missing:
        if missing.name not in ("fastapi", "uvicorn", "pydantic", "starlette"):
            raise
        raise MissingDependencyError(missing.name, "serve", "serving an engine") from missing
    return getattr(module, name)
