"""Sources to machines, and the cache that makes one compilation serve a whole batch.

Knows sources, machines and vocabularies; no requests. The paper measured 2.4 times less throughput when each request of a
batch builds its machine anew (section 6.3); here a `Compiler`, one for each engine, keeps them. Several threads that ask
for the same machine wait for one compilation; one that fails or is interrupted leaves nothing behind.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sgbench.engine.constrained.determinise import to_dfa
from sgbench.engine.constrained.json_schema import schema_term
from sgbench.engine.constrained.layout import Layout
from sgbench.engine.constrained.limits import Budget, Limits
from sgbench.engine.constrained.machine import Machine
from sgbench.engine.constrained.mask_cache import MaskCache
from sgbench.engine.constrained.regex_syntax import parse_regex
from sgbench.engine.constrained.schema_keywords import parse_schema
from sgbench.engine.constrained.token_mask import TokenMasks
from sgbench.engine.constrained.vocabulary import Vocabulary

DEFAULT_CACHED_MACHINES = 256
DEFAULT_MASK_BYTES = 256 << 20


def regex_machine(pattern: str, limits: Limits | None = None) -> Machine:
    """Compile a regex; see `sgbench.constrained.compile_regex`."""
    budget = Budget() if limits is None else Budget(limits)
    return Machine("regex", pattern, to_dfa(parse_regex(pattern), budget))


def schema_machine(schema: Any, layout: Layout | None = None, limits: Limits | None = None) -> Machine:
    """Compile a JSON Schema given as data; see `sgbench.constrained.compile_json_schema`."""
    budget = Budget() if limits is None else Budget(limits)
    source = json.dumps(schema, ensure_ascii=False)
    return Machine("json_schema", source, to_dfa(schema_term(schema, layout), budget))


@dataclass(frozen=True, slots=True)
class CompilerStats:
    """How often a machine was there already."""

    hits: int
    misses: int
    machines: int


class Compiler:
    """Machines over one vocabulary, compiled once.

    Parameters
    ----------
    vocabulary
        Called for the vocabulary when the first machine is asked for: an engine that is never asked for a constraint pays
        nothing.
    max_machines
        Most machines kept, least recently used dropped first; 0 keeps none (every request compiles anew).
    mask_bytes
        Of the masks of all machines together.
    """

    def __init__(
        self,
        vocabulary: Callable[[], Vocabulary],
        max_machines: int = DEFAULT_CACHED_MACHINES,
        mask_bytes: int = DEFAULT_MASK_BYTES,
    ) -> None:
        self._make_vocabulary = vocabulary
        self._vocabulary: Vocabulary | None = None
        self._masks = MaskCache(mask_bytes)
        self.max_machines = max_machines
        self.hits = 0
        self.misses = 0
        self._kept: OrderedDict[tuple[str, str], TokenMasks] = OrderedDict()
        self._running: dict[tuple[str, str], threading.Lock] = {}
        self._lock = threading.Lock()

    def regex(self, pattern: str) -> TokenMasks:
        """The machine of a regex over the vocabulary."""
        return self._get(("regex", pattern), lambda: regex_machine(pattern))

    def json_schema(self, schema: str) -> TokenMasks:
        """The machine of a JSON Schema, given as JSON text, over the vocabulary."""
        return self._get(("json_schema", schema), lambda: schema_machine(parse_schema(schema)))

    def get(self, kind: str, source: str) -> TokenMasks:
        """By the name of its sampling parameter: ``regex`` or ``json_schema``."""
        return self.regex(source) if kind == "regex" else self.json_schema(source)

    def stats(self) -> CompilerStats:
        """Hits and misses since the start."""
        with self._lock:
            return CompilerStats(self.hits, self.misses, len(self._kept))

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary, made at first use."""
        with self._lock:
            if self._vocabulary is None:
                self._vocabulary = self._make_vocabulary()
            return self._vocabulary

    def _get(self, key: tuple[str, str], compile_machine: Callable[[], Machine]) -> TokenMasks:
        if not self.max_machines:
            with self._lock:
                self.misses += 1
            return TokenMasks(compile_machine(), self.vocabulary)  # masks anew, too
        with self._lock:
            turn = self._running.setdefault(key, threading.Lock())
        with turn:
            found = self._find(key)
            if found is None:
                found = TokenMasks(compile_machine(), self.vocabulary, self._masks)
                self._keep(key, found)
            return found

    def _find(self, key: tuple[str, str]) -> TokenMasks | None:
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                self.misses += 1
            else:
                self.hits += 1
                self._kept.move_to_end(key)
            return found

    def _keep(self, key: tuple[str, str], masks: TokenMasks) -> None:
        with self._lock:
            self._kept[key] = masks
            while len(self._kept) > self.max_machines:
                self._running.pop(self._kept.popitem(last=False)[0], None)
