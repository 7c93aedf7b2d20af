"""transformers' `generate` as a backend: the usual way without a serving engine, with dynamic batches.

Calls that wait together are padded into one batch, as a careful user of the library would; nothing is kept between calls.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sgbench.backends import scoring
from sgbench.backends.base import BaseBackend, Capabilities, Completion
from sgbench.backends.local import own_template
from sgbench.engine.request import RequestOutput
from sgbench.errors import AbortedError, UsageError
from sgbench.lang.choices import ChoicesDecision, ChoicesSamplingMethod, token_length_normalized
from sgbench.lang.sampling import SglSamplingParams, as_list
from sgbench.workloads.peers.measure import check_fits
from sgbench.workloads.peers.peer import Peer

if TYPE_CHECKING:
    from sgbench.lang.executor import StreamExecutor

BATCH = 16
"""Most calls of one batch."""


@dataclass(slots=True, eq=False)
class Call:
    """One call: a generation, or texts to score."""

    ids: list[int]
    params: SglSamplingParams | None = None
    texts: list[list[int]] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)
    out: Any = None
    failure: BaseException | None = None

    @property
    def kind(self) -> tuple[Any, ...]:
        """Calls of one kind may share a batch."""
        return ("score", id(self)) if self.params is None else ("generate", self.params.temperature)


class TransformersBackend(BaseBackend):
    """Programs on transformers.

    Parameters
    ----------
    folder
        Of the model.
    device
        ``cpu`` or ``cuda``.
    batch
        Most calls of one batch.
    """

    capabilities = Capabilities(images=False)

    def __init__(self, folder: str, device: str, batch: int = BATCH) -> None:
        import torch
        import transformers

        from sgbench.engine.tokenizer import Tokenizer

        self._torch = torch
        self._device = device
        self._folder = folder
        self.tokenizer = Tokenizer(Path(folder))
        self.chat_template = own_template(self.tokenizer, folder)
        transformers.utils.logging.disable_progress_bar()
        dtype = torch.float32 if device == "cpu" else torch.bfloat16
        self.model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).to(device).eval()
        self._context = int(self.model.config.max_position_embeddings)
        self._batch = batch
        self._calls: queue.Queue[Call | None] = queue.Queue()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    # --- the protocol -------------------------------------------------------------------------------------------

    def get_model_name(self) -> str:
        """The folder."""
        return self._folder

    def generate(self, s: StreamExecutor, sampling_params: SglSamplingParams) -> tuple[Completion, dict[str, Any]]:
        """See `BaseBackend.generate`."""
        if any((sampling_params.regex, sampling_params.json_schema, sampling_params.dtype)):
            raise UsageError("transformers' generate holds no regex and no schema")
        if sampling_params.n not in (None, 1):
            raise UsageError("this backend draws one sample a call")
        ids = self.tokenizer.read(s.text_).ids
        check_fits(len(ids), sampling_params.max_new_tokens or 0, self._context)
        call = self._answer(s, Call(ids, sampling_params))
        text, out = call.out
        meta = {"prompt_tokens": len(ids), "cached_tokens": 0, "completion_tokens": len(out)}
        return text, meta | {"finish_reason": {"type": "stop"}}

    def select(
        self,
        s: StreamExecutor,
        choices: Sequence[str],
        temperature: float,
        choices_method: ChoicesSamplingMethod = token_length_normalized,
    ) -> ChoicesDecision:
        """See `BaseBackend.select`; all choices in one forward pass."""
        if choices_method.requires_unconditional_logprobs or choices_method.max_tokenizations is not None:
            raise UsageError(f"{choices_method!r} is not offered here")
        prompt = self.tokenizer.read(s.text_).ids
        texts = [self.tokenizer.read(s.text_ + choice).ids for choice in choices]
        check_fits(max(map(len, texts)), 0, self._context)
        call = self._answer(s, Call(prompt, texts=texts))
        decision = scoring.decide(choices, choices_method, call.out, None)
        meta = {"prompt_tokens": sum(map(len, texts)), "cached_tokens": 0, "completion_tokens": 0}
        return ChoicesDecision(decision.decision, meta | (decision.meta_info or {}))

    def tokenize(self, text: str) -> list[int]:
        """See `BaseBackend.tokenize`."""
        return list(self.tokenizer.read(text).ids)

    def shutdown(self) -> None:
        """End the thread."""
        self._calls.put(None)
        self._thread.join()

    def _answer(self, s: StreamExecutor, call: Call) -> Call:
        with s.abortable(call.done.set):
            self._calls.put(call)
            call.done.wait()
        if call.failure is not None:
            raise call.failure
        if call.out is None:
            raise AbortedError("the call was given up")
        return call

    # --- the thread ---------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        """Take what waits, batch what can be batched; one thread touches the model."""
        waiting: list[Call] = []
        while True:
            if not waiting:
                first = self._calls.get()
                if first is None:
                    return
                waiting.append(first)
            with contextlib.suppress(queue.Empty):
                while (more := self._calls.get_nowait()) is not None:
                    waiting.append(more)
            batch = [call for call in waiting if call.kind == waiting[0].kind][: self._batch]
            waiting = [call for call in waiting if call not in batch]
            try:
                with self._torch.inference_mode():
                    self._run(batch)
            except Exception as failure:  # whoever waits must hear of it
                for call in batch:
                    call.failure = failure
            for call in batch:
                call.done.set()

    def _run(self, batch: list[Call]) -> None:
        if batch[0].params is None:
            batch[0].out = self._scored(batch[0])
            return
        for call, ids in zip(batch, self._generated(batch), strict=True):
            call.out = self._cut(call, ids), ids

    def _padded(self, texts: Sequence[Sequence[int]], left: bool) -> tuple[Any, Any]:
        longest = max(map(len, texts))
        pads = [[0] * (longest - len(ids)) for ids in texts]
        rows = [pad + list(ids) if left else list(ids) + pad for ids, pad in zip(texts, pads, strict=True)]
        masks = [pad + [1] * len(ids) if left else [1] * len(ids) + pad for ids, pad in zip(texts, pads, strict=True)]
        tensor = self._torch.tensor
        return tensor(rows, device=self._device), tensor(masks, device=self._device)

    def _generated(self, batch: list[Call]) -> list[list[int]]:
        ids, mask = self._padded([call.ids for call in batch], left=True)
        params = [call.params for call in batch if call.params is not None]
        temperature = params[0].temperature or 0.0
        options: dict[str, Any] = {"do_sample": False}
        if temperature > 0:
            options = {"do_sample": True, "temperature": temperature, "top_k": 0}
        out = self.model.generate(
            ids,
            attention_mask=mask,
            max_new_tokens=max(p.max_new_tokens or 0 for p in params),
            eos_token_id=None,  # ends are told row by row
            pad_token_id=0,
            stopping_criteria=[_Ends(self, batch, ids.shape[1])],
            logits_processor=[_Least(self, batch, ids.shape[1])],
            **options,
        )
        return [self._kept(call, row) for call, row in zip(batch, out[:, ids.shape[1] :].tolist(), strict=True)]

    def ended(self, call: Call, ids: Sequence[int]) -> bool:
        """Is ``ids`` all that ``call`` wants?"""
        params = call.params
        assert params is not None
        if len(ids) >= (params.max_new_tokens or 0):
            return True
        if len(ids) < (params.min_new_tokens or 0) or not ids:
            return False
        if not params.ignore_eos and ids[-1] in self.ends:
            return True
        stops = as_list(params.stop)
        return bool(stops) and any(stop in self._text(ids) for stop in stops)

    @property
    def ends(self) -> frozenset[int]:
        """The model's own end tokens."""
        eos = self.model.generation_config.eos_token_id
        return frozenset([eos] if isinstance(eos, int) else eos or [])

    def _kept(self, call: Call, row: list[int]) -> list[int]:
        """The row without what stands behind its end."""
        for n in range(1, len(row) + 1):
            if self.ended(call, row[:n]):
                return row[:n]
        return row

    def _cut(self, call: Call, ids: list[int]) -> str:
        params = call.params
        assert params is not None
        text = self._text([i for i in ids if i not in self.ends])
        found = [at for stop in as_list(params.stop) if (at := text.find(stop)) >= 0]
        return text[: min(found)] if found else text

    def _text(self, ids: Sequence[int]) -> str:
        return b"".join(self.tokenizer.token_bytes(i, skip_special=True) for i in ids).decode("utf-8", "replace")

    def _scored(self, call: Call) -> list[RequestOutput]:
        ids, mask = self._padded(call.texts, left=False)
        logprobs = self.model(ids, attention_mask=mask).logits.float().log_softmax(-1)
        outputs = []
        for i, text in enumerate(call.texts):
            start = max(1, scoring.common_prefix(call.ids, text))
            tokens = [(float(logprobs[i, at - 1, text[at]]), text[at], None) for at in range(start, len(text))]
            told = {"input_token_logprobs": tokens, "output_token_logprobs": []}
            outputs.append(RequestOutput(rid=-1, text="", output_ids=(), finish_reason=None, meta_info=told))
        return outputs


