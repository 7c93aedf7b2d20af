"""Names, things and small turns of phrase that the in-context families draw from.

Knows nothing of prompts. Made-up names are split by hash: an eighth of them never occurs in training.
"""

from __future__ import annotations

from random import Random
from zlib import crc32

from tools.train_bundled.example import Split

FIRST = (
    "Anna Ben Carla David Emma Felix Grace Henry Iris Jack Kate Liam Mia Noah Olivia Peter Quinn Rosa Sam Tara Uma Victor "
    "Wendy Xavier Yara Zoe Ali Bea Chen Dora Elif Farah Gus Hana Ivan Jaya Kofi Lena Marco Nina Omar Priya Raj Sara Tom "
    "Ursula Vera Will Yusuf Zara Amir Bruno Clara Diego Ella Fiona George Hugo Ines James Karim Laura Maya Nadia Oscar "
    "Paul Ruth Simon Tina Alice Bob Maria John Lucy Mark Julia Leo Nora Eric Sofia Adam Eva Max Amy Dan Kim Ken Jo Rita"
).split()
SYLLABLES = (
    "ka lo mi ren tas vor bel dun fi gra hal jor kel lan mor nev ol pra quil ros sel tor ul ven wyn xan yor zel ar bri "
    "cor del em fen gil hes in jal kri lum mar nor os per rin sto tal ur vik wes yan zor da ne su pho gle ta ri mo be"
).split()
PLACE_ENDS = (
    "ville ton burg stad ford mouth holm port field dale haven wick grad mere by ham minster shire stone".split()
)
COLOURS = "red blue green yellow black white purple orange pink brown grey silver golden turquoise".split()
JOBS = (
    "teacher nurse baker pilot farmer lawyer painter engineer plumber chef librarian dentist gardener carpenter singer "
    "journalist architect sailor tailor electrician geologist translator vet photographer programmer judge waiter "
    "potter watchmaker beekeeper violinist biologist firefighter surgeon poet mechanic accountant actor miner weaver"
).split()
ITEMS = (
    "apple pear lemon book pencil lamp chair marble stamp shell coin ticket card brick bottle candle button ribbon plate "
    "spoon cup hat scarf glove shoe box bag basket drum kite ball doll puzzle magnet rope nail hammer brush map key clock "
    "bell mirror pillow blanket cookie muffin sandwich egg carrot potato tomato onion melon plum peach cherry grape "
    "mug jar sticker photo letter rose tulip seed leaf stone feather bead crayon notebook eraser ruler battery bulb"
).split()
ANIMALS = (
    "dog cat horse cow sheep goat pig hen duck goose rabbit mouse fox wolf bear deer owl eagle frog turtle lizard snake "
    "parrot hamster otter beaver seal whale dolphin shark salmon bee ant spider camel llama tiger lion zebra monkey"
).split()
FOODS = (
    "pizza soup bread rice pasta salad cheese noodles curry pancakes dumplings sushi tacos porridge stew waffles "
    "omelette pie lasagna risotto falafel hummus beans fish chicken cake icecream yoghurt"
).split()
HOBBIES = (
    "chess painting running cycling fishing knitting reading swimming gardening dancing climbing singing cooking hiking "
    "sailing skiing pottery photography juggling origami astronomy yoga tennis football archery fencing rowing"
).split()
ADJECTIVES = (
    "small large new bright dark quiet loud warm cold soft hard heavy light round square tall short clean dusty "
    "shiny broken wooden plastic rusty striped full famous hidden narrow wide"
).split()
MONTHS = ("January February March April May June July August September October November December").split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
COUNTRIES = (
    "France Spain Italy Germany Poland Norway Sweden Greece Turkey Egypt Kenya India China Japan Brazil Peru Chile "
    "Mexico Canada Ireland Portugal Austria Hungary Finland Denmark Morocco Ghana Vietnam Thailand Nepal Cuba Iceland"
).split()
COMMON = (
    "time river table garden window music summer winter street paper water fire cloud bridge forest school island "
    "market train letter morning evening silver copper castle mountain valley harbor village kitchen engine planet "
    "story number circle square corner shadow flower branch ladder tunnel pocket button pepper sugar honey butter"
).split()
WORDS = tuple(dict.fromkeys([*ITEMS, *ANIMALS, *COMMON, *COLOURS, *FOODS, *ADJECTIVES]))
EMOJI = "😀 🎉 🚀 🌲 🐶 🍎 ⭐ 🔥 🌊 🎵 ☕ 🌍 💡 ❤️ 🐱".split()
SYSTEMS = (
    "You are a helpful assistant.",
    "You are a helpful, honest and concise assistant.",
    "You are a friendly assistant.",
    "You are an expert assistant. Answer briefly.",
    "Answer the user's questions.",
    "You are a helpful AI.",
    "Be brief.",
    "You are a careful assistant who follows instructions exactly.",
)


def kept(text: str, split: Split) -> bool:
    """Whether a made-up text belongs to this split: an eighth, by hash, is never trained on."""
    return (crc32(text.encode()) % 8 == 0) == (split == "heldout")


def made(rng: Random, split: Split, least: int = 2, most: int = 3) -> str:
    """A made-up capitalised word."""
    while True:
        word = "".join(rng.choice(SYLLABLES) for _ in range(rng.randint(least, most))).capitalize()
        if kept(word, split):
            return word


