"""Stops of blanks alone, which some APIs refuse: the text is cut here instead. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from sgbench.lang.variables import Meta


def sendable(stops: Sequence[str]) -> tuple[list[str], list[str]]:
    """The stops that have more than blanks, and those that have not."""
    return [stop for stop in stops if stop.strip()], [stop for stop in stops if stop and not stop.strip()]


class BlankStops:
    """Cuts a text that comes in pieces before the first of ``stops``."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = list(stops)
        self._held = ""  # may be a stop's beginning
        self._ended = False

    def cut(self, piece: str) -> str:
        """What may be shown of the text now that ``piece`` came; nothing after a stop."""
        if self._ended or not self._stops:
            return "" if self._ended else piece
        text = self._held + piece
        found = [at for stop in self._stops if (at := text.find(stop)) >= 0]
        if found:
            self._ended, self._held = True, ""
            return text[: min(found)]
        keep = max(
            (n for stop in self._stops for n in range(1, len(stop)) if text.endswith(stop[:n])),
            default=0,
        )
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def rest(self) -> str:
        """What was held back, when nothing more comes."""
        held, self._held = self._held, ""
        return held

    def reason(self) -> Meta:
        """Why the text ended, if it was cut."""
        return {"finish_reason": {"type": "stop"}} if self._ended else {}
