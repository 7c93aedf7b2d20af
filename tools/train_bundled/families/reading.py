"""Reading: the answer to a question stands in a given text, in one of several passages, or nowhere."""

from __future__ import annotations

from random import Random

from tools.train_bundled import words as w
from tools.train_bundled.example import Example, Family, Split, chat, completion

RELATIONS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "job",
        ("{S} works as a {v}.", "{S} is a {v}.", "{S} earns a living as a {v}."),
        ("What is {S}'s job?", "What does {S} work as?", "What is the job of {S}?"),
    ),
    (
        "city",
        ("{S} lives in {v}.", "{S} moved to {v} last year.", "The home of {S} is {v}."),
        ("Where does {S} live?", "In which town does {S} live?", "In which city does {S} live?"),
    ),
    (
        "pet",
        ("{S} has a {v}.", "{S} keeps a {v} at home.", "{S} owns a {v}."),
        ("Which animal does {S} have?", "What pet does {S} have?", "What animal does {S} keep?"),
    ),
    (
        "food",
        ("{S} loves {v}.", "{S} eats {v} every day.", "The favorite food of {S} is {v}."),
        ("What does {S} love to eat?", "What is {S}'s favorite food?", "What food does {S} love?"),
    ),
    (
        "color",
        ("{S} wears a {v} coat.", "The coat of {S} is {v}.", "{S} bought a {v} coat."),
        ("What color is {S}'s coat?", "Which color is the coat of {S}?"),
    ),
    (
        "hobby",
        ("{S} enjoys {v}.", "In the evening {S} goes {v}.", "{S} spends the weekends on {v}."),
        ("What does {S} enjoy?", "What is {S}'s hobby?", "What is the hobby of {S}?"),
    ),
    (
        "year",
        ("{S} was born in {v}.", "{S} came into the world in {v}.", "The year of {S}'s birth is {v}."),
        ("When was {S} born?", "In which year was {S} born?"),
    ),
    (
        "code",
        ("The key of {S} opens locker {v}.", "{S} has locker {v}.", "Locker {v} belongs to {S}."),
        ("Which locker does {S} have?", "What is the locker of {S}?", "Which locker belongs to {S}?"),
    ),
    (
        "count",
        ("{S} planted {v} trees.", "Last spring {S} put {v} trees into the ground."),
        ("How many trees did {S} plant?", "What number of trees did {S} plant?"),
    ),
    (
        "friend",
        ("{S} is a friend of {v}.", "The best friend of {S} is {v}."),
        ("Who is {S}'s friend?", "Who is the best friend of {S}?"),
    ),
)
ABSENT = "The text does not say."


def _value(rng: Random, split: Split, key: str) -> str:
    pools = {"job": w.JOBS, "pet": w.ANIMALS, "food": w.FOODS, "color": w.COLOURS, "hobby": w.HOBBIES}
    if key in pools:
        return rng.choice(pools[key])
    if key == "city":
        return w.place(rng, split)
    if key == "friend":
        return w.person(rng, split)
    return w.code(rng) if key == "code" else str(rng.randint(1850, 2020) if key == "year" else rng.randint(2, 900))


def _facts(rng: Random, split: Split, people: int) -> tuple[list[list[str]], str, str, int]:
    """Sentences by person, a question, its answer, and the number of the person who answers it (0: nobody)."""
    names = [rng.choice(w.FIRST) if rng.random() < 0.25 else w.person(rng, split) for _ in range(people)]
    names = list(dict.fromkeys(names))
    told: list[list[str]] = []
    pairs: list[tuple[str, str, tuple[str, ...]]] = []
    missing: list[tuple[str, tuple[str, ...]]] = []
    for name in names:
        chosen = rng.sample(RELATIONS, rng.randint(2, 4))
        told.append([])
        for key, ways, asks in chosen:
            value = _value(rng, split, key)
            told[-1].append(w.put(rng.choice(ways), value, S=name))
            pairs.append((name, value, asks))
        missing += [(name, asks) for key, _, asks in RELATIONS if key not in {k for k, _, _ in chosen}]
    if rng.random() < 0.12:
        name, asks = rng.choice(missing)
        return told, rng.choice(asks).format(S=name), ABSENT, 0
    name, value, asks = rng.choice(pairs)
    return told, rng.choice(asks).format(S=name), value, names.index(name) + 1


