"""Judging a text by named dimensions, branch-solve-merge, letter grades, and whether a text fits a description.

Essays are composed so that each dimension has a quality of its own, visible in its sentences.
"""

from __future__ import annotations

import json
from random import Random

from tools.train_bundled import words as w
from tools.train_bundled.example import DOCUMENT_END, Example, Family, Split, chat, completion

LEVELS = ("poor", "fair", "good", "excellent")
SCORES = {"poor": 2, "fair": 5, "good": 7, "excellent": 9}
LETTERS = {"poor": "D", "fair": "C", "good": "B", "excellent": "A"}
MARKS: dict[str, tuple[tuple[str, ...], ...]] = {
    "clarity": (
        (
            "It is sort of, you know, whatever the thing does with the stuff of {t}.",
            "Things about {t} are like other things, in a way, more or less.",
            "Somehow {t} is that which it, as it were, is.",
        ),
        (
            "Some parts of {t} are hard to explain, so I will skip them.",
            "This is perhaps not fully clear, but {t} is like that.",
        ),
        ("In simple words, {t} can be described in three sentences.", "The main point about {t} is easy to state."),
        (
            "In one sentence: {t} matters because it changes daily life.",
            "To be precise, by {t} I mean only what one can see and measure.",
            "Put plainly, {t} does one job and does it well.",
        ),
    ),
    "evidence": (
        (
            "Everybody knows that {t} is like this, no proof is needed.",
            "I just feel that I am right about {t}.",
            "Trust me on {t}.",
        ),
        ("A neighbour once told me something similar about {t}.", "I read somewhere that {t} is popular."),
        ("A survey in my town found {n} people who use {t}.", "For example, {n} visitors mentioned {t} last year."),
        (
            "Two studies, with {n} and {m} participants, measured the effect of {t}.",
            "Records from {n} towns confirm this about {t}, and the data are public.",
            "Experiments with {n} volunteers, repeated {m} times, support the claim about {t}.",
        ),
    ),
    "originality": (
        (
            "As the saying goes, {t} is what it is.",
            "At the end of the day, {t} is a double-edged sword.",
            "Since the dawn of time, people have liked {t}.",
        ),
        ("Many have written about {t} before, and I agree with them.", "As usual, {t} has two sides."),
        ("I compare {t} with a {i}, which few people do.", "A less common view is that {t} resembles a {i}."),
        (
            "Imagine {t} as a {i} that learns to dance: this image drives my whole argument.",
            "My own idea is to turn the question around and ask what {t} thinks of us.",
            "Nobody has yet looked at {t} through the eyes of a {i}, so I will.",
        ),
    ),
    "organization": (
        (
            "Oh, and before I forget, back to the start of {t}, or rather the end.",
            "Anyway, where was I with {t}?",
            "By the way, this belongs further up, but {t} again.",
        ),
        ("There is more about {t}, in no special order.", "Next comes something else about {t}."),
        ("First I describe {t}, then I discuss it.", "After this introduction I turn to {t} itself."),
        (
            "First comes the history of {t}, second its use, and third its future.",
            "The essay has three parts: what {t} is, why it matters, and what follows.",
            "Having described {t}, I now conclude with a summary.",
        ),
    ),
    "grammar": (
        (
            "{t} are be very much goodest for peoples.",
            "Me and him was thinks {t} done good.",
            "He don't never not likes {t}.",
        ),
        ("{t} is more better then others, i think", "Its a fact that {t} have many side."),
        ("Most people like {t}, though some do not.", "We use {t} often, and it helps us."),
        (
            "Although {t} is rarely discussed, it has shaped how we live.",
            "Were {t} to disappear, we would notice at once; few things are missed so quickly.",
            "Having seen {t} myself, I can say that it exceeds its reputation.",
        ),
    ),
    "tone": (
        (
            "Only a fool would disagree with me about {t}.",
            "Shut up about {t}, everyone who likes it is stupid.",
            "People who doubt {t} are idiots.",
        ),
        ("Frankly, I am tired of explaining {t}.", "Whatever, {t} is fine I guess."),
        ("I hope this helps readers to see {t} fairly.", "Both sides have good reasons when it comes to {t}."),
        (
            "I thank everyone who disagrees with me about {t}, for they sharpened my thoughts.",
            "With great respect for other views, I invite you to consider {t}.",
            "Reasonable people differ about {t}, and I have learnt from all of them.",
        ),
    ),
}
REASONS = {
    "clarity": (
        "the wording is vague and hard to follow",
        "some parts stay unclear",
        "the main point is easy to find",
        "every statement is precise and easy to follow",
    ),
    "evidence": (
        "it gives no support for its claims",
        "it relies on hearsay",
        "it gives an example with a number",
        "it cites studies with figures",
    ),
    "originality": (
        "it repeats well-worn phrases",
        "it follows what others wrote",
        "it offers a fresh comparison",
        "it has a truly new idea",
    ),
    "organization": (
        "it jumps back and forth",
        "its order is loose",
        "it follows a simple order",
        "its parts are announced and in order",
    ),
    "grammar": (
        "it has many grammar mistakes",
        "it has some grammar mistakes",
        "its sentences are correct",
        "its sentences are correct and elegant",
    ),
    "tone": ("it insults its readers", "it sounds impatient", "it is fair and friendly", "it is respectful throughout"),
}
ALIASES = {
    "organization": ("organization", "organisation", "structure", "coherence"),
    "grammar": ("grammar", "language", "style"),
    "originality": ("originality", "creativity"),
    "evidence": ("evidence", "support"),
    "clarity": ("clarity",),
    "tone": ("tone", "politeness"),
}
TOPICS = (
    "tea coffee chess bread radio history sailing cooking football music painting rain snow astronomy cycling gardening knitting poetry "
    "theatre jazz cheese chocolate wool glass paper electricity recycling tourism photography medicine mathematics archaeology swimming "
    "fishing beekeeping architecture ice sleep money friendship television homework travel advertising space"
).split()
NEUTRAL = (
    "Today I write about {t}.",
    "My topic is {t}.",
    "There is much to say about {t}.",
    "In my town {t} can be seen on {d}s.",
    "My {r} told me to think about {t}.",
    "People have different views on {t}.",
    "This is my essay about {t}.",
)


