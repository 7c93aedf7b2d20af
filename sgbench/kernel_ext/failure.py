"""How a failed cell looks: one message, the cell's line, and no frames but the user's own.

Knows exceptions and IPython's hook ``_render_traceback_``, by which an exception says how it is shown. The cell still fails
as any cell does, so "Run all" stops there.
"""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import sgbench
from sgbench.errors import ProgramError

_PACKAGE = str(Path(sgbench.__file__).parent)
_FOREIGN = (_PACKAGE, "site-packages", "dist-packages", "<frozen", str(Path(traceback.__file__).parent))

Failure = TypeVar("Failure", bound=BaseException)


class CellError(ProgramError):
    """The body of a ``%%sgl`` cell failed; ``__cause__`` is what went wrong.

    Attributes
    ----------
    line
        Of the cell, the ``%%sgl`` line being line 1; None where it is not known.
    """

    def __init__(self, message: str, lines: Sequence[str] = (), line: int | None = None, frames: str = "") -> None:
        place = f" (line {line} of the %%sgl cell)" if line else ""
        super().__init__(message + place)
        self.line = line
        self._message = message
        self._lines = lines
        self._frames = frames

    @classmethod
    def of_syntax(cls, refusal: Exception, lines: Sequence[str]) -> CellError:
        """A body that is not Python."""
        line = getattr(refusal, "lineno", None)
        return cls(f"{type(refusal).__name__}: {getattr(refusal, 'msg', refusal)}", lines, line)

    @classmethod
    def of(
        cls, cause: BaseException, filename: str, lines: Sequence[str], line: int | None = None, hint: str = ""
    ) -> CellError:
        """A body that raised ``cause``; the line is the last one of the cell that its traceback passes, if not given."""
        frames = traceback.extract_tb(cause.__traceback__)
        here = [frame.lineno for frame in frames if frame.filename == filename]
        line = line if line is not None else (here[-1] if here else None)
        message = _message(cause) + (f"\n{hint}" if hint else "")
        error = cls(message, lines, line, _user_frames(frames, filename))
        error.__cause__ = cause
        return error

    def _render_traceback_(self) -> list[str]:
        shown = [_bold_red(self._message.partition("\n")[0])]
        rest = self._message.partition("\n")[2]
        if rest:
            shown.append(rest)
        if self.line:
            shown.append(f"line {self.line} of the %%sgl cell:")
            shown.extend(_excerpt(self._lines, self.line))
        if self._frames:
            shown.append(self._frames.rstrip())
        return shown


def plainly(failure: Failure) -> Failure:
    """``failure``, so marked that IPython shows its name and message only."""
    failure._render_traceback_ = lambda: [_bold_red(_message(failure))]  # type: ignore[attr-defined]
    return failure


def _message(failure: BaseException) -> str:
    text = str(failure)
    if isinstance(failure, KeyError) and len(failure.args) == 1 and isinstance(failure.args[0], str):
        text = failure.args[0] if " " in failure.args[0] else text
    return f"{type(failure).__name__}: {text}" if text else type(failure).__name__


def _bold_red(text: str) -> str:
    name, colon, rest = text.partition(":")
    return f"\x1b[1;31m{name}\x1b[0m{colon}{rest}"


def _excerpt(lines: Sequence[str], line: int) -> list[str]:
    first = max(line - 2, 1)
    shown = range(first, min(line + 1, len(lines)) + 1)
    return [f"{'--> ' if n == line else '    '}{n:3} {lines[n - 1]}" for n in shown]


def _user_frames(frames: traceback.StackSummary, filename: str) -> str:
    """The frames below the cell that are the user's: neither ours, nor IPython's, nor a library's."""
    below = list(frames)
    while below and below[0].filename != filename:
        below.pop(0)
    own = [f for f in below[1:] if f.filename != filename and not any(part in f.filename for part in _FOREIGN)]
    return "\n".join(f"in {f.name}, line {f.lineno} of {_short(f.filename)}:\n        {_text(f)}" for f in own)


def _short(filename: str) -> str:
    return filename if filename.startswith("<") else Path(filename).name


def _text(frame: traceback.FrameSummary) -> str:
    return (frame.line or linecache.getline(frame.filename, frame.lineno or 0)).strip()
