"""A trace saved without its text: none of it is left in the file, and every view and question still works."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from sgbench.trace import Trace
from sgbench.trace.events import RequestQueued
from sgbench.views.tokens import TokensFold
from sgbench.widgets import FSM, CacheStats, Dashboard, RadixTree, Timeline, Tokens
from tests.views.runs import constrained, folded, programs

PATTERN = '\\{"name": "[a-z]{0,3}", "grade": "[ABCD][+-]?"\\}'


@pytest.fixture(scope="module")
def runs() -> dict[str, tuple[Trace, list[str]]]:
    trace, _, texts = programs(4)
    forced, _, _ = constrained(PATTERN, "text")
    return {"programs": (trace, texts), "constrained": (forced, ['{"name"', "grade"])}


@pytest.mark.parametrize("name", ["programs", "constrained"])
def test_no_text_is_left_in_the_file(name: str, runs: Any, tmp_path: Path) -> None:
    trace, texts = runs[name]
    path = trace.save(tmp_path / "h.sgtrace", hash_prompts=True)
    raw = path.read_text()
    plain = trace.save(tmp_path / "p.sgtrace").read_text()
    words = {word for text in texts for word in text.replace(":", " ").split() if len(word) > 3}
    found = {word for word in words if word in plain.replace('\\"', '"')}
    assert found, "the plain file holds them"
    assert not {word for word in found if word in raw.replace('\\"', '"')}
    again = Trace.load(path)
    for event in again:
        for field in ("text", "source", "held_back", "appended"):
            assert set(getattr(event, field, "")) <= {"·"}
    queued = [event for event in again if isinstance(event, RequestQueued)]
    assert all(set(again.text(event.prompt_ids)) <= {"·"} for event in queued)


def test_two_files_of_one_run_cannot_be_joined(runs: Any, tmp_path: Path) -> None:
    trace, _ = runs["programs"]
    prompts = []
    for name in ("a", "b"):
        again = Trace.load(trace.save(tmp_path / f"{name}.sgtrace", hash_prompts=True))
        prompts.append([event.prompt_ids for event in again if isinstance(event, RequestQueued)])
    assert prompts[0] != prompts[1]
    one, other = ([len(ids) for ids in side] for side in prompts)
    assert one == other


@pytest.mark.parametrize("name", ["programs", "constrained"])
def test_every_question_has_the_same_answer(name: str, runs: Any, tmp_path: Path) -> None:
    trace, _ = runs[name]
    again = Trace.load(trace.save(tmp_path / "h.sgtrace", hash_prompts=True))

    def shape(one: Trace) -> list[Any]:
        return [(row["id"], row["parent"], len(row["token_ids"]), row["ref_count"]) for row in one.snapshot()["nodes"]]

    assert shape(again) == shape(trace)
    answers = [
        [(miss.rid, [(part.kind, part.tokens) for part in miss.parts]) for miss in one.why().requests]
        for one in (trace, again)
    ]
    assert answers[0] == answers[1]
    assert again.mrc(rerun=False).hit_tokens.tolist() == trace.mrc(rerun=False).hit_tokens.tolist()
    mine, theirs = (dataclasses.asdict(one.what_if(schedule="fcfs").header)["predicted"] for one in (trace, again))
    assert mine["error"]["hit_rate"] == theirs["error"]["hit_rate"]


def test_every_view_opens(runs: Any, tmp_path: Path) -> None:
    for name, (trace, _) in runs.items():
        path = trace.save(tmp_path / f"{name}.sgtrace", hash_prompts=True)
        for kind in (RadixTree, CacheStats, Timeline, Tokens, FSM, Dashboard):
            widget = kind(path)
            assert widget.status == "replay"
            assert widget.picture()
    trace, _ = runs["programs"]
    again = Trace.load(trace.save(tmp_path / "h.sgtrace", hash_prompts=True))
    counts = []
    for one in (trace, again):
        fold = TokensFold(one.vocab)
        folded(fold, one)
        counts.append(fold.counts())
    assert counts[0] == counts[1]
