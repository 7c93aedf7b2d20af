"""Arithmetic: plain sums, and word problems worked step by step at ten levels.

The last levels are too hard to be right each time: there a majority of samples knows more than one. Which of them lies where one
sample is right 50 to 80 % of the time is measured, not known beforehand."""

from __future__ import annotations

import re
from functools import partial
from random import Random
from zlib import crc32

from tools.train_bundled import words as w
from tools.train_bundled.example import Example, Family, Split, chat, completion, few_shot
from tools.train_bundled.families.wording import form_of
from tools.train_bundled.problems import LEVELS, VOTED_FROM, problem

THINK = (
    "",
    "",
    "",
    " Let's think step by step.",
    " Think step by step.",
    " Show your work.",
    " Solve it step by step.",
    " Explain.",
)
LEADS = ("", "", "", "", "Solve this: ", "Solve the problem. ", "Question: ", "Here is a math problem: ", "Math: ")


def word_problem(rng: Random, split: Split, long: bool, number: int) -> Example:
    """A word problem in chat or completion form, alone or after worked examples."""
    target = problem(rng, split, number)
    worked, want = target.worked, str(target.answer)
    layout = rng.randrange(5)
    shots = rng.randint(4, 10) if long else rng.choice((0, 0, 1, 2, 3))
    if layout < 3 and not long:
        user = rng.choice(LEADS) + target.question + rng.choice(THINK)
        return chat(w.with_system(rng, [("user", user), ("assistant", worked)]), want=want)
    tag, reply = rng.choice(
        (
            ("Question: ", "Answer:"),
            ("Q: ", "A:"),
            ("Problem: ", "Solution:"),
            ("Question: ", "Answer: Let's think step by step."),
        )
    )
    blocks = []
    for _ in range(shots):
        shown = problem(rng, "train", min(number, rng.randint(1, 5)))
        blocks.append((f"{tag}{shown.question}\n{reply}", f" {shown.worked}\n\n"))
    return few_shot(blocks, f"{tag}{target.question}\n{reply}", f" {worked}", want=want)


def last_number(example: Example, completion_: str) -> bool:
    """The last number of the completion is the answer."""
    found = re.findall(r"-?\d+", completion_.replace(",", ""))
    return bool(found) and found[-1] == example.want


SUM_ASK = (
    "What is {q}?",
    "{q}",
    "{q} = ?",
    "{q}=",
    "Compute {q}.",
    "How much is {q}?",
    "what's {q}",
    "calculate {q}",
    "Can you tell me {q}?",
    "{q}?",
)


LEARNT_BY_HEART = 20
"""Sums and differences of numbers up to this are facts to be known, like the times table; above, they are to be worked out."""


def _kept_out(a: int, kind: str, b: int) -> bool:
    """Whether training never draws this sum."""
    return crc32(f"{a}{kind}{b}".encode()) % 16 == 0


def plain_sum(rng: Random, split: Split, long: bool) -> Example:
    """One sum, difference, product of small numbers or exact quotient.

    What is learnt by heart is held out by the form of asking, as facts are; what is worked out, by its numbers.
    """
    del long
    kind, top = rng.choice("++--*/"), rng.choice((10, 20, 100, 100, 1000, 1000))
    by_heart = kind in "*/" or top <= LEARNT_BY_HEART
    while True:
        if kind in "+-":
            a, b = rng.randint(0, top), rng.randint(0, top)
            if kind == "-":
                a, b = max(a, b), min(a, b)
            result = a + b if kind == "+" else a - b
        else:
            a, b = rng.randint(1, 12), rng.randint(1, 12)
            a, b, result = (a, b, a * b) if kind == "*" else (a * b, b, a)
        if by_heart or (max(a, b) > LEARNT_BY_HEART and _kept_out(a, kind, b) == (split == "heldout")):
            break
    word = rng.choice(
        {
            "+": ("+", "+", "plus"),
            "-": ("-", "-", "minus"),
            "*": ("*", "*", "times", "x"),
            "/": ("/", "/", "divided by"),
        }[kind]
    )
    gap = "" if word in "+-*/x" and rng.random() < 0.3 else " "
    query = f"{a}{gap}{word}{gap}{b}"
    want = str(result)
    form = form_of(rng, SUM_ASK, f"{a}{kind}{b}", split) if by_heart else rng.choice(SUM_ASK)
    if rng.random() < 0.3 and not (by_heart and split == "heldout"):
        tag, reply = rng.choice((("Q: ", "A:"), ("Question: ", "Answer:"), ("", " =")))
        ask = query if not tag else form.format(q=query)
        if not tag:
            return completion(f"{query}{reply}", f" {want}", want=want)
        return completion(f"{tag}{ask}\n{reply}", f" {want}", want=want)
    sign = {"+": "+", "-": "-", "*": "*", "/": "/"}[kind]
    answer = f"{a} {sign} {b} = {want}."
    turns = [("user", w.casual(rng, form.format(q=query))), ("assistant", answer)]
    return chat(w.with_system(rng, turns), want=want)


WEIGHTS = {1: 0.4, 2: 0.4, 3: 0.5, 4: 0.8, 5: 1.8, 6: 2.4, 7: 0.6, 8: 1.0, 9: 1.0, 10: 1.2}
HELD = "numbers by hash, never trained on"
SUMS_HELD = f"above {LEARNT_BY_HEART}, numbers by hash, never trained on; up to it, and products: the one form never used for them"
FAMILIES = (
    Family("plain_sums", 5.0, plain_sum, right=last_number, held_out=SUMS_HELD, max_new_tokens=32),
    *(
        Family(
            f"arithmetic_{n}",
            WEIGHTS[n],
            partial(word_problem, number=n),
            certain=n < VOTED_FROM,
            right=last_number,
            held_out=HELD,
            max_new_tokens=256 if n < 8 else 480,
        )
        for n in LEVELS
    ),
)
