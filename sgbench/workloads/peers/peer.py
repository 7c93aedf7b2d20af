"""What a peer is: a name, the package it needs, and how a backend for it is opened. Knows no peer."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sgbench.backends.base import BaseBackend
from sgbench.errors import BackendError

Open = Callable[[str, str], AbstractContextManager[BaseBackend]]
"""``open(folder, device)``: a backend over the model in ``folder``, given back at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Another system.

    Attributes
    ----------
    name, title
        Key, and what it is and how it is used.
    package
        What must be installed.
    open
        See `Open`.
    """

    name: str
    title: str
    package: str
    open: Open

    @property
    def installed(self) -> bool:
        """Is its package here?"""
        return importlib.util.find_spec(self.package) is not None

    def check_installed(self) -> None:
        """Raise where it is not.

        Raises
        ------
        BackendError
            The package is not installed.
        """
        if not self.installed:
            raise BackendError(f"the peer {self.name} is not installed: pip install {self.package}")
