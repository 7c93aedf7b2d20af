"""Text to token ids and back, with the bytes of each token and the characters it covers.

Reads a ``tokenizer.json`` with the `tokenizers` library; does not know `transformers`, the model or requests. Ids equal those of
``transformers.AutoTokenizer.from_pretrained(folder)(text)``.
"""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any

from sgbench.engine.text_blocks import Block, Blocks, TextBlocks, separable
from sgbench.errors import ModelError

_BYTE_TOKEN = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_METASPACE = "▁"
_SPELLING = {"ByteLevel", "ByteFallback", "Metaspace", "Replace", "Fuse", "Strip"}
"""Decoders under which a text is its tokens' bytes, one after the other (but for a space in front)."""


class ReadText:
    """A text as tokens, which remembers what characters they cover.

    Attributes
    ----------
    ids
        As `Tokenizer.encode`.
    """

    __slots__ = ("_read", "ids")

    def __init__(self, read: Blocks) -> None:
        self._read = read
        self.ids: list[int] = read.ids

    def chars(self, n_tokens: int) -> int:
        """How many characters the first ``n_tokens`` tokens cover; a BOS that was added covers none."""
        last = 0  # of the blocks that are covered in part
        for block in self._read.blocks[:-1]:
            if n_tokens <= len(block.ids):
                break
            n_tokens -= len(block.ids)
            last += 1
        start = self._read.starts[last]
        return start + self._read.blocks[last].chars(n_tokens)


class Tokenizer:
    """The tokenizer of a model folder.

    Parameters
    ----------
    folder
        Holds ``tokenizer.json``; ``tokenizer_config.json``, ``config.json`` and ``generation_config.json`` are read where
        they are.
    remembers
        Read a text in blocks where the tokenizer allows it, and remember them (`sgbench.engine.text_blocks`): equal ids, sooner.

    Raises
    ------
    ModelError
        No ``tokenizer.json``, or a damaged one.

    Attributes
    ----------
    eos_token_ids
        Every id that ends a text, sorted.
    bos_token_id
        Id prompts begin with, or None.
    chat_template
        Jinja source, or None.
    special_tokens
        Names such as ``bos_token`` with their texts.
    """

    def __init__(self, folder: str | Path, remembers: bool = True) -> None:
        from tokenizers import Tokenizer as Core

        folder = Path(folder)
        path = folder / "tokenizer.json"
        if not path.is_file():
            raise ModelError(
                f"{folder} holds no tokenizer.json. Convert its tokenizer once: transformers.AutoTokenizer"
                ".from_pretrained(folder).save_pretrained(folder), or pass skip_tokenizer_init=True and input_ids"
            )
        try:
            self._core = Core.from_file(str(path))
        except Exception as error:  # the library raises plain Exception
            raise ModelError(f"{path} is not a readable tokenizer: {error}") from error
        self._core.no_padding()
        self._core.no_truncation()
        settings = _json(folder / "tokenizer_config.json")
        specials = _json(folder / "special_tokens_map.json") | settings
        self.special_tokens = {k: _text(v) for k, v in specials.items() if k.endswith("_token") and _text(v)}
        self.chat_template = _chat_template(folder, settings)
        self._special_ids = frozenset(i for i, t in self._core.get_added_tokens_decoder().items() if t.special)
        self._added = {i: t.content.encode() for i, t in self._core.get_added_tokens_decoder().items()}
        bos = self.special_tokens.get("bos_token")
        self.bos_token_id = self._core.token_to_id(bos) if bos else None
        self.eos_token_ids = self._eos(folder)
        parts = json.loads(self._core.to_str())
        self._decode_bytes = _byte_decoder(parts.get("decoder"))
        self._block = functools.partial(_block, self._core, self.bos_token_id, bos)
        self._blocks = TextBlocks(self._block) if remembers and separable(parts) else None
        self._bytes: dict[int, bytes] = {}

    @property
    def vocab_size(self) -> int:
        """Ids are below this."""
        return max(self._core.get_vocab(with_added_tokens=True).values(), default=-1) + 1

    def encode(self, text: str) -> list[int]:
        """Ids of a prompt, with BOS in front where the tokenizer puts one; a BOS that is in the text is not doubled."""
        return self.read(text).ids

    def read(self, text: str) -> ReadText:
        """As `encode`, for callers that also ask which characters some tokens cover."""
        if self._blocks is not None:
            return ReadText(self._blocks.read(text))
        block = self._block(text, True)
        return ReadText(Blocks([0], [block], block.ids))

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """Characters ``[start, end)`` that each token of ``encode(text)`` covers; ``(0, 0)`` for a BOS that was added."""
        return list(_encoding(self._core, self.bos_token_id, self.special_tokens.get("bos_token"), text).offsets)

    def decode(self, ids: list[int] | tuple[int, ...], skip_special_tokens: bool = True) -> str:
        """Text of ids; bytes that are no UTF-8 become U+FFFD."""
        return str(self._core.decode(list(ids), skip_special_tokens=skip_special_tokens))

    def token_bytes(self, token_id: int, skip_special: bool = True) -> bytes:
        """The bytes a token adds to the text; none for a special token that is skipped, or an id without a token.

        Joined over a text's tokens they are its UTF-8; a tokenizer that drops the first space of a text drops it in `decode`
        only, as it cannot be seen from one token.
        """
        if skip_special and token_id in self._special_ids:
            return b""
        found = self._bytes.get(token_id)
        if found is None:
            found = self._bytes[token_id] = self._token_bytes(token_id)
        return found

    def _token_bytes(self, token_id: int) -> bytes:
        if token_id in self._added:
            return self._added[token_id]
        token = self._core.id_to_token(token_id)
        return b"" if token is None else self._decode_bytes(token)

    def _eos(self, folder: Path) -> tuple[int, ...]:
        ids: set[int] = set()
        for name in ("generation_config.json", "config.json"):
            value = _json(folder / name).get("eos_token_id")
            ids.update(value if isinstance(value, list) else [] if value is None else [value])
        text = self.special_tokens.get("eos_token")
        found = self._core.token_to_id(text) if text else None
        return tuple(sorted(ids | (set() if found is None else {found})))


