"""The protocol between a program and where it runs: subclass `BaseBackend` for another place.

The methods and their arguments are SGLang's, so a backend written for SGLang works; what sgbench adds has defaults that do
nothing. Knows the language's nouns; knows no engine.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sgbench.backends.capabilities import Capabilities
from sgbench.errors import BackendError
from sgbench.lang.calls import Call
from sgbench.lang.chat_template import ChatTemplate, get_chat_template
from sgbench.lang.choices import ChoicesDecision, ChoicesSamplingMethod, token_length_normalized
from sgbench.lang.sampling import SglSamplingParams

if TYPE_CHECKING:
    from sgbench.lang.executor import StreamExecutor
    from sgbench.lang.turns import Turns
    from sgbench.lang.waiting import Gate
    from sgbench.trace.events import Event

__all__ = ["BaseBackend", "Capabilities", "Completion"]

Completion = str | list[str]


class BaseBackend:
    """Where programs run. Override what the place can do; `generate` is the least.

    In every method ``s`` is the state's `StreamExecutor`: read ``s.text_``, ``s.messages_``, ``s.call`` (which call this is)
    and use ``s.abortable`` around a wait, so that an interrupt ends it.

    Attributes
    ----------
    chat_template
        Template for a program's roles.
    support_concate_and_append
        Can the KV of branches be concatenated (`concatenate_and_append`)?
    is_chat_model
        Does the place take messages rather than text?
    capabilities
        What it can do.
    gate
        Where live threads are counted, for an engine that must know when all wait (`sgbench.lang.waiting`); None: nowhere.
    turns
        In which programs' threads compute (`sgbench.lang.turns`); None: as they like.
    """

    support_concate_and_append: bool = False
    is_chat_model: bool = False
    capabilities: Capabilities = Capabilities()
    gate: Gate | None = None
    turns: Turns | None = None
    chat_template: ChatTemplate = get_chat_template("default")

    def get_model_name(self) -> str:
        """Name of the model."""
        raise BackendError(f"{type(self).__name__} does not tell the name of its model")

    def get_chat_template(self) -> ChatTemplate:
        """Template for a program's roles."""
        return self.chat_template

    def generate(self, s: StreamExecutor, sampling_params: SglSamplingParams) -> tuple[Completion, dict[str, Any]]:
        """Complete ``s.text_``: the completion (a list where ``n`` > 1) and its meta information.

        Meta information may hold SGLang's keys and, for views, ``cached_text_len``: how many characters of the prompt the
        cached tokens cover.
        """
        raise BackendError(f"{type(self).__name__} cannot generate")

    def generate_stream(
        self, s: StreamExecutor, sampling_params: SglSamplingParams
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """As `generate`, in pieces: each with its meta information, whose logprob lists cover that piece alone."""
        raise BackendError(f"{type(self).__name__} cannot stream")

    def select(
        self,
        s: StreamExecutor,
        choices: Sequence[str],
        temperature: float,
        choices_method: ChoicesSamplingMethod = token_length_normalized,
    ) -> ChoicesDecision:
        """Choose the continuation of ``s.text_``."""
        raise BackendError(f"{type(self).__name__} cannot select")

    def generation(
        self, s: StreamExecutor, sampling_params: SglSamplingParams
    ) -> Call[tuple[Completion, dict[str, Any]]]:
        """`generate` as a call that may be left where it waits (`sgbench.lang.calls`); asked where the backend `pauses`."""
        raise BackendError(f"{type(self).__name__} pauses, but has no generation")

    def selection(
        self,
        s: StreamExecutor,
        choices: Sequence[str],
        temperature: float,
        choices_method: ChoicesSamplingMethod = token_length_normalized,
    ) -> Call[ChoicesDecision]:
        """`select` likewise."""
        raise BackendError(f"{type(self).__name__} pauses, but has no selection")

    def commit_lazy_operations(self, s: StreamExecutor) -> dict[str, Any] | None:
        """Read ``s.text_`` now, because forks will share it (the frontend hint); its meta information, if any."""

    def cache_prefix(self, prefix_str: str) -> None:
        """Read ``prefix_str`` now, because many programs will begin with it."""

    def uncache_prefix(self, rid: str) -> None:
        """The prefix is no longer needed."""

    def begin_program(self, s: StreamExecutor) -> None:
        """A state begins."""

    def end_program(self, s: StreamExecutor) -> None:
        """A state ended."""

    def end_request(self, rid: str) -> None:
        """A request is no longer needed."""

    def fork_program(self, src: StreamExecutor, dst: StreamExecutor, position_ids_offset: Any = None) -> None:
        """State ``dst`` was copied from ``src``."""

    def concatenate_and_append(self, src_rids: list[str], dst_rid: str) -> None:
        """Append the KV of states ``src_rids`` to that of ``dst_rid``."""
        raise BackendError(f"{type(self).__name__} cannot concatenate KV")

    def fill_image(self, s: StreamExecutor) -> None:
        """An image was added to the state."""

    def tokenize(self, text: str) -> list[int]:
        """The tokens in which the place would read ``text``."""
        raise BackendError(f"{type(self).__name__} does not tell its tokens")

    def flush_cache(self) -> Any:
        """Forget cached prefixes."""

    def get_server_info(self) -> Any:
        """Facts about the place, as a dict."""

    def shutdown(self) -> None:
        """Give everything back."""

    @property
    def pauses(self) -> bool:
        """Do `generation` and `selection` yield what they wait for, so that programs need no thread meanwhile? Needs turns, and no gate."""
        return False

    @property
    def listening(self) -> bool:
        """Does anybody want the events that `emit` takes?"""
        return False

    def emit(self, event: Event) -> None:
        """Take an event of a program."""

    def next_program(self) -> int:
        """A number for a new program, from 0."""
        counter: itertools.count[int] = self.__dict__.setdefault("_programs", itertools.count())
        return next(counter)  # one bytecode under the interpreter lock: no number is given twice
