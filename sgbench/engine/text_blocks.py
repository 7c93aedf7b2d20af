"""Reads a text in blocks that are tokenized each for itself, and remembers blocks: what prompts share is tokenized once.

A block ends between an ASCII letter and the space after it. That no token reaches across, and that neither side's tokens depend on
the other, can be seen from a tokenizer's parts, where they are all known:

* The pre-tokenizer cuts there whatever stands around. No alternative of the regular expressions in `_WORDS` matches a letter and a space
  after it, nor looks back; the only one that looks ahead, ``\\s+(?!\\S)``, sees one character that belongs to the same block. `Metaspace`
  cuts before every space, and puts no other one before a block that begins with one; nor does `ByteLevel`.
* The model reads each cut piece by itself, and without chance (BPE dropout).
* The normalizer is none, or NFC, which composes nothing across a space.
* No added token has a space inside, or is a word that takes the spaces after it.
* The post-processor adds tokens only in front, and takes no space at a text's beginning for one that was put there.

Other tokenizers are not read in blocks. Knows the `tokenizers` library; no model and no requests.
"""

from __future__ import annotations

import bisect
import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_LEAST_CHARS, _MOST_CHARS = 96, 512
"""How long a block is that is remembered."""

_LEAST_CUT_CHARS = 16
"""How long a block is that two texts in turn show to be worth remembering."""

_KEPT_BLOCKS = 4096

_BORDER = re.compile(r"[A-Za-z](?= )")

_WORDS = frozenset(
    {
        # GPT-2, as a Split
        r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
        # Llama 3
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        # Qwen 2 and 3
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    }
)


class Block:
    """The tokens of a block, which know what characters of it they cover.

    Attributes
    ----------
    ids
        The tokens.
    """

    __slots__ = ("_encoding", "ids")

    def __init__(self, encoding: Any) -> None:
        self._encoding = encoding
        self.ids: list[int] = encoding.ids

    def chars(self, n_tokens: int) -> int:
        """How many characters the first ``n_tokens`` tokens cover; a token that was added in front covers none."""
        for i in range(min(n_tokens, len(self.ids)) - 1, -1, -1):
            span = self._encoding.token_to_chars(i)
            if span is not None:
                return int(span[1])
        return 0


