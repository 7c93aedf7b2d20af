"""`sgbench.backends.litellm_api`, where SGLang's programs look for it."""

from sgbench.backends.litellm_api import LiteLLM

__all__ = ["LiteLLM"]
