"""Ids equal transformers'; joined token bytes are the text; offsets point at the characters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tokenizers as tk
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sgbench.engine.tokenizer import Tokenizer
from sgbench.errors import ModelError

TEXTS = [
    "The capital of France is Paris.",
    "naïve café, über 1234!",
    "日本語 🙂 emoji",
    "  two  spaces\n\ttab",
    "a b c d e f",
] * 4
SPECIALS = ["<unk>", "<s>", "</s>"]


def byte_level() -> tk.Tokenizer:
    core = tk.Tokenizer(tk.models.BPE())
    core.pre_tokenizer = tk.pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = tk.decoders.ByteLevel()
    alphabet = tk.pre_tokenizers.ByteLevel.alphabet()
    core.train_from_iterator(
        TEXTS, tk.trainers.BpeTrainer(vocab_size=400, special_tokens=SPECIALS, initial_alphabet=alphabet)
    )
    return core


def metaspace() -> tk.Tokenizer:
    """As Llama 2: spaces as U+2581, unknown characters as bytes."""
    core = tk.Tokenizer(tk.models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    core.normalizer = tk.normalizers.Sequence([tk.normalizers.Prepend("▁"), tk.normalizers.Replace(" ", "▁")])
    core.decoder = tk.decoders.Sequence(
        [tk.decoders.Replace("▁", " "), tk.decoders.ByteFallback(), tk.decoders.Fuse(), tk.decoders.Strip(" ", 1, 0)]
    )
    bytes_ = [f"<0x{b:02X}>" for b in range(256)]
    core.train_from_iterator(TEXTS[:2], tk.trainers.BpeTrainer(vocab_size=600, special_tokens=SPECIALS + bytes_))
    raw = json.loads(core.to_str())
    raw["added_tokens"] = raw["added_tokens"][:3]
    return tk.Tokenizer.from_str(json.dumps(raw))


def with_bos(core: tk.Tokenizer) -> tk.Tokenizer:
    core.post_processor = tk.processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", core.token_to_id("<s>"))]
    )
    return core


KINDS = {
    "byte level": byte_level,
    "metaspace": metaspace,
    "byte level with BOS": lambda: with_bos(byte_level()),
    "metaspace with BOS": lambda: with_bos(metaspace()),
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {}
    for kind, make in KINDS.items():
        folder = tmp_path_factory.mktemp("tokenizer")
        make().save(str(folder / "tokenizer.json"))
        settings_ = {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": "<s>",
            "eos_token": {"__type": "AddedToken", "content": "</s>"},
            "unk_token": "<unk>",
            "chat_template": "{{ messages }}",
        }
        (folder / "tokenizer_config.json").write_text(json.dumps(settings_))
        (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [7, 2]}))
        (folder / "config.json").write_text(json.dumps({"eos_token_id": 9}))
        made[kind] = folder
    return made


@pytest.fixture(scope="module")
def peers(folders: dict[str, Path]) -> dict[str, Any]:
    from transformers import PreTrainedTokenizerFast

    return {kind: PreTrainedTokenizerFast.from_pretrained(folder) for kind, folder in folders.items()}


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, max_examples=60)
@given(text=st.text(max_size=30))
@example(text="The capital of 日本 is 🙂 café")
@example(text="</s> in <s> text")
def test_ids_and_text_equal_transformers(folders: dict[str, Path], peers: dict[str, Any], kind: str, text: str) -> None:
    ours = Tokenizer(folders[kind])
    ids = ours.encode(text)
    if not text.startswith("<s>"):
        assert ids == peers[kind](text)["input_ids"]
    assert ours.decode(ids) == peers[kind].decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    assert all(0 <= i < ours.vocab_size for i in ids)


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, max_examples=60)
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="▁<"), max_size=30))
@example(text="The capital of 日本 is 🙂 café")
def test_bytes_and_offsets_cover_the_text(folders: dict[str, Path], kind: str, text: str) -> None:
    ours = Tokenizer(folders[kind])
    ids, offsets = ours.encode(text), ours.offsets(text)
    joined = b"".join(ours.token_bytes(i) for i in ids).decode()
    assert joined == (text if "byte" in kind or not text else " " + text)
    assert len(offsets) == len(ids)
    assert all(0 <= start <= end <= len(text) for start, end in offsets)
    assert max((end for _, end in offsets), default=0) == len(text)
    assert [start for start, _ in offsets] == sorted(start for start, _ in offsets)


@pytest.mark.parametrize("kind", KINDS)
def test_special_tokens(folders: dict[str, Path], kind: str) -> None:
    ours = Tokenizer(folders[kind])
    assert ours.eos_token_ids == (2, 7, 9)
    assert ours.chat_template == "{{ messages }}"
    assert ours.token_bytes(2) == b"" and ours.token_bytes(2, skip_special=False) == b"</s>"
    assert ours.token_bytes(10**6) == b""
    assert ours.encode("<s>hello").count(ours.bos_token_id) == 1


def test_a_folder_without_tokenizer_says_how_to_convert(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no tokenizer\.json.*save_pretrained"):
        Tokenizer(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match="not a readable tokenizer"):
        Tokenizer(tmp_path)


def test_needs_neither_torch_nor_transformers() -> None:
    import subprocess
    import sys

    code = "import sys, sgbench.engine.tokenizer; assert not {'torch', 'transformers'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
