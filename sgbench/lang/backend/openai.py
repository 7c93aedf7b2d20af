"""`sgbench.backends.openai_api`, where SGLang's programs look for it."""

from sgbench.backends.openai_api import OpenAI

__all__ = ["OpenAI"]
