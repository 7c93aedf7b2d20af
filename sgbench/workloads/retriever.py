"""Retrieval over a collection of documents, by BM25 (the library bm25s). Knows words, no model."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator, Sequence
from typing import Any


class Retriever:
    """Finds the passages that fit a question's words best.

    Parameters
    ----------
    documents
        Texts; at least one.
    """

    def __init__(self, documents: Sequence[str]) -> None:
        with _without_jax():
            bm25s = importlib.import_module("bm25s")

        self._library: Any = bm25s
        self._index: Any = bm25s.BM25()
        self._index.index(self._tokens(documents), show_progress=False)
        self._size = len(documents)

    def _tokens(self, texts: Sequence[str]) -> Any:
        return self._library.tokenize(list(texts), stopwords="en", show_progress=False)

    def search(self, question: str, k: int) -> list[int]:
        """Numbers of the ``k`` best documents (fewer, if there are fewer), best first."""
        found, _ = self._index.retrieve(
            self._tokens([question]), k=min(k, self._size), show_progress=False, n_threads=1, backend_selection="numpy"
        )
        return [int(at) for at in found[0]]


@contextlib.contextmanager
def _without_jax() -> Iterator[None]:
    """bm25s tries JAX when it is imported, where there is one, and JAX then takes three quarters of the GPU's memory."""
    if "jax" in sys.modules:
        yield
        return
    sys.modules["jax"] = None  # type: ignore[assignment]  # Python's way to say that there is none
    try:
        yield
    finally:
        del sys.modules["jax"]
