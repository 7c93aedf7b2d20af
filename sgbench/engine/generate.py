"""SGLang's offline ``generate``: its arguments spread over prompts, its results gathered. Knows handles, not the engine."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from sgbench.engine.handle import Handle
from sgbench.engine.request import RequestOutput, SamplingParams
from sgbench.engine.sampling_params import sampling_params as checked_params
from sgbench.errors import UsageError


@dataclass(frozen=True, slots=True)
class GenerateItem:
    """One prompt: text or ids, how to sample, and ``(return_logprob, logprob_start_len, top_logprobs_num, text)``."""

    prompt: Any
    params: SamplingParams
    logprobs: tuple[bool, int | None, int, bool]


def _spread(name: str, value: Any, n: int) -> list[Any]:
    """``value`` for each of ``n`` prompts; a list must have one for each."""
    if not isinstance(value, list | tuple):
        return [value] * n
    if len(value) != n:
        raise UsageError(f"{name} has {len(value)} entries for {n} prompts")
    return list(value)


def _spread_params(given: Any, n: int) -> list[SamplingParams]:
    """Checked parameters for each of ``n`` prompts; those of all are checked once."""
    if isinstance(given, list | tuple):
        return [checked_params(params) for params in _spread("sampling_params", given, n)]
    return [checked_params(given)] * n


def result_dict(output: RequestOutput) -> dict[str, Any]:
    """SGLang's dict."""
    return {"text": output.text, "output_ids": list(output.output_ids), "meta_info": output.meta_info}


@dataclass(frozen=True, slots=True)
class GenerateCall:
    """One call: a prompt or several."""

    items: tuple[GenerateItem, ...]
    single: bool

    @classmethod
    def from_arguments(
        cls,
        prompt: Any,
        input_ids: Any,
        sampling_params: Any,
        return_logprob: Any,
        logprob_start_len: Any,
        top_logprobs_num: Any,
        return_text_in_logprobs: bool,
    ) -> Self:
        """Spread the arguments of ``generate``.

        Raises
        ------
        UsageError
            Both or neither of ``prompt`` and ``input_ids``, no prompt at all, or lists of unequal length.
        """
        if (prompt is None) == (input_ids is None):
            raise UsageError("generate needs either prompt or input_ids")
        if prompt is not None:
            single = isinstance(prompt, str)
            prompts = [prompt] if single else list(prompt)
        else:
            single = not (len(input_ids) and isinstance(input_ids[0], list | tuple))
            prompts = [input_ids] if single else list(input_ids)
        n = len(prompts)
        if n == 0:
            raise UsageError("generate needs at least one prompt")
        if not single and prompt is not None and not all(isinstance(text, str) for text in prompts):
            raise UsageError("prompt is a string or a list of strings; token ids go into input_ids")
        columns = (
            _spread_params(sampling_params, n),
            _spread("return_logprob", return_logprob, n),
            _spread("logprob_start_len", logprob_start_len, n),
            _spread("top_logprobs_num", top_logprobs_num, n),
        )
        items = tuple(
            GenerateItem(one, params, (bool(wanted), start, top or 0, return_text_in_logprobs))
            for one, params, wanted, start, top in zip(prompts, *columns, strict=True)
        )
        return cls(items, single)

    @staticmethod
    def gather(handles: list[Handle]) -> list[dict[str, Any]]:
        """Wait for all. If the wait ends early, by Ctrl-C too, the rest are aborted."""
        try:
            return [result_dict(handle.wait()) for handle in handles]
        except BaseException:
            for handle in handles:
                handle.abort("the caller was interrupted")
            raise

    @staticmethod
    def stream(handles: list[Handle], single: bool) -> Iterator[dict[str, Any]]:
        """Cumulative results as they come. Closing the iterator early aborts the rest."""
        ready: queue.SimpleQueue[int] = queue.SimpleQueue()
        for index, handle in enumerate(handles):
            handle.stream_to(lambda index=index: ready.put(index))  # type: ignore[misc]
        return _merged(handles, ready, single)


def _merged(handles: list[Handle], ready: queue.SimpleQueue[int], single: bool) -> Iterator[dict[str, Any]]:
    left = set(range(len(handles)))
    shown: dict[int, RequestOutput] = {}
    try:
        while left:
            handles[min(left)].pump()
            index = ready.get()
            output = handles[index].latest()
            if output is None or index not in left or shown.get(index) is output:
                continue  # a newer one was shown already
            shown[index] = output
            if output.finish_reason is not None:
                left.discard(index)
            yield result_dict(output) if single else {**result_dict(output), "index": index}
    finally:
        for handle in handles:
            handle.abort("the caller stopped reading")