Encode = Callable[[str, bool], Block]
"""Reads a block; the flag says whether it is the first, in front of which tokens may be added."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """A text in blocks, or the beginning of one.

    Attributes
    ----------
    starts
        Character at which each block begins.
    blocks
        Their tokens.
    ids
        The same, one after the other.
    """

    starts: list[int]
    blocks: list[Block]
    ids: list[int]


@dataclass(frozen=True, slots=True)
class _Lead:
    """All blocks but the last of a text, and that text as far as it decides them: up to the space behind them.

    ``tokens`` has the number of tokens before each block, and of all. ``whole`` is the text, until the next one has shown how much more
    of it is shared; then it is empty.
    """

    text: str
    read: Blocks
    tokens: list[int]
    whole: str

    def shared_with(self, text: str) -> int:
        """How many of the blocks ``text`` begins with."""
        if text.startswith(self.text):
            return len(self.read.blocks)
        ends = self.read.starts[1:]  # of each but the last, which is not shared
        return bisect.bisect_left(ends, True, key=lambda end: not text.startswith(self.text[: end + 1]))


def _lead(text: str, end: int, read: Blocks, tokens: list[int], whole: str) -> _Lead:
    return _Lead(text[: end + 1], Blocks(read.starts[:], read.blocks[:], read.ids[:]), tokens, whole)


class TextBlocks:
    """A tokenizer that remembers the blocks it has read. Safe to share between threads.

    The blocks with which the text before began are found by looking at the text alone: many programs in turn share their beginning.

    Parameters
    ----------
    encode
        With a tokenizer for which `separable` holds.
    kept
        Blocks remembered at most, of at most `_MOST_CHARS` characters each.
    """

    def __init__(self, encode: Encode, kept: int = _KEPT_BLOCKS) -> None:
        self._encode = encode
        self._remembered = functools.lru_cache(kept)(encode)
        self._lead = _Lead(" ", Blocks([], [], []), [0], "")

    def read(self, text: str) -> Blocks:
        """``text`` in blocks. Its last one is not remembered: it is mostly new."""
        lead = self._lead  # another thread may exchange it meanwhile
        shared = lead.shared_with(text)
        tokens = lead.tokens[: shared + 1]
        read = Blocks(lead.read.starts[:shared], lead.read.blocks[:shared], lead.read.ids[: tokens[-1]])
        start = 0
        if shared:
            start = lead.read.starts[shared] if shared < len(lead.read.starts) else len(lead.text) - 1
        while (border := _BORDER.search(text, start + _LEAST_CHARS)) is not None:
            end = border.end()
            encode = self._remembered if end - start <= _MOST_CHARS else self._encode
            self._add(read, start, encode(text[start:end], start == 0))
            tokens.append(len(read.ids))
            start = end
        if len(read.blocks) > shared:
            self._lead = _lead(text, start, read, tokens, text)
        elif lead.whole and shared == len(lead.read.blocks):
            start = self._cut_once_more(text, start, read, tokens, lead.whole)
        self._add(read, start, self._encode(text[start:], start == 0))
        return read

    def _cut_once_more(self, text: str, start: int, read: Blocks, tokens: list[int], before: str) -> int:
        """What ``text`` shares with the text ``before`` behind their common blocks becomes a block too; returns where that ends."""
        same = bisect.bisect_left(
            range(min(len(text), len(before)) + 1), True, lo=start, key=lambda end: text[start:end] != before[start:end]
        )
        end = max((border.end() for border in _BORDER.finditer(text, start, same - 1)), default=start)
        if end - start >= _LEAST_CUT_CHARS:
            self._add(read, start, self._remembered(text[start:end], start == 0))
            tokens.append(len(read.ids))
            start = end
        self._lead = _lead(text, start, read, tokens, "")
        return start

    @staticmethod
    def _add(read: Blocks, start: int, block: Block) -> None:
        read.starts.append(start)
        read.blocks.append(block)
        read.ids.extend(block.ids)


def separable(tokenizer: Mapping[str, Any]) -> bool:
    """Can texts be read in blocks? ``tokenizer`` is what its ``tokenizer.json`` says. See the module's docstring."""
    return (
        tokenizer.get("normalizer") in (None, {"type": "NFC"})
        and _cuts_before_spaces(_steps(tokenizer.get("pre_tokenizer"), "pretokenizers"))
        and _is_certain(tokenizer["model"])
        and not any(map(_reaches_over_spaces, tokenizer.get("added_tokens") or ()))
        and all(map(_adds_in_front, _steps(tokenizer.get("post_processor"), "processors")))
    )


def _steps(part: Mapping[str, Any] | None, name: str) -> list[Mapping[str, Any]]:
    if part is None:
        return []
    if part["type"] == "Sequence":
        return [step for inner in part[name] for step in _steps(inner, name)]
    return [part]


def _cuts_before_spaces(steps: list[Mapping[str, Any]]) -> bool:
    """Digits at will, then what cuts words, then at most the spelling of bytes."""
    left = [step for step in steps if step["type"] != "Digits"]
    if len(left) == 1:
        return _cuts_words(left[0])
    return len(left) == 2 and _cuts_words(left[0]) and left[1] == {**left[1], "type": "ByteLevel", "use_regex": False}


def _cuts_words(step: Mapping[str, Any]) -> bool:
    if step["type"] == "Split":
        known = step["pattern"].get("Regex") in _WORDS
        return known and step["behavior"] == "Isolated" and not step["invert"]
    return bool(
        (step["type"] == "ByteLevel" and step.get("use_regex"))
        or (step["type"] == "Metaspace" and step.get("split") and step["replacement"] == "▁")
    )


def _is_certain(model: Mapping[str, Any]) -> bool:
    return model["type"] == "Unigram" or (model["type"] == "BPE" and not model.get("dropout"))


def _reaches_over_spaces(added: Mapping[str, Any]) -> bool:
    content = added["content"]
    return " " in content or (added["rstrip"] and _BORDER.match(content[-1:] + " ") is not None)


def _adds_in_front(step: Mapping[str, Any]) -> bool:
    if step["type"] == "TemplateProcessing":
        return [list(piece) for piece in step["single"]].index(["Sequence"]) == len(step["single"]) - 1
    return step["type"] == "ByteLevel" and not (step["trim_offsets"] and step["add_prefix_space"])
