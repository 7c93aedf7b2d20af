"""Forced text becomes tokens without changing what the text says, and in safe mode without taking a choice from the model."""

from __future__ import annotations

import pytest

from sgbench.engine.constrained.compiler import regex_machine
from sgbench.engine.constrained.jump_forward import held_back_from, safe_jump, text_jump
from sgbench.engine.constrained.retokenization import encode_after, encode_alone, whole_characters
from sgbench.engine.constrained.token_mask import TokenMasks
from tests.constrained.spelling import LongestMatch

TOKENIZER = LongestMatch()
VOCABULARY = TOKENIZER.vocabulary()


def masks(pattern: str) -> TokenMasks:
    return TokenMasks(regex_machine(pattern), VOCABULARY)


def spelled(ids: tuple[int, ...] | list[int]) -> list[bytes]:
    return [TOKENIZER.tokens[i] for i in ids]


@pytest.mark.parametrize(
    ("data", "length"),
    [
        (b"", 0),
        (b"ab", 2),
        ("é".encode(), 2),
        (b"a\xc3", 1),
        ("中".encode()[:2], 0),
        (b"x\xf0\x9f\x98", 1),
        ("😀".encode(), 4),
    ],
)
def test_text_is_cut_to_whole_characters(data: bytes, length: int) -> None:
    assert whole_characters(data) == length


def test_a_token_that_could_have_been_longer_is_held_back() -> None:
    open_end = masks("order(Id|Name|x)")
    assert open_end.machine.forced(0) == b"order"
    assert held_back_from(open_end, 0, b"order") == 0, "orderId begins there"
    closed = masks("order(X|Y)")
    assert held_back_from(closed, 0, b"order") == 5
    inside = masks("aorder(Id|X)")
    jump = safe_jump(inside, 0, [], 0, TOKENIZER)
    assert jump is not None and (jump.data, jump.held_back, spelled(jump.token_ids)) == (b"a", b"order", [b"a"])


@pytest.mark.parametrize(
    "pattern", ["order(Id|Name|x)", "aorder(Id|X)", "summary[ab]", "(Gry|Gra)ffindor the( [ab])?", "中(国|央)"]
)
def test_what_is_held_back_begins_at_the_first_token_that_leads_beyond(pattern: str) -> None:
    """The slow twin tries every token at every place."""
    table = masks(pattern)
    machine, tokens = table.machine, [token for token in VOCABULARY.tokens if token]
    for state in range(machine.n_states):
        forced = machine.forced(state)
        found = (
            at
            for at in range(len(forced))
            for token in tokens
            if token.startswith(forced[at:]) and len(token) > len(forced) - at
            if machine.step(state, forced[:at] + token) != machine.dead
        )
        assert held_back_from(table, state, forced) == next(found, len(forced))


@pytest.mark.parametrize(
    "pattern", ["order(Id|X)", "\\{\"name\": \"[ab]*\"\\}", "the( and)?", "中(国|央)", "summary[abc]", "12[03]", "(Gry|Gra)ffindor x"]
)  # fmt: skip
def test_no_allowed_token_spans_the_end_of_a_safe_jump(pattern: str) -> None:
    """From every position that a safe jump passes, each allowed token stays within the jump."""
    table = masks(pattern)
    machine = table.machine
    for state in range(machine.n_states):
        jump = safe_jump(table, state, [], 0, TOKENIZER)
        if jump is None:
            continue
        assert jump.data + jump.held_back == machine.forced(state)
        assert b"".join(spelled(jump.token_ids)) == jump.data and jump.keep == 0
        for at in range(len(jump.data)):
            here = machine.step(state, jump.data[:at])
            for token in spelled(table.allowed(here).tolist()):
                assert (jump.data + jump.held_back)[at:].startswith(token)


def test_a_text_jump_tokenizes_the_end_of_the_output_afresh() -> None:
    table = masks("(Gry|Gra)ffindor( the)?")
    output = TOKENIZER.encode("Gry")
    state = table.machine.step(0, b"Gry")
    jump = text_jump(table, state, TOKENIZER.encode("x "), output, TOKENIZER)
    assert jump is not None and (jump.keep, jump.data) == (0, b"ffindor")
    assert spelled(jump.token_ids) == [b"Gryffindor"]
    safe = safe_jump(table, state, output, len(output), TOKENIZER)
    assert safe is not None and (safe.keep, spelled(safe.token_ids)) == (1, [b"ffindor"])


def test_a_text_jump_ends_with_a_whole_character() -> None:
    table = masks("x(中国|丱)")  # both begin with the bytes e4 b8
    jump = text_jump(table, 0, [], [], TOKENIZER)
    assert table.machine.forced(0) == b"x\xe4\xb8"
    assert jump is not None and jump.data == b"x"


def test_a_prompt_is_never_changed() -> None:
    """`sum` + `mary` would be one token: then there is no jump over the border."""
    table = masks("mary(a|b)")
    prompt = TOKENIZER.encode("sum")
    assert text_jump(table, 0, prompt, [], TOKENIZER) is None
    safe = safe_jump(table, 0, prompt, 0, TOKENIZER)
    assert safe is not None and spelled(safe.token_ids) == [b"mary"]


def test_text_is_encoded_with_what_stands_before() -> None:
    assert spelled(encode_after(TOKENIZER.encode("xa"), b"bc", TOKENIZER) or []) == [], "abc is one token"
    assert spelled(encode_alone(b"bc", TOKENIZER) or []) == [b"bc"]
    assert spelled(encode_after(TOKENIZER.encode("x "), b"the", TOKENIZER) or []) == [], " the is one token"
    assert spelled(encode_after(TOKENIZER.encode("x\n"), b"the", TOKENIZER) or []) == [b"the"]
    assert encode_alone(b"\xc3", TOKENIZER) is None


def test_half_a_character_before_is_completed() -> None:
    half = [TOKENIZER.ids[b"\xc3"]]
    assert spelled(encode_after([*TOKENIZER.encode("x"), *half], b"\xa9y", TOKENIZER) or []) == []
    assert encode_after(half, b"\xa9", TOKENIZER) is None, "the tokenizer joins both halves to one token"


class Spacing(LongestMatch):
    """Puts a space before every text and a begin token before that, as sentencepiece tokenizers do."""

    def encode(self, text: str, /) -> list[int]:
        return [0, *super().encode(" " + text)]


class Changing(LongestMatch):
    """Writes other text than it was given."""

    def encode(self, text: str, /) -> list[int]:
        return super().encode(text.lower())


def test_a_space_in_front_is_not_the_texts() -> None:
    tokenizer = Spacing()
    assert [tokenizer.tokens[i] for i in encode_after([tokenizer.ids[b"x"]], b"order", tokenizer) or []] == [b"order"]
    assert encode_alone(b"order", tokenizer) is None


def test_a_tokenizer_that_changes_text_does_not_jump() -> None:
    table = TokenMasks(regex_machine("Order(Id|X)y"), Changing().vocabulary())
    assert text_jump(table, 0, [], [], Changing()) is None
    assert safe_jump(table, 0, [], 0, Changing()) is None
