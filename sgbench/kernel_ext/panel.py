"""The kernel's side of the panel in JupyterLab: a comm target that answers, and that tells while somebody watches.

The front end opens the comm, so a kernel without that front end never sends anything. It says ``{"type": "ask"}`` for the
figures once, and ``{"type": "watch", "on": true}`` while the panel is to be seen: then at most `PER_SECOND` messages a second
come, none while nothing happens, and none at all once it says ``false``, closes, or has not said it again for `LEASE_S` (a page
that was closed says nothing). Knows comms and threads; what is told is in `sgbench.kernel_ext.glance`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import sgbench
from sgbench.kernel_ext.glance import Follower, figures

TARGET = "sgbench.panel"

PER_SECOND = 4
"""Most messages a second."""

SHARE = 0.1
"""Most of one core that telling may take; a large tree is told more rarely."""

LOOK_S = 0.25
"""Time between two looks at which engine is in use, while nothing happens."""

LEASE_S = 60.0
"""How long a watch lasts that is not renewed."""


class Comm(Protocol):
    """What a link needs of a comm."""

    def send(self, data: dict[str, Any]) -> Any:
        """Send a message to the front end."""
        ...


class Link:
    """One front end's panel: answers it, and while it watches tells it what changes, from a thread of its own.

    Parameters
    ----------
    comm
        To the front end.
    in_use
        The backend that cells run on; None: none.
    """

    def __init__(self, comm: Comm, in_use: Callable[[], Any]) -> None:
        self._comm = comm
        self._in_use = in_use
        self._lock = threading.Lock()
        self._until = 0.0  # when the watch ends, on the monotonic clock
        self._woken = threading.Event()
        self._off = threading.Event()
        self._thread: threading.Thread | None = None

    def told(self, data: dict[str, Any]) -> None:
        """The front end says something; what is not understood is left to a later version."""
        if data.get("type") == "ask":
            self.answer()
        elif data.get("type") == "watch":
            self.watch(time.monotonic() + LEASE_S if data.get("on") else 0.0)

    def answer(self) -> None:
        """Send the figures, without the tree."""
        self._send(figures(self._in_use()))

    def watch(self, until: float) -> None:
        """Tell what changes until then, on the monotonic clock; 0: no longer."""
        with self._lock:
            self._until = until
            (self._off.clear if until else self._off.set)()
            if until and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="sgbench-panel", daemon=True)
                self._thread.start()
        self._woken.set()

    def close(self) -> None:
        """Stop telling (idempotent); nothing is sent after it has returned."""
        thread = self._thread
        self.watch(0.0)
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=5)

    def _send(self, state: dict[str, Any]) -> None:
        self._comm.send({"type": "state", "version": sgbench.__version__, **state})

    def _run(self) -> None:
        engine: Any = _NOTHING
        follower: Follower | None = None
        while self._goes_on():
            self._woken.clear()
            worked = time.thread_time()
            used = self._in_use()
            if used is not engine:
                if follower is not None:
                    follower.close()
                follower = Follower.of(used, self._woken.set)
            if used is not engine or (follower is not None and follower.news):
                engine = used
                tree = None if follower is None else follower.tree()  # first: the figures are of then or later
                self._send({**figures(used), "tree": tree})
            rest = max(1 / PER_SECOND, (time.thread_time() - worked) / SHARE)
            if not self._off.wait(rest):
                self._woken.wait(LOOK_S)
        if follower is not None:
            follower.close()

    def _goes_on(self) -> bool:
        with self._lock:
            if time.monotonic() < self._until:
                return True
            self._thread = None
            return False


_NOTHING = object()
"""No backend, not even None: nothing was told yet."""


class Panel:
    """The panels of one kernel: the comms that front ends opened, and what becomes of them.

    Parameters
    ----------
    in_use
        The backend that cells run on; None: none.
    """

    def __init__(self, in_use: Callable[[], Any]) -> None:
        self._in_use = in_use
        self._links: dict[str, tuple[Any, Link]] = {}

    def opened(self, comm: Any, _message: dict[str, Any]) -> None:
        """A front end opened a comm: it is answered at once."""
        if hasattr(comm, "_reply_subshell_for"):  # see `sgbench.widgets.base.SgWidget.open`
            comm._reply_subshell_for = None
        link = Link(comm, self._in_use)
        self._links[comm.comm_id] = (comm, link)
        comm.on_msg(lambda message: link.told(message["content"]["data"]))
        comm.on_close(lambda _message: self._closed(comm.comm_id))
        link.answer()

    def _closed(self, comm_id: str) -> None:
        _, link = self._links.pop(comm_id, (None, None))
        if link is not None:
            link.close()

    def close(self) -> None:
        """Stop telling and close every comm (idempotent)."""
        while self._links:
            _, (comm, link) = self._links.popitem()
            link.close()
            comm.close()
