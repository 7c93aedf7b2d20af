"""A shell with the extension loaded, and a backend whose answers and timing the test decides."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from IPython.utils.capture import RichOutput, capture_output

import sgbench
from sgbench.backends.base import BaseBackend
from sgbench.errors import AbortedError
from sgbench.lang.choices import ChoicesDecision


class StagedBackend(BaseBackend):
    """Answers with ``answer(prompt)``, a word at a time; while `hold` is set it waits after the first word.

    Attributes
    ----------
    prompts, seeds, temperatures
        Of every call.
    waiting
        Set while a call waits.
    aborted
        Calls that were aborted.
    """

    def __init__(self, answer: Callable[[str], str] = lambda prompt: "one two three") -> None:
        self.answer = answer
        self.prompts: list[str] = []
        self.seeds: list[Any] = []
        self.temperatures: list[Any] = []
        self.hold = False
        self.waiting = threading.Event()
        self.aborted = 0

    def generate(self, s: Any, sampling_params: Any) -> tuple[str, dict[str, Any]]:
        return "".join(piece for piece, _ in self.generate_stream(s, sampling_params)), {}

    def generate_stream(self, s: Any, sampling_params: Any) -> Iterator[tuple[str, dict[str, Any]]]:
        self.prompts.append(s.text_)
        self.seeds.append(sampling_params.sampling_seed)
        self.temperatures.append(sampling_params.temperature)
        words = re.findall(r"\S+\s*", self.answer(s.text_))[: sampling_params.max_new_tokens]
        meta = {"prompt_tokens": 10, "cached_tokens": 4, "cached_text_len": 4}
        for number, word in enumerate(words):
            yield word, {**meta, "completion_tokens": number + 1}
            if self.hold:
                released = threading.Event()
                with s.abortable(released.set):
                    self.waiting.set()
                    released.wait(30)
                self.aborted += 1
                raise AbortedError("aborted")

    def select(self, s: Any, choices: Sequence[str], temperature: float, choices_method: Any = None) -> ChoicesDecision:
        return ChoicesDecision(decision=choices[0], meta_info={"prompt_tokens": 10, "cached_tokens": 10})

    def flush_cache(self) -> None:
        self.prompts.clear()


class Bench:
    """A shell driven as a notebook drives it."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.stdout = ""
        self.outputs: list[RichOutput] = []
        self.result: ExecutionResult

    def run(self, cell: str) -> Any:
        """Run a cell; returns its value. What it displayed is in `html` and `stdout`."""
        with capture_output() as captured:
            self.result = self.shell.run_cell(cell, store_history=False)
        self.stdout, self.outputs = captured.stdout, captured.outputs
        return self.result.result

    def fails(self, cell: str) -> BaseException:
        """Run a cell that must fail; returns the error."""
        self.run(cell)
        error = self.result.error_in_exec or self.result.error_before_exec
        assert error is not None, f"the cell did not fail; it printed {self.stdout!r}"
        return error

    @property
    def html(self) -> str:
        """The last HTML that was displayed."""
        return [output.data["text/html"] for output in self.outputs if "text/html" in output.data][-1]

    @property
    def plain(self) -> str:
        """What was printed, without colours."""
        return re.sub(r"\x1b\[[0-9;]*m", "", self.stdout)

    @property
    def names(self) -> dict[str, Any]:
        """The user's variables."""
        return self.shell.user_ns


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    made = InteractiveShell.instance()
    made.reset(new_session=False)
    made.run_line_magic("load_ext", "sgbench")
    try:
        yield made
    finally:
        made.run_line_magic("unload_ext", "sgbench")
        made.reset(new_session=False)
        sgbench.set_default_backend(None)


@pytest.fixture
def bench(shell: InteractiveShell) -> Bench:
    return Bench(shell)


@pytest.fixture
def staged() -> Iterator[StagedBackend]:
    backend = StagedBackend()
    sgbench.set_default_backend(backend)
    yield backend
    sgbench.set_default_backend(None)
