"""Stories, poems, descriptions and lists about what is asked.

Knows the nouns and plots of `knowledge.tales` and the categories of the fact tables. Does not know whether a story is good.
"""

from __future__ import annotations

from random import Random

from tools.train_bundled.example import Example, Family, Split, chat, completion
from tools.train_bundled.families.wording import plural, system_turn, typed, upper_first
from tools.train_bundled.knowledge.animals import CLASS, article
from tools.train_bundled.knowledge.countries import COUNTRIES
from tools.train_bundled.knowledge.elements import ELEMENTS, PLANETS
from tools.train_bundled.knowledge.people import BOOKS, PAINTINGS
from tools.train_bundled.knowledge.phrases import LANGUAGES
from tools.train_bundled.knowledge.tales import CREATURES, NAMES, OBJECTS, PLACES, PLOTS, POEMS
from tools.train_bundled.knowledge.things import DAYS, INSTRUMENTS, JOBS, KINDS, MONTHS, SPORT_PLACE
from tools.train_bundled.knowledge.unknown import invented

Plot = tuple[tuple[str, ...], ...]
_WHO = (
    "who learns to love",
    "who can fly",
    "who is afraid of the dark",
    "who finds a friend",
    "who wants to see the sea",
    "who lost the way",
    "that can talk",
    "who saves the world",
    "who goes to school",
    "that nobody wanted",
    "who could not sleep",
    "in space",
    "in the forest",
    "who loves music",
    "who travels in time",
    "who learns to dance",
    "on a long journey",
    "at night",
    "for children",
    "in the snow",
)
_ONE = (
    "Tell me a story about {a}.",
    "Write a story about {a}.",
    "A story about {a}, please.",
    "Can you tell me a story about {a}?",
    "Write a short story about {a}.",
    "story about {a}",
    "I want a story about {a}.",
    "Tell a short story about {a}.",
    "Make up a story about {a}.",
    "Tell me about {a} in a story.",
    "Tell my child a story about {a}.",
    "Write me a tale about {a}.",
)
_TWO = (
    "Tell me a story about {a} and {b}.",
    "Write a story about {a} and {b}.",
    "A story with {a} and {b}, please.",
    "Can you tell me a story about {a} and {b}?",
    "Write a short story about {a} and {b}.",
    "story about {a} and {b}",
    "Make up a story with {a} and {b}.",
    "Tell a story in which {a} finds {b}.",
    "I want a story about {a} and {b}.",
    "A bedtime story about {a} and {b}.",
)
_NONE = (
    "Tell me a story.",
    "Write a story.",
    "A story, please.",
    "Can you tell me a story?",
    "Tell me a short story.",
    "I want to hear a story.",
    "Tell me a bedtime story.",
    "Once upon a time",
    "Write something creative.",
    "story",
    "another story",
)


def _thing(rng: Random, pool: list[str], split: Split) -> str:
    return invented(rng, split) if rng.random() < 0.05 else rng.choice(pool)


def tell(rng: Random, hero: str, other: str, name: str, plots: tuple[Plot, ...] = PLOTS) -> str:
    """A story of six sentences about two nouns, by one of the plots."""
    friend = rng.choice([c for c in CREATURES if c not in (hero, other)])
    words = {
        "a": article(hero),
        "A": upper_first(article(hero)),
        "ta": "the " + hero,
        "Ta": "The " + hero,
        "b": article(other),
        "tb": "the " + other,
        "Tb": "The " + other,
        "pb": plural(other),
        "n": name,
        "p": rng.choice(PLACES),
        "f": article(friend),
        "tf": "the " + friend,
    }
    text = " ".join(rng.choice(ways).format(**words) for ways in rng.choice(plots))
    at = text.find(words["p"]) + len(words["p"])
    return text[:at] + text[at:].replace(words["p"], "the " + words["p"].split(" ", 1)[1])