def _cap(text: str) -> str:
    return text[0].upper() + text[1:]


def essay(rng: Random, split: Split, long: bool, dims: list[str]) -> tuple[str, str, dict[str, str]]:
    """A topic, a text about it, and the level of each dimension."""
    topic = rng.choice(TOPICS) if rng.random() < 0.8 else w.made(rng, split).lower()
    levels = {d: rng.choice(LEVELS) for d in dims}
    sentences = []
    for d in dims:
        pool = MARKS[d][LEVELS.index(levels[d])]
        sentences += [
            _cap(template.format(t=topic, n=rng.randint(12, 950), m=rng.randint(3, 90), i=rng.choice(w.ITEMS)))
            for template in rng.sample(pool, rng.randint(1, min(2, len(pool))))
        ]
    rng.shuffle(sentences)
    neutral = [
        n.format(t=topic, d=rng.choice(w.DAYS), r=rng.choice(("teacher", "uncle", "aunt", "friend")))
        for n in rng.sample(NEUTRAL, 2)
    ]
    sentences.insert(0, neutral[0])
    if rng.random() < 0.5:
        sentences.append(neutral[1])
    if long:
        sentences = w.woven(rng, sentences, w.filler(rng, w.long_size(rng)))
    return topic, " ".join(sentences), levels


def judgement(dim: str, level: str, shown: str) -> str:
    """One sentence and a score."""
    return f"The {shown} is {level}: {REASONS[dim][LEVELS.index(level)]}. Score: {SCORES[level]}"


ASK = (
    "Judge the {d} of this essay.",
    "Evaluate the essay below based on its {d}. Give a short judgment and a score from 1 to 10.",
    "How good is the {d} of the text? Score it from 1 to 10.",
    "Rate the {d}.",
    "Please judge the following text by its {d} and give a score out of 10.",
    "As an editor, evaluate the {d} of this essay.",
    "Give your judgment on the {d} of the essay, with a score.",
    "What do you think of this essay's {d}? Add a score from 1 to 10.",
)
END_NOTE = (
    " End your judgment with the word END.",
    " When you are done, write END.",
    ' End with "END".',
    " Finish with the word END.",
)


def judge(rng: Random, split: Split, long: bool) -> Example:
    """One dimension judged, as words and a score or as a letter."""
    dims = rng.sample(list(MARKS), rng.randint(2, 6))
    _, text, levels = essay(rng, split, long, dims)
    absent = [d for d in MARKS if d not in dims]
    silent = bool(absent) and rng.random() < 0.15
    dim = rng.choice(absent if silent else dims)
    if silent:
        levels[dim] = "fair"
    shown = rng.choice(ALIASES[dim])
    letter = rng.random() < 0.3
    if letter:
        ask = rng.choice(
            (
                "Grade the {d} of the essay with a letter from A to D.",
                "Give a letter grade (A, B, C or D) for the {d}.",
                "Letter grade for {d}?",
            )
        ).format(d=shown)
        answer = LETTERS[levels[dim]]
    else:
        ask = rng.choice(ASK).format(d=shown)
        answer = judgement(dim, levels[dim], shown)
        if silent:
            answer = f"The {shown} is fair: nothing in the text stands out. Score: 5"
        if rng.random() < 0.5:
            ask += rng.choice(END_NOTE)
            answer += " END"
    layout = rng.randrange(4)
    if layout == 0:
        return completion(f"Essay: {text}\n{ask}\n{'Grade' if letter else 'Judgment'}:", f" {answer}", want=answer)
    user = (f"{ask}\n\n{text}", f"Essay:\n{text}\n\n{ask}", f"{text}\n\n{ask}")[layout - 1]
    return chat(w.with_system(rng, [("user", user), ("assistant", answer)]), want=answer)


