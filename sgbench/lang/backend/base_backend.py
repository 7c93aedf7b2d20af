"""`BaseBackend`, where SGLang has it; it lives in `sgbench.backends.base`."""

from sgbench.backends.base import BaseBackend

__all__ = ["BaseBackend"]
