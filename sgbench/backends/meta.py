"""Meta information of several requests as that of one call. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from sgbench.lang.variables import LOGPROB_LISTS, Meta

_COUNTS = ("prompt_tokens", "cached_tokens", "completion_tokens", "jumped_tokens")


def summed(metas: Sequence[Meta]) -> Meta:
    """The first request's meta information, with the token counts of all that tell them."""
    if len(metas) == 1:
        return dict(metas[0])
    sums = {key: sum(meta.get(key) or 0 for meta in metas) for key in _COUNTS if key in metas[0]}
    return {**metas[0], **sums}


def news(meta: Meta, before: Meta) -> Meta:
    """``meta`` with only those logprobs that ``before`` did not have."""
    fresh = dict(meta)
    for key in LOGPROB_LISTS:
        if key in meta:
            fresh[key] = meta[key][len(before.get(key, ())) :]
    return fresh
