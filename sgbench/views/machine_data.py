"""A constraint's machine as plain data: what a trace file carries, so that it can be watched where nobody compiles patterns.

Knows machines and how to compile one again; no events' order, no pixels.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sgbench import constrained
from sgbench.errors import ConstraintError
from sgbench.trace.events import Event, RequestConstrained
from sgbench.views.machine import MachineLike
from sgbench.views.machine_layout import place

MAX_STATES = 2_000
"""Largest machine that travels, in states over bytes; more are too many to draw."""


def compiled(form: str, source: str) -> MachineLike | None:
    """The machine of a recorded constraint; None where it cannot be compiled here."""
    try:
        return constrained.compile_regex(source) if form == "regex" else constrained.compile_json_schema(source)
    except ConstraintError:
        return None


def machines_of(events: Iterable[Event]) -> list[dict[str, Any]]:
    """The machines of all constraints in ``events``, each once; those left out that are large or that compile otherwise here."""
    wanted = {
        (event.form, event.source): event.states
        for event in events
        if isinstance(event, RequestConstrained) and 0 < event.states <= MAX_STATES
    }
    found = []
    for (form, source), states in wanted.items():
        machine = compiled(form, source)
        if machine is not None and machine.n_states == states:
            found.append({"form": form, "source": source, **machine_data(machine)})
    return found


def machine_data(machine: MachineLike) -> dict[str, Any]:
    """What it takes to draw a machine and to walk through it.

    Returns
    -------
    dict
        ``states`` and ``start``; ``classes``, a number for each of the 256 bytes; ``next``, for each state the state after a byte
        of each class, -1 where it is forbidden; ``normal`` and ``compressed`` as `sgbench.views.machine_layout.Placed.data`.
    """
    alike: dict[tuple[int, ...], int] = {}
    classes = []
    for byte in range(256):
        after = tuple(machine.step(state, bytes((byte,))) for state in range(machine.n_states))
        classes.append(alike.setdefault(after, len(alike)))
    rows = [[-1 if state == machine.dead else state for state in row] for row in zip(*alike, strict=True)]
    normal, compressed = place(machine.fsm, machine.compressed)
    return {
        "states": machine.n_states,
        "start": machine.start,
        "classes": classes,
        "next": rows,
        "normal": normal.data(),
        "compressed": compressed.data(),
    }