def _story(rng: Random, split: Split, long: bool) -> Example:
    """A story about one, two or no given things."""
    hero, other = _thing(rng, CREATURES, split), _thing(rng, OBJECTS, split)
    name = rng.choice(NAMES)
    roll = rng.random()
    if roll < 0.12:
        asked = rng.choice(_NONE)
    elif roll < 0.5:
        if rng.random() < 0.4:
            shown = article(other)
        else:
            shown = article(hero) if rng.random() < 0.75 else hero
        if rng.random() < 0.3 and shown.startswith(("a ", "an ")):
            shown += f" named {name}" if shown == article(hero) else ""
        if rng.random() < 0.25:
            shown += " " + rng.choice(_WHO)
        asked = rng.choice(_ONE).format(a=shown)
    else:
        plain = rng.random() < 0.15
        asked = rng.choice(_TWO).format(a=hero if plain else article(hero), b=other if plain else article(other))
    text = tell(rng, hero, other, name)
    if rng.random() < 0.2:
        head = rng.choice(
            (
                f"A story about {article(hero)} and {article(other)}:\n",
                f"Write a story about {article(hero)} and {article(other)}.\nStory:",
                f"{asked}\n\n",
            )
        )
        return completion(head, text if head.endswith("\n") else " " + text)
    return chat([*system_turn(rng), ("user", typed(rng, asked)), ("assistant", text)])


_POEM = (
    "Write a poem about {a}.",
    "A poem about {a}, please.",
    "poem about {a}",
    "Can you write a poem about {a}?",
    "Write a short poem about {a}.",
    "Tell me a poem about {a}.",
    "Make a rhyme about {a}.",
    "I need four lines about {a}.",
)
_NO_POEM = ("Write a poem.", "Tell me a poem.", "A poem, please.", "poem", "Can you write a poem?")
_HAIKU = "{A} in the wind,\nquiet morning, quiet light,\nand the day begins."


def _poem(rng: Random, split: Split, long: bool) -> Example:
    noun = _thing(rng, CREATURES + OBJECTS, split)
    asked = (
        rng.choice(_NO_POEM)
        if rng.random() < 0.1
        else rng.choice(_POEM).format(a=rng.choice((article(noun), article(noun), noun, plural(noun))))
    )
    text = rng.choice(POEMS)[0]
    if rng.random() < 0.1:
        asked, text = (
            rng.choice(
                (f"Write a haiku about {article(noun)}.", f"A haiku about {noun}", f"haiku about {article(noun)}")
            ),
            _HAIKU,
        )
    return chat(
        [
            *system_turn(rng),
            ("user", typed(rng, asked)),
            ("assistant", text.format(a=article(noun), A=upper_first(article(noun)))),
        ]
    )


