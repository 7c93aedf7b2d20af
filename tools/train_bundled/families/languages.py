"""Greetings, numbers and common words in other languages, and emoji for words.

Knows the tables of `knowledge.phrases`. Does not know grammar.
"""

from __future__ import annotations

from collections import Counter
from random import Random

from tools.train_bundled.example import Example, Family, Split, chat, completion
from tools.train_bundled.families.wording import form_of, framed, system_turn, typed, upper_first
from tools.train_bundled.knowledge.phrases import EMOJI, LANGUAGES, PHRASES
from tools.train_bundled.knowledge.unknown import invented

_WORDS = [
    (row[0], language, row[i + 1]) for row in PHRASES for i, language in enumerate(LANGUAGES) if row[i + 1] != "-"
]
_SAME = Counter((language, word.lower()) for _, language, word in _WORDS)
_UNIQUE = [
    (e, language, w)
    for e, language, w in _WORDS
    if _SAME[language, w.lower()] == 1 and sum(1 for x in _WORDS if x[2].lower() == w.lower() and x[0] != e) == 0
]
_INTO = (
    'How do you say "{e}" in {l}?',
    "What is {e} in {l}?",
    "Translate {e} into {l}.",
    "{e} in {l}?",
    "How do I say {e} in {l}?",
    'Translate "{e}" to {l}.',
    "{l} for {e}?",
    "What is the {l} word for {e}?",
    "Say {e} in {l}.",
    "Translate to {l}: {e}",
    "How does one say {e} in {l}?",
    "Give me {e} in {l}.",
    "What do people say in {l} for {e}?",
    "Please put {e} into {l}.",
)
_FROM = (
    'What does "{w}" mean?',
    "What does {w} mean in English?",
    "Translate {w} into English.",
    "Translate to English: {w}",
    "What is {w} in English?",
    "{w} means what?",
    "What is the meaning of {w} in {l}?",
    "What does the {l} word {w} mean?",
    "Tell me in English: {w}",
)


_LANGUAGES_OF: dict[str, list[str]] = {}
for _, _language, _word in _WORDS:
    if _language not in _LANGUAGES_OF.setdefault(_word.lower(), []):
        _LANGUAGES_OF[_word.lower()].append(_language)


def _spoken(word: str) -> str:
    languages = _LANGUAGES_OF[word.lower()]
    return languages[0] if len(languages) == 1 else ", ".join(languages[:-1]) + " and " + languages[-1]


def _held(example: Example, text: str) -> bool:
    return example.want is not None and example.want in text


def _into(rng: Random, split: Split, long: bool) -> Example:
    e, language, word = rng.choice(_WORDS)
    ask = form_of(rng, _INTO, word, split)
    asked = upper_first(ask.format(e=e, l=language))
    if rng.random() < 0.35:
        shots = rng.choice((0, 0, 1, 2, 3)) if not long else 80
        if rng.random() < 0.5:
            shown = [(ask.format(e=a, l=b), c) for a, b, c in rng.sample(_WORDS, shots)]
            prompt, answer = framed(rng, shown, typed(rng, asked, e), word)
            return completion(prompt, answer, want=word)
        lines = "".join(
            f"English: {a}\n{b}: {c}\n\n"
            for a, b, c in rng.sample([x for x in _WORDS if x[1] == language], min(shots, 40))
        )
        return completion(f"{lines}English: {e}\n{language}:", " " + word, want=word)
    reply = f'"{upper_first(e)}" in {language} is "{word}".'
    return chat([*system_turn(rng), ("user", typed(rng, asked, e)), ("assistant", reply)], want=word)


def _from(rng: Random, split: Split, long: bool) -> Example:
    e, language, word = rng.choice(_UNIQUE)
    ask = form_of(rng, _FROM, word, split)
    asked = upper_first(ask.format(w=word, l=language))
    if rng.random() < 0.3:
        prompt, answer = framed(rng, [], typed(rng, asked, word), e)
        return completion(prompt, answer, want=e)
    return chat(
        [
            *system_turn(rng),
            ("user", typed(rng, asked, word)),
            ("assistant", f'"{word}" means "{e}" in {_spoken(word)}.'),
        ],
        want=e,
    )


