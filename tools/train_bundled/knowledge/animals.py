"""Animals: class, young, sound, food, home, legs. Knows nothing but the tables."""

from __future__ import annotations

from .relation import Relation, pairs

CLASS = pairs("""
dog|mammal; cat|mammal; horse|mammal; cow|mammal; pig|mammal; sheep|mammal; goat|mammal; lion|mammal; tiger|mammal;
elephant|mammal; giraffe|mammal; zebra|mammal; bear|mammal; wolf|mammal; fox|mammal; rabbit|mammal; hare|mammal;
mouse|mammal; rat|mammal; squirrel|mammal; hedgehog|mammal; bat|mammal; whale|mammal; dolphin|mammal; seal|mammal;
otter|mammal; beaver|mammal; kangaroo|mammal; koala|mammal; monkey|mammal; gorilla|mammal; panda|mammal;
camel|mammal; donkey|mammal; deer|mammal; moose|mammal; hippo|mammal; rhino|mammal; sloth|mammal; platypus|mammal;
badger|mammal; mole|mammal; llama|mammal; walrus|mammal; eagle|bird; owl|bird; duck|bird; goose|bird; chicken|bird;
penguin|bird; ostrich|bird; parrot|bird; sparrow|bird; crow|bird; raven|bird; swan|bird; flamingo|bird;
pelican|bird; hummingbird|bird; robin|bird; stork|bird; turkey|bird; peacock|bird; pigeon|bird; seagull|bird;
woodpecker|bird; falcon|bird; vulture|bird; swallow|bird; snake|reptile; lizard|reptile; turtle|reptile;
tortoise|reptile; crocodile|reptile; alligator|reptile; chameleon|reptile; gecko|reptile; iguana|reptile;
cobra|reptile; frog|amphibian; toad|amphibian; newt|amphibian; salamander|amphibian; salmon|fish; trout|fish;
tuna|fish; shark|fish; goldfish|fish; herring|fish; cod|fish; eel|fish; carp|fish; seahorse|fish; bee|insect;
ant|insect; butterfly|insect; wasp|insect; fly|insect; mosquito|insect; beetle|insect; ladybird|insect;
grasshopper|insect; cricket|insect; dragonfly|insect; moth|insect; termite|insect; cockroach|insect; flea|insect;
spider|arachnid; scorpion|arachnid; tick|arachnid; crab|crustacean; lobster|crustacean; shrimp|crustacean;
octopus|mollusc; squid|mollusc; snail|mollusc; slug|mollusc; oyster|mollusc; mussel|mollusc
""")

YOUNG = pairs("""
dog|puppy; cat|kitten; horse|foal; cow|calf; pig|piglet; sheep|lamb; goat|kid; lion|cub; tiger|cub; bear|cub;
wolf|pup; fox|cub; rabbit|kit; elephant|calf; giraffe|calf; whale|calf; dolphin|calf; seal|pup; kangaroo|joey;
koala|joey; deer|fawn; duck|duckling; goose|gosling; chicken|chick; swan|cygnet; eagle|eaglet; owl|owlet;
frog|tadpole; fish|fry; butterfly|caterpillar; hedgehog|hoglet; bat|pup; shark|pup; otter|pup; hare|leveret;
turkey|poult; penguin|chick; zebra|foal; donkey|foal; camel|calf; hippo|calf; eel|elver; pigeon|squab; llama|cria;
fly|maggot; spider|spiderling; turtle|hatchling; beaver|kit; squirrel|kit; mouse|pup; rat|pup; monkey|infant
""")

SOUND = pairs("""
dog|barks; cat|meows; cow|moos; pig|oinks; sheep|bleats; horse|neighs; lion|roars; duck|quacks; rooster|crows;
owl|hoots; bee|buzzes; snake|hisses; frog|croaks; wolf|howls; mouse|squeaks; donkey|brays; goose|honks;
elephant|trumpets; turkey|gobbles; crow|caws; dove|coos; hen|clucks; cricket|chirps; monkey|chatters; bear|growls;
tiger|roars; parrot|squawks; goat|bleats; pigeon|coos; sparrow|chirps; fly|buzzes; hyena|laughs
""")

