"""`sgbench.backends.vendors`, where SGLang's programs look for it."""

from sgbench.backends.vendors import VertexAI

__all__ = ["VertexAI"]
