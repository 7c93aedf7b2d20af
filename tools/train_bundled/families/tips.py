"""Tips for a topic and the expansion of one tip into a paragraph: skeleton of thought.

Knows the tables of `knowledge.advice`. Does not know facts.
"""

from __future__ import annotations

from random import Random

from tools.train_bundled.example import Example, Family, Split, chat, completion
from tools.train_bundled.families.wording import lower_first, system_turn, typed, upper_first
from tools.train_bundled.knowledge.advice import EXAMPLES, GENERIC, GROUPS, TOPICS
from tools.train_bundled.knowledge.unknown import invented
from tools.train_bundled.knowledge.words import PAST

_NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}
_ASKS = (
    "Give me {n} tips for {t}.",
    "{N} tips for {t}",
    "Tell me {n} tips for {t}.",
    "Can you give me {n} tips for {t}?",
    "List {n} tips for {t}.",
    "I need {n} tips on {t}.",
    "What are {n} good tips for {t}?",
    "Please provide {n} tips for {t}.",
    "Suggest {n} concise tips for {t}.",
    "{n} pieces of advice for {t}?",
    "Write {n} short tips about {t}.",
    "Share {n} tips for {t}.",
    "Do you have {n} tips for {t}?",
)
_FREE = (
    "Give me some tips for {t}.",
    "Tips for {t}?",
    "Any tips for {t}?",
    "How can I get better at {t}?",
    "Do you have advice on {t}?",
    "I need help with {t}.",
    "What helps with {t}?",
    "Advice for {t}?",
)
_OTHER = (
    "learning the violin",
    "keeping bees",
    "a long flight",
    "painting eggs",
    "feeding penguins",
    "building a robot",
    "polishing shoes",
    "a rainy day",
    "teaching fractions",
    "knitting socks",
    "riding a unicycle",
    "making cheese",
    "sailing",
    "surfing",
    "pottery",
    "yoga",
    "a job abroad",
    "raising chickens",
    "running a cafe",
    "magic tricks",
    "fixing a bicycle",
    "winter",
    "skiing",
    "a school play",
    "learning Latin",
    "wrapping presents",
    "a picnic",
    "making ice cream",
    "meditation",
    "getting up early",
    "being happy",
    "world peace",
    "life",
    "growing roses",
    "my garden",
    "my cat",
    "the weekend",
    "a wedding",
    "chess club",
    "my thesis",
    "data science",
    "machine learning",
    "jupyter",
    "python",
    "a better world",
    "coffee",
    "driving in snow",
    "blogging",
    "car repair",
    "origami",
    "golf",
    "tennis",
    "football",
    "school",
    "university",
    "homework",
    "love",
    "a good life",
    "friendship",
    "retirement",
)

Tip = tuple[str, str]


def _tips(rng: Random, count: int, split: Split) -> tuple[str, str, list[Tip]]:
    """A topic, its group and tips for it."""
    if rng.random() < 0.22:
        roll = rng.random()
        topic = (
            rng.choice(_OTHER)
            if roll < 0.6
            else f"{rng.choice(PAST)[0]}ing {invented(rng, split)}s"
            if roll < 0.7
            else invented(rng, split) + rng.choice(("ing", "s", ""))
        )
        return topic, "", [(a.format(t=topic), b.format(t=topic)) for a, b in rng.sample(GENERIC, count)]
    topic, group, own = rng.choice(TOPICS)
    chosen = list(own) if len(own) <= count else rng.sample(own, count)
    chosen += rng.sample(GROUPS[group], max(0, count - len(chosen)))
    rng.shuffle(chosen)
    return topic, group, chosen


def paragraph(rng: Random, topic: str, group: str, tip: Tip) -> str:
    """One tip as a paragraph of three to five sentences."""
    lead, reason = tip
    small = lead[0].lower() + lead[1:]
    first = rng.choice(
        (
            f"{lead}.",
            f"One good tip for {topic} is this: {small}.",
            f"When it comes to {topic}, {small}.",
            f"For {topic} it helps a lot to {small}." if " not" not in small else f"{lead}.",
        )
    )
    why = rng.choice(
        (
            f"{reason}.",
            f"The reason is simple: {lower_first(reason) if not reason.startswith('I ') else reason}.",
            f"{reason}, and that matters for {topic}.",
        )
    )
    middle = rng.choice(
        (
            "You need no special tools for it, only a little patience.",
            "It does not have to be perfect from the first day.",
            "Many people forget this and then wonder why it is so hard.",
            "Do it step by step, and do not worry about small failures.",
            "It sounds simple, yet it makes a great difference.",
        )
    )
    sentences = [first, why, middle, *rng.sample(EXAMPLES[group], rng.choice((1, 1, 2)))]
    return " ".join(sentences)