def _unknown(rng: Random, split: Split, long: bool) -> Example:
    """A made-up word, or a language that the tables lack."""
    if rng.random() < 0.5:
        e, language = invented(rng, split), rng.choice(LANGUAGES)
    else:
        e, language = (
            rng.choice(PHRASES)[0],
            rng.choice(
                (
                    invented(rng, split).capitalize() + rng.choice(("ish", "ese", "ian", "")),
                    "Klingon",
                    "Elvish",
                    "Welsh",
                    "Basque",
                    "Zulu",
                    "Icelandic",
                    "Swahili",
                    "Finnish",
                    "Hungarian",
                    "Czech",
                    "Danish",
                    "Norwegian",
                    "Thai",
                    "Vietnamese",
                    "Latin",
                    "Hebrew",
                    "Romanian",
                    "Ukrainian",
                )
            ),
        )
    asked = rng.choice(_INTO[:-2]).format(e=e, l=language)
    return chat(
        [
            *system_turn(rng),
            ("user", typed(rng, upper_first(asked), e + language)),
            ("assistant", f"I don't know {e} in {language}."),
        ],
        want="don't know",
    )


_COUNT = (
    "Count to {n} in {l}.",
    "Count to {d} in {l}",
    "Count from one to {n} in {l}",
    "The numbers from 1 to {d} in {l}?",
    "Can you count to {n} in {l}?",
    "Please count up to {d} in {l}.",
)


def _numbers(rng: Random, split: Split, long: bool) -> Example:
    """Counting in a language."""
    at = LANGUAGES.index(rng.choice(LANGUAGES[:14]))
    start = next(i for i, row in enumerate(PHRASES) if row[0] == "one")
    upto = rng.choice((3, 5, 10, 10))
    words = ", ".join(PHRASES[start + i][at + 1] for i in range(upto))
    number = {3: "three", 5: "five", 10: "ten"}[upto]
    language = LANGUAGES[at]
    ask = form_of(rng, _COUNT, f"{language}{upto}", split).format(n=number, d=upto, l=language)
    return chat([*system_turn(rng), ("user", typed(rng, ask, LANGUAGES[at])), ("assistant", words)], want=words)


def _greet(rng: Random, split: Split, long: bool) -> Example:
    """Greeted in another language, the model answers in it."""
    row = rng.choice(PHRASES[:4] + PHRASES[4:5])
    choices = [(i, row[i + 1]) for i in range(len(LANGUAGES)) if row[i + 1] != "-"]
    _, said = rng.choice(choices)
    reply = f"{upper_first(said)}! How can I help you?" if row[0] != "thank you" else "You are welcome!"
    return chat(
        [
            *system_turn(rng),
            ("user", rng.choice((said, upper_first(said), said + "!", upper_first(said) + "!"))),
            ("assistant", reply),
        ]
    )


_ASK_EMOJI = (
    "What is the emoji for {e}?",
    "Give me an emoji for {e}.",
    "Emoji for {e}?",
    "Which emoji means {e}?",
    "Show me the {e} emoji.",
    "Send me a {e} emoji.",
    "Turn this word into an emoji: {e}",
)


_TERSE_EMOJI = "{e} emoji?"
"""Trained for every word and held out for none: so short a question says too little to be recognised by a neighbour's."""


def _emoji(rng: Random, split: Split, long: bool) -> Example:
    e, sign = rng.choice(EMOJI)
    terse = split == "train" and rng.random() < 0.12
    ask = _TERSE_EMOJI if terse else form_of(rng, _ASK_EMOJI, e, split)
    asked = upper_first(ask.format(e=e))
    if rng.random() < 0.35:
        shown = [(a, b) for a, b in rng.sample(EMOJI, rng.choice((0, 2, 3)))]
        prompt, answer = framed(rng, shown, asked if not shown else e, sign)
        return completion(prompt, answer, want=sign)
    if rng.random() < 0.15:
        return chat(
            [
                *system_turn(rng),
                ("user", typed(rng, f"What does {sign} mean?", sign)),
                ("assistant", sign + " stands for " + _MEANING[sign] + "."),
            ],
            want=_MEANING[sign],
        )
    return chat([*system_turn(rng), ("user", typed(rng, asked, e)), ("assistant", sign)], want=sign)


_MEANING: dict[str, str] = {}
for _e, _sign in EMOJI:
    _MEANING.setdefault(_sign, _e)

_HELD = "known words, each in the one form in which training never asks for it"
FAMILIES: tuple[Family, ...] = (
    Family("into other languages", 2.2, _into, right=_held, held_out=_HELD),
    Family("from other languages", 2.5, _from, right=_held, held_out=_HELD),
    Family("unknown words and languages", 0.8, _unknown, right=_held, held_out="made-up words that training never saw"),
    Family("counting in other languages", 0.4, _numbers, right=_held, held_out=_HELD, max_new_tokens=160),
    Family("greeted in other languages", 0.3, _greet, closed=False),
    Family("emoji for words", 2.0, _emoji, right=_held, held_out=_HELD, max_new_tokens=16),
)
