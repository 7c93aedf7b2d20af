"""The engine at a glance: what the side panel of JupyterLab shows, as plain data.

Knows an engine's public counters and the fold of its events; no comm, no front end, no pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sgbench.errors import SgbenchError
from sgbench.kernel_ext.session import ask, is_engine
from sgbench.trace.reader import reader_of
from sgbench.trace.tree import ROOT
from sgbench.trace.vocab import Vocab
from sgbench.views.collapse import collapse
from sgbench.views.tree import TreeView, children_in_order

ROWS = 28
"""Most leaves of the tree in small."""

CHARS = 60
"""Most characters of a node's text."""

COUNTERS = (
    "hit_rate",
    "prompt_tokens",
    "cached_tokens",
    "completion_tokens",
    "forward_passes",
    "evicted_tokens",
    "finished",
    "running",
    "waiting",
)


def figures(backend: Any) -> dict[str, Any]:
    """What runs, and its counters: ``engine``, ``stats`` and ``pool``; each None where there is nothing to say."""
    if backend is None:
        return {"engine": None, "stats": None, "pool": None}
    if not is_engine(backend):
        name = type(getattr(backend, "endpoint", backend)).__name__
        return {"engine": {"model": name, "device": "", "remote": True}, "stats": None, "pool": None}
    config = getattr(backend, "config", None)
    path = str(getattr(config, "model_path", "")) or type(backend).__name__
    model = "bundled model" if path == "bundled" else path
    engine = {"model": model, "device": str(getattr(config, "device", "")), "remote": False}
    stats = ask(backend.stats)
    if stats is None:
        return {"engine": None, "stats": None, "pool": None}
    pool = {"total": stats.kv_tokens_total, "used": stats.kv_tokens_used, "cached": stats.kv_tokens_cached}
    return {"engine": engine, "stats": {name: getattr(stats, name) for name in COUNTERS}, "pool": pool}


class Follower:
    """Folds one engine's events into the tree that the panel shows.

    The engine's thread only notes; whoever asks for `tree` makes the events and folds them.

    Parameters
    ----------
    engine
        Anything with ``subscribe`` and ``token_text``.
    wake
        Called on the engine's thread when something happens that `tree` has not told; must be quick.
    """

    def __init__(self, engine: Any, wake: Callable[[], None]) -> None:
        self._view = TreeView()
        self._vocab = Vocab(lookup=getattr(engine, "token_text", None))
        self._wake = wake
        self._reader = reader_of(engine)
        self._reader.call_at_next(wake)

    @classmethod
    def of(cls, backend: Any, wake: Callable[[], None]) -> Follower | None:
        """A follower of ``backend``; None when it has no tree to show: none runs, it is far away, or it has stopped."""
        return ask(cls, backend, wake) if is_engine(backend) else None

    @property
    def news(self) -> bool:
        """Has anything happened since `tree` was asked for?"""
        return bool(self._reader)

    def close(self) -> None:
        """End following (idempotent)."""
        self._reader.end()

    def tree(self) -> dict[str, Any] | None:
        """The tree as rows, see `rows_of`; None when its events cannot be folded."""
        try:
            for event in self._reader.take():
                self._view.apply(event)
        except SgbenchError:
            self.close()
            self._reader.take()
            return None
        self._reader.call_at_next(self._wake)
        return rows_of(self._view, self._vocab)


def rows_of(view: TreeView, vocab: Vocab) -> dict[str, Any]:
    """The tree in small: ``nodes`` and ``tokens`` of the whole, and ``rows``, each after its parent.

    A row is ``[id, depth, tokens, locks, mark, text, hidden]``; the last is 0, or the number of nodes that the row stands for.
    """
    shown, hidden = collapse(view.tree, ROWS)
    rows: list[list[Any]] = []
    stack: list[tuple[int, int]] = [(ROOT, -1)]
    while stack:
        id_, depth = stack.pop()
        if id_ < 0:
            rest = hidden[~id_]
            rows.append([id_, depth, rest.tokens, 0, 0, "", rest.nodes])
            continue
        node = view.tree.nodes[id_]
        if id_ != ROOT:
            mark = int(view.mark(id_, view.request_seq))
            text = vocab.text(node.token_ids[:CHARS])[:CHARS]  # a token has about one character at least
            rows.append([id_, depth, len(node.token_ids), node.ref_count, mark, text, 0])
        if id_ in hidden:
            stack.append((~id_, depth + 1))
        children = [child for child in children_in_order(view.tree, id_) if child in shown]
        stack += [(child, depth + 1) for child in reversed(children)]
    tokens = sum(len(node.token_ids) for node in view.tree.nodes.values())
    return {"nodes": len(view.tree.nodes) - 1, "tokens": tokens, "rows": rows}
