"""The world of the character sheets in the paper's JSON workload. Knows nothing but the tables."""

from __future__ import annotations

from .relation import Relation, pairs

HOUSES = pairs("""
Harry Potter|Gryffindor; Hermione Granger|Gryffindor; Ron Weasley|Gryffindor; Draco Malfoy|Slytherin;
Luna Lovegood|Ravenclaw; Cedric Diggory|Hufflepuff; Neville Longbottom|Gryffindor; Ginny Weasley|Gryffindor;
Severus Snape|Slytherin; Albus Dumbledore|Gryffindor; Minerva McGonagall|Gryffindor; Cho Chang|Ravenclaw;
Sirius Black|Gryffindor; Remus Lupin|Gryffindor; Nymphadora Tonks|Hufflepuff; Fred Weasley|Gryffindor;
George Weasley|Gryffindor; Bellatrix Lestrange|Slytherin; Tom Riddle|Slytherin; Filius Flitwick|Ravenclaw;
Pomona Sprout|Hufflepuff; Rubeus Hagrid|Gryffindor; Horace Slughorn|Slytherin; Gilderoy Lockhart|Ravenclaw;
Lucius Malfoy|Slytherin; Dean Thomas|Gryffindor; Percy Weasley|Gryffindor; Vincent Crabbe|Slytherin;
Gregory Goyle|Slytherin; Lily Potter|Gryffindor; James Potter|Gryffindor
""")
PATRONUS = pairs("""
Harry Potter|stag; Hermione Granger|otter; Ron Weasley|Jack Russell terrier; Luna Lovegood|hare;
Ginny Weasley|horse; Severus Snape|doe; Albus Dumbledore|phoenix; Minerva McGonagall|cat; Cho Chang|swan;
Dolores Umbridge|cat; Kingsley Shacklebolt|lynx; Arthur Weasley|weasel; Aberforth Dumbledore|goat;
Seamus Finnigan|fox
""")
BLOOD = pairs("""
Harry Potter|half-blood; Hermione Granger|Muggle-born; Ron Weasley|pure-blood; Draco Malfoy|pure-blood;
Severus Snape|half-blood; Albus Dumbledore|half-blood; Neville Longbottom|pure-blood; Sirius Black|pure-blood;
Tom Riddle|half-blood; Ginny Weasley|pure-blood; Remus Lupin|half-blood; Bellatrix Lestrange|pure-blood;
Lily Potter|Muggle-born; Minerva McGonagall|half-blood
""")
WANDS = pairs("""
Harry Potter|holly; Hermione Granger|vine; Draco Malfoy|hawthorn; Cedric Diggory|ash; Albus Dumbledore|elder;
Tom Riddle|yew; Bellatrix Lestrange|walnut; Rubeus Hagrid|oak; Fleur Delacour|rosewood; Viktor Krum|hornbeam;
Lily Potter|willow; James Potter|mahogany; Remus Lupin|cypress
""")
CORES = pairs("""
Harry Potter|phoenix feather; Hermione Granger|dragon heartstring; Draco Malfoy|unicorn hair;
Cedric Diggory|unicorn hair; Tom Riddle|phoenix feather; Bellatrix Lestrange|dragon heartstring;
Albus Dumbledore|Thestral tail hair; Viktor Krum|dragon heartstring; Fleur Delacour|Veela hair
""")
ROLES = pairs("""
Harry Potter|a young wizard who survived Lord Voldemort; Hermione Granger|the cleverest witch of her year;
Ron Weasley|Harry's best friend; Albus Dumbledore|the headmaster of Hogwarts; Severus Snape|the teacher of Potions;
Minerva McGonagall|the teacher of Transfiguration; Rubeus Hagrid|the gamekeeper of Hogwarts;
Lord Voldemort|the dark wizard who killed Harry's parents; Dobby|a free house-elf; Hedwig|Harry's owl;
Sirius Black|Harry's godfather; Draco Malfoy|Harry's rival in Slytherin; Filius Flitwick|the teacher of Charms;
Dolores Umbridge|a cruel official of the Ministry of Magic;
Remus Lupin|a werewolf who taught Defence Against the Dark Arts; Scabbers|Ron's rat; Crookshanks|Hermione's cat;
Fawkes|Dumbledore's phoenix; Buckbeak|a Hippogriff; Fluffy|a dog with three heads;
Neville Longbottom|a Gryffindor who becomes a hero; Argus Filch|the caretaker of Hogwarts;
Ollivander|the maker of wands; Peeves|a poltergeist; Vernon Dursley|Harry's uncle; Petunia Dursley|Harry's aunt;
Dudley Dursley|Harry's cousin; Hogwarts|a school of witchcraft and wizardry; Quidditch|a sport on flying brooms;
a Muggle|a person without magic; the Hogwarts Express|the train to Hogwarts;
Diagon Alley|a street of magical shops in London; Gringotts|the bank of the wizards;
Azkaban|the prison of the wizards; the Sorting Hat|the hat that chooses a house for each pupil;
the Golden Snitch|the little winged ball that ends a game of Quidditch;
Platform Nine and Three-Quarters|the platform of the Hogwarts Express at King's Cross
""")
SPELLS = pairs("""
Lumos|light at the tip of the wand; Expelliarmus|disarming an opponent; Accio|calling a thing to you;
Wingardium Leviosa|making things float; Alohomora|opening locks; Expecto Patronum|calling a Patronus;
Nox|putting out the wand light; Obliviate|erasing memories; Stupefy|stunning an opponent;
Riddikulus|making a Boggart funny; Avada Kedavra|killing; Crucio|causing pain; Imperio|controlling a person;
Petrificus Totalus|binding the whole body; Reparo|repairing things; Silencio|silencing; Protego|shielding;
Incendio|making fire; Aguamenti|making water; Muffliato|filling ears with a buzzing
""")

