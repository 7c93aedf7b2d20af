"""A backend whose answers are written down: for tests, documentation and trying the language without a model.

Knows the backend protocol only.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from sgbench.backends.base import BaseBackend, Capabilities, Completion
from sgbench.errors import AbortedError, BackendError
from sgbench.lang.chat_template import ChatTemplate, get_chat_template
from sgbench.lang.choices import ChoicesDecision, ChoicesSamplingMethod, token_length_normalized
from sgbench.lang.sampling import SglSamplingParams, as_list

if TYPE_CHECKING:
    from sgbench.lang.executor import StreamExecutor

Responses: TypeAlias = Sequence[str] | Mapping[str, str] | Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Call:
    """One call that a `ScriptedBackend` took.

    Attributes
    ----------
    kind
        ``generate``, ``stream``, ``select``, ``commit`` (the frontend hint) or ``cache_prefix``.
    prompt
        The text it read.
    sampling_params
        Of a generation; None otherwise.
    choices
        Of a select; empty otherwise.
    """

    kind: str
    prompt: str
    sampling_params: SglSamplingParams | None = None
    choices: tuple[str, ...] = ()


class ScriptedBackend(BaseBackend):
    """Answers from a script, deterministically, and remembers what it was asked.

    Parameters
    ----------
    responses
        A list: taken in order, the last one again and again. A dict: the answer of the longest key with which the prompt
        ends, else of the longest that occurs in it; no key: `BackendError`. A function of the prompt. A raised exception is
        the backend's failure.
    delay_s
        Seconds that each call takes; an interrupt ends the wait.
    chat_template
        Name of the template, or the template.
    scores
        For `select`: a function of prompt and choice that gives the mean log-probability; None: the scripted response is the
        choice if it is one of them, else the first choice is taken.
    chunk_chars
        Length of the pieces of a stream.

    Attributes
    ----------
    calls
        Every call so far, in order.

    Examples
    --------
    >>> import sgbench as sgl
    >>> backend = sgl.ScriptedBackend({"capital of France?": "Paris"})
    >>> @sgl.function
    ... def qa(s, question):
    ...     s += question + sgl.gen("answer")
    >>> qa.run("What is the capital of France?", backend=backend)["answer"]
    'Paris'
    """

    capabilities = Capabilities(spellings=False)

    def __init__(
        self,
        responses: Responses = ("",),
        *,
        delay_s: float = 0.0,
        chat_template: str | ChatTemplate = "default",
        scores: Callable[[str, str], float] | None = None,
        chunk_chars: int = 1,
    ) -> None:
        self._responses = responses
        self._delay_s = delay_s
        self._scores = scores
        self._chunk_chars = chunk_chars
        self._lock = threading.Lock()
        self._given = 0
        self.chat_template = get_chat_template(chat_template) if isinstance(chat_template, str) else chat_template
        self.calls: list[Call] = []

    @property
    def prompts(self) -> list[str]:
        """The text that each generation read."""
        return [call.prompt for call in self.calls if call.kind in ("generate", "stream")]

    def get_model_name(self) -> str:
        """``scripted``."""
        return "scripted"

    def generate(self, s: StreamExecutor, sampling_params: SglSamplingParams) -> tuple[Completion, dict[str, Any]]:
        """The scripted answer, cut at the stops; ``n`` of them where ``n`` > 1."""
        prompt = s.text_
        self._take(s, Call("generate", prompt, sampling_params))
        answers = [self._answer(prompt, sampling_params) for _ in range(sampling_params.n or 1)]
        return (answers if len(answers) > 1 else answers[0]), self._meta(prompt, "".join(answers))

    def generate_stream(
        self, s: StreamExecutor, sampling_params: SglSamplingParams
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """The scripted answer in pieces."""
        prompt = s.text_
        self._take(s, Call("stream", prompt, sampling_params))
        answer = self._answer(prompt, sampling_params)
        for end in range(self._chunk_chars, len(answer) + self._chunk_chars, self._chunk_chars):
            yield answer[end - self._chunk_chars : end], self._meta(prompt, answer[:end])

    def select(
        self,
        s: StreamExecutor,
        choices: Sequence[str],
        temperature: float,
        choices_method: ChoicesSamplingMethod = token_length_normalized,
    ) -> ChoicesDecision:
        """The choice with the best score, or the scripted one."""
        prompt = s.text_
        self._take(s, Call("select", prompt, choices=tuple(choices)))
        if self._scores is None:
            answer = self._next(prompt)
            decision = answer if answer in choices else choices[0]
            return ChoicesDecision(decision, self._meta(prompt, decision))
        means = [self._scores(prompt, choice) for choice in choices]
        tokens: list[Any] = [[(mean, i, choice)] for i, (mean, choice) in enumerate(zip(means, choices, strict=True))]
        chosen = choices_method(
            choices=list(choices),
            normalized_prompt_logprobs=means,
            input_token_logprobs=tokens,
            output_token_logprobs=[[] for _ in choices],
            unconditional_token_logprobs=[[(0.0, i, choice)] for i, choice in enumerate(choices)],
        )
        return ChoicesDecision(chosen.decision, self._meta(prompt, chosen.decision) | (chosen.meta_info or {}))

    def commit_lazy_operations(self, s: StreamExecutor) -> dict[str, Any]:
        """Remembers the call."""
        self._take(s, Call("commit", s.text_))
        return self._meta(s.text_, "")

    def cache_prefix(self, prefix_str: str) -> None:
        """Remembers the call."""
        with self._lock:
            self.calls.append(Call("cache_prefix", prefix_str))

    def tokenize(self, text: str) -> list[int]:
        """A token is a character."""
        return [ord(character) for character in text]

    def flush_cache(self) -> bool:
        """There is nothing to forget."""
        return True

    def get_server_info(self) -> dict[str, Any]:
        """Number of calls so far."""
        return {"model": "scripted", "calls": len(self.calls)}

    def _take(self, s: StreamExecutor, call: Call) -> None:
        with self._lock:
            self.calls.append(call)
        aborted = threading.Event()
        with s.abortable(aborted.set):
            if self._delay_s and aborted.wait(self._delay_s):
                raise AbortedError("the scripted call was aborted")
        time.sleep(0)

    def _next(self, prompt: str) -> str:
        responses = self._responses
        if callable(responses):
            return responses(prompt)
        if isinstance(responses, Mapping):
            return responses[self._key(prompt, responses)]
        with self._lock:
            place = min(self._given, len(responses) - 1)
            self._given += 1
        return responses[place]

    @staticmethod
    def _key(prompt: str, responses: Mapping[str, str]) -> str:
        by_length = sorted(responses, key=len, reverse=True)
        for fits in (prompt.endswith, prompt.__contains__):
            for key in by_length:
                if fits(key):
                    return key
        raise BackendError(f"the script has no answer for a prompt that ends in {prompt[-40:]!r}")

    def _answer(self, prompt: str, params: SglSamplingParams) -> str:
        answer = self._next(prompt)
        for stop in as_list(params.stop):
            answer = answer.split(stop, 1)[0] if stop else answer
        return answer

    @staticmethod
    def _meta(prompt: str, answer: str) -> dict[str, Any]:
        """Meta information in which a token is a character."""
        return {
            "prompt_tokens": len(prompt),
            "cached_tokens": 0,
            "completion_tokens": len(answer),
            "finish_reason": {"type": "stop"},
        }
