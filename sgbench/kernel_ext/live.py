"""The cell's output while it runs: one display, updated at most 20 times a second, always with the last state.

Knows how to show a `Picture` in a notebook (one display that is updated) and in a console (text that is appended). Does not
know what a run is: it asks a callable for the picture.
"""

from __future__ import annotations

import contextlib
import contextvars
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

from sgbench.kernel_ext.ledger import plain_comparison, plain_ledger
from sgbench.kernel_ext.outline import plain_text
from sgbench.kernel_ext.page import SHOWN_ITEMS, Item, Picture, answers, run_html

FRAME_S = 0.05
"""Least time between two updates."""

BYTES_PER_S = 1_000_000
"""Most that updates may send; a long text is updated more rarely."""


class View(Protocol):
    """Somewhere a picture is shown."""

    def show(self, picture: Picture) -> None:
        """Show ``picture`` instead of what was shown before."""
        ...

    def close(self, picture: Picture) -> None:
        """Show the last picture."""
        ...


class NotebookView:
    """One display in a notebook, with a plain twin; safe from any thread."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._next_s = 0.0

    def show(self, picture: Picture) -> None:
        """Show ``picture``, unless the last one was too large to be followed so soon."""
        if time.monotonic() >= self._next_s:
            self._send(picture)

    def close(self, picture: Picture) -> None:
        """Show the last picture, whatever was sent before."""
        self._send(picture)

    def _send(self, picture: Picture) -> None:
        html = run_html(picture)
        bundle = {"text/html": html, "text/plain": plain(picture)}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(bundle, raw=True)
        self._next_s = time.monotonic() + len(html) / BYTES_PER_S


class ConsoleView:
    """Text appended to a console as it comes; forks, batches and the ledger at the end."""

    def __init__(self) -> None:
        self._written = ""

    def show(self, picture: Picture) -> None:
        """Append what is new of a single state's text; a console cannot go back, so anything else waits for the end."""
        if len(picture.items) == 1 and not picture.items[0].label:
            text = plain_text(picture.items[0].parts)
            if text.startswith(self._written):
                self._append(text)

    def close(self, picture: Picture) -> None:
        """Append the rest; the whole where what was written cannot be continued."""
        text = plain(picture)
        if not text.startswith(self._written):
            self._written = ""
            text = f"\n{text}"
        self._append(f"{text}\n")

    def _append(self, text: str) -> None:
        sys.stdout.write(text[len(self._written) :])
        sys.stdout.flush()
        self._written = text


def can_update(shell: InteractiveShell) -> bool:
    """Can a display of ``shell`` be updated, as a notebook's can and a console's cannot?"""
    return type(shell.display_pub) is not DisplayPublisher


def view_for(shell: InteractiveShell) -> View:
    """A notebook's view where displays can be updated, else a console's."""
    return NotebookView() if can_update(shell) else ConsoleView()


def plain(picture: Picture) -> str:
    """The picture as plain text."""
    shown = [_plain_item(item) for item in picture.items[:SHOWN_ITEMS]]
    if len(picture.items) > SHOWN_ITEMS:
        shown.append(f"and {len(picture.items) - SHOWN_ITEMS} more")
    if picture.ledger:
        shown.append(f"[{plain_ledger(picture.ledger)}]")
    if picture.comparison:
        shown.append(f"[{plain_comparison(picture.comparison)}]")
    if picture.note:
        shown.append(f"[{picture.note}]")
    return "\n".join(shown)


def _plain_item(item: Item) -> str:
    return f"{item.label}  {' | '.join(answers(item))}" if item.label else plain_text(item.parts).rstrip("\n")


@contextlib.contextmanager
def following(view: View, picture: Callable[[], Picture], *, stream: bool = True) -> Iterator[None]:
    """For the time of the block ``view`` shows what ``picture`` returns, whenever it changed.

    The caller shows the last picture. A picture that fails ends the updates; its exception is raised at the end of the block
    unless the block itself raised.
    """
    if not stream:
        yield
        return
    stopped = threading.Event()
    failures: list[BaseException] = []

    def follow() -> None:
        last = None
        try:
            while not stopped.wait(FRAME_S):
                now = picture()
                if now != last:
                    view.show(now)
                    last = now
        except BaseException as failure:
            failures.append(failure)

    # In the cell's context: a display made outside it goes to whatever the kernel handled last, a widget's message for one.
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(follow,), name="sgbench-view", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()
    if failures:
        raise failures[0]
