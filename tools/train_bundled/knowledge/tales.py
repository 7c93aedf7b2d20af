"""What stories are made of: nouns, names, places and plots. Knows nothing but the texts.

In plots ``{a}`` is a hero with its article, ``{A}`` the same at the beginning of a sentence, ``{ta}`` and ``{Ta}`` with "the";
``{b}``, ``{tb}``, ``{Tb}`` the other thing; ``{n}`` a name, ``{p}`` a place, ``{f}`` a friend with its article, ``{tf}`` with "the".
Each plot is a tuple of sentences, each a tuple of ways to say it.
"""

from __future__ import annotations

from random import Random

CREATURES = """
dragon cat dog robot wizard princess knight fox wolf bear owl mouse rabbit horse unicorn pirate witch giant dwarf
fairy ghost king queen prince farmer baker sailor teacher girl boy child old man old woman penguin elephant lion
tiger monkey turtle frog hedgehog squirrel dolphin whale shark crow raven bee spider snail octopus dinosaur
astronaut detective painter musician clown cook gardener shepherd fisherman ant butterfly goose duck swan pig cow
sheep goat donkey camel giraffe zebra kangaroo koala panda parrot peacock bat mole beaver otter seal snowman troll
elf mermaid alien monster vampire troll scientist programmer doctor nurse pilot captain thief soldier princess
dancer singer writer inventor librarian student hamster kitten puppy lamb foal chicken eagle phoenix goblin ogre
crocodile hippo rhino sloth llama deer moose badger worm ladybird grasshopper crab lobster starfish jellyfish cloud
star tree teapot
""".split()
CREATURES = [
    *dict.fromkeys(c for c in CREATURES if c not in ("old", "man", "woman")),
    "old man",
    "old woman",
    "little girl",
    "little boy",
    "young wizard",
    "tiny dragon",
    "snow leopard",
    "polar bear",
    "hungry caterpillar",
]
OBJECTS = """
bridge castle lamp mountain river forest key book hat ring sword crown mirror boat ship train bicycle clock house
door tower garden lake island cave star moon cloud rainbow candle lantern map treasure diamond flute violin drum
piano guitar bell letter box chair table carpet umbrella bag coin apple cake pie cookie pumpkin flower rose tree
seed stone shell feather nest egg kite balloon rocket telescope computer radio teapot spoon pot kettle pancake
sandwich pizza carrot cheese lighthouse windmill well fountain wall gate road library museum school market ladder
rope net wheel anchor compass bottle potion spell dream song secret puzzle game snowflake storm volcano desert beach
waterfall meadow hill valley village city planet button scarf boot glove blanket pillow quilt painting statue bone
fish mushroom strawberry cherry lemon banana tomato tulip sunflower cactus robot notebook cache radix tree token
""".split()
OBJECTS = [
    *dict.fromkeys(o for o in OBJECTS if o != "radix"),
    "radix tree",
    "magic lamp",
    "golden key",
    "old map",
    "red balloon",
    "lost letter",
    "birthday cake",
]
NAMES = "Mira Tom Lena Otto Ida Max Nora Finn Ella Hugo Lily Sam Zoe Ben Ada Leo Mia Paul Rosa Jack Emma Oskar Clara Theo Anna Felix Luna Milo Ruby Noah".split()
_SHE = frozenset("Mira Lena Ida Nora Ella Lily Zoe Ada Mia Rosa Emma Clara Anna Luna Ruby".split())


def pronoun(rng: Random, who: str) -> str:
    """He or She, as fits a name or a person; either where both fit."""
    last = who.rsplit(" ", maxsplit=1)[-1].lower()
    if who in _SHE or last in ("woman", "girl", "grandmother", "mother", "nurse"):
        return "She"
    if who in NAMES or last in ("man", "boy", "father", "uncle"):
        return "He"
    return rng.choice(("He", "She"))


PLACES = (
    "a small village",
    "a quiet valley",
    "a city by the sea",
    "a deep forest",
    "a house on a hill",
    "a far country",
    "an old castle",
    "a little town",
    "a green land",
    "a snowy land",
    "a hamlet at the edge of the woods",
    "a busy harbour",
    "a garden behind a high wall",
    "a lonely lighthouse",
    "a street with many shops",
)

