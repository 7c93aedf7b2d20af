"""What all widgets are: an anywidget that ipykernel 7.4 cannot mislead and that every notebook can show.

Knows comms, displays and mime bundles. Knows no view.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import anywidget
from IPython.display import DisplayHandle, display

from sgbench.widgets.pen import Drawing, save


class SgWidget(anywidget.AnyWidget):  # type: ignore[misc]  # anywidget's classes are untyped for us
    """Base of the widgets.

    A subclass gives `drawing` and `summary` (plain text): they travel beside the live view, and show where there is no front
    end, no kernel, or no trust.
    """

    _display: DisplayHandle | None = None

    def open(self) -> None:
        """Open the comm, and make ipykernel 7.4.0 answer on the thread that the front end asked for.

        That version hands a message to the shell that published last on the comm, which is the one that a running cell
        blocks; with no such shell noted, it goes where the front end sent it. A no-op in versions that note none.
        """
        super().open()
        if hasattr(self.comm, "_reply_subshell_for"):
            self.comm._reply_subshell_for = None

    def drawing(self) -> Drawing:
        """The present state as a still picture."""
        raise NotImplementedError

    def picture(self) -> bytes:
        """The present state as a PNG."""
        return self.drawing().png()

    def save_picture(self, path: str | Path) -> Path:
        """Write the present state to ``path``, as PNG or as SVG by its suffix; returns the path.

        Raises
        ------
        UsageError
            Another suffix.
        """
        return save(self.drawing(), path)

    def summary(self) -> str:
        """The present state in plain text."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        still = {"image/png": base64.b64encode(self.picture()).decode(), "text/plain": self.summary()}
        return {**data, **still}, metadata

    def show(self) -> None:
        """Display the widget here; `refresh_picture` later brings what is stored of it up to date."""
        self._display = display(self, display_id=True)  # type: ignore[no-untyped-call]

    def refresh_picture(self) -> None:
        """Store the present picture and text in the notebook, where `show` put the widget (a no-op elsewhere).

        The widget's model stays as it is; a JupyterLab that shows it makes its view anew, which is empty until its next frame.
        Any thread may call this.
        """
        if self._display is not None:
            self._display.update(self)  # type: ignore[no-untyped-call]
