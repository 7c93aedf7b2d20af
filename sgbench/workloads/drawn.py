"""Answers that are drawn instead of meant: what makes arms comparable where the weights are random.

Random weights have no opinion: their best token is decided by the rounding of the arithmetic, which differs between a prompt that is
computed whole and one whose beginning comes from the cache. Arms would then say different things, end at different lengths, and run
different programs. Here each call's length and each of its tokens are drawn by a hash of the call (its prompt, branch and operation), so
that every arm runs the very same requests, while the model computes all that it would compute otherwise.

Knows the backend of an engine in this process; no workload and no weights.
"""

from __future__ import annotations

import bisect
import dataclasses
import hashlib
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sgbench.backends.answers import gathered
from sgbench.backends.local import LocalBackend
from sgbench.backends.meta import summed
from sgbench.engine.tokenizer import ReadText
from sgbench.errors import UsageError
from sgbench.lang.calls import Call
from sgbench.lang.choices import ChoicesDecision, ChoicesSamplingMethod, token_length_normalized
from sgbench.lang.sampling import SglSamplingParams
from sgbench.workloads.request_trie import shared

if TYPE_CHECKING:
    from sgbench.backends.base import Completion
    from sgbench.backends.local import Engine
    from sgbench.lang.executor import StreamExecutor

HEAT = 1e30
"""Temperature at which logits weigh nothing: tokens are drawn by the call's seed alone, equally from all that a constraint allows."""

HOW = "drawn by a hash of each call, the same in every arm: the length evenly from 1 to the most the call allows, the tokens evenly"
"""For a report."""


class Spelling(ReadText):
    """A text whose beginning was generated: its tokens are kept as they were, as real text's tokens mostly are anyway."""

    def __init__(self, kept: str, ids: list[int], rest: ReadText, bos: int | None) -> None:
        self._kept, self._first, self._rest = len(kept), len(ids), rest
        self._skipped = int(bos is not None and rest.ids[:1] == [bos])  # it stands at the front already
        self.ids = [*ids, *rest.ids[self._skipped :]]

    def chars(self, n_tokens: int) -> int:
        """As `ReadText.chars`; tokens inside the kept beginning count evenly."""
        if n_tokens >= self._first:
            return self._kept + self._rest.chars(n_tokens - self._first + self._skipped)
        return self._kept * n_tokens // self._first


class Spellings:
    """Texts with the tokens they were generated as; finds the longest that another text begins with. Safe to share between threads."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._ids: dict[str, list[int]] = {}
        self._lock = threading.Lock()

    def add(self, text: str, ids: list[int]) -> None:
        """``text`` was generated as ``ids``."""
        with self._lock:
            if text not in self._ids:
                bisect.insort(self._texts, text)
            self._ids[text] = ids

    def longest(self, text: str) -> tuple[str, list[int]]:
        """The longest known text that ``text`` begins with, and its tokens; nothing if there is none."""
        with self._lock:
            head = text
            while at := bisect.bisect_right(self._texts, head):
                near = self._texts[at - 1]
                if head.startswith(near):
                    return near, self._ids[near]
                head = head[: shared(head, near)]
        return "", []


class DrawnBackend(LocalBackend):
    """Programs on an engine whose answers are drawn.

    A call without constraint gets a length from 1 to its ``max_tokens``, evenly (a call that fixes its length, that one), and ends nowhere
    else; one with a constraint ends where the constraint does. A choice is scored as ever, and then drawn. What was generated keeps its
    tokens when it is read again, because evenly drawn tokens are not those that the tokenizer would write.
    """

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._spellings = Spellings()
        self._ends = frozenset(self._tokenizer.eos_token_ids)

    def generation(
        self, s: StreamExecutor, sampling_params: SglSamplingParams
    ) -> Call[tuple[Completion, dict[str, Any]]]:
        """See `LocalBackend.generation`.

        Raises
        ------
        UsageError
            More than one sample is asked for.
        """
        if sampling_params.n not in (None, 1):
            raise UsageError(f"n={sampling_params.n}: drawn answers are one a call")
        prompt, handles = self._submit(s, self._drawn(s, sampling_params))
        (output,) = yield from gathered(s, handles)
        said = list(output.output_ids)
        if (output.finish_reason or {}).get("type") == "stop" and said and said[-1] in self._ends:
            del said[-1]
        self._spellings.add(s.text_ + output.text, [*prompt.ids, *said])
        meta = summed([output.meta_info])
        meta["cached_text_len"] = prompt.chars(output.meta_info["cached_tokens"])
        return output.text, meta

    def selection(
        self,
        s: StreamExecutor,
        choices: Sequence[str],
        temperature: float,
        choices_method: ChoicesSamplingMethod = token_length_normalized,
    ) -> Call[ChoicesDecision]:
        """See `LocalBackend.selection`; the scores are computed, the decision is drawn."""
        scored = yield from super().selection(s, choices, temperature, choices_method)
        return ChoicesDecision(choices[_number(s) % len(choices)], scored.meta_info)

    def _drawn(self, s: StreamExecutor, params: SglSamplingParams) -> SglSamplingParams:
        free = not (params.regex or params.json_schema or params.dtype)
        even = dataclasses.replace(
            params,
            temperature=HEAT,
            top_p=1.0,
            top_k=-1,
            min_p=0.0,
            frequency_penalty=0.0,
            presence_penalty=0.0,
            sampling_seed=0,  # `_call_seed` says which
        )
        if not free:
            return even
        most, least = params.max_new_tokens or 1, max(1, params.min_new_tokens or 0)
        tokens = least + _number(s) % (most - least + 1)
        return dataclasses.replace(
            even,
            min_new_tokens=tokens,
            max_new_tokens=tokens,
            ignore_eos=True,
            stop=[],
            stop_token_ids=[],
            stop_regex=[],
        )

    def _call_seed(self, s: StreamExecutor, seed: int) -> int:
        del seed
        return _number(s)

    def _read(self, text: str) -> ReadText:
        kept, ids = self._spellings.longest(text)
        rest = super()._read(text[len(kept) :])
        return Spelling(kept, ids, rest, self._tokenizer.bos_token_id) if ids else rest


def _number(s: StreamExecutor) -> int:
    """63 bits that name a call: by what its prompt says and where in its program it stands, whichever arm runs it."""
    named = f"{s.call.branch} {s.call.op} {s.text_}".encode("utf-8", "replace")
    return int.from_bytes(hashlib.blake2b(named, digest_size=8).digest()) >> 1
