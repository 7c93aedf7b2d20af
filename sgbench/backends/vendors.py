"""SGLang's backends of single vendors: those that speak OpenAI's language, and a word where to go for the others."""

from __future__ import annotations

import os
from typing import Any, NoReturn

from sgbench.backends.openai_api import OpenAI
from sgbench.errors import BackendError, UsageError
from sgbench.lang.chat_template import ChatTemplate

CRUSOE_URL = "https://managed-inference-api-proxy.crusoecloud.com/v1/"


class Crusoe(OpenAI):
    """A backend for programs on Crusoe's managed inference, which speaks OpenAI's API.

    Parameters
    ----------
    model_name, chat_template, options
        As in `sgbench.OpenAI`.
    api_key
        None: the variable ``CRUSOE_API_KEY``.
    base_url
        None: Crusoe's own.

    Raises
    ------
    UsageError
        There is no key.
    """

    def __init__(
        self,
        model_name: str,
        api_key: str | None = None,
        base_url: str | None = None,
        chat_template: ChatTemplate | str | None = None,
        **options: Any,
    ) -> None:
        key = api_key or os.environ.get("CRUSOE_API_KEY")
        if not key:
            raise UsageError("Crusoe needs a key: Crusoe(api_key=...), or the variable CRUSOE_API_KEY")
        super().__init__(
            model_name, chat_template=chat_template, api_key=key, base_url=base_url or CRUSOE_URL, **options
        )


class VertexAI:
    """SGLang's backend of Google's own client, which sgbench does not have: making one says what to use instead.

    Raises
    ------
    BackendError
        Always.
    """

    def __init__(self, model_name: str, safety_settings: Any = None) -> None:
        _instead(model_name)


def _instead(model_name: str) -> NoReturn:
    raise BackendError(
        f"VertexAI is not part of sgbench; the same models run on sgl.LiteLLM('vertex_ai/{model_name}', safety_settings=...) "
        "(pip install 'sgbench[litellm]'), or on sgl.OpenAI with the address of Google's OpenAI-compatible endpoint as base_url"
    )
