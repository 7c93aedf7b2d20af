"""Other systems that the same programs run on, beside the engine in the same run: transformers, vLLM, SGLang, Guidance, Outlines.

Each is a backend of the language, so programs and prompts are identical. One that is not installed is left out, and says so.
"""

from __future__ import annotations

import difflib

from sgbench.errors import UsageError
from sgbench.workloads.peers.measure import PeerReport, measure
from sgbench.workloads.peers.peer import Peer

__all__ = ["Peer", "PeerReport", "get", "measure", "names"]


def _peers() -> dict[str, Peer]:
    from sgbench.workloads.peers import guidance_peer, outlines_peer, servers, transformers_peer

    known = (
        transformers_peer.PEER,
        servers.VLLM,
        servers.SGLANG,
        guidance_peer.PEER,
        outlines_peer.PEER,
    )
    return {peer.name: peer for peer in known}


def names() -> list[str]:
    """The peers that there is an adapter for, installed or not."""
    return list(_peers())


def get(name: str) -> Peer:
    """The peer called ``name``.

    Raises
    ------
    UsageError
        There is none; the message names the nearest.
    """
    known = _peers()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"there is no peer {name!r}{hint} There are {', '.join(known)}")
    return known[name]
