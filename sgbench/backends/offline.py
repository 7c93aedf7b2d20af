"""What SGLang's offline engine has beside ``generate``: the same on an event loop, and a word about what an engine here has not."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from typing import Any, NoReturn

from sgbench.backends.handle_updates import updates
from sgbench.engine.generate import GenerateCall, result_dict
from sgbench.engine.handle import Handle
from sgbench.errors import BackendError


class OfflineMethods:
    """The rest of SGLang's offline methods, for an engine that queues calls."""

    def submit_call(self, call: GenerateCall) -> list[Handle]:
        """Queue ``call``; the engine's own."""
        raise NotImplementedError

    async def async_generate(
        self,
        prompt: Any = None,
        sampling_params: Any = None,
        input_ids: Any = None,
        return_logprob: Any = False,
        logprob_start_len: Any = None,
        top_logprobs_num: Any = 0,
        return_text_in_logprobs: bool = False,
        stream: bool = False,
    ) -> Any:
        """``generate`` on an event loop, which it does not block; with ``stream`` an asynchronous iterator.

        Who stops waiting, or reading, aborts the requests. Parameters, results and errors are those of ``generate``.
        """
        call = GenerateCall.from_arguments(
            prompt,
            input_ids,
            sampling_params,
            return_logprob,
            logprob_start_len,
            top_logprobs_num,
            return_text_in_logprobs,
        )
        return self._stream(call) if stream else await self._whole(call)

    async def _whole(self, call: GenerateCall) -> Any:
        handles = self.submit_call(call)
        async with contextlib.aclosing(updates(handles, streaming=False)) as outputs:
            found = {place: result_dict(output) async for place, output in outputs}
        results = [found[place] for place in range(len(handles))]
        return results[0] if call.single and len(results) == 1 else results

    async def _stream(self, call: GenerateCall) -> AsyncGenerator[dict[str, Any], None]:
        handles = self.submit_call(call)
        single = call.single and len(handles) == 1
        async with contextlib.aclosing(updates(handles)) as outputs:
            async for place, output in outputs:
                result = result_dict(output)
                yield result if single else {**result, "index": place}

    def encode(self, prompt: Any) -> NoReturn:
        """SGLang's embeddings, which there are none of.

        Raises
        ------
        BackendError
            Always.
        """
        raise BackendError("encode: the models that sgbench runs generate text, and give no embeddings")

    def start_profile(self) -> NoReturn:
        """SGLang's profiler, which there is none of.

        Raises
        ------
        BackendError
            Always; it says what there is instead.
        """
        raise BackendError(
            "an engine in this process has no profiler of its own: engine.record() tells every step, and Trace.to_perfetto shows them"
        )

    stop_profile = start_profile
