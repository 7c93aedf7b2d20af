"""`sgbench.backends.anthropic_api`, where SGLang's programs look for it."""

from sgbench.backends.anthropic_api import Anthropic

__all__ = ["Anthropic"]
