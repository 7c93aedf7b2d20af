"""Tree of thought: plan, execute, reflect and answer, as turns of one conversation about a word problem."""

from __future__ import annotations

import re
from random import Random

from tools.train_bundled import words as w
from tools.train_bundled.example import Example, Family, Split, chat
from tools.train_bundled.families.arithmetic import last_number
from tools.train_bundled.problems import Problem, problem

PLAN = (
    "Please generate a high-level plan for solving the following question. Say what method you will use. Do not do the calculation yet. Keep it under 80 words. Question: {q}",
    "Make a plan for solving this problem, without calculating: {q}",
    "First, only write a short plan for this question.\n\nQuestion: {q}",
    "Propose a plan to solve the question below. Do not solve it.\n{q}",
    "{q}\n\nGive me a plan first. No calculation.",
    "Question: {q}\nWrite a concise high-level plan. As the first step, just say what idea you will use.",
    "How would you approach this? Only the plan, please. {q}",
)
EXECUTE = (
    "The plan looks good! Now use real numbers and do the calculation. Solve the question step by step according to the plan. Give me the final answer. Keep it short.",
    "Now carry out the plan and give the final answer.",
    "Good plan. Execute it step by step with the real numbers.",
    "Execute the plan.",
    "Follow your plan now and calculate.",
    "Great. Solve it step by step according to the plan.",
)
REFLECT = (
    "Okay. Now evaluate your own solution and give it a score on a scale of 1 to 5. Please check its correctness rigorously.",
    "Check your solution and score it from 1 to 5.",
    "Reflect on your solution. Is it right? Give a score from 1 to 5.",
    "Evaluate the solution above on a scale of 1 to 5.",
    "Now reflect: is the calculation correct? Score it 1 to 5.",
)
FINAL = (
    "Based on your reflection, do you change your mind? Give me the final answer after careful consideration.",
    "What is the final answer?",
    "Give the final answer now.",
    "Considering your reflection, state the final answer.",
    "So, what is your final answer?",
)
PLAN_STARTS = ("Plan: ", "", "My plan: ", "I will go through the events in order. ")


def _broken(rng: Random, made: Problem) -> tuple[str, str, str] | None:
    """A chain with one wrong result carried to the end: text, the wrong result, the right line."""
    lines = list(made.chain)
    at = len(lines) - 1
    found = re.fullmatch(r"(.+) = (\d+)\.", lines[at])
    if not found:
        return None
    right = int(found[2])
    wrong = max(0, right + rng.choice((-10, -2, -1, 1, 2, 10, 100)))
    if wrong == right:
        wrong += 1
    lines[at] = f"{found[1]} = {wrong}."
    return f"{' '.join(lines)} The answer is {wrong}.", str(wrong), f"{found[1]} = {right}"


def conversation(rng: Random, split: Split, stages: int) -> tuple[list[tuple[str, str]], Problem, bool]:
    """The first ``stages`` exchanges, the problem, and whether the solution in them is right."""
    made = problem(rng, split, rng.choice((1, 2, 3, 3, 4)))
    turns = [("user", rng.choice(PLAN).format(q=made.question)), ("assistant", rng.choice(PLAN_STARTS) + made.plan)]
    right = True
    if stages > 1:
        broken = _broken(rng, made) if stages > 2 and rng.random() < 0.4 else None
        right = broken is None
        turns += [("user", rng.choice(EXECUTE)), ("assistant", made.worked if broken is None else broken[0])]
        if stages > 2:
            checked = [f"{line.rstrip('.')}, right." for line in made.chain[1:]]
            if broken is None:
                verdict = f"I check each step. {' '.join(checked)} All steps are right. Score: 5"
            else:
                checked[-1] = f"{broken[2]}, but I wrote {broken[1]}, wrong."
                verdict = f"I check each step. {' '.join(checked)} There is a mistake. Score: 2"
            turns += [("user", rng.choice(REFLECT)), ("assistant", verdict)]
        if stages > 3:
            final = (
                f"The final answer is {made.answer}."
                if right
                else f"I change my mind. The final answer is {made.answer}."
            )
            turns += [("user", rng.choice(FINAL)), ("assistant", final)]
    return turns, made, right


def execute(rng: Random, split: Split, long: bool) -> Example:
    """Plan, then execution."""
    del long
    turns, made, _ = conversation(rng, split, 2)
    return chat(w.with_system(rng, turns), want=str(made.answer))


def reflect(rng: Random, split: Split, long: bool) -> Example:
    """Plan, execution (sometimes wrong), then a score for it."""
    del long
    turns, _, right = conversation(rng, split, 3)
    return _train_right_turns(w.with_system(rng, turns), right, "5" if right else "2")


def final(rng: Random, split: Split, long: bool) -> Example:
    """All four stages."""
    del long
    turns, made, right = conversation(rng, split, 4)
    return _train_right_turns(w.with_system(rng, turns), right, str(made.answer))


def _train_right_turns(turns: list[tuple[str, str]], right: bool, want: str) -> Example:
    """A conversation in which a wrong execution is shown but never learnt."""
    made = chat(turns, want=want)
    if right:
        return made
    answered = [i for i, (_, learn) in enumerate(made.segments) if learn]
    segments = list(made.segments)
    segments[answered[1]] = (segments[answered[1]][0], False)
    return Example(tuple(segments), want)


HELD = "problems with numbers never trained on"
FAMILIES = (
    Family("plan_execute", 1.5, execute, right=last_number, held_out=HELD, max_new_tokens=192),
    Family("plan_reflect", 1.0, reflect, right=last_number, held_out=HELD, max_new_tokens=192),
    Family("plan_final", 1.0, final, right=last_number, held_out=HELD, max_new_tokens=48),
)