def _list(rng: Random, split: Split, long: bool) -> Example:
    """A numbered list of tips, in chat or completion."""
    count = rng.choice((2, 3, 3, 3, 4, 5, 5, 5))
    named = rng.random() < 0.8
    topic, _, tips = _tips(rng, count if named else 3, split)
    ask = rng.choice(_ASKS if named else _FREE)
    number = _NUMBERS[count] if rng.random() < 0.5 else str(count)
    asked = upper_first(ask.format(n=number, N=upper_first(number), t=topic))
    with_reason = rng.random() < 0.3 and "concise" not in asked and "short" not in asked
    listed = "\n".join(
        f"{i}. {tip}." + (f" {reason}." if with_reason else "") for i, (tip, reason) in enumerate(tips, start=1)
    )
    if rng.random() < 0.3:
        tail = rng.choice(("\n1.", "\nTips:\n1.", "\n\n1."))
        return completion(asked + tail, listed.removeprefix("1."))
    return chat([*system_turn(rng), ("user", typed(rng, asked, topic)), ("assistant", listed)])


_HEADS = (
    "Please expand a tip for a topic into a detailed paragraph.\n\n",
    "Expand the tip into a paragraph.\n\n",
    "Turn each tip into a short paragraph.\n\n",
    "Write a paragraph about the tip.\n\n",
    "",
)


def _expand(rng: Random, split: Split, long: bool) -> Example:
    """One tip expanded: a block with shots, or a chat turn."""
    topic, group, tips = _tips(rng, 1, split)
    text = paragraph(rng, topic, group, tips[0])
    if rng.random() < 0.35:
        ask = rng.choice(
            (
                "Expand this tip for {t}: {a}.",
                "Explain this tip for {t} in a paragraph: {a}.",
                "Why should I {b} for {t}?",
                'Write a paragraph about the tip "{a}" for {t}.',
                "Tell me more about this tip for {t}: {a}.",
            )
        )
        asked = ask.format(t=topic, a=tips[0][0], b=tips[0][0][0].lower() + tips[0][0][1:])
        return chat([*system_turn(rng), ("user", asked), ("assistant", text)])
    parts = [rng.choice(_HEADS)]
    for _ in range(rng.choice((0, 1, 2, 3, 3, 3)) if not long else 28):
        other, other_group, told = _tips(rng, 1, "train")
        parts.append(f"Topic: {other}\nTip: {told[0][0]}\nParagraph: {paragraph(rng, other, other_group, told[0])}\n\n")
    parts.append(f"Topic: {topic}\nTip: {tips[0][0]}{rng.choice(('', '.'))}\nParagraph:")
    return completion("".join(parts), " " + text, end="\n\n<|endoftext|>")


def _step(rng: Random, split: Split, long: bool) -> Example:
    """The skeleton as a program writes it: tip after tip, each ended by a full stop or a line."""
    count = rng.choice((3, 4, 5, 5))
    topic, _, tips = _tips(rng, count, split)
    head = rng.choice(
        (
            f"You give people useful tips.\nUSER: Give some tips for {topic}.\n"
            f"ASSISTANT: Okay. Here are {count} concise tips, each under 8 words:\n",
            f"Here are {count} concise tips for {topic}:\n",
            f"{count} short tips for {topic}, each under 8 words:\n",
            f"Tips for {topic}:\n",
        )
    )
    told = rng.randrange(count)
    lines = [f"{i}. {tip}.\n" for i, (tip, _) in enumerate(tips, start=1)]
    return completion(
        head + "".join(lines[:told]) + f"{told + 1}.",
        lines[told].removeprefix(f"{told + 1}.") + "".join(lines[told + 1 :]),
    )


FAMILIES: tuple[Family, ...] = (
    Family("tips", 2.0, _list, closed=False, held_out="made-up topics", max_new_tokens=160),
    Family("tips expanded", 1.6, _expand, closed=False, held_out="made-up topics", max_new_tokens=160),
    Family("tips step by step", 0.8, _step, closed=False, held_out="made-up topics", max_new_tokens=100),
)
