"""From OpenAI's replies to the language's meta information. Pure; reads objects of the official client."""

from __future__ import annotations

from typing import Any

from sgbench.errors import BackendError
from sgbench.lang.variables import Meta


def text(choice: Any) -> str:
    """The text of a choice, whole or a piece, of a chat or a completion."""
    part = getattr(choice, "message", None) or getattr(choice, "delta", None)
    return (choice.text if part is None else part.content) or ""


def whole(reply: Any) -> tuple[list[str], Meta]:
    """The texts of an answer, and its meta information.

    Raises
    ------
    BackendError
        It has none.
    """
    choices = getattr(reply, "choices", None)
    if not choices:
        raise BackendError(f"the server's answer has no choices: {str(reply)[:200]}")
    meta = cost(getattr(reply, "usage", None)) | reason(choices[0]) | logprobs(choices[0]) | {"id": reply.id}
    return [text(choice) for choice in choices], meta


def piece(chunk: Any) -> tuple[str, Meta]:
    """Text and news of a stream's chunk."""
    news = cost(getattr(chunk, "usage", None))
    said = ""
    for choice in chunk.choices:
        said += text(choice)
        news |= reason(choice) | logprobs(choice)
    return said, news


def cost(usage: Any) -> Meta:
    """Token counts under SGLang's names; nothing where the server does not tell."""
    if usage is None:
        return {}
    details = getattr(usage, "prompt_tokens_details", None)
    return {
        "prompt_tokens": usage.prompt_tokens or 0,
        "completion_tokens": usage.completion_tokens or 0,
        "cached_tokens": (getattr(details, "cached_tokens", None) or 0) if details else 0,
    }


def reason(choice: Any) -> Meta:
    """Why the choice ended, as SGLang's dict; nothing while it has not."""
    return {} if choice.finish_reason is None else {"finish_reason": {"type": choice.finish_reason}}


def logprobs(choice: Any) -> Meta:
    """SGLang's lists of ``(logprob, None, text)``: OpenAI's API tells no token ids."""
    found = getattr(choice, "logprobs", None)
    if found is None:
        return {}
    if getattr(found, "content", None) is not None:
        tokens = [(token.logprob, None, token.token) for token in found.content]
        top = [[(other.logprob, None, other.token) for other in token.top_logprobs or ()] for token in found.content]
    elif getattr(found, "tokens", None) is not None:
        tokens = [(logprob, None, text) for text, logprob in zip(found.tokens, found.token_logprobs, strict=True)]
        top = [[(logprob, None, text) for text, logprob in (row or {}).items()] for row in found.top_logprobs or ()]
    else:
        return {}
    return {"output_token_logprobs": tokens} | ({"output_top_logprobs": top} if any(top) else {})
