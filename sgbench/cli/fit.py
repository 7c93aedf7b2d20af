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
    yield from _memory(model)


def _memory(model: object) -> Iterator[tuple[str, str, str]]:
    import torch

    from sgbench.engine.models.config import ModelConfig
    from sgbench.engine.runner.gpu_check import why_none, why_not
    from sgbench.engine.runner.kv_cache import KVCache
    from sgbench.engine.runner.memory import free_bytes, free_ram_bytes

    assert isinstance(model, ModelConfig)
    cuda = not why_none() and not why_not()
    dtype = (torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16) if cuda else torch.float32
    free = free_bytes(torch.device("cuda")) if cuda else free_ram_bytes()
    size, each = model.parameters * dtype.itemsize, KVCache.bytes_per_token(model, dtype)
    where, kind = ("the GPU" if cuda else "memory"), str(dtype).removeprefix("torch.")
    takes = f"weights take {size / 2**30:.2f} GiB in {kind}, {where} has {free / 2**30:.1f} GiB free"
    if size > free:
        yield "missing", "room for it", f"{takes}: they do not fit. Use a smaller model, or free some"
    else:
        yield (
            "ok",
            "room for it",
            f"{takes}: beside them and a step's buffers at most {(free - size) // each:,} tokens of KV",
        )
