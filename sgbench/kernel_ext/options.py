"""The options of a ``%%sgl`` cell: named once, for the parser, the help, the completion and the settings alike.

Knows names, values and help. Does not know where defaults come from (`sgbench.kernel_ext.settings`) nor what an option does.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sgbench.errors import UnknownOptionError, UsageError
from sgbench.kernel_ext.splitting import split_line, unquote

BASELINES = ("force-miss", "off")
WATCHES = ("tree", "stats", "timeline", "tokens", "fsm", "dashboard")
"""The live widgets that exist."""

WHERE = "%%sgl"


@dataclass(frozen=True, slots=True)
class Option:
    """One option of the cell magic.

    Attributes
    ----------
    name
        As it is written, without the dashes.
    help
        What it does; a line.
    metavar
        How its value is written in the help; empty: it takes none.
    parse
        Makes the value of the word; raises ValueError with what is wanted.
    implied
        Value when the option stands alone; None: a value is needed.
    values
        The values that exist, for completion.
    setting
        Can a default be set (``%config``, environment)?
    """

    name: str
    help: str
    metavar: str = ""
    parse: Callable[[str], Any] = str
    implied: Any = None
    values: tuple[str, ...] = ()
    setting: bool = False

    @property
    def key(self) -> str:
        """Its name as a Python identifier."""
        return self.name.replace("-", "_")

    @property
    def usage(self) -> str:
        """How it is written: ``--repeat N``."""
        if not self.metavar:
            return f"--{self.name}"
        return f"--{self.name} [{self.metavar}]" if self.implied is not None else f"--{self.name} {self.metavar}"


def whole_number(least: int) -> Callable[[str], int]:
    """A parser of whole numbers of at least ``least``."""

    def parse(word: str) -> int:
        try:
            value = int(word)
        except ValueError:
            value = least - 1
        if value < least:
            raise ValueError(f"a whole number of at least {least} is needed")
        return value

    return parse


def temperature(word: str) -> float:
    """A number of at least 0."""
    try:
        value = float(word)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise ValueError("a number of at least 0 is needed")
    return value


def one_of(values: tuple[str, ...]) -> Callable[[str], str]:
    """A parser that accepts ``values`` only."""

    def parse(word: str) -> str:
        if word not in values:
            raise ValueError(f"choose one of {', '.join(values)}")
        return word

    return parse


def watches(word: str) -> tuple[str, ...]:
    """A comma-separated list of widgets."""
    names = tuple(name.strip() for name in word.split(",") if name.strip())
    unknown = [name for name in names if name not in WATCHES]
    if unknown or not names:
        raise ValueError(f"the widgets that exist are: {', '.join(WATCHES)}")
    return names


def switch(word: str) -> bool:
    """``on`` or ``off``, and their usual synonyms."""
    known = {"on": True, "true": True, "1": True, "yes": True, "off": False, "false": False, "0": False, "no": False}
    if word.lower() not in known:
        raise ValueError("write on or off")
    return known[word.lower()]


GROUPS: dict[str, tuple[Option, ...]] = {
    "What runs": (
        Option("batch", "run the body once for each dict of the iterable, all at once", "EXPR"),
        Option("backend", "run on this backend instead of the engine in use", "EXPR"),
        Option("seed", "seed of every random choice in the cell", "N", whole_number(0), setting=True),
        Option("temperature", "default for the cell's gen", "X", temperature, setting=True),
        Option("max-tokens", "default for the cell's gen", "N", whole_number(0), setting=True),
    ),
    "What it is compared with": (
        Option(
            "baseline",
            "run again with every prefix match refused, or the cache off",
            "|".join(BASELINES),
            one_of(BASELINES),
            implied="force-miss",
            values=BASELINES,
            setting=True,
        ),
        Option("repeat", "paired runs of the comparison; median and spread", "N", whole_number(1), setting=True),
    ),
    "What is shown and kept": (
        Option("watch", "live widgets above the text", "|".join(WATCHES), watches, ("tree",), WATCHES, True),
        Option("record", "bind the trace of the run to NAME", "NAME"),
        Option("no-stream", "show the text at the end only"),
        Option("background", "return at once; NAME is the running state"),
    ),
}

OPTIONS: dict[str, Option] = {option.name: option for group in GROUPS.values() for option in group}


@dataclass(frozen=True, slots=True)
class CellOptions:
    """What was written on the magic's line: the name and, by key, the options given (none is filled in)."""

    name: str
    given: dict[str, Any]


def parse_cell_line(line: str) -> CellOptions:
    """Read the line of a ``%%sgl`` cell.

    Raises
    ------
    UnknownOptionError
        An option does not exist; the message names the nearest one.
    UsageError
        A value is missing or out of range, or there are two names.
    """
    words = split_line(line, WHERE)
    names: list[str] = []
    given: dict[str, Any] = {}
    while words:
        word = words.pop(0)
        if not word.startswith("-"):
            names.append(_variable(word, "the name of the state"))
            continue
        option, value = _take(word, words)
        if option.key in given:
            raise UsageError(f"{WHERE}: --{option.name} is given twice")
        given[option.key] = value
    if len(names) > 1:
        raise UsageError(f"{WHERE} takes one name, not {len(names)}: {' '.join(names)}")
    if given.get("repeat", 1) > 1 and given.get("background"):
        raise UsageError(f"{WHERE}: --repeat and --background exclude each other")
    if "baseline" in given and given.get("background"):
        raise UsageError(f"{WHERE}: --baseline and --background exclude each other")
    return CellOptions(names[0] if names else "s", given)


def _take(word: str, words: list[str]) -> tuple[Option, Any]:
    """The option that ``word`` names and its value, taken from ``words`` where it stands there."""
    name, equals, attached = word.lstrip("-").partition("=")
    option = OPTIONS.get(name) if word.startswith("--") else None
    if option is None:
        raise UnknownOptionError(word.partition("=")[0], [f"--{known}" for known in OPTIONS], WHERE)
    if not option.metavar:
        if equals:
            raise UsageError(f"{WHERE}: --{name} takes no value")
        return option, True
    if equals:
        return option, _value(option, attached)
    if option.implied is not None:
        if words and all(part in option.values for part in unquote(words[0]).split(",")):
            return option, _value(option, words.pop(0))
        return option, option.implied
    if not words or words[0].startswith("--"):
        raise UsageError(f"{WHERE}: --{name} needs a value: {option.usage}")
    return option, _value(option, words.pop(0))


def _value(option: Option, word: str) -> Any:
    if option.name == "record":
        return _variable(word, "the name of the trace")
    text = unquote(word)
    try:
        return option.parse(text)
    except ValueError as refusal:
        raise UsageError(f"{WHERE}: --{option.name} {text}: {refusal}") from None


def _variable(word: str, what: str) -> str:
    if not word.isidentifier() or keyword.iskeyword(word):
        raise UsageError(f"{WHERE}: {what} must be a Python variable's name, not {word!r}")
    return word
