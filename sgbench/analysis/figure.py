"""A plotly figure that leaves a static picture and a text in a saved notebook, beside what only a script shows.

Imported only when a figure is asked for, since it imports plotly.
"""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from sgbench.analysis.sheet import sheet
from sgbench.analysis.still import still


class SavedFigure(go.Figure):  # type: ignore[misc]  # plotly has no types
    """A figure of scatter traces on the notebook's sheet, live and saved."""

    _words = ""

    @classmethod
    def saying(cls, words: str) -> SavedFigure:
        """An empty figure whose numbers ``words`` tell, where nothing can be drawn."""
        figure = cls(layout={"template": sheet()})
        figure._words = words
        return figure

    def svg(self) -> str:
        """The static picture of what the figure holds now."""
        return still(self)

    def _repr_mimebundle_(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        live: dict[str, Any] = super()._repr_mimebundle_(*args, **kwargs)
        return {"text/plain": self._words or str(self.layout.title.text), "image/svg+xml": self.svg(), **live}

    def _ipython_display_(self) -> None:
        """IPython asks for this first; plotly's own would send the live figure alone."""
        import plotly.io as pio
        from IPython.display import display

        if not super()._repr_mimebundle_() or not pio.renderers.render_on_display:
            super()._ipython_display_()  # whoever chose a window, a file or nothing gets it
            return
        display(self._repr_mimebundle_(), raw=True)  # type: ignore[no-untyped-call]