def person(rng: Random, split: Split) -> str:
    """A full name whose surname is made up."""
    first = rng.choice(FIRST) if rng.random() < 0.7 else made(rng, "train" if rng.random() < 0.5 else split)
    return f"{first} {made(rng, split)}"


def place(rng: Random, split: Split) -> str:
    """A made-up town."""
    return made(rng, split, 1, 2) + rng.choice(PLACE_ENDS) if rng.random() < 0.6 else made(rng, split)


def code(rng: Random, size: int | None = None) -> str:
    """Random letters and digits."""
    return "".join(rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", k=size or rng.randint(4, 8)))


def alphanumeric(rng: Random, size: int) -> str:
    """Random letters of both cases and digits, as in the paper's multi-turn chat."""
    return "".join(rng.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=size))


def plural(item: str) -> str:
    """Plural of one of `ITEMS` or `ANIMALS`."""
    special = {"goose": "geese", "mouse": "mice", "sheep": "sheep", "fox": "foxes", "leaf": "leaves", "wolf": "wolves"}
    special |= {"deer": "deer", "salmon": "salmon", "scarf": "scarves", "hen": "hens"}
    if item in special:
        return special[item]
    if item.endswith(("s", "x", "ch", "sh", "tomato", "potato")):
        return item + "es"
    if item.endswith("y") and item[-2] not in "aeiou":
        return item[:-1] + "ies"
    return item + "s"


def listed(things: list[str], last: str = "and") -> str:
    """``a, b and c``."""
    return things[0] if len(things) == 1 else f"{', '.join(things[:-1])} {last} {things[-1]}"


def casual(rng: Random, text: str) -> str:
    """The text as somebody types it: sometimes lower case, without the last mark, with a please."""
    roll = rng.random()
    if roll < 0.55:
        return text
    if roll < 0.7:
        return text[0].lower() + text[1:]
    if roll < 0.85:
        return text.rstrip("?.!")
    if roll < 0.93:
        return text[0].lower() + text[1:].rstrip("?.!")
    return f"Please {text[0].lower()}{text[1:]}" if text.endswith(".") else f"{text} "


def with_system(rng: Random, turns: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """A third of the conversations begin with a system prompt."""
    return [("system", rng.choice(SYSTEMS)), *turns] if rng.random() < 0.34 else turns


FILLER = (
    "The market in {place} opens at {n} o'clock and sells mostly {items}.",
    "In {month} the {adj} river near {place} rises by about {n} centimetres.",
    "{person} once kept {n} {items} in a {adj} shed behind the station.",
    "Most visitors come by train, though a {adj} bus leaves every {n} minutes.",
    "The {colour} house on the corner was built by {person} out of {adj} stone.",
    "On {day}s the bakery gives away {items} to children from {place}.",
    "Nobody remembers why the {adj} bell rings {n} times in the evening.",
    "A local legend tells of a {colour} {animal} that guards the bridge of {place}.",
    "The school has {n} pupils, a {adj} garden and a choir that sings on {day}s.",
    "During the winter the harbour is quiet and the {animals} sleep on the pier.",
    "The library lends {items} as well as books, which surprises guests from {place}.",
    "Every {month} there is a fair with {food}, music and {adj} lanterns.",
    "Farmers grow {items} on the hills, and {person} buys most of them.",
    "The old map shows a {adj} path that no longer exists.",
    "Children learn {hobby} early, because {person} teaches it for free.",
    "The {adj} tower has {n} steps and a view over the whole valley.",
    "People say that the {food} here tastes best in {month}.",
    "A museum about {hobby} was opened near the {colour} gate.",
    "The road to {place} is {adj}, and it takes {n} hours by cart.",
    "It rained for {n} days, so the {animals} stayed in the barn.",
)


def filler_sentence(rng: Random) -> str:
    """One sentence that answers none of the questions asked here."""
    return rng.choice(FILLER).format(
        place=place(rng, "train"),
        n=rng.randint(2, 60),
        items=plural(rng.choice(ITEMS)),
        month=rng.choice(MONTHS),
        adj=rng.choice(ADJECTIVES),
        person=person(rng, "train"),
        colour=rng.choice(COLOURS),
        day=rng.choice(DAYS),
        animal=rng.choice(ANIMALS),
        animals=plural(rng.choice(ANIMALS)),
        food=rng.choice(FOODS),
        hobby=rng.choice(HOBBIES),
    )


def filler(rng: Random, characters: int) -> list[str]:
    """Sentences of about ``characters`` characters in all."""
    out: list[str] = []
    size = 0
    while size < characters:
        out.append(filler_sentence(rng))
        size += len(out[-1]) + 1
    return out


def long_size(rng: Random) -> int:
    """Characters of filler in a prompt of the paper's lengths."""
    return rng.choice((rng.randint(1_500, 4_000), rng.randint(4_000, 9_500)))


def woven(rng: Random, facts: list[str], fill: list[str]) -> list[str]:
    """Facts in order, filler between them."""
    out = list(fill)
    for at, fact in zip(sorted(rng.randint(0, len(fill)) for _ in facts), facts, strict=True):
        out.insert(at, "\0" + fact)
    ordered = iter(facts)
    return [next(ordered) if text.startswith("\0") else text for text in out]


def a(noun: str) -> str:
    """The noun with its indefinite article."""
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def put(template: str, value: str, **more: str) -> str:
    """Fill ``{v}``, with ``an`` before a vowel where the template says ``a {v}``."""
    if "a {v}" in template and value.isalpha():
        template = template.replace("a {v}", a(value))
    return template.format(v=value, **more)
