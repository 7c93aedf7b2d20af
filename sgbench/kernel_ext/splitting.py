"""A magic's line into words: whitespace separates, except inside brackets and quotes.

Knows nothing of options. Unlike `shlex` it keeps quotes inside expressions, so that ``--batch [{"q": x} for x in items]``
is one word and valid Python.
"""

from __future__ import annotations

import ast

from sgbench.errors import UsageError

_CLOSING = {"(": ")", "[": "]", "{": "}"}


def split_line(line: str, where: str) -> list[str]:
    """The words of ``line``, quotes kept.

    Parameters
    ----------
    line
        What follows the magic's name.
    where
        The magic, for messages.

    Raises
    ------
    UsageError
        A quote or a bracket is not closed.
    """
    words: list[str] = []
    word = ""
    quote = ""
    closing: list[str] = []
    escaped = False
    for char in line:
        if quote:
            word += char
            if char == quote and not escaped:
                quote = ""
            escaped = char == "\\" and not escaped
        elif char.isspace() and not closing:
            if word:
                words.append(word)
            word = ""
        else:
            if char in "'\"":
                quote = char
            elif char in _CLOSING:
                closing.append(_CLOSING[char])
            elif closing and char == closing[-1]:
                closing.pop()
            word += char
    if quote:
        raise UsageError(f"{where}: the quote {quote} is not closed in: {line.strip()}")
    if closing:
        raise UsageError(f"{where}: a closing {closing[-1]} is missing in: {line.strip()}")
    return [*words, word] if word else words


def unquote(word: str) -> str:
    """``word`` without its quotes, if it is one quoted string; else as it is."""
    if len(word) >= 2 and word[0] in "'\"" and word[-1] == word[0]:
        try:
            value = ast.literal_eval(word)
        except (SyntaxError, ValueError):
            return word
        return value if isinstance(value, str) else word
    return word
