"""The IPython extension: magics, session, display. Nobody imports it but IPython, through ``%load_ext sgbench``.

Loading prints nothing and imports no torch. Unloading leaves nothing behind: magics, completion, ``%config`` entry, comm
target, exit hook; engines that the session started are shut down.
"""

from __future__ import annotations

import atexit
import functools
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from comm import get_comm_manager

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from sgbench.kernel_ext.completion import Matcher
    from sgbench.kernel_ext.magics import SglMagics
    from sgbench.kernel_ext.panel import Panel

_LOADED: dict[int, tuple[SglMagics, Matcher, Panel, Callable[[], None]]] = {}
"""What is registered, by the shell's identity: a process may have several shells."""


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register the magics and the completion; a second load changes nothing."""
    if id(shell) in _LOADED:
        return
    from sgbench.kernel_ext.completion import make_matcher
    from sgbench.kernel_ext.magics import SglMagics
    from sgbench.kernel_ext.panel import TARGET, Panel

    magics = SglMagics(shell)
    shell.register_magics(magics)
    matcher = make_matcher(shell.user_ns)
    shell.Completer.custom_matchers.append(matcher)
    panel = Panel(magics.session.in_use)
    if getattr(shell, "kernel", None) is not None:  # a console has no comms
        get_comm_manager().register_target(TARGET, panel.opened)
    ending = functools.partial(_end, magics, shell)
    atexit.register(ending)
    _LOADED[id(shell)] = (magics, matcher, panel, ending)


def _end(magics: SglMagics, shell: InteractiveShell) -> None:
    """The process ends: the session's engines stop, and the views that follow them send their last pictures."""
    session: Any = getattr(getattr(shell, "kernel", None), "session", None)
    if hasattr(session, "copy_threshold"):
        session.copy_threshold = sys.maxsize  # whoever frees what zmq sends without copying may have ended already
    magics.session.close()


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take all of it back and shut the session's engine down; unloading twice is harmless."""
    if id(shell) not in _LOADED:
        return
    from sgbench.kernel_ext.panel import TARGET

    magics, matcher, panel, ending = _LOADED.pop(id(shell))
    if getattr(shell, "kernel", None) is not None:
        get_comm_manager().unregister_target(TARGET, panel.opened)
    panel.close()
    atexit.unregister(ending)
    magics.session.close()
    shell.Completer.custom_matchers[:] = [m for m in shell.Completer.custom_matchers if m is not matcher]
    shell.configurables[:] = [c for c in shell.configurables if c is not magics]  # type: ignore[comparison-overlap]
    manager = shell.magics_manager
    for kind in ("line", "cell"):
        manager.magics[kind].pop("sgl", None)
    manager.registry.pop(type(magics).__name__, None)
