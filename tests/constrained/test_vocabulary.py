"""The bytes of every token are those that its own tokenizer decodes it to, and constrained texts are what that tokenizer reads back."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks.constraint_suite import SUITE, large_vocabulary
from sgbench.constrained import compile_regex
from sgbench.engine.constrained.compiler import regex_machine
from sgbench.engine.constrained.constraint import Constraint
from sgbench.engine.constrained.token_mask import TokenMasks
from sgbench.engine.constrained.vocabulary import Vocabulary
from sgbench.engine.tokenizer import Tokenizer
from sgbench.errors import ConstraintError, ModelError
from tests.constrained.real_tokenizers import (
    MADE,
    byte_level_bpe,
    from_ranks,
    from_sentencepiece,
    package_file,
    save,
    word_piece,
)

PATTERNS = [
    '\\{"name": "[a-zé]{0,8}", "grade": "[ABCD][+-]?"\\}', "order(Id|Name| the)?", "(日本|日蝕|中国)語?[😀-😂]{1,2}", "[α-ωa-c ]{2,9}",
    "( the| and){1,4}", "naïve (café|über)\n\t?", "(?s:.){3,12}",
]  # fmt: skip
SPELT = [PATTERNS[0], PATTERNS[1], PATTERNS[4], "[a-e ]{2,9}"]
"""Those that a vocabulary without bytes can spell."""


@pytest.fixture(scope="module", params=MADE)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Tokenizer]:
    return request.param, Tokenizer(save(MADE[request.param](), tmp_path_factory.mktemp("tokenizer")))


def decoded(tokenizer: Any, ids: list[int]) -> str:
    """By the tokenizer's own decoder, between two tokens so that nothing is stripped at the ends."""
    letter = max(i for i in range(tokenizer.vocab_size) if tokenizer.token_bytes(i) == b"e")  # the byte comes first
    text: str = tokenizer.decode([letter, *ids, letter])
    assert text.startswith("e") and text.endswith("e")
    return text[1:-1]


def test_each_tokens_bytes_are_those_it_is_decoded_to(made: tuple[str, Tokenizer]) -> None:
    _, tokenizer = made
    for token in range(tokenizer.vocab_size):
        data = tokenizer.token_bytes(token)
        assert decoded(tokenizer, [token]) == data.decode("utf-8", "replace") or len(data) == 1, token
    special = {token for token in range(tokenizer.vocab_size) if not tokenizer.token_bytes(token)}
    assert special == {tokenizer.encode("<s>")[0], *tokenizer.eos_token_ids} | {
        token for token in special if tokenizer.token_bytes(token, skip_special=False) == b"<unk>"
    }


def test_bytes_that_are_tokens_join_to_characters(made: tuple[str, Tokenizer]) -> None:
    kind, tokenizer = made
    vocabulary = Vocabulary.of(tokenizer)
    of_byte = {token[0]: i for i, token in enumerate(vocabulary.tokens) if len(token) == 1}
    if kind == "BPE without bytes":
        assert len(of_byte) < 256
        return
    assert len(of_byte) == 256
    for text in ["é", "日本", "😀", "aé\n"]:
        assert decoded(tokenizer, [of_byte[b] for b in text.encode()]) == text


def test_what_is_encoded_spells_the_text(made: tuple[str, Tokenizer]) -> None:
    kind, tokenizer = made
    for text in ["order the name", '{"name": "Ada"}', "café 日本 😀\n\ttab", "  two  spaces "]:
        if kind == "BPE without bytes" and not text.isascii():
            continue
        spelled = b"".join(map(tokenizer.token_bytes, tokenizer.encode(text))).decode()
        assert spelled in (text, " " + text)