def _block(core: Any, bos_id: int | None, bos: str | None, text: str, first: bool) -> Block:
    return Block(_encoding(core, bos_id, bos, text) if first else core.encode(text, add_special_tokens=False))


def _encoding(core: Any, bos_id: int | None, bos: str | None, text: str) -> Any:
    encoding = core.encode(text)
    if bos is not None and bos_id is not None and encoding.ids[:2] == [bos_id, bos_id] and text.startswith(bos):
        return core.encode(text, add_special_tokens=False)
    return encoding


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{path} is not valid JSON: {error}") from error
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    """A special token is a string or a dict with ``content``."""
    return str(value.get("content", "")) if isinstance(value, dict) else value if isinstance(value, str) else ""


def _chat_template(folder: Path, settings: dict[str, Any]) -> str | None:
    path = folder / "chat_template.jinja"
    if path.is_file():
        return path.read_text(encoding="utf-8")
    template = settings.get("chat_template")
    if isinstance(template, list):
        named = {entry["name"]: entry["template"] for entry in template}
        template = named.get("default")
    return template


def _byte_decoder(decoder: dict[str, Any] | None) -> Any:
    """A function from a token's vocabulary entry to its bytes, by the kind of the tokenizer's decoder.

    Raises
    ------
    ModelError
        Its tokens do not simply follow one another: a token's bytes depend on its neighbours.
    """
    kinds = _decoder_kinds(decoder)
    if not kinds or kinds - _SPELLING:
        what = (
            f"joins tokens by {', '.join(sorted(kinds - _SPELLING))}"
            if kinds
            else "has no decoder, and joins tokens by spaces"
        )
        raise ModelError(
            f"this tokenizer {what}: its tokens have no bytes of their own. Byte-level and sentencepiece tokenizers are supported"
        )
    if "ByteLevel" in kinds:
        alphabet = _byte_level_alphabet()

        def byte_level(token: str) -> bytes:
            return b"".join(bytes([alphabet[c]]) if c in alphabet else c.encode() for c in token)

        return byte_level
    fallback, metaspace = "ByteFallback" in kinds, "Metaspace" in kinds or "Replace" in kinds

    def plain(token: str) -> bytes:
        match = _BYTE_TOKEN.fullmatch(token) if fallback else None
        if match:
            return bytes([int(match[1], 16)])
        return (token.replace(_METASPACE, " ") if metaspace else token).encode()

    return plain


def _decoder_kinds(decoder: dict[str, Any] | None) -> set[str]:
    if decoder is None:
        return set()
    if decoder.get("type") == "Sequence":
        return {kind for part in decoder["decoders"] for kind in _decoder_kinds(part)}
    return {str(decoder.get("type"))}


def _byte_level_alphabet() -> dict[str, int]:
    """GPT-2's printable character for each byte: itself if printable Latin-1, else the next one from U+0100 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    alphabet = {chr(b): b for b in printable}
    others = (b for b in range(256) if b not in set(printable))
    alphabet.update({chr(0x100 + i): b for i, b in enumerate(others)})
    return alphabet
