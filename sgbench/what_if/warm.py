"""A simulated cache with what the recorded one held when the recording began.

Goes through the cache's ordinary operations, so it works with every kind of cache and every capacity: where the pool is smaller, what
was used longest ago does not fit any more. Hits before the recording are not known. Knows no time.
"""

from __future__ import annotations

import numpy as np

from sgbench.engine.kv_memory import KvMemory
from sgbench.engine.no_cache import NoCache
from sgbench.engine.request import IntArray
from sgbench.trace.events import TreeSnapshot

_NOBODY = -2


def warm_up(memory: KvMemory, tree: TreeSnapshot) -> None:
    """Compute every node of ``tree`` into ``memory``, least recently used first."""
    if isinstance(memory.cache, NoCache):
        return
    rows = {row["id"]: row for row in tree["nodes"]}
    paths: dict[int, IntArray] = {0: np.empty(0, dtype=np.int32)}
    depths = {0: 0}
    queue = list(rows)
    children: dict[int, list[int]] = {}
    for id_, row in rows.items():
        if row["parent"] is not None:
            children.setdefault(row["parent"], []).append(id_)
    queue = [0]
    while queue:
        above = queue.pop()
        for id_ in children.get(above, ()):
            paths[id_] = np.concatenate([paths[above], np.array(rows[id_]["token_ids"], dtype=np.int32)])
            depths[id_] = depths[above] + 1
            queue.append(id_)
    # A node is computed after its parents, as it was; then each is touched in the order of its last use.
    for turn in range(2):
        for rid, id_ in enumerate(
            sorted(paths, key=lambda i: (depths[i] if turn == 0 else 0, rows[i]["last_access"], depths[i]))
        ):
            if id_:
                _compute(memory, paths[id_], _NOBODY - rid)


def _compute(memory: KvMemory, tokens: IntArray, rid: int) -> None:
    """One request that reads ``tokens`` and ends; left out where there is no room for it."""
    cache = memory.cache
    match = cache.match(tokens, len(tokens))
    attached = cache.attach(rid, match)
    missing = len(tokens) - match.length
    if not memory.make_room(missing, rid):
        cache.release(rid, attached.node)
        return
    slots = np.concatenate([attached.slots, memory.pool.alloc(missing)])
    kept = cache.insert(rid, tokens, slots, attached.node, match.length, final=True)
    memory.pool.free(kept.duplicates)
