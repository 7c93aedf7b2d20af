"""`sgbench.backends.runtime_endpoint`, where SGLang's programs look for it."""

from sgbench.backends.runtime_endpoint import RuntimeEndpoint

__all__ = ["RuntimeEndpoint"]