class _Ends:
    """transformers' stopping criterion: a row ends where its own call ends."""

    def __init__(self, backend: TransformersBackend, batch: list[Call], prompt: int) -> None:
        self._backend, self._batch, self._prompt = backend, batch, prompt
        self._ended = [False] * len(batch)

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
        import torch

        for i, row in enumerate(input_ids[:, self._prompt :].tolist()):
            self._ended[i] = self._ended[i] or self._backend.ended(self._batch[i], row)
        return torch.tensor(self._ended, device=input_ids.device)


class _Least:
    """transformers' logits processor: a row does not end before its least length."""

    def __init__(self, backend: TransformersBackend, batch: list[Call], prompt: int) -> None:
        self._ends = sorted(backend.ends)
        self._least = [call.params.min_new_tokens or 0 if call.params else 0 for call in batch]
        self._forever = [bool(call.params and call.params.ignore_eos) for call in batch]
        self._prompt = prompt

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        said = input_ids.shape[1] - self._prompt
        for i, (least, forever) in enumerate(zip(self._least, self._forever, strict=True)):
            if said < least and not forever:
                scores[i, self._ends] = float("-inf")
        return scores


@contextlib.contextmanager
def _open(folder: str, device: str) -> Iterator[BaseBackend]:
    backend = TransformersBackend(folder, device)
    try:
        yield backend
    finally:
        backend.shutdown()


PEER = Peer(
    name="transformers",
    title=f"transformers' generate, waiting calls in batches of up to {BATCH}",
    package="transformers",
    open=_open,
)
