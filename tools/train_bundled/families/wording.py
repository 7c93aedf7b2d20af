"""How people type: surface forms of a question, system prompts, frames of plain completion.

Knows nothing of facts. Every function takes its randomness from the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from zlib import crc32

from tools.train_bundled.example import Split

SYSTEMS = (
    "You are a helpful assistant.",
    "You are a helpful, honest assistant.",
    "You are a friendly assistant.",
    "You are an assistant who answers briefly.",
    "Answer the user's questions.",
    "You are a helpful AI assistant.",
    "You are a knowledgeable tutor.",
    "Be concise.",
    "You are a small language model.",
    "Help the user.",
    "You are a kind teacher.",
    "You answer questions as well as you can.",
    "You are sgbench's model.",
)
_POLITE = (
    "please tell me: ",
    "hey, ",
    "hi! ",
    "quick question: ",
    "pls ",
    "ok, ",
    "so, ",
    "and ",
    "now ",
    "I wonder: ",
    "hello, ",
    "please, ",
    "do you know: ",
    "tell me: ",
    "question: ",
    "Hi, ",
    "Hello! ",
    "Well, ",
    "Next: ",
    "One question: ",
)
_AFTER = (" please", " pls", " thanks", ", please", " Thanks!", " thank you", " ?", "??", " :)")


def form_of(rng: Random, forms: Sequence[str], thing: str, split: Split) -> str:
    """A form in which ``thing`` is asked about: training uses all but one, which one (not the first) the hash of ``thing`` says."""
    at = 1 + crc32(thing.encode()) % (len(forms) - 1)
    if split == "heldout":
        return forms[at]
    return rng.choice([*forms[:at], *forms[at + 1 :]])


def system_turn(rng: Random, share: float = 0.33) -> list[tuple[str, str]]:
    """A system turn for about a third of all chats, else nothing."""
    return [("system", rng.choice(SYSTEMS))] if rng.random() < share else []


def bare(text: str) -> str:
    """A thing without its article."""
    first, _, rest = text.partition(" ")
    return rest if first in ("the", "a", "an") and rest else text


def lower_first(text: str) -> str:
    """The text with a small first letter."""
    return text[0].lower() + text[1:]


def upper_first(text: str) -> str:
    """The text with a capital first letter."""
    return text[0].upper() + text[1:]


def _slip(rng: Random, text: str, keep: str) -> str:
    """One typing slip in a word that is not part of what is asked about."""
    words = text.split(" ")
    kept = keep.lower()
    spots = [i for i, word in enumerate(words) if len(word) > 3 and word.isalpha() and word.lower() not in kept]
    if not spots:
        return text
    i = rng.choice(spots)
    word = words[i]
    at = rng.randrange(1, len(word) - 1)
    words[i] = (
        word[:at] + word[at + 1] + word[at] + word[at + 2 :] if rng.random() < 0.5 else word[:at] + word[at + 1 :]
    )
    return " ".join(words)


def typed(rng: Random, text: str, keep: str = "") -> str:
    """A question as somebody types it: any case, with or without marks, politeness, contractions, rare slips.

    ``keep`` is what is asked about; slips leave it alone.
    """
    roll = rng.random()
    if roll < 0.35:
        return text
    if rng.random() < 0.25:
        for long, short in (("What is ", "What's "), ("Who is ", "Who's "), ("Where is ", "Where's ")):
            if text.startswith(long):
                text = short + text[len(long) :]
                break
    if rng.random() < 0.015:
        text = _slip(rng, text, keep)
    if rng.random() < 0.15:
        text = rng.choice(_POLITE) + lower_first(text)
    if rng.random() < 0.35:
        text = text.rstrip("?.!") or text
    if rng.random() < 0.06:
        text = text + rng.choice(_AFTER)
    if rng.random() < 0.4:
        text = text.lower() if rng.random() < 0.7 else lower_first(text)
    return text


FRAMES = (
    ("Q: {q}\nA:", "\n\n"),
    ("Question: {q}\nAnswer:", "\n\n"),
    ("Q: {q}\nA:", "\n"),
    ("Question: {q}\nAnswer:", "\n"),
    ("{q}\nAnswer:", "\n\n"),
    ("{q}\nA:", "\n\n"),
    ("User: {q}\nAssistant:", "\n"),
    ("question: {q}\nanswer:", "\n\n"),
    ("{q} Answer:", "\n"),
    ("Human: {q}\nAI:", "\n"),
)


def framed(rng: Random, shown: list[tuple[str, str]], question: str, answer: str) -> tuple[str, str]:
    """A completion prompt with worked pairs before it, and the answer as it must be continued.

    In some of the prompts the last mark is followed by a space, which the answer then lacks.
    """
    frame, gap = rng.choice(FRAMES)
    blocks = [frame.format(q=q) + " " + a + gap for q, a in shown]
    prompt = "".join(blocks) + frame.format(q=question)
    if rng.random() < 0.15:
        return prompt + " ", answer
    return prompt, " " + answer
