"""`Tokens`: where did each token come from? Knows the fold; draws nothing itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from sgbench.trace.vocab import Vocab
from sgbench.views.cells import CellFold
from sgbench.views.tokens import TokensFold
from sgbench.widgets import assets
from sgbench.widgets.pen import Drawing
from sgbench.widgets.tokens_picture import tokens_picture
from sgbench.widgets.watcher import Watcher


class Tokens(Watcher):
    """The text of programs, coloured by origin, with forks as branches side by side.

    Origins are those of a cell's output: *cached* and *prefilled* text of templates, told apart by the first request that
    read it; *decoded*, *jumped* (forced by a constraint) and *selected* text. By hover: variable, request, latency, tokens. Where the
    run recorded logprobs (``gen(..., return_logprob=True)``) the probability of each token too, as a second choice of colours.
    One program is shown at a time; the list under the text chooses it. See `Watcher` for the parameters.
    """

    COLUMNS = (
        "span",
        "program",
        "branch",
        "origin",
        "name",
        "text",
        "request",
        "latency_ms",
        "first_token_ms",
        "tokens",
        "logprob",
    )

    _esm = assets.module("tokens")
    _css = assets.style("base", "shell", "tokens")

    def _begin(self, vocab: Vocab) -> Sequence[CellFold]:
        self.state = TokensFold(vocab)
        return (self.state,)

    def records(self) -> list[dict[str, Any]]:
        """One row for each piece of text of one origin."""
        found: list[dict[str, Any]] = []
        for branch in self.state.branches.values():
            for span in branch.spans:
                start = 0
                for origin, length in span.pieces:
                    call = span.call
                    row = {
                        "span": len(found),
                        "program": branch.program,
                        "branch": branch.number,
                        "origin": origin,
                        "name": span.name,
                        "text": span.text[start : start + length],
                        "request": call.rid if call else None,
                        "latency_ms": call.latency_ms if call else None,
                        "first_token_ms": call.first_token_ms if call else None,
                        "tokens": call.output_tokens if call else None,
                        "logprob": round(sum(logprob for _, logprob in span.tokens), 4) if span.tokens else None,
                    }
                    found.append(row)
                    start += length
        return found

    def token_records(self) -> list[dict[str, Any]]:
        """One row for each token whose logprob was recorded."""
        found: list[dict[str, Any]] = []
        for branch in self.state.branches.values():
            for span in branch.spans:
                start = 0
                for length, logprob in span.tokens:
                    row = {"program": branch.program, "branch": branch.number, "name": span.name, "origin": span.origin}
                    text = span.text[start : start + length]
                    found.append({**row, "text": text, "logprob": logprob, "probability": math.exp(logprob)})
                    start += length
        return found

    def token_table(self) -> Any:
        """`token_records` as a pandas frame where pandas is installed, else as they are."""
        with self._feed.lock:
            records = self.token_records()
        try:
            import pandas as pd
        except ImportError:
            return records
        return pd.DataFrame.from_records(
            records, columns=["program", "branch", "name", "origin", "text", "logprob", "probability"]
        )

    def drawing(self) -> Drawing:
        """The present state as a picture: the program that wrote last."""
        with self._feed.lock:
            return tokens_picture(self.state)

    def summary(self) -> str:
        """The present state in plain text: the last 30 pieces."""
        with self._feed.lock:
            pieces = self.records()[-30:]
            lines = [f"{row['origin']:>9} {row['program']}.{row['branch']} {row['text']!r}"[:100] for row in pieces]
            return "\n".join([self.state.summary(), *lines])
