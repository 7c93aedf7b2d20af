"""Guidance as a backend: its own generation, choice and regex over transformers, one call at a time."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sgbench.backends.base import BaseBackend, Capabilities, Completion
from sgbench.backends.local import own_template
from sgbench.errors import UsageError
from sgbench.lang.choices import ChoicesDecision, ChoicesSamplingMethod, token_length_normalized
from sgbench.lang.sampling import SglSamplingParams, as_list
from sgbench.workloads.peers.measure import check_fits
from sgbench.workloads.peers.peer import Peer

if TYPE_CHECKING:
    from sgbench.lang.executor import StreamExecutor


class GuidanceBackend(BaseBackend):
    """Programs on Guidance.

    Its models take one call at a time, so programs that run side by side wait for one another. It keeps the KV of the
    last call, which the next one may begin with. It knows one end token only: where a model ends with another, a call goes on to its
    ``max_tokens``. A regex ends by itself, so the chat template's own stops are not given with it: with a stop beside a regex its parser
    (llguidance 1.9) fails a check of its own, which is told as the peer's failure where a program asks for both.
    """

    capabilities = Capabilities(images=False)

    def __init__(self, folder: str, device: str) -> None:
        import guidance
        import torch
        import transformers

        from sgbench.engine.tokenizer import Tokenizer

        self._guidance: Any = guidance
        self._folder = folder
        self._tokenizer = Tokenizer(Path(folder))
        self.chat_template = own_template(self._tokenizer, folder)
        transformers.utils.logging.disable_progress_bar()
        dtype = torch.float32 if device == "cpu" else torch.bfloat16
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).to(device).eval()
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        model.register_forward_hook(_cropped_by_length)
        self._context = int(model.config.max_position_embeddings)
        self._model: Any = guidance.models.Transformers(model, tokenizer, echo=False)
        self._lock = threading.Lock()

    def get_model_name(self) -> str:
        """The folder."""
        return self._folder

    def generate(self, s: StreamExecutor, sampling_params: SglSamplingParams) -> tuple[Completion, dict[str, Any]]:
        """See `BaseBackend.generate`."""
        params = sampling_params
        if params.json_schema or params.dtype or params.n not in (None, 1) or params.min_new_tokens:
            raise UsageError("the Guidance adapter takes text, stops and regexes; one sample, no least length")
        prompt = self._tokenizer.read(s.text_).ids
        check_fits(len(prompt), params.max_new_tokens or 0, self._context)
        stops = [stop for stop in as_list(params.stop) if not (params.regex and stop in self.chat_template.stop_str)]
        wanted = self._guidance.gen(
            name="said",
            max_tokens=params.max_new_tokens,
            temperature=params.temperature or 0.0,
            stop=stops or None,
            regex=params.regex,
        )
        with self._lock:
            text = str((self._model + s.text_ + wanted)["said"])
        counts = {"prompt_tokens": len(prompt), "completion_tokens": len(self._tokenizer.encode(text))}
        return text, counts | {"finish_reason": {"type": "stop"}}

    def select(
        self,
        s: StreamExecutor,
        choices: Sequence[str],
        temperature: float,
        choices_method: ChoicesSamplingMethod = token_length_normalized,
    ) -> ChoicesDecision:
        """Guidance's own `select`, which goes token by token: the method is not used."""
        with self._lock:
            chosen = (self._model + s.text_ + self._guidance.select(list(choices), name="said"))["said"]
        return ChoicesDecision(str(chosen), {"prompt_tokens": len(self._tokenizer.encode(s.text_))})


def _cropped_by_length(model: Any, given: Any, output: Any) -> None:
    """A torch forward hook: the cache that comes back takes the length to keep, which is what Guidance 0.3 tells it.

    In transformers 5 `crop` takes the tokens to remove, as a negative number.
    """
    del model, given
    cache = output.past_key_values

    def crop(length: int) -> None:
        type(cache).crop(cache, length - cache.get_seq_length() if length >= 0 else length)

    cache.crop = crop


@contextlib.contextmanager
def _open(folder: str, device: str) -> Iterator[BaseBackend]:
    yield GuidanceBackend(folder, device)


PEER = Peer(name="guidance", title="Guidance over transformers, one call at a time", package="guidance", open=_open)
