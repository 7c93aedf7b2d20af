"""The paper's workloads: real programs with inputs at its token scales, and what running one measures (paper section 6).

::

    report = sgl.workloads.get("mmlu").run(engine)
    report.hit_rate, report.optimal_hit_rate
"""

from __future__ import annotations

import difflib
import importlib
from typing import TYPE_CHECKING

from sgbench.errors import UsageError
from sgbench.workloads.report import RequestRow, RunReport

if TYPE_CHECKING:
    from sgbench.workloads.workload import Workload

__all__ = ["RequestRow", "RunReport", "get", "names"]

_HOME = {
    "mmlu": "mmlu.WORKLOAD",
    "hellaswag": "hellaswag.WORKLOAD",
    "react": "react.WORKLOAD",
    "generative_agents": "generative_agents.WORKLOAD",
    "tree_of_thought": "tree_of_thought.WORKLOAD",
    "skeleton_of_thought": "skeleton_of_thought.WORKLOAD",
    "llm_judge": "llm_judge.WORKLOAD",
    "json_decoding": "json_decoding.CITY",
    "json_jump_forward": "json_decoding.SHEETS",
    "chat_short": "chat.SHORT",
    "chat_long": "chat.LONG",
    "rag": "rag.WORKLOAD",
    "api_extraction": "api_extraction.WORKLOAD",
}


def names() -> list[str]:
    """The workloads there are, in the paper's order."""
    return list(_HOME)


def get(name: str) -> Workload:
    """The workload called ``name``.

    Raises
    ------
    UsageError
        There is none; the message names the nearest.
    """
    if name not in _HOME:
        near = difflib.get_close_matches(name, _HOME, n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"there is no workload {name!r}{hint} There are {', '.join(_HOME)}")
    module, _, attribute = _HOME[name].partition(".")
    found: Workload = getattr(importlib.import_module(f"{__name__}.{module}"), attribute)
    return found
