"""A text read in remembered blocks has the tokens, and the characters under them, that it has when it is read afresh."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tokenizers as tk
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sgbench.engine import text_blocks
from sgbench.engine.hub import find_model
from sgbench.engine.text_blocks import separable
from sgbench.engine.tokenizer import Tokenizer

LLAMA_3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN = LLAMA_3.replace("{1,3}", "")
TEXTS = [
    "The capital of France is Paris. It's what they'll say, isn't it?",
    "naïve café, über 1234!  two  spaces\n\ttab and the order of the orders",
    "日本語 🙂 emoji and some words of a prompt, some words more",
] * 4
SPECIALS = ["<unk>", "<s>", "</s>"]


def byte_level(core: tk.Tokenizer | None = None, prefix: bool = False) -> tk.Tokenizer:
    core = core or tk.Tokenizer(tk.models.BPE())
    if core.pre_tokenizer is None:
        core.pre_tokenizer = tk.pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    core.decoder = tk.decoders.ByteLevel()
    alphabet = tk.pre_tokenizers.ByteLevel.alphabet()
    trainer = tk.trainers.BpeTrainer(vocab_size=420, special_tokens=SPECIALS, initial_alphabet=alphabet)
    core.train_from_iterator(TEXTS, trainer)
    return core


def split(pattern: str, normalizer: Any = None) -> tk.Tokenizer:
    core = tk.Tokenizer(tk.models.BPE())
    cut = tk.pre_tokenizers.Split(tk.Regex(pattern), "isolated")
    core.pre_tokenizer = tk.pre_tokenizers.Sequence(
        [cut, tk.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    if normalizer is not None:
        core.normalizer = normalizer
    return byte_level(core)


def with_bos(core: tk.Tokenizer, single: str = "<s> $A", trim: bool = False) -> tk.Tokenizer:
    specials = [(name, core.token_to_id(name)) for name in ("<s>", "</s>")]
    template = tk.processors.TemplateProcessing(single=single, pair="<s> $A $B", special_tokens=specials)
    core.post_processor = tk.processors.Sequence([tk.processors.ByteLevel(trim_offsets=trim), template])
    return core


def metaspace(scheme: str, unigram: bool = False) -> tk.Tokenizer:
    core = tk.Tokenizer(tk.models.Unigram() if unigram else tk.models.BPE(unk_token="<unk>", fuse_unk=True))
    core.pre_tokenizer = tk.pre_tokenizers.Metaspace(replacement="▁", prepend_scheme=scheme)
    core.decoder = tk.decoders.Metaspace(replacement="▁", prepend_scheme=scheme)
    make = tk.trainers.UnigramTrainer if unigram else tk.trainers.BpeTrainer
    more = {"unk_token": "<unk>"} if unigram else {}
    core.train_from_iterator(TEXTS, make(vocab_size=200, special_tokens=SPECIALS, **more))
    return core


def with_added(core: tk.Tokenizer, *added: tk.AddedToken) -> tk.Tokenizer:
    core.add_tokens(list(added))
    return core


MADE: dict[str, Callable[[], tk.Tokenizer]] = {
    "GPT-2": lambda: byte_level(prefix=True),
    "Llama 3": lambda: with_bos(split(LLAMA_3)),
    "Qwen": lambda: split(QWEN, tk.normalizers.NFC()),
    "Metaspace": lambda: metaspace("always"),
    "Metaspace, first": lambda: with_bos(metaspace("first", unigram=True)),
    "added tokens": lambda: with_added(
        with_bos(byte_level()),
        tk.AddedToken("<|im_start|>", special=True),
        tk.AddedToken("<tool>", lstrip=True, rstrip=True),
        tk.AddedToken("words", single_word=True),
        tk.AddedToken("of", lstrip=True, normalized=True),
    ),
}

PIECES = st.one_of(
    st.sampled_from(
        ["the", "order", "It's", " ", "  ", "\n", " \n", "a b c ", "12", "é", "日本", "e\u0301", "\u0301", ".", "'"]
    ),
    st.sampled_from(
        ["<s>", "</s>", "<|im_start|>", "<tool>", "words", "of", " of ", "▁", "some words of a prompt. " * 6]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)
PROMPTS = st.lists(PIECES, max_size=40).map("".join)


def folder(kind: str, at: Path) -> Path:
    if kind == "bundled":
        return find_model("bundled", weights=False)
    MADE[kind]().save(str(at / "tokenizer.json"))
    (at / "tokenizer_config.json").write_text(json.dumps({"bos_token": "<s>", "eos_token": "</s>"}))
    return at


@pytest.fixture(scope="module", params=["bundled", *MADE])
def twins(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Tokenizer, Tokenizer]:
    """One that remembers, and one that reads everything afresh."""
    at = folder(request.param, tmp_path_factory.mktemp("tokenizer"))
    remembering = Tokenizer(at)
    assert remembering._blocks is not None
    return remembering, Tokenizer(at, remembers=False)


def check(twins: tuple[Tokenizer, Tokenizer], text: str) -> None:
    ours, fresh = (tokenizer.read(text) for tokenizer in twins)
    assert ours.ids == fresh.ids
    places = range(len(fresh.ids) + 2)
    assert [ours.chars(n) for n in places] == [fresh.chars(n) for n in places]


@settings(deadline=None, max_examples=150)
@given(begin=PROMPTS, ends=st.lists(PROMPTS, min_size=1, max_size=3))
@example(begin="<s>the " * 40, ends=["", " ", "end"])
def test_equals_a_fresh_reading(twins: tuple[Tokenizer, Tokenizer], begin: str, ends: list[str]) -> None:
    for end in ends:
        check(twins, begin + end)


@settings(deadline=None, max_examples=150)
@given(text=PROMPTS)
def test_equals_a_fresh_reading_cut_at_every_border(twins: tuple[Tokenizer, Tokenizer], text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_blocks, "_LEAST_CHARS", 1)
        check(twins, text)


@settings(deadline=None, max_examples=100)
@given(begin=PROMPTS, others=st.lists(st.tuples(st.integers(0, 400), PROMPTS), min_size=2, max_size=4))
@example(begin="the order of the orders " * 20, others=[(0, ""), (250, "the end"), (230, " of"), (400, "x")])
def test_equals_a_fresh_reading_after_texts_that_begin_alike(
    twins: tuple[Tokenizer, Tokenizer], begin: str, others: list[tuple[int, str]]
) -> None:
    check(twins, begin)
    for kept, end in others:
        check(twins, begin[:kept] + end)


def test_what_two_prompts_share_is_read_once(twins: tuple[Tokenizer, Tokenizer]) -> None:
    blocks = twins[0]._blocks
    assert blocks is not None
    shared = "You answer questions about cities, briefly and to the point. " * 20
    first = twins[0].read(shared + "The first?")
    second = twins[0].read(shared + "The second?")
    seen = len(first._read.blocks) - 1
    assert second._read.blocks[:seen] == first._read.blocks[:-1]
    before = blocks._remembered.cache_info()
    third = twins[0].read(shared + "The next one?")
    assert blocks._remembered.cache_info() == before, "one after the other, nothing is even looked up"
    assert third._read.blocks[:-1] == second._read.blocks[:-1]
    assert len(shared + "The next one?") - third._read.starts[-1] < 40, "and only the new end is read"
    twins[0].read("Something else in between. " * 20)
    before = blocks._remembered.cache_info()
    twins[0].read(shared + "The third?")
    after = blocks._remembered.cache_info()
    assert after.hits > before.hits + 5 and after.misses == before.misses


def changed(core: tk.Tokenizer, **parts: Any) -> dict[str, Any]:
    return json.loads(core.to_str()) | parts


@pytest.mark.parametrize(
    "make",
    [
        lambda: json.loads(with_added(byte_level(), tk.AddedToken("New York")).to_str()),
        lambda: json.loads(with_added(byte_level(), tk.AddedToken("tool", rstrip=True)).to_str()),
        lambda: json.loads(with_bos(byte_level(), "<s> $A </s>").to_str()),
        lambda: json.loads(with_bos(byte_level(), trim=True).to_str()),
        lambda: changed(byte_level(), normalizer={"type": "Lowercase"}),
        lambda: changed(byte_level(), pre_tokenizer=None),
        lambda: json.loads(split(r"\p{L}+ ?|[^\p{L}]+").to_str()),
        lambda: changed(byte_level(), model={"type": "BPE", "dropout": 0.1}),
        lambda: changed(metaspace("always"), pre_tokenizer={"type": "Metaspace", "replacement": "▁", "split": False}),
    ],
    ids=["a space in an added token", "an added word that takes the space", "an EOS", "spaces cut off", "a normalizer",
         "no words", "other words", "dropout", "words not split"],
)  # fmt: skip
def test_a_tokenizer_that_may_reach_over_a_border_is_not_read_in_blocks(make: Callable[[], dict[str, Any]]) -> None:
    assert not separable(make())