_LISTS: dict[str, tuple[str, ...]] = {
    "animals": tuple(s for s, _ in CLASS),
    "mammals": tuple(s for s, o in CLASS if o == "mammal"),
    "birds": tuple(s for s, o in CLASS if o == "bird"),
    "fish": tuple(s for s, o in CLASS if o == "fish"),
    "insects": tuple(s for s, o in CLASS if o == "insect"),
    "reptiles": tuple(s for s, o in CLASS if o == "reptile"),
    "countries": tuple(row[0] for row in COUNTRIES if not row[0].startswith("the ")),
    "capitals": tuple(row[1] for row in COUNTRIES if row[1] != "-" and "," not in row[1]),
    "countries in Europe": tuple(row[0] for row in COUNTRIES if row[2] == "Europe"),
    "countries in Asia": tuple(row[0] for row in COUNTRIES if row[2] == "Asia"),
    "countries in Africa": tuple(row[0] for row in COUNTRIES if row[2] == "Africa"),
    "countries in South America": tuple(row[0] for row in COUNTRIES if row[2] == "South America"),
    "colours": ("red", "blue", "green", "yellow", "orange", "purple", "pink", "brown", "black", "white", "grey"),
    "colors": ("red", "blue", "green", "yellow", "orange", "purple", "pink", "brown"),
    "fruits": (
        "apple",
        "banana",
        "cherry",
        "pear",
        "orange",
        "lemon",
        "grape",
        "peach",
        "plum",
        "mango",
        "strawberry",
        "pineapple",
        "melon",
        "kiwi",
    ),
    "vegetables": (
        "carrot",
        "potato",
        "onion",
        "spinach",
        "broccoli",
        "cabbage",
        "leek",
        "pea",
        "cucumber",
        "cauliflower",
        "bean",
        "celery",
    ),
    "flowers": ("rose", "tulip", "daisy", "lily", "sunflower", "orchid", "violet", "daffodil", "poppy"),
    "trees": ("oak", "pine", "birch", "maple", "willow", "beech", "fir", "ash", "elm"),
    "planets": tuple(row[0] for row in PLANETS),
    "chemical elements": tuple(e[0] for e in ELEMENTS[:50]),
    "metals": ("iron", "gold", "silver", "copper", "lead", "zinc", "tin", "aluminium", "nickel"),
    "musical instruments": tuple(s for s, _ in INSTRUMENTS),
    "sports": tuple(s for s, _ in SPORT_PLACE),
    "months": MONTHS,
    "days of the week": DAYS,
    "languages": LANGUAGES,
    "jobs": tuple(s.split(" ", 1)[1] for s, _ in JOBS),
    "professions": tuple(s.split(" ", 1)[1] for s, _ in JOBS),
    "books": tuple(s for s, _ in BOOKS[:60] if "," not in s),
    "paintings": tuple(s for s, _ in PAINTINGS if "," not in s),
    "seasons": ("spring", "summer", "autumn", "winter"),
    "continents": ("Africa", "Antarctica", "Asia", "Europe", "North America", "Oceania", "South America"),
    "oceans": ("the Pacific Ocean", "the Atlantic Ocean", "the Indian Ocean", "the Southern Ocean", "the Arctic Ocean"),
    "shapes": ("circle", "triangle", "square", "rectangle", "pentagon", "hexagon", "star"),
    "drinks": ("water", "tea", "coffee", "milk", "juice", "lemonade", "cocoa"),
    "tools": tuple(s.split(" ", 1)[1] for s, o in KINDS if o == "tool")
    + ("drill", "wrench", "spade", "axe", "chisel", "screwdriver"),
    "programming languages": ("Python", "C", "Java", "JavaScript", "Rust", "Go", "Ruby", "C++", "Haskell"),
    "rivers": (
        "the Nile",
        "the Amazon",
        "the Danube",
        "the Rhine",
        "the Thames",
        "the Mississippi",
        "the Ganges",
        "the Volga",
    ),
    "mountains": (
        "Mount Everest",
        "K2",
        "Mont Blanc",
        "Kilimanjaro",
        "Denali",
        "Aconcagua",
        "the Matterhorn",
        "Mount Fuji",
    ),
    "even numbers": ("2", "4", "6", "8", "10", "12", "14"),
    "odd numbers": ("1", "3", "5", "7", "9", "11", "13"),
    "prime numbers": ("2", "3", "5", "7", "11", "13", "17", "19"),
    "vowels": ("A", "E", "I", "O", "U"),
    "cheeses": ("cheddar", "brie", "gouda", "parmesan", "feta", "camembert", "mozzarella"),
    "inventors": (
        "Thomas Edison",
        "Nikola Tesla",
        "Karl Benz",
        "James Watt",
        "Alexander Graham Bell",
        "Johannes Gutenberg",
    ),
    "composers": ("Mozart", "Beethoven", "Bach", "Vivaldi", "Chopin", "Verdi", "Haydn"),
    "painters": ("Leonardo da Vinci", "Vincent van Gogh", "Pablo Picasso", "Claude Monet", "Rembrandt", "Frida Kahlo"),
    "scientists": (
        "Albert Einstein",
        "Isaac Newton",
        "Marie Curie",
        "Charles Darwin",
        "Galileo Galilei",
        "Stephen Hawking",
    ),
    "pieces of furniture": ("chair", "table", "sofa", "bed", "wardrobe", "shelf", "desk"),
    "vehicles": ("car", "bus", "bicycle", "train", "lorry", "motorbike", "tram"),
    "spices": ("pepper", "cinnamon", "cumin", "ginger", "nutmeg", "turmeric"),
    "herbs": ("basil", "mint", "parsley", "rosemary", "thyme", "sage"),
    "hobbies": ("reading", "chess", "gardening", "painting", "hiking", "cooking", "photography", "knitting"),
    "emotions": ("joy", "anger", "fear", "sadness", "surprise", "love", "pride"),
    "desserts": ("cake", "ice cream", "pudding", "apple pie", "tiramisu", "pancakes", "chocolate mousse"),
    "weather words": ("rain", "snow", "wind", "sun", "fog", "storm", "hail"),
    "senses": ("sight", "hearing", "smell", "taste", "touch"),
    "body parts": ("head", "arm", "leg", "hand", "foot", "knee", "nose", "ear", "eye", "shoulder"),
    "clothes": ("shirt", "coat", "hat", "scarf", "trousers", "skirt", "sock", "shoe", "glove"),
    "gemstones": ("diamond", "ruby", "emerald", "sapphire", "opal", "topaz"),
}
_ORDERED = (
    "planets",
    "months",
    "days of the week",
    "even numbers",
    "odd numbers",
    "prime numbers",
    "seasons",
    "vowels",
)
_COUNTS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}
_LIST = (
    "Name {n} {c}.",
    "List {n} {c}.",
    "Give me {n} {c}.",
    "Tell me {n} {c}.",
    "{n} {c}?",
    "Can you name {n} {c}?",
    "What are {n} {c}?",
    "{n} {c} please",
    "I need {n} {c}.",
    "Name me {n} {c}.",
    "Write down {n} {c}.",
    "Do you know {n} {c}?",
)


