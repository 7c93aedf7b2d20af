"""Would this model run here? Answered from its config and the free memory, before anything is loaded.

Knows shapes and sizes; asks the same checks that an engine's start does.
"""

from __future__ import annotations

from collections.abc import Iterator

from sgbench.errors import ModelError


def would_run(model_path: str) -> Iterator[tuple[str, str, str]]:
    """``(state, what, detail)`` lines on a model: who computes it, and whether it fits.

    Parameters
    ----------
    model_path
        As `sgbench.Engine` takes it; of a model on the hub only the config is fetched.
    """
    from sgbench.engine.hub import find_model
    from sgbench.engine.models.config import ModelConfig

    try:
        model = ModelConfig.from_folder(find_model(model_path, weights=False))
    except ModelError as failure:
        yield "missing", "model", str(failure)
        return
    if model.foreign:
        yield (
            "note",
            "model",
            f"{model.family}, computed by transformers, slower than the engine's own: {model.foreign}",
        )
    else:
        yield "ok", "model", f"{model.family}, computed by the engine itself"
    from sgbench.engine.runner.fit import room_for

    fits, sizes = room_for(model)
    yield ("ok" if fits else "missing"), "room for it", sizes