LEADS = (
    "Read the text and answer the question.\n\n",
    "Answer the question from the text.\n\n",
    "Use only the context below to answer.\n\n",
    "",
    "",
    "Based on the following text, answer the question briefly.\n\n",
    "Here is a text; a question about it follows.\n\n",
    "Find the answer in this passage.\n\n",
)


def reading(rng: Random, split: Split, long: bool) -> Example:
    """One text, one question."""
    told, question, answer, _ = _facts(rng, split, rng.randint(1, 4) + (2 if long else 0))
    fill = w.filler(rng, w.long_size(rng) if long else rng.choice((0, 0, 100, 300)))
    facts = [s for person in told for s in person]
    if rng.random() < 0.3:
        rng.shuffle(facts)
    text = " ".join(w.woven(rng, facts, fill) if fill else facts)
    lead = rng.choice(LEADS)
    layout = rng.randrange(7)
    if layout == 0:
        return completion(f"{lead}Text: {text}\nQuestion: {question}\nAnswer:", f" {answer}", want=answer)
    if layout == 1:
        return completion(f"{lead}Context: {text}\nQ: {question}\nA:", f" {answer}", want=answer)
    user = (
        f"{lead}{text}\n\n{question}",
        f"{lead}{text}\n\nQuestion: {question}",
        f"{question}\n\n{text}",
        f"{lead}Context: {text}\n\nQuestion: {question}",
        f"{lead}{text} {w.casual(rng, question)}",
    )[layout - 2]
    return chat(w.with_system(rng, [("user", user), ("assistant", answer)]), want=answer)


def passages(rng: Random, split: Split, long: bool) -> Example:
    """Retrieved passages with numbers, with or without worked demonstrations, as retrieval programs build them."""

    def block(which: Split, filling: int) -> tuple[str, str, str, int]:
        told, question, answer, at = _facts(rng, which, rng.randint(2, 4))
        texts = [" ".join(w.woven(rng, facts, w.filler(rng, filling)) if filling else facts) for facts in told]
        marks = (("[{i}] {t}", "\n"), ("[{i}] «{t}»", "\n"), ("Passage {i}: {t}", "\n\n"))[style]
        return marks[1].join(marks[0].format(i=i, t=t) for i, t in enumerate(texts, 1)), question, answer, at

    style = rng.randrange(3)
    filling = rng.randint(400, 1500) if long else rng.choice((0, 0, 100))
    reason = rng.random() < 0.4
    shots = (rng.randint(1, 3) if long else 1) if rng.random() < 0.3 else 0
    segments: list[tuple[str, bool]] = [
        (rng.choice(("Answer questions with short factoid answers.\n\n", "Use the passages to answer.\n\n", "")), False)
    ]
    for i in range(shots + 1):
        texts, question, answer, at = block(split if i == shots else "train", filling if i == shots or long else 0)
        ask = f"Context:\n{texts}\n\nQuestion: {question}\n\n" if style < 2 else f"{texts}\n\nQuestion: {question}\n"
        thought = "No passage tells this." if not at else f"Passage [{at}] tells it."
        reply = ("Reasoning:", f" {thought}\nAnswer: {answer}") if reason else ("Answer:", f" {answer}")
        if i < shots:
            segments += [(ask + reply[0], False), (reply[1], True), ("\n\n---\n\n", False)]
        elif shots == 0 and rng.random() < 0.6:
            want = f"{thought}\nAnswer: {answer}" if reason else answer
            note = "Name the passage, then answer." if reason else ""
            return chat(
                w.with_system(rng, [("user", (segments[0][0] + ask + note).rstrip()), ("assistant", want)]), want=answer
            )
        else:
            segments += [(ask + reply[0], False), (reply[1] + "<|endoftext|>", True)]
    return Example(tuple(segments), answer)


def ends_right(example: Example, completion_: str) -> bool:
    """The part after ``Answer:`` (or the whole) is the answer wanted."""
    return completion_.rpartition("Answer:")[2].strip() == example.want


HELD = "names never seen"
FAMILIES = (
    Family("reading", 4.0, reading, held_out=HELD, max_new_tokens=32),
    Family("passages", 4.0, passages, right=ends_right, held_out=HELD, max_new_tokens=48),
)