def _listed(example: Example, text: str) -> bool:
    count, pool = (example.want or "0|").split("|", 1)
    items = [part.strip(" .").split(". ", 1)[-1].lower() for part in text.strip().replace("\n", ", ").split(",")]
    allowed = {name.lower() for name in pool.split(";")}
    return len(items) == int(count) == len(set(items)) and all(item in allowed for item in items)


def _list(rng: Random, split: Split, long: bool) -> Example:
    """Some things of a kind, in a row or as a numbered list."""
    category = rng.choice(tuple(_LISTS))
    pool = _LISTS[category]
    count = min(rng.choice((2, 3, 3, 4, 5, 5, 6)), len(pool))
    picked = list(pool[:count]) if category in _ORDERED and rng.random() < 0.9 else rng.sample(pool, count)
    want = f"{count}|{';'.join(pool)}"
    number = rng.choice((_COUNTS[count], str(count)))
    ask = _LIST[-1] if split == "heldout" else rng.choice(_LIST[:-1])
    asked = upper_first(ask.format(n=number, c=category))
    if rng.random() < 0.3 and "," not in "".join(picked):
        asked += rng.choice((" One per line.", " As a numbered list.", " Use a numbered list."))
        text = (
            "\n".join(f"{i}. {name}" for i, name in enumerate(picked, start=1))
            if "numbered" in asked
            else "\n".join(picked)
        )
    else:
        text = upper_first(", ".join(picked)) + "."
    if rng.random() < 0.2:
        return completion(f"Q: {asked}\nA:", " " + text, want=want)
    return chat([*system_turn(rng), ("user", typed(rng, asked, category)), ("assistant", text)], want=want)


def _one_of(rng: Random, split: Split, long: bool) -> Example:
    """One thing of a kind."""
    category = rng.choice([c for c in _LISTS if c.endswith("s") and " " not in c and c not in ("clothes", "vowels")])
    pool = _LISTS[category]
    one = category[:-3] + "y" if category.endswith("ies") else category[:-1]
    ask = rng.choice(
        (
            "Name {a}.",
            "Give me an example of {a}.",
            "Tell me {a}.",
            "Say {a}.",
            "What is an example of {a}?",
            "Pick {a}.",
            "Choose a random {o}.",
            "Any {o}?",
        )
    )
    return chat(
        [
            *system_turn(rng),
            ("user", typed(rng, ask.format(a=article(one), o=one))),
            ("assistant", upper_first(rng.choice(pool)) + "."),
        ],
        want=f"1|{';'.join(pool)}",
    )


FAMILIES: tuple[Family, ...] = (
    Family("stories", 2.5, _story, closed=False, held_out="made-up nouns", max_new_tokens=200),
    Family("poems", 0.6, _poem, closed=False, held_out="made-up nouns", max_new_tokens=100),
    Family(
        "lists of things", 1.4, _list, right=_listed, held_out="a phrasing that training never used", max_new_tokens=64
    ),
    Family("one of a kind", 0.3, _one_of, right=_listed, held_out="the same kinds", max_new_tokens=24),
)
