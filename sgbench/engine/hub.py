"""Find a model's folder: the bundled one, a local one, or one of the Hugging Face hub.

Never runs code that comes with a model and never fetches pickles. Knows no file formats.
"""

from __future__ import annotations

import re
from pathlib import Path

from sgbench.errors import ModelError

BUNDLED = "bundled"
_SMALL_FILES = ("*.json", "*.jinja")
_WEIGHTS = ("*.safetensors",)
_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")


def bundled_folder() -> Path:
    """Where the model that ships with the package lies."""
    return Path(__file__).resolve().parent.parent / "bundled"


def find_model(model_path: str, *, weights: bool = True) -> Path:
    """The folder that ``model_path`` names.

    Parameters
    ----------
    model_path
        ``"bundled"``, a local folder, or a hub id (``owner/name``), taken from the local cache where it is there.
    weights
        Are weights needed, or configuration and tokenizer only?

    Raises
    ------
    ModelError
        Nothing found; the message names what was tried.
    """
    if model_path == BUNDLED:
        folder = bundled_folder()
        if not (folder / "config.json").is_file():
            raise ModelError(f"the bundled model is missing from {folder}: reinstall sgbench")
        return folder
    path = Path(model_path).expanduser()
    if path.is_dir():
        return path
    if path.is_file():
        raise ModelError(f"model_path {model_path!r} is a file; give the folder it lies in")
    if not _HUB_ID.fullmatch(model_path) or model_path.startswith("."):
        raise ModelError(f"model_path {model_path!r}: there is no such folder, and it is not a hub id (owner/name)")
    return _from_hub(model_path, _SMALL_FILES + (_WEIGHTS if weights else ()))


def _from_hub(model_id: str, patterns: tuple[str, ...]) -> Path:
    from huggingface_hub import snapshot_download

    try:
        cached = Path(snapshot_download(model_id, allow_patterns=list(patterns), local_files_only=True))
        if (cached / "config.json").is_file() and (_WEIGHTS[0] not in patterns or any(cached.glob(_WEIGHTS[0]))):
            return cached
    except Exception as error:  # the hub client has no common root for "not in the cache"
        if isinstance(error, (MemoryError, RecursionError)):
            raise
    try:
        return Path(snapshot_download(model_id, allow_patterns=list(patterns)))
    except Exception as error:
        raise ModelError(
            f"model_path {model_id!r}: there is no such folder here, it is not in the local Hugging Face cache, and it "
            f"could not be fetched from the hub ({type(error).__name__}: {error})"
        ) from error
