"""The IPython extension: magics, session, display. Nobody imports it but IPython, through ``%load_ext sgbench``.

Loading prints nothing and imports no torch. Unloading leaves nothing behind: magics, completion, ``%config`` entry, comm
target, exit hook; engines that the session started are shut down.
"""

from __future__ import annotations

import atexit
from typing import TYPE_CHECKING

from comm import get_comm_manager

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from sgbench.kernel_ext.completion import Matcher
    from sgbench.kernel_ext.magics import SglMagics
    from sgbench.kernel_ext.panel import Panel

_LOADED: dict[int, tuple[SglMagics, Matcher, Panel]] = {}
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
    atexit.register(magics.session.close)
    _LOADED[id(shell)] = (magics, matcher, panel)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take all of it back and shut the session's engine down; unloading twice is harmless."""
    if id(shell) not in _LOADED:
        return
    from sgbench.kernel_ext.panel import TARGET

    magics, matcher, panel = _LOADED.pop(id(shell))
    if getattr(shell, "kernel", None) is not None:
        get_comm_manager().unregister_target(TARGET, panel.opened)
    panel.close()
    atexit.unregister(magics.session.close)
    magics.session.close()
    shell.Completer.custom_matchers[:] = [m for m in shell.Completer.custom_matchers if m is not matcher]
    shell.configurables[:] = [c for c in shell.configurables if c is not magics]  # type: ignore[comparison-overlap]
    manager = shell.magics_manager
    for kind in ("line", "cell"):
        manager.magics[kind].pop("sgl", None)
    manager.registry.pop(type(magics).__name__, None)
