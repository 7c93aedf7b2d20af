"""A relation between things and what one can say of them: the form in which every plain fact is written down.

Knows tables of pairs and the few words that let a generator ask them. Does not know the questions themselves, chat
formats or randomness.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Relation:
    """Pairs ``(s, o)`` with the words that turn them into questions and answers.

    Attributes
    ----------
    name
        Key, unique among all relations.
    subject
        School subject, as multiple-choice prompts name it.
    pairs
        ``(subject of the fact, object of the fact)``.
    noun
        Noun phrase with ``{s}`` that means the object: ``"the capital of {s}"``.
    questions
        Questions of this relation's own, besides those which any noun phrase allows. One of them is kept for
        evaluation, another for each subject.
    say
        Sentence with ``{s}`` and ``{o}``; by default "<noun> is {o}."
    back
        Questions with ``{o}`` whose answer is ``{s}``; asked only where one ``s`` has that ``o``. One of them is kept
        for evaluation, another for each ``o``.
    kind
        What ``s`` is, so that a made-up one can be asked: place, person, title, word, year, animal; "" for never.
    ask
        Question word for the noun phrase: What, Who, Which city.
    """

    name: str
    subject: str
    pairs: tuple[tuple[str, str], ...]
    noun: str
    questions: tuple[str, ...] = ()
    say: str = ""
    back: tuple[str, ...] = ()
    kind: str = ""
    ask: str = "What"

    def sentence(self, s: str, o: str) -> str:
        """The fact as a full sentence."""
        text = (self.say or self.noun + " is {o}.").format(s=s, o=o)
        return text[0].upper() + text[1:]


def rows(text: str) -> tuple[tuple[str, ...], ...]:
    """Lines of ``a|b|c`` as tuples; entries of one line may be many, separated by ``;``."""
    entries = (entry for line in text.strip().splitlines() for entry in line.split(";"))
    return tuple(tuple(cell.strip() for cell in entry.split("|")) for entry in entries if entry.strip())


def lines(text: str) -> tuple[tuple[str, ...], ...]:
    """Lines of ``a|b`` as tuples, where ``;`` is an ordinary character."""
    return tuple(tuple(cell.strip() for cell in line.split("|")) for line in text.strip().splitlines())


def pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Entries ``a|b; c|d`` as pairs."""
    return tuple((row[0], row[1]) for row in rows(text))


def column(table: tuple[tuple[str, ...], ...], index: int) -> tuple[tuple[str, str], ...]:
    """Pairs of the first and the ``index``-th column, leaving out entries written ``-`` or missing."""
    return tuple((row[0], row[index]) for row in table if len(row) > index and row[index] != "-")
