"""API extraction: three fields out of a page, which speculative execution gets with one call (paper section 5).

Few-shot, as the paper says it must be: speculation saves calls only where the model follows the template by itself.
"""

from __future__ import annotations

from random import Random
from typing import Any

import sgbench as sgl
from sgbench.lang.state import ProgramState
from sgbench.workloads import lexicon
from sgbench.workloads.workload import Case, Count, Workload

PAGE_TOKENS = 240
SHOTS = 2
FIELDS = ("name", "job", "city")


@sgl.function(num_api_spec_tokens=48)
def api_extraction(s: Any, examples: str, page: str) -> None:
    """Three fields, one call each; or one call for all of them."""
    s += f"{examples}Text: {page}\nName:"
    s += sgl.gen("name", max_tokens=24, stop="\n")
    s += "\nJob:"
    s += sgl.gen("job", max_tokens=24, stop="\n")
    s += "\nCity:"
    s += sgl.gen("city", max_tokens=24, stop="\n")
    s += "\n"


def _page(rng: Random, count: Count, tokens: int) -> tuple[str, tuple[str, str, str]]:
    """A page about a person, and the three fields."""
    name, job, city = lexicon.person(rng), rng.choice(lexicon.JOBS), lexicon.town(rng)
    told = [f"{name} works as {lexicon.with_article(job)}.", f"{name} lives in {city}."]
    rng.shuffle(told)
    return lexicon.woven(rng, [f"This page is about {name}.", *told], tokens, count), (name, job, city)


def worked_examples(rng: Random, count: Count) -> str:
    """The instruction and worked pages."""
    examples = "Extract the fields from each text.\n\n"
    for _ in range(SHOTS):
        page, (name, job, city) = _page(rng, count, PAGE_TOKENS // 3)
        examples += f"Text: {page}\nName: {name}\nJob: {job}\nCity: {city}\n\n"
    return examples


def _cases(rng: Random, size: int, count: Count) -> list[Case]:
    examples = worked_examples(rng, count)
    cases = []
    for _ in range(size):
        page, want = _page(rng, count, PAGE_TOKENS)
        cases.append(Case({"examples": examples, "page": page}, " | ".join(want)))
    return cases


def _answer(state: ProgramState) -> str:
    return " | ".join(str(state[field]).strip() for field in FIELDS)


WORKLOAD = Workload(
    name="api_extraction",
    title="API extraction, three fields of a page",
    shares="the examples, by all; a page, by its calls (of which speculation leaves one)",
    program=api_extraction,
    cases=_cases,
    answer=_answer,
    right=lambda answer, want: answer == want,
    cpu_size=12,
    paper_size=100,
)