PLOTS: tuple[tuple[tuple[str, ...], ...], ...] = (
    (
        (
            "Once upon a time {a} named {n} lived in {p}.",
            "In {p} there lived {a} called {n}.",
            "Long ago, {a} by the name of {n} had a home in {p}.",
        ),
        (
            "One morning {n} found {b} that nobody had ever seen before.",
            "One day {n} came upon {b}, quite alone and very old.",
        ),
        (
            "{Tb} was broken, and everybody said that it could not be saved.",
            '"What a sad thing," said {n}, for {tb} was in pieces.',
        ),
        (
            "But {n} did not give up and worked on it day and night.",
            "{n} asked everybody for help, and nobody knew how, so {n} began alone.",
        ),
        ("At last {tb} was whole again and shone in the evening light.", "After seven days {tb} was as good as new."),
        (
            "From then on people came from far away to see {ta} and {tb}.",
            "Since that day {ta} and {tb} have belonged together, and all were glad.",
        ),
    ),
    (
        ("There once was {a} who was afraid of {pb}.", "{n} was {a}, and {n} was afraid of one thing only: {pb}."),
        (
            "In {p} that was a problem, because {b} stood right in the middle of it.",
            "That was hard, since there was {b} on the way home.",
        ),
        (
            "One evening {ta} heard a small voice: a child was in trouble, just behind {tb}.",
            "Then one night a friend called for help from the other side of {tb}.",
        ),
        ("{Ta} trembled, took a deep breath and went straight ahead.", '"Now or never," whispered {ta} and set off.'),
        ("It turned out that {tb} was not terrible at all.", "And see, nothing bad happened: {tb} was only {b}."),
        (
            "Being brave, {ta} learnt, means to be afraid and to go all the same.",
            "Ever after {ta} smiled when passing {tb}.",
        ),
    ),
    (
        ("{n} was {a} in {p}, and {n} wished for a friend.", "In {p} lived {a} who was all alone. The name was {n}."),
        ("One day {f} came along with {b}.", "On a rainy afternoon {f} knocked at the door and showed {b}."),
        (
            '"Do you know what this is for?" asked {tf}.',
            '"I carry {tb} everywhere," said {tf}, "but alone it is no fun."',
        ),
        (
            "Together they tried it out, laughed and forgot the time.",
            "They looked at {tb} from all sides and had a hundred ideas.",
        ),
        (
            "When the sun went down, they had become friends.",
            "In the evening they shared bread and cheese and told each other everything.",
        ),
        ("And {tb}? It has a place of honour in their house.", "They still meet every week, and {tb} is always there."),
    ),
    (
        ("{A} and {f} both wanted {tb}.", "Two neighbours in {p}, {a} and {f}, quarrelled about {b}."),
        (
            '"It is mine," said {ta}. "No, it is mine," said {tf}.',
            "They pulled and shouted until nobody in {p} could sleep.",
        ),
        ('A wise owl heard them and asked: "What do you need it for?"', "At last they asked an old woman to judge."),
        (
            "{Ta} needed it only by day, and {tf} only by night.",
            "It turned out that {ta} wanted to look at it, and {tf} wanted to use it.",
        ),
        (
            "So they shared {tb}, and both had all they wished for.",
            "So {tb} could belong to both, and the quarrel was over.",
        ),
        (
            "What is shared is used twice, they say in {p} to this day.",
            "Since then {ta} and {tf} have been the best of neighbours.",
        ),
    ),
    (
        (
            "{n}, {a} from {p}, set out to find {b}.",
            "Everybody in {p} spoke of {b}, so {a} called {n} went to look for it.",
        ),
        (
            "The way led over hills, through rain and past a sleeping giant.",
            "First came a dark forest, then a wide river, then a mountain of ice.",
        ),
        (
            "On the third day {n} met {f} who was hungry and shared the last bread.",
            "By the road sat {f} with a thorn in the foot, and {n} pulled it out.",
        ),
        ('"Because you are kind, I will show you the way," said {tf}.', "In thanks {tf} told the secret of {tb}."),
        ("There it was: {tb}, brighter than in any dream.", "Behind an old oak lay {tb}, just as people had told."),
        (
            "{n} told everybody at home, and there was a feast that lasted three days.",
            "{n} looked at it for a long time and then went home, richer by a friend.",
        ),
    ),
    (
        ("Nobody in {p} believed that {a} could make {b}.", '"{A} cannot make {b}," people laughed in {p}.'),
        ("But {n} had an idea, a pencil and a lot of time.", "But {ta}, whose name was {n}, began all the same."),
        (
            "The first try fell apart, and so did the second.",
            "At first everything went wrong: too big, too small, too crooked.",
        ),
        ("{n} learnt from every mistake and began again.", "Each evening {n} wrote down what had gone wrong."),
        ("The tenth try worked.", "And one morning it was done."),
        (
            "Now everybody wanted to see {tb}, and nobody laughed any more.",
            "People came, looked at {tb} and were silent. Then they clapped.",
        ),
    ),
)

# Four lines with rhyme at the ends; {a} and {b} are what was asked for.
POEMS: tuple[tuple[str, ...], ...] = (
    (
        "Softly falls the evening rain\nupon {a} once again.\nThe lamps are lit, the day is done,\nand dreams are waiting, one by one.",
    ),
    (
        "{A}, {a}, what do you know?\nWhere do all the rivers go?\nThey run, they sing, they never stay,\nthey carry all our cares away.",
    ),
    (
        "Give me {a} and a song,\nand the winter is not long.\nSnow may fall and wind may blow,\nI am warm, for this I know.",
    ),
    (
        "Far away beyond the hill\nlives {a}, calm and still.\nEvery morning, bright and new,\nit says hello to me and you.",
    ),
    (
        "In the garden, in the sun,\nI met {a}, second to none.\nWe talked of clouds, we talked of trees,\nand watched the flowers and the bees.",
    ),
    (
        "When the moon is round and white,\nthink of {a} in the night.\nIt keeps a secret, keeps it well,\nand only to the stars will tell.",
    ),
    (
        "{A} stood under the evening sky,\nand watched the clouds go drifting by.\nThe wind was soft, the night was near,\nand all the stars came out so clear.",
    ),
    (
        "I dreamt of {a} last night,\nit shone in soft and silver light.\nI tried to hold it, but it flew,\nand left the morning, fresh with dew.",
    ),
    (
        "Oh little thing, {a} so dear,\nhow good it is to have you here.\nThe days are long, the nights are deep,\nyou watch beside me while I sleep.",
    ),
    (
        "{A} is more than it may seem:\na bit of truth, a bit of dream.\nSo look again and look with care,\nand you will find a wonder there.",
    ),
    (
        "The world is wide, the world is round,\nand {a} is what I have found.\nI keep it close, I keep it well,\nand have a thousand things to tell.",
    ),
    (
        "Roses are red and violets blue,\n{a} is lovely, and so are you.\nThe sun comes up, the birds all sing,\noh, what a happy, happy thing.",
    ),
)
