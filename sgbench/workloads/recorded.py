"""What was recorded elsewhere, as inputs: conversations to replay turn by turn, and calls of generative agents one by one.

Knows the rows in which SGLang's benchmarks and ShareGPT keep them; the prompts are this package's own.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sgbench.workloads import chat
from sgbench.workloads.generative_agents import POIGNANCY
from sgbench.workloads.rows import DataSetError, field, json_lines
from sgbench.workloads.workload import Case, Count

_TRIPLES = (
    "Task: Turn the input into (subject, predicate, object).\n\n"
    "Input: Ada Byron is reading a letter.\nOutput: (Ada Byron, read, letter)\n---\n"
    "Input: Otto Lind is asleep.\nOutput: (Otto Lind, be, asleep)\n---\n"
    "Input: Mia Sol is watering the garden.\nOutput: (Mia Sol, water, garden)\n---\n"
)


def conversations(path: Path, count: Count, answer: tuple[int, int]) -> list[Case]:
    """The first turns of each conversation; an answer has the recorded length, but not less nor more than ``answer``."""
    cases = []
    for place, item in json_lines(path):
        turns = _asked(item, place) if "qas" in item else _shared(item, place, count)
        kept = [(f"\n{said}\n", min(max(tokens, answer[0]), answer[1])) for said, tokens in turns[: chat.TURNS]]
        if kept:
            cases.append(Case({"turns": kept}))
    return cases


def _asked(item: dict[str, Any], place: str) -> list[tuple[str, int]]:
    turns = field(item, "qas", list, place)
    if not all(isinstance(turn, dict) for turn in turns):
        raise DataSetError(f"{place}: the field 'qas' holds no objects; wanted: {{prompt, new_tokens}}")
    return [(field(turn, "prompt", str, place), field(turn, "new_tokens", int, place)) for turn in turns]


def _shared(item: dict[str, Any], place: str, count: Count) -> list[tuple[str, int]]:
    """Each of the user's turns that was answered, and how long the answer was."""
    turns: list[tuple[str, int]] = []
    said: str | None = None
    for turn in field(item, "conversations", list, place):
        if not isinstance(turn, dict):
            raise DataSetError(f"{place}: the field 'conversations' holds {turn!r:.40}; wanted: {{from, value}}")
        who, text = field(turn, "from", str, place), field(turn, "value", str, place)
        if who in ("human", "user"):
            said = text
        elif who in ("gpt", "assistant", "chatgpt") and said is not None:
            turns.append((said, count(text)))
            said = None
    return turns


Ask = Callable[..., str]


def _poignancy(persona_name: str, persona_iss: str, event: str) -> str:
    asked = POIGNANCY.format(n=persona_name)
    return f"{persona_iss}\n{asked}Event: {event}\nRate (return a number between 1 and 10):"


def _triple(persona_name: str, action: str) -> str:
    return f"{_TRIPLES}Input: {persona_name} is {action}.\nOutput: ({persona_name},"


def _emoji(action: str) -> str:
    return f"Convert an action description to an emoji.\n\nAction description: {action}\nEmoji:"


def _sector(
    persona_name: str,
    living_sector: str,
    living_sector_areas: str,
    current_sector: str,
    current_sector_areas: str,
    daily_plan: str,
    sector_options: str,
    current_action: str,
    next_action: str,
) -> str:
    return (
        "Pick the most fitting place for what comes next, word for word. Stay where you are if it can be done there.\n\n"
        f"{persona_name} lives in {living_sector}, which has {living_sector_areas}.\n"
        f"{persona_name} is in {current_sector}, which has {current_sector_areas}.\n{daily_plan}\n"
        f"Options: {sector_options}\n{persona_name} is {current_action}. Next: {next_action}.\nAnswer: {{"
    )


def _object(
    persona_name: str, target_sector: str, target_sector_areas: str, current_action: str, next_action: str
) -> str:
    return (
        "Pick the most fitting area for what comes next, word for word.\n\n"
        f"{persona_name} goes to {target_sector}.\nOptions: {{{target_sector_areas}}}\n"
        f"{persona_name} is {current_action}. Next: {next_action}.\nAnswer: {{"
    )


_CALLS: dict[str, tuple[Ask, int, str | None]] = {
    "poignancy_event": (_poignancy, 2, None),
    "generate_event_triple": (_triple, 20, ")"),
    "generate_pronunciatio": (_emoji, 6, None),
    "action_location_sector": (_sector, 10, "}"),
    "action_location_object": (_object, 5, "}"),
}
"""By function of the log: its prompt, most tokens, stop. Calls of other functions are passed over, as in SGLang's benchmark."""


def agent_calls(path: Path, count: Count) -> list[Case]:
    """The calls of the five functions, in the log's order."""
    del count  # prompts are as long as what was recorded
    cases = []
    for place, item in json_lines(path):
        for name, arguments in item.items():
            if name not in _CALLS:
                continue
            ask, most, stop = _CALLS[name]
            wanted = ask.__annotations__.keys() - {"return"}
            if not isinstance(arguments, dict):
                raise DataSetError(f"{place}: {name} holds {arguments!r:.40}; wanted: its arguments by name")
            given = {key: field(arguments, key, str, f"{place}, {name}") for key in sorted(wanted)}
            cases.append(Case({"prompt": ask(**given), "max_tokens": most, "stop": stop}))
    return cases
