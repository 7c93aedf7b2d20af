"""What a widget can show: an engine, a trace, or a trace file's path. Knows no engine by name, only what it must offer."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from typing import Any, Protocol, TypeAlias, runtime_checkable
from weakref import WeakKeyDictionary

from sgbench.errors import UsageError
from sgbench.trace import Trace
from sgbench.trace.events import Event
from sgbench.trace.vocab import Vocab


@runtime_checkable
class LiveSource(Protocol):
    """What an engine offers to those who watch it."""

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call back with every event from now on, a `Keyframe` first; returns a function that ends it."""
        ...


Source: TypeAlias = "LiveSource | Trace | str | PathLike[str]"


def open_source(source: Any) -> LiveSource | Trace:
    """The engine or the trace that ``source`` is or names.

    Raises
    ------
    UsageError
        It is none of the three.
    """
    if isinstance(source, Trace | LiveSource):
        return source
    if isinstance(source, str | PathLike):
        return Trace.load(source)  # type: ignore[arg-type]  # any path-like
    raise UsageError(f"a widget shows an engine, a Trace, or the path of a trace file, not {type(source).__name__}")


_vocabs: WeakKeyDictionary[LiveSource, Vocab] = WeakKeyDictionary()


def vocab_of(source: LiveSource | Trace) -> Vocab:
    """Text of the source's tokens; all views of one engine share what they have read."""
    if isinstance(source, Trace):
        return source.vocab
    vocab = _vocabs.get(source)
    if vocab is None:
        vocab = _vocabs[source] = Vocab(lookup=getattr(source, "token_text", None))
    return vocab
