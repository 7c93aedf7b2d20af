"""SGLang's ``ServerArgs``: the options of an engine or a server as one object. Knows names only; they are checked where they are used."""

from __future__ import annotations

from typing import Any


class ServerArgs:
    """Options that `sgbench.Engine` or `sgbench.Runtime` is made with: ``Engine(server_args=ServerArgs(...))``.

    Parameters
    ----------
    model_path
        As in `sgbench.Engine`.
    options
        The engine's options, by its names or SGLang's.

    Attributes
    ----------
    options
        All of them but ``model_path``.

    Raises
    ------
    UnknownOptionError
        An option does not exist; the message names the nearest one.
    """

    def __init__(self, model_path: str = "bundled", **options: Any) -> None:
        from sgbench.engine.config import EngineConfig

        EngineConfig.from_options(model_path, dict(options))
        self.model_path = model_path
        self.options = options

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["options"][name]
        except KeyError:
            raise AttributeError(f"these server arguments do not have {name!r}") from None

    def __repr__(self) -> str:
        given = "".join(f", {name}={value!r}" for name, value in self.options.items())
        return f"ServerArgs({self.model_path!r}{given})"
