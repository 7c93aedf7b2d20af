"""What a backend can do, as plain data: asked before a program's first call, and shown as a table. Knows sampling values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sgbench.lang.sampling import SglSamplingParams, dtype_name

Select = Literal["scores", "votes", "no"]

DTYPES = frozenset({"int", "float", "str", "bool"})


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend can do; a program that asks for more fails before its first call, with a message that says so.

    Attributes
    ----------
    select
        How `select` is decided: ``scores``, from log-probabilities by the method that the program names; ``votes``, token by token
        by what the model would write, whatever the method; ``no``, not at all. A bool stands for the first and the last.
    streaming
        Give a completion in pieces. (A stream without is a stream of one piece.)
    several_samples
        ``gen(n=...)`` above 1.
    constraints
        ``regex`` and ``json_schema``; ``dtypes`` says which values of ``dtype``.
    dtypes
        Names of the values of ``dtype`` that can be had.
    logprobs
        ``return_logprob``.
    lacks
        Names of further sampling values that must be left alone.
    images
        ``image`` and ``video``: ``s.images_`` has pairs of what the program gave and its base64 text.
    spellings
        Score a choice in every tokenisation (``choices_method=exact_likelihood``).
    open_turns
        A `gen` or `select` may stand anywhere. False: a chat model, which completes whole turns of the assistant.
    lone_text
        A chat model that takes a text without any turn as one turn of the user.
    """

    select: Select | bool = True
    streaming: bool = True
    several_samples: bool = True
    constraints: bool = True
    logprobs: bool = True
    lacks: frozenset[str] = frozenset()
    images: bool = True
    dtypes: frozenset[str] = DTYPES
    spellings: bool = True
    open_turns: bool = True
    lone_text: bool = False

    @property
    def selects(self) -> bool:
        """Can it choose?"""
        return self.select not in (False, "no")

    def missing(self, params: SglSamplingParams) -> str | None:
        """The first thing that ``params`` asks for and this lacks, in words; None if there is none."""
        constrained = params.regex is not None or params.json_schema is not None
        if (params.n or 1) > 1 and not self.several_samples:
            return "more than one sample (n)"
        if constrained and not self.constraints:
            return "constrained generation (regex, json_schema, dtype)"
        if params.dtype is not None and (dtype := dtype_name(params.dtype)) not in self._dtypes:
            return f"constrained generation to dtype={dtype}"
        if params.return_logprob and not self.logprobs:
            return "log-probabilities (return_logprob)"
        return next((name for name in sorted(self.lacks) if _is_given(params, name)), None) if self.lacks else None

    @property
    def _dtypes(self) -> frozenset[str]:
        return self.dtypes if self.constraints or self.dtypes != DTYPES else frozenset()

    def rows(self) -> Mapping[str, str]:
        """What can be asked for, and how far it can be had: the table, a row each."""
        dtypes = self._dtypes
        select = {"scores": "yes", True: "yes", "votes": "token by token", "no": "no", False: "no"}[self.select]
        return {
            "select": select,
            "select, exact_likelihood": _word(self.spellings and select == "yes"),
            "gen stands": self._stands(),
            "streaming": _word(self.streaming),
            "n > 1": _word(self.several_samples),
            "regex": _word(self.constraints and "regex" not in self.lacks),
            "json_schema": _word(self.constraints and "json_schema" not in self.lacks),
            "dtype": ", ".join(sorted(dtypes)) if dtypes and "dtype" not in self.lacks else "no",
            "return_logprob": _word(self.logprobs),
            "images": _word(self.images),
            "not taken": ", ".join(sorted(self.lacks - {"regex", "json_schema", "dtype"})) or "-",
        }

    def _stands(self) -> str:
        if self.open_turns:
            return "anywhere"
        return "first in an assistant's turn" + (", or after text without turns" if self.lone_text else "")

    def __str__(self) -> str:
        rows = self.rows()
        width = max(map(len, rows))
        return "\n".join(f"{what:<{width}}  {how}" for what, how in rows.items())


def _word(can: bool) -> str:
    return "yes" if can else "no"


_USUAL = SglSamplingParams()


def _is_given(params: SglSamplingParams, name: str) -> bool:
    """Does sampling value ``name`` differ from its default? An empty list of stops does not."""
    value = getattr(params, name)
    return value is not None and value != getattr(_USUAL, name) and value != []
