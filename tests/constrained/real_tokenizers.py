"""Tokenizers of every kind that models come with: trained here in a moment, or the real files of a package where it is installed."""

from __future__ import annotations

import base64
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tokenizers as tk

TEXTS = [
    "The capital of France is Paris.", "naïve café, über 1234!", "日本語 と 日本 emoji", "  two  spaces\n\ttab",
    "a b c d e f order orderId order the name", '{"name": "Ada", "grade": "B+"}', "Gryffindor Gryffin the and and the",
] * 4  # fmt: skip
SPECIALS = ["<unk>", "<s>", "</s>"]
BYTES = [f"<0x{b:02X}>" for b in range(256)]


def _unspaced() -> Any:
    """The decoder of Llama 2: U+2581 to spaces, bytes joined, the first space dropped."""
    return tk.decoders.Sequence(
        [tk.decoders.Replace("▁", " "), tk.decoders.ByteFallback(), tk.decoders.Fuse(), tk.decoders.Strip(" ", 1, 0)]
    )


def byte_level_bpe() -> tk.Tokenizer:
    """As GPT-2, Llama 3, Qwen."""
    core = tk.Tokenizer(tk.models.BPE())
    core.pre_tokenizer = tk.pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = tk.decoders.ByteLevel()
    alphabet = tk.pre_tokenizers.ByteLevel.alphabet()
    core.train_from_iterator(
        TEXTS, tk.trainers.BpeTrainer(vocab_size=420, special_tokens=SPECIALS, initial_alphabet=alphabet)
    )
    return core


def split_byte_level_bpe() -> tk.Tokenizer:
    """As Llama 3: words split by a regex before their bytes are looked at."""
    core = byte_level_bpe()
    split = tk.pre_tokenizers.Split(tk.Regex(r"\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+"), "isolated")
    core.pre_tokenizer = tk.pre_tokenizers.Sequence(
        [split, tk.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    return core


def _without_trained_bytes(core: tk.Tokenizer) -> tk.Tokenizer:
    """Byte tokens are no special ones: training takes them as such."""
    raw = json.loads(core.to_str())
    raw["added_tokens"] = raw["added_tokens"][: len(SPECIALS)]
    return tk.Tokenizer.from_str(json.dumps(raw))


def fallback_bpe() -> tk.Tokenizer:
    """As Llama 2 and Mistral: U+2581 for spaces, unknown characters as bytes."""
    core = tk.Tokenizer(tk.models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    core.normalizer = tk.normalizers.Sequence([tk.normalizers.Prepend("▁"), tk.normalizers.Replace(" ", "▁")])
    core.decoder = _unspaced()
    core.train_from_iterator(TEXTS[:3], tk.trainers.BpeTrainer(vocab_size=500, special_tokens=SPECIALS + BYTES))
    return _without_trained_bytes(core)


def fallback_unigram() -> tk.Tokenizer:
    """As T5 and Gemma: pieces by probability, unknown characters as bytes."""
    core = tk.Tokenizer(tk.models.Unigram())
    core.pre_tokenizer = tk.pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first", split=False)
    core.train_from_iterator(
        TEXTS[:4], tk.trainers.UnigramTrainer(vocab_size=220, special_tokens=SPECIALS, unk_token="<unk>")
    )
    raw = json.loads(core.to_str())
    pieces = raw["model"]["vocab"]
    raw["model"] |= {"vocab": [*pieces[:3], *([piece, -30.0] for piece in BYTES), *pieces[3:]], "byte_fallback": True}
    core = tk.Tokenizer.from_str(json.dumps(raw))
    core.decoder = _unspaced()
    return core


def metaspace_bpe() -> tk.Tokenizer:
    """Without bytes: what it never saw it cannot spell."""
    core = tk.Tokenizer(tk.models.BPE(unk_token="<unk>"))
    core.pre_tokenizer = tk.pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    core.decoder = tk.decoders.Metaspace(replacement="▁", prepend_scheme="always")
    core.train_from_iterator(TEXTS, tk.trainers.BpeTrainer(vocab_size=300, special_tokens=SPECIALS))
    return core


def word_piece() -> tk.Tokenizer:
    """As BERT: its decoder puts blanks between words, so tokens spell no bytes of their own."""
    core = tk.Tokenizer(tk.models.WordPiece(unk_token="<unk>"))
    core.pre_tokenizer = tk.pre_tokenizers.Whitespace()
    core.decoder = tk.decoders.WordPiece()
    core.train_from_iterator(TEXTS, tk.trainers.WordPieceTrainer(vocab_size=200, special_tokens=SPECIALS))
    return core


MADE: dict[str, Callable[[], tk.Tokenizer]] = {
    "byte-level BPE": byte_level_bpe,
    "byte-level BPE, split": split_byte_level_bpe,
    "BPE with byte fallback": fallback_bpe,
    "Unigram with byte fallback": fallback_unigram,
    "BPE without bytes": metaspace_bpe,
}


def save(core: tk.Tokenizer, folder: Path) -> Path:
    """A model folder with this tokenizer."""
    core.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


def package_file(name: str) -> Path | None:
    """A file that the package ``mistral-common`` ships; None where it is not installed."""
    spec = importlib.util.find_spec("mistral_common")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "data" / name
    return path if path.is_file() else None


def from_sentencepiece(path: Path) -> tuple[tk.Tokenizer, Any]:
    """A real sentencepiece file as ``tokenizer.json`` has it (without merges: enough to decode), and the library's own reader."""
    import sentencepiece

    theirs = sentencepiece.SentencePieceProcessor(model_file=str(path))
    vocab = {theirs.id_to_piece(i): i for i in range(theirs.get_piece_size())}
    core = tk.Tokenizer(tk.models.BPE(vocab, [], unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    core.decoder = _unspaced()
    core.add_special_tokens([tk.AddedToken(theirs.id_to_piece(i), special=True) for i in range(3)])
    return core, theirs


def from_ranks(path: Path) -> tuple[tk.Tokenizer, Any]:
    """A real file of ranked bytes as byte-level BPE, and ``tiktoken``'s own reader."""
    import tiktoken

    data = json.loads(path.read_text(encoding="utf-8"))
    size = data["config"]["default_vocab_size"] - data["config"]["default_num_special_tokens"]
    ranked = [base64.b64decode(entry["token_bytes"]) for entry in data["vocab"][:size]]
    theirs = tiktoken.Encoding(
        "tekken",
        pat_str=data["config"]["pattern"],
        mergeable_ranks={token: i for i, token in enumerate(ranked)},
        special_tokens={},
    )
    shown = _shown_bytes()
    vocab = {"".join(shown[b] for b in token): i for i, token in enumerate(ranked)}
    core = tk.Tokenizer(tk.models.BPE(vocab, []))
    core.decoder = tk.decoders.ByteLevel()
    return core, theirs


def _shown_bytes() -> dict[int, str]:
    """The character that byte-level tokenizers show for each byte."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [b for b in range(256) if b not in printable]
    return {b: chr(b) for b in printable} | {b: chr(0x100 + i) for i, b in enumerate(hidden)}
