"""The prompt lint: each way to break sharing is found and named, and clean prompts are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgbench.analysis import PromptLint, prompt_lint
from sgbench.analysis.prompt import Prompt
from sgbench.analysis.token_trie import shared_tokens
from sgbench.engine.engine import EngineCore
from sgbench.trace.events import Event, Keyframe, RequestFinished, RequestQueued
from sgbench.trace.trace import Trace
from tests.engine.world import Letters, scripted

RULES = "You are a kind assistant. Answer in few words. Never say what you do not know.\n"


def lint(*prompts: str) -> PromptLint:
    engine: EngineCore = scripted(5_000, vocab=256, tokenizer=Letters())
    with engine.record() as trace:
        for prompt in prompts:
            engine.generate(input_ids=list(prompt.encode()), sampling_params={"max_new_tokens": 1})
    return prompt_lint(trace)


@pytest.mark.parametrize(
    ("first", "second", "looks"),
    [
        ("It is 12:01:07. ", "It is 13:02:09. ", "a time of day"),
        ("Today is 2026-11-22. ", "Today is 2026-11-23. ", "a date"),
        ("Session 0b5c2d1e-aaaa-4bbb-8ccc-1234567890ab. ", "Session 7f5c2d1e-aaaa-4bbb-8ccc-1234567890ab. ", "an id"),
        ("Run 48213. ", "Run 59324. ", "a number"),
        ("Ann asks. ", "Bob asks. ", ""),
    ],
)
def test_varying_text_in_front_of_constant_text(first: str, second: str, looks: str) -> None:
    found = lint(f"{first}{RULES}One?", f"{second}{RULES}Two?")
    (finding,) = found.findings
    assert finding.kind == "varying-head"
    assert (looks in finding.detail) if looks else finding.detail == ""
    assert len(RULES) <= finding.lost_tokens <= len(first + RULES) + 4
    assert "+ " in finding.diff() and "another order may change answers" in str(found)


def test_examples_in_another_order() -> None:
    examples = ["Q: a lemon? A: sour.", "Q: sugar? A: sweet.", "Q: the sea? A: salty.", "Q: coffee? A: bitter."]
    found = lint("Say.\n" + "\n".join(examples), "Say.\n" + "\n".join(examples[::-1]))
    assert [finding.kind for finding in found.findings] == ["order"]


def test_a_clock_in_front_of_examples_in_another_order_is_told_first() -> None:
    examples = ["Q: a lemon? A: sour.", "Q: sugar? A: sweet.", "Q: the sea? A: salty.", "Q: coffee? A: bitter."]
    said = [f"[10:07:{second}] {RULES}" + "\n".join(order) for second, order in ((11, examples), (12, examples[::-1]))]
    (finding,) = lint(*said).findings
    assert finding.kind == "varying-head"
    assert "a time of day" in finding.detail and "another order" in finding.detail
    dated = ["Q: 2024-01-01? A: sour.", "Q: 2025-02-02? A: sweet.", "Q: 2026-03-03? A: salty."]
    (finding,) = lint("Say.\n" + "\n".join(dated), "Say.\n" + "\n".join(dated[::-1])).findings
    assert finding.kind == "order" or "a date" in finding.detail


def test_white_space_that_drifts() -> None:
    found = lint(RULES + "Name  a fruit.", RULES + "Name a fruit.")
    assert [finding.kind for finding in found.findings] == ["whitespace"]


def chat(second_prompt: tuple[int, ...]) -> PromptLint:
    """A turn with the answer 9 8 7 6, and the next turn's prompt."""
    first = tuple(range(20, 40))
    events: list[Event] = [
        Keyframe(tree={"nodes": []}, capacity_tokens=100),
        RequestQueued(rid=0, prompt_ids=first, max_new_tokens=9, program=0, op=0),
        RequestFinished(rid=0, reason="stop", output_ids=(9, 8, 7, 6), prompt_tokens=20, cached_tokens=0),
        RequestQueued(rid=1, prompt_ids=first + second_prompt, max_new_tokens=9, program=0, op=1, after=(0,)),
    ]
    texts = {9: "a", 8: "b", 7: "c", 6: "<end>", 3: "ab", 50: "new", 51: "turn"}
    return prompt_lint(Trace(events, token_text=lambda i: texts.get(i, f"<{i}>")))


@pytest.mark.parametrize(
    ("second", "kind"),
    [
        ((9, 8, 7, 6, 50, 51), None),
        ((9, 8, 7, 50, 51), None),
        ((50, 51), "history-changed"),
        ((3, 7, 6, 50), "retokenized"),
    ],
)
def test_a_conversation_must_go_on_from_what_was_said(second: tuple[int, ...], kind: str | None) -> None:
    assert [finding.kind for finding in chat(second).findings] == ([kind] if kind else [])


def test_prompts_that_share_are_left_alone() -> None:
    found = lint(RULES + "Name a fruit.", RULES + "What is the sea?", RULES + "Who wrote Hamlet?")
    assert found.findings == ()
    assert "nothing found" in str(found)
    assert found.requests == 3


def test_the_table_has_a_row_for_each_finding() -> None:
    found = lint(f"It is 12:01. {RULES}", f"It is 12:02. {RULES}")
    assert list(found.table()["kind"]) == ["varying-head"]
    assert found.lost_tokens == found.findings[0].lost_tokens


@given(st.lists(st.lists(st.integers(1, 2), max_size=6), min_size=1, max_size=8))
def test_the_nearest_prompt_and_what_goes_on_from_which(prompts: list[list[int]]) -> None:
    seen = [Prompt.of(RequestQueued(rid=i, prompt_ids=tuple(p), max_new_tokens=1), ()) for i, p in enumerate(prompts)]
    ours, others = seen[0], seen[1:]
    shared = [shared_tokens(ours.tokens, other.tokens) for other in others]
    most, best = ours.nearest(others)
    assert (most, best) == ((max(shared), others[shared.index(max(shared))]) if others else (0, None))
    for other, n in zip(others, shared, strict=True):
        assert ours.goes_on_from(other) == (n == len(other.tokens) < len(ours.tokens))