FOOD = pairs("""
panda|bamboo; koala|eucalyptus leaves; cow|grass; horse|grass and hay; sheep|grass; rabbit|grass and herbs;
lion|meat; tiger|meat; wolf|meat; giraffe|leaves; elephant|grass, leaves and bark; squirrel|nuts and seeds;
bee|nectar and pollen; anteater|ants and termites; penguin|fish; seal|fish; polar bear|seals; owl|mice;
frog|insects; spider|insects; caterpillar|leaves; bat|insects; blue whale|krill; hedgehog|insects, worms and snails;
mole|earthworms; monkey|fruit and leaves; zebra|grass; kangaroo|grass; beaver|bark and water plants; otter|fish;
eagle|fish and small animals; hummingbird|nectar; vulture|dead animals;
crocodile|fish and animals that come to drink; shark|fish; sloth|leaves; flamingo|algae and small shrimps;
pelican|fish; toad|insects and worms; snail|leaves; mosquito|nectar, and the females drink blood; ladybird|aphids;
chicken|grains, seeds and worms
""")

HOME = pairs("""
bee|hive; bird|nest; dog|kennel; spider|web; rabbit|burrow; fox|den; bear|den; lion|den; horse|stable; pig|sty;
beaver|lodge; ant|anthill; eagle|nest on a cliff or a high tree; otter|holt; badger|sett; hamster|cage; cow|barn;
chicken|coop; squirrel|drey; wasp|nest; snail|shell; goldfish|aquarium; owl|hollow tree; wolf|den; termite|mound;
pigeon|dovecote
""")

LIVES = pairs("""
polar bear|the Arctic; penguin|the southern half of the Earth, many of them in Antarctica; kangaroo|Australia;
koala|Australia; panda|China; llama|South America; sloth|the rainforests of South and Central America;
camel|deserts; lion|the savannas of Africa; tiger|the forests of Asia; gorilla|the forests of Africa; zebra|Africa;
giraffe|Africa; lemur|Madagascar; orangutan|Borneo and Sumatra; kiwi|New Zealand; emu|Australia;
bald eagle|North America; jaguar|South and Central America; reindeer|the cold north; moose|the northern forests;
whale|the ocean; dolphin|the sea; shark|the sea; frog|ponds and wet places; trout|rivers;
hippo|rivers and lakes in Africa; meerkat|southern Africa; Komodo dragon|Indonesia; platypus|Australia;
Tasmanian devil|Tasmania; alpaca|South America; condor|the Americas; yak|the Himalayas
""")

LEGS = pairs("""
dog|four; cat|four; horse|four; cow|four; elephant|four; lion|four; mouse|four; frog|four; turtle|four; bird|two;
chicken|two; duck|two; ostrich|two; penguin|two; human|two; spider|eight; scorpion|eight; tick|eight; ant|six;
bee|six; fly|six; butterfly|six; beetle|six; mosquito|six; snake|no; fish|no; worm|no; snail|no; whale|no;
dolphin|no; crab|ten; lobster|ten; shrimp|ten; grasshopper|six; ladybird|six; lizard|four; crocodile|four;
rabbit|four; owl|two; eagle|two
""")

GROUPS = pairs("""
lions|a pride; wolves|a pack; fish|a school; cows|a herd; sheep|a flock; birds|a flock; bees|a swarm; ants|a colony;
crows|a murder; geese|a gaggle; elephants|a herd; whales|a pod; dolphins|a pod; puppies|a litter; chicks|a brood;
monkeys|a troop; owls|a parliament; kittens|a litter; horses|a herd; kangaroos|a mob; flamingos|a flamboyance;
penguins on land|a waddle; locusts|a swarm; lapwings|a desert; foxes|a skulk; frogs|an army; jellyfish|a smack
""")

MALE = pairs("""
cow|bull; horse|stallion; chicken|rooster; sheep|ram; pig|boar; duck|drake; goose|gander; deer|stag;
goat|billy goat; elephant|bull; cat|tomcat; swan|cob; bee|drone
""")
FEMALE = pairs("""
lion|lioness; tiger|tigress; horse|mare; sheep|ewe; pig|sow; deer|doe; fox|vixen; goat|nanny goat; chicken|hen;
dog|bitch; swan|pen; elephant|cow; cattle|cow
""")


