"""Outlines as a backend: its constraints over transformers, one constrained call at a time; free text as the transformers peer."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sgbench.backends.base import Completion
from sgbench.errors import UsageError
from sgbench.lang.sampling import SglSamplingParams, as_list
from sgbench.workloads.peers.measure import check_fits
from sgbench.workloads.peers.peer import Peer
from sgbench.workloads.peers.transformers_peer import TransformersBackend

if TYPE_CHECKING:
    from sgbench.backends.base import BaseBackend
    from sgbench.lang.executor import StreamExecutor


class OutlinesBackend(TransformersBackend):
    """Programs on Outlines. A regex is compiled once and kept, as its own examples do."""

    def __init__(self, folder: str, device: str) -> None:
        import outlines
        import transformers

        super().__init__(folder, device)
        self._outlines: Any = outlines
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        self._wrapped: Any = outlines.from_transformers(self.model, tokenizer)
        self._generators: dict[str, Any] = {}
        self._lock = threading.Lock()

    def generate(self, s: StreamExecutor, sampling_params: SglSamplingParams) -> tuple[Completion, dict[str, Any]]:
        """See `BaseBackend.generate`."""
        params = sampling_params
        if params.regex is None:
            return super().generate(s, params)
        if params.json_schema or params.dtype or params.n not in (None, 1):
            raise UsageError("the Outlines adapter takes regexes; one sample")
        prompt = self.tokenizer.read(s.text_).ids
        check_fits(len(prompt), params.max_new_tokens or 0, self._context)
        with self._lock:
            if params.regex not in self._generators:
                pattern = self._outlines.regex(params.regex)
                self._generators[params.regex] = self._outlines.Generator(self._wrapped, pattern)
            text = str(self._generators[params.regex](s.text_, max_new_tokens=params.max_new_tokens, do_sample=False))
        found = [at for stop in as_list(params.stop) if (at := text.find(stop)) >= 0]
        text = text[: min(found)] if found else text
        counts = {"prompt_tokens": len(prompt), "completion_tokens": len(self.tokenizer.encode(text))}
        return text, counts | {"finish_reason": {"type": "stop"}}


@contextlib.contextmanager
def _open(folder: str, device: str) -> Iterator[BaseBackend]:
    backend = OutlinesBackend(folder, device)
    try:
        yield backend
    finally:
        backend.shutdown()


PEER = Peer(name="outlines", title="Outlines over transformers", package="outlines", open=_open)