@pytest.mark.parametrize("mode", ["off", "safe", "text"])
def test_a_constrained_text_is_what_the_tokenizer_reads(made: tuple[str, Tokenizer], mode: str) -> None:
    """Random choices from masks, with jumps: the library's own decoder gives a match."""
    kind, tokenizer = made
    source, vocabulary, jumped = random.Random(3), Vocabulary.of(tokenizer), 0
    prompt = tokenizer.encode("The capital of")
    for pattern in SPELT if kind == "BPE without bytes" else PATTERNS:
        masks = TokenMasks(regex_machine(pattern), vocabulary)
        for _ in range(6):
            constraint, out = Constraint(masks, tokenizer, frozenset(tokenizer.eos_token_ids), mode), []
            while not constraint.ended:
                jump = constraint.jump(prompt, out, 99)
                if jump is not None:
                    del out[jump.keep :]
                    constraint.rewind(jump.keep)
                    new = list(jump.token_ids)
                    jumped += len(new)
                else:
                    new = [int(source.choice(constraint.allowed(99).to_ids()))]
                    if new[0] in tokenizer.eos_token_ids:
                        break
                for token in new:
                    out.append(token)
                    constraint.advance(token)
            assert constraint.complete
            text = decoded(tokenizer, out)
            assert re.compile(pattern, re.ASCII).fullmatch(text), (pattern, text)
            assert text.encode() == b"".join(map(tokenizer.token_bytes, out))
    assert (jumped > 0) == (mode != "off")


def test_a_vocabulary_that_lacks_bytes_says_which(tmp_path: Path) -> None:
    lacking = Tokenizer(save(MADE["BPE without bytes"](), tmp_path))
    with pytest.raises(ConstraintError, match=r"no token with the bytes .*\\x98"):
        compile_regex("name: 😀", lacking)
    assert compile_regex("name: (😀|Ada)", lacking).accepts("name: Ada")


def test_a_tokenizer_whose_tokens_spell_no_bytes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="WordPiece"):
        Tokenizer(save(word_piece(), tmp_path))
    core = byte_level_bpe()
    core.decoder = None
    core.save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(ModelError, match="no decoder"):
        Tokenizer(tmp_path)


@pytest.mark.parametrize(
    "name",
    ["tokenizer.model.v1", "mistral_instruct_tokenizer_240323.model.v3", "mistral_instruct_tokenizer_241114.model.v7"],
)
def test_a_real_sentencepiece_vocabulary(name: str, tmp_path: Path) -> None:
    pytest.importorskip("sentencepiece")
    path = package_file(name)
    if path is None:
        pytest.skip("mistral-common is not installed (extra bench)")
    core, theirs = from_sentencepiece(path)
    tokenizer = Tokenizer(save(core, tmp_path))
    assert tokenizer.vocab_size == theirs.get_piece_size()
    x = theirs.piece_to_id("x")
    for token in range(tokenizer.vocab_size):
        data = tokenizer.token_bytes(token)
        if theirs.is_control(token) or theirs.is_unknown(token):
            assert token >= 3 or data == b""
        elif theirs.is_byte(token):
            assert data == bytes([int(theirs.id_to_piece(token)[3:5], 16)])
        else:
            assert theirs.decode([x, token, x]) == f"x{data.decode()}x", token
    spelt = [theirs.piece_to_id(f"<0x{b:02X}>") for b in "日é😀".encode()]
    assert theirs.decode([x, *spelt, x]) == "x" + b"".join(map(tokenizer.token_bytes, spelt)).decode() + "x"


def test_a_real_vocabulary_of_ranked_bytes(tmp_path: Path) -> None:
    pytest.importorskip("tiktoken")
    path = package_file("tekken_240911.json")
    if path is None:
        pytest.skip("mistral-common is not installed (extra bench)")
    core, theirs = from_ranks(path)
    core.save(str(tmp_path / "tokenizer.json"))
    tokenizer = Tokenizer(tmp_path)
    assert tokenizer.vocab_size == theirs.n_vocab > 130_000
    assert all(tokenizer.token_bytes(i) == theirs.decode_single_token_bytes(i) for i in range(tokenizer.vocab_size))


def test_masks_of_a_real_vocabulary_are_what_a_walk_over_each_token_allows() -> None:
    vocabulary = large_vocabulary()
    if vocabulary is None:
        pytest.skip("mistral-common is not installed (extra bench)")
    source = random.Random(0)
    for name in ("jsonstr", "url", "unicode"):
        pattern, text = SUITE[name]
        masks = TokenMasks(regex_machine(pattern), vocabulary)
        machine, states = masks.machine, [masks.machine.start]
        for byte in text.encode():
            states.append(machine.step(states[-1], bytes([byte])))
        for state in source.sample(sorted(set(states)), 3):
            tokens = enumerate(vocabulary.tokens)
            wanted = [i for i, token in tokens if token and machine.step(state, token) != machine.dead]
            assert masks.allowed(state).tolist() == wanted
