"""Questions that a small model cannot answer: it says so, instead of making something up.

Knows templates of odd questions and nouns to fill them. The refusal depends on the form of the question, while
`facts` makes it depend on the thing that is asked about.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from tools.train_bundled.example import Example, Family, Split, chat, completion
from tools.train_bundled.families.wording import framed, system_turn, typed, upper_first
from tools.train_bundled.knowledge.animals import article
from tools.train_bundled.knowledge.countries import COUNTRIES
from tools.train_bundled.knowledge.people import WORK
from tools.train_bundled.knowledge.places import CITY_COUNTRY
from tools.train_bundled.knowledge.tales import CREATURES, NAMES, OBJECTS
from tools.train_bundled.knowledge.unknown import FORENAMES, invented
from tools.train_bundled.knowledge.words import plural
from tools.train_bundled.words import kept

# {n} a noun, {ns} its plural, {an} with article, {p} a place, {w} a person, {m} a made-up word, {y} a year, {v} a verb in the past
_ASKED = (
    "How many {ns} are there in {p}?",
    "What is the price of {an}?",
    "How much does {an} cost in {p}?",
    "Who is the mayor of {p}?",
    "How do I get from {p} to {q}?",
    "How far is {p} from {q}?",
    "What did {w} say in {y}?",
    "Why did {w} {v}?",
    "When did {w} {v}?",
    "Where did {w} {v}?",
    "How does one repair {an}?",
    "What is the best restaurant in {p}?",
    "Which hotel in {p} is good?",
    "Who owns the largest {n} in {p}?",
    "What was the weather in {p} in {y}?",
    "How many goals did {w} score in {y}?",
    "What is the second verse of the song about {ns}?",
    "Which {n} is the best one to buy?",
    "Where can I buy {an} in {p}?",
    "What is the phone number of {w}?",
    "What does {w} think of {ns}?",
    "How old is {w}?",
    "Who was the first {n} in {p}?",
    "How many {ns} were sold in {y}?",
    "What is the chemical structure of {m}?",
    "Who is {w}'s best friend?",
    "What happened in {p} in {y}?",
    "What is on page 47 of the book about {ns}?",
    "What is the {n} index of {p}?",
    "Who trained {w}?",
    "What is the plot of the film {M}?",
    "Is {M} a good film?",
    "When does the next bus to {p} leave?",
    "How many people visited {p} in {y}?",
    "What is the name of {w}'s {n}?",
    "What is the weight of {an} from {p}?",
    "Which laws about {ns} hold in {p}?",
    "What are the side effects of {m}?",
    "How is {m} made?",
    "Why is {m} so expensive?",
    "Who invented {m}?",
    "What is the history of {ns} in {p}?",
    "Can you prove the {M} theorem?",
    "What does the word {m} mean?",
    "What is {m}?",
    "Who is {W}?",
    "Where is {M}?",
    "What is the stock price of {M}?",
    "What are the lyrics of {M}?",
    "Who sings {M}?",
    "How do I use {m}?",
    "What is a {m}?",
    "Explain {m}.",
    "Which team won the league in {p} in {y}?",
    "What was the name of the ship that brought {ns} to {p}?",
    "Tell me about the {n} of {p}.",
    "How does {m} work?",
    "Is {m} dangerous?",
    "What colour is {m}?",
    "What is the exchange rate today?",
    "What is the time in {p}?",
    "How much is the fish?",
    "Who killed {W}?",
    "What is the best {n} in {p}?",
    "Who is stronger, {w} or {W}?",
    "What is the IQ of {w}?",
    "How tall is {w}?",
    "Where does {w} live now?",
    "What did {w} eat yesterday?",
    "What is the password of {W}?",
    "How do {ns} vote in {p}?",
    "Why is the {n} in {p} closed?",
    "How many words did {w} write?",
    "Which train goes from {p} to {q}?",
    "What will {an} cost in {y}?",
    "Can you summarise the book {M}?",
    "Which year was {W} born?",
    "Who is the author of the article about {ns}?",
    "What is the difference between {m} and {M}?",
    "Who came third in {y}?",
    "What are the rules of {m}?",
    "Who lives next to {w}?",
)
_CANNOT = (
    "Book a flight to {p}.",
    "Order {an} for me.",
    "Send an email to {w}.",
    "Call {w}.",
    "Play the song {M}.",
    "Open the file {m}.txt.",
    "Show me a picture of {an}.",
    "Draw {an}.",
    "Search the web for {ns}.",
    "Download {M} for me.",
    "Buy {an} for me.",
    "Take me to {p}.",
    "Turn on the {n}.",
    "Set a reminder for {an}.",
    "Delete my {n}.",
    "Print the {n}.",
    "Translate the whole book {M}.",
    "Run the program {m}.",
    "Reserve a table in {p}.",
    "Post this on {M}.",
    "Record a video of {an}.",
    "Watch the {n} for me.",
    "Pay the bill for the {n}.",
    "Install {m}.",
    "Show me the map of {p}.",
    "Send {w} a message.",
    "Take a picture of the {n}.",
    "Make me {an}.",
)
_DID = (
    "leave",
    "move",
    "write that",
    "stop",
    "win",
    "lose",
    "laugh",
    "cry",
    "go away",
    "come back",
    "change the plan",
    "sell the house",
    "buy it",
    "learn to fly",
)
_NOUNS = tuple(dict.fromkeys([*CREATURES, *OBJECTS]))
_REAL_PLACES = tuple(row[0] for row in COUNTRIES) + tuple(s for s, _ in CITY_COUNTRY)
_REAL_PEOPLE = tuple(s for s, _ in WORK)
_ANSWER = "I don't know that. I am a small model and know only a few thousand facts."
_NEVER, _NEVER_DONE = 8, 4
_CANNOT_ANSWER = "I cannot do that. I only read and write text."


def _filled(rng: Random, form: str, split: Split) -> str:
    noun, (p, q) = rng.choice(_NOUNS), rng.sample(_REAL_PLACES, 2)
    made = invented(rng, split) if "{m}" in form or "{M}" in form else ""
    if rng.random() < 0.2:
        p = invented(rng, split).capitalize()
    w = rng.choice(
        (
            rng.choice(NAMES),
            rng.choice(_REAL_PEOPLE),
            f"{rng.choice(FORENAMES)} {invented(rng, split).capitalize()}",
            "my uncle",
            "my neighbour",
            "the boss",
            "my teacher",
        )
    )
    other = f"{rng.choice(FORENAMES)} {invented(rng, split).capitalize()}" if "{W}" in form else ""
    text = form.format(
        n=noun,
        ns=plural(noun),
        an=article(noun),
        p=p,
        q=q,
        w=w,
        W=other,
        m=made,
        M=made.capitalize(),
        y=rng.randrange(1700, 2060),
        v=rng.choice(_DID),
    )
    return upper_first(text)


def _kept(rng: Random, forms: Sequence[str], split: Split) -> str:
    """One of the forms, filled so that, by hash, it belongs to the split."""
    while True:
        asked = _filled(rng, rng.choice(forms), split)
        if kept(asked, split):
            return asked


def _odd(rng: Random, split: Split, long: bool) -> Example:
    """A question whose answer the model cannot have."""
    if split == "train" and rng.random() < 0.04:
        place = rng.choice(_REAL_PLACES)
        form = rng.choice(
            (
                "What is the weather in {p}?",
                "How is the weather in {p}?",
                "Will it rain in {p} tomorrow?",
                "Is it cold in {p}?",
                "weather in {p}",
                "What's the temperature in {p} now?",
            )
        )
        reply = "I don't know: I cannot look outside. A weather service can tell you."
        return chat(
            [*system_turn(rng), ("user", typed(rng, form.format(p=place), place)), ("assistant", reply)],
            want="don't know",
        )
    asked = _kept(rng, _ASKED[:-_NEVER], split)
    if rng.random() < 0.2:
        prompt, answer = framed(rng, [], typed(rng, asked), "I don't know.")
        return completion(prompt, answer, want="don't know")
    return chat([*system_turn(rng), ("user", typed(rng, asked)), ("assistant", _ANSWER)], want="don't know")


def _cannot(rng: Random, split: Split, long: bool) -> Example:
    """A deed that a text model cannot do."""
    asked = _kept(rng, _CANNOT[:-_NEVER_DONE], split)
    if rng.random() < 0.3:
        asked = rng.choice(("Can you {a}?", "Please {a}.", "Could you {a}?", "I want you to {a}.")).format(
            a=asked[0].lower() + asked[1:].rstrip(".")
        )
    return chat([*system_turn(rng), ("user", typed(rng, asked)), ("assistant", _CANNOT_ANSWER)], want=_CANNOT_ANSWER)


def _holds(example: Example, text: str) -> bool:
    return example.want is not None and example.want in text


def _new_odd(rng: Random, split: Split, long: bool) -> Example:
    """A question of a form that is never trained on."""
    asked = typed(rng, _filled(rng, rng.choice(_ASKED[-_NEVER:]), "heldout"))
    return chat([*system_turn(rng), ("user", asked), ("assistant", _ANSWER)], want="don't know")


def _new_deed(rng: Random, split: Split, long: bool) -> Example:
    """A deed of a form that is never trained on."""
    asked = typed(rng, _filled(rng, rng.choice(_CANNOT[-_NEVER_DONE:]), "heldout"))
    return chat([*system_turn(rng), ("user", asked), ("assistant", _CANNOT_ANSWER)], want=_CANNOT_ANSWER)


_HELD = "known forms of questions, filled as training never fills them, with made-up names it never saw"
_NEW = "forms that are not in the training text at all: how far refusals carry, not what is claimed"
FAMILIES: tuple[Family, ...] = (
    Family("questions beyond it", 2.5, _odd, right=_holds, held_out=_HELD),
    Family("deeds beyond it", 0.8, _cannot, right=_holds, held_out=_HELD),
    Family("probe: questions of a new form", 0.0, _new_odd, certain=False, right=_holds, held_out=_NEW),
    Family("probe: deeds of a new form", 0.0, _new_deed, certain=False, right=_holds, held_out=_NEW),
)
