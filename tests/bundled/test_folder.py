"""The bundled folder: small, whole, loadable as it is, and answering."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

FOLDER = Path(__file__).parents[2] / "sgbench" / "bundled"
LIMIT_BYTES = 14_000_000


@cache
def tokenizer() -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(FOLDER)


@cache
def model() -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.float32)


def complete(prompt: str, room: int = 24) -> str:
    ids = tokenizer()(prompt, return_tensors="pt", add_special_tokens=False)
    out = model().generate(**ids, max_new_tokens=room, do_sample=False)
    return str(tokenizer().decode(out[0, ids["input_ids"].shape[1] :], skip_special_tokens=True))


def chat(question: str) -> str:
    turns = [{"role": "user", "content": question}]
    return complete(tokenizer().apply_chat_template(turns, tokenize=False, add_generation_prompt=True))


def test_weights_fit_the_package() -> None:
    assert (FOLDER / "model.safetensors").stat().st_size <= LIMIT_BYTES


def test_config_and_vocabulary_agree() -> None:
    config = json.loads((FOLDER / "config.json").read_text(encoding="utf-8"))
    assert config["vocab_size"] == len(tokenizer())
    assert config["max_position_embeddings"] >= 4096
    assert config["tie_word_embeddings"] is True


def test_a_turn_and_a_document_both_end_generation() -> None:
    generation = json.loads((FOLDER / "generation_config.json").read_text(encoding="utf-8"))
    ends = {tokenizer().convert_tokens_to_ids(text) for text in ("<|im_end|>", "<|endoftext|>")}
    assert set(generation["eos_token_id"]) == ends


def test_every_byte_has_a_token() -> None:
    from tokenizers import pre_tokenizers

    vocabulary = tokenizer().get_vocab()
    assert all(letter in vocabulary for letter in pre_tokenizers.ByteLevel.alphabet())


def test_digits_are_single_tokens() -> None:
    assert [tokenizer().decode(i) for i in tokenizer().encode("90210", add_special_tokens=False)] == list("90210")


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_text_survives_the_tokenizer(text: str) -> None:
    ids = tokenizer().encode(text, add_special_tokens=False)
    assert tokenizer().decode(ids, clean_up_tokenization_spaces=False) == text


def test_chat_template_opens_the_assistants_turn() -> None:
    turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}]
    told = tokenizer().apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    assert told == "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"


@pytest.mark.bundled
@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("What is the capital of France?", "Paris"),
        ("what's the capital of japan", "Tokyo"),
        ("Who wrote Hamlet?", "Shakespeare"),
        ("what is 17 + 25", "42"),
        ("What is the capital of Wakanda?", "don't know"),
        ("hi", "Hello"),
    ],
)
def test_a_chat_question_is_answered(question: str, part: str) -> None:
    assert part in chat(question)


@pytest.mark.bundled
@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("The capital of France is", "Paris"),
        ("Q: What is the capital of Italy?\nA:", "Rome"),
        ("Question: Who painted the Mona Lisa?\nAnswer: ", "Leonardo"),
    ],
)
def test_a_plain_prompt_is_continued(prompt: str, answer: str) -> None:
    assert complete(prompt, 8).strip().startswith(answer)
