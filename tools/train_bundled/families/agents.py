"""Prompts of generative agents: poignancy of an event, event triple, emoji of an action, place for an action.

Knows made-up people and their actions. Does not know the agents' own program.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tools.train_bundled.example import Example, Family, Split, chat, completion
from tools.train_bundled.families.wording import system_turn
from tools.train_bundled.knowledge.unknown import FORENAMES, invented


@dataclass(frozen=True, slots=True)
class Action:
    """An action with its verb and object, emoji, the place where it happens, and how poignant it is."""

    text: str
    verb: str
    thing: str
    emoji: str
    place: str
    spot: str
    poignancy: int


ACTIONS: tuple[Action, ...] = tuple(
    Action(cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], int(cells[6]))
    for cells in (
        [c.strip() for c in line.split("|")]
        for line in """
brushing teeth|brush|teeth|🪥|house|bathroom sink|1
making breakfast|make|breakfast|🍳|house|stove|1
cooking dinner|cook|dinner|🍲|house|stove|2
sleeping|sleep in|bed|😴|house|bed|1
reading a book|read|book|📖|library|bookshelf|2
borrowing a novel|borrow|novel|📚|library|counter|2
studying for an exam|study for|exam|📝|school|desk|4
taking an exam|take|exam|📝|school|desk|6
teaching a class|teach|class|👩‍🏫|school|blackboard|3
drinking coffee|drink|coffee|☕|cafe|table|1
ordering a cake|order|cake|🍰|cafe|counter|2
playing the guitar|play|guitar|🎸|park|bench|3
playing the piano|play|piano|🎹|house|piano|3
walking the dog|walk|dog|🐕|park|path|2
feeding the ducks|feed|ducks|🦆|park|pond|2
watering the flowers|water|flowers|🌷|garden|flower bed|1
planting a tree|plant|tree|🌳|garden|lawn|4
painting a picture|paint|picture|🎨|studio|easel|4
writing a song|write|song|🎵|studio|desk|4
writing a novel|write|novel|✍️|house|desk|5
buying vegetables|buy|vegetables|🥕|market|vegetable stand|1
buying bread|buy|bread|🍞|bakery|counter|1
baking bread|bake|bread|🥖|bakery|oven|2
posting a letter|post|letter|✉️|post office|letter box|2
seeing the doctor|see|doctor|👨‍⚕️|hospital|waiting room|5
visiting a sick friend|visit|friend|🤒|hospital|bed|6
having a baby|have|baby|👶|hospital|bed|10
getting married|marry|partner|💍|church|altar|10
getting divorced|divorce|partner|💔|town hall|office|9
losing a job|lose|job|😞|office|desk|8
getting a promotion|get|promotion|🎉|office|desk|7
working on a report|work on|report|📄|office|desk|2
attending a meeting|attend|meeting|👥|office|meeting room|2
having a job interview|have|job interview|💼|office|meeting room|6
moving to a new house|move to|house|🏠|house|hall|7
cleaning the kitchen|clean|kitchen|🧽|house|sink|1
washing clothes|wash|clothes|🧺|house|washing machine|1
taking a shower|take|shower|🚿|house|shower|1
watching television|watch|television|📺|house|sofa|1
playing a video game|play|video game|🎮|house|sofa|1
going for a run|go for|run|🏃|park|path|2
doing yoga|do|yoga|🧘|gym|mat|2
lifting weights|lift|weights|🏋️|gym|weight bench|2
swimming|swim in|pool|🏊|gym|pool|2
riding a bicycle|ride|bicycle|🚲|park|path|2
fishing|catch|fish|🎣|park|pond|2
taking photos|take|photos|📷|park|pond|2
repairing a car|repair|car|🔧|garage|workbench|2
having lunch|have|lunch|🍽️|cafe|table|1
drinking beer with friends|drink|beer|🍺|pub|bar|3
singing karaoke|sing|karaoke|🎤|pub|stage|3
dancing|dance at|party|💃|pub|dance floor|3
celebrating a birthday|celebrate|birthday|🎂|house|table|6
planning a party|plan|party|🎈|cafe|table|4
falling in love|fall in love with|neighbour|❤️|cafe|table|9
arguing with a neighbour|argue with|neighbour|😠|street|gate|5
winning an election|win|election|🏆|town hall|hall|9
running for mayor|run for|mayor|🗳️|town hall|hall|7
paying a bill|pay|bill|💶|bank|counter|2
talking on the phone|talk on|phone|📞|house|sofa|2
making a snowman|make|snowman|⛄|garden|lawn|3
mourning a dead pet|mourn|pet|😢|garden|lawn|8
breaking a leg|break|leg|🤕|hospital|bed|7
saying goodbye to a friend|say goodbye to|friend|👋|station|platform|6
waiting for the train|wait for|train|🚆|station|platform|1
flying to another country|fly to|country|✈️|airport|gate|5
""".strip().splitlines()
    )
)
_PLACES = sorted({a.place for a in ACTIONS})
_SPOTS = sorted({a.spot for a in ACTIONS})
_TRAITS = (
    "friendly",
    "curious",
    "patient",
    "busy",
    "kind",
    "shy",
    "cheerful",
    "quiet",
    "ambitious",
    "thoughtful",
    "organised",
    "funny",
    "calm",
    "helpful",
)
_WORKS = (
    "teacher",
    "baker",
    "student",
    "painter",
    "shopkeeper",
    "writer",
    "doctor",
    "musician",
    "gardener",
    "professor",
    "barista",
    "pharmacist",
)


def _name(rng: Random, split: Split) -> str:
    return f"{rng.choice(FORENAMES)} {invented(rng, split).capitalize()}"


def _persona(rng: Random, name: str, long: bool) -> str:
    first = name.split(maxsplit=1)[0]
    text = (
        f"Name: {name}\nAge: {rng.randint(18, 80)}\nTraits: {', '.join(rng.sample(_TRAITS, 3))}\n"
        f"{name} is a {rng.choice(_WORKS)} who lives alone in a small town. "
        f"{first} likes {rng.choice(ACTIONS).text} and {rng.choice(ACTIONS).text}.\n"
    )
    for _ in range(rng.randrange(3) if not long else 60):
        text += f"Yesterday at {rng.randint(6, 22)}:00 {first} was {rng.choice(ACTIONS).text} at the {rng.choice(_PLACES)}.\n"
    return text


def _answered(rng: Random, prompt: str, tail: str, answer: str, want: str) -> Example:
    """The prompt with a lead-in to be continued, or as a chat turn."""
    if rng.random() < 0.6:
        return completion(prompt + tail, answer, want=want)
    return chat([*system_turn(rng), ("user", prompt.rstrip()), ("assistant", want)], want=want)


def _poignancy(rng: Random, split: Split, long: bool) -> Example:
    """A rating from 1 (mundane) to 10 (extremely poignant)."""
    name, action = _name(rng, split), rng.choice(ACTIONS)
    scale = rng.choice(
        (
            "On a scale of 1 to 10, where 1 is purely mundane (for example brushing teeth, making the bed) and 10 is "
            "extremely poignant (for example a "
            "break-up, a college acceptance), rate the likely poignancy of the following event for {n}.\n",
            "Rate how poignant the event is for {n}, from 1 (everyday) to 10 (life changing).\n",
            "How important is this event for {n}? Give a number from 1 to 10.\n",
        )
    )
    prompt = _persona(rng, name, long) + "\n" + scale.format(n=name) + f"Event: {name} is {action.text}\n"
    return _answered(
        rng,
        prompt,
        rng.choice(("Rate (return a number between 1 and 10):", "Rating:", "Score:")),
        f" {action.poignancy}",
        str(action.poignancy),
    )


def _triple(rng: Random, split: Split, long: bool) -> Example:
    """A sentence as (subject, predicate, object)."""
    shots = rng.randrange(4) if not long else 60
    prompt = rng.choice(
        (
            "Task: Turn the input into (subject, predicate, object).\n\n",
            "Write the event as a triple (subject, predicate, object).\n\n",
        )
    )
    for _ in range(shots):
        n, a = _name(rng, "train"), rng.choice(ACTIONS)
        prompt += f"Input: {n} is {a.text}.\nOutput: ({n}, {a.verb}, {a.thing})\n---\n"
    name, action = _name(rng, split), rng.choice(ACTIONS)
    want = f"({name}, {action.verb}, {action.thing})"
    prompt += f"Input: {name} is {action.text}.\n"
    if rng.random() < 0.5:
        return completion(
            prompt + f"Output: ({name},", f" {action.verb}, {action.thing})", want=f"{action.verb}, {action.thing})"
        )
    return _answered(rng, prompt, "Output:", " " + want, want)


def _emoji(rng: Random, split: Split, long: bool) -> Example:
    """One emoji for an action."""
    action = rng.choice(ACTIONS)
    name = _name(rng, split)
    what = rng.choice((action.text, f"{name} is {action.text}"))
    lead = _persona(rng, name, True) if long else ""
    form = rng.choice(
        (
            "Convert an action description to an emoji.\n\nAction description: {a}\n",
            "Give one emoji for this action: {a}\n",
            "Which emoji fits? {a}\n",
            "Emoji for: {a}\n",
        )
    )
    return _answered(rng, lead + form.format(a=what), "Emoji:", " " + action.emoji, action.emoji)


def _where(rng: Random, split: Split, long: bool) -> Example:
    """A place, or an object in a place, chosen among given ones."""
    name, action = _name(rng, split), rng.choice(ACTIONS)
    object_form = rng.random() < 0.5
    pool, right = (_SPOTS, action.spot) if object_form else (_PLACES, action.place)
    options = rng.sample([p for p in pool if p != right], rng.randint(2, 6))
    options.insert(rng.randrange(len(options) + 1), right)
    listed = "{" + ", ".join(options) + "}"
    lead = _persona(rng, name, long)
    ask = (
        f"{name} is {action.text}. "
        + ("Pick the most fitting object" if object_form else "Pick the most fitting place")
        + " from the list, word for word.\n"
    )
    prompt = f"{lead}\nOptions: {listed}\n{ask}"
    tail = rng.choice(("Answer: {", "Answer: {"))
    if rng.random() < 0.6:
        return completion(prompt + tail, right + "}", want=right)
    return chat([*system_turn(rng), ("user", prompt.rstrip()), ("assistant", right)], want=right)


def _holds(example: Example, text: str) -> bool:
    return example.want is not None and text.strip().removesuffix("}") == example.want


_HELD = "people that training never named"
FAMILIES: tuple[Family, ...] = (
    Family("agents: poignancy", 0.7, _poignancy, held_out=_HELD, max_new_tokens=4),
    Family("agents: event triple", 0.9, _triple, held_out=_HELD, max_new_tokens=40),
    Family("agents: emoji", 0.6, _emoji, held_out=_HELD, max_new_tokens=12),
    Family("agents: place", 1.2, _where, right=_holds, held_out=_HELD, max_new_tokens=16),
)
