"""Copying, few-shot patterns, small tasks on words and numbers, sentiment and topic labels, one-line programs."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tools.train_bundled import words as w
from tools.train_bundled.example import Example, Family, Split, chat, completion, few_shot

Task = tuple[str, str]


def _words(rng: Random, split: Split, least: int, most: int) -> list[str]:
    return [
        rng.choice(w.WORDS) if rng.random() < 0.8 else w.made(rng, split).lower()
        for _ in range(rng.randint(least, most))
    ]


def _quotable(rng: Random, split: Split, long: bool) -> str:
    if long:
        return " ".join(w.filler(rng, rng.randint(600, 2500)))
    return rng.choice(
        (
            lambda: w.filler_sentence(rng),
            lambda: " ".join(_words(rng, split, 1, 8)),
            lambda: w.code(rng),
            lambda: w.alphanumeric(rng, rng.randint(4, 24)),
            lambda: w.person(rng, split),
            lambda: str(rng.randint(0, 10 ** rng.randint(1, 9))),
            lambda: " ".join(rng.choices(w.EMOJI, k=rng.randint(1, 4))),
            lambda: rng.choice(
                (
                    "Grüße aus Köln",
                    "¿Qué tal?",
                    "Привет",
                    "こんにちは",
                    "你好",
                    "Γειά σου",
                    "안녕하세요",
                    "naïve café",
                    "مرحبا",
                    "नमस्ते",
                )
            ),
        )
    )()


COPY = (
    "Repeat: {t}",
    "Repeat after me: {t}",
    'Say "{t}"',
    "Copy this exactly: {t}",
    "Repeat the following text exactly.\n{t}",
    "Echo: {t}",
    "say {t}",
    "Write exactly this: {t}",
    "repeat this: {t}",
    "Please repeat:\n\n{t}",
    'Repeat the text in quotes: "{t}"',
    "Give this back unchanged: {t}",
    "Output exactly the following: {t}",
)


def copying(rng: Random, split: Split, long: bool) -> Example:
    """The text again, unchanged, or several times."""
    text = _quotable(rng, split, long)
    ask = rng.choice(COPY)
    if not long and rng.random() < 0.12:
        n = rng.randint(2, 5)
        word = rng.choice(w.WORDS)
        times = {2: "twice", 3: "three times", 4: "four times", 5: "five times"}[n]
        ask = rng.choice((f"Say {word} {times}.", f"Repeat the word {word} {times}.", f"Write {word} {n} times."))
        answer = " ".join([word] * n)
        return chat(w.with_system(rng, [("user", ask), ("assistant", answer)]), want=answer)
    if rng.random() < 0.2:
        return completion(f"Text: {text}\nCopy:", f" {text}", want=text)
    return chat(w.with_system(rng, [("user", ask.format(t=text)), ("assistant", text)]), want=text)


TASKS: dict[str, tuple[tuple[str, ...], Callable[[Random, Split], Task]]] = {}


def _task(name: str, *asks: str) -> Callable[[Callable[[Random, Split], Task]], Callable[[Random, Split], Task]]:
    def keep(make: Callable[[Random, Split], Task]) -> Callable[[Random, Split], Task]:
        TASKS[name] = (asks, make)
        return make

    return keep


@_task("reverse", "Reverse the order of the words: {x}", "Write these words in reverse order: {x}")
def _reverse(rng: Random, split: Split) -> Task:
    items = _words(rng, split, 2, 6)
    return " ".join(items), " ".join(reversed(items))


@_task("upper", "Write in upper case: {x}", "Convert to uppercase: {x}", "uppercase: {x}")
def _upper(rng: Random, split: Split) -> Task:
    text = " ".join(_words(rng, "train", 1, 3))
    return text, text.upper()


@_task("first", "What is the first word of: {x}", "Give the first word: {x}")
def _first(rng: Random, split: Split) -> Task:
    items = _words(rng, split, 2, 6)
    return " ".join(items), items[0]


@_task("last", "What is the last word of: {x}", "Give the last word: {x}")
def _last(rng: Random, split: Split) -> Task:
    items = _words(rng, split, 2, 6)
    return " ".join(items), items[-1]


@_task("count", "How many words are there: {x}", "Count the words: {x}")
def _count(rng: Random, split: Split) -> Task:
    items = _words(rng, split, 1, 8)
    return " ".join(items), str(len(items))


@_task("sort", "Sort alphabetically: {x}", "Put these words in alphabetical order: {x}", "sort these words: {x}")
def _sort(rng: Random, split: Split) -> Task:
    items = rng.sample(w.WORDS, rng.randint(2, 5))
    return ", ".join(items), ", ".join(sorted(items))


@_task("numbers", "Sort these numbers: {x}", "Put the numbers in ascending order: {x}", "sort {x}")
def _numbers(rng: Random, split: Split) -> Task:
    items = rng.sample(range(rng.choice((10, 100, 100, 1000))), rng.randint(2, 6))
    return ", ".join(map(str, items)), ", ".join(map(str, sorted(items)))


@_task("largest", "Which number is the largest: {x}?", "What is the biggest of {x}?", "max of {x}")
def _largest(rng: Random, split: Split) -> Task:
    items = rng.sample(range(rng.choice((10, 100, 1000))), rng.randint(2, 5))
    return ", ".join(map(str, items)), str(max(items))


@_task("smallest", "Which number is the smallest: {x}?", "What is the minimum of {x}?")
def _smallest(rng: Random, split: Split) -> Task:
    items = rng.sample(range(rng.choice((10, 100, 1000))), rng.randint(2, 5))
    return ", ".join(map(str, items)), str(min(items))


@_task("join", "Join with dashes: {x}", "Put dashes between the words: {x}")
def _join(rng: Random, split: Split) -> Task:
    items = _words(rng, split, 2, 5)
    return " ".join(items), "-".join(items)


@_task("swap", "Swap the two words: {x}")
def _swap(rng: Random, split: Split) -> Task:
    one, two = _words(rng, split, 2, 2)
    return f"{one} {two}", f"{two} {one}"


@_task("double", "Write each word twice: {x}")
def _double(rng: Random, split: Split) -> Task:
    items = _words(rng, split, 1, 4)
    return " ".join(items), " ".join(f"{x} {x}" for x in items)


@_task("exclaim", "Add an exclamation mark: {x}")
def _exclaim(rng: Random, split: Split) -> Task:
    text = " ".join(_words(rng, split, 1, 4))
    return text, text + "!"


@_task("brackets", "Put it in brackets: {x}")
def _brackets(rng: Random, split: Split) -> Task:
    text = " ".join(_words(rng, split, 1, 4))
    return text, f"[{text}]"


@_task("initials", "What are the initials of {x}?", "Give the initials: {x}")
def _initials(rng: Random, split: Split) -> Task:
    name = f"{rng.choice(w.FIRST)} {w.made(rng, split)}"
    return name, "".join(part[0] for part in name.split())


@_task("plus_one", "Add one to {x}.", "What number comes after {x}?", "next number after {x}")
def _plus_one(rng: Random, split: Split) -> Task:
    n = rng.randint(0, 500)
    return str(n), str(n + 1)


@_task("series", "Continue the sequence: {x}", "What comes next: {x}?", "Which number comes next: {x}?")
def _series(rng: Random, split: Split) -> Task:
    start, step = rng.randint(0, 40), rng.choice((1, 2, 3, 4, 5, 10, -1, -2))
    if step < 0:
        start += 20
    items = [start + step * i for i in range(rng.randint(4, 6))]
    return ", ".join(map(str, items[:-1])), str(items[-1])


@_task("cycle", "Continue the pattern: {x}", "Which word comes next: {x}?")
def _cycle(rng: Random, split: Split) -> Task:
    unit = rng.sample(w.WORDS, rng.randint(2, 3))
    size = rng.randint(2 * len(unit), 3 * len(unit))
    items = [unit[i % len(unit)] for i in range(size + 1)]
    return " ".join(items[:-1]), items[-1]


def small_task(rng: Random, split: Split, long: bool) -> Example:
    """One of the tasks above, asked for in words."""
    del long
    asks, make = TASKS[rng.choice(list(TASKS))]
    given, answer = make(rng, split)
    ask = rng.choice(asks).format(x=given)
    if rng.random() < 0.15:
        return completion(f"Q: {ask}\nA:", f" {answer}", want=answer)
    return chat(w.with_system(rng, [("user", ask), ("assistant", answer)]), want=answer)


ARROWS = (
    ("", " -> "),
    ("Input: ", "\nOutput: "),
    ("", " => "),
    ("", ": "),
    ("Q: ", "\nA: "),
    ("in: ", " out: "),
    ("x = ", ", y = "),
)


def _labels(rng: Random, split: Split) -> Callable[[Random, Split], Task]:
    """A labelling of animals, foods and colours whose label names are made up for this prompt."""
    pools = rng.sample([w.ANIMALS, w.FOODS, w.COLOURS, w.JOBS, w.HOBBIES], rng.randint(2, 3))
    names = rng.choice(
        (("A", "B", "C"), ("1", "2", "3"), ("foo", "bar", "baz"), tuple(w.made(rng, split).lower() for _ in range(3)))
    )
    if rng.random() < 0.3:
        names = tuple(
            {
                id(w.ANIMALS): "animal",
                id(w.FOODS): "food",
                id(w.COLOURS): "color",
                id(w.JOBS): "job",
                id(w.HOBBIES): "hobby",
            }[id(p)]
            for p in pools
        )

    def make(r: Random, _: Split) -> Task:
        at = r.randrange(len(pools))
        return r.choice(pools[at]), names[at]

    return make


def mapping(rng: Random, split: Split, long: bool) -> Example:
    """Examples of one mapping, then one more input; sometimes the inputs were seen before."""
    kind = rng.randrange(4)
    shots = rng.randint(20, 120) if long else rng.randint(3, 8)
    if kind == 0:
        make: Callable[[Random, Split], Task] = _labels(rng, split)
        shots += 0 if long else 4
    elif kind == 1:
        table = [
            (x, y) for x, y in zip(_words(rng, split, shots, shots), _words(rng, split, shots, shots), strict=True)
        ]
        table = list(dict(table).items())
        pairs = [*table, rng.choice(table)]
        return _continued(rng, pairs)
    else:
        names = (
            [k for k in TASKS if k not in ("count", "series", "cycle", "sort", "plus_one")]
            if kind == 2
            else list(TASKS)
        )
        make = TASKS[rng.choice(names)][1]
    pairs = [make(rng, "train") for _ in range(shots)]
    last = make(rng, split)
    if kind == 0:
        while last[1] not in {y for _, y in pairs}:
            last = make(rng, split)
    return _continued(rng, [*pairs, last])


def _continued(rng: Random, pairs: list[Task]) -> Example:
    before, between = rng.choice(ARROWS)
    gap = rng.choice(("\n", "\n", "\n\n"))
    given, answer = pairs[-1]
    if rng.random() < 0.15 and "\n" not in between:
        text = "".join(f"{before}{x}{between}{y}{gap}" for x, y in pairs[:-1]) + f"{before}{given}{between}"
        return chat([("user", text.rstrip()), ("assistant", answer)], want=answer)
    cut = between.rstrip(" ") if rng.random() < 0.85 else between
    space = between[len(cut) :]
    shots = [(f"{before}{x}{cut}", f"{space}{y}{gap}") for x, y in pairs[:-1]]
    return few_shot(shots, f"{before}{given}{cut}", f"{space}{answer}\n", want=answer, end="")


GOOD = "wonderful excellent delicious lovely amazing great fantastic perfect brilliant charming superb delightful good nice beautiful helpful".split()
BAD = "terrible awful boring disgusting dreadful bad horrible poor ugly disappointing useless annoying rude cold broken worst".split()
REVIEWED = "movie film book hotel restaurant meal song phone game concert service pizza room coffee play show trip teacher product food".split()
REVIEW = (
    "The {t} was {a}.",
    "What a {a} {t}!",
    "I found the {t} {a}.",
    "This {t} is {a} and {b}.",
    "Honestly, the {t} was really {a}.",
    "A {a} {t}, {b} from start to end.",
    "{a} {t}",
    "my {t} is {a}",
)
LIKE = (
    (
        "I loved the {t}.",
        "We enjoyed every minute of the {t}.",
        "I would recommend this {t} to everyone.",
        "The {t} made me happy.",
    ),
    (
        "I hated the {t}.",
        "I want my money back for this {t}.",
        "Nobody should buy this {t}.",
        "The {t} made me angry.",
        "I regret the {t}.",
    ),
)


def _review(rng: Random) -> tuple[str, bool]:
    good = rng.random() < 0.5
    pool = GOOD if good else BAD
    thing = rng.choice(REVIEWED)
    if rng.random() < 0.25:
        return rng.choice(LIKE[0 if good else 1]).format(t=thing), good
    one, two = rng.sample(pool, 2)
    text = rng.choice(REVIEW).format(t=thing, a=one, b=two)
    if rng.random() < 0.1:
        other = rng.choice(BAD if good else GOOD)
        return f"It was not {other}, it was {one}.", good
    return text, good


def sentiment(rng: Random, split: Split, long: bool) -> Example:
    """Positive or negative, zero to eight shots (more when ``long``)."""
    del split
    capital = rng.random() < 0.4
    names = ("Positive", "Negative") if capital else ("positive", "negative")
    shots = rng.randint(30, 110) if long else rng.choice((0, 0, 0, 2, 4, 8))
    text, good = _review(rng)
    answer = names[0 if good else 1]
    if shots == 0 and rng.random() < 0.75:
        ask = rng.choice(
            (
                "Is this review positive or negative? {t}",
                "Classify the sentiment: {t}",
                "Sentiment of this text (positive or negative): {t}",
                'What is the sentiment of "{t}"?',
                "positive or negative? {t}",
                "{t}\n\nIs this positive or negative?",
            )
        )
        if capital:
            ask = ask.replace("positive or negative", "Positive or Negative")
            if "Positive" not in ask:
                answer = answer.lower()
        return chat(w.with_system(rng, [("user", ask.format(t=text)), ("assistant", answer)]), want=answer)
    tag, reply = rng.choice(
        (("Review: ", "\nSentiment:"), ("Text: ", "\nLabel:"), ("", " //"), ("Review: ", "\nLabel:"))
    )
    lead = f"Classify each review as {names[0]} or {names[1]}.\n\n" if shots == 0 or rng.random() < 0.4 else ""
    blocks: list[Task] = []
    for _ in range(shots):
        shown, well = _review(rng)
        blocks.append((f"{lead}{tag}{shown}{reply}", f" {names[0 if well else 1]}\n\n"))
        lead = ""
    return few_shot(blocks, f"{lead}{tag}{text}{reply}", f" {answer}\n", want=answer, end="")


def programs(rng: Random, split: Split, long: bool) -> Example:
    """One-line Python: write it, or say what it prints."""
    del long
    kind = rng.randrange(7)
    a, b = rng.randint(1, 20), rng.randint(1, 20)
    word = rng.choice(w.WORDS) if rng.random() < 0.6 else w.made(rng, split).lower()
    items = [rng.randint(1, 20) for _ in range(rng.randint(2, 5))]
    name = rng.choice(("total", "x", "result", "add", "double", "square", "greet"))
    pairs: tuple[Task, ...] = (
        (
            rng.choice(
                (
                    f"Write Python code that prints {word}.",
                    f"python: print the word {word}",
                    f"How do I print {word} in Python?",
                )
            ),
            f'print("{word}")',
        ),
        (
            rng.choice(
                (
                    f"Write Python code that prints the numbers from {a} to {a + b}.",
                    f"python loop from {a} to {a + b}",
                    f"Write a for loop from {a} to {a + b} in Python.",
                )
            ),
            f"for i in range({a}, {a + b + 1}):\n    print(i)",
        ),
        (
            rng.choice(
                (f"What does this Python code print? print({a} + {b})", f"What is the output of print({a} + {b})?")
            ),
            str(a + b),
        ),
        (
            rng.choice((f"Write Python code that sums the list {items}.", f"How do I sum {items} in Python?")),
            f"print(sum({items}))",
        ),
        (rng.choice((f"What does len({items}) return in Python?", f"What is len({items})?")), str(len(items))),
        (
            rng.choice(
                (
                    f"Write a Python function {name} that adds {a} to its argument.",
                    f"python function {name}(x) that returns x plus {a}",
                )
            ),
            f"def {name}(x):\n    return x + {a}",
        ),
        (
            rng.choice(
                (f"Write a Python list with the words {word}, red and blue.", f"python list of {word}, red, blue")
            ),
            f'words = ["{word}", "red", "blue"]',
        ),
    )
    ask, answer = pairs[kind]
    return chat(w.with_system(rng, [("user", ask), ("assistant", answer)]), want=answer)


FAMILIES = (
    Family("copying", 3.0, copying, held_out="texts drawn anew, with names never seen", max_new_tokens=120),
    Family("small_tasks", 4.0, small_task, held_out="inputs drawn anew, with words never seen", max_new_tokens=48),
    Family(
        "few_shot",
        7.0,
        mapping,
        held_out="inputs drawn anew; mappings and labels made up for each prompt",
        max_new_tokens=40,
    ),
    Family(
        "sentiment",
        0.8,
        sentiment,
        held_out="reviews drawn anew (the space is small: not strictly unseen)",
        max_new_tokens=8,
    ),
    Family("programs", 0.5, programs, held_out="numbers and words drawn anew", max_new_tokens=48),
)