RELATIONS = (
    Relation(
        "house",
        "Harry Potter",
        HOUSES,
        "the Hogwarts house of {s}",
        (
            "Which house is {s} in?",
            "What house is {s} in?",
            "In which Hogwarts house is {s}?",
            "Which Hogwarts house does {s} belong to?",
        ),
        kind="person",
    ),
    Relation(
        "patronus",
        "Harry Potter",
        tuple((s, ("an " if o[0] in "aeiou" else "a ") + o) for s, o in PATRONUS),
        "the Patronus of {s}",
        ("What is {s}'s Patronus?", "Which animal is the Patronus of {s}?", "What Patronus does {s} have?"),
        kind="person",
    ),
    Relation(
        "blood",
        "Harry Potter",
        BLOOD,
        "the blood status of {s}",
        ("What is {s}'s blood status?", "Is {s} pure-blood, half-blood or Muggle-born?"),
        kind="person",
    ),
    Relation(
        "wand",
        "Harry Potter",
        WANDS,
        "the wood of the wand of {s}",
        ("What is {s}'s wand made of?", "Which wood is the wand of {s} made of?", "What wood is {s}'s wand?"),
        kind="person",
    ),
    Relation(
        "core",
        "Harry Potter",
        CORES,
        "the core of the wand of {s}",
        ("What core does {s}'s wand have?", "What is in {s}'s wand?", "Which core has the wand of {s}?"),
        kind="person",
    ),
    Relation(
        "role",
        "Harry Potter",
        ROLES,
        "the role of {s} in Harry Potter",
        (
            "Who or what is {s} in Harry Potter?",
            "In Harry Potter, what is {s}?",
            "What is {s} in the Harry Potter books?",
            "In the Harry Potter books, who is {s}?",
        ),
        say="{s} is {o}.",
        kind="person",
    ),
    Relation(
        "spell",
        "Harry Potter",
        SPELLS,
        "the use of the spell {s}",
        ("What does the spell {s} do?", "What is {s} for?", "What is the spell {s} used for?", "What does {s} do?"),
        kind="word",
    ),
)