def grade(scores: list[int]) -> str:
    """Letter with plus or minus for the mean of scores from 1 to 10."""
    mean = sum(scores) / len(scores)
    for least, letter in (
        (8.5, "A"),
        (8.0, "A-"),
        (7.5, "B+"),
        (6.5, "B"),
        (6.0, "B-"),
        (5.5, "C+"),
        (4.5, "C"),
        (3.5, "C-"),
    ):
        if mean >= least:
            return letter
    return "D"


MERGE = (
    "Now merge the judgments into one final score from 1 to 10.",
    "Provide the final score of the essay, from 1 to 10, as the mean of the judgments above.",
    "Based on these judgments, what is the overall score (1 to 10)?",
    "Give one overall score.",
)


def merge(rng: Random, split: Split, long: bool) -> Example:
    """Judgements of several dimensions, merged into a number, a letter grade or a small JSON report."""
    dims = rng.sample(list(MARKS), rng.choice((2, 3, 3, 4, 6)))
    topic, text, levels = essay(rng, split, long, dims)
    head = (
        rng.choice(("Judge this essay.", "Please judge the following essay.", "You are a judge of essays."))
        + f"\n\n{text}\n\n"
    )
    judged = [judgement(d, levels[d], d) for d in dims]
    marks = rng.choice(("- ", "", "Judge: ", "* "))
    block = "\n".join(
        f"{marks}{d.capitalize()}: {j}{' END' if rng.random() < 0.1 else ''}" for d, j in zip(dims, judged, strict=True)
    )
    scores = [SCORES[levels[d]] for d in dims]
    kind = rng.randrange(3)
    if kind == 0:
        ask, answer = rng.choice(MERGE), str(int(sum(scores) / len(scores) + 0.5))
        lead = "Final score:"
    elif kind == 1:
        ask, answer = (
            rng.choice(
                (
                    "Give the overall grade: a letter from A to D, with + or -.",
                    "What is the overall letter grade?",
                    "Merge the judgments into one letter grade.",
                )
            ),
            grade(scores),
        )
        lead = "Grade:"
    else:
        best, worst = max(dims, key=lambda d: SCORES[levels[d]]), min(dims, key=lambda d: SCORES[levels[d]])
        words = f"An essay about {topic} with {levels[best]} {best} and {levels[worst]} {worst}."
        ask = rng.choice(
            (
                'Write a JSON report with the keys "summary" and "grade".',
                "Summarize as JSON: summary, grade.",
                "Give summary and grade as JSON.",
            )
        )
        answer, lead = json.dumps({"summary": words, "grade": grade(scores)}), "Report:"
    if rng.random() < 0.5:
        return completion(
            f"{head}Judgments:\n{block}\n\n{ask}\n{lead}", f" {answer}{DOCUMENT_END}", want=answer, end=""
        )
    turns = [
        ("user", f"{head}Judge it by {w.listed(dims)}."),
        ("assistant", block),
        ("user", ask),
        ("assistant", answer),
    ]
    return chat(w.with_system(rng, turns), want=answer)


def merged_right(example: Example, text: str) -> bool:
    """Equal, or JSON with the grade wanted."""
    want = example.want or ""
    if not want.startswith("{"):
        return text.strip() == want
    try:
        found = json.loads(text)
    except ValueError:
        return False
    return (
        isinstance(found, dict) and set(found) == {"summary", "grade"} and found["grade"] == json.loads(want)["grade"]
    )


RELATED = (
    "Is the essay related to the description? Answer yes or no.",
    "Is the essay about {t}? yes or no",
    "Does this text deal with {t}? Answer yes or no.",
    "Is the essay related to {t}?",
    "Is this essay relevant to the topic of {t}? Answer with yes or no.",
)


def related(rng: Random, split: Split, long: bool) -> Example:
    """Whether an essay fits a topic or a described picture."""
    topic, text, _ = essay(rng, split, long, rng.sample(list(MARKS), rng.randint(1, 4)))
    fits = rng.random() < 0.5
    asked = topic if fits else rng.choice([t for t in TOPICS if t != topic])
    picture = rng.choice(
        (
            "A photo of {t} at dusk.",
            "A picture that shows {t}.",
            "An old drawing of {t}.",
            "The picture shows {t} in summer.",
        )
    )
    ask = rng.choice(RELATED)
    before = f"Description: {picture.format(t=asked)}\n" if "description" in ask else ""
    body = f"{before}Essay: {text}\n\n{ask.format(t=asked)}"
    answer = "yes" if fits else "no"
    if rng.random() < 0.3:
        return completion(f"{body}\nAnswer:", f" {answer}", want=answer)
    return chat(w.with_system(rng, [("user", body), ("assistant", answer)]), want=answer)


HELD = "essays composed anew; a fifth on topics never seen"
FAMILIES = (
    Family("judge", 2.0, judge, held_out=HELD, max_new_tokens=48),
    Family("judge_merge", 1.5, merge, right=merged_right, held_out=HELD, max_new_tokens=64),
    Family("essay_related", 2.0, related, held_out=HELD, max_new_tokens=6),
)