def article(word: str) -> str:
    """The word with its indefinite article."""
    vowel = word[0] in "aeiouAEIOU" and not word.startswith(("unic", "uke", "uni", "use", "Uni", "eu", "Eu", "one"))
    return ("an " if vowel else "a ") + word


def _named(table: tuple[tuple[str, str], ...], both: bool = False) -> tuple[tuple[str, str], ...]:
    return tuple((article(s), article(o) if both else o) for s, o in table)


RELATIONS = (
    Relation(
        "animal class",
        "biology",
        _named(CLASS, both=True),
        "the class of animal of {s}",
        (
            "What kind of animal is {s}?",
            "What type of animal is {s}?",
            "Which class of animals does {s} belong to?",
            "Is {s} a mammal, a bird, a fish or something else?",
            "What sort of animal is {s}?",
        ),
        say="{s} is {o}.",
        kind="animal",
    ),
    Relation(
        "young",
        "biology",
        _named(YOUNG, both=True),
        "the name of the young of {s}",
        (
            "What is the young of {s} called?",
            "What do you call a baby of {s}?",
            "What is the baby of {s} called?",
            "How do you call the young of {s}?",
            "What do we call the young of {s}?",
        ),
        say="The young of {s} is called {o}.",
        kind="animal",
        back=("Which animal's baby is {o}?", "{o} is the young of which animal?", "{o} grows up to be which animal?"),
    ),
    Relation(
        "sound",
        "biology",
        _named(SOUND),
        "the sound of {s}",
        ("What sound does {s} make?", "What noise does {s} make?", "What does {s} say?", "How does {s} sound?"),
        say="{s} {o}.",
        kind="animal",
    ),
    Relation(
        "animal food",
        "biology",
        _named(FOOD),
        "the food of {s}",
        (
            "What does {s} eat?",
            "What does {s} feed on?",
            "What do I feed {s}?",
            "What is the diet of {s}?",
            "What does {s} like to eat?",
        ),
        say="{s} eats {o}.",
        kind="animal",
    ),
    Relation(
        "animal home",
        "biology",
        _named(HOME, both=True),
        "the home of {s}",
        (
            "What is the home of {s} called?",
            "What do you call the home of {s}?",
            "What is {s}'s home called?",
            "Which home does {s} have?",
        ),
        kind="animal",
    ),
    Relation(
        "habitat",
        "biology",
        _named(LIVES),
        "the natural home of {s}",
        (
            "Where does {s} live?",
            "Where in the world does {s} live?",
            "Where do I find {s} in nature?",
            "Where is {s} found in the wild?",
        ),
        say="In nature {s} lives in {o}.",
        kind="animal",
    ),
    Relation(
        "legs",
        "biology",
        _named(LEGS),
        "the number of legs of {s}",
        (
            "How many legs does {s} have?",
            "How many legs has {s} got?",
            "How many legs are there on {s}?",
            "{s} has how many legs?",
        ),
        say="{s} has {o} legs.",
        kind="animal",
    ),
    Relation(
        "group",
        "vocabulary",
        GROUPS,
        "the word for a group of {s}",
        (
            "What do you call a group of {s}?",
            "What is a group of {s} called?",
            "What is the word for many {s} together?",
            "How is a group of {s} called?",
        ),
        say="A group of {s} is called {o}.",
        kind="animals",
    ),
    Relation(
        "male",
        "vocabulary",
        MALE,
        "the word for a male {s}",
        ("What is a male {s} called?", "What do you call a male {s}?", "How is a male {s} called?"),
        say="A male {s} is called a {o}.",
        kind="beast",
    ),
    Relation(
        "female",
        "vocabulary",
        FEMALE,
        "the word for a female {s}",
        ("What is a female {s} called?", "What do you call a female {s}?", "How is a female {s} called?"),
        say="A female {s} is called a {o}.",
        kind="beast",
    ),
)
