"""`sgbench.backends.base`, where SGLang's programs look for it."""

from sgbench.backends.base import BaseBackend

__all__ = ["BaseBackend"]
