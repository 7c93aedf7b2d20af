"""`sgbench.backends.vendors`, where SGLang's programs look for it."""

from sgbench.backends.vendors import Crusoe

__all__ = ["Crusoe"]
