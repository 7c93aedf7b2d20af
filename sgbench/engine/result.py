"""A request's state as the caller sees it: SGLang's text, ids and ``meta_info``."""

from __future__ import annotations

from typing import Any

from sgbench.engine.request import RequestOutput
from sgbench.engine.sequence import Sequence


def request_output(seq: Sequence) -> RequestOutput:
    """Output of ``seq`` so far, cumulative."""
    said = seq.transcript
    text = said.text()
    meta: dict[str, Any] = {
        "id": str(seq.rid),
        "prompt_tokens": seq.prompt_len,
        "completion_tokens": len(said.output_ids),
        "cached_tokens": seq.cached_at_first,
        "jumped_tokens": sum(said.jumped),
        "finish_reason": said.finish_reason,
        "complete": _complete(seq, text),
        "e2e_latency": said.finished_s,
        "first_token_latency": said.first_token_s,
    }
    if seq.constraint is not None:
        meta["jumped_spans"] = said.jumped_spans()
    if seq.wish.wanted:
        meta.update(_logprobs(seq))
    return RequestOutput(
        rid=seq.rid,
        text=text,
        output_ids=tuple(said.output_ids),
        finish_reason=said.finish_reason,
        meta_info=meta,
    )


def _complete(seq: Sequence, text: str) -> bool:
    """Does the text satisfy the constraint, if there is one? Not before it is finished."""
    if seq.constraint is None:
        return True
    return seq.transcript.finish_reason is not None and seq.constraint.machine.accepts(text)


def _logprobs(seq: Sequence) -> dict[str, Any]:
    """The logprob lists: ``(logprob, token_id, text or None)``, for prompt positions from ``logprob_start_len`` on.

    The first prompt token has logprob None and no candidates: nothing predicts it.
    """
    said, wish = seq.transcript, seq.wish
    first: list[float | None] = [None] if wish.start == 0 else []
    values = [*first, *said.input_logprobs]
    ids = seq.ids[wish.start : wish.start + len(values)].tolist()
    lists: dict[str, Any] = {
        "input_token_logprobs": said.entries(values, ids, wish.text),
        "output_token_logprobs": said.entries(said.output_logprobs, said.output_ids, wish.text),
        "output_token_logprobs_length": len(said.output_logprobs),
    }
    if wish.top:
        lists["input_top_logprobs"] = [None for _ in first] + said.top_entries(said.input_top, wish.text)
        lists["output_top_logprobs"] = said.top_entries(said.output_top, wish.text)
    return lists
