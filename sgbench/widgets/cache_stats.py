"""`CacheStats`: is the cache working? Knows the fold; draws its static picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sgbench.trace.vocab import Vocab
from sgbench.views.cells import CellFold
from sgbench.views.stats import PoolReading, StatsFold
from sgbench.widgets import assets
from sgbench.widgets.pen import Drawing
from sgbench.widgets.stats_picture import stats_picture
from sgbench.widgets.watcher import Watcher


class CacheStats(Watcher):
    """Hit rate over time and per request; tokens in use, cached and free; evictions.

    The hit rate is that of `Engine.stats`: cached tokens over prompt tokens, counted when a request is first admitted. The
    line is the rate of all requests so far, the dots are single requests, the bars their prompts with the cached part
    hatched. See `Watcher` for the parameters.
    """

    COLUMNS = ("request", "ms", "prompt_tokens", "cached_tokens", "hit_rate")

    _esm = assets.module("cache_stats")
    _css = assets.style("base", "shell")

    def _begin(self, vocab: Vocab) -> Sequence[CellFold]:
        self.state = StatsFold()
        return (self.state,)

    def records(self) -> list[dict[str, Any]]:
        """One row for each request."""
        return [
            {"request": rid, **hit._asdict(), "hit_rate": hit.cached_tokens / max(hit.prompt_tokens, 1)}
            for rid, hit in self.state.hits.items()
        ]

    def steps(self) -> Any:
        """What the pool held after each step, as `table` gives the requests."""
        with self._feed.lock:
            records = [{"step": step, **reading._asdict()} for step, reading in self.state.readings.items()]
        try:
            import pandas as pd
        except ImportError:
            return self.summary()
        return pd.DataFrame.from_records(records, columns=["step", *PoolReading._fields]).set_index("step")

    def drawing(self) -> Drawing:
        """The present state as a picture."""
        with self._feed.lock:
            return stats_picture(self.state)

    def summary(self) -> str:
        """The present state in plain text."""
        with self._feed.lock:
            lines = [self.state.summary()]
            for rid, hit in list(self.state.hits.items())[-20:]:
                share = hit.cached_tokens / max(hit.prompt_tokens, 1)
                bar = "#" * round(20 * share)
                lines.append(f"{rid:>6} {bar:<20} {share:>4.0%}  {hit.cached_tokens:,} of {hit.prompt_tokens:,}")
            return "\n".join(lines)
