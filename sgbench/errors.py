"""Every error the project raises on purpose, as one tree.

Knows nothing of the rest of the project. One class for each decision a caller may take::

    SgbenchError
    ├── UsageError            the call is wrong: change it        (also a ValueError)
    │   ├── UnknownOptionError    an option nobody knows; names the nearest right one
    │   └── ContractError         what SGLang itself asserts     (also an AssertionError)
    ├── ModelError            the model cannot be loaded: choose another folder or id
    ├── CapacityError         the request can never fit: shorten it or enlarge the pool
    ├── DeviceMemoryError     the GPU is full now: free something, then ask again  (also a MemoryError)
    ├── NumericsError         the model gave no numbers for this request: another dtype, or other weights
    ├── DeviceLostError       a kernel broke the GPU's context: restart the process
    ├── ConstraintError       a regex or schema is malformed or outside what the machine expresses
    ├── BackendError          a backend failed, or cannot do what the program asks
    ├── ProgramError          a program failed; its cause is chained
    ├── TraceError            a trace file is damaged or of an unknown version
    ├── EngineStoppedError    the engine was shut down while somebody waited
    ├── AbortedError          the request was aborted
    ├── MissingDependencyError    an optional package is missing; says what to install (also an ImportError)
    └── IntegrityError        an invariant of ours is broken: a bug in sgbench
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "AbortedError",
    "BackendError",
    "CapacityError",
    "ConstraintError",
    "ContractError",
    "DeviceLostError",
    "DeviceMemoryError",
    "EngineStoppedError",
    "IntegrityError",
    "MissingDependencyError",
    "ModelError",
    "NumericsError",
    "ProgramError",
    "SgbenchError",
    "TraceError",
    "UnknownOptionError",
    "UsageError",
]


class SgbenchError(Exception):
    """Root of the tree: catch it to catch everything the project raises on purpose."""


class UsageError(SgbenchError, ValueError):
    """The call is wrong; the message says what to change."""


class UnknownOptionError(UsageError, TypeError):
    """An option that does not exist.

    Parameters
    ----------
    option
        What was given.
    known
        The options that exist.
    where
        What they belong to, for the message: ``"Engine"``, ``"%%sgl"``.
    """

    def __init__(self, option: str, known: Iterable[str], where: str) -> None:
        names = sorted(known)
        near = difflib.get_close_matches(option, names, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"the options are: {', '.join(names)}"
        super().__init__(f"{where} has no option {option!r}; {hint}")
        self.option = option
        self.nearest = near[0] if near else None


class ContractError(UsageError, AssertionError):
    """A program breaks a rule of the language that SGLang checks by an assertion; programs may catch it as one."""


class ModelError(SgbenchError):
    """The model cannot be loaded; the message names what was looked for and where."""


class CapacityError(SgbenchError, ValueError):
    """The request can never run: it is longer than the context or than the KV pool."""


class DeviceMemoryError(SgbenchError, MemoryError):
    """The device has no memory for this step; the message says who holds what. The engine runs on."""


class NumericsError(SgbenchError, ArithmeticError):
    """The model's logits for a request are not numbers; other requests are not concerned."""


class DeviceLostError(SgbenchError):
    """A kernel failed on the device in a way that leaves nothing usable there; only a new process helps."""


class ConstraintError(SgbenchError, ValueError):
    """A regex or JSON schema that is malformed or cannot be expressed exactly.

    Parameters
    ----------
    message
        What is wrong and what to do.
    position
        Character offset in the pattern, where known.
    """

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.position = position


class BackendError(SgbenchError):
    """A backend failed, or lacks a capability the program needs."""


class ProgramError(SgbenchError):
    """A program failed; ``__cause__`` is what went wrong."""


class TraceError(SgbenchError, ValueError):
    """A trace file is damaged, or written by a version that this one does not know."""


class EngineStoppedError(SgbenchError):
    """The engine was shut down; start another one."""


class AbortedError(SgbenchError):
    """The request was aborted before it finished."""


class MissingDependencyError(SgbenchError, ImportError):
    """An optional package is missing.

    Parameters
    ----------
    package
        The import that failed.
    extra
        The extra of sgbench that brings it.
    purpose
        What it was needed for.
    """

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs {package}: pip install 'sgbench[{extra}]'")


class IntegrityError(SgbenchError):
    """An invariant of the engine is broken: a bug in sgbench, please report it."""
